"""A 3-D box filled by all that knows something of it: 3-D network and slices along z, or slices of three directions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.engine.embeddings import EmbeddingCache
from app.engine.labelmap import slice_region
from app.engine.network import SolidNetwork
from app.engine.plane import SliceKey
from app.engine.prompt import Box3D
from app.engine.propagate import SliceResult, propagate
from app.engine.segmenter import Segmenter
from app.engine.volume import Volume

_ENOUGH = 0.45  # of what network and slices say of a voxel: below half, which serves DSC best where an edge is in doubt
_FINE, _COARSE = 2.0, 4.0  # voxels of a cell, along the mean side of the box
_COARSE_LOSS = 0.25  # of the network's share, where its cells are coarse
_MAJORITY = 0.5  # of the directions
_CUBE = 2.0  # longest side of a voxel in shortest ones: models have seen planes across thinner slices only
_SMALLEST = 10  # voxels of the box's shortest side: of smaller objects, planes across the slices see too little


@dataclass(frozen=True, eq=False)
class Provisional:
    """What is expected in a box of the volume (its Z, Y, X) by what has been said so far: to be shown, not written."""

    box: Box3D
    mask: NDArray[np.bool_]


def fill_box(
    segmenter: Segmenter, volume: Volume, box: Box3D, *, cache: EmbeddingCache | None = None, painted: int = 1
) -> Iterator[SliceResult | Provisional]:
    """The slices along z of the object in a 3-D box, from the middle outwards, as `propagate` gives them.

    Beside a model's 3-D network, slices along z have a share to say; the score of a slice is then the IoU that the
    network expects of the mask. Without one, where voxels are nearly cubes, the box is not small and the model knows
    places in it, it is filled along all three axes, and a voxel belongs to the object where two of them say so.

    A step whose answer is not known yet gives what is provisional: all that the 3-D network says, or the slice, along
    any axis, of which one more direction has been heard. There are `step_count` results in all.
    """
    box = box.clipped(volume.shape_zyx)
    whole, solid = segmenter.fill(volume, box), segmenter.manifest.solid
    along = (propagate(segmenter, volume, box, axis=axis, cache=cache, painted=painted) for axis in range(3))
    if whole is not None and solid is not None:
        yield Provisional(box, whole > _ENOUGH)
        network = _Network(_inside(box), whole, share_of(solid, box))
        for found in next(along):
            yield network.agreed(found)
    elif _from_all_sides(segmenter, volume, box):
        yield from _two_of_three(_inside(box), along)
    else:
        yield from next(along)


def step_count(segmenter: Segmenter, volume: Volume, box: Box3D) -> int:
    """How many results `fill_box` gives."""
    box = box.clipped(volume.shape_zyx)
    depth, height, width = (len(box.range_of(axis)) for axis in range(3))
    if segmenter.manifest.solid is not None:
        return 1 + depth
    return 2 * depth + height + width if _from_all_sides(segmenter, volume, box) else depth


def share_of(solid: SolidNetwork, box: Box3D) -> float:
    """How much a 3-D network has to say of a box: less of one that is large, of which its cells see less than slices.

    All of its share up to two voxels a cell, three quarters of it from four on; in between it falls evenly.
    """
    voxels = sum(len(box.range_of(axis)) for axis in range(3)) / 3 / (solid.size / solid.ratio)
    return solid.share * (1 - _COARSE_LOSS * min(max((voxels - _FINE) / (_COARSE - _FINE), 0.0), 1.0))


@dataclass(frozen=True, eq=False)
class _Network:
    """What the 3-D network says of the box's voxels (probabilities, Z, Y, X), and how much it has to say."""

    inside: tuple[slice, slice, slice]
    whole: NDArray[np.float32]
    share: float

    def agreed(self, found: SliceResult) -> SliceResult:
        """A slice along z with the voxels of which enough is said; an empty one keeps its score."""
        likely, mask = self.whole[found.key.index - self.inside[0].start], np.zeros_like(found.mask)
        enough = self.share * likely + (1 - self.share) * found.mask[self.inside[1:]] > _ENOUGH
        mask[self.inside[1:]] = enough
        if not enough.any():
            return replace(found, mask=mask)
        return replace(found, mask=mask, score=float(likely[enough].sum() / (enough.sum() + likely[~enough].sum())))


def _two_of_three(
    inside: tuple[slice, slice, slice], along: Iterator[Iterator[SliceResult]]
) -> Iterator[SliceResult | Provisional]:
    """The slices along z with the voxels that most of three directions found, after all that is provisional."""
    votes = np.zeros([part.stop - part.start for part in inside], dtype=np.uint8)
    along_z: list[SliceResult] = []
    for axis, slices in enumerate(along):
        for found in slices:
            place = SliceKey(axis, found.key.index - inside[axis].start).selector()
            rows, columns = (part for n, part in enumerate(inside) if n != axis)
            votes[place] += found.mask[rows, columns]
            if axis == 0:
                along_z.append(found)
            most = np.expand_dims(votes[place] > _MAJORITY * (axis + 1), axis)
            yield Provisional(slice_region(found.key, rows, columns), most)
    for found in along_z:
        mask = np.zeros_like(found.mask)
        mask[inside[1:]] = votes[found.key.index - inside[0].start] > _MAJORITY * 3
        yield replace(found, mask=mask)


def _inside(box: Box3D) -> tuple[slice, slice, slice]:
    z, y, x = (slice(r.start, r.stop) for r in (box.range_of(axis) for axis in range(3)))
    return z, y, x


def _from_all_sides(segmenter: Segmenter, volume: Volume, box: Box3D) -> bool:
    spacing = volume.geometry.spacing_zyx
    cubes = volume.in_mm and max(spacing) < _CUBE * min(spacing)
    small = min(len(box.range_of(axis)) for axis in range(3)) < _SMALLEST
    return cubes and not small and segmenter.manifest.encoding == "maps"
