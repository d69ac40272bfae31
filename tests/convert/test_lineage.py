"""From a checkpoint of the SAM family to packages in the engine, with a network small enough to be quick."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from app.engine.manifest import ModelManifest
from app.engine.prompt import Box, Point, Prompts
from app.engine.runtime import load_pair
from app.engine.segmenter import ModelSegmenter, SliceImage
from app.engine.view import SliceGrid
from convert.__main__ import main
from convert.nets.build import build_sam
from convert.probes import load_probes
from tests.convert.test_build import vit


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "small.pth"
    torch.manual_seed(8)
    torch.save({"model": {f"module.{n}": t for n, t in vit().state_dict().items()}, "epoch": 2}, path)
    return path


@pytest.fixture(scope="module")
def exported(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages") / "small"
    assert main(["export", str(checkpoint), "-o", str(folder), "--family", "medsam", "--samples", "2"]) == 0
    return folder


def test_that_both_precisions_are_packages_with_a_report(exported: Path) -> None:
    for folder, precision in ((exported, "f32"), (exported.with_name("small-int8"), "int8")):
        manifest = ModelManifest.load(folder).verify()
        assert (manifest.precision, manifest.family, manifest.size) == (precision, "medsam", 128)
        assert (manifest.view_policy, manifest.resize, manifest.whole_corners) == ("stretch", "cubic", False)
        assert load_pair(manifest).self_test() is None
        report = json.loads((folder / "parity.json").read_text())
        assert report["f32_against_torch"]["mask_dsc_lowest"] > 0.999
        assert report["f32_against_torch"]["embedding_largest_difference"] < 1e-3
        assert report["found"].startswith("medsam: ViT of 3 blocks")
    quantised = json.loads((exported.with_name("small-int8") / "parity.json").read_text())
    assert quantised["quantisation"] in quantised["attempts"]
    best = max(attempt["mask_dsc_worst_modality"] for attempt in quantised["attempts"])
    assert quantised["quantisation"]["mask_dsc_worst_modality"] == best
    assert best == min(quantised["against_f32"]["mask_dsc_by_modality"].values())
    assert best > 0.98
    first = quantised["attempts"][0]
    assert (first["model_type"], first["preset"], first["last_layers_left_out"]) == ("transformer", "mixed", 0)


def test_that_the_package_segments_what_the_network_segments(exported: Path, checkpoint: Path) -> None:
    segmenter = ModelSegmenter(load_pair(ModelManifest.load(exported)))
    state = torch.load(checkpoint, weights_only=True)["model"]
    sam = build_sam({n.removeprefix("module."): t for n, t in state.items()}, prompt_size=128)
    pixels = np.random.default_rng(1).integers(0, 256, (128, 128)).astype(np.uint8)
    image = SliceImage(pixels, SliceGrid(128, 128))
    prompts = Prompts(Box.from_inclusive((20, 30, 90, 100)), (Point(50, 60), Point(70, 90, positive=False)))
    embedding = segmenter.encode(image, segmenter.view_for(prompts, image.grid))
    found = segmenter.decode(embedding, [prompts])[0]
    values = (pixels - pixels.min()) / (pixels.max() - pixels.min())
    with torch.no_grad():
        seen = sam.image_encoder(torch.from_numpy(values).float()[None, None].expand(1, 3, -1, -1))
        tokens = sam.prompt_encoder(
            torch.tensor([[20.0, 30, 90, 100]]), torch.tensor([[[50.0, 60], [70, 90]]]), torch.tensor([[1.0, 0]])
        )
        grid = sam.prompt_encoder
        logits, overlap = sam.mask_decoder(seen, grid.grid_positions(), tokens, grid.dense())
        expected = torch.nn.functional.interpolate(logits.sigmoid(), (128, 128), mode="bilinear")[0, 0].numpy() > 0.5
    assert (found.mask != expected).mean() < 1e-3
    assert found.score == pytest.approx(min(max(float(overlap), 0.0), 1.0), abs=1e-4)


def test_that_int8_alone_leaves_no_other_package(checkpoint: Path, tmp_path: Path) -> None:
    arguments = ["export", str(checkpoint), "-o", str(tmp_path / "p"), "--precision", "int8", "--samples", "1"]
    assert main([*arguments, "--family", "sam"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["p"]
    assert ModelManifest.load(tmp_path / "p").precision == "int8"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"{}"])
def test_that_a_damaged_file_is_one_sentence(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.pth").write_bytes(content)
    assert main(["export", str(tmp_path / "bad.pth"), "-o", str(tmp_path / "out")]) == 1
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "bad.pth" in message
    assert not (tmp_path / "out").exists()


def test_that_samples_are_there_to_compare_with() -> None:
    probes = load_probes(None, 6)
    assert len(probes) == 6
    assert len({probe.modality for probe in probes}) > 2
    for probe in probes:
        for box in probe.boxes:
            assert box == box.clipped((probe.image.grid.rows, probe.image.grid.columns))


def test_that_challenge_files_are_there_to_calibrate_with(tmp_path: Path) -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (5, 30, 40)).astype(np.uint8)
    np.savez_compressed(tmp_path / "3DBox_CT_a.npz", imgs=pixels, boxes=[[3, 4, 1, 20, 21, 3]], spacing=(1, 1, 2))
    np.savez_compressed(tmp_path / "2DBox_US_b.npz", imgs=np.stack([pixels[0]] * 3, -1), boxes=[[1, 2, 9, 9]])
    probes = load_probes(tmp_path, 9)
    assert {probe.modality for probe in probes} == {"CT", "US"}
    volume = next(probe for probe in probes if probe.modality == "CT")
    np.testing.assert_array_equal(volume.image.pixels, pixels[2])
    assert volume.boxes == (Box.from_inclusive((3, 4, 20, 21)),)
