"""The borders of all labels of a slice, stamped pixel by pixel: the cost does not grow with the number of labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

Colour = tuple[int, int, int]

_OPAQUE = 255 << 24
_PARTS = 18  # of a line, each as long as it is wide, after which a pattern begins again
_DRAWN = {
    Qt.PenStyle.SolidLine: np.array([True] * _PARTS),
    Qt.PenStyle.DashLine: np.array([True, True, True, True, False, False] * 3),
    Qt.PenStyle.DotLine: np.array([True, False, False] * 6),
    Qt.PenStyle.DashDotLine: np.array([True, True, True, True, False, False, True, False, False] * 2),
}
PATTERNS = tuple(_DRAWN)


@dataclass(frozen=True)
class Line:
    """How the border of a label is drawn; `width` in device-independent pixels."""

    colour: Colour
    pattern: Qt.PenStyle = Qt.PenStyle.SolidLine
    width: float = 1.0


@dataclass(frozen=True, eq=False)
class Borders:
    """The sides of voxels (N,) between labels of a picture (height, width), or between a label and nothing.

    The lines of the grid are counted from left to right, then on from top to bottom. A side lies on the grid's `line`
    and goes from the line `along` to the next; `upright` is 1 or, where it is level, 0. What lies between two labels is
    there for each of them.
    """

    line: NDArray[np.int64]
    along: NDArray[np.int64]
    upright: NDArray[np.int64]
    label: NDArray[np.uint16]

    @classmethod
    def of(cls, values: NDArray[np.uint16]) -> Borders:
        """Of label values (height, width), 0 outside; those of higher values come last."""
        height, width = values.shape
        row = width + 2
        padded = np.zeros((height + 2, row), dtype=values.dtype)
        padded[1:-1, 1:-1] = values
        padded = padded.ravel()
        below, right = np.flatnonzero(padded[:-row] != padded[row:]), np.flatnonzero(padded[:-1] != padded[1:])
        one = padded[np.concatenate((below, right))]
        other = padded[np.concatenate((below + row, right + 1))]
        (down, place), (place_down, across) = np.divmod(below, row), np.divmod(right, row)
        line = np.concatenate((down + (width + 1), across))
        along = np.concatenate((place - 1, place_down + width))
        upright = np.repeat((0, 1), (len(below), len(right)))
        label = np.concatenate((np.minimum(one, other), np.maximum(one, other)))
        some = np.flatnonzero(label)
        side = some % max(len(line), 1)
        return cls(line[side], along[side], upright[side], label[some])

    def stamp(
        self, image: QImage, lines: Mapping[int, Line], across: NDArray[np.int64], down: NDArray[np.int64]
    ) -> None:
        """Draw those of labels that have a line into an image of 32 bits; wide ones over narrow ones, broken ones last.

        `across` (width + 1,) and `down` (height + 1,): in which column and row of the image the lines of the grid lie.
        """
        if not lines or not len(self.label):
            return
        kinds = sorted({(line.width, PATTERNS.index(line.pattern)) for line in lines.values()})
        kind_of, colour_of = np.full(max(lines) + 2, -1), np.zeros(max(lines) + 2, np.uint32)  # the last: labels beyond
        for value, line in lines.items():
            kind_of[value] = kinds.index((line.width, PATTERNS.index(line.pattern)))
            red, green, blue = line.colour
            colour_of[value] = _OPAQUE | red << 16 | green << 8 | blue
        kind, colours = kind_of.take(self.label, mode="clip"), colour_of.take(self.label, mode="clip")
        grid = _Grid(image, across, down)
        begins, counts = grid.begins[self.line] + grid.begins[self.along], grid.counts[self.along]
        for number, (width, pattern) in enumerate(kinds):
            sides = np.flatnonzero(kind == number)
            pixels = max(round(width * image.devicePixelRatio()), 1)
            brush = _Brush(image, pixels, _DRAWN[PATTERNS[pattern]])
            if grid.is_inside(pixels):
                brush.fill(begins[sides], counts[sides], self.upright[sides], colours[sides])
            elif len(sides):
                at = grid.places
                brush.draw(
                    at[self.line[sides]],
                    at[self.along[sides]],
                    at[self.along[sides] + 1],
                    self.upright[sides],
                    colours[sides],
                )


class _Grid:
    """Where the lines between voxels lie in an image, those from left to right before those from top to bottom."""

    def __init__(self, image: QImage, across: NDArray[np.int64], down: NDArray[np.int64]) -> None:
        self.places = np.concatenate((across, down))  # in pixels
        # A line's own share of the number of a pixel of the image, and how many pixels on the next line lies.
        self.begins = np.concatenate((across, down * (image.bytesPerLine() // 4)))
        self.counts = np.diff(self.places, append=0)
        self._ends = (across[0], down[0], image.width() - across[-1], image.height() - down[-1])

    def is_inside(self, margin: int) -> bool:
        """Whether all of it lies in the image, with so many pixels around it."""
        return bool(min(self._ends) >= margin)


class _Brush:
    """Draws level and upright lines of one width, in pixels, and one pattern into an image of 32 bits."""

    def __init__(self, image: QImage, width: int, drawn: NDArray[np.bool_]) -> None:
        self._pixels = np.frombuffer(image.bits(), np.uint32)
        self._extents = np.array((image.width(), image.height()))
        self._strides = np.array((1, image.bytesPerLine() // 4))
        self._width, self._drawn = width, drawn

    def draw(
        self, place: NDArray[np.int64], start: NDArray[np.int64], stop: NDArray[np.int64],
        upright: NDArray[np.int64], colour: NDArray[np.uint32],
    ) -> None:  # fmt: skip
        """N lines, at a row from one column to before another, or the other way round; outside nothing is drawn."""
        before = self._width // 2  # so much of the width lies to the left or above
        limit, stride = self._extents[upright], self._strides[upright]
        start, stop = np.maximum(start - before, 0), np.minimum(stop + (self._width - 1 - before), limit)
        for layer in range(-before, self._width - before):
            row = place + layer
            seen = np.flatnonzero((start < stop) & (row >= 0) & (row < self._extents[1 - upright]))
            first = row[seen] * self._strides[1 - upright[seen]] + start[seen] * stride[seen]
            self._run(first, stop[seen] - start[seen], stride[seen], colour[seen])

    def fill(
        self, first: NDArray[np.int64], count: NDArray[np.int64], upright: NDArray[np.int64],
        colour: NDArray[np.uint32],
    ) -> None:  # fmt: skip
        """`draw` for lines that lie in the image with all of their width: from the pixel `first` on so many pixels."""
        before, stride = self._width // 2, self._strides[upright]
        across = (1 + self._strides[1]) - stride
        count = count + (self._width - 1)
        for layer in range(-before, self._width - before):
            self._run(first - before * stride + layer * across, count, stride, colour)

    def _run(
        self, first: NDArray[np.int64], count: NDArray[np.int64], stride: NDArray[np.int64],
        colour: NDArray[np.uint32],
    ) -> None:  # fmt: skip
        seen = np.flatnonzero(count)
        if len(seen) < len(count):
            first, count, stride, colour = first[seen], count[seen], stride[seen], colour[seen]
        if not len(count):
            return
        # All as long as the longest: the shorter ones stay at their ends. (longest, N): long rows are fast.
        found = first + np.minimum(np.arange(count.max())[:, None], count - 1) * stride
        if self._drawn.all():
            self._pixels[found] = colour
            return
        # Whether it is drawn depends on the place in the image alone, so that it does not matter where a line begins.
        y, x = np.divmod(found, self._strides[1])
        drawn = self._drawn[np.where(stride == 1, x, y) // self._width % _PARTS]
        self._pixels[found[drawn]] = np.broadcast_to(colour, found.shape)[drawn]
