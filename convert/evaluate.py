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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.engine.consensus import fill_box
from app.engine.plane import SliceKey
from app.engine.propagate import SliceResult, propagate
from app.engine.segmenter import Segmenter, SliceImage, SliceMask, segment_boxes
from convert.baselines import baseline
from convert.cases import SliceCase, VolumeCase, slice_cases, volume_cases
from convert.corrections import corrected
from convert.metrics import dsc, nsd

TOLERANCE = 2.0
CLICKS = (0, 1, 3)
NEEDS_CORRECTION = 0.85  # DSC below which a click is asked for
ROBUSTNESS = {  # how far sides move outwards, in extents of the object
    "drawn": (0.0, 0.05),
    "wide": (0.05, 0.05),  # 10 per cent larger than the object
    "close": (-0.025, -0.025),  # 5 per cent smaller
    "large": (0.10, 0.10),
    "small": (-0.05, -0.05),
}

Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True)
class CaseResult:
    """What was measured of one case; `score_error` is |predicted IoU - true IoU|, `seconds` the whole case.

    `variant`: how the case was measured, where its suite does so in several ways; otherwise the suite.
    """

    dataset: str
    name: str
    modality: str
    dsc: float
    nsd: float
    slab_nsd: float
    score_error: float
    seconds: float
    variant: str = ""


def evaluate(segmenter: Segmenter | None, root: Path, suite: str, method: str = "model") -> Iterator[CaseResult]:
    """Results of one of `suites.SUITES`.

    "validation" and "testonly": slices, from their boxes. "volumes" and "testonly-volumes": from the tight 3-D box,
    and as variant "...-slice" from a box on the middle slice, carried until it stops itself. "clicks": targets of the
    validation split below 0.85 DSC, before and after one and three corrective clicks. "robustness": the validation
    split from boxes with every side as drawn (0 to 5 per cent outwards), 5 and 10 per cent outwards, and 2.5 and 5 per
    cent inwards.

    `method`: "model", or one of `suites.BASELINES`, which need no segmenter and have no clicks and nothing to carry.
    """
    if suite.endswith("volumes"):
        yield from _evaluate_volumes(segmenter, root, suite, method)
    elif suite == "clicks":
        if segmenter is None:
            raise ValueError("only a model can be corrected by clicks")
        for case in slice_cases(root, "validation"):
            yield from _measure_clicks(segmenter, case)
    elif suite == "robustness":
        for name, outwards in ROBUSTNESS.items():
            for case in slice_cases(root, "validation", outwards=outwards):
                yield _measure_slice(segmenter, case, method, f"{suite}-{name}")
    else:
        for case in slice_cases(root, suite):
            yield _measure_slice(segmenter, case, method, suite)


def _evaluate_volumes(segmenter: Segmenter | None, root: Path, suite: str, method: str) -> Iterator[CaseResult]:
    for case in volume_cases(root, "testonly" if suite.startswith("testonly") else "validation"):
        yield _measure_volume(segmenter, case, method, suite)
        if method == "model":
            yield _measure_volume(segmenter, case, method, f"{suite}-slice")


def _measure_slice(segmenter: Segmenter | None, case: SliceCase, method: str, variant: str) -> CaseResult:
    started = perf_counter()
    image = SliceImage.of(case.volume, case.key)
    if method == "model" and segmenter is not None:
        found = list(segment_boxes(segmenter, image, case.boxes))
        masks, scores = [f.mask for f in found], [f.score for f in found]
    else:
        masks, scores = [baseline(method, box, image) for box in case.boxes], [0.0] * len(case.boxes)
    seconds = perf_counter() - started
    return _judged(case, case.masks, masks, scores, (variant, seconds))


def _judged(
    case: SliceCase, true_masks: Sequence[Mask], masks: Sequence[Mask], scores: Sequence[float], how: tuple[str, float]
) -> CaseResult:
    """Masks of one slice against the truth; `how` is the variant and the seconds that it took."""
    pairs = list(zip(true_masks, masks, strict=True))
    overlaps = [dsc(true, mask) for true, mask in pairs]
    spacing = (*case.key.spacing(case.volume.geometry.spacing_zyx), 1.0) if case.volume.in_mm else (1.0, 1.0, 1.0)
    outlines = [nsd(true, mask, spacing[:2], TOLERANCE) for true, mask in pairs]
    slabs = [slab_nsd(true, mask, spacing) for true, mask in pairs]
    errors = [abs(s - d / (2 - d)) for s, d in zip(scores, overlaps, strict=True)]
    return _result(case, (overlaps, outlines, slabs, errors), *how)


def _measure_clicks(segmenter: Segmenter, case: SliceCase) -> Iterator[CaseResult]:
    """One result for each of `CLICKS` over the targets that their box alone does not get right; none if it does."""
    image = SliceImage.of(case.volume, case.key)
    poor: list[Mask] = []
    answers: dict[int, list[SliceMask]] = {count: [] for count in CLICKS}
    started = perf_counter()
    for true, box in zip(case.masks, case.boxes, strict=True):
        steps = corrected(segmenter, image, box, true)
        first = next(steps)
        if dsc(true, first.mask) >= NEEDS_CORRECTION:
            continue
        found = [first, *islice(steps, max(CLICKS))]
        poor.append(true)
        for count in CLICKS:
            answers[count].append(found[min(count, len(found) - 1)])
    seconds = (perf_counter() - started) / len(CLICKS)
    for count in CLICKS if poor else ():
        masks, scores = [a.mask for a in answers[count]], [a.score for a in answers[count]]
        yield _judged(case, poor, masks, scores, (f"clicks-{count}", seconds))


def slab_nsd(true: NDArray[np.bool_], mask: NDArray[np.bool_], spacing: Sequence[float]) -> float:
    """NSD of masks (rows, columns) as the challenge has it: a slice is a slab, whose flat faces are surface too."""
    return nsd(true[..., None], mask[..., None], spacing, TOLERANCE)


def _measure_volume(segmenter: Segmenter | None, case: VolumeCase, method: str, variant: str) -> CaseResult:
    started = perf_counter()
    found: Mask = np.zeros(case.volume.shape_zyx, dtype=bool)
    scores = []
    if method == "model" and segmenter is not None:
        carried = variant.endswith("-slice")
        pieces = propagate(segmenter, case.volume, case.seed) if carried else fill_box(segmenter, case.volume, case.box)
        for piece in pieces:
            if isinstance(piece, SliceResult):
                found[piece.key.index] = piece.mask
                scores.append(piece.score)
    else:
        for index in range(case.box.z0, case.box.z1):
            found[index] = baseline(method, case.box.in_slice(0), SliceImage.of(case.volume, SliceKey(0, index)))
    seconds = perf_counter() - started
    overlap = dsc(case.mask, found)
    surface = nsd(case.mask, found, case.volume.geometry.spacing_zyx, TOLERANCE)
    error = abs(float(np.mean(scores or [0.0])) - overlap / (2 - overlap))
    return _result(case, ([overlap], [surface], [surface], [error]), variant, seconds)


def _result(
    case: SliceCase | VolumeCase,
    measured: tuple[list[float], list[float], list[float], list[float]],
    variant: str,
    seconds: float,
) -> CaseResult:
    overlap, outline, slab, error = (float(np.mean(values)) for values in measured)
    return CaseResult(case.dataset, case.name, case.modality, overlap, outline, slab, error, seconds, variant)


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


def by_variant(results: Iterable[CaseResult]) -> dict[str, list[CaseResult]]:
    """Results apart by how they were measured, in order of first appearance."""
    groups: dict[str, list[CaseResult]] = {}
    for result in results:
        groups.setdefault(result.variant, []).append(result)
    return groups


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
    """`cases.csv`, `table.md` and `table.json` (rows by variant) in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "cases.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(CaseResult.__dataclass_fields__))
        writer.writeheader()
        writer.writerows(asdict(result) for result in results)
    tables = {variant: table(members) for variant, members in by_variant(results).items()}
    (folder / "table.md").write_text(titled(tables) + "\n", encoding="utf-8")
    rows = {variant: [asdict(row) for row in rows] for variant, rows in tables.items()}
    (folder / "table.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")


def titled(tables: Mapping[str, Sequence[Row]]) -> str:
    """Tables in Markdown, each under its variant where there are several."""
    if len(tables) == 1:
        return markdown(*tables.values())
    return "\n\n".join(f"{variant}:\n\n{markdown(rows)}" for variant, rows in tables.items())


def accuracy_fields(results: Sequence[CaseResult], command: str) -> dict[str, object]:
    """The manifest's `accuracy`: by modality, with the command that reproduces it."""
    rows = {
        r.group: {
            "dsc": round(r.dsc, 4), "nsd": round(r.nsd, 4), "iou_error": round(r.score_error, 4), "cases": r.cases,
        }
        for r in table(results)
    }  # fmt: skip
    return {"by_modality": rows, "command": command}
