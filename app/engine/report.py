"""The table of a batch: one row per label, one row for a case without any."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

from app.engine.errors import WriteError

COLUMNS = (
    "case", "label", "value", "status", "volume_ml", "voxels", "score", "doubtful", "geometry_flags", "seconds",
    "model", "message", "mark",
)  # fmt: skip
_FIRST = COLUMNS[:4]  # by which a report is known, an earlier version's too


class Report:
    """A CSV file (UTF-8, RFC 4180) that grows by whole rows and is flushed after each case, so a cut loses none."""

    def __init__(self, path: Path) -> None:
        """Begin the table, in place of an earlier report; raises WriteError where another file stands."""
        self._path = path
        try:
            refuse_others(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise WriteError(f"the report {path} cannot be written: {error.strerror}") from None
        self._writer = csv.DictWriter(self._file, COLUMNS, restval="")
        self._writer.writeheader()

    def __enter__(self) -> Report:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Append rows by column name; missing columns stay empty. Raises WriteError (disk full)."""
        try:
            self._writer.writerows(rows)
            self._file.flush()
        except OSError as error:
            raise WriteError(f"the report {self._path} cannot be written: {error.strerror}") from None


def refuse_others(path: Path) -> None:
    """Raise WriteError where a file that is no report stands; OSError as it comes."""
    if path.exists() and path.stat().st_size and not _is_report(path):
        raise WriteError(f"{path} is there already and is no report of this program, so it is not replaced")


def as_csv(rows: Iterable[dict[str, Any]]) -> bytes:
    """The whole table, as `Report` writes it."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _is_report(path: Path) -> bool:
    with path.open("rb") as file:
        columns = file.readline(1000).strip().decode("utf-8", "replace").split(",")
    return tuple(columns[: len(_FIRST)]) == _FIRST and set(columns) <= set(COLUMNS)
