"""Cycles of objects are collected on the GUI thread alone.

Python's collector runs in whichever thread happens to allocate. Where that is the engine thread, it destroys widgets
and timers there, which Qt does not survive (seen: segmentation faults in the event loop). So the automatic collector is
off, and a timer of the GUI thread does the same work by the same thresholds.

To look at everything takes 60 ms and more, nearly all of it for modules, which stay. So what there is when a library
has been loaded is set aside (`gc.freeze`, which costs nothing), and is looked at again when the user has gone to
another program.
"""

from __future__ import annotations

import gc
import sys

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication

_EVERY_MS = 200


class GuiCollector(QObject):
    """Collects while it lives, which no other of its kind may; `stop` gives the work back to Python."""

    def __init__(self, application: QGuiApplication) -> None:
        super().__init__(application)
        self._thresholds = gc.get_threshold()
        self._modules = 0
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()
        self._application = application
        application.applicationStateChanged.connect(self._look_at_all)

    @Slot()
    def collect(self) -> None:
        """Collect the oldest generation whose turn it is, if any; set aside what there is once more is loaded."""
        if len(sys.modules) != self._modules:
            self._modules = len(sys.modules)
            gc.freeze()
            return
        counts = gc.get_count()
        for generation in (2, 1, 0):
            if counts[generation] > self._thresholds[generation]:
                gc.collect(generation)
                return

    @Slot(Qt.ApplicationState)
    def _look_at_all(self, state: Qt.ApplicationState) -> None:
        """Collect what was set aside as well, while the user looks elsewhere."""
        if state is not Qt.ApplicationState.ApplicationActive:
            gc.unfreeze()
            gc.collect()
            gc.freeze()

    def stop(self) -> None:
        """Let Python collect by itself again."""
        self._timer.stop()
        self._application.applicationStateChanged.disconnect(self._look_at_all)
        gc.unfreeze()
        gc.enable()
