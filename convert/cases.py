"""What is measured: slices and volumes of a split with the boxes that a user would draw, the same at every run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from app.engine.geometry import Geometry
from app.engine.plane import SliceKey
from app.engine.prompt import Box, Box3D, Prompts
from app.engine.propagate import Seed
from app.engine.volume import Kind, Volume
from convert.dataset import SMALLEST_2D, Item, load_items

SUITES = {
    "validation": (("train2d", "train3d"), ("val",)),
    "testonly": (("testonly2d", "testonly3d"), ("test",)),
    "training": (("train2d", "train3d"), ("train",)),
}
_MOST_TARGETS = 24  # of one image: some hold hundreds
_SLICES_PER_TARGET = 3  # of one volume


@dataclass(frozen=True, eq=False)
class SliceCase:
    """One slice with its targets: true masks (rows, columns) and the boxes drawn round them."""

    dataset: str
    name: str
    modality: str
    volume: Volume
    key: SliceKey
    masks: tuple[NDArray[np.bool_], ...]
    boxes: tuple[Box, ...]


@dataclass(frozen=True, eq=False)
class VolumeCase:
    """One volume with one target: its true mask (Z, Y, X), its tight box, and a box drawn on its middle slice."""

    dataset: str
    name: str
    modality: str
    volume: Volume
    mask: NDArray[np.bool_]
    box: Box3D
    seed: Seed


def slice_cases(
    root: Path, suite: str, *, outwards: tuple[float, float] = (0.0, 0.05), share: float = 1.0
) -> Iterator[SliceCase]:
    """Every image of the suite, and three slices of each target in volumes; sides of boxes move outwards by a share.

    `share` of the images and volumes, always the same ones.
    """
    folders, splits = SUITES[suite]
    for item in load_items(root, folders, splits):
        seed = crc32(f"{item.dataset}/{item.name}".encode())
        if seed % 1000 >= 1000 * share:
            continue
        random = np.random.default_rng(seed)
        volume = as_volume(item)
        if not item.is_volume:
            yield _picture_case(item, volume, random, outwards)
        else:
            yield from _slices_of_volume(item, volume, random, outwards)


def volume_cases(root: Path, suite: str) -> Iterator[VolumeCase]:
    """Every target of every volume of the suite; the 2-D box is moved outwards by 0 to 5 per cent on each side."""
    folders, splits = SUITES[suite]
    for item in load_items(root, [f for f in folders if f.endswith("3d")], splits):
        random = np.random.default_rng(crc32(f"{item.dataset}/{item.name}".encode()))
        volume = as_volume(item)
        for instance in item.instances[:_MOST_TARGETS]:
            mask = item.labels == instance.value
            z, y, x = instance.extent
            box = Box3D(x.start, y.start, z.start, x.stop, y.stop, z.stop)
            yield VolumeCase(
                item.dataset, f"{item.name}#{instance.value}", item.modality, volume, mask, box, _seed(mask, z, random)
            )


def _seed(mask: NDArray[np.bool_], extent: slice, random: np.random.Generator) -> Seed:
    """A box as drawn on the slice of the object that lies nearest to the middle of its extent."""
    filled = np.flatnonzero(mask.any(axis=(1, 2)))
    index = int(filled[np.argmin(np.abs(filled - (extent.start + extent.stop - 1) / 2))])
    tight = Box.of_mask(mask[index])
    if tight is None:  # `filled` says otherwise
        raise ValueError(f"slice {index} of a target is empty")
    shape = (mask.shape[1], mask.shape[2])
    return Seed(SliceKey(0, index), Prompts(enlarged(tight, shape, random, (0.0, 0.05))))


def as_volume(item: Item) -> Volume:
    """An item as the application would have read it; its orientation does not matter here."""
    voxels = item.pixels if item.is_volume else item.pixels[None]
    shape = (voxels.shape[0], voxels.shape[1], voxels.shape[2])
    if not item.is_volume:
        return Volume(voxels, Geometry.of_pixels(shape), item.name, Kind.PICTURE, item.modality)
    z, y, x = item.spacing_zyx
    return Volume(
        voxels, Geometry.from_components(shape_zyx=shape, spacing_xyz=(x, y, z)), item.name, Kind.VOLUME, item.modality
    )


def enlarged(box: Box, shape: tuple[int, int], random: np.random.Generator, outwards: tuple[float, float]) -> Box:
    """Each side moved outwards by a random share of the box's extent; negative shares move inwards."""
    moves = random.uniform(*outwards, 4) * (box.width, box.height, box.width, box.height)
    x0, y0 = round(box.x0 - moves[0]), round(box.y0 - moves[1])
    x1, y1 = round(box.x1 + moves[2]), round(box.y1 + moves[3])
    return Box(x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)).clipped(shape)


def _picture_case(item: Item, volume: Volume, random: np.random.Generator, outwards: tuple[float, float]) -> SliceCase:
    chosen = random.permutation(len(item.instances))[:_MOST_TARGETS]
    masks = [item.labels == item.instances[n].value for n in sorted(chosen)]
    return _case(item, volume, SliceKey(0, 0), masks, (random, outwards))


def _slices_of_volume(
    item: Item, volume: Volume, random: np.random.Generator, outwards: tuple[float, float]
) -> Iterator[SliceCase]:
    for instance in item.instances[:_MOST_TARGETS]:
        z = instance.extent[0]
        areas = (item.labels[z] == instance.value).sum(axis=(1, 2))
        good = np.flatnonzero(areas >= SMALLEST_2D) + z.start
        for index in sorted(random.permutation(good)[:_SLICES_PER_TARGET]):
            mask = item.labels[index] == instance.value
            yield _case(item, volume, SliceKey(0, int(index)), [mask], (random, outwards))


def _case(
    item: Item,
    volume: Volume,
    key: SliceKey,
    masks: list[NDArray[np.bool_]],
    how: tuple[np.random.Generator, tuple[float, float]],
) -> SliceCase:
    boxes = []
    for mask in masks:
        tight = Box.of_mask(mask)
        if tight is None:
            raise ValueError(f"an empty target in {item.dataset}/{item.name}")
        shape = (mask.shape[0], mask.shape[1])
        boxes.append(enlarged(tight, shape, *how))
    name = f"{item.name}@{key.index}" if item.is_volume else item.name
    return SliceCase(item.dataset, name, item.modality, volume, key, tuple(masks), tuple(boxes))
