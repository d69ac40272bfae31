"""From stored values to quantities: modality table, rescale per plane, units, colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from app.engine.io.dicom_fields import PARSE_ERRORS, item, text
from app.engine.io.dicom_frames import Frame, Rescale
from app.engine.io.dicom_header import Header
from app.engine.io.limits import allocate, checked_bytes, unreadable
from app.engine.volume import Finding

_PALETTE = [
    f"{prefix}{colour}PaletteColorLookupTable{suffix}"
    for colour in ("Red", "Green", "Blue")
    for prefix, suffix in (("", "Descriptor"), ("", "Data"), ("Segmented", "Data"))
]
_UNIT_OF_PET = {"BQML": "Bq/ml", "CNTS": "counts", "GML": "SUV", "CPS": "counts/s", "PROPCNTS": "", "PROPCPS": ""}
_RESCALE_UNITS = {"HU": "HU", "OD": "OD", "BQML": "Bq/ml"}


def quantities(frames: Sequence[Frame], planes: list[NDArray[Any]]) -> NDArray[Any]:
    """Quantities (N, Y, X) of stored planes, or colours (N, Y, X, 3) as deep as stored; `planes` is emptied on the way.

    Whole numbers stay whole (uint8, int16 or int32) where rescale slope and intercept are whole, else float32. Call
    within `dicom_fields.quiet`.
    """
    first = frames[0]
    if first.header.pixels.is_colour:
        deep = first.header.pixels.samples == 3 and first.header.pixels.bits_stored > 8
        out = _allocate(first, len(frames), planes[0].dtype if deep else np.dtype(np.uint8), 3)
        for n, frame in enumerate(frames):
            out[n] = _colour(frame.header, planes[n])
            planes[n] = _NOTHING
        return out
    steps = [_modality(frame, planes, n) for n, frame in enumerate(frames)]
    out = _allocate(first, len(frames), _common_dtype(planes, steps), 1)
    for n, step in enumerate(steps):
        plane = planes[n]
        if (step.slope, step.intercept) == (1.0, 0.0):
            out[n] = plane
        elif out.dtype.kind in "iu":
            out[n] = plane.astype(np.int64) * int(step.slope) + int(step.intercept)
        else:
            out[n] = plane * np.float64(step.slope) + step.intercept
        planes[n] = _NOTHING
    if out.dtype.kind == "f" and not np.isfinite(out).all():
        raise unreadable(first.header.path, "some of its values are not finite numbers")
    return out


_NOTHING: NDArray[Any] = np.zeros((0, 0), np.uint8)


def _allocate(first: Frame, count: int, dtype: np.dtype[Any], samples: int) -> NDArray[Any]:
    shape = (count, first.rows, first.columns) + ((samples,) if samples > 1 else ())
    size = checked_bytes(first.header.path, shape, dtype.itemsize)
    return allocate(first.header.path, size).view(dtype).reshape(shape)


def _modality(frame: Frame, planes: list[NDArray[Any]], n: int) -> Rescale:
    """The rescale that is still to be applied; a table is applied at once."""
    table = item(frame.header.dataset, "ModalityLUTSequence")
    if table is None or frame.rescale.present:
        return frame.rescale
    dataset = _of_same_order(frame.header)
    dataset.ModalityLUTSequence = [table]
    dataset.PixelRepresentation = int(frame.header.pixels.signed)
    try:
        planes[n] = apply_modality_lut(planes[n], dataset)
    except PARSE_ERRORS:
        raise unreadable(frame.header.path, "its table of values (Modality LUT) is damaged") from None
    return Rescale()


def _common_dtype(planes: Sequence[NDArray[Any]], steps: Sequence[Rescale]) -> np.dtype[Any]:
    whole = all(
        plane.dtype.kind in "iu" and step.slope.is_integer() and step.intercept.is_integer()
        for plane, step in zip(planes, steps, strict=True)
    )
    if not whole:
        return np.dtype(np.float32)
    ends = [
        int(end) * int(step.slope) + int(step.intercept)
        for plane, step in zip(planes, steps, strict=True)
        for end in (plane.min(), plane.max())
    ]
    narrow = all(plane.dtype == np.uint8 for plane in planes)
    for dtype in (np.uint8, np.int16, np.int32):
        if dtype is np.uint8 and not narrow:
            continue
        if min(ends) >= np.iinfo(dtype).min and max(ends) <= np.iinfo(dtype).max:
            return np.dtype(dtype)
    return np.dtype(np.float32)


def _colour(header: Header, plane: NDArray[Any]) -> NDArray[Any]:
    """Red, green and blue of an RGB plane as they are, or in 8 bits of the indices of a palette."""
    if header.pixels.photometric != "PALETTE COLOR":
        return plane
    plane = _from_palette(header, plane)
    return (plane >> 8 * (plane.dtype.itemsize - 1)).astype(np.uint8)


def _from_palette(header: Header, plane: NDArray[Any]) -> NDArray[Any]:
    dataset = _of_same_order(header)
    try:
        for keyword in _PALETTE:
            if keyword in header.dataset:
                dataset[keyword] = header.dataset[keyword]
        return apply_color_lut(plane, dataset)
    except PARSE_ERRORS:
        raise unreadable(header.path, "its table of colours (palette) is missing or damaged") from None


def _of_same_order(header: Header) -> Dataset:
    """An empty data set for tables of words, which pydicom reads in the byte order of the file."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    big = header.pixels.big_endian
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian if big else ExplicitVRLittleEndian
    return dataset


def value_findings(frames: Sequence[Frame]) -> list[Finding]:
    """What the user must know of how values came about."""
    pixels = frames[0].header.pixels
    findings = []
    if pixels.photometric == "MONOCHROME1":
        message = "high values are dark in this image (MONOCHROME1): it is shown so, its values are not turned round"
        findings.append(Finding("monochrome1", message))
    return findings


def unit_of(frames: Sequence[Frame]) -> str:
    """Unit of the quantities; "" where the file does not say or planes differ."""
    units = {_unit(frame) for frame in frames}
    return units.pop() if len(units) == 1 else ""


def _unit(frame: Frame) -> str:
    header, rescale = frame.header, frame.rescale
    if header.pixels.is_colour:
        return ""
    if header.modality == "PT":
        return _UNIT_OF_PET.get(text(header.dataset, "Units").upper() or rescale.kind, "")
    if header.modality == "CT":
        return "HU" if rescale.present and rescale.kind in {"", "HU"} and not frame.is_localizer else ""
    return _RESCALE_UNITS.get(rescale.kind, "") if rescale.present else ""
