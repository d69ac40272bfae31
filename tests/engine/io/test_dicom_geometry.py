"""Stacks that are not plain: tilted, incomplete, uneven, displaced. Never silently wrong."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine.io.dicom import list_dicom
from app.engine.volume import Volume
from tests.engine.io.dicom_fixtures import (
    AXIAL,
    ORIGIN,
    SHAPE_ZYX,
    SPACING,
    STEP_MM,
    assert_true_to_files,
    positions,
    ramp,
    write_series,
)

RADIUS_MM = 30.0
TRUE_ML = 4 / 3 * math.pi * RADIUS_MM**3 / 1000


def codes(volume: Volume) -> list[str]:
    return [finding.code for finding in volume.findings]


def read(paths: list[Path]) -> Volume:
    listing = list_dicom(paths)
    assert not listing.skipped
    (entry,) = listing.entries
    return entry.load()


def depth_slices(depths_mm: NDArray[np.float64]) -> NDArray[Any]:
    """Slices whose value is their depth in hundredths of a millimetre: linear interpolation must find it exactly."""
    return np.broadcast_to(np.rint(depths_mm * 100)[:, None, None], (len(depths_mm), 6, 7)).astype(np.int16)


def at_depths(folder: Path, depths_mm: NDArray[np.float64], **attributes: Any) -> list[Path]:
    places = np.array([(0.0, 0.0, depth) for depth in depths_mm])
    return write_series(folder, depth_slices(depths_mm), places, **attributes)


def assert_depth_is_true(volume: Volume) -> None:
    depths = volume.geometry.to_world(np.array([(0, 0, k) for k in range(volume.shape_zyx[0])]))[:, 2]
    np.testing.assert_allclose(volume.voxels[:, 3, 3], depths * 100, atol=1.0)


def test_that_one_missing_slice_is_said_and_the_others_stay_in_place(tmp_path: Path) -> None:
    depths = np.delete(np.arange(12) * STEP_MM, 4)
    paths = at_depths(tmp_path, depths)
    volume = read(paths)
    assert codes(volume) == ["missing-slices"]
    assert "slice 5 of 12" in volume.findings[0].message
    assert volume.shape_zyx[0] == 12
    assert volume.geometry.spacing_zyx[0] == pytest.approx(STEP_MM)
    assert_depth_is_true(volume)
    assert_true_to_files(volume, paths)
    assert [Path(one.file).name if one.file else "" for one in volume.source.slices] == [
        *(path.name for path in paths[:4]),
        "",
        *(path.name for path in paths[4:]),
    ]


def test_that_several_missing_slices_are_counted(tmp_path: Path) -> None:
    depths = np.delete(np.arange(20) * STEP_MM, [3, 9, 10])
    volume = read(at_depths(tmp_path, depths))
    assert codes(volume) == ["missing-slices"]
    assert "3 slices of 20 are missing (4, 10, 11)" in volume.findings[0].message
    assert_depth_is_true(volume)


def test_that_a_wide_gap_ends_a_block(tmp_path: Path) -> None:
    depths = np.concatenate([np.arange(6) * STEP_MM, 100 + np.arange(4) * STEP_MM])
    listing = list_dicom(at_depths(tmp_path, depths))
    volumes = [entry.load() for entry in listing.entries]
    assert [entry.id for entry in listing.entries] == ["4/b1", "4/b2"]
    assert [volume.shape_zyx[0] for volume in volumes] == [6, 4]
    for volume in volumes:
        assert codes(volume) == ["series-split"]
        assert_depth_is_true(volume)


@pytest.mark.parametrize("steps", [[2, 2, 2, 5, 5, 5], [2, 3, 2.5, 4, 3.3], [5, 2, 5, 2, 2], [3.0, 3.0, 4.4]])
def test_that_uneven_steps_are_resampled_at_their_true_positions(tmp_path: Path, steps: list[float]) -> None:
    depths = np.concatenate([[0.0], np.cumsum(steps)])
    volume = read(at_depths(tmp_path, depths))
    assert codes(volume) == ["resampled"]
    assert volume.geometry.spacing_zyx[0] <= min(steps) + 1e-9
    last = volume.geometry.to_world(np.array([0.0, 0.0, volume.shape_zyx[0] - 1]))[2]
    assert last == pytest.approx(depths[-1])
    assert_depth_is_true(volume)


def test_that_a_tiny_step_does_not_blow_the_volume_up(tmp_path: Path) -> None:
    depths = np.concatenate([[0.0, 0.05], 0.05 + np.arange(1, 10) * 5.0])
    volume = read(at_depths(tmp_path, depths))
    assert codes(volume) == ["resampled"]
    assert volume.shape_zyx[0] <= 4 * len(depths) + 1
    assert_depth_is_true(volume)


def test_that_positions_near_an_even_grid_are_not_blurred(tmp_path: Path, rng: np.random.Generator) -> None:
    depths = np.round(np.arange(9) * 0.625, 1)
    values = rng.integers(0, 1000, (9, 6, 7), dtype=np.int16)
    volume = read(write_series(tmp_path, values, np.array([(0.0, 0.0, depth) for depth in depths])))
    assert codes(volume) == ["uneven-spacing"]
    assert np.array_equal(volume.voxels, values)


def test_that_rounding_in_the_last_digits_is_no_finding(tmp_path: Path) -> None:
    paths = write_series(tmp_path, ramp(), np.round(positions(SHAPE_ZYX[0], step=0.3333333), 3))
    volume = read(paths)
    assert not volume.findings
    assert np.array_equal(volume.voxels, ramp())


def tilted(count: int, degrees: float, step_mm: float) -> NDArray[np.float64]:
    """Positions of slices moved along the patient's axis by a table while the gantry is tilted."""
    angle = math.radians(degrees)
    shift = np.array([0.0, math.sin(angle), math.cos(angle)]) * step_mm
    places: NDArray[np.float64] = np.array(ORIGIN) + np.outer(np.arange(count), shift)
    return places


def sphere(places: NDArray[np.float64], size: int) -> NDArray[np.int16]:
    """A ball of 1000 in -1000, its edge one voxel soft, on axial slices at those positions."""
    centre = places.mean(axis=0) + np.array([SPACING[1], SPACING[0], 0]) * (size - 1) / 2
    y, x = np.meshgrid(np.arange(size) * SPACING[0], np.arange(size) * SPACING[1], indexing="ij")
    world = places[:, None, None, :] + np.stack([x, y, np.zeros_like(x)], axis=-1)
    inside = np.clip((RADIUS_MM - np.linalg.norm(world - centre, axis=-1)) / 0.75 + 0.5, 0, 1)
    values: NDArray[np.int16] = np.rint(inside * 2000 - 1000).astype(np.int16)
    return values


@pytest.mark.parametrize("degrees", [20.0, -20.0, 1.0])
def test_that_a_tilted_gantry_keeps_the_volume_of_a_ball(tmp_path: Path, degrees: float) -> None:
    places = tilted(29, degrees, 3.0)
    values = sphere(places, 104)
    volume = read(write_series(tmp_path, values, places, bits_stored=16))
    assert codes(volume) == ["gantry-tilt"]
    assert f"{abs(degrees):.1f} degrees" in volume.findings[0].message
    assert volume.geometry.spacing_zyx[0] == pytest.approx(3.0 * math.cos(math.radians(degrees)))
    measured = float(((volume.voxels + 1000) / 2000).sum()) * volume.geometry.voxel_ml
    assert measured == pytest.approx(TRUE_ML, rel=0.005)  # a box without the tilt errs by 1/cos 20 = 6.4 %
    k, j, i = np.nonzero(volume.voxels > 0)
    world = volume.geometry.to_world(np.stack([i, j, k], axis=1).astype(float))
    centre = places.mean(axis=0) + np.array([SPACING[1], SPACING[0], 0]) * (104 - 1) / 2
    np.testing.assert_allclose(world.mean(axis=0), centre, atol=0.1)
    # Round in every direction: a ball's covariance is R^2/5, the same along all axes; a slant would couple y and z.
    np.testing.assert_allclose(np.cov(world.T), np.eye(3) * RADIUS_MM**2 / 5, atol=0.03 * RADIUS_MM**2 / 5)


def test_that_tilted_slices_keep_their_first_slice_unchanged_and_name_their_sources(tmp_path: Path) -> None:
    places = tilted(4, 15.0, 5.0)
    paths = write_series(tmp_path, ramp((4, 6, 7)), places)
    volume = read(paths)
    assert volume.voxels[0].min() == 0
    first = np.rint(volume.geometry.to_index(places[0])).astype(int)
    cut = volume.voxels[0, first[1] : first[1] + 6, first[0] : first[0] + 7]
    assert np.array_equal(cut, ramp((4, 6, 7))[0])
    assert [Path(one.file) for one in volume.source.slices] == paths


def test_that_slices_displaced_sideways_are_shifted_to_their_places(tmp_path: Path) -> None:
    places = positions(5)
    places[2, 0] += 4 * SPACING[1]
    paths = write_series(tmp_path, ramp(), places)
    volume = read(paths)
    assert codes(volume) == ["slices-displaced"]
    assert_true_to_files(volume, paths)


def test_that_a_slant_within_rounding_is_kept_as_it_is(tmp_path: Path) -> None:
    places = positions(5)
    places[:, 0] += np.arange(5) * STEP_MM * 5e-4
    paths = write_series(tmp_path, ramp(), places)
    volume = read(paths)
    assert not volume.findings
    assert_true_to_files(volume, paths)


def test_that_slices_too_far_apart_sideways_are_refused(tmp_path: Path) -> None:
    places = positions(3)
    places[:, 0] += np.array([0.0, 300.0, 600.0])
    listing = list_dicom(write_series(tmp_path, ramp((3, 6, 7)), places, AXIAL))
    assert not listing.entries
    assert "too far apart sideways" in listing.skipped[0].reason
