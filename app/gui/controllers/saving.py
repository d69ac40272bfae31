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
from app.engine.project import SUFFIX, save_project
from app.engine.study import Act, Study
from app.engine.volume import Volume
from app.gui.controllers.files import name_of
from app.gui.controllers.snapshot import Snapshots
from app.gui.dialogs.asks import Asks
from app.gui.document import Document
from app.gui.jobs import Jobs, Lane

_VOLUME_FORMATS = {"NIfTI": ".nii.gz", "NRRD": ".nrrd", "MetaImage": ".mha", "NumPy (challenge)": ".npz"}
_PICTURE_FORMATS = {"PNG": ".png"}


class SavingController(QObject):
    """Writes what the user asks for; nothing is replaced unless they said so."""

    message = Signal(str)
    failed = Signal(object)
    saving = Signal(str)  # the name of what is being written; "" when that has ended
    saved_project = Signal(object)  # Path

    def __init__(
        self, document: Document, jobs: Jobs, snapshots: Snapshots, asks: Asks, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._jobs, self._snapshots, self._asks = document, jobs, snapshots, asks

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
        """Ask for a file and write the label map, on the grid of the image."""
        study = self._document.study
        if study is None:
            return
        path = self._asks.save_labels(
            self._beside(study, "_mask" + _formats(study.volume)[0][1]), dict(_formats(study.volume))
        )
        if path is None:
            return
        names = {label.value: label.name for label in study.labels.labels}
        provenance = study.provenance()

        def write(snapshot: Study, values: NDArray[np.uint16]) -> None:
            self._write(
                path,
                lambda: write_labels(
                    path, values, snapshot.volume, overwrite=True, label_names=names, provenance=provenance
                ),
                lambda: self.message.emit(self.tr("Saved and verified: {0}").format(path.name)),
            )

        self._snapshots.take(write)

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

    def _save(self, path: Path, then: Callable[[], None] | None) -> None:
        study = self._document.study
        history = () if study is None else study.history

        def write(study: Study, values: NDArray[np.uint16]) -> None:
            frozen = study.with_labels(LabelMap.adopting(values, study.labels.labels))
            self._write(path, lambda: save_project(path, frozen, overwrite=True), saved)

        def saved() -> None:
            if self._holds(history):  # nothing was done or undone meanwhile
                self._document.saved_as(path)
            self.saved_project.emit(path)
            self.message.emit(self.tr("Saved: {0}").format(path.name))
            if then is not None:
                then()

        self._snapshots.take(write)

    def _holds(self, history: tuple[Act, ...]) -> bool:
        study = self._document.study
        now = () if study is None else study.history
        return len(now) == len(history) and all(a is b for a, b in zip(now, history, strict=True))

    def _write(self, path: Path, work: Callable[[], object], done: Callable[[], None]) -> None:
        def ended() -> None:
            self.saving.emit("")

        def finished(_result: object) -> None:
            ended()
            done()

        def failed(error: Exception) -> None:
            ended()
            self.failed.emit(error)

        self.saving.emit(path.name)
        self._jobs.submit(Lane.SAVE, work, finished, failed)

    def _beside(self, study: Study, ending: str) -> Path:
        """A name beside the image, or beside its folder."""
        return Path(study.source.path).parent / (stem_of(name_of(study.source)) + ending)


def _formats(volume: Volume) -> list[tuple[str, str]]:
    """Names and extensions of the formats that hold the labels of this image, the usual one first."""
    one_slice = volume.shape_zyx[0] == 1
    formats = {**_PICTURE_FORMATS, **_VOLUME_FORMATS} if one_slice and not volume.in_mm else dict(_VOLUME_FORMATS)
    return list(formats.items())
