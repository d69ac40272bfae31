"""A CT of ellipsoids whose masks are known exactly: for the self-test, tests, and a sample that anyone may share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.engine.geometry import Geometry
from app.engine.volume import Volume

_AIR_HU = -1000.0
_TISSUE_HU = 40.0
_EDGE_VOXELS = 0.5  # how far an edge is blurred by the scanner, in voxels of the finest spacing


@dataclass(frozen=True)
class Ellipsoid:
    """An organ: centre and half axes (x, y, z) in half extents of the volume (-1 to 1), and its value in HU."""

    name: str
    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    hu: float


BODY = Ellipsoid("body", (0.0, 0.0, 0.0), (0.92, 0.72, 4.0), _TISSUE_HU)  # runs through all slices
ORGANS = (
    Ellipsoid("liver", (-0.38, -0.12, 0.0), (0.38, 0.36, 0.72), 115.0),
    Ellipsoid("left kidney", (0.46, 0.24, -0.15), (0.16, 0.20, 0.55), 180.0),
    Ellipsoid("vertebra", (0.0, 0.42, 0.0), (0.16, 0.15, 0.8), 420.0),
    Ellipsoid("stomach", (0.36, -0.30, 0.2), (0.24, 0.20, 0.5), -60.0),
)


@dataclass(frozen=True, eq=False)
class Phantom:
    """A volume in HU and its true labels, uint8 (Z, Y, X): value n is the n-th of `names`, counted from 1."""

    volume: Volume
    labels: NDArray[np.uint8]
    names: tuple[str, ...]

    def mask(self, name: str) -> NDArray[np.bool_]:
        """The true mask (Z, Y, X) of an organ; raises ValueError for another name."""
        mask: NDArray[np.bool_] = self.labels == self.names.index(name) + 1
        return mask


def ct_phantom(
    *,
    shape_zyx: tuple[int, int, int] = (28, 112, 128),
    spacing_xyz: tuple[float, float, float] = (2.5, 2.5, 5.0),
    noise_hu: float = 0.0,
    seed: int = 0,
) -> Phantom:
    """An abdomen of four ellipsoids in int16 HU, lying in LPS millimetres around the origin.

    `noise_hu` is the standard deviation of Gaussian noise; without it the volume is the same on every machine.
    """
    z, y, x = (np.linspace(-1.0, 1.0, n) if n > 1 else np.zeros(1) for n in shape_zyx)
    softness = _EDGE_VOXELS * 2.0 / max(shape_zyx)
    values = np.full(shape_zyx, _AIR_HU)
    labels = np.zeros(shape_zyx, dtype=np.uint8)
    for n, organ in enumerate((BODY, *ORGANS)):
        distance = _distance(organ, x, y, z)
        edge = np.clip((distance - 1.0) * min(organ.radii) / softness, -30.0, 30.0)
        inside = 1.0 / (1.0 + np.exp(edge))
        values += inside * (organ.hu - values)
        labels[distance < 1.0] = n  # the body is background: 0
    values += np.random.default_rng(seed).normal(scale=noise_hu, size=shape_zyx)
    return Phantom(
        Volume(np.rint(values).astype(np.int16), _centred(shape_zyx, spacing_xyz), modality="CT", unit="HU"),
        labels,
        tuple(organ.name for organ in ORGANS),
    )


def _distance(
    organ: Ellipsoid, x: NDArray[np.float64], y: NDArray[np.float64], z: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Distance from the centre in radii: 1 on the surface. (Z, Y, X)."""
    along = [((axis - c) / r) ** 2 for axis, c, r in zip((x, y, z), organ.centre, organ.radii, strict=True)]
    distance: NDArray[np.float64] = np.sqrt(along[2][:, None, None] + along[1][None, :, None] + along[0][None, None, :])
    return distance


def _centred(shape_zyx: tuple[int, int, int], spacing_xyz: tuple[float, float, float]) -> Geometry:
    extent = [(n - 1) * s for n, s in zip(shape_zyx[::-1], spacing_xyz, strict=True)]
    return Geometry.from_components(
        shape_zyx=shape_zyx,
        spacing_xyz=spacing_xyz,
        origin_lps=(-extent[0] / 2, -extent[1] / 2, -extent[2] / 2),
    )
