"""Clicks: inside the object, or outside it."""

from __future__ import annotations

from PySide6.QtCore import Qt

from app.engine.prompt import Point
from app.gui.canvas.requests import Click
from app.gui.canvas.tools.base import Drag, Surface, Tool, Touch


class PointDrag(Drag):
    """The point is set where the button is let go, so that Esc can still call it off."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._key = surface.key

    def move(self, touch: Touch) -> None:
        """Nothing yet."""

    def end(self, touch: Touch) -> None:
        """Set it."""
        if self._surface.key == self._key:
            set_point(self._surface, touch, positive=self._surface.view_state.tool.positive)


class PointTool(Tool):
    """Left sets what the tool says, with Shift or the right button the opposite."""

    acts_on_click = True

    def begin(self, touch: Touch) -> Drag:
        """Wait for the button to be let go."""
        del touch
        return PointDrag(self.surface)

    def other_click(self, touch: Touch) -> bool:
        """The opposite."""
        set_point(self.surface, touch, positive=not self.surface.view_state.tool.positive)
        return True

    def cursor(self, touch: Touch) -> Qt.CursorShape:
        """A cross."""
        del touch
        return Qt.CursorShape.CrossCursor


def set_point(surface: Surface, touch: Touch, *, positive: bool) -> None:
    """Ask for a point at the voxel under the mouse; outside the slice nothing happens."""
    voxel = surface.frame.voxel_at(touch.place)
    if voxel is not None:
        surface.ask(Click(surface.key, Point(float(voxel[0]), float(voxel[1]), positive=positive)))
