"""The labels' surfaces in three dimensions: turned, zoomed and moved with the mouse or the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from app.engine.labelmap import Label
from app.gui.palettes import DARK
from app.gui.panels.drawable import Drawable
from app.gui.panels.easel import Easel
from app.gui.panels.scene3d import NoOpenGLError, Scene3D, Side, libraries_are_loaded

_SMALLEST = QSize(120, 120)
_DEGREES_PER_PX = 0.5
_DEGREES_PER_KEY = 10.0
_ZOOM_NOTCH, _NOTCH = 1.15, 120.0  # a notch of the wheel, in eighths of a degree
_ZOOM_PER_PX = 1.01
_PREPARE_MS = 20  # between two steps of preparing to draw
_REST_MS = 200  # after the last movement, before the picture gets better
_TURNS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}
_ZOOMS: dict[int, int] = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Equal: 1, Qt.Key.Key_Minus: -1}
_SIDES: dict[int, Side] = {
    Qt.Key.Key_A: Side.FRONT,
    Qt.Key.Key_P: Side.BACK,
    Qt.Key.Key_L: Side.LEFT,
    Qt.Key.Key_R: Side.RIGHT,
    Qt.Key.Key_S: Side.HEAD,
    Qt.Key.Key_I: Side.FEET,
}
_LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))  # towards the lower and the higher end of each world axis
_CROSS_PX, _EDGE_PX = 26, 40  # length of an arm of the cross, distance of its middle from the corner


class SurfacePanel(QWidget):
    """Shows surfaces by label. Nothing is drawn, and OpenGL not asked for, before there is one to be seen."""

    watched = Signal(bool)  # whether surfaces are looked at and can be drawn: else they need not be computed

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Scene3D | None = None
        self._can_draw = True
        self._labels: tuple[Label, ...] = ()
        self._message = ""
        self._busy = self._oriented = self._moved = False
        self._grabbed: QPointF | None = None
        self._easel = Easel()
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._refresh)
        self._preparing = QTimer(self)
        self._preparing.setInterval(_PREPARE_MS)
        self._preparing.timeout.connect(self._prepare)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(_SMALLEST)
        self.setAccessibleName(self.tr("3-D surface"))
        self.setAccessibleDescription(
            self.tr("Arrow keys turn it, plus and minus zoom; A, P, L, R, S and I look from a side, Home fits it in.")
        )
        self.setToolTip(self.tr("Drag to turn, wheel to zoom, Shift and drag to move, double click to fit"))

    # --------------------------------------------------------------------------------------------------------- content

    def begin(self, oriented: bool) -> None:
        """Another image, nothing of it yet; whether it is known where its right, front and head are."""
        self._oriented, self._moved = oriented, False
        self._easel = Easel()
        self.set_surfaces({})
        if self._scene is not None:
            self._scene.look_from(Side.FRONT, _aspect(self))

    def set_surfaces(self, surfaces: Mapping[int, Drawable]) -> None:
        """Show these, by label value, and no others; those that are shown already cost nothing."""
        scene = self._made_scene() if surfaces else self._scene
        if scene is not None:
            for value in scene.values - surfaces.keys():
                scene.set_drawable(value, None)
            for value, drawable in surfaces.items():
                scene.set_drawable(value, drawable)
            self._dress(scene)
            if not self._moved:
                scene.fit(_aspect(self))
        self._refresh()

    def set_labels(self, labels: Iterable[Label]) -> None:
        """What colours the surfaces have and which of them are visible."""
        self._labels = tuple(labels)
        if self._scene is not None:
            self._dress(self._scene)
        self._refresh()

    def set_message(self, message: str) -> None:
        """What is said where there is no surface; it is not shown over one."""
        self._message = message
        self.update()

    def set_busy(self, busy: bool) -> None:
        """Whether newer surfaces are on their way."""
        self._busy = busy
        if busy and self._scene is None and self._can_draw:
            self._preparing.start()
        self._refresh()  # quickly made pictures, until all have come

    @property
    def shown_message(self) -> str:
        """What is said now in place of surfaces; empty where there are any."""
        if not self._can_draw:
            return self.tr("3-D surfaces need OpenGL, which this computer does not offer. Everything else works.")
        return "" if self._scene is not None and self._scene.values else self._message

    def _made_scene(self) -> Scene3D | None:
        if self._scene is None and self._can_draw:
            try:
                self._scene = Scene3D()
            except NoOpenGLError:
                self._can_draw = False
                self.watched.emit(False)
        return self._scene

    @Slot()
    def _prepare(self) -> None:
        """While the first surfaces are on their way: what drawing them needs, bit by bit, so that nothing stalls."""
        if self._scene is not None or not self._can_draw:
            self._preparing.stop()
            if self._scene is not None and not self._scene.values:
                self._scene.render(1, 1, coarse=True, soft=False)  # the graphics system begins its work
        elif libraries_are_loaded():
            self._made_scene()

    def _dress(self, scene: Scene3D) -> None:
        for label in self._labels:
            scene.set_look(label.value, label.colour, visible=label.visible)

    @Slot()
    def _refresh(self) -> None:
        self._easel.clear()
        self.update()

    # --------------------------------------------------------------------------------------------------------- looking

    def fit(self) -> None:
        """Bring all that is visible into the picture."""
        if self._scene is not None:
            self._scene.fit(_aspect(self))
            self._moved = False
            self._refresh()

    def look_from(self, side: Side) -> None:
        """Look at everything from a side of the patient."""
        if self._scene is not None:
            self._scene.look_from(side, _aspect(self))
            self._refresh()

    def _move(self, change: Callable[[Scene3D], None]) -> None:
        """Look otherwise, in a picture that is quickly made, until nothing moves for a while."""
        if self._scene is not None:
            change(self._scene)
            self._moved = True
            self._rest.start()
            self._refresh()

    # ---------------------------------------------------------------------------------------------------------- events

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A drag begins."""
        self._grabbed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Turn with the left button, move with the middle one or Shift, zoom with the right one."""
        if self._grabbed is None:
            return
        step, self._grabbed = event.position() - self._grabbed, event.position()
        buttons = event.buttons()
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if buttons & Qt.MouseButton.MiddleButton or (shift and buttons & Qt.MouseButton.LeftButton):
            self._move(lambda scene: scene.pan(step.x() / self.height(), -step.y() / self.height()))
        elif buttons & Qt.MouseButton.RightButton:
            self._move(lambda scene: scene.zoom(_ZOOM_PER_PX ** -step.y()))
        elif buttons & Qt.MouseButton.LeftButton:
            self._move(lambda scene: scene.rotate(step.x() * _DEGREES_PER_PX, -step.y() * _DEGREES_PER_PX))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The drag ends with its last button."""
        if not event.buttons():
            self._grabbed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Fit everything in."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom."""
        notches = event.angleDelta().y() / _NOTCH
        self._move(lambda scene: scene.zoom(_ZOOM_NOTCH**notches))
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Keys of the panel go before shortcuts of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Turn, zoom, look from a side, fit."""
        key = event.key()
        if not _is_own(event):
            super().keyPressEvent(event)
        elif key in _TURNS:
            right, up = _TURNS[key]
            self._move(lambda scene: scene.rotate(right * _DEGREES_PER_KEY, up * _DEGREES_PER_KEY))
        elif key in _ZOOMS:
            self._move(lambda scene: scene.zoom(_ZOOM_NOTCH ** _ZOOMS[key]))
        elif key in _SIDES:
            self.look_from(_SIDES[key])
        else:
            self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep everything in sight, until the user has looked otherwise."""
        super().resizeEvent(event)
        if self._scene is not None and not self._moved:
            self._scene.fit(_aspect(self))

    def showEvent(self, event: QShowEvent) -> None:
        """Surfaces are wanted."""
        super().showEvent(event)
        self.watched.emit(self._can_draw)

    def hideEvent(self, event: QHideEvent) -> None:
        """Surfaces are not wanted any longer."""
        super().hideEvent(event)
        self.watched.emit(False)

    # -------------------------------------------------------------------------------------------------------- painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's own form
        """The surfaces, or what is to say of them."""
        colours = DARK  # as the slices are in either theme: a white pane beside them would blind whoever reads them
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        message = self.shown_message
        if message or self._scene is None:
            painter.fillRect(self.rect(), QColor(colours.base))
            painter.setPen(QColor(colours.muted))
            painter.drawText(self.rect().adjusted(24, 24, -24, -24), _CENTRED, message)
        else:
            painter.drawImage(
                self.rect(),
                self._easel.picture(
                    self._scene, self.size() * self.devicePixelRatio(), moving=self._rest.isActive() or self._busy
                ),
            )
            if self._oriented:
                _draw_cross(painter, QPointF(_EDGE_PX, self.height() - _EDGE_PX), self._scene, QColor(colours.text))
        if self._busy:
            painter.setPen(QColor(colours.muted))
            painter.drawText(self.rect().adjusted(8, 6, -8, -6), _UPPER_RIGHT, self.tr("Updating\u2026"))
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()


_CENTRED = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
_UPPER_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop


def _aspect(widget: QWidget) -> float:
    return widget.width() / max(1, widget.height())


def _is_own(event: QKeyEvent) -> bool:
    plain = not event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
    key = event.key()
    return plain and (key in _TURNS or key in _ZOOMS or key in _SIDES or key == Qt.Key.Key_Home)


def _draw_cross(painter: QPainter, middle: QPointF, scene: Scene3D, colour: QColor) -> None:
    """Where right, front and head are: the three axes, what points away from the eye fainter."""
    metrics = QFontMetrics(painter.font())
    arms = []
    for axis, letters in enumerate(_LETTERS):
        for sign, letter in zip((-1, 1), letters, strict=True):
            right, up, near = (sign * float(n) for n in scene.axes[:, axis])
            arms.append((near, QPointF(right, -up), letter))
    for near, direction, letter in sorted(arms, key=lambda arm: arm[0]):
        faint = QColor(colour)
        faint.setAlphaF(0.35 + 0.65 * min(max((near + 1) / 2, 0.0), 1.0))
        painter.setPen(QPen(faint, 1.2))
        painter.drawLine(middle, middle + direction * (_CROSS_PX - 9))
        if direction.manhattanLength() > 0.35:  # seen from its end a letter would hide the others
            box = QRect(0, 0, metrics.horizontalAdvance(letter) + 2, metrics.height())
            rectangle = QRectF(box)
            rectangle.moveCenter(middle + direction * _CROSS_PX)
            painter.drawText(rectangle, Qt.AlignmentFlag.AlignCenter, letter)
