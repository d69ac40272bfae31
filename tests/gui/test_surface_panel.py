"""The 3-D view of surfaces: what is seen from where, by which keys, and what is said where nothing can be drawn."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.engine.geometry import Geometry
from app.engine.labelmap import Label
from app.engine.surface import surface_of
from app.gui.panels import drawable as drawables
from app.gui.panels.drawable import Drawable, drawable_of
from app.gui.panels.scene3d import NoOpenGLError, Scene3D, libraries_are_loaded, load_libraries
from app.gui.panels.surface import SurfacePanel

NO_BUTTON, NO_MODIFIER = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
RED, BLUE = Label(1, "right", (255, 0, 0)), Label(2, "left", (0, 0, 255))
SIDE = 240  # pixels of the panel


def ball(centre_xyz: tuple[int, int, int], radius: float = 8.0, extent: int = 60) -> Drawable:
    z, y, x = np.ogrid[:extent, :extent, :extent]
    cx, cy, cz = centre_xyz
    mask = ((z - cz) ** 2 + (y - cy) ** 2 + (x - cx) ** 2 < radius**2).astype(np.uint8)
    geometry = Geometry.from_components(shape_zyx=mask.shape, spacing_xyz=(1.0, 1.0, 1.0))
    made = drawable_of(surface_of(mask, 1, geometry))
    assert made is not None
    return made


RIGHT_FRONT_FEET, LEFT_BACK_HEAD = (12, 12, 12), (46, 46, 46)  # towards these ends of the axes in LPS


@pytest.fixture
def panel(qtbot: QtBot) -> SurfacePanel:
    """Two balls: a red one at the right, in front, below; a blue one at the left, behind, above."""
    try:
        Scene3D()
    except NoOpenGLError:
        pytest.skip("no OpenGL here")
    made = SurfacePanel()
    qtbot.addWidget(made)
    made.resize(SIDE, SIDE)
    made.begin(True)
    made.set_labels([RED, BLUE])
    made.set_surfaces({1: ball(RIGHT_FRONT_FEET), 2: ball(LEFT_BACK_HEAD)})
    made.show()
    return made


def picture(panel: SurfacePanel) -> QImage:
    panel.clearFocus()  # the frame of the focus has a colour, too
    return panel.grab().toImage()


def place(panel: SurfacePanel, label: Label) -> tuple[float, float] | None:
    """Middle (across, down) of what has nearly a label's hue, in parts of the panel; None where nothing has."""
    image = picture(panel).convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)
    strongest = int(np.argmax(label.colour))
    others = [each for each in range(3) if each != strongest]
    mask = (pixels[..., strongest] > 60) & (pixels[..., strongest] > 2 * pixels[..., others].max(axis=2))
    if not mask.any():
        return None
    down, across = np.nonzero(mask)
    return float(across.mean() / image.width()), float(down.mean() / image.height())


def press(panel: SurfacePanel, key: Qt.Key, text: str = "") -> None:
    QApplication.sendEvent(panel, QKeyEvent(QEvent.Type.KeyPress, key, NO_MODIFIER, text))


def drag(panel: SurfacePanel, by: QPoint, button: Qt.MouseButton, shift: bool = False) -> None:
    modifiers = Qt.KeyboardModifier.ShiftModifier if shift else NO_MODIFIER
    start = QPointF(panel.rect().center())
    for kind, at, cause, held in (
        (QEvent.Type.MouseButtonPress, start, button, button),
        (QEvent.Type.MouseMove, start + QPointF(by), NO_BUTTON, button),
        (QEvent.Type.MouseButtonRelease, start + QPointF(by), button, NO_BUTTON),
    ):
        QApplication.sendEvent(panel, QMouseEvent(kind, at, panel.mapToGlobal(at), cause, held, modifiers))


# From a side: whether red is left of blue in the picture, and whether it is below it.
SIDES = {
    Qt.Key.Key_A: (True, True),
    Qt.Key.Key_P: (False, True),
    Qt.Key.Key_R: (False, True),  # the front is at the right hand
    Qt.Key.Key_L: (True, True),
    Qt.Key.Key_S: (False, False),  # from the head, the front on top: the patient's right at the right hand
    Qt.Key.Key_I: (True, False),
}


@pytest.mark.parametrize("key", SIDES)
def test_that_each_side_shows_the_patient_as_one_would_see_him(panel: SurfacePanel, key: Qt.Key) -> None:
    press(panel, key)
    seen = [place(panel, label) for label in (RED, BLUE)]
    red, blue = (at for at in seen if at is not None)
    left, below = SIDES[key]
    assert (red[0] < blue[0]) == left
    assert (red[1] > blue[1]) == below


def test_that_a_hidden_label_is_not_seen_and_a_colour_is_the_labels(panel: SurfacePanel) -> None:
    assert place(panel, BLUE) is not None
    panel.set_labels([RED, Label(2, "left", (0, 0, 255), visible=False)])
    assert place(panel, BLUE) is None
    panel.set_labels([Label(1, "right", (0, 0, 255)), Label(2, "left", (0, 0, 255), visible=False)])
    assert place(panel, RED) is None
    assert place(panel, BLUE) is not None


@pytest.mark.parametrize(
    ("button", "shift"),
    [(Qt.MouseButton.MiddleButton, False), (Qt.MouseButton.LeftButton, True)],
    ids=["middle button", "Shift"],
)
def test_that_what_is_moved_goes_with_the_mouse(panel: SurfacePanel, button: Qt.MouseButton, shift: bool) -> None:
    panel.set_surfaces({1: ball((30, 30, 30))})  # in the middle, so no perspective
    before = place(panel, RED)
    drag(panel, QPoint(SIDE // 8, SIDE // 16), button, shift)
    after = place(panel, RED)
    assert before is not None
    assert after is not None
    assert after[0] - before[0] == pytest.approx(1 / 8, abs=0.02)
    assert after[1] - before[1] == pytest.approx(1 / 16, abs=0.02)


def test_that_what_is_near_follows_the_hand_when_it_is_turned(panel: SurfacePanel) -> None:
    press(panel, Qt.Key.Key_A)
    before = place(panel, RED)  # in front
    drag(panel, QPoint(40, 0), Qt.MouseButton.LeftButton)
    after = place(panel, RED)
    assert before is not None
    assert after is not None
    assert after[0] > before[0]


def test_that_wheel_plus_and_right_button_come_nearer(panel: SurfacePanel) -> None:
    def size() -> int:
        image = picture(panel)
        background = QColor(image.pixel(SIDE // 2, 2))
        return sum(QColor(image.pixel(x, y)) != background for x in range(0, SIDE, 4) for y in range(0, SIDE, 4))

    panel.begin(False)  # no cross of axes
    panel.set_surfaces({1: ball((30, 30, 30)), 2: ball((12, 12, 12), 2.0), 3: ball((48, 48, 48), 2.0)})
    sizes = [size()]
    press(panel, Qt.Key.Key_Plus, "+")
    sizes.append(size())
    drag(panel, QPoint(0, -20), Qt.MouseButton.RightButton)
    sizes.append(size())
    at = QPointF(panel.rect().center())
    wheel = QWheelEvent(
        at, panel.mapToGlobal(at), QPoint(), QPoint(0, 240), NO_BUTTON, NO_MODIFIER, Qt.ScrollPhase.NoScrollPhase, False
    )
    QApplication.sendEvent(panel, wheel)
    sizes.append(size())
    assert sizes == sorted(set(sizes))


def test_that_home_and_a_double_click_bring_all_back(panel: SurfacePanel) -> None:
    before = place(panel, RED)
    drag(panel, QPoint(3 * SIDE, 0), Qt.MouseButton.MiddleButton)
    assert place(panel, RED) is None
    press(panel, Qt.Key.Key_Home)
    assert place(panel, RED) == pytest.approx(before, abs=0.02)
    drag(panel, QPoint(3 * SIDE, 0), Qt.MouseButton.MiddleButton)
    QTest.mouseDClick(panel, Qt.MouseButton.LeftButton)
    assert place(panel, RED) == pytest.approx(before, abs=0.02)


def test_that_letters_of_sides_go_before_the_windows_shortcuts(panel: SurfacePanel) -> None:
    def is_kept(key: Qt.Key, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> bool:
        event = QKeyEvent(QEvent.Type.ShortcutOverride, key, modifiers)
        event.ignore()
        QApplication.sendEvent(panel, event)
        return event.isAccepted()

    assert all(is_kept(key) for key in (*SIDES, Qt.Key.Key_Left, Qt.Key.Key_Minus, Qt.Key.Key_Home))
    assert not is_kept(Qt.Key.Key_D)
    assert not is_kept(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)


def test_that_it_says_whether_it_is_watched(qtbot: QtBot, panel: SurfacePanel) -> None:
    with qtbot.waitSignal(panel.watched) as hidden:
        panel.hide()
    with qtbot.waitSignal(panel.watched) as shown:
        panel.show()
    assert (hidden.args, shown.args) == ([False], [True])


def test_that_a_message_is_not_shown_over_surfaces(panel: SurfacePanel) -> None:
    panel.set_message("Nothing yet.")
    assert panel.shown_message == ""
    panel.set_surfaces({})
    assert panel.shown_message == "Nothing yet."


def test_that_a_large_surface_is_thinned_out_and_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ball((30, 30, 30), 25.0)
    monkeypatch.setattr(drawables, "COARSE", 1_000)
    thin = ball((30, 30, 30), 25.0).coarse
    assert len(thin.triangles) < 2_000 < len(whole.fine.triangles)
    radii = np.linalg.norm(thin.points - 30.0, axis=1)
    assert radii == pytest.approx(25.0, abs=1.5)  # chords of cells of some 5 mm
    towards = (thin.points - 30.0) / radii[:, None]
    assert (np.einsum("ij,ij->i", towards, thin.normals) > 0.8).all()  # outwards


NO_OPENGL = """
import numpy as np
from PySide6.QtWidgets import QApplication
from app.engine.geometry import Geometry
from app.engine.surface import surface_of
from app.gui.panels.drawable import drawable_of
from app.gui.panels.surface import SurfacePanel
application = QApplication([])
panel = SurfacePanel()
answers = []
panel.watched.connect(answers.append)
panel.show()
cube = np.ones((5, 5, 5), np.uint8)
geometry = Geometry.from_components(shape_zyx=cube.shape, spacing_xyz=(1, 1, 1))
panel.set_surfaces({1: drawable_of(surface_of(cube, 1, geometry))})
panel.grab()
print(answers, panel.shown_message)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="hides OpenGL as it is found on Linux")
def test_that_a_computer_without_opengl_gets_a_sentence(project_root: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "__EGL_VENDOR_LIBRARY_FILENAMES": os.devnull}
    environment.pop("DISPLAY", None)
    done = subprocess.run(
        [sys.executable, "-c", NO_OPENGL], env=environment, cwd=project_root, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    if "True, False" not in done.stdout:
        pytest.skip("OSMesa draws here without a graphics system")
    assert "need OpenGL, which this computer does not offer" in done.stdout
    assert not done.stderr  # nor does VTK say how it tried


def test_that_libraries_that_another_thread_is_loading_are_not_waited_for() -> None:
    load_libraries()
    load_libraries.cache_clear()  # the modules are there, as while they are being loaded; nobody has come to the end
    assert "vtkmodules.vtkRenderingOpenGL2" in sys.modules
    assert not libraries_are_loaded()
    load_libraries()
    assert libraries_are_loaded()


def test_that_what_drawing_needs_is_prepared_while_the_first_surface_is_on_its_way(
    panel: SurfacePanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert panel.shown_message == ""  # libraries are loaded, and something can be drawn here
    done: list[str] = []
    monkeypatch.setattr(Scene3D, "__init__", _noting(done, "made", Scene3D.__init__))
    monkeypatch.setattr(Scene3D, "render", _noting(done, "rendered", Scene3D.render))
    waiting = SurfacePanel()
    qtbot.addWidget(waiting)
    waiting.begin(True)
    waiting.set_busy(False)
    assert done == []
    waiting.set_busy(True)
    assert done == []  # not amid something else
    qtbot.waitUntil(lambda: len(done) == 2)
    assert done == ["made", "rendered"]
    waiting.set_labels([RED])
    waiting.set_surfaces({1: ball(RIGHT_FRONT_FEET)})
    assert done == ["made", "rendered"]


def _noting(done: list[str], word: str, method: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*rest: Any, **named: Any) -> Any:
        done.append(word)
        return method(*rest, **named)

    return noted


def test_that_surfaces_lie_on_the_dark_of_the_slices_in_a_light_window(panel: SurfacePanel) -> None:
    for made in ({1: ball((30, 30, 30))}, {}):
        panel.set_surfaces(made)
        background = QColor(picture(panel).pixel(SIDE // 2, 2))
        assert background.lightness() < 48


@pytest.mark.parametrize("size", [(360, 120), (120, 360), (240, 240)])
@pytest.mark.parametrize("key", [Qt.Key.Key_A, Qt.Key.Key_L, Qt.Key.Key_S])
def test_that_nothing_is_cut_off_however_long_it_and_however_wide_the_panel_is(
    panel: SurfacePanel, size: tuple[int, int], key: Qt.Key
) -> None:
    geometry = Geometry.from_components(shape_zyx=(160, 24, 20), spacing_xyz=(1.0, 1.0, 1.0))
    column = np.zeros((160, 24, 20), dtype=bool)
    column[2:-2, 4:-4, 4:-4] = True
    made = drawable_of(surface_of(column, 1, geometry))
    assert made is not None
    panel.begin(False)  # no cross of axes
    panel.set_surfaces({1: made})
    press(panel, key)
    panel.resize(*size)
    image = picture(panel)
    background = image.pixel(1, 1)
    edges = [(x, y) for x in range(size[0]) for y in (0, size[1] - 1)]
    edges += [(x, y) for x in (0, size[0] - 1) for y in range(size[1])]
    assert all(image.pixel(*edge) == background for edge in edges)
    seen = [image.pixel(x, y) != background for x in range(size[0]) for y in range(size[1])]
    assert sum(seen) > 100
