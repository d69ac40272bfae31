"""The box: drawn afresh, or the preview's moved and resized by its handles; as it is turned in the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from app.engine.prompt import Box
from app.gui.canvas import pens
from app.gui.canvas.frame import PictureBox, Place, PlaneFrame
from app.gui.canvas.requests import BoxDrag, Phase
from app.gui.canvas.tools.base import CLICK_PX, Drag, Surface, Tool, Touch, distance

_GRASP_PX = 9.0  # how near a handle must be
_HALF_PX = 3  # of a handle
_ROOMY_PX = 40.0  # a side that is shorter has no handle in its middle, so that the box can be moved


@dataclass(frozen=True)
class Grip:
    """A part of a box that is grasped: which sides move with the mouse, -1 the lower one, 1 the upper, 0 neither."""

    across: int
    down: int

    @property
    def cursor(self) -> Qt.CursorShape:
        """The shape that says where it can go."""
        if not self.across and not self.down:
            return Qt.CursorShape.SizeAllCursor
        if not self.down:
            return Qt.CursorShape.SizeHorCursor
        if not self.across:
            return Qt.CursorShape.SizeVerCursor
        return Qt.CursorShape.SizeFDiagCursor if self.across == self.down else Qt.CursorShape.SizeBDiagCursor


WHOLE = Grip(0, 0)
_CORNERS = tuple(Grip(across, down) for across in (-1, 1) for down in (-1, 1))
_SIDES = (Grip(-1, 0), Grip(1, 0), Grip(0, -1), Grip(0, 1))


class NewBoxDrag(Drag):
    """Draws a box over all voxels between the press and the mouse."""

    def __init__(self, surface: Surface, touch: Touch) -> None:
        self._surface, self._start = surface, touch
        self._key = surface.key
        self._anchor = surface.frame.to_picture(touch.place)
        self._box: PictureBox | None = None

    def move(self, touch: Touch) -> None:
        """Ask for the box as it is now, where it differs."""
        if self._box is None and distance(self._start.place, touch.place) < CLICK_PX:
            return
        corner = self._surface.frame.to_picture(touch.place)
        box = touched_box(self._anchor, corner, self._surface.frame.upright.shape)
        if box is None or box == self._box:
            return
        phase = Phase.BEGIN if self._box is None else Phase.MOVE
        self._box = box
        self._send(phase)

    def end(self, touch: Touch) -> None:
        """What was drawn is the box; a click is none."""
        del touch
        if self._box is not None:
            self._send(Phase.END)

    def cancel(self) -> None:
        """Forget it."""
        if self._box is not None:
            self._send(Phase.CANCEL)

    def draw(self, painter: QPainter) -> None:
        """The box at once, whatever the mask takes."""
        if self._box is not None:
            draw_box(painter, self._surface.frame, self._box)

    def _send(self, phase: Phase) -> None:
        if self._box is not None:
            self._surface.ask(BoxDrag(self._key, self._surface.frame.box_of(self._box), phase, new=True))


class GripDrag(Drag):
    """Moves or resizes the preview's box."""

    def __init__(self, surface: Surface, touch: Touch, box: Box, grip: Grip) -> None:
        self._surface, self._grip, self._old = surface, grip, box
        self._key = surface.key
        self._anchor = surface.frame.to_picture(touch.place)
        self._box = self._before = surface.frame.turned_box(box)
        self._begun = False

    def move(self, touch: Touch) -> None:
        """Ask for the box as it is now, where it differs."""
        frame = self._surface.frame
        dx, dy = (round(float(n)) for n in frame.to_picture(touch.place) - self._anchor)
        box = dragged_box(self._before, self._grip, (dx, dy), frame.upright.shape)
        if box != self._box:
            self._box = box
            self._send(Phase.MOVE if self._begun else Phase.BEGIN)
            self._begun = True

    def end(self, touch: Touch) -> None:
        """It stays so."""
        del touch
        if self._begun:
            self._send(Phase.END)

    def cancel(self) -> None:
        """The old box again."""
        if self._begun:
            self._box = self._before
            self._send(Phase.END)

    def draw(self, painter: QPainter) -> None:
        """The box at once, whatever the mask takes."""
        draw_box(painter, self._surface.frame, self._box)

    def _send(self, phase: Phase) -> None:
        self._surface.ask(BoxDrag(self._key, self._surface.frame.box_of(self._box), phase, new=False))


class BoxTool(Tool):
    """Draws boxes, and changes the one of the preview."""

    def begin(self, touch: Touch) -> Drag:
        """On the preview's box: change it; elsewhere: a new one."""
        box = self._box()
        grip = None if box is None else grip_at(self.surface.frame, self.surface.frame.turned_box(box), touch.place)
        if box is None or grip is None:
            return NewBoxDrag(self.surface, touch)
        return GripDrag(self.surface, touch, box, grip)

    def cursor(self, touch: Touch) -> Qt.CursorShape:
        """A cross, or what a handle can do."""
        box = self._box()
        grip = None if box is None else grip_at(self.surface.frame, self.surface.frame.turned_box(box), touch.place)
        return Qt.CursorShape.CrossCursor if grip is None else grip.cursor

    def _box(self) -> Box | None:
        preview = self.surface.preview
        return None if preview is None else preview.box


def grips_of(frame: PlaneFrame, box: PictureBox) -> list[tuple[Grip, Place]]:
    """The handles of a box and where they lie on the screen."""
    left, top, right, bottom = frame.screen_box(box)
    across, down = {-1: left, 0: (left + right) / 2, 1: right}, {-1: top, 0: (top + bottom) / 2, 1: bottom}
    sides = [side for side in _SIDES if (right - left if side.down else bottom - top) >= _ROOMY_PX]
    return [(grip, (across[grip.across], down[grip.down])) for grip in (*_CORNERS, *sides)]


def grip_at(frame: PlaneFrame, box: PictureBox, place: Place) -> Grip | None:
    """The nearest handle under the mouse, or the whole box; None outside."""
    near = [(distance(place, at), grip) for grip, at in grips_of(frame, box)]
    nearest, grip = min(near, key=lambda found: found[0])
    left, top, right, bottom = frame.screen_box(box)
    inside = left <= place[0] <= right and top <= place[1] <= bottom
    # In a small box the handles leave room in the middle, by which it is moved.
    reach = min(_GRASP_PX, max(min(right - left, bottom - top) / 3, 3.0)) if inside else _GRASP_PX
    if nearest <= reach:
        return grip
    return WHOLE if inside else None


def touched_box(one: NDArray[np.float64], other: NDArray[np.float64], shape: tuple[int, int]) -> PictureBox | None:
    """The box of all voxels of a picture (height, width) between two points; None where they lie beyond it."""
    spans = []
    for a, b, size in zip(one, other, reversed(shape), strict=True):
        low, high = max(math.floor(min(a, b)), 0), min(math.floor(max(a, b)) + 1, size)
        if high <= low:
            return None
        spans.append((low, high))
    (x0, x1), (y0, y1) = spans
    return x0, y0, x1, y1


def dragged_box(box: PictureBox, grip: Grip, by: tuple[int, int], shape: tuple[int, int]) -> PictureBox:
    """A box whose grip moved by whole voxels, within a picture (height, width); a side drawn past the other turns."""
    x0, x1 = _dragged_span((box[0], box[2]), grip.across, by[0], shape[1], fixed=bool(grip.down))
    y0, y1 = _dragged_span((box[1], box[3]), grip.down, by[1], shape[0], fixed=bool(grip.across))
    return x0, y0, x1, y1


def _dragged_span(span: tuple[int, int], side: int, by: int, size: int, *, fixed: bool) -> tuple[int, int]:
    """One extent of a box; `fixed` says that it stays where no side of it is grasped."""
    low, high = span
    if not side:
        step = 0 if fixed else min(max(by, -low), size - high)
        return low + step, high + step
    still, moved = (high, low + by) if side < 0 else (low, high + by)
    moved = min(max(moved, 0), size)
    if moved == still:  # never empty
        moved += side if 0 <= still + side <= size else -side
    return min(still, moved), max(still, moved)


def draw_box(painter: QPainter, frame: PlaneFrame, box: PictureBox, *, handles: bool = False) -> None:
    """A thin frame along the borders of voxels, with a dark edge; with handles where it can be changed."""
    left, top, right, bottom = (round(n) for n in frame.screen_box(box))
    outline = QRectF(left, top, right - left, bottom - top)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for pen in (QPen(pens.SHADE, 3), QPen(pens.BOX, 1)):
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(outline)
    if handles:
        for _, (x, y) in grips_of(frame, box):
            pens.draw_handle(painter, QPoint(round(x), round(y)), _HALF_PX)
