"""What lies under the marks of a view: the picture, the labels, the masks being carried; kept as one image."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QTransform

from app.engine.plane import SliceKey
from app.gui.canvas import pens
from app.gui.canvas.frame import PlaneFrame
from app.gui.canvas.overlay import LabelLayer, carried_mask
from app.gui.canvas.paths import path_of_mask
from app.gui.canvas.picture import halvings_for
from app.gui.canvas.scene import Scene
from app.gui.proposal import Carried
from app.gui.view_state import Looks, OverlayStyle

_FULL = 255


class Backdrop:
    """Draws it once, and again when something in it is another."""

    def __init__(self) -> None:
        self._image = QImage()
        self._name: Hashable = None

    def forget(self) -> None:
        """What it was drawn from has changed inside."""
        self._name = None

    def image(
        self, scene: Scene, key: SliceKey, frame: PlaneFrame, looks: Looks, *, active: int,
        carried: Carried | None, ratio: float,
    ) -> QImage:  # fmt: skip
        """For a widget of the frame's size at `ratio` pixels per device-independent pixel; `active` is a label."""
        shown = (looks.window, looks.inverted, looks.opacity, looks.style, looks.show_labels, looks.smooth)
        name = (scene, key, frame, shown, active, carried, ratio)
        if name != self._name:
            self._fit(frame, ratio)
            painter = QPainter(self._image)
            self._draw_picture(painter, scene, key, frame, looks, ratio)
            if looks.show_labels:
                layer = scene.overlay.layer(key, frame.upright, looks, active)
                draw_fill(painter, frame, layer)
                painter.end()
                stamp_borders(self._image, frame, layer)
                painter.begin(self._image)
                draw_carried(painter, scene, key, frame, looks, carried)
            painter.end()
            self._name = name
        return self._image

    def _fit(self, frame: PlaneFrame, ratio: float) -> None:
        size = QSize(max(round(frame.size[0] * ratio), 1), max(round(frame.size[1] * ratio), 1))
        if self._image.size() != size:
            self._image = QImage(size, QImage.Format.Format_RGB32)
        self._image.setDevicePixelRatio(ratio)

    @staticmethod
    def _draw_picture(
        painter: QPainter, scene: Scene, key: SliceKey, frame: PlaneFrame, looks: Looks, ratio: float
    ) -> None:
        height, width = frame.upright.shape
        area = screen_rect(frame, QRect(0, 0, width, height))
        inside = area.toAlignedRect().adjusted(2, 2, -2, -2)  # what the picture covers in any case
        for beside in _around(QRectF(0, 0, *frame.size).toAlignedRect(), inside):
            painter.fillRect(beside, pens.BACKGROUND)
        halvings = halvings_for(frame.voxel, ratio)
        picture = scene.pictures.picture(key, frame.upright, looks.window, inverted=looks.inverted, halvings=halvings)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, looks.smooth)
        painter.drawImage(area, picture, QRectF(picture.rect()))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)


def _around(outer: QRect, inner: QRect) -> tuple[QRect, ...]:
    """Rectangles that together are all of `outer` but what lies in `inner`; some may be empty."""
    if inner.isEmpty() or not inner.intersects(outer):  # what is empty would be turned inside out
        return (outer,)
    inner = inner.intersected(outer)
    below, right = inner.bottom() + 1, inner.right() + 1
    return (
        QRect(outer.left(), outer.top(), outer.width(), inner.top() - outer.top()),
        QRect(outer.left(), below, outer.width(), outer.bottom() + 1 - below),
        QRect(outer.left(), inner.top(), inner.left() - outer.left(), inner.height()),
        QRect(right, inner.top(), outer.right() + 1 - right, inner.height()),
    )


def screen_rect(frame: PlaneFrame, area: QRect) -> QRectF:
    """A part of the picture (voxels) on the screen."""
    (left, top), (width, height) = frame.origin, frame.voxel
    return QRectF(left + area.x() * width, top + area.y() * height, area.width() * width, area.height() * height)


def to_screen(frame: PlaneFrame) -> QTransform:
    """Picture coordinates (voxels) to the screen, for paths."""
    (left, top), (width, height) = frame.origin, frame.voxel
    return QTransform(width, 0, 0, height, left, top)


def draw_fill(painter: QPainter, frame: PlaneFrame, layer: LabelLayer) -> None:
    """Draw what lies within the borders of labels."""
    if layer.fill is not None and layer.area is not None:
        painter.drawImage(screen_rect(frame, layer.area), layer.fill, QRectF(layer.fill.rect()))


def stamp_borders(image: QImage, frame: PlaneFrame, layer: LabelLayer) -> None:
    """Draw the borders of labels into an image of 32 bits and of the frame's size, which nobody is painting."""
    if layer.borders is None or layer.area is None:
        return
    ratio, area = image.devicePixelRatio(), layer.area
    across, down = (
        np.rint((origin + np.arange(first, first + count + 1) * voxel) * ratio).astype(np.int64)
        for origin, voxel, first, count in zip(
            frame.origin, frame.voxel, (area.x(), area.y()), (area.width(), area.height()), strict=True
        )
    )
    layer.borders.stamp(image, layer.lines, across, down)


def draw_carried(
    painter: QPainter, scene: Scene, key: SliceKey, frame: PlaneFrame, looks: Looks, carried: Carried | None
) -> None:
    """What is being carried, as a preview is drawn."""
    mask = None if carried is None else carried_mask(carried, key, scene.slice_shape(key))
    if carried is None or mask is None:
        return
    colour = next((label.colour for label in scene.labels.labels if label.value == carried.label), (255, 255, 255))
    path = to_screen(frame).map(path_of_mask(mask, frame.upright))
    if looks.style is OverlayStyle.FILL:
        painter.fillPath(path, QColor(*colour, round(_FULL * looks.opacity * pens.PREVIEW_FILL)))
    pens.draw_path(painter, path, QColor(*colour), pattern=Qt.PenStyle.DashLine)
