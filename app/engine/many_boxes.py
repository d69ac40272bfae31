"""Views that serve several boxes at once: an image with hundreds of objects is not encoded hundreds of times."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.engine.prompt import Box
from app.engine.view import ORIGIN_STEPS, SMALLEST_SIDE, STEP, SliceGrid, View

SMALLEST_RATIO, LARGEST_RATIO = 1.25, 3.0  # side of a view that serves a box, in longer sides of the box

_ROUNDING = 1e-6  # iso pixels, and ratios: powers of a root of two are not exact


@dataclass(frozen=True, eq=False)
class SharedView:
    """A view and the indices of the boxes that it serves."""

    view: View
    boxes: tuple[int, ...]


def longer_side(extent: tuple[float, float, float, float], grid: SliceGrid) -> float:
    """Of an extent (x0, y0, x1, y1 half-open in voxels), in iso units; never less than what a view can magnify."""
    x0, y0, x1, y1 = extent
    longer = max((x1 - x0) * grid.column_size, (y1 - y0) * grid.row_size)
    return max(longer, SMALLEST_SIDE / LARGEST_RATIO)


def serves(view: View, extent: tuple[float, float, float, float]) -> bool:
    """Whether an extent (x0, y0, x1, y1 half-open in voxels) lies within the view and fills enough of it.

    The part of the extent within the slice counts. A view of the whole slice serves boxes too large for 1.25 sides.
    """
    grid = view.grid
    x0, y0 = max(extent[0], 0.0) * grid.column_size, max(extent[1], 0.0) * grid.row_size
    x1 = min(extent[2], grid.columns) * grid.column_size
    y1 = min(extent[3], grid.rows) * grid.row_size
    begins = view.x0 <= x0 + _ROUNDING and view.y0 <= y0 + _ROUNDING
    within = begins and x1 <= view.x0 + view.side + _ROUNDING and y1 <= view.y0 + view.side + _ROUNDING
    ratio = view.side / longer_side(extent, grid)
    whole = view.side >= max(grid.width, grid.height)
    return within and (ratio >= SMALLEST_RATIO - _ROUNDING or whole) and ratio <= LARGEST_RATIO + _ROUNDING


def shared_views(boxes: Sequence[Box], own_views: Sequence[View]) -> list[SharedView]:
    """Groups of boxes (already within the slice), each group served by one view; every box is in one group.

    `own_views` are the views that the boxes would get alone: what a box without company keeps. Greedy, the largest box
    first: of the views that serve it, the one that serves most of the boxes not yet served.
    """
    if not boxes:
        return []
    grid, size = own_views[0].grid, own_views[0].size
    table = _table(boxes, grid)
    waiting = np.ones(len(boxes), dtype=bool)
    groups = []
    for first in np.lexsort((table[:, 0], table[:, 1], -table[:, 4])):
        if not waiting[first]:
            continue
        view, members = _best_view(table, waiting, int(first), View(grid, 0.0, 0.0, 0.0, size))
        if len(members) == 1:
            view = own_views[first]
        waiting[members] = False
        groups.append(SharedView(view, tuple(int(n) for n in members)))
    return groups


def _table(boxes: Sequence[Box], grid: SliceGrid) -> NDArray[np.float64]:
    """Rows of x0, y0, x1, y1 and longer side in iso units."""
    corners = np.array([(b.x0, b.y0, b.x1, b.y1) for b in boxes], dtype=np.float64)
    corners *= (grid.column_size, grid.row_size, grid.column_size, grid.row_size)
    longer = np.maximum(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    return np.column_stack([corners, np.maximum(longer, SMALLEST_SIDE / LARGEST_RATIO)])


def _best_view(
    table: NDArray[np.float64], waiting: NDArray[np.bool_], first: int, like: View
) -> tuple[View, NDArray[np.intp]]:
    """The view that serves box `first` and most of those waiting, and whom it serves; the smaller one where even."""
    best_view, best_members = like, np.array([first])
    for side in _sides(table[first, 4], like.grid):
        fits = waiting & (side <= LARGEST_RATIO * table[:, 4] + _ROUNDING)
        fits &= (side >= SMALLEST_RATIO * table[:, 4] - _ROUNDING) | (side >= max(like.grid.width, like.grid.height))
        near = (table[:, :2] >= table[first, 2:4] - side - _ROUNDING).all(axis=1)
        near &= (table[:, 2:4] <= table[first, :2] + side + _ROUNDING).all(axis=1)
        candidates = np.flatnonzero(fits & near)
        if len(candidates) <= len(best_members):
            continue
        left = _origins(table[first, 0], table[first, 2], side, like.grid.width)
        top = _origins(table[first, 1], table[first, 3], side, like.grid.height)
        in_x = _contained(table[candidates, 0], table[candidates, 2], left, side)  # (origins, candidates)
        in_y = _contained(table[candidates, 1], table[candidates, 3], top, side)
        counts = in_y.astype(np.float64) @ in_x.astype(np.float64).T  # (tops, lefts)
        row, column = np.unravel_index(int(counts.argmax()), counts.shape)
        members = candidates[in_y[row] & in_x[column]]
        if len(members) > len(best_members):
            best_view = View(like.grid, float(left[column]), float(top[row]), side, like.size)
            best_members = members
    return best_view, best_members


def _sides(longer: float, grid: SliceGrid) -> Iterator[float]:
    """Snapped sides that serve a box of that longer side, smallest first; the whole slice is the last resort."""
    whole = max(grid.width, grid.height)
    power = math.ceil(round(math.log(max(longer * SMALLEST_RATIO, SMALLEST_SIDE), STEP), 6))
    while (side := STEP**power) <= longer * LARGEST_RATIO + _ROUNDING and side < whole:
        yield side
        power += 1
    if whole <= longer * LARGEST_RATIO:
        yield whole


def _origins(low: float, high: float, side: float, extent: float) -> NDArray[np.float64]:
    """Where a view of that side may begin on one axis so that it holds [low, high): snapped, within the slice."""
    if side >= extent:
        return np.array([(extent - side) / 2])
    step = side / ORIGIN_STEPS
    steps = np.arange(math.ceil((high - side) / step), math.floor(low / step) + 1)
    ends = np.array(
        [min(max(0.0, high - side), extent - side), min(low, extent - side)]
    )  # where no step fits in between
    inside = steps * step
    return np.unique(np.concatenate([inside[(inside >= 0) & (inside <= extent - side)], ends]))


def _contained(
    low: NDArray[np.float64], high: NDArray[np.float64], origins: NDArray[np.float64], side: float
) -> NDArray[np.bool_]:
    """(origins, boxes): whether [low, high) lies within [origin, origin + side)."""
    begins: NDArray[np.bool_] = low[None, :] >= origins[:, None] - _ROUNDING
    return begins & (high[None, :] <= origins[:, None] + side + _ROUNDING)
