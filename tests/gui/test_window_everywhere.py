"""Everywhere in the window: names for screen readers, room for texts, keys that mean one thing, scaled screens."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from app.engine.prompt import Box
from app.gui.jobs import Lane
from app.gui.settings import KeyProfile, Language
from app.gui.translation import install_translator
from app.gui.view_state import ToolKind
from tests.gui import window_walk
from tests.gui.window_hand import App

_LOW_SCREEN = (1093, 560)  # 1366 x 768 at 125 per cent, less the bars of the system


@pytest.fixture
def samples(project_root: Path) -> Path:
    return project_root / "resources" / "samples"


@pytest.fixture
def app(model: Path, qtbot: QtBot, samples: Path) -> Iterator[App]:
    made = App(model, qtbot)
    made.open(samples / "ct_phantom.nii.gz")
    yield made
    made.context.close()


@pytest.mark.parametrize("language", [Language.ENGLISH, Language.GERMAN, Language.CHINESE])
def test_that_every_control_has_a_name_and_room_for_its_text(
    model: Path, qtbot: QtBot, samples: Path, qapp: QApplication, language: Language
) -> None:
    install_translator(qapp, language)
    try:
        app = App(model, qtbot)
        app.open(samples / "ct_phantom.nii.gz")
        faults = []
        for name, root in chain(window_walk.docks(app.context), window_walk.dialogs(app.context, samples)):
            for _ in range(3):
                qapp.processEvents()
            for look in (window_walk.unnamed, window_walk.clipped, window_walk.outside):
                faults += [f"{name} {look.__name__}: {fault}" for fault in look(root)]
        faults += window_walk.unnamed(app.context.window)
        assert faults == []
        app.context.close()
    finally:
        install_translator(qapp, Language.ENGLISH)


@pytest.mark.parametrize("language", [Language.ENGLISH, Language.GERMAN, Language.CHINESE])
def test_that_window_and_dialogs_can_be_as_small_as_a_low_screen(
    model: Path, qtbot: QtBot, samples: Path, qapp: QApplication, language: Language
) -> None:
    install_translator(qapp, language)
    try:
        app = App(model, qtbot)
        app.open(samples / "ct_phantom.nii.gz")
        width, height = _LOW_SCREEN
        for name, root in chain(window_walk.docks(app.context), window_walk.dialogs(app.context, samples)):
            least = root.window().minimumSizeHint().expandedTo(root.window().minimumSize())
            assert least.width() <= width, (name, least.width())
            assert least.height() <= height, (name, least.height())
        app.context.close()
    finally:
        install_translator(qapp, Language.ENGLISH)


def test_that_no_window_opens_larger_than_the_screen(app: App, qapp: QApplication) -> None:
    room = app.context.window.screen().availableSize()
    shows = (
        app.context.help.show_keys, app.context.guide.show, app.context.help.show_licences,
        app.context.help.show_preferences, app.context.docks.batch.show,
    )  # fmt: skip
    for show in shows:
        show()
        qapp.processEvents()
        opened = [each for each in qapp.topLevelWidgets() if each.isVisible() and each is not app.context.window]
        assert opened
        for each in opened:
            assert each.width() <= room.width(), type(each).__name__
            assert each.height() <= room.height(), type(each).__name__
            each.close()


# ---------------------------------------------------------------------------------------------------------------- keys


def note(app: App) -> list[str]:
    """A list that grows by the id of each action that is asked for."""
    asked: list[str] = []
    for action in app.context.actions:
        action.triggered.connect(partial(lambda name, _checked=False: asked.append(name), action.objectName()))
    return asked


@pytest.mark.parametrize("profile", list(KeyProfile))
def test_that_no_key_asks_for_two_things(app: App, profile: KeyProfile) -> None:
    app.context.actions.apply_profile(profile)
    keys = Counter(key.toString() for action in app.context.actions for key in action.shortcuts())
    assert [key for key, count in keys.items() if count > 1] == []


def test_that_keys_typed_into_a_field_ask_for_nothing(app: App, qtbot: QtBot) -> None:
    context = app.context
    asked = note(app)
    tool, labels = context.view_state.tool, app.labels.copy()
    context.docks.labels.add()  # its name is being edited from now on
    asked.clear()
    for name in ("Name of the label", "Show labels by name"):
        fields = context.window.findChildren(QLineEdit)
        field = next(each for each in fields if each.accessibleName() == name and each.isVisible())
        field.setFocus()
        qtbot.waitUntil(field.hasFocus)
        for key in (*"bpsxlkvwgocmnhfrdit019.,[]+-", " "):
            QTest.keyClicks(field, key)
        for special in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Left, Qt.Key.Key_Home):
            QTest.keyClick(field, special)
        QTest.keyClick(field, Qt.Key.Key_K, Qt.KeyboardModifier.ShiftModifier)
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert asked == []
    assert context.view_state.tool == tool
    assert (app.labels == labels).all()


@pytest.mark.parametrize(
    ("key", "modifiers", "action"),
    [
        (Qt.Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier, "segment.accept"),
        (Qt.Key.Key_Plus, Qt.KeyboardModifier.KeypadModifier, "tool.larger"),
        (Qt.Key.Key_Minus, Qt.KeyboardModifier.KeypadModifier, "tool.smaller"),
        (Qt.Key.Key_3, Qt.KeyboardModifier.KeypadModifier, "view.preset_3"),
        (Qt.Key.Key_Period, Qt.KeyboardModifier.KeypadModifier, "label.next"),
        (Qt.Key.Key_Delete, Qt.KeyboardModifier.KeypadModifier, "shape.clear_slice"),
        (
            Qt.Key.Key_Plus,
            Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ControlModifier,
            "view.zoom_in",
        ),
    ],
)
def test_that_the_number_pad_does_what_its_signs_say(
    app: App, key: Qt.Key, modifiers: Qt.KeyboardModifier, action: str, qtbot: QtBot
) -> None:
    app.drag(app.view(), Box(20, 20, 80, 80))
    app.wait_for_mask()
    asked = note(app)
    view = app.context.planes.active_view
    view.setFocus()
    QTest.keyClick(view, key, modifiers)
    assert asked == [action]


def test_that_a_shortcut_reaches_every_action_that_has_one(app: App) -> None:
    view = app.context.planes.active_view
    view.setFocus()
    for action in app.context.actions:
        action.triggered.disconnect()  # only who is asked counts here
        action.setEnabled(True)
    asked = note(app)
    for action in app.context.actions:
        for key in action.shortcuts():
            asked.clear()
            view.setFocus()
            QTest.keySequence(view, key)
            assert asked == [action.objectName()], QKeySequence(key).toString()


def test_that_tab_goes_through_every_control_and_comes_back(app: App, qtbot: QtBot) -> None:
    window = app.context.window
    app.context.planes.active_view.setFocus()
    seen = []
    for _ in range(200):
        focus = QApplication.focusWidget()
        if focus is None or focus in seen:
            break
        seen.append(focus)
        window.focusNextChild()
    names = [f"{type(each).__name__} {each.accessibleName()}" for each in seen]
    assert len(seen) > 5, names
    assert all(each.isVisible() for each in seen), names
    assert QApplication.focusWidget() is seen[0], names
    reached = {view for view in app.context.planes.views if view.isVisible()}
    assert reached <= set(seen), names


def test_that_a_box_is_drawn_carried_and_accepted_by_keys_alone(
    qtbot: QtBot, samples: Path, project_root: Path
) -> None:
    app = App(project_root / "models" / "swift-int8", qtbot)  # what lies in the middle is not what is bright
    app.open(samples / "ct_phantom.nii.gz")
    view = app.context.planes.active_view
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_K)
    for _ in range(3):
        QTest.keyClick(view, Qt.Key.Key_Left)
    QTest.keyClick(view, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier)
    app.wait_for_mask()
    QTest.keyClick(view, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: app.context.jobs.is_running(Lane.PROPAGATE))
    qtbot.waitUntil(lambda: not app.context.jobs.is_running(Lane.PROPAGATE), timeout=30000)
    assert (app.labels > 0).any(axis=(1, 2)).sum() > 2
    QTest.keyClick(view, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not app.labels.any()
    app.context.close()


@pytest.mark.parametrize("moves", [0, 1, 4])
def test_that_escape_amid_a_drag_forgets_the_box(app: App, qtbot: QtBot, moves: int) -> None:
    view = app.view()
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    middle = view.rect().center()
    QTest.mousePress(view, left, none, middle)
    for n in range(moves):
        QTest.mouseMove(view, middle + (view.rect().bottomRight() - middle) * ((n + 1) / 8))
    QTest.keyClick(view, Qt.Key.Key_Escape)
    QTest.mouseMove(view, middle / 2)
    QTest.mouseRelease(view, left, none, middle / 2)
    qtbot.waitUntil(lambda: not app.context.jobs.is_running(Lane.PROMPT), timeout=20000)
    assert app.context.proposal.preview is None
    assert not app.labels.any()
    app.drag(view, Box(20, 20, 80, 80))  # and the next one is drawn as ever
    app.wait_for_mask()


def test_that_escape_amid_a_drag_of_a_handle_gives_the_old_box_back(app: App, qtbot: QtBot) -> None:
    view = app.view()
    app.drag(view, Box(20, 20, 80, 80))
    app.wait_for_mask()
    before = app.context.proposal.preview
    assert before is not None
    assert before.box is not None
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    middle = view.rect().center()
    QTest.mousePress(view, left, none, middle)  # within the box: it is moved
    QTest.mouseMove(view, middle + (view.rect().bottomRight() - middle) / 8)
    QTest.mouseMove(view, middle + (view.rect().bottomRight() - middle) / 6)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    QTest.mouseRelease(view, left, none, middle)
    app.wait_for_mask()
    after = app.context.proposal.preview
    assert after is not None
    assert after.box == before.box
    assert not after.dragging


def test_that_the_tool_in_hand_is_kept_from_one_image_to_the_next(app: App, samples: Path, qtbot: QtBot) -> None:
    app.ask("tool.brush")
    study = app.context.document.study
    app.context.files.open([samples / "fundus.jpg"])
    qtbot.waitUntil(lambda: app.context.document.study is not study, timeout=20000)
    assert app.context.view_state.tool.kind is ToolKind.BRUSH


# ------------------------------------------------------------------------------------------------------------- scaling

_SCALED = """
import sys
from pathlib import Path
import numpy as np
import pytest
from app.engine.prompt import Box
from tests.gui.window_hand import App

def test_it(model, qtbot, tmp_path):
    import nibabel as nib
    voxels = np.zeros((64, 56, 8), dtype=np.int16)
    voxels[20:44, 12:36, :] = 400
    path = tmp_path / "block.nii.gz"
    nib.save(nib.Nifti1Image(voxels, np.diag([-1.0, -1.0, 1.0, 1.0])), path)
    app = App(model, qtbot)
    assert app.context.window.devicePixelRatioF() == float(sys.argv_scale)
    app.open(path)
    for toggle in ("view.info", "view.crosshair"):
        app.ask(toggle)
    view = app.view()
    ratio = view.devicePixelRatioF()

    def seen():
        image = view.grab().toImage().convertToFormat(view.grab().toImage().Format.Format_RGB888)
        lines = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
        return lines[:, : image.width() * 3].reshape(image.height(), image.width(), 3).astype(int)

    def extent(mask):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])

    assert seen().shape[:2] == (round(view.height() * ratio), round(view.width() * ratio))
    block = extent(seen().min(axis=2) > 128)  # in pixels of the screen: the bright block
    left, top, right, bottom = block / ratio  # where the mouse has to go
    from PySide6.QtCore import QPoint, Qt
    from PySide6.QtTest import QTest
    start, end = QPoint(int(left) - 6, int(top) - 6), QPoint(int(right) + 6, int(bottom) + 6)
    button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QTest.mousePress(view, button, none, start)
    for n in range(1, 9):
        QTest.mouseMove(view, start + (end - start) * (n / 8))
    QTest.mouseRelease(view, button, none, end)
    app.wait_for_mask()
    box = app.context.proposal.preview.box
    assert box.x0 < 20 and box.y0 < 12 and box.x1 > 44 and box.y1 > 36, box
    assert box.x0 > 15 and box.y0 > 7 and box.x1 < 49 and box.y1 < 41, box
    app.ask("segment.accept")
    picture = seen()
    coloured = extent(picture[..., 0] - picture[..., 2] > 40)  # orange
    mask = app.labels[4] == 1
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    voxel = (right - left) * ratio / 24  # pixels of the screen
    expected = np.array([
        block[0] + (columns[0] - 20) * voxel, block[1] + (rows[0] - 12) * voxel,
        block[0] + (columns[-1] + 1 - 20) * voxel, block[1] + (rows[-1] + 1 - 12) * voxel,
    ])
    np.testing.assert_allclose(coloured, expected, atol=2.5 * ratio)
    app.context.close()
"""


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["1.25", "1.5", "2"])
def test_that_the_mask_lies_where_the_box_was_drawn_on_a_scaled_screen(
    tmp_path: Path, project_root: Path, scale: str
) -> None:
    script = tmp_path / "test_scaled.py"
    script.write_text(_SCALED.replace("sys.argv_scale", repr(scale)), encoding="utf-8")
    (tmp_path / "conftest.py").write_text(
        "from tests.conftest import user_home\nfrom tests.gui.conftest import collected_here, model\n", encoding="utf-8"
    )
    environment = {**os.environ, "QT_SCALE_FACTOR": scale, "QT_QPA_PLATFORM": "offscreen"}
    environment |= {"PYTHONPATH": str(project_root), "QT_SCALE_FACTOR_ROUNDING_POLICY": "PassThrough"}
    quiet = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--rootdir", tmp_path]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *map(str, quiet), str(script)],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-1000:]
