"""The real window without a screen, driven by mouse and keys, for pictures of it."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before Qt is imported

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QPoint, QPointF, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QImage, QPainter, QPalette, QPen
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QDockWidget, QLineEdit, QWidget

from app import paths
from app.engine.plane import Plane, axis_of
from app.engine.prompt import Box
from app.gui.application import make_application
from app.gui.canvas.slice_view import SliceView
from app.gui.context import Context
from app.gui.log import LogTail
from app.gui.settings import THEME, Settings, ThemeChoice
from app.gui.theme import Theme

SIZE = (1120, 740)  # of the window, in pixels
_PATIENCE_S = 240.0
_SHADOW_PX = 6
_TITLE_PX = 28
_LOOK_MS = 600  # until a dialog that opens has been painted
_NO_KEY = Qt.KeyboardModifier.NoModifier
_LEFT = Qt.MouseButton.LeftButton


def live(milliseconds: int) -> None:
    """Let the window live for so long; unlike `QTest.qWait` this leaves the interpreter to the engine's thread."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


class Stage:
    """The window of a fresh installation. Nothing of the user's is read or written: `SWIFTMEDSAM_HOME` is set."""

    def __init__(self, settings: Path) -> None:
        self.app = make_application()
        self.settings = Settings(settings)
        self.theme = Theme(self.app, self.app)
        self.settings.bind(THEME, self.theme.choose)
        self.settings.set(THEME, ThemeChoice.DARK)
        self.context = Context(self.settings, log=LogTail())
        self.theme.changed.connect(self.context.actions.draw_icons)
        self.window.resize(*SIZE)
        self.window.show()
        self.context.docks.models.refresh()
        self.settle()

    @property
    def window(self) -> QWidget:
        """The main window."""
        return self.context.window

    def close(self) -> None:
        """End the window and its thread."""
        self.window.hide()
        self.context.close()

    # --------------------------------------------------------------------------------------------------------- waiting

    def wait(self, condition: Callable[[], bool]) -> None:
        """Let the window live until something is so; TimeoutError where it never is."""
        end = time.monotonic() + _PATIENCE_S
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError("the window did not do what was waited for")
            live(20)

    def settle(self) -> None:
        """Until nothing is computed any longer and all is painted."""
        live(400)
        self.wait(lambda: self.context.jobs.is_idle)
        live(400)
        self.wait(lambda: self.context.jobs.is_idle)

    # ---------------------------------------------------------------------------------------------------------- acting

    def open(self, name: str) -> None:
        """Open a sample."""
        if self.context.document.study is not None:
            self.context.document.open(None)
        self.context.files.open([paths.samples_dir() / name])
        self.wait(lambda: self.context.document.study is not None)
        self.settle()

    def ask(self, *actions: str) -> None:
        """Choose actions of the menus, one after the other."""
        for action in actions:
            self.context.actions[action].trigger()
        self.settle()

    def go_to(self, x: int, y: int, z: int) -> None:
        """Put the crosshair at a voxel."""
        self.context.view_state.set_crosshair((z, y, x))
        self.settle()

    def view(self, plane: Plane | None = None) -> SliceView:
        """The view of a plane, else the active one."""
        study = self.context.document.study
        if plane is None or study is None:
            return self.context.planes.active_view
        return self.context.planes.views[axis_of(plane, study.volume.geometry)]

    def draw(self, box: Box, plane: Plane | None = None, *, release: bool = True) -> None:
        """Drag a box with the mouse; half-open voxels of the slice."""
        view = self.view(plane)
        start, end = (_place(view, x - 0.5, y - 0.5) for x, y in ((box.x0, box.y0), (box.x1, box.y1)))
        QTest.mousePress(view, _LEFT, _NO_KEY, start)
        for n in range(1, 9):
            QTest.mouseMove(view, start + (end - start) * (n / 8))
            live(10)
        self.wait(lambda: self.context.proposal.preview is not None and self.context.proposal.preview.fresh)
        if release:
            QTest.mouseRelease(view, _LEFT, _NO_KEY, end)
        self.settle()

    def click(self, x: float, y: float, plane: Plane | None = None) -> None:
        """Click on a voxel."""
        view = self.view(plane)
        QTest.mouseClick(view, _LEFT, _NO_KEY, _place(view, x, y))
        self.settle()

    def stroke(self, points: list[tuple[float, float]], plane: Plane | None = None, *, release: bool = True) -> None:
        """Drag along voxels."""
        view = self.view(plane)
        places = [_place(view, x, y) for x, y in points]
        QTest.mousePress(view, _LEFT, _NO_KEY, places[0])
        for place in places[1:]:
            QTest.mouseMove(view, place)
            live(10)
        if release:
            QTest.mouseRelease(view, _LEFT, _NO_KEY, places[-1])
        live(200)

    def release(self, x: float, y: float, plane: Plane | None = None) -> None:
        """Let the mouse button go."""
        view = self.view(plane)
        QTest.mouseRelease(view, _LEFT, _NO_KEY, _place(view, x, y))
        self.settle()

    def place(self, x: float, y: float) -> QPoint:
        """Where a point of the active slice is in its view."""
        return _place(self.view(), x, y)

    def enter(self, name: str) -> None:
        """Type the name of a label that was just added."""
        field = next(each for each in self.dock("labels").findChildren(QLineEdit) if not each.placeholderText())
        field.selectAll()
        QTest.keyClicks(field, name)
        QTest.keyClick(field, Qt.Key.Key_Return)
        self.settle()

    def zoom(self, steps: int) -> None:
        """Nearer at the crosshair, in the active plane."""
        view = self.view()
        place = QPointF(*view.sight.frame.place_of(self.context.view_state.crosshair_zyx))
        for _ in range(steps):
            frame = view.sight.frame
            camera = frame.zoomed(1.25, (place.x(), place.y()))
            self.context.view_state.set_camera(frame.upright.axis, camera)
        self.settle()

    def answering(self, start: Callable[[], object], look: Callable[[QWidget], None]) -> None:
        """Do what opens a dialog that stops the user, look at that, and call it off."""

        def answer() -> None:
            dialog = QApplication.activeModalWidget()
            if not isinstance(dialog, QDialog):
                QTimer.singleShot(_LOOK_MS, answer)
                return
            look(dialog)
            dialog.reject()

        QTimer.singleShot(_LOOK_MS, answer)
        start()
        self.settle()

    def dialog(self) -> QDialog:
        """The one that is open over the window."""
        shown = (each for each in self.window.findChildren(QDialog) if each.isVisible())
        return next(shown)

    def dock(self, name: str) -> QDockWidget:
        """A panel at a side."""
        found = self.window.findChild(QDockWidget, name)
        if found is None:
            raise LookupError(name)
        return found

    # -------------------------------------------------------------------------------------------------------- pictures

    def picture(self, *over: tuple[QWidget, QPoint]) -> QImage:
        """The window, with dialogs and menus over it at places of the window."""
        image = self.window.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        painter = QPainter(image)
        for widget, place in over:
            shown = _framed(widget)
            area = shown.rect().translated(place)
            for grown in range(_SHADOW_PX, 0, -1):
                painter.fillRect(area.adjusted(-grown, -grown, grown, grown), QColor(0, 0, 0, 18))
            painter.drawImage(place, shown)
            painter.setPen(QPen(QColor(128, 132, 140), 1))
            painter.drawRect(area.adjusted(-1, -1, 0, 0))
        painter.end()
        return image

    def middle(self, widget: QWidget) -> tuple[QWidget, QPoint]:
        """A dialog in the middle of the window."""
        room = self.window.size() - widget.size() - QSize(0, _TITLE_PX)
        return widget, QPoint(max(room.width() // 2, 0), max(room.height() // 2, 0))


def _framed(widget: QWidget) -> QImage:
    """A menu as it is; a dialog below its title, which the system would draw."""
    shown = widget.grab().toImage()
    if not isinstance(widget, QDialog) or widget.windowFlags() & Qt.WindowType.Popup == Qt.WindowType.Popup:
        return shown
    image = QImage(shown.width(), shown.height() + _TITLE_PX, QImage.Format.Format_RGB32)
    image.fill(widget.palette().color(QPalette.ColorRole.Mid))
    painter = QPainter(image)
    painter.setPen(widget.palette().color(QPalette.ColorRole.WindowText))
    painter.drawText(QRect(0, 0, image.width(), _TITLE_PX), Qt.AlignmentFlag.AlignCenter, widget.windowTitle())
    painter.drawImage(0, _TITLE_PX, shown)
    painter.end()
    return image


def _place(view: SliceView, x: float, y: float) -> QPoint:
    x_screen, y_screen = view.sight.frame.to_screen((x, y))
    return QPoint(round(x_screen), round(y_screen))
