from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.engine.errors import GeometryError, PromptError
from app.engine.geometry import Geometry
from app.engine.plane import SliceKey
from app.engine.volume import Volume, as_eight_bits

GEOMETRY = Geometry.from_components(shape_zyx=(3, 4, 5), spacing_xyz=(1, 1, 2))


@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 4, 5, 3)])
def test_that_grey_and_colour_voxels_fit_their_geometry(shape: tuple[int, ...]) -> None:
    volume = Volume(np.zeros(shape, dtype=np.uint8), GEOMETRY)
    assert volume.shape_zyx == (3, 4, 5)
    assert volume.is_colour == (len(shape) == 4)


@pytest.mark.parametrize("shape", [(5, 4, 3), (3, 4), (3, 4, 5, 4), (3, 4, 5, 3, 1), (3, 4, 6)])
def test_that_voxels_that_do_not_fit_the_geometry_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(GeometryError, match="do not fit"):
        Volume(np.zeros(shape), GEOMETRY)


def test_that_voxels_cannot_be_written_through_a_volume() -> None:
    array = np.zeros((3, 4, 5))
    volume = Volume(array, GEOMETRY)
    with pytest.raises(ValueError, match="read-only"):
        volume.voxels[0, 0, 0] = 1
    with pytest.raises(ValueError, match="read-only"):
        volume.slice(SliceKey(0, 0))[0, 0] = 1
    array[0, 0, 0] = 1  # whoever made the array still owns it


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_a_slice_holds_the_voxels_at_its_index(axis: int) -> None:
    array = np.arange(60).reshape(3, 4, 5)
    for index in range(array.shape[axis]):
        np.testing.assert_array_equal(
            Volume(array, GEOMETRY).slice(SliceKey(axis, index)), np.take(array, index, axis=axis)
        )


def test_that_a_colour_slice_keeps_its_channels() -> None:
    array = np.arange(180, dtype=np.uint8).reshape(3, 4, 5, 3)
    np.testing.assert_array_equal(Volume(array, GEOMETRY).slice(SliceKey(2, 4)), array[:, :, 4])


def test_that_a_slice_outside_the_volume_is_refused() -> None:
    with pytest.raises(PromptError, match="slices 0 to 3"):
        Volume(np.zeros((3, 4, 5)), GEOMETRY).slice(SliceKey(1, 4))


def test_that_only_a_pixel_frame_has_no_millimetres() -> None:
    assert Volume(np.zeros((3, 4, 5)), GEOMETRY).in_mm
    assert not Volume(np.zeros((3, 4, 5)), Geometry.of_pixels((3, 4, 5))).in_mm


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_that_deep_colour_is_shown_like_its_eight_bits(dtype: type[np.unsignedinteger[Any]]) -> None:
    shown = np.arange(256, dtype=np.uint8)[:255].reshape(5, 17, 3) + np.uint8(1)
    deep = shown.astype(dtype) << (8 * (np.dtype(dtype).itemsize - 1))
    assert np.array_equal(as_eight_bits(deep), shown)
