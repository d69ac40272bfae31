"""Frame times of the canvas: `python -m tests.bench.frames`. Scrolls three planes at once, and drags a box in one.

A volume of 512 x 512 x 512 voxels with labels, its planes in 1402 x 1402 pixels (a large one, two beside it), painted
by Qt's raster engine without a screen. A frame is everything from the change to the last pixel: values, window, labels
and their borders, marks, texts. While a box is dragged a mask of the box's size answers each move at once, as the model
would. Beside the time that went by stands the processor's: on a busy machine the one counts what else was going on,
too.
"""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before Qt is imported

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.engine.geometry import Geometry
from app.engine.study import Study, StudySource
from app.engine.volume import Volume
from app.engine.window import Window
from app.gui.canvas.planes import PlanesView
from app.gui.canvas.requests import BoxDrag, Phase
from app.gui.document import Document
from app.gui.proposal import Preview, Proposal
from app.gui.view_state import ViewState
from tests.engine.label_maps import label_map_of

_SIDE = 700  # pixels: half of the window
_LABELS = 8
_NO_MODIFIER = Qt.KeyboardModifier.NoModifier


@dataclass(frozen=True)
class Frames:
    """Milliseconds that went by in each frame of a scene, and those that the processor worked on it."""

    name: str
    elapsed: tuple[float, ...]
    worked: tuple[float, ...]
    budget: float

    def __str__(self) -> str:
        late = statistics.quantiles(self.elapsed, n=20)[-1]
        return (
            f"{self.name:<28} median {statistics.median(self.elapsed):6.2f} ms   95th {late:6.2f} ms   "
            f"worst {max(self.elapsed):6.2f} ms   processor {statistics.median(self.worked):6.2f} ms   "
            f"budget {self.budget:g} ms   {len(self.elapsed)} frames"
        )


class Bench:
    """A canvas with a study in it, and a model that answers at once."""

    def __init__(self, size: int, side: int) -> None:
        self.app = QApplication.instance() or QApplication([])
        self.document, self.state, self.proposal = Document(), ViewState(), Proposal()
        self.planes = PlanesView(self.document, self.state, self.proposal)
        self.planes.resize(2 * side + 2, 2 * side + 2)
        study = _study(size)
        self.document.open(study)
        looks = replace(self.state.looks, window=Window(40, 400))
        self.state.begin(study.volume.shape_zyx, looks, single=False, axis=0)
        self.planes.show()
        self.app.processEvents()
        self.planes.box_changed.connect(self._answer)

    def scroll(self, frames: int, *, labels: bool) -> Frames:
        """The crosshair goes through the volume along all axes at once: three new slices in each frame."""
        self.state.set_looks(replace(self.state.looks, show_labels=labels))
        size = self.document.study.volume.shape_zyx[0] if self.document.study is not None else 1
        first = (size - frames) // 2

        def frame(number: int) -> None:
            self.state.set_crosshair((first + number, first + number, first + number))
            self._paint()

        name = "scroll three planes" + (", labels" if labels else "")
        return _timed(name, 16.0, frame, frames)

    def drag(self, frames: int) -> Frames:
        """The lower right corner of a box follows the mouse, and a mask follows the box."""
        view = self.planes.views[0]
        start, first = 0.3 * view.width(), 0.45 * view.width()
        self._mouse(view, QEvent.Type.MouseButtonPress, start)

        def frame(number: int) -> None:
            self._mouse(view, QEvent.Type.MouseMove, first + 2 * number)
            self._paint()

        found = _timed("drag a box", 8.0, frame, frames)
        self._mouse(view, QEvent.Type.MouseButtonRelease, first + 2 * frames)
        return found

    def _paint(self) -> None:
        self.app.processEvents()

    @staticmethod
    def _mouse(view: QWidget, kind: QEvent.Type, at: float) -> None:
        place = QPointF(at, at)
        button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        event = QMouseEvent(kind, place, view.mapToGlobal(place), button, Qt.MouseButton.LeftButton, _NO_MODIFIER)
        QApplication.sendEvent(view, event)

    def _answer(self, drag: BoxDrag) -> None:
        if self.document.study is None:
            return
        rows, columns = drag.key.shape(self.document.study.volume.shape_zyx)
        box = drag.box
        y, x = np.ogrid[-1 : 1 : box.height * 1j, -1 : 1 : box.width * 1j]
        inside = np.zeros((rows, columns), dtype=np.bool_)
        inside[box.y0 : box.y1, box.x0 : box.x1] = x**2 + y**2 <= 1
        dragging = drag.phase is not Phase.END
        self.proposal.set_preview(Preview(drag.key, 1, box, (), inside, 0.9, fresh=True, dragging=dragging))


def _study(size: int) -> Study:
    """Noise, with balls as labels."""
    rng = np.random.default_rng(1)
    voxels = rng.integers(-150, 250, (size, size, size), dtype=np.int16)
    values = np.zeros((size, size, size), dtype=np.uint8)
    middle = size / 2
    for label in range(1, _LABELS + 1):
        angle = 2 * np.pi * label / _LABELS
        centre = np.array((middle, middle + size * 0.22 * np.sin(angle), middle + size * 0.22 * np.cos(angle)))
        radius = size * 0.1
        low = np.maximum((centre - radius).astype(int), 0)
        part = tuple(slice(n, n + int(2 * radius) + 1) for n in low)
        z, y, x = np.ogrid[part]
        values[part][(z - centre[0]) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2 <= radius**2] = label
    geometry = Geometry.from_components(shape_zyx=(size, size, size), spacing_xyz=(0.7, 0.7, 0.7))
    volume = Volume(voxels, geometry, modality="CT", unit="HU")
    return Study(volume, StudySource("bench", ""), label_map_of(values))


def _timed(name: str, budget: float, frame: Callable[[int], None], frames: int) -> Frames:
    elapsed, worked = [], []
    for number in range(frames):
        start, work = time.perf_counter(), time.thread_time()
        frame(number)
        elapsed.append((time.perf_counter() - start) * 1000)
        worked.append((time.thread_time() - work) * 1000)
    return Frames(name, tuple(elapsed), tuple(worked), budget)


def main() -> None:
    """Print frame times."""
    parser = argparse.ArgumentParser(description="Frame times of the canvas")
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--size", type=int, default=512, help="voxels along each axis")
    arguments = parser.parse_args()
    bench = Bench(arguments.size, _SIDE)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    lines = [f"load {load:.1f} before; device pixel ratio {bench.planes.devicePixelRatioF():g}"]
    lines += map(
        str,
        (
            bench.scroll(arguments.frames, labels=False),
            bench.scroll(arguments.frames, labels=True),
            bench.drag(arguments.frames),
        ),
    )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
