"""`selftest`: the installed thing does its work, model, readers, writers and one segmentation."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from app import paths
from app.cli.choices import segmenter_of
from app.engine.cases import EXTENSIONS
from app.engine.errors import EngineError, ReadError, WriteError
from app.engine.export import write_labels
from app.engine.io.open import list_volumes, read_volume
from app.engine.job import segment_volume
from app.engine.phantom import ct_phantom
from app.engine.prompt import Box3D
from app.engine.prompt_file import ObjectPrompt
from app.engine.segmenter import ModelSegmenter

_SHAPE = (12, 96, 112)  # of the phantom (z, y, x): small, for a quick answer
_ORGAN = "liver"
_NO_IMAGES = (".npz", ".stl", ".obj", ".ply")
_SLICE = "ct_vertebra.dcm"  # the sample that masks in DICOM refer to
_LOWEST_OVERLAP = 0.5  # with the true mask; far below what a model reaches, far above a broken one


def run(arguments: argparse.Namespace) -> int:
    """Print a line for each part; 1 where one of them fails."""
    segmenters: list[ModelSegmenter] = []

    def model() -> str:
        segmenters.append(segmenter_of(arguments))
        pair = segmenters[0].pair
        return (
            f"{pair.manifest.name} {pair.manifest.version}, {pair.precision} on {pair.device}, {pair.threads} threads"
        )

    def segmentation() -> str:
        if not segmenters:
            raise ReadError("there is no model to segment with")
        return _segment(segmenters[0])

    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("model", model),
        ("readers", _read_samples),
        ("writers", _write_and_read_back),
        ("segmentation", segmentation),
    )
    results = [_checked(name, check) for name, check in checks]
    return 0 if all(results) else 1


def _checked(name: str, check: Callable[[], str]) -> bool:
    try:
        print(f"{name}: ok ({check()})", flush=True)
    except EngineError as error:
        print(f"{name}: FAILED: {error}", file=sys.stderr, flush=True)
        return False
    return True


def _read_samples() -> str:
    """Every bundled sample is read whole."""
    listing = list_volumes(paths.samples_dir())
    images = [entry for entry in listing.entries if entry.load().voxels.size]
    if listing.skipped:
        raise ReadError(listing.skipped[0].reason)
    return f"{len(images)} samples"


def _write_and_read_back() -> str:
    phantom = ct_phantom(shape_zyx=_SHAPE)
    flat = ct_phantom(shape_zyx=(1, *_SHAPE[1:]))
    scan = read_volume(paths.samples_dir() / _SLICE)
    sliced = np.zeros(scan.shape_zyx, dtype=np.uint8)
    sliced[:, 10:40, 45:75] = 1
    with tempfile.TemporaryDirectory() as folder:
        for name, extension in EXTENSIONS.items():
            path = Path(folder) / f"{name}{extension}"  # files beside it bear its name
            if extension.endswith(".dcm"):
                write_labels(path, sliced, scan)  # which reads it back
                continue
            written = flat if extension == ".png" else phantom
            write_labels(path, written.labels, written.volume)
            if extension in _NO_IMAGES:
                continue  # its writer has read it back
            found = read_volume(path)
            if not np.array_equal(found.voxels, written.labels):
                raise WriteError(f"{extension} did not keep the labels")
            if extension != ".png" and not found.geometry.is_close(written.volume.geometry):
                raise WriteError(f"{extension} did not keep the geometry")
    return ", ".join(EXTENSIONS)


def _segment(segmenter: ModelSegmenter) -> str:
    phantom = ct_phantom(shape_zyx=_SHAPE)
    truth = phantom.mask(_ORGAN)
    done = segment_volume(segmenter, phantom.volume, [ObjectPrompt(1, _ORGAN, box3d=Box3D.of_mask(truth))])
    found = done.labels == 1
    overlap = 2.0 * float((found & truth).sum()) / float(found.sum() + truth.sum())
    if overlap < _LOWEST_OVERLAP:
        raise EngineError(f"the mask of the phantom's {_ORGAN} overlaps the true one by {overlap:.2f} only")
    return f"overlap {overlap:.2f} with a known mask, {done.seconds:.2f} s"
