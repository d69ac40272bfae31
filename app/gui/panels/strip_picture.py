"""How the strip of slices is drawn, lying: pointer, cells, handles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen, QPolygonF, QTransform

from app.gui.palettes import Colours
from app.gui.panels.strip_state import Mark, StripState
from app.gui.theme import current_colours

_PAD = 8  # at both ends, so that the handles of the first and last slice are whole
_POINTER = 8.0  # height of the triangle over the current slice
_CELLS = 18.0
_BASE = 4.0  # height of what marks a slice without the label
_HANDLE = 9.0
HEIGHT = int(1 + _POINTER + _CELLS + 2 + _HANDLE + 2)

_TOP = 1 + _POINTER
_BOTTOM = _TOP + _CELLS
_FROM_TO = _BOTTOM + 2  # where the handles hang
_PARTED = 5.0  # pixels from which on cells are parted by lines
_DARK = 110  # lightness below which hatching is white
_BEYOND = 150  # alpha of what lies over slices that carrying may not visit


@dataclass(frozen=True)
class Lanes:
    """Where what stands in a strip of `length` pixels with `count` slices."""

    length: int
    count: int

    def edge(self, index: int) -> float:
        """Where a slice begins; of `count`, where the last one ends."""
        return _PAD + index * max(1, self.length - 2 * _PAD) / self.count

    def middle(self, index: int) -> float:
        """The middle of a slice."""
        return (self.edge(index) + self.edge(index + 1)) / 2

    def slice_at(self, along: float) -> int:
        """The slice at a place, the nearest where it is outside."""
        index = int((along - _PAD) * self.count // max(1, self.length - 2 * _PAD))
        return min(max(index, 0), self.count - 1)

    def handle_at(self, along: float, across: float, limits: range, reach: float) -> int | None:
        """Which handle stands at a place, the first (0) or the last (1); None where none does."""
        if across < _FROM_TO - 1:
            return None
        distances = [abs(along - self.edge(limits.start)), abs(along - self.edge(limits.stop))]
        nearest = distances.index(min(distances))
        if distances[0] == distances[1]:
            nearest = int(along > self.edge(limits.start))
        return nearest if distances[nearest] <= reach else None

    def upright(self) -> QTransform:
        """Turns what lies upright, the first slice on top."""
        return QTransform(0.0, 1.0, 1.0, 0.0, 0.0, 0.0)


def draw_strip(painter: QPainter, lanes: Lanes, state: StripState, *, focus: bool) -> None:
    """Draw all of it; the cost grows with the changes of mark along the strip, not with the voxels."""
    colours = current_colours()
    frame = QRectF(lanes.edge(0), _TOP, lanes.edge(lanes.count) - lanes.edge(0), _CELLS)
    painter.fillRect(frame, QColor(colours.base))
    for start, stop, mark in _runs(state, lanes):
        _draw_run(painter, QRectF(start, _TOP, max(1.0, stop - start), _CELLS), mark, state, colours)
    _draw_carried(painter, lanes, state, colours)
    _draw_lines(painter, lanes, colours)
    painter.setPen(QPen(QColor(colours.accent if focus else colours.border), 2 if focus else 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(frame.adjusted(-0.5, -0.5, 0.5, 0.5))
    _draw_limits(painter, lanes, state, colours)
    _draw_pointer(painter, lanes, state, colours)


def _runs(state: StripState, lanes: Lanes) -> Iterator[tuple[float, float, Mark]]:
    """Neighbouring slices of one mark as places along the strip; where slices share a pixel, the highest mark."""
    first, last = lanes.edge(0), lanes.edge(lanes.count)
    pixels = int(last - first)
    if lanes.count <= pixels:
        place = 0
        for mark, members in groupby(state.marks):
            count = len(list(members))
            yield lanes.edge(place), lanes.edge(place + count), mark
            place += count
        return
    by_pixel = [
        max(
            state.marks[n * lanes.count // pixels : max(n * lanes.count // pixels + 1, (n + 1) * lanes.count // pixels)]
        )
        for n in range(pixels)
    ]
    place = 0
    for mark, members in groupby(by_pixel):
        count = len(list(members))
        yield first + place, first + place + count, mark
        place += count


def _draw_run(painter: QPainter, place: QRectF, mark: Mark, state: StripState, colours: Colours) -> None:
    """A low line where the label is absent, the label's colour where it is, hatched and topped where it is in doubt."""
    if mark is Mark.EMPTY:
        painter.fillRect(place.adjusted(0, _CELLS - _BASE, 0, 0), QColor(colours.border))
        return
    painter.fillRect(place, QColor(*state.colour))
    if mark is Mark.DOUBTFUL:
        hatch = QColor(Qt.GlobalColor.white if QColor(*state.colour).lightness() < _DARK else Qt.GlobalColor.black)
        painter.fillRect(place, QBrush(hatch, Qt.BrushStyle.BDiagPattern))
        painter.fillRect(QRectF(place.left(), place.top(), place.width(), 5.0), QColor(colours.base))
        painter.fillRect(QRectF(place.left(), place.top(), place.width(), 4.0), QColor(colours.warning))


def _draw_carried(painter: QPainter, lanes: Lanes, state: StripState, colours: Colours) -> None:
    """A line along what is being carried, and a frame around the newest slice."""
    if not state.carried:
        return
    first, last = lanes.edge(min(state.carried)), lanes.edge(max(state.carried) + 1)
    painter.fillRect(QRectF(first, _BOTTOM - 3, last - first, 3), QColor(colours.text))
    if state.newest is not None:
        left, right = lanes.edge(state.newest), lanes.edge(state.newest + 1)
        middle, width = (left + right) / 2, max(4.0, right - left)
        painter.fillRect(QRectF(middle - width / 2, _TOP, width, _CELLS), QColor(colours.accent))


def _draw_lines(painter: QPainter, lanes: Lanes, colours: Colours) -> None:
    if lanes.edge(1) - lanes.edge(0) < _PARTED:
        return
    painter.setPen(QPen(QColor(colours.base), 1))
    for index in range(1, lanes.count):
        x = round(lanes.edge(index))
        painter.drawLine(QPointF(x, _TOP), QPointF(x, _BOTTOM))


def _draw_limits(painter: QPainter, lanes: Lanes, state: StripState, colours: Colours) -> None:
    """Handles at both ends and a bar between; slices beyond are veiled."""
    first, last = lanes.edge(state.range.start), lanes.edge(state.range.stop)
    veil = QColor(colours.window)
    veil.setAlpha(_BEYOND)
    for start, stop in ((lanes.edge(0), first), (last, lanes.edge(lanes.count))):
        if stop > start:
            painter.fillRect(QRectF(start, _TOP, stop - start, _CELLS), veil)
    colour = QColor(colours.muted if state.limits is None else colours.accent)
    painter.fillRect(QRectF(first, _FROM_TO + _HANDLE / 2 - 1, last - first, 2), colour)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    for x, side in ((first, 1.0), (last, -1.0)):
        painter.drawPolygon(
            QPolygonF([
                QPointF(x, _FROM_TO), QPointF(x + side * 7, _FROM_TO + _HANDLE / 2), QPointF(x, _FROM_TO + _HANDLE),
            ])
        )  # fmt: skip
        painter.drawRect(QRectF(x - 1, _TOP, 2, _CELLS + _HANDLE + 2))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def _draw_pointer(painter: QPainter, lanes: Lanes, state: StripState, colours: Colours) -> None:
    """A triangle over the current slice, and a line through it with an edge that shows on every colour."""
    x = lanes.middle(state.current)
    painter.fillRect(QRectF(x - 2, _TOP, 4, _CELLS), QColor(colours.base))
    painter.fillRect(QRectF(x - 1, _TOP, 2, _CELLS), QColor(colours.text))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colours.text))
    painter.drawPolygon(QPolygonF([QPointF(x - 6, 1), QPointF(x + 6, 1), QPointF(x, 1 + _POINTER)]))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
