"""Measures as a table: for the clipboard as TSV, for spreadsheets and statistics as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from app.engine.export.staging import Output, publish, unwritable
from app.engine.labelmap import Label
from app.engine.measure import Diameter, LabelMeasures

COLUMNS = (
    "label", "value", "voxels", "volume_ml", "volume_mm3", "area", "long_axis", "long_axis_slice", "short_axis",
    "length_unit", "mean", "sd", "minimum", "maximum", "intensity_unit", "approximate",
)  # fmt: skip

_ENCODING = "utf-8-sig"  # with the mark by which spreadsheets know UTF-8
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?")
_FORMULA = ("=", "+", "-", "@")  # how text begins that a spreadsheet would compute
_DIGITS = 6  # significant ones, and all those before the point; no image is measured more finely


def measures_table(rows: Sequence[tuple[Label, LabelMeasures]]) -> list[list[str]]:
    """Measures of labels as text, `COLUMNS` first, one row per label; decimal points, empty where there is no value.

    `length_unit` is mm or voxel; `area` is in its square. `long_axis_slice` is the index of the slice in which both
    axes were measured, counted from 0.
    """
    return [list(COLUMNS)] + [_row(label, measures) for label, measures in rows]


def as_tsv(table: Sequence[Sequence[str]]) -> str:
    """The table as lines of cells parted by tabs, as spreadsheets paste them.

    No cell can be a formula, and none breaks a row: white space in it becomes single blanks.
    """
    return "".join("\t".join(_harmless(" ".join(cell.split())) for cell in row) + "\n" for row in table)


def write_csv(path: Path, table: Sequence[Sequence[str]], *, overwrite: bool = False) -> Path:
    """Write the table as CSV (UTF-8 with its mark, RFC 4180), read it back and move it into place; returns the path.

    No cell can be a formula: text that a spreadsheet would compute is written behind an apostrophe. Raises WriteError.
    """
    if path.suffix.lower() != ".csv":
        raise unwritable(path, "a table is written as .csv")
    cells = [[_harmless(cell) for cell in row] for row in table]

    def write(aside: Path) -> None:
        text = io.StringIO()
        csv.writer(text).writerows(cells)
        aside.write_bytes(text.getvalue().encode(_ENCODING))

    def verify(aside: Path) -> None:
        with aside.open(encoding=_ENCODING, newline="") as file:
            if list(csv.reader(file)) != cells:
                raise unwritable(path, "read back, its cells differ")

    publish([Output(path, write, verify)], overwrite=overwrite)
    return path


def _row(label: Label, measures: LabelMeasures) -> list[str]:
    long_axis = measures.long_axis
    return [
        label.name,
        str(label.value),
        str(measures.voxels),
        _number(measures.volume_ml),
        _number(measures.volume_mm3),
        _number(measures.area),
        _length(long_axis),
        "" if long_axis is None else str(long_axis.slice.index),
        _length(measures.short_axis),
        "mm" if measures.in_mm else "voxel",
        _number(measures.mean),
        _number(measures.sd),
        _number(measures.minimum),
        _number(measures.maximum),
        measures.unit,
        "yes" if measures.approximate else "no",
    ]


def _length(diameter: Diameter | None) -> str:
    return "" if diameter is None else _number(diameter.length)


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 10**_DIGITS else f"{value:.{_DIGITS}g}"


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell
