"""What is no image, or cannot be read truly, is named with its reason; nothing crashes, hangs or fills the memory."""

from __future__ import annotations

import contextlib
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
    RLELossless,
)

from app.engine.errors import ReadError
from app.engine.io.dicom import is_dicom, list_dicom
from app.engine.volume import Volume
from tests.engine.io.dicom_fixtures import (
    enhanced_dataset,
    positions,
    ramp,
    save,
    slice_dataset,
    write_series,
)


def reason(path: Path) -> str:
    """Why the file is passed over; it must be one sentence that names the file."""
    listing = list_dicom([path])
    assert not listing.entries
    (skipped,) = listing.skipped
    assert skipped.file == str(path)
    assert str(path) in skipped.reason
    assert "\n" not in skipped.reason
    return skipped.reason


@pytest.mark.parametrize(
    ("sop_class", "words"),
    [
        ("1.2.840.10008.5.1.4.1.1.66.4", "a segmentation"),
        ("1.2.840.10008.5.1.4.1.1.66.7", "a segmentation"),
        ("1.2.840.10008.5.1.4.1.1.481.2", "RTDOSE"),
        ("1.2.840.10008.5.1.4.1.1.481.3", "RTSTRUCT"),
        ("1.2.840.10008.5.1.4.1.1.481.5", "radiotherapy plan"),
        ("1.2.840.10008.5.1.4.1.1.88.33", "structured report"),
        ("1.2.840.10008.5.1.4.1.1.88.59", "key object"),
        ("1.2.840.10008.5.1.4.1.1.104.1", "PDF"),
        ("1.2.840.10008.5.1.4.1.1.9.1.1", "waveform"),
        ("1.2.840.10008.5.1.4.1.1.11.1", "presentation state"),
        ("1.2.840.10008.5.1.4.1.1.77.1.6", "whole-slide"),
        ("1.2.840.10008.5.1.4.1.1.77.1.4.1", "video"),
        ("1.2.840.10008.5.1.4.1.1.4.2", "spectrum"),
        (MediaStorageDirectoryStorage, "DICOMDIR"),
    ],
)
def test_that_what_is_no_image_is_named(tmp_path: Path, sop_class: str, words: str) -> None:
    path = save(slice_dataset(ramp((6, 7)), sop_class=sop_class, Modality="OT"), tmp_path / "a.dcm")
    assert words in reason(path)


@pytest.mark.parametrize(
    ("modality", "words"), [("SEG", "segmentation"), ("RTSTRUCT", "structure set"), ("SR", "report")]
)
def test_that_a_private_class_goes_by_its_modality(tmp_path: Path, modality: str, words: str) -> None:
    path = save(slice_dataset(ramp((6, 7)), sop_class="1.2.3.4.5", Modality=modality), tmp_path / "a.dcm")
    assert words in reason(path)


def test_that_a_file_without_pixels_is_said_to_have_none(tmp_path: Path) -> None:
    dataset = slice_dataset(ramp((6, 7)))
    del dataset.PixelData
    assert "no pixel data" in reason(save(dataset, tmp_path / "a.dcm"))
    del dataset.Rows
    assert "without an image" in reason(save(dataset, tmp_path / "b.dcm"))


def test_that_a_video_is_refused(tmp_path: Path) -> None:
    dataset = slice_dataset(ramp((6, 7)))
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.MPEG4HP41
    dataset.PixelData = pydicom.encaps.encapsulate([b"\0" * 20])
    dataset["PixelData"].is_undefined_length = True
    assert "a video" in reason(save(dataset, tmp_path / "a.dcm"))


def test_that_cut_pixels_are_refused(tmp_path: Path) -> None:
    path = save(slice_dataset(ramp((6, 7))), tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes()[:-10])
    assert "cut short: it holds 74 of 84 bytes" in reason(path)


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ({"Rows": 60_000, "Columns": 60_000}, "cut short"),
        ({"NumberOfFrames": 2_000_000_000}, "cut short"),
        ({"NumberOfFrames": -4}, "not a number"),
        ({"BitsAllocated": 12, "BitsStored": 12, "HighBit": 11}, "12 bits"),
        ({"BitsStored": 20}, "stores 20 bits in 16"),
        ({"SamplesPerPixel": 4}, "4 values for each pixel"),
        ({"SamplesPerPixel": 1, "PhotometricInterpretation": "RGB"}, "calls its pixels RGB"),
        ({"Rows": 0}, "without an image"),
    ],
)
def test_that_a_header_that_cannot_be_true_is_refused(tmp_path: Path, attributes: dict[str, Any], words: str) -> None:
    path = save(slice_dataset(ramp((6, 7)), **attributes), tmp_path / "a.dcm")
    assert words in reason(path)


def test_that_a_small_compressed_file_may_not_claim_gigabytes(tmp_path: Path) -> None:
    dataset = enhanced_dataset(ramp((2, 6, 7)), positions(2))
    dataset.compress(RLELossless)
    dataset.Rows = dataset.Columns = 60_000
    assert "declares 14.4 GB of pixels" in reason(save(dataset, tmp_path / "a.dcm"))


def test_that_a_volume_beyond_the_limit_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    dataset = slice_dataset(ramp((6, 7), np.uint8))
    dataset.compress(RLELossless)
    dataset.Rows = dataset.Columns = 20_000
    paths = []
    for n in range(12):
        dataset.ImagePositionPatient, dataset.SOPInstanceUID = [0, 0, n], f"1.2.{n}"
        paths.append(save(dataset, tmp_path / f"{n}.dcm"))
    (entry,) = list_dicom(paths).entries
    tracemalloc.start()
    with pytest.raises(ReadError, match="more than the limit"):
        entry.load()
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()


def test_that_a_deflate_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engine.io.dicom_header.MAX_VOXEL_BYTES", 2**22)
    dataset = slice_dataset(ramp((6, 7)))
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    path = save(dataset, tmp_path / "a.dcm")
    data = path.read_bytes()
    start = 144 + int.from_bytes(data[140:144], "little")
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    path.write_bytes(data[:start] + packer.compress(bytes(2**23)) + packer.flush())
    assert "unpacks to more than" in reason(path)


def test_that_values_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    dataset = slice_dataset(ramp((6, 7)), sop_class="1.2.840.10008.5.1.4.1.1.30")
    del dataset.PixelData
    dataset.BitsAllocated = 32
    dataset.FloatPixelData = np.full((6, 7), np.nan, "<f4").tobytes()
    (entry,) = list_dicom([save(dataset, tmp_path / "a.dcm")]).entries
    with pytest.raises(ReadError, match="not finite"):
        entry.load()


def test_that_a_mosaic_without_its_private_header_is_refused(tmp_path: Path) -> None:
    dataset = slice_dataset(ramp((6, 6)), Modality="MR", ImageType=["ORIGINAL", "PRIMARY", "M", "MOSAIC"])
    assert "mosaic" in reason(save(dataset, tmp_path / "a.dcm"))


def test_that_a_vanished_file_is_named(tmp_path: Path) -> None:
    paths = write_series(tmp_path, ramp())
    (entry,) = list_dicom(paths).entries
    for path in paths:
        path.unlink()
    with pytest.raises(ReadError, match="No such file"):
        entry.load()
    assert "No such file" in reason(paths[0])


def _samples(folder: Path) -> list[bytes]:
    plain = slice_dataset(ramp((6, 7)), RescaleSlope=1, RescaleIntercept=-1024, WindowCenter=4, WindowWidth=9)
    packed = slice_dataset(ramp((6, 7)))
    packed.compress(RLELossless)
    enhanced = enhanced_dataset(ramp((4, 6, 7)), positions(4))
    for dataset in (plain, packed, enhanced):  # the same bytes in every run
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.UID("1.2.3.4.5")
    return [save(dataset, folder / "sample.dcm").read_bytes() for dataset in (plain, packed, enhanced)]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_that_mutated_files_are_read_or_refused(
    tmp_path: Path, data: st.DataObject, capfd: pytest.CaptureFixture[str]
) -> None:
    sample = bytearray(data.draw(st.sampled_from(_samples(tmp_path))))
    for _ in range(data.draw(st.integers(1, 8))):
        sample[data.draw(st.integers(128, len(sample) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del sample[data.draw(st.integers(1, len(sample))) :]
    path = tmp_path / "mutated.dcm"
    path.write_bytes(sample)
    if not is_dicom(path):
        return
    listing = list_dicom([path])
    for skipped in listing.skipped:
        assert "\n" not in skipped.reason
    for entry in listing.entries:
        with contextlib.suppress(ReadError):
            assert isinstance(entry.load(), Volume)
    assert capfd.readouterr().err == ""
