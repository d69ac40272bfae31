"""Small pictures of images that are not open yet, and whose they are: read on the engine thread, one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QImage

from app.engine.errors import EngineError
from app.engine.io.dicom import is_dicom
from app.engine.io.dicom_patient import PatientData, read_patient
from app.engine.io.listing import Entry
from app.engine.io.open import list_volumes
from app.engine.plane import Plane, SliceKey, axis_of
from app.engine.upright import Upright
from app.engine.volume import Volume
from app.engine.window import initial_window
from app.gui.canvas.picture import Pictures
from app.gui.dialogs.series import PICTURE_SIDE, SeriesDialog
from app.gui.jobs import Jobs, Lane
from app.gui.settings import SHOW_PATIENT_DATA, Settings

_LARGEST_FILE = 16 << 20  # bytes; a larger one is not read for a small picture


@dataclass(frozen=True, eq=False)
class _Found:
    """What was found out about one image: a picture, or whose it is; None where there is none."""

    row: int
    picture: QImage | None = None
    patient: PatientData | None = None


class ThumbnailsController(QObject):
    """Fills the dialog that chooses among images. Its work is of the lane of opening: what is opened ends it."""

    failed = Signal(object)

    def __init__(self, jobs: Jobs, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs, self._settings = jobs, settings
        self._dialog: SeriesDialog | None = None
        self._seen: set[int] = set()  # rows whose picture was looked for

    def attend(self, dialog: SeriesDialog) -> None:
        """Tell a dialog what is found out, until `leave`."""
        self._dialog = dialog
        self._seen.clear()
        dialog.show_patients(shown=self._settings.get(SHOW_PATIENT_DATA))
        dialog.patient_data_toggled.connect(self._patients_toggled)
        self._start()

    def leave(self) -> None:
        """The dialog was answered."""
        self._jobs.cancel(Lane.OPEN)
        self._dialog = None

    @Slot(bool)
    def _patients_toggled(self, shown: bool) -> None:
        self._settings.set(SHOW_PATIENT_DATA, shown)
        self._start()

    def _start(self) -> None:
        if self._dialog is not None:
            entries, seen = self._dialog.entries, frozenset(self._seen)
            patients = self._settings.get(SHOW_PATIENT_DATA)
            self._jobs.run_steps(
                Lane.OPEN, lambda: _look(entries, seen, patients=patients), self._show, lambda: None, self.failed.emit
            )

    def _show(self, found: _Found) -> None:
        if self._dialog is None:
            return
        if found.patient is not None:
            self._dialog.set_patient(found.row, found.patient)
            return
        self._seen.add(found.row)
        if found.picture is not None:
            self._dialog.set_picture(found.row, found.picture)


# --------------------------------------------------------------------------------------------------- the engine thread


def _look(entries: Sequence[Entry], seen: frozenset[int], *, patients: bool) -> Iterator[_Found]:
    """Whose the images are first, because that is read sooner; then pictures of those that were not seen."""
    if patients:
        for row, entry in enumerate(entries):
            yield _Found(row, patient=_patient_of(entry))
    for row, entry in enumerate(entries):
        if row not in seen:
            yield _Found(row, thumbnail(entry))


def _patient_of(entry: Entry) -> PatientData:
    found = read_patient(Path(entry.files[0])) if entry.files else None
    return found or PatientData()


def thumbnail(entry: Entry) -> QImage | None:
    """The middle slice of an image, at most PICTURE_SIDE pixels wide and high; None where it would take too long.

    Of a DICOM series only the file in the middle is read. What cannot be read has no picture: opening it says why.
    """
    try:
        volume = _little_of(entry)
        return None if volume is None else _picture(volume)
    except (EngineError, OSError):
        return None


def _little_of(entry: Entry) -> Volume | None:
    middle = Path(entry.files[len(entry.files) // 2])
    if len(entry.files) > 1 and is_dicom(middle):
        if middle.stat().st_size > _LARGEST_FILE:
            return None
        return list_volumes(middle).entries[0].load()
    if sum(Path(name).stat().st_size for name in entry.files) > _LARGEST_FILE:
        return None
    return entry.load()


def _picture(volume: Volume) -> QImage:
    axis = axis_of(Plane.AXIAL, volume.geometry)
    if min(volume.shape_zyx) == 1:  # a single slice is looked at from its front
        axis = min(range(3), key=lambda n: volume.shape_zyx[n])
    upright = Upright.of(volume.geometry, axis)
    key = SliceKey(axis, volume.shape_zyx[axis] // 2)
    picture = Pictures(volume).picture(key, upright, initial_window(volume), inverted=volume.display.inverted)
    height, width = (pixels * size for pixels, size in zip(upright.shape, upright.voxel_size, strict=True))
    scale = PICTURE_SIDE / max(height, width)
    ignore, smooth = Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    return picture.scaled(max(1, round(width * scale)), max(1, round(height * scale)), ignore, smooth)
