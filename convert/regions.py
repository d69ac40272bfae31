"""Targets that nobody drew: regions of real images between their own edges, and neighbours taken as one object.

Basins of the gradient as pseudo-labels, in the spirit of C. Ouyang et al., Self-supervision with superpixels (ECCV
2020): what a training set never outlines (vessels, parcels of a brain, membranes) is seen nevertheless. Two targets
that touch are the opposite case: an object with an edge inside it, which its box holds whole all the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray
from scipy import ndimage

from convert.augment import Array, Random

_SMALLEST, _LARGEST = 48, 224  # pixels: sides of the part of an image that is looked at
_LEAST_AREA = 40  # pixels
_CLEAR = 1.1  # gradient along three quarters of a region's edge at least, against the mean of all of the part


def random_region(pixels: NDArray[Any], random: Random) -> NDArray[np.bool_] | None:
    """A region (H, W) of an image (H, W) or (H, W, C) whose edge shows, or None where a random part has none."""
    rows, columns = pixels.shape[:2]
    side = int(np.exp(random.uniform(np.log(_SMALLEST), np.log(_LARGEST))))
    height, width = min(side, rows), min(side, columns)
    y, x = int(random.integers(rows - height + 1)), int(random.integers(columns - width + 1))
    part = pixels[y : y + height, x : x + width].astype(np.float32)
    found = _basin(part.mean(axis=2) if part.ndim == 3 else part, random)
    if found is None:
        return None
    region = np.zeros((rows, columns), dtype=bool)
    region[y : y + height, x : x + width] = found
    return region


def with_neighbour(labels: NDArray[Any], value: int, random: Random) -> NDArray[Any] | None:
    """Labels (H, W) in which one of those that touch a value's area has become part of it; None where none does."""
    area = labels == value
    rim = ndimage.binary_dilation(area, iterations=2) & ~area
    near = np.unique(labels[rim])
    near = near[near > 0]
    if not len(near):
        return None
    return np.where(labels == near[int(random.integers(len(near)))], np.asarray(value, labels.dtype), labels)


def _basin(grey: Array, random: Random) -> NDArray[np.bool_] | None:
    low, high = np.quantile(grey, (0.01, 0.99))
    if not high > low:
        return None
    scaled = np.clip((grey - low) / (high - low), 0, 1)
    gradient = ndimage.gaussian_gradient_magnitude(scaled, random.uniform(0.7, 2.5))
    level = float(random.uniform(0.02, 0.4) * np.quantile(gradient, 0.95))
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(gradient, dtype=np.float32))
    basins = SimpleITK.GetArrayFromImage(SimpleITK.MorphologicalWatershed(image, level, markWatershedLine=False))
    mean = float(gradient.mean())
    suited = []
    for value, extent in enumerate(ndimage.find_objects(basins.astype(np.int32)), start=1):
        if extent is None or not _fits(extent, grey.shape):
            continue
        region = _smoothed(basins[extent] == value)
        edge = region & ~ndimage.binary_erosion(region)
        if region.sum() >= _LEAST_AREA and np.quantile(gradient[extent][edge], 0.25) > _CLEAR * mean:
            suited.append((extent, region))
    if not suited:
        return None
    extent, region = suited[int(random.integers(len(suited)))]
    found = np.zeros(grey.shape, dtype=bool)
    found[extent] = region
    return found


def _fits(extent: tuple[slice, ...], shape: tuple[int, ...]) -> bool:
    """Whole (away from the rim of the part) and of some size in both directions."""
    return all(
        e.start > 0 and e.stop < n and 5 <= e.stop - e.start <= 0.8 * n for e, n in zip(extent, shape, strict=True)
    )


def _smoothed(region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Its largest part without the fringes of noise, holes filled."""
    opened = ndimage.binary_opening(np.pad(region, 1), structure=np.ones((3, 3)))[1:-1, 1:-1]
    parts, count = ndimage.label(opened)
    if count > 1:
        opened = parts == 1 + int(np.argmax(np.bincount(parts.ravel())[1:]))
    return np.asarray(ndimage.binary_fill_holes(opened))
