from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.engine.errors import PromptError
from app.engine.labelmap import LabelMap, slice_region
from app.engine.plane import SliceKey
from app.engine.prompt import Box3D
from app.engine.strokes import Part, brush_stroke, lasso

SHAPE = (9, 14, 17)
SPACING = (2.5, 0.7, 1.1)

Path = Sequence[tuple[float, float]]
coordinates = st.floats(-8, 25, allow_nan=False)
paths = st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=6)
keys = st.sampled_from([SliceKey(0, 4), SliceKey(1, 0), SliceKey(1, 7), SliceKey(2, 16)])


def voxels_of(part: Part | None, shape: tuple[int, int, int] = SHAPE) -> NDArray[np.bool_]:
    """The whole volume, painted by the label map itself."""
    labels = LabelMap(shape)
    labels.add_label("organ")
    if part is not None:
        labels.paint(*part, 1)
    return labels.voxels > 0


def distances(key: SliceKey, path: Path, spacing: tuple[float, float, float] = SPACING) -> NDArray[np.float64]:
    """Distance of every voxel centre of the volume from a path in a slice, in the unit of the spacing."""
    free = [axis for axis in range(3) if axis != key.axis]
    centres = np.moveaxis(np.indices(SHAPE).astype(np.float64), 0, -1)
    corners = np.full((len(path), 3), float(key.index))
    corners[:, free] = np.array(path)[:, ::-1]
    centres, corners = centres * spacing, corners * spacing
    nearest = np.full(SHAPE, np.inf)
    for start, end in zip(corners, corners[1:] if len(path) > 1 else corners, strict=False):
        way = end - start
        along = (centres - start) @ way / max(way @ way, 1e-300)
        there = start + np.clip(along, 0, 1)[..., np.newaxis] * way
        nearest = np.minimum(nearest, np.linalg.norm(centres - there, axis=-1))
    return nearest


def fits(part: Part | None) -> bool:
    return part is None or Box3D.of_mask(voxels_of(part)) == part[0]


@given(key=keys, path=paths, radius=st.floats(0.5, 9), ball=st.booleans())
def test_that_a_stroke_is_what_lies_within_its_radius(key: SliceKey, path: Path, radius: float, ball: bool) -> None:
    distance = distances(key, path) / min(key.spacing(SPACING))
    part = brush_stroke(key, path, radius, SHAPE, SPACING, ball=ball)
    painted = voxels_of(part)
    in_slice = np.zeros(SHAPE, dtype=np.bool_)
    in_slice[key.selector()] = True
    wanted = (distance < radius - 1e-4) & (in_slice | ball)  # at the radius itself rounding decides
    assert painted[wanted].all()
    # Beyond the radius there are only the voxels under the path, half a voxel from it at most along each axis.
    under = in_slice & (distance <= math.hypot(*key.spacing(SPACING)) / 2 / min(key.spacing(SPACING)) + 1e-4)
    assert not painted[(distance > radius + 1e-4) & ~under].any()
    assert not painted[~in_slice].any() or ball
    assert fits(part)


def test_that_a_point_is_a_disc_and_a_voxel_at_the_radius_belongs_to_it() -> None:
    part = brush_stroke(SliceKey(0, 4), [(8, 7)], 2, SHAPE, (1.0, 1.0, 1.0))
    assert part is not None
    assert part[0] == Box3D(6, 5, 4, 11, 10, 5)
    disc = [[0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0]]
    assert part[1].astype(int).tolist() == [disc]


def test_that_the_radius_counts_in_the_finer_spacing_of_the_slice() -> None:
    part = brush_stroke(SliceKey(2, 3), [(7, 4)], 5, SHAPE, (2.5, 0.5, 9.0))  # columns are y, rows are z
    assert part is not None
    assert part[0] == Box3D(3, 2, 3, 4, 13, 6)


def test_that_a_ball_is_round_in_millimetres_and_clipped_to_the_volume() -> None:
    part = brush_stroke(SliceKey(0, 1), [(8, 7)], 4, SHAPE, (2.0, 1.0, 1.0), ball=True)
    assert part is not None
    region, mask = part
    assert region == Box3D(4, 3, 0, 13, 12, 4)  # z from -1 to 3, of which -1 is outside
    assert [int(layer.sum()) for layer in mask] == [37, 49, 37, 1]


@given(key=keys, path=paths)
def test_that_a_brush_without_extent_draws_an_unbroken_line(key: SliceKey, path: Path) -> None:
    painted = voxels_of(brush_stroke(key, path, 0, SHAPE, SPACING))[key.selector()]
    rows, columns = painted.shape
    for (x0, y0), (x1, y1) in zip(path, path[1:] or path, strict=False):
        previous: tuple[int, int] | None = None
        for along in np.linspace(0, 1, 500):  # steps far finer than a voxel
            x, y = x0 + along * (x1 - x0), y0 + along * (y1 - y0)
            column, row = math.floor(x + 0.5), math.floor(y + 0.5)
            if 0 <= row < rows and 0 <= column < columns and painted[row, column]:
                if previous is not None:
                    assert max(abs(row - previous[0]), abs(column - previous[1])) <= 1
                previous = row, column
            elif not (0 <= row < rows and 0 <= column < columns):
                previous = None
        for x, y in ((x0, y0), (x1, y1)):
            if -0.5 <= x < columns - 0.5 and -0.5 <= y < rows - 0.5:
                assert painted[math.floor(y + 0.5), math.floor(x + 0.5)]


def test_that_a_stroke_drawn_in_pieces_is_the_stroke_drawn_at_once() -> None:
    path = [(2.0, 3.0), (9.5, 3.0), (9.5, 10.2), (4.0, 5.5)]
    key = SliceKey(0, 4)
    whole = voxels_of(brush_stroke(key, path, 2.3, SHAPE, SPACING))
    pieces = [voxels_of(brush_stroke(key, path[n : n + 2], 2.3, SHAPE, SPACING)) for n in range(3)]
    np.testing.assert_array_equal(np.any(pieces, axis=0), whole)


@pytest.mark.parametrize("ball", [False, True])
def test_that_a_stroke_outside_the_slice_is_nothing(ball: bool) -> None:
    assert brush_stroke(SliceKey(0, 4), [(-30, 5), (-9, 1e9)], 4, SHAPE, SPACING, ball=ball) is None


@pytest.mark.parametrize(
    "path", [[], [(1.0, math.nan)], [(1.0, 1.0), (3e9, 1.0)], [(math.inf, 2.0), (1.0, 1.0)], [(1.0,)]]
)
def test_that_a_path_that_is_none_is_refused(path: Path) -> None:
    with pytest.raises(PromptError, match="a path must be one or more points"):
        brush_stroke(SliceKey(0, 4), path, 2, SHAPE, SPACING)
    with pytest.raises(PromptError, match="a path must be one or more points"):
        lasso(SliceKey(0, 4), path, SHAPE)


@pytest.mark.parametrize("radius", [-1, math.nan, math.inf])
def test_that_a_radius_that_is_none_is_refused(radius: float) -> None:
    with pytest.raises(PromptError, match="radius of a brush"):
        brush_stroke(SliceKey(0, 4), [(1, 1)], radius, SHAPE, SPACING)


def test_that_a_slice_that_the_volume_lacks_is_refused() -> None:
    with pytest.raises(PromptError, match="slice 9 is outside"):
        brush_stroke(SliceKey(0, 9), [(1, 1)], 2, SHAPE, SPACING)
    with pytest.raises(PromptError, match="slice 9 is outside"):
        lasso(SliceKey(0, 9), [(1, 1), (5, 1), (5, 5)], SHAPE)


def even_odd(path: Path, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Voxels from which a ray to the left crosses the path an odd number of times."""
    inside = np.zeros(shape, dtype=np.bool_)
    for row, column in np.ndindex(shape):
        for (x0, y0), (x1, y1) in zip(path, [*path[1:], path[0]], strict=True):
            if min(y0, y1) <= row < max(y0, y1) and x0 + (row - y0) / (y1 - y0) * (x1 - x0) <= column:
                inside[row, column] ^= True
    return inside


@given(key=keys, path=st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=8))
def test_that_a_lasso_is_what_it_winds_around_an_odd_number_of_times(key: SliceKey, path: Path) -> None:
    part = lasso(key, path, SHAPE)
    np.testing.assert_array_equal(voxels_of(part)[key.selector()], even_odd(path, key.shape(SHAPE)))
    assert fits(part)


def test_that_lassos_side_by_side_neither_overlap_nor_leave_a_gap() -> None:
    key = SliceKey(0, 0)
    corners = [(2.0, 2.0), (10.0, 2.0), (10.0, 9.0), (2.0, 9.0)]
    middle = (5.0, 6.0)
    pieces = [voxels_of(lasso(key, [corners[n - 1], corners[n], middle], SHAPE)) for n in range(4)]
    np.testing.assert_array_equal(np.sum(pieces, axis=0), voxels_of(lasso(key, corners, SHAPE)))
    whole = lasso(key, corners, SHAPE)
    assert whole is not None
    assert whole[0] == slice_region(key, slice(2, 9), slice(2, 10))
    assert whole[1].all()


@pytest.mark.parametrize(
    "path",
    [
        [(3.0, 3.0)],
        [(3.0, 3.0), (9.0, 8.0)],
        [(3.1, 3.1), (3.9, 3.1), (3.5, 3.9)],  # between voxel centres
        [(-9.0, -9.0), (-2.0, -9.0), (-2.0, 30.0)],
        [(90.0, 2.0), (99.0, 2.0), (99.0, 9.0)],
    ],
)
def test_that_a_lasso_without_a_voxel_is_nothing(path: Path) -> None:
    assert lasso(SliceKey(0, 4), path, SHAPE) is None
