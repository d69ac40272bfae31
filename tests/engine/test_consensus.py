"""A 3-D box filled from three directions: who votes, where the answer lies, and when one direction must do."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine.consensus import Provisional, fill_box, step_count
from app.engine.geometry import Geometry
from app.engine.prompt import Box3D
from app.engine.propagate import SliceResult, propagate
from app.engine.segmenter import ModelSegmenter
from app.engine.volume import Volume

SHAPE = (30, 44, 58)
Mask = NDArray[np.bool_]


def _ball(spacing_xyz: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> tuple[Volume, Mask, Box3D]:
    """A bright ellipsoid off the middle, and its box."""
    z, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    truth: Mask = ((z - 13) / 8) ** 2 + ((y - 19) / 11) ** 2 + ((x - 33) / 14) ** 2 < 1
    box = Box3D.of_mask(truth)
    assert box is not None
    geometry = Geometry.from_components(shape_zyx=SHAPE, spacing_xyz=spacing_xyz)
    return Volume(np.where(truth, 300, 10).astype(np.int16), geometry), truth, box


def _filled(segmenter: ModelSegmenter, volume: Volume, box: Box3D) -> Mask:
    found = np.zeros(volume.shape_zyx, dtype=bool)
    for result in fill_box(segmenter, volume, box):
        if isinstance(result, SliceResult):
            assert result.key.axis == 0
            found[result.key.index] = result.mask
    return found


def _along(segmenter: ModelSegmenter, volume: Volume, box: Box3D, axis: int) -> Mask:
    found = np.zeros(volume.shape_zyx, dtype=bool)
    for result in propagate(segmenter, volume, box, axis=axis):
        found[result.key.selector()] = result.mask
    return found


def test_that_two_of_three_directions_decide(maps_segmenter: ModelSegmenter) -> None:
    volume, _truth, box = _ball()
    one, two, three = (_along(maps_segmenter, volume, box, axis) for axis in range(3))
    majority = (one & two) | (one & three) | (two & three)
    assert not np.array_equal(majority, one)  # otherwise nothing is shown
    assert np.array_equal(_filled(maps_segmenter, volume, box), majority)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_that_the_answer_turns_with_the_volume(maps_segmenter: ModelSegmenter, order: tuple[int, int, int]) -> None:
    volume, _truth, box = _ball()
    voxels = np.ascontiguousarray(volume.voxels.transpose(order))
    depth, rows, columns = voxels.shape
    geometry = Geometry.from_components(shape_zyx=(depth, rows, columns), spacing_xyz=(1.0, 1.0, 1.0))
    turned = Volume(voxels, geometry)
    ranges = [box.range_of(order[n]) for n in range(3)]
    starts, stops = [r.start for r in reversed(ranges)], [r.stop for r in reversed(ranges)]
    found = _filled(maps_segmenter, turned, Box3D(*starts, *stops))
    expected = _filled(maps_segmenter, volume, box).transpose(order)
    assert 2 * (found & expected).sum() > 0.97 * (found.sum() + expected.sum())


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 2.0), (0.4, 1.0, 1.0)])
def test_that_long_voxels_are_seen_along_z_alone(
    maps_segmenter: ModelSegmenter, spacing: tuple[float, float, float]
) -> None:
    volume, _truth, box = _ball(spacing)
    assert np.array_equal(_filled(maps_segmenter, volume, box), _along(maps_segmenter, volume, box, 0))
    assert step_count(maps_segmenter, volume, box) == len(box.range_of(0))


def test_that_an_unknown_spacing_is_not_taken_for_cubes(maps_segmenter: ModelSegmenter) -> None:
    volume, _truth, box = _ball()
    unknown = Volume(volume.voxels, Geometry.of_pixels(SHAPE))
    assert step_count(maps_segmenter, unknown, box) == len(box.range_of(0))


def test_that_a_small_box_is_seen_along_z_alone(maps_segmenter: ModelSegmenter) -> None:
    volume, _truth, box = _ball()
    small = Box3D(box.x0, box.y0, box.z0, box.x1, box.y1, box.z0 + 9)
    assert step_count(maps_segmenter, volume, small) == 9
    larger = Box3D(box.x0, box.y0, box.z0, box.x1, box.y1, box.z0 + 10)
    assert step_count(maps_segmenter, volume, larger) > 10


def test_that_every_decoded_slice_is_a_step(maps_segmenter: ModelSegmenter) -> None:
    volume, _truth, box = _ball()
    results = list(fill_box(maps_segmenter, volume, box))
    assert len(results) == step_count(maps_segmenter, volume, box)
    known = [result for result in results if isinstance(result, SliceResult)]
    assert sorted(result.key.index for result in known) == list(box.range_of(0))
    assert known[0].key.index == (box.z0 + box.z1 - 1) // 2


def _part(box: Box3D) -> tuple[slice, ...]:
    return tuple(slice(r.start, r.stop) for r in (box.range_of(axis) for axis in range(3)))


def test_that_what_is_provisional_becomes_the_answer(maps_segmenter: ModelSegmenter) -> None:
    volume, _truth, box = _ball()
    shown: Mask = np.zeros(volume.shape_zyx, dtype=bool)
    after_each: list[Mask] = []
    for result in fill_box(maps_segmenter, volume, box):
        if isinstance(result, Provisional):
            shown[_part(result.box)] = result.mask
            after_each.append(shown.copy())
        else:
            assert np.array_equal(shown[result.key.index], result.mask)
    depth, height, _width = (len(box.range_of(axis)) for axis in range(3))
    one, two = (_along(maps_segmenter, volume, box, axis) for axis in range(2))
    assert np.array_equal(after_each[depth - 1], one)
    assert np.array_equal(after_each[depth + height - 1], one & two)  # one of two is no majority
    assert not np.array_equal(one, shown)
