"""Which button does what, whatever tool is in hand."""

from __future__ import annotations

from PySide6.QtCore import Qt

from app.gui.canvas.tools.base import Drag, Surface, Touch
from app.gui.canvas.tools.navigate import PanDrag, ZoomDrag
from app.gui.canvas.tools.window import WindowDrag
from app.gui.key_profiles import Drag as Kind
from app.gui.key_profiles import MouseProfile

_DRAGS: dict[Kind, type[ZoomDrag | PanDrag | WindowDrag]] = {
    Kind.ZOOM: ZoomDrag,
    Kind.PAN: PanDrag,
    Kind.WINDOW: WindowDrag,
}


def kind_of_drag(profile: MouseProfile, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier) -> Kind | None:
    """What pressing a button begins; None for buttons that do nothing."""
    if button == Qt.MouseButton.LeftButton:
        for modifier, kind in (
            (Qt.KeyboardModifier.ControlModifier, profile.ctrl_left),
            (Qt.KeyboardModifier.ShiftModifier, profile.shift_left),
            (Qt.KeyboardModifier.AltModifier, profile.alt_left),
        ):
            if modifiers & modifier:
                return kind
        return Kind.TOOL
    return {Qt.MouseButton.RightButton: profile.right, Qt.MouseButton.MiddleButton: profile.middle}.get(button)


def looking_drag(kind: Kind, surface: Surface, touch: Touch) -> Drag:
    """A drag that is not the tool's."""
    return _DRAGS[kind](surface, touch)
