"""What a label measures (volume, area, diameters, values), and how far two masks agree.

Lengths are millimetres where the volume knows them (`in_mm`), else voxels; areas are the square of that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.border import BorderDistances, border_distances, border_of
from app.engine.errors import GeometryError
from app.engine.geometry import Frame, Geometry
from app.engine.hull import farthest, longest, longest_across, outer_hull
from app.engine.plane import SliceKey
from app.engine.volume import Kind, Volume

# Findings after which lengths are an estimate: the grid was mended or resampled, or the file contradicts itself.
APPROXIMATE = frozenset(
    {
        "broken-slices",
        "form-damaged",
        "forms-disagree",
        "gantry-tilt",
        "header-repaired",
        "missing-slices",
        "resampled",
        "sheared",
        "slices-displaced",
        "spacing-origin",
        "uneven-spacing",
    }
)
_SAME_SPACING = 0.01  # relative difference up to which two spacings are those of square pixels

_Region = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Diameter:
    """A straight line across an object in one slice; its ends are indices (i, j, k), halves being borders of voxels."""

    length: float
    start_ijk: tuple[float, float, float]
    end_ijk: tuple[float, float, float]
    slice: SliceKey


@dataclass(frozen=True)
class LabelMeasures:
    """What one label measures, in a volume or in one slice of it.

    Where `in_mm`, lengths are millimetres and `area` square millimetres, else voxels. `approximate`: the geometry was
    repaired or assumed when the file was read. `volume_ml` and `volume_mm3` are None without millimetres and for a
    single slice. `area` is that of the slice with the largest, 0.0 where the label has no voxel; then
    the diameters and values are None. Values are in `unit`; None for colour and where no voxel is finite; `sd` is that
    of the voxels themselves (divided by their number).
    """

    value: int
    voxels: int
    in_mm: bool
    approximate: bool
    volume_ml: float | None
    volume_mm3: float | None
    area: float
    long_axis: Diameter | None
    short_axis: Diameter | None
    mean: float | None
    sd: float | None
    minimum: float | None
    maximum: float | None
    unit: str


def acquisition_axis(volume: Volume) -> int:
    """Array axis (0 = z, 1 = y, 2 = x) along which slices were acquired.

    That of the stack where DICOM slices were read. Other files may have been turned since: there it is the axis whose
    spacing differs from two equal ones, and z where that tells nothing.
    """
    if volume.source.slices:
        return 0
    spacing = volume.geometry.spacing_zyx
    for axis in range(3):
        first, second = (s for other, s in enumerate(spacing) if other != axis)
        if _alike(first, second) and not _alike(spacing[axis], first):
            return axis
    return 0


def measure(volume: Volume, labels: NDArray[np.uint16], value: int, *, axis: int | None = None) -> LabelMeasures:
    """Measure the voxels of `labels` (Z, Y, X) that bear `value`; raises GeometryError where shapes differ.

    Area and diameters are taken in slices along `axis`, by default the acquisition's. Diameters are those of RECIST 1.1
    (Eisenhauer 2009): the long axis is the longest in any slice, the short axis the longest perpendicular to it in the
    same slice. They join points of the outline halfway between the centres of voxels inside and outside, as a viewer
    draws it and a reader measures it: one voxel is one spacing across, a row of n voxels n long. (Between centres, as
    in ITK's Feret diameter, both would be one voxel too short; between outer corners most would be too long.) Like a
    calliper's, they are those of the convex hull and may cross a notch of the outline.
    """
    _check_shape(volume, labels)
    region = _extent(labels, value)
    return _measured(volume, labels, value, region, acquisition_axis(volume) if axis is None else axis)


def _check_shape(volume: Volume, labels: NDArray[Any]) -> None:
    if labels.shape != volume.shape_zyx:
        raise GeometryError(f"the labels have shape {labels.shape}, the image {volume.shape_zyx}")


def _alike(a: float, b: float) -> bool:
    return abs(a - b) <= _SAME_SPACING * max(a, b)


def _extent(labels: NDArray[Any], value: int) -> _Region | None:
    """The tight region of a value, None where it is absent; by layers, so that no mask of the whole is made."""
    seen = np.zeros(labels.shape[1:], np.bool_)
    layers = []
    for z, layer in enumerate(labels):
        mask = layer == value
        if mask.any():
            layers.append(z)
            seen |= mask
    if not layers:
        return None
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    return (
        slice(layers[0], layers[-1] + 1),
        slice(int(rows[0]), int(rows[-1]) + 1),
        slice(int(columns[0]), int(columns[-1]) + 1),
    )


def _measured(volume: Volume, labels: NDArray[Any], value: int, region: _Region | None, axis: int) -> LabelMeasures:
    mask = np.zeros((0, 0, 0), np.bool_) if region is None else labels[region] == value
    counts = np.count_nonzero(mask, axis=tuple(other for other in range(3) if other != axis))
    voxels = int(counts.sum())
    rows_mm, columns_mm = SliceKey(axis, 0).spacing(volume.geometry.spacing_zyx)
    codes = {finding.code for finding in volume.findings}
    has_volume = volume.in_mm and volume.kind is not Kind.PICTURE and volume.shape_zyx[0] > 1
    volume_ml = voxels * volume.geometry.voxel_ml if has_volume else None
    long_axis, short_axis = (None, None) if region is None else _diameters(mask, region, axis, volume.geometry)
    mean, sd, minimum, maximum = (None,) * 4 if region is None else _values(volume, mask, region)
    return LabelMeasures(
        value=value,
        voxels=voxels,
        in_mm=volume.in_mm,
        approximate=volume.in_mm and not codes.isdisjoint(APPROXIMATE),
        volume_ml=volume_ml,
        volume_mm3=None if volume_ml is None else volume_ml * 1000.0,
        area=float(counts.max(initial=0)) * rows_mm * columns_mm,
        long_axis=long_axis,
        short_axis=short_axis,
        mean=mean,
        sd=sd,
        minimum=minimum,
        maximum=maximum,
        unit=volume.unit,
    )


def _values(
    volume: Volume, mask: NDArray[np.bool_], region: _Region
) -> tuple[float | None, float | None, float | None, float | None]:
    """Mean, standard deviation, lowest and highest of the finite values under a mask, by layers to spare memory."""
    if volume.is_colour:
        return None, None, None, None
    parts = []
    for layer, inside in zip(volume.voxels[region], mask, strict=True):
        values = layer[inside].astype(np.float64)
        values = values[np.isfinite(values)]
        if values.size:
            parts.append((values.size, values.mean(), values.var(), values.min(), values.max()))
    if not parts:
        return None, None, None, None
    sizes, means, variances, lows, highs = np.array(parts, dtype=np.float64).T
    mean = float(np.average(means, weights=sizes))
    variance = float(np.average(variances + np.square(means - mean), weights=sizes))
    return mean, math.sqrt(variance), float(lows.min()), float(highs.max())


def _diameters(
    mask: NDArray[np.bool_], region: _Region, axis: int, geometry: Geometry
) -> tuple[Diameter | None, Diameter | None]:
    """The longest diameter over all slices of a mask that fills `region`, and the longest perpendicular to it there."""
    key = SliceKey(axis, 0)
    step = np.array(key.spacing(geometry.spacing_zyx)[::-1])  # (x, y) within the slice
    best: tuple[float, int] | None = None  # length, and minus the layer: the first of equals
    ends = across = np.zeros((2, 2))
    before: NDArray[np.int64] | None = None
    for reach, n, rim in _rims(np.moveaxis(mask, axis, 0), step):
        if best is not None and reach < best[0]:
            break  # the farthest reach comes first
        if before is not None and np.array_equal(rim, before):
            continue  # a column: its slices are alike
        before = rim
        corners = outer_hull(rim)
        hull = corners * step
        first, second = longest(hull)
        length = float(np.linalg.norm(hull[second] - hull[first]))
        if best is None or (length, -n) > best:
            best, ends, across = (length, -n), corners[[first, second]], longest_across(hull, first, second) / step
    if best is None:
        return None, None
    rows, columns = (region[other] for other in range(3) if other != axis)
    corner = np.array([columns.start, rows.start], dtype=np.float64)
    key = SliceKey(axis, region[axis].start - best[1])
    return _placed(ends + corner, key, step), _placed(across + corner, key, step)


def _rims(layers: NDArray[np.bool_], step: NDArray[np.float64]) -> list[tuple[float, int, NDArray[np.int64]]]:
    """For each layer that is not empty: a bound of its diameter, its number, and the ends of its rows (n, 2) as (x, y).

    The layers with the largest bound first, the first of equals first.
    """
    columns = layers.shape[2]
    occupied = np.any(layers, axis=2)  # (layers, rows)
    left = layers.argmax(axis=2)
    right = columns - 1 - layers[:, :, ::-1].argmax(axis=2)
    found = []
    for n in np.flatnonzero(occupied.any(axis=1)).tolist():
        rows = np.flatnonzero(occupied[n])
        xs = np.concatenate([left[n, rows], right[n, rows]])
        rim = np.stack([xs, np.tile(rows, 2)], axis=1).astype(np.int64)
        found.append((farthest(rim, step), n, rim))
    return sorted(found, key=lambda one: (-one[0], one[1]))


def _placed(ends: NDArray[np.float64], key: SliceKey, step: NDArray[np.float64]) -> Diameter:
    """A diameter of ends (2, 2) as (x, y) in the slice, as indices of the volume."""
    points = []
    for x, y in ends.tolist():
        zyx = [y, x]
        zyx.insert(key.axis, float(key.index))
        points.append((zyx[2], zyx[1], zyx[0]))
    return Diameter(float(np.linalg.norm((ends[1] - ends[0]) * step)), points[0], points[1], key)


# ---------------------------------------------------------------------------------------------------------- agreement


@dataclass(frozen=True)
class Agreement:
    """How far a mask agrees with a reference; distances in millimetres where `in_mm`, else in voxels.

    `dice` and `jaccard` are 1 where both are empty. Distances run from each border voxel to the nearest of the other
    mask, between centres, both ways: `hausdorff` is the largest, `hausdorff_95` the larger of both ways' 95th
    percentiles, `mean_surface_distance` the mean of all together. They are 0 where both masks are empty and infinite
    where one is. A border voxel has a face neighbour outside the mask, or outside the volume unless that is one voxel
    thick there. `volume_difference` is the mask's volume less the reference's, by the reference's: 0.1 is ten per cent
    too large; infinite where the reference alone is empty. `volume_difference_ml` is None without millimetres and for a
    single slice.
    """

    dice: float
    jaccard: float
    hausdorff: float
    hausdorff_95: float
    mean_surface_distance: float
    volume_difference: float
    volume_difference_ml: float | None
    in_mm: bool


def agreement(mask: NDArray[np.bool_], reference: NDArray[np.bool_], geometry: Geometry) -> Agreement:
    """Compare two masks (Z, Y, X) on one grid; raises GeometryError where a shape differs from it."""
    for array in (mask, reference):
        if array.shape != geometry.shape_zyx:
            raise GeometryError(f"a mask has shape {array.shape}, the image {geometry.shape_zyx}")
    size, size_of_reference = int(np.count_nonzero(mask)), int(np.count_nonzero(reference))
    in_mm = geometry.frame is not Frame.NONE
    nowhere = 0.0 if size == size_of_reference == 0 else math.inf
    distances = BorderDistances(nowhere, nowhere, nowhere)
    common = 0
    if size and size_of_reference:
        region = _joint(_extent(mask, 1), _extent(reference, 1))
        mask, reference = mask[region], reference[region]
        common = int(np.count_nonzero(mask & reference))
        z, y, x = (extent == 1 for extent in geometry.shape_zyx)
        border, border_of_reference = (border_of(part, flat=(z, y, x)) for part in (mask, reference))
        distances = border_distances(border, border_of_reference, geometry.spacing_zyx)
    either = size + size_of_reference - common
    less = size - size_of_reference
    return Agreement(
        dice=2.0 * common / (size + size_of_reference) if either else 1.0,
        jaccard=common / either if either else 1.0,
        hausdorff=distances.largest,
        hausdorff_95=distances.largest_95,
        mean_surface_distance=distances.mean,
        volume_difference=less / size_of_reference if size_of_reference else (math.inf if size else 0.0),
        volume_difference_ml=less * geometry.voxel_ml if in_mm and geometry.shape_zyx[0] > 1 else None,
        in_mm=in_mm,
    )


def _joint(*regions: _Region | None) -> _Region:
    """The smallest region around all that are there."""
    z, y, x = (
        slice(min(part.start for part in parts), max(part.stop for part in parts))
        for parts in zip(*(region for region in regions if region is not None), strict=True)
    )
    return z, y, x
