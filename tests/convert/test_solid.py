"""The 3-D network from its samples over its training to a package, floating-point and INT8."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is in the convert extra")

from app.engine.intensity import IntensityMapping  # noqa: E402
from app.engine.manifest import ModelManifest  # noqa: E402
from app.engine.prompt import Box3D  # noqa: E402
from app.engine.runtime import CompiledPair  # noqa: E402
from convert.__main__ import main  # noqa: E402
from convert.checkpoints import CheckpointError  # noqa: E402
from convert.dataset import Instance, Item, load_items  # noqa: E402
from convert.export import export_solid, solid_size  # noqa: E402
from convert.nets.solid import SolidConfig, SolidNet  # noqa: E402
from convert.nets.swift import SwiftConfig, SwiftNet  # noqa: E402
from convert.quantize import quantize_solid, solid_samples  # noqa: E402
from convert.running import TrainConfig  # noqa: E402
from convert.selftest import record_self_test  # noqa: E402
from convert.solid_samples import RATIO, SolidSampler, augmented, smooth_solid  # noqa: E402
from convert.train_solid import hard_dice, solid_loss, train_solid  # noqa: E402
from convert.weights import load_solid, load_swift, save_weights  # noqa: E402
from tests.convert.tiny_data import write_index  # noqa: E402
from tests.engine.tiny_package import write_tiny_package  # noqa: E402

SIZE = 16
TINY = SolidConfig((8, 8), (1, 1))
TINY_PAIR = SwiftConfig(8, (8, 8, 8, 8), (1, 1, 1, 1), 8, 8, (8, 8, 8), 8)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_index(tmp_path / "data")


def _config(data: Path, out: Path, samples: int = 16) -> TrainConfig:
    return TrainConfig(
        data=str(data), out=str(out), samples=samples, size=SIZE, batch=4, warmup=4, workers=0, threads=1
    )


def test_that_a_sample_depends_on_its_number_alone(data: Path) -> None:
    items = load_items(data, ("train3d",), ("train",))
    one, other = (SolidSampler(items, IntensityMapping(), 3) for _ in range(2))
    other.draw(5, SIZE)
    for number in range(12):
        assert np.array_equal(one.draw(number, SIZE).channels, other.draw(number, SIZE).channels)
    assert not np.array_equal(one.draw(1, SIZE).channels, one.draw(2, SIZE).channels)


def test_that_the_target_nearly_fills_the_box_of_its_view(data: Path) -> None:
    sampler = SolidSampler(load_items(data, ("train3d",), ("train",)), IntensityMapping(), 1)
    edge = SIZE * (1 - 1 / RATIO) / 2
    for number in range(40):
        sample = sampler.draw(number, SIZE)
        assert sample.channels.shape == (9, SIZE, SIZE, SIZE)
        assert sample.target.shape == (SIZE, SIZE, SIZE)
        assert np.isfinite(sample.channels).all()
        box = Box3D.of_mask(sample.target > 0.5)
        assert box is not None
        for axis in range(3):  # boxes are drawn up to 6 per cent too small and 12 too large
            cells = box.range_of(axis)
            assert cells.start >= edge - 3
            assert cells.stop <= SIZE - edge + 3
            assert len(cells) > 0.6 * (SIZE - 2 * edge)


def test_that_a_target_thinner_than_a_block_is_not_lost() -> None:
    """Of a line through the corners of voxels no block of eight is half full."""
    labels = np.zeros((116, 116, 116), dtype=np.uint8)
    line = np.arange(8, 108)
    labels[line, line, line] = 1
    pixels = np.random.default_rng(1).random(labels.shape, dtype=np.float32)
    item = Item(
        "lines", "line", "CT", "train", pixels, labels, (1.0, 1.0, 1.0), (Instance(1, (slice(8, 108),) * 3, 100),)
    )
    sampler = SolidSampler([item], IntensityMapping(), 1)
    assert all(sampler.draw(number, SIZE).target.any() for number in range(8))


def test_that_what_cannot_be_trained_on_is_said(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no volumes"):
        SolidSampler(load_items(data, ("train2d",), ("train",)), IntensityMapping(), 1)
    for size in (0, 18):
        with pytest.raises(ValueError, match="a multiple of 4"):
            train_solid(replace(_config(data, tmp_path / "run"), size=size), TINY)
    assert not (tmp_path / "run").exists()


def test_that_noise_is_smooth_and_changes_stay_finite() -> None:
    random = np.random.default_rng(1)
    field = smooth_solid(random, 24, 3)
    assert field.shape == (24, 24, 24)
    assert max(np.abs(np.diff(field, axis=axis)).max() for axis in range(3)) < 0.5 < np.ptp(field)
    for _ in range(40):
        changed = augmented(1000 * field, random)
        assert changed.dtype == np.float32
        assert np.isfinite(changed).all()
        assert np.ptp(changed) > 0.1


def test_that_the_loss_prefers_the_true_mask() -> None:
    target = torch.zeros(1, SIZE, SIZE, SIZE)
    target[0, 4:12, 4:12, 4:12] = 1
    assert float(solid_loss(20 * target - 10, target)) < 0.05 < float(solid_loss(10 - 20 * target, target))
    assert float(hard_dice(20 * target - 10, target)) == 1.0
    assert float(hard_dice(10 - 20 * target, target)) == 0.0


def test_that_a_training_goes_on_where_it_ended(data: Path, tmp_path: Path) -> None:
    config = _config(data, tmp_path / "run", samples=8)
    before, kept = load_solid(train_solid(config, TINY))
    assert kept["seen"] == 8
    same, kept = load_solid(train_solid(config, TINY))  # nothing is left to see
    assert kept["seen"] == 8
    after, kept = load_solid(train_solid(replace(config, samples=16), TINY))
    assert kept["seen"] == 16
    weights = [net.state_dict()["mask.weight"] for net in (before, same, after)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[1], weights[2])


def test_that_weights_go_into_a_new_run_and_into_no_other_network(data: Path, tmp_path: Path) -> None:
    last = train_solid(_config(data, tmp_path / "run", samples=4), TINY)
    save_weights(*load_solid(last), tmp_path / "solid.safetensors")
    loaded, kept = load_solid(tmp_path / "solid.safetensors")
    assert kept["seen"] == 4
    expected = load_solid(last)[0].state_dict()
    for name, tensor in loaded.state_dict().items():
        torch.testing.assert_close(tensor, expected[name], rtol=2e-3, atol=1e-5)
    again = train_solid(_config(data, tmp_path / "again", samples=4), TINY, initial=tmp_path / "solid.safetensors")
    assert load_solid(again)[1]["seen"] == 4
    with pytest.raises(CheckpointError, match="holds no whole network"):
        load_swift(tmp_path / "solid.safetensors")


def test_that_both_networks_are_exported_from_weights_alone(data: Path, tmp_path: Path) -> None:
    solid, pair, weights = tmp_path / "s.safetensors", tmp_path / "p.safetensors", tmp_path / "out.safetensors"
    torch.manual_seed(1)
    save_weights(SolidNet(TINY), {"seen": 3, "seconds": 1.0, "config": {"size": SIZE}}, solid)
    save_weights(SwiftNet(TINY_PAIR), {"seen": 5, "seconds": 2.0}, pair)
    command = ["export", str(pair), "-o", str(tmp_path / "package"), "--size", "32", "--solid", str(solid)]
    assert main([*command, "--weights", str(weights)]) == 0
    assert ModelManifest.load(tmp_path / "package").verify().training["views"] == 5
    for load, source, target in (
        (load_swift, pair, weights),
        (load_solid, solid, weights.with_name("solid-out.safetensors")),
    ):
        first, again = load(source), load(target)
        assert first[1] == again[1]
        assert all(torch.equal(w, again[0].state_dict()[n]) for n, w in first[0].state_dict().items())


def test_that_the_package_answers_as_the_network_does(data: Path, tmp_path: Path) -> None:
    last = train_solid(_config(data, tmp_path / "run", samples=4), TINY)
    folder = write_tiny_package(tmp_path / "package")
    export_solid(last, folder, share=0.5)
    record_self_test(folder)
    manifest = ModelManifest.load(folder).verify()
    assert manifest.solid is not None
    assert (manifest.solid.size, manifest.solid.ratio, manifest.solid.share) == (SIZE, RATIO, 0.5)
    assert manifest.training["solid"]["boxes"] == 4
    cells = solid_samples(data, SIZE, 1)[0].channels
    with torch.no_grad():
        expected = load_solid(last)[0](torch.from_numpy(cells[None]))[0, 0].numpy()
    found = CompiledPair(manifest, cache=False).fill(cells)
    np.testing.assert_allclose(found, expected, atol=0.02 * np.abs(expected).max())


def test_that_the_size_of_the_training_goes_with_its_files(data: Path, tmp_path: Path) -> None:
    last = train_solid(_config(data, tmp_path / "run", samples=4), TINY)
    save_weights(*load_solid(last), tmp_path / "solid.safetensors")
    assert solid_size(last) == solid_size(tmp_path / "solid.safetensors") == SIZE
    content = torch.load(last, weights_only=True)
    for said, found in (({}, 48), ({"size": 32}, 32)):
        torch.save(content | {"config": said}, tmp_path / "x.pt")
        assert solid_size(tmp_path / "x.pt") == found
    for size in (30, 8, 1 << 40):
        torch.save(content | {"config": {"size": size}}, tmp_path / "x.pt")
        with pytest.raises(CheckpointError, match="a training on"):
            solid_size(tmp_path / "x.pt")
    torch.save({"weights": torch.zeros(3)}, tmp_path / "other.pt")
    with pytest.raises(CheckpointError, match="no checkpoint of a training of the 3-D network"):
        solid_size(tmp_path / "other.pt")


def test_that_the_quantised_package_answers_nearly_so(data: Path, tmp_path: Path) -> None:
    last = train_solid(_config(data, tmp_path / "run", samples=16), TINY)
    folder, int8 = (write_tiny_package(tmp_path / name) for name in ("package", "package-int8"))
    export_solid(last, folder, share=0.5)
    record_self_test(folder)
    samples = solid_samples(data, SIZE, 8)
    quantize_solid(folder, int8, samples=samples)
    record_self_test(int8)
    pairs = [CompiledPair(ModelManifest.load(each).verify(), cache=False) for each in (folder, int8)]
    assert "FakeQuantize" in (int8 / "solid.xml").read_text()
    whole, coarse = (np.stack([pair.fill(sample.channels) for sample in samples]) for pair in pairs)
    assert np.corrcoef(whole.ravel(), coarse.ravel())[0, 1] > 0.9


def test_that_cells_and_sub_cells_stay_in_place() -> None:
    torch.manual_seed(1)
    net = SolidNet(TINY).eval()
    with torch.no_grad():
        torch.nn.init.zeros_(net.mask.weight)
        assert net.mask.bias is not None
        net.mask.bias.copy_(torch.arange(8.0))
        logits = net(torch.zeros(1, 9, SIZE, SIZE, SIZE))
    assert logits.shape == (1, 1, SIZE, SIZE, SIZE)
    z, y, x = np.indices((SIZE, SIZE, SIZE)) % 2
    np.testing.assert_allclose(logits[0, 0].numpy(), 4 * z + 2 * y + x)
