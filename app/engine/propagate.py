"""Carrying an object through the slices of a volume, as a generator: the caller stops it by not asking on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.engine.embeddings import EmbeddingCache
from app.engine.errors import PromptError
from app.engine.plane import SliceKey
from app.engine.prompt import Box, Box3D, Prompts
from app.engine.prompt_tokens import box_around_mask
from app.engine.segmenter import Segmenter, SliceMask, embedding_of
from app.engine.view import SliceGrid, View
from app.engine.volume import Volume


@dataclass(frozen=True, eq=False)
class Seed:
    """An object in one slice: prompts, and the mask (rows, columns) that the user accepted there, if there is one."""

    key: SliceKey
    prompts: Prompts
    mask: NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class CarryRule:
    """How a seed is carried on, and when it stops.

    The next box is that of the last mask, larger on each side by `margin` of its extent, in whole voxels (so a small
    box stays as it is: with the mask beside it, it needs no room), and `margin_voxels`. It stops before a slice whose
    mask is empty, whose object is less probable than `lowest_present` (the manifest's threshold where None), or whose
    predicted IoU is below `lowest_score`.
    """

    margin: float = 0.1
    margin_voxels: int = 0
    lowest_present: float | None = None
    lowest_score: float = 0.3


@dataclass(frozen=True, eq=False)
class SliceResult:
    """The mask (rows, columns) of one slice, its predicted IoU and the probability that there is an object, 0..1."""

    key: SliceKey
    mask: NDArray[np.bool_]
    score: float
    present: float


def propagate(
    segmenter: Segmenter,
    volume: Volume,
    seed: Seed | Box3D,
    *,
    axis: int = 0,
    limits: range | None = None,
    cache: EmbeddingCache | None = None,
    rule: CarryRule | None = None,
    painted: int = 1,
) -> Iterator[SliceResult]:
    """Masks of an object slice by slice, nearest to the start first, both ways by turns.

    A `Seed` is carried from its slice (whose result comes first: the accepted mask, where there is one, with score 1)
    until it stops itself, see `CarryRule`.

    A `Box3D` is filled along an array axis (0 = z, 1 = y, 2 = x) from its middle slice outwards: every slice, the first
    and the last included, through one view of its outline. Since the box bounds the object, what lies outside its
    outline is cut off. Slices where the object seems absent are returned with the mask that they have.

    Models prompted by tokens have no memory but the box: they are carried as the challenge's baseline does it (slice 0
    included, which it forgot): the prompt is the box of the last mask, larger by what the manifest says, or the given
    box where that mask is empty, and nothing is cut off. `painted` is the object's number, see `box_around_mask`.

    `limits` are the slices that may be visited. Embeddings are taken from and put into the `cache`. Raises PromptError
    at once where the seed lies outside the volume or the limits.
    """
    walker = _Walker(segmenter, volume, cache, painted)
    if isinstance(seed, Box3D):
        box = seed.clipped(volume.shape_zyx)
        return _through_box(walker, box, axis, _limited(box.range_of(axis), limits))
    key = seed.key.checked(volume.shape_zyx)
    slices = _limited(range(volume.shape_zyx[key.axis]), limits)
    if key.index not in slices:
        raise PromptError(f"slice {key.index} lies outside the slices {slices.start} to {slices.stop - 1}")
    shape = key.shape(volume.shape_zyx)
    if seed.mask is not None and seed.mask.shape != shape:
        raise PromptError(f"the accepted mask has shape {seed.mask.shape}, the slice {shape}")
    prompts = seed.prompts.checked(shape)
    return _from_seed(walker, replace(seed, prompts=prompts), slices, rule or CarryRule())


class _Walker:
    """Decodes slices of one volume, through the cache where there is one."""

    def __init__(self, segmenter: Segmenter, volume: Volume, cache: EmbeddingCache | None, painted: int) -> None:
        self.segmenter = segmenter
        self.volume = volume
        self._cache = cache
        self._painted = painted

    @property
    def by_tokens(self) -> bool:
        return self.segmenter.manifest.encoding == "tokens"

    def grid(self, key: SliceKey) -> SliceGrid:
        return SliceGrid.of(key, self.volume.shape_zyx, self.volume.geometry.spacing_zyx)

    def carried(self, mask: NDArray[np.bool_], view: View) -> Prompts | None:
        """How a model of tokens is prompted after a mask (rows, columns); None where it leaves nothing in its view."""
        tight = Box.of_mask(mask)
        margin = self.segmenter.manifest.carry_margin
        if tight is None or margin is None:  # None: the tight box in voxels, as MedficientSAM carries it
            return None if tight is None else Prompts(tight)
        around = box_around_mask(mask, view, margin, self._painted)
        return None if around is None else Prompts(tight, input_box=around)

    def decode(self, key: SliceKey, view: View, prompts: Prompts) -> SliceMask:
        embedding = embedding_of(self.segmenter, self.volume, key, view, self._cache)
        return self.segmenter.decode(embedding, [prompts])[0]


# --------------------------------------------------------------------------------------------------- from one slice on


def _from_seed(walker: _Walker, seed: Seed, slices: range, rule: CarryRule) -> Iterator[SliceResult]:
    view = walker.segmenter.view_for(seed.prompts, walker.grid(seed.key))
    if seed.mask is None:
        found = walker.decode(seed.key, view, seed.prompts)
    else:
        found = SliceMask(seed.mask, 1.0, 1.0)
    yield SliceResult(seed.key, found.mask, found.score, found.present)
    if found.mask.any():
        ways = (range(seed.key.index + 1, slices.stop), range(seed.key.index - 1, slices.start - 1, -1))
        yield from _by_turns([_carried(walker, seed.key.axis, way, (found.mask, view), rule) for way in ways])


def _carried(
    walker: _Walker, axis: int, way: range, start: tuple[NDArray[np.bool_], View], rule: CarryRule
) -> Iterator[SliceResult]:
    """On from a mask and its view, one way, until the object is no longer there."""
    mask, view = start
    lowest_present = rule.lowest_present
    if lowest_present is None:
        lowest_present = walker.segmenter.manifest.present_threshold
    for key in (SliceKey(axis, index) for index in way):
        prompts = _prompts_after(walker, mask, view, rule)
        view = walker.segmenter.view_for(prompts, walker.grid(key), view)
        found = walker.decode(key, view, prompts)
        if not found.mask.any() or found.present < lowest_present or found.score < rule.lowest_score:
            return
        mask = found.mask
        yield SliceResult(key, mask, found.score, found.present)


def _prompts_after(walker: _Walker, mask: NDArray[np.bool_], view: View, rule: CarryRule) -> Prompts:
    tight = Box.of_mask(mask)
    if tight is None:  # only `mask.any()` leads here
        raise PromptError("an empty mask cannot be carried to the next slice")
    if walker.by_tokens:
        return walker.carried(mask, view) or Prompts(tight)
    return Prompts(next_box(tight, (mask.shape[0], mask.shape[1]), rule), previous=mask)


def next_box(box: Box, shape: tuple[int, int], rule: CarryRule | None = None) -> Box:
    """The box for the next slice (rows, columns) after the tight box of a mask."""
    rule = rule or CarryRule()
    x = int(box.width * rule.margin) + rule.margin_voxels
    y = int(box.height * rule.margin) + rule.margin_voxels
    return Box(box.x0 - x, box.y0 - y, box.x1 + x, box.y1 + y).clipped(shape)


# ------------------------------------------------------------------------------------------------- within a 3-D box


def _through_box(walker: _Walker, box: Box3D, axis: int, slices: range) -> Iterator[SliceResult]:
    whole, outline = box.range_of(axis), box.in_slice(axis)
    middle = min(max((whole.start + whole.stop - 1) // 2, slices.start), slices.stop - 1)
    view = walker.segmenter.view_for(Prompts(outline), walker.grid(SliceKey(axis, middle)))
    filler = _Filler(walker, outline, view, whole, axis)
    first = filler.result(middle, None)
    yield first
    ways = (range(middle + 1, slices.stop), range(middle - 1, slices.start - 1, -1))
    yield from _by_turns([filler.onwards(way, first.mask) for way in ways])


@dataclass(frozen=True, eq=False)
class _Filler:
    """Fills the slices of a 3-D box."""

    walker: _Walker
    outline: Box
    view: View
    whole: range
    axis: int

    def onwards(self, way: range, mask: NDArray[np.bool_]) -> Iterator[SliceResult]:
        """On from the mask of the slice before, one way, to the end."""
        previous = mask
        for index in way:
            result = self.result(index, previous)
            # An object that seems to vanish within its own box is more likely lost than gone: its last mask stays.
            # Token models take the given box then, as the challenge's baseline does.
            if result.mask.any() or self.walker.by_tokens:
                previous = result.mask
            yield result

    def result(self, index: int, previous: NDArray[np.bool_] | None) -> SliceResult:
        """Of one slice, after the mask of its neighbour (None on the slice with which it begins)."""
        key = SliceKey(self.axis, index)
        if self.walker.by_tokens:
            carried = None if previous is None else self.walker.carried(previous, self.view)
            found = self.walker.decode(key, self.view, carried or Prompts(self.outline))
            return SliceResult(key, found.mask, found.score, found.present)
        known = previous if previous is not None and previous.any() else None
        found = self.walker.decode(key, self.view, Prompts(self.outline, previous=known, place=self._place(index)))
        return SliceResult(key, _cut(found.mask, self.outline), found.score, found.present)

    def _place(self, index: int) -> float:
        last = len(self.whole) - 1
        return 2.0 * (index - self.whole.start) / last - 1.0 if last else 0.0


def _cut(mask: NDArray[np.bool_], box: Box) -> NDArray[np.bool_]:
    """The part of a mask within a box."""
    part = np.zeros_like(mask)
    part[box.y0 : box.y1, box.x0 : box.x1] = mask[box.y0 : box.y1, box.x0 : box.x1]
    return part


# -------------------------------------------------------------------------------------------------------------- common


def _limited(slices: range, limits: range | None) -> range:
    if limits is None:
        return slices
    kept = range(max(slices.start, limits.start), min(slices.stop, limits.stop))
    if not kept:
        raise PromptError(f"none of the slices {slices.start} to {slices.stop - 1} lies within the limits")
    return kept


def _by_turns(ways: Sequence[Iterator[SliceResult]]) -> Iterator[SliceResult]:
    """One result of each way in turn, until all are exhausted."""
    going = list(ways)
    while going:
        for way in list(going):
            result = next(way, None)
            if result is None:
                going.remove(way)
            else:
                yield result
