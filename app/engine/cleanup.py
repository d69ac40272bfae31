"""Tidying a mask: its largest part alone, its holes filled. Off unless asked for: both can remove what is true."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def clean(mask: NDArray[np.bool_], *, largest: bool = False, holes: bool = False) -> NDArray[np.bool_]:
    """A mask (rows, columns) or (Z, Y, X), tidied; a new array, or the same one where nothing is asked or inside.

    `largest` keeps the part with the most voxels; voxels that touch by a corner belong together. `holes` fills
    background that is enclosed: in a slice by a ring, in a volume by a closed surface. A volume one voxel thick is
    treated as the slice that it is.
    """
    if not (largest or holes) or not mask.any():
        return mask
    region = tuple(_extent(mask, axis) for axis in range(mask.ndim))
    part = mask[region]
    thick = [size for size, whole in zip(part.shape, mask.shape, strict=True) if whole > 1]
    tidied = part.reshape((1, 1, *thick)[-max(2, len(thick)) :])  # without axes of one voxel, but two at least
    if largest:
        tidied = _largest_part(tidied)
    if holes:
        tidied = _without_holes(tidied)
    result = np.zeros_like(mask)
    result[region] = tidied.reshape(part.shape)
    return result


def _extent(mask: NDArray[np.bool_], axis: int) -> slice:
    others = tuple(other for other in range(mask.ndim) if other != axis)
    occupied = np.flatnonzero(mask.any(axis=others))
    return slice(int(occupied[0]), int(occupied[-1]) + 1)


def _largest_part(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    import SimpleITK as sitk  # noqa: N813  # the library's own abbreviation

    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    parts = sitk.GetArrayFromImage(sitk.ConnectedComponent(image, True))
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0  # the background
    kept: NDArray[np.bool_] = parts == int(sizes.argmax())
    return kept


def _without_holes(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    import SimpleITK as sitk  # noqa: N813  # the library's own abbreviation

    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    filled = sitk.BinaryFillhole(image, False, 1.0)
    return np.asarray(sitk.GetArrayFromImage(filled), dtype=bool)
