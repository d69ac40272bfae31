"""What is told of the image that is open: its header's facts at once, the range of its values when they were read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PySide6.QtCore import QCoreApplication, QObject, Signal, Slot

from app.engine.geometry import Frame
from app.engine.io.dicom_patient import PatientData, read_patient
from app.engine.plane import Plane, plane_of
from app.engine.study import Study
from app.engine.upright import letters_of_axes
from app.engine.volume import Kind, Volume
from app.engine.window import Opening, Origin
from app.gui.canvas.decorations import window_text
from app.gui.controllers.files import Read
from app.gui.document import Document
from app.gui.jobs import Jobs, Lane
from app.gui.panels.info import InfoLine, InfoPanel
from app.gui.settings import SHOW_PATIENT_DATA, Settings
from app.gui.translation import QT_TRANSLATE_NOOP

_STEP_BYTES = 32 << 20  # looked through before a dragged box gets its turn
_SLICES = {  # by the side towards which their index rises
    "S": QT_TRANSLATE_NOOP("InfoController", "axial slices, from feet to head"),
    "I": QT_TRANSLATE_NOOP("InfoController", "axial slices, from head to feet"),
    "P": QT_TRANSLATE_NOOP("InfoController", "coronal slices, from front to back"),
    "A": QT_TRANSLATE_NOOP("InfoController", "coronal slices, from back to front"),
    "L": QT_TRANSLATE_NOOP("InfoController", "sagittal slices, from right to left"),
    "R": QT_TRANSLATE_NOOP("InfoController", "sagittal slices, from left to right"),
}
_SLICE = {
    Plane.AXIAL: QT_TRANSLATE_NOOP("InfoController", "axial slice"),
    Plane.CORONAL: QT_TRANSLATE_NOOP("InfoController", "coronal slice"),
    Plane.SAGITTAL: QT_TRANSLATE_NOOP("InfoController", "sagittal slice"),
}
_WINDOWS = {
    Origin.FILE: QT_TRANSLATE_NOOP("InfoController", "{0}, as the file says"),
    Origin.HU: QT_TRANSLATE_NOOP("InfoController", "{0}, for soft tissue; the file says none"),
    Origin.LIKE_HU: QT_TRANSLATE_NOOP(
        "InfoController", "{0}, for soft tissue: the values look like HU, though the file does not say so"
    ),
    Origin.VALUES: QT_TRANSLATE_NOOP("InfoController", "{0}, from the values; the file says none"),
}

Range = tuple[float, float]


class InfoController(QObject):
    """Fills the panel of the image; whose it is is read from the file each time it is asked for, and not kept."""

    failed = Signal(object)

    def __init__(self, document: Document, jobs: Jobs, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._jobs, self._settings = document, jobs, settings
        self._range: Range | None = None
        self._opening: Opening | None = None
        self.panel = InfoPanel()
        self.panel.patient_data_toggled.connect(lambda shown: settings.set(SHOW_PATIENT_DATA, shown))
        document.opened.connect(self._open)
        settings.bind(SHOW_PATIENT_DATA, lambda _shown: self._begin())

    @Slot()
    def _open(self) -> None:
        self._opening = None
        self._begin()

    def _begin(self) -> None:
        """Another image is open, or its patient's data are wanted or not."""
        self._jobs.cancel(Lane.INFO)
        self._range = None
        self.panel.set_patient(())
        self.panel.show_patients(shown=self._settings.get(SHOW_PATIENT_DATA))
        self._show()
        study = self._document.study
        if study is not None:
            volume, wanted = study.volume, self._settings.get(SHOW_PATIENT_DATA)
            self._jobs.run_steps(
                Lane.INFO, lambda: _look(volume, patient=wanted), self._found, self._show, self.failed.emit
            )

    @Slot(object)
    def tell_opening(self, read: Read) -> None:
        """Tell how the image that was just opened is shown at first, and why."""
        self._opening = read.opening
        self._show()

    def _found(self, found: Range | PatientData) -> None:
        if isinstance(found, PatientData):
            self.panel.set_patient(self._patient_lines(found))
        else:
            self._range = found

    def _show(self) -> None:
        study = self._document.study
        self.panel.set_image(() if study is None else self._image_lines(study))

    def _image_lines(self, study: Study) -> list[InfoLine]:
        volume, path = study.volume, Path(study.source.path)
        lines = [InfoLine(self.tr("File"), path.name, str(path))]
        if study.source.entry and study.source.entry != path.name:
            lines.append(self._entry(study))
        kinds = {
            Kind.VOLUME: self.tr("Volume"), Kind.PICTURE: self.tr("Picture"), Kind.LABELS: self.tr("Label map"),
        }  # fmt: skip
        lines += [
            InfoLine(self.tr("Kind"), kinds[volume.kind]),
            InfoLine(self.tr("Modality"), volume.modality or self.tr("unknown")),
            InfoLine(self.tr("Size"), self._size(volume), " x ".join(map(str, reversed(volume.shape_zyx)))),
            InfoLine(self.tr("Spacing"), self._spacing(volume)),
            *([] if volume.kind is Kind.PICTURE else [self._orientation(volume)]),
            InfoLine(self.tr("Values"), self._values(volume)),
            InfoLine(self.tr("Stored as"), self._stored(volume), str(volume.voxels.dtype)),
        ]
        if self._opening is not None and self._opening.origin in _WINDOWS:
            why = QCoreApplication.translate("InfoController", _WINDOWS[self._opening.origin])
            window = window_text(self._opening.window)
            lines.append(InfoLine(self.tr("Brightness"), why.format(window), self.tr("The key 0 goes back to it.")))
        return lines

    def _entry(self, study: Study) -> InfoLine:
        """Which of the images of a file or folder it is: of DICOM the number of the series, and its part."""
        entry = study.source.entry
        if not study.volume.source.slices:
            return InfoLine(self.tr("Part of the file"), entry)
        number, _, part = entry.partition("/")
        text = self.tr("{0}, part {1}").format(number, part) if part else number
        return InfoLine(self.tr("Series"), text)

    def _size(self, volume: Volume) -> str:
        z, y, x = volume.shape_zyx
        if z == 1:
            return self.tr("{0} pixels").format(f"{x} x {y}")
        return self.tr("{0} pixels, {1} slices").format(f"{x} x {y}", z)

    def _spacing(self, volume: Volume) -> str:
        if not volume.in_mm and volume.shape_zyx[0] == 1:
            return self.tr("unknown: sizes are told in pixels")
        if not volume.in_mm:
            return self.tr("unknown: sizes are told in voxels")
        return " x ".join(f"{mm:.4g}" for mm in reversed(volume.geometry.spacing_zyx)) + " mm"

    def _orientation(self, volume: Volume) -> InfoLine:
        """Of the slices as they are stored; the tool tip tells all three axes."""
        title, geometry = self.tr("Orientation"), volume.geometry
        if geometry.frame is not Frame.WORLD:
            return InfoLine(title, self.tr("unknown: slices are shown as they are stored"))
        letters = letters_of_axes(geometry)
        if volume.shape_zyx[0] == 1:
            text = QCoreApplication.translate("InfoController", _SLICE[plane_of(0, geometry)])
        else:
            text = QCoreApplication.translate("InfoController", _SLICES[letters[2][0]])
        if len(letters[2]) > 1:
            text = self.tr("{0}, oblique").format(text)
        return InfoLine(title, text, self.tr("x to {0}, y to {1}, z to {2}").format(*letters))

    def _stored(self, volume: Volume) -> str:
        bits = 8 * volume.voxels.dtype.itemsize
        if volume.is_colour:
            return self.tr("red, green and blue, {0} bits each").format(bits)
        if volume.voxels.dtype.kind == "f":
            return self.tr("decimal numbers, {0} bits").format(bits)
        return self.tr("whole numbers, {0} bits").format(bits)

    def _values(self, volume: Volume) -> str:
        if self._range is None:
            return "…" if self._jobs.is_running(Lane.INFO) else self.tr("unknown")
        low, high = self._range
        return self.tr("{0} to {1}").format(f"{low:.6g}", f"{high:.6g} {volume.unit}".rstrip())

    def _patient_lines(self, patient: PatientData) -> list[InfoLine]:
        texts = (
            (self.tr("Patient"), patient.name), (self.tr("Number"), patient.id), (self.tr("Born"), patient.born),
            (self.tr("Date"), patient.date), (self.tr("Description"), patient.description),
        )  # fmt: skip
        lines = [InfoLine(title, text) for title, text in texts if text]
        return lines or [InfoLine(self.tr("Patient"), self.tr("the file says nothing"))]


# --------------------------------------------------------------------------------------------------- the engine thread


def _look(volume: Volume, *, patient: bool) -> Iterator[Range | PatientData]:
    """Whose image it is where that is wanted, then the range of the values seen so far."""
    if patient:
        files = volume.source.files
        found = read_patient(Path(files[0])) if files else None
        yield found or PatientData()
    yield from value_range(volume)


def value_range(volume: Volume) -> Iterator[Range]:
    """Least and largest finite value, of more and more slices; nothing where no value is finite."""
    low, high = np.inf, -np.inf
    slices = max(1, _STEP_BYTES // max(1, volume.voxels[0].nbytes))
    for start in range(0, len(volume.voxels), slices):
        values = volume.voxels[start : start + slices]
        if values.dtype.kind == "f":
            values = values[np.isfinite(values)]
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
            yield low, high
