"""NumPy's array format, read without NumPy's reader: no pickle, no Python literal is evaluated, sizes first.

Format: numpy.org/neps/nep-0001-npy-format.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

_MAGIC = b"\x93NUMPY"
_MAX_HEADER_BYTES = 10_000
_DTYPE = re.compile(rb"'descr'\s*:\s*'([<>|=]?[biuf][1248])'")
_ORDER = re.compile(rb"'fortran_order'\s*:\s*(True|False)")
_SHAPE = re.compile(rb"'shape'\s*:\s*\(((?:\s*\d{1,18}L?\s*,?)*)\s*\)")


class NpyError(ValueError):
    """An array that is damaged or not of plain numbers; the message goes on from the array's name."""


@dataclass(frozen=True)
class NpyHeader:
    """What an array file declares of itself."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran: bool
    header_bytes: int

    @property
    def data_bytes(self) -> int:
        """Bytes of the elements."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(file: IO[bytes]) -> NpyHeader:
    """The header at the start of a file; raises NpyError for anything but plain numbers."""
    start = file.read(8)
    if len(start) < 8 or start[:6] != _MAGIC or start[6] not in (1, 2, 3):
        raise NpyError("is not a NumPy array")
    width = 2 if start[6] == 1 else 4
    length = int.from_bytes(file.read(width), "little")
    if length > _MAX_HEADER_BYTES:
        raise NpyError("has a header beyond all bounds")
    text = file.read(length)
    dtype, order, shape = _DTYPE.search(text), _ORDER.search(text), _SHAPE.search(text)
    if dtype is None or order is None or shape is None:
        raise NpyError("does not hold plain numbers")
    try:
        kind = np.dtype(dtype[1].decode("ascii"))
    except TypeError:
        raise NpyError("does not hold plain numbers") from None
    extents = tuple(int(word) for word in re.findall(rb"\d+", shape[1]))
    return NpyHeader(kind, extents, order[1] == b"True", 8 + width + length)


def read_array(file: IO[bytes]) -> NDArray[Any]:
    """The array of a file whose declared size was checked; raises NpyError where elements are missing."""
    header = read_header(file)
    data = file.read(header.data_bytes)
    if len(data) < header.data_bytes:
        raise NpyError(f"is cut short: {len(data):,} of {header.data_bytes:,} bytes are there")
    flat = np.frombuffer(data, header.dtype)
    if not header.dtype.isnative:
        flat = flat.astype(header.dtype.newbyteorder("="))
    return flat.reshape(header.shape, order="F" if header.fortran else "C")
