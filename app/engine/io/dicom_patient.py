"""Whose image it is and when it was made: read only when the user asks to see it, and never kept or logged."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from app.engine.errors import ReadError

_KEYWORDS = ("PatientName", "PatientID", "PatientBirthDate", "StudyDate", "SeriesDescription", "StudyDescription")
_LONGEST = 200  # characters that are shown of one value


@dataclass(frozen=True)
class PatientData:
    """What a DICOM header says, in printable characters; "" where it says nothing. Not in its repr, lest it is logged.

    Dates are YYYY-MM-DD where the header has eight digits.
    """

    name: str = field(default="", repr=False)
    id: str = field(default="", repr=False)
    born: str = field(default="", repr=False)
    date: str = field(default="", repr=False)
    description: str = field(default="", repr=False)


def read_patient(path: Path) -> PatientData | None:
    """Of an image file; None where it is no DICOM image that can be read."""
    from pydicom.tag import Tag

    from app.engine.io.dicom_fields import quiet, text
    from app.engine.io.dicom_header import read_header, read_private

    with quiet():
        try:
            read_header(path)  # refuses what is no image, and deflated files that are too large
        except (ReadError, OSError):
            return None
        dataset = read_private(path, [Tag(keyword) for keyword in _KEYWORDS])
        name, number, born, date, series, study = (_printable(text(dataset, keyword)) for keyword in _KEYWORDS)
    return PatientData(name.replace("^", " ").strip(), number, _date(born), _date(date), series or study)


def _printable(value: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in value[:_LONGEST]).strip()


def _date(value: str) -> str:
    return f"{value[:4]}-{value[4:6]}-{value[6:]}" if len(value) == 8 and value.isdigit() else value
