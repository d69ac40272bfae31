"""What a box alone gives, and a classical method with it: the figures that a network has to beat."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from app.engine.prompt import Box
from app.engine.segmenter import SliceImage
from app.engine.volume import as_eight_bits

_ROUNDS = 5
_MARGIN = 0.5  # of the box's longer side: how far round the box GrabCut learns what is background


def baseline(method: str, box: Box, image: SliceImage) -> NDArray[np.bool_]:
    """Mask (rows, columns): "box" filled, the "ellipse" inscribed in it, or "grabcut" begun from it."""
    shape = (image.grid.rows, image.grid.columns)
    if method == "grabcut":
        return _grabcut(box, image)
    mask = np.zeros(shape, dtype=bool)
    inside = mask[box.y0 : box.y1, box.x0 : box.x1]
    y, x = np.mgrid[: box.height, : box.width] + 0.5
    round_part = (2 * x / box.width - 1) ** 2 + (2 * y / box.height - 1) ** 2 <= 1
    inside[:] = round_part if method == "ellipse" else True
    return mask


def _grabcut(box: Box, image: SliceImage) -> NDArray[np.bool_]:
    """OpenCV's GrabCut in the surroundings of the box; the box filled where it has no background to learn from."""
    margin = 2 + round(_MARGIN * max(box.width, box.height))
    x0, y0 = max(box.x0 - margin, 0), max(box.y0 - margin, 0)
    rows, columns = slice(y0, box.y1 + margin), slice(x0, box.x1 + margin)
    mask = np.zeros((image.grid.rows, image.grid.columns), dtype=bool)
    mask[box.y0 : box.y1, box.x0 : box.x1] = True
    colour = _in_colour(image.pixels[rows, columns])
    state = np.where(mask[rows, columns], cv2.GC_PR_FGD, cv2.GC_BGD).astype(np.uint8)
    if (state == cv2.GC_BGD).sum() < box.width + box.height:
        return mask
    cv2.setRNGSeed(0)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))  # their models, filled on the way
    cv2.grabCut(colour, state, (0, 0, 1, 1), background, foreground, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    mask[rows, columns] = (state == cv2.GC_FGD) | (state == cv2.GC_PR_FGD)
    return mask


def _in_colour(pixels: NDArray[np.generic]) -> NDArray[np.uint8]:
    """(rows, columns, 3) in 8 bits; grey values from their half to their 99.5th percentile."""
    if pixels.ndim == 3:
        return np.ascontiguousarray(as_eight_bits(pixels))
    values = pixels.astype(np.float32)
    low, high = np.percentile(values, (0.5, 99.5))
    codes = np.clip((values - low) * (255.0 / max(float(high - low), 1e-6)), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.repeat(codes[..., None], 3, axis=2))
