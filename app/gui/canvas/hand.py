"""From mouse, wheel and Esc to what a tool or a drag does in one view."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QPainter

from app.gui.canvas.frame import Place
from app.gui.canvas.tools import tools_for
from app.gui.canvas.tools.base import CLICK_PX, Drag, Surface, Tool, Touch, distance
from app.gui.canvas.tools.buttons import kind_of_drag, looking_drag
from app.gui.key_profiles import Drag as Kind
from app.gui.key_profiles import MouseProfile
from app.gui.view_state import ToolKind

_NOTCH = 120  # eighths of a degree: one step of a wheel
_ZOOM_NOTCH = 1.2  # nearer by one step
_SIZE_NOTCH = 1.15  # the brush by one step
_FAST = 10  # slices with Shift
_BRUSHES = frozenset({ToolKind.BRUSH, ToolKind.ERASER})
SMALLEST_BRUSH, LARGEST_BRUSH = 0.5, 200.0  # radius in units of the slice's finer spacing


class Hand:
    """Holds the drag in progress, where the mouse is, and what the wheel has turned so far."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._tools = tools_for(surface)
        self.profile = MouseProfile()
        self.place: Place | None = None  # of the mouse; None where it is elsewhere
        self._drag: Drag | None = None
        self._button = Qt.MouseButton.NoButton
        self._kind = Kind.TOOL
        self._pressed: Place = (0.0, 0.0)
        self._turned = 0  # of the wheel, less than a step

    @property
    def tool(self) -> Tool:
        """The tool in hand."""
        return self._tools[self._surface.view_state.tool.kind]

    @property
    def drag(self) -> Drag | None:
        """What is being dragged."""
        return self._drag

    @property
    def is_drawing(self) -> bool:
        """Whether the tool itself is at work, and not zoom or pan."""
        return self._drag is not None and self._kind is Kind.TOOL

    def press(self, button: Qt.MouseButton, touch: Touch) -> None:
        """A button goes down; a second one beside a drag is not heard."""
        if self._drag is not None:
            return
        kind = kind_of_drag(self.profile, button, touch.modifiers)
        if kind is None:
            return
        self.place = self._pressed = touch.place
        self._button, self._kind = button, kind
        is_tool = kind is Kind.TOOL
        self._drag = self.tool.begin(touch) if is_tool else looking_drag(kind, self._surface, touch)

    def move(self, touch: Touch) -> None:
        """The mouse is elsewhere."""
        self.place = touch.place
        if self._drag is not None:
            self._drag.move(touch)
        elif self.tool.follows_mouse:
            self._surface.refresh()

    def release(self, button: Qt.MouseButton, touch: Touch) -> bool:
        """A button goes up. Says whether a context menu is wanted: the right one, unmoved, and no use for it."""
        drag = self._drag
        if drag is None or button != self._button:
            return False
        self._drag = None
        drag.end(touch)
        self._surface.refresh()
        if self._kind is Kind.TOOL or distance(touch.place, self._pressed) >= CLICK_PX:
            return False
        other = button == Qt.MouseButton.RightButton or bool(touch.modifiers & Qt.KeyboardModifier.ShiftModifier)
        if other and self.tool.other_click(touch):
            return False
        return button == Qt.MouseButton.RightButton

    def cancel(self) -> bool:
        """Esc; says whether there was anything to call off."""
        drag, self._drag = self._drag, None
        if drag is None:
            return False
        drag.cancel()
        self._surface.refresh()
        return True

    def leave(self) -> None:
        """The mouse is gone."""
        self.place = None
        self._surface.refresh()

    def wheel(self, angle: QPoint, touch: Touch) -> None:
        """Slices; with Ctrl zoom, with Shift ten slices at once, or the size of a brush. Fractions of a step add up."""
        delta = angle.y() or angle.x()  # with Shift or Alt some systems turn it sideways
        if touch.modifiers & Qt.KeyboardModifier.ControlModifier:
            camera = self._surface.frame.zoomed(_ZOOM_NOTCH ** (delta / _NOTCH), touch.place)
            self._surface.view_state.set_camera(self._surface.key.axis, camera)
            return
        if self._turned * delta < 0:  # a change of mind begins afresh
            self._turned = 0
        steps = int((self._turned + delta) / _NOTCH)
        self._turned += delta - steps * _NOTCH
        if not steps or self.is_drawing:  # what is being drawn belongs to its slice
            return
        shift = bool(touch.modifiers & Qt.KeyboardModifier.ShiftModifier)
        if shift and self._surface.view_state.tool.kind in _BRUSHES:
            resize_brush(self._surface, steps)
        else:
            self._surface.view_state.scroll(self._surface.key.axis, -steps * (_FAST if shift else 1))

    def cursor(self, touch: Touch) -> Qt.CursorShape:
        """The shape of the cursor now."""
        if self._drag is not None and self._kind is not Kind.TOOL:
            return Qt.CursorShape.ClosedHandCursor if self._kind is Kind.PAN else Qt.CursorShape.SizeVerCursor
        return self.tool.cursor(touch)

    def draw(self, painter: QPainter) -> None:
        """The drag, and what follows the mouse."""
        if self._drag is not None:
            self._drag.draw(painter)
        if self.place is not None:
            self.tool.draw(painter, self.place)


def resize_brush(surface: Surface, steps: int) -> None:
    """Larger by some steps, or smaller."""
    state = surface.view_state
    radius = min(max(state.tool.brush_radius * _SIZE_NOTCH**steps, SMALLEST_BRUSH), LARGEST_BRUSH)
    state.set_tool(replace(state.tool, brush_radius=radius))
