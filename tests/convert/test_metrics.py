from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convert.metrics import challenge_scores, dsc, element_sizes, nsd

DIAGONAL = math.sqrt(2) / 2
CORNER = math.sqrt(3) / 8

Mask = NDArray[np.bool_]


def mask_of(shape: tuple[int, ...], *voxels: tuple[int, ...]) -> Mask:
    mask = np.zeros(shape, dtype=np.bool_)
    for voxel in voxels:
        mask[voxel] = True
    return mask


def test_that_dsc_is_twice_the_overlap_over_the_sum() -> None:
    a = mask_of((4, 4), (1, 1), (1, 2), (2, 1))
    b = mask_of((4, 4), (1, 1))
    assert dsc(a, b) == 2 * 1 / (3 + 1)
    assert dsc(a, a) == 1.0
    assert dsc(a, ~a) == 0.0
    assert math.isnan(dsc(a & ~a, a & ~a))


@pytest.mark.parametrize(
    ("code", "length"),
    [(0, 0.0), (0b0001, 2.5), (0b1110, 2.5), (0b0011, 4.0), (0b1010, 3.0), (0b0110, 5.0), (0b1001, 5.0), (0b1111, 0.0)],
)
def test_that_contour_elements_have_the_length_of_lines_between_middles_of_edges(code: int, length: float) -> None:
    assert element_sizes((3.0, 4.0))[code] == pytest.approx(length)


@pytest.mark.parametrize(
    ("corners", "area"),
    [
        ("", 0.0),
        ("000", CORNER),
        ("000 001", DIAGONAL),
        ("000 011", 2 * CORNER),
        ("000 111", 2 * CORNER),
        ("000 001 010", 0.5 + 3 * CORNER),
        ("000 001 010 011", 1.0),
        ("000 001 010 100", 6 * CORNER),
        ("000 001 011 111", DIAGONAL + 4 * CORNER),
        ("000 011 101 110", 4 * CORNER),
        ("000 001 110 111", 2 * DIAGONAL),
        ("000 001 010 111", 0.5 + 4 * CORNER),
        ("000 001 010 011 100 101 110", CORNER),
    ],
)
def test_that_surface_elements_have_the_area_of_polygons_between_middles_of_edges(corners: str, area: float) -> None:
    code = sum(1 << (7 - int(corner, 2)) for corner in corners.split())
    assert element_sizes((1.0, 1.0, 1.0))[code] == pytest.approx(area)


def test_that_a_surface_has_the_same_area_in_a_mirror_and_seen_from_inside() -> None:
    spacing = (0.7, 1.3, 2.9)
    sizes = element_sizes(spacing)
    corners = list(itertools.product((0, 1), repeat=3))
    for code in range(256):
        cell = np.array([code >> (7 - n) & 1 for n in range(8)]).reshape(2, 2, 2)
        assert sizes[255 - code] == pytest.approx(sizes[code])
        for axis in range(3):
            mirrored = np.flip(cell, axis)
            other = sum(int(mirrored[corner]) << (7 - n) for n, corner in enumerate(corners))
            assert sizes[other] == pytest.approx(sizes[code])


def test_that_nsd_of_a_mask_with_itself_is_one() -> None:
    mask = np.random.default_rng(1).random((7, 8, 9)) < 0.4
    assert nsd(mask, mask, (2.0, 1.0, 1.0), tolerance=0.0) == 1.0


def test_that_nsd_is_nan_of_two_empty_masks_and_zero_where_one_is_empty() -> None:
    empty, full = np.zeros((5, 5), dtype=np.bool_), np.ones((5, 5), dtype=np.bool_)
    assert math.isnan(nsd(empty, empty, (1.0, 1.0)))
    assert nsd(full, empty, (1.0, 1.0)) == 0.0
    assert nsd(empty, full, (1.0, 1.0)) == 0.0


def test_that_a_distance_equal_to_the_tolerance_is_within() -> None:
    a, b = mask_of((9, 12), (4, 2)), mask_of((9, 12), (4, 5))
    assert nsd(a, b, (1.0, 1.0), tolerance=1.99) == 0.0
    assert nsd(a, b, (1.0, 1.0), tolerance=2.0) == 0.5  # the two corners that face the other pixel
    assert nsd(a, b, (1.0, 1.0), tolerance=3.0) == 1.0


def test_that_the_spacing_belongs_to_the_axis_of_its_place() -> None:
    a, b = mask_of((4, 6, 6), (1, 2, 2)), mask_of((4, 6, 6), (2, 2, 2))
    assert nsd(a, b, (3.0, 1.0, 1.0), tolerance=2.0) == 0.5
    assert nsd(a, b, (1.0, 3.0, 3.0), tolerance=2.0) == 1.0


def test_that_a_row_and_its_first_pixel_agree_by_hand() -> None:
    row, first = mask_of((3, 7), *((1, x) for x in range(1, 6))), mask_of((3, 7), (1, 1))
    # the row: 2 corners at each end, 2 straight elements of length 1 at each of 4 places between; those at the last
    # place (distance 3) and at the far end (4) are beyond the tolerance
    within = (2 * DIAGONAL + 6) + 4 * DIAGONAL
    everything = (4 * DIAGONAL + 8) + 4 * DIAGONAL
    assert nsd(row, first, (1.0, 1.0)) == pytest.approx(within / everything, abs=1e-12)


def test_that_masks_of_other_shape_or_dimension_are_refused() -> None:
    mask = np.ones((3, 3), dtype=np.bool_)
    with pytest.raises(ValueError, match="do not fit"):
        nsd(mask, mask[:2], (1.0, 1.0))
    with pytest.raises(ValueError, match="do not fit"):
        nsd(mask, mask, (1.0, 1.0, 1.0))


def ball(shape: tuple[int, ...], centre: tuple[int, ...], radius: float) -> Mask:
    places = np.indices(shape)
    squares = sum(((axis - middle) ** 2 for axis, middle in zip(places, centre, strict=True)), np.zeros(shape))
    return np.asarray(squares <= radius**2)


# Not by hand: these values were computed by the challenge's public evaluation code (SurfaceDice.py of LiteMedSAM, and
# google-deepmind/surface-distance, of which it is a copy) on the two balls of each line; that code is not in here.
PUBLIC_NSD: list[tuple[tuple[int, ...], Any, Any, tuple[float, ...], float, float]] = [
    ((16, 20), ((7, 8), 5), ((8, 10), 5), (1.0, 1.0), 1.0, 0.5476858924576367),
    ((16, 20), ((7, 8), 5), ((8, 10), 5), (1.0, 1.0), 2.0, 0.9407435698305463),
    ((16, 20), ((7, 8), 5), ((9, 12), 3), (0.7, 1.3), 1.5, 0.4781275777602279),
    ((16, 20), ((0, 0), 9), ((0, 3), 7), (2.0, 0.5), 1.0, 0.8760958162870462),  # at the border of the picture
    ((12, 12), ((5, 5), 4.3), ((5, 5), 2.2), (1.0, 1.0), 2.0, 0.5000000000000001),
    ((12, 14, 16), ((5, 6, 7), 4), ((6, 7, 9), 4), (1.0, 1.0, 1.0), 1.0, 0.6557127874367019),
    ((12, 14, 16), ((5, 6, 7), 4), ((6, 7, 9), 4), (1.0, 1.0, 1.0), 2.0, 0.9516129406661108),
    ((12, 14, 16), ((5, 6, 7), 4), ((6, 7, 9), 3), (2.5, 0.7, 0.7), 1.0, 0.6444790092930093),
    ((12, 14, 16), ((5, 6, 7), 4.5), ((5, 6, 7), 2.3), (0.4, 1.1, 3.0), 2.0, 0.6778591157370762),
    ((1, 14, 16), ((0, 6, 7), 5), ((0, 8, 9), 4), (1.0, 1.0, 1.0), 2.0, 0.8933140327751072),  # a slab
    ((8, 9, 10), ((0, 0, 0), 6.5), ((1, 2, 0), 5), (5.0, 0.5, 0.9), 0.6, 0.8981359483127455),
    ((8, 9, 10), ((4, 4, 4), 0), ((4, 5, 6), 0), (1.0, 1.0, 1.0), 2.0, 0.7499999999999999),  # voxel and voxel
    ((8, 9, 10), ((4, 4, 4), 2), ((40, 5, 6), 0), (1.0, 1.0, 1.0), 2.0, 0.0),  # one of them is empty
]


@pytest.mark.parametrize(("shape", "a", "b", "spacing", "tolerance", "value"), PUBLIC_NSD)
def test_that_nsd_equals_that_of_the_public_code(
    shape: tuple[int, ...], a: Any, b: Any, spacing: tuple[float, ...], tolerance: float, value: float
) -> None:
    """Far within the 1e-6 that is asked for: both add up the same numbers, in another order."""
    assert nsd(ball(shape, *a), ball(shape, *b), spacing, tolerance) == pytest.approx(value, abs=1e-12)


def elements_one_by_one(mask: Mask, spacing: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Places (in units of the spacing) and sizes of all surface elements, without any cropping or array trick."""
    padded, sizes = np.pad(mask, 1), element_sizes(spacing)
    places, found = [], []
    for place in np.ndindex(*(n - 1 for n in padded.shape)):
        bits = [
            padded[tuple(p + c for p, c in zip(place, corner, strict=True))] for corner in np.ndindex(*[2] * mask.ndim)
        ]
        code = int("".join(str(int(bit)) for bit in bits), 2)
        if 0 < code < len(sizes) - 1:
            places.append(np.multiply(place, spacing))
            found.append(float(sizes[code]))
    return np.array(places), np.array(found)


@pytest.mark.parametrize(
    ("shape", "spacing", "tolerance", "start"),
    [
        ((12, 15), (1.0, 1.0), 2.0, 0.4),
        ((12, 15), (0.5, 2.0), 1.0, 0.3),
        ((6, 9, 8), (2.5, 0.8, 0.8), 2.0, 0.4),
        ((1, 9, 8), (1.0, 1.0, 1.0), 2.0, 0.4),
        ((17, 18, 19), (0.11, 0.12, 0.13), 0.4, 0.4),
        ((17, 18, 19), (0.11, 0.12, 0.13), 1.4, 0.7),  # more places within the tolerance than are looked at one by one
    ],
)
def test_that_nsd_equals_the_definition_element_by_element(
    shape: tuple[int, ...], spacing: tuple[float, ...], tolerance: float, start: float
) -> None:
    random = np.random.default_rng(len(shape))
    a = np.zeros(shape, dtype=np.bool_)
    b = a.copy()
    a[tuple(slice(0, max(1, n // 2)) for n in shape)] = True
    corner = tuple(slice(int(n * start), n) for n in shape)
    b[corner] = random.random(b[corner].shape) < 0.5
    (places_a, sizes_a), (places_b, sizes_b) = elements_one_by_one(a, spacing), elements_one_by_one(b, spacing)
    distances = np.sqrt(((places_a[:, None] - places_b[None]) ** 2).sum(axis=-1))
    within = (
        sizes_a[distances.min(axis=1) <= tolerance + 1e-9].sum()
        + sizes_b[distances.min(axis=0) <= tolerance + 1e-9].sum()
    )
    expected = within / (sizes_a.sum() + sizes_b.sum())
    assert 0.05 < expected < 0.95
    assert nsd(a, b, spacing, tolerance) == pytest.approx(expected, abs=1e-9)


def test_that_challenge_scores_are_means_over_labels() -> None:
    gts = np.zeros((4, 12, 12), dtype=np.uint8)
    gts[1:3, 1:5, 1:5], gts[1:3, 7:11, 7:11] = 1, 2
    segs = np.where(gts == 2, 2, 0).astype(np.uint8)
    segs[1:3, 1:5, 1:3] = 1
    score = challenge_scores(gts, segs, (1.0, 1.0, 1.0))
    assert score.labels == (1, 2)
    assert score.label_dsc[0] == pytest.approx(2 / 3)
    assert score.label_dsc[1] == 1.0
    assert score.dsc == pytest.approx(5 / 6)
    assert score.nsd == pytest.approx((nsd(gts == 1, segs == 1, (1.0, 1.0, 1.0)) + 1) / 2)


def test_that_nsd_of_a_case_is_zero_where_dsc_is_low() -> None:
    gts = np.zeros((1, 20), dtype=np.uint8)
    segs = gts.copy()
    gts[0, :9], segs[0, 8:17] = 1, 1
    assert challenge_scores(gts, segs).dsc == pytest.approx(1 / 9)
    assert challenge_scores(gts, segs).nsd == 0.0


def test_that_a_picture_is_scored_as_a_slab() -> None:
    gts = np.zeros((3, 7), dtype=np.uint8)
    gts[1, 1:6] = 1
    segs = gts.copy()
    segs[1, 3:] = 0
    corners, edges = 8 * CORNER, 4 * DIAGONAL  # of the two ends; of the four edges at each place between
    everything = (corners + 4 * edges) + (corners + 1 * edges)
    score = challenge_scores(gts, segs)
    assert score.dsc == pytest.approx(4 / 7)
    assert score.nsd == pytest.approx(1 - (corners / 2) / everything, abs=1e-12)


def test_that_a_label_in_neither_map_has_no_score() -> None:
    gts = np.full((4, 4), 2, dtype=np.uint8)
    score = challenge_scores(gts, gts)
    assert math.isnan(score.label_dsc[0])
    assert math.isnan(score.dsc)
    assert challenge_scores(gts, gts, labels=[2]).dsc == 1.0


def test_that_a_volume_without_spacing_is_refused() -> None:
    gts = np.ones((3, 3, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match="spacing"):
        challenge_scores(gts, gts)
