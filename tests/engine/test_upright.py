"""Pictures of slices are upright in every one of the 48 ways in which a volume can be stored."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.engine.geometry import Frame, Geometry
from app.engine.plane import Plane, plane_of
from app.engine.upright import Upright, letters_of_axes

_SHAPE = (4, 6, 5)
_SPACING = (1.5, 0.8, 3.0)
# Left, top, right, bottom of the picture of each plane, as radiologists expect them.
_EXPECTED = {
    Plane.AXIAL: ("R", "A", "L", "P"),
    Plane.CORONAL: ("R", "S", "L", "I"),
    Plane.SAGITTAL: ("A", "S", "P", "I"),
}
_TOWARDS = {"L": (0, 1), "R": (0, -1), "P": (1, 1), "A": (1, -1), "S": (2, 1), "I": (2, -1)}
ORIENTATIONS = [
    (order, signs) for order in permutations(range(3)) for signs in product((1.0, -1.0), repeat=3)
]  # world axis of i, j, k, and the direction in which each runs


def geometry(order: tuple[int, ...], signs: tuple[float, ...], *, tilt: float = 0.0) -> Geometry:
    direction = np.zeros((3, 3))
    for axis, (world, sign) in enumerate(zip(order, signs, strict=True)):
        direction[world, axis] = sign
    turn = np.array([[np.cos(tilt), -np.sin(tilt), 0], [np.sin(tilt), np.cos(tilt), 0], [0, 0, 1]])
    return Geometry.from_components(
        shape_zyx=_SHAPE, spacing_xyz=_SPACING, origin_lps=(-7.0, 12.0, 3.0), direction=turn @ direction
    )


def world_of_picture(upright: Upright, xy: tuple[float, float]) -> NDArray[np.float64]:
    """LPS mm of a place in the picture, through the affine alone."""
    column, row = upright.from_picture(np.array(xy)) - 0.5
    index = [column, row]
    index.insert(2 - upright.axis, 1.0)  # (i, j, k): k is array axis 0
    return upright.geometry.to_world(np.array(index))


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_a_picture_is_upright_and_its_letters_are_true(
    order: tuple[int, ...], signs: tuple[float, ...], axis: int
) -> None:
    grid = geometry(order, signs)
    upright = Upright.of(grid, axis)
    assert upright.letters == _EXPECTED[plane_of(axis, grid)]
    height, width = upright.shape
    middle = world_of_picture(upright, (width / 2, height / 2))
    edges = [(0.0, height / 2), (width / 2, 0.0), (float(width), height / 2), (width / 2, float(height))]
    for letter, edge in zip(upright.letters, edges, strict=True):
        world_axis, sign = _TOWARDS[letter]
        moved = world_of_picture(upright, edge) - middle
        assert int(np.abs(moved).argmax()) == world_axis
        assert np.sign(moved[world_axis]) == sign


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_a_voxel_is_shown_where_its_coordinates_say(
    order: tuple[int, ...], signs: tuple[float, ...], axis: int
) -> None:
    upright = Upright.of(geometry(order, signs), axis)
    rows, columns = upright.slice_shape
    numbers = np.arange(rows * columns).reshape(rows, columns)
    picture = upright.turned(numbers)
    assert picture.shape == upright.shape
    for row, column in np.ndindex(rows, columns):
        x, y = upright.to_picture(np.array([column + 0.5, row + 0.5]))
        assert picture[int(y), int(x)] == numbers[row, column]


@given(number=st.integers(0, 47), axis=st.integers(0, 2), x=st.floats(-5, 20), y=st.floats(-5, 20))
def test_that_picture_and_slice_coordinates_are_exact_inverses(number: int, axis: int, x: float, y: float) -> None:
    upright = Upright.of(geometry(*ORIENTATIONS[number]), axis)
    there = upright.to_picture(np.array([x, y]))
    np.testing.assert_allclose(upright.from_picture(there), (x, y), atol=1e-12)


def test_that_an_oblique_direction_is_named_by_two_letters() -> None:
    upright = Upright.of(geometry((0, 1, 2), (1.0, 1.0, 1.0), tilt=np.radians(30)), 0)
    assert upright.letters == ("RA", "AL", "LP", "PR")


def test_that_a_slight_tilt_is_not_named() -> None:
    upright = Upright.of(geometry((0, 1, 2), (1.0, 1.0, 1.0), tilt=np.radians(10)), 0)
    assert upright.letters == ("R", "A", "L", "P")


@pytest.mark.parametrize("frame", [Frame.SPACING, Frame.NONE])
def test_that_what_has_no_orientation_is_shown_as_stored_without_letters(frame: Frame) -> None:
    grid = Geometry.from_components(shape_zyx=_SHAPE, spacing_xyz=_SPACING, direction=-np.eye(3), frame=frame)
    upright = Upright.of(grid, 0)
    assert upright.letters == ("", "", "", "")
    numbers = np.arange(30).reshape(6, 5)
    np.testing.assert_array_equal(upright.turned(numbers), numbers)
    assert upright.voxel_size == (0.8, 1.5)


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_that_axes_are_named_by_the_side_towards_which_they_rise(
    order: tuple[int, ...], signs: tuple[float, ...]
) -> None:
    named = letters_of_axes(geometry(order, signs))
    assert [_TOWARDS[letter] for letter in named] == list(zip(order, signs, strict=True))


def test_that_axes_of_an_unknown_orientation_have_no_names() -> None:
    assert letters_of_axes(Geometry.of_pixels((1, 2, 3))) == ("", "", "")
