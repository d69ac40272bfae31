"""A batch beside the main window: begun by a key, while a box is drawn, and its results opened there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.engine.batch_job_file import BoxesKind
from app.engine.plane import Plane
from app.engine.prompt import Box, Box3D
from app.gui.dialogs.asks import UnsavedChoice
from app.gui.dialogs.batch import BatchAsks
from app.gui.panels.batch_state import BatchForm, CaseState, Stage
from tests.e2e.conftest import write_nifti
from tests.gui.batch_pages import turn_to_review
from tests.gui.window_hand import App

_BALL = (slice(3, 6), slice(10, 26), slice(14, 34))


@pytest.fixture
def app(model: Path, qtbot: QtBot) -> Iterator[App]:
    made = App(model, qtbot)
    yield made
    made.context.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two volumes with a bright block, and boxes around it."""
    voxels = np.zeros((8, 40, 48), dtype=np.int16)
    voxels[_BALL] = 300
    lines = ["case,label,x0,y0,z0,x1,y1,z1"]
    for name in ("a", "b"):
        write_nifti(tmp_path / "in" / f"{name}.nii.gz", voxels, np.diag([1.0, 1.0, 5.0, 1.0]))
        lines.append(f"{name}.nii.gz,block,12,8,3,36,28,5")
    (tmp_path / "boxes.csv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def _start(app: App, folder: Path) -> None:
    batch = app.context.docks.batch
    form = BatchForm(folder / "in", BoxesKind.FILE, folder / "boxes.csv", masks=folder / "out")
    batch.window.setup.set_form(form)
    batch.window.setup.folders_entered.emit()
    app.qtbot.waitUntil(lambda: batch.form.cases is not None, timeout=30000)
    batch.start()


def _begin_long(app: App, tmp_path: Path) -> None:
    """Open the first of 40 pictures, and let a batch of all of them be at work."""
    pixels = np.zeros((40, 44), dtype=np.uint8)
    pixels[10:30, 12:32] = 200
    (tmp_path / "in").mkdir()
    lines = ["case,label,x0,y0,x1,y1"]
    for n in range(40):
        Image.fromarray(pixels).save(tmp_path / "in" / f"{n:02}.png")
        lines.append(f"{n:02}.png,square,9,8,34,31")
    (tmp_path / "boxes.csv").write_text("\n".join(lines), encoding="utf-8")
    app.open(tmp_path / "in" / "00.png")
    app.ask("batch.folder")
    _start(app, tmp_path)
    batch = app.context.docks.batch
    app.qtbot.waitUntil(lambda: batch.stage is Stage.RUNNING, timeout=60000)


def test_that_a_key_brings_the_window_of_a_batch(app: App, qtbot: QtBot) -> None:
    QTest.keyClick(app.context.window, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(app.context.docks.batch.window.isVisible, timeout=10000)
    assert app.context.actions["batch.folder"].isVisible()


def test_that_a_result_is_opened_with_its_mask_where_it_is_seen(app: App, folder: Path, qtbot: QtBot) -> None:
    app.ask("batch.folder")
    _start(app, folder)
    batch = app.context.docks.batch
    qtbot.waitUntil(lambda: batch.stage is Stage.ENDED, timeout=60000)
    turn_to_review(batch.window)
    batch.review.open_case("b.nii.gz")
    qtbot.waitUntil(lambda: app.context.document.study is not None, timeout=30000)

    study = app.context.document.study
    assert study is not None
    assert [label.name for label in study.labels.labels] == ["block"]
    expected = np.zeros((8, 40, 48), dtype=bool)
    expected[_BALL] = True
    np.testing.assert_array_equal(app.labels > 0, expected)
    z, y, x = app.context.view_state.crosshair_zyx
    assert expected[z, y, x]
    assert app.context.window.windowTitle().startswith("b.nii.gz")
    assert not app.context.document.is_modified


def test_that_a_box_is_drawn_and_answered_while_a_batch_is_at_work(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    _begin_long(app, tmp_path)
    batch = app.context.docks.batch

    app.drag(app.view(Plane.AXIAL), Box(10, 8, 36, 32))
    app.wait_for_mask()
    waiting = sum(row.state is CaseState.WAITING for row in batch.window.cases.rows)

    assert waiting > 0
    preview = app.context.proposal.preview
    assert preview is not None
    assert preview.mask is not None
    assert preview.mask[10:30, 12:32].all()
    batch.stop()
    qtbot.waitUntil(lambda: batch.stage is Stage.ENDED, timeout=30000)


class _Answers(BatchAsks):
    """Whoever is asked whether to end the program over a batch."""

    confirmed = True

    def confirm(self, title: str, question: str) -> bool:
        return self.confirmed


def _paint(app: App) -> None:
    part = Box3D(2, 2, 0, 20, 20, 1), np.ones((1, 18, 18), dtype=bool)
    app.context.document.do(lambda study: study.paint("Paint", [part], 1))


def test_that_a_batch_goes_on_when_the_window_stays_open_for_unsaved_work(
    app: App, tmp_path: Path, qtbot: QtBot
) -> None:
    _begin_long(app, tmp_path)
    batch = app.context.docks.batch
    batch.asks = _Answers(batch.window)
    _paint(app)
    app.answers.unsaved_choice = UnsavedChoice.CANCEL
    assert not app.context.window.close()
    assert app.answers.asked_about_unsaved == 1
    assert batch.stage is Stage.RUNNING
    qtbot.waitUntil(lambda: batch.stage is Stage.ENDED, timeout=60000)
    assert {row.state for row in batch.window.cases.rows} == {CaseState.DONE}


def test_that_unsaved_work_stays_open_when_the_program_goes_on_for_a_batch(
    app: App, tmp_path: Path, qtbot: QtBot
) -> None:
    _begin_long(app, tmp_path)
    batch = app.context.docks.batch
    answers = batch.asks = _Answers(batch.window)
    _paint(app)
    app.answers.unsaved_choice = UnsavedChoice.DISCARD
    answers.confirmed = False
    assert not app.context.window.close()
    assert batch.stage is Stage.RUNNING
    assert app.labels.any()

    answers.confirmed = True
    app.context.window.close()
    qtbot.waitUntil(lambda: not app.context.window.isVisible(), timeout=20000)
    assert batch.stage in (Stage.PAUSING, Stage.PAUSED)
