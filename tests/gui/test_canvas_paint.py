"""What is seen: the right voxel at the right pixel, labels in their colours, and nothing painted in vain."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.engine.consensus import Provisional
from app.engine.geometry import Frame, Geometry
from app.engine.labelmap import PALETTE, Label
from app.engine.plane import SliceKey
from app.engine.prompt import Box, Box3D, Point
from app.engine.propagate import SliceResult
from app.engine.study import LabelChange, Study, StudySource
from app.engine.upright import Upright
from app.engine.volume import Finding, Volume
from app.engine.window import Window
from app.gui.canvas import pens
from app.gui.canvas.decorations import Notes, bar_length, draw_notes, is_approximate, position_text, window_text
from app.gui.canvas.frame import PlaneFrame
from app.gui.canvas.overlay import carried_mask, fill_table, patterns
from app.gui.canvas.paths import path_of, path_of_mask
from app.gui.canvas.picture import Pictures, halvings_for
from app.gui.document import Document
from app.gui.proposal import Carried, Preview
from app.gui.view_state import Camera, OverlayStyle, ToolKind
from tests.engine.label_maps import label_map_of
from tests.gui.canvas_hand import Canvas

_NEUTRAL = Window(127.5, 255.0)
_RED, _GREEN = (220, 30, 30), (20, 200, 60)
Colour = tuple[int, int, int]


def shown(study: Study, qtbot: QtBot, window: Window = _NEUTRAL) -> Canvas:
    """A canvas without letters and lines, voxels as they are."""
    document = Document()
    document.open(study)
    canvas = Canvas(document, qtbot)
    looks = replace(canvas.state.looks, window=window, smooth=False, show_info=False, show_crosshair=False)
    canvas.state.set_looks(looks)
    return canvas


def photo(canvas: Canvas, ratio: float = 1.0) -> QImage:
    """The view on a screen of so many pixels per device-independent pixel."""
    view = canvas.view
    image = QImage(round(view.width() * ratio), round(view.height() * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    view.render(image, QPoint(), QRegion(view.rect()))
    return image


def seen(canvas: Canvas, zyx: tuple[int, int, int], image: QImage | None = None) -> Colour:
    """The colour at the middle of a voxel."""
    image = photo(canvas) if image is None else image
    x, y = canvas.view.sight.frame.place_of(zyx)
    ratio = image.devicePixelRatio()
    colour = image.pixelColor(int(x * ratio), int(y * ratio))
    return colour.red(), colour.green(), colour.blue()


def study_of(
    voxels: NDArray[np.generic], direction: NDArray[np.float64] | None = None, labels: NDArray[np.uint16] | None = None
) -> Study:
    z, y, x = voxels.shape[:3]
    geometry = Geometry.from_components(shape_zyx=(z, y, x), spacing_xyz=(1.0, 1.5, 2.5), direction=direction)
    label_map = None if labels is None else label_map_of(labels)
    return Study(Volume(voxels, geometry), StudySource("a", ""), label_map)


def oblique(number: int) -> NDArray[np.float64]:
    order = list(permutations(range(3)))[number % 6]
    signs = list(product((1.0, -1.0), repeat=3))[number % 8]
    direction = np.zeros((3, 3))
    for column, (row, sign) in enumerate(zip(order, signs, strict=True)):
        direction[row, column] = sign
    return direction


# ------------------------------------------------------------------------------------------------------------- picture


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize("number", [0, 5, 11, 14, 19, 22])
def test_that_every_voxel_is_seen_in_its_own_grey_where_the_frame_says(
    qtbot: QtBot, rng: np.random.Generator, number: int, ratio: float
) -> None:
    voxels = rng.integers(0, 256, (4, 6, 7), dtype=np.uint8)
    canvas = shown(study_of(voxels, oblique(number)), qtbot)
    for axis in range(3):
        canvas.axis = axis
        image = photo(canvas, ratio)
        index = canvas.state.crosshair_zyx[axis]
        for zyx in np.ndindex(4, 6, 7):
            if zyx[axis] == index:
                grey = int(voxels[zyx])
                assert seen(canvas, zyx, image) == (grey, grey, grey)


@pytest.mark.parametrize("ratio", [1.25, 2.0])
def test_that_borders_of_voxels_lie_where_the_frame_says_to_the_pixel(qtbot: QtBot, ratio: float) -> None:
    voxels = np.zeros((1, 5, 5), np.uint8)
    voxels[0, 2, 2] = 255
    canvas = shown(study_of(voxels), qtbot)
    image = photo(canvas, ratio)
    left, _, right, _ = (n * ratio for n in canvas.view.sight.frame.screen_box((2, 2, 3, 3)))
    y = int(canvas.view.sight.frame.place_of((0, 2, 2))[1] * ratio)
    bright = [x for x in range(image.width()) if image.pixelColor(x, y).red() > 127]
    assert abs(bright[0] - left) <= 1
    assert abs(bright[-1] + 1 - right) <= 1


def test_that_the_window_and_its_inverse_are_seen(qtbot: QtBot) -> None:
    canvas = shown(study_of(np.full((2, 3, 3), 50, np.int16)), qtbot, Window(50, 100))
    assert seen(canvas, (1, 1, 1)) == (128, 128, 128)
    canvas.state.set_looks(replace(canvas.state.looks, window=Window(25, 100), inverted=True))
    assert seen(canvas, (1, 1, 1)) == (64, 64, 64)


def test_that_colour_is_seen_in_colour(qtbot: QtBot) -> None:
    voxels = np.zeros((1, 3, 3, 3), np.uint8)
    voxels[0, 1, 1] = (200, 100, 50)
    canvas = shown(study_of(voxels), qtbot)
    assert seen(canvas, (0, 1, 1)) == (200, 100, 50)


def test_that_smoothing_is_seen_between_voxels_and_not_in_their_middle(qtbot: QtBot) -> None:
    voxels = np.zeros((1, 2, 2), np.uint8)
    voxels[0, :, 1] = 200
    canvas = shown(study_of(voxels), qtbot)
    canvas.state.set_looks(replace(canvas.state.looks, smooth=True))
    x, y = canvas.view.sight.frame.to_screen((0.5, 0.5))
    assert 60 < photo(canvas).pixelColor(int(x), int(y)).red() < 140
    assert seen(canvas, (0, 0, 0))[0] < 5


def test_that_small_pictures_of_large_images_are_averages() -> None:
    voxels = np.zeros((1, 512, 512), np.uint8)
    voxels[0, ::2] = 200  # every other row: picking single ones would show stripes or nothing
    volume = Volume(voxels, Geometry.of_pixels((1, 512, 512)))
    upright = Upright.of(volume.geometry, 0)
    assert halvings_for((0.4, 0.4), 1.0) == (1, 1)
    assert halvings_for((0.4, 0.4), 2.0) == (0, 0)
    small = Pictures(volume).picture(SliceKey(0, 0), upright, Window(127.5, 255), halvings=(1, 1))
    assert (small.width(), small.height()) == (256, 256)
    assert {small.pixelColor(x, y).red() for x in range(0, 256, 17) for y in range(0, 256, 19)} == {100}


def test_that_pictures_are_kept_and_their_memory_is_bounded() -> None:
    volume = Volume(np.zeros((40, 1024, 1024), np.uint8), Geometry.of_pixels((40, 1024, 1024)))
    upright = Upright.of(volume.geometry, 0)
    pictures = Pictures(volume)
    first = pictures.picture(SliceKey(0, 0), upright, Window(127.5, 255))
    assert pictures.picture(SliceKey(0, 0), upright, Window(127.5, 255)) is first
    for index in range(1, 20):
        pictures.picture(SliceKey(0, index), upright, Window(127.5, 255))
    assert pictures.bytes <= 64 << 20
    assert pictures.picture(SliceKey(0, 0), upright, Window(127.5, 255)) is not first


# -------------------------------------------------------------------------------------------------------------- labels


def labelled(qtbot: QtBot) -> Canvas:
    labels = np.zeros((3, 6, 8), np.uint16)
    labels[1, 1:3, 1:4] = 1
    labels[1, 3:5, 4:7] = 2
    canvas = shown(study_of(np.full((3, 6, 8), 100, np.uint8), labels=labels), qtbot)
    for value, colour in ((1, _RED), (2, _GREEN)):
        recolour(canvas, value, colour=colour)
    canvas.document.set_active_label(2)
    canvas.state.set_looks(replace(canvas.state.looks, opacity=0.5))
    return canvas


def recolour(canvas: Canvas, value: int, **changes: object) -> None:
    label = canvas.study.labels.label(value)
    changed = replace(label, **changes)  # type: ignore[arg-type] # the test names the fields
    canvas.document.do(lambda study: study.change_labels("Change a label", [LabelChange(label, changed)]))


def mixed(colour: Colour, opacity: float, grey: int = 100) -> Colour:
    red, green, blue = (part * opacity + grey * (1 - opacity) for part in colour)
    return round(red), round(green), round(blue)


def test_that_labels_are_filled_in_their_colours_the_selected_one_stronger(qtbot: QtBot) -> None:
    canvas = labelled(qtbot)
    assert seen(canvas, (1, 2, 2)) == pytest.approx(mixed(_RED, 0.5), abs=3)
    assert seen(canvas, (1, 4, 5)) == pytest.approx(mixed(_GREEN, 0.7), abs=3)
    assert seen(canvas, (1, 0, 0)) == (100, 100, 100)
    canvas.document.set_active_label(1)
    assert seen(canvas, (1, 2, 2)) == pytest.approx(mixed(_RED, 0.7), abs=3)


def test_that_labels_are_seen_in_every_plane(qtbot: QtBot) -> None:
    canvas = labelled(qtbot)
    canvas.state.set_crosshair((1, 2, 2))
    for axis in range(3):
        canvas.axis = axis
        assert seen(canvas, (1, 2, 2)) == pytest.approx(mixed(_RED, 0.5), abs=3)


def test_that_a_hidden_label_is_not_seen(qtbot: QtBot) -> None:
    canvas = labelled(qtbot)
    recolour(canvas, 1, visible=False)
    assert seen(canvas, (1, 2, 2)) == (100, 100, 100)
    assert seen(canvas, (1, 4, 5)) != (100, 100, 100)
    canvas.state.set_looks(replace(canvas.state.looks, show_labels=False))
    assert seen(canvas, (1, 4, 5)) == (100, 100, 100)


def test_that_outlines_leave_the_inside_free(qtbot: QtBot) -> None:
    canvas = labelled(qtbot)
    canvas.state.set_looks(replace(canvas.state.looks, style=OverlayStyle.OUTLINE))
    assert seen(canvas, (1, 2, 2)) == (100, 100, 100)
    x, y = canvas.view.sight.frame.to_screen((0.5, 1.5))  # the left border of label 1
    row = [photo(canvas).pixelColor(int(x) + dx, int(y)) for dx in range(-2, 3)]
    assert any((c.red(), c.green(), c.blue()) == _RED for c in row)


def test_that_painting_undo_and_redo_are_seen_at_once(qtbot: QtBot) -> None:
    canvas = labelled(qtbot)
    assert seen(canvas, (1, 0, 0)) == (100, 100, 100)
    mask = np.ones((2, 2), dtype=bool)
    canvas.document.do(lambda study: study.paint("Paint", [(Box3D(0, 0, 1, 2, 2, 2), mask)], 1))
    assert seen(canvas, (1, 0, 0)) == pytest.approx(mixed(_RED, 0.5), abs=3)
    canvas.document.undo_stack.undo()
    assert seen(canvas, (1, 0, 0)) == (100, 100, 100)
    canvas.document.undo_stack.redo()
    assert seen(canvas, (1, 0, 0)) == pytest.approx(mixed(_RED, 0.5), abs=3)


def test_that_the_table_of_fills_leaves_unknown_values_clear() -> None:
    table = fill_table([Label(3, "a", (200, 100, 0)), Label(4, "b", (9, 9, 9), visible=False)], 0.5, active=0)
    assert table[3] == (128 << 24 | 100 << 16 | 50 << 8)
    assert set(np.flatnonzero(table)) == {3}


def test_that_labels_that_look_alike_get_different_lines() -> None:
    palette = [Label(n + 1, str(n), colour) for n, colour in enumerate((*PALETTE, *PALETTE, *PALETTE))]
    found = patterns(palette)
    assert len(set(found[: len(PALETTE)])) == 1
    for first in range(len(PALETTE)):
        assert len({found[first], found[first + len(PALETTE)], found[first + 2 * len(PALETTE)]}) == 3


def test_that_red_and_green_of_one_brightness_get_different_lines() -> None:
    red, green = patterns([Label(1, "a", (200, 60, 40)), Label(2, "b", (60, 130, 40))])
    assert red != green


def test_that_a_path_encloses_the_mask_and_leaves_its_hole() -> None:
    mask = np.zeros((6, 6), dtype=bool)
    mask[1:5, 1:5] = True
    mask[2:4, 2:4] = False
    upright = Upright.of(Geometry.of_pixels((1, 6, 6)), 0)
    image = QImage(6, 6, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    painter = QPainter(image)
    painter.fillPath(path_of_mask(mask, upright), QColor(255, 255, 255))
    painter.end()
    filled = np.array([[image.pixel(x, y) & 255 > 0 for x in range(6)] for y in range(6)])
    assert np.array_equal(filled, mask)


# ------------------------------------------------------------------------------------------------------------- preview


@pytest.mark.parametrize(("side", "unbroken"), [(10, False), (40, True)])
def test_that_a_ragged_path_is_a_thin_line_and_others_are_broken(qapp: QApplication, side: int, unbroken: bool) -> None:
    squares = [
        8 * np.array([(x, y), (x + 0.5, y), (x + 0.5, y + 0.5), (x, y + 0.5)], dtype=np.float64) + 1
        for x in range(side)
        for y in range(side)
    ]
    image = QImage(8 * side, 8 * side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(255, 255, 255))
    painter = QPainter(image)
    pens.draw_path(painter, path_of(squares), QColor(255, 0, 0), pattern=Qt.PenStyle.DashLine, width=1.0)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(8 * side, 8 * side)
    corner = pixels[:8, :8]
    reds = int((corner == QColor(255, 0, 0).rgba()).sum())
    assert reds == 16 if unbroken else 0 < reds < 16
    assert bool((corner == corner[1, 1]).sum() + (corner == QColor(255, 255, 255).rgba()).sum() == 64) == unbroken


def test_that_a_preview_is_lightly_filled_in_its_slice_alone(qtbot: QtBot) -> None:
    canvas = labelled(qtbot)
    mask = np.zeros((6, 8), dtype=bool)
    mask[0:3, 4:8] = True
    canvas.proposal.set_preview(Preview(SliceKey(0, 1), 1, Box(4, 0, 8, 3), (), mask, 0.9, fresh=True))
    assert seen(canvas, (1, 1, 6)) == pytest.approx(mixed(_RED, 0.4), abs=3)
    canvas.wheel(-120)
    assert seen(canvas, (2, 1, 6)) == (100, 100, 100)
    canvas.wheel(120)
    assert seen(canvas, (1, 1, 6)) != (100, 100, 100)
    canvas.proposal.set_preview(None)
    assert seen(canvas, (1, 1, 6)) == (100, 100, 100)


@pytest.mark.parametrize("box", [Box(2, 0, 20, 15), Box(60, 60, 78, 75), Box(0, 70, 3, 80), Box(0, 0, 80, 80)])
def test_that_the_score_is_written_by_the_preview_and_goes_with_it(qtbot: QtBot, box: Box) -> None:
    canvas = shown(study_of(np.full((1, 80, 80), 100, np.uint8)), qtbot)
    inside = np.zeros((80, 80), dtype=bool)
    inside[box.y0 : box.y1, box.x0 : box.x1] = True
    canvas.state.set_looks(replace(canvas.state.looks, show_info=True))
    empty = photo(canvas)
    canvas.proposal.set_preview(Preview(SliceKey(0, 0), 1, box, (), inside))
    without = photo(canvas)
    canvas.proposal.set_preview(Preview(SliceKey(0, 0), 1, box, (), inside, 0.91, fresh=True))
    assert photo(canvas) != without
    canvas.proposal.set_preview(None)
    assert photo(canvas) == empty


def test_that_a_doubtful_score_is_told_in_words_and_in_another_colour(qtbot: QtBot) -> None:
    canvas = shown(study_of(np.full((1, 80, 80), 100, np.uint8)), qtbot)
    canvas.state.set_looks(replace(canvas.state.looks, show_info=True))
    for doubtful, said in ((False, "Score 0.41"), (True, "Score 0.41, doubtful")):
        preview = Preview(SliceKey(0, 0), 1, Box(30, 30, 50, 50), score=0.41, fresh=True, doubtful=doubtful)
        canvas.proposal.set_preview(preview)
        image = photo(canvas)
        colours = {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}
        assert (pens.WARNING.rgb() in colours) is doubtful
        assert canvas.view.accessibleDescription() == said
    canvas.proposal.set_preview(None)
    assert canvas.view.accessibleDescription() == ""


def test_that_what_a_locked_label_keeps_is_hatched(qtbot: QtBot) -> None:
    canvas = labelled(qtbot)
    mask = np.ones((6, 8), dtype=bool)
    blocked = np.zeros((6, 8), dtype=bool)
    blocked[0:2, 4:8] = True
    canvas.proposal.set_preview(Preview(SliceKey(0, 1), 1, None, (), mask, fresh=True, blocked=blocked))
    image = photo(canvas)
    left, top, right, bottom = (int(n) for n in canvas.view.sight.frame.screen_box((5, 0, 7, 1)))
    colours = {image.pixel(x, y) for x in range(left + 3, right - 3) for y in range(top + 3, bottom - 3)}
    assert 0xFFFFFFFF in colours
    assert len(colours) > 1


def test_that_points_are_seen_and_differ_without_colour(qtbot: QtBot) -> None:
    canvas = shown(study_of(np.full((1, 20, 20), 100, np.uint8)), qtbot)
    points = (Point(5, 5), Point(14, 5, positive=False))
    canvas.proposal.set_preview(Preview(SliceKey(0, 0), 1, None, points))
    image = photo(canvas)
    strokes = []
    for point in points:
        x, y = canvas.view.sight.frame.to_screen((point.x, point.y))
        around = [image.pixelColor(int(x), int(y) + dy).lightness() for dy in (-3, 3)]
        strokes.append(max(around) < 60)  # the upright stroke of a plus
        assert seen(canvas, (0, int(point.y), int(point.x)), image) != (100, 100, 100)
    assert strokes == [True, False]


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_carried_masks_are_seen_in_all_planes(axis: int, rng: np.random.Generator) -> None:
    solid = rng.random((4, 5, 6)) > 0.4
    np.moveaxis(solid, axis, 0)[0] = False
    layers = [np.asarray(layer) for layer in np.moveaxis(solid, axis, 0)]
    masks = {n: SliceResult(SliceKey(axis, n), layer, 0.9, 1.0) for n, layer in enumerate(layers) if n}
    carried = Carried(axis, 1, masks)
    for other in range(3):
        for index, expected in enumerate(np.moveaxis(solid, other, 0)):
            found = carried_mask(carried, SliceKey(other, index), (expected.shape[0], expected.shape[1]))
            assert np.array_equal(expected, np.zeros_like(expected) if found is None else found)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_what_is_expected_is_seen_in_all_planes_where_nothing_is_carried_yet(
    axis: int, rng: np.random.Generator
) -> None:
    box = Box3D(1, 2, 1, 6, 5, 3)
    inside = rng.random((2, 3, 5)) > 0.4
    solid = np.zeros((4, 5, 6), dtype=np.bool_)
    solid[1:3, 2:5, 1:6] = inside
    layers = np.moveaxis(solid, axis, 0)
    layers[2] = rng.random(layers[2].shape) > 0.4  # has been carried, and is not what was expected
    masks = {2: SliceResult(SliceKey(axis, 2), np.ascontiguousarray(layers[2]), 0.9, 1.0)}
    carried = Carried(axis, 1, masks, expected=Provisional(box, inside))
    for other in range(3):
        for index, expected in enumerate(np.moveaxis(solid, other, 0)):
            found = carried_mask(carried, SliceKey(other, index), (expected.shape[0], expected.shape[1]))
            assert np.array_equal(expected, np.zeros_like(expected) if found is None else found)


def test_that_a_carried_mask_is_seen_when_it_comes(qtbot: QtBot) -> None:
    canvas = labelled(qtbot)
    mask = np.ones((6, 8), dtype=bool)
    assert seen(canvas, (1, 0, 0)) == (100, 100, 100)
    found = {1: SliceResult(SliceKey(0, 1), mask, 0.9, 1.0)}
    canvas.proposal.set_carried(Carried(0, 1, found), SliceKey(0, 1))
    assert seen(canvas, (1, 0, 0)) == pytest.approx(mixed(_RED, 0.4), abs=3)
    canvas.proposal.set_carried(None)
    assert seen(canvas, (1, 0, 0)) == (100, 100, 100)


# ------------------------------------------------------------------------------------------------------------- repaint


class Repaints(QObject):
    """Counts what is painted, by axis."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self.areas: dict[int, list[QRect]] = {0: [], 1: [], 2: []}
        self._axes = {view: axis for axis, view in enumerate(canvas.planes.views)}
        self.forget()
        for view in canvas.planes.views:
            view.installEventFilter(self)

    def forget(self) -> None:
        QApplication.processEvents()
        for areas in self.areas.values():
            areas.clear()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if isinstance(event, QPaintEvent):
            self.areas[self._axes[watched]].append(event.rect())  # type: ignore[index] # views alone are watched
        return False

    def axes(self) -> set[int]:
        QApplication.processEvents()
        return {axis for axis, areas in self.areas.items() if areas}


def test_that_an_edit_repaints_the_slices_it_lies_in(qtbot: QtBot) -> None:
    canvas = labelled(qtbot)
    canvas.state.set_crosshair((1, 5, 7))
    repaints = Repaints(canvas)
    mask = np.ones((2, 2), dtype=bool)
    canvas.document.do(lambda study: study.paint("Paint", [(Box3D(0, 0, 1, 2, 2, 2), mask)], 1))
    assert repaints.axes() == {0}
    repaints.forget()
    canvas.document.do(lambda study: study.paint("Paint", [(Box3D(0, 0, 2, 2, 2, 3), mask)], 1))
    assert repaints.axes() == set()


def test_that_a_preview_repaints_its_own_place_alone(qtbot: QtBot) -> None:
    canvas = labelled(qtbot)
    repaints = Repaints(canvas)
    canvas.proposal.set_preview(Preview(SliceKey(0, 1), 1, Box(0, 0, 2, 2)))
    assert repaints.axes() == {0}
    area = repaints.areas[0][-1]
    assert area.width() * area.height() < 0.3 * canvas.view.width() * canvas.view.height()
    repaints.forget()
    canvas.proposal.set_preview(Preview(SliceKey(0, 2), 1, Box(0, 0, 2, 2)))
    canvas.proposal.set_preview(None)
    assert repaints.axes() == {0}  # where the old one was


# --------------------------------------------------------------------------------------------------------------- notes


def test_that_positions_are_stated_by_side_and_in_the_world_alone() -> None:
    affine = np.diag([1.0, 2.0, 3.0, 1.0])
    affine[:3, 3] = (12.34, -40.1, -22.0)
    assert position_text(Geometry((5, 5, 5), affine), (1, 2, 0)) == "L 12.3  A 36.1  I 19.0 mm"
    assert position_text(Geometry((5, 5, 5), affine, Frame.SPACING), (1, 2, 0)) == ""


def noted(width: int, letters: tuple[str, str, str, str], *titles: str) -> NDArray[np.uint8]:
    """What is written over a view of a width, (height, width): 0 where nothing is."""
    image = QImage(width, 200, QImage.Format.Format_Grayscale8)
    image.fill(0)
    upright = Upright.of(Geometry.from_components(shape_zyx=(112, 64, 64), spacing_xyz=(1.0, 1.0, 1.0)), 0)
    positions = ("L 112.3  A 136.1  I 1019.0 mm", "L 112  A 136  I 1019 mm") if titles else ()
    notes = Notes(letters, titles, "W 2000  L -500" if titles else "", positions, approximate=False, ready=None)
    painter = QPainter(image)
    painter.setPen(QColor(255, 255, 255))
    draw_notes(painter, PlaneFrame(upright, Camera(), (width, 200)), notes)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(200, image.bytesPerLine())[:, :width].copy()


@pytest.mark.parametrize("width", [120, 150, 180, 210, 239, 241, 300, 360, 420, 510])
def test_that_texts_in_the_corners_leave_the_letters_alone(qapp: QApplication, width: int) -> None:
    letters, plain = noted(width, ("R", "A", "L", "P")), noted(width, ("", "", "", ""))
    everything = noted(width, ("R", "A", "L", "P"), "Sagittal  57 / 112", "57 / 112", "57")
    for rows in (slice(0, 30), slice(170, 200)):  # of the letters above and below
        columns = np.flatnonzero((letters[rows] != plain[rows]).any(axis=0))
        around = slice(columns[0] - 2, columns[-1] + 3)
        assert np.array_equal(everything[rows, around], letters[rows, around])
    assert everything[:30, : width // 2 - 10].any()  # the number of the slice, at least


def test_that_a_view_with_room_tells_plane_and_number(qapp: QApplication) -> None:
    full, number = "Sagittal  57 / 112", "57 / 112"
    assert np.array_equal(noted(400, ("R", "A", "L", "P"), full, number), noted(400, ("R", "A", "L", "P"), full))
    assert np.array_equal(noted(180, ("R", "A", "L", "P"), full, number), noted(180, ("R", "A", "L", "P"), number))


def test_that_a_window_is_told_in_the_digits_it_needs() -> None:
    assert window_text(Window(40, 400)) == "W 400  L 40"
    assert window_text(Window(0.0123, 0.5)) == "W 0.500  L 0.012"


def test_that_the_scale_bar_is_round_and_fits() -> None:
    geometry = Geometry.from_components(shape_zyx=(10, 100, 100), spacing_xyz=(0.7, 0.7, 0.7))
    for zoom in np.geomspace(0.01, 200, 60):
        frame = PlaneFrame(Upright.of(geometry, 0), Camera((35.0, 35.0), float(zoom)), (400.0, 400.0))
        length = bar_length(frame)
        assert f"{length:.0e}"[0] in "125"
        assert float(f"{length:.0e}") == pytest.approx(length)
        assert 0.1 * 400 <= length * zoom <= 0.3 * 400 + 1e-6


def test_that_a_mended_geometry_is_called_approximate() -> None:
    geometry = Geometry.from_components(shape_zyx=(1, 2, 2), spacing_xyz=(1.0, 1.0, 1.0))
    voxels = np.zeros((1, 2, 2), np.uint8)
    assert is_approximate(Volume(voxels, geometry, findings=(Finding("gantry-tilt", "tilted"),)))
    assert not is_approximate(Volume(voxels, geometry, findings=(Finding("mosaic", "tiles"),)))
    assert not is_approximate(Volume(voxels, Geometry.of_pixels((1, 2, 2)), findings=(Finding("resampled", "x"),)))


@pytest.mark.parametrize("grey", [0, 255])
def test_that_texts_can_be_read_on_black_and_on_white(qtbot: QtBot, grey: int) -> None:
    canvas = shown(study_of(np.full((1, 40, 50), grey, np.uint8)), qtbot)
    canvas.state.set_camera(0, Camera((25.0, 30.0), 40.0))  # the image fills the view
    canvas.state.set_looks(replace(canvas.state.looks, show_info=True))
    image = photo(canvas)
    width = canvas.view.width()
    text = [(x, y) for x in (*range(8, 60), *range(width - 90, width)) for y in range(8, 26)]
    area = [image.pixelColor(x, y).lightness() for x, y in text]
    assert max(area) > 200
    assert min(area) < 100


def test_that_the_readiness_dot_is_filled_when_the_slice_is_encoded(qtbot: QtBot) -> None:
    canvas = labelled(qtbot)
    canvas.state.set_looks(replace(canvas.state.looks, show_info=True))
    before = photo(canvas)
    canvas.proposal.set_ready(frozenset({SliceKey(0, 1)}))
    after = photo(canvas)
    greener = [
        (x, y) for x in range(40) for y in range(canvas.view.height() - 40, canvas.view.height())
        if after.pixelColor(x, y).green() > before.pixelColor(x, y).green() + 60
    ]  # fmt: skip
    assert len(greener) > 20


def test_that_the_tip_of_a_brush_has_its_true_size(qtbot: QtBot) -> None:
    canvas = shown(study_of(np.full((1, 40, 40), 100, np.uint8)), qtbot)
    canvas.pick(ToolKind.BRUSH, brush_radius=6.0)
    bare = photo(canvas)
    canvas.hover(canvas.at(20, 20))
    image = photo(canvas)
    x, y = (int(n) for n in canvas.at(20, 20))
    changed = [dx for dx in range(150) if image.pixel(x + dx, y) != bare.pixel(x + dx, y)]
    assert abs(np.mean(changed) - 6.0 * canvas.view.sight.frame.finer) < 1.5
