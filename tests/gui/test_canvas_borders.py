"""Borders of labels are where the labels end, to the pixel, however they are drawn."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from app.engine.outline import outline_paths
from app.gui.canvas.borders import Borders, Line

_RED, _GREEN, _BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
_EMPTY = 0xFF000000


def stamped(
    values: NDArray[np.uint16], lines: dict[int, Line], *, step: int = 10, first: int = 5, side: int = 80,
    ratio: float = 1.0,
) -> NDArray[np.uint32]:  # fmt: skip
    """An image (side, side) with the borders, voxels being `step` pixels wide and the picture beginning at `first`."""
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    image.setDevicePixelRatio(ratio)
    height, width = values.shape
    Borders.of(values).stamp(image, lines, first + step * np.arange(width + 1), first + step * np.arange(height + 1))
    return np.frombuffer(image.constBits(), np.uint32).reshape(side, side).copy()


def rgb(colour: tuple[int, int, int]) -> int:
    return 0xFF000000 | colour[0] << 16 | colour[1] << 8 | colour[2]


def block(*places: tuple[slice, slice, int]) -> NDArray[np.uint16]:
    values = np.zeros((7, 7), np.uint16)
    for rows, columns, label in places:
        values[rows, columns] = label
    return values


def test_that_borders_of_labels_are_those_of_their_outlines(rng: np.random.Generator) -> None:
    values = rng.integers(0, 4, (9, 7)).astype(np.uint16)
    borders = Borders.of(values)
    for value in (1, 2, 3):
        expected = set()
        for polygon in outline_paths(values == value):
            for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
                expected |= unit_edges(start, end)
        found = set()
        for side in np.flatnonzero(borders.label == value):
            line, along = int(borders.line[side]), int(borders.along[side])
            found.add((line, along - 8 + 0.5) if borders.upright[side] else (along + 0.5, line - 8))
        assert found == expected


def unit_edges(start: NDArray[np.floating], end: NDArray[np.floating]) -> set[tuple[float, float]]:
    """Middles of the voxel edges between two corners."""
    count = int(np.abs(end - start).max())
    return {tuple(map(float, start + (end - start) * (n + 0.5) / count)) for n in range(count)}  # type: ignore[misc]


def test_that_a_slice_without_labels_stays_as_it_is() -> None:
    assert (stamped(block(), {1: Line(_RED)}) == _EMPTY).all()


def test_that_a_border_is_a_closed_line_of_its_width_around_the_label() -> None:
    one = stamped(block((slice(2, 4), slice(1, 4), 5)), {5: Line(_RED)})
    drawn = one == rgb(_RED)
    assert drawn[25, 15:45].all()
    assert drawn[45, 15:45].all()
    assert drawn[25:45, 15].all()
    assert drawn[25:45, 45].all()
    assert not drawn[26:45, 16:45].any()
    assert not drawn[:25].any()
    assert not drawn[46:].any()
    assert not drawn[:, :15].any()
    assert not drawn[:, 46:].any()
    wide = stamped(block((slice(2, 4), slice(1, 4), 5)), {5: Line(_RED, width=2.0)}) == rgb(_RED)
    assert wide[24:26, 14:45].all()
    assert wide[24:45, 44:46].all()
    assert not wide[27:43, 17:43].any()


def test_that_lines_are_as_wide_as_the_screen_is_fine() -> None:
    fine = stamped(block((slice(2, 4), slice(1, 4), 5)), {5: Line(_RED)}, ratio=2.0) == rgb(_RED)
    assert fine[24:26, 20].all()
    assert not fine[26:40, 20].any()


def test_that_a_label_without_a_line_has_no_border() -> None:
    values = block((slice(1, 3), slice(1, 3), 2), (slice(4, 6), slice(4, 6), 9))
    image = stamped(values, {2: Line(_RED)})
    assert rgb(_RED) in image
    assert (image[45:, 45:] == _EMPTY).all()
    assert (stamped(values, {}) == _EMPTY).all()


@pytest.mark.parametrize("wide", [1, 2])
def test_that_the_wide_line_lies_over_the_other(wide: int) -> None:
    values = block((slice(1, 5), slice(1, 3), 1), (slice(1, 5), slice(3, 5), 2))
    lines = {1: Line(_RED), 2: Line(_GREEN)}
    lines[wide] = Line(_BLUE, width=2.0)
    assert (stamped(values, lines)[20:50, 35] == rgb(_BLUE)).all()


def test_that_a_broken_line_lets_the_line_below_it_be_seen() -> None:
    values = block((slice(1, 5), slice(1, 3), 1), (slice(1, 5), slice(3, 5), 2))
    shared = stamped(values, {1: Line(_RED, Qt.PenStyle.DashLine), 2: Line(_GREEN)})[20:50, 35]
    assert set(shared.tolist()) == {rgb(_RED), rgb(_GREEN)}


@pytest.mark.parametrize("pattern", [Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine])
@pytest.mark.parametrize("width", [1.0, 2.0])
def test_that_a_broken_line_has_gaps_on_all_sides_and_round_corners(pattern: Qt.PenStyle, width: float) -> None:
    steps = np.tri(20, dtype=np.uint16) * 3  # a staircase of single voxels
    image = stamped(steps, {3: Line(_RED, pattern, width)}, step=2, side=60)
    solid = stamped(steps, {3: Line(_RED, width=width)}, step=2, side=60) == rgb(_RED)
    drawn = image == rgb(_RED)
    assert not (drawn & ~solid).any()
    for part in (np.s_[:, 4:7], np.s_[44:47, :], np.s_[8:40, 8:40]):  # the left side, the lower one, the staircase
        share = np.count_nonzero(drawn[part]) / np.count_nonzero(solid[part])
        assert 0.2 < share < 0.9


@pytest.mark.parametrize("first", [-33, 5, 70])
@pytest.mark.parametrize("step", [1, 3, 200])
def test_that_what_lies_outside_the_image_is_left_out(rng: np.random.Generator, first: int, step: int) -> None:
    values = rng.integers(0, 3, (12, 12)).astype(np.uint16)
    lines = {1: Line(_RED, width=2.0), 2: Line(_GREEN, Qt.PenStyle.DotLine)}
    whole = stamped(values, lines, step=step, first=100, side=400)
    part = stamped(values, {label: Line(line.colour, width=line.width) for label, line in lines.items()}, step=step,
                   first=first)  # fmt: skip
    solid = stamped(values, {label: Line(line.colour, width=line.width) for label, line in lines.items()}, step=step,
                    first=100, side=400)  # fmt: skip
    shift = 100 - first
    assert np.array_equal(part, solid[shift : shift + 80, shift : shift + 80])
    assert set(np.unique(whole).tolist()) <= {_EMPTY, rgb(_RED), rgb(_GREEN)}
