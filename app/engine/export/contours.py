"""Outlines of a mask as structure sets keep them, and filling them again by another way.

Along the edges of pixels, not through their centres: that would lose half a pixel all round, and a mask one pixel wide
would have no area. Filled by any rule that asks which pixel centres lie inside, they are the mask, pixel for pixel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.engine.outline import outline_paths

Contour = NDArray[np.float64]
_Corner = tuple[float, float]


def contours_of(mask: NDArray[np.bool_]) -> list[Contour]:
    """Closed contours (N, 2) of a mask (rows, columns) as (column, row), whole numbers being pixel centres.

    The first corner is not repeated. A hole is joined to what encloses it by a way there and back of no width (a
    keyhole, DICOM PS3.3 C.8.8.6.3), so that contours mean the same whether a reader adds them up, combines them by
    exclusive or, or goes by the winding number.
    """
    loops = [[(float(x), float(y)) for x, y in path] for path in outline_paths(mask)]
    joined = {number: loop for number, loop in enumerate(loops) if _turns_right(loop)}
    owner = {number: number for number in joined}
    uprights = _uprights(loops)
    holes = sorted((min(loop), number) for number, loop in enumerate(loops) if number not in joined)
    for (x, y), number in holes:  # from the left: what lies left of a hole is an outer border, or a hole joined already
        left = uprights[(uprights[:, 0] < x) & (uprights[:, 1] <= y) & (y <= uprights[:, 2])]
        met, _, _, other = left[np.argmax(left[:, 0])]
        owner[number] = owner[int(other)]
        _join(joined[owner[number]], loops[number], (x, y), float(met))
    return [np.array(_without_repeats(loop)) - 0.5 for loop in joined.values()]


def filled(contours: Sequence[Contour], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The mask (rows, columns) of pixels whose centres lie inside contours an odd number of times.

    Contours as above, of any shape; a part outside the grid is cut off.
    """
    crossings = np.zeros((shape[0], shape[1] + 1), dtype=np.int64)
    starts = np.concatenate([np.empty((0, 2)), *contours])
    ends = np.concatenate([np.empty((0, 2)), *(np.roll(contour, -1, axis=0) for contour in contours)])
    low = np.clip(np.ceil(np.minimum(starts[:, 1], ends[:, 1])), 0, shape[0]).astype(np.int64)
    high = np.clip(np.ceil(np.maximum(starts[:, 1], ends[:, 1])), 0, shape[0]).astype(np.int64)
    edge = np.repeat(np.arange(len(starts)), high - low)  # one entry for each row that an edge crosses
    rows = np.arange(len(edge)) - np.repeat(np.cumsum(high - low) - high, high - low)
    slope = (ends[edge, 0] - starts[edge, 0]) / (ends[edge, 1] - starts[edge, 1])
    at = np.ceil(starts[edge, 0] + (rows - starts[edge, 1]) * slope)
    np.add.at(crossings, (rows, np.clip(at, 0, shape[1]).astype(np.int64)), 1)
    inside: NDArray[np.bool_] = crossings.cumsum(axis=1)[:, :-1] % 2 == 1
    return inside


def _turns_right(loop: Sequence[_Corner]) -> bool:
    """Whether it runs clockwise as seen on the screen: the border of a part, not of a hole."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(loop, [*loop[1:], loop[0]], strict=True)) > 0


def _uprights(loops: Sequence[Sequence[_Corner]]) -> NDArray[np.float64]:
    """All edges along a column (n, 4): column, lower and higher row, number of the loop."""
    edges = [
        (x0, min(y0, y1), max(y0, y1), number)
        for number, loop in enumerate(loops)
        for (x0, y0), (x1, y1) in zip(loop, [*loop[1:], loop[0]], strict=True)
        if x0 == x1
    ]
    return np.array(edges, dtype=np.float64).reshape(-1, 4)


def _join(loop: list[_Corner], hole: list[_Corner], corner: _Corner, met: float) -> None:
    """Lead the loop from its edge in column `met` to a corner of the hole, round the hole, and back."""
    row = corner[1]
    for at, ((x0, y0), (x1, y1)) in enumerate(zip(loop, [*loop[1:], loop[0]], strict=True), start=1):
        if x0 == x1 == met and min(y0, y1) <= row <= max(y0, y1):
            first = hole.index(corner)
            loop[at:at] = [(met, row), *hole[first:], *hole[:first], corner, (met, row)]
            return


def _without_repeats(loop: Sequence[_Corner]) -> list[_Corner]:
    return [corner for corner, before in zip(loop, [loop[-1], *loop[:-1]], strict=True) if corner != before]
