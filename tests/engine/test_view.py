from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.engine.plane import SliceKey
from app.engine.prompt import Box
from app.engine.view import SliceGrid, View, focus_view, whole_view

SIZE = 256
RATIO = 1.5

# Plain, thick (a coronal slice of 5 mm slices at 0.7 mm), thick the other way, barely anisotropic.
VOXEL_SIZES = [(1.0, 1.0), (7.142857, 1.0), (1.0, 4.0), (1.0, 1.03)]


@st.composite
def slices_with_boxes(draw: st.DrawFn, smallest: int = 1) -> tuple[SliceGrid, Box]:
    row_size, column_size = draw(st.sampled_from(VOXEL_SIZES))
    rows, columns = draw(st.integers(smallest, 600)), draw(st.integers(smallest, 600))
    height, width = draw(st.integers(smallest, rows)), draw(st.integers(smallest, columns))
    y0, x0 = draw(st.integers(0, rows - height)), draw(st.integers(0, columns - width))
    return SliceGrid(rows, columns, row_size, column_size), Box(x0, y0, x0 + width, y0 + height)


def view_of(box: Box, grid: SliceGrid, size: int = SIZE) -> View:
    return focus_view((box.x0, box.y0, box.x1, box.y1), grid, size, RATIO)


def mask_of(box: Box, grid: SliceGrid) -> NDArray[np.bool_]:
    mask = np.zeros((grid.rows, grid.columns), dtype=np.bool_)
    mask[box.y0 : box.y1, box.x0 : box.x1] = True
    return mask


def painted(view: View, values: NDArray[np.float32], threshold: float = 0.5) -> NDArray[np.bool_]:
    mask = np.zeros((view.grid.rows, view.grid.columns), dtype=np.bool_)
    voxels, rows, columns = view.paint(values)
    mask[rows, columns] = voxels > threshold
    return mask


@given(slices_with_boxes(), st.lists(st.tuples(*[st.floats(-100, 700)] * 2), min_size=1, max_size=5))
def test_that_grid_and_voxel_coordinates_are_inverse(
    case: tuple[SliceGrid, Box], points: list[tuple[float, float]]
) -> None:
    grid, box = case
    view = view_of(box, grid)
    xy = np.array(points)
    np.testing.assert_allclose(view.from_grid(view.to_grid(xy)), xy, atol=1e-8)
    np.testing.assert_allclose(view.to_grid(view.from_grid(xy)), xy, atol=1e-8)


@given(slices_with_boxes())
def test_that_the_windows_are_what_the_corners_of_the_grid_map_to(case: tuple[SliceGrid, Box]) -> None:
    grid, box = case
    view = view_of(box, grid)
    corners = view.from_grid(np.array([[0.0, 0.0], [SIZE, SIZE]]))
    np.testing.assert_allclose(corners[:, 0], view.columns_window, atol=1e-9)
    np.testing.assert_allclose(corners[:, 1], view.rows_window, atol=1e-9)


@given(slices_with_boxes())
def test_that_a_focus_view_holds_its_box_and_is_square_in_millimetres(case: tuple[SliceGrid, Box]) -> None:
    grid, box = case
    view = view_of(box, grid)
    (c0, c1), (r0, r1) = view.columns_window, view.rows_window
    assert c0 <= box.x0 + 1e-9
    assert box.x1 <= c1 + 1e-9
    assert r0 <= box.y0 + 1e-9
    assert box.y1 <= r1 + 1e-9
    assert (c1 - c0) * grid.column_size == pytest.approx((r1 - r0) * grid.row_size)


@given(slices_with_boxes())
def test_that_a_focus_view_is_as_large_as_asked_but_never_larger_than_the_slice(case: tuple[SliceGrid, Box]) -> None:
    grid, box = case
    view = view_of(box, grid)
    longer = max(box.width * grid.column_size, box.height * grid.row_size)
    assert view.side <= max(grid.width, grid.height)
    if view.side < max(grid.width, grid.height):
        assert max(RATIO * longer, 16) <= view.side * (1 + 1e-6)
        assert view.side <= max(RATIO * math.sqrt(2) * longer, 16) * (1 + 1e-6)


@given(slices_with_boxes())
def test_that_a_focus_view_stays_within_the_slice_or_is_centred_on_it(case: tuple[SliceGrid, Box]) -> None:
    grid, box = case
    view = view_of(box, grid)
    for origin, extent in ((view.x0, grid.width), (view.y0, grid.height)):
        if view.side <= extent:
            assert origin >= 0
            assert origin + view.side <= extent + 1e-9
        else:
            assert origin == pytest.approx((extent - view.side) / 2)


def test_that_a_box_moved_by_a_pixel_mostly_keeps_its_view() -> None:
    grid = SliceGrid(512, 512)
    views = {view_of(Box(200 + n, 180, 240 + n, 220), grid) for n in range(40)}
    assert len(views) <= 40 // 8 + 2  # the side is 64, so the origin moves every 8 pixels
    assert len({view.side for view in views}) == 1


def test_that_a_box_grown_by_a_pixel_mostly_keeps_its_view() -> None:
    grid = SliceGrid(512, 512)
    sides = {view_of(Box(240 - n, 240 - n, 260 + n, 260 + n), grid).side for n in range(80)}
    assert len(sides) <= 8  # a box from 20 to 178 pixels: three doublings, two steps each


@pytest.mark.parametrize(("rows", "columns"), [(512, 512), (300, 700), (700, 300), (5, 4), (1, 1)])
def test_that_the_whole_view_is_the_centred_square_around_the_slice(rows: int, columns: int) -> None:
    view = whole_view(SliceGrid(rows, columns, 1.0, 1.0), SIZE)
    assert view.side == max(rows, columns)
    assert view.rows_window == pytest.approx(((rows - view.side) / 2, (rows + view.side) / 2))
    assert view.columns_window == pytest.approx(((columns - view.side) / 2, (columns + view.side) / 2))


def test_that_the_grid_of_a_thick_slice_has_its_voxels_in_units_of_the_finer_spacing() -> None:
    grid = SliceGrid.of(SliceKey(1, 3), (40, 512, 400), (5.0, 0.7, 0.8))
    assert (grid.rows, grid.columns) == (40, 400)
    assert (grid.row_size, grid.column_size) == pytest.approx((6.25, 1.0))
    assert (grid.height, grid.width) == pytest.approx((250, 400))


@pytest.mark.parametrize(("row_size", "column_size"), VOXEL_SIZES)
def test_that_a_ramp_is_seen_where_it_lies(row_size: float, column_size: float) -> None:
    grid = SliceGrid(200, 220, row_size, column_size)
    y, x = np.mgrid[:200, :220]
    ramp = (3.0 * x - 2.0 * y).astype(np.float32)
    view = view_of(Box(80, 70, 120, 100), grid, 64)
    centres = np.stack(np.meshgrid(np.arange(64) + 0.5, np.arange(64) + 0.5), axis=-1)
    at = view.from_grid(centres) - 0.5  # edges to voxel centres
    expected = 3.0 * at[..., 0] - 2.0 * at[..., 1]
    well_inside = ((at > 5) & (at < (214, 194))).all(axis=-1)  # the filter repeats the edge beyond the slice
    # the antialiasing filter is sampled at whole voxels: a fiftieth of a voxel is its error
    np.testing.assert_allclose(view.extract(ramp)[well_inside], expected[well_inside], atol=0.06)


def test_that_the_colour_channels_are_seen_alike() -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 255, (60, 80, 3)).astype(np.uint8)
    view = whole_view(SliceGrid(60, 80), 32)
    seen = view.extract(picture)
    assert seen.shape == (32, 32, 3)
    for channel in range(3):
        np.testing.assert_array_equal(seen[..., channel], view.extract(picture[..., channel]))


def test_that_a_view_of_one_cell_per_voxel_shows_the_voxels_themselves() -> None:
    values = np.random.default_rng(2).random((64, 64), dtype=np.float32)
    view = whole_view(SliceGrid(64, 64), 64)
    np.testing.assert_allclose(view.extract(values), values, atol=1e-6)
    np.testing.assert_allclose(view.paint(values)[0], values, atol=1e-6)


@given(slices_with_boxes(smallest=2))
def test_that_a_mask_comes_back_through_the_view(case: tuple[SliceGrid, Box]) -> None:
    grid, box = case
    view = view_of(box, grid)
    back = painted(view, view.extract(mask_of(box, grid)))
    # where the grid is finer than the voxels nothing is lost; otherwise an edge may move by half a cell
    cell_columns = view.side / SIZE / grid.column_size
    cell_rows = view.side / SIZE / grid.row_size
    dx, dy = (0 if cell <= 1 else math.ceil(cell / 2) for cell in (cell_columns, cell_rows))
    outer = mask_of(Box(box.x0 - dx, box.y0 - dy, box.x1 + dx, box.y1 + dy).clipped((grid.rows, grid.columns)), grid)
    assert not (back & ~outer).any()
    if box.width > 2 * dx and box.height > 2 * dy:
        inner = mask_of(Box(box.x0 + dx, box.y0 + dy, box.x1 - dx, box.y1 - dy), grid)
        assert not (inner & ~back).any()


@pytest.mark.parametrize(("row_size", "column_size"), VOXEL_SIZES)
@pytest.mark.parametrize("radius_mm", [6.0, 40.0, 150.0])
def test_that_a_disc_comes_back_in_its_place_and_size(row_size: float, column_size: float, radius_mm: float) -> None:
    rows, columns = int(420 / row_size), int(420 / column_size)
    grid = SliceGrid(rows, columns, row_size, column_size)
    y, x = (np.mgrid[:rows, :columns] + 0.5) * np.array([row_size, column_size])[:, None, None]
    disc = (x - 190.3) ** 2 + (y - 205.7) ** 2 < radius_mm**2
    box = Box.of_mask(disc)
    assert box is not None
    view = view_of(box, grid)
    back = painted(view, view.extract(disc))
    assert 2 * np.count_nonzero(back & disc) / (np.count_nonzero(back) + np.count_nonzero(disc)) > 0.97
    drift = np.argwhere(back).mean(axis=0) - np.argwhere(disc).mean(axis=0)
    assert np.abs(drift).max() < 0.05  # half a pixel of misregistration would show here


@pytest.mark.parametrize("corner", [(0, 0), (0, 90), (190, 0), (190, 90)])
def test_that_a_mask_in_a_corner_of_the_slice_comes_back_whole(corner: tuple[int, int]) -> None:
    grid = SliceGrid(200, 100)
    y, x = corner
    box = Box(x, y, x + 10, y + 10)
    view = view_of(box, grid)
    np.testing.assert_array_equal(painted(view, view.extract(mask_of(box, grid))), mask_of(box, grid))


def test_that_a_mask_over_the_whole_of_a_huge_slice_comes_back_whole() -> None:
    grid = SliceGrid(3000, 2000)
    view = view_of(Box(0, 0, 2000, 3000), grid)
    full = np.ones((3000, 2000), dtype=np.bool_)
    np.testing.assert_array_equal(painted(view, view.extract(full)), full)


@given(slices_with_boxes())
def test_that_painting_covers_every_voxel_of_the_box(case: tuple[SliceGrid, Box]) -> None:
    grid, box = case
    view = view_of(box, grid)
    ones = painted(view, np.ones((64, 64), dtype=np.float32))
    assert ones[box.y0 : box.y1, box.x0 : box.x1].all()


@given(slices_with_boxes())
def test_that_painting_touches_only_voxels_whose_centre_is_in_view(case: tuple[SliceGrid, Box]) -> None:
    grid, box = case
    view = view_of(box, grid)
    _, rows, columns = view.paint(np.zeros((64, 64), dtype=np.float32))
    (c0, c1), (r0, r1) = view.columns_window, view.rows_window
    for (first, last), part, count in (((c0, c1), columns, grid.columns), ((r0, r1), rows, grid.rows)):
        centres = np.arange(count) + 0.5
        within = np.flatnonzero((centres >= first - 1e-6) & (centres < last + 1e-6))
        assert 0 <= part.start < part.stop <= count
        assert set(range(part.start, part.stop)) <= set(within.tolist())


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("columns", [1, 2, 500])
def test_that_the_smallest_slices_have_views(rows: int, columns: int) -> None:
    grid = SliceGrid(rows, columns, 3.0, 1.0)
    box = Box(0, 0, columns, rows)
    view = view_of(box, grid)
    assert view.extract(np.zeros((rows, columns))).shape == (SIZE, SIZE)
    np.testing.assert_array_equal(painted(view, np.ones((64, 64), dtype=np.float32)), mask_of(box, grid))
