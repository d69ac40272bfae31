"""The bytes of a project, `*.swiftmed`, and of the snapshots in a journal.

A zip archive of two members and no others, deflated:

- `project.json`: format, version, program; `source` (path of the image, the same relative to the project's folder, id
  of the entry); `image` (the fingerprint: shape, affine, frame, SHA-256 of the voxels); `labels` (the table); `region`
  (inclusive corners of the box that holds all voxels of labels); `history` (how masks were made, oldest first);
  `view` (what the window wants to find again).
- `labels.npy`: the values in that region, uint16 (z, y, x), NumPy's format. `region` and this member are absent
  together where the label map is empty.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

import app
from app.engine.errors import ReadError
from app.engine.export.staging import unwritable
from app.engine.fingerprint import Fingerprint
from app.engine.io.limits import MAX_DEFLATE_RATIO, unreadable
from app.engine.io.npy import read_array, read_header
from app.engine.labelmap import Label, LabelMap, check_values
from app.engine.prompt import Box3D
from app.engine.strict_json import FieldError, Fields, parse_object
from app.engine.study import Act, Study, StudySource
from app.engine.study_json import (
    ANY_TEXT,
    PATH,
    act_from_json,
    act_to_json,
    box_from_json,
    box_to_json,
    fingerprint_from_json,
    fingerprint_to_json,
    label_to_json,
    labels_from_json,
)

FORMAT = "SwiftMedSAM project"
VERSION = 1
_JSON, _LABELS = "project.json", "labels.npy"
_LARGEST_JSON = 64 * 2**20  # bytes; what a hostile file of that size becomes in memory is bearable
_FAST = 1  # zlib level: label maps are long runs, higher levels take longer and gain little

Migration = Callable[[dict[str, Any]], dict[str, Any]]
# By version: turns project.json of that version into that of the next. There is no version before the first.
MIGRATIONS: Mapping[int, Migration] = {}

# What zipfile and its codecs raise for archives that are cut short, corrupt, encrypted, or packed in an unknown way.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, KeyError, OverflowError)


@dataclass(frozen=True, eq=False)
class Project:
    """What a project file holds, checked in itself but not yet against the image.

    `source.path` is absolute, `relative` the same seen from the folder of the project ("" where there is no such path).
    `values`: uint16 (Z, Y, X) in `region`, empty where that is None.
    """

    source: StudySource
    relative: str
    fingerprint: Fingerprint
    labels: tuple[Label, ...]
    region: Box3D | None
    values: NDArray[np.uint16]
    history: tuple[Act, ...]
    view: Mapping[str, Any]
    program: str

    def label_map(self) -> LabelMap:
        """The label map of the whole volume."""
        return LabelMap.from_parts(self.fingerprint.shape_zyx, self.labels, self.region, self.values)


@dataclass(frozen=True, eq=False)
class Contents:
    """What is to be written: project.json, and the values uint16 (Z, Y, X) of its region, empty where it has none."""

    document: bytes
    values: NDArray[np.uint16]

    @classmethod
    def of(
        cls, study: Study, history: Sequence[Act], *, relative: str = "", view: Mapping[str, Any] | None = None
    ) -> Contents:
        """Of a study as it is now; the values are copied. TypeError or ValueError where the view is no JSON."""
        region = study.labels.filled_region()
        values = np.zeros((0, 0, 0), dtype=np.uint16)
        if region is not None:
            box = np.s_[region.z0 : region.z1, region.y0 : region.y1, region.x0 : region.x1]
            values = study.labels.voxels[box].copy()
        document: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "program": app.__version__,
            "source": {
                "path": str(Path(study.source.path).absolute()),
                "relative": relative,
                "entry": study.source.entry,
            },
            "image": fingerprint_to_json(study.fingerprint),
            "labels": [label_to_json(label) for label in study.labels.labels],
            "history": [act_to_json(act) for act in history],
            "view": dict(view or {}),
        }
        if region is not None:
            document["region"] = box_to_json(region)
        return cls(json.dumps(document, allow_nan=False).encode("ascii"), values)

    def write(self, file: IO[bytes], path: Path) -> None:
        """Write the archive; `path` is for the WriteError where it would be too large to be read again."""
        if len(self.document) > _LARGEST_JSON:
            raise unwritable(path, f"what is known of its masks takes more than {_LARGEST_JSON:,} bytes")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_FAST) as archive:
            archive.writestr(_JSON, self.document)
            if self.values.size:
                with archive.open(_LABELS, "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, self.values.astype("<u2", copy=False), allow_pickle=False)

    def check(self, file: IO[bytes], path: Path) -> None:
        """Raise WriteError unless the archive, read as it will be, is the same in every value."""
        try:
            found = read_project(file, path)
            file.seek(0)
            with zipfile.ZipFile(file) as archive:
                same = archive.read(_JSON) == self.document
        except (ReadError, *_BROKEN) as error:
            raise unwritable(path, f"read back, it is damaged ({error})") from None
        if not same or not np.array_equal(found.values, self.values):
            raise unwritable(path, "read back, it differs")


def read_project(file: IO[bytes], path: Path) -> Project:
    """Read an archive; `path` names it in the ReadError, one sentence, where it is no project, damaged or newer."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = sorted(archive.namelist())
            if names not in ([_JSON], [_LABELS, _JSON]):
                raise FieldError("it is no project: it holds other files than a project does")
            return _project(_fields(_json(archive)), archive)
    except MemoryError:
        raise unreadable(path, "it needs more memory than this machine can give") from None
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from None
    except _BROKEN as error:
        raise unreadable(path, f"it is no project or a damaged one ({error})") from None
    except ValueError as error:  # FieldError, NpyError and what the types refuse
        raise unreadable(path, str(error)) from None


def is_project(file: IO[bytes]) -> bool:
    """Whether an archive says that it is a project of a version that is known; its labels may be damaged."""
    try:
        with zipfile.ZipFile(file) as archive:
            _fields(_json(archive))
    except (*_BROKEN, ValueError, OSError):
        return False
    return True


def migrated(
    document: dict[str, Any], version: int, migrations: Mapping[int, Migration] = MIGRATIONS, newest: int = VERSION
) -> dict[str, Any]:
    """project.json of an older version, brought to the newest step by step; FieldError where a step is unknown."""
    for step in range(version, newest):
        if step not in migrations:
            raise FieldError(f"it is of project version {step}, which this program cannot read")
        document = {**migrations[step](document), "version": step + 1}
    return document


def _json(archive: zipfile.ZipFile) -> bytes:
    with archive.open(_JSON) as member:
        text = member.read(_LARGEST_JSON + 1)
    if len(text) > _LARGEST_JSON:
        raise FieldError(f"its {_JSON} is longer than {_LARGEST_JSON:,} bytes")
    return text


def _fields(text: bytes) -> Fields:
    """The fields of project.json in the newest version, but for format and version."""
    fields = parse_object(text)
    if "format" not in fields or fields.text("format", ANY_TEXT) != FORMAT:
        raise FieldError("it is no project of this program")
    version = fields.integer("version", 0, 10**6)
    if version > VERSION:
        raise FieldError(
            f"it was saved by a newer version of this program (project version {version}, and this one reads up to "
            f"{VERSION}); update the program to open it"
        )
    if version < VERSION:
        fields = Fields(migrated(json.loads(text), version), "")
        fields.text("format", ANY_TEXT)
        fields.integer("version", VERSION, VERSION)
    return fields


def _project(fields: Fields, archive: zipfile.ZipFile) -> Project:
    source = fields.inner("source")
    path, entry = source.text("path", PATH), source.text("entry", ANY_TEXT)
    relative = source.text("relative", f"({PATH})?")
    source.end()
    fingerprint = fingerprint_from_json(fields.inner("image"))
    shape = fingerprint.shape_zyx
    labels = labels_from_json(fields.items("labels"))
    region = box_from_json(fields, "region", shape) if "region" in fields else None
    history = tuple(act_from_json(item, f"history[{n}]", shape) for n, item in enumerate(fields.items("history")))
    view, program = fields.free("view"), fields.text("program")
    fields.end()
    if (region is None) is (_LABELS in archive.namelist()):
        raise FieldError(f"its {_JSON} and its {_LABELS} do not belong together")
    values = np.zeros((0, 0, 0), dtype=np.uint16) if region is None else _values(archive, region)
    check_values(values, labels)
    return Project(StudySource(path, entry), relative, fingerprint, labels, region, values, history, view, program)


def _values(archive: zipfile.ZipFile, region: Box3D) -> NDArray[np.uint16]:
    """The array of the archive, which must fill the region to the byte; what it declares is checked first."""
    shape = (region.z1 - region.z0, region.y1 - region.y0, region.x1 - region.x0)
    info = archive.getinfo(_LABELS)
    if info.file_size > MAX_DEFLATE_RATIO * info.compress_size + 1024:
        raise FieldError("its compressed labels are too short for the size that they declare")
    with archive.open(info) as member:
        header = read_header(member)
    if header.shape != shape or header.dtype != np.dtype("<u2") or header.fortran:
        raise FieldError("its labels do not fill the region that it declares")
    if info.file_size != header.header_bytes + header.data_bytes:
        raise FieldError("its labels are not of the size that they declare")
    with archive.open(info) as member:
        values: NDArray[np.uint16] = read_array(member)
        if member.read(1):
            raise FieldError("its labels are longer than they declare")
    return values
