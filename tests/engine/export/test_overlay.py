"""Pictures with labels over them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.engine.errors import PromptError, WriteError
from app.engine.export import write_overlay
from app.engine.geometry import Geometry
from app.engine.labelmap import PALETTE
from app.engine.plane import SliceKey
from app.engine.prompt import Box
from app.engine.volume import Display, Volume
from tests.engine.io.grids import ORIENTATIONS, oriented_affine


def volume_of(shape: tuple[int, int, int] = (4, 20, 30), affine: Any = None, **fields: Any) -> Volume:
    values = np.zeros(shape, np.int16)
    geometry = Geometry.of_pixels(shape) if affine is None else Geometry(shape, affine)
    return Volume(values, geometry, display=Display(level=100, width=100), **fields)  # 0 is black


def picture_of(path: Path, volume: Volume, key: SliceKey, labels: Any, **options: Any) -> Any:
    assert write_overlay(path / "a.png", volume, key, labels, overwrite=True, **options) == path / "a.png"
    with Image.open(path / "a.png") as image:
        assert image.mode == "RGB"
        return np.asarray(image)


def where(picture: Any, colour: tuple[int, int, int]) -> Any:
    """Rows and columns (0..1) of the pixels of exactly that colour."""
    found = np.argwhere((picture == colour).all(axis=2))
    assert len(found)
    return (found + 0.5) / picture.shape[:2]


def test_that_a_label_is_outlined_and_lightly_filled_where_it_lies(tmp_path: Path) -> None:
    volume = volume_of()
    labels = np.zeros(volume.shape_zyx, np.uint8)
    labels[2, 5:10, 6:18] = 1
    labels[2, 5:10, 18:24] = 2  # touches the first
    picture = picture_of(tmp_path, volume, SliceKey(0, 2), labels)
    assert picture.shape[:2] == (512, 768)
    for value, columns in ((1, (6, 18)), (2, (18, 24))):
        found = where(picture, PALETTE[value - 1])
        np.testing.assert_allclose(found.min(axis=0), (5 / 20, columns[0] / 30), atol=0.01)
        np.testing.assert_allclose(found.max(axis=0), (10 / 20, columns[1] / 30), atol=0.01)
    inside = picture[int(7.5 / 20 * 512), int(12 / 30 * 768)]
    np.testing.assert_allclose(inside, np.array(PALETTE[0]) * 0.25, atol=1)
    assert not picture[0, 0].any()


def test_that_pixels_are_square_in_millimetres(tmp_path: Path) -> None:
    volume = volume_of((10, 20, 30), np.diag([1.0, 1.0, 4.0, 1.0]))
    picture = picture_of(tmp_path, volume, SliceKey(1, 3), np.zeros((10, 20, 30), np.uint8))
    assert picture.shape[0] / picture.shape[1] == pytest.approx(40 / 30, rel=0.01)
    large = volume_of((1, 3000, 6000))
    assert picture_of(tmp_path, large, SliceKey(0, 0), np.zeros((1, 3000, 6000), np.uint8)).shape[:2] == (1024, 2048)
    thin = volume_of((1, 1, 5000))
    assert picture_of(tmp_path, thin, SliceKey(0, 0), np.zeros((1, 1, 5000), np.uint8)).shape[:2] == (1, 2048)


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_that_right_is_left_and_front_or_head_on_top(
    tmp_path: Path, order: tuple[int, ...], signs: tuple[float, ...]
) -> None:
    volume = volume_of((9, 9, 9), oriented_affine(order, signs))
    centre = volume.geometry.to_world(np.array([4.0, 4.0, 4.0]))
    for axis in range(3):
        normal = volume.geometry.world_axis_of(axis)
        across, down = (world for world in range(3) if world != normal)
        wanted = np.array(centre)
        wanted[across] -= 1e-6 + np.abs(volume.geometry.affine[across, :3]).max() * 3  # towards right, or front
        wanted[down] += np.abs(volume.geometry.affine[down, :3]).max() * 3 * (1 if down == 2 else -1)  # head, or front
        i, j, k = (round(float(n)) for n in volume.geometry.to_index(wanted))
        labels = np.zeros((9, 9, 9), np.uint8)
        labels[k, j, i] = 1
        found = where(picture_of(tmp_path, volume, SliceKey(axis, 4), labels), PALETTE[0]).mean(axis=0)
        np.testing.assert_allclose(found, (1.5 / 9, 1.5 / 9), atol=0.02)


def test_that_the_window_is_the_files_or_the_percentiles_and_inversion_is_shown(tmp_path: Path) -> None:
    values = np.linspace(-1000, 1000, 20 * 30).reshape(1, 20, 30)
    labels = np.zeros(values.shape, np.uint8)
    geometry = Geometry.of_pixels((1, 20, 30))
    plain = picture_of(tmp_path, Volume(values, geometry), SliceKey(0, 0), labels)
    assert plain[0].max() < 40
    assert plain[-1].min() > 215
    window = Volume(values, geometry, display=Display(level=500, width=100))
    shown = picture_of(tmp_path, window, SliceKey(0, 0), labels)
    assert shown[: shown.shape[0] // 2].max() == 0
    inverted = Volume(values, geometry, display=Display(inverted=True))
    np.testing.assert_allclose(picture_of(tmp_path, inverted, SliceKey(0, 0), labels), 255 - plain.astype(int), atol=1)
    holed = values.copy()
    holed[0, 10] = np.nan
    middle_of_row = int(10.5 / 20 * 512)
    assert picture_of(tmp_path, Volume(holed, geometry), SliceKey(0, 0), labels)[middle_of_row].max() < 10
    dot = np.zeros((1, 100, 100))
    dot[0, 50, 50] = 1
    shown = picture_of(
        tmp_path, Volume(dot, Geometry.of_pixels(dot.shape)), SliceKey(0, 0), np.zeros(dot.shape, np.uint8)
    )
    assert shown.max() > 200


def test_that_colour_is_shown_as_it_is(tmp_path: Path) -> None:
    values = np.full((1, 800, 800, 3), (10, 120, 250), np.uint8)
    volume = Volume(values, Geometry.of_pixels((1, 800, 800)))
    picture = picture_of(tmp_path, volume, SliceKey(0, 0), np.zeros((1, 800, 800), np.uint8))
    assert np.array_equal(picture, values[0])


def test_that_boxes_are_drawn_in_white_where_they_lie(tmp_path: Path) -> None:
    volume = volume_of()
    picture = picture_of(
        tmp_path, volume, SliceKey(0, 2), np.zeros(volume.shape_zyx, np.uint8), boxes=[Box(3, 4, 21, 16)]
    )
    found = where(picture, (255, 255, 255))
    np.testing.assert_allclose(found.min(axis=0), (4 / 20, 3 / 30), atol=0.01)
    np.testing.assert_allclose(found.max(axis=0), (16 / 20, 21 / 30), atol=0.01)
    assert not picture[256, 300].any()


def test_that_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    volume, labels = volume_of(), np.zeros((4, 20, 30), np.uint8)
    with pytest.raises(PromptError, match="slice 4 is outside"):
        write_overlay(tmp_path / "a.png", volume, SliceKey(0, 4), labels)
    with pytest.raises(PromptError, match="lies outside the slice"):
        write_overlay(tmp_path / "a.png", volume, SliceKey(0, 1), labels, boxes=[Box(40, 4, 50, 9)])
    with pytest.raises(WriteError, match="shape"):
        write_overlay(tmp_path / "a.png", volume, SliceKey(0, 1), labels[:2])
    with pytest.raises(WriteError, match=r"\.png"):
        write_overlay(tmp_path / "a.jpg", volume, SliceKey(0, 1), labels)
    (tmp_path / "a.png").touch()
    with pytest.raises(WriteError, match="exists already"):
        write_overlay(tmp_path / "a.png", volume, SliceKey(0, 1), labels)
