"""DICOM SEG: one binary segment for each label, on the frames of the image's series. Written by highdicom.

Frames are those of the series, by their own headers; patient and study are copied from there and told to nobody else.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

import app
from app.engine.export.check import check_voxels
from app.engine.export.dicom_source import (
    PATIENT_AND_STUDY,
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

if TYPE_CHECKING:
    from highdicom.seg import SegmentDescription

_TOLERANCE_MM = 1e-3
_STAGES = 4  # of like length: frames made, frames written, and two for reading them back
_LOSS = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")


def dicom_seg_output(path: Path, labels: NDArray[Any], like: Volume, told: Mapping[str, Any]) -> Output:
    """The mask as a DICOM SEG of type BINARY, which every archive and viewer reads.

    Segments are numbered from 1 in the order of the labels' values. Each has the label's name and colour, tissue as its
    coded category and type, and names the model that proposed it. Empty frames are left out. Refused where the image is
    not from DICOM, its grid is not that of the series, or no voxel bears a label.
    """
    planes: list[SourcePlane | None] = []
    values = values_of(labels)
    numbers = np.zeros(max(values, default=0) + 1, np.uint16)
    numbers[values] = np.arange(1, len(values) + 1)

    def write(aside: Path) -> None:
        if not values:
            raise unwritable(path, "no voxel bears a label, and a DICOM SEG holds at least one segment")
        planes.extend(source_planes(path, like, labels))
        with quiet():
            try:
                tell(0, _STAGES)
                segmentation = _segmentation(numbers[labels], planes, values, told)
                tell(1, _STAGES)
                segmentation.save_as(aside, enforce_file_format=True)
            except (AttributeError, LookupError, TypeError) as error:
                raise unwritable(path, f"the headers of the series do not allow it ({error})") from None

    def verify(aside: Path) -> None:
        with quiet():
            try:
                found = _read_back(path, pydicom.dcmread(aside), planes, labels.shape)
            except PARSE_ERRORS:
                raise unwritable(path, "read back, it is damaged") from None
        check_voxels(path, found, numbers[labels])

    return Output(path, write, verify)


def _segmentation(
    segments: NDArray[np.uint16], planes: Sequence[SourcePlane | None], values: Sequence[int], told: Mapping[str, Any]
) -> Dataset:
    """Segment numbers (Z, Y, X) as highdicom's data set; slices without a source are left out: they bear no label."""
    import highdicom
    from highdicom.seg import Segmentation, SegmentationTypeValues

    logging.getLogger("highdicom").setLevel(logging.WARNING)  # it tells identifiers to whoever listens
    used = [index for index, plane in enumerate(planes) if plane is not None]
    frames = {f"2.25.{index}": plane for index, plane in enumerate(planes) if plane is not None}
    first = next(iter(frames.values()))
    segmentation: Dataset = Segmentation(
        source_images=[_stand_in(plane, uid, first) for uid, plane in frames.items()],
        pixel_array=segments if len(used) == len(planes) else segments[used],
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[_segment(number, value, told) for number, value in enumerate(values, start=1)],
        series_instance_uid=highdicom.UID(),
        series_number=series_number(first.header, 1),
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer=PROGRAM,
        manufacturer_model_name=PROGRAM,
        software_versions=app.__version__,
        device_serial_number=app.__version__,  # must be given; a program has no other
        content_description="Research use only, not a medical device",
        content_creator_name=PROGRAM,
        content_label="SEGMENTATION",
        series_description=f"{PROGRAM} segmentation",
        specific_character_set="ISO_IR 192",  # names of labels may be in any script
    )
    copy_patient_and_study(first.header, segmentation)
    _refer_to_frames(segmentation, frames)
    return segmentation


def _stand_in(plane: SourcePlane, uid: str, first: SourcePlane) -> Dataset:
    """A frame as a single-frame image under an identifier of its own, with all that highdicom insists on.

    highdicom takes one multi-frame file or many others, needs attributes that many files lack, and knows no way to
    choose frames. References to the stand-ins are turned into true ones afterwards.
    """
    source = Dataset()
    for keyword in PATIENT_AND_STUDY:  # highdicom refuses odd values of these; they are copied afterwards
        setattr(source, keyword, None)
    source.SOPClassUID, source.SOPInstanceUID = CTImageStorage, uid
    source.StudyInstanceUID, source.SeriesInstanceUID = plane.header.StudyInstanceUID, plane.header.SeriesInstanceUID
    source.FrameOfReferenceUID = plane.header.FrameOfReferenceUID
    source.Rows, source.Columns = plane.header.Rows, plane.header.Columns
    source.ImagePositionPatient = [_decimal(value) for value in plane.position]
    source.ImageOrientationPatient = [_decimal(value) for value in first.cosines]
    source.PixelSpacing = [_decimal(value) for value in first.spacing]
    source.SliceThickness = _decimal(first.thickness) if first.thickness else None
    for keyword in _LOSS:
        if keyword in plane.header:
            setattr(source, keyword, plane.header.get(keyword))
    return source


def _segment(number: int, value: int, told: Mapping[str, Any]) -> SegmentDescription:
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentAlgorithmTypeValues, SegmentDescription
    from pydicom.sr.codedict import codes

    model = told.get("Model")
    known = model if isinstance(model, Mapping) else {}
    digest = str(known.get("SHA256", ""))
    algorithm = AlgorithmIdentificationSequence(
        name=long_string(str(known.get("Name", PROGRAM))),
        family=codes.DCM.ArtificialIntelligence,
        version=long_string(str(known.get("Version", app.__version__))),
        source=PROGRAM,
        parameters={"SHA256": digest} if digest else None,
    )
    return SegmentDescription(
        segment_number=number,
        segment_label=long_string(name_of(told, value)) or f"label {value}",
        segmented_property_category=codes.SCT.Tissue,  # viewers refuse segments without a code
        segmented_property_type=codes.SCT.Tissue,
        algorithm_type=SegmentAlgorithmTypeValues.SEMIAUTOMATIC,
        algorithm_identification=algorithm,
        display_color=CIELabColor.from_rgb(*colour_of(told, value)),
    )


def _refer_to_frames(segmentation: Dataset, frames: Mapping[str, SourcePlane]) -> None:
    """References to the stand-ins become references to what they stand for."""
    for groups in segmentation.PerFrameFunctionalGroupsSequence:
        for reference in groups.DerivationImageSequence[0].SourceImageSequence:
            plane = frames.get(reference.ReferencedSOPInstanceUID)
            if plane is None:  # segments of one frame share the item
                continue
            reference.ReferencedSOPClassUID = plane.header.SOPClassUID
            reference.ReferencedSOPInstanceUID = plane.uid
            if plane.is_multiframe:
                reference.ReferencedFrameNumber = plane.frame + 1
    files = {plane.uid: plane.header for plane in frames.values()}
    segmentation.SourceImageSequence = [reference_to(header) for header in files.values()]
    segmentation.ReferencedSeriesSequence[0].ReferencedInstanceSequence = [
        reference_to(header) for header in files.values()
    ]


def _read_back(
    path: Path, dataset: Dataset, planes: Sequence[SourcePlane | None], shape_zyx: tuple[int, ...]
) -> NDArray[np.uint16]:
    """The segment numbers (Z, Y, X) that the file holds, by pydicom and plain arithmetic.

    Raises WriteError where a frame does not lie, to a micrometre, on the frame of the series that it refers to.
    """
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    frames = int(dataset.NumberOfFrames)
    bits = np.unpackbits(np.frombuffer(dataset.PixelData, np.uint8), bitorder="little")
    pixels = bits[: frames * rows * columns].reshape(frames, rows, columns).view(np.bool_)
    index_of = {(plane.uid, plane.frame): index for index, plane in enumerate(planes) if plane is not None}
    shared = dataset.SharedFunctionalGroupsSequence[0]
    found = np.zeros(shape_zyx, np.uint16)
    for done, (frame, groups) in enumerate(zip(pixels, dataset.PerFrameFunctionalGroupsSequence, strict=True)):
        tell(_STAGES * frames // 2 + done * (_STAGES // 2), _STAGES * frames)
        reference = groups.DerivationImageSequence[0].SourceImageSequence[0]
        number = int(reference.get("ReferencedFrameNumber", 1)) - 1
        index = index_of[reference.ReferencedSOPInstanceUID, number]
        plane = planes[index]
        corners = np.array(groups.PlanePositionSequence[0].ImagePositionPatient, dtype=np.float64) + _edges(
            shared, rows, columns
        )
        if plane is None or np.abs(corners - plane.corners(rows, columns)).max() > _TOLERANCE_MM:
            raise unwritable(path, f"read back, slice {index} lies elsewhere than in the series")
        identification = groups if "SegmentIdentificationSequence" in groups else shared
        found[index][frame] = identification.SegmentIdentificationSequence[0].ReferencedSegmentNumber
    return found


def _edges(shared: Dataset, rows: int, columns: int) -> NDArray[np.float64]:
    """From the first pixel to the four corner pixels, in mm (4, 3)."""
    cosines = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, dtype=np.float64).reshape(2, 3)
    between_rows, between_columns = (float(value) for value in shared.PixelMeasuresSequence[0].PixelSpacing)
    right = cosines[0] * between_columns * (columns - 1)
    down = cosines[1] * between_rows * (rows - 1)
    return np.array([0 * right, right, down, right + down])


def _decimal(value: float) -> str:
    """A number in the 16 characters of a DICOM decimal string."""
    return str(pydicom.valuerep.format_number_as_ds(float(value)))
