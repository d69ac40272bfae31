from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from app.engine.prompt import Box, Point, Prompts
from app.engine.prompt_maps import CHANNELS, prompt_maps
from app.engine.view import SliceGrid, View, focus_view, whole_view
from tests.engine.test_view import slices_with_boxes

SIZE = 64
MODEL = 128
GRID = SliceGrid(100, 80, 2.0, 1.0)  # thick rows: 200 x 80 in iso units


def maps_of(prompts: Prompts, view: View | None = None) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    view = whole_view(GRID, MODEL) if view is None else view
    return dict(zip(CHANNELS, prompt_maps(prompts, view, SIZE), strict=True))


def test_that_what_was_not_said_is_0() -> None:
    maps = maps_of(Prompts(Box(10, 10, 20, 20)))
    assert [name for name, drawn in maps.items() if drawn.any()] == ["box"]


@given(slices_with_boxes())
def test_that_the_box_covers_its_area_of_the_view(case: tuple[SliceGrid, Box]) -> None:
    grid, box = case
    view = focus_view((box.x0, box.y0, box.x1, box.y1), grid, MODEL)
    drawn = maps_of(Prompts(box), view)["box"]
    cell = view.side / SIZE
    area = box.width * grid.column_size * box.height * grid.row_size
    assert drawn.sum() * cell**2 == pytest.approx(area, rel=1e-4)
    assert drawn.min() >= 0
    assert drawn.max() <= 1


def test_that_the_box_is_drawn_where_it_lies() -> None:
    view = View(SliceGrid(64, 64), 0.0, 0.0, 64.0, MODEL)  # a prompt cell is a voxel
    expected = np.zeros((SIZE, SIZE), dtype=np.float32)
    expected[7:9, 3:6] = 1
    np.testing.assert_allclose(maps_of(Prompts(Box(3, 7, 6, 9)), view)["box"], expected, atol=1e-6)


def test_that_a_cell_that_the_box_half_covers_is_a_half() -> None:
    view = View(SliceGrid(128, 128), 0.0, 0.0, 128.0, MODEL)  # a prompt cell is two voxels
    drawn = maps_of(Prompts(Box(4, 7, 9, 10)), view)["box"]
    assert drawn[4, 2] == pytest.approx(1.0)
    assert drawn[3, 2] == pytest.approx(0.5)
    assert drawn[4, 4] == pytest.approx(0.5)
    assert drawn[3, 4] == pytest.approx(0.25)


@pytest.mark.parametrize("positive", [True, False])
def test_that_a_click_is_1_at_its_place_and_0_three_cells_away(positive: bool) -> None:
    view = View(SliceGrid(64, 64), 0.0, 0.0, 64.0, MODEL)
    maps = maps_of(Prompts(Box(0, 0, 64, 64), (Point(20, 30, positive=positive),)), view)
    drawn, other = (maps[name] for name in (("positive", "negative") if positive else ("negative", "positive")))
    assert drawn[30, 20] == pytest.approx(1.0)
    assert drawn[30, 21] == pytest.approx(2 / 3)
    assert drawn[31, 21] == pytest.approx(1 - np.sqrt(2) / 3)
    assert drawn[30, 23] == pytest.approx(0.0, abs=1e-6)
    assert np.count_nonzero(drawn > 1e-6) == 25  # cells nearer than three
    assert not other.any()


def test_that_clicks_side_by_side_do_not_add_up() -> None:
    view = View(SliceGrid(64, 64), 0.0, 0.0, 64.0, MODEL)
    drawn = maps_of(Prompts(points=(Point(20, 30), Point(21, 30))), view)["positive"]
    assert drawn.max() == pytest.approx(1.0)
    assert drawn[30, 20] == pytest.approx(1.0)
    assert drawn[30, 21] == pytest.approx(1.0)


def test_that_the_previous_mask_is_drawn_as_coverage_and_marked_as_given() -> None:
    view = View(SliceGrid(128, 128), 0.0, 0.0, 128.0, MODEL)
    previous = np.zeros((128, 128), dtype=np.bool_)
    previous[40:80, 20:60] = True
    maps = maps_of(Prompts(Box(20, 40, 60, 80), previous=previous), view)
    assert (maps["previous_present"] == 1).all()
    assert maps["previous"].sum() == pytest.approx(40 * 40 / 4, rel=1e-3)
    assert (maps["previous"][22:38, 12:28] == 1).all()


def test_that_an_empty_previous_mask_is_not_the_same_as_none() -> None:
    maps = maps_of(Prompts(Box(0, 0, 5, 5), previous=np.zeros((100, 80), dtype=np.bool_)))
    assert (maps["previous_present"] == 1).all()
    assert not maps["previous"].any()


def test_that_the_previous_mask_does_not_go_on_beyond_the_slice() -> None:
    maps = maps_of(Prompts(Box(0, 0, 80, 100), previous=np.ones((100, 80), dtype=np.bool_)))
    columns = np.flatnonzero(maps["previous"].any(axis=0))
    assert (columns[0], columns[-1]) == (19, 44)  # 80 of 200 iso units, centred, in 64 cells


@pytest.mark.parametrize("place", [-1.0, 0.0, 0.5])
def test_that_the_place_in_the_3d_box_is_constant_and_marked_as_given(place: float) -> None:
    maps = maps_of(Prompts(Box(0, 0, 5, 5), place=place))
    assert (maps["place"] == place).all()
    assert (maps["place_present"] == 1).all()


def test_that_a_model_gets_its_own_channels_in_its_own_order() -> None:
    prompts = Prompts(Box(10, 10, 20, 20), (Point(15, 15),), place=0.5)
    view = whole_view(GRID, MODEL)
    every = dict(zip(CHANNELS, prompt_maps(prompts, view, SIZE), strict=True))
    chosen = prompt_maps(prompts, view, SIZE, ("place", "box"))
    np.testing.assert_array_equal(chosen, np.stack([every["place"], every["box"]]))
