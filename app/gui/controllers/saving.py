"""Saving the project, exporting labels and pictures. All writing is done on the engine thread, from a snapshot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.engine.cases import stem_of
from app.engine.export import write_labels
from app.engine.export.png import picture_output
from app.engine.export.staging import publish
from app.engine.labelmap import LabelMap
from app.engine.progress import Stop, StoppedError
from app.engine.project import SUFFIX, save_project
from app.engine.study import Act, Study
from app.gui.controllers.exporting import SURFACES, formats_for, only
from app.gui.controllers.files import name_of
from app.gui.controllers.reading import stoppable
from app.gui.controllers.snapshot import Snapshots
from app.gui.dialogs.asks import Asks
from app.gui.dialogs.export import ExportChoice, ExportOptions
from app.gui.document import Document
from app.gui.jobs import Jobs, Lane


class SavingController(QObject):
    """Writes what the user asks for; nothing is replaced unless they said so."""

    message = Signal(str)
    failed = Signal(object)
    saving = Signal(str)  # the name of what is being written; "" when that has ended
    written_so_far = Signal(object)  # the Share of it that is written; emitted on the engine thread
    saved_project = Signal(object)  # Path

    def __init__(
        self, document: Document, jobs: Jobs, snapshots: Snapshots, asks: Asks, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._jobs, self._snapshots, self._asks = document, jobs, snapshots, asks
        self._copying = 0  # label maps that are being copied to be written
        self._writing = False  # on the engine thread
        self._afterwards: Callable[[], None] | None = None
        self._stop = Stop()  # of what is being written

    @property
    def is_saving(self) -> bool:
        """Whether something that was asked for has not been written yet."""
        return self._copying > 0 or self._jobs.is_running(Lane.SAVE)

    def when_saved(self, go_on: Callable[[], None]) -> None:
        """Go on once what is being written is on the disk; not at all where that fails.

        What another controller writes is not waited for: the user is told to try again.
        """
        if not (self._copying or self._writing):
            self.message.emit(self.tr("Something is being saved: try again in a moment."))
            return
        self._afterwards = go_on
        self.message.emit(self.tr("Something is being saved: the window closes after that."))

    def cancel(self) -> None:
        """End the writing, and say so when it has ended: what was there before is untouched, unless it was done."""
        self._stop.ask()

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Save to the project's own file, or ask for one; `then` is called once it is saved."""
        if self._document.project is None:
            self.save_as(then)
        else:
            self._save(self._document.project, then)

    def save_as(self, then: Callable[[], None] | None = None) -> None:
        """Ask for a file and save there."""
        study = self._document.study
        if study is None:
            return
        path = self._asks.save_project(self._beside(study, SUFFIX))
        if path is not None:
            self._save(path, then)

    def export_labels(self) -> None:
        """Ask for a file and write the labels; a label map lies on the grid of the image."""
        self._ask_export("_mask", surfaces=False)

    def export_surface(self) -> None:
        """Ask for a file and write the surfaces of labels."""
        self._ask_export("_surface", surfaces=True)

    def export_picture(self, pixels: NDArray[np.uint8]) -> None:
        """Ask for a file and write a picture of the view, (height, width, 3)."""
        study = self._document.study
        path = None if study is None else self._asks.save_picture(self._beside(study, "_view.png"))
        if path is not None:
            self._write(
                path,
                lambda: publish([picture_output(path, pixels, {})], overwrite=True),
                lambda: self.message.emit(self.tr("Saved: {0}").format(path.name)),
            )

    def _ask_export(self, ending: str, *, surfaces: bool) -> None:
        study = self._document.study
        if study is None:
            return
        formats = tuple(form for form in formats_for(study.volume) if form.name in SURFACES or not surfaces)
        choice = self._asks.save_labels(ExportOptions(self._beside(study, ending), formats, study.labels.labels))
        if choice is not None:
            self._export(study, choice)

    def _export(self, study: Study, choice: ExportChoice) -> None:
        chosen = [label for label in study.labels.labels if label.value in choice.labels]
        names = {label.value: label.name for label in chosen}
        colours = {label.value: label.colour for label in chosen}
        provenance = study.provenance()

        def write(snapshot: Study, values: NDArray[np.uint16]) -> None:
            self._write(
                choice.path,
                lambda: write_labels(
                    choice.path, only(values, choice.labels), snapshot.volume, overwrite=True,
                    format_name=choice.format_name, label_names=names, colours=colours, provenance=provenance,
                ),
                lambda: self.message.emit(self.tr("Saved and verified: {0}").format(choice.path.name)),
            )  # fmt: skip

        self._take(write)

    def _save(self, path: Path, then: Callable[[], None] | None) -> None:
        def write(study: Study, values: NDArray[np.uint16]) -> None:
            history = study.history
            frozen = study.with_labels(LabelMap.adopting(values, study.labels.labels))
            self._write(path, lambda: save_project(path, frozen, overwrite=True), lambda: saved(study, history))

        def saved(study: Study, history: tuple[Act, ...]) -> None:
            whole = self._holds(study, history)  # nothing was opened, done or undone meanwhile
            if whole:
                self._document.saved_as(path)
            elif self._document.study is study:
                self._document.saved_earlier(path)
            self.saved_project.emit(path)
            self.message.emit(self.tr("Saved: {0}").format(path.name))
            if then is not None and whole:  # what follows, closing say, would lose what was done meanwhile
                then()

        self._take(write)

    def _take(self, write: Callable[[Study, NDArray[np.uint16]], None]) -> None:
        """Call `write` with the study and a copy of its voxels, before another study comes."""

        def taken(study: Study, values: NDArray[np.uint16]) -> None:
            self._copying -= 1
            write(study, values)

        if self._document.study is not None:
            self._copying += 1
            self._snapshots.take(taken)

    def _holds(self, asked: Study, history: tuple[Act, ...]) -> bool:
        study = self._document.study
        if study is None or study is not asked or self._document.has_parts:
            return False
        now = study.history
        return len(now) == len(history) and all(a is b for a, b in zip(now, history, strict=True))

    def _write(self, path: Path, work: Callable[[], object], done: Callable[[], None]) -> None:
        def ended() -> None:
            self._writing = False
            self.saving.emit("")

        def finished(_result: object) -> None:
            ended()
            done()
            afterwards, self._afterwards = self._afterwards, None
            if afterwards is not None:
                afterwards()

        def failed(error: Exception) -> None:
            ended()
            self._afterwards = None
            if isinstance(error, StoppedError):
                self.message.emit(self.tr("Not saved: {0}").format(path.name))
            else:
                self.failed.emit(error)

        if self._jobs.is_running(Lane.SAVE):  # the newer job would replace it, and its end would not be heard
            self._afterwards = None  # this would not be on the disk
            self.message.emit(self.tr("Something is being saved: try again in a moment."))
            return
        self._writing = True
        self._stop = stop = Stop()
        self.saving.emit(path.name)
        self._jobs.submit(Lane.SAVE, stoppable(stop, work, self.written_so_far.emit), finished, failed)

    def _beside(self, study: Study, ending: str) -> Path:
        """A name beside the image, or beside its folder."""
        return Path(study.source.path).parent / (stem_of(name_of(study.source)) + ending)
