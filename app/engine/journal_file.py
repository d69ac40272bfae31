"""The bytes of a journal: records one after the other, so framed that a torn one is noticed; its lock, and its disk.

A header of 32 bytes (name, format version, random bytes), then records: length (4 bytes, little-endian), CRC-32
(4 bytes), and that many bytes, of which the first is the kind. The checksum covers length and bytes and goes on from
that of the record before, so that nothing left over from elsewhere on the disk passes for a record of this journal.
"""

from __future__ import annotations

import os
import secrets
import struct
import sys
import zlib
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.engine.io.limits import MAX_VOXEL_BYTES, unreadable

VERSION = 1
_NAME = b"SwiftMedSAM journal "
_HEADER = struct.Struct("<20sI8s")  # name, version, random
_FRAME = struct.Struct("<II")  # length, checksum
LARGEST_RECORD = 2**32 - 1

SNAPSHOT, STATE, DONE, UNDONE = b"S", b"P", b"D", b"U"


@dataclass(frozen=True)
class Records:
    """The records of a journal, whole ones only, as (kind, bytes); `torn` where bytes follow that are none."""

    records: tuple[tuple[bytes, bytes], ...]
    torn: bool


def new_header() -> bytes:
    """How a journal begins, and where its checksums begin."""
    return _HEADER.pack(_NAME, VERSION, secrets.token_bytes(8))


def frame(kind: bytes, data: bytes, checksum: int) -> tuple[bytes, int]:
    """A record as it is written after one with that checksum (after the header: `zlib.crc32` of it); and its own."""
    length = struct.pack("<I", len(data) + 1)
    own = zlib.crc32(data, zlib.crc32(kind, zlib.crc32(length, checksum)))
    return length + struct.pack("<I", own) + kind + data, own


def read_records(path: Path) -> Records:
    """All whole records of a file, up to the first that is torn. ReadError where it is no journal, or a newer one."""
    try:
        size = path.stat().st_size
        if size > 2 * MAX_VOXEL_BYTES:
            raise unreadable(path, "it is larger than a journal can be")
        content = memoryview(path.read_bytes())
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from None
    except MemoryError:
        raise unreadable(path, "it needs more memory than this machine can give") from None
    if len(content) < _HEADER.size or content[: len(_NAME)] != _NAME:
        raise unreadable(path, "it is no journal, or one that was never begun")
    version = _HEADER.unpack(content[: _HEADER.size])[1]
    if version != VERSION:
        raise unreadable(path, f"it is a journal of version {version}, and this program reads version {VERSION}")
    records = []
    position, checksum = _HEADER.size, zlib.crc32(content[: _HEADER.size])
    while position + _FRAME.size < len(content):
        length, own = _FRAME.unpack(content[position : position + _FRAME.size])
        data = content[position + _FRAME.size : position + _FRAME.size + length]
        checksum = zlib.crc32(data, zlib.crc32(content[position : position + 4], checksum))
        if not length or len(data) < length or checksum != own:
            break
        records.append((bytes(data[:1]), bytes(data[1:])))
        position += _FRAME.size + length
    return Records(tuple(records), torn=position < len(content))


class Flusher:
    """Has the system put a file onto the disk, in a thread of its own, so that whoever writes need not wait.

    What is written outlives the process at once; the disk matters when the power fails.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._asked: list[Future[None]] = []

    def ask(self) -> None:
        """Put onto the disk what has been written; one that has not begun yet does it for those who ask meanwhile."""
        if not self._asked or self._asked[-1].running() or self._asked[-1].done():
            self._asked.append(self._thread.submit(os.fsync, self._file.fileno()))

    def has_failed(self) -> bool:
        """Whether what was asked for could not be done, since the last time that somebody wanted to know."""
        ended = [future for future in self._asked if future.done()]
        self._asked = [future for future in self._asked if future not in ended]
        return any(future.exception() is not None for future in ended)

    @property
    def is_busy(self) -> bool:
        """Whether something that was asked for has not been done yet."""
        return not all(future.done() for future in self._asked)

    def close(self) -> None:
        """Wait for what was asked for; the file may be closed then."""
        self._thread.shutdown(wait=True)


class Lock:
    """A file that this process holds for itself; the system lets go of it however the process ends."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path = file, path

    @classmethod
    def taken(cls, path: Path) -> Lock | None:
        """Take it, made if there is none; None where somebody holds it, this process included. OSError as it comes."""
        while True:
            file = path.open("ab")
            try:
                held = _lock(file.fileno())
                if held and _is_at(file.fileno(), path):
                    return cls(file, path)
            except OSError:
                file.close()
                raise
            file.close()
            if not held:
                return None

    def release(self, *, remove: bool) -> None:
        """Let go of it, and remove the file where nobody will ask for it again."""
        if remove and sys.platform != "win32":  # while it is held: nobody can have taken it in between
            self._path.unlink(missing_ok=True)
        self._file.close()
        if remove and sys.platform == "win32":  # open files cannot be removed there
            with suppress(OSError):
                self._path.unlink(missing_ok=True)


def _is_at(handle: int, path: Path) -> bool:
    """Whether the open file is the one that has the name now: whoever held it may have removed it in between."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> bool:
        os.lseek(handle, 0, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:
    import fcntl

    def _lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # not lockf: closing another handle would let go of that
        except BlockingIOError:
            return False
        return True
