"""Labels over a slice: their fill as an image, their borders as sides of voxels, kept until something changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage

from app.engine.consensus import Provisional
from app.engine.labelmap import LARGEST_VALUE, Label, LabelMap
from app.engine.plane import SliceKey
from app.engine.prompt import Box3D
from app.engine.upright import Upright
from app.gui.canvas.borders import PATTERNS, Borders, Colour, Line
from app.gui.canvas.slices import SliceReader
from app.gui.proposal import Carried
from app.gui.view_state import Looks, OverlayStyle

_ACTIVE_FILL = 1.4  # the selected label's opacity against the others'
_BORDER_PX, _ACTIVE_BORDER_PX = 1.0, 2.0
_KEPT = 12  # slices: three planes and their last neighbours
_ALIKE = 30.0  # distance of two colours, of 255, under which one who sees no red or no green may take one for the other


@dataclass(frozen=True, eq=False)
class LabelLayer:
    """All labels of a slice in `area` of the picture (voxels), None where there are none.

    `fill` covers it and is None where nothing is filled; `lines` are by label.
    """

    area: QRect | None = None
    fill: QImage | None = None
    borders: Borders | None = None
    lines: Mapping[int, Line] = field(default_factory=dict)


class LabelOverlay:
    """What the label map looks like, slice by slice."""

    def __init__(self, labels: LabelMap) -> None:
        self._labels = labels
        self._reader = SliceReader()
        self._kept: OrderedDict[SliceKey, LabelLayer] = OrderedDict()
        self._style: tuple[float, OverlayStyle, int] | None = None
        self._lines: Mapping[int, Line] = {}
        self._table: NDArray[np.uint32] = np.zeros(0, dtype=np.uint32)

    def layer(self, key: SliceKey, upright: Upright, looks: Looks, active: int) -> LabelLayer:
        """The labels of a slice; `active` is the value of the selected one."""
        style = (looks.opacity, looks.style, active)
        if style != self._style:
            self.forget()
            self._style = style
            self._table = fill_table(self._labels.labels, looks.opacity, active)
            self._lines = lines_of(self._labels.labels, active)
        layer = self._kept.get(key)
        if layer is None:
            layer = self._drawn(key, upright, looks)
            self._kept[key] = layer
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return layer

    def forget(self, region: Box3D | None = None) -> None:
        """Draw again what lies in a region of the volume; None: everything, names and colours included."""
        self._reader.forget(region)
        if region is None:
            self._kept.clear()
            self._style = None
            return
        for key in [key for key in self._kept if key.index in region.range_of(key.axis)]:
            del self._kept[key]

    def _drawn(self, key: SliceKey, upright: Upright, looks: Looks) -> LabelLayer:
        around = self._around(key)
        if around is None:
            return LabelLayer()
        values = self._reader.read(self._labels.voxels, key, around)
        inside = _extent(values)
        if inside is None:
            return LabelLayer()
        filled = None
        turned = np.ascontiguousarray(upright.turned(values[inside]))
        if looks.style is not OverlayStyle.OUTLINE:
            filled = self._filled(turned)
        rows, columns = (
            slice(part.start + whole.start, part.stop + whole.start) for part, whole in zip(inside, around, strict=True)
        )
        return LabelLayer(_turned_area((rows, columns), upright), filled, Borders.of(turned), self._lines)

    def _around(self, key: SliceKey) -> tuple[slice, slice] | None:
        """Rows and columns of a slice that hold all its labels, and perhaps more; None where it has none."""
        census = self._labels.census
        boxes = [box for value in census.values if (box := census.box(value)) and key.index in box.range_of(key.axis)]
        if not boxes:
            return None
        ranges = [[box.range_of(axis) for box in boxes] for axis in range(3) if axis != key.axis]
        rows, columns = (slice(min(r.start for r in some), max(r.stop for r in some)) for some in ranges)
        return rows, columns

    def _filled(self, values: NDArray[np.uint16]) -> QImage:
        height, width = values.shape
        image = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
        pixels = np.frombuffer(image.bits(), np.uint32).reshape(height, width)
        np.take(self._table, values, out=pixels, mode="clip")  # any other mode would copy
        return image


def fill_table(labels: Sequence[Label], opacity: float, active: int) -> NDArray[np.uint32]:
    """Premultiplied ARGB of every value of a label map; what is hidden or unknown is transparent."""
    table = np.zeros(LARGEST_VALUE + 1, dtype=np.uint32)
    for label in labels:
        if label.visible:
            alpha = min(opacity * (_ACTIVE_FILL if label.value == active else 1.0), 1.0)
            red, green, blue = (round(part * alpha) for part in label.colour)
            table[label.value] = round(255 * alpha) << 24 | red << 16 | green << 8 | blue
    return table


def lines_of(labels: Sequence[Label], active: int) -> dict[int, Line]:
    """How the borders of the labels that are shown are drawn; `active` is the value of the selected one."""
    return {
        label.value: Line(label.colour, pattern, _ACTIVE_BORDER_PX if label.value == active else _BORDER_PX)
        for label, pattern in zip(labels, patterns(labels), strict=True)
        if label.visible
    }


def patterns(labels: Sequence[Label]) -> list[Qt.PenStyle]:
    """How the border of each label is drawn: solid, unless an earlier one could be taken for it."""
    found: list[Qt.PenStyle] = []
    for number, label in enumerate(labels):
        before = {
            pattern for other, pattern in zip(labels[:number], found, strict=True) if _alike(label.colour, other.colour)
        }
        free = [pattern for pattern in PATTERNS if pattern not in before]
        found.append(free[0] if free else PATTERNS[number % len(PATTERNS)])
    return found


def carried_mask(carried: Carried, key: SliceKey, shape: tuple[int, int]) -> NDArray[np.bool_] | None:
    """What carried masks show in a slice of (rows, columns) of any plane; None where there is nothing."""
    if carried.axis == key.axis and key.index in carried.slices:
        mask = carried.slices[key.index].mask
        return mask if mask.any() else None
    cut = np.zeros(shape, dtype=np.bool_)
    if carried.expected is not None:
        _add_expected(cut, carried.expected, key)
    if carried.axis != key.axis:
        # The carried axis is one axis of this slice, and this slice's axis is one of each mask's.
        across = [axis for axis in range(3) if axis != key.axis].index(carried.axis)
        within = [axis for axis in range(3) if axis != carried.axis].index(key.axis)
        for index, result in carried.slices.items():
            line = result.mask.take(key.index, axis=within)
            cut[(slice(None),) * across + (index,)] = line
    return cut if cut.any() else None


def _add_expected(cut: NDArray[np.bool_], expected: Provisional, key: SliceKey) -> None:
    """Put into a slice (rows, columns) what is expected there."""
    along, outline = expected.box.range_of(key.axis), expected.box.in_slice(key.axis)
    if key.index in along:
        place = SliceKey(key.axis, key.index - along.start).selector()
        cut[outline.y0 : outline.y1, outline.x0 : outline.x1] = expected.mask[place]


def _extent(values: NDArray[np.uint16]) -> tuple[slice, slice] | None:
    """Rows and columns that hold any label."""
    rows = np.flatnonzero(values.max(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(values[rows[0] : rows[-1] + 1].max(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _turned_area(inside: tuple[slice, slice], upright: Upright) -> QRect:
    corners = np.array(((inside[1].start, inside[0].start), (inside[1].stop, inside[0].stop)), dtype=np.float64)
    turned = upright.to_picture(corners)
    (x0, y0), (x1, y1) = turned.min(axis=0), turned.max(axis=0)
    return QRect(round(x0), round(y0), round(x1 - x0), round(y1 - y0))


def _alike(one: Colour, other: Colour) -> bool:
    """Whether brightness and yellow to blue, which all but few eyes see, leave two colours close to one another."""
    return bool(np.hypot(*np.subtract(_seen(one), _seen(other))) < _ALIKE)


def _seen(colour: Colour) -> tuple[float, float]:
    red, green, blue = colour
    brightness = 0.299 * red + 0.587 * green + 0.114 * blue
    return brightness, (blue - brightness) / 2
