from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from app.engine.errors import PromptError
from app.engine.plane import SliceKey
from app.engine.prompt import Box3D
from app.engine.shaping import copy_slice, fill_holes, interpolate_slices, keep_largest, smooth
from tests.engine.label_maps import label_map_of

Mask = NDArray[np.bool_]
masks = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=3, min_side=1, max_side=7))


def ball(shape: tuple[int, ...], centre: tuple[float, ...], radius: float, spacing: tuple[float, ...]) -> Mask:
    places = np.moveaxis(np.indices(shape), 0, -1) * np.array(spacing)
    inside: Mask = np.linalg.norm(places - np.array(centre) * spacing, axis=-1) <= radius
    return inside


def dice(one: Mask, other: Mask) -> float:
    return float(2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other)))


def border_voxels(mask: Mask) -> int:
    """Pairs of neighbours along an axis of which one is inside: what smoothing should lessen."""
    return sum(int(np.count_nonzero(np.diff(mask, axis=axis))) for axis in range(mask.ndim))


# ------------------------------------------------------------------------------------------------------------- smooth


def test_that_smoothing_keeps_a_ball_and_its_volume() -> None:
    spacing = (2.0, 0.8, 0.8)
    mask = ball((30, 60, 60), (15, 30, 30), 16, spacing)
    smoothed = smooth(mask, spacing, 3.0)
    assert abs(int(smoothed.sum()) - int(mask.sum())) <= 8  # equal values at the threshold: a ball has eight octants
    assert dice(smoothed, mask) > 0.99


def test_that_smoothing_takes_the_noise_off_a_border(rng: np.random.Generator) -> None:
    true = ball((60, 60), (30, 30), 20, (1, 1))
    near = ball((60, 60), (30, 30), 22, (1, 1)) & ~ball((60, 60), (30, 30), 18, (1, 1))
    rough = np.where(near, rng.random((60, 60)) < 0.5, true)
    smoothed = smooth(rough, (1.0, 1.0), 2.0)
    assert border_voxels(rough) > 2 * border_voxels(true)
    assert border_voxels(smoothed) < 1.1 * border_voxels(true)
    assert dice(smoothed, true) > 0.98 > dice(rough, true)
    assert abs(int(smoothed.sum()) - int(rough.sum())) <= 2


@given(mask=masks, strength=st.floats(0.1, 20) | st.sampled_from([1e-12, 1e-3, 1e6, 1e300]))
def test_that_smoothing_empties_nothing_and_never_loses_voxels(mask: Mask, strength: float) -> None:
    smoothed = smooth(mask, (1.0, 0.5, 2.0)[: mask.ndim], strength)
    assert smoothed.shape == mask.shape
    assert np.count_nonzero(smoothed) >= np.count_nonzero(mask)
    assert smoothed.any() == mask.any()
    assert smoothed.all() or not mask.all()


def test_that_a_small_part_beside_a_large_one_stays() -> None:
    mask = ball((50, 90), (25, 25), 18, (1, 1))
    mask[24:26, 80:82] = True
    smoothed = smooth(mask, (1.0, 1.0), 4.0)
    np.testing.assert_array_equal(smoothed[:, 60:], mask[:, 60:])
    assert abs(int(smoothed.sum()) - int(mask.sum())) <= 4  # equal values at the threshold: a disc has eight octants


def test_that_the_border_of_the_volume_wears_nothing_off() -> None:
    mask = np.zeros((40, 40), dtype=np.bool_)
    mask[:, :20] = True
    np.testing.assert_array_equal(smooth(mask, (1.0, 1.0), 3.0), mask)


def test_that_a_volume_of_one_slice_is_smoothed_as_that_slice(rng: np.random.Generator) -> None:
    flat = ball((40, 50), (20, 25), 14, (1, 1)) ^ (rng.random((40, 50)) < 0.1)
    smoothed = smooth(flat, (1.0, 1.0), 1.5)
    assert (smoothed != flat).any()
    for axis, spacing in enumerate([(5.0, 1.0, 1.0), (1.0, 5.0, 1.0), (1.0, 1.0, 5.0)]):
        thick = smooth(np.expand_dims(flat, axis), spacing, 1.5)
        assert np.count_nonzero(thick.squeeze(axis) != smoothed) <= 2  # rounding, where values are nearly equal


def test_that_smoothing_is_measured_in_millimetres() -> None:
    mask = np.zeros((41, 41), dtype=np.bool_)
    mask[10:30, 10:30] = True
    mask[19:21, 30:34] = True  # a spike along x, two voxels thick: 10 mm where the rows are thick, else 2 mm
    assert smooth(mask, (5.0, 5.0), 2.0)[20, 31]
    assert not smooth(mask, (1.0, 1.0), 2.0)[20, 33]


@pytest.mark.parametrize("strength", [0, -1, math.nan, math.inf])
def test_that_a_strength_that_is_none_is_refused(strength: float) -> None:
    with pytest.raises(PromptError, match="strength of smoothing"):
        smooth(np.ones((4, 4), dtype=np.bool_), (1.0, 1.0), strength)


# --------------------------------------------------------------------------------------------------- between slices


def between(truth: Mask, axis: int, every: int, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Mask:
    """A truth of which only every so many slices were drawn, interpolated; the drawn ones are checked."""
    drawn = np.zeros_like(truth)
    kept = [slice(None)] * 3
    kept[axis] = slice(None, None, every)
    drawn[tuple(kept)] = truth[tuple(kept)]
    before = drawn.copy()
    result = interpolate_slices(drawn, axis, spacing)
    np.testing.assert_array_equal(drawn, before)
    np.testing.assert_array_equal(result[tuple(kept)], truth[tuple(kept)])
    return result


def stacked(*discs: Mask, axis: int) -> Mask:
    return np.stack(discs, axis=axis)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("shift", [0.0, 0.35, 1.3, 4.0])  # voxels per slice; at 4 drawn discs lie apart
def test_that_an_oblique_cylinder_keeps_its_shape(axis: int, shift: float) -> None:
    truth = stacked(*(ball((60, 130), (30, 20 + shift * n), 11, (1, 1)) for n in range(21)), axis=axis)
    result = between(truth, axis, 10)
    assert dice(result, truth) > 0.985
    for index in range(21):
        selector = SliceKey(axis, index).selector()
        assert dice(result[selector], truth[selector]) > 0.95
        assert abs(result[selector].sum() / truth[selector].sum() - 1) < 0.05


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_a_cone_tapers_evenly(axis: int) -> None:
    truth = stacked(*(ball((70, 70), (35.2, 34.7), 30 - n, (1, 1)) for n in range(25)), axis=axis)
    result = between(truth, axis, 8)
    assert dice(result, truth) > 0.99
    areas = [int(result[SliceKey(axis, index).selector()].sum()) for index in range(25)]
    assert areas == sorted(areas, reverse=True)
    for index, area in enumerate(areas):
        assert math.sqrt(area / math.pi) == pytest.approx(30 - index, abs=0.5)  # half a voxel


def test_that_distances_are_millimetres_where_rows_and_columns_differ() -> None:
    spacing = (1.0, 4.0, 1.0)
    discs = [ball((31, 121), (15, 60), 55 - 3 * n, (4.0, 1.0)) for n in range(13)]
    truth = np.stack(discs)
    assert dice(between(truth, 0, 12, spacing), truth) > dice(between(truth, 0, 12), truth)
    assert dice(between(truth, 0, 12, spacing), truth) > 0.98


def test_that_gaps_are_filled_each_by_itself_and_nothing_beyond_them() -> None:
    mask = np.zeros((14, 20, 20), dtype=np.bool_)
    mask[[2, 3, 6, 11], 5:12, 5:12] = True
    mask[6, 5:12, 5:16] = True
    result = interpolate_slices(mask, 0)
    assert np.flatnonzero(result.any(axis=(1, 2))).tolist() == list(range(2, 12))
    widths = [int(result[z].any(axis=0).sum()) for z in range(2, 12)]
    assert widths[:2] == [7, 7]
    assert widths[4:] == sorted(widths[4:], reverse=True)
    np.testing.assert_array_equal(result[[2, 3, 6, 11]], mask[[2, 3, 6, 11]])


@given(hnp.arrays(np.bool_, st.tuples(*[st.integers(1, 6)] * 3)), st.integers(0, 2))
def test_that_drawn_slices_are_kept_and_empty_ends_stay_empty(mask: Mask, axis: int) -> None:
    mask = mask.copy()
    np.moveaxis(mask, axis, 0)[1::2] = False
    result = interpolate_slices(mask, axis)
    slices, before = np.moveaxis(result, axis, 0), np.moveaxis(mask, axis, 0)
    drawn = np.flatnonzero(before.any(axis=(1, 2)))
    np.testing.assert_array_equal(slices[drawn], before[drawn])
    if len(drawn):
        assert not slices[: drawn[0]].any()
        assert not slices[drawn[-1] + 1 :].any()
    else:
        assert not result.any()


def test_that_a_part_that_ends_does_not_move_the_one_that_goes_on() -> None:
    stays, ends = ball((40, 90), (20, 20), 9, (1, 1)), ball((40, 90), (20, 70), 9, (1, 1))
    mask = np.stack([stays | ends, *[np.zeros_like(stays)] * 5, stays])
    result = interpolate_slices(mask, 0)
    for index in range(1, 7):
        np.testing.assert_array_equal(result[index], stays)


def test_that_parts_that_shift_go_with_the_nearest() -> None:
    def pair(shift: int) -> Mask:
        return ball((60, 90), (15, 20 + shift), 6, (1, 1)) | ball((60, 90), (45, 20 + shift), 6, (1, 1))

    truth = np.stack([pair(5 * n) for n in range(5)])
    assert dice(between(truth, 0, 4), truth) > 0.97


def test_that_an_object_that_forks_is_filled_on_both_sides() -> None:
    trunk = ball((50, 90), (25, 45), 24, (1, 1))
    branches = ball((50, 90), (25, 30), 9, (1, 1)) | ball((50, 90), (25, 60), 9, (1, 1))
    result = interpolate_slices(np.stack([trunk, np.zeros_like(trunk), np.zeros_like(trunk), branches]), 0)
    for index in (1, 2):
        assert result[index][branches].all()
        assert branches.sum() < result[index].sum() < trunk.sum()
    assert result[2].sum() < result[1].sum()


def test_that_specks_without_number_are_interpolated_as_one_object() -> None:
    specks = np.zeros((40, 40), dtype=np.bool_)
    specks[::3, ::3] = True
    result = interpolate_slices(np.stack([specks, np.zeros_like(specks), specks]), 0)
    np.testing.assert_array_equal(result[1], specks)


# ------------------------------------------------------------------------------------------------ tidying and copying


def ring_and_dot() -> Mask:
    mask = np.zeros((7, 9), dtype=np.bool_)
    mask[1:6, 1:6] = True
    mask[3, 3] = False
    mask[3, 7] = True
    return mask


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_tidying_by_slice_treats_each_slice_alone(axis: int) -> None:
    tube = np.stack([ring_and_dot()] * 3, axis=axis)
    filled = ring_and_dot()
    filled[3, 3] = True
    np.testing.assert_array_equal(fill_holes(tube), tube)  # a tube is open at its ends
    np.testing.assert_array_equal(fill_holes(tube, axis=axis), np.stack([filled] * 3, axis=axis))
    single = ring_and_dot()
    single[3, 7] = False
    np.testing.assert_array_equal(keep_largest(tube, axis=axis), np.stack([single] * 3, axis=axis))


def test_that_the_largest_part_of_a_volume_may_be_the_smaller_in_a_slice() -> None:
    mask = np.zeros((6, 8, 8), dtype=np.bool_)
    mask[:, 0, 0] = True
    mask[2, 4:6, 4:6] = True
    assert keep_largest(mask)[2].sum() == 1
    assert keep_largest(mask, axis=0)[2].sum() == 4


@given(masks)
def test_that_tidying_returns_a_new_array(mask: Mask) -> None:
    assert not np.shares_memory(fill_holes(mask), mask)
    assert not np.shares_memory(keep_largest(mask), mask)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_a_copied_slice_lands_on_its_target(axis: int, rng: np.random.Generator) -> None:
    labels = label_map_of(rng.integers(0, 3, (5, 6, 7)))
    source, target = SliceKey(axis, 1), SliceKey(axis, 4)
    wanted = labels.voxels[source.selector()] == 2
    there = labels.voxels[target.selector()].copy()
    part = copy_slice(labels.voxels, 2, source, target)
    assert part is not None
    labels.paint(*part, 2)
    np.testing.assert_array_equal(labels.voxels[target.selector()], np.where(wanted, 2, there))


def test_that_copying_takes_the_tight_box_and_nothing_from_an_empty_slice() -> None:
    voxels = np.zeros((4, 6, 7), dtype=np.uint16)
    voxels[1, 2:4, 3] = 9
    part = copy_slice(voxels, 9, SliceKey(0, 1), SliceKey(0, 3))
    assert part is not None
    assert part[0] == Box3D(3, 2, 3, 4, 4, 4)
    assert part[1].shape == (1, 2, 1)
    assert copy_slice(voxels, 9, SliceKey(0, 2), SliceKey(0, 3)) is None
    assert copy_slice(voxels, 8, SliceKey(0, 1), SliceKey(0, 3)) is None


@pytest.mark.parametrize(("source", "target"), [((0, 4), (0, 1)), ((0, 1), (0, -1)), ((0, 1), (1, 1))])
def test_that_slices_that_do_not_go_together_are_refused(source: tuple[int, int], target: tuple[int, int]) -> None:
    with pytest.raises(PromptError, match="slice"):
        copy_slice(np.ones((4, 6, 7), dtype=np.uint16), 1, SliceKey(*source), SliceKey(*target))
