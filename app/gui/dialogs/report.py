"""The problem report, to be read, copied and saved: it goes nowhere by itself."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget


class ReportDialog(QDialog):
    """Shows all that the report holds."""

    save_asked = Signal(str)  # the text

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Problem report"))
        what = QLabel(
            self.tr(
                "This is all that the report holds. No file name, path or patient data is in it. Nothing is sent: copy "
                "or save it, and give it to whoever helps you."
            )
        )
        what.setWordWrap(True)
        self._text = QPlainTextEdit(text)
        self._text.setReadOnly(True)
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setAccessibleName(self.tr("Problem report"))
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        for title, act in (
            (self.tr("Copy"), lambda: QGuiApplication.clipboard().setText(text)),
            (self.tr("Save…"), lambda: self.save_asked.emit(text)),
        ):
            button = buttons.addButton(title, QDialogButtonBox.ButtonRole.ActionRole)
            button.setAutoDefault(False)
            button.clicked.connect(act)
        layout = QVBoxLayout(self)
        for widget in (what, self._text, buttons):
            layout.addWidget(widget)
        self.resize(760, 560)
