"""The border of a mask as polygons for the screen, exact to the voxel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# A point of the grid lies between four voxels. Its code adds 1, 2, 4, 8 where the one up left, up right, down left,
# down right of it is inside. The border turns where one or three are, and where two are that touch by a corner alone.
_UP_LEFT, _UP_RIGHT, _DOWN_LEFT, _DOWN_RIGHT = 1, 2, 4, 8
_FALLING, _RISING = _UP_LEFT | _DOWN_RIGHT, _UP_RIGHT | _DOWN_LEFT  # two by a corner: the border turns twice

_CODES = np.arange(16)


def _differ(one: int, other: int) -> NDArray[np.bool_]:
    """By code: whether a border runs between two of the four voxels."""
    between: NDArray[np.bool_] = ((_CODES & one) > 0) != ((_CODES & other) > 0)
    return between


_LEAVES_RIGHT, _LEAVES_LEFT = _differ(_UP_RIGHT, _DOWN_RIGHT), _differ(_UP_LEFT, _DOWN_LEFT)
_LEAVES_DOWN, _LEAVES_UP = _differ(_DOWN_LEFT, _DOWN_RIGHT), _differ(_UP_LEFT, _UP_RIGHT)


def outline_paths(mask: NDArray[np.bool_]) -> list[NDArray[np.float32]]:
    """The borders of a mask (rows, columns): closed polygons (N, 2) of (x, y) along the edges of voxels.

    Coordinates count edges: 0 is the left edge of column 0, or the upper one of row 0, and voxel n lies between n and
    n + 1. Each point is a turn, the first is not repeated. Seen on the screen (y down), outer borders run clockwise
    and those of holes the other way; voxels that touch by a corner belong together. Outer borders come before the
    holes in them. An even-odd fill of all polygons is the mask.
    """
    y, x, code = _turns(mask)
    twice = _twice(code)
    order, lengths = _loops(_following(code, x).tolist())
    points = np.stack((x, y), axis=1).astype(np.float32)
    points = np.concatenate((points, points[twice]))[order]
    ends = np.cumsum(lengths, dtype=np.int64)
    return [points[end - length : end] for end, length in zip(ends, lengths, strict=True)]


def _turns(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """y, x and code of the points where a border turns, row by row."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8)
    inside = np.pad(mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], 1).view(np.uint8)
    across, down = inside[:, :-1] ^ inside[:, 1:], inside[:-1] ^ inside[1:]
    turns = (across[:-1] | across[1:]) & (down[:, :-1] | down[:, 1:])  # a border runs upright here, and one level
    y, x = np.divmod(np.flatnonzero(turns), turns.shape[1])
    code = inside[y, x] | inside[y, x + 1] << 1 | inside[y + 1, x] << 2 | inside[y + 1, x + 1] << 3
    return y + rows[0], x + columns[0], code


def _twice(code: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether the border turns twice at a point."""
    twice: NDArray[np.bool_] = (code == _FALLING) | (code == _RISING)
    return twice


def _following(code: NDArray[np.uint8], x: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which turn follows each turn along the border, the inside on the right hand; `code` and `x` row by row.

    Turns count as the points do; the second turns at one point are counted after all others.
    """
    first = np.arange(len(code))
    twice = _twice(code)
    second = np.where(twice, len(code) + np.cumsum(twice) - 1, first)
    falling = code == _FALLING
    right, left = np.where(falling, second, first), np.where(falling, first, second)
    down, up = first, second
    following = np.empty(len(code) + int(np.count_nonzero(twice)), dtype=np.int64)

    # Along a row of the grid each border that leaves a turn to the right reaches the next that leaves one to the left.
    starts, ends = _LEAVES_RIGHT[code], _LEAVES_LEFT[code]
    _link(following, right[starts], left[ends], forward=(code[starts] & _DOWN_RIGHT) > 0)

    order = np.argsort(x, kind="stable")  # column by column
    code, down, up = code[order], down[order], up[order]
    starts, ends = _LEAVES_DOWN[code], _LEAVES_UP[code]
    _link(following, down[starts], up[ends], forward=(code[starts] & _DOWN_LEFT) > 0)
    return following


def _link(
    following: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64], *, forward: NDArray[np.bool_]
) -> None:
    following[start[forward]] = end[forward]
    following[end[~forward]] = start[~forward]


def _loops(following: list[int]) -> tuple[list[int], list[int]]:
    """The cycles of a permutation one after the other, each from its lowest number on, and their lengths."""
    seen = bytearray(len(following))
    order: list[int] = []
    lengths = []
    for first in range(len(following)):
        before, turn = len(order), first
        while not seen[turn]:
            seen[turn] = 1
            order.append(turn)
            turn = following[turn]
        if len(order) > before:
            lengths.append(len(order) - before)
    return order, lengths
