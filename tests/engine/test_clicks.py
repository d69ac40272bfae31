"""A click is followed, about as far as the mistake reaches and no farther, whatever the model says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine.clicks import follow_clicks
from app.engine.prompt import Box, Point, Prompts
from app.engine.segmenter import SliceImage, open_segmenter
from app.engine.view import SliceGrid
from tests.engine.tiny_package import write_tiny_package

Mask = NDArray[np.bool_]
GRID = SliceGrid(60, 80)
BOX = Box(10, 10, 50, 50)


def _mask(x0: int, y0: int, x1: int, y1: int) -> Mask:
    mask = np.zeros((60, 80), dtype=bool)
    mask[y0:y1, x0:x1] = True
    return mask


def _changed(mask: Mask, prompts: Prompts, grid: SliceGrid = GRID) -> Mask:
    after = mask.copy()
    follow_clicks(after, prompts, grid)
    return after ^ mask


def test_that_a_missed_place_is_filled_nearly_to_the_mask() -> None:
    mask = _mask(10, 10, 40, 50)  # its edge lies ten voxels from the click
    changed = _changed(mask, Prompts(BOX, (Point(49, 30),), mask))
    y, x = np.mgrid[:60, :80]
    assert np.array_equal(changed, np.hypot(y - 30, x - 49) <= 9)


def test_that_what_was_taken_wrongly_is_emptied_nearly_to_the_background() -> None:
    mask = _mask(10, 10, 50, 30)
    changed = _changed(mask, Prompts(BOX, (Point(30, 14, positive=False),), mask))
    y, x = np.mgrid[:60, :80]
    assert np.array_equal(changed, np.hypot(y - 14, x - 30) <= 4.5)


def test_that_distances_are_as_long_as_voxels_are() -> None:
    mask = _mask(10, 10, 50, 30)
    changed = _changed(mask, Prompts(BOX, (Point(30, 14, positive=False),), mask), SliceGrid(60, 80, 1.0, 2.0))
    assert np.ptp(np.flatnonzero(changed.any(axis=1))) == 8
    assert np.ptp(np.flatnonzero(changed.any(axis=0))) == 4


def test_that_a_click_that_agrees_changes_nothing() -> None:
    mask = _mask(20, 20, 40, 40)
    agreeing = (Point(30, 30), Point(12, 12, positive=False))
    assert not _changed(mask, Prompts(BOX, agreeing, mask)).any()
    assert not _changed(mask, Prompts(BOX, agreeing)).any()


def test_that_a_correction_of_which_the_answer_has_learnt_still_counts() -> None:
    before, answer = _mask(10, 10, 30, 50), _mask(10, 10, 36, 50)
    changed = _changed(answer, Prompts(BOX, (Point(35, 30),), before))
    assert changed[30, 36:40].all()  # from the edge of the mask before, six voxels away, not from that of the answer
    assert not _changed(answer, Prompts(BOX, (Point(35, 30),))).any()


def test_that_an_earlier_click_is_not_forgotten() -> None:
    before, answer = _mask(10, 10, 40, 50), _mask(10, 10, 30, 50)
    assert _changed(answer, Prompts(BOX, (Point(35, 30),), before))[30, 35]


@pytest.mark.parametrize("answered", [True, False])
def test_that_a_click_does_not_undo_one_that_says_the_opposite(answered: bool) -> None:
    before = _mask(10, 10, 50, 50)
    answer = before.copy()
    answer[30, 36] = answered  # whether or not the answer has the place that is to stay
    clicks = (Point(36, 30), Point(30, 30, positive=False))
    for points in (clicks, clicks[::-1]):
        after = _changed(answer, Prompts(BOX, points, before)) ^ answer
        assert after[30, 36]
        assert not after[30, 28:33].any()


@pytest.mark.parametrize("last", [True, False])
def test_that_of_clicks_in_one_voxel_the_last_counts(last: bool) -> None:
    before = _mask(10, 10, 50, 50) if last else _mask(10, 10, 20, 20)
    clicks = (Point(30, 30, positive=not last), Point(30, 30, positive=last))
    after = _changed(before, Prompts(BOX, clicks, before)) ^ before
    assert after[30, 30] == last


def test_that_a_click_far_from_the_mask_does_not_fill_the_box() -> None:
    mask = _mask(10, 10, 14, 14)
    changed = _changed(mask, Prompts(BOX, (Point(45, 45),), mask))
    assert np.ptp(np.flatnonzero(changed.any(axis=0))) == 24  # 0.3 of the box on each side


@pytest.mark.parametrize(("filled", "positive"), [(False, True), (True, False)])
def test_that_in_a_slice_that_is_all_wrong_the_voxel_is_right(filled: bool, positive: bool) -> None:
    mask = np.full((60, 80), filled)
    changed = _changed(mask, Prompts(BOX, (Point(79.4, -0.4, positive=positive),)))
    assert np.argwhere(changed).tolist() == [[0, 79]]


def test_that_clicks_do_not_depend_on_their_order() -> None:
    mask = _mask(10, 10, 40, 50)
    clicks = (Point(44, 20), Point(46, 26), Point(20, 12, positive=False))
    there, back = (_changed(mask, Prompts(BOX, points, mask)) for points in (clicks, clicks[::-1]))
    assert np.array_equal(there, back)
    assert there.any()


def test_that_the_engine_follows_clicks_that_come_with_a_box_alone(tmp_path: Path) -> None:
    segmenter = open_segmenter(write_tiny_package(tmp_path / "tiny"))
    pixels = np.zeros((60, 80), dtype=np.uint8)
    pixels[12:48, 12:36] = 255  # all that the tiny model takes is what is bright
    image = SliceImage(pixels, GRID)
    embedding = segmenter.encode(image, segmenter.view_for(Prompts(BOX), GRID))
    alone, missed, taken = (
        segmenter.decode(embedding, [Prompts(BOX, points)])[0].mask
        for points in ((), (Point(42, 30),), (Point(24, 30, positive=False),))
    )
    assert np.array_equal(alone, pixels > 0)
    assert missed[28:33, 40:46].all()
    assert not taken[26:34, 20:28].any()
    assert taken[12:20, 12:20].all()
