"""Mosaics: the slices of a volume laid as tiles in one picture, told apart by the private attributes of the maker."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.engine.io.dicom_csa import MosaicHeader, mosaic_header, tiles_of
from app.engine.io.dicom_fields import PARSE_ERRORS, number, text
from app.engine.io.dicom_frames import Frame, Placement, Vector, placement_of, positive
from app.engine.io.dicom_header import Header, read_private
from app.engine.io.limits import unreadable

_UNITED_FRAMES = 0x00651051  # United Imaging: a sequence with an item for each tile
_PARALLEL = 0.999  # cosine between two statements of the slice normal
_NEAR_MM = 2.0  # between two statements of a slice's centre; or a pixel, where that is more
_NOWHERE = "it is a mosaic of slices that does not say where they lie"


def is_mosaic(header: Header) -> bool:
    """Whether the file says that its picture is a mosaic."""
    words = text(header.dataset, "ImageType").upper().split("\\")
    siemens = text(header.dataset, "Manufacturer").upper().startswith("SIEMENS")
    return "MOSAIC" in words or "VFRAME" in words or (siemens and tiles_of(header.dataset) > 1)


def untiled(frame: Frame) -> list[Frame]:
    """The slices of a mosaic; a ReadError where private attributes are missing, or do not agree with one another."""
    path = frame.header.path
    listed = _listed_placements(frame)
    siemens = mosaic_header(path)
    count = len(listed) or siemens.tiles
    if count < 1:
        raise unreadable(path, _NOWHERE)
    across = math.ceil(math.sqrt(count))
    # Siemens fills a square, United Imaging leaves empty rows of tiles out.
    down = math.ceil(count / across) if listed else across
    rows, columns = frame.rows // down, frame.columns // across
    if rows * down != frame.rows or columns * across != frame.columns:
        raise unreadable(path, f"it is a mosaic whose size does not fit its {count} slices")
    placements = listed or _siemens_placements(frame, siemens, rows, columns)
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
    private = read_private(frame.header.path, [_UNITED_FRAMES])
    try:
        found = [placement_of(tile, frame.header.dataset) for tile in private[_UNITED_FRAMES].value]
    except PARSE_ERRORS:
        return []
    placements = [placement for placement in found if placement is not None]
    return placements if len(placements) == len(found) and frame.spacing is not None else []


def _siemens_placements(frame: Frame, siemens: MosaicHeader, rows: int, columns: int) -> list[Placement]:
    """Placements of tiles: the first by the picture's position, the others by slice normal or protocol."""
    path = frame.header.path
    if frame.placement is None or frame.spacing is None:
        raise unreadable(path, _NOWHERE)
    row_mm, column_mm = frame.spacing
    # The position written in a mosaic is that of a slice as large as the whole picture, about the same centre.
    shift = frame.placement.row * column_mm * (frame.columns - columns) / 2
    shift = shift + frame.placement.column * row_mm * (frame.rows - rows) / 2
    first = replace(frame.placement, position=frame.placement.position + shift)
    centre = first.position + first.row * column_mm * columns / 2 + first.column * row_mm * rows / 2
    step = _step(frame, siemens, first, centre)
    if step is None:
        raise unreadable(path, _NOWHERE)
    if abs(float(step @ first.normal)) < _PARALLEL * float(np.linalg.norm(step)):
        raise unreadable(path, "it is a mosaic whose private header contradicts its orientation")
    if siemens.centres is not None and len(siemens.centres) == siemens.tiles:
        _check_protocol(frame, siemens.centres, centre, centre + step * (siemens.tiles - 1))
    return [replace(first, position=first.position + step * tile) for tile in range(siemens.tiles)]


def _step(frame: Frame, siemens: MosaicHeader, first: Placement, centre: Vector) -> Vector | None:
    """From one tile to the next, in LPS mm."""
    spacing = positive(number(frame.header.dataset, "SpacingBetweenSlices")) or frame.thickness
    if siemens.normal is not None and spacing is not None:
        along = float(siemens.normal @ first.normal)
        return first.normal * math.copysign(spacing, along) if abs(along) >= _PARALLEL else siemens.normal * spacing
    centres = siemens.centres
    if centres is None or len(centres) != siemens.tiles or len(centres) < 2:
        return None
    # Tiles may run against the order of the protocol: the first tile tells.
    reverse = np.linalg.norm(centre - centres[-1]) < np.linalg.norm(centre - centres[0])
    step: Vector = (centres[-1] - centres[0]) / (len(centres) - 1) * (-1 if reverse else 1)
    return step if np.linalg.norm(step) > 0 else None


def _check_protocol(frame: Frame, centres: NDArray[np.float64], first: Vector, last: Vector) -> None:
    """The first and the last tile must be the ends of the protocol's slices."""
    near = max(_NEAR_MM, *(frame.spacing or ()))
    for one, other in ((centres[0], centres[-1]), (centres[-1], centres[0])):
        if np.linalg.norm(first - one) <= near and np.linalg.norm(last - other) <= near:
            return
    raise unreadable(frame.header.path, "it is a mosaic whose slices lie elsewhere than its protocol says")
