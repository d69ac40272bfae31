"""Whatever is done in the window, in whatever order: the labels are what a plain replay says, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.engine.cleanup import clean
from app.engine.journal import recover, unclean
from app.engine.labelmap import Label
from app.engine.plane import SliceKey
from app.engine.shaping import interpolate_slices, smooth
from app.gui.controllers.edit import _SMOOTH_VOXELS
from app.gui.dialogs.asks import UnsavedChoice
from app.gui.jobs import Lane
from app.gui.proposal import Preview
from tests.engine.tiny_package import write_tiny_package
from tests.gui.plain_labels import Replay, State
from tests.gui.window_hand import App, place

_SHAPE = (6, 22, 26)
_SPACING = (3.0, 1.0, 1.0)
_EXAMPLES = int(os.environ.get("SWIFTMEDSAM_EXAMPLES", "12"))  # more of them for a longer search
_QUICK = frozenset(Lane) - {Lane.AHEAD, Lane.MODEL, Lane.INFO}
_place = st.tuples(st.integers(-1, 26), st.integers(-1, 22))
_path = st.lists(_place, min_size=2, max_size=5)
_axis = st.sampled_from([0, 0, 0, 0, 1, 2])
_box = st.one_of(
    st.sampled_from([((2, 2), (14, 14)), ((11, 7), (25, 21)), ((3, 1), (14, 5))]), st.tuples(_place, _place)
)


class Desk(App):
    """A window with an image, two models, and whoever notes what goes wrong."""

    def __init__(self, models: tuple[Path, Path], image: Path, folder: Path, qtbot: QtBot) -> None:
        super().__init__(models[0], qtbot, many=True)
        self.models, self.image, self.folder = models, image, folder
        self.raised: list[BaseException] = []
        self.fresh: Preview | None = None  # the last answer that was shown
        self._hook, sys.excepthook = sys.excepthook, self._note
        self.context.proposal.preview_changed.connect(self._look)
        self.answers.unsaved_choice = UnsavedChoice.DISCARD

    def settle(self) -> None:
        """Wait until nothing of what was asked for is at work."""
        jobs = self.context.jobs
        self.qtbot.waitUntil(lambda: not any(jobs.is_running(lane) for lane in _QUICK), timeout=20000)

    def act(self, action: str) -> None:
        """Ask for an action if it is possible now."""
        if self.context.actions[action].isEnabled():
            self.context.actions[action].trigger()

    def stroke(self, axis: int, path: list[tuple[int, int]], tool: str) -> None:
        """Use a tool along a path of voxels in a slice."""
        self.act(f"tool.{tool}")
        self.context.view_state.set_layout(axis=axis, single=True)
        view, left, none = self.context.planes.views[axis], Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        places = [place(view, x, y) for x, y in path]
        inside = view.rect().adjusted(0, 0, -1, -1)
        places = [QPoint(min(max(p.x(), 0), inside.right()), min(max(p.y(), 0), inside.bottom())) for p in places]
        QTest.mousePress(view, left, none, places[0])
        for n, at in enumerate(places):
            QTest.mouseMove(view, at + QPoint(n % 2, 0))
        QTest.mouseRelease(view, left, none, places[-1])

    def leave(self) -> None:
        super().leave()
        sys.excepthook = self._hook

    def _note(self, _kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        self.raised.append(error)

    def _look(self) -> None:
        preview = self.context.proposal.preview
        if preview is not None and preview.fresh and preview.mask is not None:
            self.fresh = preview


def in_volume(key: SliceKey, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A mask of a slice as one of the volume."""
    whole = np.zeros(_SHAPE, dtype=bool)
    whole[key.selector()] = mask
    return whole


class WindowMachine(RuleBasedStateMachine):
    """Does anything in any order, and compares with `Replay`."""

    def __init__(self, make: Callable[[], Desk]) -> None:
        super().__init__()
        self._desk = make()
        self._desk.open(self._desk.image)
        self._context = self._desk.context
        self._replay = Replay(self._desk.labels, self._labels)
        self._may_refuse = 0

    def teardown(self) -> None:
        self._check_journal()
        stack = self._context.document.undo_stack
        shown = self._replay.now
        while stack.canUndo():
            self._context.document.undo()
        first = self._replay.states[0]
        assert self._state().same_as(first)
        while stack.canRedo():
            self._context.document.redo()
        assert self._state().same_as(self._replay.states[-1])
        while self._state_index() > self._replay.at:
            self._context.document.undo()
        assert self._state().same_as(shown)
        self._desk.leave()

    # ----------------------------------------------------------------------------------------------------- invariants

    @invariant()
    def nothing_went_wrong(self) -> None:
        assert self._desk.raised == []
        errors = self._desk.answers.errors
        assert len(errors) <= self._may_refuse, errors

    @invariant()
    def labels_are_as_replayed(self) -> None:
        now = self._replay.now
        assert self._state().labels == now.labels
        np.testing.assert_array_equal(self._desk.labels, now.voxels)
        assert self._state_index() == self._replay.at

    @invariant()
    def unsaved_is_told(self) -> None:
        assert self._context.document.is_modified == self._replay.is_modified
        assert self._context.window.isWindowModified() == self._replay.is_modified
        assert self._context.actions["file.save"].isEnabled() == self._replay.is_modified

    @invariant()
    def something_can_be_painted_with(self) -> None:
        assert (self._context.document.active_label is None) == (not self._labels)

    # ------------------------------------------------------------------------------------------------------- proposals

    @initialize()
    def begin(self) -> None:
        """Something to work with: a mask in the middle, and a second label."""
        self.draw(0, ((11, 7), (25, 21)), at_once=True)
        self.add_label()

    @rule(axis=_axis, box=_box, at_once=st.booleans())
    def draw(self, axis: int, box: tuple[tuple[int, int], tuple[int, int]], at_once: bool) -> None:
        before, (one, other) = self._waiting(), box
        self._desk.stroke(axis, [one, ((one[0] + other[0]) // 2, other[1]), other], "box")
        if self._state_index() != self._replay.at:
            assert before is not None, "a new box accepts the last one and nothing else"
            self._accepted(before)
        if at_once:
            self.accept()
        self._desk.settle()

    @rule(axis=_axis, at=_place, positive=st.booleans())
    def click(self, axis: int, at: tuple[int, int], positive: bool) -> None:
        before = self._waiting()
        if self._context.view_state.tool.positive != positive:
            self._desk.act("tool.sign")
        self._desk.stroke(axis, [at], "point")
        if self._state_index() != self._replay.at:
            assert before is not None, "a click in another slice accepts the last mask and nothing else"
            self._accepted(before)
        self._desk.settle()

    @rule()
    def accept(self) -> None:
        pending = self._context.proposal.preview is not None
        index = self._state_index()
        locked = self._is_locked(self._context.proposal.preview)
        self._may_refuse += locked
        self._desk.act("segment.accept")
        self._desk.settle()
        if not pending or locked:
            assert self._state_index() == index
        elif self._context.proposal.preview is None and self._desk.fresh is not None:
            self._accepted(self._desk.fresh)

    @rule()
    def reject(self) -> None:
        self._desk.act("segment.reject")
        self._desk.settle()
        assert self._context.proposal.preview is None

    @rule()
    def reset(self) -> None:
        self._desk.act("segment.reset")
        self._desk.settle()

    @rule(stop_after=st.sampled_from([None, None, 1, 2]), by=st.sampled_from(["segment.stop", "edit.undo"]))
    def carry(self, stop_after: int | None, by: str) -> None:
        proposal = self._context.proposal
        if self._waiting() is None:
            self.draw(0, ((11, 7), (25, 21)), at_once=False)
        self._desk.act("segment.propagate")
        if not self._is_carrying():
            return
        if stop_after is not None:
            self._desk.qtbot.waitUntil(lambda: self._carried() >= stop_after or not self._is_carrying())
            if self._is_carrying():
                self._desk.act(by)
            else:
                by = ""
        self._desk.settle()
        carried = proposal.carried
        assert carried is not None
        assert not carried.running
        state = self._replay.now
        for index, result in carried.slices.items():
            state = state.painted(in_volume(SliceKey(carried.axis, index), result.mask), carried.label)
        self._replay.step(state)
        if stop_after is not None and by == "edit.undo":
            self._replay.undo()

    # ------------------------------------------------------------------------------------------------------------ hand

    @rule(axis=_axis, path=_path, tool=st.sampled_from(["brush", "eraser", "lasso"]), ball=st.booleans())
    def paint(self, axis: int, path: list[tuple[int, int]], tool: str, ball: bool) -> None:
        active = self._context.document.active_label
        if self._context.view_state.tool.ball != ball:
            self._desk.act("tool.ball")
        before = self._replay.now
        self._desk.stroke(axis, path, tool)
        voxels = self._desk.labels.copy()
        if active is None or active.locked:
            return
        value = active.value
        erases = tool == "eraser" or (tool == "lasso" and not self._context.view_state.tool.positive)
        touched = before.voxels != voxels
        expected = before.painted(touched, 0, only_over=value) if erases else before.painted(touched, value)
        np.testing.assert_array_equal(voxels, expected.voxels)  # where it went is tested elsewhere, here what it wrote
        self._replay.step(expected)

    @rule(how=st.sampled_from(["fill_holes", "keep_largest", "smooth", "interpolate"]))
    def shape(self, how: str) -> None:
        active = self._context.document.active_label
        axis = self._context.view_state.active_axis
        self._desk.act(f"shape.{how}")
        self._desk.settle()
        if active is None or active.locked:
            return
        now = self._replay.now
        mask = now.voxels == active.value
        if mask.any():
            shaped: dict[str, Callable[[], NDArray[np.bool_]]] = {
                "fill_holes": lambda: clean(mask, holes=True),
                "keep_largest": lambda: clean(mask, largest=True),
                "smooth": lambda: smooth(mask, _SPACING, _SMOOTH_VOXELS),
                "interpolate": lambda: interpolate_slices(mask, axis, _SPACING),
            }
            self._replay.step(now.replaced(shaped[how](), np.ones(_SHAPE, dtype=bool), active.value))

    @rule(how=st.sampled_from(["copy_next", "copy_previous", "clear_slice"]))
    def change_slice(self, how: str) -> None:
        active, key = self._context.document.active_label, self._context.view_state.active_key
        self._desk.act(f"shape.{how}")
        if active is None or active.locked:
            return
        now, value = self._replay.now, active.value
        if how == "clear_slice":
            self._replay.step(now.painted(in_volume(key, np.ones(key.shape(_SHAPE), dtype=bool)), 0, only_over=value))
            return
        to = SliceKey(key.axis, key.index + (1 if how == "copy_next" else -1))
        if 0 <= to.index < _SHAPE[key.axis]:
            self._replay.step(now.painted(in_volume(to, now.voxels[key.selector()] == value), value))

    # ---------------------------------------------------------------------------------------------------------- labels

    @rule()
    def add_label(self) -> None:
        known = {label.value for label in self._labels}
        self._desk.act("label.add")
        new = [label for label in self._labels if label.value not in known]
        assert len(new) == 1
        assert new[0].value == min(set(range(1, 99)) - known)
        self._replay.step(self._replay.now.relabelled(new[0]))
        assert self._context.document.active_label == new[0]

    @rule(how=st.sampled_from(["lock", "show", "rename", "recolour"]), name=st.text("ab ", max_size=3))
    def change_label(self, how: str, name: str) -> None:
        active = self._context.document.active_label
        if active is None:
            return
        changed = active
        if how == "rename":
            self._context.docks.labels.rename(active.value, name)
            changed = replace(active, name=name.strip() or active.name)
        elif how == "recolour":
            self._context.docks.labels.recolour(active.value, (1, 2, len(name)))
            changed = replace(active, colour=(1, 2, len(name)))
        else:
            self._desk.act(f"label.{how}")
            locks = how == "lock"
            changed = replace(active, locked=active.locked ^ locks, visible=active.visible ^ (not locks))
        self._replay.step(self._replay.now.relabelled(changed))

    @rule()
    def remove_label(self) -> None:
        active = self._context.document.active_label
        self._desk.act("label.remove")
        if active is not None and not active.locked:
            self._replay.step(self._replay.now.without(active.value))

    @rule(action=st.sampled_from(["label.next", "label.previous", "label.pick_1", "label.pick_2", "label.pick_3"]))
    def choose_label(self, action: str) -> None:
        self._desk.act(action)

    # --------------------------------------------------------------------------------------------------- undo and files

    @rule()
    def undo(self) -> None:
        self._desk.act("edit.undo")
        self._replay.undo()

    @rule()
    def redo(self) -> None:
        self._desk.act("edit.redo")
        self._replay.redo()

    @rule(times=st.integers(1, 5))
    def scroll(self, times: int) -> None:
        for _ in range(times):
            self._desk.act("view.next_slice" if times % 2 else "view.previous_slice")

    @rule()
    def save(self) -> None:
        self._desk.answers.target = self._desk.folder / "case.swiftmed"
        self._desk.act("file.save_as" if self._context.document.project is None else "file.save")
        self._desk.qtbot.waitUntil(lambda: not self._context.document.is_modified, timeout=20000)
        self._desk.settle()
        self._replay.save()

    @precondition(lambda self: self._context.document.project is not None)
    @rule()
    def reopen(self) -> None:
        saved = self._replay.saved_at
        project, modified = self._context.document.project, self._replay.is_modified
        asked = self._desk.answers.asked_about_unsaved
        self._desk.act("file.close")
        assert self._desk.answers.asked_about_unsaved == asked + modified
        assert self._context.document.study is None
        assert project is not None
        self._desk.open(project)
        if saved is not None:
            assert self._state().same_as(self._replay.states[saved])
        self._replay = Replay(self._desk.labels, self._labels)

    @rule(which=st.sampled_from([0, 1]))
    def switch_model(self, which: int) -> None:
        self._context.docks.models.choose(str(self._desk.models[which]))
        self._desk.qtbot.waitUntil(lambda: not self._context.jobs.is_running(Lane.MODEL), timeout=20000)
        self._desk.settle()

    @rule()
    def crash(self) -> None:
        """What the journal holds at this instant is all that is unsaved."""
        self._check_journal()

    # --------------------------------------------------------------------------------------------------------- helpers

    @property
    def _labels(self) -> tuple[Label, ...]:
        study = self._context.document.study
        assert study is not None
        return study.labels.labels

    def _state(self) -> State:
        return State(self._desk.labels.copy(), {label.value: label for label in self._labels})

    def _state_index(self) -> int:
        return self._context.document.undo_stack.index()

    def _is_carrying(self) -> bool:
        return self._context.propagate.is_running

    def _carried(self) -> int:
        carried = self._context.proposal.carried
        return 0 if carried is None else len(carried.slices)

    def _waiting(self) -> Preview | None:
        return self._context.proposal.preview

    def _is_locked(self, preview: Preview | None) -> bool:
        """Whether accepting is refused: the label was locked after the box was drawn."""
        return preview is not None and self._replay.now.labels[preview.label].locked

    def _accepted(self, preview: Preview) -> None:
        assert preview.mask is not None
        mask, now = in_volume(preview.key, preview.mask), self._replay.now
        if preview.correcting:
            plane = in_volume(preview.key, np.ones_like(preview.mask))
            self._replay.step(now.replaced(mask, plane, preview.label))
        else:
            self._replay.step(now.painted(mask, preview.label))

    def _check_journal(self) -> None:
        journals = Path(self._context._journals)
        copy = self._desk.folder / "crashed"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(journals, copy)
        found = unclean(copy)
        if not found:
            assert not self._replay.is_modified
            return
        assert [each.damage for each in found] == [""]
        study = recover(found[0])
        assert State(study.labels.voxels, {label.value: label for label in study.labels.labels}).same_as(self._state())


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("two-models")
    return write_tiny_package(folder / "one"), write_tiny_package(folder / "two", gain=2.0)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    z, y, x = np.ogrid[: _SHAPE[0], : _SHAPE[1], : _SHAPE[2]]
    near = ((z - 2) * 3) ** 2 + (y - 8) ** 2 + (x - 8) ** 2 <= 5**2
    far = ((z - 3) * 3) ** 2 + (y - 14) ** 2 + (x - 18) ** 2 <= 6**2
    voxels = np.where(near | far, 300, -50).astype(np.int16)
    path = tmp_path / "balls.nii.gz"
    nib.save(nib.Nifti1Image(voxels.transpose(2, 1, 0), np.diag([-1.0, -1.0, 3.0, 1.0])), path)
    return path


@pytest.mark.slow
def test_that_labels_undo_saving_and_the_journal_agree_with_a_plain_replay(
    models: tuple[Path, Path], image: Path, tmp_path_factory: pytest.TempPathFactory, qtbot: QtBot, monkeypatch: Any
) -> None:
    def make() -> Desk:
        home = tmp_path_factory.mktemp("home")
        monkeypatch.setenv("SWIFTMEDSAM_HOME", str(home))
        return Desk(models, image, tmp_path_factory.mktemp("work"), qtbot)

    run_state_machine_as_test(
        lambda: WindowMachine(make),  # type: ignore[arg-type] # see above
        settings=settings(max_examples=_EXAMPLES, stateful_step_count=50, suppress_health_check=list(HealthCheck)),
    )
