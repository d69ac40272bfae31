"""Clicks that correct a mask, as a careful person places them, given to the engine as the window gives them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from app.engine.prompt import Box, Point, Prompts
from app.engine.segmenter import Segmenter, SliceImage, SliceMask


def corrective_click(true: NDArray[np.bool_], found: NDArray[np.bool_]) -> Point | None:
    """The deepest voxel of the largest connected mistake in a mask (rows, columns); None where there is none.

    Positive where the object was missed, negative where something else was taken.
    """
    regions, count = ndimage.label(true ^ found)
    if not count:
        return None
    sizes = np.bincount(regions.ravel())
    largest = regions == 1 + int(np.argmax(sizes[1:]))
    depth = ndimage.distance_transform_edt(np.pad(largest, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return Point(float(column), float(row), bool(true[row, column]))


def corrected(segmenter: Segmenter, image: SliceImage, box: Box, true: NDArray[np.bool_]) -> Iterator[SliceMask]:
    """The mask of a box, then the masks after one, two, ... corrective clicks; ends when nothing is wrong.

    As in the window: the last mask goes with the clicks, all through the view of the box.
    """
    prompts = Prompts(box)
    view = segmenter.view_for(prompts, image.grid)
    embedding = segmenter.encode(image, view)
    while True:
        answer = segmenter.decode(embedding, [prompts])[0]
        yield answer
        click = corrective_click(true, answer.mask)
        if click is None:
            return
        prompts = Prompts(box, (*prompts.points, click), answer.mask if answer.mask.any() else None)
