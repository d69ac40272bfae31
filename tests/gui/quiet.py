"""When surfaces are those of the labels as they are."""

from __future__ import annotations

from PySide6.QtCore import QTimer

from app.gui.controllers.surface import SurfaceController
from app.gui.jobs import Jobs


class Quiet:
    """Listens to a controller, and knows whether it has nothing more to do."""

    def __init__(self, surfaces: SurfaceController, jobs: Jobs) -> None:
        self._surfaces, self._jobs, self._busy = surfaces, jobs, False
        surfaces.busy_changed.connect(self._hear)

    def __bool__(self) -> bool:
        rests = any(timer.isActive() for timer in self._surfaces.findChildren(QTimer))
        return not (self._busy or rests) and self._jobs.is_idle

    def _hear(self, busy: bool) -> None:
        self._busy = busy
