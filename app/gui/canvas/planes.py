"""The three planes of a volume, linked by the crosshair: one of them alone, or all, with a fourth widget or without."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Signal, Slot
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from app.engine.plane import Plane
from app.engine.prompt import Box3D
from app.gui.canvas import pens
from app.gui.canvas.frame import PlaneFrame
from app.gui.canvas.keyboard_box import KeyboardBox
from app.gui.canvas.requests import BoxDrag, Click, Hover, Lasso, Menu, Request, Stroke
from app.gui.canvas.scene import Scene
from app.gui.canvas.slice_view import SliceView
from app.gui.document import Document
from app.gui.key_profiles import MouseProfile
from app.gui.proposal import Proposal
from app.gui.view_state import ViewState

_GAP_PX = 2  # between the cells
_HINT = QSize(900, 700)
_ORDER = (Plane.AXIAL, Plane.SAGITTAL, Plane.CORONAL)  # from left to right, then below; then comes the fourth widget
_LARGE = 2 / 3  # of the width is the first plane's where there is no fourth widget


class PlanesView(QWidget):
    """Shows the study that is open; what the user asks for in it comes as signals."""

    box_changed = Signal(object)  # BoxDrag
    point_clicked = Signal(object)  # Click
    stroked = Signal(object)  # Stroke
    lassoed = Signal(object)  # Lasso
    hovered = Signal(object)  # Hover, or None over no voxel
    context_menu = Signal(object)  # Menu
    files_dropped = Signal(object)  # tuple[Path, ...]

    def __init__(
        self, document: Document, view_state: ViewState, proposal: Proposal, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._view_state = document, view_state
        self._scene: Scene | None = None
        self._fourth: QWidget | None = None
        self._empty: QWidget | None = None
        self._views = tuple(SliceView(axis, document, view_state, proposal, self) for axis in range(3))
        self._keyboard_box = KeyboardBox(proposal, self)
        self._keyboard_box.asked.connect(self._dispatch)
        self.setAcceptDrops(True)
        for view in self._views:
            view.asked.connect(self._dispatch)
            view.left.connect(self._leave)
            view.toggled.connect(self._toggle)
            view.neighbour_wanted.connect(self._go_to_neighbour)
        document.opened.connect(self._open)
        document.voxels_changed.connect(self._forget)
        document.labels_changed.connect(self._forget)
        view_state.layout_changed.connect(self._arrange)
        self._open()

    # --------------------------------------------------------------------------------------------------------- content

    @property
    def views(self) -> tuple[SliceView, ...]:
        """The views by array axis (0 = z, 1 = y, 2 = x)."""
        return self._views

    @property
    def active_view(self) -> SliceView:
        """The view that keys and menus mean."""
        return self._views[self._view_state.active_axis]

    @property
    def active_frame(self) -> PlaneFrame | None:
        """Where the active view's voxels lie on the screen; None where nothing is open."""
        return None if self._scene is None else self.active_view.sight.frame

    def set_fourth(self, widget: QWidget | None) -> None:
        """What stands in the fourth cell; the view becomes its parent."""
        self._fourth = _adopted(widget, self, self._fourth)
        self._arrange()

    def set_empty_widget(self, widget: QWidget | None) -> None:
        """What is shown while nothing is open; the view becomes its parent."""
        self._empty = _adopted(widget, self, self._empty)
        self._arrange()

    def set_mouse_profile(self, profile: MouseProfile) -> None:
        """Which button does what in all planes."""
        for view in self._views:
            view.hand.profile = profile

    def begin_keyboard_box(self) -> None:
        """Put a box at the middle of the active view; arrows move it until it is accepted or rejected."""
        if self._scene is not None:
            self._keyboard_box.begin(self.active_view)

    # --------------------------------------------------------------------------------------------------------- changes

    @Slot()
    def _open(self) -> None:
        self._keyboard_box.stop()
        study = self._document.study
        self._scene = None if study is None else Scene(study)
        for view in self._views:
            view.set_scene(self._scene)
        self._arrange()

    @Slot()
    @Slot(object)
    def _forget(self, region: Box3D | None = None) -> None:
        if self._scene is not None:
            self._scene.overlay.forget(region)
        for view in self._views:
            view.forget_labels(region)

    @Slot()
    def _arrange(self) -> None:
        """Put every widget into its cell, and hide those that have none."""
        cells = self._cells()
        for widget in (*self._views, self._fourth, self._empty):
            if widget is None:
                continue
            cell = cells.get(widget)
            if cell is not None:
                widget.setGeometry(cell)
            widget.setVisible(cell is not None)
        self._order_by_tab()
        if self._scene is not None and self._has_focus() and not self.active_view.hasFocus():
            self.active_view.setFocus()

    def _cells(self) -> dict[QWidget, QRect]:
        if self._scene is None:
            return {} if self._empty is None else {self._empty: self.rect()}
        if self._view_state.single or self._scene.is_picture:
            return {self.active_view: self.rect()}
        shown: list[QWidget] = [self._views[axis] for axis in self._axes()]
        if self._fourth is not None:
            shown.append(self._fourth)
        smallest = self._views[0].minimumWidth()
        cells = _four_cells(self.size()) if len(shown) > len(_ORDER) else _three_cells(self.size(), smallest)
        return dict(zip(shown, cells, strict=True))

    def _axes(self) -> list[int]:
        """Array axes in the order in which their planes are shown."""
        planes = (Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL) if self._scene is None else self._scene.planes
        return [planes.index(plane) for plane in _ORDER]

    def _order_by_tab(self) -> None:
        chain: list[QWidget] = [self._views[axis] for axis in self._axes()]
        if self._fourth is not None:
            chain.append(self._fourth)
        for before, after in pairwise(chain):
            QWidget.setTabOrder(before, after)

    def _has_focus(self) -> bool:
        return any(view.hasFocus() for view in self._views)

    # -------------------------------------------------------------------------------------------------------- requests

    @Slot(object)
    def _dispatch(self, request: Request) -> None:
        signal = {
            BoxDrag: self.box_changed,
            Click: self.point_clicked,
            Stroke: self.stroked,
            Lasso: self.lassoed,
            Hover: self.hovered,
            Menu: self.context_menu,
        }[type(request)]
        signal.emit(request)

    @Slot()
    def _leave(self) -> None:
        self.hovered.emit(None)

    @Slot(int)
    def _toggle(self, axis: int) -> None:
        if self._scene is not None and not self._scene.is_picture:
            self._view_state.set_layout(axis=axis, single=not self._view_state.single)

    @Slot(int)
    def _go_to_neighbour(self, step: int) -> None:
        if self._scene is None or self._scene.is_picture:
            return
        axes = self._axes()
        self._view_state.set_layout(axis=axes[(axes.index(self._view_state.active_axis) + step) % len(axes)])

    # ---------------------------------------------------------------------------------------------------------- events

    def sizeHint(self) -> QSize:
        """Room for four cells."""
        return _HINT

    def minimumSizeHint(self) -> QSize:
        """Two of the smallest cells beside each other."""
        smallest = self._views[0].minimumSize()
        return smallest * 2 + QSize(_GAP_PX, _GAP_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Between the cells."""
        if self._scene is not None:
            painter = QPainter(self)
            painter.fillRect(event.rect(), pens.GAP)
            painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the room out again."""
        super().resizeEvent(event)
        self._arrange()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files are welcome anywhere."""
        if _paths_of(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Say which files."""
        paths = _paths_of(event)
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)


def _four_cells(size: QSize) -> list[QRect]:
    """Of one size, two beside two."""
    width, height = size.width() - _GAP_PX, size.height() - _GAP_PX
    left, top = width // 2, height // 2
    columns, rows = ((0, left), (left + _GAP_PX, width - left)), ((0, top), (top + _GAP_PX, height - top))
    return [QRect(x, y, w, h) for y, h in rows for x, w in columns]


def _three_cells(size: QSize, smallest: int) -> list[QRect]:
    """A large one at the left, two on top of one another beside it, none narrower than the smallest."""
    width, height = size.width() - _GAP_PX, size.height() - _GAP_PX
    left, top = min(round(_LARGE * width), width - smallest), height // 2
    x = left + _GAP_PX
    return [
        QRect(0, 0, left, size.height()),
        QRect(x, 0, width - left, top),
        QRect(x, top + _GAP_PX, width - left, height - top),
    ]


def _adopted(widget: QWidget | None, parent: QWidget, before: QWidget | None) -> QWidget | None:
    """Make a widget a child in place of another, which is let go."""
    if before is not None and before is not widget:
        before.hide()
        before.setParent(None)
    if widget is not None:
        widget.setParent(parent)
    return widget


def _paths_of(event: QDropEvent) -> tuple[Path, ...]:
    """Local files and folders that are dragged."""
    return tuple(Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())
