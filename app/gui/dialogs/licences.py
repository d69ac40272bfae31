"""Licence texts of the program and of what travels with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QPlainTextEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from app.gui.notices import Notice


class LicencesDialog(QDialog):
    """A list of names beside the text of the one that is chosen."""

    def __init__(self, notices: Sequence[Notice], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Licences"))
        self._notices = tuple(notices)
        self._names = QListWidget()
        self._names.setAccessibleName(self.tr("What travels with the program"))
        self._names.addItems([notice.name for notice in self._notices])
        self._licence = QLabel()
        self._licence.setWordWrap(True)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setAccessibleName(self.tr("Licence text"))
        self._text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._names.currentRowChanged.connect(self._show)

        right = QWidget()
        texts = QVBoxLayout(right)
        texts.setContentsMargins(0, 0, 0, 0)
        texts.addWidget(self._licence)
        texts.addWidget(self._text)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self._names)
        splitter.addWidget(right)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([240, 620])
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(splitter)
        layout.addWidget(buttons)
        self.resize(900, 620)
        self._names.setCurrentRow(0)

    def _show(self, row: int) -> None:
        if 0 <= row < len(self._notices):
            notice = self._notices[row]
            self._licence.setText(notice.licence)
            self._licence.setVisible(bool(notice.licence))
            self._text.setPlainText(notice.text)
