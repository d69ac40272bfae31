"""The data index, samples, and a training that stops and goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is in the convert extra")

from app.engine.intensity import IntensityMapping  # noqa: E402
from app.engine.prompt import Box  # noqa: E402
from convert.augment import augment_grey, degrade  # noqa: E402
from convert.dataset import load_items  # noqa: E402
from convert.losses import hard_iou, mask_loss  # noqa: E402
from convert.nets.swift import SwiftConfig, SwiftNet  # noqa: E402
from convert.regions import random_region, with_neighbour  # noqa: E402
from convert.running import TrainConfig, rate_factor  # noqa: E402
from convert.sampling import Sampler, jittered, sampled_slices, synthetic_sample  # noqa: E402
from convert.synthesis import paint_regions, random_layer, with_core  # noqa: E402
from convert.train import train  # noqa: E402
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


def test_that_a_layer_spans_its_view_and_is_one_of_a_stack() -> None:
    for seed in range(8):
        band, labels = random_layer(np.random.default_rng(seed), 64)
        along = max(band.any(axis=1).mean(), band.any(axis=0).mean())
        assert along > 0.9
        assert 0.005 < band.mean() < 0.95
        assert len(np.unique(labels[band])) <= 3
        assert len(np.unique(labels)) >= 3


def test_that_a_painted_target_may_hold_a_part_that_looks_different() -> None:
    y, x = np.mgrid[:64, :64]
    target = np.hypot(x - 32, y - 32) < 20
    middles = []
    for seed in range(30):
        painted = paint_regions(np.zeros((64, 64), dtype=np.int32), target, np.random.default_rng(seed))
        rim = target & (np.hypot(x - 32, y - 32) > 17)
        spread = painted[target].std() / max(painted[rim].std(), 1e-6)
        middles.append(spread)
    assert max(middles) > 2 > np.median(middles)


def test_that_slices_beyond_an_object_follow_a_mask_of_it() -> None:
    extent, count = slice(4, 12), 20
    pairs = [sampled_slices(extent, count, np.random.default_rng(n)) for n in range(600)]
    beyond = [(index, led) for index, led in pairs if not 4 <= index < 12]
    assert 0.02 < len(beyond) / len(pairs) < 0.1  # more, and every mask that is carried looks like an end
    assert all(4 <= led < 12 for _, led in beyond)
    assert all(1 <= index <= 14 for index, _ in beyond)
    inside = [(index, led) for index, led in pairs if 4 <= index < 12]
    inwards = [abs(led - 7.5) < abs(index - 7.5) for index, led in inside if index not in (7, 8)]
    assert np.mean(inwards) > 0.6


def test_that_the_slice_of_an_object_that_fills_its_volume_lies_in_it() -> None:
    pairs = [sampled_slices(slice(0, 6), 6, np.random.default_rng(n)) for n in range(200)]
    assert {index for index, _ in pairs} == set(range(6))
    assert {led for _, led in pairs} <= set(range(6))


def test_that_most_boxes_are_drawn_a_little_too_large() -> None:
    box, random = Box(100, 100, 300, 200), np.random.default_rng(4)
    drawn = [jittered(box, (400, 500), random) for _ in range(400)]
    left = np.array([(100 - b.x0) / 200 for b in drawn])
    assert -0.1 <= left.min() < -0.03
    assert 0.1 < left.max() <= 0.16
    assert np.mean((left >= -0.005) & (left <= 0.06)) > 0.55


def test_that_a_box_drawn_badly_is_often_so_on_all_sides_alike() -> None:
    box, random = Box(100, 100, 300, 300), np.random.default_rng(5)
    drawn = [jittered(box, (400, 400), random) for _ in range(400)]
    sides = np.array([(100 - b.x0, 100 - b.y0, b.x1 - 300, b.y1 - 300) for b in drawn]) / 200
    wide = sides[sides.min(axis=1) > 0.065]
    close = sides[sides.max(axis=1) < -0.01]
    assert len(wide) > 15  # of independent sides about three
    assert len(close) > 12
    assert np.ptp(wide, axis=1).mean() < 0.04


def test_that_a_region_of_an_image_lies_between_its_edges() -> None:
    y, x = np.mgrid[:200, :200]
    blob = np.hypot(x - 100, y - 90) < 30
    image = np.where(blob, 180.0, 60.0) + np.random.default_rng(6).normal(0, 3, blob.shape)
    random = np.random.default_rng(7)
    found = [region for region in (random_region(image, random) for _ in range(60)) if region is not None]
    overlaps = [float((region & blob).sum() / (region | blob).sum()) for region in found]
    assert len(found) >= 3
    assert all(region.shape == blob.shape and region.any() for region in found)
    assert np.median(overlaps) > 0.6


def test_that_an_image_without_edges_has_no_region() -> None:
    assert all(random_region(np.full((90, 60, 3), 7, np.uint8), np.random.default_rng(n)) is None for n in range(5))
    assert random_region(np.zeros((3, 200), np.float32), np.random.default_rng(1)) is None


def test_that_the_forward_pass_may_be_in_half_precision(data: Path, tmp_path: Path) -> None:
    config = replace(_config(data, tmp_path / "a"), half=True)
    state = torch.load(train(config, TINY), weights_only=True)
    assert state["seen"] == 16
    assert all(w.dtype == torch.float32 and w.isfinite().all() for n, w in state["net"].items() if "batches" not in n)


def test_that_grey_values_stay_finite_through_every_change() -> None:
    ramp = np.linspace(-1000, 3000, 64 * 64, dtype=np.float32).reshape(64, 64)
    for seed in range(60):
        changed = augment_grey(ramp, np.random.default_rng(seed))
        assert changed.dtype == np.float32
        assert np.isfinite(changed).all()
        assert np.ptp(changed) > 0.1


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


def test_that_the_state_before_the_cool_down_is_kept(data: Path, tmp_path: Path) -> None:
    config = replace(_config(data, tmp_path / "run"), cooldown=0.5)
    train(config, TINY)
    plateau = torch.load(tmp_path / "run" / "plateau.pt", weights_only=True)
    assert 8 <= plateau["seen"] <= 12
    longer = replace(config, out=str(tmp_path / "longer"), samples=24)
    (tmp_path / "longer").mkdir()
    (tmp_path / "run" / "plateau.pt").rename(tmp_path / "longer" / "last.pt")
    assert torch.load(train(longer, TINY), weights_only=True)["seen"] == 24


def test_that_half_precision_weights_give_the_network_again(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("safetensors", reason="safetensors is in the convert extra")
    checkpoint = train(_config(data, tmp_path / "run"), TINY)
    save_weights(*load_swift(checkpoint), tmp_path / "weights.safetensors")
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
    with pytest.raises(ValueError, match="no checkpoint of a training of the pair"):
        load_swift(tmp_path / "other.pt")


def test_that_a_training_begins_with_the_weights_of_another(data: Path, tmp_path: Path) -> None:
    first = train(_config(data, tmp_path / "first"), TINY)
    save_weights(*load_swift(first), tmp_path / "weights.safetensors")
    config = replace(_config(data, tmp_path / "second"), samples=0)
    begun = torch.load(train(config, TINY, tmp_path / "weights.safetensors"), weights_only=True)
    given, _ = load_swift(tmp_path / "weights.safetensors")
    assert all(torch.equal(tensor, begun["net"][name]) for name, tensor in given.state_dict().items())


def test_that_a_neighbour_that_touches_becomes_part_of_a_target() -> None:
    labels = np.zeros((40, 40), dtype=np.uint8)
    labels[10:20, 10:20], labels[10:20, 20:25], labels[30:38, 30:38] = 3, 5, 7
    joined = with_neighbour(labels, 3, np.random.default_rng(1))
    assert joined is not None
    assert joined.dtype == labels.dtype
    np.testing.assert_array_equal(joined == 3, (labels == 3) | (labels == 5))
    np.testing.assert_array_equal(joined == 7, labels == 7)
    assert with_neighbour(labels, 7, np.random.default_rng(1)) is None
    assert with_neighbour(labels, 9, np.random.default_rng(1)) is None  # a slice that its target does not reach


@pytest.mark.parametrize("shape", [(64, 64), (64, 64, 3)])
def test_that_a_core_changes_what_lies_deep_within_a_target_and_nothing_else(shape: tuple[int, ...]) -> None:
    y, x = np.mgrid[:64, :64]
    depth = 20 - np.hypot(x - 32, y - 32)
    values = np.random.default_rng(2).normal(100, 10, shape).astype(np.float32)
    changed = [with_core(values, depth > 0, np.random.default_rng(n)) for n in range(20)]
    differences = [np.abs(c - values).reshape(64, 64, -1).max(axis=2) for c in changed]
    assert all(c.shape == values.shape and c.dtype == np.float32 for c in changed)
    assert all(d[depth < -4].max() == 0 for d in differences)
    assert np.median([d.max() for d in differences]) > 5
