"""Siemens mosaics, rendered with the private headers that scanners write."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import MRImageStorage

from app.engine.io.dicom import list_dicom
from tests.engine.io.dicom_fixtures import AXIAL, SPACING, item_of, normal_of, ramp, save, slice_dataset

COUNT, ROWS, COLUMNS = 5, 4, 6
FIRST = np.array([-20.0, 31.0, 7.5])
STEP_MM = 3.5
TILTED = (1.0, 0.0, 0.0, 0.0, math.cos(0.3), math.sin(0.3))


def csa(entries: Mapping[str, Sequence[str]]) -> bytes:
    """A header of the "SV10" kind."""
    out = b"SV10\4\3\2\1" + struct.pack("<II", len(entries), 77)
    for name, values in entries.items():
        out += struct.pack("<64si4siii", name.encode(), len(values), b"DS\0\0", 3, len(values), 77)
        for value in values:
            data = value.encode() + b"\0"
            out += struct.pack("<4i", len(data), len(data), 77, len(data)) + data + b"\0" * (-len(data) % 4)
    return out


def mosaic(
    volume: Any,
    orientation: Sequence[float] = AXIAL,
    direction: int = 1,
    protocol_shift_mm: float = 0.0,
    **attributes: Any,
) -> Dataset:
    """The slices of a volume as tiles; the first tile lies at FIRST, the next along direction * normal."""
    across = math.ceil(math.sqrt(len(volume)))
    tiles = np.zeros((across * ROWS, across * COLUMNS), volume.dtype)
    for n, pixels in enumerate(volume):
        row, column = n // across * ROWS, n % across * COLUMNS
        tiles[row : row + ROWS, column : column + COLUMNS] = pixels
    row_axis, column_axis = np.array(orientation[:3]), np.array(orientation[3:])
    to_centre = row_axis * SPACING[1] / 2, column_axis * SPACING[0] / 2
    corner = FIRST - to_centre[0] * (across - 1) * COLUMNS - to_centre[1] * (across - 1) * ROWS
    dataset = slice_dataset(tiles, corner, orientation, sop_class=MRImageStorage, Modality="MR")
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
    dataset.SpacingBetweenSlices = STEP_MM
    normal = normal_of(orientation) * direction
    centre = FIRST + to_centre[0] * COLUMNS + to_centre[1] * ROWS
    lines = ["sSliceArray.lSize = 99", "### ASCCONV BEGIN ###", f"sSliceArray.lSize = {len(volume)}"]
    for n in range(len(volume)):
        place = centre + normal * (STEP_MM * n + protocol_shift_mm)
        lines += [
            f"sSliceArray.asSlice[{n}].sPosition.d{axis}\t = \t{value}"
            for axis, value in zip(("Sag", "Cor", "Tra"), place, strict=True)
        ]
    image = {"NumberOfImagesInMosaic": [str(len(volume))], "SliceNormalVector": [f"{value:.8f}" for value in normal]}
    dataset.add_new(0x00290010, "LO", "SIEMENS CSA HEADER")
    dataset.add_new(0x00291010, "OB", csa(image))
    dataset.add_new(0x00291020, "OB", csa({"MrPhoenixProtocol": ["\n".join([*lines, "### ASCCONV END ###"])]}))
    for name, value in attributes.items():
        setattr(dataset, name, value)
    return dataset


@pytest.mark.parametrize("private", ["both", "image", "series"])
@pytest.mark.parametrize("orientation", [AXIAL, TILTED])
@pytest.mark.parametrize("direction", [1, -1])
def test_that_tiles_become_slices_in_their_places(
    tmp_path: Path, orientation: tuple[float, ...], direction: int, private: str
) -> None:
    values = ramp((COUNT, ROWS, COLUMNS))
    dataset = mosaic(values, orientation, direction)
    if private == "image":
        del dataset[0x00291020]
    if private == "series":
        del dataset[0x00291010]
    (entry,) = list_dicom([save(dataset, tmp_path / "a.dcm")]).entries
    volume = entry.load()
    assert "mosaic" in {finding.code for finding in volume.findings}
    assert volume.shape_zyx == values.shape
    for n, pixels in enumerate(values):
        place = FIRST + normal_of(orientation) * direction * STEP_MM * n
        index = volume.geometry.to_index(place)
        np.testing.assert_allclose(index, np.rint(index), atol=1e-6)
        assert np.array_equal(volume.voxels[int(np.rint(index[2]))], pixels)


def test_that_mosaics_of_a_time_series_are_volumes(tmp_path: Path) -> None:
    values = ramp((COUNT, ROWS, COLUMNS))
    paths = [
        save(mosaic(values + 1000 * n, InstanceNumber=n + 1, AcquisitionNumber=n + 1), tmp_path / f"{n}.dcm")
        for n in range(3)
    ]
    volumes = [entry.load() for entry in list_dicom(paths).entries]
    assert [int(volume.voxels.min()) for volume in volumes] == [0, 1000, 2000]
    assert {volume.shape_zyx for volume in volumes} == {values.shape}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"protocol_shift_mm": 40.0}, "elsewhere than its protocol says"),
        ({"ImageOrientationPatient": [0, 1, 0, 0, 0, 1]}, "contradicts its orientation"),
        ({"PixelSpacing": ""}, "does not say where they lie"),
    ],
)
def test_that_a_mosaic_that_contradicts_itself_is_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    path = save(mosaic(ramp((COUNT, ROWS, COLUMNS)), **change), tmp_path / "a.dcm")
    listing = list_dicom([path])
    assert not listing.entries
    assert words in listing.skipped[0].reason


def test_that_a_mosaic_of_another_size_is_refused(tmp_path: Path) -> None:
    dataset = mosaic(ramp((COUNT, ROWS, COLUMNS)))
    cut = dataset.pixel_array[:-2]
    dataset.Rows, dataset.PixelData = len(cut), cut.tobytes()
    listing = list_dicom([save(dataset, tmp_path / "a.dcm")])
    assert "does not fit its 5 slices" in listing.skipped[0].reason


def test_that_a_damaged_private_header_is_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    dataset = mosaic(ramp((COUNT, ROWS, COLUMNS)))
    whole = bytes(dataset[0x00291010].value)
    for n in range(0, len(whole), 7):
        dataset[0x00291010].value = whole[:n] + rng.bytes(2) + b"\0" * (n % 2)
        listing = list_dicom([save(dataset, tmp_path / "a.dcm")])
        assert len(listing.entries) + len(listing.skipped) == 1


@pytest.mark.parametrize("direction", [1, -1])
def test_that_tiles_of_united_imaging_lie_where_they_are_listed(tmp_path: Path, direction: int) -> None:
    values = ramp((COUNT, ROWS, COLUMNS))
    tiles = np.zeros((2 * ROWS, 3 * COLUMNS), values.dtype)  # five tiles, three in a row: no third row is written
    for n, pixels in enumerate(values):
        tiles[n // 3 * ROWS : n // 3 * ROWS + ROWS, n % 3 * COLUMNS : n % 3 * COLUMNS + COLUMNS] = pixels
    places = [FIRST + np.array([0, 0, direction * STEP_MM * n]) for n in range(COUNT)]
    dataset = slice_dataset(tiles, FIRST, sop_class=MRImageStorage, Modality="MR", Manufacturer="UIH")
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "VFRAME"]
    dataset.add_new(0x00650010, "LO", "Image Private Header")
    dataset.add_new(0x00651051, "SQ", [item_of(ImagePositionPatient=list(place)) for place in places])
    (entry,) = list_dicom([save(dataset, tmp_path / "a.dcm")]).entries
    volume = entry.load()
    assert volume.shape_zyx == values.shape
    for pixels, place in zip(values, places, strict=True):
        k = int(np.rint(volume.geometry.to_index(place)[2]))
        np.testing.assert_allclose(volume.geometry.to_index(place), (0, 0, k), atol=1e-6)
        assert np.array_equal(volume.voxels[k], pixels)


def test_that_tiles_against_the_order_of_the_protocol_lie_where_the_first_one_says(tmp_path: Path) -> None:
    values = ramp((COUNT, ROWS, COLUMNS))
    dataset = mosaic(values)
    del dataset[0x00291010]
    dataset.ImagePositionPatient[2] += STEP_MM * (COUNT - 1)  # the first tile is the protocol's last slice
    (entry,) = list_dicom([save(dataset, tmp_path / "a.dcm")]).entries
    volume = entry.load()
    assert np.array_equal(volume.voxels, values[::-1])
    np.testing.assert_allclose(volume.geometry.affine[:3, 3], FIRST)


def test_that_a_mosaic_without_any_private_header_is_refused(tmp_path: Path) -> None:
    dataset = mosaic(ramp((COUNT, ROWS, COLUMNS)))
    del dataset[0x00291010]
    del dataset[0x00291020]
    listing = list_dicom([save(dataset, tmp_path / "a.dcm")])
    assert "does not say where they lie" in listing.skipped[0].reason
