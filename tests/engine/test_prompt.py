from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.errors import PromptError
from app.engine.prompt import Box, Box3D, Point, Prompts

SHAPE = (4, 6, 8)


@st.composite
def boxes3d(draw: st.DrawFn) -> Box3D:
    ends = [sorted(draw(st.lists(st.integers(0, n), min_size=2, max_size=2, unique=True))) for n in SHAPE]
    return Box3D(ends[2][0], ends[1][0], ends[0][0], ends[2][1], ends[1][1], ends[0][1])


@given(boxes3d())
def test_that_a_3d_box_is_the_tight_box_of_what_it_holds(box: Box3D) -> None:
    mask = np.zeros(SHAPE, dtype=np.bool_)
    mask[box.z0 : box.z1, box.y0 : box.y1, box.x0 : box.x1] = True
    assert Box3D.of_mask(mask) == box
    x0, y0, z0, x1, y1, z1 = box.to_inclusive()
    assert mask[z0, y0, x0]
    assert mask[z1, y1, x1]


@given(boxes3d(), st.integers(0, 2))
def test_that_a_3d_boxs_outline_is_the_tight_box_of_every_slice_it_crosses(box: Box3D, axis: int) -> None:
    mask = np.zeros(SHAPE, dtype=np.bool_)
    mask[box.z0 : box.z1, box.y0 : box.y1, box.x0 : box.x1] = True
    for index in range(SHAPE[axis]):
        found = Box.of_mask(np.take(mask, index, axis=axis))
        assert found == (box.in_slice(axis) if index in box.range_of(axis) else None)


@given(boxes3d())
def test_that_inclusive_corners_give_the_3d_box_back(box: Box3D) -> None:
    assert Box3D.from_inclusive(box.to_inclusive()) == box


@given(st.tuples(*[st.integers(-50, 50)] * 2), st.tuples(*[st.integers(1, 50)] * 2))
def test_that_inclusive_corners_give_the_box_back(corner: tuple[int, int], extent: tuple[int, int]) -> None:
    box = Box(corner[0], corner[1], corner[0] + extent[0], corner[1] + extent[1])
    assert Box.from_inclusive(box.to_inclusive()) == box
    assert (box.width, box.height) == extent


def test_that_an_inclusive_box_of_one_voxel_has_one_voxel() -> None:
    assert Box.from_inclusive([3, 4, 3, 4]) == Box(3, 4, 4, 5)
    assert Box3D.from_inclusive([3, 4, 5, 3, 4, 5]) == Box3D(3, 4, 5, 4, 5, 6)


def test_that_corners_are_rounded_to_the_nearest_voxel() -> None:
    assert Box.from_inclusive([0.5, 1.4, 2.5, 3.6]) == Box(1, 1, 4, 5)


@pytest.mark.parametrize("corners", [[5, 0, 4, 9], [0, 9, 4, 8]])
def test_that_a_box_whose_end_lies_before_its_start_is_refused(corners: list[int]) -> None:
    with pytest.raises(PromptError, match="empty"):
        Box.from_inclusive(corners)


@pytest.mark.parametrize("corners", [[5, 0, 0, 4, 9, 9], [0, 5, 0, 9, 4, 9], [0, 0, 5, 9, 9, 4]])
def test_that_a_3d_box_whose_end_lies_before_its_start_is_refused(corners: list[int]) -> None:
    with pytest.raises(PromptError, match="empty"):
        Box3D.from_inclusive(corners)


@pytest.mark.parametrize("corners", [[0, 0, 1], [0, 0, 1, np.nan], [0, 0, 1, np.inf], [0, 0, 1, 1e30], [0] * 5])
def test_that_corners_that_are_not_four_finite_numbers_are_refused(corners: list[float]) -> None:
    with pytest.raises(PromptError, match="needs 4 finite numbers"):
        Box.from_inclusive(corners)


def test_that_a_box_beyond_all_images_is_refused_with_plain_numbers() -> None:
    with pytest.raises(PromptError, match=r"below 2147483648, not 0, 0, 1e\+18, 5$"):
        Box.from_inclusive([0, 0, 1e18, 5])


def test_that_a_box_is_clipped_to_the_slice() -> None:
    assert Box(-3, 2, 20, 5).clipped((4, 8)) == Box(0, 2, 8, 4)
    assert Box3D(-3, 2, -1, 20, 5, 9).clipped((4, 6, 8)) == Box3D(0, 2, 0, 8, 5, 4)


@pytest.mark.parametrize("box", [Box(8, 0, 9, 2), Box(0, 4, 2, 5), Box(-4, 0, 0, 2), Box(0, -4, 2, 0)], ids=str)
def test_that_a_box_outside_the_slice_is_refused_with_its_size(box: Box) -> None:
    with pytest.raises(PromptError, match="lies outside the slice of 8 x 4 voxels"):
        box.clipped((4, 8))


@pytest.mark.parametrize("box", [Box3D(8, 0, 0, 9, 2, 2), Box3D(0, 6, 0, 2, 7, 2), Box3D(0, 0, 4, 2, 2, 5)], ids=str)
def test_that_a_3d_box_outside_the_volume_is_refused_with_its_size(box: Box3D) -> None:
    with pytest.raises(PromptError, match=r"lies outside the volume of 8 x 6 x 4 voxels"):
        box.clipped(SHAPE)


def test_that_an_empty_mask_has_no_box() -> None:
    assert Box.of_mask(np.zeros((4, 8), dtype=np.bool_)) is None
    assert Box3D.of_mask(np.zeros(SHAPE, dtype=np.bool_)) is None


def test_that_a_prompt_needs_a_box_or_a_positive_point() -> None:
    with pytest.raises(PromptError, match="box or at least one positive point"):
        Prompts()
    with pytest.raises(PromptError, match="box or at least one positive point"):
        Prompts(points=(Point(1, 1, positive=False),))
    assert Prompts(points=(Point(1, 1),)).box is None


@pytest.mark.parametrize("place", [-1.01, 1.01, np.nan])
def test_that_a_place_outside_the_3d_box_is_refused(place: float) -> None:
    with pytest.raises(PromptError, match="between -1 and 1"):
        Prompts(Box(0, 0, 2, 2), place=place)


@pytest.mark.parametrize("point", [Point(8, 0), Point(0, 4), Point(-1, 0), Point(0, -0.6), Point(np.nan, 0)], ids=str)
def test_that_a_point_outside_the_slice_is_refused(point: Point) -> None:
    with pytest.raises(PromptError, match="lies outside the slice of 8 x 4 voxels"):
        Prompts(points=(Point(1, 1), point)).checked((4, 8))


def test_that_checked_prompts_keep_all_but_the_part_of_the_box_outside() -> None:
    previous = np.ones((4, 8), dtype=np.bool_)
    prompts = Prompts(Box(-1, 0, 9, 3), (Point(7.5, 3.5), Point(0, 0, positive=False)), previous, place=0.5)
    checked = prompts.checked((4, 8))
    assert checked.box == Box(0, 0, 8, 3)
    assert checked.points == prompts.points
    assert checked.previous is previous
    assert checked.place == 0.5


def test_that_a_previous_mask_of_another_slice_is_refused() -> None:
    with pytest.raises(PromptError, match="previous mask"):
        Prompts(Box(0, 0, 2, 2), previous=np.ones((8, 4), dtype=np.bool_)).checked((4, 8))


def test_that_the_extent_is_the_box_or_else_the_positive_points() -> None:
    points = (Point(2, 3), Point(5, 1), Point(0, 0, positive=False))
    assert Prompts(Box(1, 1, 3, 3), points).extent() == (1, 1, 3, 3)
    assert Prompts(points=points).extent() == (2, 1, 6, 4)
