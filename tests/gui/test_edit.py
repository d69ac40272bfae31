"""Corrections by hand: what they do to the label map, that they are undone, and what is said when they cannot be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from app.engine.plane import SliceKey
from app.engine.prompt import Box3D
from app.engine.study import LabelChange
from app.gui.canvas.requests import Lasso, Stroke
from app.gui.controllers.edit import EditController
from app.gui.document import Document
from app.gui.jobs import Jobs, Lane
from app.gui.view_state import ViewState

_KEY = SliceKey(0, 4)


class Hand:
    """A document and the hand that corrects it."""

    def __init__(self, document: Document, jobs: Jobs) -> None:
        self.document, self.view_state = document, ViewState()
        self.edit = EditController(document, self.view_state, jobs)
        self.messages: list[str] = []
        self.edit.message.connect(self.messages.append)
        assert document.study is not None
        self.view_state.begin(document.study.volume.shape_zyx, self.view_state.looks, single=False, axis=0)
        self.view_state.go_to(_KEY)

    @property
    def voxels(self) -> NDArray[np.uint16]:
        assert self.document.study is not None
        return self.document.study.labels.voxels

    def paint(self, region: Box3D) -> None:
        shape = region.z1 - region.z0, region.y1 - region.y0, region.x1 - region.x0
        self.document.do(lambda study: study.paint("Paint", [(region, np.ones(shape, dtype=bool))], 1))


@pytest.fixture
def hand(document: Document, jobs: Jobs) -> Hand:
    return Hand(document, jobs)


def stroke(*, erase: bool = False, ball: bool = False, radius: float = 4.0) -> Stroke:
    return Stroke(_KEY, ((20.0, 20.0), (30.0, 20.0)), radius, erase, ball)


def test_that_a_stroke_paints_what_lies_within_its_radius(hand: Hand) -> None:
    hand.edit.stroke(stroke())
    y, x = np.ogrid[:40, :48]
    along = np.clip(x, 20, 30)
    expected = (x - along) ** 2 + (y - 20) ** 2 <= 4.0**2
    np.testing.assert_array_equal(hand.voxels[4] == 1, expected)
    assert not hand.voxels[[3, 5]].any()


def test_that_a_ball_reaches_into_neighbouring_slices(hand: Hand) -> None:
    hand.edit.stroke(stroke(ball=True, radius=8.0))
    assert hand.voxels[3].any()
    assert hand.voxels[3].sum() < hand.voxels[4].sum()


def test_that_the_eraser_takes_from_the_active_label_alone(hand: Hand) -> None:
    hand.paint(Box3D(0, 0, 4, 48, 40, 5))
    hand.edit.stroke(stroke(erase=True))
    assert hand.voxels[4, 20, 25] == 0
    assert hand.voxels[4, 0, 0] == 1
    hand.document.undo()
    assert (hand.voxels[4] == 1).all()


def test_that_a_lasso_fills_what_it_encloses(hand: Hand) -> None:
    hand.edit.lassoed(Lasso(_KEY, ((9.5, 9.5), (19.5, 9.5), (19.5, 14.5), (9.5, 14.5)), erase=False))
    assert Box3D.of_mask(hand.voxels == 1) == Box3D(10, 10, 4, 20, 15, 5)
    assert hand.voxels.sum() == 50


def test_that_holes_are_filled_and_only_the_largest_part_stays(hand: Hand, qtbot: QtBot) -> None:
    hand.paint(Box3D(10, 10, 2, 20, 20, 7))
    hand.paint(Box3D(30, 30, 2, 32, 32, 3))
    hand.edit.stroke(Stroke(_KEY, ((15.0, 15.0),), 1.0, True, False))
    assert hand.voxels[4, 15, 15] == 0
    hand.edit.fill_holes()
    qtbot.waitUntil(lambda: bool(hand.voxels[4, 15, 15] == 1))
    hand.edit.keep_largest()
    qtbot.waitUntil(lambda: not hand.voxels[2, 30, 30])
    assert hand.voxels.sum() == 500


def test_that_slices_between_are_interpolated_and_drawn_ones_stay(hand: Hand, qtbot: QtBot) -> None:
    hand.paint(Box3D(10, 10, 1, 20, 20, 2))
    hand.paint(Box3D(10, 10, 5, 20, 20, 6))
    before = hand.voxels.copy()
    hand.edit.interpolate()
    qtbot.waitUntil(lambda: bool(hand.voxels[3].any()))
    assert (hand.voxels[[2, 3, 4], 10:20, 10:20] == 1).all()
    np.testing.assert_array_equal(hand.voxels[[1, 5]], before[[1, 5]])


def test_that_smoothing_rounds_a_corner_and_is_one_step(hand: Hand, qtbot: QtBot) -> None:
    hand.paint(Box3D(10, 10, 1, 30, 30, 7))
    steps = hand.document.undo_stack.count()
    hand.edit.smooth()
    qtbot.waitUntil(lambda: hand.document.undo_stack.count() == steps + 1)
    assert hand.voxels[4, 10, 10] == 0
    assert hand.voxels[4, 20, 20] == 1
    assert int(hand.voxels.sum()) == pytest.approx(20 * 20 * 6, rel=0.02)


@pytest.mark.parametrize(("step", "index"), [(1, 5), (-1, 3)])
def test_that_a_slice_is_copied_to_its_neighbour_and_shown(hand: Hand, step: int, index: int) -> None:
    hand.edit.stroke(stroke())
    hand.edit.copy_to_neighbour(step)
    np.testing.assert_array_equal(hand.voxels[index], hand.voxels[4])
    assert hand.view_state.active_key == SliceKey(0, index)


def test_that_the_last_slice_has_no_next_one(hand: Hand) -> None:
    hand.view_state.go_to(SliceKey(0, 7))
    hand.edit.copy_to_neighbour(1)
    assert not hand.voxels.any()


def test_that_a_slice_can_be_cleared(hand: Hand) -> None:
    hand.paint(Box3D(10, 10, 3, 20, 20, 6))
    hand.edit.clear_slice()
    assert not hand.voxels[4].any()
    assert hand.voxels[[3, 5]].any(axis=(1, 2)).all()


@pytest.mark.parametrize(
    "act",
    [lambda edit: edit.stroke(stroke()), EditController.smooth, EditController.clear_slice, EditController.fill_holes],
)
def test_that_a_locked_label_is_not_touched_and_the_reason_is_told(
    hand: Hand, act: Callable[[EditController], None]
) -> None:
    hand.paint(Box3D(10, 10, 3, 20, 20, 6))
    label = hand.document.active_label
    assert label is not None
    hand.document.do(lambda study: study.change_labels("Lock", [LabelChange(label, replace(label, locked=True))]))
    before = hand.voxels.copy()
    act(hand.edit)
    np.testing.assert_array_equal(hand.voxels, before)
    assert "locked" in hand.messages[-1]


def test_that_what_was_changed_meanwhile_is_not_overwritten(hand: Hand, qtbot: QtBot) -> None:
    hand.paint(Box3D(10, 10, 1, 30, 30, 7))
    hand.edit.smooth()
    hand.edit.stroke(stroke(erase=True))
    painted = hand.voxels.copy()
    qtbot.waitUntil(lambda: bool(hand.messages))
    assert "meanwhile" in hand.messages[-1]
    np.testing.assert_array_equal(hand.voxels, painted)


def test_that_a_label_that_is_locked_while_it_is_shaped_is_left_as_it_is(hand: Hand, qtbot: QtBot) -> None:
    failures: list[Exception] = []
    hand.edit.failed.connect(failures.append)
    hand.paint(Box3D(10, 10, 1, 30, 30, 7))
    painted = hand.voxels.copy()
    hand.edit.smooth()
    label = hand.document.active_label
    assert label is not None
    hand.document.do(lambda study: study.change_labels("Lock", [LabelChange(label, replace(label, locked=True))]))
    qtbot.waitUntil(lambda: bool(hand.messages or failures))
    assert failures == []  # that would be a dialog
    assert "is locked" in hand.messages[-1]
    np.testing.assert_array_equal(hand.voxels, painted)


def test_that_an_empty_label_is_said_to_be_empty(hand: Hand) -> None:
    hand.edit.smooth()
    assert "empty" in hand.messages[-1]


def test_that_a_second_shaping_is_refused_until_the_first_is_written(hand: Hand, qtbot: QtBot) -> None:
    hand.paint(Box3D(10, 10, 1, 30, 30, 7))
    hand.paint(Box3D(0, 0, 0, 4, 4, 1))
    steps = hand.document.undo_stack.count()
    hand.edit.smooth()
    hand.edit.keep_largest()
    assert "try again in a moment" in hand.messages[-1]
    qtbot.waitUntil(lambda: hand.document.undo_stack.count() == steps + 1)
    assert hand.voxels[4, 10, 10] == 0  # smoothed
    hand.edit.keep_largest()
    qtbot.waitUntil(lambda: hand.document.undo_stack.count() == steps + 2)
    assert not hand.voxels[0, :4, :4].any()


def test_that_shaping_is_told_and_can_be_given_up(hand: Hand, jobs: Jobs, qtbot: QtBot) -> None:
    told: list[str] = []
    hand.edit.shaping.connect(told.append)
    hand.paint(Box3D(10, 10, 2, 30, 30, 6))
    hand.edit.smooth()
    qtbot.waitUntil(lambda: jobs.is_idle)
    before, acts = hand.voxels.copy(), hand.document.undo_stack.count()
    gate = threading.Event()
    jobs.submit(Lane.OPEN, gate.wait, lambda _: None, lambda _: None)  # the engine is busy with something else
    hand.edit.smooth()
    hand.edit.cancel()
    gate.set()
    qtbot.waitUntil(lambda: jobs.is_idle)
    assert told == ["ball", "", "ball", ""]
    assert np.array_equal(hand.voxels, before)
    assert hand.document.undo_stack.count() == acts
