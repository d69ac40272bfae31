"""Labels of a file on the grid of the image that they belong to: one rule for where labels lie, whoever reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from app.engine.geometry import Frame
from app.engine.io.limits import unreadable
from app.engine.io.open import read_volume
from app.engine.volume import Volume

_OFF_GRID = 0.1  # voxels of the finest spacing by which labels may lie beside their image: what files round


def read_label_map(path: Path, image: Volume) -> NDArray[Any]:
    """The values (Z, Y, X) of a label map on the grid of an image, of whatever dtype the file has.

    Raises ReadError where it cannot be read, is a colour picture, or has another shape than the image. Where both say
    where in the world they lie, it must be the same place, to a tenth of a voxel.
    """
    found = read_volume(path)
    if found.is_colour:
        raise unreadable(path, "it is a colour picture and no label map")
    values = on_grid(path, found.voxels, image)
    in_world = found.geometry.frame is Frame.WORLD and image.geometry.frame is Frame.WORLD
    if in_world and not found.geometry.is_close(image.geometry, min(image.geometry.spacing_zyx) * _OFF_GRID):
        raise unreadable(path, "it lies at another place than its image, or its axes run otherwise")
    return values


def on_grid(path: Path, values: NDArray[Any], image: Volume) -> NDArray[Any]:
    """Values that do not say where they lie, as (Z, Y, X); a picture's may be (Y, X). ReadError for other shapes."""
    if values.ndim == 2:
        values = values[None]
    if values.shape != image.shape_zyx:
        raise unreadable(path, f"it has another shape than its image: {values.shape} instead of {image.shape_zyx}")
    return values
