"""DSC and NSD as the challenge computes them.

NSD is the surface Dice of Nikolov et al. 2018 (arXiv 1809.04430): the share of both surfaces that lies within a
tolerance of the other. A surface is what marching squares or marching cubes draws between voxel centres at the level
one half; each 2 x 2 (x 2) neighbourhood of voxels holds one element, whose length or area follows from which of its
corners are inside. Elements sit at the middle of their neighbourhood, and the distance is between those middles.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

_Corner = tuple[int, ...]

_LOWEST_DSC = 0.2  # the challenge does not compute NSD of a case at or below this, and calls it 0
_MOST_STEPS = 8192  # with more elements than this around one, a distance transform is faster than looking at them


@dataclass(frozen=True)
class CaseScore:
    """Scores of one case: DSC and NSD as means over labels, and DSC of each label (NaN where it is in neither)."""

    dsc: float
    nsd: float
    labels: tuple[int, ...]
    label_dsc: tuple[float, ...]


def dsc(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Dice similarity coefficient, 0..1, of two masks of the same shape; NaN where both are empty."""
    total = int(np.count_nonzero(a)) + int(np.count_nonzero(b))
    return 2 * int(np.count_nonzero(a & b)) / total if total else math.nan


def nsd(gt: NDArray[np.bool_], seg: NDArray[np.bool_], spacing_zyx: Sequence[float], tolerance: float = 2.0) -> float:
    """Normalised surface distance (surface Dice), 0..1, of two masks of the same shape.

    Masks are (Z, Y, X), or (Y, X) with a spacing of two; spacing in the array's axis order, tolerance in its unit. The
    result is NaN where both are empty and 0 where one is.
    """
    if gt.shape != seg.shape or gt.ndim != len(spacing_zyx) or gt.ndim not in (2, 3):
        raise ValueError(f"masks of shape {gt.shape} and {seg.shape} with a spacing of {len(spacing_zyx)} do not fit")
    window = _common_window(gt, seg)
    if window is None:
        return math.nan
    sizes = element_sizes(spacing_zyx)
    codes_gt, codes_seg = _neighbour_codes(gt[window]), _neighbour_codes(seg[window])
    full = len(sizes) - 1
    border_gt, border_seg = (codes_gt > 0) & (codes_gt < full), (codes_seg > 0) & (codes_seg < full)
    near_gt, near_seg = _near(border_gt, border_seg, spacing_zyx, tolerance)
    size_gt, size_seg = sizes[codes_gt[border_gt]], sizes[codes_seg[border_seg]]
    within = size_gt[near_gt].sum() + size_seg[near_seg].sum()
    return float(within / (size_gt.sum() + size_seg.sum()))


def challenge_scores(
    gts: NDArray[np.integer[Any]],
    segs: NDArray[np.integer[Any]],
    spacing_zyx: Sequence[float] | None = None,
    *,
    labels: Sequence[int] | None = None,
) -> CaseScore:
    """Scores of one case by the rules of the CVPR 2024 challenge, tolerance 2.

    Label maps (Z, Y, X) with their spacing in mm, or pictures (rows, columns) without. Every label from 1 to the
    largest of `gts` counts, or those in `labels`; NaN where one is in neither map, which makes the mean NaN. NSD is
    0 where the mean DSC is not above 0.2. The challenge scores a picture as a slab one voxel thick with a spacing of
    1, so that the faces of the slab count as surface too.
    """
    chosen = tuple(range(1, int(gts.max(initial=0)) + 1)) if labels is None else tuple(int(v) for v in labels)
    each = _each_dsc(gts, segs, chosen)
    mean = float(np.mean(each)) if each else math.nan
    if not mean > _LOWEST_DSC:
        return CaseScore(mean, 0.0, chosen, each)
    if gts.ndim == 2:
        gts, segs, spacing_zyx = gts[..., None], segs[..., None], (1.0, 1.0, 1.0)
    if spacing_zyx is None:
        raise ValueError("a volume needs its spacing")
    surface = float(np.mean([nsd(gts == v, segs == v, spacing_zyx) for v in chosen]))
    return CaseScore(mean, surface, chosen, each)


def _each_dsc(
    gts: NDArray[np.integer[Any]], segs: NDArray[np.integer[Any]], chosen: Sequence[int]
) -> tuple[float, ...]:
    """`dsc` of each label, counted in one pass: a file may claim that it has 65,535."""
    beyond = max(chosen, default=0) + 1  # stands for all labels that nobody asked for
    in_gts, in_segs, in_both = (
        np.bincount(np.clip(values.ravel().astype(np.int64), 0, beyond), minlength=beyond + 1)
        for values in (gts, segs, gts[gts == segs])
    )
    totals = in_gts + in_segs
    return tuple(2 * int(in_both[v]) / int(totals[v]) if totals[v] else math.nan for v in chosen)


def element_sizes(spacing: Sequence[float]) -> NDArray[np.float64]:
    """Length (2-D, 16 codes) or area (3-D, 256 codes) of the surface element of every neighbourhood code.

    A code has one bit per corner of the neighbourhood; the first corner in array order has the highest bit.
    """
    step = np.asarray(spacing, dtype=np.float64)
    scale = step if len(step) == 2 else step.prod() / step  # of lengths along the axes, of areas across them
    sizes: NDArray[np.float64] = np.linalg.norm(_unit_elements(len(step)) * scale, axis=-1).sum(axis=-1)
    return sizes


@cache
def _unit_elements(dimensions: int) -> NDArray[np.float64]:
    """Planar pieces of the element of every code at a spacing of 1: (codes, pieces, dimensions), filled up with zeros.

    A piece of a line is its vector, a piece of a surface its area vector, in magnitude (signs do not change a size).
    """
    corners = list(itertools.product((0, 1), repeat=dimensions))
    table = np.zeros((2 ** len(corners), 4, dimensions))
    for code in range(len(table)):
        inside = [c for bit, c in enumerate(reversed(corners)) if code >> bit & 1]
        if 2 * len(inside) > len(corners):  # the same surface, seen from the other side
            inside = [c for c in corners if c not in inside]
        pieces = [p for part in _connected(inside) for p in (_line(part) if dimensions == 2 else _surface(part))]
        if pieces:
            table[code, : len(pieces)] = pieces
    return table


def _connected(corners: list[_Corner]) -> list[list[_Corner]]:
    """Corners of a cell grouped by the edges between them: corners across a diagonal get surfaces of their own."""
    groups: list[list[_Corner]] = []
    for corner in corners:
        touching = [g for g in groups if any(_steps(corner, other) == 1 for other in g)]
        groups = [g for g in groups if g not in touching] + [[corner, *itertools.chain(*touching)]]
    return groups


def _steps(a: _Corner, b: _Corner) -> int:
    return sum(x != y for x, y in zip(a, b, strict=True))


def _line(part: list[_Corner]) -> list[NDArray[np.float64]]:
    """The line that cuts one corner, or two neighbouring ones, off a square, joining middles of edges."""
    if len(part) == 1:
        return [np.ones(2) / 2]
    return [np.abs(np.subtract(part[0], part[1])).astype(np.float64)]


def _surface(part: list[_Corner]) -> list[NDArray[np.float64]]:
    """The polygon that cuts a connected group of one to four corners off a cube, joining middles of edges."""
    ones, unit = np.ones(3), np.eye(3)
    edges = [(a, b) for a, b in itertools.combinations(part, 2) if _steps(a, b) == 1]
    axes = [int(np.argmax(np.abs(np.subtract(a, b)))) for a, b in edges]
    if len(part) == 1:  # a triangle
        return [ones / 8]
    if len(part) == 2:  # a rectangle along their edge
        return [(ones - unit[axes[0]]) / 2]
    if len(part) == 3:  # a folded pentagon: a triangle parallel to the face of the three, a trapezium across
        return [(ones - unit[axes[0]] - unit[axes[1]]) / 2, 3 * ones / 8]
    if len(edges) == 4:  # a face: a square
        return [ones - sum(unit[axis] for axis in set(axes))]
    middle = [axis for axis, edge in zip(axes, edges, strict=True) if all(_degree(c, edges) == 2 for c in edge)]
    if not middle:  # a corner and its three neighbours: a regular hexagon
        return [3 * ones / 4]
    # a winding row of four: a folded hexagon, a piece across it and a triangle at each end
    return [ones / 2, *((unit[middle[0]] + unit[end]) / 4 for end in range(3) if end != middle[0])]


def _degree(corner: _Corner, edges: list[tuple[_Corner, _Corner]]) -> int:
    return sum(corner in edge for edge in edges)


def _common_window(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> tuple[slice, ...] | None:
    """Bounding box of both masks together, or None where both are empty."""
    either = a | b
    window = []
    for axis in range(either.ndim):
        hit = np.flatnonzero(either.any(axis=tuple(other for other in range(either.ndim) if other != axis)))
        if not len(hit):
            return None
        window.append(slice(int(hit[0]), int(hit[-1]) + 1))
    return tuple(window)


def _neighbour_codes(mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Code of every neighbourhood that meets the mask: (n + 1, ...) for a mask of (n, ...)."""
    padded = np.pad(mask, 1).view(np.uint8)
    codes = np.zeros([n + 1 for n in mask.shape], dtype=np.uint8)
    for corner in itertools.product((0, 1), repeat=mask.ndim):
        codes <<= 1
        codes |= padded[tuple(slice(c, c + n) for c, n in zip(corner, codes.shape, strict=True))]
    return codes


def _near(
    a: NDArray[np.bool_], b: NDArray[np.bool_], spacing: Sequence[float], tolerance: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For every element of a whether b is within the tolerance, and the other way round."""
    offsets = _offsets_within(spacing, tolerance, a.shape)
    if offsets is None:
        return _near_by_transform(a, b, spacing, tolerance), _near_by_transform(b, a, spacing, tolerance)
    return _near_by_looking(a, b, offsets), _near_by_looking(b, a, offsets)


def _offsets_within(spacing: Sequence[float], tolerance: float, shape: tuple[int, ...]) -> NDArray[np.int64] | None:
    """Steps (K, dimensions) to every element within the tolerance, nearest first; None where they are too many."""
    reach = [min(int(tolerance / s) + 1, n - 1) for s, n in zip(spacing, shape, strict=True)]
    if math.prod(2 * r + 1 for r in reach) > _MOST_STEPS:
        return None
    grid = np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij")
    steps = np.stack(grid, axis=-1).reshape(-1, len(shape))
    distance = np.sqrt(((steps * np.asarray(spacing)) ** 2).sum(axis=1))
    order = np.argsort(distance, kind="stable")
    return np.asarray(steps[order][distance[order] <= tolerance])


def _near_by_looking(a: NDArray[np.bool_], b: NDArray[np.bool_], offsets: NDArray[np.int64]) -> NDArray[np.bool_]:
    reach = np.abs(offsets).max(axis=0)
    padded = np.pad(b, [(r, r) for r in reach])
    strides = np.cumprod([1, *padded.shape[:0:-1]])[::-1]
    flat, steps = padded.ravel(), offsets @ strides
    places = sum((index + r) * s for index, r, s in zip(np.nonzero(a), reach, strides, strict=True))
    near = np.zeros(len(places), dtype=np.bool_)
    left = np.arange(len(places))
    for step in steps:
        hit = flat[places[left] + step]
        near[left[hit]] = True
        left = left[~hit]
        if not len(left):
            break
    return near


def _near_by_transform(
    a: NDArray[np.bool_], b: NDArray[np.bool_], spacing: Sequence[float], tolerance: float
) -> NDArray[np.bool_]:
    if not b.any():
        return np.zeros(np.count_nonzero(a), dtype=np.bool_)
    return np.asarray(distance_transform_edt(~b, sampling=spacing)[a] <= tolerance)
