"""The 3-D view: `python -m tests.bench.surface`. Surfaces from a label map, and frames while they are turned.

A label map of 512 x 512 x 300 voxels with five objects of a liver's size (1.4 l). Printed are how long until the first
surface is seen and until all are, the longest time in which the window did not answer meanwhile, and the frames of a
view of 600 x 600 pixels that is dragged: from the movement of the mouse to the last pixel, drawn without a screen.
"""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before Qt is imported

import statistics
import sys
import time

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from app.engine.geometry import Geometry
from app.engine.study import Study, StudySource
from app.engine.volume import Volume
from app.gui.controllers.snapshot import Snapshots
from app.gui.controllers.surface import SurfaceController
from app.gui.document import Document
from app.gui.jobs import Jobs
from app.gui.panels.surface import SurfacePanel
from tests.engine.label_maps import label_map_of
from tests.gui.quiet import Quiet

_SHAPE = (300, 512, 512)
_CENTRES = ((150, 150, 150), (150, 150, 370), (150, 370, 150), (150, 370, 370), (150, 256, 256))
_SIDE = 600  # pixels
_FRAMES = 120
_LONGEST_S = 60.0


def livers() -> Study:
    """Bumpy ellipsoids of some 1.4 l, the last one over the others."""
    z, y, x = np.ogrid[: _SHAPE[0], : _SHAPE[1], : _SHAPE[2]]
    bumps = 0.1 * np.sin(z / 5) * np.sin(y / 7) * np.sin(x / 6)
    values = np.zeros(_SHAPE, np.uint16)
    for value, (cz, cy, cx) in enumerate(_CENTRES, start=1):
        values[((z - cz) / 70) ** 2 + ((y - cy) / 95) ** 2 + ((x - cx) / 95) ** 2 + bumps < 1] = value
    geometry = Geometry.from_components(shape_zyx=_SHAPE, spacing_xyz=(0.75, 0.75, 1.0))
    voxels = np.zeros(_SHAPE, np.int16)
    return Study(Volume(voxels, geometry, id="livers"), StudySource("livers", "livers"), label_map_of(values))


class Bench:
    """The view, connected as in the window."""

    def __init__(self) -> None:
        self.app = QApplication.instance() or QApplication([])
        self.document, self.jobs, self.panel = Document(), Jobs(), SurfacePanel()
        self.surfaces = SurfaceController(self.document, Snapshots(self.document), self.jobs)
        self.quiet = Quiet(self.surfaces, self.jobs)
        self.surfaces.began.connect(self.panel.begin)
        self.surfaces.labels_changed.connect(self.panel.set_labels)
        self.surfaces.surfaces_changed.connect(self.panel.set_surfaces)
        self.surfaces.busy_changed.connect(self.panel.set_busy)
        self.panel.watched.connect(self.surfaces.watch)
        self.panel.resize(_SIDE, _SIDE)
        self.panel.show()

    def appear(self) -> tuple[float, float, float]:
        """Seconds to the first surface and to all, from opening; and the longest step of the window between events."""
        self.document.open(livers())
        start = last = time.perf_counter()
        first, longest = 0.0, 0.0
        while not self.quiet and last - start < _LONGEST_S:
            self.app.processEvents()
            now = time.perf_counter()
            longest, last = max(longest, now - last), now
            if not first and self.surfaces.surfaces:
                first = now - start
            time.sleep(0.001)
        return first, last - start, longest

    def turn(self) -> list[float]:
        """Milliseconds of frames while the left button drags to and fro."""
        times = []
        at = QPointF(self.panel.rect().center())
        self._mouse(QEvent.Type.MouseButtonPress, at)
        for number in range(_FRAMES):
            at += QPointF(4 if number % 40 < 20 else -4, 1)
            before = time.perf_counter()
            self._mouse(QEvent.Type.MouseMove, at)
            self.app.processEvents()
            times.append(1000 * (time.perf_counter() - before))
        self._mouse(QEvent.Type.MouseButtonRelease, at)
        return times

    def rest(self) -> float:
        """Milliseconds of the picture that is drawn when nothing moves any more."""
        end, longest = time.perf_counter() + 1.0, 0.0
        while (before := time.perf_counter()) < end:
            self.app.processEvents()
            longest = max(longest, time.perf_counter() - before)
            time.sleep(0.001)
        return 1000 * longest

    def _mouse(self, kind: QEvent.Type, at: QPointF) -> None:
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        self.app.sendEvent(self.panel, QMouseEvent(kind, at, self.panel.mapToGlobal(at), left, left, none))


def main() -> int:
    """Print the numbers; 1 where the view cannot draw here."""
    bench = Bench()
    first, everything, longest = bench.appear()
    if bench.panel.shown_message:
        print(bench.panel.shown_message)
        return 1
    print(f"first surface after {first:.2f} s, all five after {everything:.2f} s")
    print(f"longest time without an answer meanwhile: {1000 * longest:.0f} ms")
    times = bench.turn()
    median, late = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    print(f"turning: median {median:.1f} ms a frame ({1000 / median:.0f} a second), 95th {late:.1f}, of {len(times)}")
    print(f"at rest: {bench.rest():.0f} ms")
    bench.jobs.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
