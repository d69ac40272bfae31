"""What is written over a slice: letters, scale bar, numbers, the dot that says that the model is ready here."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen, QPixmap

from app.engine.geometry import Frame, Geometry
from app.engine.measure import APPROXIMATE
from app.engine.plane import Plane
from app.engine.volume import Volume
from app.engine.window import Window
from app.gui.canvas import pens
from app.gui.canvas.frame import PlaneFrame
from app.gui.translation import QT_TRANSLATE_NOOP

_INSET = 8.0  # pixels between texts and the widget's border
_DOT = 4.0  # radius
_SHORTEST, _LONGEST = 0.12, 0.3  # of the widget's width: the scale bar
_BETWEEN = 8.0  # pixels between two texts side by side, at least
_BAR_TEXT = 60.0  # pixels: room for the length over a short scale bar


_PLANES = {
    Plane.AXIAL: QT_TRANSLATE_NOOP("Canvas", "Axial"),
    Plane.CORONAL: QT_TRANSLATE_NOOP("Canvas", "Coronal"),
    Plane.SAGITTAL: QT_TRANSLATE_NOOP("Canvas", "Sagittal"),
}


@dataclass(frozen=True)
class Notes:
    """The texts of one view; empty ones are left out. `ready` None: there is nothing to be ready.

    Of title and position there are several, from the longest to the shortest: the first one that fits is shown.
    """

    letters: tuple[str, str, str, str]  # left, top, right, bottom
    titles: tuple[str, ...]
    window: str
    positions: tuple[str, ...]
    approximate: bool
    ready: bool | None


def plane_name(plane: Plane) -> str:
    """The plane in the user's language."""
    return QCoreApplication.translate("Canvas", _PLANES[plane])


def window_text(window: Window) -> str:
    """Width and level, with as many digits as the width calls for."""
    digits = max(2 - math.floor(math.log10(window.width)), 0) if window.width < 100 else 0
    width, level = (f"{value:.{digits}f}" if digits <= 6 else f"{value:.3g}" for value in (window.width, window.level))
    return QCoreApplication.translate("Canvas", "W {0}  L {1}").format(width, level)


def position_text(geometry: Geometry, zyx: tuple[int, int, int], digits: int = 1) -> str:
    """The centre of a voxel in millimetres, each with the side on which it lies, as viewers state it: "R 0.6 mm".

    Rounded to so many digits. Empty where the file does not say where it lies. Letters of directions are the same in
    all languages.
    """
    if geometry.frame is not Frame.WORLD:
        return ""
    z, y, x = zyx
    lps = (round(float(n), digits) for n in geometry.to_world(np.array((x, y, z), dtype=np.float64)))
    parts = (f"{sides[int(n < 0)]} {abs(n):.{digits}f}" for n, sides in zip(lps, ("LR", "PA", "SI"), strict=True))
    return "  ".join(parts) + " mm"


def is_approximate(volume: Volume) -> bool:
    """Whether lengths are an estimate, because the geometry was mended."""
    return volume.in_mm and any(finding.code in APPROXIMATE for finding in volume.findings)


def bar_length(frame: PlaneFrame) -> float:
    """Millimetres of a scale bar of a round length; 0 where none fits."""
    longest = _LONGEST * frame.size[0] / frame.scale
    power = 10.0 ** math.floor(math.log10(longest))
    length = max(part * power for part in (0.5, 1.0, 2.0, 5.0) if part * power <= longest)
    return length if length * frame.scale >= _SHORTEST * frame.size[0] else 0.0


@dataclass(frozen=True)
class _Lasting:
    """What of the notes is the same in many frames. `bar_px` 0: no scale bar."""

    size: tuple[float, float]
    letters: tuple[str, str, str, str]
    window: str
    bar_px: float
    bar_text: str
    approximate: bool
    ready: bool | None


@dataclass(frozen=True, eq=False)
class _Layout:
    """What lasts as images, each with its place, and how much room is left beside the letters above and below."""

    images: tuple[tuple[QPointF, QPixmap], ...]
    beside_top: float
    beside_bottom: float


def draw_notes(painter: QPainter, frame: PlaneFrame, notes: Notes) -> None:
    """Draw all that fits; sizes follow the painter's font. What stands in a corner never reaches a letter."""
    length = 0.0 if frame.upright.geometry.frame is Frame.NONE else bar_length(frame)
    text = QCoreApplication.translate("Canvas", "{0} mm").format(f"{length:g}")
    lasting = _Lasting(
        frame.size, notes.letters, notes.window, length * frame.scale, text, notes.approximate, notes.ready
    )
    layout = _laid_out(lasting, painter.font().toString(), painter.device().devicePixelRatioF())
    for place, image in layout.images:
        painter.drawPixmap(place, image)
    area = _area(frame.size)
    after_dot = area.adjusted(3 * _DOT + 2, 0, 0, 0)
    metrics = painter.fontMetrics()
    for texts, where, anchor, room in (
        (notes.titles, area, (0, 0), layout.beside_top),
        (notes.positions, after_dot, (0, 1), layout.beside_bottom - (after_dot.left() - area.left())),
    ):
        fitting = next((text for text in texts if text and metrics.horizontalAdvance(text) <= room), "")
        if fitting:
            pens.draw_text(painter, where, anchor, fitting)


def _area(size: tuple[float, float]) -> QRectF:
    """Where notes stand in a widget of a size."""
    return QRectF(_INSET, _INSET, size[0] - 2 * _INSET, size[1] - 2 * _INSET)


@lru_cache(maxsize=16)
def _laid_out(lasting: _Lasting, font_name: str, ratio: float) -> _Layout:
    """Draw it once, in a font by the name that `QFont.toString` gives, `ratio` pixels to one of the widget's."""
    font = QFont()
    font.fromString(font_name)
    metrics, area = QFontMetrics(font), _area(lasting.size)
    line = metrics.height() + 2.0
    left, top, right, bottom = lasting.letters
    beside_top, beside_bottom = (_room_beside(letter, metrics, area) for letter in (top, bottom))
    images: list[tuple[QPointF, QPixmap]] = []

    def write(text: str, where: QRectF, anchor: pens.Anchor, colour: int = pens.TEXT.rgba()) -> None:
        if text:
            image = pens.written(text, font_name, colour, ratio)
            images.append((pens.placed(where, anchor, image), image))

    for letter, anchor in ((left, (0, 0.5)), (top, (0.5, 0)), (right, (1, 0.5)), (bottom, (0.5, 1))):
        write(letter, area, anchor)
    if metrics.horizontalAdvance(lasting.window) <= beside_top:
        write(lasting.window, area, (1, 0))
    pixels = lasting.bar_px
    if pixels and beside_bottom >= _BAR_TEXT:
        around = QRectF(area.right() - pixels - 4, area.bottom() - 10, pixels + 8, 14)
        images.append(_image(around, ratio, lambda painter: _draw_bar(painter, area, pixels)))
        above = QRectF(area.right() - max(pixels, _BAR_TEXT), area.top(), max(pixels, _BAR_TEXT), area.height() - 7.0)
        write(lasting.bar_text, above, (0.5 if pixels >= _BAR_TEXT else 1, 1))
    if lasting.approximate:
        text = QCoreApplication.translate("Canvas", "approximate")
        write(text, area.adjusted(0, line, 0, 0), (0, 0), pens.WARNING.rgba())
    if lasting.ready is not None:
        ready, place = lasting.ready, QPointF(area.left() + _DOT, area.bottom() - line / 2 + 1)
        around = QRectF(place.x() - 2 * _DOT, place.y() - 2 * _DOT, 4 * _DOT, 4 * _DOT)
        images.append(_image(around, ratio, lambda painter: _draw_dot(painter, place, ready=ready)))
    return _Layout(tuple(images), beside_top, beside_bottom)


def _image(around: QRectF, ratio: float, draw: Callable[[QPainter], None]) -> tuple[QPointF, QPixmap]:
    """Where an area of the widget begins, to whole pixels, and what is drawn there."""
    left, top = (math.floor(n * ratio) / ratio for n in (around.left(), around.top()))
    image = QPixmap(*(math.ceil(n * ratio) + 1 for n in (around.width(), around.height())))
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.translate(-left, -top)
    draw(painter)
    painter.end()
    return QPointF(left, top), image


def _room_beside(letter: str, metrics: QFontMetrics, area: QRectF) -> float:
    """Pixels from the border of an area to the letter in the middle of a side, or to the middle where there is none."""
    return (area.width() - metrics.horizontalAdvance(letter)) / 2 - _BETWEEN


def _draw_bar(painter: QPainter, area: QRectF, pixels: float) -> None:
    right, y = area.right(), area.bottom() - 2.0
    for thick, colour in ((4, Qt.GlobalColor.black), (2, pens.TEXT)):
        painter.setPen(QPen(colour, thick))
        painter.drawLine(QPointF(right - pixels, y), QPointF(right, y))
        for x in (right - pixels, right):
            painter.drawLine(QPointF(x, y - 4), QPointF(x, y))


def _draw_dot(painter: QPainter, place: QPointF, *, ready: bool) -> None:
    """Filled where a box is answered at once, hollow where the slice must be looked at first."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    painter.setPen(QPen(Qt.GlobalColor.black, 3.0))
    painter.setBrush(pens.POSITIVE if ready else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(place, _DOT, _DOT)
    painter.setPen(QPen(Qt.GlobalColor.white if ready else pens.TEXT, 1.2))
    painter.drawEllipse(place, _DOT, _DOT)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
