"""From an item to a training sample: a view, augmented, with prompts as users and propagation give them.

A sample is a pure function of its number, so that an interrupted training goes on exactly where it stopped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.engine.intensity import IntensityMapping, map_intensities
from app.engine.prompt import Box, Point, Prompts
from app.engine.prompt_maps import CHANNELS, prompt_maps
from app.engine.propagate import next_box
from app.engine.view import SliceGrid, View
from convert.augment import Array, Random, augment_colour, augment_grey, degrade
from convert.dataset import MODALITIES, Instance, Item
from convert.regions import random_region, with_neighbour
from convert.synthesis import paint_regions, random_layer, random_shape, with_core

PROMPTS_PER_VIEW = 2
_WEIGHTS = {"CT": 2.5, "MR": 3.0, "PET": 1.2, "Microscopy": 1.5, "OCT": 1.2}
_VOLUMES = {"CT": 0.55, "MR": 0.55, "Microscopy": 0.1}  # share of volumes where a modality has pictures too
_PREVIOUS = CHANNELS.index("previous")
_BEYOND = 0.05  # share of slices beyond the object: about one in eight of the prompts that look like a carried mask
_REGIONS = 0.02  # share of views whose target is a region between edges; with 0.08 a brain in its box fell to parts
_JOINED = 0.08  # share of views whose target takes a neighbour with it, where one touches
_CORES = 0.08  # share of views with something bright or dark deep within their target
_LEFT_OUT = frozenset({"mni152_tissue"})  # grey and white matter alone: their box is the brain's, and people mean that
_BOUNDED = 0.45  # share of prompts in volumes that come from a 3-D box, where the slice lies in one


@dataclass(frozen=True, eq=False)
class Sample:
    """image (3, S, S); prompts (P, 7, S/2, S/2); target (P, S, S) fractions; present (P,) 1 where an object is."""

    image: Array
    prompts: Array
    target: Array
    present: Array


@dataclass(frozen=True, eq=False)
class _Scene:
    """One slice with its target, and in a volume the neighbouring slice's target and the place in the 3-D box."""

    pixels: NDArray[Any]
    labels: NDArray[Any]
    value: int
    aspect: tuple[float, float]  # row and column size
    neighbour: NDArray[np.bool_] | None = None
    outline: Box | None = None  # of the 3-D box in this slice
    place: float | None = None

    @property
    def mask(self) -> NDArray[np.bool_]:
        return np.asarray(self.labels == self.value)


class Sampler:
    """Draws at random: modality by weight, volume or picture, data set by the root of its size, item and target.

    Sets whose targets share their box with what people mean by it are left out.
    """

    def __init__(self, items: Sequence[Item], mapping: IntensityMapping, seed: int) -> None:
        self._mapping, self._seed = mapping, seed
        self._tree: dict[str, dict[str, list[Item]]] = defaultdict(lambda: defaultdict(list))
        for item in items:
            if item.dataset not in _LEFT_OUT:
                self._tree[item.modality][item.dataset].append(item)
        present = [m for m in MODALITIES if m in self._tree]
        self._modalities = present
        weights = np.array([_WEIGHTS.get(m, 0.8) for m in present])
        self._weights = weights / weights.sum()

    def draw(self, number: int, size: int) -> Sample:
        """Sample `number` at an input side of `size`."""
        random = np.random.default_rng((self._seed, number))
        modality = self._modalities[int(random.choice(len(self._modalities), p=self._weights))]
        sets = self._tree[modality]
        solid = sorted(name for name in sets if sets[name][0].is_volume)
        flat = sorted(set(sets) - set(solid))
        names = solid if not flat or (solid and random.random() < _VOLUMES.get(modality, 0.5)) else flat
        roots = np.sqrt([sum(len(i.instances) ** 0.5 for i in sets[name]) for name in names])
        items = sets[names[int(random.choice(len(names), p=roots / roots.sum()))]]
        item = items[int(random.integers(len(items)))]
        region = _region_scene(item, random) if random.random() < _REGIONS else None
        if region is not None:
            return _compose(region, random, size, self._mapping)
        instance = item.instances[int(random.integers(len(item.instances)))]
        scene = _volume_scene(item, instance, random) if item.is_volume else _picture_scene(item, instance)
        if random.random() < _JOINED:
            scene = _joined(scene, random)
        return _compose(scene, random, size, self._mapping)


def _picture_scene(item: Item, instance: Instance) -> _Scene:
    return _Scene(item.pixels, item.labels, instance.value, (1.0, 1.0))


def _region_scene(item: Item, random: Random) -> _Scene | None:
    """Any slice, with a region of its own as target."""
    pixels, aspect = item.pixels, (1.0, 1.0)
    if item.is_volume:
        isotropic = max(item.spacing_zyx) / min(item.spacing_zyx) < 2.0
        axis = int(random.integers(3)) if isotropic else 0
        pixels = np.take(pixels, int(random.integers(pixels.shape[axis])), axis)
        rows, columns = (s for n, s in enumerate(item.spacing_zyx) if n != axis)
        aspect = rows / min(rows, columns), columns / min(rows, columns)
    region = random_region(pixels, random)
    return None if region is None else _Scene(pixels, region.astype(np.int32), 1, aspect)


def _joined(scene: _Scene, random: Random) -> _Scene:
    """Its target and a neighbour as one, in this slice alone; as it was where nothing touches the target."""
    labels = with_neighbour(scene.labels, scene.value, random)
    return scene if labels is None else _Scene(scene.pixels, labels, scene.value, scene.aspect)


def _volume_scene(item: Item, instance: Instance, random: Random) -> _Scene:
    spacing = item.spacing_zyx
    isotropic = max(spacing) / min(spacing) < 2.0
    axis = int(random.choice(3, p=(0.6, 0.2, 0.2))) if isotropic else 0
    extent = instance.extent[axis]
    index, neighbour_index = sampled_slices(extent, item.labels.shape[axis], random)
    first, last = extent.start, extent.stop - 1
    neighbour = np.take(item.labels, neighbour_index, axis) == instance.value
    plane = [n for n in range(3) if n != axis]
    rows, columns = (instance.extent[n] for n in plane)
    aspect = spacing[plane[0]], spacing[plane[1]]
    place = float(np.clip(2 * (index - first) / max(last - first, 1) - 1, -1, 1)) if last > first else 0.0
    return _Scene(
        pixels=np.take(item.pixels, index, axis),
        labels=np.take(item.labels, index, axis),
        value=instance.value,
        aspect=(aspect[0] / min(aspect), aspect[1] / min(aspect)),
        neighbour=neighbour if neighbour.any() else None,
        outline=Box(columns.start, rows.start, columns.stop, rows.stop) if first <= index <= last else None,
        place=place,
    )


def sampled_slices(extent: slice, count: int, random: Random) -> tuple[int, int]:
    """A slice, within the object or now and then beyond it, and the slice whose mask would lead there.

    Objects are followed from the middle outwards, so what leads to a slice mostly lies on the side of the middle, and
    sometimes some slices back: an overfilled mask resembles that of a slice nearer to the middle.
    """
    first, last = extent.start, extent.stop - 1
    back = int(random.choice((1, 2, 3, 4), p=(0.6, 0.2, 0.1, 0.1)))
    if random.random() < _BEYOND:  # where propagation should notice that the object has ended
        ahead = int(random.choice((1, 2, 3), p=(0.7, 0.2, 0.1)))
        index = first - ahead if random.random() < 0.5 else last + ahead
        if 0 <= index < count:
            end = min(max(index, first), last)
            return index, min(max(end + (back - 1 if end == first else 1 - back), first), last)
    index = int(random.integers(first, last + 1))
    inwards = 1 if index < (first + last) / 2 else -1
    step = inwards if random.random() < 0.8 else -inwards
    return index, min(max(index + step * back, 0), count - 1)


def _compose(scene: _Scene, random: Random, size: int, mapping: IntensityMapping) -> Sample:
    if random.random() < 0.35:
        scene = _rotated(scene, random)
    mask = scene.mask
    anchor = (
        Box.of_mask(mask) or scene.outline or (Box.of_mask(scene.neighbour) if scene.neighbour is not None else None)
    )
    if anchor is None:
        rows, columns = mask.shape
        anchor = Box(columns // 4, rows // 4, columns // 4 + max(1, columns // 2), rows // 4 + max(1, rows // 2))
    framed = scene.outline if scene.outline is not None and random.random() < 0.6 else anchor
    view = _random_view(framed, scene, random, size)
    target = view.extract(mask.astype(np.float32))
    target *= view.inside()
    prompts = [_random_prompt(scene, mask, anchor, view, random) for _ in range(PROMPTS_PER_VIEW)]
    maps = np.stack(prompts)
    present = np.full(PROMPTS_PER_VIEW, float(target.max() > 0.5 or mask.any()), dtype=np.float32)
    image = _appearance(scene, view, target, random, mapping)
    targets = np.repeat(target[None], PROMPTS_PER_VIEW, axis=0)
    return _turned(Sample(image, maps, targets, present), random)


def _random_view(box: Box, scene: _Scene, random: Random, size: int) -> View:
    rows, columns = scene.labels.shape
    stretch = np.exp(random.normal(0, 0.08))
    grid = SliceGrid(rows, columns, scene.aspect[0] * stretch, scene.aspect[1])
    width, height = box.width * grid.column_size, box.height * grid.row_size
    longer = max(width, height, 4.0)
    largest = max(grid.width, grid.height)
    ratio = float(np.exp(random.uniform(np.log(1.25), np.log(3.0))))
    side = min(max(longer * ratio, 16.0), max(largest, longer * 1.05))
    x = _random_origin(box.x0 * grid.column_size, width, side, grid.width, random)
    y = _random_origin(box.y0 * grid.row_size, height, side, grid.height, random)
    return View(grid, x, y, side, size)


def _random_origin(start: float, extent: float, side: float, room: float, random: Random) -> float:
    slack = max(side - extent, 0.0)
    origin = start - slack * float(np.clip(random.normal(0.5, 0.15), 0, 1))
    if random.random() < 0.8:  # as the application does: moved into the slice where it fits
        origin = min(max(origin, 0.0), room - side) if side <= room else (room - side) / 2
    return origin


def _appearance(scene: _Scene, view: View, target: Array, random: Random, mapping: IntensityMapping) -> Array:
    inside = view.inside()
    choice = random.random()
    if choice < 0.12 and target.max() > 0.5:
        labels = _nearest(scene.labels, view)
        painted = paint_regions(labels, target > 0.5, random)
        return map_intensities(painted, inside, mapping)
    values = view.extract(scene.pixels)
    if target.max() > 0.5 and random.random() < _CORES:
        values = with_core(values, target > 0.5, random)
    if values.ndim == 3:
        spread = float(np.ptp(values, axis=2).mean())
        values = augment_colour(values, random) if spread > 2 else augment_grey(values.mean(axis=2), random)
    elif random.random() < 0.9:
        values = augment_grey(_clipped_quantity(values, random), random)
    return map_intensities(values.astype(np.float32), inside, mapping)


def _clipped_quantity(values: Array, random: Random) -> Array:
    """Raw CT now and then in a display window, as pictures of it come."""
    if values.min() < -500 and random.random() < 0.5:
        level, width = random.uniform(-50, 120), random.uniform(250, 900)
        return np.clip(values, level - width / 2, level + width / 2)
    return values


def _nearest(labels: NDArray[Any], view: View) -> NDArray[np.int32]:
    centres = view.from_grid(np.stack([np.arange(view.size) + 0.5] * 2, axis=-1))
    columns = np.clip(np.floor(centres[:, 0]).astype(int), 0, labels.shape[1] - 1)
    rows = np.clip(np.floor(centres[:, 1]).astype(int), 0, labels.shape[0] - 1)
    return labels[np.ix_(rows, columns)].astype(np.int32)


def _random_prompt(scene: _Scene, mask: NDArray[np.bool_], anchor: Box, view: View, random: Random) -> Array:
    """Prompt maps (7, S/2, S/2) as users give them: a box, a box with a mask to correct and clicks, clicks alone."""
    size = view.size // 2
    inside = replace(view, size=size).inside()
    exact = view.extract(mask.astype(np.float32), size) * inside
    if scene.place is not None and (not mask.any() or random.random() < 0.65):
        return _volume_prompt(scene, anchor, view, random)
    drawn = jittered(anchor, mask.shape, random)
    if not mask.any():
        return prompt_maps(Prompts(drawn), view, size)
    choice = random.random()
    if choice < 0.62:
        return prompt_maps(Prompts(drawn), view, size)
    if choice < 0.87:
        earlier = degrade(exact, random, float(random.uniform(0.3, 1.0))) * inside
        points = _clicks(np.abs(earlier - exact), exact, view, random)
        maps = prompt_maps(Prompts(drawn, points), view, size)
        if random.random() < 0.8:
            maps[_PREVIOUS], maps[_PREVIOUS + 1] = earlier, 1.0
        return maps
    points = _clicks(exact, exact, view, random) or (_middle(mask, random),)
    keep_box = not any(p.positive for p in points) or random.random() < 0.5
    return prompt_maps(Prompts(drawn if keep_box else None, points), view, size)


def _volume_prompt(scene: _Scene, anchor: Box, view: View, random: Random) -> Array:
    """As propagation asks: within a 3-D box, or following the neighbouring slice's mask."""
    size, shape = view.size // 2, scene.labels.shape
    bounded = scene.outline is not None and random.random() < _BOUNDED
    if bounded and scene.outline is not None:
        exact = random.random() < 0.5
        box, place = scene.outline if exact else jittered(scene.outline, shape, random), scene.place
    else:
        around = Box.of_mask(scene.neighbour) if scene.neighbour is not None else None
        box, place = jittered(next_box(around or anchor, (shape[0], shape[1])), shape, random), None
    maps = prompt_maps(Prompts(box, place=place), view, size)
    if scene.neighbour is not None and (not bounded or random.random() < 0.75):
        inside = replace(view, size=size).inside()
        fractions = view.extract(scene.neighbour.astype(np.float32), size) * inside
        strength = float(random.uniform(0.0, 0.7))
        maps[_PREVIOUS] = degrade(fractions, random, strength) * inside if random.random() < 0.7 else fractions
        maps[_PREVIOUS + 1] = 1.0
    return maps


def jittered(box: Box, shape: tuple[int, ...], random: Random) -> Box:
    """Each side moved: mostly 0 to 5 per cent outwards, often further, or inwards, as people draw.

    Of boxes drawn badly two in three are so on all sides alike, as of one who always draws wide, or close.
    """
    manner = random.random()
    low, high = (0.0, 0.055) if manner < 0.4 else (0.02, 0.13) if manner < 0.7 else (-0.08, 0.02)
    shares = random.uniform(low, high, 4)
    if manner >= 0.4 and random.random() < 0.65:
        shares = random.uniform(low, high) + random.normal(0, 0.008, 4)
    moves = shares * (box.width, box.height, box.width, box.height)
    x0, y0 = round(box.x0 - moves[0]), round(box.y0 - moves[1])
    x1, y1 = round(box.x1 + moves[2]), round(box.y1 + moves[3])
    return Box(x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)).clipped((shape[0], shape[1]))


def _clicks(error: Array, exact: Array, view: View, random: Random) -> tuple[Point, ...]:
    """One to three clicks where the error is, preferring its inside."""
    wrong = np.argwhere(error > 0.5)
    points = []
    for _ in range(int(random.integers(1, 4))):
        if not len(wrong):
            break
        row, column = wrong[int(random.integers(len(wrong)))]
        x, y = view.from_grid((np.array([column, row]) + 0.5) * (view.size / len(exact))) - 0.5
        points.append(Point(float(x), float(y), bool(exact[row, column] > 0.5)))
    return tuple(points)


def _middle(mask: NDArray[np.bool_], random: Random) -> Point:
    rows, columns = np.nonzero(mask)
    n = int(random.integers(len(rows)))
    return Point(float(columns[n]), float(rows[n]), positive=True)


def _rotated(scene: _Scene, random: Random) -> _Scene:
    """Slice, labels and neighbour turned by a random angle about the middle of the target."""
    box = Box.of_mask(scene.mask) or scene.outline
    if box is None or (scene.outline is not None and scene.place is not None and random.random() < 0.5):
        return scene
    angle, centre = float(random.normal(0, 20)), ((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)

    def turn(array: NDArray[Any], resample: Image.Resampling) -> NDArray[Any]:
        if array.ndim == 3:
            return np.stack([turn(array[..., c], resample) for c in range(array.shape[2])], axis=-1)
        image = Image.fromarray(array.astype(np.float32)).rotate(angle, resample, center=centre)
        return np.asarray(image)

    labels = turn(scene.labels, Image.Resampling.NEAREST)
    neighbour = None if scene.neighbour is None else turn(scene.neighbour, Image.Resampling.NEAREST) > 0.5
    outline = Box.of_mask(labels == scene.value) if scene.outline is not None else None
    return _Scene(
        turn(scene.pixels, Image.Resampling.BILINEAR),
        labels,
        scene.value,
        scene.aspect,
        neighbour,
        outline,
        scene.place,
    )


def _turned(sample: Sample, random: Random) -> Sample:
    """Flips and quarter turns, of everything alike."""
    turns, flip = int(random.integers(4)) if random.random() < 0.5 else 0, random.random() < 0.5

    def turn(array: Array) -> Array:
        array = np.rot90(array, turns, axes=(-2, -1))
        return np.ascontiguousarray(array[..., ::-1] if flip else array)

    return Sample(turn(sample.image), turn(sample.prompts), turn(sample.target), sample.present)


def synthetic_sample(random: Random, size: int, mapping: IntensityMapping) -> Sample:
    """A sample of nothing but made-up shapes and tissue."""
    if random.random() < 0.3:
        shape, labels = random_layer(random, size)
    else:
        shape, labels = random_shape(random, size), np.zeros((size, size), dtype=np.int32)
    box = Box.of_mask(shape)
    if box is None or min(box.width, box.height) < 3:
        return synthetic_sample(random, size, mapping)
    view = View(SliceGrid(size, size), 0.0, 0.0, float(size), size)
    image = map_intensities(paint_regions(labels, shape, random), view.inside(), mapping)
    maps = [prompt_maps(Prompts(jittered(box, shape.shape, random)), view, size // 2) for _ in range(PROMPTS_PER_VIEW)]
    target = np.repeat(shape[None].astype(np.float32), PROMPTS_PER_VIEW, axis=0)
    return Sample(image, np.stack(maps), target, np.ones(PROMPTS_PER_VIEW, dtype=np.float32))
