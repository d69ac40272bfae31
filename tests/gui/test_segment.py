"""From box to mask, without a window: the stand-in for a model says that what is bright and prompted is inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from app.engine.consensus import fill_box
from app.engine.geometry import Geometry
from app.engine.labelmap import Label, LabelMap
from app.engine.plane import SliceKey
from app.engine.prompt import Box, Box3D, Point
from app.engine.propagate import SliceResult
from app.engine.study import LabelChange, Study
from app.engine.volume import Volume
from app.gui.canvas.requests import BoxDrag, Click, Phase
from app.gui.controllers.propagate import PropagateController
from app.gui.controllers.segment import SegmentController
from app.gui.document import Document
from app.gui.inference import Inference, ModelChoice
from app.gui.jobs import Jobs, Lane
from app.gui.proposal import Proposal
from app.gui.view_state import ViewState
from tests.engine.tiny_package import write_tiny_package

_KEY = SliceKey(0, 4)
_BOX = Box(14, 6, 39, 31)  # around the ball in its middle slice


class Desk:
    """A document, a model, and the controllers between them."""

    def __init__(self, document: Document, jobs: Jobs, model: Path) -> None:
        self.document, self.jobs = document, jobs
        self.view_state, self.proposal = ViewState(), Proposal()
        self.inference = Inference(ModelChoice(str(model)))
        common = (document, self.view_state, self.proposal, jobs, self.inference)
        self.segment = SegmentController(*common)
        self.propagate = PropagateController(*common)
        self.messages: list[str] = []
        self.failures: list[Exception] = []
        for controller in (self.segment, self.propagate):
            controller.message.connect(self.messages.append)
            controller.failed.connect(self.failures.append)
        assert document.study is not None
        self.view_state.begin(document.study.volume.shape_zyx, self.view_state.looks, single=False, axis=0)
        self.view_state.go_to(_KEY)

    def draw(self, box: Box = _BOX, key: SliceKey = _KEY) -> None:
        self.segment.drag_box(BoxDrag(key, Box(box.x0, box.y0, box.x0 + 1, box.y0 + 1), Phase.BEGIN, new=True))
        self.segment.drag_box(BoxDrag(key, box, Phase.MOVE, new=True))
        self.segment.drag_box(BoxDrag(key, box, Phase.END, new=True))

    @property
    def answered(self) -> bool:
        return self.proposal.preview is not None and self.proposal.preview.fresh

    def labelled(self) -> int:
        assert self.document.study is not None
        return int((self.document.study.labels.voxels > 0).sum())


@pytest.fixture
def desk(document: Document, jobs: Jobs, model: Path) -> Desk:
    return Desk(document, jobs, model)


def true_slice(document: Document, index: int = 4) -> NDArray[np.bool_]:
    assert document.study is not None
    return np.asarray(document.study.volume.voxels[index] > 100)


def points_of(desk: Desk) -> int:
    return -1 if desk.proposal.preview is None else len(desk.proposal.preview.points)


def overlap(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    return float(2.0 * (found & true).sum() / (found.sum() + true.sum()))


def test_that_a_drawn_box_gets_a_preview_and_writes_nothing(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    preview = desk.proposal.preview
    assert preview is not None
    assert preview.mask is not None
    assert overlap(preview.mask, true_slice(desk.document)) > 0.9
    assert preview.score is not None
    assert not preview.doubtful
    assert not preview.dragging
    assert desk.labelled() == 0


def test_that_a_score_below_the_models_own_threshold_is_doubtful(
    document: Document, jobs: Jobs, tmp_path: Path, qtbot: QtBot
) -> None:
    thresholds = {"mask": 0.0, "present": 0.5, "doubtful": 0.95}  # the stand-in's score is 0.9
    desk = Desk(document, jobs, write_tiny_package(tmp_path / "strict", thresholds=thresholds))
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    assert desk.proposal.preview is not None
    assert desk.proposal.preview.doubtful


def test_that_the_mask_follows_while_the_box_is_dragged(desk: Desk, qtbot: QtBot) -> None:
    seen: list[bool] = []
    desk.proposal.preview_changed.connect(
        lambda: seen.append(desk.proposal.preview is not None and desk.proposal.preview.fresh)
    )
    desk.segment.drag_box(BoxDrag(_KEY, Box(14, 6, 20, 12), Phase.BEGIN, new=True))
    for n in range(12, 31):
        desk.segment.drag_box(BoxDrag(_KEY, Box(14, 6, n + 8, n), Phase.MOVE, new=True))
    qtbot.waitUntil(lambda: desk.answered)
    preview = desk.proposal.preview
    assert preview is not None
    assert preview.dragging
    assert preview.box == Box(14, 6, 38, 30)
    assert True in seen


def test_that_enter_writes_the_preview_as_one_step(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    desk.segment.accept()
    assert desk.proposal.preview is None
    assert desk.labelled() > 200
    assert desk.document.undo_stack.count() == 1
    record = desk.document.study.history[-1].record  # type: ignore[union-attr]
    assert record["box"] == [14, 6, 38, 30]
    assert record["slice"] == 4
    assert record["model"]["name"] == "tiny"
    desk.document.undo()
    assert desk.labelled() == 0


def test_that_enter_before_the_answer_is_not_lost(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    desk.segment.accept()
    qtbot.waitUntil(lambda: desk.labelled() > 0)
    assert desk.proposal.preview is None


def test_that_escape_leaves_nothing(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    desk.segment.reject()
    assert desk.proposal.preview is None
    assert desk.labelled() == 0
    assert desk.document.undo_stack.count() == 0


def test_that_the_next_box_accepts_the_last(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    desk.draw(Box(2, 2, 8, 8))
    assert desk.labelled() > 200
    assert desk.proposal.preview is not None
    assert desk.proposal.preview.box == Box(2, 2, 8, 8)


def test_that_dragging_a_handle_changes_the_preview_and_accepts_nothing(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    desk.segment.drag_box(BoxDrag(_KEY, _BOX, Phase.BEGIN, new=False))
    wider = replace(_BOX, x1=42)
    desk.segment.drag_box(BoxDrag(_KEY, wider, Phase.MOVE, new=False))
    desk.segment.drag_box(BoxDrag(_KEY, wider, Phase.END, new=False))
    qtbot.waitUntil(lambda: desk.answered)
    assert desk.labelled() == 0
    assert desk.proposal.preview is not None
    assert desk.proposal.preview.box == wider


def test_that_points_refine_and_can_be_taken_back(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    desk.segment.click(Click(_KEY, Point(20, 15, positive=False)))
    qtbot.waitUntil(lambda: desk.answered)
    assert points_of(desk) == 1
    desk.segment.reset_points()
    qtbot.waitUntil(lambda: desk.answered)
    assert points_of(desk) == 0
    preview = desk.proposal.preview
    assert preview is not None
    assert preview.box == _BOX


def test_that_a_negative_click_alone_explains_itself(desk: Desk) -> None:
    desk.segment.click(Click(_KEY, Point(1, 1, positive=False)))
    assert desk.proposal.preview is None
    assert "Draw a box" in desk.messages[-1]


def test_that_a_locked_label_is_shown_as_conflict_and_kept(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    desk.segment.accept()
    before = desk.labelled()
    label = desk.document.active_label
    assert label is not None
    other = Label(2, "other", (1, 2, 3))
    desk.document.do(
        lambda study: study.change_labels(
            "x", [LabelChange(label, replace(label, locked=True)), LabelChange(None, other)]
        )
    )
    desk.document.set_active_label(2)
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    preview = desk.proposal.preview
    assert preview is not None
    assert preview.conflicts[1] > 100
    assert preview.blocked is not None
    desk.segment.accept()
    assert desk.document.study is not None
    assert int((desk.document.study.labels.voxels == 1).sum()) == before


def test_that_nothing_is_drawn_into_a_locked_label(desk: Desk) -> None:
    label = desk.document.active_label
    assert label is not None
    desk.document.do(lambda study: study.change_labels("Lock", [LabelChange(label, replace(label, locked=True))]))
    desk.draw()
    assert desk.proposal.preview is None
    assert "locked" in desk.messages[-1]


def test_that_a_model_that_cannot_be_opened_is_named(
    document: Document, jobs: Jobs, tmp_path: Path, qtbot: QtBot
) -> None:
    desk = Desk(document, jobs, tmp_path / "nothing")
    desk.draw()
    qtbot.waitUntil(lambda: bool(desk.failures))
    assert "nothing" in str(desk.failures[0])
    assert desk.proposal.preview is None


def test_that_neighbours_are_encoded_when_idle(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: {_KEY, SliceKey(0, 3), SliceKey(0, 5)} <= desk.proposal.ready)


def test_that_no_neighbour_is_encoded_where_that_is_not_wanted(desk: Desk, jobs: Jobs, qtbot: QtBot) -> None:
    desk.segment.set_ahead(False)
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    desk.segment.findChildren(QTimer)[0].timeout.emit()  # as it does a moment after the last answer
    assert not jobs.is_running(Lane.AHEAD)
    assert desk.proposal.ready == frozenset()


def test_that_an_object_is_carried_both_ways_as_one_step(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    desk.propagate.start()
    qtbot.waitUntil(lambda: desk.proposal.carried is not None and not desk.proposal.carried.running)
    assert desk.document.undo_stack.count() == 1
    assert desk.document.study is not None
    found = desk.document.study.labels.voxels == 1
    assert overlap(found, desk.document.study.volume.voxels > 100) > 0.9
    scores = desk.document.study.history[-1].record["scores"]
    assert set(scores) >= {"3", "4", "5"}
    desk.document.undo()
    assert desk.labelled() == 0


def test_that_stopping_keeps_what_is_done(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)

    def stop_at_two(_newest: object) -> None:
        carried = desk.proposal.carried
        if carried is not None and carried.running and len(carried.slices) == 2:
            desk.propagate.stop()

    desk.proposal.carried_changed.connect(stop_at_two)
    desk.propagate.start()
    qtbot.waitUntil(lambda: desk.proposal.carried is not None and not desk.proposal.carried.running)
    assert not desk.jobs.is_running(Lane.PROPAGATE)
    assert desk.document.study is not None
    slices = np.flatnonzero(desk.document.study.labels.voxels.any(axis=(1, 2)))
    assert len(slices) == 2
    assert desk.document.undo_stack.count() == 1


def test_that_painting_while_carrying_ends_it_first(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    desk.propagate.start()
    qtbot.waitUntil(lambda: desk.proposal.carried is not None and len(desk.proposal.carried.slices) >= 1)
    label = desk.document.active_label
    assert label is not None
    desk.document.do(lambda study: study.change_labels("Name", [LabelChange(label, replace(label, name="new"))]))
    assert not desk.propagate.is_running
    assert desk.document.undo_stack.count() == 2


def test_that_the_limits_hold(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    desk.propagate.set_limits(range(4, 6))
    desk.propagate.start()
    qtbot.waitUntil(lambda: desk.proposal.carried is not None and not desk.proposal.carried.running)
    assert desk.document.study is not None
    assert np.flatnonzero(desk.document.study.labels.voxels.any(axis=(1, 2))).tolist() == [4, 5]


def test_that_a_box_is_filled_through_the_slices_asked_for(desk: Desk, qtbot: QtBot) -> None:
    desk.propagate.fill_box(_BOX, 0, range(3, 6))
    qtbot.waitUntil(lambda: desk.proposal.carried is not None and not desk.proposal.carried.running)
    assert desk.document.study is not None
    assert np.flatnonzero(desk.document.study.labels.voxels.any(axis=(1, 2))).tolist() == [3, 4, 5]
    assert desk.document.study.history[-1].record["box3d"] == [14, 6, 3, 38, 30, 5]


def test_that_another_model_answers_a_preview_that_stands(desk: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    first = desk.proposal.preview
    assert first is not None
    other = write_tiny_package(tmp_path / "other")
    state = desk.inference.switch(ModelChoice(str(other)))
    desk.segment.ask_again(state)
    qtbot.waitUntil(lambda: desk.answered)
    second = desk.proposal.preview
    assert second is not None
    assert (second.record["model"]["name"], second.box) == ("other", first.box)


def test_that_the_model_that_answered_is_not_asked_again(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    first = desk.proposal.preview
    desk.segment.ask_again(desk.inference.open())
    assert desk.proposal.preview is first


def test_that_a_click_elsewhere_before_the_answer_keeps_the_box_and_is_not_accepted_itself(
    desk: Desk, qtbot: QtBot
) -> None:
    desk.draw()
    desk.segment.click(Click(SliceKey(0, 3), Point(26.0, 18.0)))
    qtbot.waitUntil(lambda: desk.jobs.is_idle and desk.answered)
    assert desk.proposal.preview is not None
    assert desk.proposal.preview.key == SliceKey(0, 3)
    assert desk.document.study is not None
    labelled = desk.document.study.labels.voxels.any(axis=(1, 2))
    assert np.flatnonzero(labelled).tolist() == [4]


def test_that_enter_before_the_answer_does_not_accept_a_later_box(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    desk.segment.accept()
    desk.propagate.start()  # takes the box instead
    qtbot.waitUntil(lambda: desk.proposal.carried is not None and not desk.proposal.carried.running)
    qtbot.waitUntil(lambda: not desk.jobs.is_running(Lane.PROMPT))
    acts = desk.document.undo_stack.count()
    desk.draw(Box(15, 7, 38, 30))
    qtbot.waitUntil(lambda: not desk.jobs.is_running(Lane.PROMPT))
    assert desk.answered
    assert desk.document.undo_stack.count() == acts


def lock(desk: Desk) -> None:
    """Lock the label that has a mask, and choose another one."""
    label = desk.document.active_label
    assert label is not None
    changes = [LabelChange(label, replace(label, locked=True)), LabelChange(None, Label(2, "other", (1, 2, 3)))]
    desk.document.do(lambda study: study.change_labels("Lock", changes))
    desk.document.set_active_label(2)


@pytest.mark.parametrize(
    "go_on",
    [
        lambda desk: desk.draw(Box(2, 2, 8, 8)),
        lambda desk: desk.segment.click(Click(SliceKey(0, 3), Point(26.0, 18.0))),
    ],
    ids=["box", "click"],
)
def test_that_a_mask_that_cannot_be_written_is_kept_when_the_user_goes_on_elsewhere(
    desk: Desk, qtbot: QtBot, go_on: Callable[[Desk], None]
) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    desk.segment.accept()
    desk.segment.click(Click(_KEY, Point(26.0, 18.0)))  # corrects what the label has: the mask stays the label's
    qtbot.waitUntil(lambda: desk.answered)
    lock(desk)
    kept = desk.proposal.preview
    go_on(desk)
    assert "locked" in desk.messages[-1]
    assert not desk.failures
    preview = desk.proposal.preview
    assert preview is not None
    assert kept is not None
    assert (preview.key, preview.box, preview.points) == (kept.key, kept.box, kept.points)
    assert not desk.jobs.is_running(Lane.PROMPT)


def test_that_a_mask_answered_too_late_to_be_written_is_kept_while_the_next_box_is_drawn(
    desk: Desk, qtbot: QtBot
) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    desk.segment.accept()
    desk.segment.click(Click(_KEY, Point(26.0, 18.0)))
    lock(desk)
    desk.segment.drag_box(BoxDrag(_KEY, Box(2, 2, 3, 3), Phase.BEGIN, new=True))
    qtbot.waitUntil(lambda: bool(desk.messages) and "locked" in desk.messages[-1])
    desk.segment.drag_box(BoxDrag(_KEY, Box(2, 2, 8, 8), Phase.MOVE, new=True))
    desk.segment.drag_box(BoxDrag(_KEY, Box(2, 2, 8, 8), Phase.END, new=True))
    assert desk.answered
    assert points_of(desk) == 1
    desk.segment.reject()
    desk.draw(Box(2, 2, 8, 8))
    assert desk.proposal.preview is not None
    assert desk.proposal.preview.label == 2


def cubes(study: Study) -> Study:
    """A ball of 21 voxels in 28 x 40 x 48 voxels of a millimetre: a box around it is filled from three sides."""
    z, y, x = np.ogrid[:28, :40, :48]
    ball = (z - 14) ** 2 + (y - 18) ** 2 + (x - 26) ** 2 <= 10**2
    geometry = Geometry.from_components(shape_zyx=ball.shape, spacing_xyz=(1.0, 1.0, 1.0))
    volume = Volume(np.where(ball, 300, -50).astype(np.int16), geometry, id="cubes", modality="CT", unit="HU")
    labels = LabelMap(volume.shape_zyx)
    labels.add_label("ball")
    return Study(volume, study.source, labels)


def test_that_a_box_of_cubes_is_filled_from_three_sides_as_in_a_batch(desk: Desk, study: Study, qtbot: QtBot) -> None:
    opened = cubes(study)
    desk.document.open(opened)
    told: list[tuple[int, int]] = []
    desk.propagate.advanced.connect(lambda done, total: told.append((done, total)))
    desk.propagate.fill_box(Box(15, 3, 38, 26), 1, range(7, 30))  # drawn in a coronal slice: rows are z
    qtbot.waitUntil(lambda: desk.proposal.carried is not None and not desk.proposal.carried.running)
    box = Box3D(15, 7, 3, 38, 30, 26)
    expected = np.zeros(opened.volume.shape_zyx, dtype=bool)
    segmenter = desk.inference.segmenter_for(desk.inference.choice.name)
    for result in fill_box(segmenter, opened.volume, box):
        if isinstance(result, SliceResult):
            expected[result.key.selector()] = result.mask
    assert expected.any()
    assert np.array_equal(opened.labels.voxels == 1, expected)
    assert told[-1] == (4 * 23, 4 * 23)  # 23 slices along each axis are looked at, and those along z are painted
    record = opened.history[-1].record
    assert (record["axis"], record["box3d"]) == (0, list(box.to_inclusive()))
    assert desk.document.undo_stack.count() == 1
    desk.document.undo()
    assert desk.labelled() == 0


def test_that_what_is_expected_is_shown_before_anything_is_painted_and_is_what_is_painted_then(
    desk: Desk, study: Study, qtbot: QtBot
) -> None:
    opened = cubes(study)
    desk.document.open(opened)
    shown: list[int] = []  # voxels that are expected, while nothing is painted
    expected: list[NDArray[np.bool_]] = []

    def note() -> None:
        carried = desk.proposal.carried
        if carried is not None and carried.running and carried.expected is not None:
            if not carried.slices:
                shown.append(int(carried.expected.mask.sum()))
                assert desk.labelled() == 0
            else:
                expected.append(carried.expected.mask)
        else:
            assert carried is None or carried.expected is None

    desk.proposal.carried_changed.connect(note)
    desk.propagate.fill_box(Box(15, 7, 38, 30), 0, range(3, 26))
    qtbot.waitUntil(lambda: desk.proposal.carried is not None and not desk.proposal.carried.running)
    assert max(shown) > 0
    assert np.array_equal(opened.labels.voxels[3:26, 7:30, 15:38] == 1, expected[0])


def test_that_a_fill_that_is_stopped_before_anything_is_painted_gives_the_preview_back(
    desk: Desk, study: Study, qtbot: QtBot
) -> None:
    desk.document.open(cubes(study))
    desk.draw(Box(15, 7, 38, 30), SliceKey(0, 14))
    qtbot.waitUntil(lambda: desk.answered)
    before = desk.proposal.preview
    assert before is not None
    assert before.box is not None
    desk.propagate.advanced.connect(lambda done, _total: desk.propagate.stop() if done == 5 else None)
    desk.propagate.fill_box(before.box, 0, range(3, 26))
    qtbot.waitUntil(lambda: not desk.propagate.is_running)
    assert desk.proposal.preview is before
    assert desk.document.undo_stack.count() == 0
    assert not desk.document.is_modified
    desk.segment.accept()
    assert desk.labelled() > 200


def test_that_enter_after_a_box_that_was_carried_instead_does_not_wait_for_its_answer(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    desk.propagate.start()  # takes the box before it is answered
    qtbot.waitUntil(lambda: desk.jobs.is_idle)
    desk.document.undo()
    desk.segment.drag_box(BoxDrag(_KEY, Box(-9, -9, -2, -2), Phase.BEGIN, new=True))  # outside: nothing is asked
    desk.segment.accept()
    assert desk.labelled() == 0
    desk.segment.drag_box(BoxDrag(_KEY, _BOX, Phase.END, new=True))
    qtbot.waitUntil(lambda: desk.answered)
    assert desk.document.undo_stack.index() == 0


def test_that_a_preview_goes_with_its_label(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    desk.document.do(lambda study: study.remove_label(1, "Remove a label"))
    assert desk.proposal.preview is None
    assert desk.segment.accept()
    assert not desk.failures


def test_that_a_correction_goes_with_its_label(desk: Desk, qtbot: QtBot) -> None:
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    assert desk.segment.accept()
    add_other(desk)
    desk.segment.click(Click(_KEY, Point(26, 18, positive=True)))
    qtbot.waitUntil(lambda: desk.answered)
    assert desk.proposal.preview is not None
    assert desk.proposal.preview.correcting
    desk.document.do(lambda study: study.remove_label(1, "Remove a label"))
    assert desk.proposal.preview is None


def test_that_a_preview_gets_the_label_that_is_left(desk: Desk, qtbot: QtBot) -> None:
    add_other(desk)
    desk.document.set_active_label(2)
    desk.draw()
    qtbot.waitUntil(lambda: desk.answered)
    desk.document.undo()  # of adding the label that is drawn with
    assert desk.proposal.preview is not None
    assert desk.proposal.preview.label == 1
    assert desk.segment.accept()
    assert not desk.failures


def add_other(desk: Desk) -> None:
    other = LabelChange(None, Label(2, "other", (0, 200, 0)))
    desk.document.do(lambda study: study.change_labels("Add a label", [other]))
