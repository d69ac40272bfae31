"""The challenge's evaluation: label maps against ground truth, and the table of the SwiftMedSAM read-me."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from app.engine.errors import EngineError, ReadError
from app.engine.io.npz import case_volume, challenge_modality, read_arrays, read_npz
from app.engine.job import segment_volume
from app.engine.prompt_sources import challenge_prompts
from app.engine.segmenter import Segmenter
from convert.fuse import read_segs, whole_labels
from convert.metrics import challenge_scores

# Rows of the read-me in its order; what it does not know follows by name.
_ORDER = ("CT", "MR", "X-Ray", "Endoscopy", "Fundus", "Microscopy", "OCT", "PET", "US")
_SHORT = {"Ultrasound": "US"}
_NO_SECONDS = float("nan")
_FIGURES = ("dsc", "nsd", "seconds")


@dataclass(frozen=True)
class CaseRow:
    """One case: DSC and NSD 0..1 as the challenge computes them, wall-clock seconds (NaN where nobody measured)."""

    case: str
    target: str
    dsc: float
    nsd: float
    seconds: float


@dataclass(frozen=True)
class TargetRow:
    """Means over the cases of a target."""

    target: str
    cases: int
    dsc: float
    nsd: float
    seconds: float


def score_folders(
    segs: Path, gts: Path, seconds: Mapping[str, float] | None = None, say: Callable[[str], None] = print
) -> list[CaseRow]:
    """Every ground truth of a folder against the result of its name; one without a result scores 0, and is said.

    A truth that cannot be read is said and left out. Raises ReadError where the folder holds none that can.
    """
    rows = []
    for path in truths(gts):
        took = (seconds or {}).get(path.name, _NO_SECONDS)
        try:
            truth, spacing = _truth(path)
        except (EngineError, OSError) as error:
            say(f"{path.name}: {error}")
            continue
        try:
            found = _result(segs / path.name, truth.shape)
        except (EngineError, OSError) as error:
            say(f"{path.name}: {error}")
            rows.append(CaseRow(path.name, target_of(path.name), 0.0, 0.0, took))
            continue
        score = challenge_scores(truth, found, spacing)
        rows.append(CaseRow(path.name, target_of(path.name), score.dsc, score.nsd, took))
    if not rows:
        raise ReadError(f"{gts} holds no truth that can be read")
    return rows


def truths(folder: Path) -> list[Path]:
    """The NPZ files of a folder; raises ReadError where there are none."""
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        raise ReadError(f"{folder} holds no NPZ files")
    return paths


def _truth(path: Path) -> tuple[NDArray[np.uint16], tuple[float, float, float] | None]:
    """Labels and, of a volume, spacing as the challenge's script hands it on: in the file's order.

    The public script passes (x, y, z) to an array of (z, y, x); for the numbers to agree, so do we.
    """
    arrays = read_arrays(path, ("gts", "segs", "spacing"))
    if "gts" not in arrays and "segs" not in arrays:
        raise ReadError("it holds no 'gts', so it is no truth")
    labels = whole_labels(arrays["gts"] if "gts" in arrays else arrays["segs"], path)
    if labels.ndim == 2:
        return labels, None
    spacing = arrays.get("spacing", np.zeros(0))
    if spacing.size != 3 or spacing.dtype.kind == "b" or (spacing <= 0).any():
        raise ReadError("its truth has no spacing of three positive numbers")
    a, b, c = (float(value) for value in spacing.ravel())
    return labels, (a, b, c)


def _result(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint16]:
    if not path.exists():
        raise ReadError("there is no result for it")
    found = read_segs(path)
    if found.shape != shape:
        raise ReadError(f"its result has the shape {found.shape}, the truth {shape}")
    return found


def segment_folder(
    segmenter: Segmenter, images: Path, out: Path, say: Callable[[str], None] = print
) -> dict[str, float]:
    """`segs` of every challenge file of a folder by its own boxes, and wall-clock seconds by file name.

    From reading to the file that is written; what cannot be read is said and left out.
    """
    out.mkdir(parents=True, exist_ok=True)
    seconds = {}
    for path in sorted(images.glob("*.npz")):
        began = perf_counter()
        try:
            case = read_npz(path)
            labels = segment_volume(segmenter, case_volume(case), challenge_prompts(case)).labels
        except EngineError as error:
            say(f"{path.name}: {error}")
            continue
        aside = out / f".part-{path.name}"
        with aside.open("wb") as file:
            np.savez_compressed(file, segs=labels if case.is_3d else labels[0])
        aside.replace(out / path.name)
        seconds[path.name] = perf_counter() - began
        say(f"{path.name}: {seconds[path.name]:.2f} s")
    return seconds


def read_seconds(path: Path) -> dict[str, float]:
    """Of a CSV whose first column names cases and whose second is seconds, as the public scripts write them."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.reader(file) if len(row) >= 2]
    except (csv.Error, UnicodeError) as error:
        raise ReadError(f"{path} is no table of seconds: {error}") from error
    found = {}
    for name, value, *_ in rows[1:]:
        try:
            found[name if name.endswith(".npz") else f"{name}.npz"] = float(value)
        except ValueError:
            raise ReadError(f"{path} has '{value}' where seconds should be") from None
    return found


def target_of(name: str) -> str:
    """Row of the table for a file name: 2DBox_XRay_1.npz is X-Ray, 2DBox_US_1.npz is US."""
    plain = name if name.lower().startswith(("2dbox", "3dbox")) else f"2DBox_{name}"
    modality = challenge_modality(plain) or "other"
    return _SHORT.get(modality, modality)


def target_rows(cases: Sequence[CaseRow]) -> list[TargetRow]:
    """A row for each target in the read-me's order, and last the plain mean of the rows."""
    groups: dict[str, list[CaseRow]] = defaultdict(list)
    for case in cases:
        groups[case.target].append(case)
    places = {name: n for n, name in enumerate(_ORDER)}
    rows = [
        TargetRow(name, len(group), *(_mean(getattr(case, field) for case in group) for field in _FIGURES))
        for name, group in sorted(groups.items(), key=lambda item: (places.get(item[0], len(places)), item[0]))
    ]
    mean = (_mean(getattr(row, field) for row in rows) for field in _FIGURES)
    return [*rows, TargetRow("Average", len(cases), *mean)]


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def markdown(rows: Sequence[TargetRow]) -> str:
    """The table as the read-me shows it."""
    lines = ["| Target | DSC(%) | NSD(%) | Runtime (s) |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(_cells(row))} |" for row in rows)])


def _cells(row: TargetRow) -> tuple[str, str, str, str]:
    seconds = "" if np.isnan(row.seconds) else f"{row.seconds:.2f}"
    return row.target, f"{100 * row.dsc:.2f}", f"{100 * row.nsd:.2f}", seconds


def write_table(folder: Path, cases: Sequence[CaseRow]) -> list[Path]:
    """`cases.csv`, `table.csv`, `table.md` and the plot `table.png` in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = target_rows(cases)
    with (folder / "cases.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(CaseRow.__dataclass_fields__))
        writer.writeheader()
        writer.writerows(asdict(case) for case in cases)
    with (folder / "table.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(("Target", "DSC(%)", "NSD(%)", "Runtime (s)"))
        lines.writerows(_cells(row) for row in rows)
    (folder / "table.md").write_text(markdown(rows) + "\n", encoding="utf-8")
    _plot(folder / "table.png", rows)
    return [folder / name for name in ("cases.csv", "table.csv", "table.md", "table.png")]


def _plot(path: Path, rows: Sequence[TargetRow]) -> None:
    """Bars of DSC and NSD by target, and of seconds where they were measured."""
    from matplotlib.figure import Figure

    timed = not all(np.isnan(row.seconds) for row in rows)
    figure = Figure(figsize=(1.5 + 0.9 * len(rows), 6 if timed else 3.5), layout="constrained")
    axes = figure.subplots(2 if timed else 1, 1, squeeze=False, sharex=True)[:, 0]
    places = np.arange(len(rows))
    for shift, name, values in ((-0.2, "DSC", [r.dsc for r in rows]), (0.2, "NSD", [r.nsd for r in rows])):
        axes[0].bar(places + shift, [100 * value for value in values], 0.4, label=name)
    axes[0].set_ylabel("%")
    axes[0].set_ylim(0, 100)
    axes[0].legend()
    if timed:
        axes[1].bar(places, [row.seconds for row in rows], 0.6, color="grey")
        axes[1].set_ylabel("seconds a case")
    axes[-1].set_xticks(places, [row.target for row in rows], rotation=30, ha="right")
    figure.savefig(path, dpi=150)
