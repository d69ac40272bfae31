"""Shaping what is drawn: smoothing it, tidying it, filling it in between slices, copying it to another slice.

Each tool takes the mask of a label, a volume (Z, Y, X) or a slice (rows, columns) of it, and returns what the label
becomes as a new array; nothing here writes to a label map.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from app.engine.cleanup import clean
from app.engine.errors import PromptError
from app.engine.labelmap import slice_region
from app.engine.plane import SliceKey
from app.engine.progress import tell
from app.engine.prompt import Box, Box3D
from app.engine.strokes import Part

_REACH = 2  # standard deviations of a Gaussian within which a border moves, if the volume is kept
_MOST_OBJECTS = 64  # in two slices; more are specks, and interpolated as one object
_NUDGE = np.array((1e-3, 2e-3))  # voxels along rows and columns: halfway borders are inside on one side, not on neither


def fill_holes(mask: NDArray[np.bool_], *, axis: int | None = None) -> NDArray[np.bool_]:
    """Background that the mask encloses becomes part of it: by a closed surface, or in each slice along an axis."""
    return _tidied(mask, axis, holes=True)


def keep_largest(mask: NDArray[np.bool_], *, axis: int | None = None) -> NDArray[np.bool_]:
    """The part with the most voxels stays; of the whole mask, or in each slice along an axis."""
    return _tidied(mask, axis, largest=True)


def _tidied(
    mask: NDArray[np.bool_], axis: int | None, *, largest: bool = False, holes: bool = False
) -> NDArray[np.bool_]:
    if axis is None:
        return clean(mask, largest=largest, holes=holes).copy()
    result = np.zeros_like(mask)
    for index in _drawn(mask, axis):
        selector = SliceKey(axis, int(index)).selector()
        result[selector] = clean(mask[selector], largest=largest, holes=holes)
    return result


def copy_slice(labels: NDArray[np.uint16], value: int, source: SliceKey, target: SliceKey) -> Part | None:
    """What bears a value in one slice of a label map (Z, Y, X), as a part of another slice along the same axis.

    None where nothing does. Raises PromptError for slices that the map lacks, or along different axes.
    """
    z, y, x = labels.shape
    if source.axis != target.axis:
        raise PromptError("a slice can be copied only to one along the same axis")
    mask = labels[source.checked((z, y, x)).selector()] == value
    target.checked((z, y, x))
    box = Box.of_mask(mask)
    if box is None:
        return None
    rows, columns = slice(box.y0, box.y1), slice(box.x0, box.x1)
    return slice_region(target, rows, columns), np.expand_dims(mask[rows, columns], target.axis)


def smooth(mask: NDArray[np.bool_], spacing: Sequence[float], strength: float) -> NDArray[np.bool_]:
    """A mask (Z, Y, X) or (rows, columns) with its border smoothed and its volume kept.

    `spacing` has a value for each array axis; `strength` is the standard deviation of a Gaussian in the same unit.
    What is above a threshold after it stays, and the threshold is that which keeps the number of voxels (but for
    equal values at it): one half, the usual, wears off all that is convex, and so would a median. A part that would
    vanish stays as it was. The border of the array is no border of the object. Raises PromptError for a strength that
    is not positive.
    """
    if not 0 < strength < np.inf:
        raise PromptError(f"the strength of smoothing must be a number above 0, not {strength:g}")
    result = np.zeros_like(mask)
    if not mask.any():
        return result
    window = []
    for axis, step in enumerate(spacing):
        drawn, margin = _drawn(mask, axis), int(min(np.ceil(_REACH * strength / step), mask.shape[axis]))
        window.append(slice(max(int(drawn[0]) - margin, 0), min(int(drawn[-1]) + margin + 1, mask.shape[axis])))
    part = mask[tuple(window)]
    result[tuple(window)] = _keep_volume(_blurred(part, spacing, strength), part)
    return result


def _blurred(mask: NDArray[np.bool_], spacing: Sequence[float], strength: float) -> NDArray[np.float32]:
    """The mask after a Gaussian, continued beyond the array by the values at its border."""
    import SimpleITK as sitk  # noqa: N813  # the library's own abbreviation

    pad = 2  # the filter refuses axes of fewer than four voxels
    image = sitk.GetImageFromArray(np.pad(mask, pad, mode="edge").astype(np.float32))
    for axis, step in enumerate(spacing):
        tell()
        width = min(strength / step, float(mask.shape[axis]))  # a wider one loses its numbers, and evens out no more
        image = sitk.RecursiveGaussian(image, width, direction=mask.ndim - 1 - axis)
    blurred: NDArray[np.float32] = sitk.GetArrayFromImage(image)[(slice(pad, -pad),) * mask.ndim]
    return blurred


def _keep_volume(values: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """As many of the largest values as the mask has voxels, with all of each part that had none; spoils `values`."""
    import SimpleITK as sitk  # noqa: N813  # the library's own abbreviation

    count = int(np.count_nonzero(mask))
    parts = sitk.GetArrayFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray(mask.astype(np.uint8)), True))
    while True:
        tell()
        kept: NDArray[np.bool_] = values >= np.partition(values, -count, axis=None)[-count]
        vanished = np.bincount(parts[kept], minlength=int(parts.max()) + 1) == 0
        vanished[0] = False
        if not vanished.any():
            return kept
        values[vanished[parts]] = np.inf


def interpolate_slices(
    mask: NDArray[np.bool_], axis: int, spacing_zyx: tuple[float, float, float] = (1.0, 1.0, 1.0)
) -> NDArray[np.bool_]:
    """A mask (Z, Y, X) with the empty slices along an axis filled that lie between drawn ones; those stay as they are.

    Between two drawn slices the signed distance from the border changes evenly (Raya and Udupa 1990; Herman, Zheng and
    Bucholtz 1992), measured from a centre that moves evenly, so that an object that shifts keeps its shape. What
    overlaps in the two slices is one object; what overlaps with nothing goes with the nearest such part of the other
    slice, or ends at its slice where there is none left. `spacing_zyx` matters by the ratio of rows and columns.
    """
    result = mask.copy()
    box = Box3D.of_mask(mask)
    if box is None:
        return result
    # Slices along the first axis: (N, rows, columns), windows onto the mask and the result.
    inner = tuple(slice(span.start, span.stop) for span in (box.range_of(n) for n in range(3)))
    drawn, filled = np.moveaxis(mask[inner], axis, 0), np.moveaxis(result[inner], axis, 0)
    step = SliceKey(axis, 0).spacing(spacing_zyx)
    indices = _drawn(drawn, 0)
    for before, after in pairwise(indices):
        if after - before > 1:
            tell()
            for one, other in _objects(drawn[before], drawn[after], step):
                _fill_between(filled[before + 1 : after], one, other, step)
    return result


def _objects(
    first: NDArray[np.bool_], second: NDArray[np.bool_], step: tuple[float, float]
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """What each object has in two slices (rows, columns)."""
    import SimpleITK as sitk  # noqa: N813  # the library's own abbreviation

    joint = sitk.GetImageFromArray((first | second).astype(np.uint8))
    parts = sitk.GetArrayFromImage(sitk.ConnectedComponent(joint, True))
    count = int(parts.max())
    if count > _MOST_OBJECTS:
        yield first, second
        return
    sizes = [np.bincount(parts[mask], minlength=count + 1) for mask in (first, second)]
    for both in np.flatnonzero((sizes[0] > 0) & (sizes[1] > 0)):
        yield first & (parts == both), second & (parts == both)
    alone = [np.flatnonzero((size > 0) & (other == 0)) for size, other in (sizes, sizes[::-1])]
    centres = [
        np.array([np.argwhere(parts == part).mean(axis=0) * step for part in each]).reshape(-1, 1, 2) for each in alone
    ]
    distance = np.linalg.norm(centres[0] - centres[1].swapaxes(0, 1), axis=-1)
    for _ in range(min(distance.shape)):
        one, other = np.unravel_index(distance.argmin(), distance.shape)
        yield parts == alone[0][one], parts == alone[1][other]
        distance[one] = distance[:, other] = np.inf


def _fill_between(
    slices: NDArray[np.bool_], first: NDArray[np.bool_], second: NDArray[np.bool_], step: tuple[float, float]
) -> None:
    """Add an object to the slices (N, rows, columns) between two that show it as `first` and `second`."""
    places = [np.argwhere(mask) for mask in (first, second)]
    centres = [place.mean(axis=0) for place in places]
    low = np.min([place.min(axis=0) - centre for place, centre in zip(places, centres, strict=True)], axis=0)
    high = np.max([place.max(axis=0) - centre for place, centre in zip(places, centres, strict=True)], axis=0)
    # The size holds the object wherever its centre lies between voxels; a field holds a voxel more before it and two
    # after it, from which its values are interpolated.
    size = np.ceil(high - low).astype(int) + 2
    origins = [np.floor(centre + low).astype(int) - 1 for centre in centres]
    fields = [
        _signed_distance(_window(mask, origin, size + 3), step)
        for mask, origin in zip((first, second), origins, strict=True)
    ]
    for index, target in enumerate(slices, start=1):
        share = index / (len(slices) + 1)
        centre = (1 - share) * centres[0] + share * centres[1]
        corner = np.floor(centre + low).astype(int)
        one, other = (
            _sampled(field, corner - centre + own - origin + _NUDGE, size)
            for field, own, origin in zip(fields, centres, origins, strict=True)
        )
        inside = (1 - share) * one + share * other > 0
        start, stop = np.maximum(corner, 0), np.minimum(corner + size, target.shape)
        (y0, x0), (y1, x1) = start - corner, stop - corner
        target[start[0] : stop[0], start[1] : stop[1]] |= inside[y0:y1, x0:x1]


def _window(mask: NDArray[np.bool_], origin: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.bool_]:
    """A part of a mask (rows, columns) that may reach beyond it."""
    window = np.zeros(size, dtype=np.bool_)
    start, stop = np.maximum(origin, 0), np.minimum(origin + size, mask.shape)
    (y0, x0), (y1, x1) = start - origin, stop - origin
    window[y0:y1, x0:x1] = mask[start[0] : stop[0], start[1] : stop[1]]
    return window


def _signed_distance(mask: NDArray[np.bool_], step: tuple[float, float]) -> NDArray[np.float32]:
    """Distance of voxel centres from the border, positive inside; inside and outside there must be something."""
    import SimpleITK as sitk  # noqa: N813  # the library's own abbreviation

    def signed(inside: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Negative inside; 0 at the outermost voxels of it."""
        image = sitk.GetImageFromArray(inside.astype(np.uint8))
        image.SetSpacing(step[::-1])
        distance: NDArray[np.float32] = sitk.GetArrayFromImage(sitk.SignedMaurerDistanceMap(image, False, False, True))
        return distance

    half = np.float32(min(step) / 2)  # the border lies half a voxel from the outermost ones
    outside = signed(mask)
    if step[0] == step[1]:
        return half - outside
    # Where rows and columns differ a voxel inside must be asked for the nearest one outside, or the two sides of a
    # border across the thick voxels are not treated alike.
    return np.where(mask, signed(~mask) - half, half - outside)


def _sampled(field: NDArray[np.float32], at: NDArray[np.float64], size: NDArray[np.int64]) -> NDArray[np.float32]:
    """The values of a field from a place between its voxels on, linearly interpolated."""
    y, x = np.floor(at).astype(int)
    below, right = (at - (y, x)).astype(np.float32)
    block = field[y : y + size[0] + 1, x : x + size[1] + 1]
    rows = block[:-1] + below * (block[1:] - block[:-1])
    values: NDArray[np.float32] = rows[:, :-1] + right * (rows[:, 1:] - rows[:, :-1])
    return values


def _drawn(mask: NDArray[np.bool_], axis: int) -> NDArray[np.int64]:
    """Indices along an axis at which a mask holds anything."""
    return np.flatnonzero(mask.any(axis=tuple(other for other in range(mask.ndim) if other != axis)))
