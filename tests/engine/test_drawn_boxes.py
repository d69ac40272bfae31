"""Boxes drawn in one image lie at the same place in another, however its grid lies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.cases import Case
from app.engine.drawn_boxes import DrawnBoxes, Placement, drawn_in
from app.engine.errors import PromptError
from app.engine.geometry import Frame, Geometry
from app.engine.labelmap import PALETTE, Label
from app.engine.plane import Plane
from app.engine.prompt import Box, Box3D
from app.engine.prompt_file import ObjectPrompt, VolumePoint
from app.engine.study import LabelChange, Study
from app.engine.volume import Kind, Volume
from tests.engine.studies import LIVER, SPLEEN, open_image, paint, write_image

_SHAPE = (10, 20, 30)
_BOX3D = ObjectPrompt(1, "liver", box3d=Box3D(4, 6, 2, 14, 12, 6))
_IN_SLICE = ObjectPrompt(2, "cyst", Box(4, 6, 14, 12), points=(VolumePoint(5.0, 7.0, 3.0),), index=3)
_CORONAL = ObjectPrompt(3, "vein", Box(4, 2, 14, 6), index=8, plane=Plane.CORONAL)
_ALL = (_BOX3D, _IN_SLICE, _CORONAL)


def _geometry(shape: tuple[int, int, int] = _SHAPE, **fields: Any) -> Geometry:
    return Geometry.from_components(shape_zyx=shape, **({"spacing_xyz": (1.0, 1.0, 2.0)} | fields))


def _flipped(geometry: Geometry, axes: tuple[int, ...]) -> Geometry:
    """The same voxels with the index along these axes (0 = i, 1 = j, 2 = k) counted from the other end."""
    affine = geometry.affine.copy()
    for axis in axes:
        affine[:3, 3] += affine[:3, axis] * (geometry.shape_zyx[2 - axis] - 1)
        affine[:3, axis] *= -1
    return Geometry(geometry.shape_zyx, affine, geometry.frame)


def _turned(geometry: Geometry, order: tuple[int, int, int]) -> Geometry:
    """The same voxels with index axis n being the old one order[n]."""
    affine = geometry.affine.copy()
    affine[:3, :3] = geometry.affine[:3, list(order)]
    old_ijk = geometry.shape_zyx[::-1]
    i, j, k = (old_ijk[axis] for axis in order)
    return Geometry((k, j, i), affine, geometry.frame)


def _voxels(prompt: ObjectPrompt, geometry: Geometry) -> np.ndarray:
    """World places (N, 3) of the voxels of a prompt, in mm, sorted."""
    if prompt.box3d is not None:
        b = prompt.box3d
        ranges = [range(b.x0, b.x1), range(b.y0, b.y1), range(b.z0, b.z1)]
    else:
        assert prompt.box is not None
        assert prompt.index is not None
        axis = next(a for a in range(3) if geometry.world_axis_of(a) == (prompt.plane or Plane.AXIAL).value)
        if prompt.plane is None:
            axis = 0
        ranges = [range(prompt.box.x0, prompt.box.x1), range(prompt.box.y0, prompt.box.y1)]
        ranges.insert(2 - axis, range(prompt.index, prompt.index + 1))
    grid = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
    places = np.round(geometry.to_world(grid.astype(np.float64)), 6) + 0.0
    return places[np.lexsort(places.T)]


@pytest.mark.parametrize("placement", list(Placement))
@given(
    axes=st.sets(st.integers(0, 2)),
    order=st.permutations([0, 1, 2]),
    origin=st.tuples(*[st.floats(-500, 500)] * 3),
    spacing=st.tuples(*[st.floats(0.2, 5)] * 3),
)
def test_that_the_same_image_stored_another_way_gets_the_same_voxels(
    placement: Placement, axes: set[int], order: list[int], origin: Any, spacing: Any
) -> None:
    drawn = _geometry(spacing_xyz=spacing, origin_lps=origin)
    other = _turned(_flipped(drawn, tuple(axes)), (order[0], order[1], order[2]))

    moved = DrawnBoxes(_ALL, drawn, placement).moved_to(other)

    for before, after in zip(_ALL, moved, strict=True):
        assert (after.value, after.label) == (before.value, before.label)
        np.testing.assert_allclose(_voxels(after, other), _voxels(before, drawn), atol=1e-4)
    np.testing.assert_allclose(
        other.to_world(np.array([(p.x, p.y, p.z) for p in moved[1].points])),
        drawn.to_world(np.array([(p.x, p.y, p.z) for p in _IN_SLICE.points])),
        atol=1e-6,
    )


@pytest.mark.parametrize("placement", list(Placement))
@pytest.mark.parametrize("frame", list(Frame))
def test_that_the_image_itself_gets_its_own_prompts_back(placement: Placement, frame: Frame) -> None:
    geometry = _geometry(frame=frame)
    if placement is Placement.WORLD and frame is not Frame.WORLD:
        with pytest.raises(PromptError, match="the boxes were drawn in does not say where it lies"):
            DrawnBoxes(_ALL, geometry, placement)
        return

    assert DrawnBoxes(_ALL, geometry, placement).moved_to(geometry) == _ALL


def test_that_millimetres_stay_where_they_are_in_a_finer_grid_that_begins_elsewhere() -> None:
    finer = _geometry((20, 40, 60), spacing_xyz=(0.5, 0.5, 1.0), origin_lps=(-0.25 + 2, -0.25 + 3, -0.5 + 2))

    box3d, in_slice, coronal = DrawnBoxes(_ALL, _geometry(), Placement.WORLD).moved_to(finer)

    assert box3d.box3d == Box3D(4, 6, 2, 24, 18, 10)
    assert (in_slice.box, in_slice.index, in_slice.plane) == (Box(4, 6, 24, 18), 5, None)
    assert (coronal.box, coronal.index, coronal.plane) == (Box(4, 2, 24, 10), 11, Plane.CORONAL)


def test_that_fractions_of_the_extent_stay_the_same_whatever_the_size() -> None:
    larger = _geometry((20, 60, 15), spacing_xyz=(9.0, 0.1, 3.0), origin_lps=(99, 0, 0))

    box3d, in_slice, coronal = DrawnBoxes(_ALL, _geometry(), Placement.RELATIVE).moved_to(larger)

    assert box3d.box3d == Box3D(2, 18, 4, 7, 36, 12)
    assert (in_slice.box, in_slice.index) == (Box(2, 18, 7, 36), 7)
    assert (coronal.box, coronal.index) == (Box(2, 4, 7, 12), 25)


def test_that_pictures_are_taken_as_stored() -> None:
    drawn = DrawnBoxes(
        [ObjectPrompt(1, "a", Box(10, 0, 20, 5), index=0)], Geometry.of_pixels((1, 20, 40)), Placement.RELATIVE
    )

    (moved,) = drawn.moved_to(Geometry.of_pixels((1, 40, 20)))

    assert (moved.box, moved.index) == (Box(5, 0, 10, 10), 0)


def test_that_a_box_thinner_than_a_voxel_of_the_other_image_is_one_voxel_thick() -> None:
    thin = ObjectPrompt(1, "a", box3d=Box3D(4, 6, 3, 5, 7, 4))

    (moved,) = DrawnBoxes([thin], _geometry(), Placement.WORLD).moved_to(
        _geometry((2, 2, 3), spacing_xyz=(10.0, 10.0, 10.0), origin_lps=(4.5, 4.5, 4.5))
    )

    assert moved.box3d == Box3D(0, 0, 0, 1, 1, 1)


def test_that_a_box_is_never_put_into_the_only_slice_of_an_image_that_lies_beside_it() -> None:
    drawn = DrawnBoxes([_BOX3D], _geometry(), Placement.WORLD)
    inside, beside = (_geometry((1, 20, 30), origin_lps=(0, 0, z)) for z in (6.0, 40.0))

    (moved,) = drawn.moved_to(inside)

    assert (moved.box, moved.box3d, moved.index) == (Box(4, 6, 14, 12), None, 0)
    with pytest.raises(PromptError, match="'liver'.*beside the only slice"):
        drawn.moved_to(beside)


def test_that_a_case_without_a_place_fails_in_millimetres_and_is_opened_by_fractions() -> None:
    volume = Volume(np.zeros(_SHAPE, dtype=np.uint8), Geometry.of_pixels(_SHAPE), kind=Kind.PICTURE)
    case = Case("a", "", Kind.PICTURE, ("a",), lambda: volume)

    with pytest.raises(PromptError, match="apply the boxes relative to the image"):
        DrawnBoxes(_ALL, _geometry(), Placement.WORLD).open(case)

    opened = DrawnBoxes(_ALL, _geometry(), Placement.RELATIVE).open(case)
    assert opened[0] is volume
    assert opened[1][0] == _BOX3D


def test_that_nothing_drawn_or_a_slice_that_is_not_there_is_refused() -> None:
    with pytest.raises(PromptError, match="no box was drawn"):
        DrawnBoxes([], _geometry(), Placement.RELATIVE)
    with pytest.raises(PromptError, match="slice 10 is outside"):
        DrawnBoxes([replace(_IN_SLICE, index=10)], _geometry(), Placement.RELATIVE)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """Of 3 x 4 x 5 voxels, with two labels."""
    opened = open_image(write_image(tmp_path / "ct.nii.gz"))
    opened.change_labels("Add labels", [LabelChange(None, LIVER), LabelChange(None, SPLEEN)])
    return opened


_REGION, _OTHER = Box3D(0, 0, 0, 2, 2, 1), Box3D(3, 3, 2, 5, 4, 3)
_PROMPT = {"kind": "prompt", "axis": 0, "slice": 0, "box": [0, 0, 1, 1], "points": [[1, 0, 1]], "score": 0.9}


def test_that_prompts_of_the_history_are_found_once_each_in_order(study: Study) -> None:
    paint(study, 1, _REGION, record=_PROMPT)
    paint(study, 2, _OTHER, record={"kind": "carried", "axis": 1, "slice": 3, "box": [3, 2, 4, 2]})
    paint(study, 1, Box3D(0, 0, 1, 2, 2, 2), record=_PROMPT | {"kind": "carried"})
    paint(study, 1, Box3D(3, 0, 1, 5, 2, 2), record={"kind": "box3d", "axis": 0, "box3d": [3, 0, 1, 4, 1, 1]})
    paint(study, 1, Box3D(0, 3, 1, 2, 4, 2), record={"kind": "brush"})

    drawn = drawn_in(study)

    assert drawn.prompts == (
        ObjectPrompt(1, "liver", Box(0, 0, 2, 2), points=(VolumePoint(1.0, 0.0, 0.0),), index=0),
        ObjectPrompt(2, "spleen", Box(3, 2, 5, 3), index=3, plane=Plane.CORONAL),
        ObjectPrompt(1, "liver", box3d=Box3D(3, 0, 1, 5, 2, 2)),
    )
    assert drawn.unclear == 0


def test_that_what_was_undone_or_removed_is_not_applied(study: Study) -> None:
    undone = paint(study, 1, _REGION, record=_PROMPT)
    study.apply(undone.inverse())
    paint(study, 2, _OTHER, record={"kind": "box3d", "axis": 0, "box3d": [3, 3, 2, 4, 3, 2]})
    study.remove_label(2, "Remove")
    study.change_labels("Add", [LabelChange(None, Label(2, "kidney", PALETTE[1]))])

    assert drawn_in(study).prompts == ()


def test_that_a_mask_that_took_voxels_of_another_label_is_clear_only_by_its_record(study: Study) -> None:
    paint(study, 2, _REGION)
    paint(study, 1, _REGION, record=_PROMPT)
    paint(study, 2, _REGION, record=_PROMPT | {"label": 2})

    drawn = drawn_in(study)

    assert [prompt.value for prompt in drawn.prompts] == [2]
    assert drawn.unclear == 1


@pytest.mark.parametrize(
    "odd",
    [
        {"axis": 3}, {"axis": "0"}, {"slice": 3}, {"slice": None}, {"box": [9, 9, 10, 10]}, {"box": "ab"},
        {"box": [1, 1, 0, 0]}, {"points": [[1]]}, {"points": [["inf", 0, 1]]}, {"points": 4}, {"kind": "box3d"},
    ],
)  # fmt: skip
def test_that_a_record_that_makes_no_sense_is_passed_over(study: Study, odd: dict[str, Any]) -> None:
    paint(study, 1, _REGION, record=_PROMPT | odd)

    assert drawn_in(study).prompts == ()
