"""How things are drawn so that they are seen on bright and on dark images: everything has a dark edge of its own."""

from __future__ import annotations

import math
from functools import lru_cache

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath, QPen, QPixmap, QStaticText

SHADE = QColor(0, 0, 0, 170)
_TEXT_SHADE = QColor(0, 0, 0, 235)
_EDGE_PX = 1

Anchor = tuple[float, float]  # where in an area: 0 left or top, 0.5 the middle, 1 right or bottom
_AROUND = ((-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1))

TEXT = QColor(236, 240, 244)
WARNING = QColor(255, 190, 80)
CROSSHAIR = QColor(110, 200, 255)
FOCUS = QColor(90, 170, 255)
IDLE_EDGE = QColor(52, 56, 62)
BACKGROUND = QColor(0, 0, 0)
GAP = QColor(40, 43, 48)  # between the views
BOX = QColor(255, 255, 255)
POSITIVE = QColor(60, 220, 120)
NEGATIVE = QColor(255, 90, 80)
_RAGGED = 6000  # corners of a path: broken, wide lines along more than these take longer than a frame may
PREVIEW_FILL = 0.8  # a proposal's opacity against that of labels


def draw_text(painter: QPainter, area: QRectF, anchor: Anchor, text: str, colour: QColor = TEXT) -> None:
    """Text within an area, with a dark edge. Letters are drawn once and kept: they stay for many frames."""
    ratio = painter.device().devicePixelRatioF()
    image = written(text, painter.font().toString(), colour.rgba(), ratio)
    painter.drawPixmap(placed(area, anchor, image), image)


def placed(area: QRectF, anchor: Anchor, image: QPixmap) -> QPointF:
    """Where an image lies in an area, so that its pixels are the screen's."""
    ratio = image.devicePixelRatioF()
    left = area.left() + anchor[0] * (area.width() - image.width() / ratio)
    top = area.top() + anchor[1] * (area.height() - image.height() / ratio)
    return QPointF(round(left * ratio) / ratio, round(top * ratio) / ratio)


@lru_cache(maxsize=64)
def written(text: str, font_name: str, colour: int, ratio: float) -> QPixmap:
    """A line of text with a dark edge on nothing; `font_name` as `QFont.toString` gives it, `colour` as `rgba`."""
    font = QFont()
    font.fromString(font_name)
    metrics = QFontMetrics(font)
    width, height = metrics.horizontalAdvance(text) + 2 * _EDGE_PX, metrics.height() + 2 * _EDGE_PX
    image = QPixmap(math.ceil(width * ratio), math.ceil(height * ratio))
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setFont(font)
    letters = QStaticText(text)  # laid out once, drawn nine times
    letters.setTextFormat(Qt.TextFormat.PlainText)
    place = QPoint(_EDGE_PX, _EDGE_PX)
    painter.setPen(_TEXT_SHADE)
    for dx, dy in _AROUND:
        painter.drawStaticText(place + QPoint(dx, dy), letters)
    painter.setPen(QColor.fromRgba(colour))
    painter.drawStaticText(place, letters)
    painter.end()
    return image


def draw_line(painter: QPainter, line: QRect, colour: QColor) -> None:
    """A level or upright line, one pixel wide, with a dark edge on both sides. Filling is faster than a pen."""
    across = (1, 0) if line.width() == 1 else (0, 1)
    painter.fillRect(line.adjusted(-across[0], -across[1], *across), SHADE)
    painter.fillRect(line, colour)


def draw_path(
    painter: QPainter,
    path: QPainterPath,
    colour: QColor,
    *,
    width: float = 2.0,
    pattern: Qt.PenStyle,
    edge: bool = True,
) -> None:
    """A path in screen coordinates, over an unbroken dark edge unless it goes without; a ragged one as a thin line."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if path.elementCount() > _RAGGED:
        painter.setPen(QPen(colour, 1.0))
        painter.drawPath(path)
        return
    if edge:
        painter.setPen(QPen(SHADE, width + 2.0))
        painter.drawPath(path)
    pen = QPen(colour, width, pattern)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    painter.setPen(pen)
    painter.drawPath(path)


def draw_handle(painter: QPainter, place: QPoint, half: int) -> None:
    """A square that can be grasped."""
    painter.fillRect(place.x() - half - 1, place.y() - half - 1, 2 * half + 3, 2 * half + 3, SHADE)
    painter.fillRect(place.x() - half, place.y() - half, 2 * half + 1, 2 * half + 1, BOX)


def draw_point(painter: QPainter, place: QPointF, *, positive: bool) -> None:
    """A click: a disc with plus or minus, so that the colour is not needed."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    painter.setPen(QPen(SHADE, 3.5))
    painter.setBrush(POSITIVE if positive else NEGATIVE)
    painter.drawEllipse(place, 6.0, 6.0)
    painter.setPen(QPen(Qt.GlobalColor.white, 1.5))
    painter.drawEllipse(place, 6.0, 6.0)
    painter.setPen(QPen(Qt.GlobalColor.black, 1.8))
    painter.drawLine(place + QPointF(-3, 0), place + QPointF(3, 0))
    if positive:
        painter.drawLine(place + QPointF(0, -3), place + QPointF(0, 3))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
