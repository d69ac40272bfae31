"""Appearance made up: real and random shapes painted with random intensities, so that contrast is no habit.

In the spirit of SynthSeg (Billot et al., Medical Image Analysis 2023): labels are true, everything else is random.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from convert.augment import Array, Random, smooth_field


def paint_regions(labels: NDArray[np.int32], target: NDArray[np.bool_], random: Random) -> Array:
    """Grey values (S, S): random tissue for background and each label, with texture, edges blurred, bias and noise.

    `labels` (S, S) is any partition of the view (the other targets); `target` is the object, which always differs from
    what surrounds it, though a part of it may look like anything: a box is taken to hold one object whole.
    """
    size = len(labels)
    tissue = np.digitize(smooth_field(random, size, int(random.integers(2, 9))), np.sort(random.uniform(-0.7, 0.7, 3)))
    partition = tissue + 8 * (labels % 16)
    means = random.uniform(0, 1, int(partition.max()) + 1).astype(np.float32)
    x = means[partition]
    ring = ndimage.binary_dilation(target, iterations=max(2, size // 32)) & ~target
    around = float(x[ring].mean()) if ring.any() else 0.5
    step = random.uniform(0.12, 0.6) * (1 if random.random() < 0.5 else -1)
    inside = np.float32(around + step)
    heterogeneity = random.uniform(0, 0.5) * abs(step)
    content = inside + heterogeneity * smooth_field(random, size, int(random.integers(3, 12)))
    if random.random() < 0.3:  # a nucleus, a cavity, a calcification
        part = _deep(target, random) & (
            smooth_field(random, size, int(random.integers(2, 10))) > random.uniform(-0.3, 0.5)
        )
        content = np.where(part, np.float32(random.uniform(0, 1)), content)
    x = np.where(target, content, x)
    x = x + random.uniform(0, 0.15) * smooth_field(random, size, int(random.integers(8, 33)))
    x = ndimage.gaussian_filter(x, random.uniform(0.3, 1.8))
    if random.random() < 0.2:  # speckle, as of ultrasound and OCT
        grain = ndimage.gaussian_filter(random.exponential(1.0, x.shape), random.uniform(0.3, 1.2))
        x = x * (1 + random.uniform(0.3, 1.0) * (grain - 1))
    return np.asarray(x + random.normal(0, random.uniform(0.005, 0.08), x.shape), dtype=np.float32)


def with_core(values: Array, target: NDArray[np.bool_], random: Random) -> Array:
    """Real pixels (S, S) or (S, S, C) in which something deep within the target is brighter or darker than it was.

    A nucleus in its cell, a cavity, a calcification: an edge inside an object is not its outline.
    """
    core = _deep(target, random) & (
        smooth_field(random, len(target), int(random.integers(2, 8))) > random.uniform(-0.8, 0.5)
    )
    soft = ndimage.gaussian_filter(core.astype(np.float32), random.uniform(0.3, 1.5))
    channels = values.shape[2:] or (1,)
    change = np.float32(np.ptp(values)) * random.normal(0, 0.3) * random.uniform(0.5, 1.5, channels)
    return np.asarray(values + (soft[..., None] * change).reshape(values.shape), dtype=np.float32)


def _deep(target: NDArray[np.bool_], random: Random) -> NDArray[np.bool_]:
    """What lies well within a target: further from its edge than a share of its largest depth."""
    depth = ndimage.distance_transform_edt(target)
    return np.asarray(depth > random.uniform(0.15, 0.5) * depth.max())


def random_layer(random: Random, size: int) -> tuple[NDArray[np.bool_], NDArray[np.int32]]:
    """A band that spans the view, and the stack of bands (size, size) in which it lies: as retinal or skin layers."""
    x = np.linspace(-1, 1, size)
    count = int(random.integers(3, 9))
    thickness = random.dirichlet(np.full(count, 2.0)) * random.uniform(0.3, 0.9)
    bend = (
        random.normal(0, 0.12) * x**2 + random.normal(0, 0.08) * x - random.uniform(0, 0.25) * np.exp(-((x * 4) ** 2))
    )
    edge = random.uniform(0.05, 0.95 - float(thickness.sum())) + bend
    edges = [edge]
    for width in thickness:
        swell = 1 + 0.4 * np.interp(x, np.linspace(-1, 1, 6), random.normal(0, 1, 6)).clip(-1.5, 1.5)
        edges.append(edges[-1] + width * swell)
    rows = (np.arange(size)[:, None] + 0.5) / size
    labels = np.sum([rows >= e[None] for e in edges], axis=0).astype(np.int32)  # 0 above, 1..count, count + 1 below
    first = int(random.integers(1, count + 1))
    last = min(count, first + int(random.choice((0, 0, 0, 1, 2))))
    band = (labels >= first) & (labels <= last)
    if random.random() < 0.5:
        band, labels = band.T, labels.T
    return np.ascontiguousarray(band), np.ascontiguousarray(labels)


def random_shape(random: Random, size: int) -> NDArray[np.bool_]:
    """A blob (size, size) near the middle: an ellipse with a wobbling radius; sometimes a ring or a tube."""
    y, x = (np.mgrid[:size, :size] + 0.5) / size - 0.5
    angle = random.uniform(0, np.pi)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    a, b = random.uniform(0.12, 0.3), random.uniform(0.08, 0.3)
    theta = np.arctan2(v / b, u / a)
    waves = sum(random.normal(0, 0.25 / n) * np.cos(n * theta + random.uniform(0, 6.3)) for n in range(2, 7))
    radius = np.hypot(u / a, v / b)
    shape: NDArray[np.bool_] = radius < 1 + 0.5 * np.asarray(waves)
    kind = random.random()
    if kind < 0.1:
        shape &= radius > random.uniform(0.4, 0.75)
    elif kind < 0.2:
        bend = random.uniform(-1.5, 1.5) * u**2
        shape = (np.abs(v - bend) < random.uniform(0.02, 0.07)) & (np.abs(u) < random.uniform(0.25, 0.42))
    return shape
