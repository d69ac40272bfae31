"""What a Mach-O file says of itself: which processors it is for, and which macOS it was built for."""

from __future__ import annotations

import struct
from pathlib import Path

ARM64 = 0x0100000C

_THIN, _FAT, _FAT_64 = b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"
_MOST_SLICES = 8  # a class file of Java begins as a universal file does; its next four bytes are a larger number
_HEADER = 32  # bytes
_OLDEST_SYSTEM = {0x24: 8, 0x32: 12}  # load commands that name it (the older and the newer one), and where in them


def processors(path: Path) -> frozenset[int]:
    """The types of processor that a Mach-O file is for, as Apple numbers them; empty for any other file."""
    return frozenset(_slices(path))


def oldest_system(path: Path) -> tuple[int, int]:
    """The macOS that the part of a Mach-O file for Apple silicon was built for, such as (15, 0).

    (0, 0) where the file has no such part, or the part does not say.
    """
    start = _slices(path).get(ARM64)
    if start is None:
        return 0, 0
    with path.open("rb") as stream:
        stream.seek(start)
        header = stream.read(_HEADER)
        if len(header) < _HEADER:
            return 0, 0
        count, size = struct.unpack_from("<2I", header, 16)
        commands = stream.read(size)
    at = 0
    for _ in range(count):
        if at + 16 > len(commands):
            break
        kind, length = struct.unpack_from("<2I", commands, at)
        if kind in _OLDEST_SYSTEM:
            (packed,) = struct.unpack_from("<I", commands, at + _OLDEST_SYSTEM[kind])
            return packed >> 16, packed >> 8 & 0xFF
        at += max(length, 8)
    return 0, 0


def _slices(path: Path) -> dict[int, int]:
    """Where in a Mach-O file the part for each processor begins, in bytes; empty for any other file."""
    with path.open("rb") as stream:
        head = stream.read(8)
        if len(head) < 8:
            return {}
        if head[:4] == _THIN:
            return {struct.unpack_from("<I", head, 4)[0]: 0}
        if head[:4] not in (_FAT, _FAT_64):
            return {}
        count = struct.unpack_from(">I", head, 4)[0]
        if count > _MOST_SLICES:
            return {}
        entry = ">4x4xI8x" if head[:4] == _FAT else ">4x4xQ16x"
        size = struct.calcsize(entry)
        table = stream.read(count * size)
    starts = {}
    for at in range(0, len(table) - size + 1, size):
        (kind,) = struct.unpack_from(">I", table, at)
        (starts[kind],) = struct.unpack_from(entry, table, at)
    return starts
