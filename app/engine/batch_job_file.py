"""The text of a batch's file, `*.swiftbatch`, and what it says.

JSON of these fields and no others: format, version, program; `input`, `output` (paths), `boxes` (where prompts come
from), `model` (name), `options`, `existing`, `formats` (none for what suits each case); and `cases`, each with its
name, the place of its mask below the output folder ("" where it has none), its mark, its status ("waiting" or one of
`Status`) and, once it is finished, what became of it. Of the patient it holds nothing but what file names say.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

import app
from app.engine.batch import CaseResult, Existing, Status
from app.engine.cases import EXTENSIONS, Case
from app.engine.drawn_boxes import DrawnBoxes, Placement
from app.engine.geometry import Frame, Geometry
from app.engine.io.limits import MAX_LENGTH_MM
from app.engine.job import LabelResult, Options
from app.engine.plane import Plane
from app.engine.prompt import Box, Box3D
from app.engine.prompt_file import LARGEST_LABEL, ObjectPrompt, VolumePoint, read_prompt_file
from app.engine.prompt_sources import ChallengeBoxes, FilePrompts, PromptSource, ReferenceBoxes
from app.engine.strict_json import FieldError, Fields, parse_object
from app.engine.study_json import ANY_TEXT, PATH

FORMAT = "SwiftMedSAM batch"
VERSION = 1
_WAITING = "waiting"
_WITH_MASK = (Status.DONE, Status.SKIPPED)
_FARTHEST = 2**31 - 1  # voxels
_LONGEST = 1e9  # seconds


class Mark(Enum):
    """What the user says of a result."""

    NONE = ""
    REVIEWED = "reviewed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class BoxesKind(Enum):
    """Where prompts come from."""

    FILE = "file"  # a prompt file
    REFERENCES = "references"  # a folder of label maps
    STRUCTURES = "structures"  # a folder of DICOM structure sets
    CHALLENGE = "challenge"  # the boxes that the challenge's files bring along
    DRAWN = "drawn"  # boxes drawn in one image


@dataclass(frozen=True)
class BoxesFrom:
    """A kind with its `path` (FILE, REFERENCES, STRUCTURES) or what was `drawn` (DRAWN)."""

    kind: BoxesKind
    path: Path | None = None
    drawn: DrawnBoxes | None = None

    def __post_init__(self) -> None:
        if (self.path is not None) != (self.kind not in (BoxesKind.CHALLENGE, BoxesKind.DRAWN)):
            raise ValueError(f"boxes of the kind '{self.kind.value}' and the path {self.path} do not go together")
        if (self.drawn is not None) != (self.kind is BoxesKind.DRAWN):
            raise ValueError("drawn boxes belong to the kind 'drawn'")

    def source(self, cases: Sequence[Case]) -> PromptSource:
        """What reads a case with its prompts; raises PromptError where the path cannot be used."""
        if self.drawn is not None:
            return self.drawn
        if self.path is None:
            return ChallengeBoxes()
        if self.kind is BoxesKind.REFERENCES:
            return ReferenceBoxes(self.path)
        if self.kind is BoxesKind.STRUCTURES:
            from app.engine.structure_boxes import StructureBoxes  # loads pydicom

            return StructureBoxes(self.path)
        return FilePrompts(read_prompt_file(self.path), cases)


@dataclass(frozen=True)
class Setup:
    """What the user asked for.

    Masks are known by the first of the `formats`; without any, what suits each case (see `result_paths`).
    """

    input: Path
    output: Path
    boxes: BoxesFrom
    model: str
    options: Options = field(default_factory=Options)
    existing: Existing = Existing.SKIP
    formats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """A case of the job: its name, where its mask goes, what became of it (None: waiting) and the user's mark.

    `target` is None for an image that was broken when the job began.
    """

    case: str
    target: Path | None
    result: CaseResult | None = None
    mark: Mark = Mark.NONE


class JobText:
    """Writes jobs, and each case anew only where it has changed: a job is written once for each of its cases."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Entry, str]] = {}  # by case

    def of(self, setup: Setup, entries: Sequence[Entry]) -> bytes:
        """What `read_job` reads, a line for each case."""
        head = json.dumps(_head_to_json(setup), allow_nan=False, indent=1).removesuffix("\n}")
        cases = ",\n  ".join(self._case(entry, setup.output) for entry in entries)
        return f'{head},\n "cases": [\n  {cases}\n ]\n}}'.encode("ascii")

    def _case(self, entry: Entry, output: Path) -> str:
        known = self._known.get(entry.case)
        if known is None or known[0] is not entry:
            known = entry, json.dumps(_entry_to_json(entry, output), allow_nan=False)
            self._known[entry.case] = known
        return known[1]


def _head_to_json(setup: Setup) -> dict[str, Any]:
    """All but the cases."""
    boxes: dict[str, Any] = {"kind": setup.boxes.kind.value}
    if setup.boxes.path is not None:
        boxes["path"] = str(setup.boxes.path.absolute())
    if setup.boxes.drawn is not None:
        boxes["drawn"] = _drawn_to_json(setup.boxes.drawn)
    return {
        "format": FORMAT,
        "version": VERSION,
        "program": app.__version__,
        "input": str(setup.input.absolute()),
        "output": str(setup.output.absolute()),
        "boxes": boxes,
        "model": setup.model,
        "options": asdict(setup.options),
        "existing": setup.existing.value,
        "formats": list(setup.formats),
    }


def read_job(text: bytes) -> tuple[Setup, tuple[Entry, ...]]:
    """The exact inverse; raises FieldError, or another ValueError of the type that refuses a value."""
    fields = parse_object(text)
    if "format" not in fields or fields.text("format", ANY_TEXT) != FORMAT:
        raise FieldError("it is no batch of this program")
    version = fields.integer("version", 0, 10**6)
    if version > VERSION:
        raise FieldError(f"it was saved by a newer version of this program (batch version {version}); update it first")
    if version < VERSION:
        raise FieldError(f"it is of batch version {version}, which this program cannot read")
    fields.text("program")
    setup = Setup(
        input=Path(fields.text("input", PATH)),
        output=Path(fields.text("output", PATH)),
        boxes=_boxes_from_json(fields.inner("boxes")),
        model=fields.text("model", PATH),
        options=_options_from_json(fields.inner("options")),
        existing=Existing(fields.choice("existing", tuple(one.value for one in Existing))),
        formats=tuple(_format_from_json(value) for value in fields.items("formats")),
    )
    items = fields.items("cases")
    entries = tuple(_entry_from_json(Fields(item, f"cases[{n}]"), setup.output) for n, item in enumerate(items))
    fields.end()
    if len({entry.case for entry in entries}) < len(entries):
        raise FieldError("a case stands twice in it")
    targets = [entry.target for entry in entries if entry.target is not None]
    if len(set(targets)) < len(targets):
        raise FieldError("two of its cases have the same mask")
    return setup, entries


def _entry_to_json(entry: Entry, output: Path) -> dict[str, Any]:
    case: dict[str, Any] = {
        "case": entry.case,
        "mask": "" if entry.target is None else entry.target.relative_to(output).as_posix(),
        "mark": entry.mark.value,
        "status": _WAITING if entry.result is None else entry.result.status.value,
    }
    if entry.result is not None:
        case |= {
            "labels": [_finite(label.as_json()) for label in entry.result.labels],
            "findings": list(entry.result.findings),
            "seconds": entry.result.seconds,
            "model": entry.result.model,
            "message": entry.result.message,
        }
    return case


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """A score that is no number is none: JSON has no word for it."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}


def _entry_from_json(fields: Fields, output: Path) -> Entry:
    name = fields.text("case", r"[\s\S]+")
    target = _target(fields.text("mask", r"[^\x00]{0,32768}"), output)
    mark = Mark(fields.choice("mark", tuple(mark.value for mark in Mark)))
    status = fields.choice("status", (_WAITING, *(status.value for status in Status)))
    result = None
    if status != _WAITING:
        result = CaseResult(
            name,
            Status(status),
            target if Status(status) in _WITH_MASK else None,
            tuple(_label_from_json(value) for value in fields.items("labels")),
            tuple(str(value) for value in fields.items("findings")),
            fields.number("seconds", 0.0, _LONGEST),
            fields.text("model", ANY_TEXT),
            fields.text("message", ANY_TEXT),
        )
    elif target is None:
        raise FieldError(f"the case '{name}' waits and has no place for its mask")
    fields.end()
    return Entry(name, target, result, mark)


def _target(place: str, output: Path) -> Path | None:
    """A place below the output folder and nowhere else: the file may come from anybody."""
    if not place:
        return None
    path = PurePosixPath(place)
    target = output / path
    if path.is_absolute() or ".." in path.parts or target == output or not target.is_relative_to(output):
        raise FieldError(f"the mask '{place}' lies outside the output folder")
    return target


def _label_from_json(value: object) -> LabelResult:
    try:
        label = LabelResult.from_json(dict(value))  # type: ignore[call-overload]  # whatever it is, it is checked here
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise FieldError(f"the results of a label are no such results ({error})") from None
    if not all(number is None or math.isfinite(number) for number in (label.volume_ml, label.score)):
        raise FieldError(f"the results of the label '{label.label}' are no finite numbers")
    return label


def _format_from_json(value: object) -> str:
    return Fields({"formats": value}, "setup").choice("formats", tuple(EXTENSIONS))


def _options_from_json(fields: Fields) -> Options:
    options = Options(fields.flag("propagate"), fields.flag("largest"), fields.flag("fill_holes"))
    fields.end()
    return options


def _boxes_from_json(fields: Fields) -> BoxesFrom:
    kind = BoxesKind(fields.choice("kind", tuple(kind.value for kind in BoxesKind)))
    path = Path(fields.text("path", PATH)) if "path" in fields else None
    drawn = _drawn_from_json(fields.inner("drawn")) if "drawn" in fields else None
    fields.end()
    return BoxesFrom(kind, path, drawn)


def _drawn_to_json(drawn: DrawnBoxes) -> dict[str, Any]:
    return {
        "placement": drawn.placement.value,
        "shape_zyx": list(drawn.geometry.shape_zyx),
        "affine": [float(value) for value in drawn.geometry.affine.ravel()],
        "frame": drawn.geometry.frame.value,
        "prompts": [{"value": prompt.value, **prompt.as_json()} for prompt in drawn.prompts],
    }


def _drawn_from_json(fields: Fields) -> DrawnBoxes:
    placement = Placement(fields.choice("placement", tuple(one.value for one in Placement)))
    shape = fields.integers("shape_zyx", 1, _FARTHEST)
    affine = np.reshape(fields.numbers("affine", 16, -MAX_LENGTH_MM, MAX_LENGTH_MM), (4, 4))
    frame = Frame(fields.choice("frame", tuple(frame.value for frame in Frame)))
    if len(shape) != 3:
        raise FieldError("the field 'boxes.drawn.shape_zyx' is not three numbers")
    geometry = Geometry((shape[0], shape[1], shape[2]), affine, frame)
    prompts = [_prompt_from_json(Fields(value, "boxes.drawn.prompts")) for value in fields.items("prompts")]
    fields.end()
    return DrawnBoxes(prompts, geometry, placement)


def _prompt_from_json(fields: Fields) -> ObjectPrompt:
    planes = {plane.name.lower(): plane for plane in Plane}
    box3d = fields.numbers("box3d", 6, -_FARTHEST, _FARTHEST) if "box3d" in fields else None
    box = fields.numbers("box", 4, -_FARTHEST, _FARTHEST) if "box" in fields else None
    prompt = ObjectPrompt(
        fields.integer("value", 1, LARGEST_LABEL),
        fields.text("label", ANY_TEXT),
        None if box is None else Box.from_inclusive(box),
        None if box3d is None else Box3D.from_inclusive(box3d),
        tuple(_point_from_json(value) for value in fields.items("points")) if "points" in fields else (),
        fields.integer("slice", 0, _FARTHEST) if "slice" in fields else None,
        planes[fields.choice("plane", tuple(planes))] if "plane" in fields else None,
    )
    fields.end()
    return prompt


def _point_from_json(value: object) -> VolumePoint:
    x, y, z, positive = Fields({"point": value}, "boxes.drawn.prompts").numbers("point", 4, -_FARTHEST, _FARTHEST)
    return VolumePoint(x, y, z, positive=positive != 0)
