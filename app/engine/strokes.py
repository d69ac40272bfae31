"""What the hand draws in a slice, as voxels: strokes of a brush, areas of a lasso.

A path is a sequence of (x, y) = (column, row) in voxels of the slice, integers at voxel centres; it may leave the
slice. Coordinates that are no numbers of a screen, and a slice that the volume lacks, are refused with a PromptError.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.engine.errors import PromptError
from app.engine.labelmap import slice_region
from app.engine.plane import SliceKey
from app.engine.prompt import Box3D

Part = tuple[Box3D, NDArray[np.bool_]]  # what LabelMap.paint takes: a region and the mask (z, y, x) of its voxels

_TOLERANCE = 1e-6  # voxels: a centre at the radius itself belongs to the stroke, whatever rounding says
_FARTHEST = 2**31  # voxels: what lies beyond is a slip of the pen, not an image
_STEP = 0.5  # voxels between the places where a path is looked at: no voxel that it runs through lengthwise is missed


@dataclass(frozen=True, eq=False)
class _Runs:
    """Runs of voxels along the rows of a slice: row, first column, column after the last; all inside, none empty."""

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    def joined(self, other: _Runs) -> _Runs:
        """Those of both."""
        return _Runs(
            np.concatenate((self.rows, other.rows)),
            np.concatenate((self.starts, other.starts)),
            np.concatenate((self.ends, other.ends)),
        )

    def window(self) -> tuple[slice, slice]:
        """Rows and columns of the tight box around them; there must be one."""
        return (
            slice(int(self.rows.min()), int(self.rows.max()) + 1),
            slice(int(self.starts.min()), int(self.ends.max())),
        )

    def mask(self, rows: slice, columns: slice) -> NDArray[np.bool_]:
        """(rows, columns) of a window that holds them all: what at least one run covers."""
        height, width = rows.stop - rows.start, columns.stop - columns.start + 1  # a column for the ends of full rows
        offset = (self.rows - rows.start) * width - columns.start
        changes = np.bincount(offset + self.starts, minlength=height * width)
        changes -= np.bincount(offset + self.ends, minlength=height * width)
        covered: NDArray[np.bool_] = np.cumsum(changes).reshape(height, width)[:, :-1] > 0
        return covered


def brush_stroke(
    key: SliceKey,
    path: Sequence[tuple[float, float]],
    radius: float,
    volume_shape_zyx: tuple[int, int, int],
    spacing_zyx: tuple[float, float, float],
    *,
    ball: bool = False,
) -> Part | None:
    """The voxels whose centre lies within `radius` of a path, in the tight box around them; None where all lie outside.

    `radius` counts in units of the slice's finer spacing: a circle on the screen is a circle in millimetres. A path of
    one point is a disc. The voxels under the path belong to it however small the radius. With `ball` a sphere of that
    radius is swept through the neighbouring slices too. Raises PromptError for a negative radius.
    """
    points = _checked(key, path, volume_shape_zyx)
    if not 0 <= radius < np.inf:
        raise PromptError(f"the radius of a brush must be a number not below 0, not {radius:g}")
    shape = key.shape(volume_shape_zyx)
    row, column = key.spacing(spacing_zyx)
    scale = np.array((column, row)) / min(row, column)  # iso coordinates of one voxel along x and y
    depth = spacing_zyx[key.axis] / min(row, column)
    layers = {0: _capsules(points, radius, scale, shape).joined(_under(points, shape))}
    if ball:
        for offset in range(1, int(radius / depth + _TOLERANCE) + 1):
            # A sphere swept within a plane and cut beside that plane is a path with a smaller radius.
            smaller = float(np.sqrt(max(radius**2 - (offset * depth) ** 2, 0.0)))
            layers[offset] = layers[-offset] = _capsules(points, smaller, scale, shape)
    inside = {
        key.index + offset: runs
        for offset, runs in layers.items()
        if len(runs.rows) and 0 <= key.index + offset < volume_shape_zyx[key.axis]
    }
    return _part(key.axis, inside) if inside else None


def lasso(key: SliceKey, path: Sequence[tuple[float, float]], volume_shape_zyx: tuple[int, int, int]) -> Part | None:
    """The voxels whose centre lies within a path, closed by its last edge; None where it holds none.

    Even-odd rule: what a path winds around twice is outside. A centre on a left or upper border is inside, one on a
    right or lower border is not, so that areas side by side neither overlap nor leave a gap.
    """
    points = _checked(key, path, volume_shape_zyx)
    rows, columns = key.shape(volume_shape_zyx)
    before, after = points, np.roll(points, -1, axis=0)
    upper, lower = np.minimum(before[:, 1], after[:, 1]), np.maximum(before[:, 1], after[:, 1])
    first, stop = _whole(np.ceil(upper), rows), _whole(np.ceil(lower), rows)  # a row is crossed from upper to < lower
    edge, row = _counted(stop - first)
    if not len(row):
        return None
    row += first[edge]
    along = (row - before[edge, 1]) / (after[edge, 1] - before[edge, 1])
    crossing = before[edge, 0] + along * (after[edge, 0] - before[edge, 0])
    column = _whole(np.ceil(crossing), columns)  # beyond the last column a crossing changes nothing
    top, height, width = int(row.min()), int(np.ptp(row)) + 1, columns + 1
    crossings = np.bincount((row - top) * width + column, minlength=height * width).reshape(height, width)
    filled = (np.cumsum(crossings, axis=1)[:, :-1] & 1).astype(np.bool_)
    box = Box3D.of_mask(filled[np.newaxis])
    if box is None:
        return None
    region = slice_region(key, slice(box.y0 + top, box.y1 + top), slice(box.x0, box.x1))
    return region, np.expand_dims(filled[box.y0 : box.y1, box.x0 : box.x1], key.axis)


def _checked(
    key: SliceKey, path: Sequence[tuple[float, float]], volume_shape_zyx: tuple[int, int, int]
) -> NDArray[np.float64]:
    key.checked(volume_shape_zyx)
    points = np.asarray(path, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 2 or not (np.abs(points) < _FARTHEST).all():  # nor is a NaN below it
        raise PromptError(f"a path must be one or more points of two finite numbers below {_FARTHEST} each")
    return points


def _part(axis: int, layers: dict[int, _Runs]) -> Part:
    """Region and mask of what lies in the slices of some indices, none of them empty."""
    windows = [runs.window() for runs in layers.values()]
    rows = slice(min(w[0].start for w in windows), max(w[0].stop for w in windows))
    columns = slice(min(w[1].start for w in windows), max(w[1].stop for w in windows))
    order = sorted(layers)
    mask = np.stack([layers[index].mask(rows, columns) for index in order], axis=axis)
    first, last = (slice_region(SliceKey(axis, index), rows, columns) for index in (order[0], order[-1]))
    return Box3D(first.x0, first.y0, first.z0, last.x1, last.y1, last.z1), mask


def _under(points: NDArray[np.float64], shape: tuple[int, int]) -> _Runs:
    """The voxels under a path (N, 2), each a run of its own: an unbroken line."""
    start, end = _segments(points)
    way = end - start
    enter, leave = _within(start, way, shape)
    steps = np.ceil(np.abs(way).max(axis=1) * (leave - enter) / _STEP) + 1
    steps = np.where(leave >= enter, np.maximum(steps, 2), 0).astype(np.int64)  # its ends at least, where it is inside
    segment, step = _counted(steps)
    along = enter[segment] + step / (steps[segment] - 1) * (leave - enter)[segment]
    voxels = np.floor(start[segment] + along[:, np.newaxis] * way[segment] + 0.5)
    column, row = voxels[((voxels >= 0) & (voxels < shape[::-1])).all(axis=1)].T.astype(np.int64)
    return _Runs(row, column, column + 1)


def _within(
    start: NDArray[np.float64], way: NDArray[np.float64], shape: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where on their way, 0 to 1, segments (N, 2) enter and leave the slice; those that miss it leave before."""
    # A voxel more on each side, so that rounding loses none. Along an axis on which it stands still a segment is inside
    # all the way or nowhere.
    low, high = -1.0 - start, np.array(shape[::-1]) - start
    still = way == 0
    one = np.divide(low, way, out=np.full_like(way, -np.inf), where=~still)
    other = np.divide(high, way, out=np.full_like(way, np.inf), where=~still)
    enter, leave = np.minimum(one, other).max(axis=1), np.maximum(one, other).min(axis=1)
    missed = (still & ((low > 0) | (high < 0))).any(axis=1)
    return np.maximum(enter, 0.0), np.where(missed, -1.0, np.minimum(leave, 1.0))


def _capsules(points: NDArray[np.float64], radius: float, scale: NDArray[np.float64], shape: tuple[int, int]) -> _Runs:
    """The voxels within `radius` (iso coordinates) of each segment of a path (N, 2); `scale` is (x, y).

    What lies within a distance of a segment is convex: it meets a row in one run. The run's right end is the farthest
    right that a disc reaches whose centre lies on the segment. Of all centres on the line through it that is the one
    whose normal points at the row from the left; the nearest to it on the segment takes its place. Likewise left.
    """
    iso = points * scale
    start, end = _segments(iso)
    upper, lower = np.minimum(start[:, 1], end[:, 1]) - radius, np.maximum(start[:, 1], end[:, 1]) + radius
    first = _whole(np.ceil(upper / scale[1] - _TOLERANCE), shape[0])
    counts = _whole(np.floor(lower / scale[1] + _TOLERANCE) + 1, shape[0]) - first
    segment, row = _counted(counts)
    row += first[segment]
    dx, dy = (end - start).T
    length = np.hypot(dx, dy)
    reach = np.divide(-np.sign(dy) * dx, length, out=np.zeros_like(length), where=length > 0) * radius
    height = row * scale[1] - start[segment, 1]  # of the row over the segment's start

    def edge(side: int) -> NDArray[np.float64]:
        outermost = (side * dx > 0).astype(np.float64)  # where the segment runs along the row
        rise, level = dy[segment], dy[segment] == 0
        along = np.divide(height - side * reach[segment], rise, out=outermost[segment], where=~level)
        along = np.clip(along, 0.0, 1.0)
        half = np.sqrt(np.maximum(radius**2 - (height - along * rise) ** 2, 0.0))
        columns: NDArray[np.float64] = (start[segment, 0] + along * dx[segment] + side * half) / scale[0]
        return columns

    starts = _whole(np.ceil(edge(-1) - _TOLERANCE), shape[1])
    ends = _whole(np.floor(edge(1) + _TOLERANCE) + 1, shape[1])
    some = ends > starts
    return _Runs(row[some], starts[some], ends[some])


def _segments(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Starts and ends of a path's segments; a single point is one without length."""
    return (points, points) if len(points) == 1 else (points[:-1], points[1:])


def _counted(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each number n from 0 on repeated `counts[n]` times, and beside it the count from 0 on."""
    number = np.repeat(np.arange(len(counts)), counts)
    return number, np.arange(len(number)) - (np.cumsum(counts) - counts)[number]


def _whole(values: NDArray[np.float64], size: int) -> NDArray[np.int64]:
    """Whole numbers from 0 to `size`, the nearest."""
    return np.clip(values, 0, size).astype(np.int64)
