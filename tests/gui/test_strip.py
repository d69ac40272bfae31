"""The strip of slices: what it shows, where it leads, what it costs to keep up to date."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.engine.labelmap import PALETTE
from app.engine.plane import SliceKey
from app.engine.prompt import Box3D
from app.engine.propagate import SliceResult
from app.engine.study import Act, Study
from app.gui.controllers.strip import StripController, count_slices
from app.gui.document import Document
from app.gui.jobs import Jobs, Lane
from app.gui.panels.strip import SliceStrip
from app.gui.panels.strip_picture import Lanes
from app.gui.panels.strip_state import Mark, StripState
from app.gui.proposal import Carried, Proposal
from app.gui.view_state import ViewState


class Desk:
    """A document, what is looked at, and the strip."""

    def __init__(self, document: Document, jobs: Jobs, qtbot: QtBot) -> None:
        self.document, self.jobs, self.qtbot = document, jobs, qtbot
        self.view_state, self.proposal = ViewState(), Proposal()
        assert document.study is not None
        self.study = document.study
        self.view_state.begin(self.study.volume.shape_zyx, self.view_state.looks, single=False, axis=0)
        self.strip = StripController(document, self.view_state, self.proposal, jobs)
        self.messages: list[str] = []
        self.strip.message.connect(self.messages.append)

    def settle(self) -> None:
        self.qtbot.waitUntil(lambda: not self.jobs.is_running(Lane.COUNT))

    def paint(self, z: slice, y: slice = slice(10, 20), record: dict[str, Any] | None = None, label: int = 1) -> Act:
        region = Box3D(10, y.start, z.start, 20, y.stop, z.stop)
        mask = np.ones((z.stop - z.start, y.stop - y.start, 10), dtype=bool)
        return self.document.do(lambda study: study.paint("Paint", [(region, mask)], label, record=record))

    @property
    def state(self) -> StripState:
        assert self.strip.state is not None
        return self.strip.state

    def filled(self) -> list[int]:
        return [n for n, mark in enumerate(self.state.marks) if mark is not Mark.EMPTY]

    def doubtful(self) -> list[int]:
        return [n for n, mark in enumerate(self.state.marks) if mark is Mark.DOUBTFUL]


@pytest.fixture
def desk(document: Document, jobs: Jobs, qtbot: QtBot) -> Desk:
    made = Desk(document, jobs, qtbot)
    made.settle()
    return made


def test_that_slices_with_the_label_are_marked_and_undo_unmarks_them(desk: Desk) -> None:
    assert desk.filled() == []
    desk.paint(slice(2, 4))
    assert desk.filled() == [2, 3]
    assert desk.state.label == "ball"
    desk.document.undo()
    assert desk.filled() == []


def test_that_another_axis_is_counted_along_itself(desk: Desk) -> None:
    desk.paint(slice(2, 4), slice(15, 25))
    desk.view_state.set_layout(axis=1)
    desk.settle()
    assert desk.filled() == list(range(15, 25))
    desk.view_state.set_layout(axis=2)
    desk.settle()
    assert desk.filled() == list(range(10, 20))


def test_that_another_active_label_has_slices_of_its_own(desk: Desk) -> None:
    desk.paint(slice(2, 4))
    assert desk.document.study is not None
    desk.study.labels.add_label("other")
    desk.document.set_active_label(2)
    desk.settle()
    assert desk.filled() == []
    desk.document.set_active_label(1)
    desk.settle()
    assert desk.filled() == [2, 3]


def test_that_what_is_edited_while_the_engine_counts_is_counted_again(desk: Desk) -> None:
    desk.view_state.set_layout(axis=1)
    desk.paint(slice(0, 2), slice(5, 8))  # the count that was asked for has not been answered yet
    desk.settle()
    assert desk.filled() == [5, 6, 7]


def test_that_a_large_change_is_counted_by_the_engine_when_the_user_rests(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.gui.controllers.strip._AT_ONCE", 100)
    desk.paint(slice(1, 6))
    desk.strip.next_empty()  # from 4: right although the count is still to come
    assert desk.view_state.crosshair_zyx[0] == 6
    desk.qtbot.waitUntil(lambda: desk.filled() == [1, 2, 3, 4, 5])


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2), st.integers(0, 2**32 - 1))
def test_that_counts_are_those_of_the_whole(axis: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 3, size=(3, 4, 5)).astype(np.uint16)
    expected = [int((np.take(values, n, axis=axis) == 2).sum()) for n in range(values.shape[axis])]
    assert count_slices(values, 2, axis).tolist() == expected


def test_that_the_next_slice_without_a_mask_is_found_around_the_end(desk: Desk) -> None:
    desk.paint(slice(4, 8))
    desk.view_state.go_to(SliceKey(0, 5))
    desk.strip.next_empty()
    assert desk.view_state.crosshair_zyx[0] == 0
    desk.strip.next_empty()
    assert desk.view_state.crosshair_zyx[0] == 1
    desk.paint(slice(0, 4))
    desk.strip.next_empty()
    assert desk.view_state.crosshair_zyx[0] == 1
    assert desk.messages == ["“ball” is in every other slice."]


CARRIED = {"kind": "carried", "axis": 0, "doubtful_below": 0.6, "scores": {"2": 0.9, "3": 0.55, "4": 0.4, "7": 0.1}}


def test_that_slices_with_low_scores_are_in_doubt_where_the_label_is(desk: Desk) -> None:
    desk.paint(slice(2, 6), record=CARRIED)
    assert desk.doubtful() == [3, 4]
    assert desk.state.scores == {2: 0.9, 3: 0.55, 4: 0.4}
    desk.view_state.go_to(SliceKey(0, 4))
    desk.strip.next_doubtful()
    assert desk.view_state.crosshair_zyx[0] == 3
    desk.document.undo()
    assert desk.doubtful() == []
    desk.strip.next_doubtful()
    assert desk.messages == ["No other slice of “ball” is in doubt."]


def test_that_a_correction_by_hand_ends_the_doubt_until_it_is_undone(desk: Desk) -> None:
    desk.paint(slice(2, 6), record=CARRIED)
    desk.paint(slice(3, 4), slice(20, 25), record={"kind": "hand", "tool": "brush"})
    assert desk.doubtful() == [4]
    desk.document.undo()
    assert desk.doubtful() == [3, 4]


def test_that_a_project_that_has_lost_the_edits_still_knows_what_was_corrected(desk: Desk) -> None:
    desk.paint(slice(2, 6), record=CARRIED)
    desk.paint(slice(3, 4), slice(20, 25), record={"kind": "hand", "tool": "brush", "axis": 0, "slice": 3})
    desk.paint(slice(4, 5), slice(20, 25), record={"kind": "hand", "tool": "brush", "axis": 1, "slice": 22})
    saved = [act.without_edits() for act in desk.study.history]
    desk.document.open(Study(desk.study.volume, desk.study.source, desk.study.labels, history=saved))
    desk.settle()
    assert desk.doubtful() == [4]


def test_that_a_single_prompt_is_in_doubt_by_the_models_threshold(desk: Desk) -> None:
    desk.paint(slice(5, 6), record={"kind": "prompt", "axis": 0, "slice": 5, "score": 0.5})
    assert desk.doubtful() == []
    desk.strip.set_doubtful_below(0.7)
    assert desk.doubtful() == [5]
    desk.view_state.set_layout(axis=1)
    desk.settle()
    assert not desk.state.scores


@pytest.mark.parametrize(
    "record",
    [
        {"kind": "carried", "axis": 0, "scores": {"two": 0.1, "-3": 0.1, "99": 0.1, "3": "low", "\u0663": 0.1}},
        {"kind": "carried", "axis": 0, "scores": [1, 2], "doubtful_below": "high"},
        {"kind": "prompt", "axis": 0, "slice": None, "score": 0.1},
        {"kind": "prompt", "axis": 0},
    ],
)
def test_that_records_of_a_strange_project_do_no_harm(desk: Desk, record: dict[str, Any]) -> None:
    desk.strip.set_doubtful_below(0.9)
    desk.paint(slice(2, 6), record=record)
    assert desk.filled() == [2, 3, 4, 5]
    assert desk.doubtful() == []


def test_that_scores_are_shown_while_a_mask_is_carried(desk: Desk) -> None:
    desk.strip.set_doubtful_below(0.5)
    desk.paint(slice(2, 5))
    mask = np.ones((40, 48), dtype=bool)
    slices = {n: SliceResult(SliceKey(0, n), mask, score, 1.0) for n, score in ((3, 1.0), (4, 0.3), (2, 0.8))}
    desk.proposal.set_carried(Carried(0, 1, slices))
    assert desk.doubtful() == [4]
    assert desk.state.carried == {2, 3, 4}
    assert desk.state.newest == 2
    desk.proposal.set_carried(Carried(0, 1, slices, running=False))
    assert not desk.state.carried


def test_that_limits_are_told_once_and_end_with_the_axis(desk: Desk) -> None:
    told: list[range | None] = []
    desk.strip.limits_changed.connect(told.append)
    desk.strip.set_limits(range(2, 5))
    desk.strip.set_limits(range(2, 5))
    assert desk.state.limits == range(2, 5)
    desk.view_state.set_layout(axis=1)
    assert told == [range(2, 5), None]
    assert desk.state.limits is None


def test_that_nothing_is_shown_without_an_image(desk: Desk) -> None:
    desk.document.open(None)
    assert desk.strip.state is None
    desk.strip.next_empty()
    desk.strip.next_doubtful()
    assert not desk.messages


# ------------------------------------------------------------------------------------------------------------- widget

STATE = StripState(0, 3, (Mark.EMPTY,) * 4 + (Mark.FILLED,) * 3 + (Mark.DOUBTFUL,), {7: 0.41}, label="ball",
                   colour=PALETTE[0])  # fmt: skip


class Shown:
    """The strip as the user sees it."""

    def __init__(self, qtbot: QtBot, orientation: Qt.Orientation) -> None:
        self.strip = SliceStrip(orientation)
        qtbot.addWidget(self.strip)
        self.upright = orientation is Qt.Orientation.Vertical
        self.strip.resize(*((40, 416) if self.upright else (416, 40)))
        self.strip.show()
        self.chosen: list[int] = []
        self.limits: list[range | None] = []
        self.strip.slice_chosen.connect(self.chosen.append)
        self.strip.limits_changed.connect(self.limits.append)
        self.show(STATE)

    def show(self, state: StripState) -> None:
        self.strip.set_state(state)
        self.lanes = Lanes(416, len(state.marks))

    def at(self, along: float, across: int) -> QPoint:
        return QPoint(across, round(along)) if self.upright else QPoint(round(along), across)

    def click(self, index: int) -> None:
        QTest.mouseClick(self.strip, Qt.MouseButton.LeftButton, pos=self.at(self.lanes.middle(index), 15))

    def drag_handle(self, edge: int, to: int) -> range | None:
        """Take the handle that stands before a slice to another one; the limits that are asked for."""
        QTest.mousePress(self.strip, Qt.MouseButton.LeftButton, pos=self.at(self.lanes.edge(edge), 33))
        QTest.mouseMove(self.strip, self.at(self.lanes.middle(to), 33))
        QTest.mouseRelease(self.strip, Qt.MouseButton.LeftButton, pos=self.at(self.lanes.middle(to), 33))
        return self.limits[-1]

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.strip, key, modifier)


@pytest.fixture(params=[Qt.Orientation.Horizontal, Qt.Orientation.Vertical], ids=["lying", "upright"])
def shown(qtbot: QtBot, request: pytest.FixtureRequest) -> Shown:
    return Shown(qtbot, request.param)


def test_that_a_click_goes_to_the_slice_under_it(shown: Shown) -> None:
    for index in (0, 3, 7):
        shown.click(index)
    assert shown.chosen == [0, 3, 7]
    assert not shown.limits


def test_that_handles_are_dragged_and_do_not_pass_each_other(shown: Shown) -> None:
    assert shown.drag_handle(0, 2) == range(2, 8)
    shown.show(replace(STATE, limits=range(2, 8)))
    assert shown.drag_handle(8, 5) == range(2, 6)
    shown.show(replace(STATE, limits=range(2, 6)))
    assert shown.drag_handle(2, 7) == range(5, 6)
    shown.show(replace(STATE, limits=range(2, 8)))
    assert shown.drag_handle(2, 0) is None
    assert not shown.chosen


def test_that_keys_go_along_and_set_the_limits(shown: Shown) -> None:
    shift = Qt.KeyboardModifier.ShiftModifier
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp):
        shown.key(key)
    assert shown.chosen == [4, 2, 0, 7, 0]
    shown.key(Qt.Key.Key_Home, shift)
    shown.key(Qt.Key.Key_End, shift)
    shown.key(Qt.Key.Key_Backspace)
    assert shown.limits == [range(3, 8), range(4), None]


def test_that_a_limit_set_beyond_the_other_takes_it_along(shown: Shown) -> None:
    shown.show(replace(STATE, limits=range(5, 7)))
    shown.strip.limit_here(first=False)
    assert shown.limits[-1] == range(3, 4)


def test_that_a_slice_is_described_in_words(shown: Shown) -> None:
    assert shown.strip.describe(0) == "Slice 1 of 8\nNo “ball” here"
    assert shown.strip.describe(7) == "Slice 8 of 8\nHolds “ball”\nScore 0.41: worth a second look"
    assert shown.strip.accessibleDescription() == shown.strip.describe(3)


def pixels(strip: SliceStrip) -> QImage:
    return strip.grab().toImage()


def test_that_marks_differ_by_more_than_colour(qtbot: QtBot) -> None:
    strip = Shown(qtbot, Qt.Orientation.Horizontal)
    image = pixels(strip.strip)
    places = [(dx, y) for dx in (12, 20, 28) for y in range(11, 26)]
    columns = {
        mark: {image.pixelColor(round(strip.lanes.edge(index)) + dx, y).lightness() for dx, y in places}
        for mark, index in ((Mark.FILLED, 5), (Mark.DOUBTFUL, 7))
    }
    assert len(columns[Mark.FILLED]) == 1
    assert len(columns[Mark.DOUBTFUL]) > 2  # hatched, with a band


def test_that_a_thousand_slices_keep_their_doubtful_one_in_sight(qtbot: QtBot) -> None:
    strip = Shown(qtbot, Qt.Orientation.Horizontal)
    marks = [Mark.FILLED] * 1000
    strip.show(replace(STATE, marks=tuple(marks)))
    before = pixels(strip.strip)
    marks[617] = Mark.DOUBTFUL
    strip.show(replace(STATE, marks=tuple(marks)))
    after = pixels(strip.strip)
    differing = {x for x in range(416) for y in range(9, 27) if before.pixel(x, y) != after.pixel(x, y)}
    assert len(differing) == 1
    assert abs(differing.pop() - strip.lanes.edge(617)) <= 1


@given(st.integers(20, 3000), st.integers(1, 1200), st.data())
def test_that_a_place_within_a_slice_is_that_slice(length: int, count: int, data: st.DataObject) -> None:
    lanes = Lanes(length, count)
    index = data.draw(st.integers(0, count - 1))
    assert lanes.slice_at(lanes.middle(index)) == index
    assert lanes.slice_at(-5) == 0
    assert lanes.slice_at(length + 5) == count - 1
