from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QRegion

from app.engine.plane import SliceKey
from app.engine.prompt import Box3D
from app.gui.canvas.backdrop import _around
from app.gui.canvas.slices import SliceReader


@pytest.mark.parametrize("width", [1, 4, 7, 16, 33, 64])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_that_slices_are_read_alike_in_all_directions_and_again_after_a_change(
    rng: np.random.Generator, width: int, dtype: type[np.generic]
) -> None:
    array = rng.integers(0, 100, (3, 5, width)).astype(dtype)
    reader = SliceReader()
    for key in [SliceKey(axis, index) for axis in (2, 0, 1, 2) for index in range(array.shape[axis])]:
        assert np.array_equal(reader.read(array, key), array[key.selector()])
    array += 1
    reader.forget()
    assert np.array_equal(reader.read(array, SliceKey(2, width - 1)), array[:, :, width - 1])


@pytest.mark.parametrize("step", [1, -1, 3])
def test_that_slices_are_read_alike_while_they_are_edited_between_two(rng: np.random.Generator, step: int) -> None:
    array = rng.integers(0, 100, (40, 30, 64)).astype(np.uint16)
    reader = SliceReader()
    for index in range(0, 64, abs(step))[:: int(np.sign(step))]:
        assert np.array_equal(reader.read(array, SliceKey(2, index)), array[:, :, index])
        z, y, x = (int(rng.integers(0, n - 2)) for n in array.shape)
        array[z : z + 2, y : y + 2, x : x + 2] = 200
        reader.forget(Box3D(x, y, z, x + 2, y + 2, z + 2))
        assert np.array_equal(reader.read(array, SliceKey(2, index)), array[:, :, index])
    array[...] = 7
    reader.forget(Box3D(0, 0, 0, 64, 30, 40))
    assert np.array_equal(reader.read(array, SliceKey(2, 5)), array[:, :, 5])


def test_that_a_part_of_slices_is_read_alike_while_it_is_edited_and_grows(rng: np.random.Generator) -> None:
    array = rng.integers(0, 100, (40, 30, 64)).astype(np.uint16)
    reader = SliceReader()
    for index in range(64):
        within = slice(5, 20 + index // 4), slice(3 if index < 30 else 0, 28)
        key = SliceKey(2, index)
        assert np.array_equal(reader.read(array, key, within), array[:, :, index][within])
        z, y, x = (int(rng.integers(0, n - 2)) for n in array.shape)
        array[z : z + 2, y : y + 2, x : x + 2] = 200
        reader.forget(Box3D(x, y, z, x + 2, y + 2, z + 2))
        assert np.array_equal(reader.read(array, key, within), array[:, :, index][within])
    for key in (SliceKey(0, 7), SliceKey(1, 9)):
        part = slice(2, 11), slice(4, 25)
        assert np.array_equal(reader.read(array, key, part), array[key.selector()][part])


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 9])
def test_that_all_beside_a_picture_is_filled_however_narrow_it_is(width: int) -> None:
    outer, picture = QRect(0, 0, 12, 10), QRect(2, 0, width, 10)
    inside = picture.adjusted(2, 2, -2, -2)

    filled = QRegion()
    for rect in _around(outer, inside):
        filled = filled.united(rect)

    assert QRegion(outer).subtracted(filled) == (QRegion(inside) if not inside.isEmpty() else QRegion())
