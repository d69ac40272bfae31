"""The real window, driven by the mouse and keys; what it saved is read by others."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QLineEdit
from pytestqt.qtbot import QtBot

from app import paths
from app.engine.phantom import Phantom, ct_phantom
from app.engine.prompt import Box
from app.gui.dialogs.asks import RecoverChoice, UnsavedChoice
from tests.gui.window_hand import App, load_nifti, place


@pytest.fixture
def phantom() -> Phantom:
    return ct_phantom(shape_zyx=(12, 56, 64), spacing_xyz=(5.0, 5.0, 10.0))


@pytest.fixture
def volume_path(phantom: Phantom, tmp_path: Path) -> Path:
    path = tmp_path / "in" / "ct.nii.gz"
    path.parent.mkdir()
    voxels = np.ascontiguousarray(phantom.volume.voxels.transpose(2, 1, 0))
    nib.save(nib.Nifti1Image(voxels, phantom.volume.geometry.affine_ras), path)
    return path


@pytest.fixture
def app(model: Path, qtbot: QtBot) -> Iterator[App]:
    made = App(model, qtbot)
    yield made
    made.context.close()


def test_that_a_box_becomes_a_mask_that_others_can_read(
    app: App, volume_path: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    app.open(volume_path)
    view = app.view()
    app.drag(view, Box(20, 15, 40, 35))
    app.wait_for_mask()
    assert app.context.proposal.preview is not None
    box = app.context.proposal.preview.box
    assert box is not None
    np.testing.assert_allclose((box.x0, box.y0, box.x1, box.y1), (20, 15, 40, 35), atol=1)  # screen pixels are rounded
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert app.labels.any()
    app.answers.target = tmp_path / "mask.nii.gz"
    app.ask("file.export_labels")
    qtbot.waitUntil(app.answers.target.exists, timeout=20000)
    image, mask = load_nifti(volume_path), load_nifti(app.answers.target)
    np.testing.assert_allclose(mask.affine, image.affine)
    np.testing.assert_array_equal(np.asarray(mask.dataobj).transpose(2, 1, 0), app.labels)
    assert app.answers.errors == []


@pytest.mark.parametrize(("key", "name"), [(Qt.Key.Key_Return, "liver"), (Qt.Key.Key_Escape, "Label 2")])
def test_that_a_label_that_has_got_its_name_leaves_the_keyboard_to_the_slices(
    app: App, volume_path: Path, qtbot: QtBot, key: Qt.Key, name: str
) -> None:
    app.open(volume_path)
    app.ask("label.add")
    qtbot.waitUntil(lambda: isinstance(QApplication.focusWidget(), QLineEdit))
    editor = QApplication.focusWidget()
    assert editor is not None
    QTest.keyClicks(editor, "liver")
    QTest.keyClick(editor, key)
    qtbot.waitUntil(app.context.planes.active_view.hasFocus)
    assert [label.name for label in app.context.docks.labels.labels][-1] == name


def test_that_a_project_brings_everything_back(app: App, volume_path: Path, tmp_path: Path, qtbot: QtBot) -> None:
    app.open(volume_path)
    app.drag(app.view(), Box(20, 15, 40, 35))
    app.wait_for_mask()
    app.ask("segment.accept")
    before = app.labels.copy()
    app.answers.target = tmp_path / "case.swiftmed"
    app.ask("file.save_as")
    qtbot.waitUntil(lambda: not app.context.document.is_modified, timeout=20000)
    app.context.files.close()
    assert app.context.document.study is None
    app.open(app.answers.target)
    np.testing.assert_array_equal(app.labels, before)
    assert app.answers.asked_about_unsaved == 0


def test_that_what_is_done_while_saving_is_not_lost_by_closing(
    app: App, volume_path: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    app.open(volume_path)
    app.drag(app.view(), Box(20, 15, 40, 35))
    app.wait_for_mask()
    app.ask("segment.accept")
    app.answers.target = tmp_path / "case.swiftmed"
    followed: list[bool] = []
    app.context.saving.saving.connect(lambda name: app.context.edit.clear_slice() if name else None)
    app.context.saving.save_as(lambda: followed.append(True))
    qtbot.waitUntil(lambda: (tmp_path / "case.swiftmed").exists() and app.context.jobs.is_idle, timeout=20000)
    assert followed == []
    assert app.context.document.is_modified


def test_that_failure_to_open_leaves_what_was_open_untouched(
    app: App, volume_path: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    app.open(volume_path)
    study = app.context.document.study
    broken = tmp_path / "broken.nii.gz"
    broken.write_bytes(volume_path.read_bytes()[:200])
    app.context.open([broken])
    qtbot.waitUntil(lambda: bool(app.answers.errors), timeout=20000)
    assert "broken.nii.gz" in str(app.answers.errors[0])
    assert app.context.document.study is study


def test_that_a_colour_picture_is_segmented_too(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    pixels = np.full((60, 80, 3), (40, 20, 20), dtype=np.uint8)
    pixels[20:40, 30:60] = (240, 220, 230)
    path = tmp_path / "skin.png"
    Image.fromarray(pixels).save(path)
    app.open(path)
    view = app.context.planes.active_view
    app.drag(view, Box(26, 16, 64, 44))
    app.wait_for_mask()
    app.ask("segment.accept")
    inside = np.zeros((60, 80), dtype=bool)
    inside[20:40, 30:60] = True
    found = app.labels[0] == 1
    assert 2 * (found & inside).sum() / (found.sum() + inside.sum()) > 0.9


def test_that_closing_asks_about_unsaved_work(app: App, volume_path: Path) -> None:
    app.open(volume_path)
    app.drag(app.view(), Box(20, 15, 40, 35))
    app.wait_for_mask()
    app.ask("segment.accept")
    app.answers.unsaved_choice = UnsavedChoice.CANCEL
    assert not app.context.window.close()
    assert app.context.document.study is not None
    assert app.answers.asked_about_unsaved == 1


_CRASH = """
import os, signal, sys
from pathlib import Path
import numpy as np
from PySide6.QtCore import QTimer
from app.engine.prompt import Box3D
from app.gui.application import make_application
from app.gui.context import Context
from app.gui.inference import ModelChoice
from app.gui.settings import Settings

application = make_application()
context = Context(Settings(), model=ModelChoice(sys.argv[2]))

def work():
    if context.document.study is None:
        return
    region = Box3D(20, 15, 3, 40, 35, 9)
    mask = np.random.default_rng(7).random((6, 20, 20)) < 0.5
    context.document.do(lambda study: study.paint("Paint", [(region, mask)], 1))
    part = Box3D(20, 15, 3, 30, 20, 5), np.ones((2, 5, 10), bool)
    context.document.do(lambda study: study.paint("Erase", [part], 0))
    context.document.undo()
    np.save(sys.argv[3], context.document.study.labels.voxels)
    os.kill(os.getpid(), signal.SIGKILL)

timer = QTimer()
timer.timeout.connect(work)
timer.start(20)
context.open([Path(sys.argv[1])])
application.exec()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_that_work_is_whole_after_the_process_was_killed(
    app: App, model: Path, volume_path: Path, tmp_path: Path, project_root: Path, qtbot: QtBot
) -> None:
    left = tmp_path / "left.npy"
    ended = subprocess.run(
        [sys.executable, "-c", _CRASH, volume_path, model, left], cwd=project_root, timeout=120, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    app.answers.recover_choice = RecoverChoice.RECOVER
    app.context.open([])
    qtbot.waitUntil(lambda: app.context.document.study is not None, timeout=20000)
    np.testing.assert_array_equal(app.labels, np.load(left))
    assert app.labels.any()
    assert app.context.document.is_modified


def test_that_the_value_under_the_cursor_is_told(app: App, volume_path: Path) -> None:
    app.open(volume_path)
    view = app.view()
    QTest.mouseMove(view, place(view, 30.0, 25.0))
    app.qtbot.waitUntil(lambda: "(30, 25, 6)" in app.context.window.place)
    study = app.context.document.study
    assert study is not None
    assert app.context.window.place.startswith(f"{float(study.volume.voxels[6, 25, 30]):g}")


def test_that_a_pixel_of_a_picture_has_two_indexes(app: App) -> None:
    app.open(paths.samples_dir() / "microscopy_cell.png")
    view = app.view()
    QTest.mouseMove(view, place(view, 30.0, 25.0))
    app.qtbot.waitUntil(lambda: "(30, 25)" in app.context.window.place)


def test_that_measures_get_most_of_the_width_beside_the_slices(app: App, volume_path: Path, qtbot: QtBot) -> None:
    app.open(volume_path)
    window = app.context.window
    app.context.actions["measure.show"].trigger()
    strip, measures = (window.findChild(QDockWidget, name) for name in ("strip", "measures"))
    assert isinstance(strip, QDockWidget)
    assert isinstance(measures, QDockWidget)
    qtbot.waitUntil(lambda: 0 < 2 * strip.width() < measures.width(), timeout=10000)
