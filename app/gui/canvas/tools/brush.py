"""Brush and eraser: a round tip of true size; while it is drawn the stroke is a path on the screen and no voxels."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from app.gui.canvas import pens
from app.gui.canvas.frame import Place
from app.gui.canvas.requests import Stroke
from app.gui.canvas.tools.base import Drag, Surface, Tool, Touch

_STEP = 0.25  # radii: points of the path that are nearer to the last one add nothing to be seen
_LEAST_STEP = 0.5  # voxels
_ALPHA = 130


class StrokeDrag(Drag):
    """Collects the path; asks for the stroke when it is done."""

    def __init__(self, surface: Surface, touch: Touch, *, erase: bool) -> None:
        self._surface, self._erase = surface, erase
        self._key = surface.key
        self._tool = surface.view_state.tool
        self._points = [surface.frame.point_at(touch.place)]
        surface.refresh()

    def move(self, touch: Touch) -> None:
        """Draw on."""
        point = self._surface.frame.point_at(touch.place)
        last = self._points[-1]
        step = max(_STEP * self._tool.brush_radius, _LEAST_STEP)
        if abs(point[0] - last[0]) >= step or abs(point[1] - last[1]) >= step:
            self._points.append(point)
            self._surface.refresh()

    def end(self, touch: Touch) -> None:
        """Ask for it."""
        point = self._surface.frame.point_at(touch.place)
        if point != self._points[-1]:
            self._points.append(point)
        tool = self._tool
        self._surface.ask(Stroke(self._key, tuple(self._points), tool.brush_radius, self._erase, tool.ball))

    def draw(self, painter: QPainter) -> None:
        """The stroke as a thick line with round ends, in the label's colour; erasing is dark."""
        frame = self._surface.frame
        places = frame.to_screen(self._points)
        path = QPainterPath(QPointF(*places[0]))
        for x, y in places[1:]:
            path.lineTo(QPointF(x, y))
        if len(places) == 1:
            path.lineTo(QPointF(places[0][0] + 0.01, places[0][1]))  # a dot has a direction too
        colour = QColor(0, 0, 0, _ALPHA) if self._erase else QColor(*self._surface.label_colour, _ALPHA)
        pen = QPen(colour, max(2 * self._tool.brush_radius * frame.finer, 1.0))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen)
        painter.drawPath(path)


class BrushTool(Tool):
    """Paints the active label."""

    acts_on_click = True
    follows_mouse = True
    erase = False

    def begin(self, touch: Touch) -> Drag:
        """A stroke, or a dot."""
        return StrokeDrag(self.surface, touch, erase=self.erase)

    def cursor(self, touch: Touch) -> Qt.CursorShape:
        """A cross within the circle."""
        del touch
        return Qt.CursorShape.CrossCursor

    def draw(self, painter: QPainter, place: Place) -> None:
        """The tip."""
        radius = self.surface.view_state.tool.brush_radius * self.surface.frame.finer
        circle = QRectF(place[0] - radius, place[1] - radius, 2 * radius, 2 * radius)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(pens.SHADE, 3))
        painter.drawEllipse(circle)
        colour = pens.TEXT if self.erase else QColor(*self.surface.label_colour)
        painter.setPen(QPen(colour, 1.2, Qt.PenStyle.DashLine if self.erase else Qt.PenStyle.SolidLine))
        painter.drawEllipse(circle)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


class EraserTool(BrushTool):
    """Erases the active label."""

    erase = True
