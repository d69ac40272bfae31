"""MetaImage: header with the voxels after it (.mha) or in a file of their own (.mhd), and GIPL, its elder cousin."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.engine.geometry import Affine, Frame
from app.engine.io.blocks import Block, Encoding, read_head
from app.engine.io.limits import MAX_HEADER_BYTES, checked_bytes, unreadable
from app.engine.io.listing import Listing
from app.engine.io.nrrd import data_beside, surplus_finding
from app.engine.io.stored import StoredImage
from app.engine.volume import Finding

_TYPES = {
    "MET_CHAR": "i1",
    "MET_UCHAR": "u1",
    "MET_SHORT": "i2",
    "MET_USHORT": "u2",
    "MET_INT": "i4",
    "MET_UINT": "u4",
    "MET_LONG": "i4",
    "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8",
    "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}
_MODALITIES = {"MET_MOD_CT": "CT", "MET_MOD_MR": "MR", "MET_MOD_NM": "PET", "MET_MOD_US": "Ultrasound"}
_GIPL_MAGIC = (0xEFFFE9B0).to_bytes(4, "big"), (0x2AE389B8).to_bytes(4, "big")
_GIPL_TYPES = {7: ">i1", 8: ">u1", 15: ">i2", 16: ">u2", 31: ">u4", 32: ">i4", 64: ">f4", 65: ">f8"}
_GIPL_HEADER_BYTES = 256


def is_metaimage(head: bytes) -> bool:
    """Whether first bytes are a MetaImage header."""
    start = head[:2048]
    return (
        b"NDims" in start and b"=" in start and start.lstrip()[:1].isalpha() and b"\0" not in start.split(b"\n", 1)[0]
    )


def is_gipl(head: bytes) -> bool:
    """Whether unpacked first bytes are a GIPL header."""
    return head[252:256] in _GIPL_MAGIC


def list_metaimage(path: Path) -> Listing:
    """The images of a MetaImage; ReadError where it cannot be read truly."""
    return stored_metaimage(path).list()


def stored_metaimage(path: Path) -> StoredImage:
    """What the header says, checked; the voxels are not read yet."""
    fields, end = _read_fields(path)
    sizes = [int(n) for n in _numbers(path, fields, "DimSize")]
    dimensions = fields.get("NDims", "")
    if str(len(sizes)) != dimensions or not 2 <= len(sizes) <= 4:
        raise unreadable(path, f"its header declares {dimensions} dimensions and {len(sizes)} sizes")
    if fields.get("ElementType", "") not in _TYPES:
        raise unreadable(path, f"its voxel type '{fields.get('ElementType', '')}' is not read")
    big = _flag(fields, "BinaryDataByteOrderMSB") or _flag(fields, "ElementByteOrderMSB")
    dtype = np.dtype(_TYPES[fields["ElementType"]]).newbyteorder(">" if big else "<")
    channels = int((_numbers(path, fields, "ElementNumberOfChannels") or [1])[0])
    colour = channels in (3, 4) and dtype == np.uint8
    if channels != 1 and not colour:
        raise unreadable(path, f"it holds {channels} numbers for each voxel; save them as images of their own")
    x, y, z, series = [*sizes, 1, 1][:4]
    size = checked_bytes(path, (x, y, z, channels), dtype.itemsize)
    checked_bytes(path, (series,), 1)
    findings: list[Finding] = []
    affine, frame = _affine(path, fields, len(sizes), findings)
    block = _block(path, fields, end, dtype, size * series)
    block.check()
    if surplus := block.surplus:
        findings.append(surplus_finding(surplus))
    return StoredImage(
        path=path,
        block=block,
        dtype=dtype,
        shape_zyx=(z, y, x),
        affine=affine,
        frame=frame,
        series=series,
        components=channels,
        colour=colour,
        modality=_MODALITIES.get(fields.get("Modality", ""), ""),
        findings=tuple(findings),
    )


def _read_fields(path: Path) -> tuple[dict[str, str], int]:
    """Fields up to ElementDataFile, which ends the header, and the byte after it."""
    fields: dict[str, str] = {}
    with path.open("rb") as file:
        while (line := file.readline(MAX_HEADER_BYTES)) and file.tell() <= MAX_HEADER_BYTES:
            name, equals, value = line.decode("utf-8", "replace").partition("=")
            if equals:
                fields[name.strip()] = value.strip()
            if name.strip() == "ElementDataFile":
                return fields, file.tell()
    raise unreadable(path, "its MetaImage header does not end: ElementDataFile is missing")


def _numbers(path: Path, fields: dict[str, str], *names: str) -> list[float]:
    """The numbers of the first of the names (synonyms) that is there."""
    name = next((name for name in names if name in fields), names[0])
    try:
        numbers = [float(word) for word in fields.get(name, "").split()]
    except ValueError:
        raise unreadable(path, f"the field {name} of its header is not numbers") from None
    if not np.isfinite(numbers).all() or (numbers and max(map(abs, numbers)) > 1e12):
        raise unreadable(path, f"the field {name} of its header is beyond all bounds")
    return numbers


def _flag(fields: dict[str, str], name: str) -> bool:
    return fields.get(name, "").lower() in ("true", "1", "yes")


def _affine(path: Path, fields: dict[str, str], dimensions: int, findings: list[Finding]) -> tuple[Affine, Frame]:
    spacing = _numbers(path, fields, "ElementSpacing", "ElementSize")
    offset = _numbers(path, fields, "Offset", "Position", "Origin")
    matrix = _numbers(path, fields, "TransformMatrix", "Rotation", "Orientation")
    affine = np.eye(4)
    if len(spacing) != dimensions or min(spacing) < 1e-9:
        findings.append(Finding("no-spacing", "the header states no voxel size: nothing can be said in millimetres"))
        return affine, Frame.NONE
    n = min(dimensions, 3)
    if len(matrix) == dimensions**2:  # each row is the direction of an axis
        affine[:n, :n] = np.reshape(matrix, (dimensions, dimensions))[:n, :n].T
    affine[:n, :n] *= spacing[:n]
    if len(offset) == dimensions:
        affine[:n, 3] = offset[:n]
    if dimensions >= 3 and (len(offset) == dimensions or len(matrix) == dimensions**2):
        return affine, Frame.WORLD
    findings.append(
        Finding("no-orientation", "the header gives voxel sizes only: position and orientation are made up")
    )
    return affine, Frame.SPACING


def _block(path: Path, fields: dict[str, str], end: int, dtype: np.dtype[np.generic], size: int) -> Block:
    name = fields["ElementDataFile"]
    if name.upper().startswith("LIST"):
        raise unreadable(path, "its voxels are spread over a list of files, which is not read")
    local = name.upper() == "LOCAL"
    data = path if local else data_beside(path, name)
    skip = int((_numbers(path, fields, "HeaderSize") or [0])[0])
    encoding: Encoding = "raw"
    if _flag(fields, "CompressedData"):
        encoding = "deflate"
    elif fields.get("BinaryData", "True").lower() in ("false", "0", "no"):
        encoding = "text"
    return Block(data, size, end if local else 0, max(skip, -1), encoding, dtype, exact=True)


def list_gipl(path: Path) -> Listing:
    """The images of a GIPL file (spacing and origin, no orientation); ReadError where it cannot be read truly."""
    stored, head = read_head(path)
    code = int.from_bytes(head[8:10], "big")
    if code not in _GIPL_TYPES:
        raise unreadable(path, f"its voxel type {code} is not read")
    dtype = np.dtype(_GIPL_TYPES[code])
    x, y, z, series = (max(int(n), 1) for n in np.frombuffer(head[:8], ">u2"))
    spacing = np.frombuffer(head[10:22], ">f4").astype(np.float64)
    good = bool(np.isfinite(spacing).all() and spacing.min() > 1e-9)
    packed = stored != head
    reason = "GIPL files do not state an orientation" if good else "the header states no voxel size"
    affine = np.diag([*spacing, 1.0]) if good else np.eye(4)
    affine[:3, 3] = np.nan_to_num(np.frombuffer(head[204:228], ">f8").astype(np.float64), posinf=0.0, neginf=0.0)
    image = StoredImage(
        path=path,
        block=Block(
            path,
            checked_bytes(path, (x, y, z), dtype.itemsize) * series,
            0 if packed else _GIPL_HEADER_BYTES,
            _GIPL_HEADER_BYTES if packed else 0,
            "deflate" if packed else "raw",
        ),
        dtype=dtype,
        shape_zyx=(z, y, x),
        affine=affine,
        frame=Frame.SPACING if good else Frame.NONE,
        series=series,
        findings=(Finding("no-orientation" if good else "no-spacing", reason),),
    )
    return image.list()
