"""Values are quantities: rescale of each slice, tables, units, signs, bits; what is for display stays there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    PositronEmissionTomographyImageStorage,
    SecondaryCaptureImageStorage,
)

from app.engine.io.dicom import list_dicom
from app.engine.volume import Volume
from tests.engine.io.dicom_fixtures import (
    assert_true_to_files,
    item_of,
    ramp,
    save,
    slice_dataset,
    write_series,
)

PET: dict[str, Any] = {"sop_class": PositronEmissionTomographyImageStorage, "Modality": "PT", "Units": "BQML"}


def read(*paths: Path) -> Volume:
    listing = list_dicom(paths)
    assert not listing.skipped
    (entry,) = listing.entries
    return entry.load()


def read_one(folder: Path, pixels: NDArray[Any], **attributes: Any) -> Volume:
    return read(save(slice_dataset(pixels, **attributes), folder / "a.dcm"))


def codes(volume: Volume) -> set[str]:
    return {finding.code for finding in volume.findings}


def test_that_each_pet_slice_has_its_own_slope(tmp_path: Path) -> None:
    slopes = [1.0, 2.5, 0.123, 40.0, 7.25]
    paths = write_series(tmp_path, ramp(), each={"RescaleSlope": slopes}, RescaleIntercept=0, **PET)
    volume = read(*paths)
    expected = ramp() * np.array(slopes)[:, None, None]
    assert volume.voxels.dtype == np.float32
    np.testing.assert_allclose(volume.voxels, expected, rtol=1e-6)
    assert volume.unit == "Bq/ml"
    assert volume.modality == "PT"


@pytest.mark.parametrize(
    ("dtype", "slope", "intercept", "expected"),
    [
        (np.uint16, 1, -1024, np.int16),
        (np.int16, 1, -1024, np.int16),
        (np.uint16, 40, -1024, np.int32),
        (np.int16, 0.5, 0, np.float32),
        (np.uint16, 1, 0.25, np.float32),
        (np.uint8, 1, 0, np.uint8),
        (np.uint8, 2, -3, np.int16),
        (np.uint32, 1, 0, np.int16),
    ],
)
def test_that_whole_numbers_stay_whole(
    tmp_path: Path, dtype: Any, slope: float, intercept: float, expected: Any
) -> None:
    stored = np.linspace(0, 200 if dtype is np.uint8 else 3000, 42).reshape(6, 7).astype(dtype)
    volume = read_one(tmp_path, stored, RescaleSlope=slope, RescaleIntercept=intercept)
    np.testing.assert_allclose(volume.voxels[0], stored.astype(float) * slope + intercept, rtol=1e-6)
    if not (dtype is np.uint8 and slope == 2):
        assert volume.voxels.dtype == expected


def test_that_the_ends_of_sixteen_bits_survive(tmp_path: Path) -> None:
    stored = np.array([[0, 65535]], np.uint16)
    assert read_one(tmp_path, stored).voxels.tolist() == [[[0, 65535]]]
    assert read_one(tmp_path, stored, RescaleSlope=1, RescaleIntercept=-1024).voxels.tolist() == [[[-1024, 64511]]]


@pytest.mark.parametrize(
    ("attributes", "unit"),
    [
        ({"RescaleSlope": 1, "RescaleIntercept": -1024}, "HU"),
        ({"RescaleSlope": 1, "RescaleIntercept": -1024, "RescaleType": "HU"}, "HU"),
        ({"RescaleSlope": 1, "RescaleIntercept": 0, "RescaleType": "US"}, ""),
        ({}, ""),
        ({"Modality": "MR", "RescaleSlope": 2, "RescaleIntercept": 0}, ""),
        ({**PET, "Units": "GML"}, "SUV"),
        ({**PET, "Units": "CNTS"}, "counts"),
        ({**PET, "Units": "1CM"}, ""),
    ],
)
def test_that_a_unit_is_named_only_where_the_file_does(tmp_path: Path, attributes: dict[str, Any], unit: str) -> None:
    assert read_one(tmp_path, ramp((6, 7)), **attributes).unit == unit


def test_that_monochrome1_is_shown_inverted_with_its_values_as_they_are(tmp_path: Path) -> None:
    attributes: dict[str, Any] = {"PhotometricInterpretation": "MONOCHROME1", "RescaleSlope": 2, "RescaleIntercept": 5}
    attributes |= {"WindowCenter": 40, "WindowWidth": 100}
    volume = read_one(tmp_path, ramp((6, 7)), sop_class=ComputedRadiographyImageStorage, **attributes)
    assert np.array_equal(volume.voxels[0], ramp((6, 7)) * 2 + 5)
    assert volume.display.inverted
    assert (volume.display.level, volume.display.width) == (40, 100)
    assert "monochrome1" in codes(volume)


def test_that_a_modality_table_is_applied(tmp_path: Path) -> None:
    table = item_of(LUTDescriptor=[42, 0, 16], ModalityLUTType="US")
    table.add_new(0x00283006, "US", [1000 + 7 * n for n in range(42)])
    volume = read_one(tmp_path, ramp((6, 7), np.uint16), ModalityLUTSequence=[table])
    assert np.array_equal(volume.voxels[0], 1000 + 7 * ramp((6, 7)))


def test_that_a_damaged_modality_table_is_refused(tmp_path: Path) -> None:
    table = item_of(LUTDescriptor=[0, 0], ModalityLUTType="US")
    path = save(slice_dataset(ramp((6, 7), np.uint16), ModalityLUTSequence=[table]), tmp_path / "a.dcm")
    (entry,) = list_dicom([path]).entries
    with pytest.raises(Exception, match=r"Modality LUT.*damaged"):
        entry.load()


def test_that_a_display_table_gives_level_and_width(tmp_path: Path) -> None:
    table = item_of(LUTDescriptor=[100, -50, 8])
    table.add_new(0x00283006, "US", list(range(100)))
    display = read_one(tmp_path, ramp((6, 7)), VOILUTSequence=[table]).display
    assert (display.level, display.width, display.inverted) == (0.0, 100.0, False)


@pytest.mark.parametrize("dtype", [np.uint16, np.int16])
def test_that_bits_beyond_those_stored_are_left_out(tmp_path: Path, dtype: Any) -> None:
    stored = ramp((6, 7)).astype(dtype) - (20 if dtype is np.int16 else 0)
    noisy = (stored.view(np.uint16) & 0x0FFF) | 0x5000
    volume = read_one(tmp_path, noisy.view(dtype), bits_stored=12)
    assert np.array_equal(volume.voxels[0], stored)


def test_that_a_high_bit_above_the_lowest_is_honoured(tmp_path: Path) -> None:
    volume = read_one(tmp_path, ramp((6, 7), np.uint16) << 4, bits_stored=12, HighBit=15)
    assert np.array_equal(volume.voxels[0], ramp((6, 7)))


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32])
def test_that_every_byte_order_is_read(tmp_path: Path, syntax: str, dtype: Any) -> None:
    volume = read_one(tmp_path, ramp((6, 7), dtype), syntax=syntax)
    assert np.array_equal(volume.voxels[0], ramp((6, 7)))


def test_that_big_endian_bytes_in_words_are_put_right(tmp_path: Path) -> None:
    pixels = ramp((6, 6), np.uint8)
    dataset = slice_dataset(pixels, syntax=ExplicitVRBigEndian)
    dataset.PixelData = pixels.reshape(-1, 2)[:, ::-1].tobytes()
    dataset["PixelData"].VR = "OW"
    assert np.array_equal(read(save(dataset, tmp_path / "a.dcm")).voxels[0], pixels)


def rgb(shape: tuple[int, int] = (6, 7), dtype: Any = np.uint8) -> NDArray[Any]:
    return np.random.default_rng(1).integers(0, np.iinfo(dtype).max, (*shape, 3), dtype=dtype, endpoint=True)


@pytest.mark.parametrize("planar", [0, 1])
def test_that_colour_is_read_in_both_layouts(tmp_path: Path, planar: int) -> None:
    pixels = rgb()
    dataset = slice_dataset(pixels, None, sop_class=SecondaryCaptureImageStorage, Modality="XC")
    if planar:
        dataset.PlanarConfiguration = 1
        dataset.PixelData = pixels.transpose(2, 0, 1).tobytes()
    volume = read(save(dataset, tmp_path / "a.dcm"))
    assert volume.is_colour
    assert volume.voxels.dtype == np.uint8
    assert np.array_equal(volume.voxels[0], pixels)


def test_that_deep_colour_keeps_its_values(tmp_path: Path) -> None:
    pixels = rgb(dtype=np.uint16)
    volume = read_one(tmp_path, pixels, position=None, Modality="XC")
    assert volume.voxels.dtype == np.uint16
    assert np.array_equal(volume.voxels[0], pixels)


def test_that_colour_slices_make_a_volume(tmp_path: Path) -> None:
    pixels = np.stack([rgb() // 2 + n for n in range(4)])
    volume = read(*write_series(tmp_path, pixels, Modality="MR"))
    assert volume.shape_zyx == (4, 6, 7)
    assert np.array_equal(volume.voxels, pixels)


def test_that_luma_and_chroma_become_red_green_and_blue(tmp_path: Path) -> None:
    grey = np.repeat(ramp((6, 7), np.uint8)[..., None], 3, axis=2)
    ycc = np.concatenate([grey[..., :1], np.full((6, 7, 2), 128, np.uint8)], axis=2)
    volume = read_one(tmp_path, ycc, position=None, PhotometricInterpretation="YBR_FULL", Modality="US")
    assert np.array_equal(volume.voxels[0], grey)


@pytest.mark.parametrize("bits", [8, 16])
def test_that_a_palette_becomes_colour(tmp_path: Path, bits: int) -> None:
    tables = np.random.default_rng(2).integers(0, 2**bits, (3, 42)).astype(f"<u{bits // 8}")
    attributes: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour, table in zip(("Red", "Green", "Blue"), tables, strict=True):
        attributes[f"{colour}PaletteColorLookupTableDescriptor"] = [42, 0, bits]
        attributes[f"{colour}PaletteColorLookupTableData"] = table.tobytes()
    volume = read_one(tmp_path, ramp((6, 7), np.uint8), position=None, Modality="US", **attributes)
    expected = (tables >> (bits - 8)).T[ramp((6, 7))]
    assert np.array_equal(volume.voxels[0], expected)


def test_that_a_palette_in_segments_becomes_colour(tmp_path: Path) -> None:
    steps = [0, 2, 10 << 8, 20 << 8, 1, 4, 60 << 8]  # two entries as they are, then four in even steps to the last
    data = np.array(steps, "<u2").tobytes()
    attributes: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for colour in ("Red", "Green", "Blue"):
        attributes[f"{colour}PaletteColorLookupTableDescriptor"] = [6, 0, 16]
        attributes[f"Segmented{colour}PaletteColorLookupTableData"] = data
    pixels = np.arange(6, dtype=np.uint8).reshape(1, 6)
    volume = read_one(tmp_path, pixels, position=None, Modality="US", **attributes)
    assert volume.voxels.shape == (1, 1, 6, 3)
    assert (volume.voxels == np.array([10, 20, 30, 40, 50, 60])[:, None]).all()


def test_that_a_palette_without_its_table_is_refused(tmp_path: Path) -> None:
    dataset = slice_dataset(ramp((6, 7), np.uint8), None, PhotometricInterpretation="PALETTE COLOR")
    (entry,) = list_dicom([save(dataset, tmp_path / "a.dcm")]).entries
    with pytest.raises(Exception, match="palette"):
        entry.load()


@pytest.mark.parametrize(("keyword", "dtype"), [("FloatPixelData", "<f4"), ("DoubleFloatPixelData", "<f8")])
def test_that_float_pixels_are_read(tmp_path: Path, keyword: str, dtype: str) -> None:
    values = np.linspace(-1.5, 2.5, 42).reshape(6, 7)
    dataset = slice_dataset(ramp((6, 7)), Modality="OT", sop_class="1.2.840.10008.5.1.4.1.1.30")
    for name in ("PixelData", "BitsStored", "HighBit", "PixelRepresentation"):
        delattr(dataset, name)
    dataset.BitsAllocated = int(dtype[-1]) * 8
    setattr(dataset, keyword, values.astype(dtype).tobytes())
    volume = read(save(dataset, tmp_path / "a.dcm"))
    np.testing.assert_allclose(volume.voxels[0], values, rtol=1e-6)


def test_that_modalities_are_dicom_codes(tmp_path: Path) -> None:
    assert read_one(tmp_path, ramp((6, 7)), Modality="CT ").modality == "CT"
    assert read_one(tmp_path, ramp((6, 7)), Modality="").modality == "CT"
    assert read_one(tmp_path, ramp((6, 7)), Modality="", sop_class=SecondaryCaptureImageStorage).modality == "OT"


def test_that_values_agree_with_pydicom_over_a_series(tmp_path: Path) -> None:
    paths = write_series(tmp_path, ramp(dtype=np.uint16), RescaleSlope=2, RescaleIntercept=-1000)
    assert_true_to_files(read(*paths), paths)
