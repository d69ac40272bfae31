"""How far masks agree: on shapes that can be computed by hand, and on any by brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from app.engine.border import border_of
from app.engine.errors import GeometryError
from app.engine.geometry import Geometry
from app.engine.measure import Agreement, agreement

Mask = NDArray[np.bool_]
SINGLE_PRECISION = 1e-5  # relative, of the distance maps


def compare(mask: Mask, reference: Mask, spacing_xyz: tuple[float, float, float] | None = (1, 1, 1)) -> Agreement:
    shape = (mask.shape[0], mask.shape[1], mask.shape[2])
    if spacing_xyz is None:
        return agreement(mask, reference, Geometry.of_pixels(shape))
    return agreement(mask, reference, Geometry.from_components(shape_zyx=shape, spacing_xyz=spacing_xyz))


def box(shape: tuple[int, int, int], *ranges: tuple[int, int]) -> Mask:
    mask = np.zeros(shape, np.bool_)
    mask[tuple(slice(*one) for one in ranges)] = True
    return mask


def test_that_a_mask_agrees_with_itself() -> None:
    mask = box((6, 7, 8), (1, 4), (2, 6), (0, 8))
    found = compare(mask, mask.copy())
    assert found == Agreement(1, 1, 0, 0, 0, 0, 0, in_mm=True)


def test_that_two_voxels_are_as_far_apart_as_their_centres() -> None:
    shape = (5, 6, 7)
    found = compare(box(shape, (1, 2), (1, 2), (1, 2)), box(shape, (3, 4), (1, 2), (5, 6)), (0.5, 1, 3))
    assert (found.dice, found.jaccard) == (0, 0)
    distance = pytest.approx(math.hypot(2 * 3, 4 * 0.5), rel=SINGLE_PRECISION)
    assert found.hausdorff == found.hausdorff_95 == found.mean_surface_distance == distance


def test_that_a_cube_shifted_by_a_voxel_is_as_computed_by_hand() -> None:
    mask, reference = box((5, 5, 6), (1, 4), (1, 4), (1, 4)), box((5, 5, 6), (1, 4), (1, 4), (2, 5))
    found = compare(mask, reference, (2, 1, 1))
    assert found.dice == pytest.approx(2 * 18 / 54)
    assert found.jaccard == pytest.approx(18 / 36)
    # Of 26 border voxels, the 9 of the far side are one step of 2 mm away, and so is the middle of the side opposite,
    # whose place is the other cube's inside: its nearest border voxel is 1 mm off. All others lie on both borders.
    assert found.hausdorff == pytest.approx(2, rel=SINGLE_PRECISION)
    assert found.mean_surface_distance == pytest.approx((9 * 2 + 1 * 1) / 26, rel=SINGLE_PRECISION)
    assert found.volume_difference == 0


def test_that_volumes_are_compared_with_the_references() -> None:
    mask, reference = box((4, 4, 4), (0, 3), (0, 2), (0, 2)), box((4, 4, 4), (0, 2), (0, 2), (0, 2))
    found = compare(mask, reference, (5, 5, 4))
    assert found.volume_difference == pytest.approx(0.5)
    assert found.volume_difference_ml == pytest.approx(0.4)
    assert compare(reference, mask, (5, 5, 4)).volume_difference == pytest.approx(-1 / 3)


def test_that_two_empty_masks_agree() -> None:
    empty = np.zeros((3, 4, 5), np.bool_)
    assert compare(empty, empty) == Agreement(1, 1, 0, 0, 0, 0, 0, in_mm=True)


def test_that_an_empty_mask_is_infinitely_far_from_one_that_is_not() -> None:
    empty, mask = np.zeros((3, 4, 5), np.bool_), box((3, 4, 5), (0, 1), (0, 2), (0, 2))
    far = math.inf
    assert compare(empty, mask, (5, 5, 10)) == Agreement(0, 0, far, far, far, -1, -1.0, in_mm=True)
    assert compare(mask, empty, (5, 5, 10)) == Agreement(0, 0, far, far, far, far, 1.0, in_mm=True)


def test_that_distances_are_in_voxels_where_a_file_knows_no_millimetres() -> None:
    found = compare(box((1, 4, 9), (0, 1), (1, 2), (1, 2)), box((1, 4, 9), (0, 1), (1, 2), (5, 6)), None)
    assert not found.in_mm
    assert found.hausdorff == pytest.approx(4, rel=SINGLE_PRECISION)
    assert found.volume_difference_ml is None


def test_that_the_inside_of_a_picture_is_no_border() -> None:
    mask = box((1, 7, 7), (0, 1), (1, 6), (1, 6))
    assert np.count_nonzero(border_of(mask, flat=(True, False, False))) == 16
    assert np.count_nonzero(border_of(mask, flat=(False, False, False))) == 25
    smaller = box((1, 7, 7), (0, 1), (2, 5), (2, 5))
    assert compare(mask, smaller).hausdorff == pytest.approx(math.sqrt(2), rel=SINGLE_PRECISION)
    assert compare(mask, smaller).volume_difference_ml is None


def test_that_an_image_of_one_voxel_is_compared_too() -> None:
    whole = np.ones((1, 1, 1), np.bool_)
    assert compare(whole, whole).hausdorff == 0


def test_that_masks_of_another_shape_are_refused() -> None:
    geometry = Geometry.of_pixels((3, 4, 5))
    right, wrong = np.zeros((3, 4, 5), np.bool_), np.zeros((3, 5, 4), np.bool_)
    for pair in ((right, wrong), (wrong, right)):
        with pytest.raises(GeometryError, match="shape"):
            agreement(*pair, geometry)


def by_brute_force(mask: Mask, reference: Mask, spacing_zyx: tuple[float, float, float]) -> tuple[float, float, float]:
    """Largest, 95th percentile and mean of distances, from every border voxel to every other."""
    borders = []
    for one in (mask, reference):
        padded = np.pad(one, 1)
        inner = one.copy()
        for axis in range(3):
            if one.shape[axis] > 1:
                inner &= np.roll(padded, 1, axis)[1:-1, 1:-1, 1:-1] & np.roll(padded, -1, axis)[1:-1, 1:-1, 1:-1]
        borders.append(np.argwhere(one & ~inner) * spacing_zyx)
    distances = np.linalg.norm(borders[0][:, None] - borders[1][None], axis=2)
    there, back = distances.min(axis=1), distances.min(axis=0)
    both = np.concatenate([there, back])
    return float(both.max()), float(max(np.percentile(there, 95), np.percentile(back, 95))), float(both.mean())


SPACING = st.floats(0.2, 5)
SHAPES = hnp.array_shapes(min_dims=3, max_dims=3, max_side=7).filter(lambda shape: max(shape) > 1)


@given(st.data(), SHAPES, st.tuples(SPACING, SPACING, SPACING))
def test_that_distances_are_those_found_by_trying_every_pair(
    data: st.DataObject, shape: tuple[int, int, int], spacing_xyz: tuple[float, float, float]
) -> None:
    mask, reference = (data.draw(hnp.arrays(np.bool_, shape)) for _ in range(2))
    found, turned = compare(mask, reference, spacing_xyz), compare(reference, mask, spacing_xyz)
    assert (found.dice, found.jaccard) == (turned.dice, turned.jaccard)
    assert found.jaccard == pytest.approx(found.dice / (2 - found.dice))
    if mask.any() and reference.any():
        largest, largest_95, mean = by_brute_force(mask, reference, spacing_xyz[::-1])
        for one in (found, turned):
            assert one.hausdorff == pytest.approx(largest, rel=SINGLE_PRECISION)
            assert one.hausdorff_95 == pytest.approx(largest_95, rel=SINGLE_PRECISION)
            assert one.mean_surface_distance == pytest.approx(mean, rel=SINGLE_PRECISION)


def test_that_where_masks_lie_in_the_volume_makes_no_difference(rng: np.random.Generator) -> None:
    mask, reference = rng.random((2, 5, 6, 7)) < 0.4
    expected = compare(mask, reference, (0.7, 0.8, 2))
    found = compare(np.pad(mask, 9), np.pad(reference, 9), (0.7, 0.8, 2))
    assert found == expected
