"""A 3-D box filled by all that knows something of it: slices from one or three directions, and the 3-D network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

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
_MAJORITY = 0.5  # of all that is said of a voxel


def fill_box(
    segmenter: Segmenter, volume: Volume, box: Box3D, *, cache: EmbeddingCache | None = None, painted: int = 1
) -> Iterator[SliceResult | None]:
    """The slices along z of the object in a 3-D box, from the middle outwards, as `propagate` gives them.

    Where voxels are nearly cubes, the box is not small and the model knows places in it, it is filled along all three
    axes, and a voxel's share of them counts. A model's 3-D network has its own share to say. Scores are those along z.
    None stands for a step whose answer is not known yet: there are `step_count` results in all.
    """
    box = box.clipped(volume.shape_zyx)
    whole = segmenter.fill(volume, box)
    if whole is not None:
        yield None
    opinions = _Opinions.of(segmenter, box, whole)
    if not _from_all_sides(segmenter, volume, box):
        for found in propagate(segmenter, volume, box, cache=cache, painted=painted):
            yield found if whole is None else opinions.agreed(found, opinions.inside_of(found.mask))
        return
    votes = np.zeros([s.stop - s.start for s in opinions.inside], dtype=np.uint8)
    along_z: list[SliceResult] = []
    for axis in range(3):
        for found in propagate(segmenter, volume, box, axis=axis, cache=cache, painted=painted):
            _count(votes, found, opinions.inside)
            if axis == 0:
                along_z.append(found)
            yield None
    for found in along_z:
        yield opinions.agreed(found, votes[found.key.index - opinions.inside[0].start] / np.float32(3))


def step_count(segmenter: Segmenter, volume: Volume, box: Box3D) -> int:
    """How many results `fill_box` gives."""
    box = box.clipped(volume.shape_zyx)
    depth, height, width = (len(box.range_of(axis)) for axis in range(3))
    slices = 2 * depth + height + width if _from_all_sides(segmenter, volume, box) else depth
    return slices + (segmenter.manifest.solid is not None)


@dataclass(frozen=True, eq=False)
class _Opinions:
    """What the 3-D network says of the box's voxels (probabilities, Z, Y, X), and how much it has to say."""

    inside: tuple[slice, slice, slice]
    whole: NDArray[np.float32] | None
    share: float

    @classmethod
    def of(cls, segmenter: Segmenter, box: Box3D, whole: NDArray[np.float32] | None) -> _Opinions:
        z, y, x = (slice(r.start, r.stop) for r in (box.range_of(axis) for axis in range(3)))
        solid = segmenter.manifest.solid
        return cls((z, y, x), whole, solid.share if solid is not None and whole is not None else 0.0)

    def inside_of(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The part of a mask (rows, columns) of a slice along z within the box."""
        return mask[self.inside[1:]]

    def agreed(self, found: SliceResult, votes: NDArray[np.floating] | NDArray[np.bool_]) -> SliceResult:
        """A slice along z with the voxels that most are for; votes (rows, columns) of the box, 0..1."""
        said = (1 - self.share) * votes
        if self.whole is not None:
            said = said + self.share * self.whole[found.key.index - self.inside[0].start]
        mask = np.zeros_like(found.mask)
        mask[self.inside[1:]] = said > _MAJORITY
        return replace(found, mask=mask)


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
