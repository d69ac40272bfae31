"""NRRD: header with the voxels after it (.nrrd) or in files of their own (.nhdr). Source: teem.sourceforge.net/nrrd."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.engine.geometry import Affine, Frame
from app.engine.io.blocks import Block, Encoding
from app.engine.io.limits import MAX_HEADER_BYTES, checked_bytes, unreadable
from app.engine.io.listing import Listing
from app.engine.io.stored import StoredImage
from app.engine.volume import Finding, Kind

_TYPES = {
    "i1": "signed char|int8|int8_t",
    "u1": "uchar|unsigned char|uint8|uint8_t",
    "i2": "short|short int|signed short|signed short int|int16|int16_t",
    "u2": "ushort|unsigned short|unsigned short int|uint16|uint16_t",
    "i4": "int|signed int|int32|int32_t",
    "u4": "uint|unsigned int|uint32|uint32_t",
    "i8": "longlong|long long|long long int|signed long long|signed long long int|int64|int64_t",
    "u8": "ulonglong|unsigned long long|unsigned long long int|uint64|uint64_t",
    "f4": "float",
    "f8": "double",
}
_DTYPES = {name: code for code, names in _TYPES.items() for name in names.split("|")}
_ENCODINGS: dict[str, Encoding] = {
    "raw": "raw",
    "txt": "text",
    "text": "text",
    "ascii": "text",
    "hex": "hex",
    "gz": "deflate",
    "gzip": "deflate",
    "bz2": "bzip2",
    "bzip2": "bzip2",
}
_TO_LPS = {
    "left-posterior-superior": (1.0, 1.0, 1.0),
    "lps": (1.0, 1.0, 1.0),
    "right-anterior-superior": (-1.0, -1.0, 1.0),
    "ras": (-1.0, -1.0, 1.0),
    "left-anterior-superior": (1.0, -1.0, 1.0),
    "las": (1.0, -1.0, 1.0),
}
_UNITS = {"mm": 1.0, "millimeter": 1.0, "cm": 10.0, "m": 1000.0, "um": 0.001, "µm": 0.001, "micron": 0.001}
FRAME_KEY = "SwiftMedSAM_Frame"  # in our own masks: how much of the geometry, which NRRD always states, is true
_SPATIAL_KINDS = {"domain", "space"}
_COLOUR_KINDS = {"rgb-color": 3, "3-color": 3, "rgba-color": 4, "4-color": 4}
_SERIES_KINDS = {"list", "time", "none", "???", "point"}  # members are images of their own


@dataclass(frozen=True)
class _Header:
    """Fields (lower case), key/value pairs, and where the data start."""

    path: Path
    fields: dict[str, str]
    pairs: dict[str, str]
    end: int

    def words(self, name: str) -> list[str]:
        return self.fields.get(name, "").split()

    def numbers(self, name: str) -> list[float]:
        try:
            return [float(word) for word in self.words(name)]
        except ValueError:
            raise unreadable(self.path, f"the field '{name}' of its header is not numbers") from None

    def vectors(self, name: str) -> list[list[float] | None]:
        """Vectors like (1,0,0); None for the word none."""
        found = re.findall(r"\(([^)]*)\)|(none)", self.fields.get(name, ""))
        try:
            return [None if none else [float(number) for number in inside.split(",")] for inside, none in found]
        except ValueError:
            raise unreadable(self.path, f"the field '{name}' of its header is not vectors of numbers") from None


@dataclass(frozen=True)
class _Axes:
    """Extents in file order (fastest first): components x space x series."""

    space: list[int]  # indices of the spatial axes
    shape_xyz: tuple[int, int, int]
    components: int = 1
    series: int = 1
    colour: bool = False


def is_nrrd(head: bytes) -> bool:
    """Whether first bytes are a NRRD header."""
    return head.startswith(b"NRRD000")


def list_nrrd(path: Path) -> Listing:
    """The images of a NRRD file; ReadError where it cannot be read truly."""
    return stored_nrrd(path).list()


def stored_nrrd(path: Path) -> StoredImage:
    """What the header says, checked; the voxels are not read yet."""
    header = _read_header(path)
    dtype = _dtype(header)
    axes = _axes(header, dtype)
    findings: list[Finding] = []
    affine, frame = _affine(header, axes, findings)
    volume_bytes = checked_bytes(path, (*axes.shape_xyz, axes.components), dtype.itemsize)
    block = _block(header, dtype, volume_bytes * axes.series)
    block.check()
    if surplus := block.surplus:
        findings.append(surplus_finding(surplus))
    segmentation = any(re.match(r"Segment(\d+_|ation_)", key) for key in header.pairs)
    if axes.colour and dtype != np.uint8:
        raise unreadable(path, f"its colours are {dtype.name}; only 8-bit colour is read")
    return StoredImage(
        path=path,
        block=block,
        dtype=dtype,
        shape_zyx=(axes.shape_xyz[2], axes.shape_xyz[1], axes.shape_xyz[0]),
        affine=affine,
        frame=frame,
        series=axes.series,
        components=axes.components,
        colour=axes.colour,
        kind=Kind.LABELS if segmentation and not axes.colour else Kind.VOLUME,
        modality="MR" if header.pairs.get("modality") == "DWMRI" else "",
        findings=tuple(findings),
    )


def _read_header(path: Path) -> _Header:
    fields: dict[str, str] = {}
    pairs: dict[str, str] = {}
    with path.open("rb") as file:
        file.readline(MAX_HEADER_BYTES)
        while line := file.readline(MAX_HEADER_BYTES):
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if not text or file.tell() > MAX_HEADER_BYTES:
                break
            pair = re.match(r"([^:#]+):(=?)(.*)", text)
            if pair and pair[2]:
                pairs[pair[1].strip()] = pair[3].strip()
            elif pair:
                name = pair[1].strip().lower().replace("datafile", "data file")
                value = pair[3].strip()
                if name == "data file" and value.upper().startswith("LIST"):
                    raise unreadable(path, "its voxels are spread over a list of files, which is not read")
                fields[name] = value
        end = file.tell()
    return _Header(path, fields, pairs, end)


def _dtype(header: _Header) -> np.dtype[np.generic]:
    name = " ".join(header.words("type")).lower()
    if name not in _DTYPES:
        raise unreadable(header.path, f"its voxel type '{name}' is not read")
    dtype = np.dtype(_DTYPES[name])
    big = header.fields.get("endian", "little").lower() == "big"
    return dtype.newbyteorder(">" if big else "<")


def _axes(header: _Header, dtype: np.dtype[np.generic]) -> _Axes:
    try:
        sizes = [int(word) for word in header.words("sizes")]
    except ValueError:
        raise unreadable(header.path, "the sizes in its header are not whole numbers") from None
    if not sizes or str(len(sizes)) != header.fields.get("dimension", ""):
        raise unreadable(header.path, "the sizes in its header do not fit its dimension")
    kinds = [kind.lower() for kind in header.words("kinds")] or ["???"] * len(sizes)
    if len(kinds) != len(sizes):
        raise unreadable(header.path, "the kinds in its header do not fit its dimension")
    space = _spatial_axes(header, kinds)
    others = [axis for axis in range(len(sizes)) if axis not in space and sizes[axis] != 1]
    if not 2 <= len(space) <= 3:
        raise unreadable(header.path, f"an image has two or three dimensions in space; it has {len(space)}")
    x, y, z = [*(sizes[axis] for axis in space), 1][:3]
    if not others:
        return _Axes(space, (x, y, z))
    other, kind, count = others[0], kinds[others[0]], sizes[others[0]]
    first, last = other < space[0], other > space[-1]
    if kind == "vector" and dtype == np.uint8 and count in (3, 4):
        kind = f"{count}-color"  # ITK has no other word for colour
    if len(others) > 1 or not (first or last) or kind not in {*_COLOUR_KINDS, *_SERIES_KINDS}:
        raise unreadable(
            header.path, f"it holds {count} numbers ({kind}) for each voxel; save them as images of their own"
        )
    if kind in _COLOUR_KINDS and not (first and _COLOUR_KINDS[kind] == count):
        raise unreadable(header.path, "its colours are not stored voxel by voxel")
    if first:
        return _Axes(space, (x, y, z), components=count, colour=kind in _COLOUR_KINDS)
    return _Axes(space, (x, y, z), series=count)


def _spatial_axes(header: _Header, kinds: list[str]) -> list[int]:
    """Indices of the axes that lie in space: those with a direction, else of a spatial kind, else the first three."""
    directions = header.vectors("space directions")
    if directions:
        if len(directions) != len(kinds):
            raise unreadable(header.path, "the space directions in its header do not fit its dimension")
        return [axis for axis, vector in enumerate(directions) if vector is not None and np.isfinite(vector).all()]
    if any(kind in _SPATIAL_KINDS for kind in kinds):
        return [axis for axis, kind in enumerate(kinds) if kind in _SPATIAL_KINDS]
    return [axis for axis, kind in enumerate(kinds) if kind == "???"][:3]


def _affine(header: _Header, axes: _Axes, findings: list[Finding]) -> tuple[Affine, Frame]:
    directions = header.vectors("space directions")
    if not directions:
        return _affine_of_spacings(header, axes, findings)
    affine, frame = _affine_of_directions(header, axes, directions, findings)
    stated = next((known for known in Frame if known.value == header.pairs.get(FRAME_KEY)), Frame.WORLD)
    return affine, stated if frame is Frame.WORLD else frame


def _affine_of_directions(
    header: _Header, axes: _Axes, directions: list[list[float] | None], findings: list[Finding]
) -> tuple[Affine, Frame]:
    vectors = [np.array(directions[axis], dtype=np.float64) for axis in axes.space]
    origins = header.vectors("space origin")
    origin = np.array(origins[0], dtype=np.float64) if origins and origins[0] is not None else None
    if any(len(vector) not in (2, 3) for vector in vectors) or len({len(v) for v in vectors}) != 1:
        raise unreadable(header.path, "the space directions in its header are not two or three numbers each")
    if origin is not None and (len(origin) != len(vectors[0]) or not np.isfinite(origin).all()):
        origin = None
    affine = np.eye(4)
    for column, vector in enumerate(vectors):
        affine[:3, column] = 0.0
        affine[: len(vector), column] = vector
    if len(vectors) == 2 and len(vectors[0]) == 3:
        normal = np.cross(vectors[0], vectors[1])
        affine[:3, 2] = normal / max(float(np.linalg.norm(normal)), 1e-12)
    if origin is not None:
        affine[: len(origin), 3] = origin
    return _in_lps_mm(header, affine, origin is not None and len(vectors[0]) == 3, findings)


def _in_lps_mm(header: _Header, affine: Affine, has_origin: bool, findings: list[Finding]) -> tuple[Affine, Frame]:
    units = {_UNITS.get(unit.strip('"').lower(), 1.0) for unit in header.words("space units")} or {1.0}
    factor = units.pop() if len(units) == 1 else 1.0
    if factor != 1.0:
        findings.append(Finding("unit-converted", "the header does not count in millimetres; lengths were converted"))
    name = header.fields.get("space", "").lower().removesuffix("-time").removesuffix("t")
    signs = _TO_LPS.get(name)
    if signs is None or not has_origin:
        lacking = "which way its axes run in the body" if signs is None else "where it lies"
        findings.append(
            Finding("no-orientation", f"the header does not say {lacking}: position and orientation are made up")
        )
    frame = Frame.WORLD if signs is not None and has_origin else Frame.SPACING
    return np.diag([*(factor * sign for sign in signs or (1.0, 1.0, 1.0)), 1.0]) @ affine, frame


def _affine_of_spacings(header: _Header, axes: _Axes, findings: list[Finding]) -> tuple[Affine, Frame]:
    spacings = header.numbers("spacings")
    chosen = [abs(spacings[axis]) for axis in axes.space if axis < len(spacings)]
    if len(chosen) < len(axes.space) or not np.isfinite(chosen).all() or min(chosen) < 1e-9:
        findings.append(Finding("no-spacing", "the header states no voxel size: nothing can be said in millimetres"))
        return np.eye(4), Frame.NONE
    findings.append(
        Finding("no-orientation", "the header gives voxel sizes only: position and orientation are made up")
    )
    return np.diag([*chosen, 1.0, 1.0][: len(chosen)] + [1.0] * (4 - len(chosen))), Frame.SPACING


def _block(header: _Header, dtype: np.dtype[np.generic], size: int) -> Block:
    name = header.fields.get("encoding", "").lower()
    if name not in _ENCODINGS:
        raise unreadable(header.path, f"its encoding '{name}' is not read")
    encoding = _ENCODINGS[name]
    detached = header.fields.get("data file", "")
    path, start = (data_beside(header.path, detached), 0) if detached else (header.path, header.end)
    try:
        lines = int(header.fields.get("line skip", header.fields.get("lineskip", "0")))
        skip = int(header.fields.get("byte skip", header.fields.get("byteskip", "0")))
    except ValueError:
        raise unreadable(header.path, "its header skips a number of bytes or lines that is no number") from None
    if lines < 0 or skip < -1:
        raise unreadable(header.path, f"its header skips {min(lines, skip)} bytes or lines")
    return Block(path, size, _after_lines(path, start, lines), skip, encoding, dtype, exact=True)


def _after_lines(path: Path, start: int, lines: int) -> int:
    if lines == 0:
        return start
    with path.open("rb") as file:
        file.seek(start)
        for _ in range(lines):
            file.readline(MAX_HEADER_BYTES)
        return file.tell()


def surplus_finding(surplus: int) -> Finding:
    """That a file holds more bytes than its header accounts for."""
    message = f"the file holds {surplus:,} bytes more than its header accounts for; the voxels may be shifted"
    return Finding("surplus-data", message)


def data_beside(header: Path, name: str) -> Path:
    """The file that a header names for its voxels: it must lie in the header's folder or below.

    Otherwise a header from a stranger could have any file of the user's read as an image.
    """
    if "\0" in name:
        raise unreadable(header, "the name of the file with its voxels is damaged")
    if re.search(r"%\d*d", name):
        raise unreadable(header, "its voxels are spread over numbered files, which is not read")
    path = header.parent / name
    if not path.resolve().is_relative_to(header.parent.resolve()):
        raise unreadable(header, f"its voxels lie outside its folder ({name})")
    if not path.is_file():
        raise unreadable(header, f"the file with its voxels, {name}, is missing")
    return path
