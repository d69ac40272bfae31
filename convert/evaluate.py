"""Accuracy of a package, measured through the engine that users run: DSC and NSD by case, modality and overall.

Per image the mean over its targets, then the mean over the cases of a modality, then the mean over modalities, as the
challenge does. NSD tolerance: 2 mm, or 2 pixels where there is no spacing. Of slices
it is that of their outlines; the challenge scores a slice as a slab one unit thick, whose flat faces count as surface
and agree wherever masks overlap: that kinder figure stands beside it.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from app.engine.prompt import Box
from app.engine.propagate import propagate
from app.engine.segmenter import Segmenter, SliceImage, segment_boxes
from convert.cases import SliceCase, VolumeCase, slice_cases, volume_cases
from convert.metrics import dsc, nsd

TOLERANCE = 2.0


@dataclass(frozen=True)
class CaseResult:
    """What was measured of one case; `score_error` is |predicted IoU - true IoU|, `seconds` the whole case."""

    dataset: str
    name: str
    modality: str
    dsc: float
    nsd: float
    slab_nsd: float
    score_error: float
    seconds: float


def evaluate(segmenter: Segmenter | None, root: Path, suite: str, method: str = "model") -> Iterator[CaseResult]:
    """Results of a suite ("validation", "testonly", "volumes", "testonly-volumes").

    `method`: "model", or a baseline that needs none: "box" (the box filled) or "ellipse" (inscribed in it).
    """
    if suite.endswith("volumes"):
        for volume_case in volume_cases(root, "testonly" if suite.startswith("testonly") else "validation"):
            yield _measure_volume(segmenter, volume_case, method)
    else:
        for case in slice_cases(root, suite):
            yield _measure_slice(segmenter, case, method)


def _measure_slice(segmenter: Segmenter | None, case: SliceCase, method: str) -> CaseResult:
    started = perf_counter()
    if method == "model" and segmenter is not None:
        found = list(segment_boxes(segmenter, SliceImage.of(case.volume, case.key), case.boxes))
        masks, scores = [f.mask for f in found], [f.score for f in found]
    else:
        shape = (case.masks[0].shape[0], case.masks[0].shape[1])
        masks, scores = [baseline(method, box, shape) for box in case.boxes], [0.0] * len(case.boxes)
    seconds = perf_counter() - started
    overlaps = [dsc(true, mask) for true, mask in zip(case.masks, masks, strict=True)]
    spacing = (*case.key.spacing(case.volume.geometry.spacing_zyx), 1.0) if case.volume.in_mm else (1.0, 1.0, 1.0)
    outlines = [nsd(true, mask, spacing[:2], TOLERANCE) for true, mask in zip(case.masks, masks, strict=True)]
    slabs = [slab_nsd(true, mask, spacing) for true, mask in zip(case.masks, masks, strict=True)]
    errors = [abs(s - d / (2 - d)) for s, d in zip(scores, overlaps, strict=True)]
    return _result(case, (overlaps, outlines, slabs, errors), seconds)


def slab_nsd(true: NDArray[np.bool_], mask: NDArray[np.bool_], spacing: Sequence[float]) -> float:
    """NSD of masks (rows, columns) as the challenge has it: a slice is a slab, whose flat faces are surface too."""
    return nsd(true[..., None], mask[..., None], spacing, TOLERANCE)


def _measure_volume(segmenter: Segmenter | None, case: VolumeCase, method: str) -> CaseResult:
    started = perf_counter()
    found: NDArray[np.bool_] = np.zeros(case.volume.shape_zyx, dtype=bool)
    scores = []
    if method == "model" and segmenter is not None:
        for piece in propagate(segmenter, case.volume, case.box):
            found[piece.key.index] = piece.mask
            scores.append(piece.score)
    else:
        inside = found[case.box.z0 : case.box.z1]
        inside[:] = baseline(method, case.box.in_slice(0), case.volume.shape_zyx[1:])
    seconds = perf_counter() - started
    overlap = dsc(case.mask, found)
    surface = nsd(case.mask, found, case.volume.geometry.spacing_zyx, TOLERANCE)
    error = abs(float(np.mean(scores or [0.0])) - overlap / (2 - overlap))
    return _result(case, ([overlap], [surface], [surface], [error]), seconds)


def _result(
    case: SliceCase | VolumeCase, measured: tuple[list[float], list[float], list[float], list[float]], seconds: float
) -> CaseResult:
    overlap, outline, slab, error = (float(np.mean(values)) for values in measured)
    return CaseResult(case.dataset, case.name, case.modality, overlap, outline, slab, error, seconds)


def baseline(method: str, box: Box, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The box filled, or the ellipse inscribed in it, as a mask (rows, columns)."""
    mask = np.zeros(shape, dtype=bool)
    inside = mask[box.y0 : box.y1, box.x0 : box.x1]
    y, x = np.mgrid[: box.height, : box.width] + 0.5
    round_part = (2 * x / box.width - 1) ** 2 + (2 * y / box.height - 1) ** 2 <= 1
    inside[:] = round_part if method == "ellipse" else True
    return mask


@dataclass(frozen=True)
class Row:
    """Means of a group of cases."""

    group: str
    cases: int
    dsc: float
    nsd: float
    slab_nsd: float
    score_error: float
    seconds: float


_MEASURES = ("dsc", "nsd", "slab_nsd", "score_error", "seconds")


def table(results: Sequence[CaseResult], by: str = "modality") -> list[Row]:
    """A row for each modality (or data set), and last their plain mean."""
    groups: dict[str, list[CaseResult]] = defaultdict(list)
    for result in results:
        groups[getattr(result, by)].append(result)
    rows = [_means(name, groups[name]) for name in sorted(groups)]
    overall = {m: float(np.mean([getattr(row, m) for row in rows])) for m in _MEASURES} if rows else {}
    return [*rows, Row("mean", sum(row.cases for row in rows), **overall)] if rows else []


def _means(name: str, results: Sequence[CaseResult]) -> Row:
    means = {m: float(np.mean([getattr(r, m) for r in results])) for m in _MEASURES}
    return Row(name, len(results), **means)


def markdown(rows: Iterable[Row]) -> str:
    """The table as the SwiftMedSAM read-me shows it: target, DSC, NSD, runtime."""
    head = ("Target", "Cases", "DSC(%)", "NSD(%)", "NSD, slab(%)", "IoU error", "Runtime(s)")
    lines = [_line(head), "|---|" + "---:|" * (len(head) - 1)]
    for r in rows:
        shares = (f"{100 * share:.2f}" for share in (r.dsc, r.nsd, r.slab_nsd))
        lines.append(_line((r.group, str(r.cases), *shares, f"{r.score_error:.3f}", f"{r.seconds:.3f}")))
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def write_results(folder: Path, results: Sequence[CaseResult]) -> None:
    """`cases.csv`, `table.md` and `table.json` in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "cases.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(CaseResult.__dataclass_fields__))
        writer.writeheader()
        writer.writerows(asdict(result) for result in results)
    rows = table(results)
    (folder / "table.md").write_text(markdown(rows) + "\n", encoding="utf-8")
    (folder / "table.json").write_text(json.dumps([asdict(row) for row in rows], indent=1), encoding="utf-8")


def accuracy_fields(results: Sequence[CaseResult], command: str) -> dict[str, object]:
    """The manifest's `accuracy`: by modality, with the command that reproduces it."""
    rows = {r.group: {"dsc": round(r.dsc, 4), "nsd": round(r.nsd, 4), "cases": r.cases} for r in table(results)}
    return {"by_modality": rows, "command": command}
