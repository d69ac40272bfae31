"""What belongs together is stacked, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.io.dicom import list_dicom
from app.engine.io.dicom_group import series_names
from app.engine.io.listing import Listing
from app.engine.volume import Volume
from tests.engine.io.dicom_fixtures import (
    AXIAL,
    CORONAL,
    SAGITTAL,
    assert_true_to_files,
    positions,
    ramp,
    write_series,
)


def loaded(listing: Listing) -> dict[str, Volume]:
    assert not listing.skipped
    return {entry.id: entry.load() for entry in listing.entries}


def codes(volume: Volume) -> list[str]:
    return [finding.code for finding in volume.findings]


@pytest.mark.parametrize(
    ("name", "values", "word"),
    [
        ("TemporalPositionIdentifier", [1, 2, 3], "time"),
        ("EchoTime", [4.2, 8.4, 12.6], "echo time"),
        ("DiffusionBValue", [0.0, 500.0, 1000.0], "b-value"),
        ("AcquisitionNumber", [1, 2, 3], "acquisition"),
        ("ImageType", [["ORIGINAL", "PRIMARY", kind] for kind in ("WATER", "FAT", "IN_PHASE")], "image type"),
        ("TriggerTime", [0.0, 33.0, 66.0], "trigger time"),
        ("InversionTime", [100.0, 200.0, 300.0], "inversion time"),
    ],
)
def test_that_images_of_one_place_are_told_apart(tmp_path: Path, name: str, values: list[Any], word: str) -> None:
    phases = [
        write_series(tmp_path / str(n), ramp() + 1000 * n, Modality="MR", **{name: value})
        for n, value in enumerate(values)
    ]
    mixed = [paths[n] for n in range(5) for paths in phases]
    volumes = loaded(list_dicom(mixed))
    assert list(volumes) == ["4/t1", "4/t2", "4/t3"]
    for volume in volumes.values():
        assert codes(volume) == ["split-4d"]
        assert word in volume.findings[0].message
    shown = {int(volume.voxels.min()) // 1000 for volume in volumes.values()}
    assert shown == {0, 1, 2}
    for volume in volumes.values():
        assert_true_to_files(volume, phases[int(volume.voxels.min()) // 1000])
    if name != "ImageType":
        assert [int(volume.voxels.min()) for volume in volumes.values()] == [0, 1000, 2000]


def test_that_gradient_directions_of_one_b_value_are_told_apart(tmp_path: Path) -> None:
    b_values = [0.0, 1000.0, 1000.0, 1000.0]
    directions = [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    paths = []
    for n, (b_value, direction) in enumerate(zip(b_values, directions, strict=True)):
        attributes: dict[str, Any] = {
            "DiffusionBValue": b_value,
            "DiffusionGradientOrientation": direction,
            "Modality": "MR",
        }
        paths += write_series(tmp_path / str(n), ramp() + 1000 * n, **attributes)
    volumes = loaded(list_dicom(paths))
    assert sorted(int(volume.voxels.min()) for volume in volumes.values()) == [0, 1000, 2000, 3000]


def test_that_two_phases_with_nothing_to_tell_them_apart_go_by_order(tmp_path: Path) -> None:
    numbers = list(range(6, 11))
    first = write_series(tmp_path / "a", ramp())
    second = write_series(tmp_path / "b", ramp() + 1000, each={"InstanceNumber": numbers})
    volumes = loaded(list_dicom([*second, *first]))
    assert list(volumes) == ["4/t1", "4/t2"]
    assert_true_to_files(volumes["4/t1"], first)
    assert_true_to_files(volumes["4/t2"], second)
    assert "in order of acquisition" in volumes["4/t1"].findings[0].message


def test_that_a_clock_that_differs_from_slice_to_slice_does_not_shred_a_volume(tmp_path: Path) -> None:
    times = [f"1200{n:02d}" for n in range(10)]
    each = {"AcquisitionTime": times[:5], "ContentTime": times[:5]}
    first = write_series(tmp_path / "a", ramp(), each=each)
    each = {"AcquisitionTime": times[5:], "ContentTime": times[5:]}
    second = write_series(tmp_path / "b", ramp() + 1000, each=each)
    volumes = loaded(list_dicom([*second, *first]))
    assert [volume.shape_zyx[0] for volume in volumes.values()] == [5, 5]
    assert_true_to_files(volumes["4/t1"], first)


def test_that_one_acquisition_for_each_slice_is_one_volume(tmp_path: Path) -> None:
    paths = write_series(tmp_path, ramp(), each={"AcquisitionNumber": [1, 2, 3, 4, 5]})
    (volume,) = loaded(list_dicom(paths)).values()
    assert not volume.findings


def test_that_two_acquisitions_between_one_another_are_separated(tmp_path: Path) -> None:
    first = write_series(tmp_path / "a", ramp(), AcquisitionNumber=1)
    shifted = positions(5) + np.array([0, 0, 0.857])
    second = write_series(tmp_path / "b", ramp() + 1000, shifted, AcquisitionNumber=2)
    volumes = loaded(list_dicom([*first, *second]))
    assert_true_to_files(volumes["4/t1"], first)
    assert_true_to_files(volumes["4/t2"], second)
    assert volumes["4/t1"].geometry.spacing_zyx[0] == pytest.approx(2.5)


def test_that_images_at_one_position_are_never_stacked(tmp_path: Path) -> None:
    paths = write_series(tmp_path, ramp(), np.repeat(positions(1), 5, axis=0))
    volumes = loaded(list_dicom(paths))
    assert len(volumes) == 5
    assert {volume.shape_zyx for volume in volumes.values()} == {(1, 6, 7)}


def test_that_a_localizer_is_split_off(tmp_path: Path) -> None:
    paths = write_series(tmp_path / "a", ramp(), ImageType=["ORIGINAL", "PRIMARY", "AXIAL"])
    extra = write_series(
        tmp_path / "b", ramp((1, 6, 7)), orientation=SAGITTAL, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"]
    )
    volumes = loaded(list_dicom([*extra, *paths]))
    assert list(volumes) == ["4/m1", "4/m2"]
    assert_true_to_files(volumes["4/m1"], paths)
    assert volumes["4/m1"].shape_zyx == (5, 6, 7)
    assert "series-split" in codes(volumes["4/m1"])


def test_that_directions_are_split(tmp_path: Path) -> None:
    groups = {
        orientation: write_series(tmp_path / str(n), ramp((3, 6, 7)) + 200 * n, orientation=orientation)
        for n, orientation in enumerate((AXIAL, SAGITTAL, CORONAL))
    }
    volumes = loaded(list_dicom([path for paths in groups.values() for path in paths]))
    assert set(volumes) == {"4/o1", "4/o2", "4/o3"}
    for volume in volumes.values():
        assert_true_to_files(volume, list(groups.values())[int(volume.voxels.min()) // 200])
        assert codes(volume) == ["series-split"]


@pytest.mark.parametrize(
    "attributes", [{}, {"PixelSpacing": [0.8, 0.75]}, {"PhotometricInterpretation": "MONOCHROME1"}, {"Modality": "PT"}]
)
def test_that_matrix_spacing_and_kind_are_split(tmp_path: Path, attributes: dict[str, Any]) -> None:
    paths = write_series(tmp_path / "a", ramp())
    shape = (3, 6, 7) if attributes else (3, 5, 7)
    other = write_series(tmp_path / "b", ramp(shape), positions(3, origin=(0, 0, 300)), **attributes)
    volumes = loaded(list_dicom([*paths, *other]))
    assert [volume.shape_zyx for volume in volumes.values()] == [(5, 6, 7), shape]
    assert_true_to_files(volumes["4/m1"], paths)


def test_that_spacings_that_differ_by_rounding_are_one_volume(tmp_path: Path) -> None:
    each = {"PixelSpacing": [[0.48825, 0.48825], [0.488250001, 0.48825], [0.488249999, 0.48825], [0.48825, 0.48825001]]}
    paths = write_series(tmp_path, ramp((4, 6, 7)), each=each)
    (volume,) = loaded(list_dicom(paths)).values()
    assert volume.shape_zyx == (4, 6, 7)


def test_that_a_second_copy_of_a_file_is_passed_over(tmp_path: Path) -> None:
    paths = write_series(tmp_path, ramp())
    copy = Path(shutil.copy(paths[2], tmp_path / "copy.dcm"))
    listing = list_dicom([*paths, copy])
    assert [(skip.file, "second copy" in skip.reason) for skip in listing.skipped] == [(str(copy), True)]
    volume = listing.entries[0].load()
    assert not volume.findings
    assert_true_to_files(volume, paths)


def test_that_slices_with_one_identifier_for_all_are_no_copies(tmp_path: Path) -> None:
    paths = write_series(tmp_path, ramp(), SOPInstanceUID="1.2.3.4.5")
    (volume,) = loaded(list_dicom(paths)).values()
    assert_true_to_files(volume, paths)


@given(st.lists(st.one_of(st.none(), st.integers(-2, 5)), max_size=60))
def test_that_names_of_series_are_unique_and_short(numbers: list[int | None]) -> None:
    names = series_names(numbers)
    assert len(set(names)) == len(numbers)
    assert all(len(name) <= 4 for name in names)
