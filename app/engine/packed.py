"""Values and masks of label maps as compressed bytes: little-endian uint16, and bits."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from app.engine.errors import LabelError

_ZLIB_HEADER = b"\x78\x01"  # a window of 32 kB, fast
_BLOCK = 1 << 16  # voxels
_FAST = 1  # zlib level: masks are long runs, higher levels take longer and gain nothing


def pack(values: NDArray[np.uint16]) -> bytes:
    """Values (N,) as bytes."""
    return zlib.compress(values.astype("<u2").tobytes(), _FAST)


def pack_same(value: int, count: int) -> bytes:
    """`pack` of so many times one value, much faster: a block is compressed once, and repeated."""
    blocks, rest = divmod(count, _BLOCK)
    block = np.full(min(count, _BLOCK), value, dtype="<u2").tobytes()
    checksum = 1
    for _ in range(blocks):
        checksum = zlib.adler32(block, checksum)
    checksum = zlib.adler32(block[: 2 * rest], checksum)
    parts = [_ZLIB_HEADER]
    if blocks:
        alone = zlib.compressobj(_FAST, wbits=-zlib.MAX_WBITS)
        parts.append((alone.compress(block) + alone.flush(zlib.Z_FULL_FLUSH)) * blocks)  # depends on no block before
    end = zlib.compressobj(_FAST, wbits=-zlib.MAX_WBITS)
    parts += [end.compress(block[: 2 * rest]), end.flush(), checksum.to_bytes(4, "big")]
    return b"".join(parts)


def unpack(data: bytes) -> NDArray[np.uint16]:
    """The inverse of `pack`."""
    return np.frombuffer(zlib.decompress(data), dtype="<u2").astype(np.uint16)


def pack_bits(mask: NDArray[np.bool_]) -> bytes:
    """A mask of any shape as bytes."""
    return zlib.compress(np.packbits(mask).tobytes(), _FAST)


def unpack_bits(data: bytes, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The inverse of `pack_bits`; raises LabelError where the bytes are those of another shape."""
    bits = np.frombuffer(zlib.decompress(data), dtype=np.uint8)
    count = int(np.prod(shape))
    if len(bits) != (count + 7) // 8:
        raise LabelError("the edit is damaged: its mask does not cover its region")
    return np.unpackbits(bits, count=count).reshape(shape).astype(np.bool_)
