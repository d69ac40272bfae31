"""What Siemens scanners write of the slices of a mosaic into their private headers (CSA) and the protocol therein."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from app.engine.io.dicom_fields import PARSE_ERRORS
from app.engine.io.dicom_header import read_private

_TILES, _IMAGE, _SERIES = 0x0019100A, 0x00291010, 0x00291020
_MAX_ENTRIES = 1000  # far more than any scanner writes
_WANTED = {"NumberOfImagesInMosaic", "SliceNormalVector"}
_COUNT = re.compile(rb"(?m)^sSliceArray\.lSize\s*=\s*(\d{1,4})\b")
_CENTRE = re.compile(rb"(?m)^sSliceArray\.asSlice\[(\d{1,4})\]\.sPosition\.d(Sag|Cor|Tra)\s*=\s*([-+.\deE]+)")
_AXES = {b"Sag": 0, b"Cor": 1, b"Tra": 2}


@dataclass(frozen=True, eq=False)
class MosaicHeader:
    """Number of tiles (0: not told), slice normal (LPS), and the centres of the slices (n, 3) in LPS mm, or None."""

    tiles: int
    normal: NDArray[np.float64] | None
    centres: NDArray[np.float64] | None


def mosaic_header(path: Path) -> MosaicHeader:
    """What the private headers of a file say; what is missing or damaged is left out."""
    private = read_private(path, [_TILES, _IMAGE, _SERIES])
    numbers = _numbers(_bytes(private, _IMAGE))
    centres = _centres(_bytes(private, _SERIES))
    normal = np.array(numbers.get("SliceNormalVector", []))
    told = numbers.get("NumberOfImagesInMosaic", [])
    tiles = int(told[0]) if told else tiles_of(private) or (0 if centres is None else len(centres))
    return MosaicHeader(tiles, normal if len(normal) == 3 else None, centres)


def tiles_of(dataset: Dataset) -> int:
    """Number of tiles by the short private attribute; 0 where it is not there."""
    try:
        return int(dataset[_TILES].value)
    except PARSE_ERRORS:
        return 0


def _bytes(private: Dataset, tag: int) -> bytes:
    try:
        return bytes(private[tag].value)
    except PARSE_ERRORS:
        return b""


def _centres(series: bytes) -> NDArray[np.float64] | None:
    """The slices of the protocol, in its order; coordinates that are zero are not written."""
    begin = series.find(b"### ASCCONV BEGIN")  # what stands before is another protocol's
    end = series.find(b"### ASCCONV END", begin)
    protocol = series[begin:end] if begin >= 0 else b""
    said = _COUNT.search(protocol)
    if said is None or not 0 < int(said[1]) <= _MAX_ENTRIES:
        return None
    centres = np.zeros((int(said[1]), 3))
    named = set()
    for index, axis, value in _CENTRE.findall(protocol):
        try:
            centres[int(index), _AXES[axis]] = float(value)
        except (ValueError, IndexError):
            return None
        named.add(int(index))
    return centres if len(named) >= len(centres) - 1 else None  # one slice may lie at the very centre


def _numbers(data: bytes) -> dict[str, list[float]]:
    """The wanted numbers in a CSA header of the "SV10" kind by name."""
    found: dict[str, list[float]] = {}
    if not data.startswith(b"SV10"):
        return found
    try:
        (count,) = struct.unpack_from("<I", data, 8)
        position = 16
        for _ in range(min(count, _MAX_ENTRIES)):
            name, _, _, _, entries, _ = struct.unpack_from("<64si4siii", data, position)
            position, words = _words(data, position + 84, min(entries, _MAX_ENTRIES))
            key = name.split(b"\0")[0].decode("ascii", "replace")
            if key in _WANTED:
                found[key] = [float(word) for word in words]
    except (struct.error, ValueError):
        return found
    return found


def _words(data: bytes, position: int, entries: int) -> tuple[int, list[bytes]]:
    """The words of one entry, and where the next one begins."""
    words = []
    for _ in range(entries):
        length = struct.unpack_from("<4i", data, position)[1]
        if length < 0:
            raise ValueError
        word = data[position + 16 : position + 16 + length].split(b"\0")[0].strip()
        position += 16 + (length + 3) // 4 * 4
        if word:
            words.append(word)
    return position, words
