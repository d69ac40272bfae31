"""That a click is followed: around the place that was clicked, a mask is what the click says.

A person clicks into the thick of a mistake. From there the edge of the mask so far is about as far as the edge of the
object, for the mistake lies between the two; so what lies a little nearer than the one is mistaken too. A network that
was trained with clicks follows them more often than not; this is certain.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from app.engine.prompt import Box, Point, Prompts
from app.engine.view import SliceGrid

_SHARE = 0.9  # of the way to the edge of the mask so far; what it gains is in `convert/EXPERIMENTS.md`
_LARGEST = 0.3  # of the shorter side of the box, or of the mask without one: for clicks far from a mask

_Mask = NDArray[np.bool_]


def follow_clicks(mask: _Mask, prompts: Prompts, grid: SliceGrid) -> None:
    """Make a mask (rows, columns), a model's answer to prompts, in a disc about each click what the click says.

    A click that contradicts the previous mask, which was to be corrected, is a correction even where the answer has
    learnt of it. Clicks that agree with both change nothing. Of the way between two clicks that contradict each other
    neither takes more than half, so that neither undoes the other.
    """
    before, found = prompts.previous, mask.copy()  # what one click changes tells nothing of the next
    for point in prompts.points:
        row = min(max(round(point.y), 0), mask.shape[0] - 1)
        column = min(max(round(point.x), 0), mask.shape[1] - 1)
        for wrong in (before, found):
            if wrong is not None and wrong[row, column] != point.positive:
                place, largest = (row, column), _largest(prompts.box or Box.of_mask(wrong), grid)
                reach = min(_reach(wrong, place, grid), largest, _halfway(point, prompts, grid))
                _fill_disc(mask, place, reach, grid, point.positive)
                break
        mask[row, column] = point.positive  # also where an earlier click in the same voxel said the opposite


def _largest(box: Box | None, grid: SliceGrid) -> float:
    return 0.0 if box is None else _LARGEST * min(box.width * grid.column_size, box.height * grid.row_size)


def _halfway(point: Point, prompts: Prompts, grid: SliceGrid) -> float:
    """Nearly half the way from a click to the nearest that contradicts it, in iso units; infinite without one."""
    opposite = [p for p in prompts.points if p.positive != point.positive]
    ways = (math.hypot((p.x - point.x) * grid.column_size, (p.y - point.y) * grid.row_size) for p in opposite)
    return 0.5 * _SHARE * min(ways, default=math.inf)


def _reach(wrong: _Mask, place: tuple[int, int], grid: SliceGrid) -> float:
    """How far a correction reaches, in iso units; 0, the voxel alone, where nothing in the slice is as it should be."""
    box = Box.of_mask(wrong)
    if box is None:
        return 0.0
    x0, y0 = max(box.x0 - 1, 0), max(box.y0 - 1, 0)  # beyond lies nothing but background: a margin of it is enough
    rows, columns = np.nonzero(wrong[y0 : box.y1 + 1, x0 : box.x1 + 1] != wrong[place])
    if not len(rows):
        return 0.0
    across, along = (rows + (y0 - place[0])) * grid.row_size, (columns + (x0 - place[1])) * grid.column_size
    return _SHARE * float(np.sqrt((across**2 + along**2).min()))


def _fill_disc(mask: _Mask, place: tuple[int, int], reach: float, grid: SliceGrid, value: bool) -> None:
    dy, dx = int(reach / grid.row_size), int(reach / grid.column_size)
    y0, x0 = max(place[0] - dy, 0), max(place[1] - dx, 0)
    part = mask[y0 : place[0] + dy + 1, x0 : place[1] + dx + 1]
    rows, columns = np.ogrid[: part.shape[0], : part.shape[1]]
    across, along = (rows + (y0 - place[0])) * grid.row_size, (columns + (x0 - place[1])) * grid.column_size
    part[across**2 + along**2 <= reach**2] = value
