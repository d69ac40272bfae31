"""The user guide, with pictures that are read and scaled on the engine thread."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app import paths
from app.gui.dialogs.guide import GuideWindow, WantedPicture
from app.gui.jobs import Jobs, Lane

_OF_SCREEN = 0.9  # it is no larger


class GuideController(QObject):
    """Opens the guide over a window; there is one at a time."""

    def __init__(self, over: QWidget, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._over, self._jobs = over, jobs
        self._window: GuideWindow | None = None
        self._wanted: dict[str, WantedPicture] = {}  # and not there yet, by name

    def show(self) -> None:
        """Show it from its beginning."""
        if self._window is not None:
            self._window.close()
            self._window.deleteLater()
        self._wanted.clear()
        folder = paths.resources_dir() / "guide"
        self._window = GuideWindow((folder / "guide.md").read_text(encoding="utf-8"), folder, self._over)
        self._window.pictures_wanted.connect(self._get_pictures)
        self._window.resize(self._window.size().boundedTo(self._over.screen().availableSize() * _OF_SCREEN))
        self._window.show()

    @Slot(object)
    def _get_pictures(self, wanted: tuple[WantedPicture, ...]) -> None:
        self._wanted.update({each.path.name: each for each in wanted})
        every = tuple(self._wanted.values())  # also those that were asked for before: this takes the place of that job

        def scaled() -> Iterator[tuple[WantedPicture, QImage]]:
            return ((each, each.scaled()) for each in every)

        self._jobs.run_steps(Lane.GUIDE, scaled, self._put, lambda: None, lambda _error: None)

    def _put(self, found: tuple[WantedPicture, QImage]) -> None:
        self._wanted.pop(found[0].path.name, None)
        if self._window is not None:
            self._window.set_picture(*found)
