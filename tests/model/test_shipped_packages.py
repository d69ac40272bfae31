"""The packages that ship: whole, honest about themselves, and alike in eight bits and in floating point."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app import paths
from app.engine.consensus import fill_box
from app.engine.io.open import read_volume
from app.engine.manifest import ModelManifest
from app.engine.phantom import ct_phantom
from app.engine.plane import SliceKey
from app.engine.prompt import Box, Box3D
from app.engine.propagate import SliceResult, propagate
from app.engine.runtime import CompiledPair
from app.engine.segmenter import ModelSegmenter, SliceImage, segment_boxes

INT8, FLOAT = "swift-int8", "swift-f32"
_MUST_DSC = 0.80  # mean over modalities on the validation split
_MOST_LOST = 0.005  # DSC, by quantisation
_PICTURES = {"fundus.jpg", "microscopy_glands.png", "microscopy_cell.png", "ct_vertebra.dcm"}


def _manifest(name: str) -> ModelManifest:
    return ModelManifest.load(paths.models_dir() / name)


def _segmenter(name: str) -> ModelSegmenter:
    return ModelSegmenter(CompiledPair(_manifest(name), cache=False))


def _sample_boxes() -> list[tuple[Path, Box]]:
    folder = paths.samples_dir()
    cases = json.loads((folder / "prompts.json").read_text(encoding="utf-8"))["cases"]
    return [(folder / name, Box.from_inclusive(p["box"])) for name in sorted(_PICTURES) for p in cases[name]]


@pytest.mark.parametrize("name", [INT8, FLOAT])
def test_that_a_package_is_whole_and_passes_its_self_test(name: str) -> None:
    pair = CompiledPair(_manifest(name).verify(), cache=False)
    assert pair.self_test() is None


@pytest.mark.parametrize("name", [INT8, FLOAT])
def test_that_a_package_states_an_accuracy_that_is_good_enough(name: str) -> None:
    measured = _manifest(name).accuracy["validation"]
    assert measured["command"].startswith("python -m convert evaluate")
    assert measured["by_modality"]["mean"]["dsc"] >= _MUST_DSC
    assert len(measured["by_modality"]) == 1 + 11


def test_that_eight_bits_lose_little_by_the_stated_figures() -> None:
    means = [_manifest(name).accuracy["validation"]["by_modality"]["mean"]["dsc"] for name in (INT8, FLOAT)]
    assert means[0] >= means[1] - _MOST_LOST


def test_that_eight_bits_and_floating_point_outline_the_samples_alike() -> None:
    segmenters = [_segmenter(name) for name in (INT8, FLOAT)]
    overlaps = []
    for path, box in _sample_boxes():
        image = SliceImage.of(read_volume(path), SliceKey(0, 0))
        a, b = (next(iter(segment_boxes(segmenter, image, [box]))).mask for segmenter in segmenters)
        assert a.any()
        overlaps.append(2 * (a & b).sum() / (a.sum() + b.sum()))
    # A network of eight bits may differ by a pixel along an outline; another mask altogether is below this.
    assert min(overlaps) > 0.85
    assert np.mean(overlaps) > 0.93


def test_that_an_organ_of_the_phantom_is_filled_through_its_box() -> None:
    phantom = ct_phantom()
    truth = phantom.mask("liver")
    box = Box3D.of_mask(truth)
    assert box is not None
    found = np.zeros(truth.shape, dtype=bool)
    for piece in propagate(_segmenter(INT8), phantom.volume, box):
        found[piece.key.index] = piece.mask
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.85


def test_that_the_brain_of_the_first_command_is_filled() -> None:
    """The first mask that a newcomer sees: the sample shows a brain and nothing else."""
    segmenter, volume = _segmenter(INT8), read_volume(paths.samples_dir() / "mr_brain_mni152.nii.gz")
    cases = json.loads((paths.samples_dir() / "prompts.json").read_text(encoding="utf-8"))["cases"]
    box = Box3D.from_inclusive(cases["mr_brain_mni152.nii.gz"][0]["box3d"]).clipped(volume.shape_zyx)
    brain = np.asarray(volume.voxels) > 0.05 * float(volume.voxels.max())
    found = np.zeros(volume.shape_zyx, dtype=bool)
    for piece in fill_box(segmenter, volume, box):
        if isinstance(piece, SliceResult):
            found[piece.key.index] = piece.mask
    assert 2 * (found & brain).sum() / (found.sum() + brain.sum()) > 0.95
