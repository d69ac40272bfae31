"""A canvas and a hand that uses it: places are voxels of a slice, what was asked for is recorded."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.engine.study import Study
from app.gui.canvas.planes import PlanesView
from app.gui.canvas.requests import BoxDrag, Click, Hover, Lasso, Menu, Stroke
from app.gui.canvas.slice_view import SliceView
from app.gui.document import Document
from app.gui.proposal import Proposal
from app.gui.view_state import ToolKind, ViewState

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier

Place = tuple[float, float]


class Canvas:
    """A shown `PlanesView` with the study of a document."""

    def __init__(self, document: Document, qtbot: QtBot, *, single: bool = False) -> None:
        self.document, self.state, self.proposal = document, ViewState(), Proposal()
        self.planes = PlanesView(document, self.state, self.proposal)
        qtbot.addWidget(self.planes)
        self.planes.resize(802, 602)
        self.begin(single=single)
        self.planes.show()
        qtbot.waitExposed(self.planes)
        self.boxes: list[BoxDrag] = []
        self.clicks: list[Click] = []
        self.strokes: list[Stroke] = []
        self.lassos: list[Lasso] = []
        self.menus: list[Menu] = []
        self.hovers: list[Hover | None] = []
        self.planes.box_changed.connect(self.boxes.append)
        self.planes.point_clicked.connect(self.clicks.append)
        self.planes.stroked.connect(self.strokes.append)
        self.planes.lassoed.connect(self.lassos.append)
        self.planes.context_menu.connect(self.menus.append)
        self.planes.hovered.connect(self.hovers.append)
        self.axis = 0

    @property
    def study(self) -> Study:
        assert self.document.study is not None
        return self.document.study

    def begin(self, *, single: bool = False) -> None:
        if self.document.study is not None:
            self.state.begin(self.study.volume.shape_zyx, self.state.looks, single=single, axis=0)

    @property
    def view(self) -> SliceView:
        return self.planes.views[self.axis]

    def pick(self, kind: ToolKind, **settings: object) -> None:
        self.state.set_tool(replace(self.state.tool, kind=kind, **settings))  # type: ignore[arg-type] # test names them

    def at(self, x: float, y: float) -> Place:
        """Where slice coordinates lie in the view."""
        place = self.view.sight.frame.to_screen((x, y))
        return float(place[0]), float(place[1])

    def press(self, place: Place, button: Qt.MouseButton = LEFT, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self._send(QEvent.Type.MouseButtonPress, place, button, button, modifiers)

    def move(self, place: Place, button: Qt.MouseButton = LEFT, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self._send(QEvent.Type.MouseMove, place, Qt.MouseButton.NoButton, button, modifiers)

    def release(self, place: Place, button: Qt.MouseButton = LEFT, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self._send(QEvent.Type.MouseButtonRelease, place, button, Qt.MouseButton.NoButton, modifiers)

    def drag(self, *places: Place, button: Qt.MouseButton = LEFT, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Press at the first place, move over the others, let go at the last."""
        self.press(places[0], button, modifiers)
        for place in places[1:]:
            self.move(place, button, modifiers)
        self.release(places[-1], button, modifiers)

    def click(self, place: Place, button: Qt.MouseButton = LEFT, modifiers: Qt.KeyboardModifier = NONE) -> None:
        self.drag(place, button=button, modifiers=modifiers)

    def double_click(self, place: Place) -> None:
        self.click(place)
        self._send(QEvent.Type.MouseButtonDblClick, place, LEFT, LEFT, NONE)
        self.release(place)

    def hover(self, place: Place) -> None:
        self.move(place, Qt.MouseButton.NoButton)

    def wheel(self, angle: int, place: Place | None = None, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Turn the wheel by eighths of a degree; 120 is a step, upwards."""
        at = QPointF(*(self.at(4, 4) if place is None else place))
        event = QWheelEvent(
            at, self.view.mapToGlobal(at), QPoint(), QPoint(0, angle), Qt.MouseButton.NoButton, modifiers,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(self.view, event)

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE, *, hold: bool = False) -> None:
        """Press a key as the window would send it, and let it go unless it is held."""
        kinds = [QEvent.Type.KeyPress] + ([] if hold else [QEvent.Type.KeyRelease])
        for kind in kinds:
            QApplication.sendEvent(self.view, QKeyEvent(kind, key, modifiers))

    def _send(
        self, kind: QEvent.Type, place: Place, button: Qt.MouseButton, buttons: Qt.MouseButton,
        modifiers: Qt.KeyboardModifier,
    ) -> None:  # fmt: skip
        at = QPointF(*place)
        QApplication.sendEvent(self.view, QMouseEvent(kind, at, self.view.mapToGlobal(at), button, buttons, modifiers))
