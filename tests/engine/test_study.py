"""Acts are whole, reversible and remembered."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine.errors import LabelError
from app.engine.geometry import Geometry
from app.engine.labelmap import BACKGROUND, PALETTE, Label, LabelMap
from app.engine.prompt import Box3D
from app.engine.study import Act, LabelChange, Study, StudySource
from app.engine.volume import Volume

SHAPE = (4, 5, 6)
WHOLE = Box3D(0, 0, 0, 6, 5, 4)
LIVER, SPLEEN = Label(1, "liver", PALETTE[0]), Label(2, "spleen", PALETTE[1])


def study_with(*labels: Label) -> Study:
    study = Study(Volume(np.zeros(SHAPE, np.int16), Geometry(SHAPE, np.eye(4))), StudySource("ct.nii", "ct.nii"))
    if labels:
        study.change_labels("Add labels", [LabelChange(None, label) for label in labels])
    return study


def layer(z: int) -> Box3D:
    return Box3D(0, 0, z, 6, 5, z + 1)


def full(region: Box3D) -> NDArray[np.bool_]:
    return np.ones((region.z1 - region.z0, region.y1 - region.y0, region.x1 - region.x0), dtype=np.bool_)


def paint(study: Study, label: int, *regions: Box3D, **options: Any) -> Act:
    return study.paint("Paint", [(region, full(region)) for region in regions], label, **options)


def state(study: Study) -> tuple[bytes, tuple[Label, ...], tuple[Act, ...]]:
    return study.labels.voxels.tobytes(), study.labels.labels, study.history


def lock(study: Study, label: Label) -> Label:
    locked = replace(label, locked=True)
    study.change_labels("Lock", [LabelChange(label, locked)])
    return locked


def test_that_several_parts_are_one_act_that_is_undone_and_done_again() -> None:
    study = study_with(LIVER)
    before = state(study)
    act = paint(study, 1, layer(0), layer(2), record={"model": "tiny"})
    after = state(study)
    assert (study.labels.voxels[[0, 2]] == 1).all()
    assert not study.labels.voxels[[1, 3]].any()
    assert len(act.edits) == 2
    assert study.history[-1] is act
    study.apply(act.inverse())
    assert state(study) == before
    study.apply(act)
    assert state(study) == after


def test_that_edits_of_the_same_voxels_are_undone_in_the_other_order() -> None:
    study = study_with(LIVER, SPLEEN)
    before = state(study)
    first, second = paint(study, 1, layer(0), layer(1)), paint(study, 2, layer(1), layer(2))
    after = study.labels.voxels.copy()
    for act in (second, first):
        study.apply(act.inverse())
    assert state(study) == before
    both = Act("Both", first.edits + second.edits, labels=(1, 2))
    study.apply(both)
    np.testing.assert_array_equal(study.labels.voxels, after)
    study.apply(both.inverse())
    assert state(study) == before


def test_that_the_inverse_of_an_inverse_is_the_act() -> None:
    study = study_with(LIVER, SPLEEN)
    lock(study, SPLEEN)
    act = paint(study, 1, layer(0), record={"score": 0.5})
    assert act.inverse().inverse() is act
    assert act.inverse().record == {"score": 0.5}
    assert act.inverse().text == act.text


def test_that_an_act_that_changes_nothing_is_empty_and_not_remembered() -> None:
    study = study_with(LIVER)
    paint(study, 1, layer(0))
    before = state(study)
    for act in (paint(study, 1, layer(0)), study.paint("None", [], 1), study.change_labels("None", [])):
        assert act.is_empty
        study.apply(act.inverse())
        study.apply(act)
    assert study.change_labels("Same", [LabelChange(LIVER, LIVER)]).is_empty
    assert state(study) == before


def test_that_what_was_painted_is_taken_back_where_a_part_fails() -> None:
    study = study_with(LIVER)
    paint(study, 1, layer(3))
    before = state(study)
    with pytest.raises(LabelError, match="leaves the volume"):
        paint(study, 1, layer(0), layer(1), layer(4))
    with pytest.raises(LabelError, match="does not cover"):
        study.paint("Paint", [(layer(0), full(layer(0))), (layer(1), full(WHOLE))], 1)
    assert state(study) == before


def test_that_conflicts_are_summed_over_the_parts_even_where_nothing_changed() -> None:
    study = study_with(LIVER, SPLEEN)
    paint(study, 2, layer(0), layer(1))
    lock(study, SPLEEN)
    assert paint(study, 1, layer(0), Box3D(0, 0, 1, 6, 1, 2), layer(2)).conflicts == {2: 36}
    alone = paint(study, 1, layer(0))
    assert alone.is_empty
    assert alone.conflicts == {2: 30}


def test_that_painting_over_one_value_leaves_the_others() -> None:
    study = study_with(LIVER, SPLEEN)
    paint(study, 2, layer(0))
    paint(study, 1, layer(0), layer(1), only_over=BACKGROUND)
    assert (study.labels.voxels[0] == 2).all()
    assert (study.labels.voxels[1] == 1).all()


def test_that_a_replaced_label_is_the_mask_within_the_region_and_untouched_outside() -> None:
    study = study_with(LIVER, SPLEEN)
    paint(study, 1, layer(0), layer(1))
    paint(study, 2, Box3D(0, 0, 1, 2, 5, 2))
    mask = np.zeros((1, 5, 6), dtype=np.bool_)
    mask[0, :, 1:4] = True
    expected = study.labels.voxels.copy()
    expected[1][(expected[1] == 1) & ~mask[0]] = 0
    expected[1][mask[0]] = 1
    act = study.replace_label("Correct", layer(1), mask, 1)
    np.testing.assert_array_equal(study.labels.voxels, expected)
    study.apply(act.inverse())
    flat = study.replace_label("Correct", layer(1), mask[0], 1)
    np.testing.assert_array_equal(study.labels.voxels, expected)
    assert flat.labels == (1, 2)


def test_that_a_replaced_label_leaves_locked_ones_and_is_neither_locked_nor_the_background() -> None:
    study = study_with(LIVER, SPLEEN)
    paint(study, 2, layer(0))
    locked = lock(study, SPLEEN)
    act = study.replace_label("Correct", WHOLE, full(WHOLE), 1)
    assert act.conflicts == {2: 30}
    assert (study.labels.voxels[0] == 2).all()
    before = state(study)
    with pytest.raises(LabelError, match="locked"):
        study.replace_label("Correct", WHOLE, full(WHOLE), locked.value)
    with pytest.raises(LabelError, match="background"):
        study.replace_label("Correct", WHOLE, full(WHOLE), BACKGROUND)
    assert state(study) == before


def test_that_labels_come_change_and_go_and_come_back() -> None:
    study = study_with(LIVER, SPLEEN)
    before = state(study)
    renamed = replace(LIVER, name="tumour", colour=(1, 2, 3), visible=False, locked=True)
    new = Label(9, "kidney", PALETTE[2], locked=True)
    act = study.change_labels(
        "Change", [LabelChange(SPLEEN, None), LabelChange(LIVER, renamed), LabelChange(None, new)]
    )
    assert study.labels.labels == (renamed, new)
    study.apply(act.inverse())
    assert state(study) == before
    study.apply(act)
    assert study.labels.labels == (renamed, new)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ([LabelChange(SPLEEN, replace(SPLEEN, name="x")), LabelChange(None, LIVER)], "does not fit: label 1"),
        ([LabelChange(SPLEEN, None), LabelChange(replace(LIVER, name="old"), LIVER)], "does not fit: label 1"),
        ([LabelChange(SPLEEN, None), LabelChange(LIVER, None)], "label 1 still has voxels"),
        ([LabelChange(SPLEEN, None), LabelChange(None, SPLEEN)], "label 2 would change twice"),
        ([LabelChange(Label(7, "none", (0, 0, 0)), None)], "no label 7"),
    ],
    ids=["taken", "changed-since", "with-voxels", "twice", "unknown"],
)
def test_that_changes_that_do_not_fit_change_nothing(changes: list[LabelChange], reason: str) -> None:
    study = study_with(LIVER, SPLEEN)
    paint(study, 1, layer(0))
    before = state(study)
    with pytest.raises(LabelError, match=reason):
        study.change_labels("Change", changes)
    assert state(study) == before


def test_that_a_change_is_of_one_label() -> None:
    with pytest.raises(LabelError, match="needs the label"):
        LabelChange(None, None)
    with pytest.raises(LabelError, match="label 1 cannot become label 2"):
        LabelChange(LIVER, SPLEEN)


def test_that_a_removed_label_takes_its_voxels_along_and_brings_them_back() -> None:
    study = study_with(LIVER, SPLEEN)
    paint(study, 2, WHOLE)
    paint(study, 1, Box3D(1, 1, 1, 3, 4, 3))
    before = state(study)
    act = study.remove_label(1, "Remove liver")
    assert study.labels.labels == (SPLEEN,)
    assert np.count_nonzero(study.labels.voxels == 0) == 12
    after = state(study)
    study.apply(act.inverse())
    assert state(study) == before
    study.apply(act)
    assert state(study) == after
    study.remove_label(2, "Remove spleen")
    assert not study.labels.voxels.any()


def test_that_a_locked_or_unknown_label_is_not_removed() -> None:
    study = study_with(LIVER)
    paint(study, 1, layer(0))
    locked = lock(study, LIVER)
    before = state(study)
    with pytest.raises(LabelError, match="locked"):
        study.remove_label(1, "Remove")
    with pytest.raises(LabelError, match="locked"):
        study.change_labels("Remove", [LabelChange(locked, None)])
    with pytest.raises(LabelError, match="no label 3"):
        study.remove_label(3, "Remove")
    assert state(study) == before


def test_that_a_merged_label_map_gets_new_labels_and_spares_locked_ones() -> None:
    study = study_with(LIVER, replace(SPLEEN, value=4))
    paint(study, 1, layer(0))
    paint(study, 4, layer(1))
    lock(study, replace(SPLEEN, value=4))
    before = state(study)
    other = np.zeros(SHAPE, dtype=np.int32)
    other[0:2, 0], other[2], other[3] = 1, 2, 65535
    act = study.merge_labels(other, {1: "tumour", 2: " "}, "Import", {"file": "masks"})
    assert [(label.value, label.name) for label in study.labels.labels] == [
        (1, "liver"), (2, "label 2"), (3, "tumour"), (4, "spleen"), (65535, "label 65535")
    ]  # fmt: skip
    assert (study.labels.voxels[0, 0] == 3).all()
    assert (study.labels.voxels[0, 1:] == 1).all()
    assert (study.labels.voxels[1] == 4).all()
    assert (study.labels.voxels[2] == 2).all()
    assert (study.labels.voxels[3] == 65535).all()
    assert act.conflicts == {4: 6}
    study.apply(act.inverse())
    assert state(study) == before


@pytest.mark.parametrize("value", [-1, 0.5, 65536, np.nan])
def test_that_what_is_no_label_map_of_this_volume_is_not_merged(value: float) -> None:
    study = study_with(LIVER)
    before = state(study)
    with pytest.raises(LabelError, match="whole numbers"):
        study.merge_labels(np.full(SHAPE, value), {}, "Import")
    with pytest.raises(LabelError, match="shape"):
        study.merge_labels(np.zeros((4, 6, 5), np.uint8), {}, "Import")
    assert state(study) == before


def test_that_no_more_values_are_given_than_there_are() -> None:
    labels = LabelMap((1, 1, 2))
    for value in range(1, 65535):
        labels.add_label("x", value=value)
    volume = Volume(np.zeros((1, 1, 2), np.uint8), Geometry.of_pixels((1, 1, 2)))
    study = Study(volume, StudySource("a.png", "a.png"), labels)
    with pytest.raises(LabelError, match="more than 65535"):
        study.merge_labels(np.array([[[1, 2]]]), {}, "Import")
    assert len(study.labels.labels) == 65534
    study.merge_labels(np.array([[[1, 0]]]), {}, "Import")
    assert study.labels.voxels[0, 0, 0] == 65535


def test_that_only_the_last_act_is_undone() -> None:
    study = study_with(LIVER)
    first, second = paint(study, 1, layer(0)), paint(study, 1, layer(1))
    before = state(study)
    with pytest.raises(LabelError, match="not the last"):
        study.apply(first.inverse())
    assert state(study) == before
    study.apply(second.inverse())
    study.apply(first.inverse())
    with pytest.raises(LabelError, match="not the last"):
        study.apply(first.inverse())


def test_that_an_act_that_does_not_fit_changes_nothing() -> None:
    study = study_with(LIVER)
    act = paint(study, 1, layer(0), layer(1))
    study.apply(act.inverse())
    paint(study, 1, Box3D(2, 2, 1, 3, 3, 2))
    before = state(study)
    with pytest.raises(LabelError, match="does not fit"):
        study.apply(act)
    assert state(study) == before


def test_that_a_record_is_kept_as_json_and_what_is_none_is_refused_before_anything_changes() -> None:
    study = study_with(LIVER)
    told: dict[Any, Any] = {"box": (0, 1, 2, 3), 7: {"score": 0.1}}
    act = paint(study, 1, layer(0), record=told)
    told["box"] = "changed later"
    assert act.record == {"box": [0, 1, 2, 3], "7": {"score": 0.1}}
    before = state(study)
    with pytest.raises(TypeError):
        paint(study, 1, layer(1), record={"score": np.float32(0.5)})
    with pytest.raises(ValueError, match="JSON"):
        paint(study, 1, layer(1), record={"score": float("nan")})
    assert state(study) == before


def test_that_provenance_tells_how_the_labels_that_are_there_were_made() -> None:
    study = study_with(LIVER, SPLEEN)
    paint(study, 1, layer(0), record={"model": "a"})
    study.remove_label(1, "Remove")
    study.change_labels("Add", [LabelChange(None, replace(LIVER, name="lung"))])
    paint(study, 1, layer(1), record={"model": "b"})
    undone = study.paint("Other", [(layer(2), full(layer(2)))], 1, record={"model": "c"})
    study.apply(undone.inverse())
    told = study.provenance()
    assert told == {
        "Objects": [
            {"Value": 1, "Label": "lung", "Steps": [{"Act": "Paint", "Record": {"model": "b"}}]},
            {"Value": 2, "Label": "spleen", "Steps": []},
        ]
    }
    assert json.loads(json.dumps(told)) == told
    kept = Study(study.volume, study.source, study.labels, history=[act.without_edits() for act in study.history])
    assert kept.provenance() == told


def test_that_an_eraser_is_a_step_of_what_it_erased() -> None:
    study = study_with(LIVER, SPLEEN)
    paint(study, 1, layer(0))
    paint(study, 2, layer(1))
    study.paint("Erase", [(layer(0), full(layer(0)))], BACKGROUND)
    steps = {told["Value"]: [step["Act"] for step in told["Steps"]] for told in study.provenance()["Objects"]}
    assert steps == {1: ["Paint", "Erase"], 2: ["Paint"]}


def test_that_a_label_map_of_another_volume_is_refused() -> None:
    volume = Volume(np.zeros(SHAPE), Geometry(SHAPE, np.eye(4)))
    with pytest.raises(LabelError, match="shape"):
        Study(volume, StudySource("a", "a"), LabelMap((4, 6, 5)))


@pytest.mark.parametrize("change", ["voxel", "dtype", "shape", "spacing", "frame"])
def test_that_the_fingerprint_tells_another_image(change: str) -> None:
    voxels, geometry = np.arange(120, dtype=np.int16).reshape(SHAPE), Geometry(SHAPE, np.eye(4))
    same = Study(Volume(np.asfortranarray(voxels), geometry), StudySource("a", "a")).fingerprint
    assert same.difference(Study(Volume(voxels, geometry), StudySource("b", "b")).fingerprint) == ""
    if change == "voxel":
        voxels = voxels.copy()
        voxels[3, 4, 5] += 1
    elif change == "dtype":
        voxels = voxels.astype(np.uint16)
    elif change == "shape":
        voxels, geometry = voxels[:, :, :5], Geometry((4, 5, 5), np.eye(4))
    elif change == "spacing":
        geometry = Geometry(SHAPE, np.diag([1, 1, 1.01, 1]))
    else:
        geometry = Geometry.of_pixels(SHAPE)
    assert same.difference(Study(Volume(voxels, geometry), StudySource("a", "a")).fingerprint)


def test_that_joined_acts_are_one_that_is_undone_and_done_again() -> None:
    study = study_with(LIVER, SPLEEN)
    before = state(study)
    lock(study, SPLEEN)
    begun = state(study)
    steps = [paint(study, 1, layer(z)) for z in range(3)]
    act = study.join_last(3, "Carry liver", {"slices": 3})
    after = state(study)
    assert study.history == (*begun[2], act)
    assert (act.text, act.record, act.labels) == ("Carry liver", {"slices": 3}, (1,))
    assert act.edits == tuple(edit for step in steps for edit in step.edits)
    study.apply(act.inverse())
    assert state(study) == begun
    study.apply(act)
    assert state(study) == after
    for count in (0, 4 + len(before[2])):
        with pytest.raises(LabelError, match="cannot become one"):
            study.join_last(count, "Too many")
    assert state(study) == after
