"""A picture of a slice with its labels: outlines and a light fill, as a person would want to look at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.export.png import picture_output
from app.engine.export.staging import publish, unwritable
from app.engine.geometry import Frame
from app.engine.labelmap import PALETTE
from app.engine.plane import Plane, SliceKey
from app.engine.prompt import Box
from app.engine.volume import Volume, as_eight_bits

_SMALLEST_SIDE, _LARGEST_SIDE = 768, 2048  # of the longer side of the picture, in pixels
_FILL = 0.25  # opacity
_OUTLINE_PX = 2
_BOX_COLOUR = (255, 255, 255)
_PERCENTILES = (0.5, 99.5)


def write_overlay(
    path: Path,
    volume: Volume,
    key: SliceKey,
    labels: NDArray[Any],
    *,
    boxes: Sequence[Box] = (),
    overwrite: bool = False,
) -> Path:
    """Write a PNG of the slice `key` with labels (Z, Y, X) over it, and the outlines of boxes in that slice in white.

    Grey values are shown in the file's own window, or between their outer half per cents. Pixels are square in
    millimetres, small slices are enlarged, and where the orientation is known the patient's right is at the left of the
    picture and front or head on top. Raises WriteError, and PromptError for a slice or box outside the volume.
    """
    if labels.shape != volume.shape_zyx:
        raise unwritable(path, f"the labels have shape {labels.shape}, the image {volume.shape_zyx}")
    if path.suffix.lower() != ".png":
        raise unwritable(path, "a picture is written as .png")
    key = key.checked(volume.shape_zyx)
    layout = _Layout.of(volume, key)
    picture = layout.smooth(_as_rgb(volume, key))
    _paint(picture, layout.exact(labels[key.selector()]))
    for box in boxes:
        inside = np.zeros(key.shape(volume.shape_zyx), np.uint8)
        clipped = box.clipped((inside.shape[0], inside.shape[1]))
        inside[clipped.y0 : clipped.y1, clipped.x0 : clipped.x1] = 1
        picture[_outline(layout.exact(inside))] = _BOX_COLOUR
    publish([picture_output(path, picture, {})], overwrite=overwrite)
    return path


@dataclass(frozen=True)
class _Layout:
    """How a slice (rows, columns) becomes the picture: transposed, then flipped, then resized."""

    transpose: bool
    flip_rows: bool
    flip_columns: bool
    height: int
    width: int

    @classmethod
    def of(cls, volume: Volume, key: SliceKey) -> _Layout:
        geometry = volume.geometry
        row_axis, column_axis = (axis for axis in range(3) if axis != key.axis)
        transpose = flip_rows = flip_columns = False
        if geometry.frame is Frame.WORLD:
            # The lower world axis (left before back before head) runs across the picture, the other one down it.
            transpose = geometry.world_axis_of(row_axis) < geometry.world_axis_of(column_axis)
            down, across = (column_axis, row_axis) if transpose else (row_axis, column_axis)
            flip_columns = not _runs_up(volume, across)
            flip_rows = _runs_up(volume, down) == (geometry.world_axis_of(down) == Plane.AXIAL.value)  # head on top
        rows, columns = key.shape(volume.shape_zyx)
        row_mm, column_mm = key.spacing(geometry.spacing_zyx)
        height, width = (columns * column_mm, rows * row_mm) if transpose else (rows * row_mm, columns * column_mm)
        longer = max(height, width)
        side = longer / min(row_mm, column_mm)
        side = min(max(side, _SMALLEST_SIDE), _LARGEST_SIDE)
        height, width = (max(round(extent / longer * side), 1) for extent in (height, width))
        return cls(transpose, flip_rows, flip_columns, height, width)

    def smooth(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Colours (rows, columns, 3), interpolated; a new array."""
        from PIL import Image

        image = Image.fromarray(np.ascontiguousarray(self._turned(picture)))
        return np.array(image.resize((self.width, self.height), Image.Resampling.BICUBIC))

    def exact(self, marks: NDArray[Any]) -> NDArray[Any]:
        """Labels (rows, columns), each pixel that of the voxel it lies in."""
        turned = self._turned(marks)
        rows = ((np.arange(self.height) + 0.5) * turned.shape[0] / self.height).astype(np.intp)
        columns = ((np.arange(self.width) + 0.5) * turned.shape[1] / self.width).astype(np.intp)
        chosen: NDArray[Any] = turned[rows[:, None], columns]
        return chosen

    def _turned(self, array: NDArray[Any]) -> NDArray[Any]:
        turned = array.swapaxes(0, 1) if self.transpose else array
        return turned[:: -1 if self.flip_rows else 1, :: -1 if self.flip_columns else 1]


def _runs_up(volume: Volume, axis: int) -> bool:
    """Whether the index of an array axis rises towards left, back or head."""
    geometry = volume.geometry
    return bool(geometry.direction[geometry.world_axis_of(axis), 2 - axis] > 0)


def _as_rgb(volume: Volume, key: SliceKey) -> NDArray[np.uint8]:
    """The slice as it is shown, (rows, columns, 3)."""
    pixels = volume.slice(key)
    if pixels.ndim == 3:
        return as_eight_bits(pixels)
    values = pixels.astype(np.float64)
    display = volume.display
    if display.level is not None and display.width is not None and display.width > 0:
        low, high = display.level - display.width / 2, display.level + display.width / 2
    else:
        low, high = np.percentile(values, _PERCENTILES)
        if high <= low:  # nearly constant: a few voxels may still stand out
            low, high = values.min(), values.max()
    grey = np.clip((values - low) / max(high - low, 1e-12), 0.0, 1.0)
    if display.inverted:
        grey = 1.0 - grey
    return np.repeat((grey * 255.0 + 0.5).astype(np.uint8)[..., None], 3, axis=2)


def _paint(picture: NDArray[np.uint8], marks: NDArray[Any]) -> None:
    """Fill and outline each label in its colour, in place."""
    colours = np.array(PALETTE, dtype=np.float64)[(marks.astype(np.int64) - 1) % len(PALETTE)]  # (height, width, 3)
    inside = marks > 0
    picture[inside] = (picture[inside] * (1.0 - _FILL) + colours[inside] * _FILL + 0.5).astype(np.uint8)
    outline = _outline(marks)
    picture[outline] = colours[outline].astype(np.uint8)


def _outline(marks: NDArray[Any]) -> NDArray[np.bool_]:
    """Labelled pixels that are close to a pixel of another label or to the border of the picture."""
    reach = _OUTLINE_PX
    padded = np.pad(marks, reach)
    height, width = marks.shape
    outline = np.zeros(marks.shape, np.bool_)
    for dy, dx in ((0, reach), (0, -reach), (reach, 0), (-reach, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)):
        outline |= marks != padded[reach + dy : reach + dy + height, reach + dx : reach + dx + width]
    return outline & (marks > 0)
