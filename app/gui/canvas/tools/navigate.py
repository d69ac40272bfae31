"""Looking about: the crosshair, zoom and pan. The last two are there whatever tool is in hand."""

from __future__ import annotations

from PySide6.QtCore import Qt

from app.gui.canvas.tools.base import Drag, Surface, Tool, Touch

_DOUBLED_PX = 100.0  # moved upwards so far, zoom doubles


class ZoomDrag(Drag):
    """Up is nearer; what was pressed on stays where it is."""

    def __init__(self, surface: Surface, touch: Touch) -> None:
        self._surface, self._start = surface, touch
        self._frame = surface.frame

    def move(self, touch: Touch) -> None:
        """Zoom by the whole way since the press."""
        factor = 2.0 ** ((self._start.place[1] - touch.place[1]) / _DOUBLED_PX)
        camera = self._frame.zoomed(factor, self._start.place)
        self._surface.view_state.set_camera(self._surface.key.axis, camera)

    def cancel(self) -> None:
        """Look as before."""
        self._surface.view_state.set_camera(self._surface.key.axis, self._frame.camera)


class PanDrag(Drag):
    """The picture follows the mouse."""

    def __init__(self, surface: Surface, touch: Touch) -> None:
        self._surface, self._start = surface, touch
        self._frame = surface.frame

    def move(self, touch: Touch) -> None:
        """Move by the whole way since the press."""
        dx, dy = touch.place[0] - self._start.place[0], touch.place[1] - self._start.place[1]
        self._surface.view_state.set_camera(self._surface.key.axis, self._frame.panned(dx, dy))

    def cancel(self) -> None:
        """Look as before."""
        self._surface.view_state.set_camera(self._surface.key.axis, self._frame.camera)


class CrosshairDrag(Drag):
    """The crosshair follows the mouse, and the other planes with it."""

    def __init__(self, surface: Surface, touch: Touch) -> None:
        self._surface = surface
        self._before = surface.view_state.crosshair_zyx
        self.move(touch)

    def move(self, touch: Touch) -> None:
        """To the voxel under the mouse, or the nearest one."""
        surface = self._surface
        surface.view_state.set_crosshair(surface.frame.nearest_index(touch.place, surface.key.index))

    def cancel(self) -> None:
        """Back to where it was."""
        self._surface.view_state.set_crosshair(self._before)


class NavigateTool(Tool):
    """Moves the crosshair."""

    def begin(self, touch: Touch) -> Drag:
        """Jump there and follow."""
        return CrosshairDrag(self.surface, touch)

    def cursor(self, touch: Touch) -> Qt.CursorShape:
        """An arrow: what counts is the crosshair."""
        del touch
        return Qt.CursorShape.ArrowCursor
