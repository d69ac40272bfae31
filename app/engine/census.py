"""How many voxels of a label map bear each value, and where: kept up, so that nobody has to look at all to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.errors import LabelError
from app.engine.prompt import Box3D

_BACKGROUND, _LARGEST = 0, 65535  # uint16


class Census:
    """Counts and boxes of all values but 0. A box holds all voxels of its value and may be larger than they need."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._boxes: dict[int, Box3D] = {}

    @classmethod
    def of(cls, values: NDArray[np.uint16], corner_zyx: tuple[int, int, int] = (0, 0, 0)) -> Census:
        """Of values (Z, Y, X), of which the first voxel lies at a corner of the label map.

        A value's box holds all that is not 0 in the planes along z in which it occurs.
        """
        made = cls()
        z0, y0, x0 = corner_zyx
        for z, plane in enumerate(values, start=z0):
            rows = np.flatnonzero(plane.max(axis=1, initial=0))
            if not len(rows):
                continue
            filled = plane[rows[0] : rows[-1] + 1]
            columns = np.flatnonzero(filled.max(axis=0))
            (top, bottom), (left, right) = ((int(n[0]), int(n[-1]) + 1) for n in (rows, columns))
            box = Box3D(x0 + left, y0 + top, z, x0 + right, y0 + bottom, z + 1)
            for value, count in counts_of(filled[:, left:right].ravel()).items():
                made._add(value, count, box)
        return made

    @property
    def values(self) -> tuple[int, ...]:
        """All values but 0 that voxels bear, in order."""
        return tuple(sorted(self._counts))

    def count(self, value: int) -> int:
        """How many voxels bear a value other than 0."""
        return self._counts.get(value, 0)

    def box(self, value: int) -> Box3D | None:
        """Where they lie; None where there are none."""
        return self._boxes.get(value)

    def change(self, region: Box3D, before: dict[int, int], after: dict[int, int]) -> None:
        """Take note that within a region voxels have changed, so many of each value (see `counts_of`)."""
        for value, count in before.items():
            left = self._counts.get(value, 0) - count
            if value != _BACKGROUND and left > 0:
                self._counts[value] = left
            elif value != _BACKGROUND:
                del self._counts[value], self._boxes[value]
        for value, count in after.items():
            self._add(value, count, region)

    def _add(self, value: int, count: int, region: Box3D) -> None:
        if value == _BACKGROUND:
            return
        box = self._boxes.get(value)
        self._counts[value] = self._counts.get(value, 0) + count
        self._boxes[value] = region if box is None else _around(box, region)


@dataclass(frozen=True, eq=False)
class Incoming:
    """Another label map (Z, Y, X), looked through, which takes a while: the tight box of each of its values but 0."""

    values: NDArray[np.uint16]
    boxes: Mapping[int, Box3D]

    @classmethod
    def of(cls, values: NDArray[Any]) -> Incoming:
        """Of whole numbers from 0 to 65535; raises LabelError for others."""
        whole = _whole(values)
        census = Census.of(whole)
        slabs = {value: census.box(value) for value in census.values}
        boxes = {value: tight_box(whole, value, slab) for value, slab in slabs.items() if slab is not None}
        return cls(whole, {value: box for value, box in boxes.items() if box is not None})


def counts_of(values: NDArray[np.uint16]) -> dict[int, int]:
    """How many of the values (N,) are what; most often all are the same, which is told much sooner."""
    if not len(values):
        return {}
    if (values == values[0]).all():
        return {int(values[0]): len(values)}
    counts = np.bincount(values)
    present = np.flatnonzero(counts)
    return dict(zip(present.tolist(), counts[present].tolist(), strict=True))


def tight_box(values: NDArray[np.uint16], value: int, box: Box3D) -> Box3D | None:
    """The smallest box within a box of the label map (Z, Y, X) that holds the voxels of a value in it; None for none.

    Plane by plane, so that what is compared stays in the processor's cache.
    """
    rows, columns = np.zeros(box.y1 - box.y0, np.bool_), np.zeros(box.x1 - box.x0, np.bool_)
    planes = []
    for z in range(box.z0, box.z1):
        found = values[z, box.y0 : box.y1, box.x0 : box.x1] == value
        across = found.any(axis=0)
        if across.any():
            planes.append(z)
            columns |= across
            rows |= found.any(axis=1)
    if not planes:
        return None
    (y0, y1), (x0, x1) = ((int(n[0]), int(n[-1]) + 1) for n in (np.flatnonzero(rows), np.flatnonzero(columns)))
    return Box3D(box.x0 + x0, box.y0 + y0, planes[0], box.x0 + x1, box.y0 + y1, planes[-1] + 1)


def _around(one: Box3D, other: Box3D) -> Box3D:
    return Box3D(
        min(one.x0, other.x0), min(one.y0, other.y0), min(one.z0, other.z0),
        max(one.x1, other.x1), max(one.y1, other.y1), max(one.z1, other.z1),
    )  # fmt: skip


def _whole(values: NDArray[Any]) -> NDArray[np.uint16]:
    """Values that are whole numbers from 0 to 65535, as such; LabelError otherwise."""
    with np.errstate(invalid="ignore"):
        whole = values.astype(np.uint16)
    if not np.array_equal(whole, values):
        raise LabelError(f"a label map holds whole numbers from 0 to {_LARGEST}")
    return whole
