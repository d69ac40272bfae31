"""Random sessions with undo, saving, crashes and recoveries, against plain arrays that are copied at every step."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from numpy.typing import NDArray

from app.engine import journal as journal_module
from app.engine.errors import LabelError
from app.engine.journal import Journal, discard, recover, unclean
from app.engine.labelmap import PALETTE, Label
from app.engine.project import open_project, save_project
from app.engine.prompt import Box3D
from app.engine.study import Act, LabelChange, Study
from tests.engine.studies import SHAPE, WHOLE, open_image, write_image

Labels = dict[int, Label]
Told = list[tuple[str, dict[str, object]]]  # text and record of the acts in force
Moment = tuple[NDArray[np.uint16], Labels, Told]
VALUES = st.integers(1, 4)
BOXES = st.tuples(*(st.tuples(st.integers(0, n - 1), st.integers(1, n)) for n in SHAPE))


class Session(RuleBasedStateMachine):
    """What the window does in a day."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(journal_module, "COMPACT_BYTES", 4_000)  # so that journals begin afresh now and then
        self.folder = Path(tempfile.mkdtemp())
        self.project = self.folder / "a.swiftmed"
        self.image = write_image(self.folder / "ct.nii")
        self.now: Moment = (np.zeros(SHAPE, np.uint16), {}, [])
        self.saved: Moment | None = None
        self.unsaved = 0
        self.done: list[tuple[Act, Moment]] = []
        self.undone: list[tuple[Act, Moment]] = []
        self.count = 0
        self.study: Study = open_image(self.image)
        self.journal = Journal.start(self.folder / "journals", self.study, None)

    def teardown(self) -> None:
        self.journal.close()
        assert list((self.folder / "journals").iterdir()) == []
        shutil.rmtree(self.folder)
        self.patch.undo()

    @initialize()
    def first_labels(self) -> None:
        labels = [Label(value, f"organ {value}", PALETTE[value]) for value in (1, 2)]
        act = self.study.change_labels("First", [LabelChange(None, label) for label in labels])
        self.acted(act, self.now[0], {label.value: label for label in labels})

    def acted(self, act: Act, voxels: NDArray[np.uint16], labels: Labels) -> None:
        """Take an act over into the model: what it should have made."""
        same = (voxels == self.now[0]).all() and labels == self.now[1]
        assert act.is_empty is bool(same)
        self.journal.append(act)
        if same:
            return
        self.done.append((act, self.now))
        self.undone.clear()
        self.now = voxels, labels, [*self.now[2], (act.text, dict(act.record))]
        self.unsaved += 1

    def refused(self, value: int) -> bool:
        label = self.now[1].get(value)
        return label is None or label.locked

    def painted(self, wanted: NDArray[np.bool_], value: int) -> NDArray[np.uint16]:
        locked = [label.value for label in self.now[1].values() if label.locked]
        voxels = self.now[0].copy()
        voxels[wanted & ~np.isin(voxels, locked)] = value
        return voxels

    @rule(seed=st.integers(0, 1000), value=st.integers(0, 4), spans=BOXES)
    def paint(self, seed: int, value: int, spans: tuple[tuple[int, int], ...]) -> None:
        (z0, z1), (y0, y1), (x0, x1) = (sorted((a, b)) if a != b else (a - 1, b) for a, b in spans)
        mask = np.zeros(SHAPE, np.bool_)
        mask[z0:z1, y0:y1, x0:x1] = np.random.default_rng(seed).random((z1 - z0, y1 - y0, x1 - x0)) < 0.6
        region = Box3D(x0, y0, z0, x1, y1, z1)
        self.count += 1
        parts = [(region, mask[z0:z1, y0:y1, x0:x1]), (WHOLE, mask)]  # twice: the second part changes nothing
        if value and self.refused(value):
            with pytest.raises(LabelError):
                self.study.paint("Paint", parts, value)
            return
        act = self.study.paint(f"Paint {self.count}", parts, value, record={"n": self.count, "seed": seed / 7})
        self.acted(act, self.painted(mask, value), self.now[1])

    @rule(seed=st.integers(0, 1000), value=VALUES)
    def replace(self, seed: int, value: int) -> None:
        mask = np.random.default_rng(seed).random(SHAPE) < 0.3
        if self.refused(value):
            with pytest.raises(LabelError):
                self.study.replace_label("Correct", WHOLE, mask, value)
            return
        voxels = self.painted(mask, value)
        voxels[(voxels == value) & ~mask] = 0
        self.acted(self.study.replace_label("Correct", WHOLE, mask, value), voxels, self.now[1])

    @rule(value=VALUES, name=st.sampled_from(["a", "b\n"]), locked=st.booleans(), visible=st.booleans())
    def add_or_change(self, value: int, name: str, locked: bool, visible: bool) -> None:
        before = self.now[1].get(value)
        after = Label(value, name, (value, 0, 255), locked, visible)
        act = self.study.change_labels("Change", [LabelChange(before, after)])
        self.acted(act, self.now[0], {**self.now[1], value: after})

    @rule(value=VALUES)
    def unlock(self, value: int) -> None:
        label = self.now[1].get(value)
        if label is not None:
            after = replace(label, locked=False)
            act = self.study.change_labels("Unlock", [LabelChange(label, after)])
            self.acted(act, self.now[0], {**self.now[1], value: after})

    @rule(value=VALUES)
    def remove(self, value: int) -> None:
        if self.refused(value):
            with pytest.raises(LabelError):
                self.study.remove_label(value, "Remove")
            return
        act = self.study.remove_label(value, "Remove")
        voxels = np.where(self.now[0] == value, 0, self.now[0]).astype(np.uint16)
        self.acted(act, voxels, {v: label for v, label in self.now[1].items() if v != value})

    @rule(seed=st.integers(0, 1000))
    @precondition(lambda self: len(self.now[1]) < 4)
    def merge(self, seed: int) -> None:
        other = np.where(np.random.default_rng(seed).random(SHAPE) < 0.2, 1, 0)
        new = next(value for value in range(1, 9) if value not in self.now[1])
        act = self.study.merge_labels(other, {1: "other"}, "Import")
        label = Label(new, "other", PALETTE[new - 1])
        self.acted(act, self.painted(other == 1, new), {**self.now[1], new: label})

    @precondition(lambda self: self.done)
    @rule()
    def undo(self) -> None:
        act, before = self.done.pop()
        self.study.apply(act.inverse())
        self.journal.append(act.inverse())
        self.undone.append((act, self.now))
        self.now = before
        self.unsaved += 1

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self) -> None:
        act, after = self.undone.pop()
        self.study.apply(act)
        self.journal.append(act)
        self.done.append((act, self.now))
        self.now = after
        self.unsaved += 1

    @rule()
    def save(self) -> None:
        save_project(self.project, self.study, overwrite=True, view={"n": self.count})
        self.journal.saved(self.project)
        self.saved, self.unsaved = self.now, 0

    @rule()
    def close_and_open(self) -> None:
        self.journal.close()
        assert unclean(self.folder / "journals") == ()
        self.open_saved()

    def open_saved(self) -> None:
        self.done, self.undone, self.unsaved = [], [], 0
        if self.saved is None:
            self.now = (np.zeros(SHAPE, np.uint16), {}, [])
            self.study = open_image(self.image)
        else:
            self.now = self.saved
            self.study, _ = open_project(self.project)
        saved_as = None if self.saved is None else self.project
        self.journal = Journal.start(self.folder / "journals", self.study, saved_as)

    @rule(torn=st.binary(max_size=20))
    def crash_and_recover(self, torn: bytes) -> None:
        self.journal._let_go()
        self.journal._lock._file.close()
        with self.journal.path.open("ab") as file:
            file.write(torn)
        found = unclean(self.folder / "journals")
        if not self.unsaved:
            assert found == ()
            self.open_saved()
            return
        (recovery,) = found
        assert recovery.acts == self.unsaved
        assert recovery.torn is bool(torn)
        assert recovery.project == (None if self.saved is None else self.project)
        history = self.study.history
        self.study = recover(recovery)
        assert self.study.history == history
        tail = self.study.history[len(history) - len(self.done) :]
        self.done = [(act, before) for act, (_, before) in zip(tail, self.done, strict=True)]
        self.undone = []
        self.journal = Journal.start(self.folder / "journals", self.study, recovery.project, unsaved=recovery.acts)
        discard(recovery)

    @invariant()
    def everything_is_as_in_the_model(self) -> None:
        voxels, labels, told = self.now
        np.testing.assert_array_equal(self.study.labels.voxels, voxels)
        assert {label.value: label for label in self.study.labels.labels} == labels
        assert [(act.text, dict(act.record)) for act in self.study.history] == told


Session.TestCase.settings = settings(max_examples=25, stateful_step_count=30)
TestSession = Session.TestCase
