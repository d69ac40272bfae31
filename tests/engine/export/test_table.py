"""Tables of measures: what stands in them, and that no spreadsheet computes what a label is called."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from app.engine.errors import WriteError
from app.engine.export.table import COLUMNS, as_tsv, measures_table, write_csv
from app.engine.geometry import Geometry
from app.engine.labelmap import Label
from app.engine.measure import LabelMeasures, measure
from app.engine.volume import Finding, Volume


def measured(
    shape: tuple[int, int, int] = (2, 3, 4), *, in_mm: bool = True, value: float = -1000, tilted: bool = False
) -> LabelMeasures:
    spacing = Geometry.from_components(shape_zyx=shape, spacing_xyz=(3, 4, 5))
    volume = Volume(
        np.full(shape, value, np.float32),
        spacing if in_mm else Geometry.of_pixels(shape),
        unit="HU",
        findings=(Finding("gantry-tilt", ""),) if tilted else (),
    )
    return measure(volume, np.ones(shape, np.uint16), 1)


def named(name: str) -> Label:
    return Label(1, name, (1, 2, 3))


def row_of(measures: LabelMeasures, name: str = "liver") -> dict[str, str]:
    header, row = measures_table([(named(name), measures)])
    return dict(zip(header, row, strict=True))


def test_that_a_row_holds_the_measures_and_their_units() -> None:
    row = row_of(measured())
    assert list(row) == list(COLUMNS)
    assert row == {
        "label": "liver",
        "value": "1",
        "voxels": "24",
        "volume_ml": "1.44",
        "volume_mm3": "1440",
        "area": "144",
        "long_axis": "15",  # from outline to outline: 3 rows of 4 mm, and 3 steps between 4 columns of 3 mm
        "long_axis_slice": "0",
        "short_axis": row["short_axis"],
        "length_unit": "mm",
        "mean": "-1000",
        "sd": "0",
        "minimum": "-1000",
        "maximum": "-1000",
        "intensity_unit": "HU",
        "approximate": "no",
    }
    assert 0 < float(row["short_axis"]) < float(row["long_axis"])


def test_that_what_is_not_known_stays_empty() -> None:
    row = row_of(measured(in_mm=False))
    assert (row["volume_ml"], row["volume_mm3"], row["length_unit"], row["area"]) == ("", "", "voxel", "12")


def test_that_a_repaired_geometry_is_told() -> None:
    assert row_of(measured(tilted=True))["approximate"] == "yes"


@pytest.mark.parametrize(
    ("value", "text"), [(1234567.0, "1234567"), (0.000123, "0.000123"), (-2.5, "-2.5"), (999999.4, "999999")]
)
def test_that_no_digit_before_the_point_is_lost(value: float, text: str) -> None:
    assert row_of(measured(value=value))["maximum"] == text


FORMULAE = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", " =1+1", "\t=1+1", "\n=1"]


@pytest.mark.parametrize("name", FORMULAE)
def test_that_no_name_is_a_formula(name: str, tmp_path: Path) -> None:
    table = measures_table([(named(name), measured())])
    assert table[1][0] == name  # on the screen as it is
    pasted = as_tsv(table).split("\n")[1].split("\t")
    path = write_csv(tmp_path / "measures.csv", table)
    with path.open(encoding="utf-8-sig", newline="") as file:
        written = list(csv.reader(file))[1]
    for row in (pasted, written):
        assert row[0].startswith("'")
        assert row[COLUMNS.index("mean")] == "-1000"  # a number is no formula


def test_that_no_name_breaks_a_row_of_the_clipboard() -> None:
    text = as_tsv(measures_table([(named("left\tkidney\r\nupper  pole"), measured()), (named("b"), measured())]))
    lines = text.split("\n")
    assert [line.count("\t") for line in lines] == [len(COLUMNS) - 1] * 3 + [0]
    assert lines[1].split("\t")[0] == "left kidney upper pole"


@pytest.mark.parametrize("name", ['say "liver", please', "Läsion 肝", "two\nlines", "-5"])
def test_that_csv_keeps_every_name(name: str, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "measures.csv", measures_table([(named(name), measured())]))
    assert path.read_bytes().startswith(b"\xef\xbb\xbflabel,value,")
    with path.open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.DictReader(file))["label"] == name


def test_that_a_table_is_not_overwritten_unasked(tmp_path: Path) -> None:
    path = tmp_path / "measures.csv"
    path.write_text("mine")
    table = measures_table([(named("liver"), measured())])
    with pytest.raises(WriteError, match="exists"):
        write_csv(path, table)
    assert path.read_text() == "mine"
    write_csv(path, table, overwrite=True)
    assert path.read_text("utf-8-sig").startswith("label,")
    assert list(tmp_path.iterdir()) == [path]


def test_that_other_extensions_and_text_that_is_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"\.csv"):
        write_csv(tmp_path / "measures.xlsx", [["a"]])
    with pytest.raises(WriteError):
        write_csv(tmp_path / "measures.csv", [["\ud800"]])
    assert not list(tmp_path.iterdir())


def test_that_a_table_without_labels_is_its_header() -> None:
    assert as_tsv(measures_table([])) == "\t".join(COLUMNS) + "\n"
