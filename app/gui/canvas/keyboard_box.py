"""A box by the keyboard alone: arrows move it, with Shift its lower right corner, with Ctrl ten voxels at a time."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent

from app.engine.plane import SliceKey
from app.engine.prompt import Box
from app.gui.canvas.frame import PictureBox, PlaneFrame
from app.gui.canvas.requests import BoxDrag, Phase
from app.gui.canvas.slice_view import SliceView
from app.gui.canvas.tools.box import WHOLE, Grip, dragged_box
from app.gui.proposal import Proposal

_REST_MS = 300  # after the last key, the drag has ended
_FAST = 10  # voxels with Ctrl
_PART = 4  # the box begins as a quarter of what is seen, across and down
_ARROWS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_CORNER = Grip(1, 1)


class KeyboardBox(QObject):
    """Takes the arrows of a view from `begin` until the proposal or the slice is another."""

    asked = Signal(object)  # BoxDrag

    def __init__(self, proposal: Proposal, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._proposal = proposal
        self._view: SliceView | None = None
        self._key = SliceKey(0, 0)
        self._box: Box | None = None
        self._moving = False  # a drag has begun that has not ended
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REST_MS)
        self._timer.timeout.connect(self._rest)
        proposal.preview_changed.connect(self._check)

    @property
    def is_active(self) -> bool:
        """Whether arrows move a box."""
        return self._view is not None

    def begin(self, view: SliceView) -> None:
        """Put a box at the middle of what is seen of a slice."""
        self.stop()
        box = _middle(view.sight.frame)
        self._view, self._key, self._box = view, view.sight.key, box
        view.sight.view_state.crosshair_changed.connect(self._check)
        view.installEventFilter(self)
        view.setFocus()
        self._send(new=True)

    def stop(self) -> None:
        """Give the arrows back; a drag that has not ended ends."""
        self._rest()
        view, self._view = self._view, None
        if view is not None:
            view.removeEventFilter(self)
            view.sight.view_state.crosshair_changed.disconnect(self._check)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows, before the view and the window get them."""
        if not isinstance(event, QKeyEvent) or event.key() not in _ARROWS or watched is not self._view:
            return False
        if event.modifiers() & (Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier):
            return False
        if event.type() == QEvent.Type.KeyPress:
            self._step(event)
        elif event.type() == QEvent.Type.KeyRelease and not event.isAutoRepeat():
            self._rest()
        event.accept()
        return True

    def _step(self, event: QKeyEvent) -> None:
        if self._view is None or self._box is None:
            return
        dx, dy = _ARROWS[event.key()]
        fast = _FAST if event.modifiers() & Qt.KeyboardModifier.ControlModifier else 1
        grip = _CORNER if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else WHOLE
        frame = self._view.sight.frame
        moved = _held(frame.turned_box(self._box), grip, (dx * fast, dy * fast), frame.upright.shape)
        box = frame.box_of(moved)
        if box != self._box:
            self._box = box
            self._send(new=False)

    def _send(self, *, new: bool) -> None:
        if self._box is not None:
            phase = Phase.MOVE if self._moving else Phase.BEGIN
            self._moving = True
            self._timer.start()
            self.asked.emit(BoxDrag(self._key, self._box, phase, new=new))

    @Slot()
    def _rest(self) -> None:
        self._timer.stop()
        if self._moving and self._box is not None:
            self._moving = False
            self.asked.emit(BoxDrag(self._key, self._box, Phase.END, new=False))

    @Slot()
    def _check(self) -> None:
        """Stop when the box is accepted, rejected, or another one; follow when the mouse has changed it."""
        if self._view is None:
            return
        preview = self._proposal.preview
        gone = preview is None or preview.key != self._key or preview.box is None
        if gone or self._view.sight.key != self._key:
            self._moving = False
            self.stop()
        elif preview is not None and not self._moving:
            self._box = preview.box


def _middle(frame: PlaneFrame) -> Box:
    """A quarter of what is seen of the picture, across and down, at its middle."""
    height, width = frame.upright.shape
    seen = frame.to_picture([(0.0, 0.0), frame.size])
    turned: list[tuple[int, int]] = []
    for low, high, size in ((*seen[:, 0], width), (*seen[:, 1], height)):
        first, last = max(float(low), 0.0), min(float(high), float(size))
        extent = max(round((last - first) / _PART), 1)
        start = min(max(round((first + last - extent) / 2), 0), size - extent)
        turned.append((start, start + extent))
    (x0, x1), (y0, y1) = turned
    return frame.box_of((x0, y0, x1, y1))


def _held(box: PictureBox, grip: Grip, by: tuple[int, int], shape: tuple[int, int]) -> PictureBox:
    """A box that is not drawn past its other corner: by the keyboard that would be a surprise."""
    if grip is WHOLE:
        return dragged_box(box, grip, by, shape)
    x1 = min(max(box[2] + by[0], box[0] + 1), shape[1])
    y1 = min(max(box[3] + by[1], box[1] + 1), shape[0])
    return box[0], box[1], x1, y1
