"""Pictures: PNG, JPEG, TIFF, BMP, GIF, WebP, JPEG 2000 and PNM through Pillow.

Resolution tags (dots per inch) say how a picture was printed, not how large the body is: no picture has millimetres.
"""

from __future__ import annotations

import logging
import os
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.engine.geometry import Geometry
from app.engine.io.limits import MAX_PICTURE_PIXELS, MAX_VOXEL_BYTES, unreadable
from app.engine.io.listing import Entry, Listing
from app.engine.volume import Finding, Kind, Source, Volume

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "JPEG2000", "PPM")  # none that starts other programs
_STARTS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
    b"GIF87a",
    b"GIF89a",
    b"\0\0\0\x0cjP  \r\n\x87\n",
    b"\xff\x4f\xff\x51",
)
_EXIF_ORIENTATION = 0x0112
_GREY = {"1": np.uint8, "L": np.uint8, "I;16": np.uint16, "I;16B": np.uint16, "I;16L": np.uint16, "I;16N": np.uint16}
_THROUGH_RGB = {"CMYK", "YCbCr", "HSV"}
_TO_COLOUR = {"RGBX": "RGB", "RGBa": "RGBA", "La": "LA"}
_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    TypeError,
    IndexError,
    KeyError,
    struct.error,
    MemoryError,
    OverflowError,
)


def is_picture(head: bytes) -> bool:
    """Whether first bytes are those of a picture format that is read."""
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    bitmap = head[:2] == b"BM" and len(head) > 26 and head[6:10] == b"\0\0\0\0"
    portable = head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace() if len(head) > 2 else False
    return head.startswith(_STARTS) or webp or bitmap or portable


def list_raster(path: Path) -> Listing:
    """The picture of a file; a TIFF of equal pages is one volume, of unequal ones a picture for each page.

    Raises ReadError for what is no picture, too large, or damaged as far as its header shows.
    """
    with _opened(path) as (image, _):
        pages = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
        sizes = []
        for page in range(pages):
            image.seek(page)
            _check_size(path, image)
            sizes.append((image.size, image.mode))
        kind = f" {image.format}" if image.format else ""
    equal = len(set(sizes)) == 1
    if equal and pages * sizes[0][0][0] * sizes[0][0][1] * 4 > MAX_VOXEL_BYTES:
        raise unreadable(path, f"its {pages:,} pages are more than the limit of {MAX_VOXEL_BYTES / 1e9:.1f} GB")
    names = [path.name] if equal else [f"p{page}" for page in range(pages)]
    groups = [tuple(range(pages))] if equal else [(page,) for page in range(pages)]
    return Listing(
        tuple(
            Entry(
                id=name,
                kind=Kind.PICTURE if len(group) == 1 else Kind.VOLUME,
                modality="",
                summary=" x ".join(str(n) for n in (*sizes[group[0]][0], len(group))) + kind,
                files=(str(path),),
                load=_Loader(path, name, group),
            )
            for name, group in zip(names, groups, strict=True)
        )
    )


@dataclass(frozen=True)
class _Loader:
    """Reads the pages of one entry."""

    path: Path
    name: str
    pages: tuple[int, ...]

    def __call__(self) -> Volume:
        findings: list[Finding] = []
        slices: list[NDArray[Any]] = []
        with _opened(self.path) as (image, noticed):
            for page in self.pages:
                image.seek(page)
                slices.append(_pixels(self.path, image, findings))
            if len(self.pages) == 1 and image.format in ("GIF", "WEBP", "PNG") and getattr(image, "n_frames", 1) > 1:
                message = f"only the first of the {getattr(image, 'n_frames', 1)} pictures of the animation is read"
                findings.append(Finding("animation", message))
        if len(self.pages) > 1:
            message = f"{len(self.pages)} pages of equal size are read as one volume; their distance is not known"
            findings.append(Finding("page-stack", message))
        findings += [Finding("picture-damaged", f"the file is not quite in order: {text}") for text in noticed]
        same = all(page.shape == slices[0].shape and page.dtype == slices[0].dtype for page in slices)
        voxels = np.stack(slices if same else [_as_colour(page) for page in slices])
        if voxels.dtype.kind == "f" and not np.isfinite(voxels).all():
            voxels = _finite(self.path, voxels, findings)
        return Volume(
            voxels,
            Geometry.of_pixels((voxels.shape[0], voxels.shape[1], voxels.shape[2])),
            id=self.name,
            kind=Kind.PICTURE if len(self.pages) == 1 else Kind.VOLUME,
            findings=tuple(dict.fromkeys(findings)),
            source=Source(files=(str(self.path),)),
        )


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Image, list[str]]]:
    """The image, and what Pillow complained of (complete at the end); whatever goes wrong becomes a ReadError."""
    from PIL import Image

    noticed: list[str] = []
    logger = logging.getLogger("PIL")
    if not logger.handlers:  # a logger without a handler writes to the terminal
        logger.addHandler(logging.NullHandler())
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with Image.open(path, formats=_FORMATS) as image:
                yield image, noticed
                noticed += [
                    str(w.message).splitlines()[0]
                    for w in caught
                    if not issubclass(w.category, (Image.DecompressionBombWarning, DeprecationWarning, ResourceWarning))
                ]
    except Image.DecompressionBombError:
        raise unreadable(path, f"it has more pixels than the limit of {MAX_PICTURE_PIXELS:,}") from None
    except _BROKEN as error:
        reason = getattr(error, "strerror", None) or (str(error).splitlines() or ["unknown"])[0]
        raise unreadable(path, f"the picture is damaged or of a kind that is not read ({reason})") from None


def _check_size(path: Path, image: Image) -> None:
    columns, rows = image.size
    if columns * rows > MAX_PICTURE_PIXELS:
        raise unreadable(
            path, f"it has {columns:,} x {rows:,} pixels, more than the limit of {MAX_PICTURE_PIXELS:,} in all"
        )
    if min(columns, rows) < 1:
        raise unreadable(path, "the picture has no pixels")


def _pixels(path: Path, image: Image, findings: list[Finding]) -> NDArray[Any]:
    """(rows, columns) grey or (rows, columns, 3) uint8 colour of the page that is at the front."""
    _check_size(path, image)
    _note_lost_depth(path, image, findings)
    with _silent_libtiff() if image.format == "TIFF" else nullcontext():
        image.load()
    turned = _upright(image, findings)
    mode = turned.mode
    if mode in _GREY:
        pixels = np.asarray(turned.convert("L") if mode == "1" else turned)
        return np.ascontiguousarray(pixels, dtype=_GREY[mode])
    if mode in ("I", "F"):
        return np.array(turned)
    return _colour(path, turned, findings)


@contextmanager
def _silent_libtiff() -> Iterator[None]:
    """Keep libtiff from writing to the terminal: it has no other way to complain than the process's error stream."""
    try:
        kept = os.dup(2)
    except OSError:  # a window without a terminal
        yield
        return
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 2)
        os.close(nothing)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _upright(image: Image, findings: list[Finding]) -> Image:
    """The image turned as its EXIF orientation says."""
    from PIL import ImageOps

    orientation = image.getexif().get(_EXIF_ORIENTATION, 1)
    turned = ImageOps.exif_transpose(image) if orientation in range(2, 9) else image
    if turned is not image:
        message = f"the picture was turned upright as its EXIF tag says (orientation {orientation}); so are its masks"
        findings.append(Finding("exif-rotated", message))
    return turned


def _colour(path: Path, image: Image, findings: list[Finding]) -> NDArray[Any]:
    mode = image.mode
    if mode in ("P", "PA"):
        image = image.convert("RGBA" if mode == "PA" or "transparency" in image.info else "RGB")
    elif mode in _THROUGH_RGB:
        image = image.convert("RGB")
    elif mode in _TO_COLOUR:
        image = image.convert(_TO_COLOUR[mode])
    if image.mode not in ("RGB", "RGBA", "LA"):
        raise unreadable(path, f"its kind of colour ({mode}) is not read")
    pixels = np.asarray(image)
    if image.mode in ("RGBA", "LA"):
        if (pixels[..., -1] != 255).any():
            findings.append(
                Finding("alpha-dropped", "the picture is partly transparent; its transparency was left out")
            )
        pixels = pixels[..., :-1]
    if pixels.shape[2] == 1 or _is_grey(pixels):
        pixels = pixels[..., 0]
    return np.ascontiguousarray(pixels)


def _is_grey(pixels: NDArray[Any]) -> bool:
    """Whether red, green and blue are the same everywhere: a grey picture saved in colour."""
    return bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all())


def _as_colour(page: NDArray[Any]) -> NDArray[Any]:
    """A page of a stack whose other pages are colour."""
    return np.repeat(page[..., None], 3, axis=2) if page.ndim == 2 else page


def _note_lost_depth(path: Path, image: Image, findings: list[Finding]) -> None:
    """Pillow gives 16-bit colour as 8-bit; say so. In a PNG, byte 24 is the bit depth, byte 25 the kind of colour."""
    if image.format != "PNG":
        return
    with path.open("rb") as file:
        head = file.read(26)
    if head[24:25] == b"\x10" and head[25:26] in (b"\x02", b"\x04", b"\x06"):
        findings.append(Finding("depth-reduced", "its 16-bit colours were reduced to 8 bits"))


def _finite(path: Path, voxels: NDArray[Any], findings: list[Finding]) -> NDArray[Any]:
    good = np.isfinite(voxels)
    if not good.any():
        raise unreadable(path, "none of its pixels is a finite number")
    low, high = voxels[good].min(), voxels[good].max()
    findings.append(
        Finding("non-finite", f"{int((~good).sum()):,} pixels are not finite numbers; they were set to {low:g}")
    )
    return np.asarray(np.nan_to_num(voxels, nan=low, neginf=low, posinf=high))
