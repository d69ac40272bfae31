"""Single-frame series: slices lie where pydicom says, whatever the order, orientation, path or identifiers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from app.engine.geometry import Frame
from app.engine.io.dicom import is_dicom, list_dicom
from app.engine.io.listing import Entry
from app.engine.io.open import list_volumes, read_volume
from app.engine.volume import Kind, Volume
from tests.engine.io.dicom_fixtures import (
    AXIAL,
    CORONAL,
    ORIENTATIONS,
    SAGITTAL,
    SHAPE_ZYX,
    SPACING,
    STEP_MM,
    assert_true_to_files,
    normal_of,
    positions,
    ramp,
    save,
    slice_dataset,
    write_series,
)

ANGLE = math.radians(17)
OBLIQUE = (math.cos(ANGLE), math.sin(ANGLE), 0.0, 0.0, 0.0, -1.0)


def only(paths: Sequence[Path]) -> Entry:
    listing = list_dicom(paths)
    assert not listing.skipped
    (entry,) = listing.entries
    return entry


def codes(volume: Volume) -> set[str]:
    return {finding.code for finding in volume.findings}


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("direction", [1, -1])
def test_that_all_48_orientations_lie_where_pydicom_says(
    tmp_path: Path, orientation: tuple[float, ...], direction: int
) -> None:
    places = positions(SHAPE_ZYX[0], orientation)[::direction]
    paths = write_series(tmp_path, ramp(), places, orientation)
    volume = only(paths).load()
    assert volume.shape_zyx == SHAPE_ZYX
    assert_true_to_files(volume, paths)
    assert np.linalg.det(volume.geometry.direction) == pytest.approx(1.0)
    assert not volume.findings


@pytest.mark.parametrize("orientation", [AXIAL, SAGITTAL, CORONAL, OBLIQUE])
def test_that_slices_are_ordered_by_position_and_not_by_name_or_number(
    tmp_path: Path, orientation: tuple[float, ...], rng: np.random.Generator
) -> None:
    numbers = [int(n) + 1 for n in rng.permutation(SHAPE_ZYX[0])]
    paths = write_series(tmp_path, ramp(), orientation=orientation, each={"InstanceNumber": numbers})
    volume = only(sorted(paths)).load()
    assert_true_to_files(volume, paths)
    assert np.array_equal(volume.voxels, ramp())
    np.testing.assert_allclose(volume.geometry.spacing_zyx, (STEP_MM, *SPACING), rtol=1e-9)
    np.testing.assert_allclose(volume.geometry.direction[:, 2], normal_of(orientation), atol=1e-9)


def test_that_the_source_names_every_slice(tmp_path: Path) -> None:
    paths = write_series(tmp_path, ramp())
    source = only(paths).load().source
    assert [Path(one.file) for one in source.slices] == paths
    assert [one.sop_instance_uid for one in source.slices] == [pydicom.dcmread(path).SOPInstanceUID for path in paths]
    assert (source.series_uid, source.study_uid, source.frame_of_reference_uid) == ("1.2.3.4", "1.2.3", "1.2.3.5")
    assert source.files == tuple(map(str, paths))


def test_that_no_patient_data_are_in_what_is_shown(tmp_path: Path) -> None:
    entry = only(write_series(tmp_path, ramp(), PatientID="4711", SeriesDescription="Nobody"))
    shown = f"{entry.id} {entry.summary} {entry.modality} {entry.load().findings}"
    assert "Nobody" not in shown
    assert "4711" not in shown
    assert entry.summary == "CT 7x6x5, 0.7x0.8x2.5 mm"
    assert entry.id == "4"


def test_that_a_path_with_other_letters_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "Ünïcødé 患者 [1]"
    paths = write_series(folder, ramp())
    assert_true_to_files(read_volume(folder), paths)


def test_that_series_of_one_folder_are_listed_apart(tmp_path: Path) -> None:
    write_series(tmp_path / "a", ramp())
    write_series(tmp_path / "b", ramp((3, 6, 7)), SeriesInstanceUID="1.2.9", SeriesNumber=11)
    write_series(tmp_path / "c", ramp((2, 6, 7)), SeriesInstanceUID="1.2.8", SeriesNumber=11)
    write_series(tmp_path / "d", ramp((4, 6, 7)), SeriesInstanceUID="1.2.7", SeriesNumber=None)
    listing = list_volumes(tmp_path)
    assert {entry.id: len(entry.files) for entry in listing.entries} == {"4": 5, "11a": 2, "11b": 3, "s1": 4}
    assert read_volume(tmp_path, "11b").shape_zyx == (3, 6, 7)


def test_that_slices_without_a_series_identifier_are_one_series(tmp_path: Path) -> None:
    paths = write_series(tmp_path, ramp(), SeriesInstanceUID=None)
    assert_true_to_files(only(paths).load(), paths)


def test_that_a_broken_file_does_not_hide_the_rest(tmp_path: Path) -> None:
    paths = write_series(tmp_path, ramp())
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(paths[0].read_bytes()[:300])
    listing = list_dicom([broken, *paths])
    assert [skip.file for skip in listing.skipped] == [str(broken)]
    assert str(broken) in listing.skipped[0].reason
    assert_true_to_files(listing.entries[0].load(), paths)


def test_that_whoever_reads_a_series_hears_of_its_file_that_could_not_be_read(tmp_path: Path) -> None:
    paths = write_series(tmp_path, ramp())
    series = only(paths).id
    paths[-1].write_bytes(paths[-1].read_bytes()[:-100])
    for volume in (read_volume(tmp_path), read_volume(tmp_path, series)):  # a project names the series
        assert codes(volume) == {"passed-over"}
        assert paths[-1].name in volume.findings[0].message


def test_that_what_commonly_lies_beside_a_series_is_no_part_of_it(tmp_path: Path) -> None:
    paths = write_series(tmp_path, ramp())
    other = slice_dataset(ramp((6, 7)))
    other.SOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    other.file_meta.MediaStorageSOPClassUID = other.SOPClassUID
    structures = save(other, tmp_path / f"structures{paths[0].suffix}")
    (tmp_path / "viewer.exe").write_bytes(b"MZ" + bytes(1000))
    (tmp_path / f"copy{paths[0].suffix}").write_bytes(paths[0].read_bytes())
    listing = list_volumes(tmp_path)
    assert structures.name in {Path(each.file).name for each in listing.skipped}
    assert len(listing.skipped) == 3
    assert read_volume(tmp_path).findings == ()
    (tmp_path / f"empty{paths[0].suffix}").touch()
    assert codes(read_volume(tmp_path)) == {"passed-over"}


def test_that_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    whole = save(slice_dataset(ramp((6, 7))), tmp_path / "image")
    bare = tmp_path / "bare"
    bare.write_bytes(_without_prefix(whole))
    text = tmp_path / "text.dcm"
    text.write_text("no image at all, though the name says so" * 10)
    empty = tmp_path / "empty.dcm"
    empty.touch()
    assert [is_dicom(path) for path in (whole, bare, text, empty, tmp_path / "none.dcm")] == [True, True] + [False] * 3
    assert np.array_equal(only([bare]).load().voxels[0], ramp((6, 7)))


def _without_prefix(path: Path) -> bytes:
    """The data set alone, as old archives store it: without preamble, prefix and meta information."""
    data = path.read_bytes()
    return data[144 + int.from_bytes(data[140:144], "little") :]


def test_that_a_single_slice_takes_its_thickness_and_says_so(tmp_path: Path) -> None:
    paths = write_series(tmp_path, ramp((1, 6, 7)), SliceThickness=3.25)
    volume = only(paths).load()
    assert volume.geometry.frame is Frame.WORLD
    assert volume.geometry.spacing_zyx[0] == pytest.approx(3.25)
    assert codes(volume) == {"single-slice"}
    assert_true_to_files(volume, paths)


def test_that_images_without_a_position_are_pictures_and_never_stacked(tmp_path: Path) -> None:
    paths = [
        save(slice_dataset(ramp((6, 7)) + n, None, Modality="CR", InstanceNumber=n), tmp_path / f"{n}.dcm")
        for n in range(3)
    ]
    listing = list_dicom(paths)
    volumes = [entry.load() for entry in listing.entries]
    assert [entry.id for entry in listing.entries] == ["4/f1", "4/f2", "4/f3"]
    for n, volume in enumerate(volumes):
        assert volume.kind is Kind.PICTURE
        assert volume.geometry.frame is Frame.SPACING
        assert volume.geometry.spacing_zyx[1:] == pytest.approx(SPACING)
        assert np.array_equal(volume.voxels[0], ramp((6, 7)) + n)
        assert {"not-stacked", "no-position"} <= codes(volume)


@pytest.mark.parametrize(
    ("attributes", "frame", "spacing", "origin"),
    [
        ({"PixelSpacing": None}, Frame.NONE, (1.0, 1.0), False),
        ({"PixelSpacing": None, "ImagerPixelSpacing": [0.2, 0.3]}, Frame.SPACING, (0.2, 0.3), True),
        ({"PixelSpacing": [0.1, 0.15], "ImagerPixelSpacing": [0.2, 0.3]}, Frame.SPACING, (0.1, 0.15), False),
        ({"PixelSpacing": [0.2, 0.3], "ImagerPixelSpacing": [0.2, 0.3]}, Frame.SPACING, (0.2, 0.3), True),
        ({"PixelSpacing": [0.0, 0.3]}, Frame.NONE, (1.0, 1.0), False),
    ],
)
def test_that_the_spacing_of_a_radiograph_says_what_it_was_measured_at(
    tmp_path: Path, attributes: dict[str, Any], frame: Frame, spacing: tuple[float, float], origin: bool
) -> None:
    path = save(slice_dataset(ramp((6, 7)), None, **{"Modality": "DX", **attributes}), tmp_path / "a.dcm")
    volume = only([path]).load()
    assert volume.geometry.frame is frame
    assert volume.geometry.spacing_zyx[1:] == pytest.approx(spacing)
    assert ("spacing-origin" in codes(volume)) is origin


def test_that_an_ultrasound_region_gives_the_spacing(tmp_path: Path) -> None:
    region = pydicom.Dataset()
    region.RegionSpatialFormat, region.PhysicalUnitsXDirection, region.PhysicalUnitsYDirection = 1, 3, 3
    region.PhysicalDeltaX, region.PhysicalDeltaY = 0.03, 0.04
    attributes: dict[str, Any] = {"Modality": "US", "PixelSpacing": None, "SequenceOfUltrasoundRegions": [region]}
    volume = only([save(slice_dataset(ramp((6, 7)), None, **attributes), tmp_path / "a.dcm")]).load()
    assert volume.geometry.spacing_zyx[1:] == pytest.approx((0.4, 0.3))


@pytest.mark.parametrize("orientation", [(1, 0, 0, 0.3, 1, 0), (0, 0, 0, 0, 1, 0), (2, 0, 0, 0, 2, 0)])
def test_that_an_impossible_orientation_is_not_believed(tmp_path: Path, orientation: tuple[float, ...]) -> None:
    volumes = [entry.load() for entry in list_dicom(write_series(tmp_path, ramp(), orientation=orientation)).entries]
    assert len(volumes) == SHAPE_ZYX[0]
    assert all(volume.geometry.frame is Frame.SPACING for volume in volumes)
