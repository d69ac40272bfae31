"""What a tool is, and what it may know of the slice it is used in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from app.engine.plane import SliceKey
from app.gui.canvas.frame import Place, PlaneFrame
from app.gui.canvas.requests import Request
from app.gui.proposal import Preview
from app.gui.view_state import ViewState

CLICK_PX = 3.0  # a press that moves less is a click


@dataclass(frozen=True)
class Touch:
    """The mouse at a place of the widget."""

    place: Place
    modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier


class Surface(Protocol):
    """The slice that a tool is used in."""

    @property
    def key(self) -> SliceKey:
        """The slice that is shown."""

    @property
    def frame(self) -> PlaneFrame:
        """Where its voxels lie on the screen, now."""

    @property
    def view_state(self) -> ViewState:
        """What is looked at and how."""

    @property
    def preview(self) -> Preview | None:
        """The proposal, where it lies in this slice."""

    @property
    def label_colour(self) -> tuple[int, int, int]:
        """Of the label that is painted with."""

    def ask(self, request: Request) -> None:
        """Send a request."""

    def refresh(self) -> None:
        """Paint what the tool draws again."""


class Drag:
    """From pressing a button to letting it go."""

    def move(self, touch: Touch) -> None:
        """The mouse is elsewhere."""

    def end(self, touch: Touch) -> None:
        """The button was let go."""

    def cancel(self) -> None:
        """Esc: as if it had not been."""

    def draw(self, painter: QPainter) -> None:
        """Draw what it has to show, in screen coordinates."""


class Tool:
    """What the left button does; it holds nothing but the slice's view, so that tools change without a trace."""

    acts_on_click = False  # a double click is then two clicks, and no change of the layout
    follows_mouse = False  # draws something where the mouse is

    def __init__(self, surface: Surface) -> None:
        self.surface = surface

    def begin(self, touch: Touch) -> Drag | None:
        """The left button was pressed; None where that means nothing."""
        del touch
        return None

    def other_click(self, touch: Touch) -> bool:
        """A click with Shift or the right button; False leaves it to the view."""
        del touch
        return False

    def cursor(self, touch: Touch) -> Qt.CursorShape:
        """The shape of the cursor at a place."""
        del touch
        return Qt.CursorShape.ArrowCursor

    def draw(self, painter: QPainter, place: Place) -> None:
        """Draw what follows the mouse, in screen coordinates."""


def distance(one: Place, other: Place) -> float:
    """Pixels between two places."""
    return float(((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2) ** 0.5)
