"""A 3-D box filled from three directions at once: where voxels are nearly cubes, each plane knows what others miss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.engine.embeddings import EmbeddingCache
from app.engine.plane import SliceKey
from app.engine.prompt import Box3D
from app.engine.propagate import SliceResult, propagate
from app.engine.segmenter import Segmenter
from app.engine.volume import Volume

_CUBE = 2.0  # longest side of a voxel in shortest ones: models have seen planes across thinner slices only
_SMALLEST = 10  # voxels of the box's shortest side: of smaller objects, planes across the slices see too little
_MAJORITY = 2  # of three directions


def fill_box(
    segmenter: Segmenter, volume: Volume, box: Box3D, *, cache: EmbeddingCache | None = None, painted: int = 1
) -> Iterator[SliceResult | None]:
    """The slices along z of the object in a 3-D box, from the middle outwards, as `propagate` gives them.

    Where voxels are nearly cubes, the box is not small and the model knows places in it, it is filled along all three
    axes, and a voxel belongs to the object if two of them say so. Scores are those along z. None stands for a slice
    that was decoded and whose answer is not known yet: there are `step_count` results in all.
    """
    box = box.clipped(volume.shape_zyx)
    if not _from_all_sides(segmenter, volume, box):
        yield from propagate(segmenter, volume, box, cache=cache, painted=painted)
        return
    inside = tuple(slice(r.start, r.stop) for r in (box.range_of(axis) for axis in range(3)))
    votes = np.zeros([s.stop - s.start for s in inside], dtype=np.uint8)
    along_z: list[SliceResult] = []
    for axis in range(3):
        for found in propagate(segmenter, volume, box, axis=axis, cache=cache, painted=painted):
            _count(votes, found, inside)
            if axis == 0:
                along_z.append(found)
            yield None
    for found in along_z:
        mask = np.zeros_like(found.mask)
        mask[inside[1:]] = votes[found.key.index - inside[0].start] >= _MAJORITY
        yield replace(found, mask=mask)


def step_count(segmenter: Segmenter, volume: Volume, box: Box3D) -> int:
    """How many results `fill_box` gives."""
    box = box.clipped(volume.shape_zyx)
    depth, height, width = (len(box.range_of(axis)) for axis in range(3))
    return 2 * depth + height + width if _from_all_sides(segmenter, volume, box) else depth


def _from_all_sides(segmenter: Segmenter, volume: Volume, box: Box3D) -> bool:
    spacing = volume.geometry.spacing_zyx
    cubes = volume.in_mm and max(spacing) < _CUBE * min(spacing)
    small = min(len(box.range_of(axis)) for axis in range(3)) < _SMALLEST
    return cubes and not small and segmenter.manifest.encoding == "maps"


def _count(votes: NDArray[np.uint8], found: SliceResult, inside: tuple[slice, ...]) -> None:
    """Add a slice's mask to the votes within the box."""
    axis = found.key.axis
    place = SliceKey(axis, found.key.index - inside[axis].start).selector()
    votes[place] += found.mask[tuple(part for n, part in enumerate(inside) if n != axis)]
