"""The window tried out by itself, for `selftest --window`: a sample is opened, an organ boxed with the mouse.

What an installation has to be able to do is shown by the installed thing itself, on the user's machine too. Nothing of
the user's is read or written: settings, journals and compiled models go to a temporary folder.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from app import paths
from app.engine.phantom import ct_phantom
from app.engine.plane import SliceKey
from app.engine.prompt import Box
from app.gui.application import make_application
from app.gui.canvas.slice_view import SliceView
from app.gui.context import Context
from app.gui.dialogs.asks import Asks, RecoverChoice, UnsavedChoice
from app.gui.garbage import GuiCollector
from app.gui.settings import Settings
from app.gui.theme import Theme

_SAMPLE, _ORGAN = "ct_phantom.nii.gz", "liver"
_LOWEST_OVERLAP = 0.5  # with the true mask; far below what a model reaches, far above a broken one
_LONGEST_S = 120.0  # for one step, on the slowest machine
_SURFACE_S = 20.0
_TICK_MS = 20
_DRAG_STEPS = 8
_MARGIN = 2  # voxels by which the box is larger than the organ

Condition = Callable[[], bool]


class RehearsalError(Exception):
    """What did not happen, in a sentence."""


class _Nobody(Asks):
    """Sits before the window: saves nothing, recovers nothing, and remembers what is told."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.errors: list[Exception] = []

    def error(self, error: Exception) -> None:
        self.errors.append(error)

    def unsaved(self, name: str) -> UnsavedChoice:  # noqa: ARG002 - whatever it is
        return UnsavedChoice.DISCARD

    def recover(self, description: str) -> RecoverChoice:  # noqa: ARG002
        return RecoverChoice.LATER


class Rehearsal(QObject):
    """Plays the steps one after the other, each when what it waits for has come, and closes the window."""

    def __init__(self, context: Context, errors: Sequence[Exception]) -> None:
        super().__init__()
        self.failure: str | None = None
        self._errors = errors
        self.facts: list[str] = []  # what was found, for the line that is printed
        self._context = context
        self._steps = self._play()
        self._waiting: Condition = lambda: True
        self._since = time.monotonic()
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    @Slot()
    def _tick(self) -> None:
        try:
            if self._errors:
                raise RehearsalError(str(self._errors[0]))
            if self._waiting():
                self._waiting = next(self._steps)
                self._since = time.monotonic()
            elif time.monotonic() - self._since > _LONGEST_S:
                raise RehearsalError(
                    f"nothing happened for {_LONGEST_S:.0f} s, {', '.join(self.facts) or 'at the start'}"
                )
        except StopIteration:
            self._end(None)
        except RehearsalError as error:
            self._end(str(error))

    def _end(self, failure: str | None) -> None:
        self.failure = failure
        self._timer.stop()
        self._context.document.open(None)
        self._context.window.close()

    def _play(self) -> Iterator[Condition]:
        context = self._context
        yield context.window.isVisible
        context.open([paths.samples_dir() / _SAMPLE])
        yield lambda: context.document.study is not None
        self.facts.append("a sample opened")
        truth = ct_phantom().mask(_ORGAN)
        middle = truth.shape[0] // 2
        context.navigate.go_to(SliceKey(0, middle))
        yield lambda: context.view_state.active_key.index == middle
        box = Box.of_mask(truth[middle])
        if box is None:
            raise RehearsalError(f"the sample has no {_ORGAN} in its middle slice")
        _drag(context.planes.views[0], box)
        yield lambda: context.proposal.preview is not None and context.proposal.preview.fresh
        context.actions["segment.accept"].trigger()
        yield lambda: context.proposal.preview is None
        self._compare(truth[middle], middle)
        begun = time.monotonic()
        yield lambda: bool(context.docks.surface.surfaces) or time.monotonic() - begun > _SURFACE_S
        self.facts.append("3-D view drawn" if context.docks.surface.surfaces else "no 3-D view on this computer")

    def _compare(self, truth: NDArray[np.bool_], index: int) -> None:
        study = self._context.document.study
        if study is None:
            raise RehearsalError("the sample was closed by somebody")
        found = study.labels.voxels[index] > 0
        overlap = 2.0 * float((found & truth).sum()) / float(found.sum() + truth.sum())
        self.facts.append(f"overlap {overlap:.2f} with a known mask")
        if overlap < _LOWEST_OVERLAP:
            raise RehearsalError(f"the mask of the {_ORGAN} overlaps the true one by {overlap:.2f} only")


def rehearse() -> str:
    """Open the window, use it, close it; what was found. Raises RehearsalError."""
    with tempfile.TemporaryDirectory(prefix="swiftmedsam-") as home, _home(home):
        application = make_application()
        collector = GuiCollector(application)
        settings = Settings()
        theme = Theme(application, application)
        context = Context(settings, asks=_Nobody)
        theme.changed.connect(context.actions.draw_icons)
        nobody = context.asks
        rehearsal = Rehearsal(context, nobody.errors if isinstance(nobody, _Nobody) else ())
        context.window.show()
        code: int = application.exec()
        context.close()
        collector.stop()
    if rehearsal.failure is not None or code != 0:
        raise RehearsalError(rehearsal.failure or f"it ended with {code}")
    return ", ".join(rehearsal.facts)


@contextmanager
def _home(folder: str) -> Iterator[None]:
    """Whatever is written meanwhile goes to this folder."""
    before = os.environ.get("SWIFTMEDSAM_HOME")
    os.environ["SWIFTMEDSAM_HOME"] = folder
    try:
        yield
    finally:
        del os.environ["SWIFTMEDSAM_HOME"]
        if before is not None:
            os.environ["SWIFTMEDSAM_HOME"] = before


def _drag(view: SliceView, box: Box) -> None:
    """Draw a box with the left button, a little larger than this one."""
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    corners = ((box.x0 - _MARGIN, box.y0 - _MARGIN), (box.x1 + _MARGIN, box.y1 + _MARGIN))
    first, last = (QPointF(*view.sight.frame.to_screen((x - 0.5, y - 0.5))) for x, y in corners)
    _send(view, QEvent.Type.MouseButtonPress, first, left, left)
    for n in range(1, _DRAG_STEPS + 1):
        _send(view, QEvent.Type.MouseMove, first + (last - first) * (n / _DRAG_STEPS), none, left)
    _send(view, QEvent.Type.MouseButtonRelease, last, left, none)


def _send(view: SliceView, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton, buttons: Qt.MouseButton) -> None:
    event = QMouseEvent(kind, at, view.mapToGlobal(at), button, buttons, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(view, event)
