"""From a target of a volume to a sample of the 3-D network: its box as users draw it, resampled, augmented.

A sample is a pure function of its number, so that an interrupted training goes on exactly where it stopped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from app.engine.intensity import IntensityMapping, grey_channels
from app.engine.prompt import Box3D
from app.engine.solid import SolidView, solid_channels
from convert.augment import Array, Random
from convert.dataset import Item

SIZE = 48  # cells along each axis
RATIO = 1.25  # of the view to the box
_WEIGHTS = {"CT": 3.0, "MR": 3.0, "PET": 1.0, "Microscopy": 0.4}
_PAINTED = 0.25  # share of samples whose appearance is made up
_IMAGINED = 0.12  # share of samples whose shape is made up too
_FINEST = 48  # voxels along a target that a block keeps at least, where its target is twice as long or more
_NEAR = 0.4  # of the box, on each side: what is cut out before it is turned


@dataclass(frozen=True, eq=False)
class SolidSample:
    """channels (9, S, S, S); target (S, S, S) fractions."""

    channels: Array
    target: Array


@dataclass(frozen=True, eq=False)
class _Block:
    """A part of a volume with a target in it, and the size of its voxels."""

    pixels: NDArray[Any]
    mask: NDArray[np.bool_]
    spacing: tuple[float, float, float]


class SolidSampler:
    """Draws at random: modality by weight, data set by the root of its targets, item and target."""

    def __init__(self, items: Sequence[Item], mapping: IntensityMapping, seed: int) -> None:
        self._mapping, self._seed = mapping, seed
        self._blocks: dict[tuple[str, str, int], _Block] = {}
        self._tree: dict[str, dict[str, list[Item]]] = defaultdict(lambda: defaultdict(list))
        for item in items:
            if item.is_volume:
                self._tree[item.modality][item.dataset].append(item)
        if not self._tree:
            raise ValueError("the index holds no volumes to train the 3-D network on")
        self._modalities = sorted(self._tree)
        weights = np.array([_WEIGHTS.get(m, 0.5) for m in self._modalities])
        self._weights = weights / weights.sum()

    def draw(self, number: int, size: int) -> SolidSample:
        """Sample `number` with `size` cells along each axis."""
        random = np.random.default_rng((self._seed, number))
        if random.random() < _IMAGINED:
            return _composed(_imagined(random), random, size, self._mapping)
        sets = self._tree[self._modalities[int(random.choice(len(self._modalities), p=self._weights))]]
        names = sorted(sets)
        roots = np.sqrt([sum(len(item.instances) for item in sets[name]) for name in names])
        items = sets[names[int(random.choice(len(names), p=roots / roots.sum()))]]
        item = items[int(random.integers(len(items)))]
        instance = item.instances[int(random.integers(len(item.instances)))]
        key = (item.dataset, item.name, instance.value)
        if key not in self._blocks:
            self._blocks[key] = _cut(item, instance.value, instance.extent)
        return _composed(_turned(self._blocks[key], random), random, size, self._mapping)


def _cut(item: Item, value: int, extent: tuple[slice, ...]) -> _Block:
    """The target's surroundings, as far as a view and a turn may reach; coarser where the target is very fine."""
    parts, steps = [], []
    for part, count in zip(extent, item.labels.shape, strict=True):
        margin = 2 + round(_NEAR * (part.stop - part.start))
        parts.append(slice(max(part.start - margin, 0), min(part.stop + margin, count)))
        steps.append(max((part.stop - part.start) // _FINEST, 1))
    place = tuple(parts)
    pixels, mask = (_coarser(array, steps) for array in (item.pixels[place], item.labels[place] == value))
    a, b, c = (voxel * step for voxel, step in zip(item.spacing_zyx, steps, strict=True))
    most = min(0.5, float(mask.max()) * 0.99)  # of a target thinner than a block nothing would be left
    return _Block(pixels.astype(np.float32), mask > most, (a, b, c))


def _coarser(array: NDArray[Any], steps: Sequence[int]) -> NDArray[Any]:
    """Means of whole blocks of so many voxels along each axis; what is left at the ends is dropped."""
    for axis, step in enumerate(steps):
        if step > 1:
            count = array.shape[axis] // step
            kept = np.moveaxis(array, axis, 0)[: count * step]
            means = kept.reshape(count, step, *kept.shape[1:]).mean(axis=1, dtype=np.float32)
            array = np.moveaxis(means, 0, axis)
    return np.ascontiguousarray(array)


def _imagined(random: Random) -> _Block:
    """A made-up shape, a ball, a tube or a plate with a wavy surface, in made-up tissue."""
    count = int(random.integers(32, 64))
    axis = np.linspace(-1.6, 1.6, count, dtype=np.float32)
    where = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    bent = where + np.stack([random.uniform(0, 0.5) * smooth_solid(random, count, 2) for _ in range(3)], axis=-1)
    turn, _ = np.linalg.qr(random.normal(size=(3, 3)))
    lengths = np.exp(random.uniform(np.log(0.2), 0.0, 3))
    radius = np.linalg.norm((bent @ turn.astype(np.float32)) / lengths.astype(np.float32), axis=-1)
    wavy = radius + random.uniform(0, 0.5) * smooth_solid(random, count, int(random.integers(2, 8)))
    found, _ = ndimage.label(wavy < 1)
    mask = found == np.bincount(found[found > 0]).argmax() if found.any() else radius < radius.min() + 0.5
    spacing = np.exp(random.normal(0, 0.4, 3))
    return _Block(
        _painted(mask.astype(np.float32), random), mask, (float(spacing[0]), float(spacing[1]), float(spacing[2]))
    )


def _turned(block: _Block, random: Random) -> _Block:
    """Axes changed about and mirrored; now and then turned a little in a plane whose voxels are nearly square."""
    axes = random.permutation(3) if random.random() < 0.6 else np.arange(3)
    flips = tuple(axis for axis in range(3) if random.random() < 0.5)
    pixels = np.flip(block.pixels.transpose(axes), flips)
    mask = np.flip(block.mask.transpose(axes), flips)
    spacing = tuple(block.spacing[axis] for axis in axes)
    turned = _Block(pixels, mask, (spacing[0], spacing[1], spacing[2]))
    return _rotated(turned, random) if random.random() < 0.3 else turned


def _rotated(block: _Block, random: Random) -> _Block:
    spacing = block.spacing
    planes = [
        (a, b) for a, b in ((0, 1), (0, 2), (1, 2)) if max(spacing[a], spacing[b]) < 1.3 * min(spacing[a], spacing[b])
    ]
    if not planes:
        return block
    plane, angle = planes[int(random.integers(len(planes)))], float(random.normal(0, 20))
    how: dict[str, Any] = {"axes": plane, "reshape": False, "mode": "nearest"}
    mask = ndimage.rotate(block.mask.astype(np.float32), angle, order=1, **how) > 0.5
    if mask.sum() < 0.5 * block.mask.sum():
        return block
    return _Block(ndimage.rotate(block.pixels.astype(np.float32), angle, order=1, **how), mask, spacing)


def _composed(block: _Block, random: Random, size: int, mapping: IntensityMapping) -> SolidSample:
    tight = Box3D.of_mask(block.mask)
    if tight is None:
        raise ValueError("a target without voxels")
    shape = (block.mask.shape[0], block.mask.shape[1], block.mask.shape[2])
    view = SolidView.around(_jittered(tight, shape, random), shape, block.spacing, size=size, ratio=RATIO)
    target, inside = view.extract(block.mask), view.inside()
    if random.random() < _PAINTED:
        values = _painted(target, random)
    else:
        values = view.extract(block.pixels)
    values = augmented(values, random)
    return SolidSample(solid_channels(grey_channels(values, inside, mapping), inside, view), target * inside)


def _jittered(box: Box3D, shape: tuple[int, int, int], random: Random) -> Box3D:
    """Each side moved: not at all, a little outwards as people draw, or a little inwards."""
    manner = random.random()
    low, high = (0.0, 0.0) if manner < 0.4 else (0.0, 0.08) if manner < 0.8 else (-0.06, 0.12)
    ends = []
    for axis in range(3):
        voxels = box.range_of(axis)
        before, after = (round(len(voxels) * float(random.uniform(low, high))) for _ in range(2))
        first = min(max(voxels.start - before, 0), shape[axis] - 1)
        ends.append((first, max(min(voxels.stop + after, shape[axis]), first + 1)))
    (z0, z1), (y0, y1), (x0, x1) = ends
    return Box3D(x0, y0, z0, x1, y1, z1)


def augmented(values: Array, random: Random) -> Array:
    """Grey values (S, S, S) of any range: tone curve, inversion, bias field, noise, blur along some axes."""
    low, high = np.percentile(values[::2, ::2, ::2], (0.2, 99.8)).astype(np.float32)
    x: Array = np.clip((values - low) / max(float(high - low), 1e-6), 0, 1)
    if random.random() < 0.5:
        x = np.power(x, np.float32(np.exp(random.normal(0, 0.4))))
    if random.random() < 0.15:
        knots = int(random.integers(3, 8))
        x = np.interp(x, np.linspace(0, 1, knots), random.uniform(0, 1, knots)).astype(np.float32)
    if random.random() < 0.2:
        x = 1 - x
    if random.random() < 0.25:
        x = x * (1 + np.float32(random.uniform(0.1, 0.5)) * smooth_solid(random, len(x), int(random.integers(1, 4))))
    if random.random() < 0.3:
        x = x + random.normal(0, random.uniform(0.01, 0.1), x.shape).astype(np.float32)
    if random.random() < 0.25:
        widths = random.uniform(0.3, 1.5, 3) * (random.random(3) < 0.6)
        x = np.asarray(ndimage.gaussian_filter(x, widths), dtype=np.float32)
    return np.asarray(x, dtype=np.float32)


def smooth_solid(random: Random, size: int, cells: int) -> Array:
    """(size, size, size) smooth noise, about -1..1, with that many cells across."""
    x = random.uniform(-1, 1, (cells + 1,) * 3).astype(np.float32)
    places = np.linspace(0, cells, size)
    low = np.minimum(places.astype(int), cells - 1)
    share = places - low
    share = share * share * (3 - 2 * share)
    matrix = np.zeros((size, cells + 1), dtype=np.float32)
    matrix[np.arange(size), low] = 1 - share
    matrix[np.arange(size), low + 1] += share.astype(np.float32)
    for _ in range(3):
        x = np.tensordot(x, matrix, axes=(0, 1))
    return x


def _painted(target: Array, random: Random) -> Array:
    """The target in made-up tissue, from which it always differs a little."""
    size, inside = len(target), target > 0.5
    bands = np.digitize(smooth_solid(random, size, int(random.integers(2, 7))), np.sort(random.uniform(-0.6, 0.6, 3)))
    x = random.uniform(0, 1, 4).astype(np.float32)[bands]
    ring = ndimage.binary_dilation(inside, iterations=3) & ~inside
    around = float(x[ring].mean()) if ring.any() else 0.5
    step = random.uniform(0.1, 0.6) * (1 if random.random() < 0.5 else -1)
    content = (
        around + step + random.uniform(0, 0.5) * abs(step) * smooth_solid(random, size, int(random.integers(3, 9)))
    )
    x = np.where(inside, content.astype(np.float32), x)
    x = x + np.float32(random.uniform(0, 0.15)) * smooth_solid(random, size, int(random.integers(6, 17)))
    return np.asarray(ndimage.gaussian_filter(x, random.uniform(0.3, 1.2)), dtype=np.float32)
