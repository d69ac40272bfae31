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
from app.engine.labelmap import PALETTE
from app.engine.plane import SliceKey
from app.engine.prompt import Box
from app.engine.upright import Upright
from app.engine.volume import Volume, as_eight_bits
from app.engine.window import initial_window

_SMALLEST_SIDE, _LARGEST_SIDE = 768, 2048  # of the longer side of the picture, in pixels
_FILL = 0.25  # opacity
_OUTLINE_PX = 2
_BOX_COLOUR = (255, 255, 255)


def write_overlay(
    path: Path,
    volume: Volume,
    key: SliceKey,
    labels: NDArray[Any],
    *,
    boxes: Sequence[Box] = (),
    overwrite: bool = False,
    side: int | None = None,
) -> Path:
    """Write a PNG of the slice `key` with labels (Z, Y, X) over it, and the outlines of boxes in that slice in white.

    Grey values are shown through the window in which the volume is opened (`initial_window`). Pixels are square in
    millimetres, small slices are enlarged, and where the orientation is known the patient's right is at the left of the
    picture and front or head on top. `side` is the length of its longer side in pixels; without it the slice decides.
    Raises WriteError, and PromptError for a slice or box outside the volume.
    """
    if labels.shape != volume.shape_zyx:
        raise unwritable(path, f"the labels have shape {labels.shape}, the image {volume.shape_zyx}")
    if path.suffix.lower() != ".png":
        raise unwritable(path, "a picture is written as .png")
    key = key.checked(volume.shape_zyx)
    layout = _Layout.of(volume, key, side)
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
    """How a slice (rows, columns) becomes the picture: turned upright, then resized."""

    upright: Upright
    height: int
    width: int

    @classmethod
    def of(cls, volume: Volume, key: SliceKey, side: int | None) -> _Layout:
        upright = Upright.of(volume.geometry, key.axis)
        extents = [count * size for count, size in zip(upright.shape, upright.voxel_size, strict=True)]
        natural = min(max(max(extents) / min(upright.voxel_size), _SMALLEST_SIDE), _LARGEST_SIDE)
        height, width = (max(round(extent / max(extents) * (side or natural)), 1) for extent in extents)
        return cls(upright, height, width)

    def smooth(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Colours (rows, columns, 3), interpolated; a new array."""
        from PIL import Image

        image = Image.fromarray(np.ascontiguousarray(self.upright.turned(picture)))
        return np.array(image.resize((self.width, self.height), Image.Resampling.BICUBIC))

    def exact(self, marks: NDArray[Any]) -> NDArray[Any]:
        """Labels (rows, columns), each pixel that of the voxel it lies in."""
        turned = self.upright.turned(marks)
        rows = ((np.arange(self.height) + 0.5) * turned.shape[0] / self.height).astype(np.intp)
        columns = ((np.arange(self.width) + 0.5) * turned.shape[1] / self.width).astype(np.intp)
        chosen: NDArray[Any] = turned[rows[:, None], columns]
        return chosen


def _as_rgb(volume: Volume, key: SliceKey) -> NDArray[np.uint8]:
    """The slice as it is shown, (rows, columns, 3)."""
    pixels = volume.slice(key)
    if pixels.ndim == 3:
        return as_eight_bits(pixels)
    grey = initial_window(volume).to_grey(pixels, inverted=volume.display.inverted)
    return np.repeat(grey[..., None], 3, axis=2)


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
