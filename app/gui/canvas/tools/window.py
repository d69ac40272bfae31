"""The window by dragging: to the right more is seen, upwards it gets brighter."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import Qt

from app.engine.window import Window
from app.gui.canvas.tools.base import Drag, Surface, Tool, Touch

_DOUBLED_PX = 160.0  # to the right so far, the width doubles
_WIDTH_PX = 320.0  # upwards so far, the level falls by one width
_LEAST, _MOST = 1e-6, 1e12  # of a width


class WindowDrag(Drag):
    """Changes width and level by the whole way since the press."""

    def __init__(self, surface: Surface, touch: Touch) -> None:
        self._surface, self._start = surface, touch
        self._looks = surface.view_state.looks

    def move(self, touch: Touch) -> None:
        """Show it so at once."""
        dx, dy = touch.place[0] - self._start.place[0], touch.place[1] - self._start.place[1]
        window = dragged_window(self._looks.window, dx, -dy if self._looks.inverted else dy)
        self._surface.view_state.set_looks(replace(self._surface.view_state.looks, window=window))

    def cancel(self) -> None:
        """The window of before."""
        looks = replace(self._surface.view_state.looks, window=self._looks.window)
        self._surface.view_state.set_looks(looks)


class WindowTool(Tool):
    """Changes the window."""

    def begin(self, touch: Touch) -> Drag:
        """Drag anywhere."""
        return WindowDrag(self.surface, touch)

    def cursor(self, touch: Touch) -> Qt.CursorShape:
        """Four arrows: both directions mean something."""
        del touch
        return Qt.CursorShape.SizeAllCursor


def dragged_window(window: Window, dx: float, dy: float) -> Window:
    """A window dragged by so many pixels to the right and down; rounded to three digits of its width."""
    width = min(max(window.width * 2.0 ** (dx / _DOUBLED_PX), _LEAST), _MOST)
    level = window.level + dy * window.width / _WIDTH_PX
    step = 10.0 ** (math.floor(math.log10(width)) - 2)
    return Window(round(level / step) * step, round(width / step) * step)
