from __future__ import annotations

import numpy as np
import pytest

from app.engine.cleanup import clean


def _mask(*rows: str) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    return np.array([[character == "#" for character in row] for row in rows])


def test_that_nothing_changes_unasked() -> None:
    mask = _mask("#.#", "...", "#.#")
    assert clean(mask) is mask
    empty = np.zeros((4, 4), dtype=bool)
    assert not clean(empty, largest=True, holes=True).any()


def test_that_the_largest_part_stays_and_corners_connect() -> None:
    mask = _mask("##...", "..#..", "....#", "....#")
    np.testing.assert_array_equal(clean(mask, largest=True), _mask("##...", "..#..", ".....", "....."))
    assert mask[2, 4]  # the argument is untouched


def test_that_holes_are_filled_but_not_bays() -> None:
    mask = _mask(".....", ".###.", ".#.#.", ".###.", "#.#..", "###..", ".....")
    expected = mask.copy()
    expected[2, 2] = expected[4, 1] = True
    np.testing.assert_array_equal(clean(mask, holes=True), expected)
    bay = _mask("###", "#..", "###")
    np.testing.assert_array_equal(clean(bay, holes=True), bay)


def test_that_a_hole_in_a_volume_needs_a_closed_surface() -> None:
    tube = np.ones((3, 3, 3), dtype=bool)
    tube[:, 1, 1] = False
    np.testing.assert_array_equal(clean(tube, holes=True), tube)
    shell = np.ones((3, 3, 3), dtype=bool)
    shell[1, 1, 1] = False
    assert clean(shell, holes=True).all()


def test_that_a_ring_in_one_slice_of_a_thick_volume_is_no_hole() -> None:
    mask = np.zeros((5, 5, 5), dtype=bool)
    mask[2, 1:4, 1:4] = True
    mask[2, 2, 2] = False
    np.testing.assert_array_equal(clean(mask, holes=True), mask)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_a_volume_of_one_slice_is_treated_as_a_slice(axis: int) -> None:
    flat = _mask("####.", "#..#.", "####.", "....#", "#....")
    expected = np.expand_dims(_mask("####.", "####.", "####.", "....#", "....."), axis)
    np.testing.assert_array_equal(clean(np.expand_dims(flat, axis), largest=True, holes=True), expected)


def test_that_a_single_row_is_cleaned_too() -> None:
    row = _mask("##.###..#")
    np.testing.assert_array_equal(clean(row, largest=True, holes=True), _mask("...###..."))


def test_that_the_largest_part_of_a_volume_is_found_across_slices() -> None:
    mask = np.zeros((4, 6, 6), dtype=bool)
    mask[:, 0, 0] = True  # 4 voxels along z
    mask[1, 3, 3:6] = True  # 3 voxels in one slice
    expected = np.zeros_like(mask)
    expected[:, 0, 0] = True
    np.testing.assert_array_equal(clean(mask, largest=True), expected)
