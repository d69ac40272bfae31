"""The picture of a 3-D scene, as good as there is time for on this computer."""

from __future__ import annotations

import time

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QImage

from app.gui.palettes import DARK
from app.gui.panels.scene3d import Scene3D

_SCALES = (1.0, 0.7, 0.5, 0.35)  # of the resolution while something moves
_SLOW_S, _QUICK_S = 0.033, 0.012  # a frame above or below that gets a lower or higher resolution
_SLOW_AT_REST_S = 0.25  # where pictures at rest take longer, they are drawn with few triangles, too
_PATIENCE = 2  # such pictures: one may have had to wait for something else


class Easel:
    """Keeps the last picture; learns from the time that each takes."""

    def __init__(self) -> None:
        self._picture: QImage | None = None
        self._wanted = QSize()
        self._scale = 0  # index of _SCALES
        self._slow_at_rest = 0  # pictures in a row
        self._warm = False

    def clear(self) -> None:
        """Something is seen otherwise: the picture has to be drawn again."""
        self._picture = None

    def picture(self, scene: Scene3D, pixels: QSize, *, moving: bool) -> QImage:
        """The picture for so many pixels; it has fewer itself where it is to be made quickly."""
        if self._picture is None or self._wanted != pixels:
            background = QColor(DARK.base)
            scene.set_background((background.red(), background.green(), background.blue()))
            scale = _SCALES[self._scale] if moving else 1.0
            coarse = moving or self._slow_at_rest >= _PATIENCE
            width, height = (max(1, round(side * scale)) for side in pixels.toTuple())
            before = time.perf_counter()
            self._picture, self._wanted = scene.render(width, height, coarse=coarse, soft=not moving), pixels
            if self._warm:  # the first includes what the graphics system prepares
                self._learn(time.perf_counter() - before, moving=moving, coarse=coarse)
            self._warm = True
        return self._picture

    def _learn(self, seconds: float, *, moving: bool, coarse: bool) -> None:
        """Draw the next pictures so that the hand does not wait for them."""
        if moving and seconds > _SLOW_S:
            self._scale = min(self._scale + 1, len(_SCALES) - 1)
        elif moving and seconds < _QUICK_S:
            self._scale = max(self._scale - 1, 0)
        elif not moving and not coarse:
            self._slow_at_rest = self._slow_at_rest + 1 if seconds > _SLOW_AT_REST_S else 0
