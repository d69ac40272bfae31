"""From what a header says to volumes: shared by the formats that are a header and a block of voxels."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.errors import GeometryError
from app.engine.geometry import Affine, Frame, Geometry
from app.engine.io.blocks import Block
from app.engine.io.limits import checked_bytes, is_usable_affine, unreadable
from app.engine.io.listing import Entry, Listing
from app.engine.io.resample import is_sheared, rectify
from app.engine.volume import Display, Finding, Kind, Source, Volume


@dataclass(frozen=True, eq=False)
class StoredImage:
    """One image file after its header was understood; `affine` (voxel index i, j, k to LPS mm) may still be sheared.

    Voxels lie as (series, z, y, x, components), components fastest. `colour`: the components are red, green, blue and
    perhaps alpha; otherwise each component is an image of its own, like each member of the series.
    """

    path: Path
    block: Block
    dtype: np.dtype[Any]  # Any: chosen by the header
    shape_zyx: tuple[int, int, int]
    affine: Affine
    frame: Frame
    series: int = 1
    components: int = 1
    colour: bool = False
    slope: float = 1.0
    intercept: float = 0.0
    kind: Kind = Kind.VOLUME
    modality: str = ""
    findings: tuple[Finding, ...] = ()
    display: Display = field(default_factory=Display)

    @property
    def files(self) -> tuple[str, ...]:
        """The header's file and, where it is another, that of the voxels."""
        return tuple(dict.fromkeys((str(self.path), str(self.block.path))))

    def list(self) -> Listing:
        """An entry for each 3-D image in the file; raises ReadError where the file is too short."""
        self.block.check()
        z, y, x = self.shape_zyx
        summary = f"{x} x {y} x {z}" + (" colour" if self.colour else f" {self.dtype.name}")
        layers = 1 if self.colour else self.components
        count = self.series * layers
        names = [f"t{t}" + (f"c{c}" if layers > 1 else "") for t in range(self.series) for c in range(layers)]
        if self.series == 1:
            names = [self.path.name] if count == 1 else [f"c{c}" for c in range(layers)]
        return Listing(
            tuple(
                Entry(
                    id=name,
                    kind=self.kind,
                    modality=self.modality,
                    summary=summary + (f" ({index + 1} of {count})" if count > 1 else ""),
                    files=self.files,
                    load=_Loader(self, name, index // layers, index % layers),
                )
                for index, name in enumerate(names)
            )
        )


@dataclass(frozen=True)
class _Loader:
    """Reads one member; a class, so that an entry can be sent to another process."""

    image: StoredImage
    name: str
    member: int
    layer: int

    def __call__(self) -> Volume:
        image = self.image
        findings = list(image.findings)
        count = image.series * (1 if image.colour else image.components)
        if count > 1:
            findings.append(Finding("split-4d", f"this is image {self.name} of the {count} in the file"))
        voxels = _finite(image, _scaled(_read(image, self.member, self.layer, findings), image), findings)
        voxels, geometry = _placed(image, voxels, findings)
        return Volume(
            voxels,
            geometry,
            id=self.name,
            kind=image.kind,
            modality=image.modality,
            findings=tuple(findings),
            source=Source(files=image.files),
            display=image.display,
        )


def _read(image: StoredImage, member: int, layer: int, findings: list[Finding]) -> NDArray[Any]:
    shape = (*image.shape_zyx, image.components)
    size = checked_bytes(image.path, shape, image.dtype.itemsize)
    voxels = image.block.read(member * size, size).view(image.dtype).reshape(shape)
    if not image.dtype.isnative:
        voxels = voxels.byteswap(inplace=True).view(image.dtype.newbyteorder("="))
    if not image.colour:
        return np.ascontiguousarray(voxels[..., layer])
    if image.components == 4 and (voxels[..., 3] != 255).any():
        findings.append(Finding("alpha-dropped", "the image is partly transparent; its transparency was left out"))
    return np.ascontiguousarray(voxels[..., :3])


def _scaled(voxels: NDArray[Any], image: StoredImage) -> NDArray[Any]:
    """Apply slope and intercept: integers stay integers where that is exact, else single precision if enough."""
    slope, intercept = image.slope, image.intercept
    if (slope, intercept) == (1.0, 0.0) or image.colour:
        return voxels
    if voxels.dtype.kind == "f":
        with np.errstate(all="ignore"):  # what overflows is found and replaced with the other infinities
            return np.asarray(voxels * voxels.dtype.type(slope) + voxels.dtype.type(intercept))
    if slope.is_integer() and intercept.is_integer():
        ends = [int(slope) * int(end) + int(intercept) for end in (voxels.min(), voxels.max())]
        for dtype in (voxels.dtype, np.dtype(np.int16), np.dtype(np.int32), np.dtype(np.int64)):
            if min(ends) >= np.iinfo(dtype).min and max(ends) <= np.iinfo(dtype).max:
                exact: NDArray[Any] = (voxels.astype(np.int64) * int(slope) + int(intercept)).astype(dtype)
                return exact
    real = np.float32 if voxels.dtype.itemsize <= 2 else np.float64
    with np.errstate(all="ignore"):
        return (voxels * np.float64(slope) + np.float64(intercept)).astype(real)


def _finite(image: StoredImage, voxels: NDArray[Any], findings: list[Finding]) -> NDArray[Any]:
    if voxels.dtype.kind != "f":
        return voxels
    good = np.isfinite(voxels)
    if voxels.dtype.itemsize > 4:  # networks compute in single precision: what overflows there is infinite for them
        good &= np.abs(voxels) <= np.finfo(np.float32).max
    bad = voxels.size - int(np.count_nonzero(good))
    if not bad:
        return voxels
    if bad == voxels.size:
        raise unreadable(image.path, "none of its voxels is a finite number")
    low, high = voxels[good].min(), voxels[good].max()
    message = f"{bad:,} voxels are not finite numbers; they were set to the smallest value, {low:g}"
    if (voxels > high).any():
        message = (
            f"{bad:,} voxels are not finite numbers; they were set to the smallest value, {low:g} (positive infinity "
            f"to the largest, {high:g})"
        )
    findings.append(Finding("non-finite", message))
    return np.where(good, voxels, np.where(voxels > high, high, low))


def _placed(image: StoredImage, voxels: NDArray[Any], findings: list[Finding]) -> tuple[NDArray[Any], Geometry]:
    affine = image.affine
    if not is_usable_affine(affine):
        raise unreadable(image.path, "its voxels have no extent along an axis, or one beyond all bounds")
    try:
        if is_sheared(affine):
            voxels, affine = rectify(voxels, affine, nearest=image.kind is Kind.LABELS)
            findings.append(
                Finding(
                    "sheared",
                    "sheared affine rectified: the axes are not at right angles, so the image was resampled onto a "
                    "grid whose axes are, at the true positions",
                )
            )
        z, y, x = voxels.shape[:3]
        return voxels, Geometry((z, y, x), affine, image.frame)
    except GeometryError as error:
        raise unreadable(image.path, str(error)) from None
