from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine.embeddings import Embedding, EmbeddingCache
from app.engine.errors import PromptError
from app.engine.geometry import Geometry
from app.engine.plane import SliceKey
from app.engine.prompt import Box, Box3D, Prompts
from app.engine.propagate import CarryRule, Seed, SliceResult, propagate
from app.engine.segmenter import ModelSegmenter, SliceImage, SliceMask
from app.engine.view import View
from app.engine.volume import Volume

SHAPE = (12, 60, 80)


def _volume(truth: NDArray[np.bool_]) -> Volume:
    voxels = np.where(truth, 300, 10).astype(np.int16)
    geometry = Geometry.from_components(shape_zyx=voxels.shape, spacing_xyz=(1.0, 1.0, 1.0))
    return Volume(voxels, geometry)


def _leaning(first: int, last: int) -> NDArray[np.bool_]:
    """A bar of 16 x 14 voxels in slices first to last that moves two voxels to the right in each."""
    truth = np.zeros(SHAPE, dtype=bool)
    for z in range(first, last + 1):
        truth[z, 20:34, 10 + 2 * z : 26 + 2 * z] = True
    return truth


def _dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float(2 * (a & b).sum() / max(a.sum() + b.sum(), 1))


class _Watched(ModelSegmenter):
    """Keeps what it was asked."""

    def __init__(self, segmenter: ModelSegmenter) -> None:
        super().__init__(segmenter.pair)
        self.asked: list[Prompts] = []
        self.views: list[View] = []
        self.encoded = 0

    def encode(self, image: SliceImage, view: View) -> Embedding:
        """As ever, and counted."""
        self.encoded += 1
        return super().encode(image, view)

    def decode(self, embedding: Embedding, prompts: Sequence[Prompts]) -> list[SliceMask]:
        """As ever, and written down."""
        self.asked += prompts
        self.views.append(embedding.view)
        return super().decode(embedding, prompts)


# --------------------------------------------------------------------------------------------------- from one slice on


def test_that_a_seed_is_carried_both_ways_until_the_object_ends(maps_segmenter: ModelSegmenter) -> None:
    truth = _leaning(2, 9)
    seed = Seed(SliceKey(0, 5), Prompts(Box(19, 19, 38, 36)))
    rule = CarryRule(margin=0.0, margin_voxels=2)  # the stand-in for a model does not look beyond its box
    results = list(propagate(maps_segmenter, _volume(truth), seed, rule=rule))
    assert [result.key.index for result in results] == [5, 6, 4, 7, 3, 8, 2, 9]
    assert all(_dice(result.mask, truth[result.key.index]) > 0.9 for result in results)
    assert all(result.present > 0.5 and result.score > 0.5 for result in results)


def test_that_the_next_slice_is_prompted_with_the_last_mask_and_its_enlarged_box(
    maps_segmenter: ModelSegmenter,
) -> None:
    watched = _Watched(maps_segmenter)
    seed = Seed(SliceKey(0, 5), Prompts(Box(19, 19, 38, 36)))
    rule = CarryRule(margin=0.1, margin_voxels=2)
    first, second = islice(propagate(watched, _volume(_leaning(2, 9)), seed, rule=rule), 2)
    box = Box.of_mask(first.mask)
    assert box is not None
    assert watched.asked[0].previous is None
    assert watched.asked[1].previous is first.mask
    assert watched.asked[1].place is None
    x, y = (int(extent * 0.1) + 2 for extent in (box.width, box.height))
    assert watched.asked[1].box == Box(box.x0 - x, box.y0 - y, box.x1 + x, box.y1 + y)
    assert second.key == SliceKey(0, 6)


def test_that_an_accepted_mask_is_carried_as_it_is(maps_segmenter: ModelSegmenter) -> None:
    truth = _leaning(2, 9)
    watched = _Watched(maps_segmenter)
    accepted = truth[5]
    seed = Seed(SliceKey(0, 5), Prompts(Box(0, 0, 3, 3)), accepted)
    results = list(propagate(watched, _volume(truth), seed))
    assert results[0].mask is accepted
    assert (results[0].score, results[0].present) == (1.0, 1.0)
    assert {result.key.index for result in results} == set(range(2, 10))
    assert len(watched.asked) == 7 + 2  # one look beyond each end, none at the seed's own slice


def test_that_only_the_limits_are_visited(maps_segmenter: ModelSegmenter) -> None:
    seed = Seed(SliceKey(0, 5), Prompts(Box(19, 19, 38, 36)))
    watched = _Watched(maps_segmenter)
    results = propagate(watched, _volume(_leaning(0, 11)), seed, limits=range(4, 8))
    assert sorted(result.key.index for result in results) == [4, 5, 6, 7]
    assert len(watched.asked) == 4
    whole = propagate(maps_segmenter, _volume(_leaning(0, 11)), seed)
    assert sorted(result.key.index for result in whole) == list(range(12))


@pytest.mark.parametrize(
    "rule", [CarryRule(lowest_score=0.95), CarryRule(lowest_present=1.1)], ids=["score", "presence"]
)
def test_that_a_doubtful_slice_ends_it(maps_segmenter: ModelSegmenter, rule: CarryRule) -> None:
    seed = Seed(SliceKey(0, 5), Prompts(Box(19, 19, 38, 36)))  # the tiny model's scores are 0.9, its presence 1
    assert len(list(propagate(maps_segmenter, _volume(_leaning(2, 9)), seed, rule=rule))) == 1


def test_that_nothing_is_carried_from_an_empty_slice(maps_segmenter: ModelSegmenter) -> None:
    seed = Seed(SliceKey(0, 0), Prompts(Box(19, 19, 38, 36)))
    (only,) = propagate(maps_segmenter, _volume(_leaning(2, 9)), seed)
    assert not only.mask.any()


def test_that_no_more_is_computed_than_is_asked_for(maps_segmenter: ModelSegmenter) -> None:
    watched = _Watched(maps_segmenter)
    results = propagate(watched, _volume(_leaning(0, 11)), Seed(SliceKey(0, 5), Prompts(Box(19, 19, 38, 36))))
    assert watched.encoded == 0
    list(islice(results, 3))
    assert watched.encoded == 3


def test_that_a_cache_changes_no_mask_and_saves_the_encoding(maps_segmenter: ModelSegmenter) -> None:
    volume, seed = _volume(_leaning(2, 9)), Seed(SliceKey(0, 5), Prompts(Box(19, 19, 38, 36)))
    cache = EmbeddingCache(10**8)
    watched = _Watched(maps_segmenter)
    plain, first, second = (list(propagate(watched, volume, seed, cache=c)) for c in (None, cache, cache))
    for a, b, c in zip(plain, first, second, strict=True):
        np.testing.assert_array_equal(a.mask, b.mask)
        np.testing.assert_array_equal(a.mask, c.mask)
        assert (a.key, a.score, a.present) == (b.key, b.score, b.present) == (c.key, c.score, c.present)
    assert watched.encoded == 2 * len(watched.asked) // 3


@pytest.mark.parametrize(
    ("seed", "limits"),
    [
        (Seed(SliceKey(0, 12), Prompts(Box(0, 0, 9, 9))), None),
        (Seed(SliceKey(0, 5), Prompts(Box(90, 0, 99, 9))), None),
        (Seed(SliceKey(0, 5), Prompts(Box(0, 0, 9, 9)), np.ones((5, 5), dtype=bool)), None),
        (Seed(SliceKey(0, 5), Prompts(Box(0, 0, 9, 9))), range(6, 9)),
        (Box3D(0, 0, 12, 9, 9, 13), None),
        (Box3D(0, 0, 3, 9, 9, 5), range(6, 9)),
    ],
    ids=["slice", "box", "mask", "limits", "3-D box", "limits of a 3-D box"],
)
def test_that_what_lies_outside_is_refused_at_once(
    maps_segmenter: ModelSegmenter, seed: Seed | Box3D, limits: range | None
) -> None:
    with pytest.raises(PromptError):
        propagate(maps_segmenter, _volume(_leaning(2, 9)), seed, limits=limits)


# ---------------------------------------------------------------------------------------------------- within a 3-D box


def _joined(results: Sequence[SliceResult]) -> NDArray[np.bool_]:
    joined = np.zeros(SHAPE, dtype=bool)
    for result in results:
        joined[result.key.selector()] = result.mask
    return joined


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_a_box_is_filled_along_any_axis_first_and_last_slice_included(
    maps_segmenter: ModelSegmenter, axis: int
) -> None:
    truth = _leaning(0, 11)
    box = Box3D.of_mask(truth)
    assert box is not None
    results = list(propagate(maps_segmenter, _volume(truth), box, axis=axis))
    assert sorted(result.key.index for result in results) == list(box.range_of(axis))
    middle = (box.range_of(axis)[0] + box.range_of(axis)[-1]) // 2
    assert [result.key.index - middle for result in results[:5]] == [0, 1, -1, 2, -2]
    assert _dice(_joined(results), truth) > 0.9


def test_that_every_slice_knows_its_place_its_neighbour_and_the_same_view(maps_segmenter: ModelSegmenter) -> None:
    watched = _Watched(maps_segmenter)
    box = Box3D(12, 18, 3, 48, 36, 8)  # slices 3 to 7
    results = list(propagate(watched, _volume(_leaning(0, 11)), box))
    assert [result.key.index for result in results] == [5, 6, 4, 7, 3]
    assert [prompts.place for prompts in watched.asked] == [0.0, 0.5, -0.5, 1.0, -1.0]
    assert {prompts.box for prompts in watched.asked} == {Box(12, 18, 48, 36)}
    assert len(set(watched.views)) == 1
    assert watched.asked[0].previous is None
    for asked, neighbour in ((1, 0), (2, 0), (3, 1), (4, 2)):
        assert watched.asked[asked].previous is results[neighbour].mask


def test_that_nothing_reaches_beyond_the_box(maps_segmenter: ModelSegmenter) -> None:
    truth = np.ones(SHAPE, dtype=bool)
    truth[:, 30, 43] = False  # within the view, outside the box: without it the view would be constant
    box = Box3D(20, 20, 2, 41, 39, 5)
    joined = _joined(list(propagate(maps_segmenter, _volume(truth), box)))
    assert Box3D.of_mask(joined) == box


def test_that_a_lost_object_is_looked_for_with_its_last_mask(maps_segmenter: ModelSegmenter) -> None:
    truth = _leaning(0, 11)
    truth[7] = False
    watched = _Watched(maps_segmenter)
    results = {r.key.index: r for r in propagate(watched, _volume(truth), Box3D(8, 18, 0, 52, 36, 12))}
    assert not results[7].mask.any()
    assert results[7].present < 0.5
    asked = dict(zip(results, watched.asked, strict=True))
    assert asked[8].previous is results[6].mask
    assert _dice(results[8].mask, truth[8]) > 0.9


def test_that_a_box_of_one_slice_has_its_place_in_the_middle(maps_segmenter: ModelSegmenter) -> None:
    watched = _Watched(maps_segmenter)
    (only,) = propagate(watched, _volume(_leaning(0, 11)), Box3D(18, 18, 5, 40, 36, 6))
    assert only.key == SliceKey(0, 5)
    assert watched.asked[0].place == 0.0


# ------------------------------------------------------------------------------------------------- models with tokens


def test_that_a_token_model_follows_the_mask_as_the_challenge_does(tokens_segmenter: ModelSegmenter) -> None:
    truth = _leaning(0, 11)
    watched = _Watched(tokens_segmenter)
    outline = Box(18, 19, 38, 36)  # fits the middle slice alone: the bar moves out of it
    results = list(propagate(watched, _volume(truth), Box3D(18, 19, 0, 38, 36, 12)))
    assert sorted(result.key.index for result in results) == list(range(12))
    assert watched.asked[0].box == outline
    assert watched.asked[1].box != outline
    assert all(prompts.previous is None and prompts.place is None for prompts in watched.asked)
    assert _dice(_joined(results), truth) > 0.85  # beyond the given box on the outer slices: nothing is cut off


def test_that_a_token_model_falls_back_to_the_given_box(tokens_segmenter: ModelSegmenter) -> None:
    truth = np.zeros(SHAPE, dtype=bool)
    truth[:, 20:34, 20:36] = True
    truth[8] = False
    watched = _Watched(tokens_segmenter)
    results = {r.key.index: r for r in propagate(watched, _volume(truth), Box3D(19, 19, 0, 37, 35, 12))}
    assert not results[8].mask.any()
    asked = dict(zip(results, watched.asked, strict=True))
    assert asked[9].box == Box(19, 19, 37, 35)
    assert _dice(results[9].mask, truth[9]) > 0.85


def test_that_a_token_model_carries_a_seed_until_the_object_ends(tokens_segmenter: ModelSegmenter) -> None:
    truth = _leaning(2, 9)
    seed = Seed(SliceKey(0, 5), Prompts(Box(19, 19, 38, 36)))
    results = list(propagate(tokens_segmenter, _volume(truth), seed))
    assert sorted(result.key.index for result in results) == list(range(2, 10))
    assert _dice(_joined(results), truth) > 0.85
