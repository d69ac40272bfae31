"""By what an image is known again when a project or a journal asks for it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from app.engine.geometry import Frame, Geometry
from app.engine.volume import Volume


@dataclass(frozen=True)
class Fingerprint:
    """Shape (z, y, x), affine (16 numbers, row by row), frame, and SHA-256 of the voxels with their type."""

    shape_zyx: tuple[int, int, int]
    affine: tuple[float, ...]
    frame: str
    sha256: str

    @classmethod
    def of(cls, volume: Volume) -> Fingerprint:
        """Of a volume; the same on processors of either byte order."""
        voxels = volume.voxels
        dtype = voxels.dtype.newbyteorder("<")
        digest = hashlib.sha256(f"{dtype.str} {voxels.shape}".encode())
        for plane in voxels:  # slice by slice: a volume may lie in memory in another order
            digest.update(np.ascontiguousarray(plane, dtype=dtype).data)
        geometry = volume.geometry
        affine = tuple(float(value) for value in geometry.affine.ravel())
        return cls(volume.shape_zyx, affine, geometry.frame.value, digest.hexdigest())

    @property
    def geometry(self) -> Geometry:
        """Where the voxels lie; raises GeometryError or ValueError where it cannot be true."""
        return Geometry(self.shape_zyx, np.array(self.affine).reshape(4, 4), Frame(self.frame))

    def difference(self, found: Fingerprint) -> str:
        """In what another image differs, to follow "the image"; "" where it is the same.

        Positions may differ by a thousandth of a millimetre: arithmetic rounds otherwise on other processors.
        """
        if self.shape_zyx != found.shape_zyx:
            z, y, x = found.shape_zyx
            was = " x ".join(str(n) for n in reversed(self.shape_zyx))
            return f"has {x} x {y} x {z} voxels and not {was} (x, y, z)"
        if not self.geometry.is_close(found.geometry):
            return "lies elsewhere in space or has another spacing"
        if self.sha256 != found.sha256:
            return "has other voxels"
        return ""
