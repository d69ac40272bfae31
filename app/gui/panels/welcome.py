"""What is shown while nothing is open: what can be done now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

_MOST_RECENT = 6
_WIDTH = 620


@dataclass(frozen=True)
class Sample:
    """An image that came with the program."""

    name: str
    path: Path


class WelcomePanel(QWidget):
    """Open, drop, try a sample, or go on with what was open lately."""

    open_requested = Signal()
    open_folder_requested = Signal()
    path_requested = Signal(object)  # Path, of a sample or a recent file

    def __init__(self, samples: Sequence[Sample], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoFillBackground(True)
        column = QFrame()
        column.setMaximumWidth(_WIDTH)
        self._layout = QVBoxLayout(column)
        self._layout.setSpacing(10)
        title = QLabel(self.tr("Open an image to begin"))
        font = title.font()
        font.setPointSizeF(font.pointSizeF() * 1.8)
        title.setFont(font)
        self._layout.addWidget(title)
        hint = QLabel(
            self.tr(
                "Drop a DICOM folder, a NIfTI file or a picture here. Then draw a box around a structure: "
                "the mask follows the box."
            )
        )
        hint.setWordWrap(True)
        self._layout.addWidget(hint)
        self._layout.addLayout(self._openers())
        self._layout.addWidget(_heading(self.tr("Try a sample")))
        row = QHBoxLayout()
        for sample in samples:
            row.addWidget(self._button(sample.name, sample.path))
        row.addStretch()
        self._layout.addLayout(row)
        self._recent_title = _heading(self.tr("Opened lately"))
        self._layout.addWidget(self._recent_title)
        self._recent = QVBoxLayout()
        self._recent_buttons: list[_Recent] = []
        self._layout.addLayout(self._recent)
        notice = QLabel(self.tr("For research use only. Not a medical device."))
        self._layout.addSpacing(16)
        self._layout.addWidget(notice)
        outer = self._outer = QHBoxLayout(self)
        outer.addStretch()
        middle = self._middle = QVBoxLayout()
        middle.addStretch()
        self._column = column
        middle.addWidget(column)
        middle.addStretch()
        outer.addLayout(middle)
        outer.addStretch()
        self.set_recent(())

    def set_recent(self, paths: Sequence[Path]) -> None:
        """Offer these again."""
        for old in self._recent_buttons:
            self._recent.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._recent_buttons = []
        for path in paths[:_MOST_RECENT]:
            button = _Recent(path)
            button.clicked.connect(lambda _checked=False, path=path: self.path_requested.emit(path))
            self._recent.addWidget(button)
            self._recent_buttons.append(button)
        self._show_what_fits()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another height."""
        super().resizeEvent(event)
        self._show_what_fits()

    def _show_what_fits(self) -> None:
        """As many of the recent files as there is room for; all of them stand in the menu."""
        buttons = self._recent_buttons
        for count in range(len(buttons), -1, -1):
            for n, button in enumerate(buttons):
                button.setVisible(n < count)
            self._recent_title.setVisible(count > 0)
            for layout in (self._recent, self._layout, self._middle, self._outer):  # each remembers what it needs
                layout.invalidate()
            self._column.updateGeometry()
            if self._outer.totalHeightForWidth(self.width()) <= self.height():
                return

    def _openers(self) -> QHBoxLayout:
        row = QHBoxLayout()
        files = QPushButton(self.tr("Open file\u2026"))
        files.setDefault(True)
        files.clicked.connect(self.open_requested)
        folder = QPushButton(self.tr("Open folder\u2026"))
        folder.clicked.connect(self.open_folder_requested)
        row.addWidget(files)
        row.addWidget(folder)
        row.addStretch()
        return row

    def _button(self, text: str, path: Path) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(str(path))
        button.clicked.connect(lambda: self.path_requested.emit(path))
        return button


class _Recent(QPushButton):
    """A file by its name and its folder, which loses its middle where there is less room."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._whole = f"{path.name}  \u2013  {path.parent}"
        self.setToolTip(str(path))
        self.setAccessibleName(self._whole)
        self.setFlat(True)
        self.setStyleSheet("text-align: left")
        self._fit()

    def sizeHint(self) -> QSize:
        """Room for all of it."""
        return QSize(self.fontMetrics().horizontalAdvance(self._whole) + self._edges, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Any width will do."""
        return QSize(4 * self._edges, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width."""
        super().resizeEvent(event)
        self._fit()

    @property
    def _edges(self) -> int:
        return 2 * self.fontMetrics().height()  # the style's are narrower

    def _fit(self) -> None:
        inside = self.width() - self._edges
        text = self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, inside)
        self.setText(text.replace("&", "&&"))  # no letter to press


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    label.setAlignment(Qt.AlignmentFlag.AlignBottom)
    label.setContentsMargins(0, 12, 0, 0)
    return label
