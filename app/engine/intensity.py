"""From quantities to the model's input channels, as the manifest prescribes. Shared by training and inference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.engine.view import View
from app.engine.volume import as_eight_bits

_BINS = 256
_GREY_TOLERANCE = 2.0  # mean difference of channels, of 255, that JPEG's colour planes leave in a grey picture

_PHOTO_MEAN = np.array([123.675, 116.28, 103.53], dtype=np.float32)  # of red, green and blue in ImageNet, 0..255
_PHOTO_SPREAD = np.array([58.395, 57.12, 57.375], dtype=np.float32)


@dataclass(frozen=True)
class IntensityMapping:
    """How values become channels.

    "percentile": grey values of the view are stretched from the `low` to the `high` percentile onto 0..1; the second of
    the three channels is the same equalised by rank (what keeps soft tissue visible beside bone). Colour: each channel
    stretched in the same way. "minmax": MedSAM's stretch of the resized image to 0..1, all channels together.
    "standard": SAM's own, eight-bit values less their mean over their spread in photographs; what has more than eight
    bits is stretched to them first.
    Colour whose channels agree (ultrasound, challenge files) is grey, within the noise of JPEG.
    """

    kind: Literal["percentile", "minmax", "standard"] = "percentile"
    low: float = 0.5
    high: float = 99.5


def model_input(
    image: NDArray[Any], view: View, mapping: IntensityMapping, *, inverted: bool = False
) -> NDArray[np.float32]:
    """Channels (3, size, size) float32 of a slice (rows, columns[, 3]), in 0..1 but for "standard"; 0 beyond the slice.

    `inverted` turns grey values round before mapping (MONOCHROME1).
    """
    if mapping.kind == "standard" and image.ndim == 2:
        image, inverted = _stretched_to_eight_bits(-image.astype(np.float32) if inverted else image), False
    values = view.extract(as_eight_bits(image) if image.ndim == 3 else image)
    return map_intensities(-values if inverted else values, view.inside(), mapping)


def map_intensities(
    values: NDArray[np.float32], inside: NDArray[np.bool_], mapping: IntensityMapping
) -> NDArray[np.float32]:
    """Values (size, size[, 3]) of a view to channels (3, size, size) in 0..1; cells not `inside` become 0."""
    if not inside.any():  # a slice thinner than one cell: its values are everywhere, by the repeated edge
        inside = np.ones_like(inside)
    if mapping.kind == "minmax":
        seen = values[inside]
        low = float(seen.min())
        out = (values - low) / max(float(seen.max()) - low, 1e-8)
        channels = out.transpose(2, 0, 1) if out.ndim == 3 else np.stack([out] * 3)
    elif mapping.kind == "standard":
        coloured = values if values.ndim == 3 else np.stack([values] * 3, axis=-1)
        channels = ((coloured - _PHOTO_MEAN) / _PHOTO_SPREAD).transpose(2, 0, 1)
    elif values.ndim == 3 and _is_colour(values):
        channels = np.stack([_stretch(values[..., c], inside, mapping) for c in range(3)])
    else:
        grey = values.mean(axis=2, dtype=np.float32) if values.ndim == 3 else values
        channels = grey_channels(grey, inside, mapping)[[0, 1, 0]]
    if not inside.all():
        channels = channels * inside
    return np.ascontiguousarray(channels, dtype=np.float32)


def grey_channels(
    values: NDArray[np.float32], inside: NDArray[np.bool_], mapping: IntensityMapping
) -> NDArray[np.float32]:
    """Grey values of any shape stretched onto 0..1 by percentiles of the `inside`, and the same equalised: (2, …)."""
    stretched = _stretch(values, inside, mapping)
    return np.stack([stretched, _equalise(stretched, inside)])


def _stretched_to_eight_bits(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Grey values from the smallest to the largest onto 0..255; those of eight bits stay."""
    if image.dtype == np.uint8:
        return image
    low, high = float(image.min()), float(image.max())
    return np.asarray(np.rint((image.astype(np.float32) - low) * (255 / max(high - low, 1e-8))), dtype=np.uint8)


def _is_colour(values: NDArray[np.float32]) -> bool:
    red, green, blue = (values[::2, ::2, c] for c in range(3))
    difference = float((np.abs(red - green) + np.abs(green - blue)).mean())
    return difference > _GREY_TOLERANCE


def _stretch(values: NDArray[np.float32], inside: NDArray[np.bool_], mapping: IntensityMapping) -> NDArray[np.float32]:
    seen = values.ravel() if inside.all() else values[inside]
    ranks = np.percentile(seen[:: max(1, len(seen) // 16384)], (mapping.low, mapping.high))
    low, high = float(ranks[0]), float(ranks[1])  # Python's floats keep the arithmetic below in single precision
    if high - low < 1e-6 * max(1.0, abs(low), abs(high)):  # nearly constant: a few voxels may still stand out
        low, high = float(seen.min()), float(seen.max())
    out = (values - low) / max(high - low, 1e-12)
    return np.clip(out, 0.0, 1.0, out=out)


def _equalise(stretched: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Rank of each value among those inside, 0..1, by a histogram of 256 bins."""
    codes = (stretched * (_BINS - 1) + 0.5).astype(np.uint8)
    counts = np.bincount(codes.ravel() if inside.all() else codes[inside], minlength=_BINS)
    ranks = (np.cumsum(counts) - 0.5 * counts) / max(int(counts.sum()), 1)
    equalised: NDArray[np.float32] = ranks.astype(np.float32).take(codes)
    return equalised
