"""What a batch is to do: images, boxes, masks. Only what is filled in; whether it makes sense is said to the panel."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.engine.batch import Existing
from app.engine.batch_job_file import BoxesKind
from app.engine.drawn_boxes import Placement
from app.engine.job import Options
from app.gui.panels.batch_state import BatchForm
from app.gui.translation import QT_TRANSLATE_NOOP

T = TypeVar("T")

_SOURCES = (
    (BoxesKind.FILE, QT_TRANSLATE_NOOP("Batch", "A file with boxes (JSON or CSV)")),
    (BoxesKind.REFERENCES, QT_TRANSLATE_NOOP("Batch", "Around the labels of reference masks")),
    (BoxesKind.STRUCTURES, QT_TRANSLATE_NOOP("Batch", "Around the regions of DICOM structure sets")),
    (BoxesKind.CHALLENGE, QT_TRANSLATE_NOOP("Batch", "Those inside the NPZ files")),
    (BoxesKind.DRAWN, QT_TRANSLATE_NOOP("Batch", "Those drawn in the open image")),
)
_PLACEMENTS = (
    (Placement.WORLD, QT_TRANSLATE_NOOP("Batch", "At the same place in millimetres")),
    (Placement.RELATIVE, QT_TRANSLATE_NOOP("Batch", "At the same part of the image")),
)
_EXISTING = (
    (Existing.SKIP, QT_TRANSLATE_NOOP("Batch", "Keep them and skip the case")),
    (Existing.REPLACE, QT_TRANSLATE_NOOP("Batch", "Replace them")),
    (Existing.NUMBER, QT_TRANSLATE_NOOP("Batch", "Keep them and number the new ones")),
)
_FORMATS = (
    ("nifti", "NIfTI"), ("nrrd", "NRRD"), ("npz", "NPZ"), ("png", "PNG"), ("dicom-seg", "DICOM SEG"),
    ("rtstruct", "RTSTRUCT"), ("stl", "STL"), ("obj", "OBJ"), ("ply", "PLY"),
)  # fmt: skip
_ACROSS = 3  # formats in a row
_WITH_PATH = (BoxesKind.FILE, BoxesKind.REFERENCES, BoxesKind.STRUCTURES)


class BatchSetupPanel(QWidget):
    """The form; `changed` whenever something else is filled in."""

    changed = Signal()
    folders_entered = Signal()  # another folder of images, or of masks
    images_wanted = Signal()  # to be chosen in a dialog, as the next two
    boxes_wanted = Signal()
    masks_wanted = Signal()
    start_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images, self._boxes_path, self._masks = QLineEdit(), QLineEdit(), QLineEdit()
        self._found, self._drawn, self._why = _note(), _note(), _note()
        self._boxes = _combo(_SOURCES, self.tr("Where the boxes come from"))
        self._placement = _combo(_PLACEMENTS, self.tr("Where the boxes lie in other images"))
        self._existing = _combo(_EXISTING, self.tr("What happens to masks that are there already"))
        self._formats = {name: QCheckBox(title) for name, title in _FORMATS}
        self._propagate = QCheckBox(self.tr("Carry a box in one slice through the volume"))
        self._largest = QCheckBox(self.tr("Keep the largest part alone"))
        self._holes = QCheckBox(self.tr("Fill holes"))
        self._start = QPushButton(self.tr("Start"))
        self._start.setAccessibleName(self.tr("Start the batch"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        for group in (self._images_group(), self._boxes_group(), self._masks_group(), self._options_group()):
            layout.addWidget(group)
        layout.addWidget(self._start)
        layout.addWidget(self._why)
        layout.addStretch(1)
        self._connect()
        self._show_boxes()
        self.set_found("")
        self.setFocusProxy(self._images)

    def form(self) -> BatchForm:
        """What is filled in now."""
        kind = _value(self._boxes, BoxesKind)
        return BatchForm(
            images=_path(self._images),
            boxes=kind,
            boxes_path=_path(self._boxes_path) if kind in _WITH_PATH else None,
            placement=_value(self._placement, Placement),
            masks=_path(self._masks),
            formats=tuple(name for name, box in self._formats.items() if box.isChecked()),
            existing=_value(self._existing, Existing),
            options=Options(self._propagate.isChecked(), self._largest.isChecked(), self._holes.isChecked()),
        )

    def set_form(self, form: BatchForm) -> None:
        """Fill it in."""
        for field, path in (
            (self._images, form.images), (self._boxes_path, form.boxes_path), (self._masks, form.masks),
        ):  # fmt: skip
            field.setText("" if path is None else str(path))
        self._boxes.setCurrentIndex(self._boxes.findData(form.boxes.value))
        self._placement.setCurrentIndex(self._placement.findData(form.placement.value))
        self._existing.setCurrentIndex(self._existing.findData(form.existing.value))
        for name, box in self._formats.items():
            box.setChecked(name in form.formats)
        self._propagate.setChecked(form.options.propagate)
        self._largest.setChecked(form.options.largest)
        self._holes.setChecked(form.options.fill_holes)

    def set_images(self, folder: Path) -> None:
        """A folder was chosen."""
        self._images.setText(str(folder))
        self.folders_entered.emit()

    def set_boxes_path(self, path: Path) -> None:
        """A file or folder was chosen."""
        self._boxes_path.setText(str(path))

    def set_masks(self, folder: Path) -> None:
        """A folder was chosen."""
        self._masks.setText(str(folder))
        self.folders_entered.emit()

    def set_found(self, text: str) -> None:
        """Say what the folder of images holds."""
        self._found.setText(text)
        self._found.setVisible(bool(text))

    def set_drawn(self, text: str) -> None:
        """Say what was drawn in the open image."""
        self._drawn.setText(text)

    def set_obstacle(self, why: str) -> None:
        """Say why it cannot begin; "" where it can."""
        self._why.setText(why)
        self._why.setVisible(bool(why))
        self._start.setEnabled(not why)

    def _images_group(self) -> QGroupBox:
        group, form = _group(self.tr("Images"))
        form.addRow(self.tr("Folder"), self._with_browse(self._images, self.tr("Folder of the images"), "images"))
        form.addRow(self._found)
        return group

    def _boxes_group(self) -> QGroupBox:
        group, form = _group(self.tr("Boxes"))
        form.addRow(self.tr("Source"), self._boxes)
        self._boxes_row = self._with_browse(self._boxes_path, self.tr("File or folder of the boxes"), "boxes")
        self._path_title, self._placement_title = QLabel(), QLabel(self.tr("Place"))
        self._path_title.setBuddy(self._boxes_path)
        self._placement_title.setBuddy(self._placement)
        form.addRow(self._path_title, self._boxes_row)
        form.addRow(self._placement_title, self._placement)
        form.addRow(self._drawn)
        return group

    def _masks_group(self) -> QGroupBox:
        group, form = _group(self.tr("Masks"))
        form.addRow(self.tr("Folder"), self._with_browse(self._masks, self.tr("Folder of the masks"), "masks"))
        formats = QWidget()
        grid = QGridLayout(formats)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        for n, box in enumerate(self._formats.values()):
            box.setAccessibleName(self.tr("Write masks as {0}").format(box.text()))
            grid.addWidget(box, n // _ACROSS, n % _ACROSS)
        form.addRow(self.tr("Formats"), formats)
        hint = _note()
        hint.setText(self.tr("Without a format: PNG for pictures, NPZ for NPZ files, otherwise NIfTI."))
        form.addRow(hint)
        form.addRow(self.tr("Existing"), self._existing)
        return group

    def _options_group(self) -> QGroupBox:
        group, form = _group(self.tr("Options"))
        for box in (self._propagate, self._largest, self._holes):
            form.addRow(box)
        return group

    def _with_browse(self, field: QLineEdit, name: str, what: str) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        field.setAccessibleName(name)
        button = QPushButton(self.tr("Browse…"))
        button.setAccessibleName(self.tr("Browse: {0}").format(name))
        wanted = {"images": self.images_wanted, "boxes": self.boxes_wanted, "masks": self.masks_wanted}[what]
        button.clicked.connect(wanted)
        layout.addWidget(field, 1)
        layout.addWidget(button)
        row.setFocusProxy(field)
        return row

    def _connect(self) -> None:
        for folder in (self._images, self._masks):
            folder.editingFinished.connect(self.folders_entered)
        self._boxes.currentIndexChanged.connect(self._show_boxes)
        for field in (self._images, self._boxes_path, self._masks):
            field.textChanged.connect(lambda _text: self.changed.emit())
        for combo in (self._boxes, self._placement, self._existing):
            combo.currentIndexChanged.connect(lambda _row: self.changed.emit())
        self._start.clicked.connect(self.start_requested)

    def _show_boxes(self) -> None:
        """Only what the chosen source needs."""
        kind = _value(self._boxes, BoxesKind)
        self._path_title.setText(self.tr("File") if kind is BoxesKind.FILE else self.tr("Folder"))
        for widget in (self._path_title, self._boxes_row):
            widget.setVisible(kind in _WITH_PATH)
        for widget in (self._placement_title, self._placement, self._drawn):
            widget.setVisible(kind is BoxesKind.DRAWN)


def _group(title: str) -> tuple[QGroupBox, QFormLayout]:
    group = QGroupBox(title)
    form = QFormLayout(group)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    return group, form


def _note() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setForegroundRole(QPalette.ColorRole.PlaceholderText)  # muted in every theme
    return label


def _combo(choices: tuple[tuple[BoxesKind | Placement | Existing, str], ...], name: str) -> QComboBox:
    combo = QComboBox()
    combo.setAccessibleName(name)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(18)
    combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    for choice, text in choices:
        combo.addItem(QCoreApplication.translate("Batch", text), choice.value)
    return combo


def _value(combo: QComboBox, kind: type[T]) -> T:
    return kind(combo.currentData())  # type: ignore[call-arg]  # an enum, of its value


def _path(field: QLineEdit) -> Path | None:
    text = field.text().strip()
    return Path(text).expanduser() if text else None
