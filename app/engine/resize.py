"""Resizing as the public scripts of the SAM family do it, value for value: a network is as good as its own input.

`area` is OpenCV's INTER_AREA, which is another thing when it enlarges; `bilinear` is torch's, without antialiasing;
`antialiased` is Pillow's; `cubic` is scikit-image's of order 3 with antialiasing. Eight-bit images stay eight-bit, with
each library's own rounding; other values become float32 and are not rounded. Arrays are (rows, columns).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Method = Literal["area", "bilinear", "antialiased", "cubic"]
METHODS: tuple[Method, ...] = ("area", "bilinear", "antialiased", "cubic")
Size = tuple[int, int]

_FIXED = 2048  # OpenCV's enlarging weights are whole multiples of 1 / 2048
_CUBIC_POLE = math.sqrt(3.0) - 2.0  # of the filter that turns samples into coefficients of cubic B-splines
_GAUSSIAN_REACH = 4.0  # standard deviations that scikit-image's antialiasing looks at


def resize(image: NDArray[Any], size: Size, method: Method) -> NDArray[np.float32]:
    """An image (rows, columns) of any real dtype to (rows, columns) = `size`, float32; booleans count as eight-bit."""
    if image.dtype == np.bool_:
        image = image.astype(np.uint8)
    if image.shape == size:
        return image.astype(np.float32)
    return _METHODS[method](image, size)


def bilinear(image: NDArray[np.float32], size: Size) -> NDArray[np.float32]:
    """Bilinear interpolation as torch has it with `align_corners=False`, in either direction: float32 values."""
    rows, columns = image.shape
    (top, below, y), (left, right, x) = _neighbours(rows, size[0]), _neighbours(columns, size[1])
    one = np.float32(1)
    along = image[top] * (one - y)[:, None] + image[below] * y[:, None]  # (size[0], columns)
    return np.asarray(along[:, left] * (one - x) + along[:, right] * x, dtype=np.float32)


def _neighbours(count: int, wanted: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    """For every new place its two neighbours and the weight of the second."""
    half = np.float32(0.5)  # in single precision throughout, as torch has it
    place = np.maximum((np.arange(wanted, dtype=np.float32) + half) * np.float32(count / wanted) - half, np.float32(0))
    low = np.minimum(place.astype(np.intp), count - 1)
    return low, np.minimum(low + 1, count - 1), place - low.astype(np.float32)


def _torch(image: NDArray[Any], size: Size) -> NDArray[np.float32]:
    if image.dtype != np.uint8:
        return bilinear(image.astype(np.float32), size)
    along = _torch_blended(image.astype(np.int64).T, size[1]).T  # eight-bit values are rounded after either axis
    return _torch_blended(along, size[0]).astype(np.float32)


def _torch_blended(values: NDArray[np.int64], wanted: int) -> NDArray[np.int64]:
    """Along the first axis with the whole weights that torch has for eight-bit values, made in double precision."""
    place = np.maximum((np.arange(wanted) + 0.5) * (len(values) / wanted) - 0.5, 0.0)
    low = np.minimum(place.astype(np.intp), len(values) - 1)
    high = np.minimum(low + 1, len(values) - 1)
    second = np.where(high > low, place - low, 0.0)
    unit = 1 << 15  # the largest weight has to fit into sixteen bits with a sign
    if math.floor(max(second.max(), (1 - second).max()) * unit + 0.5) >= unit:
        unit //= 2
    first, second = (np.floor(weight * unit + 0.5).astype(np.int64)[:, None] for weight in (1 - second, second))
    return np.asarray((values[low] * first + values[high] * second + unit // 2) // unit)


def _halves_up(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.floor(values + np.float32(0.5)))


def _pillow(image: NDArray[Any], size: Size) -> NDArray[np.float32]:
    values = image if image.dtype == np.uint8 else image.astype(np.float32)
    from PIL import Image  # where it is needed: the window is there before

    resized = Image.fromarray(np.ascontiguousarray(values)).resize(size[::-1], Image.Resampling.BILINEAR)
    return np.asarray(resized, dtype=np.float32).copy()


# ------------------------------------------------------------------------------------------------------------- OpenCV


def _opencv(image: NDArray[Any], size: Size) -> NDArray[np.float32]:
    steps = tuple(n / m for n, m in zip(image.shape, size, strict=True))
    if min(steps) < 1.0:
        return _opencv_enlarged(image, size)
    whole = all(step.is_integer() for step in steps)
    values = image.astype(np.float32)
    if whole:
        y, x = (int(step) for step in steps)
        out = values.reshape(size[0], y, size[1], x).sum(axis=(1, 3), dtype=np.float32) / np.float32(y * x)
    else:
        out = _shrunk(_shrunk(values.T, size[1]).T, size[0])
    if image.dtype != np.uint8:
        return np.asarray(out)
    # Whole steps of two are the one case in which halves are rounded up.
    return _halves_up(out) if steps == (2.0, 2.0) else np.asarray(np.rint(out))


def _shrunk(values: NDArray[np.float32], wanted: int) -> NDArray[np.float32]:
    """Means along the first axis, added up one after the other as OpenCV does it: the order decides the last bit."""
    first, shares = _shares(len(values), wanted)
    out = values[first] * shares[:, :1]
    for n in range(1, shares.shape[1]):
        out += values[np.minimum(first + n, len(values) - 1)] * shares[:, n : n + 1]
    return out


def _shares(count: int, wanted: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """The first old cell that each new one covers, and (wanted, taps) which share of it and those that follow."""
    step = 1 / (wanted / count)  # as OpenCV computes it
    firsts = np.zeros(wanted, dtype=np.intp)
    shares = np.zeros((wanted, math.ceil(step) + 2), dtype=np.float32)
    for n in range(wanted):
        low, high = n * step, n * step + step
        extent = min(step, count - low)
        begin, end = math.ceil(low), min(math.floor(high), count - 1)
        begin = min(begin, end)
        firsts[n] = begin - 1 if begin - low > 1e-3 else begin
        if begin - low > 1e-3:
            shares[n, 0] = (begin - low) / extent
        shares[n, begin - firsts[n] : end - firsts[n]] = 1.0 / extent
        if high - end > 1e-3:
            shares[n, end - firsts[n]] = min(high - end, 1.0, extent) / extent
    return firsts, shares


def _opencv_enlarged(image: NDArray[Any], size: Size) -> NDArray[np.float32]:
    """INTER_AREA where an axis grows: neighbours are blended only where a new cell reaches over the border of two."""
    eight = image.dtype == np.uint8
    ways = [_area_neighbours(count, wanted) for count, wanted in zip(image.shape, size, strict=True)]
    if not eight:
        (top, below, y), (left, right, x) = ways
        values = image.astype(np.float32)
        along = values[:, left] * (1 - x) + values[:, right] * x
        return np.asarray(along[top] * (1 - y)[:, None] + along[below] * y[:, None], dtype=np.float32)
    (top, below, _), (left, right, _) = ways
    (y0, y1), (x0, x1) = (_fixed_weights(weight) for _, _, weight in ways)
    whole = image.astype(np.int64)
    fixed = whole[:, left] * x0 + whole[:, right] * x1  # in units of 1 / 2048
    blended = ((y0[:, None] * (fixed[top] >> 4)) >> 16) + ((y1[:, None] * (fixed[below] >> 4)) >> 16)
    return np.asarray(np.clip((blended + 2) >> 2, 0, 255), dtype=np.float32)


def _area_neighbours(count: int, wanted: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32]]:
    step = 1 / (wanted / count)  # as OpenCV computes it: the last bit decides where a border meets a border
    new = np.arange(wanted)
    low = np.floor(new * step).astype(np.intp)
    weight = ((new + 1) - (low + 1) * (wanted / count)).astype(np.float32)
    weight = np.where(weight <= 0, np.float32(0.0), weight - np.floor(weight))
    weight = np.where(low >= count - 1, np.float32(0.0), weight)
    low = np.minimum(low, count - 1)
    return low, np.minimum(low + 1, count - 1), weight


def _fixed_weights(weight: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first = np.rint((1 - weight) * np.float32(_FIXED)).astype(np.int64)
    return first, np.rint(weight * np.float32(_FIXED)).astype(np.int64)


# ------------------------------------------------------------------------------------------------------- scikit-image


def _scikit(image: NDArray[Any], size: Size) -> NDArray[np.float32]:
    values = image.astype(np.float64)
    for axis, wanted in enumerate(size):
        values = np.moveaxis(values, axis, 0)
        sigma = max(0.0, (len(values) / wanted - 1) / 2)
        values = _spline(_blurred(values, sigma), wanted)
        values = np.moveaxis(values, 0, axis)
    values = np.clip(values, image.min(), image.max())  # scikit-image keeps the range of what it was given
    return (np.floor(values) if image.dtype == np.uint8 else values).astype(np.float32)  # MedSAM cuts to eight bits


def _blurred(values: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """A Gaussian along the first axis; values beyond the ends are those within, mirrored at the outermost ones."""
    reach = int(_GAUSSIAN_REACH * sigma + 0.5)
    if reach == 0:
        return values
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="reflect")
    shifted = (weight * padded[n : n + len(values)] for n, weight in enumerate(kernel / kernel.sum()))
    return np.asarray(np.sum(list(shifted), axis=0))


def _spline(values: NDArray[np.float64], wanted: int) -> NDArray[np.float64]:
    """Interpolate along the first axis with cubic B-splines, mirrored at the outermost values."""
    count = len(values)
    if count == 1:
        return np.repeat(values, wanted, axis=0)
    place = (np.arange(wanted) + 0.5) * (count / wanted) - 0.5
    low = np.floor(place).astype(np.intp)
    t = (place - low)[:, None]
    weights = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 3 * (1 - t) ** 3 - 6 * (1 - t) ** 2 + 4, t**3)
    coefficients = _spline_coefficients(values)
    out = np.zeros((wanted, values.shape[1]))
    for offset, weight in enumerate(weights, start=-1):
        index = np.abs(low + offset) % (2 * (count - 1))
        out += weight / 6 * coefficients[np.minimum(index, 2 * (count - 1) - index)]
    return out


def _spline_coefficients(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Two recursive passes (Unser 1999, IEEE Signal Processing Magazine 16(6)), exact for mirrored ends."""
    pole, count = _CUBIC_POLE, len(values)
    out = 6 * values
    powers = pole ** np.arange(count)
    mirrored = powers[1:-1] + pole ** (2 * count - 2 - np.arange(1, count - 1))
    first = out[0] + powers[-1] * out[-1] + (mirrored[:, None] * out[1:-1]).sum(axis=0)
    out[0] = first / (1 - pole ** (2 * count - 2))
    for n in range(1, count):
        out[n] += pole * out[n - 1]
    out[-1] = (pole * out[-2] + out[-1]) * pole / (pole**2 - 1)
    for n in range(count - 2, -1, -1):
        out[n] = pole * (out[n + 1] - out[n])
    return out


_METHODS: dict[Method, Callable[[NDArray[Any], Size], NDArray[np.float32]]] = {
    "area": _opencv,
    "bilinear": _torch,
    "antialiased": _pillow,
    "cubic": _scikit,
}
