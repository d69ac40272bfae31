from __future__ import annotations

import numpy as np
import pytest

from app.engine.fitted_view import FittedView, fitted_view
from app.engine.resize import bilinear, resize
from app.engine.view import SliceGrid

SIZE = 256


@pytest.mark.parametrize(
    ("rows", "columns", "seen_rows", "seen_columns"),
    [(512, 256, 256, 128), (100, 400, 64, 256), (300, 257, 256, 219), (1000, 1, 256, 1)],
)
def test_that_a_slice_lies_in_the_corner_and_zeros_follow(
    rows: int, columns: int, seen_rows: int, seen_columns: int
) -> None:
    view = fitted_view(SliceGrid(rows, columns), SIZE)
    expected = np.zeros((SIZE, SIZE), dtype=np.bool_)
    expected[:seen_rows, :seen_columns] = True
    np.testing.assert_array_equal(view.inside(), expected)
    np.testing.assert_array_equal(view.extract(np.ones((rows, columns))) > 0.5, expected)


def test_that_a_stretched_slice_fills_the_input() -> None:
    view = fitted_view(SliceGrid(30, 90), 64, "stretch", "cubic")
    assert view.inside().all()
    np.testing.assert_allclose(view.to_grid(np.array([45.0, 15.0])), [32.0, 32.0])


def test_that_the_size_of_voxels_in_millimetres_makes_no_difference() -> None:
    assert fitted_view(SliceGrid(40, 400, 6.25, 1.0), SIZE) == fitted_view(SliceGrid(40, 400), SIZE)


def test_that_each_channel_is_resized_by_the_method_of_the_view() -> None:
    colour = np.random.default_rng(2).integers(0, 256, (90, 70, 3)).astype(np.uint8)
    seen = fitted_view(SliceGrid(90, 70), 64, "corner", "bilinear").extract(colour)
    for channel in range(3):
        np.testing.assert_array_equal(seen[:, :50, channel], resize(colour[..., channel], (64, 50), "bilinear"))


@pytest.mark.parametrize("view", [fitted_view(SliceGrid(300, 257), 64), fitted_view(SliceGrid(9, 5), 64, "stretch")])
def test_that_coordinates_return(view: FittedView) -> None:
    places = np.random.default_rng(3).uniform(0, 300, (20, 2))
    np.testing.assert_allclose(view.from_grid(view.to_grid(places)), places)


def test_that_coordinates_of_pillows_scripts_have_a_scale_for_each_axis() -> None:
    grid = SliceGrid(300, 257)  # 256 x 219.3 cells, of which 219 are filled
    np.testing.assert_allclose(fitted_view(grid, SIZE).to_grid(np.array([257.0, 300.0])), [219.3067, 256], atol=1e-4)
    exact = fitted_view(grid, SIZE, "corner", "antialiased").to_grid(np.array([257.0, 300.0]))
    np.testing.assert_allclose(exact, [219, 256])


def test_that_prompts_are_placed_in_the_picture_from_which_masks_are_cut() -> None:
    """EfficientViT-SAM's image has 410 of 409.6 rows, but its prompts are placed among 819 of 1024: half as many."""
    view = fitted_view(SliceGrid(256, 320), 512, "corner", "antialiased", mask_size=1024)
    assert view.cells == (410, 512)
    np.testing.assert_array_equal(view.to_grid(np.array([320.0, 256.0])), [512, 409.5])


def test_that_masks_may_be_enlarged_beyond_the_input_before_they_are_cut() -> None:
    """EfficientViT-SAM sees 512 pixels, but its masks are cut at 1024: interpolated twice, they differ."""
    coarse = np.random.default_rng(5).normal(size=(16, 16)).astype(np.float32)
    grid = SliceGrid(100, 150)
    values, rows, columns = fitted_view(grid, 32, mask_size=64).paint(coarse)
    assert (rows, columns) == (slice(0, 100), slice(0, 150))
    np.testing.assert_array_equal(values, bilinear(bilinear(coarse, (64, 64))[:43], (100, 150)))
    assert np.abs(values - fitted_view(grid, 32).paint(coarse)[0]).max() > 0.1


def test_that_a_coarse_answer_is_made_as_fine_as_the_input_before_it_is_cut() -> None:
    view = fitted_view(SliceGrid(100, 400), 64)  # 16 of 64 rows are filled
    coarse = np.repeat(np.arange(16.0, dtype=np.float32)[:, None], 16, axis=1)
    values, rows, columns = view.paint(coarse)
    assert (rows, columns) == (slice(0, 100), slice(0, 400))
    assert values.shape == (100, 400)
    np.testing.assert_allclose(values[[0, -1], 0], [0.0, 3.375], atol=1e-6)  # the last filled row is the sixteenth


def test_that_no_other_size_than_its_own_is_seen() -> None:
    with pytest.raises(ValueError, match="cannot be seen at 32"):
        fitted_view(SliceGrid(9, 9), 64).extract(np.zeros((9, 9)), 32)
