from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.errors import PromptError
from app.engine.geometry import Geometry
from app.engine.plane import Plane, SliceKey, axis_of, plane_of
from tests.engine.test_geometry import ORIENTATIONS, SHAPE, SPACING_XYZ, direction_of, geometries


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_that_slices_of_a_plane_are_counted_along_its_world_axis(
    order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    geometry = Geometry.from_components(shape_zyx=SHAPE, spacing_xyz=SPACING_XYZ, direction=direction_of(order, signs))
    for plane, world_axis in ((Plane.SAGITTAL, 0), (Plane.CORONAL, 1), (Plane.AXIAL, 2)):
        index_axis = 2 - axis_of(plane, geometry)  # array axes are z, y, x; index axes i, j, k
        step = geometry.to_world(np.eye(3)[index_axis]) - geometry.to_world(np.zeros(3))
        assert np.argmax(np.abs(step)) == world_axis


@given(geometries())
def test_that_axis_and_plane_name_each_other(geometry: Geometry) -> None:
    assert [plane_of(axis_of(plane, geometry), geometry) for plane in Plane] == list(Plane)


def test_that_planes_are_known_by_name_in_any_case() -> None:
    assert [Plane.from_name(name) for name in ("axial", "Coronal", "SAGITTAL")] == [
        Plane.AXIAL,
        Plane.CORONAL,
        Plane.SAGITTAL,
    ]


def test_that_an_unknown_plane_is_refused_with_the_choice() -> None:
    with pytest.raises(PromptError, match="'oblique' is no plane: use axial, coronal or sagittal"):
        Plane.from_name("oblique")


@given(st.integers(0, 2), st.tuples(*[st.integers(1, 6)] * 3), st.data())
def test_that_a_key_selects_the_slice_whose_shape_and_spacing_it_states(
    axis: int, shape: tuple[int, int, int], data: st.DataObject
) -> None:
    key = SliceKey(axis, data.draw(st.integers(0, shape[axis] - 1)))
    array = np.arange(np.prod(shape)).reshape(shape)
    chosen = array[key.selector()]
    np.testing.assert_array_equal(chosen, np.take(array, key.index, axis=axis))
    assert chosen.shape == key.shape(shape)
    spacing = tuple(s for n, s in enumerate((3.0, 0.75, 0.5)) if n != axis)
    assert key.spacing((3.0, 0.75, 0.5)) == spacing


@pytest.mark.parametrize("index", [-1, 5])
def test_that_a_slice_outside_the_volume_is_refused_with_the_range(index: int) -> None:
    with pytest.raises(PromptError, match=f"slice {index} is outside the image: it has slices 0 to 4"):
        SliceKey(0, index).checked((5, 7, 9))


def test_that_the_first_and_last_slice_are_inside() -> None:
    assert SliceKey(1, 0).checked((5, 7, 9)) == SliceKey(1, 0)
    assert SliceKey(1, 6).checked((5, 7, 9)) == SliceKey(1, 6)


def test_that_equal_keys_are_one_key_of_a_cache() -> None:
    assert len({SliceKey(0, 3), SliceKey(0, 3), SliceKey(1, 3), SliceKey(0, 4)}) == 3
