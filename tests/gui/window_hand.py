"""The real window and whoever sits before it: what is asked is answered, what is told is remembered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import shiboken6
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.engine.plane import Plane, axis_of
from app.engine.prompt import Box
from app.gui.canvas.slice_view import SliceView
from app.gui.context import Context
from app.gui.dialogs.asks import Asks, RecoverChoice, UnsavedChoice
from app.gui.dialogs.export import ExportChoice, ExportOptions
from app.gui.inference import ModelChoice
from app.gui.settings import Settings


class Answers(Asks):
    """Answers what the user would be asked, and remembers what they were told."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.errors: list[Exception] = []
        self.target: Path | None = None
        self.unsaved_choice = UnsavedChoice.DISCARD
        self.recover_choice = RecoverChoice.LATER
        self.asked_about_unsaved = 0

    def error(self, error: Exception) -> None:
        self.errors.append(error)

    def save_project(self, suggested: Path) -> Path | None:
        return self.target

    def save_labels(self, options: ExportOptions) -> ExportChoice | None:
        labels = frozenset(label.value for label in options.labels)
        return None if self.target is None else ExportChoice(self.target, options.formats[0].name, labels)

    def save_picture(self, suggested: Path) -> Path | None:
        return self.target

    def unsaved(self, name: str) -> UnsavedChoice:
        self.asked_about_unsaved += 1
        return self.unsaved_choice

    def recover(self, description: str) -> RecoverChoice:
        return self.recover_choice


def load_nifti(path: Path) -> Any:
    """Read by nibabel, whose types are loose."""
    return nib.load(path)


def place(view: SliceView, x: float, y: float) -> QPoint:
    """Where a point of the slice is on the widget."""
    x_screen, y_screen = view.sight.frame.to_screen((x, y))
    return QPoint(round(x_screen), round(y_screen))


class App:
    """The window and whoever sits before it; whoever makes many of them in one test ends each by `leave`."""

    def __init__(self, model: Path, qtbot: QtBot, *, many: bool = False, asks: type[Answers] = Answers) -> None:
        self.context = Context(Settings(), model=ModelChoice(str(model)), asks=asks)
        self.qtbot = qtbot
        if not many:
            qtbot.addWidget(self.context.window)
        self.context.window.resize(1100, 800)
        self.context.window.show()
        qtbot.waitExposed(self.context.window)

    def leave(self) -> None:
        """End it, as the program does, and destroy all of it."""
        self.context.window.hide()
        self.context.close()
        shiboken6.delete(self.context.docks.batch.window)  # a window of its own, which nobody else destroys
        shiboken6.delete(self.context.window)
        shiboken6.delete(self.context)

    @property
    def answers(self) -> Answers:
        assert isinstance(self.context.asks, Answers)
        return self.context.asks

    @property
    def labels(self) -> NDArray[np.uint16]:
        study = self.context.document.study
        assert study is not None
        return study.labels.voxels

    def open(self, path: Path) -> None:
        self.context.open([path])
        self.qtbot.waitUntil(lambda: self.context.document.study is not None, timeout=20000)

    def view(self, plane: Plane = Plane.AXIAL) -> SliceView:
        study = self.context.document.study
        assert study is not None
        return self.context.planes.views[axis_of(plane, study.volume.geometry)]

    def drag(self, view: SliceView, box: Box) -> None:
        """Draw a box with the mouse, in steps."""
        self.pull(view, (box.x0 - 0.5, box.y0 - 0.5), (box.x1 - 0.5, box.y1 - 0.5))

    def pull(self, view: SliceView, one: tuple[float, float], other: tuple[float, float]) -> None:
        """Press at a point of the slice, move in steps to another one, and let go."""
        start, end = place(view, *one), place(view, *other)
        left = Qt.MouseButton.LeftButton
        QTest.mousePress(view, left, Qt.KeyboardModifier.NoModifier, start)
        for n in range(1, 9):
            QTest.mouseMove(view, start + (end - start) * (n / 8))
        QTest.mouseRelease(view, left, Qt.KeyboardModifier.NoModifier, end)

    def wait_for_mask(self) -> None:
        proposal = self.context.proposal
        self.qtbot.waitUntil(lambda: proposal.preview is not None and proposal.preview.fresh, timeout=20000)

    def ask(self, action: str) -> None:
        assert self.context.actions[action].isEnabled(), action
        self.context.actions[action].trigger()
