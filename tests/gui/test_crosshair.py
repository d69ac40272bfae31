"""The crosshair leaves free what it would hide: the middle, and the letters at the edges."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QImage, QPainter

from app.engine.geometry import Geometry
from app.engine.upright import Upright
from app.gui.canvas.frame import PlaneFrame
from app.gui.canvas.marks import draw_crosshair
from app.gui.view_state import Camera

_SIZE = (300, 200)


@pytest.mark.parametrize("place", [(150.0, 100.0), (40.0, 60.0), (270.0, 60.0)])
def test_that_the_crosshair_ends_before_the_edges_and_leaves_its_middle_free(
    qapp: object, place: tuple[float, float]
) -> None:
    geometry = Geometry.from_components(shape_zyx=(4, 20, 30), spacing_xyz=(1.0, 1.0, 1.0))
    frame = PlaneFrame(Upright.of(geometry, 0), Camera(), _SIZE)
    image = QImage(*_SIZE, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    draw_crosshair(painter, frame, place)
    painter.end()
    x, y = round(place[0]), round(place[1])
    seen = {(n, m) for n in range(_SIZE[0]) for m in range(_SIZE[1]) if image.pixelColor(n, m).alpha()}
    assert seen
    assert min(n for n, _ in seen) >= 20
    assert max(n for n, _ in seen) < _SIZE[0] - 20
    assert min(m for _, m in seen) >= 20
    assert max(m for _, m in seen) < _SIZE[1] - 20
    assert all(abs(n - x) > 10 or abs(m - y) > 10 for n, m in seen)
