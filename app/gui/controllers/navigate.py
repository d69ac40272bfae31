"""Looking about by menu and key: slices, planes, zoom, window, overlay, tools. Changes nothing but the view state."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from app.engine.measure import acquisition_axis
from app.engine.plane import Plane, SliceKey, axis_of
from app.engine.volume import Volume
from app.engine.window import Opening, Preset, Window
from app.gui.canvas.frame import PlaneFrame
from app.gui.canvas.hand import LARGEST_BRUSH, SMALLEST_BRUSH
from app.gui.document import Document
from app.gui.view_state import Camera, Looks, OverlayStyle, ToolKind, ViewState

_ZOOM_STEP = 1.25
_OPACITY_STEP = 0.1
_BRUSH_STEP = 1.15
_THICK = 1.3  # times the spacing within slices: those that lie so far apart were acquired one by one


class NavigateController(QObject):
    """What menus and keys do to the view; the mouse does the same in the canvas."""

    presets_changed = Signal()

    def __init__(self, view_state: ViewState, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._view_state, self._document = view_state, document
        self._presets: tuple[Preset, ...] = ()
        document.opened.connect(self._forget)

    @Slot()
    def _forget(self) -> None:
        self._presets = ()
        self.presets_changed.emit()

    def begin(self, opening: Opening) -> None:
        """Look at what was opened afresh: through its own window, in the plane it was acquired in."""
        volume = self._volume
        if volume is not None:
            inverted = volume.display.inverted
            self._presets = tuple(
                Preset(each.name, each.window or opening.window, inverted if each.inverted is None else each.inverted)
                for each in opening.presets
            )
            self.presets_changed.emit()
            looks = replace(self._view_state.looks, window=opening.window, inverted=inverted)
            picture = volume.shape_zyx[0] == 1
            axis = 0 if picture else first_axis(volume)
            self._view_state.begin(volume.shape_zyx, looks, single=picture, axis=axis)

    # ---------------------------------------------------------------------------------------------------------- slices

    def scroll(self, slices: int) -> None:
        """Some slices on in the active plane, or back."""
        self._view_state.scroll(self._view_state.active_axis, slices)

    def go_to(self, key: SliceKey) -> None:
        """Show a slice and make its plane the active one."""
        self._view_state.set_layout(axis=key.axis)
        self._view_state.go_to(key)

    def show_plane(self, plane: Plane) -> None:
        """Make a plane the active one, and the only one where one is shown; a picture has one alone."""
        volume = self._volume
        if volume is not None and volume.shape_zyx[0] > 1:
            self._view_state.set_layout(axis=axis_of(plane, volume.geometry))

    def set_single(self, single: bool) -> None:
        """Show the active plane alone, or all of them; a picture has one alone."""
        volume = self._volume
        if volume is not None and volume.shape_zyx[0] > 1:
            self._view_state.set_layout(single=single)

    # ---------------------------------------------------------------------------------------------------------- camera

    def zoom(self, frame: PlaneFrame, steps: int) -> None:
        """Nearer by some steps, or farther, about the middle of a view."""
        middle = (frame.size[0] / 2, frame.size[1] / 2)
        self._view_state.set_camera(frame.upright.axis, frame.zoomed(_ZOOM_STEP**steps, middle))

    def fit(self) -> None:
        """The whole slice in every plane."""
        for axis in range(3):
            self._view_state.set_camera(axis, Camera())

    # ----------------------------------------------------------------------------------------------------------- looks

    @property
    def presets(self) -> tuple[Preset, ...]:
        """What the keys 0 to 9 show, nothing left to the file; none where nothing is open."""
        return self._presets

    def apply_preset(self, number: int) -> None:
        """Show the window of a key; one that means nothing for this image changes nothing."""
        if 0 <= number < len(self._presets):
            self._view_state.set_looks(through(self._presets[number], self._view_state.looks))

    def set_window(self, window: Window) -> None:
        """Show this window."""
        self._view_state.set_looks(replace(self._view_state.looks, window=window))

    def invert(self) -> None:
        """Dark for bright."""
        looks = self._view_state.looks
        self._view_state.set_looks(replace(looks, inverted=not looks.inverted))

    def set_opacity(self, opacity: float) -> None:
        """Of the labels' fill, held between 0 and 1."""
        self._view_state.set_looks(replace(self._view_state.looks, opacity=min(max(opacity, 0.0), 1.0)))

    def step_opacity(self, steps: int) -> None:
        """Labels stronger by some steps, or weaker."""
        self.set_opacity(round(self._view_state.looks.opacity + steps * _OPACITY_STEP, 3))

    def toggle_labels(self) -> None:
        """Show labels, or hide them."""
        looks = self._view_state.looks
        self._view_state.set_looks(replace(looks, show_labels=not looks.show_labels))

    def toggle_outline(self) -> None:
        """Draw labels as outlines alone, or filled."""
        looks = self._view_state.looks
        filled = looks.style is OverlayStyle.FILL
        self._view_state.set_looks(replace(looks, style=OverlayStyle.OUTLINE if filled else OverlayStyle.FILL))

    def toggle_info(self) -> None:
        """Show letters and numbers, or hide them."""
        looks = self._view_state.looks
        self._view_state.set_looks(replace(looks, show_info=not looks.show_info))

    def toggle_crosshair(self) -> None:
        """Show the crosshair, or hide it."""
        looks = self._view_state.looks
        self._view_state.set_looks(replace(looks, show_crosshair=not looks.show_crosshair))

    def toggle_smooth(self) -> None:
        """Interpolate between voxels, or show them as they are."""
        looks = self._view_state.looks
        self._view_state.set_looks(replace(looks, smooth=not looks.smooth))

    # ----------------------------------------------------------------------------------------------------------- tools

    def pick(self, kind: ToolKind) -> None:
        """Take another tool."""
        self._view_state.pick(kind)

    def toggle_sign(self) -> None:
        """Clicks and the lasso add, or take away."""
        tool = self._view_state.tool
        self._view_state.set_tool(replace(tool, positive=not tool.positive))

    def toggle_ball(self) -> None:
        """The brush is a ball in the volume, or a disc in the slice."""
        tool = self._view_state.tool
        self._view_state.set_tool(replace(tool, ball=not tool.ball))

    def resize_brush(self, steps: int) -> None:
        """Larger by some steps, or smaller."""
        tool = self._view_state.tool
        radius = min(max(tool.brush_radius * _BRUSH_STEP**steps, SMALLEST_BRUSH), LARGEST_BRUSH)
        self._view_state.set_tool(replace(tool, brush_radius=radius))

    @property
    def _volume(self) -> Volume | None:
        study = self._document.study
        return None if study is None else study.volume


def through(preset: Preset, looks: Looks) -> Looks:
    """The same seen through a preset of the navigator's."""
    return replace(looks, window=preset.window or looks.window, inverted=bool(preset.inverted))


def first_axis(volume: Volume) -> int:
    """The array axis whose slices are shown first: of thick slices that of the acquisition, else that of axial ones."""
    axis, spacing = acquisition_axis(volume), volume.geometry.spacing_zyx
    within = max(spacing[other] for other in range(3) if other != axis)
    return axis if spacing[axis] > _THICK * within else axis_of(Plane.AXIAL, volume.geometry)
