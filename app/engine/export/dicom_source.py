"""The DICOM images that a mask refers to: their headers, and whether a volume's slices are frames of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from app.engine.export.dicom_checks import ADVICE, check_has_source
from app.engine.export.staging import unwritable
from app.engine.geometry import Geometry
from app.engine.io.dicom_fields import PARSE_ERRORS, quiet
from app.engine.volume import SourceSlice, Volume

_MAX_SLIP_PX = 0.15  # in the plane: the reader leaves slices alone that are displaced by less than 0.1
_MAX_SHIFT = 0.12  # of the slice distance, along the normal: the reader takes as even what is so to a tenth
_ROUNDING_MM = 0.02  # of positions in headers
_LONGEST_STRING = 64  # characters of a DICOM long string
_SERIES_NUMBERS = 100  # a derived series stands behind its source in a list by number
_LARGEST_SERIES_NUMBER = 10_000_000  # of a source; an integer string holds no more of the product
PATIENT_AND_STUDY = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName",
    "StudyID", "AccessionNumber",
)  # fmt: skip
_MORE_OF_THEM = (
    "IssuerOfPatientID", "OtherPatientIDs", "PatientAge", "PatientSize", "PatientWeight", "StudyDescription",
    "PatientIdentityRemoved", "DeidentificationMethod", "ClinicalTrialSponsorName", "ClinicalTrialProtocolID",
    "ClinicalTrialSubjectID", "ClinicalTrialTimePointID",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class SourcePlane:
    """A frame of a DICOM file as its header places it: pixel (column, row) lies at position + column x + row y.

    `header` is the whole file but its pixels; `frame` counts from 0. Everything in LPS mm.
    """

    header: Dataset
    frame: int
    position: NDArray[np.float64]
    column_step: NDArray[np.float64]
    row_step: NDArray[np.float64]
    thickness: float | None

    @property
    def is_multiframe(self) -> bool:
        """Whether the frame needs a number to be told from others of its file."""
        return "NumberOfFrames" in self.header and int(self.header.NumberOfFrames) > 1

    @property
    def uid(self) -> str:
        """Of the file that holds it."""
        return str(self.header.SOPInstanceUID)

    @property
    def cosines(self) -> list[float]:
        """Unit vectors along the rows and along the columns, as in Image Orientation (Patient)."""
        unit = [step / np.linalg.norm(step) for step in (self.column_step, self.row_step)]
        return [float(value) for value in np.concatenate(unit)]

    def corners(self, rows: int, columns: int) -> NDArray[np.float64]:
        """The four corner pixels (4, 3): first, along the first row, along the first column, opposite."""
        right, down = self.column_step * (columns - 1), self.row_step * (rows - 1)
        corners: NDArray[np.float64] = self.position + np.array([0 * right, right, down, right + down])
        return corners

    @property
    def spacing(self) -> tuple[float, float]:
        """Distance of rows and of columns in mm, as in Pixel Spacing."""
        return float(np.linalg.norm(self.row_step)), float(np.linalg.norm(self.column_step))


def source_planes(path: Path, like: Volume, labels: NDArray[Any]) -> list[SourcePlane | None]:
    """The frame that each slice of the volume is, None for a slice that was filled in and bears no label.

    Raises WriteError where the image is not from a DICOM series, its files are gone or have changed, a label lies in a
    slice that was filled in, or the volume's grid is not that of the frames.
    """
    check_has_source(path, like)
    slices = like.source.slices
    if len(slices) != like.shape_zyx[0]:
        raise unwritable(path, f"the slices of the image are not those of the series; {ADVICE}")
    headers: dict[str, Dataset] = {}
    planes: list[SourcePlane | None] = []
    for index, one in enumerate(slices):
        if not one.sop_instance_uid:
            if labels[index].any():
                raise unwritable(path, f"slice {index} bears labels and is missing in the series; {ADVICE}")
            planes.append(None)
            continue
        if one.file not in headers:
            headers[one.file] = _header(path, one)
        planes.append(_plane(path, headers[one.file], one, like.geometry, index))
    return planes


def _header(path: Path, one: SourceSlice) -> Dataset:
    with quiet():
        try:
            header = pydicom.dcmread(one.file, stop_before_pixels=True, force=True)
            same = header.SOPInstanceUID == one.sop_instance_uid
        except PARSE_ERRORS:
            raise unwritable(path, f"the image's own file {one.file} can no longer be read") from None
    if not same:
        raise unwritable(path, f"the image's own file {one.file} has been replaced by another since it was opened")
    return header


def _plane(path: Path, header: Dataset, one: SourceSlice, geometry: Geometry, index: int) -> SourcePlane:
    try:
        with quiet():
            plane = _placed(header, one.frame)
            extents = int(header.Rows), int(header.Columns)
    except PARSE_ERRORS:
        raise unwritable(path, f"{one.file} does not say where its frame {one.frame} lies; {ADVICE}") from None
    rows, columns = geometry.shape_zyx[1:]
    if extents != (rows, columns) or not _lies_at(plane, geometry, index):
        raise unwritable(path, f"slice {index} does not lie where the frame lies that it is from; {ADVICE}")
    return plane


def _placed(header: Dataset, frame: int) -> SourcePlane:
    """By the attributes of a classic image, or the functional groups of an enhanced one."""
    groups: list[Dataset] = [header]
    if "PerFrameFunctionalGroupsSequence" in header:
        groups = [header.PerFrameFunctionalGroupsSequence[frame], *header.get("SharedFunctionalGroupsSequence", [])]

    def value(sequence: str, keyword: str) -> Any:  # noqa: ANN401 - as pydicom gives it
        if groups[0] is header:
            return header.get(keyword)
        items = (group[sequence][0] for group in groups if sequence in group)
        return next((item[keyword].value for item in items if keyword in item), header.get(keyword))

    cosines = np.array(value("PlaneOrientationSequence", "ImageOrientationPatient"), dtype=np.float64)
    between_rows, between_columns = (float(part) for part in value("PixelMeasuresSequence", "PixelSpacing"))
    thickness = value("PixelMeasuresSequence", "SliceThickness")
    position = np.array(value("PlanePositionSequence", "ImagePositionPatient"), dtype=np.float64)
    return SourcePlane(
        header=header,
        frame=frame,
        position=position.reshape(3),
        column_step=cosines.reshape(2, 3)[0] * between_columns,
        row_step=cosines.reshape(2, 3)[1] * between_rows,
        thickness=float(thickness) if thickness else None,
    )


def _lies_at(plane: SourcePlane, geometry: Geometry, index: int) -> bool:
    """Whether the corners of a frame lie where the slice of the grid has them."""
    rows, columns = geometry.shape_zyx[1:]
    corners = np.array([[i, j, index] for j in (0, rows - 1) for i in (0, columns - 1)], dtype=np.float64)
    away = np.abs(geometry.to_index(plane.corners(rows, columns)) - corners)
    z, y, x = geometry.spacing_zyx
    slip, shift = _MAX_SLIP_PX, _MAX_SHIFT
    bounds = np.array([max(slip * x, _ROUNDING_MM) / x, max(slip * y, _ROUNDING_MM) / y, max(shift, _ROUNDING_MM / z)])
    return bool((away <= bounds).all())


def copy_patient_and_study(header: Dataset, target: Dataset) -> None:
    """Give a derived object the patient and the study of its source: an archive files it by them.

    What must be there is empty where the source lacks it.
    """
    target.StudyInstanceUID = header.StudyInstanceUID
    for keyword in (*PATIENT_AND_STUDY, *_MORE_OF_THEM):
        value = header.get(keyword)
        if value is not None or keyword in PATIENT_AND_STUDY:
            setattr(target, keyword, value)


def reference_to(header: Dataset) -> Dataset:
    """An item that refers to a file."""
    reference = Dataset()
    reference.ReferencedSOPClassUID = header.SOPClassUID
    reference.ReferencedSOPInstanceUID = header.SOPInstanceUID
    return reference


def series_number(header: Dataset, offset: int) -> int:
    """A number for a derived series: behind its source's; `offset`, 1 to 99, where that has none."""
    number = int(header.get("SeriesNumber") or 0)
    return number * _SERIES_NUMBERS + offset if 0 < number < _LARGEST_SERIES_NUMBER else offset


def long_string(text: str) -> str:
    """Text as DICOM keeps it in one value: at most 64 characters, none of them a backslash or a control character."""
    kept = "".join(letter if letter.isprintable() and letter != "\\" else " " for letter in text)
    return kept[:_LONGEST_STRING].strip()
