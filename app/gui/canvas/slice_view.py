"""One slice of the volume, along one axis."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app.engine.plane import SliceKey
from app.engine.prompt import Box3D
from app.gui.canvas.hand import Hand
from app.gui.canvas.painting import Painting, spoken_title
from app.gui.canvas.requests import Hover, Menu
from app.gui.canvas.scene import Scene
from app.gui.canvas.sight import Sight
from app.gui.canvas.tools.base import Touch
from app.gui.document import Document
from app.gui.proposal import Proposal
from app.gui.view_state import ViewState

_SMALLEST = QSize(120, 120)
_ALL = 1 << 30  # slices: held at the ends
_STEPS: dict[int, int] = {
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageUp: -10,
    Qt.Key.Key_PageDown: 10,
    Qt.Key.Key_Home: -_ALL,
    Qt.Key.Key_End: _ALL,
}
_NEIGHBOURS: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_FAST = 10  # with Shift


class SliceView(QWidget):
    """Shows the slice at the crosshair along an array axis (0 = z, 1 = y, 2 = x), and sends what is asked for in it."""

    asked = Signal(object)  # a Request
    left = Signal()  # the mouse is over no voxel any more
    neighbour_wanted = Signal(int)  # the keyboard goes to the previous (-1) or next (1) plane
    toggled = Signal(int)  # axis: show this plane alone, or all of them again

    def __init__(
        self, axis: int, document: Document, view_state: ViewState, proposal: Proposal, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._sight = Sight(axis, document, view_state, proposal, self)
        self._hand = Hand(self._sight)
        self._painting = Painting(self._sight, self._hand)
        self._shown: SliceKey | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(_SMALLEST)
        self._sight.asked.connect(self.asked)
        self._sight.stale.connect(self.update)
        view_state.crosshair_changed.connect(self._follow)
        view_state.looks_changed.connect(self.update)
        view_state.layout_changed.connect(self.update)
        view_state.tool_changed.connect(self._take_tool)
        view_state.camera_changed.connect(self._look)
        document.active_label_changed.connect(self.update)
        proposal.preview_changed.connect(self._take_preview)
        proposal.ready_changed.connect(self.update)
        proposal.carried_changed.connect(self._take_carried)

    @property
    def sight(self) -> Sight:
        """The slice, and where it lies on the screen."""
        return self._sight

    @property
    def hand(self) -> Hand:
        """What mouse and tool are doing."""
        return self._hand

    def set_scene(self, scene: Scene | None) -> None:
        """Show another study, or none."""
        self._hand.cancel()
        self._sight.set_scene(scene)
        self._shown = None
        self.forget_labels()
        self._follow()

    def forget_labels(self, region: Box3D | None = None) -> None:
        """Labels have changed, within a region of the volume or anywhere."""
        if region is None or self._sight.key.index in region.range_of(self._sight.axis):
            self._painting.forget()
            self.update()

    # --------------------------------------------------------------------------------------------------------- changes

    @Slot()
    def _follow(self) -> None:
        scene, key = self._sight.scene, self._sight.key
        if scene is not None and key != self._shown:
            if self._hand.is_drawing:  # it would be written where nobody sees it
                self._hand.cancel()
            self._shown = key
            self._take_preview()
            self.setAccessibleName(spoken_title(scene, self._sight))
        self.update()

    @Slot()
    def _take_tool(self) -> None:
        if self._hand.place is not None:
            self.setCursor(self._hand.cursor(Touch(self._hand.place)))
        self.update()

    @Slot(int)
    def _look(self, axis: int) -> None:
        if axis == self._sight.axis:
            self.update()

    @Slot()
    def _take_preview(self) -> None:
        """Only where the old and the new one lie."""
        for area in self._painting.take_preview():
            self.update(area)
        self.setAccessibleDescription(self._painting.spoken_score)

    @Slot(object)
    def _take_carried(self, newest: SliceKey | None) -> None:
        if newest is None or newest.axis != self._sight.axis or newest == self._sight.key:
            self.forget_labels()

    # ---------------------------------------------------------------------------------------------------------- events

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what has changed."""
        painter = QPainter(self)
        area: QRect = event.rect()
        self._painting.paint(painter, area, ratio=self.devicePixelRatioF(), focused=self.hasFocus())
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another size."""
        self._sight.set_size(event.size().width(), event.size().height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A tool, zoom or pan begins; the plane becomes the active one."""
        self._sight.view_state.set_layout(axis=self._sight.axis)
        if self._sight.scene is not None:
            self._hand.press(event.button(), _touch(event))
            self.setCursor(self._hand.cursor(_touch(event)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag on; say which voxel is under the mouse."""
        if self._sight.scene is None:
            return
        if not event.buttons():  # a dialog, say, took the button's release: without this the drag would never end
            self._hand.cancel()
        touch = _touch(event)
        self._hand.move(touch)
        self.setCursor(self._hand.cursor(touch))
        zyx = self._sight.frame.index_at(touch.place, self._sight.key.index)
        if zyx is None:
            self.left.emit()
        else:
            self.asked.emit(Hover(self._sight.key, zyx))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A drag ends; a click with the right button may want a menu."""
        if self._sight.scene is not None:
            if self._hand.release(event.button(), _touch(event)):
                self._ask_menu(event.position())
            self.setCursor(self._hand.cursor(_touch(event)))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """One plane or all of them; for tools that act on clicks, a second click."""
        plain = event.button() == Qt.MouseButton.LeftButton and not event.modifiers()
        if plain and not self._hand.tool.acts_on_click:
            self.toggled.emit(self._sight.axis)
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Slices, zoom, or the size of the brush."""
        if self._sight.scene is not None:
            place = event.position()
            self._hand.wheel(event.angleDelta(), Touch((place.x(), place.y()), event.modifiers()))
        event.accept()

    def hideEvent(self, event: QHideEvent) -> None:
        """Another layout amid a drag: the release of the button goes elsewhere."""
        super().hideEvent(event)
        self._hand.cancel()

    def leaveEvent(self, event: QEvent) -> None:
        """The mouse is elsewhere."""
        super().leaveEvent(event)
        self._hand.leave()
        self.left.emit()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By the keyboard: at the crosshair. What the mouse wants is known when its button is let go."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self._sight.scene is not None:
            self._ask_menu(QPointF(*self._sight.frame.place_of(self._sight.view_state.crosshair_zyx)))
        event.accept()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The plane that has the keyboard is the active one."""
        super().focusInEvent(event)
        self._sight.view_state.set_layout(axis=self._sight.axis)
        self.update()

    def event(self, event: QEvent) -> bool:
        """Keys of a view go before shortcuts of the window: arrows always, Esc while something is dragged."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            drops = event.key() == Qt.Key.Key_Escape and self._hand.drag is not None
            if drops or (_plain(event) and (event.key() in _STEPS or event.key() in _NEIGHBOURS)):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Slices, planes, and Esc for a drag."""
        key = event.key()
        if key == Qt.Key.Key_Escape and self._hand.cancel():
            return
        if key in _STEPS and _plain(event):
            if self._hand.is_drawing:  # what is being drawn belongs to its slice
                return
            fast = event.modifiers() & Qt.KeyboardModifier.ShiftModifier and abs(_STEPS[key]) == 1
            self._sight.view_state.scroll(self._sight.axis, _STEPS[key] * (_FAST if fast else 1))
        elif key in _NEIGHBOURS and _plain(event):
            self.neighbour_wanted.emit(_NEIGHBOURS[key])
        else:
            super().keyPressEvent(event)

    def _ask_menu(self, place: QPointF) -> None:
        zyx = self._sight.frame.index_at((place.x(), place.y()), self._sight.key.index)
        if zyx is not None:
            self.asked.emit(Menu(self._sight.key, zyx, self.mapToGlobal(place.toPoint())))


def _touch(event: QMouseEvent) -> Touch:
    place = event.position()
    return Touch((place.x(), place.y()), event.modifiers())


def _plain(event: QKeyEvent) -> bool:
    """Without Ctrl, Alt or Meta; Shift and the number pad may be."""
    allowed = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
    return not event.modifiers() & ~allowed
