"""Mosaics: the slices of a volume laid as tiles in one picture, told apart by the private attributes of the maker."""

from __future__ import annotations

import math
import re
import struct
from dataclasses import replace

import numpy as np

from app.engine.io.dicom_fields import PARSE_ERRORS, number, text
from app.engine.io.dicom_frames import Frame, Placement, Vector, placement_of, positive
from app.engine.io.dicom_header import CSA_IMAGE, CSA_SERIES, MOSAIC_TILES, UNITED_FRAMES, Header, read_private
from app.engine.io.limits import unreadable

_PARALLEL = 0.999  # cosine between the slice normal of the private header and that of the picture
_MAX_TAGS = 1000
_POSITION = re.compile(rb"sSliceArray\.asSlice\[(\d+)\]\.sPosition\.d(Sag|Cor|Tra)\s*=\s*([-+.\deE]+)")
_COUNT = re.compile(rb"sSliceArray\.lSize\s*=\s*(\d+)")


def is_mosaic(header: Header) -> bool:
    """Whether the file says that its picture is a mosaic."""
    words = text(header.dataset, "ImageType").upper().split("\\")
    siemens = text(header.dataset, "Manufacturer").upper().startswith("SIEMENS")
    return "MOSAIC" in words or "VFRAME" in words or (siemens and _tiles(header.dataset, {}) > 1)


def untiled(frame: Frame) -> list[Frame]:
    """The slices of a mosaic; a ReadError where private attributes are missing, or do not agree with one another."""
    path = frame.header.path
    listed = _listed_placements(frame)
    count = len(listed) or _siemens_count(frame)
    if count < 1:
        raise unreadable(path, "it is a mosaic of slices that does not say where they lie")
    across = math.ceil(math.sqrt(count))
    # Siemens fills a square, United Imaging leaves empty rows of tiles out.
    down = math.ceil(count / across) if listed else across
    rows, columns = frame.rows // down, frame.columns // across
    if rows * down != frame.rows or columns * across != frame.columns:
        raise unreadable(path, f"it is a mosaic whose size does not fit its {count} slices")
    placements = listed or _siemens_placements(frame, count, rows, columns)
    return [
        replace(
            frame,
            rows=rows,
            columns=columns,
            corner=(tile // across * rows, tile % across * columns),
            placement=placement,
        )
        for tile, placement in enumerate(placements)
    ]


def _listed_placements(frame: Frame) -> list[Placement]:
    """Placements of tiles in a United Imaging file, which lists them one by one; empty in others."""
    private = read_private(frame.header.path, [UNITED_FRAMES])
    try:
        found = [placement_of(tile, frame.header.dataset) for tile in private[UNITED_FRAMES].value]
    except PARSE_ERRORS:
        return []
    placements = [placement for placement in found if placement is not None]
    return placements if len(placements) == len(found) and frame.spacing is not None else []


def _siemens_count(frame: Frame) -> int:
    private = read_private(frame.header.path, [MOSAIC_TILES, CSA_IMAGE])
    return _tiles(private, _csa(_value(private, CSA_IMAGE)))


def _siemens_placements(frame: Frame, count: int, rows: int, columns: int) -> list[Placement]:
    """Placements of tiles by the slice normal and the protocol in the CSA headers."""
    path = frame.header.path
    private = read_private(path, [CSA_IMAGE, CSA_SERIES])
    normal = np.array(_csa(_value(private, CSA_IMAGE)).get("SliceNormalVector", []))
    spacing = positive(number(frame.header.dataset, "SpacingBetweenSlices")) or frame.thickness
    if len(normal) != 3 or spacing is None or frame.placement is None:
        raise unreadable(path, "it is a mosaic of slices that does not say where they lie")
    first = _first_tile(frame, frame.placement, rows, columns)
    if abs(float(normal @ first.normal)) < _PARALLEL:
        raise unreadable(path, "it is a mosaic whose private header contradicts its orientation")
    step = first.normal * math.copysign(spacing, float(normal @ first.normal))
    _check_protocol(frame, _value(private, CSA_SERIES), _centre(frame, first, rows, columns), step * (count - 1))
    return [replace(first, position=first.position + step * tile) for tile in range(count)]


def _first_tile(frame: Frame, placement: Placement, rows: int, columns: int) -> Placement:
    """The position written in a mosaic is that of a slice as large as the whole picture, about the same centre."""
    row_spacing, column_spacing = frame.spacing or (1.0, 1.0)
    shift = placement.row * column_spacing * (frame.columns - columns) / 2
    shift = shift + placement.column * row_spacing * (frame.rows - rows) / 2
    return replace(placement, position=placement.position + shift)


def _centre(frame: Frame, first: Placement, rows: int, columns: int) -> Vector:
    row_spacing, column_spacing = frame.spacing or (1.0, 1.0)
    centre: Vector = first.position + first.row * column_spacing * columns / 2 + first.column * row_spacing * rows / 2
    return centre


def _check_protocol(frame: Frame, series: bytes, centre: Vector, extent: Vector) -> None:
    """The protocol, where it is there, lists the centres of all slices: the ends of the stack must be among them."""
    found: dict[int, dict[bytes, float]] = {}
    begin = series.find(b"### ASCCONV BEGIN")  # what stands before is another protocol's
    series = series[begin : series.find(b"### ASCCONV END", begin)] if begin >= 0 else b""
    for index, axis, value in _POSITION.findall(series):
        try:
            found.setdefault(int(index), {})[axis] = float(value)
        except ValueError:
            return
    said = _COUNT.search(series)
    if said is None or not found or int(said[1]) - 1 not in found:
        return
    ends = [
        np.array([found.get(n, {}).get(axis, 0.0) for axis in (b"Sag", b"Cor", b"Tra")]) for n in (0, int(said[1]) - 1)
    ]
    tolerance = max(2.0, *(frame.spacing or ()))
    near = [np.linalg.norm(centre - one) + np.linalg.norm(centre + extent - other) for one, other in (ends, ends[::-1])]
    if min(near) > 2 * tolerance:
        raise unreadable(frame.header.path, "it is a mosaic whose slices lie elsewhere than its protocol says")


def _tiles(private: object, csa: dict[str, list[float]]) -> int:
    found = csa.get("NumberOfImagesInMosaic", [])
    if found:
        return int(found[0])
    try:
        return int(private[MOSAIC_TILES].value)  # type: ignore[index]
    except PARSE_ERRORS:
        return 0


def _value(private: object, tag: int) -> bytes:
    try:
        return bytes(private[tag].value)  # type: ignore[index]
    except PARSE_ERRORS:
        return b""


def _csa(data: bytes) -> dict[str, list[float]]:
    """The numbers in a CSA header of the "SV10" kind by name; what is damaged is left out."""
    found: dict[str, list[float]] = {}
    if not data.startswith(b"SV10"):
        return found
    try:
        (count,) = struct.unpack_from("<I", data, 8)
        position = 16
        for _ in range(min(count, _MAX_TAGS)):
            name, _, _, _, entries, _ = struct.unpack_from("<64si4siii", data, position)
            position += 84
            values = []
            for _ in range(min(entries, _MAX_TAGS)):
                length = struct.unpack_from("<4i", data, position)[1]
                if length < 0:
                    return found
                word = data[position + 16 : position + 16 + length].split(b"\0")[0].strip()
                position += 16 + (length + 3) // 4 * 4
                if word:
                    values.append(word)
            key = name.split(b"\0")[0].decode("ascii", "replace")
            if key in {"NumberOfImagesInMosaic", "SliceNormalVector"}:
                found[key] = [float(word) for word in values]
    except (struct.error, ValueError):
        return found
    return found
