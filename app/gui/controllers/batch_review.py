"""Looking at the results of a batch: their pictures, the user's marks, and a case in the main window."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from app.engine.batch_job_file import Mark
from app.gui.controllers.batch_work import RECORD, Bench, Told
from app.gui.controllers.files import Read
from app.gui.dialogs.batch import BatchAsks
from app.gui.jobs import Jobs, Lane
from app.gui.panels.batch import BatchWindow


class BatchReviewController(QObject):
    """Answers the sheet of results; a run that is at work answers between its steps."""

    open_requested = Signal(str, object)  # a case's name, and what makes its Study on the engine thread
    centre_changed = Signal(object)  # a voxel (z, y, x) from which the labels of the case that was opened are seen

    def __init__(
        self, jobs: Jobs, window: BatchWindow, tell: Callable[[Told], None], asks: BatchAsks,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._jobs, self._tell, self._asks = jobs, tell, asks
        self._bench: Bench | None = None
        window.table.open_requested.connect(self.open_case)
        window.review.open_requested.connect(self.open_case)
        window.review.marked.connect(self.mark)
        window.review.model.pictures_wanted.connect(self._get_pictures)

    def set_bench(self, bench: Bench | None) -> None:
        """The job that is shown from now on."""
        self._bench = bench

    def report(self) -> None:
        """Write the table of the job anew."""
        if self._bench is not None:
            self._bench.ask(self._bench.report)
            self._serve()

    @Slot(object, object)
    def mark(self, names: tuple[str, ...], mark: Mark) -> None:
        """Keep what the user says of results, in the job and in its table."""
        bench = self._bench
        if bench is not None:
            for name in names:
                bench.ask(partial(bench.mark, name, mark))
            self.report()

    @Slot(str)
    def open_case(self, name: str) -> None:
        """Open a case with its mask in the main window."""
        bench = self._bench
        if bench is not None:
            self.open_requested.emit(name, partial(bench.study, name))

    @Slot(object)
    def shown(self, read: Read) -> None:
        """Something was opened in the main window: labels of a batch are looked at where they are."""
        history = read.study.history
        if history and history[-1].record.get("kind") == RECORD:
            centre = _voxel(history[-1].record.get("centre"), read.study.volume.shape_zyx)
            if centre is not None:
                self.centre_changed.emit(centre)

    @Slot(object)
    def _get_pictures(self, names: tuple[str, ...]) -> None:
        bench = self._bench
        if bench is not None:
            for name in names:
                bench.ask(partial(bench.picture, name))
            self._serve()

    def _serve(self) -> None:
        """Have done what was asked for, unless a run does that between its steps."""
        if self._bench is not None and not self._jobs.is_running(Lane.BATCH):
            self._jobs.run_steps(Lane.BATCH, self._bench.answers, self._tell, lambda: None, self._asks.error)


def _voxel(told: object, shape_zyx: tuple[int, int, int]) -> tuple[int, int, int] | None:
    """A voxel (z, y, x) that a record holds; None where it is none of the volume, for a project may hold anything."""
    if not isinstance(told, list | tuple) or len(told) != 3 or any(type(n) is not int for n in told):
        return None
    z, y, x = told
    return (z, y, x) if all(0 <= n < size for n, size in zip(told, shape_zyx, strict=True)) else None
