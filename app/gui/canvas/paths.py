"""Borders of masks and labels as paths that can be drawn."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QByteArray, QDataStream
from PySide6.QtGui import QPainterPath

from app.engine.outline import outline_paths
from app.engine.upright import Upright

# As QDataStream writes a path: a count, then kind and place of each point, big-endian, then which point began the last
# part and the fill rule. Reading it is a hundred times faster than calling lineTo.
_ELEMENT = np.dtype([("kind", ">i4"), ("x", ">f8"), ("y", ">f8")])
_MOVE, _LINE, _EVEN_ODD = 0, 1, 0


def path_of_mask(mask: NDArray[np.bool_], upright: Upright, *, corner: tuple[int, int] = (0, 0)) -> QPainterPath:
    """The border of a mask in picture coordinates: voxels, 0 at the picture's outer edge.

    The mask covers the slice (rows, columns), or a part of it that begins at the voxel `corner` (x, y).
    """
    return path_of([upright.to_picture(polygon.astype(np.float64) + corner) for polygon in outline_paths(mask)])


def path_of(polygons: Sequence[NDArray[np.float64]]) -> QPainterPath:
    """Closed polygons (N, 2) of (x, y) as one path with an even-odd fill; none gives an empty path."""
    if not polygons:
        return QPainterPath()
    elements = np.empty(sum(len(polygon) + 1 for polygon in polygons), dtype=_ELEMENT)
    elements["kind"] = _LINE
    at = 0
    for polygon in polygons:
        end = at + len(polygon)
        elements["kind"][at] = _MOVE
        elements["x"][at:end], elements["y"][at:end] = polygon.T
        elements["x"][end], elements["y"][end] = polygon[0]
        last, at = at, end + 1
    return _path(elements, last)


def paths_of_segments(segments: NDArray[np.float64], owners: NDArray[np.uint16]) -> dict[int, QPainterPath]:
    """Straight lines (N, 2, 2), each of two points (x, y), as a path without inside for each of their owners (N,)."""
    if not len(segments):
        return {}
    order = np.argsort(owners, kind="stable")
    elements = np.empty((len(segments), 2), dtype=_ELEMENT)
    elements["kind"] = (_MOVE, _LINE)
    elements["x"], elements["y"] = segments[order, :, 0], segments[order, :, 1]
    values, first = np.unique(owners[order], return_index=True)
    parts = pairwise((*first.tolist(), len(segments)))
    return {
        value: _path(elements[start:stop].ravel(), 2 * (stop - start) - 2)
        for value, (start, stop) in zip(values.tolist(), parts, strict=True)
    }


def borders_of_labels(values: NDArray[np.uint16]) -> tuple[NDArray[np.float64], NDArray[np.uint16]]:
    """The borders of all labels of a slice (rows, columns) at once: lines (N, 2, 2) along voxels' edges, and whose.

    Points are (x, y), 0 at the outer edge of voxel 0. A line between two labels is there for each of them. Much faster
    than an outline for each label, but the lines of a label do not follow one another.
    """
    rows, columns = values.shape
    padded = np.zeros((rows + 2, columns + 2), dtype=values.dtype)
    padded[1:-1, 1:-1] = values
    y, x = np.divmod(np.flatnonzero(padded[:-1, 1:-1] != padded[1:, 1:-1]), columns)
    down, across = np.divmod(np.flatnonzero(padded[1:-1, :-1] != padded[1:-1, 1:]), columns + 1)
    order = np.argsort(across, kind="stable")  # column by column
    down, across = down[order], across[order]
    # Four passes in one, as calls cost more than elements: level edges of what lies above and below, upright ones of
    # what lies left and right.
    lines = rows + columns + 2  # more than there are in any pass
    line = np.concatenate((y, y + lines, across + 2 * lines, across + 3 * lines))
    along = np.concatenate((x, x, down, down))
    owner = np.concatenate(
        (padded[y, x + 1], padded[y + 1, x + 1], padded[down + 1, across], padded[down + 1, across + 1])
    )
    first, last = _runs(line, along, owner)
    number, start, stop = line[first] % lines, along[first], along[last] + 1
    ends = np.stack((start, number, stop, number), axis=1).astype(np.float64).reshape(-1, 2, 2)
    upright = line[first] >= 2 * lines
    ends[upright] = ends[upright][..., ::-1]
    return ends, owner[first]


def _runs(
    line: NDArray[np.int64], along: NDArray[np.int64], label: NDArray[np.uint16]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where runs of one label begin and end among edges of voxels, sorted by line and by place along it.

    Those of the background are left out.
    """
    begins = np.ones(len(line), dtype=np.bool_)
    begins[1:] = (along[1:] - along[:-1] != 1) | (line[1:] != line[:-1]) | (label[1:] != label[:-1])
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(line))[: len(first)] - 1
    some = label[first] > 0
    return first[some], last[some]


def _path(elements: NDArray[Any], last_move: int) -> QPainterPath:
    data = struct.pack(">i", len(elements)) + elements.tobytes() + struct.pack(">ii", last_move, _EVEN_ODD)
    stream = QDataStream(QByteArray(data))
    path = QPainterPath()
    stream >> path
    return path
