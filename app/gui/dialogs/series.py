"""Which of several images to open: a table with small pictures; patient data only where the user wants to see them."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QListWidget,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.engine.io.dicom_patient import PatientData
from app.engine.io.listing import Entry, Listing
from app.gui.translation import engine_text

PICTURE_SIDE = 64  # pixels of a small picture
_PLAIN_COLUMNS = 4  # those behind are about the patient


class SeriesDialog(QDialog):
    """Lists the images of a path; small pictures and patient data are told to it."""

    patient_data_toggled = Signal(bool)

    def __init__(self, listing: Listing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Choose an image"))
        self.entries = listing.entries
        self._tree = QTreeWidget()
        self._patients = QCheckBox(self.tr("Show patient data"))
        self._patients.toggled.connect(self._toggled)
        self._fill()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        heading = QLabel(self.tr("{0} images were found:").format(len(listing.entries)))
        heading.setBuddy(self._tree)
        layout.addWidget(heading)
        layout.addWidget(self._tree, 1)
        layout.addWidget(self._patients)
        if listing.skipped:
            self._add_skipped(layout, listing)
        layout.addWidget(buttons)
        self.resize(820, 520)
        self._tree.setFocus()

    def _fill(self) -> None:
        tree = self._tree
        tree.setAccessibleName(self.tr("Images that were found"))
        titles = (
            self.tr("Image"), self.tr("Modality"), self.tr("Size"), self.tr("Files"),
            self.tr("Patient"), self.tr("Born"), self.tr("Date"), self.tr("Description"),
        )  # fmt: skip
        tree.setHeaderLabels(list(titles))
        tree.setRootIsDecorated(False)
        tree.setUniformRowHeights(True)
        tree.setAlternatingRowColors(True)
        tree.setIconSize(QSize(PICTURE_SIDE, PICTURE_SIDE))
        tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        tree.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        empty = QIcon(_empty())
        for row, entry in enumerate(self.entries):
            size = entry.summary.removeprefix(entry.modality).strip()
            item = QTreeWidgetItem([entry.id, entry.modality, size, str(len(entry.files))])
            item.setIcon(0, empty)
            tree.addTopLevelItem(item)
            if row == 0:
                tree.setCurrentItem(item)
        tree.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._show_columns(shown=False)
        tree.itemActivated.connect(lambda _item, _column: self.accept())

    def _add_skipped(self, layout: QVBoxLayout, listing: Listing) -> None:
        fold = QToolButton()
        count = len(listing.skipped)
        text = self.tr("1 file was passed over") if count == 1 else self.tr("{0} files were passed over").format(count)
        fold.setText(text)
        fold.setCheckable(True)
        fold.setArrowType(Qt.ArrowType.RightArrow)
        fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        reasons = QListWidget()
        reasons.setAccessibleName(self.tr("Why files were passed over"))
        reasons.setWordWrap(True)
        reasons.addItems([engine_text(skipped.reason) for skipped in listing.skipped])
        reasons.setMaximumHeight(100)
        reasons.hide()
        fold.toggled.connect(reasons.setVisible)
        fold.toggled.connect(lambda on: fold.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow))
        layout.addWidget(fold)
        layout.addWidget(reasons)

    def set_picture(self, row: int, picture: QImage) -> None:
        """Show a small picture, at most PICTURE_SIDE pixels wide and high."""
        item = self._tree.topLevelItem(row)
        if item is not None:
            square = _empty()  # so that all names begin at one line
            painter = QPainter(square)
            painter.drawImage((PICTURE_SIDE - picture.width()) // 2, (PICTURE_SIDE - picture.height()) // 2, picture)
            painter.end()
            item.setIcon(0, QIcon(square))

    def set_patient(self, row: int, patient: PatientData) -> None:
        """Show whose image it is."""
        item = self._tree.topLevelItem(row)
        if item is not None:
            name = f"{patient.name} ({patient.id})" if patient.id else patient.name
            for column, text in enumerate((name, patient.born, patient.date, patient.description), _PLAIN_COLUMNS):
                item.setText(column, text)

    def show_patients(self, *, shown: bool) -> None:
        """Tick or untick what the user decides by hand too."""
        self._patients.setChecked(shown)

    def chosen(self) -> Entry | None:
        """The entry that is marked."""
        row = self._tree.currentIndex().row()
        return self.entries[row] if row >= 0 else None

    def _toggled(self, shown: bool) -> None:
        self._show_columns(shown=shown)
        if not shown:  # they leave the memory of the table too
            for row in range(len(self.entries)):
                self.set_patient(row, PatientData())
        self.patient_data_toggled.emit(shown)

    def _show_columns(self, *, shown: bool) -> None:
        for column in range(_PLAIN_COLUMNS, self._tree.columnCount()):
            self._tree.setColumnHidden(column, not shown)


def _empty() -> QPixmap:
    """As large as a small picture, and nothing in it."""
    empty = QPixmap(PICTURE_SIDE, PICTURE_SIDE)
    empty.fill(Qt.GlobalColor.transparent)
    return empty
