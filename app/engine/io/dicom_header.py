"""The header of one DICOM file: attributes without pixels, and a checked description of how the pixels lie in it."""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pydicom
from pydicom.dataset import Dataset, FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.tag import Tag

from app.engine.errors import NoImageError
from app.engine.io.dicom_fields import PARSE_ERRORS, integer, text
from app.engine.io.dicom_kinds import modality_of, what_it_is_instead
from app.engine.io.limits import MAX_VOXEL_BYTES, unreadable

DEFLATED = "1.2.840.10008.1.2.1.99"
_NATIVE = {"", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", DEFLATED}
_VIDEO = tuple(f"1.2.840.10008.1.2.4.{n}" for n in (100, 101, 102, 103, 104, 105, 106, 107, 108)) + (
    "1.2.840.10008.1.2.7",
)
_PIXEL_TAGS = {
    0x7FE00008: 32,
    0x7FE00009: 64,
    0x7FE00010: 0,
}  # float, double float, integers: bits (0: the header says)
_UNDEFINED_LENGTH = 0xFFFFFFFF
# A compressed image that claims more than both of these, relative to its bytes in the file, is taken for hostile:
# a blank slice packs at some 1000 to 1.
_FREE_PIXEL_BYTES = 2**29
_MAX_PACKING = 2000

# Everything that grouping, geometry, values and display may ask for. Reading only these makes the scan fast.
_KEYWORDS = """
    ImageType SOPClassUID SOPInstanceUID AcquisitionDate AcquisitionTime ContentTime AcquisitionDateTime Modality
    Manufacturer StudyInstanceUID SeriesInstanceUID SeriesNumber AcquisitionNumber InstanceNumber
    ImagePositionPatient ImageOrientationPatient FrameOfReferenceUID TemporalPositionIdentifier
    TemporalPositionIndex StackID SliceThickness SpacingBetweenSlices EchoTime EchoNumbers InversionTime TriggerTime
    FlipAngle DiffusionBValue DiffusionGradientOrientation NominalPercentageOfCardiacPhase SamplesPerPixel
    PhotometricInterpretation PlanarConfiguration NumberOfFrames Rows Columns PixelSpacing ImagerPixelSpacing
    NominalScannedPixelSpacing ImagePlanePixelSpacing PixelSpacingCalibrationType BitsAllocated BitsStored HighBit
    PixelRepresentation RescaleIntercept RescaleSlope RescaleType Units SUVType ModalityLUTSequence WindowCenter
    WindowWidth VOILUTSequence SequenceOfUltrasoundRegions RedPaletteColorLookupTableDescriptor
    GreenPaletteColorLookupTableDescriptor BluePaletteColorLookupTableDescriptor RedPaletteColorLookupTableData
    GreenPaletteColorLookupTableData BluePaletteColorLookupTableData SegmentedRedPaletteColorLookupTableData
    SegmentedGreenPaletteColorLookupTableData SegmentedBluePaletteColorLookupTableData ExtendedOffsetTable
    ExtendedOffsetTableLengths SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence
    DetectorInformationSequence SliceVector DimensionIndexSequence
"""
_MOSAIC_TILES = 0x0019100A  # Siemens
_TAGS = [*(Tag(keyword) for keyword in _KEYWORDS.split()), Tag(_MOSAIC_TILES)]


@dataclass(frozen=True)
class PixelFormat:
    """How the pixels lie in a file: extents, encoding, and where they begin.

    `start` is the byte of the first native pixel or of the first encapsulated item; -1 in a deflated file. `real` means
    float (32 bits) or double float (64 bits) pixels.
    """

    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    planar: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    real: bool
    transfer_syntax: str
    big_endian: bool
    word_swapped: bool
    encapsulated: bool
    start: int

    @property
    def is_colour(self) -> bool:
        """Whether a pixel is shown as red, green and blue."""
        return self.samples == 3 or self.photometric == "PALETTE COLOR"

    @property
    def subsampled(self) -> bool:
        """Whether native pixels share their chroma in pairs."""
        return self.photometric == "YBR_FULL_422" and not self.encapsulated

    @property
    def frame_bits(self) -> int:
        """Bits of one frame as stored without compression."""
        bits = self.rows * self.columns * self.samples * self.bits_allocated
        return bits // 3 * 2 if self.subsampled else bits


@dataclass(frozen=True, eq=False)
class Header:
    """A DICOM image file without its pixels. `dataset` holds the attributes that the reader asks for, no others."""

    path: Path
    dataset: Dataset
    pixels: PixelFormat
    modality: str
    sop_class_uid: str
    sop_instance_uid: str
    series_uid: str


def read_header(path: Path) -> Header:
    """The header of an image; a ReadError where the file is damaged or holds something else, saying what.

    Call within `dicom_fields.quiet`.
    """
    try:
        with path.open("rb") as file:
            dataset = _read_dataset(path, file)
            sop_class = text(dataset, "SOPClassUID") or _meta(dataset, "MediaStorageSOPClassUID")
            modality = text(dataset, "Modality")
            instead = what_it_is_instead(sop_class, modality)
            if instead:
                raise NoImageError(str(unreadable(path, f"it is {instead}")))
            pixels = _pixel_format(path, file, dataset)
    except PARSE_ERRORS as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "its DICOM header is damaged"
        raise unreadable(path, reason) from None
    return Header(
        path=path,
        dataset=dataset,
        pixels=pixels,
        modality=modality_of(sop_class, modality),
        sop_class_uid=sop_class,
        sop_instance_uid=text(dataset, "SOPInstanceUID"),
        series_uid=text(dataset, "SeriesInstanceUID"),
    )


def parses_as_dicom(path: Path) -> bool:
    """Whether a file without the DICOM prefix parses as a data set that says what it is."""
    try:
        with path.open("rb") as file:
            found = pydicom.dcmread(file, force=True, stop_before_pixels=True, specific_tags=_IDENTIFYING)
            return any(text(found, keyword) for keyword in _IDENTIFYING)
    except PARSE_ERRORS:
        return False


_IDENTIFYING = ["SOPClassUID", "Modality", "Rows", "StudyInstanceUID"]


def read_private(path: Path, tags: list[int]) -> Dataset:
    """Further attributes of a file by tag; an empty data set where they cannot be read."""
    try:
        return pydicom.dcmread(path, force=True, stop_before_pixels=True, specific_tags=tags)
    except PARSE_ERRORS:
        return Dataset()


def _read_dataset(path: Path, file: BinaryIO) -> FileDataset:
    _check_deflated(path, file)
    file.seek(0)
    try:
        return pydicom.dcmread(file, stop_before_pixels=True, specific_tags=_TAGS)
    except InvalidDicomError:
        file.seek(0)
    dataset = pydicom.dcmread(file, force=True, stop_before_pixels=True, specific_tags=_TAGS)
    if not any(text(dataset, keyword) for keyword in ("SOPClassUID", "Modality", "Rows")):
        raise unreadable(path, "it is no DICOM file")
    return dataset


def _check_deflated(path: Path, file: BinaryIO) -> None:
    """Raise ReadError where a deflated file unpacks to more than the limit; pydicom would take any amount of memory."""
    head = file.read(4096)
    if head[128:132] != b"DICM" or DEFLATED.encode() not in head or head[132:140] != b"\2\0\0\0UL\4\0":
        return
    file.seek(144 + struct.unpack_from("<L", head, 140)[0])
    unpacker, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
    while data := unpacker.unconsumed_tail or file.read(2**16):
        total += len(unpacker.decompress(data, 2**20))
        if total > MAX_VOXEL_BYTES:
            raise unreadable(path, f"it unpacks to more than {MAX_VOXEL_BYTES / 1e9:.1f} GB, the limit")
        if unpacker.eof:
            return


def _meta(dataset: FileDataset, keyword: str) -> str:
    meta = getattr(dataset, "file_meta", None)
    return text(meta, keyword) if isinstance(meta, Dataset) else ""


def _pixel_format(path: Path, file: BinaryIO, dataset: FileDataset) -> PixelFormat:
    syntax = _meta(dataset, "TransferSyntaxUID")
    if syntax.startswith(_VIDEO):
        raise unreadable(path, "it is a video, not an image")
    rows, columns = integer(dataset, "Rows") or 0, integer(dataset, "Columns") or 0
    if not (0 < rows < 65536 and 0 < columns < 65536):
        raise unreadable(path, "it is a DICOM file without an image")
    big_endian = dataset.original_encoding[1] is False
    tag, vr, length, start = _deflated_element(path) if syntax == DEFLATED else _element(file, big_endian)
    if tag not in _PIXEL_TAGS:
        raise unreadable(path, "it holds no pixel data")
    encapsulated = length == _UNDEFINED_LENGTH
    if encapsulated is (syntax in _NATIVE):
        raise unreadable(path, "its pixel data are not encoded as its header declares")
    bits = _PIXEL_TAGS[tag] or integer(dataset, "BitsAllocated") or 0
    stored = bits if _PIXEL_TAGS[tag] else integer(dataset, "BitsStored") or bits
    high = integer(dataset, "HighBit")
    pixels = PixelFormat(
        rows=rows,
        columns=columns,
        frames=_frame_count(path, dataset),
        samples=integer(dataset, "SamplesPerPixel") or 1,
        photometric=text(dataset, "PhotometricInterpretation").upper() or "MONOCHROME2",
        planar=integer(dataset, "PlanarConfiguration") or 0,
        bits_allocated=bits,
        bits_stored=stored,
        high_bit=high if high is not None and stored <= high + 1 <= bits else stored - 1,
        signed=integer(dataset, "PixelRepresentation") == 1,
        real=_PIXEL_TAGS[tag] > 0,
        transfer_syntax=syntax,
        big_endian=big_endian,
        word_swapped=big_endian and bits == 8 and vr == b"OW",
        encapsulated=encapsulated,
        start=start,
    )
    _check_kind(path, pixels)
    _check_size(path, pixels, length)
    return pixels


def _frame_count(path: Path, dataset: Dataset) -> int:
    if not text(dataset, "NumberOfFrames"):
        return 1
    frames = integer(dataset, "NumberOfFrames")
    if frames is None or frames < 0:
        raise unreadable(path, "its number of frames is not a number")
    return max(frames, 1)


def _element(file: BinaryIO, big_endian: bool) -> tuple[int, bytes, int, int]:
    """Tag, value representation (empty where implicit), length and first byte of the element at the file's position."""
    position, head = file.tell(), file.read(12)
    if len(head) < 12:
        return 0, b"", 0, position
    order = ">" if big_endian else "<"
    group, element = struct.unpack_from(f"{order}HH", head)
    if head[4:6] in {b"OB", b"OW", b"OF", b"OD", b"UN"}:
        return group << 16 | element, head[4:6], struct.unpack_from(f"{order}L", head, 8)[0], position + 12
    return group << 16 | element, b"", struct.unpack_from(f"{order}L", head, 4)[0], position + 8


def _deflated_element(path: Path) -> tuple[int, bytes, int, int]:
    return 0x7FE00010, b"", len(deflated_pixels(path)), -1


def deflated_pixels(path: Path) -> bytes:
    """The pixel data of a deflated file; its size was bounded when the header was read."""
    dataset = pydicom.dcmread(path, specific_tags=["PixelData"])
    return bytes(dataset.PixelData)


def _check_kind(path: Path, pixels: PixelFormat) -> None:
    samples = (1, 3) if not pixels.real else (1,)
    if pixels.samples not in samples:
        raise unreadable(path, f"it has {pixels.samples} values for each pixel, which is not read")
    if pixels.bits_allocated not in (1, 8, 16, 32) and not pixels.real:
        raise unreadable(path, f"it has {pixels.bits_allocated} bits for each value, which is not read")
    if not 1 <= pixels.bits_stored <= pixels.bits_allocated:
        raise unreadable(path, f"it stores {pixels.bits_stored} bits in {pixels.bits_allocated}")
    grey = pixels.photometric in {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"}
    if (pixels.samples == 1) is not grey:
        raise unreadable(path, f"it calls its pixels {pixels.photometric[:16]} with {pixels.samples} values for each")


def _check_size(path: Path, pixels: PixelFormat, length: int) -> None:
    size = path.stat().st_size
    needed = math.ceil(pixels.frame_bits * pixels.frames / 8)
    if pixels.encapsulated:
        packed = max(size - pixels.start, 0)
        if needed > _FREE_PIXEL_BYTES and needed > _MAX_PACKING * packed:
            raise unreadable(path, f"its header declares {needed / 1e9:,.1f} GB of pixels in a file of {size:,} bytes")
        return
    there = length if pixels.start < 0 else max(min(length, size - pixels.start), 0)
    if there < needed:
        raise unreadable(path, f"it is cut short: it holds {there:,} of {needed:,} bytes of pixels")
