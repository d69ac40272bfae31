"""From the screen to the voxel and back, for every way an image can lie."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.engine.geometry import Frame, Geometry
from app.engine.plane import Plane, plane_of
from app.engine.prompt import Box
from app.engine.upright import Upright
from app.gui.canvas.frame import PlaneFrame
from app.gui.view_state import Camera

_SHAPE = (5, 7, 9)
_SPACING = (0.8, 1.5, 4.0)  # x, y, z
_WHOLE = Camera()

# What a radiologist expects to the right and at the bottom of each plane, as LPS directions.
_RIGHT = {Plane.AXIAL: (1, 0, 0), Plane.CORONAL: (1, 0, 0), Plane.SAGITTAL: (0, 1, 0)}
_DOWN = {Plane.AXIAL: (0, 1, 0), Plane.CORONAL: (0, 0, -1), Plane.SAGITTAL: (0, 0, -1)}


def orientations() -> list[NDArray[np.float64]]:
    """The 48 ways in which the axes of an array can lie along those of the patient."""
    found = []
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        direction = np.zeros((3, 3))
        for column, (row, sign) in enumerate(zip(order, signs, strict=True)):
            direction[row, column] = sign
        found.append(direction)
    return found


def frame_of(
    direction: NDArray[np.float64], axis: int, camera: Camera = _WHOLE, size: tuple[float, float] = (320.0, 240.0)
) -> PlaneFrame:
    geometry = Geometry.from_components(
        shape_zyx=_SHAPE, spacing_xyz=_SPACING, origin_lps=(-12.0, 30.0, 5.0), direction=direction
    )
    return PlaneFrame(Upright.of(geometry, axis), camera, size)


cameras = st.one_of(
    st.just(_WHOLE),
    st.builds(Camera, st.tuples(st.floats(-5, 20), st.floats(-5, 20)), st.floats(0.5, 60.0)),
)
frames = st.builds(
    frame_of,
    st.sampled_from(orientations()),
    st.integers(0, 2),
    cameras,
    st.tuples(st.floats(30, 900), st.floats(30, 900)),
)
places = st.tuples(st.floats(-50, 950), st.floats(-50, 950))


@given(frames, places)
def test_that_screen_and_slice_coordinates_are_inverses(frame: PlaneFrame, place: tuple[float, float]) -> None:
    assert np.allclose(frame.to_screen(frame.to_slice(place)), place, atol=1e-7)


@given(frames, st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4)))
def test_that_the_middle_of_a_voxel_on_the_screen_is_that_voxel(frame: PlaneFrame, zyx: tuple[int, int, int]) -> None:
    assert frame.index_at(frame.place_of(zyx), zyx[frame.upright.axis]) == zyx


@given(frames)
def test_that_voxels_are_square_in_millimetres(frame: PlaneFrame) -> None:
    height, width = frame.upright.voxel_size
    assert frame.voxel[0] / width == pytest.approx(frame.voxel[1] / height)


@given(frames)
def test_that_outer_edges_are_half_a_voxel_beyond_the_outer_centres(frame: PlaneFrame) -> None:
    rows, columns = frame.upright.slice_shape
    corners = frame.to_screen(np.array([[-0.5, -0.5], [columns - 0.5, rows - 0.5]]))
    height, width = frame.upright.shape
    left, top, right, bottom = frame.screen_box((0, 0, width, height))
    assert np.allclose(np.sort(corners, axis=0), [[left, top], [right, bottom]])


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("direction", orientations())
def test_that_the_voxel_under_the_cursor_lies_where_the_letters_promise(
    direction: NDArray[np.float64], axis: int
) -> None:
    frame = frame_of(direction, axis)
    geometry = frame.upright.geometry
    plane = plane_of(axis, geometry)
    right, down = np.array(_RIGHT[plane], float), np.array(_DOWN[plane], float)
    index = _SHAPE[axis] // 2
    middle = (np.array(_SHAPE[::-1]) - 1) / 2.0  # (i, j, k)
    middle[2 - axis] = index
    world = geometry.affine[:3, :3] @ middle + geometry.affine[:3, 3]
    inverse = np.linalg.inv(geometry.affine)
    seen = 0
    for dx, dy in product(np.linspace(-150, 150, 15), np.linspace(-110, 110, 11)):
        at = world + (dx * right + dy * down) / frame.scale
        i, j, k = np.floor(inverse[:3, :3] @ at + inverse[:3, 3] + 0.5).astype(int)
        inside = 0 <= k < _SHAPE[0] and 0 <= j < _SHAPE[1] and 0 <= i < _SHAPE[2]
        expected = (k, j, i) if inside else None
        assert frame.index_at((160.0 + dx, 120.0 + dy), index) == expected
        seen += inside
    assert seen >= 30


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("direction", orientations())
def test_that_letters_name_what_lies_at_the_borders(direction: NDArray[np.float64], axis: int) -> None:
    upright = frame_of(direction, axis).upright
    plane = plane_of(axis, upright.geometry)
    expected = {
        Plane.AXIAL: ("R", "A", "L", "P"),
        Plane.CORONAL: ("R", "S", "L", "I"),
        Plane.SAGITTAL: ("A", "S", "P", "I"),
    }[plane]
    assert upright.letters == expected


def test_that_without_orientation_slices_are_shown_as_stored() -> None:
    geometry = Geometry(_SHAPE, np.diag([-1.0, -1.0, 1.0, 1.0]), Frame.SPACING)
    frame = PlaneFrame(Upright.of(geometry, 0), Camera(), (300.0, 300.0))
    left, top = frame.place_of((0, 0, 0))
    right, bottom = frame.place_of((0, 6, 8))
    assert left < right
    assert top < bottom
    assert frame.upright.letters == ("", "", "", "")


@given(frames, st.floats(1.0, 3.0))
def test_that_zooming_in_holds_what_is_under_the_cursor(frame: PlaneFrame, factor: float) -> None:
    inside = frame.place_of((2, 3, 4))
    camera = frame.zoomed(factor, inside)
    nearer = PlaneFrame(frame.upright, camera, frame.size)
    if 0 <= frame.centre[0] <= frame.extent[0] and 0 <= frame.centre[1] <= frame.extent[1]:
        assert np.allclose(nearer.to_slice(inside), frame.to_slice(inside), atol=1e-6)


@given(frames, st.floats(0.01, 100.0), places)
def test_that_zoom_has_limits_and_never_loses_the_picture(
    frame: PlaneFrame, factor: float, place: tuple[float, float]
) -> None:
    seen = PlaneFrame(frame.upright, frame.zoomed(factor, place), frame.size)
    assert min(seen.voxel) <= max(128.0, min(frame.voxel) * frame.fitting / frame.scale) + 1e-6
    assert seen.scale >= 0.5 * frame.fitting - 1e-9
    left, top, right, bottom = seen.screen_box((0, 0, seen.upright.shape[1], seen.upright.shape[0]))
    assert left <= frame.size[0] / 2 + 1e-6 <= right + 2e-6
    assert top <= frame.size[1] / 2 + 1e-6 <= bottom + 2e-6


def test_that_panning_moves_the_picture_with_the_mouse() -> None:
    frame = frame_of(np.eye(3), 0)
    before = frame.place_of((0, 3, 4))
    moved = PlaneFrame(frame.upright, frame.panned(11.0, -7.0), frame.size)
    assert np.allclose(moved.place_of((0, 3, 4)), (before[0] + 11.0, before[1] - 7.0))


def test_that_a_fitted_picture_leaves_room_for_handles() -> None:
    frame = frame_of(np.eye(3), 1)
    left, top, right, bottom = frame.screen_box((0, 0, frame.upright.shape[1], frame.upright.shape[0]))
    assert left >= 8 - 1e-9
    assert top >= 8 - 1e-9
    assert right <= 312 + 1e-9
    assert bottom <= 232 + 1e-9


@given(frames, st.tuples(st.integers(0, 4), st.integers(0, 4)), st.tuples(st.integers(1, 4), st.integers(1, 4)))
def test_that_a_box_survives_being_turned(frame: PlaneFrame, corner: tuple[int, int], size: tuple[int, int]) -> None:
    box = Box(corner[0], corner[1], corner[0] + size[0], corner[1] + size[1])
    turned = frame.turned_box(box)
    assert frame.box_of(turned) == box
    assert sorted((turned[2] - turned[0], turned[3] - turned[1])) == sorted(size)


@given(frames, st.tuples(st.floats(-500, 1500), st.floats(-500, 1500)))
def test_that_the_nearest_voxel_is_always_one_of_the_slice(frame: PlaneFrame, place: tuple[float, float]) -> None:
    zyx = frame.nearest_index(place, 3)
    assert zyx[frame.upright.axis] == 3
    assert all(
        0 <= n < extent for axis, (n, extent) in enumerate(zip(zyx, _SHAPE, strict=True)) if axis != frame.upright.axis
    )
    found = frame.index_at(place, 3)
    assert found is None or found == zyx
