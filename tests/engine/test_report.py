"""The table of a batch."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from app.engine.errors import WriteError
from app.engine.report import COLUMNS, Report


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_that_rows_are_on_disk_as_soon_as_they_are_added(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.csv"

    with Report(path) as report:
        report.add(
            [{"case": 'Ä, "quoted"', "label": "liver", "volume_ml": "1.5"}, {"case": "b", "message": "two\nlines"}]
        )
        rows = _rows(path)

    assert list(rows[0]) == list(COLUMNS)
    assert rows[0]["case"] == 'Ä, "quoted"'
    assert rows[1]["message"] == "two\nlines"
    assert rows[1]["volume_ml"] == ""


def test_that_an_earlier_report_is_replaced_and_anything_else_is_not(tmp_path: Path) -> None:
    path, other = tmp_path / "report.csv", tmp_path / "patients.csv"
    with Report(path) as report:
        report.add([{"case": "old"}])
    other.write_text("name,age\nx,1\n", encoding="utf-8")

    with Report(path) as report:
        report.add([{"case": "new"}])
    with pytest.raises(WriteError, match="no report of this program"):
        Report(other)

    assert [row["case"] for row in _rows(path)] == ["new"]
    assert other.read_text(encoding="utf-8") == "name,age\nx,1\n"


def test_that_a_report_that_cannot_be_written_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="cannot be written"):
        Report(tmp_path)
