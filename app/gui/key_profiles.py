"""Keys and mouse buttons as other programs have them: tables of what differs from the default profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from PySide6.QtCore import QCoreApplication

from app.gui.action_table import ACTIONS
from app.gui.settings import KeyProfile
from app.gui.translation import QT_TRANSLATE_NOOP


class Drag(Enum):
    """What dragging in a slice can do, whatever the tool."""

    TOOL = "tool"
    ZOOM = "zoom"
    PAN = "pan"
    WINDOW = "window"


@dataclass(frozen=True)
class MouseProfile:
    """What dragging does by button, and for the left one by the modifier that is held; the left alone is the tool's."""

    right: Drag = Drag.ZOOM
    middle: Drag = Drag.PAN
    shift_left: Drag = Drag.PAN
    ctrl_left: Drag = Drag.ZOOM
    alt_left: Drag = Drag.PAN  # for mice and trackpads with one button


@dataclass(frozen=True)
class ProfileSpec:
    """A profile by its English name: the keys of the actions that differ, and the mouse."""

    name: str
    keys: Mapping[str, tuple[str, ...]]
    mouse: MouseProfile


# Slicer, ITK-SNAP and most radiology viewers agree on the buttons; ITK-SNAP alone has Ctrl+left for its right button
# and Alt+left for its middle one, which costs nobody anything.
_MOUSE = MouseProfile()

PROFILES: Mapping[KeyProfile, ProfileSpec] = MappingProxyType({
    KeyProfile.RADIOLOGY: ProfileSpec(QT_TRANSLATE_NOOP("Keys", "Radiology"), {}, _MOUSE),
    KeyProfile.SLICER: ProfileSpec("3D Slicer", {
        "edit.undo": ("Z", "Ctrl+Z"),
        "edit.redo": ("Y", "Ctrl+Y", "Ctrl+Shift+Z"),
        "label.previous": ("Q", ","),
        "label.next": ("W", "."),
        "tool.window": ("Shift+W",),
        "view.fit": ("R", "F"),
        "segment.reset": ("Shift+R",),
        "view.surface": ("V", "D"),
        "tool.navigate": ("Shift+V",),
        "tool.larger": ("+", "]"),
        "tool.smaller": ("-", "["),
    }, _MOUSE),
    KeyProfile.ITK_SNAP: ProfileSpec("ITK-SNAP", {
        # its digits choose tools, so brightness presets take Alt
        "tool.navigate": ("1", "V"),
        "tool.window": ("2", "W"),
        "tool.lasso": ("3", "L"),
        "tool.brush": ("4", "B"),
        "tool.box": ("5", "E"),
        **{f"view.preset_{n}": (f"Alt+{n}",) for n in range(10)},
        "view.labels": ("S", "G"),
        "tool.ball": ("Shift+B",),
        "view.opacity_down": ("A",),
        "view.opacity_up": ("D",),
        "view.surface": ("Shift+D",),
        "label.previous": ("<", ","),
        "label.next": (">", "."),
        "view.crosshair": ("X",),
        "tool.eraser": ("6",),
        "tool.larger": ("+", "]"),
        "tool.smaller": ("-", "["),
        "view.fit": ("Ctrl+F", "F"),
    }, _MOUSE),
})  # fmt: skip


def keys_of(profile: KeyProfile) -> dict[str, tuple[str, ...]]:
    """Keys of every action in a profile, as portable texts; the first of each is the one shown."""
    return {spec.id: spec.keys for spec in ACTIONS} | dict(PROFILES[profile].keys)


def name_of(profile: KeyProfile) -> str:
    """What a profile is called in the window's language."""
    return QCoreApplication.translate("Keys", PROFILES[profile].name)


@dataclass(frozen=True)
class Gesture:
    """A row of the key sheet that is no action: what the slices do with mouse and keys themselves. English."""

    keys: str
    text: str


GESTURES: tuple[Gesture, ...] = (
    Gesture(QT_TRANSLATE_NOOP("Keys", "Wheel"), QT_TRANSLATE_NOOP("Keys", "Next or previous slice; with Shift ten")),
    Gesture(QT_TRANSLATE_NOOP("Keys", "Ctrl+wheel"), QT_TRANSLATE_NOOP("Keys", "Zoom at the cursor")),
    Gesture(QT_TRANSLATE_NOOP("Keys", "Shift+wheel with a brush"), QT_TRANSLATE_NOOP("Keys", "Size of the brush")),
    Gesture(QT_TRANSLATE_NOOP("Keys", "Left drag"), QT_TRANSLATE_NOOP("Keys", "The tool in hand")),
    Gesture(QT_TRANSLATE_NOOP("Keys", "Right or Ctrl+left drag"), QT_TRANSLATE_NOOP("Keys", "Zoom")),
    Gesture(
        QT_TRANSLATE_NOOP("Keys", "Middle, Shift+left or Alt+left drag"), QT_TRANSLATE_NOOP("Keys", "Move the picture")
    ),
    Gesture(QT_TRANSLATE_NOOP("Keys", "Double-click"), QT_TRANSLATE_NOOP("Keys", "One plane or all")),
    Gesture(QT_TRANSLATE_NOOP("Keys", "Up, Down"), QT_TRANSLATE_NOOP("Keys", "Next or previous slice; with Shift ten")),
    Gesture(QT_TRANSLATE_NOOP("Keys", "Page up, Page down"), QT_TRANSLATE_NOOP("Keys", "Ten slices")),
    Gesture(QT_TRANSLATE_NOOP("Keys", "Home, End"), QT_TRANSLATE_NOOP("Keys", "First or last slice")),
    Gesture(QT_TRANSLATE_NOOP("Keys", "Left, Right"), QT_TRANSLATE_NOOP("Keys", "Previous or next plane")),
    Gesture(
        QT_TRANSLATE_NOOP("Keys", "Arrows, with a keyboard box"),
        QT_TRANSLATE_NOOP("Keys", "Move the box; with Shift its size, with Ctrl ten voxels"),
    ),
)  # fmt: skip
