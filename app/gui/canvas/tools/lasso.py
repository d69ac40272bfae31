"""An outline drawn by hand. It erases where the tool's sign is negative."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter

from app.gui.canvas import pens
from app.gui.canvas.paths import path_of
from app.gui.canvas.requests import Lasso
from app.gui.canvas.tools.base import CLICK_PX, Drag, Surface, Tool, Touch, distance

_FILL_ALPHA = 70


class LassoDrag(Drag):
    """Collects the outline; asks for what it encloses when it is done."""

    def __init__(self, surface: Surface, touch: Touch) -> None:
        self._surface = surface
        self._key = surface.key
        self._erase = not surface.view_state.tool.positive
        self._last = touch.place
        self._points = [surface.frame.point_at(touch.place)]

    def move(self, touch: Touch) -> None:
        """Draw on."""
        if distance(touch.place, self._last) >= CLICK_PX:
            self._last = touch.place
            self._points.append(self._surface.frame.point_at(touch.place))
            self._surface.refresh()

    def end(self, touch: Touch) -> None:
        """Close it; two points enclose nothing."""
        self.move(touch)
        if len(self._points) > 2:
            self._surface.ask(Lasso(self._key, tuple(self._points), self._erase))

    def draw(self, painter: QPainter) -> None:
        """The outline, closed, lightly filled."""
        path = path_of([self._surface.frame.to_screen(self._points)])
        red, green, blue = (0, 0, 0) if self._erase else self._surface.label_colour
        painter.fillPath(path, QColor(red, green, blue, _FILL_ALPHA))
        pattern = Qt.PenStyle.DashLine if self._erase else Qt.PenStyle.SolidLine
        pens.draw_path(painter, path, pens.TEXT, width=1.0, pattern=pattern)


class LassoTool(Tool):
    """Paints, or erases, what is encircled."""

    acts_on_click = True

    def begin(self, touch: Touch) -> Drag:
        """An outline."""
        return LassoDrag(self.surface, touch)

    def cursor(self, touch: Touch) -> Qt.CursorShape:
        """A cross."""
        del touch
        return Qt.CursorShape.CrossCursor
