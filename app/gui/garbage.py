"""Cycles of objects are collected on the GUI thread alone.

Python's collector runs in whichever thread happens to allocate. Where that is the engine thread, it destroys widgets
and timers there, which Qt does not survive (seen: segmentation faults in the event loop). So the automatic collector is
off, and a timer of the GUI thread does the same work by the same thresholds.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

_EVERY_MS = 200


class GuiCollector(QObject):
    """Collects while it lives; `stop` gives the work back to Python."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thresholds = gc.get_threshold()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()

    @Slot()
    def collect(self) -> None:
        """Collect the oldest generation whose turn it is, if any."""
        counts = gc.get_count()
        for generation in (2, 1, 0):
            if counts[generation] > self._thresholds[generation]:
                gc.collect(generation)
                return

    def stop(self) -> None:
        """Let Python collect by itself again."""
        self._timer.stop()
        gc.enable()
