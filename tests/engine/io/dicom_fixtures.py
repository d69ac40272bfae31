"""Synthetic DICOM files, written with pydicom, and an independent reading of them by pydicom and plain arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    EnhancedMRImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    generate_uid,
)

from app.engine.volume import Volume

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SPACING = (0.8, 0.7)  # rows are 0.8 mm apart, columns 0.7 mm
STEP_MM = 2.5
ORIGIN = (-31.5, 12.25, 104.0)
SHAPE_ZYX = (5, 6, 7)

# The 24 pairs of signed axes that rows and columns can run along; with both slice orders, 48 ways to store a volume.
ORIENTATIONS = [
    (*np.array(row_sign * np.eye(3)[row]), *np.array(column_sign * np.eye(3)[column]))
    for (row, column), row_sign, column_sign in product(permutations(range(3), 2), (1, -1), (1, -1))
]


def ramp(shape: Sequence[int] = SHAPE_ZYX, dtype: Any = np.int16) -> NDArray[Any]:
    """An array in which no two voxels are alike."""
    return np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)


def normal_of(orientation: Sequence[float]) -> NDArray[np.float64]:
    return np.cross(orientation[:3], orientation[3:])


def positions(
    count: int, orientation: Sequence[float] = AXIAL, step: float = STEP_MM, origin: Sequence[float] = ORIGIN
) -> NDArray[np.float64]:
    """Even positions (count, 3) along the normal."""
    return np.asarray(origin) + np.outer(np.arange(count) * step, normal_of(orientation))


def _bare(sop_class: str, syntax: str) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    dataset.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    dataset.SOPClassUID = UID(sop_class)
    dataset.SOPInstanceUID = generate_uid()
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    dataset.FrameOfReferenceUID = "1.2.3.5"
    dataset.PatientName = "Nobody^Special"
    return dataset


def _put_pixels(dataset: Dataset, pixels: NDArray[Any], bits_stored: int | None = None) -> None:
    """`pixels` (rows, columns), (frames, rows, columns) or (rows, columns, 3)."""
    colour = pixels.ndim == 3 and pixels.shape[2] == 3
    dataset.Rows, dataset.Columns = pixels.shape[:2] if colour or pixels.ndim == 2 else pixels.shape[1:]
    if pixels.ndim == 3 and not colour:
        dataset.NumberOfFrames = len(pixels)
    dataset.SamplesPerPixel = 3 if colour else 1
    dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = pixels.dtype.itemsize * 8
    dataset.BitsStored = bits_stored or dataset.BitsAllocated
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    big_endian = dataset.file_meta.TransferSyntaxUID == ExplicitVRBigEndian
    data = pixels.astype(pixels.dtype.newbyteorder(">" if big_endian else "<")).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 else "OW"


def save(dataset: Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    syntax = dataset.file_meta.TransferSyntaxUID
    dataset.save_as(
        path,
        enforce_file_format=True,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
    )
    return path


def slice_dataset(
    pixels: NDArray[Any],
    position: Iterable[float] | None = ORIGIN,
    orientation: Sequence[float] = AXIAL,
    *,
    sop_class: str = CTImageStorage,
    syntax: str = ExplicitVRLittleEndian,
    bits_stored: int | None = None,
    **attributes: Any,
) -> Dataset:
    """A single-frame image; attributes given as None are left out."""
    dataset = _bare(sop_class, syntax)
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "CT", 4, 1
    dataset.PixelSpacing, dataset.SliceThickness = list(SPACING), STEP_MM
    if position is not None:
        dataset.ImagePositionPatient = [float(f"{value:.10g}") for value in position]
        dataset.ImageOrientationPatient = [float(f"{value:.10g}") for value in orientation]
    _put_pixels(dataset, pixels, bits_stored)
    for name, value in attributes.items():
        if value is None:
            delattr(dataset, name)
        else:
            setattr(dataset, name, value)
    return dataset


def write_series(
    folder: Path,
    volume: NDArray[Any],
    places: NDArray[np.float64] | None = None,
    orientation: Sequence[float] = AXIAL,
    each: Mapping[str, Sequence[Any]] | None = None,
    **attributes: Any,
) -> list[Path]:
    """One file for each slice; `each` gives attributes that differ from slice to slice."""
    places = positions(len(volume), orientation) if places is None else places
    paths = []
    for n, (pixels, place) in enumerate(zip(volume, places, strict=True)):
        own = {name: values[n] for name, values in (each or {}).items()}
        dataset = slice_dataset(pixels, place, orientation, **{"InstanceNumber": n + 1, **attributes, **own})
        paths.append(save(dataset, folder / f"{dataset.InstanceNumber:04d}_{n:04d}.dcm"))
    return paths


def item_of(**attributes: Any) -> Dataset:
    dataset = Dataset()
    for name, value in attributes.items():
        setattr(dataset, name, value)
    return dataset


def enhanced_dataset(
    frames: NDArray[Any],
    places: NDArray[np.float64],
    orientation: Sequence[float] = AXIAL,
    groups: Sequence[Mapping[str, Dataset]] | None = None,
    **attributes: Any,
) -> Dataset:
    """An enhanced multi-frame file; `groups` adds functional groups to each frame, e.g. a rescale."""
    dataset = _bare(EnhancedMRImageStorage, ExplicitVRLittleEndian)
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "MR", 7, 1
    _put_pixels(dataset, frames)
    shared = Dataset()
    shared.PixelMeasuresSequence = [item_of(PixelSpacing=list(SPACING), SliceThickness=STEP_MM)]
    shared.PlaneOrientationSequence = [item_of(ImageOrientationPatient=list(orientation))]
    dataset.SharedFunctionalGroupsSequence = [shared]
    per_frame = []
    for n, place in enumerate(places):
        group = Dataset()
        group.PlanePositionSequence = [item_of(ImagePositionPatient=[float(f"{value:.10g}") for value in place])]
        for name, content in (groups[n] if groups else {}).items():
            setattr(group, name, [content])
        per_frame.append(group)
    dataset.PerFrameFunctionalGroupsSequence = per_frame
    for name, value in attributes.items():
        setattr(dataset, name, value)
    return dataset


def assert_true_to_files(volume: Volume, paths: Sequence[Path]) -> None:
    """Each pixel of each single-frame file lies in the volume where DICOM PS3.3 C.7.6.2.1.1 puts it, with its value."""
    for path in paths:
        dataset = pydicom.dcmread(path)
        values = dataset.pixel_array * float(dataset.get("RescaleSlope", 1)) + float(dataset.get("RescaleIntercept", 0))
        columns, rows = np.meshgrid(np.arange(dataset.Columns), np.arange(dataset.Rows))
        cosines = np.array(dataset.ImageOrientationPatient, dtype=float)
        row_spacing, column_spacing = (float(value) for value in dataset.PixelSpacing)
        world = (
            np.array(dataset.ImagePositionPatient, dtype=float)
            + columns[..., None] * column_spacing * cosines[:3]
            + rows[..., None] * row_spacing * cosines[3:]
        )
        index = volume.geometry.to_index(world)
        assert np.abs(index - np.rint(index)).max() < 1e-4
        i, j, k = (np.rint(index[..., axis]).astype(int) for axis in range(3))
        np.testing.assert_allclose(volume.voxels[k, j, i], values, rtol=1e-6)
