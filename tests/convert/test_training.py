"""The data index, samples, and a training that stops and goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is in the convert extra")

from app.engine.intensity import IntensityMapping  # noqa: E402
from convert.augment import degrade  # noqa: E402
from convert.dataset import load_items  # noqa: E402
from convert.losses import hard_iou, mask_loss  # noqa: E402
from convert.nets.swift import SwiftConfig, SwiftNet  # noqa: E402
from convert.sampling import Sampler, synthetic_sample  # noqa: E402
from convert.train import TrainConfig, rate_factor, train  # noqa: E402
from convert.weights import load_swift, save_weights  # noqa: E402
from tests.convert.tiny_data import write_index  # noqa: E402

TINY = SwiftConfig(8, (8, 8, 8, 8), (1, 1, 1, 1), 8, 8, (8, 8, 8), 8)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_index(tmp_path / "data")


def _config(data: Path, out: Path) -> TrainConfig:
    return TrainConfig(data=str(data), out=str(out), samples=16, size=32, batch=4, warmup=4, workers=0, threads=1)


def test_that_the_split_of_the_index_is_kept(data: Path) -> None:
    training = {item.name for item in load_items(data, ("train2d", "train3d"), ("train",))}
    validation = {item.name for item in load_items(data, ("train2d", "train3d"), ("val",))}
    assert training == {"disc0", "disc1", "disc2", "disc3", "ball0"}
    assert validation == {"disc4", "disc5", "ball1"}


def test_that_a_volume_is_read_as_slices_rows_columns_with_its_spacing(data: Path) -> None:
    (ball,) = load_items(data, ("train3d",), ("val",))
    assert ball.pixels.shape == ball.labels.shape == (14, 30, 32)
    assert ball.spacing_zyx == (2.5, 1.0, 1.0)
    assert ball.modality == "CT"
    assert ball.instances[0].extent[0] == slice(3, 12)


def test_that_a_sample_depends_on_its_number_alone(data: Path) -> None:
    items = load_items(data, ("train2d", "train3d"), ("train",))
    one, other = (Sampler(items, IntensityMapping(), 3) for _ in range(2))
    other.draw(5, 32)
    assert np.array_equal(one.draw(9, 32).image, other.draw(9, 32).image)
    assert not np.array_equal(one.draw(9, 32).image, one.draw(10, 32).image)


def test_that_samples_have_their_shapes_and_ranges(data: Path) -> None:
    sampler = Sampler(load_items(data, ("train2d", "train3d"), ("train",)), IntensityMapping(), 1)
    for number in range(60):
        sample = sampler.draw(number, 64)
        assert sample.image.shape == (3, 64, 64)
        assert sample.prompts.shape == (2, 7, 32, 32)
        assert sample.target.shape == (2, 64, 64)
        assert 0 <= sample.image.min() <= sample.image.max() <= 1
        assert -1e-5 <= sample.target.min() <= sample.target.max() <= 1 + 1e-5
        assert np.isfinite(sample.prompts).all()
        assert np.abs(sample.prompts).max() > 0.5


def test_that_a_synthetic_target_lies_in_its_box() -> None:
    sample = synthetic_sample(np.random.default_rng(2), 64, IntensityMapping())
    covered = sample.prompts[0, 0].repeat(2, axis=0).repeat(2, axis=1) > 0
    inside = sample.target[0] > 0.5
    assert inside.any()
    assert (inside & covered).sum() > 0.85 * inside.sum()  # a box may be drawn 6 per cent too small


def test_that_a_degraded_mask_still_resembles_its_mask() -> None:
    y, x = np.mgrid[:64, :64]
    mask = (np.hypot(x - 32, y - 32) < 16).astype(np.float32)
    worse = degrade(mask, np.random.default_rng(1), 0.5)
    overlap = (worse * mask).sum() / np.maximum(worse, mask).sum()
    assert 0.4 < overlap < 1


def test_that_the_loss_prefers_the_true_mask() -> None:
    target = torch.zeros(1, 16, 16)
    target[0, 4:12, 4:12] = 1
    present = torch.ones(1)
    good = mask_loss(20 * target - 10, target, present)
    bad = mask_loss(10 - 20 * target, target, present)
    assert float(good) < 0.05 < float(bad)
    assert float(hard_iou(20 * target - 10, target)) == 1.0


def test_that_the_learning_rate_rises_stays_and_falls() -> None:
    config = TrainConfig(data="", out="", samples=1000, warmup=100, cooldown=0.3)
    factors = [rate_factor(seen, config) for seen in (0, 99, 500, 699, 850, 1000)]
    assert factors[0] < factors[1] == factors[2] == 1.0
    assert factors[3] == pytest.approx(1.0)
    assert factors[5] == pytest.approx(0.02)
    assert factors[5] < factors[4] < 1.0


def test_that_a_training_that_stopped_goes_on_exactly(data: Path, tmp_path: Path) -> None:
    whole = train(_config(data, tmp_path / "whole"), TINY)
    halves = _config(data, tmp_path / "halves")
    train(replace(halves, samples=8, cooldown=1e-9), TINY)
    last = train(halves, TINY)
    straight = torch.load(whole, weights_only=True)
    resumed = torch.load(last, weights_only=True)
    assert resumed["seen"] == straight["seen"] == 16
    for part in ("net", "average"):
        for name, tensor in straight[part].items():
            assert torch.equal(tensor, resumed[part][name]), name
    assert json.loads((tmp_path / "halves" / "config.json").read_text())["samples"] == 16


def test_that_half_precision_weights_give_the_network_again(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("safetensors", reason="safetensors is in the convert extra")
    checkpoint = train(_config(data, tmp_path / "run"), TINY)
    save_weights(checkpoint, tmp_path / "weights.safetensors")
    exact, _ = load_swift(checkpoint)
    halved, notes = load_swift(tmp_path / "weights.safetensors")
    image, prompts = torch.rand(1, 3, 64, 64), torch.rand(2, 7, 32, 32)
    with torch.no_grad():
        assert torch.allclose(exact(image, prompts)[0], halved(image, prompts)[0], atol=0.05)
    assert notes["seen"] == 16


def test_that_one_embedding_serves_many_prompts() -> None:
    net = SwiftNet(TINY).eval()
    image, prompts = torch.rand(1, 3, 64, 64), torch.rand(3, 7, 32, 32)
    with torch.no_grad():
        embedding = net.encoder(image)
        together, _ = net.decoder(*embedding, prompts)
        alone = torch.cat([net.decoder(*embedding, p[None])[0] for p in prompts])
    assert together.shape == (3, 1, 64, 64)
    assert torch.allclose(together, alone, atol=1e-5)


def test_that_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    torch.save({"weights": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match="no checkpoint of a swift training"):
        load_swift(tmp_path / "other.pt")


def test_that_a_training_begins_with_the_weights_of_another(data: Path, tmp_path: Path) -> None:
    first = train(_config(data, tmp_path / "first"), TINY)
    save_weights(first, tmp_path / "weights.safetensors")
    config = replace(_config(data, tmp_path / "second"), samples=0)
    begun = torch.load(train(config, TINY, tmp_path / "weights.safetensors"), weights_only=True)
    given, _ = load_swift(tmp_path / "weights.safetensors")
    assert all(torch.equal(tensor, begun["net"][name]) for name, tensor in given.state_dict().items())
