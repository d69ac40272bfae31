"""Decoding one compressed frame: by SimpleITK (GDCM), which knows most codecs, else by pydicom and its plug-ins.

The frame is put into a minimal file of its own, with nothing but the description of the pixels: so no library applies a
rescale, inverts MONOCHROME1, or trips over the rest of the header, and what comes back are the stored values.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from app.engine.io.dicom_fields import PARSE_ERRORS
from app.engine.io.dicom_header import PixelFormat

_RLE = "1.2.840.10008.1.2.5"
_JPEG_FAMILY = "1.2.840.10008.1.2.4."
# The colours of these are told by markers in the stream, which Pillow honours and GDCM does not.
_LOSSY_JPEG = {"1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"}
_JPEG_XL = ("1.2.840.10008.1.2.4.11",)  # prefix; its streams have no end marker
_END_OF_IMAGE = b"\xff\xd9"
_PADDING = 64  # bytes that may follow the end marker


class DecodeError(Exception):
    """A frame that cannot be decoded; `str(error)` goes on after "its pixels"."""


def decode_frame(pixels: PixelFormat, data: bytes) -> NDArray[Any]:
    """Stored values (rows, columns) or RGB (rows, columns, 3) of one frame; raises DecodeError.

    `data` is the compressed stream of the frame, or, for native colour and bits, its bytes in little endian. Indices
    of a palette come as they are. Call within `dicom_fields.quiet`.
    """
    syntax = pixels.transfer_syntax
    if pixels.encapsulated:
        _check_complete(syntax, data)
    dataset = _minimal_dataset(pixels, data)
    if not pixels.encapsulated or syntax == _RLE:
        decoders = [_by_pydicom]
    elif syntax in _LOSSY_JPEG and pixels.samples == 3:
        decoders = [_by_pydicom, _by_simpleitk]
    else:
        decoders = [_by_simpleitk, _by_pydicom]
    for decoder in decoders:
        try:
            return decoder(pixels, dataset)
        except PARSE_ERRORS:
            continue
    name = dataset.file_meta.TransferSyntaxUID.name
    raise DecodeError(f"({name}) cannot be decoded: they are damaged or of an unknown kind")


def _check_complete(syntax: str, data: bytes) -> None:
    """Refuse a stream without its end: decoders fill the rest with grey and say nothing."""
    if syntax.startswith(_JPEG_FAMILY) and not syntax.startswith(_JPEG_XL):
        tail = data[-_PADDING - 2 :]
        if _END_OF_IMAGE not in tail:
            raise DecodeError("are cut short: the end of the compressed image is missing")


class _Hush:
    """Sends what C libraries print to stderr nowhere: GDCM's JPEG codecs print lines for frames that they get right.

    The file descriptor is the whole process's, so users are counted: the first turns it away, the last turns it back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._saved: int | None = None

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._saved = self._turn_away()
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0 and self._saved is not None:
                    os.dup2(self._saved, 2)
                    os.close(self._saved)
                    self._saved = None

    @staticmethod
    def _turn_away() -> int | None:
        if sys.stderr is not None:
            sys.stderr.flush()
        try:
            saved = os.dup(2)
        except OSError:  # a program without a console has no stderr
            return None
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        return saved


silent_stderr = _Hush()


def _minimal_dataset(pixels: PixelFormat, data: bytes) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = UID("1.2")
    dataset.file_meta.TransferSyntaxUID = UID(pixels.transfer_syntax) if pixels.encapsulated else ExplicitVRLittleEndian
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.SOPInstanceUID = "1.2"
    dataset.SamplesPerPixel = pixels.samples
    dataset.PhotometricInterpretation = pixels.photometric if pixels.samples == 3 else "MONOCHROME2"
    if pixels.samples == 3:
        dataset.PlanarConfiguration = pixels.planar
    dataset.Rows, dataset.Columns = pixels.rows, pixels.columns
    dataset.BitsAllocated, dataset.BitsStored = pixels.bits_allocated, pixels.bits_stored
    dataset.HighBit = pixels.high_bit
    dataset.PixelRepresentation = int(pixels.signed)
    dataset.PixelData = encapsulate([data], has_bot=False) if pixels.encapsulated else data
    dataset["PixelData"].VR = "OB" if pixels.encapsulated or pixels.bits_allocated <= 8 else "OW"
    dataset["PixelData"].is_undefined_length = pixels.encapsulated
    return dataset


def _by_simpleitk(pixels: PixelFormat, dataset: Dataset) -> NDArray[Any]:
    import SimpleITK

    sitk: Any = SimpleITK  # Any: its stubs leave most out

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    with tempfile.TemporaryDirectory(prefix="frame") as folder:
        path = Path(folder) / "frame.dcm"
        dataset.save_as(path, enforce_file_format=True)
        reader = sitk.ImageFileReader()
        reader.SetImageIO("GDCMImageIO")
        reader.SetFileName(str(path))
        with silent_stderr():
            image = reader.Execute()
    values: NDArray[Any] = sitk.GetArrayFromImage(image)
    return _checked(pixels, values.reshape(values.shape[1:] if image.GetDimension() == 3 else values.shape))


def _by_pydicom(pixels: PixelFormat, dataset: Dataset) -> NDArray[Any]:
    with silent_stderr():
        return _checked(pixels, dataset.pixel_array)


def _checked(pixels: PixelFormat, values: NDArray[Any]) -> NDArray[Any]:
    expected = (pixels.rows, pixels.columns, 3)[: 3 if pixels.samples == 3 else 2]
    if values.shape != expected or values.dtype.kind != ("i" if pixels.signed else "u"):
        raise ValueError("the decoded image is of another size or sign than the header says")
    return np.ascontiguousarray(values)
