"""Prompt files: which boxes and points belong to which case, as JSON or CSV.

Coordinates are voxel indices of the stored file, x fastest, inclusive corners, as in the challenge. A case is named by
its path relative to the input folder. Labels are names; a label that is a whole number is the value itself, and names
get the lowest values that are free in the whole file, so that one name means one value in every case.

JSON: {"version": 1, "cases": {"<case>": [{"label": "liver", "box": [x0, y0, x1, y1], "slice": k, "plane": "axial"},
{"label": "liver", "box3d": [x0, y0, z0, x1, y1, z1]}, {"points": [[x, y, z, 1 | 0], ...]}]}}.
CSV: columns case, label, x0, y0, x1, y1 and either z0, z1 (a 3-D box) or slice and plane; one row per box.
"""

from __future__ import annotations

import csv
import io
import json
import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from app.engine.errors import PromptError
from app.engine.plane import Plane
from app.engine.prompt import Box, Box3D

VERSION = 1
LARGEST_LABEL = 65535  # label maps are uint16
_LARGEST_FILE = 64 * 2**20  # bytes; a million boxes
_Argument = TypeVar("_Argument")
_Built = TypeVar("_Built")
_FIELDS = frozenset({"label", "box", "slice", "plane", "box3d", "points"})
_COLUMNS = ("case", "label", "x0", "y0", "z0", "x1", "y1", "z1", "slice", "plane")


@dataclass(frozen=True)
class VolumePoint:
    """A click at the centre of voxel (x, y, z) of the stored file."""

    x: float
    y: float
    z: float
    positive: bool = True


@dataclass(frozen=True)
class ObjectPrompt:
    """What was said of one object; not yet held against an image.

    Either `box3d`, or a prompt in one slice: `box`, `points`, or both. `index` is the slice (None: the only one, or the
    points' own), counted along `plane` (None: as stored, along the array's z axis). Coordinates of `box` are the two
    other array axes in the order x, y, z: (x, y) in a z slice, (x, z) in a y slice, (y, z) in an x slice.
    """

    value: int
    label: str
    box: Box | None = None
    box3d: Box3D | None = None
    points: tuple[VolumePoint, ...] = ()
    index: int | None = None
    plane: Plane | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.value <= LARGEST_LABEL:
            raise PromptError(f"label values go from 1 to {LARGEST_LABEL}, not {self.value}")
        if self.box is None and self.box3d is None and not any(point.positive for point in self.points):
            raise PromptError("a box, a 3-D box or at least one positive point is needed")
        if self.box is not None and self.box3d is not None:
            raise PromptError("'box' and 'box3d' exclude each other")
        if self.box3d is not None and (self.index is not None or self.plane is not None):
            raise PromptError("'slice' and 'plane' belong to a 2-D box, not to 'box3d'")
        if self.box3d is not None and self.points:
            raise PromptError("points go with a box in one slice, not with 'box3d'")

    def as_json(self) -> dict[str, Any]:
        """The entry of a prompt file that says the same."""
        entry: dict[str, Any] = {"label": self.label}
        if self.box is not None:
            entry["box"] = list(self.box.to_inclusive())
        if self.box3d is not None:
            entry["box3d"] = list(self.box3d.to_inclusive())
        if self.points:
            entry["points"] = [[p.x, p.y, p.z, int(p.positive)] for p in self.points]
        if self.index is not None:
            entry["slice"] = self.index
        if self.plane is not None:
            entry["plane"] = self.plane.name.lower()
        return entry


CasePrompts = Mapping[str, tuple[ObjectPrompt, ...]]


def read_prompt_file(path: Path) -> CasePrompts:
    """Prompts by case (see `case_key`), in the file's order; raises PromptError naming file, case and field."""
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise PromptError(f"{path} is larger than {_LARGEST_FILE // 2**20} MiB: no prompt file is")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise PromptError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PromptError(f"{path} is not UTF-8 text, so it is no prompt file") from None
    try:
        drafts = _parse_json(text) if text.lstrip().startswith("{") else _parse_csv(text)
        return _with_values(drafts)
    except PromptError as error:
        raise PromptError(f"{path}: {error}") from None


def case_key(name: str) -> str:
    """The form in which case names are compared: forward slashes, no leading './', composed Unicode."""
    key = unicodedata.normalize("NFC", name.strip().replace("\\", "/"))
    while key.startswith("./"):
        key = key[2:]
    return key.rstrip("/") or "."


@dataclass
class _Draft:
    """An entry whose label has no value yet."""

    case: str
    where: str
    label: str | int
    parts: dict[str, Any] = field(default_factory=dict)


def _with_values(drafts: Sequence[_Draft]) -> CasePrompts:
    values = _label_values(drafts)
    cases: dict[str, list[ObjectPrompt]] = {}
    for draft in drafts:
        try:
            prompt = ObjectPrompt(values[draft.label], str(draft.label), **draft.parts)
        except PromptError as error:
            raise PromptError(f"{draft.where}: {error}") from None
        cases.setdefault(draft.case, []).append(prompt)
    return {case: tuple(prompts) for case, prompts in cases.items()}


def _label_values(drafts: Iterable[_Draft]) -> dict[str | int, int]:
    labels = dict.fromkeys(draft.label for draft in drafts)
    taken = {label for label in labels if isinstance(label, int)}
    free = (value for value in range(1, LARGEST_LABEL + 1) if value not in taken)
    values: dict[str | int, int] = {}
    for label in labels:
        value = label if isinstance(label, int) else next(free, None)
        if value is None:
            raise PromptError(f"more than {LARGEST_LABEL} labels are named, a label map holds no more")
        values[label] = value
    return values


def _parse_json(text: str) -> list[_Draft]:
    try:
        document = json.loads(text, object_pairs_hook=_object_without_doubles)
    except RecursionError:
        raise PromptError("not JSON that can be understood: nested too deeply") from None
    except ValueError as error:
        raise PromptError(f"not valid JSON: {error}") from None
    version = document.get("version")
    if version != VERSION or isinstance(version, bool):
        raise PromptError(f"'version' must be {VERSION}, not {version!r}")
    if unknown := set(document) - {"version", "cases"}:
        raise PromptError(f"unknown field '{min(unknown)}' beside 'version' and 'cases'")
    cases = document.get("cases")
    if not isinstance(cases, dict):
        raise PromptError("'cases' must be an object of lists, by case")
    drafts = []
    for name, entries in cases.items():
        if not isinstance(entries, list) or not entries:
            raise PromptError(f"case '{name}' needs a list of at least one prompt")
        for number, entry in enumerate(entries, start=1):
            drafts.append(_json_draft(name, number, entry))
    return drafts


def _object_without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise PromptError(f"'{next(name for name in names if names.count(name) > 1)}' is given twice")
    return found


def _json_draft(case: str, number: int, entry: object) -> _Draft:
    where = f"case '{case}', prompt {number}"
    if not isinstance(entry, dict):
        raise PromptError(f"{where}: an object with a box or points is needed")
    if unknown := set(entry) - _FIELDS:
        raise PromptError(f"{where}: unknown field '{min(unknown)}'")
    draft = _Draft(case_key(case), where, _label(entry.get("label"), number, where))
    if "box" in entry:
        draft.parts["box"] = _located(where, Box.from_inclusive, _numbers(entry["box"], 4, f"{where}: 'box'"))
    if "box3d" in entry:
        draft.parts["box3d"] = _located(where, Box3D.from_inclusive, _numbers(entry["box3d"], 6, f"{where}: 'box3d'"))
    if "points" in entry:
        draft.parts["points"] = _points(entry["points"], where)
    if "slice" in entry:
        draft.parts["index"] = _slice_index(entry["slice"], where)
    if "plane" in entry:
        draft.parts["plane"] = _plane(entry["plane"], where)
    return draft


def _label(label: object, number: int, where: str) -> str | int:
    """A name, or a value where the label is a whole number; "object <number>" where there is none."""
    if label is None or label == "":
        return f"object {number}"
    if isinstance(label, str) and label.strip():
        name = label.strip()
        if any(unicodedata.category(c) in ("Cc", "Cs") for c in name):  # a line break, or half a character
            raise PromptError(f"{where}: 'label' {name!r} holds characters that cannot be written")
        if not (name.isascii() and name.isdigit()):
            return name
        label = int(name) if len(name) < 10 else LARGEST_LABEL + 1
    if isinstance(label, bool) or not isinstance(label, int):
        raise PromptError(f"{where}: 'label' must be a name or a whole number, not {label!r}")
    if not 1 <= label <= LARGEST_LABEL:
        raise PromptError(f"{where}: 'label' must lie between 1 and {LARGEST_LABEL}")
    return label


def _numbers(value: object, count: int, where: str) -> list[float]:
    numbers = value if isinstance(value, list) else []
    if len(numbers) != count or not all(_is_number(n) for n in numbers):
        raise PromptError(f"{where} needs a list of {count} finite numbers")
    return [float(n) for n in numbers]


def _is_number(value: object) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**31 and math.isfinite(value)
    )


def _points(value: object, where: str) -> tuple[VolumePoint, ...]:
    if not isinstance(value, list) or not value:
        raise PromptError(f"{where}: 'points' needs a list of [x, y, z, 1 or 0]")
    points = []
    for entry in value:
        x, y, z, positive = _numbers(entry, 4, f"{where}: each of 'points'")
        if positive not in (0, 1):
            raise PromptError(f"{where}: the fourth number of each of 'points' must be 1 (inside) or 0 (outside)")
        points.append(VolumePoint(x, y, z, positive == 1))
    return tuple(points)


def _slice_index(value: object, where: str) -> int:
    if not _is_number(value) or value != int(value) or value < 0:  # type: ignore[operator, call-overload]  # a number
        raise PromptError(f"{where}: 'slice' must be a whole number from 0")
    return int(value)  # type: ignore[call-overload, no-any-return]  # seen to be a number


def _plane(value: object, where: str) -> Plane:
    return _located(f"{where}: 'plane'", Plane.from_name, str(value).strip())


def _located(where: str, build: Callable[[_Argument], _Built], argument: _Argument) -> _Built:
    try:
        return build(argument)
    except PromptError as error:
        raise PromptError(f"{where}: {error}") from None


def _parse_csv(text: str) -> list[_Draft]:
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)  # spreadsheets of some countries write semicolons
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        columns = [name.strip().lower() for name in next(rows, [])]
        _check_columns(columns)
        numbers: dict[str, int] = {}
        drafts = []
        for row in rows:
            if any(cell.strip() for cell in row):
                drafts.append(_csv_draft(columns, row, rows.line_num, numbers))
    except csv.Error as error:
        raise PromptError(f"line {rows.line_num} is not valid CSV: {error}") from None
    return drafts


def _check_columns(columns: list[str]) -> None:
    if "case" not in columns:
        raise PromptError("neither a JSON object nor a CSV table with a column 'case'")
    if missing := [name for name in ("x0", "y0", "x1", "y1") if name not in columns]:
        raise PromptError(f"column '{missing[0]}' is missing")
    if unknown := [name for name in columns if name not in _COLUMNS]:
        raise PromptError(f"unknown column '{unknown[0]}'")
    if len(set(columns)) < len(columns):
        raise PromptError("a column is given twice")


def _csv_draft(columns: list[str], row: list[str], line: int, numbers: dict[str, int]) -> _Draft:
    if len(row) > len(columns) and any(cell.strip() for cell in row[len(columns) :]):
        raise PromptError(f"line {line} has more cells than there are columns")
    cells = {name: cell.strip() for name, cell in zip(columns, row, strict=False) if cell.strip()}
    if "case" not in cells:
        raise PromptError(f"line {line}: 'case' is empty")
    case = case_key(cells["case"])
    where = f"line {line}, case '{cells['case']}'"
    numbers[case] = numbers.get(case, 0) + 1
    draft = _Draft(case, where, _label(cells.get("label"), numbers[case], where))
    if "z0" in cells or "z1" in cells:
        corners = [_cell(cells, name, where) for name in ("x0", "y0", "z0", "x1", "y1", "z1")]
        draft.parts["box3d"] = _located(where, Box3D.from_inclusive, corners)
    else:
        corners = [_cell(cells, name, where) for name in ("x0", "y0", "x1", "y1")]
        draft.parts["box"] = _located(where, Box.from_inclusive, corners)
    if "slice" in cells:
        draft.parts["index"] = _slice_index(_cell(cells, "slice", where), where)
    if "plane" in cells:
        draft.parts["plane"] = _plane(cells["plane"], where)
    return draft


def _cell(cells: dict[str, str], name: str, where: str) -> float:
    try:
        number = float(cells.get(name, "").replace(",", "."))
    except ValueError:
        number = math.nan
    if not _is_number(number):
        raise PromptError(f"{where}: '{name}' must be a number, not '{cells.get(name, '')}'")
    return number
