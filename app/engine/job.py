"""One image and what was said of its objects, to one label map: behind `segment` and each case of a batch."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.cleanup import clean
from app.engine.consensus import Provisional, fill_box, step_count
from app.engine.embeddings import EmbeddingCache
from app.engine.errors import PromptError
from app.engine.plane import SliceKey, axis_of
from app.engine.prompt import Box, Box3D, Point, Prompts
from app.engine.prompt_file import ObjectPrompt
from app.engine.propagate import Seed, SliceResult, propagate
from app.engine.segmenter import Segmenter, SliceImage, SliceMask, segment_boxes
from app.engine.volume import Kind, Volume

Labels = NDArray[np.uint8] | NDArray[np.uint16]
_CACHE_BYTES = 128 * 2**20  # embeddings of a case: objects whose boxes share a view share its encodings


@dataclass(frozen=True)
class Options:
    """What to do beside decoding. All off: the result is the model's, as the challenge wants it."""

    propagate: bool = False  # carry a prompt in one slice through the volume, both ways
    largest: bool = False
    fill_holes: bool = False


@dataclass(frozen=True)
class LabelResult:
    """What became of a label.

    `volume_ml` is None where the file does not say how large a voxel is in all three directions. `score` is the
    model's own estimate of the overlap with the truth, 0..1. `doubtful`: it deserves a second look.
    """

    value: int
    label: str
    voxels: int
    volume_ml: float | None
    score: float | None
    doubtful: bool

    def as_json(self) -> dict[str, Any]:
        """As in sidecars and in what `segment --json` prints."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> LabelResult:
        """The exact inverse; raises KeyError, TypeError or ValueError for anything else."""
        volume_ml, score = values["volume_ml"], values["score"]
        return cls(
            value=int(values["value"]),
            label=str(values["label"]),
            voxels=int(values["voxels"]),
            volume_ml=None if volume_ml is None else float(volume_ml),
            score=None if score is None else float(score),
            doubtful=bool(values["doubtful"]),
        )


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Label map (Z, Y, X) on the volume's grid, uint8 or beyond 255 uint16.

    `shown` is the slice that shows it best, `boxes` are the outlines of the boxes in that slice.
    """

    labels: Labels
    results: tuple[LabelResult, ...]
    shown: SliceKey
    boxes: tuple[Box, ...]
    seconds: float


def segment_volume(
    segmenter: Segmenter, volume: Volume, prompts: Sequence[ObjectPrompt], options: Options | None = None
) -> Segmentation:
    """Decode every prompt and paint it in the order given: later objects lie over earlier ones.

    Without prompts the map is empty. Raises PromptError, naming the label, where a prompt does not fit the volume;
    nothing is decoded then.
    """
    steps = segment_steps(segmenter, volume, prompts, options)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            done: Segmentation = end.value
            return done


def segment_steps(
    segmenter: Segmenter, volume: Volume, prompts: Sequence[ObjectPrompt], options: Options | None = None
) -> Generator[float, None, Segmentation]:
    """The same a slice or an object at a time, for whoever has others waiting; yields how much is done, 0..1."""
    options = options or Options()
    start = time.perf_counter()
    placed = [_place(prompt, volume, options) for prompt in prompts]
    canvas = _Canvas.of(volume, placed)
    cache = EmbeddingCache(_CACHE_BYTES)
    done = 0
    for key, group in groupby(placed, key=lambda one: one.key if isinstance(one, _InSlice) else None):
        together = list(group)
        in_slice = [one for one in together if isinstance(one, _InSlice)]
        if key is not None:
            masks = _decoded(segmenter, SliceImage.of(volume, key), in_slice)
            for one, mask in zip(in_slice, masks, strict=True):
                canvas.paint_slice(one, mask, options)
                done += 1
                yield done / len(placed)
        for through in (one for one in together if isinstance(one, _Through)):
            for part in canvas.paint_volume(through, _found(segmenter, volume, through, cache), options):
                yield (done + min(part / _most(segmenter, volume, through.seed), 1.0)) / len(placed)
            done += 1
    results = canvas.results(volume, segmenter.manifest.doubtful_threshold)
    shown = canvas.shown(placed)
    boxes = tuple(box for one in placed if (box := _outline(one, shown)) is not None)
    return Segmentation(canvas.labels, results, shown, boxes, time.perf_counter() - start)


@dataclass(frozen=True, eq=False)
class _InSlice:
    """A prompt that fits its slice and stays there."""

    prompt: ObjectPrompt
    key: SliceKey
    prompts: Prompts


@dataclass(frozen=True, eq=False)
class _Through:
    """A 3-D box that fits the volume, or a prompt in one slice that is to be carried through it."""

    prompt: ObjectPrompt
    seed: Seed | Box3D


_Placed = _InSlice | _Through


def _place(prompt: ObjectPrompt, volume: Volume, options: Options) -> _Placed:
    try:
        if prompt.box3d is not None:
            return _Through(prompt, prompt.box3d.clipped(volume.shape_zyx))
        axis = 0 if prompt.plane is None else axis_of(prompt.plane, volume.geometry)
        key = SliceKey(axis, _slice_index(prompt, axis, volume)).checked(volume.shape_zyx)
        points = tuple(Point(*_in_slice((p.x, p.y, p.z), axis), positive=p.positive) for p in prompt.points)
        prompts = Prompts(prompt.box, points).checked(key.shape(volume.shape_zyx))
    except PromptError as error:
        raise PromptError(f"label '{prompt.label}': {error}") from None
    if options.propagate and volume.shape_zyx[axis] > 1:
        return _Through(prompt, Seed(key, prompts))
    return _InSlice(prompt, key, prompts)


def _slice_index(prompt: ObjectPrompt, axis: int, volume: Volume) -> int:
    """The slice that is named, or that holds all points, or the only one there is."""
    along = {int(np.floor((p.x, p.y, p.z)[2 - axis] + 0.5)) for p in prompt.points}
    if prompt.index is not None:
        along.add(prompt.index)
    if len(along) > 1:
        raise PromptError("its points (and its slice, where given) are not all in the same slice")
    if along:
        return along.pop()
    count = volume.shape_zyx[axis]
    if count > 1:
        raise PromptError(f"a box in one slice needs the number of the slice: the image has slices 0 to {count - 1}")
    return 0


def _in_slice(xyz: tuple[float, float, float], axis: int) -> tuple[float, float]:
    """(column, row) of a voxel in a slice along an array axis (0 = z, 1 = y, 2 = x)."""
    column, row = (value for n, value in enumerate(xyz) if n != 2 - axis)
    return column, row


def _outline(placed: _Placed, shown: SliceKey) -> Box | None:
    """The box of a prompt as it appears in a slice; None where it does not."""
    if isinstance(placed, _InSlice):
        return placed.prompts.box if placed.key == shown else None
    if isinstance(placed.seed, Seed):
        return placed.seed.prompts.box if placed.seed.key == shown else None
    return placed.seed.in_slice(shown.axis) if shown.index in placed.seed.range_of(shown.axis) else None


def _decoded(segmenter: Segmenter, image: SliceImage, placed: Sequence[_InSlice]) -> Iterator[SliceMask]:
    """A mask for each prompt of one slice, in order; boxes in a row are decoded together."""
    for has_points, run in groupby((one.prompts for one in placed), key=lambda prompts: bool(prompts.points)):
        together = list(run)
        if not has_points:
            yield from segment_boxes(segmenter, image, [prompts.box for prompts in together if prompts.box is not None])
            continue
        for prompts in together:
            embedding = segmenter.encode(image, segmenter.view_for(prompts, image.grid))
            yield from segmenter.decode(embedding, [prompts])


def _is_last(key: SliceKey, shape_zyx: tuple[int, ...]) -> bool:
    """Whether the slice is the first or the last: an object that is carried so far has perhaps been lost on the way."""
    return key.index in (0, shape_zyx[key.axis] - 1)


def _found(
    segmenter: Segmenter, volume: Volume, through: _Through, cache: EmbeddingCache
) -> Iterator[SliceResult | Provisional]:
    """The slices of an object in a volume; what is provisional where one is decoded whose answer is not known yet."""
    if isinstance(through.seed, Seed):
        return propagate(segmenter, volume, through.seed, cache=cache, painted=through.prompt.value)
    return fill_box(segmenter, volume, through.seed, cache=cache, painted=through.prompt.value)


def _most(segmenter: Segmenter, volume: Volume, seed: Seed | Box3D) -> int:
    """How many results `_found` gives at most."""
    return volume.shape_zyx[seed.key.axis] if isinstance(seed, Seed) else step_count(segmenter, volume, seed)


@dataclass(eq=False)
class _Canvas:
    """The label map while it is painted, and what is known of each object by the value of its label."""

    labels: Labels
    names: dict[int, str]
    scores: dict[int, list[float]] = field(default_factory=dict)
    empty: set[int] = field(default_factory=set)  # values with an object of which nothing was found
    endless: set[int] = field(default_factory=set)  # values that were carried to an end of the volume

    @classmethod
    def of(cls, volume: Volume, placed: Sequence[_Placed]) -> _Canvas:
        names = {one.prompt.value: one.prompt.label for one in placed}
        if max(names, default=0) <= 255:
            return cls(np.zeros(volume.shape_zyx, dtype=np.uint8), names)
        return cls(np.zeros(volume.shape_zyx, dtype=np.uint16), names)

    def paint_slice(self, placed: _InSlice, mask: SliceMask, options: Options) -> None:
        cleaned = _cleaned(mask.mask, options)
        self.labels[placed.key.selector()][cleaned] = placed.prompt.value
        self._note(placed.prompt.value, mask.score, bool(cleaned.any()))

    def paint_volume(
        self, placed: _Through, slices: Iterable[SliceResult | Provisional], options: Options
    ) -> Iterator[int]:
        """Paint slice by slice, or, where the whole object must be known to be cleaned, at the end.

        Yields how many of the `slices`, what is provisional among them, have been seen.
        """
        value = placed.prompt.value
        whole = np.zeros(self.labels.shape, dtype=bool) if options.largest or options.fill_holes else None
        weights, weighted, unweighted = 0, 0.0, []
        for seen, found in enumerate(slices, start=1):
            if isinstance(found, Provisional):
                yield seen
                continue
            target = self.labels if whole is None else whole
            target[found.key.selector()][found.mask] = value if whole is None else True
            count = int(np.count_nonzero(found.mask))
            if count and isinstance(placed.seed, Seed) and _is_last(found.key, self.labels.shape):
                self.endless.add(value)
            weights, weighted = weights + count, weighted + count * found.score
            unweighted.append(found.score)
            yield seen
        if whole is not None:
            self.labels[_cleaned(whole, options)] = value
        score = weighted / weights if weights else float(np.mean(unweighted)) if unweighted else 0.0
        self._note(value, score, weights > 0)

    def _note(self, value: int, score: float, found: bool) -> None:
        self.scores.setdefault(value, []).append(score)
        if not found:
            self.empty.add(value)

    def results(self, volume: Volume, doubtful_below: float) -> tuple[LabelResult, ...]:
        counts = self._counts()
        in_ml = volume.in_mm and volume.kind is not Kind.PICTURE and volume.shape_zyx[0] > 1
        results = []
        for value, name in sorted(self.names.items()):
            voxels, scores = int(counts[value]), self.scores[value]
            results.append(
                LabelResult(
                    value=value,
                    label=name,
                    voxels=voxels,
                    volume_ml=voxels * volume.geometry.voxel_ml if in_ml else None,
                    score=float(np.mean(scores)),
                    doubtful=voxels == 0 or value in self.empty | self.endless or min(scores) < doubtful_below,
                )
            )
        return tuple(results)

    def _counts(self) -> NDArray[np.int64]:
        """Voxels by value; counted slice by slice, because counting widens what it counts to 64 bits."""
        counts = np.zeros(max(self.names, default=0) + 1, dtype=np.int64)
        for plane in self.labels:
            counts += np.bincount(plane.ravel(), minlength=len(counts))
        return counts

    def shown(self, placed: Sequence[_Placed]) -> SliceKey:
        """The slice of the first prompt in one slice, else the z slice that holds most."""
        for one in placed:
            if isinstance(one, _InSlice):
                return one.key
            if isinstance(one.seed, Seed):
                return one.seed.key
        filled = [int(np.count_nonzero(plane)) for plane in self.labels]
        return SliceKey(0, int(np.argmax(filled)))


def _cleaned(mask: NDArray[np.bool_], options: Options) -> NDArray[np.bool_]:
    if not (options.largest or options.fill_holes):
        return mask
    return clean(mask, largest=options.largest, holes=options.fill_holes)
