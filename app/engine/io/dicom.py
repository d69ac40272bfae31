"""DICOM files and folders: which volumes and pictures they hold; what reads them is imported when it is needed."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.engine.errors import NoImageError, ReadError
from app.engine.io.listing import Entry, Listing, Skipped
from app.engine.progress import tell
from app.engine.volume import Kind

if TYPE_CHECKING:
    from app.engine.io.dicom_frames import Frame
    from app.engine.io.dicom_group import Stack

_PREFIX_AT, _PREFIX = 128, b"DICM"
_FIRST_GROUPS = (0x0002, 0x0008)  # of a data set without the prefix
_LONGEST_FIRST_ELEMENT = 1024


def is_dicom(path: Path) -> bool:
    """Whether a file is DICOM by its content: the prefix, or a header that parses without it."""
    try:
        with path.open("rb") as file:
            head = file.read(_PREFIX_AT + len(_PREFIX))
    except OSError:
        return False
    if head[_PREFIX_AT:] == _PREFIX:
        return True
    return _may_begin_dataset(head) and _parses(path)


def _may_begin_dataset(head: bytes) -> bool:
    """Whether the first bytes can be a data element; cheap, and false for almost every other format."""
    if len(head) < 16:
        return False
    for order in "<>":
        group, element = struct.unpack_from(f"{order}HH", head)
        (length,) = struct.unpack_from(f"{order}L", head, 4)
        explicit = head[4:6].isalpha() and head[4:6].isupper()
        if group in _FIRST_GROUPS and element < 0x2000 and (explicit or length <= _LONGEST_FIRST_ELEMENT):
            return True
    return False


def _parses(path: Path) -> bool:
    from app.engine.io.dicom_fields import quiet
    from app.engine.io.dicom_header import parses_as_dicom

    with quiet():
        return parses_as_dicom(path)


def list_dicom(files: Sequence[Path]) -> Listing:
    """The volumes and pictures in the given DICOM files, and the files that hold none with the reason.

    Only headers are read. One volume may take many files, and one file may hold several volumes. Entries are named by
    series number: "4"; several volumes of one series "4/t1" (time, echo, b-value), "4/o2" (orientation), "4/m2"
    (matrix, spacing or kind), "4/b2" (block between wide gaps), "4/f2" (image of its own).
    """
    from app.engine.io.dicom_fields import quiet
    from app.engine.io.dicom_group import stacks_of

    frames: list[Frame] = []
    skipped: list[Skipped] = []
    with quiet():
        for number, path in enumerate(files, start=1):
            try:
                frames += _frames(path)
            except ReadError as error:
                skipped.append(Skipped(str(path), str(error), something_else=isinstance(error, NoImageError)))
            tell(number, len(files))
        stacks, copies = stacks_of(frames)
        skipped += copies
        entries = []
        for stack in stacks:
            try:
                entries.append(_entry(stack))
            except ReadError as error:
                skipped.append(Skipped(str(stack.frames[0].header.path), str(error)))
    return Listing(tuple(entries), tuple(skipped))


def _frames(path: Path) -> list[Frame]:
    from app.engine.io.dicom_frames import frames_of
    from app.engine.io.dicom_header import read_header
    from app.engine.io.dicom_mosaic import is_mosaic, untiled

    header = read_header(path)
    frames = frames_of(header)
    return untiled(frames[0]) if is_mosaic(header) and len(frames) == 1 else frames


def _entry(stack: Stack) -> Entry:
    from app.engine.io.dicom_geometry import grid_of
    from app.engine.io.dicom_volume import files_of, load

    first = stack.frames[0]
    geometry = grid_of(stack).geometry
    z, y, x = geometry.shape_zyx
    summary = f"{first.header.modality} {x}x{y}" + (f"x{z}" if z > 1 else "")
    if first.header.pixels.is_colour:
        summary += " colour"
    if first.spacing is not None:
        spacing = geometry.spacing_zyx[::-1] if z > 1 else geometry.spacing_zyx[:0:-1]
        summary += ", " + "x".join(f"{value:.3g}" for value in spacing) + " mm"
    return Entry(
        id=stack.id,
        kind=Kind.PICTURE if stack.is_picture else Kind.VOLUME,
        modality=first.header.modality,
        summary=summary,
        files=files_of(stack),
        load=partial(load, stack),
    )
