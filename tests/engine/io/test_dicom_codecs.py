"""Compressed pixels come out as they went in, MONOCHROME1 and rescale notwithstanding; broken ones are refused."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    JPEGBaseline8Bit,
    JPEGLossless,
    JPEGLSLossless,
    RLELossless,
)

from app.engine.errors import ReadError
from app.engine.io.dicom import list_dicom
from app.engine.io.dicom_codec import silent_stderr
from app.engine.volume import Volume
from tests.engine.io.dicom_fixtures import (
    enhanced_dataset,
    positions,
    ramp,
    save,
    slice_dataset,
    write_series,
)

SHAPE = (24, 30)


def texture(dtype: Any = np.int16, shape: tuple[int, ...] = SHAPE) -> NDArray[Any]:
    limits = (0, 255) if np.dtype(dtype).itemsize == 1 else (-2000, 2000) if np.dtype(dtype).kind == "i" else (0, 4095)
    return np.random.default_rng(3).integers(*limits, shape, dtype=dtype)


def read(path: Path) -> Volume:
    listing = list_dicom([path])
    assert not listing.skipped
    (entry,) = listing.entries
    return entry.load()


def put_stream(dataset: Dataset, streams: list[bytes], syntax: Any) -> Dataset:
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PixelData = encapsulate(streams)
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return dataset


def by_simpleitk(folder: Path, pixels: NDArray[Any], compressor: str) -> tuple[bytes, str]:
    """The stream of an image that ITK compressed, and its transfer syntax."""
    import SimpleITK

    sitk: Any = SimpleITK
    writer = sitk.ImageFileWriter()
    writer.SetImageIO("GDCMImageIO")
    writer.SetFileName(str(folder / "encoded.dcm"))
    writer.UseCompressionOn()
    writer.SetCompressor(compressor)
    writer.Execute(sitk.GetImageFromArray(pixels))
    encoded = pydicom.dcmread(folder / "encoded.dcm")
    (stream,) = pydicom.encaps.generate_frames(encoded.PixelData, number_of_frames=1)
    return stream, encoded.file_meta.TransferSyntaxUID


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_that_rle_comes_out_as_it_went_in(tmp_path: Path, dtype: Any, photometric: str) -> None:
    pixels = texture(dtype)
    dataset = slice_dataset(pixels, RescaleSlope=2, RescaleIntercept=-7)
    dataset.compress(RLELossless)
    dataset.PhotometricInterpretation = photometric
    volume = read(save(dataset, tmp_path / "a.dcm"))
    assert np.array_equal(volume.voxels[0], pixels.astype(int) * 2 - 7)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16])
@pytest.mark.parametrize("compressor", ["JPEG2000", "JPEG"])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_that_lossless_jpeg_comes_out_as_it_went_in(
    tmp_path: Path, dtype: Any, compressor: str, photometric: str, capfd: pytest.CaptureFixture[str]
) -> None:
    pixels = texture(dtype)
    stream, syntax = by_simpleitk(tmp_path, pixels, compressor)
    attributes: dict[str, Any] = {"PhotometricInterpretation": photometric, "RescaleSlope": 2, "RescaleIntercept": -7}
    dataset = put_stream(slice_dataset(pixels, **attributes), [stream], syntax)
    capfd.readouterr()
    volume = read(save(dataset, tmp_path / "a.dcm"))
    assert np.array_equal(volume.voxels[0], pixels.astype(int) * 2 - 7)
    assert volume.display.inverted is (photometric == "MONOCHROME1")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_that_jpeg_ls_comes_out_as_it_went_in(tmp_path: Path, dtype: Any) -> None:
    jpeg_ls = pytest.importorskip("jpeg_ls")
    pixels = texture(dtype)
    dataset = put_stream(slice_dataset(pixels), [bytes(jpeg_ls.encode_array(pixels))], JPEGLSLossless)
    assert np.array_equal(read(save(dataset, tmp_path / "a.dcm")).voxels[0], pixels)


@pytest.mark.parametrize("photometric", ["YBR_FULL_422", "RGB"])
def test_that_jpeg_colour_is_near_what_went_in(tmp_path: Path, photometric: str) -> None:
    import io

    from PIL import Image

    x, y = np.meshgrid(np.arange(64), np.arange(48))
    pixels = np.stack([x * 3, y * 4, (x + y)], axis=-1).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=95, subsampling=0)
    dataset = put_stream(slice_dataset(pixels, None, Modality="ES"), [out.getvalue()], JPEGBaseline8Bit)
    dataset.PhotometricInterpretation = photometric  # the stream itself says what it is
    volume = read(save(dataset, tmp_path / "a.dcm"))
    assert np.abs(volume.voxels[0].astype(int) - pixels).max() < 12


def test_that_deflated_files_are_read(tmp_path: Path) -> None:
    pixels = texture()
    dataset = slice_dataset(pixels)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    assert np.array_equal(read(save(dataset, tmp_path / "a.dcm")).voxels[0], pixels)


@pytest.mark.parametrize("count", [3, 9])
def test_that_compressed_frames_find_their_places(tmp_path: Path, count: int) -> None:
    frames = texture(np.uint16, (count, *SHAPE))
    order = np.random.default_rng(1).permutation(count)
    dataset = enhanced_dataset(frames[order], positions(count)[order])
    dataset.compress(RLELossless)
    assert np.array_equal(read(save(dataset, tmp_path / "a.dcm")).voxels, frames)


def test_that_bits_are_read_one_by_one(tmp_path: Path) -> None:
    frames = texture(np.uint8, (3, 5, 7)) % 2
    dataset = slice_dataset(frames, None, Modality="OT")
    dataset.BitsAllocated = dataset.BitsStored = 1
    dataset.HighBit = 0
    data = np.packbits(frames.ravel(), bitorder="little").tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    volumes = [entry.load() for entry in list_dicom([save(dataset, tmp_path / "a.dcm")]).entries]
    assert np.array_equal(np.concatenate([volume.voxels for volume in volumes]), frames)


@pytest.mark.parametrize("compressor", ["JPEG2000", "JPEG"])
def test_that_a_stream_that_was_cut_is_refused(tmp_path: Path, compressor: str) -> None:
    pixels = texture()
    stream, syntax = by_simpleitk(tmp_path, pixels, compressor)
    half = stream[: len(stream) // 4 * 2]
    path = save(put_stream(slice_dataset(pixels), [half], syntax), tmp_path / "a.dcm")
    (entry,) = list_dicom([path]).entries
    with pytest.raises(ReadError, match="cut short") as error:
        entry.load()
    assert str(path) in str(error.value)


def test_that_nonsense_for_a_stream_is_refused_quietly(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    stream = b"\xff\xd8" + bytes(range(256)) + b"\xff\xd9"
    path = save(put_stream(slice_dataset(texture()), [stream], JPEGLossless), tmp_path / "a.dcm")
    (entry,) = list_dicom([path]).entries
    with pytest.raises(ReadError, match="cannot be decoded"):
        entry.load()
    assert capfd.readouterr().err == ""


def rle_series(folder: Path, count: int) -> tuple[NDArray[Any], list[Path]]:
    volume = ramp((count, *SHAPE)) % 3000
    paths = write_series(folder, volume)
    for path in paths:
        dataset = pydicom.dcmread(path)
        dataset.compress(RLELossless)
        save(dataset, path)
    return volume, paths


def break_stream(path: Path) -> None:
    dataset = pydicom.dcmread(path)
    put_stream(dataset, [b"\0" * 80], RLELossless)
    save(dataset, path)


def test_that_one_broken_slice_is_left_out_and_said(tmp_path: Path) -> None:
    values, paths = rle_series(tmp_path, 12)
    break_stream(paths[5])
    volume = read_series(paths)
    assert [finding.code for finding in volume.findings] == ["broken-slices", "missing-slices"]
    assert paths[5].name in volume.findings[0].message
    kept = np.arange(12) != 5
    assert np.array_equal(volume.voxels[kept], values[kept])


def read_series(paths: list[Path]) -> Volume:
    (entry,) = list_dicom(paths).entries
    return entry.load()


def test_that_a_series_with_many_broken_slices_is_refused(tmp_path: Path) -> None:
    _, paths = rle_series(tmp_path, 8)
    for path in paths[2:5]:
        break_stream(path)
    with pytest.raises(ReadError, match="cannot be decoded"):
        read_series(paths)


def test_that_stderr_is_given_back_after_decoding_in_threads(capfd: pytest.CaptureFixture[str]) -> None:
    inside, done = threading.Barrier(3), threading.Barrier(3)

    def user() -> None:
        with silent_stderr():
            inside.wait(10)
            done.wait(10)

    threads = [threading.Thread(target=user) for _ in range(2)]
    for thread in threads:
        thread.start()
    inside.wait(10)
    os.write(2, b"away")
    done.wait(10)
    for thread in threads:
        thread.join(10)
    os.write(2, b"back")
    assert capfd.readouterr().err == "back"
