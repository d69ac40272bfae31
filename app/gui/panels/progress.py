"""A line of the status bar: what is being done, how far it is, and a button that ends it."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

_SHOWN_AFTER_MS = 300
_WORTH_TELLING_S = 10.0


class ProgressLine(QWidget):
    """Shows one task at a time; hidden until the task has taken a moment."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cancel: Callable[[], None] | None = None
        self._started = 0.0
        self._text = QLabel()
        self._bar = QProgressBar()
        self._bar.setMaximumWidth(180)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._button = QPushButton(self.tr("Cancel"))
        self._button.clicked.connect(self._cancelled)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self._text, self._bar, self._button):
            layout.addWidget(widget)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOWN_AFTER_MS)
        self._timer.timeout.connect(self.show)
        self.hide()

    @property
    def text(self) -> str:
        """What is being done."""
        return self._text.text()

    def begin(self, text: str, cancel: Callable[[], None] | None = None) -> None:
        """A task has begun; `cancel` is what the button does, without it there is none."""
        self._cancel, self._started = cancel, time.monotonic()
        self._text.setText(text)
        self._bar.setRange(0, 0)  # busy, until counts are known
        self._button.setVisible(cancel is not None)
        self._timer.start()

    def advance(self, done: int, total: int) -> None:
        """So much of it is done; tells the remaining time once that exceeds ten seconds."""
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        left = (time.monotonic() - self._started) / max(done, 1) * (total - done)
        self._bar.setToolTip(self.tr("About {0} s left").format(round(left)) if left > _WORTH_TELLING_S else "")
        self._bar.setTextVisible(left > _WORTH_TELLING_S)
        self._bar.setFormat(self.tr("{0} s left").format(round(left)))

    def end(self) -> None:
        """The task has ended."""
        self._timer.stop()
        self._cancel = None
        self.hide()

    def _cancelled(self) -> None:
        cancel = self._cancel
        self.end()
        if cancel is not None:
            cancel()
