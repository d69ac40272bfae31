"""The challenge's NPZ: images with boxes and, for training and evaluation, ground truth.

Format: keys imgs, boxes, spacing, gts ("Segment Anything in Medical Images on Laptop", CVPR 2024). Nothing is
unpickled, and what a member claims to hold is checked before memory is taken.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from app.engine.geometry import Frame, Geometry
from app.engine.io.limits import MAX_DEFLATE_RATIO, MAX_VOXEL_BYTES, unreadable
from app.engine.io.listing import Entry, Listing
from app.engine.io.npy import NpyError, NpyHeader, read_array, read_header
from app.engine.volume import Finding, Kind, Source, Volume

_Result = TypeVar("_Result")

_MAX_BOXES = 100_000
# Words met in names like 2DBox_XRay_0001.npz, in the order in which they are tried.
_MODALITIES = (
    ("oct", "OCT"),
    ("x-ray", "X-Ray"),
    ("xray", "X-Ray"),
    ("cxr", "X-Ray"),
    ("xr", "X-Ray"),
    ("mamm", "Mammography"),
    ("ultra", "Ultrasound"),
    ("us", "Ultrasound"),
    ("fundus", "Fundus"),
    ("endo", "Endoscopy"),
    ("dermo", "Dermoscopy"),
    ("micro", "Microscopy"),
    ("pet", "PET"),
    ("ct", "CT"),
    ("mr", "MR"),
)


@dataclass(frozen=True, eq=False)
class ChallengeCase:
    """One case of the challenge, checked: arrays fit one another.

    `imgs`: (H, W) or (H, W, 3) where not `is_3d`, else (D, H, W). `boxes`: float64 (N, 4) x_min, y_min, x_max, y_max
    or, in 3-D, (N, 6) x_min, y_min, z_min, x_max, y_max, z_max, corners inclusive as in the file; None where absent.
    `spacing`: mm along x, y, z. `gts`: integers of the shape of the grid, 0 background.
    """

    path: Path
    imgs: NDArray[Any]
    boxes: NDArray[np.float64] | None
    spacing: tuple[float, float, float] | None
    gts: NDArray[Any] | None
    is_3d: bool
    findings: tuple[Finding, ...] = ()


def is_npz(path: Path, head: bytes) -> bool:
    """Whether the file is a zip archive whose members are NumPy arrays."""
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return path.name.lower().endswith(".npz")


def list_npz(path: Path) -> Listing:
    """The one image of a challenge file; raises ReadError where its `imgs` is missing or not an image."""
    with _archive(path) as archive:
        header = _declared(path, archive, "imgs")
        columns = _declared(path, archive, "boxes").shape[-1:] if "boxes" in _keys(archive) else ()
    shape = header.shape
    narrow = len(shape) == 3 and shape[-1] == 3
    picture = len(shape) == 2 or (narrow and columns != (6,) and (columns == (4,) or not _named_3d(path)))
    return Listing(
        (
            Entry(
                id=path.name,
                kind=Kind.PICTURE if picture else Kind.VOLUME,
                modality=challenge_modality(path.name),
                summary=" x ".join(str(n) for n in reversed(shape)) + f" {header.dtype.name}",
                files=(str(path),),
                load=_Loader(path),
            ),
        )
    )


@dataclass(frozen=True)
class _Loader:
    path: Path

    def __call__(self) -> Volume:
        return case_volume(read_npz(self.path))


def read_npz(path: Path) -> ChallengeCase:
    """Read and check a challenge file; every ReadError names the key that is wrong."""
    arrays = read_arrays(path, ("imgs", "boxes", "spacing", "gts"))
    if "imgs" not in arrays:
        raise unreadable(path, "it holds no 'imgs', so it is not a file of the challenge")
    findings: list[Finding] = []
    boxes = _boxes(path, arrays["boxes"]) if "boxes" in arrays else None
    imgs, is_3d = _imgs(path, arrays["imgs"], boxes, findings)
    grid = imgs.shape[:3] if is_3d else imgs.shape[:2]
    return ChallengeCase(
        path=path,
        imgs=imgs,
        boxes=boxes,
        spacing=_spacing(path, arrays["spacing"]) if is_3d and "spacing" in arrays else None,
        gts=_gts(path, arrays["gts"], grid) if "gts" in arrays else None,
        is_3d=is_3d,
        findings=tuple(findings),
    )


def read_arrays(path: Path, keys: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Those of the `keys` that a file of the challenge holds, finite plain numbers of any shape; or a ReadError."""
    with _archive(path) as archive:
        held = _keys(archive)
        return {key: _array(path, archive, key) for key in keys if key in held}


def case_volume(case: ChallengeCase) -> Volume:
    """The image as a volume (a picture has Z = 1); spacing is all that the format knows of millimetres."""
    voxels = case.imgs if case.is_3d else case.imgs[None]
    if voxels.ndim == 4 and (voxels[..., :1] == voxels).all():  # grey, repeated for the three channels
        voxels = np.ascontiguousarray(voxels[..., 0])
    shape = (voxels.shape[0], voxels.shape[1], voxels.shape[2])
    geometry = Geometry.of_pixels(shape)
    if case.spacing is not None:
        geometry = Geometry.from_components(shape_zyx=shape, spacing_xyz=case.spacing, frame=Frame.SPACING)
    return Volume(
        voxels,
        geometry,
        id=case.path.name,
        kind=Kind.VOLUME if case.is_3d else Kind.PICTURE,
        modality=challenge_modality(case.path.name),
        findings=case.findings,
        source=Source(files=(str(case.path),)),
    )


def challenge_modality(name: str) -> str:
    """Modality from a name like 2DBox_XRay_0001.npz, "" where it follows no such pattern."""
    prefix, _, rest = name.partition("_")
    if prefix.lower() not in ("2dbox", "3dbox"):
        return ""
    word = rest.lower()
    return next((modality for start, modality in _MODALITIES if word.startswith(start)), "")


def _named_3d(path: Path) -> bool:
    return path.name.upper().startswith("3D")


class _archive:  # noqa: N801 - a context manager that reads like a function
    """The zip archive; whatever goes wrong inside becomes a ReadError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> zipfile.ZipFile:
        try:
            self._archive = zipfile.ZipFile(self._path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise unreadable(self._path, f"the archive is damaged ({error})") from None
        return self._archive

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._archive.close()
        damaged = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, UnicodeError)
        if isinstance(error, damaged):
            raise unreadable(self._path, f"the archive is damaged or locked ({error})") from None


def _keys(archive: zipfile.ZipFile) -> set[str]:
    return {name.removesuffix(".npy") for name in archive.namelist()}


def _member(path: Path, archive: zipfile.ZipFile, key: str) -> zipfile.ZipInfo:
    infos = [info for info in archive.infolist() if info.filename in (key, f"{key}.npy")]
    if not infos:
        raise unreadable(path, f"it holds no '{key}', so it is not a file of the challenge")
    if len(infos) > 1:
        raise unreadable(path, f"it holds '{key}' twice")
    return infos[0]


def _declared(path: Path, archive: zipfile.ZipFile, key: str) -> NpyHeader:
    """What a member declares, checked against limits and against the member's own size."""
    info = _member(path, archive, key)
    with archive.open(info) as file:
        header = _of_key(path, key, read_header, file)
    if header.data_bytes > MAX_VOXEL_BYTES:
        raise unreadable(path, f"'{key}' declares {header.data_bytes / 1e9:,.1f} GB, more than the limit")
    held = info.file_size - header.header_bytes
    if held < header.data_bytes or info.file_size > MAX_DEFLATE_RATIO * info.compress_size + 1024:
        raise unreadable(path, f"'{key}' declares more data ({header.data_bytes:,} bytes) than the file holds")
    return header


def _array(path: Path, archive: zipfile.ZipFile, key: str) -> NDArray[Any]:
    _declared(path, archive, key)
    with archive.open(_member(path, archive, key)) as file:
        array = _of_key(path, key, read_array, file)
        while file.read(io.DEFAULT_BUFFER_SIZE):  # to the end, where the checksum is verified
            pass
    largest = np.finfo(np.float32).max  # networks compute in single precision: what is larger is infinite for them
    if array.dtype.kind == "f" and not (np.abs(array) <= largest).all():
        raise unreadable(path, f"'{key}' holds values that are not finite numbers")
    return array


def _of_key(path: Path, key: str, read: Callable[[IO[bytes]], _Result], file: IO[bytes]) -> _Result:
    try:
        return read(file)
    except NpyError as error:
        raise unreadable(path, f"'{key}' {error}") from None
    except MemoryError:
        raise unreadable(path, f"'{key}' takes more memory than this machine can give") from None


def _boxes(path: Path, boxes: NDArray[Any]) -> NDArray[np.float64]:
    if boxes.ndim == 1 and boxes.size in (0, 4, 6):
        boxes = boxes.reshape(-1, boxes.size or 4)
    if boxes.ndim != 2 or boxes.shape[1] not in (4, 6) or len(boxes) > _MAX_BOXES:
        raise unreadable(path, f"'boxes' has shape {boxes.shape}; it should be (N, 4) or (N, 6)")
    half = boxes.shape[1] // 2
    if (boxes[:, half:] < boxes[:, :half]).any():
        raise unreadable(path, "'boxes' holds a box whose end lies before its start")
    return boxes.astype(np.float64)


def _imgs(
    path: Path, imgs: NDArray[Any], boxes: NDArray[np.float64] | None, findings: list[Finding]
) -> tuple[NDArray[Any], bool]:
    """The images with a dtype that a volume holds, and whether they are 3-D."""
    colour = imgs.ndim == 3 and imgs.shape[2] == 3
    if 0 in imgs.shape or imgs.ndim not in (2, 3):
        raise unreadable(path, f"'imgs' has shape {imgs.shape}; it should be (H, W, 3), (H, W) or (D, H, W)")
    flat = imgs.ndim == 2 or colour
    columns = None if boxes is None or not len(boxes) else boxes.shape[1]
    is_3d = not flat if not colour else (columns == 6 or (columns is None and _named_3d(path)))
    if columns is not None and is_3d != (columns == 6):
        wanted = "a volume, which needs (N, 6)" if is_3d else "a picture, which needs (N, 4)"
        raise unreadable(path, f"'boxes' has shape {boxes.shape if boxes is not None else ()} and 'imgs' is {wanted}")
    if imgs.dtype.kind == "b":
        imgs = imgs.astype(np.uint8)
    if colour and not is_3d and imgs.dtype != np.uint8:
        whole = imgs.dtype.kind != "f" or bool((imgs == np.rint(imgs)).all())
        if not whole or imgs.min() < 0 or imgs.max() > 255:
            raise unreadable(path, f"'imgs' is colour of {imgs.dtype.name}; it should be whole numbers from 0 to 255")
        imgs = imgs.astype(np.uint8)
        findings.append(
            Finding("colour-converted", "the colours were not stored as 8 bits and were converted, unchanged")
        )
    return imgs, is_3d


def _spacing(path: Path, spacing: NDArray[Any]) -> tuple[float, float, float]:
    if spacing.shape != (3,) or (spacing <= 0).any():
        raise unreadable(path, f"'spacing' is {spacing.tolist()}; it should be three positive numbers (x, y, z)")
    x, y, z = (float(s) for s in spacing)
    return x, y, z


def _gts(path: Path, gts: NDArray[Any], grid: tuple[int, ...]) -> NDArray[Any]:
    if gts.shape != grid:
        raise unreadable(path, f"'gts' has shape {gts.shape}; the image has {grid}")
    if gts.dtype.kind == "b":
        return gts.astype(np.uint8)
    if gts.dtype.kind == "f":
        whole = gts.astype(np.int64)
        if not (whole == gts).all():
            raise unreadable(path, "'gts' holds values that are not whole numbers")
        return whole
    return gts
