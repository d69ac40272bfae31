"""What is looked at and how: the slices, the window, the overlay, the tool. Never what is in the file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from PySide6.QtCore import QObject, Signal

from app.engine.plane import SliceKey
from app.engine.window import Window


class ToolKind(Enum):
    """What the left mouse button does in a slice."""

    NAVIGATE = "navigate"  # moves the crosshair
    WINDOW = "window"
    BOX = "box"
    POINT = "point"
    BRUSH = "brush"
    ERASER = "eraser"
    LASSO = "lasso"


class OverlayStyle(Enum):
    """How labels are drawn over the image."""

    FILL = "fill"  # filled and outlined
    OUTLINE = "outline"


@dataclass(frozen=True)
class Camera:
    """Which part of a picture is seen: the point at the middle of the widget, and screen pixels per unit.

    `centre` is (x, y) in picture units, that is millimetres (or pixels where the spacing is unknown) from the picture's
    upper left corner. `zoom` is in device-independent pixels per unit; None fits the whole picture into the widget.
    """

    centre: tuple[float, float] = (0.0, 0.0)
    zoom: float | None = None


@dataclass(frozen=True)
class Looks:
    """How everything is drawn; the same in all planes."""

    window: Window
    inverted: bool = False
    opacity: float = 0.35  # of the labels' fill, 0..1
    style: OverlayStyle = OverlayStyle.FILL
    show_labels: bool = True
    show_info: bool = True  # letters, scale bar, text in the corners
    show_crosshair: bool = True
    smooth: bool = True  # interpolate between voxels


@dataclass(frozen=True)
class ToolState:
    """The tool in hand and its settings."""

    kind: ToolKind = ToolKind.BOX
    brush_radius: float = 6.0  # in units of the finer spacing of the slice (voxels)
    ball: bool = False  # the brush is a ball in the volume, not a disc in the slice
    positive: bool = True  # what a click of the point tool says


class ViewState(QObject):
    """Holds the above and says what changed. Setters ignore what changes nothing, so there are no loops."""

    crosshair_changed = Signal()
    looks_changed = Signal()
    tool_changed = Signal()
    layout_changed = Signal()
    camera_changed = Signal(int)  # axis

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shape: tuple[int, int, int] = (1, 1, 1)
        self._crosshair: tuple[int, int, int] = (0, 0, 0)
        self._looks = Looks(Window(127.5, 255.0))
        self._tool = ToolState()
        self._active_axis = 0
        self._single = True
        self._cameras: dict[int, Camera] = {}

    def begin(self, shape_zyx: tuple[int, int, int], looks: Looks, *, single: bool, axis: int) -> None:
        """Start afresh for an image: the crosshair in its middle, whole slices, the tool in hand kept."""
        self._shape = shape_zyx
        self._crosshair = (shape_zyx[0] // 2, shape_zyx[1] // 2, shape_zyx[2] // 2)
        self._looks, self._single, self._active_axis, self._cameras = looks, single, axis, {}
        self.layout_changed.emit()
        self.looks_changed.emit()
        self.crosshair_changed.emit()
        for each in range(3):
            self.camera_changed.emit(each)

    @property
    def crosshair_zyx(self) -> tuple[int, int, int]:
        """The voxel at which the three slices meet."""
        return self._crosshair

    def set_crosshair(self, zyx: tuple[int, int, int]) -> None:
        """Move it, held within the image."""
        z, y, x = (min(max(int(n), 0), extent - 1) for n, extent in zip(zyx, self._shape, strict=True))
        if (z, y, x) != self._crosshair:
            self._crosshair = (z, y, x)
            self.crosshair_changed.emit()

    def key(self, axis: int) -> SliceKey:
        """The slice that is shown along an array axis (0 = z, 1 = y, 2 = x)."""
        return SliceKey(axis, self._crosshair[axis])

    @property
    def active_key(self) -> SliceKey:
        """The slice that keys and menus mean."""
        return self.key(self._active_axis)

    def go_to(self, key: SliceKey) -> None:
        """Show a slice: moves the crosshair along its axis."""
        zyx = list(self._crosshair)
        zyx[key.axis] = key.index
        self.set_crosshair((zyx[0], zyx[1], zyx[2]))

    def scroll(self, axis: int, slices: int) -> None:
        """Move along an axis by some slices, held at the ends."""
        self.go_to(SliceKey(axis, self._crosshair[axis] + slices))

    @property
    def looks(self) -> Looks:
        """How everything is drawn."""
        return self._looks

    def set_looks(self, looks: Looks) -> None:
        """Draw everything so; `dataclasses.replace(state.looks, ...)` changes one thing."""
        if looks != self._looks:
            self._looks = looks
            self.looks_changed.emit()

    @property
    def tool(self) -> ToolState:
        """The tool in hand."""
        return self._tool

    def set_tool(self, tool: ToolState) -> None:
        """Take another tool, or change the one in hand."""
        if tool != self._tool:
            self._tool = tool
            self.tool_changed.emit()

    def pick(self, kind: ToolKind) -> None:
        """Take another tool with the settings as they are."""
        self.set_tool(replace(self._tool, kind=kind))

    @property
    def active_axis(self) -> int:
        """Array axis of the plane that has the keyboard (0 = z, 1 = y, 2 = x)."""
        return self._active_axis

    @property
    def single(self) -> bool:
        """Whether the active plane alone is shown (1-up), or all of them (4-up)."""
        return self._single

    def set_layout(self, *, axis: int | None = None, single: bool | None = None) -> None:
        """Make another plane the active one, or show one or all planes."""
        wanted = (self._active_axis if axis is None else axis, self._single if single is None else single)
        if wanted != (self._active_axis, self._single):
            self._active_axis, self._single = wanted
            self.layout_changed.emit()

    def camera(self, axis: int) -> Camera:
        """Which part of the slices along an axis is seen."""
        return self._cameras.get(axis, Camera())

    def set_camera(self, axis: int, camera: Camera) -> None:
        """Look at another part of them."""
        if camera != self.camera(axis):
            self._cameras[axis] = camera
            self.camera_changed.emit(axis)
