"""Bringing a grid whose axes are not at right angles onto one whose axes are, at the true positions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.errors import GeometryError
from app.engine.geometry import Affine, Geometry

_MAX_GROWTH = 8.0  # a grid that grows more was sheared beyond sense


def is_sheared(affine: Affine) -> bool:
    """Whether a finite, invertible affine is refused by `Geometry` because its axes are not at right angles."""
    try:
        Geometry((1, 1, 1), affine)
    except GeometryError:
        return True
    return False


def rectify(voxels: NDArray[Any], affine: Affine, *, nearest: bool) -> tuple[NDArray[Any], Affine]:
    """Voxels (Z, Y, X[, 3]) on a sheared affine (index i, j, k to LPS mm), on an orthogonal grid around them.

    The first axis keeps its direction; the second and third become perpendicular to those before, with the
    perpendicular distance as spacing, so slices stay parallel to themselves. Linear, or `nearest` for labels; what lies
    outside is the smallest value (0 for labels and colour). The dtype stays. Raises GeometryError where the affine is
    (almost) singular.
    """
    rectified, shape_xyz = _enclosing_grid(affine, voxels.shape[2::-1])
    matrix = np.linalg.inv(affine) @ rectified  # new index -> old index
    fill = 0.0 if nearest or voxels.ndim == 4 else float(voxels.min())
    return _resample(voxels, matrix, shape_xyz, nearest=nearest, fill=fill), rectified


def _enclosing_grid(affine: Affine, shape_xyz: tuple[int, ...]) -> tuple[Affine, tuple[int, int, int]]:
    steps = affine[:3, :3]
    lengths = np.linalg.norm(steps, axis=0)
    axes, upper = np.linalg.qr(steps)
    signs = np.where(np.diag(upper) < 0, -1.0, 1.0)
    spacing = np.abs(np.diag(upper))
    if not np.isfinite(affine).all() or spacing.min() < 1e-3 * max(lengths.min(), 1e-9):
        raise GeometryError("the axes of the image lie almost in one plane")
    rectified = np.eye(4)
    rectified[:3, :3] = axes * signs * spacing
    last = np.array(shape_xyz, dtype=np.float64) - 1
    corners = np.array([[a, b, c, 1.0] for a in (0, last[0]) for b in (0, last[1]) for c in (0, last[2])])
    rectified[:3, 3] = affine[:3, 3]
    placed = (corners @ affine.T @ np.linalg.inv(rectified).T)[:, :3]
    low = np.floor(placed.min(axis=0) + 1e-3)
    extent = np.ceil(placed.max(axis=0) - 1e-3) - low + 1
    if np.prod(extent) > _MAX_GROWTH * np.prod(last + 1) + 2**20:
        raise GeometryError("the axes of the image are too far from right angles")
    rectified[:3, 3] += rectified[:3, :3] @ low
    x, y, z = (int(n) for n in extent)
    return rectified, (x, y, z)


def _resample(
    voxels: NDArray[Any], matrix: Affine, shape_xyz: tuple[int, int, int], *, nearest: bool, fill: float
) -> NDArray[Any]:
    import SimpleITK

    sitk: Any = SimpleITK  # Any: its stubs do not know what it takes
    wide = voxels.dtype.itemsize > 2 and voxels.dtype != np.float32
    image = sitk.GetImageFromArray(voxels.astype(np.float64 if wide else np.float32), isVector=voxels.ndim == 4)
    transform = sitk.AffineTransform(matrix[:3, :3].ravel().tolist(), matrix[:3, 3].tolist())
    resampled = sitk.Resample(
        image,
        size=shape_xyz,
        transform=transform,
        interpolator=sitk.sitkNearestNeighbor if nearest else sitk.sitkLinear,
        defaultPixelValue=fill,
    )
    out = sitk.GetArrayFromImage(resampled)
    if voxels.dtype.kind in "iu":
        out = np.rint(out)
    return np.asarray(out, dtype=voxels.dtype)
