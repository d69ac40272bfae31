"""What the tools ask for, and what buttons and wheel do beside them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.engine.plane import SliceKey
from app.engine.prompt import Box, Point
from app.engine.window import Window
from app.gui.canvas.requests import Phase
from app.gui.canvas.tools.box import WHOLE, Grip, dragged_box
from app.gui.canvas.tools.window import dragged_window
from app.gui.document import Document
from app.gui.proposal import Preview
from app.gui.view_state import ToolKind
from tests.gui.canvas_hand import ALT, CONTROL, LEFT, MIDDLE, RIGHT, SHIFT, Canvas

_KEY = SliceKey(0, 4)


@pytest.fixture
def canvas(document: Document, qtbot: QtBot) -> Canvas:
    return Canvas(document, qtbot)


def proposed(canvas: Canvas, box: Box) -> None:
    canvas.proposal.set_preview(Preview(canvas.view.sight.key, 1, box))


# ----------------------------------------------------------------------------------------------------------------- box


def test_that_a_box_is_all_voxels_that_the_mouse_went_over(canvas: Canvas) -> None:
    canvas.drag(canvas.at(10.2, 5.8), canvas.at(15, 9), canvas.at(20.3, 12.4))
    assert [drag.phase for drag in canvas.boxes] == [Phase.BEGIN, Phase.MOVE, Phase.END]
    assert all(drag.new and drag.key == _KEY for drag in canvas.boxes)
    assert canvas.boxes[-1].box == Box(10, 6, 21, 13)


def test_that_a_box_can_be_drawn_from_any_corner(canvas: Canvas) -> None:
    canvas.drag(canvas.at(20, 5), canvas.at(10, 12))
    assert canvas.boxes[-1].box == Box(10, 5, 21, 13)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_boxes_are_in_the_coordinates_of_their_slice(canvas: Canvas, axis: int) -> None:
    canvas.axis = axis
    canvas.drag(canvas.at(3, 1), canvas.at(6, 2))
    assert canvas.boxes[-1].key == canvas.state.key(axis)
    assert canvas.boxes[-1].box == Box(3, 1, 7, 3)


def test_that_a_click_is_no_box(canvas: Canvas) -> None:
    canvas.click(canvas.at(10, 5))
    assert canvas.boxes == []


def test_that_a_box_ends_at_the_border_of_the_slice(canvas: Canvas) -> None:
    canvas.drag(canvas.at(40, 30), canvas.at(70, 60))
    assert canvas.boxes[-1].box == Box(40, 30, 48, 40)


def test_that_a_drag_beyond_the_slice_is_no_box(canvas: Canvas) -> None:
    canvas.drag(canvas.at(-6, -3), canvas.at(-4, -2))
    assert canvas.boxes == []


def test_that_a_box_that_stays_the_same_is_not_sent_again(canvas: Canvas) -> None:
    canvas.drag(canvas.at(10, 5), canvas.at(20, 12), canvas.at(20.1, 12.1), canvas.at(20.2, 12))
    assert [drag.phase for drag in canvas.boxes] == [Phase.BEGIN, Phase.END]


def test_that_escape_calls_a_new_box_off(canvas: Canvas) -> None:
    canvas.press(canvas.at(10, 5))
    canvas.move(canvas.at(20, 12))
    canvas.key(Qt.Key.Key_Escape)
    canvas.move(canvas.at(25, 15))
    canvas.release(canvas.at(25, 15))
    assert [drag.phase for drag in canvas.boxes] == [Phase.BEGIN, Phase.CANCEL]


def test_that_a_side_is_moved_by_its_handle(canvas: Canvas) -> None:
    proposed(canvas, Box(10, 8, 30, 28))
    canvas.drag(canvas.at(29.5, 17.5), canvas.at(34.5, 20))
    assert [drag.phase for drag in canvas.boxes] == [Phase.BEGIN, Phase.END]
    assert not any(drag.new for drag in canvas.boxes)
    assert canvas.boxes[-1].box == Box(10, 8, 35, 28)


def test_that_a_corner_is_moved_by_its_handle(canvas: Canvas) -> None:
    proposed(canvas, Box(10, 8, 30, 28))
    canvas.drag(canvas.at(9.5, 7.5), canvas.at(5.5, 10.5))
    assert canvas.boxes[-1].box == Box(6, 11, 30, 28)


def test_that_a_box_is_moved_by_its_inside_and_stops_at_the_border(canvas: Canvas) -> None:
    proposed(canvas, Box(10, 8, 30, 28))
    canvas.drag(canvas.at(20, 18), canvas.at(23, 14))
    assert canvas.boxes[-1].box == Box(13, 4, 33, 24)
    canvas.drag(canvas.at(20, 18), canvas.at(60, 18))
    assert canvas.boxes[-1].box == Box(28, 8, 48, 28)


def test_that_a_drag_beside_the_preview_draws_a_new_box(canvas: Canvas) -> None:
    proposed(canvas, Box(20, 20, 30, 30))
    canvas.drag(canvas.at(2, 2), canvas.at(8, 9))
    assert canvas.boxes[0].new
    assert canvas.boxes[-1].box == Box(2, 2, 9, 10)


def test_that_a_preview_of_another_slice_cannot_be_grasped(canvas: Canvas) -> None:
    proposed(canvas, Box(10, 8, 30, 28))
    canvas.state.go_to(SliceKey(0, 5))
    canvas.drag(canvas.at(20, 18), canvas.at(25, 23))
    assert canvas.boxes[-1].new
    assert canvas.boxes[-1].key == SliceKey(0, 5)


def test_that_escape_gives_a_changed_box_back(canvas: Canvas) -> None:
    proposed(canvas, Box(10, 8, 30, 28))
    canvas.press(canvas.at(29.5, 17.5))
    canvas.move(canvas.at(34.5, 17.5))
    canvas.key(Qt.Key.Key_Escape)
    assert canvas.boxes[-1].phase is Phase.END
    assert canvas.boxes[-1].box == Box(10, 8, 30, 28)


def test_that_a_side_drawn_past_the_other_turns_the_box_and_never_empties_it() -> None:
    assert dragged_box((10, 10, 20, 20), Grip(-1, 0), (15, 0), (40, 40)) == (20, 10, 25, 20)
    assert dragged_box((10, 10, 20, 20), Grip(-1, 0), (10, 0), (40, 40)) == (19, 10, 20, 20)
    assert dragged_box((0, 10, 20, 20), Grip(1, 0), (-20, 0), (40, 40)) == (0, 10, 1, 20)
    assert dragged_box((10, 10, 20, 20), WHOLE, (-50, 50), (40, 40)) == (0, 30, 10, 40)


def test_that_the_wheel_does_not_leave_the_slice_while_a_box_is_drawn(canvas: Canvas) -> None:
    canvas.press(canvas.at(10, 5))
    canvas.move(canvas.at(20, 12))
    canvas.wheel(-120)
    assert canvas.state.key(0) == _KEY


# -------------------------------------------------------------------------------------------------------------- points


@pytest.mark.parametrize("positive", [True, False])
def test_that_a_click_says_what_the_tool_says(canvas: Canvas, positive: bool) -> None:
    canvas.pick(ToolKind.POINT, positive=positive)
    canvas.click(canvas.at(12.3, 7.6))
    assert [(click.key, click.point) for click in canvas.clicks] == [(_KEY, Point(12.0, 8.0, positive=positive))]


def test_that_shift_and_the_right_button_say_the_opposite(canvas: Canvas) -> None:
    canvas.pick(ToolKind.POINT)
    canvas.click(canvas.at(12, 7), modifiers=SHIFT)
    canvas.click(canvas.at(13, 7), button=RIGHT)
    assert [click.point for click in canvas.clicks] == [Point(12, 7, positive=False), Point(13, 7, positive=False)]
    assert canvas.menus == []


def test_that_dragging_with_the_right_button_zooms_and_sets_no_point(canvas: Canvas) -> None:
    canvas.pick(ToolKind.POINT)
    before = canvas.view.sight.frame.scale
    canvas.drag((100, 100), (100, 40), button=RIGHT)
    assert canvas.view.sight.frame.scale > before
    assert canvas.clicks == []


def test_that_a_click_beside_the_slice_is_no_point(canvas: Canvas) -> None:
    canvas.pick(ToolKind.POINT)
    canvas.click(canvas.at(-2, 7))
    assert canvas.clicks == []


# ------------------------------------------------------------------------------------------------------------ by hand


def test_that_a_stroke_is_sent_when_it_is_done(canvas: Canvas) -> None:
    canvas.pick(ToolKind.BRUSH, brush_radius=3.0, ball=True)
    canvas.press(canvas.at(10, 10))
    canvas.move(canvas.at(20, 10))
    assert canvas.strokes == []
    canvas.release(canvas.at(20, 15))
    (stroke,) = canvas.strokes
    assert (stroke.key, stroke.radius, stroke.erase, stroke.ball) == (_KEY, 3.0, False, True)
    assert np.allclose(stroke.path, ((10, 10), (20, 10), (20, 15)))


def test_that_a_dot_is_a_stroke(canvas: Canvas) -> None:
    canvas.pick(ToolKind.ERASER)
    canvas.click(canvas.at(10, 10))
    (stroke,) = canvas.strokes
    assert stroke.erase
    assert len(stroke.path) == 1


def test_that_escape_calls_a_stroke_off(canvas: Canvas) -> None:
    canvas.pick(ToolKind.BRUSH)
    canvas.press(canvas.at(10, 10))
    canvas.move(canvas.at(20, 10))
    canvas.key(Qt.Key.Key_Escape)
    canvas.release(canvas.at(20, 10))
    assert canvas.strokes == []


@pytest.mark.parametrize("positive", [True, False])
def test_that_a_lasso_paints_or_erases_by_the_sign(canvas: Canvas, positive: bool) -> None:
    canvas.pick(ToolKind.LASSO, positive=positive)
    canvas.drag(canvas.at(10, 10), canvas.at(20, 10), canvas.at(20, 20), canvas.at(10, 20))
    (lasso,) = canvas.lassos
    assert lasso.erase is not positive
    assert np.allclose(lasso.path, ((10, 10), (20, 10), (20, 20), (10, 20)))


def test_that_a_line_is_no_lasso(canvas: Canvas) -> None:
    canvas.pick(ToolKind.LASSO)
    canvas.drag(canvas.at(10, 10), canvas.at(20, 10))
    assert canvas.lassos == []


# ------------------------------------------------------------------------------------------------------------- window


def test_that_to_the_right_is_wider_and_upwards_brighter(canvas: Canvas) -> None:
    canvas.state.set_looks(replace(canvas.state.looks, window=Window(40, 400)))
    canvas.pick(ToolKind.WINDOW)
    canvas.drag((100, 100), (140, 100))
    assert canvas.state.looks.window.width > 400
    assert canvas.state.looks.window.level == pytest.approx(40)
    canvas.drag((100, 100), (100, 60))
    assert canvas.state.looks.window.level < 40


def test_that_upwards_is_brighter_on_an_inverted_image_too(canvas: Canvas) -> None:
    canvas.state.set_looks(replace(canvas.state.looks, window=Window(40, 400), inverted=True))
    canvas.pick(ToolKind.WINDOW)
    canvas.drag((100, 100), (100, 60))
    assert canvas.state.looks.window.level > 40


def test_that_escape_gives_the_window_back(canvas: Canvas) -> None:
    canvas.state.set_looks(replace(canvas.state.looks, window=Window(40, 400)))
    canvas.pick(ToolKind.WINDOW)
    canvas.press((100, 100))
    canvas.move((180, 60))
    canvas.key(Qt.Key.Key_Escape)
    assert canvas.state.looks.window == Window(40, 400)


@pytest.mark.parametrize("window", [Window(1e-9, 2e-6), Window(0, 1e12), Window(1e6, 1.0)])
def test_that_a_window_dragged_far_is_still_a_window(window: Window) -> None:
    for dx in (-5000.0, 900.0):
        assert dragged_window(window, dx, 300.0).width > 0


# ----------------------------------------------------------------------------------------------- crosshair and camera


def test_that_the_crosshair_follows_and_the_other_planes_with_it(canvas: Canvas) -> None:
    canvas.pick(ToolKind.NAVIGATE)
    canvas.drag(canvas.at(10, 12), canvas.at(15, 20))
    assert canvas.state.crosshair_zyx == (4, 20, 15)
    canvas.axis = 2
    canvas.drag(canvas.at(3, 1), canvas.at(30, 6))  # in a slice along x: (y, z)
    assert canvas.state.crosshair_zyx == (6, 30, 15)


def test_that_the_crosshair_stays_in_the_image(canvas: Canvas) -> None:
    canvas.pick(ToolKind.NAVIGATE)
    canvas.drag(canvas.at(10, 12), canvas.at(400, -200))
    assert canvas.state.crosshair_zyx == (4, 0, 47)


@pytest.mark.parametrize(("button", "modifiers"), [(MIDDLE, None), (LEFT, SHIFT), (LEFT, ALT)])
def test_that_the_picture_is_panned(
    canvas: Canvas, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier | None
) -> None:
    held = Qt.KeyboardModifier.NoModifier if modifiers is None else modifiers
    x, y = canvas.at(20, 20)
    canvas.drag((x, y), (x + 30, y + 20), button=button, modifiers=held)
    assert canvas.at(20, 20) == pytest.approx((x + 30, y + 20))
    assert canvas.boxes == []


@pytest.mark.parametrize(("button", "modifiers"), [(RIGHT, None), (LEFT, CONTROL)])
def test_that_the_picture_is_zoomed_about_the_press(
    canvas: Canvas, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier | None
) -> None:
    held = Qt.KeyboardModifier.NoModifier if modifiers is None else modifiers
    before = canvas.view.sight.frame.scale
    place = canvas.at(20, 20)
    canvas.drag(place, (place[0], place[1] - 50), button=button, modifiers=held)
    assert canvas.view.sight.frame.scale == pytest.approx(before * 2**0.5)
    assert canvas.at(20, 20) == pytest.approx(place)


def test_that_escape_gives_the_camera_back(canvas: Canvas) -> None:
    camera = canvas.state.camera(0)
    canvas.press((100, 100), RIGHT)
    canvas.move((100, 20), RIGHT)
    canvas.key(Qt.Key.Key_Escape)
    assert canvas.state.camera(0) == camera


def test_that_planes_have_cameras_of_their_own(canvas: Canvas) -> None:
    canvas.drag((100, 100), (100, 20), button=RIGHT)
    assert canvas.state.camera(0).zoom is not None
    assert canvas.state.camera(1).zoom is None


# --------------------------------------------------------------------------------------------------------------- wheel


def test_that_the_wheel_changes_slices(canvas: Canvas) -> None:
    canvas.wheel(-120)
    assert canvas.state.key(0).index == 5
    canvas.wheel(240)
    assert canvas.state.key(0).index == 3


def test_that_small_turns_of_the_wheel_add_up(canvas: Canvas) -> None:
    for _ in range(9):
        canvas.wheel(-40)
    assert canvas.state.key(0).index == 7
    canvas.wheel(-40)
    canvas.wheel(40)  # the other way begins afresh
    canvas.wheel(79)
    assert canvas.state.key(0).index == 7
    canvas.wheel(1)
    assert canvas.state.key(0).index == 6


def test_that_shift_makes_ten_slices_of_one(canvas: Canvas) -> None:
    canvas.axis = 2
    canvas.wheel(-120, modifiers=SHIFT)
    assert canvas.state.key(2).index == 34


def test_that_ctrl_and_the_wheel_zoom_at_the_cursor(canvas: Canvas) -> None:
    place = canvas.at(30, 10)
    before = canvas.view.sight.frame.scale
    canvas.wheel(120, place, CONTROL)
    assert canvas.view.sight.frame.scale == pytest.approx(before * 1.2)
    assert canvas.at(30, 10) == pytest.approx(place)
    assert canvas.state.key(0) == _KEY


def test_that_shift_and_the_wheel_change_the_size_of_a_brush(canvas: Canvas) -> None:
    canvas.pick(ToolKind.BRUSH, brush_radius=6.0)
    canvas.wheel(120, modifiers=SHIFT)
    assert canvas.state.tool.brush_radius > 6.0
    canvas.wheel(-120 * 60, modifiers=SHIFT)
    assert canvas.state.tool.brush_radius == pytest.approx(0.5)
    assert canvas.state.key(0) == _KEY


# -------------------------------------------------------------------------------------------------------------- cursor


def test_that_the_cursor_says_what_a_press_would_do(canvas: Canvas) -> None:
    proposed(canvas, Box(10, 8, 30, 28))
    shapes = {
        (40, 35): Qt.CursorShape.CrossCursor,
        (20, 18): Qt.CursorShape.SizeAllCursor,
        (29.5, 17.5): Qt.CursorShape.SizeHorCursor,
        (19.5, 7.5): Qt.CursorShape.SizeVerCursor,
        (9.5, 7.5): Qt.CursorShape.SizeFDiagCursor,
        (29.5, 7.5): Qt.CursorShape.SizeBDiagCursor,
    }
    for (x, y), shape in shapes.items():
        canvas.hover(canvas.at(x, y))
        assert canvas.view.cursor().shape() is shape
    canvas.pick(ToolKind.NAVIGATE)
    assert canvas.view.cursor().shape() is Qt.CursorShape.ArrowCursor


# ---------------------------------------------------------------------------------------------------------------- menu


def test_that_a_right_click_asks_for_a_menu_and_a_right_drag_does_not(canvas: Canvas) -> None:
    place = canvas.at(10, 12)
    canvas.click(place, button=RIGHT)
    canvas.drag(place, (place[0], place[1] + 30), button=RIGHT)
    (menu,) = canvas.menus
    assert (menu.key, menu.zyx) == (_KEY, (4, 12, 10))
