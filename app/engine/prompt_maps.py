"""Prompts drawn as images over a view: how models of the "maps" encoding are prompted. Shared with training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.engine.prompt import Box, Point, Prompts
from app.engine.view import View

CHANNELS = ("box", "positive", "negative", "previous", "previous_present", "place", "place_present")
_POINT_RADIUS = 3.0  # cells of the prompt grid


def prompt_maps(prompts: Prompts, view: View, size: int, channels: Sequence[str] = CHANNELS) -> NDArray[np.float32]:
    """(channels, size, size) float32 over the view, by channel name.

    box: fraction of each cell covered; positive, negative: 1 at a click falling to 0 at three cells; previous: fraction
    of each cell covered by the previous mask; place: constant -1..1; *_present: constant 1 where given. All 0 where
    there is nothing to say.
    """
    maps = np.zeros((len(channels), size, size), dtype=np.float32)
    for n, channel in enumerate(channels):
        if channel == "box" and prompts.box is not None:
            maps[n] = _box_map(prompts.box, view, size)
        elif channel in ("positive", "negative"):
            maps[n] = _point_map([p for p in prompts.points if p.positive == (channel == "positive")], view, size)
        elif channel.startswith("previous") and prompts.previous is not None:
            present = channel == "previous_present"
            maps[n] = 1.0 if present else view.extract(prompts.previous, size) * _cells_inside(view, size)
        elif channel.startswith("place") and prompts.place is not None:
            maps[n] = 1.0 if channel == "place_present" else prompts.place
    return maps


def _box_map(box: Box, view: View, size: int) -> NDArray[np.float32]:
    corners = view.to_grid(np.array([[box.x0, box.y0], [box.x1, box.y1]], dtype=np.float64)) * (size / view.size)
    along_x, along_y = (_coverage(corners[0, axis], corners[1, axis], size) for axis in (0, 1))
    return np.outer(along_y, along_x).astype(np.float32)


def _coverage(first: float, last: float, size: int) -> NDArray[np.float64]:
    """How much of each cell [n, n + 1) the interval [first, last) covers."""
    edges = np.arange(size, dtype=np.float64)
    covered: NDArray[np.float64] = np.clip(np.minimum(edges + 1, last) - np.maximum(edges, first), 0.0, 1.0)
    return covered


def _point_map(points: Sequence[Point], view: View, size: int) -> NDArray[np.float32]:
    drawn = np.zeros((size, size), dtype=np.float32)
    centres = np.arange(size, dtype=np.float64) + 0.5
    for point in points:
        x, y = view.to_grid(np.array([point.x + 0.5, point.y + 0.5])) * (size / view.size)
        distance = np.hypot(centres[None, :] - x, centres[:, None] - y)
        np.maximum(drawn, np.clip(1.0 - distance / _POINT_RADIUS, 0.0, 1.0), out=drawn)
    return drawn


def _cells_inside(view: View, size: int) -> NDArray[np.bool_]:
    return View(view.grid, view.x0, view.y0, view.side, size).inside()
