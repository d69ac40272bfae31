"""Slices as pictures for the screen: grey through the window, colour as it is; the last ones are kept."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from app.engine.plane import SliceKey
from app.engine.upright import Upright
from app.engine.volume import Volume, as_eight_bits
from app.engine.window import Window
from app.gui.canvas.slices import SliceReader

_KEPT_BYTES = 64 << 20
_NEUTRAL = Window.between(0, 255)  # leaves eight bits of colour as they are

Halvings = tuple[int, int]  # how often a picture is halved across and down before it is drawn small

T = TypeVar("T")


class Pictures:
    """Pictures of the slices of one volume, 32 bits, turned upright, cached by slice, window and size."""

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        self._voxels = as_eight_bits(volume.voxels) if volume.is_colour else volume.voxels
        self._reader = SliceReader()
        self._kept: OrderedDict[tuple[SliceKey, Window, bool, Halvings], QImage] = OrderedDict()
        self._bytes = 0

    def picture(
        self, key: SliceKey, upright: Upright, window: Window, *, inverted: bool = False, halvings: Halvings = (0, 0)
    ) -> QImage:
        """The slice as `upright` turns it; halved pictures are averages, and cover the same extent."""
        name = (key, window, inverted, halvings)
        image = self._kept.get(name)
        if image is None:
            image = self._halved(name, upright) if any(halvings) else self._whole(name, upright)
            self._keep(name, image)
        self._kept.move_to_end(name)
        return image

    @property
    def bytes(self) -> int:
        """Memory of the pictures that are kept."""
        return self._bytes

    def _keep(self, name: tuple[SliceKey, Window, bool, Halvings], image: QImage) -> None:
        self._kept[name] = image
        self._bytes += image.sizeInBytes()
        while self._bytes > _KEPT_BYTES and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= dropped.sizeInBytes()

    def _whole(self, name: tuple[SliceKey, Window, bool, Halvings], upright: Upright) -> QImage:
        key, window, inverted, _ = name
        pixels = np.ascontiguousarray(upright.turned(self._reader.read(self._voxels, key)))
        if not self._volume.is_colour:
            return image_of(window.to_grey(pixels, inverted=inverted))
        if window != _NEUTRAL or inverted:
            pixels = window.to_grey(pixels, inverted=inverted)
        return image_of(pixels)

    def _halved(self, name: tuple[SliceKey, Window, bool, Halvings], upright: Upright) -> QImage:
        key, window, inverted, (across, down) = name
        whole = self.picture(key, upright, window, inverted=inverted)
        width, height = max(whole.width() >> across, 1), max(whole.height() >> down, 1)
        ignore, smooth = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
        return whole.scaled(width, height, ignore, smooth)


def image_of(pixels: NDArray[Any]) -> QImage:
    """Grey (height, width) or colour (height, width, 3), uint8 and contiguous, in the format that is drawn fastest."""
    height, width = pixels.shape[:2]
    grey = pixels.ndim == 2
    layout = QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888
    borrowed = QImage(pixels.data, width, height, width * (1 if grey else 3), layout)
    return borrowed.convertToFormat(QImage.Format.Format_RGB32)


def halvings_for(voxel: tuple[float, float], ratio: float) -> Halvings:
    """How often a picture is halved where a voxel is smaller than a pixel: `voxel` on the screen, pixels per point."""
    across, down = (max(int(np.floor(-np.log2(side * ratio))), 0) for side in voxel)
    return across, down
