"""Drags whose end the view never hears of, or whose slice goes away under them: nothing hangs on to the mouse."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.engine.plane import SliceKey
from app.gui.canvas.requests import Phase
from app.gui.document import Document
from app.gui.view_state import ToolKind
from tests.gui.canvas_hand import Canvas


@pytest.fixture
def canvas(document: Document, qtbot: QtBot) -> Canvas:
    made = Canvas(document, qtbot)
    made.press(made.at(10, 5))
    made.move(made.at(20, 12))
    assert made.view.hand.drag is not None
    return made


def test_that_a_box_is_called_off_when_its_plane_is_hidden_amid_it(canvas: Canvas) -> None:
    canvas.state.set_layout(axis=1, single=True)
    assert [drag.phase for drag in canvas.boxes] == [Phase.BEGIN, Phase.CANCEL]
    canvas.state.set_layout(single=False)
    canvas.move(canvas.at(30, 20), Qt.MouseButton.NoButton)
    assert len(canvas.boxes) == 2


def test_that_a_box_whose_release_went_to_a_dialog_does_not_follow_the_mouse(canvas: Canvas) -> None:
    canvas.move(canvas.at(30, 20), Qt.MouseButton.NoButton)
    assert [drag.phase for drag in canvas.boxes] == [Phase.BEGIN, Phase.CANCEL]
    canvas.drag(canvas.at(3, 4), canvas.at(8, 9))  # and the next one is drawn as ever
    assert [drag.phase for drag in canvas.boxes[2:]] == [Phase.BEGIN, Phase.END]


def test_that_keys_do_not_turn_slices_while_something_is_drawn(canvas: Canvas) -> None:
    key = canvas.view.sight.key
    QTest.keyClick(canvas.view, Qt.Key.Key_Down)
    assert canvas.view.sight.key == key
    canvas.release(canvas.at(20, 12))
    assert canvas.boxes[-1].phase is Phase.END
    QTest.keyClick(canvas.view, Qt.Key.Key_Down)
    assert canvas.view.sight.key != key


def test_that_a_stroke_is_called_off_when_another_slice_comes(canvas: Canvas) -> None:
    canvas.release(canvas.at(20, 12))
    canvas.pick(ToolKind.BRUSH)
    canvas.press(canvas.at(10, 5))
    canvas.move(canvas.at(20, 12))
    canvas.state.go_to(SliceKey(0, canvas.view.sight.key.index + 1))  # by a menu, say, or a key of the window
    canvas.move(canvas.at(25, 14))
    canvas.release(canvas.at(25, 14))
    assert canvas.strokes == []
