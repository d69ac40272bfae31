"""A line of the status bar: what is being done, how far it is, and a button that ends it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

_SHOWN_AFTER_MS = 300
_WORTH_TELLING_S = 10.0


@dataclass(eq=False)
class Task:
    """Something that takes a while; `cancel` is what the button does, without it there is none.

    `keeps`: what is done by then stays, so the button says Stop.
    """

    text: str
    cancel: Callable[[], None] | None
    keeps: bool = False
    started: float = field(default_factory=time.monotonic)
    done: int = 0
    total: int = 0  # 0: unknown
    takes_a_moment: bool = False

    @property
    def seconds_left(self) -> float:
        """As long as the rest takes at the pace so far."""
        return (time.monotonic() - self.started) / max(self.done, 1) * (self.total - self.done)


class ProgressLine(QWidget):
    """Shows the newest of the tasks and how many others there are; hidden until one has taken a moment."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tasks: list[Task] = []  # the newest last
        self._chosen: Task | None = None  # by the user, among several
        self._text = QLabel()
        self._others = QPushButton()
        self._others.setFlat(True)
        self._others.setAccessibleName(self.tr("The next of the other tasks"))
        self._others.clicked.connect(self._show_next)
        self._bar = QProgressBar()
        self._bar.setMaximumWidth(180)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._button = QPushButton(self.tr("Cancel"))
        self._button.clicked.connect(self._cancel)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self._text, self._others, self._bar, self._button):
            layout.addWidget(widget)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SHOWN_AFTER_MS)
        self._timer.timeout.connect(self._let_through)
        self.hide()

    @property
    def text(self) -> str:
        """What is being done."""
        return self._text.text()

    @property
    def shown(self) -> Task | None:
        """The task that is told of; None where none has taken a moment."""
        lasting = [task for task in self._tasks if task.takes_a_moment]
        return self._chosen if self._chosen in lasting else next(reversed(lasting), None)

    def begin(self, text: str, cancel: Callable[[], None] | None = None, *, keeps: bool = False) -> Task:
        """A task has begun."""
        task = Task(text, cancel, keeps)
        self._tasks.append(task)
        self._timer.start()
        return task

    def advance(self, task: Task | None, done: int, total: int) -> None:
        """So much of it is done; tells the remaining time once that exceeds ten seconds. None: nothing is told."""
        if task in self._tasks:
            if done < task.done:  # another part of the work, at another pace
                task.started = time.monotonic()
            task.done, task.total = done, total
            self._show()

    def end(self, task: Task | None) -> None:
        """The task has ended; the one before it is shown again. None, or one that was cancelled: nothing happens."""
        if task in self._tasks:
            self._tasks.remove(task)
            self._show()

    def _let_through(self) -> None:
        for task in self._tasks:
            task.takes_a_moment = True
        self._show()

    def _show(self) -> None:
        task = self.shown
        self.setVisible(task is not None)
        if task is None:
            self._chosen = None
            return
        others = sum(each.takes_a_moment for each in self._tasks) - 1
        left = task.seconds_left if task.total else 0.0
        self._text.setText(task.text)
        self._others.setText(self.tr("{0} more").format(others))
        self._others.setVisible(others > 0)
        self._bar.setRange(0, task.total)  # to 0: busy, until counts are known
        self._bar.setValue(task.done)
        self._bar.setToolTip(self.tr("About {0} s left").format(round(left)) if left > _WORTH_TELLING_S else "")
        self._bar.setTextVisible(left > _WORTH_TELLING_S)
        self._bar.setFormat(self.tr("{0} s left").format(round(left)))
        self._button.setText(self.tr("Stop") if task.keeps else self.tr("Cancel"))
        self._button.setVisible(task.cancel is not None)

    def _show_next(self) -> None:
        """The task before the one that is shown, or the newest after the oldest."""
        lasting = [task for task in self._tasks if task.takes_a_moment]
        if self.shown in lasting:
            self._chosen = lasting[lasting.index(self.shown) - 1]
            self._show()

    def _cancel(self) -> None:
        task = self.shown
        if task is not None and task.cancel is not None:
            self.end(task)
            task.cancel()
