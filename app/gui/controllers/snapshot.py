"""A copy of the label map as it is at one instant, made in steps too short to be felt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Slot

from app.engine.prompt import Box3D
from app.engine.study import Study
from app.gui.document import Document

_STEP_BYTES = 2 * 2**20  # copied in about four milliseconds, most of them for memory that nobody has touched yet

Done = Callable[[Study, NDArray[np.uint16]], None]


class Snapshots(QObject):
    """Copies slabs of slices between events; one that is edited meanwhile is copied again, one half done is awaited."""

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._waiting: list[Done] = []
        self._copy = np.empty((0, 0, 0), dtype=np.uint16)
        self._stale = np.empty(0, dtype=bool)  # by slice along z
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._step)
        document.voxels_changed.connect(self._edited)
        document.closed.connect(self.finish)

    def take(self, done: Done) -> None:
        """Call `done(study, values)` with values uint16 (Z, Y, X), to be read: whoever asks meanwhile gets them too."""
        study = self._document.study
        if study is None:
            return
        self._waiting.append(done)
        if not self._timer.isActive():
            self._copy = np.empty(study.volume.shape_zyx, dtype=np.uint16)
            self._stale = np.ones(study.volume.shape_zyx[0], dtype=bool)
            self._timer.start()

    @Slot()
    def finish(self) -> None:
        """Copy the rest at once: another image is about to come."""
        if self._timer.isActive():
            self._document.hurry()
        while self._timer.isActive():
            self._step()

    @Slot(object)
    def _edited(self, region: Box3D) -> None:
        if self._timer.isActive():
            self._stale[region.z0 : region.z1] = True

    @Slot()
    def _step(self) -> None:
        study = self._document.study
        if study is None or self._document.is_half_done:  # the first not while a copy is made: `finish` comes first
            return
        slices = max(1, _STEP_BYTES // max(1, self._copy[0].nbytes))
        wanted = np.flatnonzero(self._stale)[:slices]
        if len(wanted):
            first, last = int(wanted[0]), int(wanted[-1]) + 1
            last = min(last, first + slices)
            self._copy[first:last] = study.labels.voxels[first:last]
            self._stale[first:last] = False
        if not self._stale.any():
            self._timer.stop()
            waiting, values = self._waiting, self._copy
            self._waiting, self._copy = [], np.empty((0, 0, 0), dtype=np.uint16)
            values.setflags(write=False)
            for done in waiting:
                done(study, values)
