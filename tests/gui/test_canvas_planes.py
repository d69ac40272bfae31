"""Planes beside each other: layout, keyboard, what is said to screen readers, files that are dropped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from app.engine.geometry import Geometry
from app.engine.plane import SliceKey
from app.engine.prompt import Box
from app.engine.study import Study, StudySource
from app.engine.volume import Kind, Volume
from app.gui.canvas.planes import PlanesView
from app.gui.canvas.requests import BoxDrag, Hover, Phase
from app.gui.document import Document
from app.gui.proposal import Preview, Proposal
from app.gui.view_state import ToolKind, ViewState
from tests.gui.canvas_hand import CONTROL, SHIFT, Canvas


@pytest.fixture
def canvas(document: Document, qtbot: QtBot) -> Canvas:
    return Canvas(document, qtbot)


def picture_study() -> Study:
    voxels = np.zeros((1, 30, 50, 3), np.uint8)
    return Study(Volume(voxels, Geometry.of_pixels((1, 30, 50)), kind=Kind.PICTURE), StudySource("a.png", ""))


# -------------------------------------------------------------------------------------------------------------- layout


def test_that_planes_stand_in_their_cells(canvas: Canvas) -> None:
    fourth = QLabel("3-D")
    canvas.planes.set_fourth(fourth)
    axial, coronal, sagittal = (view.geometry() for view in canvas.planes.views)  # axes z, y, x of the study
    assert axial.right() < sagittal.left()
    assert axial.top() == sagittal.top()
    assert axial.bottom() < coronal.top()
    assert axial.left() == coronal.left()
    assert fourth.geometry().left() == sagittal.left()
    assert fourth.geometry().top() == coronal.top()
    assert fourth.isVisible()


def test_that_planes_share_the_room_where_there_is_nothing_beside_them(canvas: Canvas) -> None:
    for size in ((802, 602), (242, 242)):
        canvas.planes.set_fourth(QLabel("3-D"))
        canvas.planes.resize(*size)
        canvas.planes.set_fourth(None)
        axial, coronal, sagittal = (view.geometry() for view in canvas.planes.views)
        assert axial.height() == size[1]
        assert axial.width() >= sagittal.width() == coronal.width() >= 120
        assert coronal.top() - sagittal.bottom() == sagittal.left() - axial.right() == 3  # two pixels between them
        assert (coronal.right(), coronal.bottom()) == (size[0] - 1, size[1] - 1)


def test_that_a_double_click_shows_a_plane_alone_and_all_again(canvas: Canvas) -> None:
    canvas.axis = 2
    canvas.double_click((50, 50))
    assert [view.isVisible() for view in canvas.planes.views] == [False, False, True]
    assert canvas.view.geometry() == canvas.planes.rect()
    canvas.double_click((50, 50))
    assert all(view.isVisible() for view in canvas.planes.views)


def test_that_two_quick_clicks_with_a_brush_are_two_dots(canvas: Canvas) -> None:
    canvas.pick(ToolKind.BRUSH)
    canvas.double_click(canvas.at(10, 10))
    assert len(canvas.strokes) == 2
    assert not canvas.state.single


def test_that_a_picture_stands_alone(canvas: Canvas) -> None:
    canvas.document.open(picture_study())
    canvas.begin()
    assert [view.isVisible() for view in canvas.planes.views] == [True, False, False]
    canvas.double_click((50, 50))
    canvas.key(Qt.Key.Key_Right)
    assert [view.isVisible() for view in canvas.planes.views] == [True, False, False]


def test_that_the_empty_widget_is_shown_while_nothing_is_open(canvas: Canvas, study: Study) -> None:
    empty = QLabel("Drop an image here")
    canvas.planes.set_empty_widget(empty)
    assert not empty.isVisible()
    canvas.document.open(None)
    assert empty.isVisible()
    assert empty.geometry() == canvas.planes.rect()
    assert not any(view.isVisible() for view in canvas.planes.views)
    canvas.document.open(study)
    assert not empty.isVisible()


def test_that_an_empty_canvas_can_be_used_without_harm(qtbot: QtBot) -> None:
    document, state = Document(), ViewState()
    planes = PlanesView(document, state, Proposal())
    qtbot.addWidget(planes)
    planes.show()
    planes.begin_keyboard_box()
    QTest.mouseClick(planes.views[0], Qt.MouseButton.LeftButton)
    assert planes.active_frame is None
    assert not planes.grab().isNull()


# ------------------------------------------------------------------------------------------------------------ keyboard


def test_that_keys_change_slices(canvas: Canvas) -> None:
    canvas.axis = 2
    expected = {
        Qt.Key.Key_Down: 25, Qt.Key.Key_Up: 24, Qt.Key.Key_PageDown: 34, Qt.Key.Key_PageUp: 24,
        Qt.Key.Key_End: 47, Qt.Key.Key_Home: 0,
    }  # fmt: skip
    for key, index in expected.items():
        canvas.key(key)
        assert canvas.state.key(2).index == index
    canvas.key(Qt.Key.Key_Down, SHIFT)
    assert canvas.state.key(2).index == 10


def test_that_left_and_right_go_through_the_planes(canvas: Canvas) -> None:
    canvas.key(Qt.Key.Key_Right)
    assert canvas.state.active_axis == 2  # sagittal stands beside axial
    canvas.key(Qt.Key.Key_Right)
    assert canvas.state.active_axis == 1
    canvas.key(Qt.Key.Key_Right)
    canvas.key(Qt.Key.Key_Left)
    assert canvas.state.active_axis == 1


def test_that_tab_goes_from_plane_to_plane_and_makes_it_the_active_one(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.planes.activateWindow()
    canvas.planes.views[0].setFocus()
    qtbot.waitUntil(canvas.planes.views[0].hasFocus)
    QTest.keyClick(canvas.planes.views[0], Qt.Key.Key_Tab)
    assert canvas.planes.views[2].hasFocus()
    assert canvas.state.active_axis == 2
    QTest.keyClick(canvas.planes.views[2], Qt.Key.Key_Tab)
    assert canvas.planes.views[1].hasFocus()


def test_that_the_keyboard_stays_with_the_plane_that_is_shown(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.planes.activateWindow()
    canvas.planes.views[0].setFocus()
    qtbot.waitUntil(canvas.planes.views[0].hasFocus)
    canvas.state.set_layout(axis=1, single=True)
    assert canvas.planes.views[1].hasFocus()


def test_that_a_click_makes_a_plane_the_active_one(canvas: Canvas) -> None:
    canvas.axis = 1
    canvas.click((20, 20))
    assert canvas.state.active_axis == 1


# ------------------------------------------------------------------------------------------------------- keyboard box


def phases(canvas: Canvas) -> list[Phase]:
    return [drag.phase for drag in canvas.boxes]


def test_that_a_box_can_be_put_down_by_the_keyboard(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.planes.begin_keyboard_box()
    (first,) = canvas.boxes
    assert (first.key, first.phase, first.new) == (SliceKey(0, 4), Phase.BEGIN, True)
    assert 8 <= first.box.width <= 24
    assert abs(first.box.x0 + first.box.x1 - 48) <= 1
    assert abs(first.box.y0 + first.box.y1 - 40) <= 1
    qtbot.waitUntil(lambda: len(canvas.boxes) == 2)
    assert canvas.boxes[1] == BoxDrag(first.key, first.box, Phase.END, new=False)


def test_that_arrows_move_it_and_resize_it(canvas: Canvas) -> None:
    canvas.planes.begin_keyboard_box()
    start = canvas.boxes[0].box
    for key, modifiers, expected in (
        (Qt.Key.Key_Right, None, Box(start.x0 + 1, start.y0, start.x1 + 1, start.y1)),
        (Qt.Key.Key_Up, None, Box(start.x0 + 1, start.y0 - 1, start.x1 + 1, start.y1 - 1)),
        (Qt.Key.Key_Down, SHIFT, Box(start.x0 + 1, start.y0 - 1, start.x1 + 1, start.y1)),
        (Qt.Key.Key_Left, CONTROL, Box(start.x0 - 9, start.y0 - 1, start.x1 - 9, start.y1)),
        (Qt.Key.Key_Left, SHIFT | CONTROL, Box(start.x0 - 9, start.y0 - 1, max(start.x1 - 19, start.x0 - 8), start.y1)),
    ):
        canvas.key(key, Qt.KeyboardModifier.NoModifier if modifiers is None else modifiers)
        assert canvas.boxes[-1].box == expected


def test_that_letting_a_key_go_ends_the_change(canvas: Canvas) -> None:
    canvas.planes.begin_keyboard_box()
    canvas.key(Qt.Key.Key_Right)
    assert phases(canvas) == [Phase.BEGIN, Phase.MOVE, Phase.END]
    canvas.key(Qt.Key.Key_Right, hold=True)
    canvas.key(Qt.Key.Key_Right)
    assert phases(canvas)[3:] == [Phase.BEGIN, Phase.MOVE, Phase.END]
    assert not any(drag.new for drag in canvas.boxes[1:])


def test_that_a_change_ends_by_itself_after_a_rest(canvas: Canvas, qtbot: QtBot) -> None:
    canvas.planes.begin_keyboard_box()
    canvas.key(Qt.Key.Key_Right, hold=True)
    assert phases(canvas)[-1] is Phase.MOVE
    qtbot.waitUntil(lambda: phases(canvas)[-1] is Phase.END)


def test_that_arrows_are_for_slices_again_once_the_box_is_accepted_or_rejected(canvas: Canvas) -> None:
    canvas.planes.begin_keyboard_box()
    canvas.proposal.set_preview(Preview(SliceKey(0, 4), 1, canvas.boxes[-1].box))
    canvas.proposal.set_preview(None)
    canvas.boxes.clear()
    canvas.key(Qt.Key.Key_Down)
    assert canvas.boxes == []
    assert canvas.state.key(0).index == 5


def test_that_the_keyboard_goes_on_from_where_the_mouse_left_the_box(canvas: Canvas) -> None:
    canvas.planes.begin_keyboard_box()
    canvas.proposal.set_preview(Preview(SliceKey(0, 4), 1, canvas.boxes[-1].box))
    canvas.key(Qt.Key.Key_Right)
    canvas.proposal.set_preview(Preview(SliceKey(0, 4), 1, Box(3, 3, 9, 9)))
    canvas.key(Qt.Key.Key_Right)
    assert canvas.boxes[-1].box == Box(4, 3, 10, 9)


def test_that_the_box_stays_within_the_slice(canvas: Canvas) -> None:
    canvas.planes.begin_keyboard_box()
    for _ in range(8):
        canvas.key(Qt.Key.Key_Left, CONTROL)
        canvas.key(Qt.Key.Key_Down, SHIFT | CONTROL)
    assert canvas.boxes[-1].box.x0 == 0
    assert canvas.boxes[-1].box.y1 == 40


# ------------------------------------------------------------------------------------------------------ hover and drop


def test_that_the_voxel_under_the_mouse_is_told(canvas: Canvas) -> None:
    canvas.hover(canvas.at(12, 30))
    assert canvas.hovers[-1] == Hover(SliceKey(0, 4), (4, 30, 12))
    canvas.hover(canvas.at(-3, 30))
    assert canvas.hovers[-1] is None


def test_that_files_can_be_dropped_anywhere(canvas: Canvas, tmp_path: Path) -> None:
    dropped: list[tuple[Path, ...]] = []
    canvas.planes.files_dropped.connect(dropped.append)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.nii.gz")), QUrl("https://example.org/b.nii.gz")])
    enter = QDragEnterEvent(
        QPoint(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(canvas.planes, enter)
    assert enter.isAccepted()
    drop = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(canvas.planes, drop)
    assert dropped == [(tmp_path / "a.nii.gz",)]


# ------------------------------------------------------------------------------------------------------- accessibility


def test_that_screen_readers_are_told_the_slice(canvas: Canvas) -> None:
    assert canvas.planes.views[0].accessibleName() == "Axial slice 5 of 8"
    canvas.wheel(-120)
    assert canvas.planes.views[0].accessibleName() == "Axial slice 6 of 8"
    assert canvas.planes.views[1].accessibleName() == "Coronal slice 21 of 40"
    assert canvas.planes.views[2].accessibleName() == "Sagittal slice 25 of 48"


def test_that_a_picture_is_called_one(canvas: Canvas) -> None:
    canvas.document.open(picture_study())
    canvas.begin()
    assert canvas.planes.views[0].accessibleName() == "Picture"
