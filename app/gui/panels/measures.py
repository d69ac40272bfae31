"""What the labels measure, and how far they agree with a reference."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QLocale, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.engine.measure import Diameter
from app.gui.panels.button import button_with_tip
from app.gui.panels.measures_state import Compared, ComparedRow, Measured, MeasuredRow
from app.gui.panels.table import Cell, FigureTable
from app.gui.theme import current_colours, icon

_NONE = "\u2013"  # an en dash: there is no such figure
_WAITING = "\u2026"
_ABOUT = "\u2248 "  # almost equal to
_DIGITS = 4  # significant ones; all those before the point are shown


class MeasuresPanel(QWidget):
    """Two tables; figures are shown in the units of the image, none is made up where it is unknown."""

    copy_requested = Signal()
    save_requested = Signal()
    compare_requested = Signal()
    forget_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._copy = button_with_tip(self.tr("Copy"), self.tr("Copy the measures of all labels for a spreadsheet"))
        self._copy.clicked.connect(self.copy_requested)
        self._save = button_with_tip(self.tr("Save CSV…"), self.tr("Save the measures of all labels as a table"))
        self._save.clicked.connect(self.save_requested)
        self._compare = button_with_tip(self.tr("Compare…"), self.tr("Compare with the labels of another file"))
        self._compare.clicked.connect(self.compare_requested)
        self._forget = button_with_tip(self.tr("End"), self.tr("End the comparison"))
        self._forget.clicked.connect(self.forget_requested)
        self._hint = _sentence()
        self._table = FigureTable(self.tr("Measures of the labels"))
        self._note = _sentence()
        self._heading = _sentence()
        self._agreement = FigureTable(self.tr("Agreement with the reference"))
        self._alone = _sentence()
        self._cells: dict[MeasuredRow, list[Cell]] = {}  # of the rows that are shown: most stay when one changes
        self._layout()
        self._dress()
        self.set_measures(None)
        self.set_agreement(None)

    def set_measures(self, measured: Measured | None) -> None:
        """Show what labels measure; None where nothing is open."""
        rows = () if measured is None else measured.rows
        for button in (self._copy, self._save, self._compare):
            button.setEnabled(bool(rows))
        self._hint.setVisible(not rows)
        self._table.setVisible(bool(rows))
        self._hint.setText(
            self.tr("Open an image first.")
            if measured is None
            else self.tr("Add a label and draw: it is measured here.")
        )
        if measured is not None:
            before = self._cells
            self._cells = {row: before.get(row) or self._row(row) for row in rows}
            self._table.fill(self._headings(measured), list(self._cells.values()))
        self._note.setText(self._notes(measured))
        self._note.setVisible(bool(self._note.text()))

    def set_agreement(self, compared: Compared | None) -> None:
        """Show how far labels agree with a reference; None where there is none."""
        for widget in (self._heading, self._agreement, self._forget):
            widget.setVisible(compared is not None)
        self._alone.setVisible(False)
        if compared is None:
            return
        text = self.tr("Compared with {0}").format(compared.name)
        if compared.outdated:
            text += "\n" + self.tr("The labels have changed since: compare again.")
        self._heading.setText(text)
        self._agreement.setVisible(bool(compared.rows))
        self._agreement.fill(self._agreement_headings(compared), [self._agreement_row(row) for row in compared.rows])
        alone = self._without_counterpart(compared)
        self._alone.setText(alone)
        self._alone.setVisible(bool(alone))

    def changeEvent(self, event: QEvent) -> None:
        """Follow another palette."""
        if event.type() is QEvent.Type.PaletteChange:
            self._dress()
        super().changeEvent(event)

    # ------------------------------------------------------------------------------------------------------- measures

    def _headings(self, measured: Measured) -> list[Cell]:
        unit = f" ({measured.unit})" if measured.unit else ""
        voxels = self.tr("pixels") if measured.flat else self.tr("voxels")
        length, area = ("mm", "mm²") if measured.in_mm else (voxels, voxels)
        count = self.tr("Pixels") if measured.flat else self.tr("Voxels")
        here = self.tr("Area of the label in slice {0}, the active one").format(measured.slice_index + 1)
        long_tip = self.tr("The longest diameter in any slice, as RECIST 1.1 measures it")
        short_tip = self.tr("The longest diameter at right angles to the long axis, in the same slice")
        return [
            Cell(self.tr("Label")),
            Cell(self.tr("Volume (ml)") if measured.in_mm else count),
            Cell(self.tr("Area here ({0})").format(area), here),
            Cell(self.tr("Long axis ({0})").format(length), long_tip),
            Cell(self.tr("Short axis ({0})").format(length), short_tip),
            Cell(self.tr("Mean") + unit),
            Cell(self.tr("SD") + unit, self.tr("Standard deviation of the values")),
            Cell(self.tr("Min") + unit),
            Cell(self.tr("Max") + unit),
        ]

    def _row(self, row: MeasuredRow) -> list[Cell]:
        name = Cell(row.label.name, row.label.name, row.label.colour)
        found = row.measures
        if found is None:
            return [name, *[Cell(_WAITING, self.tr("Being measured"))] * 8]
        tip = self.tr("Approximate: the geometry of the image was repaired or assumed") if found.approximate else ""
        about = _ABOUT if found.approximate else ""
        size = found.volume_ml if found.in_mm else float(found.voxels)
        return [
            name,
            _figure(size, about, tip),
            _figure(row.area_here, about, tip) if row.area_here is not None else Cell(_WAITING),
            self._diameter(found.long_axis, about, tip),
            self._diameter(found.short_axis, about, tip),
            _figure(found.mean),
            _figure(found.sd),
            _extreme(found.minimum),
            _extreme(found.maximum),
        ]

    def _diameter(self, diameter: Diameter | None, about: str, tip: str) -> Cell:
        if diameter is None:
            return Cell(_NONE)
        place = self.tr("In slice {0}").format(diameter.slice.index + 1)
        return _figure(diameter.length, about, "\n".join(each for each in (place, tip) if each))

    def _notes(self, measured: Measured | None) -> str:
        if measured is None or not measured.rows:
            return ""
        notes = []
        if not measured.in_mm and measured.flat:
            notes.append(self.tr("The size of a pixel is unknown: lengths and areas are in pixels."))
        elif not measured.in_mm:
            notes.append(self.tr("The size of a voxel is unknown: lengths are in voxels, and there is no volume."))
        if any(row.measures is not None and row.measures.approximate for row in measured.rows):
            notes.append(self.tr("≈ approximate: the geometry of the image was repaired or assumed."))
        return "\n".join(notes)

    # ------------------------------------------------------------------------------------------------------ agreement

    def _agreement_headings(self, compared: Compared) -> list[Cell]:
        voxels = self.tr("pixels") if compared.flat else self.tr("voxels")
        unit = "mm" if compared.in_mm else voxels
        return [
            Cell(self.tr("Label")),
            Cell(self.tr("Dice"), self.tr("Overlap: 1 where both are the same, 0 where they do not touch")),
            Cell(
                self.tr("Hausdorff 95 ({0})").format(unit),
                self.tr("95 per cent of either border lie within this distance of the other"),
            ),
            Cell(self.tr("Mean distance ({0})").format(unit), self.tr("Mean distance between the borders")),
        ]

    def _agreement_row(self, row: ComparedRow) -> list[Cell]:
        tip = self.tr("Label {0} of the reference").format(row.reference)
        found = row.agreement
        return [
            Cell(row.label.name, tip, row.label.colour),
            Cell(QLocale().toString(found.dice, "f", 3)),
            _figure(found.hausdorff_95),
            _figure(found.mean_surface_distance),
        ]

    def _without_counterpart(self, compared: Compared) -> str:
        lines = []
        if compared.ours_alone:
            names = ", ".join(label.name for label in compared.ours_alone)
            lines.append(self.tr("Not in the reference: {0}").format(names))
        if compared.theirs_alone:
            values = ", ".join(str(value) for value in compared.theirs_alone)
            lines.append(self.tr("Only in the reference: values {0}").format(values))
        return "\n".join(lines)

    # ---------------------------------------------------------------------------------------------------------- looks

    def _layout(self) -> None:
        buttons = QHBoxLayout()
        for button in (self._copy, self._save, self._compare):
            buttons.addWidget(button)
        buttons.addStretch(1)
        measures = QVBoxLayout()
        measures.addLayout(buttons)
        measures.addWidget(self._hint)
        measures.addWidget(self._table, 1)
        measures.addWidget(self._note)
        measures.addStretch(0)
        heading = QHBoxLayout()
        heading.addWidget(self._heading, 1)
        heading.addWidget(self._forget)
        agreement = QVBoxLayout()  # beside the measures: the panel lies below the slices and is wide
        agreement.addLayout(heading)
        agreement.addWidget(self._agreement, 1)
        agreement.addWidget(self._alone)
        agreement.addStretch(0)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(12)
        layout.addLayout(measures, 3)
        layout.addLayout(agreement, 2)

    def _dress(self) -> None:
        self._copy.setIcon(icon("copy"))
        self._save.setIcon(icon("save"))
        self._compare.setIcon(icon("measure"))
        for label in (self._hint, self._note, self._alone):
            label.setStyleSheet(f"color: {current_colours().muted};")


def _sentence() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _figure(value: float | None, about: str = "", tip: str = "") -> Cell:
    """A figure with four significant digits and no more than three after the point; a dash where there is none."""
    if value is None:
        return Cell(_NONE)
    if math.isinf(value):
        return Cell("\u221e", tip)
    if value == 0.0:
        return Cell(about + QLocale().toString(0), tip)
    before = 1 if abs(value) < 1 else math.floor(math.log10(abs(value))) + 1
    decimals = 0 if value == int(value) and before >= _DIGITS else max(0, min(3, _DIGITS - before))
    return Cell(about + QLocale().toString(value, "f", decimals), tip)


def _extreme(value: float | None) -> Cell:
    """A value of the image as it is there: whole ones without a point."""
    return _figure(value) if value is None or value != int(value) else Cell(QLocale().toString(int(value)))
