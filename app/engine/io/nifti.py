"""NIfTI-1, NIfTI-2 and Analyze: headers as nibabel understands them, voxels checked for length and checksum."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from app.engine.geometry import Affine, Frame
from app.engine.io.blocks import Block, read_head
from app.engine.io.limits import checked_bytes, is_usable_affine, unreadable
from app.engine.io.listing import Listing
from app.engine.io.stored import StoredImage
from app.engine.volume import Display, Finding, Kind

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_INTENT_LABEL = 1002
_INTENT_CIFTI = range(3000, 3100)
_MILLIMETRES = {1: 1000.0, 3: 0.001}  # of xyzt_units: metres, micrometres; anything else counts as millimetres
_FORM_TOLERANCE_MM = 0.1  # sform and qform are stored apart in single precision; less is rounding
_REFUSED_LEVEL = 45  # nibabel's grade for a header that is no header
_REPORTED_LEVEL = 35  # its grade for negative spacing, offsets and the like, which it mends


class _Header(Protocol):
    """What is used of nibabel's header classes, which have no types."""

    endianness: str

    def get_data_shape(self) -> tuple[int, ...]: ...
    def get_data_dtype(self) -> np.dtype[Any]: ...
    def get_slope_inter(self) -> tuple[float | None, float | None]: ...
    def get_best_affine(self) -> Affine: ...
    def get_base_affine(self) -> Affine: ...
    def get_sform(self) -> Affine: ...
    def get_qform(self) -> Affine: ...
    def check_fix(self, logger: logging.Logger, error_level: int) -> None: ...
    def __getitem__(self, key: str) -> np.ndarray[tuple[()], np.dtype[Any]]: ...


def is_nifti(head: bytes, path: Path) -> bool:
    """Whether unpacked first bytes are a NIfTI or Analyze header (Analyze has no magic: its length must fit, too)."""
    length = {head[:4], head[:4][::-1]}
    if (540).to_bytes(4, "little") in length:
        return head[4:8] in (b"n+2\0", b"ni2\0")
    if (348).to_bytes(4, "little") not in length:
        return False
    return head[344:348] in (b"n+1\0", b"ni1\0") or path.name.lower().endswith((".hdr", ".hdr.gz"))


def list_nifti(path: Path) -> Listing:
    """The images of a NIfTI or Analyze file (a .hdr takes its .img along); ReadError where it cannot be read truly."""
    return stored_nifti(path).list()


def stored_nifti(path: Path) -> StoredImage:
    """What the header says, checked; the voxels are not read yet."""
    from nibabel.spatialimages import HeaderDataError

    _, head = read_head(path)
    findings: list[Finding] = []
    try:
        header, single, sized = _header(path, head, findings)
        dtype = header.get_data_dtype()
        shape = header.get_data_shape()
        slope, intercept = header.get_slope_inter()
        with np.errstate(all="ignore"):  # what overflows is found out by `is_usable_affine`
            affine, frame = _affine(header, shape, findings, sized=sized)
    except (HeaderDataError, ValueError, KeyError, OverflowError, np.linalg.LinAlgError) as error:
        raise unreadable(path, f"its NIfTI header is damaged ({error})") from None
    data, start = (path, _single_offset(header)) if single else (_image_beside(path), _offset(header))
    colour = dtype.names is not None
    components = len(dtype.names or "1")
    item = np.dtype(np.uint8) if colour else dtype
    extents, series = _extents(path, shape, item)
    packed = read_head(data, 2)[0] == b"\x1f\x8b"
    block = Block(
        data,
        size=checked_bytes(path, extents, item.itemsize * components) * series,
        start=0 if packed else start,
        skip=start if packed else 0,
        encoding="deflate" if packed else "raw",
    )
    label = _field(header, "intent_code") == _INTENT_LABEL and not colour
    return StoredImage(
        path=path,
        block=block,
        dtype=item,
        shape_zyx=(extents[2], extents[1], extents[0]),
        affine=_RAS_TO_LPS @ affine,
        frame=frame,
        series=series,
        components=components,
        colour=colour,
        slope=1.0 if slope is None else float(slope),
        intercept=0.0 if intercept is None or slope is None else float(intercept),
        kind=Kind.LABELS if label else Kind.VOLUME,
        findings=tuple(findings),
        display=_display(header),
    )


def _header(path: Path, head: bytes, findings: list[Finding]) -> tuple[_Header, bool, bool]:
    """The header, whether voxels follow in the same file, and whether it states voxel sizes."""
    from nibabel.nifti1 import Nifti1Header, Nifti1PairHeader
    from nibabel.nifti2 import Nifti2Header, Nifti2PairHeader
    from nibabel.spm2analyze import Spm2AnalyzeHeader

    two = (540).to_bytes(4, "little") in {head[:4], head[:4][::-1]}
    size = 540 if two else 348
    if len(head) < size:
        raise unreadable(path, f"it is cut short: its header ends after {len(head)} bytes")
    magic = head[4:8] if two else head[344:348]
    single = magic.startswith(b"n+")
    analyze = not single and not magic.startswith(b"ni")
    if analyze:
        kind: Any = Spm2AnalyzeHeader
    elif two:
        kind = Nifti2Header if single else Nifti2PairHeader
    else:
        kind = Nifti1Header if single else Nifti1PairHeader
    header: _Header = kind(head[:size], check=False)
    sized = bool((np.nan_to_num(header["pixdim"][1:4]) != 0).all())  # nibabel makes 1 of 0
    header.check_fix(_reporter(findings), _REFUSED_LEVEL)
    if analyze:
        findings.append(
            Finding(
                "no-orientation", "Analyze files do not say which side is left: position and orientation are made up"
            )
        )
    elif _field(header, "intent_code") in _INTENT_CIFTI:
        raise unreadable(path, "it is a CIFTI file, which holds data on a surface and not an image")
    return header, single, sized


def _reporter(findings: list[Finding]) -> logging.Logger:
    """A logger of its own, so that what nibabel mends becomes a finding and never a line on the user's terminal."""

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            findings.append(Finding("header-repaired", f"the header was repaired: {record.getMessage()}"))

    logger = logging.Logger("nifti header", level=_REPORTED_LEVEL)  # noqa: LOG001 - of this header alone
    logger.addHandler(Collect())
    return logger


def _field(header: _Header, name: str) -> int:
    try:
        return int(header[name])
    except (KeyError, ValueError):  # Analyze lacks most of NIfTI's fields
        return 0


def _offset(header: _Header) -> int:
    offset = float(header["vox_offset"])
    return int(offset) if math.isfinite(offset) and offset > 0 else 0


def _single_offset(header: _Header) -> int:
    return _offset(header) or int(header["sizeof_hdr"]) + 4


def _image_beside(path: Path) -> Path:
    """The .img (or .img.gz) of a header, whatever the case of its name."""
    name = path.name.lower()
    stem = name.removesuffix(".gz").removesuffix(".hdr")
    siblings = {other.name.lower(): other for other in path.parent.iterdir()}
    for candidate in (stem + ".img", stem + ".img.gz"):
        if candidate in siblings and candidate != name:
            return siblings[candidate]
    raise unreadable(path, f"it is a header whose image data, {stem}.img, are missing")


def _extents(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[tuple[int, int, int], int]:
    """((x, y, z), number of 3-D images)."""
    if dtype.kind == "c":
        raise unreadable(path, "its voxels are complex numbers; save magnitude or phase alone")
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise unreadable(path, f"its voxels are of a kind that is not read ({dtype})")
    sizes = [int(n) for n in shape] + [1] * (4 - len(shape))
    if math.prod(sizes[4:]) > 1:
        raise unreadable(
            path, f"it holds {math.prod(sizes[4:])} numbers for each voxel; save them as images of their own"
        )
    if min(sizes) < 1:
        raise unreadable(path, f"its header declares an image of {' x '.join(map(str, sizes[:4]))} voxels")
    return (sizes[0], sizes[1], sizes[2]), sizes[3]


def _affine(header: _Header, shape: tuple[int, ...], findings: list[Finding], *, sized: bool) -> tuple[Affine, Frame]:
    """The affine to RAS mm as nibabel chooses it (sform before qform), and how much of it is true."""
    sform, qform = _field(header, "sform_code"), _field(header, "qform_code")  # 0 for Analyze, which has neither
    usable = ([header.get_sform] if sform else []) + ([header.get_qform] if qform else [])
    affines = [affine for affine in (_form(get) for get in usable) if affine is not None]
    if len(affines) < len(usable):
        findings.append(
            Finding("form-damaged", "one of the two orientations in the header is damaged and was left out")
        )
    if affines:
        if len(affines) == 2 and _farthest(affines[0], affines[1], shape) > _FORM_TOLERANCE_MM:
            message = f"its sform (code {sform}) and qform (code {qform}) disagree; the sform is used"
            findings.append(Finding("forms-disagree", message))
        return _in_millimetres(affines[0], header, findings), Frame.WORLD
    affine = np.asarray(header.get_base_affine(), dtype=np.float64)
    if not sized or not is_usable_affine(affine):
        findings.append(Finding("no-spacing", "the header states no voxel size: nothing can be said in millimetres"))
        return np.eye(4), Frame.NONE
    if not any(finding.code == "no-orientation" for finding in findings):
        message = (
            "the header gives voxel sizes only: position and orientation are made up (x runs to the left, centred)"
        )
        findings.append(Finding("no-orientation", message))
    return _in_millimetres(affine, header, findings), Frame.SPACING


def _form(get: Callable[[], Affine]) -> Affine | None:
    """An affine of the header, or None where it is (almost) singular or not finite."""
    from nibabel.spatialimages import HeaderDataError

    try:
        affine = np.asarray(get(), dtype=np.float64)
    except (HeaderDataError, ValueError, np.linalg.LinAlgError):
        return None
    return affine if is_usable_affine(affine) else None


def _farthest(a: Affine, b: Affine, shape: tuple[int, ...]) -> float:
    """Largest distance (mm along an axis) between the places that two affines give to a corner of the image."""
    ends = [(0, max(n - 1, 0)) for n in (*shape, 1, 1, 1)[:3]]
    corners = np.array([[i, j, k, 1.0] for i in ends[0] for j in ends[1] for k in ends[2]])
    return float(np.abs(corners @ (a - b).T).max())


def _in_millimetres(affine: Affine, header: _Header, findings: list[Finding]) -> Affine:
    factor = _MILLIMETRES.get(_field(header, "xyzt_units") & 7, 1.0)
    if factor == 1.0:
        return affine
    unit = "metres" if factor > 1 else "micrometres"
    findings.append(Finding("unit-converted", f"the header counts in {unit}; lengths were converted to millimetres"))
    return np.diag([factor, factor, factor, 1.0]) @ affine


def _display(header: _Header) -> Display:
    try:
        low, high = float(header["cal_min"]), float(header["cal_max"])
    except (KeyError, ValueError):
        return Display()
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return Display()
    return Display(level=(low + high) / 2, width=high - low)
