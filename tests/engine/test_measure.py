"""Measures of shapes whose measures are known, and of any shape by brute force."""

from __future__ import annotations

import ast
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from app.engine.errors import GeometryError
from app.engine.geometry import Affine, Geometry
from app.engine.measure import APPROXIMATE, Diameter, acquisition_axis, measure
from app.engine.plane import SliceKey
from app.engine.volume import Finding, Kind, Source, SourceSlice, Volume

ALONG = {0: (0, 0, 1), 1: (0, 1, 0), 2: (1, 0, 0)}  # a step along an array axis, as (i, j, k)


def volume_of(
    voxels: NDArray[Any],
    spacing_xyz: tuple[float, float, float] | None = (1, 1, 1),
    *,
    direction: Affine | None = None,
    **told: Any,
) -> Volume:
    shape = (voxels.shape[0], voxels.shape[1], voxels.shape[2])
    if spacing_xyz is None:
        return Volume(voxels, Geometry.of_pixels(shape), **told)
    geometry = Geometry.from_components(
        shape_zyx=shape, spacing_xyz=spacing_xyz, origin_lps=(-7, 80, 33), direction=direction
    )
    return Volume(voxels, geometry, **told)


def as_labels(mask: NDArray[np.bool_], value: int = 1) -> NDArray[np.uint16]:
    return mask.astype(np.uint16) * np.uint16(value)


def ellipse(
    shape: tuple[int, int], axes_mm: tuple[float, float], degrees: float, spacing_xy: tuple[float, float]
) -> Any:
    """Voxels whose centres lie in an ellipse around the middle, its first axis turned from x towards y."""
    rows, columns = shape
    y, x = np.mgrid[:rows, :columns].astype(np.float64)
    x, y = (x - (columns - 1) / 2) * spacing_xy[0], (y - (rows - 1) / 2) * spacing_xy[1]
    angle = math.radians(degrees)
    u, v = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    return (2 * u / axes_mm[0]) ** 2 + (2 * v / axes_mm[1]) ** 2 <= 1


def known(diameter: Diameter | None) -> Diameter:
    assert diameter is not None
    return diameter


def direction_mm(diameter: Diameter, volume: Volume) -> NDArray[np.float64]:
    """From start to end in world coordinates."""
    ends = volume.geometry.to_world(np.array([diameter.start_ijk, diameter.end_ijk]))
    vector: NDArray[np.float64] = ends[1] - ends[0]
    return vector


# ------------------------------------------------------------------------------------------------------ known measures


def test_that_one_voxel_is_a_voxel_large_and_a_spacing_across() -> None:
    voxels = np.full((4, 5, 6), 7, np.int16)
    mask = np.zeros(voxels.shape, np.bool_)
    mask[1, 2, 3] = True
    found = measure(volume_of(voxels, (0.5, 0.8, 3), unit="HU"), as_labels(mask, 9), 9)
    assert found.voxels == 1
    assert found.volume_ml == pytest.approx(0.0012)
    assert found.volume_mm3 == pytest.approx(1.2)
    assert found.area == pytest.approx(0.4)
    long_axis, short_axis = known(found.long_axis), known(found.short_axis)
    assert long_axis.length == pytest.approx(0.8)
    assert sorted([long_axis.start_ijk, long_axis.end_ijk]) == [(3, 1.5, 1), (3, 2.5, 1)]
    assert long_axis.slice == short_axis.slice == SliceKey(0, 1)
    assert short_axis.length == pytest.approx(0.5)
    np.testing.assert_allclose(sorted([short_axis.start_ijk, short_axis.end_ijk]), [(2.5, 2, 1), (3.5, 2, 1)])
    assert (found.mean, found.sd, found.minimum, found.maximum, found.unit) == (7, 0, 7, 7, "HU")


@pytest.mark.parametrize("axis", [1, 2])
def test_that_a_row_is_as_long_as_its_voxels(axis: int) -> None:
    mask = np.zeros((1, 12, 12), np.bool_)
    mask[0, 4:5, 3:10] = True
    if axis == 1:
        mask = mask.swapaxes(1, 2)
    found = measure(volume_of(mask, (0.5, 0.5, 2)), as_labels(mask), 1)
    assert known(found.long_axis).length == pytest.approx(3.5)
    assert known(found.short_axis).length == pytest.approx(0.5)


def test_that_a_rectangle_is_measured_from_outline_to_outline() -> None:
    mask = np.zeros((1, 20, 20), np.bool_)
    mask[0, 2:6, 5:17] = True  # 4 rows, 12 columns: the outline's corners are cut at half a voxel
    found = measure(volume_of(mask), as_labels(mask), 1)
    assert found.area == 48
    assert known(found.long_axis).length == pytest.approx(math.hypot(12, 3))


@pytest.mark.parametrize("degrees", [0, 17, 45, 90, 123])
@pytest.mark.parametrize("spacing_xy", [(1.0, 1.0), (0.6, 0.9), (1.1, 0.4)])
def test_that_a_turned_ellipse_has_its_axes(degrees: float, spacing_xy: tuple[float, float]) -> None:
    mask = ellipse((260, 260), (80, 46), degrees, spacing_xy)[None]
    volume = volume_of(mask, (*spacing_xy, 5.0))
    found = measure(volume, as_labels(mask), 1)
    voxel = max(spacing_xy)
    long_axis, short_axis = known(found.long_axis), known(found.short_axis)
    assert long_axis.length == pytest.approx(80, abs=voxel)
    assert short_axis.length == pytest.approx(46, abs=voxel)
    assert found.area == pytest.approx(math.pi * 20 * 46, rel=0.01)
    along = direction_mm(long_axis, volume) / long_axis.length
    turn = float(abs(along @ (math.cos(math.radians(degrees)), math.sin(math.radians(degrees)), 0)))
    assert math.degrees(math.acos(min(turn, 1.0))) < 8  # so far the ellipse is within half a voxel of its longest


def test_that_an_oblique_volume_measures_as_a_straight_one_does() -> None:
    mask = ellipse((60, 70), (40, 22), 33, (0.8, 0.7))[None].repeat(3, axis=0)
    turned, _ = np.linalg.qr(np.array([[0.9, 0.3, -0.2], [-0.2, 0.8, 0.5], [0.4, -0.4, 0.9]]))
    straight, oblique = volume_of(mask, (0.8, 0.7, 2)), volume_of(mask, (0.8, 0.7, 2), direction=turned)
    expected, found = (measure(volume, as_labels(mask), 1) for volume in (straight, oblique))
    assert found.volume_ml == pytest.approx(expected.volume_ml)
    for axis, its in ((found.long_axis, expected.long_axis), (found.short_axis, expected.short_axis)):
        assert known(axis).length == pytest.approx(known(its).length)
        assert np.linalg.norm(direction_mm(known(axis), oblique)) == pytest.approx(known(axis).length)
    across = direction_mm(known(found.long_axis), oblique) @ direction_mm(known(found.short_axis), oblique)
    assert across == pytest.approx(0, abs=1e-6)


def test_that_the_long_axis_is_that_of_the_slice_where_it_is_longest() -> None:
    mask = np.zeros((6, 20, 20), np.bool_)
    mask[1, 3:10, 3:10] = True  # the largest area
    mask[4, 5, 2:17] = True  # the longest
    found = measure(volume_of(mask), as_labels(mask), 1)
    assert found.area == 49
    assert known(found.long_axis).slice == SliceKey(0, 4)
    assert known(found.long_axis).length == 15
    assert known(found.short_axis).length == 1


def test_that_the_first_of_equal_slices_is_named() -> None:
    mask = np.zeros((9, 12, 12), np.bool_)
    mask[2:8, 3:9, 4:8] = True
    assert known(measure(volume_of(mask), as_labels(mask), 1).long_axis).slice == SliceKey(0, 2)


def test_that_the_first_of_slices_that_are_equally_long_is_named() -> None:
    mask = np.zeros((6, 12, 12), np.bool_)
    mask[1, 3, 1:11] = mask[4, 1:11, 3] = True
    assert known(measure(volume_of(mask), as_labels(mask), 1).long_axis).slice == SliceKey(0, 1)


def test_that_a_longer_slice_is_found_behind_those_that_only_seem_longer() -> None:
    mask = np.zeros((3, 40, 310), np.bool_)
    mask[:2, 5, :300] = True  # 300 long; along the grid the bound of a length is at its loosest
    mask[2, 0, 0] = mask[2, 30, 298] = True
    long_axis = known(measure(volume_of(mask), as_labels(mask), 1).long_axis)
    assert long_axis.length == pytest.approx(math.hypot(299, 30))
    assert long_axis.slice == SliceKey(0, 2)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_diameters_are_measured_in_slices_along_the_axis_asked_for(axis: int) -> None:
    mask = np.zeros((9, 9, 9), np.bool_)
    mask[2:4, 1:6, 0:8] = True  # 2, 5 and 8 voxels along z, y and x
    found = measure(volume_of(mask), as_labels(mask), 1, axis=axis)
    sides = [side for other, side in enumerate((2, 5, 8)) if other != axis]
    assert found.area == math.prod(sides)
    assert known(found.long_axis).length == pytest.approx(math.hypot(max(sides), min(sides) - 1))
    across = np.array(known(found.long_axis).end_ijk) - known(found.long_axis).start_ijk
    assert across @ ALONG[axis] == 0
    assert known(found.long_axis).slice == SliceKey(axis, (2, 1, 0)[axis])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_the_longest_slice_is_the_one_that_measures_longest_alone(axis: int, rng: np.random.Generator) -> None:
    mask = rng.random((6, 7, 8)) < 0.1
    volume = volume_of(mask, (0.5, 0.7, 2))
    whole = measure(volume, as_labels(mask), 1, axis=axis)
    alone = []
    for place in (SliceKey(axis, n).selector() for n in range(mask.shape[axis])):
        one = np.zeros_like(mask)
        one[place] = mask[place]
        alone.append(measure(volume, as_labels(one), 1, axis=axis))
    assert whole.long_axis == max((one.long_axis for one in alone if one.long_axis), key=lambda axis: axis.length)
    assert whole.area == max(one.area for one in alone)
    assert whole.voxels == sum(one.voxels for one in alone)


def test_that_a_label_without_voxels_measures_nothing() -> None:
    volume = volume_of(np.zeros((3, 4, 5)))
    labels = np.zeros((3, 4, 5), np.uint16)
    labels[1] = 2
    found = measure(volume, labels, 1)
    assert (found.voxels, found.area, found.long_axis, found.short_axis) == (0, 0, None, None)
    assert (found.mean, found.sd, found.minimum, found.maximum) == (None,) * 4
    assert found.volume_ml == 0


def test_that_labels_of_another_shape_are_refused() -> None:
    volume = volume_of(np.zeros((3, 4, 5)))
    with pytest.raises(GeometryError, match="shape"):
        measure(volume, np.zeros((3, 4, 6), np.uint16), 1)


# ---------------------------------------------------------------------------------------------------------- brute force


def outline_points(layer: NDArray[np.bool_], step: tuple[float, float]) -> NDArray[np.float64]:
    """Halfway from every voxel to each of its neighbours outside, (x, y) in mm."""
    padded = np.pad(layer, 1)
    return np.array(
        [
            ((x + dx / 2) * step[0], (y + dy / 2) * step[1])
            for y, x in np.argwhere(layer).tolist()
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))
            if not padded[y + 1 + dy, x + 1 + dx]
        ]
    )


def chord_at(points: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]) -> float:
    """The longest chord across: at every point's place, between the highest and lowest line through two points."""
    along = (end - start) / np.linalg.norm(end - start)
    place, height = (points - start) @ along, (points - start) @ (-along[1], along[0])
    longest = 0.0
    for at in place:
        before, after = place <= at + 1e-12, place >= at - 1e-12
        run = place[after][None] - place[before][:, None]
        share = np.where(run > 1e-12, (at - place[before][:, None]) / np.maximum(run, 1e-12), 0.0)
        lines = height[before][:, None] * (1 - share) + height[after][None] * share
        longest = max(longest, float(lines.max() - lines.min()))
    return longest


SPACING = st.floats(0.2, 4)


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=3, max_dims=3, max_side=6)), st.tuples(SPACING, SPACING))
def test_that_diameters_are_those_found_by_trying_every_pair(
    mask: NDArray[np.bool_], spacing: tuple[float, float]
) -> None:
    found = measure(volume_of(mask, (*spacing, 1.0)), as_labels(mask), 1, axis=0)
    if not mask.any():
        assert found.long_axis is None
        return
    pairs = []
    for layer in mask:
        points = outline_points(layer, spacing)
        pairs += [(float(np.linalg.norm(b - a)), points, a, b) for n, a in enumerate(points) for b in points[n + 1 :]]
    longest = max(length for length, *_ in pairs)
    assert known(found.long_axis).length == pytest.approx(longest)
    equal = [chord_at(points, a, b) for length, points, a, b in pairs if length > longest * (1 - 1e-9)]
    assert min(abs(known(found.short_axis).length - one) for one in equal) < 1e-6


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=3, max_dims=3, max_side=8)), st.tuples(SPACING, SPACING))
def test_that_the_axes_are_at_right_angles_and_cross_the_mask(
    mask: NDArray[np.bool_], spacing: tuple[float, float]
) -> None:
    volume = volume_of(mask, (*spacing, 1.0))
    found = measure(volume, as_labels(mask), 1, axis=0)
    if found.long_axis is None or found.short_axis is None:
        return
    along, across = direction_mm(found.long_axis, volume), direction_mm(found.short_axis, volume)
    assert along @ across == pytest.approx(0, abs=1e-6)
    assert np.linalg.norm(across) == pytest.approx(found.short_axis.length)
    assert found.short_axis.length <= found.long_axis.length * (1 + 1e-9)
    z, y, x = np.nonzero(mask)
    for point in (found.long_axis.start_ijk, found.long_axis.end_ijk, found.short_axis.start_ijk):
        assert x.min() - 0.5 <= point[0] + 1e-9
        assert point[0] - 1e-9 <= x.max() + 0.5
        assert y.min() - 0.5 <= point[1] + 1e-9
        assert point[1] - 1e-9 <= y.max() + 0.5
    assert found.long_axis.start_ijk[2] in z


@given(hnp.arrays(np.uint16, (3, 5, 4), elements=st.integers(0, 2)), st.integers(0, 2**32 - 1))
def test_that_values_are_those_under_the_label(labels: NDArray[np.uint16], seed: int) -> None:
    values = np.random.default_rng(seed).normal(1000, 3, labels.shape).astype(np.float32)
    found = measure(volume_of(values), labels, 2)
    under = values[labels == 2].astype(np.float64)
    assert found.voxels == under.size
    if not under.size:
        assert found.mean is None
        return
    assert found.mean == pytest.approx(under.mean())
    assert found.sd == pytest.approx(under.std(), abs=1e-9)
    assert (found.minimum, found.maximum) == (under.min(), under.max())


# ----------------------------------------------------------------------------------------------- what may not be stated


def test_that_nothing_is_in_millimetres_where_a_file_knows_none() -> None:
    mask = np.ones((2, 3, 3), np.bool_)
    found = measure(volume_of(mask, None), as_labels(mask), 1)
    assert not found.in_mm
    assert (found.volume_ml, found.volume_mm3, found.area) == (None, None, 9)
    assert known(found.long_axis).length == pytest.approx(math.hypot(3, 2))


@pytest.mark.parametrize("kind", [Kind.PICTURE, Kind.VOLUME])
def test_that_a_single_slice_has_an_area_and_no_volume(kind: Kind) -> None:
    mask = np.ones((1, 3, 3), np.bool_)
    found = measure(volume_of(mask, (2, 2, 1), kind=kind), as_labels(mask), 1)
    assert found.in_mm
    assert (found.volume_ml, found.area) == (None, 36)


def test_that_colour_has_no_values() -> None:
    mask = np.ones((1, 3, 3), np.bool_)
    found = measure(volume_of(np.zeros((1, 3, 3, 3), np.uint8)), as_labels(mask), 1)
    assert (found.mean, found.sd, found.minimum, found.maximum) == (None,) * 4
    assert found.area == 9


def test_that_voxels_that_are_no_number_are_left_out_of_values() -> None:
    values = np.array([[[1, 3, np.nan, np.inf]]], np.float32)
    labels = np.ones(values.shape, np.uint16)
    found = measure(volume_of(values), labels, 1)
    assert (found.voxels, found.mean, found.sd, found.maximum) == (4, 2, 1, 3)
    assert measure(volume_of(np.full_like(values, np.nan)), labels, 1).mean is None


@pytest.mark.parametrize("code", sorted(APPROXIMATE))
def test_that_measures_after_a_repair_are_approximate(code: str) -> None:
    mask = np.ones((2, 3, 3), np.bool_)
    findings = (Finding("monochrome1", ""), Finding(code, ""))
    assert measure(volume_of(mask, findings=findings), as_labels(mask), 1).approximate
    assert not measure(volume_of(mask, findings=findings[:1]), as_labels(mask), 1).approximate
    assert not measure(volume_of(mask, None, findings=findings), as_labels(mask), 1).approximate  # counts of voxels


# Findings that say nothing against the lengths that are stated.
EXACT = {
    "alpha-dropped", "animation", "colour-converted", "depth-reduced", "exif-rotated", "monochrome1", "mosaic",
    "no-orientation", "no-position", "no-spacing", "non-finite", "not-stacked", "page-stack", "passed-over",
    "picture-damaged", "series-split", "single-slice", "split-4d", "surplus-data", "unit-converted",
}  # fmt: skip


def test_that_every_finding_of_the_readers_either_makes_measures_approximate_or_not(project_root: Path) -> None:
    codes = set()
    for path in (project_root / "app/engine/io").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
                texts = [part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
                assert texts, f"a finding of {path.name} has a code that this test cannot see"
                codes.update(texts)
    assert codes == APPROXIMATE | EXACT
    assert APPROXIMATE.isdisjoint(EXACT)


@pytest.mark.parametrize(
    ("spacing_xyz", "axis"),
    [
        ((1, 1, 1), 0),
        ((0.7, 0.7, 5), 0),
        ((0.9, 0.9, 0.5), 0),  # thin slices
        ((0.7, 5, 0.7), 1),
        ((5, 0.7, 0.7002), 2),
        ((0.5, 0.8, 3), 0),  # nothing to go by
        (None, 0),
    ],
)
def test_that_the_odd_spacing_is_the_distance_of_slices(
    spacing_xyz: tuple[float, float, float] | None, axis: int
) -> None:
    assert acquisition_axis(volume_of(np.zeros((2, 2, 2)), spacing_xyz)) == axis


def test_that_a_dicom_stack_was_acquired_along_itself_whatever_its_spacing() -> None:
    source = Source(slices=(SourceSlice("a"), SourceSlice("b")))
    assert acquisition_axis(volume_of(np.zeros((2, 2, 2)), (1, 2, 1), source=source)) == 0
