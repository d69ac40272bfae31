from __future__ import annotations

import math
import tracemalloc
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.engine.embeddings import Embedding
from app.engine.errors import PromptError
from app.engine.fitted_view import fitted_view
from app.engine.geometry import Geometry
from app.engine.many_boxes import LARGEST_RATIO, SMALLEST_RATIO, serves, shared_views
from app.engine.plane import SliceKey
from app.engine.prompt import Box, Point, Prompts
from app.engine.prompt_tokens import box_around_mask, prompt_tokens
from app.engine.segmenter import ModelSegmenter, SliceImage, SliceMask, segment_boxes
from app.engine.view import SliceGrid, View, focus_view, whole_view
from app.engine.volume import Display, Volume

GRID = SliceGrid(200, 300)


def _image(boxes: Sequence[Box], grid: SliceGrid = GRID, bright: int = 200, dark: int = 20) -> SliceImage:
    """Bright rectangles on a dark ground."""
    pixels = np.full((grid.rows, grid.columns), dark, dtype=np.int16)
    for box in boxes:
        pixels[box.y0 : box.y1, box.x0 : box.x1] = bright
    return SliceImage(pixels, grid)


def _overlap(mask: NDArray[np.bool_], box: Box) -> float:
    """Intersection over union of a mask and a rectangle."""
    true = np.zeros_like(mask)
    true[box.y0 : box.y1, box.x0 : box.x1] = True
    return float((mask & true).sum() / (mask | true).sum())


def _larger(box: Box, by: int) -> Box:
    return Box(box.x0 - by, box.y0 - by, box.x1 + by, box.y1 + by)


# ------------------------------------------------------------------------------------------------------- one prompt


@pytest.mark.parametrize("scale", [0.1, 1.0, 100.0])
def test_that_a_bright_object_in_a_box_is_outlined(maps_segmenter: ModelSegmenter, scale: float) -> None:
    truth = Box(120, 60, 160, 110)
    image = _image([truth, Box(10, 10, 40, 40)])
    image = SliceImage(image.pixels * scale, GRID)
    prompts = Prompts(_larger(truth, 4))
    view = maps_segmenter.view_for(prompts, GRID)
    (found,) = maps_segmenter.decode(maps_segmenter.encode(image, view), [prompts])
    assert found.mask.shape == (200, 300)
    assert found.mask.dtype == bool
    assert _overlap(found.mask, truth) > 0.93
    assert found.present > 0.99
    assert found.score == pytest.approx(0.9 * found.present, abs=1e-3)


def test_that_thick_voxels_keep_their_place(maps_segmenter: ModelSegmenter) -> None:
    volume = Volume(np.full((20, 40, 120), 10, dtype=np.int16), Geometry.from_components(
        shape_zyx=(20, 40, 120), spacing_xyz=(1.0, 1.0, 5.0)
    ))  # fmt: skip
    voxels = volume.voxels.copy()
    voxels[5:12, 20, 30:70] = 300
    volume = Volume(voxels, volume.geometry)
    image = SliceImage.of(volume, SliceKey(1, 20))
    truth = Box(30, 5, 70, 12)  # 40 x 35 mm
    prompts = Prompts(Box(28, 4, 72, 13))
    view = maps_segmenter.view_for(prompts, image.grid)
    (found,) = maps_segmenter.decode(maps_segmenter.encode(image, view), [prompts])
    assert _overlap(found.mask, truth) > 0.93


def test_that_an_inverted_image_is_shown_the_other_way_round(maps_segmenter: ModelSegmenter) -> None:
    truth = Box(120, 60, 160, 110)
    image = _image([truth], bright=20, dark=200)
    geometry = Geometry.of_pixels((1, 200, 300))
    volume = Volume(image.pixels[None], geometry, display=Display(inverted=True))
    inverted = SliceImage.of(volume, SliceKey(0, 0))
    prompts = Prompts(_larger(truth, 4))
    view = maps_segmenter.view_for(prompts, GRID)
    (found,) = maps_segmenter.decode(maps_segmenter.encode(inverted, view), [prompts])
    assert _overlap(found.mask, truth) > 0.93


def test_that_points_add_and_take_away(maps_segmenter: ModelSegmenter) -> None:
    first, second = Box(100, 60, 130, 90), Box(134, 60, 164, 90)
    image = _image([first, second])
    view = focus_view((95, 55, 170, 95), GRID, 64)
    embedding = maps_segmenter.encode(image, view)
    box = Prompts(_larger(first, 2))
    added = Prompts(_larger(first, 2), (Point(149, 75),))
    taken = Prompts(_larger(first, 2), (Point(115, 75, positive=False),))
    plain, more, less = (found.mask for found in maps_segmenter.decode(embedding, [box, added, taken]))
    assert not plain[75, 149]
    assert more[75, 149]
    assert plain[75, 115]
    assert not less[75, 115]


def test_that_an_absent_object_is_told(maps_segmenter: ModelSegmenter) -> None:
    image = _image([Box(10, 10, 40, 40)])
    prompts = Prompts(Box(60, 20, 100, 60))
    view = View(GRID, 0.0, 0.0, 128.0, 64)
    (found,) = maps_segmenter.decode(maps_segmenter.encode(image, view), [prompts])
    assert not found.mask.any()
    assert found.present < 0.01


def test_that_a_prompt_outside_the_slice_is_refused(maps_segmenter: ModelSegmenter) -> None:
    image = _image([])
    embedding = maps_segmenter.encode(image, whole_view(GRID, 64))
    with pytest.raises(PromptError, match="outside the slice"):
        maps_segmenter.decode(embedding, [Prompts(Box(400, 0, 420, 10))])


# ------------------------------------------------------------------------------------------------------------ views


def test_that_a_box_that_is_edited_keeps_its_view(maps_segmenter: ModelSegmenter) -> None:
    view = maps_segmenter.view_for(Prompts(Box(100, 60, 140, 100)), GRID)
    assert view == focus_view((100, 60, 140, 100), GRID, 64, 1.5)
    for box in (Box(97, 60, 141, 99), Box(110, 70, 135, 95), Box(100, 60, 100 + int(view.side / 1.25), 100)):
        assert maps_segmenter.view_for(Prompts(box), GRID, view) == view


@pytest.mark.parametrize("box", [Box(0, 0, 40, 40), Box(100, 60, 115, 75), Box(82, 60, 142, 100)])
def test_that_a_box_that_has_outgrown_its_view_gets_another(maps_segmenter: ModelSegmenter, box: Box) -> None:
    view = maps_segmenter.view_for(Prompts(Box(100, 60, 140, 100)), GRID)
    assert maps_segmenter.view_for(Prompts(box), GRID, view) == maps_segmenter.view_for(Prompts(box), GRID) != view


def test_that_a_view_of_another_slice_is_not_kept(maps_segmenter: ModelSegmenter) -> None:
    view = maps_segmenter.view_for(Prompts(Box(100, 60, 140, 100)), GRID)
    other = SliceGrid(200, 300, 2.0, 1.0)
    assert maps_segmenter.view_for(Prompts(Box(100, 60, 140, 100)), other, view).grid == other


def test_that_a_click_outside_the_box_widens_the_view(maps_segmenter: ModelSegmenter) -> None:
    box = Box(100, 60, 140, 100)
    view = maps_segmenter.view_for(Prompts(box), GRID)
    wider = maps_segmenter.view_for(Prompts(box, (Point(190, 80),)), GRID, view)
    assert wider.to_grid(np.array([191.0, 80.0]))[0] <= wider.size
    assert maps_segmenter.view_for(Prompts(box, (Point(190, 80, positive=False),)), GRID, view) == view


def test_that_a_click_without_a_box_sees_half_the_slice_and_keeps_its_view(maps_segmenter: ModelSegmenter) -> None:
    click = Prompts(points=(Point(150, 100),))
    view = maps_segmenter.view_for(click, GRID)
    assert 150 <= view.side < 150 * math.sqrt(2)
    assert view.to_grid(np.array([150.5, 100.5])) / view.size == pytest.approx(0.5, abs=0.1)
    assert maps_segmenter.view_for(Prompts(points=(Point(150, 100), Point(170, 90))), GRID, view) == view
    assert maps_segmenter.view_for(Prompts(points=(Point(10, 10),)), GRID, view) != view


def test_that_a_click_on_a_known_mask_looks_at_the_mask(maps_segmenter: ModelSegmenter) -> None:
    mask = np.zeros((200, 300), dtype=bool)
    mask[60:100, 100:140] = True
    view = maps_segmenter.view_for(Prompts(points=(Point(120, 80),), previous=mask), GRID)
    assert view == maps_segmenter.view_for(Prompts(Box(100, 60, 140, 100)), GRID)


def test_that_token_models_always_see_the_whole_slice(tokens_segmenter: ModelSegmenter) -> None:
    assert tokens_segmenter.view_for(Prompts(Box(1, 1, 9, 9)), GRID) == fitted_view(GRID, 64)


# ----------------------------------------------------------------------------------------------------------- tokens


def test_that_box_tokens_are_whole_pixels_of_the_input() -> None:
    view = fitted_view(SliceGrid(300, 400), 256)
    tokens = prompt_tokens([Prompts(Box.from_inclusive((100, 51, 399, 299))), Prompts(Box(0, 0, 1, 1))], view)
    assert tokens["boxes"].tolist() == [[64, 32, 255, 191], [0, 0, 0, 0]]
    assert set(tokens) == {"boxes"}


def test_that_point_tokens_are_padded() -> None:
    view = fitted_view(SliceGrid(100, 200), 64)
    prompts = [Prompts(Box(0, 0, 9, 9), (Point(50, 25), Point(100, 75, positive=False))), Prompts(Box(0, 0, 9, 9))]
    tokens = prompt_tokens(prompts, view, points=3)
    assert tokens["points"][0].tolist() == [[16, 8], [32, 24], [0, 0]]
    assert tokens["point_labels"].tolist() == [[1, 0, -1], [-1, -1, -1]]


def test_that_prompts_without_a_token_are_refused_in_words(tokens_segmenter: ModelSegmenter) -> None:
    view = fitted_view(GRID, 64)
    box, points = Box(0, 0, 9, 9), (Point(5, 5), Point(6, 6), Point(7, 7))
    with pytest.raises(PromptError, match="takes no points beside a box, not 1"):
        prompt_tokens([Prompts(box, points[:1])], view)
    with pytest.raises(PromptError, match="at most 2 points beside a box, not 3"):
        tokens_segmenter.decode(tokens_segmenter.encode(_image([]), view), [Prompts(box, points)])
    with pytest.raises(PromptError, match="needs a box"):
        prompt_tokens([Prompts(points=points)], view, points=3)


def test_that_a_token_model_outlines_what_is_bright_in_its_box(tokens_segmenter: ModelSegmenter) -> None:
    first, second = Box(120, 60, 180, 120), Box(20, 30, 70, 80)
    embedding = tokens_segmenter.encode(_image([first, second]), fitted_view(GRID, 64))
    prompts = [Prompts(_larger(first, 8)), Prompts(second), Prompts(first, (Point(150, 90, positive=False),))]
    found = tokens_segmenter.decode(embedding, prompts)
    assert _overlap(found[0].mask, first) > 0.85
    assert _overlap(found[1].mask, second) > 0.85
    assert not found[2].mask[90, 150]
    assert [result.present for result in found] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(("rows", "columns"), [(512, 512), (300, 400), (256, 256), (700, 333)])
def test_that_the_box_around_a_mask_is_three_input_pixels_larger(rows: int, columns: int) -> None:
    view = fitted_view(SliceGrid(rows, columns), 256)
    mask = np.zeros((rows, columns), dtype=bool)
    mask[rows // 3 : rows // 2, columns // 4 : columns // 2] = True
    cells = np.argwhere(view.extract(mask) > 0)
    (y0, x0), (y1, x1) = cells.min(axis=0), cells.max(axis=0)
    box = box_around_mask(mask, view, 3)
    assert box == (x0 - 3, y0 - 3, x1 + 3, y1 + 3)
    prompts = Prompts(Box.of_mask(mask), input_box=box).checked((rows, columns))
    assert prompt_tokens([prompts], view)["boxes"][0].tolist() == list(box)


def test_that_more_of_a_cell_counts_the_higher_the_number_of_an_object() -> None:
    view = fitted_view(SliceGrid(1024, 1024), 256)
    mask = np.zeros((1024, 1024), dtype=bool)
    mask[400:600, 401:600] = True
    mask[400:600, 399] = True  # a quarter of the cells in their column
    assert box_around_mask(mask, view, 0, painted=1) == (100, 100, 149, 149)
    assert box_around_mask(mask, view, 0, painted=3) == (99, 100, 149, 149)


def test_that_a_mask_is_carried_by_area_where_images_are_shown_by_splines() -> None:
    mask = np.zeros((64, 128), dtype=bool)
    mask[20:30, 40:60] = True  # in a stretched view of 512 cells a pixel is 4 wide and 8 high
    stretched = fitted_view(SliceGrid(64, 128), 512, "stretch", "cubic")
    assert box_around_mask(mask, stretched, 0) == (160, 160, 239, 239)
    assert box_around_mask(mask, stretched, 6) == (154, 154, 245, 245)


def test_that_a_mask_is_carried_by_area_where_images_are_shown_by_pillow() -> None:
    mask = np.zeros((64, 64), dtype=bool)
    mask[20:30, 40:60] = True  # in a view of 512 cells a pixel is 8 wide, over whose edge Pillow blends
    view = fitted_view(SliceGrid(64, 64), 512, "corner", "antialiased")
    assert box_around_mask(mask, view, 0, painted=3) == (320, 160, 479, 239)


def test_that_an_empty_mask_has_no_box_around_it() -> None:
    assert box_around_mask(np.zeros((64, 64), dtype=bool), fitted_view(SliceGrid(64, 64), 64), 3) is None


# -------------------------------------------------------------------------------------------------------- many boxes


_CORNER = st.integers(0, 180)
_SIDE = st.integers(1, 120)


@given(
    boxes=st.lists(st.tuples(_CORNER, _CORNER, _SIDE, _SIDE), min_size=1, max_size=25),
    row_size=st.sampled_from([1.0, 2.5]),
)
def test_that_every_box_is_in_one_group_whose_view_serves_it(
    boxes: list[tuple[int, int, int, int]], row_size: float
) -> None:
    grid = SliceGrid(200, 220, row_size, 1.0)
    clipped = [Box(x, y, x + w, y + h).clipped((200, 220)) for x, y, w, h in boxes]
    extents = [(b.x0, b.y0, b.x1, b.y1) for b in clipped]
    own = [focus_view(extent, grid, 64) for extent in extents]
    groups = shared_views(clipped, own)
    assert sorted(n for group in groups for n in group.boxes) == list(range(len(boxes)))
    for group in groups:
        if len(group.boxes) == 1:
            assert group.view == own[group.boxes[0]]
        else:
            assert all(serves(group.view, extents[n]) for n in group.boxes)


def test_that_what_serves_is_between_the_ratios() -> None:
    view = View(GRID, 40.0, 40.0, 100.0, 64)
    assert serves(view, (50, 50, 50 + 100 / SMALLEST_RATIO, 60))
    assert not serves(view, (50, 50, 51 + 100 / SMALLEST_RATIO, 60))
    assert serves(view, (50, 50, 60, 51 + 100 / LARGEST_RATIO))
    assert not serves(view, (50, 50, 60, 49 + 100 / LARGEST_RATIO))
    assert not serves(view, (39, 50, 90, 90))
    assert serves(whole_view(GRID, 64), (0, 0, 300, 200))


class _Counting(ModelSegmenter):
    """A segmenter that counts what it encodes."""

    encoded = 0

    def encode(self, image: SliceImage, view: View) -> Embedding:
        """As ever, and counted."""
        self.encoded += 1
        return super().encode(image, view)


def test_that_many_boxes_come_in_order_from_few_encodings(
    maps_segmenter: ModelSegmenter, rng: np.random.Generator
) -> None:
    boxes = [Box(x, y, x + 12, y + 10) for y in range(5, 185, 18) for x in range(5, 285, 20)]
    rng.shuffle(boxes)
    counting = _Counting(maps_segmenter.pair)
    found = list(segment_boxes(counting, _image(boxes), [_larger(box, 1) for box in boxes]))
    assert len(found) == len(boxes) == 140
    assert all(_overlap(result.mask, box) > 0.8 for result, box in zip(found, boxes, strict=True))
    assert counting.encoded <= 100
    assert [result.score > 0.8 for result in found] == [True] * 140


def test_that_boxes_of_different_size_all_find_their_object(maps_segmenter: ModelSegmenter) -> None:
    boxes = [
        Box(10, 10, 14, 14),
        Box(200, 50, 260, 120),
        Box(30, 40, 150, 180),
        Box(210, 150, 230, 170),
        Box(2, 2, 6, 7),
    ]
    found = list(segment_boxes(maps_segmenter, _image(boxes), boxes))
    assert all(_overlap(result.mask, box) > 0.7 for result, box in zip(found, boxes, strict=True))


def test_that_a_token_model_encodes_the_slice_once(tokens_segmenter: ModelSegmenter) -> None:
    boxes = [Box(x, y, x + 40, y + 30) for y in range(10, 160, 50) for x in range(10, 250, 60)]
    counting = _Counting(tokens_segmenter.pair)
    found = list(segment_boxes(counting, _image(boxes), boxes))
    assert counting.encoded == 1
    assert all(_overlap(result.mask, box) > 0.7 for result, box in zip(found, boxes, strict=True))


def test_that_no_box_gives_no_mask_and_a_wrong_one_is_refused_before_any_work(maps_segmenter: ModelSegmenter) -> None:
    counting = _Counting(maps_segmenter.pair)
    assert list(segment_boxes(counting, _image([]), [])) == []
    with pytest.raises(PromptError, match="outside the slice"):
        segment_boxes(counting, _image([]), [Box(0, 0, 9, 9), Box(300, 0, 310, 9)])
    assert counting.encoded == 0


def test_that_memory_does_not_grow_with_the_number_of_boxes(maps_segmenter: ModelSegmenter) -> None:
    grid = SliceGrid(1000, 1200)
    boxes = [Box(x, y, x + 24, y + 24) for y in range(0, 960, 48) for x in range(0, 1160, 48)]  # 500

    class Instant(ModelSegmenter):
        """Answers with the box itself: this is about what is kept, not about the network."""

        def encode(self, image: SliceImage, view: View) -> Embedding:
            del image
            return Embedding({}, view)

        def decode(self, embedding: Embedding, prompts: Sequence[Prompts]) -> list[SliceMask]:
            masks = []
            for prompt in prompts:
                mask = np.zeros((embedding.view.grid.rows, embedding.view.grid.columns), dtype=bool)
                assert prompt.box is not None
                mask[prompt.box.y0 : prompt.box.y1, prompt.box.x0 : prompt.box.x1] = True
                masks.append(SliceMask(mask, 1.0, 1.0))
            return masks

    tracemalloc.start()
    areas = [int(result.mask.sum()) for result in segment_boxes(Instant(maps_segmenter.pair), _image([], grid), boxes)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert areas == [24 * 24] * len(boxes)
    assert peak < 20 * 1000 * 1200  # bytes: a handful of whole masks, where all of them would take 600 MB
