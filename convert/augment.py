"""Random changes of appearance and shape. Every function takes the generator, so that a sample is its number alone."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Array = NDArray[np.float32]
Random = np.random.Generator


def smooth_field(random: Random, size: int, cells: int) -> Array:
    """(size, size) smooth noise, about -1..1, with that many cells across."""
    coarse = random.uniform(-1, 1, (cells + 1, cells + 1)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC), dtype=np.float32)


def augment_grey(values: Array, random: Random) -> Array:
    """Grey values (S, S) of any range: tone curve, inversion, bias field, speckle, noise, blur, resampling, JPEG."""
    low, high = float(values.min()), float(values.max())
    x: Array = (values - low) / max(high - low, 1e-6)
    if random.random() < 0.5:
        x = np.power(x, np.float32(np.exp(random.normal(0, 0.4))))
    if random.random() < 0.15:
        x = _random_tone_curve(x, random)
    if random.random() < 0.2:
        x = 1 - x
    if random.random() < 0.25:
        x = x * (1 + random.uniform(0.1, 0.5) * smooth_field(random, len(x), int(random.integers(1, 4))))
    if random.random() < 0.12:
        x = x * (1 + random.normal(0, random.uniform(0.05, 0.3), x.shape)).astype(np.float32)
    if random.random() < 0.25:
        x = x + random.normal(0, random.uniform(0.01, 0.08), x.shape).astype(np.float32)
    return _soften(x.astype(np.float32), random)


def augment_colour(values: Array, random: Random) -> Array:
    """Colour (S, S, 3) in 0..255: brightness, contrast, saturation, tint, noise, blur; now and then grey."""
    x: NDArray[Any] = values / np.float32(255.0)
    if random.random() < 0.12:
        x = np.repeat((x @ random.dirichlet((3, 3, 3))).astype(np.float32)[..., None], 3, axis=2)
    grey = x.mean(axis=2, keepdims=True)
    x = grey + (x - grey) * random.uniform(0.5, 1.5)
    x = (x - 0.5) * random.uniform(0.7, 1.4) + 0.5 + random.uniform(-0.15, 0.15)
    x = x * random.uniform(0.8, 1.2, 3)
    if random.random() < 0.2:
        x = np.clip(x, 0, 1) ** np.exp(random.normal(0, 0.3))
    if random.random() < 0.2:
        x = x + random.normal(0, random.uniform(0.01, 0.05), x.shape)
    if random.random() < 0.1:
        x = x[..., random.permutation(3)]
    if random.random() < 0.06:
        x = 1 - x
    if random.random() < 0.15:
        x = np.stack([_soften(x[..., c].astype(np.float32), random) for c in range(3)], axis=-1)
    return np.asarray(np.clip(x * 255.0, 0, 255), dtype=np.float32)


def _soften(x: Array, random: Random) -> Array:
    choice = random.random()
    if choice < 0.1:
        return np.asarray(ndimage.gaussian_filter(x, random.uniform(0.4, 1.6)), dtype=np.float32)
    if choice < 0.18:
        size = len(x)
        coarse = max(8, int(size * random.uniform(0.25, 0.7)))
        small = Image.fromarray(x).resize((coarse, coarse), Image.Resampling.BILINEAR)
        return np.asarray(small.resize((size, size), Image.Resampling.BILINEAR), dtype=np.float32)
    if choice < 0.26:
        return _through_jpeg(x, int(random.integers(15, 75)))
    return x


def _through_jpeg(x: Array, quality: int) -> Array:
    """As stored by an export: 8 bits, blocks of 8."""
    low, high = float(x.min()), float(x.max())
    codes = np.rint((x - low) * (255.0 / max(high - low, 1e-6))).astype(np.uint8)
    file = BytesIO()
    Image.fromarray(codes).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file), dtype=np.float32) * np.float32((high - low) / 255.0) + np.float32(low)


def _random_tone_curve(x: Array, random: Random) -> Array:
    knots = int(random.integers(3, 8))
    curve = random.uniform(0, 1, knots)
    return np.interp(x, np.linspace(0, 1, knots), curve).astype(np.float32)


def degrade(mask: Array, random: Random, strength: float) -> Array:
    """A mask (P, P) of fractions as a neighbour or an earlier attempt might have it: shifted, grown, eaten, blotted."""
    size = len(mask)
    x = ndimage.gaussian_filter(mask, random.uniform(0.5, 1 + 2 * strength))
    level = (
        0.5
        + 0.35 * strength * smooth_field(random, size, int(random.integers(2, 7)))
        + random.normal(0, 0.15 * strength)
    )
    x = (x > np.clip(level, 0.05, 0.95)).astype(np.float32)
    if random.random() < strength:
        blot = smooth_field(random, size, int(random.integers(3, 8))) > random.uniform(0.3, 0.7)
        near = ndimage.maximum_filter(mask, size=max(3, size // 6)) > 0.5
        x = np.where(blot & near, 1.0 - x, x).astype(np.float32)
    if random.random() < 0.5:
        shift = np.rint(random.normal(0, 1 + 2 * strength, 2)).astype(int)
        x = np.roll(x, tuple(shift), axis=(0, 1))
    return np.asarray(x, dtype=np.float32)
