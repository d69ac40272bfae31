"""What is known of the image that is open, as lines that can be copied; patient data only where the user wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QCheckBox, QFormLayout, QLabel, QVBoxLayout, QWidget


@dataclass(frozen=True)
class InfoLine:
    """A title, what is said, and what is said of it in a tool tip."""

    title: str
    text: str
    tip: str = ""


class InfoPanel(QWidget):
    """Two lists of lines: of the image, and of the patient."""

    patient_data_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image, self._patient = _Lines(), _Lines()
        self._nothing = QLabel(self.tr("No image is open."))
        self._tick = QCheckBox(self.tr("Show patient data"))
        self._tick.clicked.connect(self.patient_data_toggled)
        layout = QVBoxLayout(self)
        for widget in (self._nothing, self._image, self._tick, self._patient):
            layout.addWidget(widget)
        layout.addStretch()
        self.set_image(())

    def set_image(self, lines: Sequence[InfoLine]) -> None:
        """Say this of the image; nothing is open where there are no lines."""
        self._image.set_lines(lines)
        self._nothing.setVisible(not lines)
        self._tick.setVisible(bool(lines))
        if not lines:
            self.set_patient(())

    def set_patient(self, lines: Sequence[InfoLine]) -> None:
        """Say this of the patient."""
        self._patient.set_lines(lines)

    def show_patients(self, *, shown: bool) -> None:
        """Tick or untick what the user decides by hand too."""
        self._tick.setChecked(shown)

    @property
    def lines(self) -> tuple[InfoLine, ...]:
        """All that is said."""
        return (*self._image.lines, *self._patient.lines)


class _Lines(QWidget):
    """Titles beside texts that can be marked and copied."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: tuple[InfoLine, ...] = ()
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Have the rows measured anew: Qt shares out the height among them as if it did not depend on the width."""
        super().resizeEvent(event)
        self._form.invalidate()

    def set_lines(self, lines: Sequence[InfoLine]) -> None:
        """Show these."""
        same = [line.title for line in lines] == [line.title for line in self.lines]
        self.lines = tuple(lines)
        self.setVisible(bool(lines))
        if same:  # what is marked stays marked
            for row, line in enumerate(lines):
                self._tell(row, line)
            return
        while self._form.rowCount():
            self._form.removeRow(0)
        for row, line in enumerate(lines):
            text = QLabel()
            text.setWordWrap(True)
            text.setTextFormat(Qt.TextFormat.PlainText)
            flags = Qt.TextInteractionFlag
            text.setTextInteractionFlags(flags.TextSelectableByMouse | flags.TextSelectableByKeyboard)
            text.setAccessibleName(line.title)
            self._form.addRow(line.title, text)
            self._tell(row, line)

    def _tell(self, row: int, line: InfoLine) -> None:
        item = self._form.itemAt(row, QFormLayout.ItemRole.FieldRole)
        widget = None if item is None else item.widget()
        if isinstance(widget, QLabel):
            widget.setText(line.text)
            widget.setToolTip(line.tip)
