"""What lies over the backdrop and changes often: the preview and the crosshair."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale, QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath

from app.engine.upright import Upright
from app.gui.canvas import pens
from app.gui.canvas.backdrop import to_screen
from app.gui.canvas.frame import Place, PlaneFrame
from app.gui.canvas.paths import path_of_mask
from app.gui.canvas.tools.box import draw_box
from app.gui.proposal import Preview
from app.gui.view_state import Looks, OverlayStyle

_GAP_PX = 14  # the crosshair leaves its middle free, where the lesion is
_LETTER_PX = 26  # from the edge of the widget: room for a letter
_AROUND_PX = 12  # pixels by which marks reach beyond box and mask: handles, points, dark edges
_SCORE = QSizeF(190, 26)  # pixels in which the score is written, above the right end of the box
_FULL = 255

Colour = tuple[int, int, int]


class PreviewMarks:
    """A preview in one slice, with its borders in picture coordinates; made anew for each preview."""

    def __init__(self, preview: Preview, upright: Upright) -> None:
        self.preview = preview
        self._border = QPainterPath() if preview.mask is None else path_of_mask(preview.mask, upright)
        self._blocked = QPainterPath() if preview.blocked is None else path_of_mask(preview.blocked, upright)

    def draw(
        self, painter: QPainter, frame: PlaneFrame, looks: Looks, colour: Colour, *, box: bool, handles: bool
    ) -> None:
        """Light fill and dashed border; hatched where locked labels stand in the way; box (if asked for) and points."""
        transform = to_screen(frame)
        border = transform.map(self._border)
        if looks.style is OverlayStyle.FILL:
            painter.fillPath(border, QColor(*colour, round(_FULL * looks.opacity * pens.PREVIEW_FILL)))
        if not self._blocked.isEmpty():
            painter.fillPath(transform.map(self._blocked), QBrush(QColor(255, 255, 255), Qt.BrushStyle.BDiagPattern))
        pens.draw_path(painter, border, QColor(*colour), pattern=Qt.PenStyle.DashLine)
        if box and self.preview.box is not None:
            draw_box(painter, frame, frame.turned_box(self.preview.box), handles=handles)
        for point in self.preview.points:
            x, y = frame.to_screen([point.x, point.y])
            pens.draw_point(painter, QPointF(x, y), positive=point.positive)
        if looks.show_info and self.preview.score is not None:
            self._draw_score(painter, frame, self.preview.score)

    @property
    def score_text(self) -> str:
        """How well the model thinks that its mask fits, and whether it doubts it; "" before the first answer."""
        score = self.preview.score
        return "" if score is None else _score_text(score, doubtful=self.preview.doubtful)

    def bounds(self, frame: PlaneFrame) -> QRect:
        """The part of the widget that it covers."""
        area = self._area(frame).toAlignedRect().adjusted(-_AROUND_PX, -_AROUND_PX, _AROUND_PX, _AROUND_PX)
        return area if self.preview.score is None else area.united(self._score_area(frame).toAlignedRect())

    def _area(self, frame: PlaneFrame) -> QRectF:
        """Of mask, box and points, without what reaches beyond them."""
        area = to_screen(frame).mapRect(self._border.boundingRect())
        if self.preview.box is not None:
            left, top, right, bottom = frame.screen_box(frame.turned_box(self.preview.box))
            area = area.united(QRectF(left, top, right - left, bottom - top))
        for point in self.preview.points:
            x, y = frame.to_screen([point.x, point.y])
            area = area.united(QRectF(x, y, 1, 1))
        return area

    def _draw_score(self, painter: QPainter, frame: PlaneFrame, score: float) -> None:
        """In words, too, that it is doubtful, unless the widget is too narrow for that."""
        text, colour = self.score_text, pens.WARNING if self.preview.doubtful else pens.TEXT
        if painter.fontMetrics().horizontalAdvance(text) > frame.size[0] - 2:
            text = _score_text(score, doubtful=False)
        pens.draw_text(painter, self._score_area(frame), (1, 1), text, colour)

    def _score_area(self, frame: PlaneFrame) -> QRectF:
        """Where the score is written: above the box, held within the widget."""
        area = self._area(frame)
        x = min(max(area.right() + _AROUND_PX - _SCORE.width(), 0.0), frame.size[0] - _SCORE.width())
        y = min(max(area.top() - _AROUND_PX / 2 - _SCORE.height(), 0.0), frame.size[1] - _SCORE.height())
        return QRectF(QPointF(x, y), _SCORE)


def _score_text(score: float, *, doubtful: bool) -> str:
    if doubtful:
        text = QCoreApplication.translate("Canvas", "Score {0}, doubtful")
    else:
        text = QCoreApplication.translate("Canvas", "Score {0}")
    return text.format(QLocale().toString(score, "f", 2))


def draw_crosshair(painter: QPainter, frame: PlaneFrame, place: Place) -> None:
    """Two lines across the widget, free in the middle; they end before the letters at its edges."""
    x, y = (round(n) for n in place)
    width, height = (round(n) - _LETTER_PX for n in frame.size)
    for line in (
        QRect(_LETTER_PX, y, x - _GAP_PX - _LETTER_PX, 1),
        QRect(x + _GAP_PX, y, width - x - _GAP_PX, 1),
        QRect(x, _LETTER_PX, 1, y - _GAP_PX - _LETTER_PX),
        QRect(x, y + _GAP_PX, 1, height - y - _GAP_PX),
    ):
        if not line.isEmpty():
            pens.draw_line(painter, line, pens.CROSSHAIR)
