"""Looking about by menu and key, without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine.geometry import Geometry
from app.engine.plane import Plane, SliceKey
from app.engine.study import Study, StudySource
from app.engine.upright import Upright
from app.engine.volume import Display, Kind, Volume
from app.engine.window import Window, opening_of
from app.gui.canvas.frame import PlaneFrame
from app.gui.controllers.navigate import NavigateController, first_axis
from app.gui.document import Document
from app.gui.view_state import Camera, OverlayStyle, ToolKind, ViewState


class Desk:
    def __init__(self, study: Study) -> None:
        self.document, self.state = Document(), ViewState()
        self.navigate = NavigateController(self.state, self.document)
        self.open(study)

    def open(self, study: Study | None) -> None:
        self.document.open(study)
        if study is not None:
            self.navigate.begin(opening_of(study.volume))


@pytest.fixture
def desk(qapp: object, study: Study) -> Desk:
    return Desk(study)


def picture(display: Display | None = None) -> Study:
    voxels = np.arange(600, dtype=np.uint8).reshape(1, 20, 30)
    return Study(
        Volume(voxels, Geometry.of_pixels((1, 20, 30)), kind=Kind.PICTURE, display=display or Display()),
        StudySource("a.png", ""),
    )


def volume_of(spacing_xyz: tuple[float, float, float], direction: NDArray[np.float64] | None = None) -> Volume:
    geometry = Geometry.from_components(shape_zyx=(4, 5, 6), spacing_xyz=spacing_xyz, direction=direction)
    return Volume(np.zeros((4, 5, 6), np.int16), geometry)


def test_that_what_is_opened_is_shown_in_the_middle_in_all_planes(desk: Desk) -> None:
    assert desk.state.crosshair_zyx == (4, 20, 24)
    assert not desk.state.single
    assert desk.state.active_key == SliceKey(0, 4)


def test_that_a_picture_is_shown_alone_in_its_own_window(desk: Desk) -> None:
    desk.open(picture(Display(level=30, width=50, inverted=True)))
    assert desk.state.single
    assert desk.state.looks.window == Window(30, 50)
    assert desk.state.looks.inverted
    desk.navigate.set_single(single=False)
    desk.navigate.show_plane(Plane.SAGITTAL)
    assert desk.state.single
    assert desk.state.active_axis == 0


def test_that_looks_other_than_the_window_stay_for_the_next_image(desk: Desk) -> None:
    desk.navigate.set_opacity(0.7)
    desk.navigate.toggle_info()
    desk.open(picture())
    assert desk.state.looks.opacity == 0.7
    assert not desk.state.looks.show_info


def test_that_thick_slices_are_looked_at_in_the_plane_of_their_acquisition() -> None:
    sagittal = np.array([[0, 0, 1], [1, 0, 0], [0, -1, 0]], dtype=np.float64)  # slices follow one another to the left
    assert first_axis(volume_of((1, 1, 5), sagittal)) == 0
    assert first_axis(volume_of((1, 1, 1), sagittal)) == 1  # the axial plane
    assert first_axis(volume_of((1, 4, 1))) == 1
    assert first_axis(volume_of((1, 1, 1.2))) == 0


def test_that_keys_show_the_windows_of_organs_and_the_files_own(desk: Desk) -> None:
    own = desk.state.looks.window
    desk.navigate.apply_preset(2)
    assert desk.state.looks.window == Window(-600, 1500)
    desk.navigate.apply_preset(0)
    assert desk.state.looks.window == own


def test_that_a_key_without_a_window_changes_nothing(desk: Desk) -> None:
    desk.open(None)
    before = desk.state.looks
    desk.navigate.apply_preset(0)
    desk.navigate.apply_preset(12)
    assert desk.state.looks == before
    assert desk.navigate.presets == ()


def test_that_presets_are_those_of_the_image_that_is_open(desk: Desk) -> None:
    assert desk.navigate.presets[1].name == "Soft tissue"
    desk.open(picture())
    assert all(preset.name != "Soft tissue" for preset in desk.navigate.presets)


def test_that_slices_are_scrolled_in_the_active_plane(desk: Desk) -> None:
    desk.navigate.show_plane(Plane.CORONAL)
    desk.navigate.scroll(-3)
    assert desk.state.crosshair_zyx == (4, 17, 24)


def test_that_going_to_a_slice_makes_its_plane_the_active_one(desk: Desk) -> None:
    desk.navigate.go_to(SliceKey(2, 7))
    assert desk.state.active_key == SliceKey(2, 7)


def test_that_zoom_is_about_the_middle_and_fit_undoes_it(desk: Desk) -> None:
    assert desk.document.study is not None
    upright = Upright.of(desk.document.study.volume.geometry, 1)
    frame = PlaneFrame(upright, Camera(), (300.0, 200.0))
    desk.navigate.zoom(frame, 2)
    nearer = PlaneFrame(upright, desk.state.camera(1), (300.0, 200.0))
    assert nearer.scale == pytest.approx(frame.scale * 1.25**2)
    assert nearer.point_at((150.0, 100.0)) == pytest.approx(frame.point_at((150.0, 100.0)))
    desk.navigate.fit()
    assert desk.state.camera(1) == Camera()


def test_that_opacity_stays_between_nothing_and_full(desk: Desk) -> None:
    desk.navigate.set_opacity(0.95)
    desk.navigate.step_opacity(1)
    assert desk.state.looks.opacity == 1.0
    for _ in range(12):
        desk.navigate.step_opacity(-1)
    assert desk.state.looks.opacity == 0.0


def test_that_switches_switch_there_and_back(desk: Desk) -> None:
    navigate, before = desk.navigate, desk.state.looks
    switches = {
        navigate.toggle_labels: replace(before, show_labels=False),
        navigate.toggle_outline: replace(before, style=OverlayStyle.OUTLINE),
        navigate.toggle_info: replace(before, show_info=False),
        navigate.toggle_crosshair: replace(before, show_crosshair=False),
        navigate.toggle_smooth: replace(before, smooth=False),
        navigate.invert: replace(before, inverted=True),
    }
    for switch, switched in switches.items():
        switch()
        assert desk.state.looks == switched
        switch()
        assert desk.state.looks == before


def test_that_tools_keep_their_settings(desk: Desk) -> None:
    desk.navigate.pick(ToolKind.BRUSH)
    desk.navigate.toggle_ball()
    desk.navigate.resize_brush(100)
    desk.navigate.pick(ToolKind.LASSO)
    desk.navigate.toggle_sign()
    tool = desk.state.tool
    assert (tool.kind, tool.ball, tool.brush_radius, tool.positive) == (ToolKind.LASSO, True, 200.0, False)
