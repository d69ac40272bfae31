"""From which slice to which: asked before a 3-D box is filled."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QSpinBox, QWidget


class SlicesDialog(QDialog):
    """Two numbers, counted from 1 as on the screen; the first never lies behind the last."""

    def __init__(self, count: int, current: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Fill a 3-D box"))
        self._first, self._last = QSpinBox(), QSpinBox()
        for field, value in ((self._first, current - 5), (self._last, current + 5)):
            field.setRange(1, count)
            field.setValue(value + 1)
        self._first.valueChanged.connect(self._last.setMinimum)
        self._last.valueChanged.connect(self._first.setMaximum)
        self._last.setMinimum(self._first.value())
        self._first.setMaximum(self._last.value())
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QFormLayout(self)
        layout.addRow(self.tr("First slice"), self._first)
        layout.addRow(self.tr("Last slice"), self._last)
        layout.addRow(buttons)

    def chosen(self) -> range:
        """The slices, counted from 0."""
        return range(self._first.value() - 1, self._last.value())
