from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from app.engine.outline import outline_paths

masks = hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9))


def mask_of(*rows: str) -> NDArray[np.bool_]:
    return np.array([[character == "#" for character in row] for row in rows])


def points(paths: list[NDArray[np.float32]]) -> list[list[list[float]]]:
    return [path.tolist() for path in paths]


def filled(paths: list[NDArray[np.float32]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Voxels from whose centre a ray to the left crosses the polygons an odd number of times."""
    crossings = np.zeros(shape, dtype=np.int64)
    for path in paths:
        for (x0, y0), (_, y1) in zip(path.astype(int), np.roll(path, -1, axis=0).astype(int), strict=True):
            crossings[min(y0, y1) : max(y0, y1), x0:] += 1  # level edges cross nothing
    return (crossings & 1).astype(np.bool_)


def area(path: NDArray[np.float32]) -> float:
    """Positive where the polygon runs clockwise on a screen, y down."""
    (x, y), (next_x, next_y) = path.T, np.roll(path, -1, axis=0).T
    return float((x * next_y - next_x * y).sum() / 2)


@given(masks)
def test_that_filling_the_outline_gives_the_mask(mask: NDArray[np.bool_]) -> None:
    rows, columns = mask.shape
    np.testing.assert_array_equal(filled(outline_paths(mask), (rows, columns)), mask)


@given(masks)
def test_that_every_point_is_a_turn_on_the_grid(mask: NDArray[np.bool_]) -> None:
    for path in outline_paths(mask):
        assert path.dtype == np.float32
        np.testing.assert_array_equal(path, np.round(path))
        steps = np.roll(path, -1, axis=0) - path
        level = steps[:, 1] == 0
        assert (level != (steps[:, 0] == 0)).all()  # along one axis, and not standing still
        assert (level != np.roll(level, 1)).all()


@given(masks)
def test_that_areas_of_outer_borders_less_those_of_holes_are_the_mask(mask: NDArray[np.bool_]) -> None:
    assert sum(area(path) for path in outline_paths(mask)) == np.count_nonzero(mask)


def test_that_a_voxel_is_a_square_from_its_upper_left_corner_clockwise() -> None:
    assert points(outline_paths(mask_of("...", ".#."))) == [[[1, 1], [2, 1], [2, 2], [1, 2]]]


def test_that_a_hole_is_a_polygon_of_its_own_that_runs_the_other_way() -> None:
    outer, hole = outline_paths(mask_of("####", "#..#", "####"))
    assert (area(outer), area(hole)) == (12, -2)
    assert len(outer) == len(hole) == 4


def test_that_voxels_that_touch_by_a_corner_share_a_polygon_and_holes_do_not() -> None:
    assert len(outline_paths(mask_of("#.", ".#"))) == 1
    assert len(outline_paths(mask_of(".#", "#."))) == 1
    assert [area(path) for path in outline_paths(mask_of("####", "#.##", "##.#", "####"))] == [16, -1, -1]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (4, 0), (3, 5)])
def test_that_an_empty_mask_has_no_outline(shape: tuple[int, int]) -> None:
    assert outline_paths(np.zeros(shape, dtype=np.bool_)) == []


@given(masks, st.integers(0, 3), st.integers(0, 3))
def test_that_the_outline_moves_with_the_mask(mask: NDArray[np.bool_], down: int, right: int) -> None:
    moved = outline_paths(np.pad(mask, ((down, 2), (right, 1))))
    for path, there in zip(outline_paths(mask), moved, strict=True):
        np.testing.assert_array_equal(path + (right, down), there)
