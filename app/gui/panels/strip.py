"""The strip of slices: which hold the active label, which are in doubt, how far a mask may be carried."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QLocale, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget

from app.gui.panels.strip_picture import HEIGHT, Lanes, draw_strip
from app.gui.panels.strip_state import Mark, StripState

_REACH_PX = 7  # how near to a handle a press takes it
_STEPS: dict[int, int] = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageUp: -10,
    Qt.Key.Key_PageDown: 10,
}


class SliceStrip(QWidget):
    """One cell per slice along the active axis, the first at the left; upright strips begin at the top.

    A click or an arrow goes to a slice. The handles beneath say between which slices a mask may be carried; Shift+Home
    and Shift+End set them to the current slice, Backspace frees them.
    """

    slice_chosen = Signal(int)
    limits_changed = Signal(object)  # range, or None for all slices

    def __init__(self, orientation: Qt.Orientation = Qt.Orientation.Horizontal, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._upright = orientation is Qt.Orientation.Vertical
        self._state: StripState | None = None
        self._held: int | None = None  # the end of the limits that is dragged: 0 the first, 1 the last
        self._scrubbing = False
        self.setAccessibleName(self.tr("Slices"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        fixed, free = QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding
        self.setSizePolicy(*((fixed, free) if self._upright else (free, fixed)))

    def set_state(self, state: StripState | None) -> None:
        """Show this; None where nothing is open."""
        if state == self._state:
            return
        self._state = state
        self.setAccessibleDescription("" if state is None else self.describe(state.current))
        self.update()

    def describe(self, index: int) -> str:
        """What is known of a slice, in words; slices are counted from 1."""
        state = self._state
        if state is None:
            return ""
        lines = [self.tr("Slice {0} of {1}").format(index + 1, len(state.marks))]
        mark = state.marks[index]
        if state.label:
            lines.append(
                self.tr("No “{0}” here").format(state.label)
                if mark is Mark.EMPTY
                else self.tr("Holds “{0}”").format(state.label)
            )
        score = state.scores.get(index)
        if score is not None:
            text = self.tr("Score {0}: worth a second look") if mark is Mark.DOUBTFUL else self.tr("Score {0}")
            lines.append(text.format(QLocale().toString(score, "f", 2)))
        return "\n".join(lines)

    def sizeHint(self) -> QSize:
        """Thin, and as long as there is room."""
        return QSize(HEIGHT, 300) if self._upright else QSize(300, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """Short strips put several slices into one cell."""
        return QSize(HEIGHT, 80) if self._upright else QSize(80, HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the cells; what is upright is drawn as if it lay."""
        lanes = self._lanes()
        painter = QPainter(self)
        if self._upright:
            painter.setTransform(lanes.upright())
        if self._state is not None:
            draw_strip(painter, lanes, self._state, focus=self.hasFocus())
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take a handle, or go to the slice."""
        state = self._state
        if state is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        along, across = self._place(event.position().toPoint())
        lanes = self._lanes()
        self._held = lanes.handle_at(along, across, state.range, _REACH_PX)
        self._scrubbing = self._held is None
        if self._scrubbing:
            self.slice_chosen.emit(lanes.slice_at(along))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the handle that was taken, or go along; elsewhere show what can be taken."""
        state = self._state
        if state is None:
            return
        along, across = self._place(event.position().toPoint())
        lanes = self._lanes()
        if self._held is not None:
            self._ask_limits(*self._moved(state.range, lanes.slice_at(along)))
        elif self._scrubbing:
            self.slice_chosen.emit(lanes.slice_at(along))
        elif lanes.handle_at(along, across, state.range, _REACH_PX) is None:
            self.unsetCursor()
        else:
            self.setCursor(Qt.CursorShape.SplitVCursor if self._upright else Qt.CursorShape.SplitHCursor)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self._held, self._scrubbing = None, False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go along by keys, and set the limits to where one is."""
        state = self._state
        if state is None:
            super().keyPressEvent(event)
            return
        last = len(state.marks) - 1
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        key = event.key()
        if key == Qt.Key.Key_Backspace:
            self.limits_changed.emit(None)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and shift:
            self.limit_here(first=key == Qt.Key.Key_Home)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self.slice_chosen.emit(0 if key == Qt.Key.Key_Home else last)
        elif key in _STEPS:
            step = _STEPS[key] * (10 if shift else 1)
            self.slice_chosen.emit(min(max(state.current + step, 0), last))
        else:
            super().keyPressEvent(event)

    def limit_here(self, *, first: bool) -> None:
        """Let carrying begin (`first`) or end at the current slice; the other end gives way."""
        state = self._state
        if state is not None:
            here, limits = state.current, state.range
            self._ask_limits(*((here, max(here, limits[-1])) if first else (min(here, limits[0]), here)))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The limits by menu, also from the keyboard."""
        if self._state is not None:
            self.limits_menu().popup(event.globalPos())

    def limits_menu(self) -> QMenu:
        """What can be done with the limits; the menu goes when it closes."""
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addAction(self.tr("Carry from this slice on")).triggered.connect(lambda: self.limit_here(first=True))
        menu.addAction(self.tr("Carry up to this slice")).triggered.connect(lambda: self.limit_here(first=False))
        free = menu.addAction(self.tr("Carry through all slices"))
        free.setEnabled(self._state is not None and self._state.limits is not None)
        free.triggered.connect(lambda: self.limits_changed.emit(None))
        return menu

    def event(self, event: QEvent) -> bool:
        """Tool tips are made when they are asked for."""
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip and self._state is not None:
            along, _across = self._place(event.pos())
            QToolTip.showText(event.globalPos(), self.describe(self._lanes().slice_at(along)), self)
            return True
        return super().event(event)

    def _lanes(self) -> Lanes:
        length = self.height() if self._upright else self.width()
        return Lanes(length, 1 if self._state is None else len(self._state.marks))

    def _place(self, point: QPoint) -> tuple[int, int]:
        """Along and across the strip."""
        return (point.y(), point.x()) if self._upright else (point.x(), point.y())

    def _moved(self, limits: range, index: int) -> tuple[int, int]:
        """First and last slice when the held end goes to a slice; it does not pass the other one."""
        if self._held == 0:
            return min(index, limits[-1]), limits[-1]
        return limits[0], max(index, limits[0])

    def _ask_limits(self, first: int, last: int) -> None:
        state = self._state
        if state is None:
            return
        whole = first == 0 and last == len(state.marks) - 1
        wanted = None if whole else range(first, last + 1)
        if wanted != state.limits:
            self.limits_changed.emit(wanted)
