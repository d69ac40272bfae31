from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.census import Census, Incoming, counts_of, tight_box
from app.engine.errors import LabelError
from app.engine.geometry import Geometry
from app.engine.labelmap import BACKGROUND, LabelMap
from app.engine.packed import pack, pack_same, unpack
from app.engine.prompt import Box3D
from app.engine.study import Study, StudySource
from app.engine.volume import Volume
from tests.engine.label_maps import label_map_of

SHAPE = (6, 7, 9)
Step = tuple[int, int, int, int, int]


def check(labels: LabelMap) -> None:
    """The census says what a look at all voxels says; its boxes hold all of their voxels."""
    values, counts = np.unique(labels.voxels, return_counts=True)
    told = {int(v): int(n) for v, n in zip(values, counts, strict=True) if v != BACKGROUND}
    assert {value: labels.census.count(value) for value in labels.census.values} == told
    for value, count in told.items():
        box = labels.census.box(value)
        assert box is not None
        inside = labels.voxels[box.z0 : box.z1, box.y0 : box.y1, box.x0 : box.x1] == value
        assert int(inside.sum()) == count


@given(
    st.lists(st.tuples(*(st.integers(0, n - 1) for n in SHAPE), st.integers(1, 5), st.integers(0, 3)), max_size=12),
    st.data(),
)
def test_that_the_census_follows_painting_undo_and_redo(steps: list[Step], data: st.DataObject) -> None:
    labels = LabelMap(SHAPE)
    for number in (1, 2, 3):
        labels.add_label(f"label {number}")
    done = []
    for z, y, x, size, label in steps:
        box = Box3D(x, y, z, x + size, y + size, z + size).clipped(SHAPE)
        mask = np.ones((box.z1 - box.z0, box.y1 - box.y0, box.x1 - box.x0), np.bool_)
        done.append(labels.paint(box, mask, label))
        check(labels)
    back = [labels.apply(edit.inverse()) for edit in reversed(done[data.draw(st.integers(0, len(done))) :])]
    check(labels)
    for edit in reversed(back):
        labels.apply(edit)
    check(labels)


def test_that_the_census_of_labels_that_were_read_is_theirs() -> None:
    values = np.zeros((3, 4, 5), np.uint16)
    values[1, 2:, 1:3] = 7
    labels = LabelMap.from_parts(SHAPE, label_map_of(values).labels, Box3D(2, 1, 3, 7, 5, 6), values)
    assert labels.census.count(7) == 4
    check(labels)


def test_that_removing_a_label_looks_at_its_own_box_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    volume = Volume(np.zeros(SHAPE, np.int16), Geometry(SHAPE, np.eye(4)))
    labels = LabelMap(SHAPE)
    value = labels.add_label("small").value
    study = Study(volume, StudySource("a", "a"), labels)
    study.paint("Paint", [(Box3D(3, 2, 1, 5, 4, 3), np.ones((2, 2, 2), np.bool_))], value)
    asked: list[Box3D] = []
    paint = LabelMap.paint

    def watched(self: LabelMap, region: Box3D, *rest: object, **named: object) -> object:
        asked.append(region)
        return paint(self, region, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(LabelMap, "paint", watched)
    act = study.remove_label(value, "Remove")
    assert asked == [Box3D(3, 2, 1, 5, 4, 3)]
    assert not study.labels.voxels.any()
    study.apply(act.inverse())
    assert study.labels.census.count(value) == 8


def test_that_a_tight_box_is_the_smallest() -> None:
    values = np.zeros(SHAPE, np.uint16)
    values[2, 3, 4] = values[4, 1, 6] = 9
    assert tight_box(values, 9, Box3D(0, 0, 0, 9, 7, 6)) == Box3D(4, 1, 2, 7, 4, 5)
    assert tight_box(values, 8, Box3D(0, 0, 0, 9, 7, 6)) is None
    assert Incoming.of(values).boxes == {9: Box3D(4, 1, 2, 7, 4, 5)}


def test_that_what_is_no_label_map_is_not_looked_through() -> None:
    for wrong in (-1.0, 0.5, 65536.0, np.nan):
        with pytest.raises(LabelError, match="whole numbers"):
            Incoming.of(np.full(SHAPE, wrong))


@given(st.lists(st.integers(0, 65535), max_size=40))
def test_that_values_are_counted(values: list[int]) -> None:
    assert counts_of(np.array(values, np.uint16)) == {value: values.count(value) for value in set(values)}


@pytest.mark.parametrize("count", [1, 65535, 65536, 65537, 300_000])
def test_that_many_times_one_value_unpacks_to_what_was_packed(count: int) -> None:
    packed = pack_same(513, count)
    assert np.array_equal(unpack(packed), np.full(count, 513))
    assert zlib.decompressobj().decompress(packed, 2 * count + 1) == zlib.decompress(pack(np.full(count, 513, "<u2")))


def test_that_a_census_that_was_not_taken_yet_is_taken_when_it_is_wanted() -> None:
    values = np.zeros(SHAPE, np.uint16)
    values[0, 0, 0] = 1
    assert Census.of(values).count(1) == LabelMap.adopting(values, ()).census.count(1) == 1


def test_that_labels_merged_in_steps_are_those_merged_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    volume = Volume(np.zeros(SHAPE, np.int16), Geometry(SHAPE, np.eye(4)))
    at_once, in_steps = (Study(volume, StudySource("ct.nii", "ct.nii")) for _ in range(2))
    incoming = Incoming.of(np.random.default_rng(7).integers(0, 3, SHAPE).astype(np.uint16))
    act = at_once.merge_labels(incoming, {2: "liver"}, "Import")
    monkeypatch.setattr("app.engine.study._STEP_VOXELS", 2 * 7 * 9)  # two layers of six
    steps = list(in_steps.merge_steps(incoming, {2: "liver"}, "Import"))
    assert len(steps) == 1 + 2 * 3
    assert in_steps.join_last(len(steps), "Import").changes == act.changes
    assert np.array_equal(in_steps.labels.voxels, at_once.labels.voxels)
    assert np.array_equal(in_steps.labels.voxels, incoming.values)
