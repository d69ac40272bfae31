"""Which button does what, whatever tool is in hand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import Qt

from app.gui.canvas.tools.base import Drag, Surface, Touch
from app.gui.canvas.tools.navigate import PanDrag, ZoomDrag
from app.gui.canvas.tools.window import WindowDrag


class Action(Enum):
    """What a drag does."""

    TOOL = "tool"
    ZOOM = "zoom"
    PAN = "pan"
    WINDOW = "window"


_DRAGS: dict[Action, type[ZoomDrag | PanDrag | WindowDrag]] = {
    Action.ZOOM: ZoomDrag,
    Action.PAN: PanDrag,
    Action.WINDOW: WindowDrag,
}


@dataclass(frozen=True)
class MouseButtons:
    """Drags with the left button and a modifier, and with the other buttons; plain left is the tool's."""

    right: Action = Action.ZOOM
    middle: Action = Action.PAN
    shift_left: Action = Action.PAN
    control_left: Action = Action.ZOOM
    alt_left: Action = Action.PAN

    def action(self, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> Action | None:
        """What pressing a button begins; None for buttons that do nothing."""
        if button == Qt.MouseButton.LeftButton:
            for modifier, action in (
                (Qt.KeyboardModifier.ControlModifier, self.control_left),
                (Qt.KeyboardModifier.ShiftModifier, self.shift_left),
                (Qt.KeyboardModifier.AltModifier, self.alt_left),
            ):
                if modifiers & modifier:
                    return action
            return Action.TOOL
        return {Qt.MouseButton.RightButton: self.right, Qt.MouseButton.MiddleButton: self.middle}.get(button)


def looking_drag(action: Action, surface: Surface, touch: Touch) -> Drag:
    """The drag of an action that is not the tool's."""
    return _DRAGS[action](surface, touch)
