"""Convex hulls of masks of a slice, and their diameters. Points are (x, y) = (column, row)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_Point = tuple[int, int]

_DIRECTIONS = 16
_ANGLES = np.arange(_DIRECTIONS) * (np.pi / _DIRECTIONS)
_TURNS = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])  # (2, directions)


def farthest(rim: NDArray[np.int64], step: NDArray[np.float64]) -> float:
    """A bound, under 0.5 per cent too high, of the longest diameter of the hull of `outer_hull(rim)`, at steps (x, y).

    The diameter lies within half an angle of one of the directions, and is no longer there than the hull is wide.
    """
    along = (rim * step) @ _TURNS  # (n, directions)
    half_voxels = np.abs(_TURNS * step[:, None]).max(axis=0)  # at both ends, one in all
    width = float((np.ptp(along, axis=0) + half_voxels).max())
    return width / math.cos(math.pi / (2 * _DIRECTIONS)) * (1 + 1e-9)  # and no rounding error hides a longer one


def outer_hull(rim: NDArray[np.int64]) -> NDArray[np.float64]:
    """Convex hull (n, 2), n >= 4, of the outline of a mask, given the first and last voxel of each of its rows (m, 2).

    The outline runs halfway between the centres of neighbouring voxels inside and outside. Corners come in voxels,
    counter-clockwise where y points up.
    """
    centres = _hull(sorted({(x, y) for x, y in rim.tolist()}))
    # In whole numbers of half voxels, so that rounding neither loses nor invents a corner.
    borders = {(2 * x + dx, 2 * y + dy) for x, y in centres for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))}
    return np.array(_hull(sorted(borders)), dtype=np.float64) / 2.0


def longest(hull: NDArray[np.float64]) -> tuple[int, int]:
    """Which two of the corners (n, 2) are farthest from one another, in ascending order."""
    squares = np.square(hull[:, None] - hull[None]).sum(axis=2)
    first, second = divmod(int(squares.argmax()), len(hull))
    return min(first, second), max(first, second)


def longest_across(hull: NDArray[np.float64], first: int, second: int) -> NDArray[np.float64]:
    """Ends (2, 2) of the longest chord perpendicular to the longest diameter, which joins corners `first` < `second`.

    The hull (n, 2) is counter-clockwise. Its width across is a concave function of the place along the diameter and
    bends at corners only, so the longest chord goes through one. No corner lies beyond the diameter's ends, since it
    would be farther from the other end.
    """
    start, end = hull[first], hull[second]
    along = (end - start) / np.linalg.norm(end - start)
    across = np.array([-along[1], along[0]])
    turned = np.roll(hull - start, -first, axis=0)
    turned = np.concatenate([turned, turned[:1]])  # from start round to start
    place, height = turned @ along, turned @ across
    half = second - first
    below = np.interp(place, place[: half + 1], height[: half + 1])
    above = np.interp(place, place[half:][::-1], height[half:][::-1])
    best = int((above - below).argmax())
    foot = start + place[best] * along
    return np.stack([foot + above[best] * across, foot + below[best] * across])


def _hull(points: list[_Point]) -> list[_Point]:
    """Corners of the hull of sorted, distinct points (Andrew's monotone chain), without points on its edges."""
    if len(points) < 3:
        return points
    return _chain(points)[:-1] + _chain(points[::-1])[:-1]


def _chain(points: list[_Point]) -> list[_Point]:
    chain: list[_Point] = []
    for x, y in points:
        while len(chain) > 1:
            (x0, y0), (x1, y1) = chain[-2], chain[-1]
            if (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) > 0:
                break
            chain.pop()
        chain.append((x, y))
    return chain
