"""The image planes that DICOM files hold, one record for each, alike for classic and enhanced multi-frame files."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from app.engine.io.dicom_fields import integer, item, items, number, numbers, text
from app.engine.io.dicom_header import Header
from app.engine.io.limits import unreadable

Vector = NDArray[np.float64]
GroupLookup = Callable[[str], Dataset]
SpacingOrigin = Literal["image", "detector", "isocentre", "scanner", "region", ""]

_MAX_FRAMES = 200_000
_COSINE_TOLERANCE = 1e-3  # as written by the file: kept as it is
_COSINE_LIMIT = 2e-2  # repaired by making the axes perpendicular; beyond, the orientation is not believed
_PROJECTIONS = {"CR", "DX", "MG", "XA", "RF", "IO", "PX", "RG"}
_CENTIMETRES = 3  # code of Physical Units X Direction in an ultrasound region
_FRAME_TYPES = (
    "MRImageFrameTypeSequence",
    "CTImageFrameTypeSequence",
    "PETFrameTypeSequence",
    "XAXRFFrameTypeSequence",
    "ParametricMapFrameTypeSequence",
    "USImageDescriptionSequence",
    "XRay3DFrameTypeSequence",
)


@dataclass(frozen=True)
class Placement:
    """Where a plane lies: first pixel centre (LPS mm), unit vectors along its rows (index i) and columns (index j)."""

    position: Vector
    row: Vector
    column: Vector

    @property
    def normal(self) -> Vector:
        """Unit vector row x column: the direction in which slices are counted."""
        cross: Vector = np.cross(self.row, self.column)
        return cross / np.linalg.norm(cross)


@dataclass(frozen=True)
class Rescale:
    """Linear step from stored values to quantities, and what the file calls the quantity."""

    slope: float = 1.0
    intercept: float = 0.0
    kind: str = ""
    present: bool = False


@dataclass(frozen=True, eq=False)
class Frame:
    """One image plane: where its pixels lie in which file, where it lies in the patient, and what tells it from others.

    `keys` are the properties by which images at one position may differ (echo time, b-value, ...), most telling first.
    `corner` is the first row and column within the stored frame (a tile of a mosaic), `spacing` is (row, column) in mm.
    """

    header: Header
    index: int
    rows: int
    columns: int
    corner: tuple[int, int] | None
    placement: Placement | None
    spacing: tuple[float, float] | None
    spacing_origin: SpacingOrigin
    thickness: float | None
    rescale: Rescale
    window: tuple[float, float] | None
    image_type: str
    instance: int
    keys: Mapping[str, Hashable] = field(default_factory=dict)

    @property
    def is_localizer(self) -> bool:
        """Whether it is a planning image, which lies across the others."""
        return "LOCALIZER" in self.image_type.split("\\")


def frames_of(header: Header) -> list[Frame]:
    """The planes of a file in stored order; a ReadError where they are too many or their description does not fit."""
    count = header.pixels.frames
    if count > _MAX_FRAMES:
        raise unreadable(header.path, f"it declares {count:,} frames, more than the limit of {_MAX_FRAMES:,}")
    per_frame = items(header.dataset, "PerFrameFunctionalGroupsSequence")
    if per_frame and len(per_frame) != count:
        raise unreadable(header.path, f"it declares {count} frames and describes {len(per_frame)}")
    if per_frame:
        shared = item(header.dataset, "SharedFunctionalGroupsSequence") or Dataset()
        names = _dimension_names(header.dataset)
        return [_enhanced_frame(header, index, groups, shared, names) for index, groups in enumerate(per_frame)]
    first = _classic_frame(header, 0)
    if count == 1:
        return [first]
    placements = _reconstructed(header, count)
    return [replace(_classic_frame(header, index), placement=placements[index]) for index in range(count)]


def _reconstructed(header: Header, count: int) -> list[Placement | None]:
    """Placements in a classic multi-frame file: known for slices of nuclear medicine alone (PS3.3 C.8.4.15).

    In other classes the one position in the header says nothing of the other frames.
    """
    detector = item(header.dataset, "DetectorInformationSequence")
    step = number(header.dataset, "SpacingBetweenSlices")
    first = placement_of(detector, detector) if detector is not None else None
    in_order = numbers(header.dataset, "SliceVector") == tuple(range(1, count + 1))
    spaced = _pair(numbers(header.dataset, "PixelSpacing")) is not None
    if header.modality != "NM" or first is None or not step or not in_order or not spaced:
        return [None] * count
    # A positive spacing goes along row x column ("behind the first slice"), a negative one against it.
    return [replace(first, position=first.position + first.normal * step * index) for index in range(count)]


def _classic_frame(header: Header, index: int) -> Frame:
    dataset = header.dataset
    spacing, origin = _spacing(header)
    return Frame(
        header=header,
        index=index,
        rows=header.pixels.rows,
        columns=header.pixels.columns,
        corner=None,
        placement=placement_of(dataset, dataset) if spacing else None,
        spacing=spacing,
        spacing_origin=origin,
        thickness=positive(number(dataset, "SliceThickness")),
        rescale=rescale_of(dataset),
        window=_window(dataset),
        image_type=text(dataset, "ImageType").upper(),
        instance=integer(dataset, "InstanceNumber") or 0,
        keys=_classic_keys(dataset),
    )


def _classic_keys(dataset: Dataset) -> dict[str, Hashable]:
    return {
        "stack": text(dataset, "StackID"),
        "time": text(dataset, "TemporalPositionIdentifier") or text(dataset, "TemporalPositionIndex"),
        "b-value": number(dataset, "DiffusionBValue"),
        "gradient direction": numbers(dataset, "DiffusionGradientOrientation"),
        "echo time": number(dataset, "EchoTime"),
        "echo": text(dataset, "EchoNumbers"),
        "image type": text(dataset, "ImageType").upper(),
        "inversion time": number(dataset, "InversionTime"),
        "flip angle": number(dataset, "FlipAngle"),
        "cardiac phase": text(dataset, "NominalPercentageOfCardiacPhase"),
        "trigger time": number(dataset, "TriggerTime"),
        "acquisition": text(dataset, "AcquisitionNumber"),
        "acquisition time": text(dataset, "AcquisitionDateTime")
        or text(dataset, "AcquisitionDate") + text(dataset, "AcquisitionTime"),
        "content time": text(dataset, "ContentTime"),
    }


def _enhanced_frame(header: Header, index: int, groups: Dataset, shared: Dataset, names: list[str]) -> Frame:
    def group(keyword: str) -> Dataset:
        return item(groups, keyword) or item(shared, keyword) or Dataset()

    measures, content = group("PixelMeasuresSequence"), group("FrameContentSequence")
    values = group("PixelValueTransformationSequence")
    spacing = _pair(numbers(measures, "PixelSpacing")) or _pair(numbers(header.dataset, "PixelSpacing"))
    frame_type = next((kind for kind in (text(group(name), "FrameType") for name in _FRAME_TYPES) if kind), "")
    image_type = (frame_type or text(header.dataset, "ImageType")).upper()
    placement = placement_of(group("PlanePositionSequence"), group("PlaneOrientationSequence"))
    return Frame(
        header=header,
        index=index,
        rows=header.pixels.rows,
        columns=header.pixels.columns,
        corner=None,
        placement=placement if spacing else None,
        spacing=spacing,
        spacing_origin="image" if spacing else "",
        thickness=positive(number(measures, "SliceThickness")),
        rescale=rescale_of(values if "RescaleSlope" in values else header.dataset),
        window=_window(group("FrameVOILUTSequence")) or _window(header.dataset),
        image_type=image_type,
        instance=index + 1,
        keys=_enhanced_keys(group, content, image_type) | _dimensions(content, names),
    )


def _enhanced_keys(group: GroupLookup, content: Dataset, image_type: str) -> dict[str, Hashable]:
    diffusion, echo = group("MRDiffusionSequence"), group("MREchoSequence")
    direction = item(diffusion, "DiffusionGradientDirectionSequence") or Dataset()
    cardiac = group("CardiacSynchronizationSequence")
    return {
        "stack": text(content, "StackID"),
        "time": integer(content, "TemporalPositionIndex"),
        "b-value": number(diffusion, "DiffusionBValue"),
        "gradient direction": numbers(direction, "DiffusionGradientOrientation")
        or text(diffusion, "DiffusionDirectionality"),
        "echo time": number(echo, "EffectiveEchoTime"),
        "image type": image_type,
        "inversion time": numbers(group("MRModifierSequence"), "InversionTimes"),
        "cardiac phase": number(cardiac, "NominalPercentageOfCardiacPhase"),
        "trigger time": number(cardiac, "NominalCardiacTriggerDelayTime"),
        "acquisition": integer(content, "FrameAcquisitionNumber"),
    }


def _dimension_names(dataset: Dataset) -> list[str]:
    """A name for each dimension that the file counts its frames along; "" for those that count slices."""
    slice_counters = {0x00209057, 0x00200032, 0x00209113, 0x00209116, 0x00200037}
    names = []
    for number_, dimension in enumerate(items(dataset, "DimensionIndexSequence"), start=1):
        pointer = dimension.get("DimensionIndexPointer")
        names.append("" if isinstance(pointer, int) and int(pointer) in slice_counters else f"dimension {number_}")
    return names


def _dimensions(content: Dataset, names: list[str]) -> dict[str, Hashable]:
    values = numbers(content, "DimensionIndexValues")
    return (
        {name: value for name, value in zip(names, values, strict=False) if name} if len(values) == len(names) else {}
    )


def placement_of(position: Dataset, orientation: Dataset) -> Placement | None:
    """The placement that two data sets or functional groups give; None where it is missing or cannot be true."""
    place, cosines = numbers(position, "ImagePositionPatient"), numbers(orientation, "ImageOrientationPatient")
    if len(place) != 3 or len(cosines) != 6 or max(map(abs, place)) > 1e6:
        return None
    row, column = np.array(cosines[:3]), np.array(cosines[3:])
    lengths = np.linalg.norm(row), np.linalg.norm(column)
    if max(abs(length - 1) for length in lengths) > _COSINE_LIMIT:
        return None
    slant = abs(float(row @ column))
    if slant > _COSINE_LIMIT:
        return None
    if slant > _COSINE_TOLERANCE or max(abs(length - 1) for length in lengths) > _COSINE_TOLERANCE:
        row = row / lengths[0]
        column = column - (row @ column) * row
        column = column / np.linalg.norm(column)
    return Placement(np.array(place), row, column)


def _spacing(header: Header) -> tuple[tuple[float, float] | None, SpacingOrigin]:
    """Pixel spacing (row, column) in mm and what it was measured at."""
    dataset = header.dataset
    image = _pair(numbers(dataset, "PixelSpacing"))
    imager = _pair(numbers(dataset, "ImagerPixelSpacing"))
    if image:
        calibrated = bool(text(dataset, "PixelSpacingCalibrationType")) or (imager is not None and imager != image)
        return image, "detector" if header.modality in _PROJECTIONS and not calibrated else "image"
    others: list[tuple[tuple[float, float] | None, SpacingOrigin]] = [
        (imager, "detector"),
        (_pair(numbers(dataset, "ImagePlanePixelSpacing")), "isocentre"),
        (_pair(numbers(dataset, "NominalScannedPixelSpacing")), "scanner"),
        (_region_spacing(dataset), "region"),
    ]
    return next((found for found in others if found[0]), (None, ""))


def _region_spacing(dataset: Dataset) -> tuple[float, float] | None:
    """Of an ultrasound picture, where all its two-dimensional regions agree."""
    found = set()
    for region in items(dataset, "SequenceOfUltrasoundRegions"):
        if integer(region, "RegionSpatialFormat") != 1:
            continue
        units = {integer(region, "PhysicalUnitsXDirection"), integer(region, "PhysicalUnitsYDirection")}
        x, y = number(region, "PhysicalDeltaX"), number(region, "PhysicalDeltaY")
        if units != {_CENTIMETRES} or not x or not y:
            return None
        found.add((round(abs(y) * 10, 6), round(abs(x) * 10, 6)))
    return _pair(found.pop()) if len(found) == 1 else None


def _pair(values: tuple[float, ...]) -> tuple[float, float] | None:
    if len(values) != 2 or not all(1e-6 < value < 1e4 for value in values):
        return None
    return values[0], values[1]


def positive(value: float | None) -> float | None:
    """The value where it can be a length in mm."""
    return value if value is not None and 1e-6 < value < 1e4 else None


def rescale_of(dataset: Dataset) -> Rescale:
    """The rescale of a data set or functional group; the identity where it says none."""
    slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")
    if slope is None:
        return Rescale()
    return Rescale(slope, intercept or 0.0, text(dataset, "RescaleType").upper(), present=True)


def _window(dataset: Dataset) -> tuple[float, float] | None:
    """Level and width that the file asks for first, in quantities after rescale."""
    level, width = number(dataset, "WindowCenter"), number(dataset, "WindowWidth")
    if level is not None and width is not None and width >= 1e-6:
        return level, width
    table = item(dataset, "VOILUTSequence")
    descriptor = numbers(table, "LUTDescriptor") if table is not None else ()
    if len(descriptor) != 3:
        return None
    entries = descriptor[0] or 65536.0
    return descriptor[1] + entries / 2, max(math.floor(entries), 1.0)
