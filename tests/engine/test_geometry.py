from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.engine.errors import EngineError, GeometryError
from app.engine.geometry import Affine, Frame, Geometry

SHAPE = (5, 7, 9)
SPACING_XYZ = (0.5, 0.75, 3.0)

# The 48 ways in which three array axes can run along three world axes: 6 orders times 8 choices of sign.
ORIENTATIONS = [(order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=3)]


def direction_of(order: tuple[int, ...], signs: tuple[int, ...]) -> Affine:
    """Column n (i, j, k) points along world axis order[n]."""
    cosines = np.zeros((3, 3))
    for n in range(3):
        cosines[order[n], n] = signs[n]
    return cosines


def rotation(angles: tuple[float, float, float]) -> Affine:
    """A proper rotation by Euler angles."""
    turned = np.eye(3)
    for axis, angle in enumerate(angles):
        a, b = (n for n in range(3) if n != axis)
        step = np.eye(3)
        step[a, a] = step[b, b] = np.cos(angle)
        step[a, b], step[b, a] = -np.sin(angle), np.sin(angle)
        turned = turned @ step
    return turned


ANGLE = st.floats(-np.pi, np.pi)
SPACING = st.floats(0.01, 50)
POSITION = st.floats(-2000, 2000)


@st.composite
def geometries(draw: st.DrawFn) -> Geometry:
    order, signs = draw(st.sampled_from(ORIENTATIONS))
    return Geometry.from_components(
        shape_zyx=draw(st.tuples(*[st.integers(1, 600)] * 3)),
        spacing_xyz=draw(st.tuples(SPACING, SPACING, SPACING)),
        origin_lps=draw(st.tuples(POSITION, POSITION, POSITION)),
        direction=rotation(draw(st.tuples(ANGLE, ANGLE, ANGLE))) @ direction_of(order, signs),
    )


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_that_each_of_the_48_orientations_names_its_world_axes(order: tuple[int, ...], signs: tuple[int, ...]) -> None:
    geometry = Geometry.from_components(shape_zyx=SHAPE, spacing_xyz=SPACING_XYZ, direction=direction_of(order, signs))
    assert [geometry.world_axis_of(axis) for axis in range(3)] == [order[2], order[1], order[0]]
    assert geometry.spacing_zyx == pytest.approx(SPACING_XYZ[::-1])


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_that_a_step_along_an_index_axis_is_its_spacing_along_its_world_axis(
    order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    geometry = Geometry.from_components(
        shape_zyx=SHAPE, spacing_xyz=SPACING_XYZ, origin_lps=(10, -20, 30), direction=direction_of(order, signs)
    )
    for n in range(3):
        expected = np.zeros(3)
        expected[order[n]] = signs[n] * SPACING_XYZ[n]
        step = geometry.to_world(np.eye(3)[n]) - geometry.to_world(np.zeros(3))
        np.testing.assert_allclose(step, expected, atol=1e-12)
    np.testing.assert_allclose(geometry.to_world(np.zeros(3)), (10, -20, 30))


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_that_an_axis_is_still_named_when_the_patient_lies_a_little_askew(
    order: tuple[int, ...], signs: tuple[int, ...]
) -> None:
    askew = rotation((0.3, -0.25, 0.2)) @ direction_of(order, signs)
    geometry = Geometry.from_components(shape_zyx=SHAPE, spacing_xyz=SPACING_XYZ, direction=askew)
    assert [geometry.world_axis_of(axis) for axis in range(3)] == [order[2], order[1], order[0]]


@given(geometries())
def test_that_the_three_array_axes_get_three_different_world_axes(geometry: Geometry) -> None:
    assert sorted(geometry.world_axis_of(axis) for axis in range(3)) == [0, 1, 2]


@given(geometries(), st.lists(st.tuples(*[st.floats(-1000, 1000)] * 3), min_size=1, max_size=4))
def test_that_index_and_world_are_inverse(geometry: Geometry, indices: list[tuple[float, float, float]]) -> None:
    index = np.array(indices)
    back = geometry.to_index(geometry.to_world(index))
    # positions of up to 50 m divided by voxels of 0.01 mm, in doubles: seven digits are left of sixteen
    np.testing.assert_allclose(back, index, atol=1e-6)


@given(geometries())
def test_that_parts_give_the_geometry_back(geometry: Geometry) -> None:
    z, y, x = geometry.spacing_zyx
    again = Geometry.from_components(
        shape_zyx=geometry.shape_zyx,
        spacing_xyz=(x, y, z),
        origin_lps=tuple(geometry.affine[:3, 3]),
        direction=geometry.direction,
    )
    assert again.is_close(geometry, 1e-6)


@given(geometries())
def test_that_nifti_affines_differ_by_the_sign_of_x_and_y(geometry: Geometry) -> None:
    index = np.array([3.0, 5.0, 7.0, 1.0])
    left, posterior, superior = geometry.to_world(index[:3])
    np.testing.assert_allclose((geometry.affine_ras @ index)[:3], (-left, -posterior, superior))
    assert Geometry.from_ras_affine(geometry.shape_zyx, geometry.affine_ras).is_close(geometry, 1e-9)


def test_that_nibabel_names_the_same_axes() -> None:
    nibabel = pytest.importorskip("nibabel")
    for order, signs in ORIENTATIONS:
        geometry = Geometry.from_components(
            shape_zyx=SHAPE, spacing_xyz=SPACING_XYZ, direction=direction_of(order, signs)
        )
        codes = nibabel.aff2axcodes(geometry.affine_ras)  # of i, j, k
        world = ["LR", "PA", "SI"]  # world axes of LPS; either letter, whichever way the axis runs
        assert [next(n for n in range(3) if code in world[n]) for code in codes] == list(order)
        assert [code in "LPS" for code in codes] == [sign > 0 for sign in signs]


def test_that_a_voxel_of_a_cubic_centimetre_is_a_millilitre() -> None:
    assert Geometry.from_components(shape_zyx=SHAPE, spacing_xyz=(10, 10, 10)).voxel_ml == pytest.approx(1.0)
    assert Geometry.from_components(shape_zyx=SHAPE, spacing_xyz=(0.5, 0.5, 4)).voxel_ml == pytest.approx(0.001)


def _plain(**changes: object) -> Geometry:
    parts: dict[str, object] = {"shape_zyx": SHAPE, "spacing_xyz": SPACING_XYZ, "origin_lps": (1.0, 2.0, 3.0)}
    return Geometry.from_components(**(parts | changes))  # type: ignore[arg-type] # parts are mixed on purpose


@pytest.mark.parametrize(
    "changes",
    [
        {"shape_zyx": (5, 7, 8)},
        {"shape_zyx": (9, 7, 5)},
        {"frame": Frame.SPACING},
        {"origin_lps": (1.01, 2.0, 3.0)},
        {"spacing_xyz": (0.5, 0.75, 3.001)},
        {"spacing_xyz": (0.75, 0.5, 3.0)},
        {"direction": np.diag([-1.0, 1.0, 1.0])},
        {"direction": rotation((0.0, 0.0, 0.002))},
    ],
    ids=str,
)
def test_that_geometries_that_differ_are_not_close(changes: dict[str, object]) -> None:
    assert not _plain().is_close(_plain(**changes))
    assert not _plain(**changes).is_close(_plain())


def test_that_rounding_of_a_file_keeps_geometries_close() -> None:
    assert _plain().is_close(_plain(origin_lps=(1.0004, 2.0, 3.0), spacing_xyz=(0.50001, 0.75, 3.0)))


def test_that_closeness_is_judged_at_the_farthest_corner() -> None:
    long = _plain(shape_zyx=(1000, 7, 9))
    slightly = _plain(shape_zyx=(1000, 7, 9), spacing_xyz=(0.5, 0.75, 3.0001))
    assert not long.is_close(slightly, 0.05)
    assert long.is_close(slightly, 0.11)


def _affine(**cells: float) -> Affine:
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    for name, value in cells.items():
        affine[int(name[1]), int(name[2])] = value
    return affine


@pytest.mark.parametrize(
    ("affine", "reason"),
    [
        (_affine(a01=0.01), "sheared"),
        (_affine(a12=0.004), "sheared"),
        (_affine(a22=0.0), "singular"),
        (_affine(a00=0.0, a01=1.0, a11=1.0), "singular"),
        (_affine(a03=np.nan), "finite"),
        (_affine(a11=np.inf), "finite"),
        (_affine(a30=1.0), "last row"),
        (np.eye(3), "4x4"),
    ],
)
def test_that_an_affine_that_cannot_be_true_is_refused(affine: NDArray[np.float64], reason: str) -> None:
    with pytest.raises(GeometryError, match=reason) as caught:
        Geometry(SHAPE, affine)
    assert issubclass(caught.type, EngineError)
    assert issubclass(caught.type, ValueError)


def test_that_two_axes_along_one_direction_are_refused() -> None:
    with pytest.raises(GeometryError, match="right angles"):
        Geometry.from_components(
            shape_zyx=SHAPE, spacing_xyz=SPACING_XYZ, direction=np.array([[1, 1, 0], [0, 0, 0], [0, 0, 1.0]])
        )


def test_that_rounded_direction_cosines_are_accepted() -> None:
    rounded = np.round(rotation((0.4, 0.3, -0.2)), 4)
    geometry = Geometry.from_components(shape_zyx=SHAPE, spacing_xyz=SPACING_XYZ, direction=rounded)
    assert geometry.spacing_zyx[::-1] == pytest.approx(SPACING_XYZ, rel=1e-3)


@pytest.mark.parametrize("shape", [(0, 5, 5), (5, -1, 5), (5, 5)])
def test_that_a_shape_without_voxels_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(GeometryError, match="shape"):
        Geometry(shape, np.eye(4))


def test_that_a_geometry_cannot_be_changed_afterwards() -> None:
    given_affine = np.eye(4)
    geometry = Geometry(SHAPE, given_affine)
    given_affine[0, 3] = 99
    assert geometry.affine[0, 3] == 0
    with pytest.raises(ValueError, match="read-only"):
        geometry.affine[0, 3] = 1


def test_that_an_image_without_millimetres_says_so() -> None:
    geometry = Geometry.of_pixels((1, 4, 5))
    assert not geometry.is_close(Geometry((1, 4, 5), np.eye(4), Frame.WORLD))
    assert geometry.is_close(Geometry((1, 4, 5), np.eye(4), Frame.NONE))
    assert geometry.spacing_zyx == (1, 1, 1)
