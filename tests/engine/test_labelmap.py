from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from numpy.typing import NDArray

from app.engine.errors import LabelError
from app.engine.labelmap import BACKGROUND, PALETTE, Edit, Label, LabelMap, slice_region
from app.engine.plane import SliceKey
from app.engine.prompt import Box3D
from tests.engine.label_maps import change_label

SHAPE = (4, 5, 6)
WHOLE = Box3D(0, 0, 0, 6, 5, 4)


def everything() -> NDArray[np.bool_]:
    return np.ones(SHAPE, dtype=np.bool_)


def map_with_labels(count: int) -> LabelMap:
    labels = LabelMap(SHAPE)
    for n in range(count):
        labels.add_label(f"organ {n + 1}")
    return labels


def lock(labels: LabelMap, value: int) -> None:
    change_label(labels, replace(labels.label(value), locked=True))


def test_that_labels_get_the_lowest_free_value_and_the_palettes_colours_in_turn() -> None:
    labels = map_with_labels(3)
    labels.remove_label(2)
    again = labels.add_label("again")
    assert (again.value, again.colour) == (2, PALETTE[1])
    assert labels.add_label("far", value=9).colour == PALETTE[1]
    assert [label.value for label in labels.labels] == [1, 2, 3, 9]


def test_that_a_value_is_given_to_one_label_only() -> None:
    with pytest.raises(LabelError, match="label 2 exists already"):
        map_with_labels(2).add_label("again", value=2)


def test_that_painting_changes_the_mask_and_nothing_else() -> None:
    labels = map_with_labels(1)
    mask = np.zeros((2, 2, 3), dtype=np.bool_)
    mask[0, 1, 2] = mask[1, 0, 0] = True
    edit = labels.paint(Box3D(1, 2, 1, 4, 4, 3), mask, 1)
    assert sorted(map(tuple, np.argwhere(labels.voxels).tolist())) == [(1, 3, 3), (2, 2, 1)]
    assert edit.region == Box3D(1, 2, 1, 4, 4, 3)


@pytest.mark.parametrize(("axis", "rows_columns"), [(0, (5, 6)), (1, (4, 6)), (2, (4, 5))])
def test_that_a_slice_is_painted_where_it_lies(axis: int, rows_columns: tuple[int, int]) -> None:
    labels = map_with_labels(1)
    key = SliceKey(axis, 2)
    mask = np.zeros((2, 3), dtype=np.bool_)
    mask[0, 0] = mask[1, 2] = True
    labels.paint(slice_region(key, slice(1, 3), slice(0, 3)), mask, 1)
    seen = labels.voxels[key.selector()]
    assert seen.shape == rows_columns
    assert np.argwhere(seen).tolist() == [[1, 0], [2, 2]]
    assert np.count_nonzero(labels.voxels) == 2


def test_that_the_edit_holds_the_tight_box_of_what_changed() -> None:
    labels = map_with_labels(1)
    mask = ~everything()
    mask[2, 3, 4] = True
    assert labels.paint(WHOLE, mask, 1).region == Box3D(4, 3, 2, 5, 4, 3)
    assert labels.paint(WHOLE, mask, 1).is_empty


def test_that_a_locked_label_is_kept_and_the_conflict_reported() -> None:
    labels = map_with_labels(3)
    labels.paint(Box3D(0, 0, 0, 6, 5, 1), everything()[:1], 1)
    labels.paint(Box3D(0, 0, 1, 6, 5, 2), everything()[:1], 2)
    lock(labels, 1)
    edit = labels.paint(WHOLE, everything(), 3)
    assert edit.conflicts == {1: 30}
    assert edit.region == Box3D(0, 0, 1, 6, 5, 4)
    assert (labels.voxels[0] == 1).all()
    assert (labels.voxels[1:] == 3).all()
    assert labels.paint(WHOLE, everything(), BACKGROUND).conflicts == {1: 30}
    assert (labels.voxels[0] == 1).all()


@pytest.mark.parametrize("value", [1, 7])
def test_that_a_locked_or_unknown_label_cannot_be_painted(value: int) -> None:
    labels = map_with_labels(1)
    lock(labels, 1)
    with pytest.raises(LabelError, match=f"label {value}"):
        labels.paint(WHOLE, everything(), value)
    assert not labels.voxels.any()


def test_that_painting_over_background_alone_keeps_other_labels() -> None:
    labels = map_with_labels(2)
    labels.paint(Box3D(0, 0, 0, 6, 5, 1), everything()[:1], 1)
    edit = labels.paint(WHOLE, everything(), 2, only_over=BACKGROUND)
    assert (labels.voxels[0] == 1).all()
    assert (labels.voxels[1:] == 2).all()
    assert not edit.conflicts


def test_that_an_eraser_of_one_label_leaves_the_others() -> None:
    labels = map_with_labels(2)
    labels.paint(Box3D(0, 0, 0, 6, 5, 2), everything()[:2], 1)
    labels.paint(Box3D(0, 0, 2, 6, 5, 4), everything()[:2], 2)
    labels.paint(WHOLE, everything(), BACKGROUND, only_over=1)
    assert not labels.voxels[:2].any()
    assert (labels.voxels[2:] == 2).all()


def test_that_the_voxels_cannot_be_written_from_outside() -> None:
    labels = map_with_labels(1)
    with pytest.raises(ValueError, match="read-only"):
        labels.voxels[0, 0, 0] = 1


def test_that_an_edit_that_does_not_fit_is_refused_and_changes_nothing() -> None:
    labels = map_with_labels(2)
    edit = labels.paint(Box3D(0, 0, 0, 3, 3, 1), np.ones((3, 3), dtype=np.bool_), 1)
    labels.paint(Box3D(2, 2, 0, 3, 3, 1), np.ones((1, 1), dtype=np.bool_), 2)
    there = labels.voxels.copy()
    with pytest.raises(LabelError, match="does not fit"):
        labels.apply(edit.inverse())
    np.testing.assert_array_equal(labels.voxels, there)


def test_that_undo_does_not_bring_back_a_label_that_is_gone() -> None:
    labels = map_with_labels(1)
    labels.paint(WHOLE, everything(), 1)
    erased = labels.paint(WHOLE, everything(), BACKGROUND)
    removed = labels.remove_label(1)
    with pytest.raises(LabelError, match="no label 1"):
        labels.apply(erased.inverse())
    labels.add_label(removed.name, value=1, colour=removed.colour)
    labels.apply(erased.inverse())
    assert (labels.voxels == 1).all()


def test_that_an_edit_with_a_mask_of_another_size_is_refused() -> None:
    labels = map_with_labels(1)
    edit = labels.paint(Box3D(0, 0, 0, 6, 5, 1), everything()[0], 1)
    with pytest.raises(LabelError, match="damaged"):
        labels.apply(Edit(WHOLE, edit.changed, edit.after, edit.before))


@pytest.mark.parametrize(
    "region",
    [Box3D(0, 0, 0, 7, 5, 4), Box3D(-1, 0, 0, 6, 5, 4), Box3D(0, 0, 3, 6, 5, 5), Box3D(0, 0, 4, 6, 5, 5)],
    ids=str,
)
def test_that_a_region_that_leaves_the_volume_is_refused(region: Box3D) -> None:
    with pytest.raises(LabelError, match="leaves the volume"):
        map_with_labels(1).paint(region, everything(), 1)


def test_that_a_mask_that_does_not_cover_its_region_is_refused() -> None:
    with pytest.raises(LabelError, match="does not cover"):
        map_with_labels(1).paint(WHOLE, np.ones((5, 6), dtype=np.bool_), 1)


def test_that_a_label_with_voxels_or_a_lock_is_not_removed() -> None:
    labels = map_with_labels(2)
    labels.paint(WHOLE, everything(), 1)
    lock(labels, 2)
    with pytest.raises(LabelError, match="erase them first"):
        labels.remove_label(1)
    with pytest.raises(LabelError, match="locked"):
        labels.remove_label(2)


@pytest.mark.parametrize(
    ("value", "name", "colour"),
    [(0, "zero", (0, 0, 0)), (65536, "large", (0, 0, 0)), (1, "  ", (0, 0, 0)), (1, "dark", (0, 0, 256))],
)
def test_that_a_label_without_value_name_or_colour_is_refused(
    value: int, name: str, colour: tuple[int, int, int]
) -> None:
    with pytest.raises(LabelError):
        Label(value, name, colour)


def test_that_an_edit_of_a_large_volume_is_small() -> None:
    labels = LabelMap((100, 256, 256))
    labels.add_label("ball")
    z, y, x = np.ogrid[:100, :256, :256]
    ball = (z - 50) ** 2 + (y - 128) ** 2 + (x - 128) ** 2 < 40**2
    edit = labels.paint(Box3D(0, 0, 0, 256, 256, 100), ball, 1)
    assert len(edit.changed) + len(edit.before) + len(edit.after) < 20_000  # the volume itself takes 13 MB


class EditHistory(RuleBasedStateMachine):
    """Random painting, locking, undo and redo, against a plain array that is copied at every step."""

    def __init__(self) -> None:
        super().__init__()
        self.labels = map_with_labels(3)
        self.model: NDArray[np.uint16] = np.zeros(SHAPE, dtype=np.uint16)
        self.undo: list[tuple[Edit, NDArray[np.uint16]]] = []
        self.redo: list[tuple[Edit, NDArray[np.uint16]]] = []

    @rule(data=st.data(), label=st.integers(0, 3), only_over=st.none() | st.integers(0, 3))
    def paint(self, data: st.DataObject, label: int, only_over: int | None) -> None:
        ends = [sorted(data.draw(st.lists(st.integers(0, n), min_size=2, max_size=2, unique=True))) for n in SHAPE]
        region = Box3D(ends[2][0], ends[1][0], ends[0][0], ends[2][1], ends[1][1], ends[0][1])
        shape = tuple(stop - start for start, stop in ends)
        mask = np.random.default_rng(data.draw(st.integers(0, 10_000))).random(shape) < 0.5
        if label and self.labels.label(label).locked:
            with pytest.raises(LabelError):
                self.labels.paint(region, mask, label)
            return
        before = self.model.copy()
        expected = self._painted(region, mask, label, only_over)
        edit = self.labels.paint(region, mask, label, only_over=only_over)
        assert edit.is_empty == (before == expected).all()
        self.model = expected
        self.undo.append((edit, before))
        self.redo.clear()

    def _painted(self, region: Box3D, mask: NDArray[np.bool_], label: int, only_over: int | None) -> NDArray[np.uint16]:
        expected = self.model.copy()
        locked = {each.value for each in self.labels.labels if each.locked}
        for z, y, x in np.argwhere(mask) + (region.z0, region.y0, region.x0):
            old = int(expected[z, y, x])
            if old not in locked and only_over in (None, old):
                expected[z, y, x] = label
        return expected

    @rule(value=st.integers(1, 3), locked=st.booleans())
    def set_lock(self, value: int, locked: bool) -> None:
        change_label(self.labels, replace(self.labels.label(value), locked=locked))

    @precondition(lambda self: self.undo)
    @rule()
    def step_back(self) -> None:
        edit, before = self.undo.pop()
        self.redo.append((self.labels.apply(edit.inverse()), self.model))
        self.model = before

    @precondition(lambda self: self.redo)
    @rule()
    def step_forward(self) -> None:
        edit, after = self.redo.pop()
        self.undo.append((self.labels.apply(edit).inverse(), self.model))
        self.model = after

    @invariant()
    def voxels_are_bit_exact(self) -> None:
        np.testing.assert_array_equal(self.labels.voxels, self.model)


EditHistory.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestEditHistory = EditHistory.TestCase
