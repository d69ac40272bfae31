"""DICOM RT Structure Set: one region of interest for each label, as closed contours on the slices of the series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import Tag
from pydicom.uid import ImplicitVRLittleEndian, RTStructureSetStorage, generate_uid

import app
from app.engine.export.check import check_voxels
from app.engine.export.contours import Contour, contours_of, filled
from app.engine.export.dicom_source import (
    SourcePlane,
    copy_patient_and_study,
    long_string,
    reference_to,
    series_number,
    source_planes,
)
from app.engine.export.provenance import PROGRAM, colour_of, name_of, values_of
from app.engine.export.staging import Output, unwritable
from app.engine.io.dicom_fields import PARSE_ERRORS, quiet
from app.engine.progress import tell
from app.engine.volume import Volume

_STUDY_MANAGEMENT = "1.2.840.10008.3.1.2.3.1"  # what structure sets refer to studies by; retired, and expected
_CONTOUR_DATA = Tag("ContourData")
_IN_PLANE_MM = 1e-3  # a contour's points are written with four decimals


def rtstruct_output(path: Path, labels: NDArray[Any], like: Volume, told: Mapping[str, Any]) -> Output:
    """The mask as an RT Structure Set: contours along the edges of voxels, in patient mm, on each slice with the label.

    Holes are keyholes. Where two labels meet their contours share an edge. Refused where the image is not from DICOM,
    its grid is not that of the series, or no voxel bears a label.
    """
    planes: list[SourcePlane | None] = []
    values = values_of(labels)

    def write(aside: Path) -> None:
        if not values:
            raise unwritable(path, "no voxel bears a label, so there is nothing to outline")
        planes.extend(source_planes(path, like, labels))
        with quiet():
            try:
                _structure_set(labels, planes, values, told).save_as(aside, enforce_file_format=True)
            except (AttributeError, LookupError, TypeError) as error:
                raise unwritable(path, f"the headers of the series do not allow it ({error})") from None

    def verify(aside: Path) -> None:
        with quiet():
            try:
                found = _read_back(path, pydicom.dcmread(aside), planes, values, labels)
            except PARSE_ERRORS:
                raise unwritable(path, "read back, it is damaged") from None
        check_voxels(path, found, labels)

    return Output(path, write, verify)


def _structure_set(
    labels: NDArray[Any], planes: Sequence[SourcePlane | None], values: Sequence[int], told: Mapping[str, Any]
) -> Dataset:
    header = next(plane for plane in planes if plane is not None).header
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    # Contours of more than 64 kB do not fit into an element of the explicit syntaxes.
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = RTStructureSetStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
    dataset.SpecificCharacterSet = "ISO_IR 192"  # names of labels may be in any script
    copy_patient_and_study(header, dataset)
    now = datetime.now().astimezone()
    dataset.Modality, dataset.SeriesInstanceUID = "RTSTRUCT", generate_uid()
    dataset.SeriesNumber, dataset.InstanceNumber = series_number(header, 2), 1
    dataset.SeriesDescription = f"{PROGRAM} structure set"
    dataset.OperatorsName = ""
    dataset.Manufacturer = dataset.ManufacturerModelName = PROGRAM
    dataset.SoftwareVersions = app.__version__
    dataset.FrameOfReferenceUID, dataset.PositionReferenceIndicator = header.FrameOfReferenceUID, ""
    dataset.StructureSetLabel = PROGRAM
    dataset.StructureSetDescription = "Research use only, not a medical device"
    dataset.StructureSetDate = dataset.InstanceCreationDate = now.strftime("%Y%m%d")
    dataset.StructureSetTime = dataset.InstanceCreationTime = now.strftime("%H%M%S")
    dataset.ReferencedFrameOfReferenceSequence = [_references(planes, header)]
    dataset.StructureSetROISequence = [
        _region(number, value, header, told) for number, value in enumerate(values, start=1)
    ]
    dataset.ROIContourSequence = [
        _contours(number, labels == value, planes, colour_of(told, value), len(values) * len(planes))
        for number, value in enumerate(values, start=1)
    ]
    dataset.RTROIObservationsSequence = [_observation(number) for number in range(1, len(values) + 1)]
    return dataset


def _references(planes: Sequence[SourcePlane | None], header: Dataset) -> Dataset:
    """The frame of reference with the study, series and images in it."""
    images = {(plane.uid, plane.frame): plane for plane in planes if plane is not None}
    series = Dataset()
    series.SeriesInstanceUID = header.SeriesInstanceUID
    series.ContourImageSequence = [_image(plane) for plane in images.values()]
    study = Dataset()
    study.ReferencedSOPClassUID, study.ReferencedSOPInstanceUID = _STUDY_MANAGEMENT, header.StudyInstanceUID
    study.RTReferencedSeriesSequence = [series]
    frame = Dataset()
    frame.FrameOfReferenceUID = header.FrameOfReferenceUID
    frame.RTReferencedStudySequence = [study]
    return frame


def _image(plane: SourcePlane) -> Dataset:
    reference = reference_to(plane.header)
    if plane.is_multiframe:
        reference.ReferencedFrameNumber = plane.frame + 1
    return reference


def _region(number: int, value: int, header: Dataset, told: Mapping[str, Any]) -> Dataset:
    model = told.get("Model")
    known = model if isinstance(model, Mapping) else {}
    region = Dataset()
    region.ROINumber = number
    region.ReferencedFrameOfReferenceUID = header.FrameOfReferenceUID
    region.ROIName = long_string(name_of(told, value)) or f"label {value}"
    region.ROIGenerationAlgorithm = "SEMIAUTOMATIC"
    described = f"{PROGRAM} {app.__version__}, {known.get('Name', 'no model')} {known.get('Version', '')}"
    region.ROIGenerationDescription = long_string(described)
    return region


def _observation(number: int) -> Dataset:
    observation = Dataset()
    observation.ObservationNumber = observation.ReferencedROINumber = number
    observation.RTROIInterpretedType = observation.ROIInterpreter = ""
    return observation


def _contours(
    number: int, mask: NDArray[np.bool_], planes: Sequence[SourcePlane | None], colour: tuple[int, int, int], total: int
) -> Dataset:
    """Of one label, the `number`th, of which `total` slices with those of the others are looked through."""
    done = (number - 1) * len(planes)
    region = Dataset()
    region.ReferencedROINumber, region.ROIDisplayColor = number, list(colour)
    items = []
    for index, (plane, part) in enumerate(zip(planes, mask, strict=True)):
        tell(done + index, 2 * total)  # as many are read back
        if plane is None:
            continue
        for contour in contours_of(part):
            item = Dataset()
            item.ContourImageSequence = [_image(plane)]
            item.ContourGeometricType, item.NumberOfContourPoints = "CLOSED_PLANAR", len(contour)
            item[_CONTOUR_DATA] = _points(plane, contour)
            items.append(item)
    region.ContourSequence = items
    return region


def _points(plane: SourcePlane, contour: Contour) -> RawDataElement:
    """Pixels (column, row) as patient mm, as the bytes of the file: pydicom takes 20 us for each number."""
    world = plane.position + contour[:, :1] * plane.column_step + contour[:, 1:] * plane.row_step
    data = "\\".join([f"{value:.4f}" for value in world.ravel().tolist()]).encode("ascii")
    data += b" " * (len(data) % 2)
    return RawDataElement(_CONTOUR_DATA, "DS", len(data), data, 0, is_implicit_VR=True, is_little_endian=True)


def _read_back(
    path: Path, dataset: Dataset, planes: Sequence[SourcePlane | None], values: Sequence[int], labels: NDArray[Any]
) -> NDArray[Any]:
    """The labels that the contours enclose, filled by another way than they were drawn.

    Raises WriteError where a contour does not lie in the plane of the image that it refers to.
    """
    index_of = {(plane.uid, plane.frame): index for index, plane in enumerate(planes) if plane is not None}
    found = np.zeros_like(labels)
    for region in dataset.ROIContourSequence:
        number = int(region.ReferencedROINumber)
        value, done = values[number - 1], (len(values) + number - 1) * len(planes)
        by_slice: dict[int, list[Contour]] = {}
        for reference, world in _placed(region):
            index = index_of[reference]
            plane = planes[index]
            away, contour = _in_plane(plane, world) if plane is not None else (np.inf, world)
            if away > _IN_PLANE_MM:
                raise unwritable(path, f"read back, a contour lies {away:.3g} mm away from slice {index}")
            by_slice.setdefault(index, []).append(contour)
        for index, contours in by_slice.items():
            tell(done + index, 2 * len(values) * len(planes))
            found[index][filled(contours, found[index].shape)] = value
    return found


def _placed(region: Dataset) -> Iterator[tuple[tuple[str, int], Contour]]:
    """Each contour of a region in patient mm (N, 3), with file and frame that it refers to."""
    for item in region.ContourSequence:
        image = item.ContourImageSequence[0]
        reference = str(image.ReferencedSOPInstanceUID), int(image.get("ReferencedFrameNumber", 1)) - 1
        numbers = bytes(item.get_item(_CONTOUR_DATA).value).split(b"\\")
        yield reference, np.array(numbers, dtype=np.float64).reshape(int(item.NumberOfContourPoints), 3)


def _in_plane(plane: SourcePlane, world: Contour) -> tuple[float, Contour]:
    """How far points in patient mm (N, 3) lie from a frame, and where in it (N, 2) as (column, row)."""
    axes = np.stack([plane.column_step, plane.row_step, np.cross(*np.reshape(plane.cosines, (2, 3)))], axis=1)
    place = np.linalg.solve(axes, (world - plane.position).T).T
    return float(np.abs(place[:, 2]).max()), place[:, :2]
