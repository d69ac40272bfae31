"""How values become grey on the screen: windows, and those that suit an image. Never changes a value.

The model has a mapping of its own (`intensity`), so what a user does here changes no mask.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.errors import WindowError
from app.engine.volume import Kind, Volume

_WHITE = 255
# Types whose values are few enough for a table, and the type as which a value's bits are its row.
_ROWS: dict[np.dtype[Any], type[np.unsignedinteger[Any]]] = {
    np.dtype(np.uint8): np.uint8,
    np.dtype(np.int8): np.uint8,
    np.dtype(np.uint16): np.uint16,
    np.dtype(np.int16): np.uint16,
}
_SINGLE_PRECISION_RATIO = 100  # of a window's ends to its width: up to it single precision errs under 0.002 grey values
_SAMPLE = 1 << 18  # voxels that percentiles are taken of; of 262,144 a half per cent is still 1,311
_CONSTANT_WIDTH = 1e-9  # of the value of a constant image, where that is so large that one more is the same
_BACKGROUND_SHARE = 0.1  # a value that so many voxels bear is background: padding, a mask's outside, a black border


def _is_window(level: float, width: float) -> bool:
    ends = level - width / 2, level + width / 2
    return width > 0 and all(math.isfinite(number) for number in (*ends, _WHITE * width))  # to_grey multiplies by it


@dataclass(frozen=True)
class Window:
    """Values from `low` to `high` become black to white, in the volume's unit; `width` is positive.

    Raises WindowError for a width that is not positive and ends that are not finite.
    """

    level: float
    width: float

    def __post_init__(self) -> None:
        if not _is_window(self.level, self.width):
            raise WindowError(f"a window of width {self.width:g} around {self.level:g} shows nothing")

    @property
    def low(self) -> float:
        """The value that is just black."""
        return self.level - self.width / 2

    @property
    def high(self) -> float:
        """The value that is just white."""
        return self.level + self.width / 2

    @classmethod
    def between(cls, low: float, high: float) -> Window:
        """Of its ends; raises WindowError unless low < high."""
        return cls(low / 2 + high / 2, high - low)

    def to_grey(self, pixels: NDArray[Any], *, inverted: bool = False) -> NDArray[np.uint8]:
        """Grey values of a slice (rows, columns) of any real dtype, contiguous: 255 (v - low) / width, rounded half up.

        Monotone. Exact for 8- and 16-bit integers and for doubles; single precision may fall to the neighbouring grey
        where the exact value is within 0.002 of a rounding border. `inverted` is 255 minus that. NaN is 0 either way.
        """
        pixels = np.ascontiguousarray(pixels)
        if pixels.dtype == np.bool_:
            pixels = pixels.view(np.uint8)
        pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)  # a file's byte order may be another
        row = _ROWS.get(pixels.dtype)
        if row is not None:
            return _table(self, pixels.dtype, inverted).take(pixels.view(row), mode="clip")  # "raise" is slower
        grey = self._grey_of_floats(pixels)
        if inverted:
            np.subtract(_WHITE, grey, out=grey)
            grey[np.isnan(pixels)] = 0
        return grey

    def _grey_of_floats(self, pixels: NDArray[Any]) -> NDArray[np.uint8]:
        half_step = 0.5 * self.width / _WHITE  # rounds half up once the fraction is cut off
        ends = max(abs(self.low), abs(self.high))
        narrow = pixels.dtype.kind == "f" and pixels.dtype.itemsize <= 4
        grey: NDArray[Any]
        with np.errstate(over="ignore"):  # what is beyond all numbers is beyond the window
            if narrow and ends < _SINGLE_PRECISION_RATIO * self.width and 1e-30 < self.width < 1e30:
                grey = np.subtract(pixels, np.float32(self.low - half_step), dtype=np.float32)
                grey *= np.float32(_WHITE / self.width)
            else:
                grey = np.subtract(pixels, self.low, dtype=np.float64)
                grey *= _WHITE
                grey /= self.width  # the one rounding of whole numbers, which crosses no border between two greys
                grey += 0.5
        np.fmax(grey, 0, out=grey)  # of NaN and 0, fmax takes 0
        np.fmin(grey, _WHITE, out=grey)
        return grey.astype(np.uint8)


@lru_cache(maxsize=16)  # three planes, a label or two, and the windows of a drag; 64 kB each
def _table(window: Window, dtype: np.dtype[Any], inverted: bool) -> NDArray[np.uint8]:
    """Grey of every value of an 8- or 16-bit integer type, in the order of its bits read without sign."""
    row = _ROWS[dtype]
    values = np.arange(np.iinfo(row).max + 1, dtype=row).view(dtype)
    grey = window._grey_of_floats(values.astype(np.float64))
    table: NDArray[np.uint8] = np.subtract(_WHITE, grey) if inverted else grey
    table.setflags(write=False)
    return table


@dataclass(frozen=True)
class Preset:
    """A window by name. `window` None: as it opens (`initial_window`); `inverted` None: as the file says.

    Otherwise `inverted` states how the image is shown, whatever the file says.
    """

    name: str
    window: Window | None
    inverted: bool | None = None


class Origin(Enum):
    """Why an image opens in its window."""

    FILE = "file"  # it says so
    HU = "HU"  # the window of soft tissue, for values in HU
    LIKE_HU = "like HU"  # the same, for values that look like HU and of which the file says nothing
    VALUES = "values"  # what is not background, but for its extremes
    WHOLE = "whole"  # colour and labels: all there is


@dataclass(frozen=True)
class Opening:
    """How an image is shown at first, why, and the presets that suit it.

    `scale` names what its values are, such as "HU" or "MR": through a window chosen for one image others of the same
    scale may be shown. Empty where the values are of no known scale.
    """

    window: Window
    origin: Origin
    presets: tuple[Preset, ...]
    scale: str


_SOFT_TISSUE = Window(40, 400)
_CT = (
    Preset("Soft tissue", _SOFT_TISSUE),
    Preset("Lung", Window(-600, 1500)),
    Preset("Bone", Window(400, 2000)),
    Preset("Brain", Window(40, 80)),
    Preset("Mediastinum", Window(50, 350)),
    Preset("Liver", Window(90, 150)),
    Preset("Stroke", Window(40, 40)),
    Preset("Vessels", Window(160, 650)),
)
_PET_SUV = (
    Preset("SUV 0 to 6", Window.between(0, 6), inverted=True),
    Preset("SUV 0 to 10", Window.between(0, 10), inverted=True),
    Preset("SUV 0 to 15", Window.between(0, 15), inverted=True),
    Preset("SUV 0 to 6, bright on black", Window.between(0, 6), inverted=False),
)
_PERCENTILES = (
    ("Nearly all values", 0.5, 99.5),
    ("More contrast", 2.0, 98.0),
    ("High contrast", 5.0, 95.0),
    ("Dark parts", 0.5, 75.0),
    ("Bright parts", 25.0, 99.9),
)
_PADDING_HU, _AIR_HU = -3100, -500  # an image whose lowest value lies between is CT; MR of the phase reaches lower
_SOFT_HU = (-200, 250)  # fat, organs, contrast
_DENSE_HU, _RARE_HU, _OPEN_AIR_HU = (-500, math.inf), (-500, -200), (-1100, -900)
_SOFT_SHARE = 0.2  # of what is denser than lung: below it the window of soft tissue would show little
_SOFT_TO_RARE = 5  # soft tissue to what lies between lung and fat: 10 to 80 in CT, 1.5 in noise


def initial_window(volume: Volume) -> Window:
    """The window in which an image opens.

    The file's own; else that of soft tissue where the values are HU, or look like HU and the file says nothing of them;
    else the 0.5 and 99.5 percentiles of a bounded sample of what is not background. A constant image is mid-grey; NaN
    and infinities count for nothing; a label map is shown from 0 to its highest label; eight bits of colour need no
    window, and get the whole range.
    """
    return _initial(volume)[0]


def opening_of(volume: Volume) -> Opening:
    """How an image is shown at first, why, and what the keys 0 to 9 show."""
    window, origin = _initial(volume)
    grey = not volume.is_colour and volume.kind is not Kind.LABELS
    scale = ""
    if grey and (volume.unit == "HU" or origin is Origin.LIKE_HU):
        scale = "HU"
    elif grey:
        scale = f"{volume.modality} {volume.unit}".strip()
    return Opening(window, origin, presets_for(volume), scale)


def presets_for(volume: Volume) -> tuple[Preset, ...]:
    """What the keys 0 to 9 show: the window in which the image opens first, then what suits its values; at most ten.

    CT in HU has the usual windows of organs, and so has what says no unit but looks like HU (NIfTI). PET in SUV is
    shown inverted. All else has percentiles of what is not background; colour and labels only the first.
    """
    first = Preset("Chosen from the values" if _of_the_file(volume) is None else "As the file says", None)
    if volume.is_colour or volume.kind is Kind.LABELS:
        return (first,)
    whole = Preset("Whole range", _between(volume, *_all_extremes(volume)))
    if volume.unit == "SUV":
        return (first, *_PET_SUV, whole)
    values = _sample(volume)
    if volume.unit == "HU" or _may_be_hu(volume, values):
        return (first, *_CT, whole)
    values = _foreground(values)
    percentiles = [Preset(name, _percentile_window(volume, values, low, high)) for name, low, high in _PERCENTILES]
    return (first, *percentiles, whole)


def _initial(volume: Volume) -> tuple[Window, Origin]:
    filed = _of_the_file(volume)
    if filed is not None:
        return filed, Origin.FILE
    if volume.is_colour:
        return Window.between(0, _WHITE), Origin.WHOLE
    if volume.kind is Kind.LABELS:
        return _between(volume, 0.0, float(volume.voxels.max())), Origin.WHOLE
    values = _sample(volume)
    known = volume.unit == "HU"
    if (known or _may_be_hu(volume, values)) and _shows_soft_tissue(values, known=known):
        return _SOFT_TISSUE, Origin.HU if known else Origin.LIKE_HU
    return _percentile_window(volume, _foreground(values), 0.5, 99.5), Origin.VALUES


def _of_the_file(volume: Volume) -> Window | None:
    level, width = volume.display.level, volume.display.width
    if level is None or width is None or not _is_window(level, width):
        return None
    return Window(float(level), float(width))


def _sample(volume: Volume) -> NDArray[np.float64]:
    """Finite values on a coarse grid over the whole volume, at most `_SAMPLE` of them, flat; may be none."""
    steps = [1, 1, 1]
    extents = list(volume.shape_zyx)
    while int(np.prod(extents)) > _SAMPLE:
        axis = extents.index(max(extents))
        steps[axis] += 1
        extents[axis] = -(-volume.shape_zyx[axis] // steps[axis])
    values = volume.voxels[:: steps[0], :: steps[1], :: steps[2]].astype(np.float64).ravel()
    finite: NDArray[np.float64] = values[np.isfinite(values)]
    return finite


def _foreground(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sample without its commonest value, where that is common enough to be background."""
    found, counts = np.unique(values, return_counts=True)
    if len(found) < 2 or counts.max() < _BACKGROUND_SHARE * len(values):
        return values
    rest: NDArray[np.float64] = values[values != found[counts.argmax()]]
    return rest


def _may_be_hu(volume: Volume, values: NDArray[np.float64]) -> bool:
    """Whether a file that says no unit reaches from the values of air beyond that of water."""
    if volume.unit or volume.modality not in ("", "CT") or not len(values):
        return False
    return bool(_PADDING_HU <= values.min() < _AIR_HU and values.max() > 0)


def _shows_soft_tissue(values: NDArray[np.float64], *, known: bool) -> bool:
    """Whether there is enough to see between fat and contrast.

    Of values not `known` to be HU some must be those of air as well, and few lie in the gap between lung and fat.
    """
    soft, dense, rare, air = (_count(values, *ends) for ends in (_SOFT_HU, _DENSE_HU, _RARE_HU, _OPEN_AIR_HU))
    return soft > _SOFT_SHARE * dense and (known or (air > 0 and soft > _SOFT_TO_RARE * rare))


def _count(values: NDArray[np.float64], low: float, high: float) -> int:
    return int(np.count_nonzero((values >= low) & (values < high)))


def _percentile_window(volume: Volume, values: NDArray[np.float64], low: float, high: float) -> Window:
    if not len(values):
        return _between(volume, 0.0, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):  # between values at both ends of all numbers
        ends = np.percentile(values, (low, high))
    return _between(volume, float(ends[0]), float(ends[1]))


def _between(volume: Volume, low: float, high: float) -> Window:
    """From low to high where that is a range, else from the lowest to the highest voxel: a few may still stand out."""
    if not _is_window(low / 2 + high / 2, high - low):
        low, high = _all_extremes(volume)
    if not _is_window(low / 2 + high / 2, high - low):
        return Window(low, max(1.0, _CONSTANT_WIDTH * abs(low)))
    return Window.between(low, high)


def _all_extremes(volume: Volume) -> tuple[float, float]:
    """Lowest and highest of all finite voxels, 0 and 0 where there is none; slice by slice, to take little memory."""
    pairs = []
    for layer in volume.voxels:
        low, high = float(layer.min()), float(layer.max())
        if not np.isfinite(high - low):
            finite = layer[np.isfinite(layer)]
            if not finite.size:
                continue
            low, high = float(finite.min()), float(finite.max())
        pairs.append((low, high))
    return (min(low for low, _ in pairs), max(high for _, high in pairs)) if pairs else (0.0, 0.0)
