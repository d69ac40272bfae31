"""A line through predicted and true IoU, fitted on the training split, so that a pair says how good its masks are.

In training the IoU is that of views made harder than images are, so of plain images the network thinks too little.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.engine.manifest import OFFSETS, SLOPES
from app.engine.segmenter import Segmenter, SliceImage, open_segmenter, segment_boxes
from convert.cases import slice_cases
from convert.metrics import dsc
from convert.package import read_manifest, write_manifest

_ROUNDS = 50  # of reweighting
_SMALLEST_ERROR = 0.01  # below which an error counts as this, so that no weight is without bounds

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """The line, and the mean absolute error before and after over so many targets, each modality counting alike."""

    slope: float
    offset: float
    before: float
    after: float
    cases: int


def calibrate(folder: Path, root: Path, *, share: float) -> Calibration:
    """Fit a package's predicted IoU on a share (0..1) of the training split and write the line into its manifest.

    Raises ValueError where the share holds no targets, and where the line is none that a manifest may have; the package
    is then as it was.
    """
    known = read_manifest(folder)
    plain = known | {"calibration": {"slope": 1.0, "offset": 0.0}}
    write_manifest(folder, plain)
    fitted = known
    try:
        scores, overlaps, weights = _measured(open_segmenter(folder), root, share)
        slope, offset = fit_line(scores, overlaps, weights)
        if not (SLOPES[0] <= slope <= SLOPES[1] and OFFSETS[0] <= offset <= OFFSETS[1]):
            raise ValueError(f"the scores of {folder} say too little of its masks: a line of slope {slope:.3g}")
        fitted = plain | {"calibration": {"slope": round(slope, 4), "offset": round(offset, 4)}}
    finally:
        write_manifest(folder, fitted)
    after = np.abs(np.clip(slope * scores + offset, 0, 1) - overlaps)
    before = np.abs(scores - overlaps)
    means = [float(np.average(error, weights=weights)) for error in (before, after)]
    return Calibration(slope, offset, means[0], means[1], len(scores))


def fit_line(x: _Floats, y: _Floats, weights: _Floats) -> tuple[float, float]:
    """Slope and offset of the line with the least weighted mean absolute error, by least squares reweighted."""
    columns, found = np.stack([x, np.ones_like(x)], axis=1), np.zeros(2)
    emphasis = np.sqrt(weights)
    for _ in range(_ROUNDS):
        found = np.linalg.lstsq(columns * emphasis[:, None], y * emphasis, rcond=None)[0]
        emphasis = np.sqrt(weights / np.maximum(np.abs(columns @ found - y), _SMALLEST_ERROR))
    return float(found[0]), float(found[1])


def _measured(segmenter: Segmenter, root: Path, share: float) -> tuple[_Floats, _Floats, _Floats]:
    """Predicted and true IoU of every target, and weights by which modalities count alike."""
    scores, overlaps, modalities = [], [], []
    for case in slice_cases(root, "training", share=share):
        found = segment_boxes(segmenter, SliceImage.of(case.volume, case.key), case.boxes)
        for true, answer in zip(case.masks, found, strict=True):
            overlap = dsc(true, answer.mask)
            scores.append(answer.score)
            overlaps.append(overlap / (2 - overlap))
            modalities.append(case.modality)
    if not scores:
        raise ValueError(f"the training split of {root} holds no targets in that share")
    names, places, counts = np.unique(modalities, return_inverse=True, return_counts=True)
    return np.array(scores), np.array(overlaps), 1 / (len(names) * counts[places])
