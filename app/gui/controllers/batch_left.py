"""Batches that were begun and not ended, because the program was: they are offered again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.engine.batch_job import BatchJob, unfinished_jobs
from app.gui.dialogs.asks import RecoverChoice
from app.gui.dialogs.batch import BatchAsks
from app.gui.jobs import Jobs, Lane
from app.gui.panels.batch import BatchWindow
from app.gui.settings import BATCHES, Settings


class BatchLeftController(QObject):
    """Remembers the files of batches at work, and asks about those that nobody works on any more."""

    accepted = Signal(object)  # Path of the job that the user wants to go on with

    def __init__(
        self, jobs: Jobs, settings: Settings, window: BatchWindow, asks: BatchAsks, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._jobs, self._settings, self._window, self._asks = jobs, settings, window, asks
        self._left: BatchJob | None = None  # offered in the window
        window.offer.accepted.connect(self._take)
        window.offer.refused.connect(self._refuse)

    def remember(self, path: Path) -> None:
        """A batch is at work."""
        self._settings.set(BATCHES, (path, *(other for other in self._settings.get(BATCHES) if other != path)))
        self._settings.sync()  # a crash leaves nothing else

    def forget(self, path: Path) -> None:
        """It has ended, or the user wants to hear no more of it; its file stays."""
        self._settings.set(BATCHES, tuple(other for other in self._settings.get(BATCHES) if other != path))
        self._settings.sync()

    def ask(self) -> None:
        """At the start of the program: ask about a batch that was left."""
        self._look(self._ask_about)

    def offer_in_window(self) -> None:
        """Offer a batch that was left where batches are prepared."""
        if self._left is None:
            self._look(self._offer)

    def clear(self) -> None:
        """Offer nothing any more."""
        self._left = None
        self._window.offer.set_offer("")

    def _look(self, found: Callable[[tuple[BatchJob, ...]], None]) -> None:
        paths = self._settings.get(BATCHES)
        if paths:
            self._jobs.submit(Lane.BATCH, lambda: unfinished_jobs(paths), found, self._asks.error)

    def _ask_about(self, jobs: tuple[BatchJob, ...]) -> None:
        if not jobs:
            return
        choice = self._asks.go_on(self._described(jobs[0]))
        if choice is RecoverChoice.RECOVER:
            self.accepted.emit(jobs[0].path)
        elif choice is RecoverChoice.DISCARD:
            self.forget(jobs[0].path)

    def _offer(self, jobs: tuple[BatchJob, ...]) -> None:
        if jobs:
            self._left = jobs[0]
            self._window.offer.set_offer(self.tr("Not finished: {0}").format(self._described(jobs[0])))

    def _take(self) -> None:
        if self._left is not None:
            self.accepted.emit(self._left.path)

    def _refuse(self) -> None:
        if self._left is not None:
            self.forget(self._left.path)
        self.clear()

    def _described(self, job: BatchJob) -> str:
        done, total = len(job.entries) - len(job.waiting), len(job.entries)
        return self.tr("“{0}”, {1} of {2} cases finished").format(job.path, done, total)
