"""The actions of view and tools: what they ask of the navigator, and which of them are shown as checked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Slot

from app.engine.plane import Plane, plane_of
from app.gui.actions import Actions
from app.gui.canvas.frame import PlaneFrame
from app.gui.controllers.navigate import NavigateController, through
from app.gui.document import Document
from app.gui.translation import engine_text
from app.gui.view_state import OverlayStyle, ToolKind, ViewState

_PRESETS = 10


class LookingController(QObject):
    """Connects them once; `frame` tells where the active view's voxels lie on the screen."""

    def __init__(
        self, actions: Actions, navigate: NavigateController, view_state: ViewState, document: Document,
        frame: Callable[[], PlaneFrame | None], parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._actions, self._navigate = actions, navigate
        self._view_state, self._document, self._frame = view_state, document, frame
        self._connect_tools()
        self._connect_looks()
        self._connect_planes()
        for signal in (view_state.looks_changed, view_state.tool_changed, view_state.layout_changed, document.opened):
            signal.connect(self._check)
        self._check()

    def _connect_tools(self) -> None:
        act, navigate = self._actions.connect, self._navigate
        for kind in ToolKind:
            act(f"tool.{kind.value}", partial(navigate.pick, kind))
        act("tool.sign", navigate.toggle_sign)
        act("tool.ball", navigate.toggle_ball)
        act("tool.larger", partial(navigate.resize_brush, 1))
        act("tool.smaller", partial(navigate.resize_brush, -1))

    def _connect_looks(self) -> None:
        act, navigate = self._actions.connect, self._navigate
        act("view.labels", navigate.toggle_labels)
        act("view.info", navigate.toggle_info)
        act("view.crosshair", navigate.toggle_crosshair)
        act("view.smooth", navigate.toggle_smooth)
        act("view.invert", navigate.invert)
        act("view.outline", navigate.toggle_outline)
        act("view.opacity_up", partial(navigate.step_opacity, 1))
        act("view.opacity_down", partial(navigate.step_opacity, -1))
        for n in range(_PRESETS):
            act(f"view.preset_{n}", partial(self._apply_preset, n))
        navigate.presets_changed.connect(self._name_presets)

    def _connect_planes(self) -> None:
        act, navigate = self._actions.connect, self._navigate
        act("view.fit", navigate.fit)
        act("view.zoom_in", partial(self._zoom, 1))
        act("view.zoom_out", partial(self._zoom, -1))
        act("view.next_slice", partial(navigate.scroll, 1))
        act("view.previous_slice", partial(navigate.scroll, -1))
        act("view.four_up", self._toggle_all)
        for plane in Plane:
            act(f"view.{plane.name.lower()}", partial(self._show_alone, plane))

    def _apply_preset(self, number: int) -> None:
        self._navigate.apply_preset(number)
        self._check()  # the action checked itself, whatever came of it

    @Slot()
    def _name_presets(self) -> None:
        """Call the presets by their names for the image that is open, and offer no others."""
        presets = self._navigate.presets
        names = [engine_text(preset.name) for preset in presets]
        names += [""] * (_PRESETS - len(names))
        self._actions.rename({f"view.preset_{n}": name for n, name in enumerate(names)})
        for n in range(_PRESETS):
            self._actions[f"view.preset_{n}"].setVisible(not presets or n < len(presets))

    def _show_alone(self, plane: Plane) -> None:
        self._navigate.show_plane(plane)
        self._navigate.set_single(True)
        self._check()

    def _toggle_all(self) -> None:
        self._navigate.set_single(not self._view_state.single)
        self._check()  # the action checked itself, whatever came of it

    def _zoom(self, steps: int) -> None:
        frame = self._frame()
        if frame is not None:
            self._navigate.zoom(frame, steps)

    @Slot()
    def _check(self) -> None:
        state, study = self._view_state, self._document.study
        looks, tool = state.looks, state.tool
        checked = {f"tool.{kind.value}": tool.kind is kind for kind in ToolKind}
        checked |= {"tool.sign": not tool.positive, "tool.ball": tool.ball}
        checked |= {
            "view.labels": looks.show_labels, "view.info": looks.show_info, "view.crosshair": looks.show_crosshair,
            "view.smooth": looks.smooth, "view.invert": looks.inverted,
            "view.outline": looks.style is OverlayStyle.OUTLINE, "view.four_up": not state.single,
        }  # fmt: skip
        shown = plane_of(state.active_axis, study.volume.geometry) if study is not None and state.single else None
        checked |= {f"view.{plane.name.lower()}": plane is shown for plane in Plane}
        presets = self._navigate.presets
        checked |= {
            f"view.preset_{n}": n < len(presets) and through(presets[n], looks) == looks for n in range(_PRESETS)
        }
        self._actions.check(checked)
