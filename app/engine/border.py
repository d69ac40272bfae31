"""Borders of masks, and how far two of them lie apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_PERCENTILE = 95


@dataclass(frozen=True)
class BorderDistances:
    """From every voxel of either border to the nearest of the other one, both ways: see `border_distances`."""

    largest: float
    largest_95: float
    mean: float


def border_of(mask: NDArray[np.bool_], *, flat: tuple[bool, bool, bool]) -> NDArray[np.bool_]:
    """The voxels of a mask (z, y, x) that have a face neighbour outside it; outside the array nothing is inside.

    Axes that are `flat` have no neighbours: there the image is one voxel thick. Where all are, the voxel is a border.
    """
    if all(flat):
        return mask
    inner = mask.copy()
    for axis in range(3):
        if flat[axis]:
            continue
        along, kept = np.moveaxis(mask, axis, 0), np.moveaxis(inner, axis, 0)  # views
        kept[1:] &= along[:-1]
        kept[:-1] &= along[1:]
        kept[0] = kept[-1] = False
    border: NDArray[np.bool_] = mask & ~inner
    return border


def border_distances(
    first: NDArray[np.bool_], second: NDArray[np.bool_], spacing_zyx: tuple[float, float, float]
) -> BorderDistances:
    """Distances between the centres of two borders' voxels (z, y, x), neither of them empty, in the spacing's unit.

    `largest` of all (Hausdorff), `largest_95` the larger of both ways' 95th percentiles, `mean` of all voxels of both.
    """
    there = _distances_to(second, spacing_zyx)[first]
    back = _distances_to(first, spacing_zyx)[second]
    return BorderDistances(
        largest=float(max(there.max(), back.max())),
        largest_95=float(max(np.percentile(there, _PERCENTILE), np.percentile(back, _PERCENTILE))),
        mean=float((there.sum(dtype=np.float64) + back.sum(dtype=np.float64)) / (len(there) + len(back))),
    )


def _distances_to(border: NDArray[np.bool_], spacing_zyx: tuple[float, float, float]) -> NDArray[np.float32]:
    """Exact Euclidean distance of every voxel to the nearest one of a border that is nowhere thick."""
    import SimpleITK

    sitk: Any = SimpleITK  # Any: its stubs are incomplete
    image = sitk.GetImageFromArray(border.astype(np.uint8))
    image.SetSpacing(spacing_zyx[::-1])
    signed = sitk.SignedMaurerDistanceMap(image, squaredDistance=False, useImageSpacing=True)
    distances: NDArray[np.float32] = np.maximum(sitk.GetArrayViewFromImage(signed), 0.0)
    return distances
