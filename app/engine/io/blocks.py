"""Bytes of voxels as they lie in a file: plain, deflated, bzip2 or text, checked for length and checksum."""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from app.engine.io.limits import DRAIN_BYTES, MAX_DEFLATE_RATIO, allocate, unreadable
from app.engine.progress import tell

Encoding = Literal["raw", "deflate", "bzip2", "text", "hex"]

_CHUNK = 2**20
_GULP = 2**24  # bytes of a plain file between two chances to end
_SIP = 64  # bytes given to the decoder at a time: damage hides no more than these
_GZIP_MAGIC = b"\x1f\x8b"


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Unpacker:
    """Decoded bytes of a compressed part of a file, front to back, without keeping the file open in between.

    zlib and bzip2 check their own checksums when the end of the stream is reached.
    """

    def __init__(self, path: Path, start: int, encoding: Encoding) -> None:
        self._path, self._offset, self._encoding = path, start, encoding
        self._decoder = self._new_decoder()
        self._pending = b""
        self.position = 0  # decoded bytes handed out so far
        self.ended = False

    def _new_decoder(self) -> _Decoder:
        decoder: _Decoder = bz2.BZ2Decompressor() if self._encoding == "bzip2" else zlib.decompressobj(47)
        return decoder

    def pieces(self, count: int) -> Iterator[bytes]:
        """The next `count` decoded bytes in pieces, fewer where the stream ends; ReadError where it is broken."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                while count > 0 and not self.ended:
                    tell()
                    data = self._pending or (file.read(_CHUNK) if self._hungry() else b"")
                    piece = self._decoder.decompress(data, min(count, _CHUNK))
                    self._offset = file.tell()
                    self._pending = getattr(self._decoder, "unconsumed_tail", b"")
                    if self._decoder.eof:
                        self._next_member()
                    elif not piece and not data:
                        raise unreadable(self._path, "its compressed data end too early; it is cut short")
                    self.position += len(piece)
                    count -= len(piece)
                    yield piece
        except (zlib.error, OSError, EOFError) as error:
            raise unreadable(self._path, f"its compressed data are damaged ({error})") from None

    def _hungry(self) -> bool:
        return bool(getattr(self._decoder, "needs_input", True))

    def _next_member(self) -> None:
        rest = self._decoder.unused_data
        if rest.startswith(_GZIP_MAGIC):  # a gzip file may be several, one after the other
            self._decoder, self._pending = self._new_decoder(), rest
        else:
            self.ended = True

    def skip(self, count: int) -> None:
        for _ in self.pieces(count):
            pass

    def read(self, count: int) -> NDArray[np.uint8]:
        """Exactly `count` bytes, or a ReadError that says how many there are."""
        out = allocate(self._path, count)
        done = 0
        for piece in self.pieces(count):
            out[done : done + len(piece)] = np.frombuffer(piece, np.uint8)
            done += len(piece)
        if done < count:
            raise unreadable(self._path, f"it is cut short: it holds {done:,} of {count:,} bytes of voxels")
        return out

    def finish(self, *, exact: bool) -> None:
        """Go to the end of the stream, where its checksum is verified; `exact`: nothing more may come until then."""
        surplus = sum(len(piece) for piece in self.pieces(DRAIN_BYTES))
        if not self.ended:
            raise unreadable(self._path, "it unpacks to far more than its header declares")
        if exact and surplus:
            raise unreadable(self._path, f"it unpacks to {surplus:,} bytes more than its header declares")


@dataclass(eq=False)
class Block:
    """`size` bytes of voxels in a file: `skip` bytes into the (unpacked) data that begin at byte `start`.

    `skip` of -1 means that the voxels are the last `size` bytes. For text, `dtype` says what the numbers become. Reads
    of a compressed block in ascending order decode it once only. `exact`: compressed data must hold the voxels and
    nothing else, because the format has no other way to say where they begin.
    """

    path: Path
    size: int
    start: int = 0
    skip: int = 0
    encoding: Encoding = "raw"
    dtype: np.dtype[np.generic] = field(default_factory=lambda: np.dtype(np.uint8))
    exact: bool = False
    _unpacker: _Unpacker | None = field(default=None, repr=False)
    _verified: bool = field(default=False, repr=False)

    def check(self) -> None:
        """Raise ReadError where the file cannot hold that many bytes; reads no voxel."""
        if not self.path.is_file():
            raise unreadable(self.path, "the file with the voxels is missing")
        there = self.path.stat().st_size - self.start
        if self.encoding == "raw":
            there -= max(self.skip, 0)
            if there < self.size:
                raise unreadable(
                    self.path, f"it is cut short: it holds {max(there, 0):,} of {self.size:,} bytes of voxels"
                )
        elif self.encoding == "deflate" and self.size > MAX_DEFLATE_RATIO * max(there, 0) + 1024:
            raise unreadable(self.path, "its compressed data are too short for the size that its header declares")

    @property
    def surplus(self) -> int:
        """Bytes of an uncompressed file beyond what its header accounts for: a hint that the voxels begin elsewhere."""
        if self.encoding != "raw" or self.skip < 0:
            return 0
        return max(self.path.stat().st_size - self.start - self.skip - self.size, 0)

    def read(self, begin: int = 0, count: int | None = None) -> NDArray[np.uint8]:
        """`count` bytes from byte `begin` of the block (to its end by default); ReadError where they are not there."""
        self.check()
        count = self.size - begin if count is None else count
        try:
            if self.encoding == "raw":
                return self._read_raw(begin, count)
            if self.encoding in ("text", "hex"):
                return self._read_text()[begin : begin + count]
        except OSError as error:
            raise unreadable(self.path, error.strerror or str(error)) from None
        return self._read_tail()[begin : begin + count] if self.skip < 0 else self._read_packed(begin, count)

    def _read_raw(self, begin: int, count: int) -> NDArray[np.uint8]:
        first = self.path.stat().st_size - self.size if self.skip < 0 else self.start + self.skip
        out, done = allocate(self.path, count), 0
        with self.path.open("rb") as file:
            file.seek(first + begin)
            while got := file.readinto(out.data[done : done + _GULP]):
                done += got
                tell()
        if done < count:
            raise unreadable(self.path, f"it is cut short: {done:,} of {count:,} bytes could be read")
        return out

    def _read_packed(self, begin: int, count: int) -> NDArray[np.uint8]:
        whole = begin == 0 and count == self.size
        if not whole and not self._verified:
            fresh = _Unpacker(self.path, self.start, self.encoding)
            fresh.skip(self.skip + self.size)
            fresh.finish(exact=self.exact)
            self._verified = True
        first = self.skip + begin
        unpacker = self._unpacker
        if unpacker is None or unpacker.ended or unpacker.position > first:
            unpacker = _Unpacker(self.path, self.start, self.encoding)
        unpacker.skip(first - unpacker.position)
        out = unpacker.read(count)
        if whole:
            unpacker.finish(exact=self.exact)
        self._unpacker = None if whole else unpacker
        return out

    def _read_tail(self) -> NDArray[np.uint8]:
        unpacker = _Unpacker(self.path, self.start, self.encoding)
        kept = bytearray()
        for piece in unpacker.pieces(self.size + DRAIN_BYTES):
            kept += piece
            if len(kept) > 2 * self.size + _CHUNK:
                del kept[: len(kept) - self.size]
        if not unpacker.ended:
            raise unreadable(self.path, "it unpacks to far more than its header declares")
        if len(kept) < self.size:
            raise unreadable(self.path, f"it is cut short: it holds {len(kept):,} of {self.size:,} bytes of voxels")
        return np.frombuffer(kept, np.uint8)[len(kept) - self.size :].copy()

    def _read_text(self) -> NDArray[np.uint8]:
        text = self.path.read_bytes()[self.start :]
        try:
            if self.encoding == "hex":
                data = np.frombuffer(bytes.fromhex(text.decode("ascii")), np.uint8)
            else:
                words = text.replace(b",", b" ").split()[: self.size // self.dtype.itemsize]
                data = np.array([float(word) for word in words]).astype(self.dtype).view(np.uint8)
        except ValueError:
            raise unreadable(self.path, "its voxels are not the numbers that its header declares") from None
        if len(data) < self.size:
            raise unreadable(self.path, f"it is cut short: it holds {len(data):,} of {self.size:,} bytes of voxels")
        return data[: self.size].copy()


def read_head(path: Path, count: int = 4096) -> tuple[bytes, bytes]:
    """The first bytes of a file, as stored and unpacked (the same where it is not gzipped; b"" where it is damaged)."""
    with path.open("rb") as file:
        stored = file.read(count)
    if not stored.startswith(_GZIP_MAGIC):
        return stored, stored
    unpacked, decoder = b"", zlib.decompressobj(47)
    try:
        for begin in range(0, len(stored), _SIP):
            unpacked += decoder.decompress(stored[begin : begin + _SIP], count)
    except zlib.error:
        pass  # what came before the damage is enough to tell the format, whose reader then says what is wrong
    return stored, unpacked[:count]
