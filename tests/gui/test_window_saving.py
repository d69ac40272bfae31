"""What is being saved or carried while the window closes or another image comes: it is not lost and not mixed up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.engine.project import open_project
from app.engine.prompt import Box, Box3D
from app.gui.controllers.reading import Share
from app.gui.dialogs.asks import UnsavedChoice
from app.gui.jobs import Lane
from tests.gui.window_hand import App, load_nifti


def write_block(path: Path, slices: int) -> Path:
    """A volume with a bright block through most of its slices."""
    voxels = np.full((36, 32, slices), -20, dtype=np.int16)
    voxels[8:24, 8:20, 2:-2] = 200
    nib.save(nib.Nifti1Image(voxels, np.diag([-1.0, -1.0, 2.5, 1.0])), path)
    return path


@pytest.fixture
def app(model: Path, qtbot: QtBot, tmp_path: Path) -> Iterator[App]:
    """A window with a volume of 60 slices."""
    made = App(model, qtbot)
    made.open(write_block(tmp_path / "one.nii.gz", 60))
    yield made
    made.context.close()


def paint(app: App) -> None:
    part = Box3D(2, 2, 1, 30, 28, 9), np.ones((8, 26, 28), dtype=bool)
    app.context.document.do(lambda study: study.paint("Paint", [part], 1))


def carry_some(app: App, qtbot: QtBot) -> None:
    """Begin to carry a mask, and come back when a few slices have it."""
    app.drag(app.view(), Box(6, 6, 26, 22))
    app.wait_for_mask()
    app.ask("segment.propagate")
    carried = app.context.proposal
    qtbot.waitUntil(lambda: carried.carried is not None and len(carried.carried.slices) > 1, timeout=20000)
    assert app.context.propagate.is_running


def test_that_closing_while_a_mask_is_carried_asks_first(app: App, qtbot: QtBot) -> None:
    carry_some(app, qtbot)
    assert app.context.document.is_modified
    assert app.context.window.isWindowModified()
    app.answers.unsaved_choice = UnsavedChoice.CANCEL
    assert not app.context.window.close()
    assert app.answers.asked_about_unsaved == 1
    assert app.labels.any()


def test_that_saving_while_a_mask_is_carried_leaves_the_rest_unsaved(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    carry_some(app, qtbot)
    app.answers.target = project = tmp_path / "one.swiftmed"
    app.ask("file.save_as")
    qtbot.waitUntil(lambda: project.exists() and not app.context.jobs.is_running(Lane.SAVE), timeout=20000)
    app.context.propagate.stop()
    app.context.document.undo()
    assert open_project(project)[0].labels.voxels.any()
    assert app.context.document.project == project
    assert not app.labels.any()
    assert app.context.document.is_modified


def test_that_a_project_saved_late_is_not_taken_for_that_of_the_next_image(
    app: App, tmp_path: Path, qtbot: QtBot
) -> None:
    document = app.context.document
    app.answers.target = tmp_path / "one.swiftmed"
    # nothing has been done in it: it may be closed without a question
    app.context.saving.saving.connect(lambda name: app.context.files.close() if name else None)
    app.ask("file.save_as")
    qtbot.waitUntil(lambda: document.study is None and app.context.jobs.is_idle, timeout=20000)
    assert (tmp_path / "one.swiftmed").exists()
    assert document.project is None


def test_that_labels_being_exported_are_whole_when_the_window_closes(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    paint(app)
    labels = app.labels.copy()
    app.answers.target = tmp_path / "mask.nii.gz"
    app.ask("file.export_labels")
    app.answers.unsaved_choice = UnsavedChoice.DISCARD
    app.context.window.close()
    qtbot.waitUntil(lambda: not app.context.window.isVisible(), timeout=20000)
    app.context.jobs.close()
    written = np.asarray(load_nifti(app.answers.target).dataobj).transpose(2, 1, 0)
    np.testing.assert_array_equal(written, labels)


def test_that_labels_being_exported_are_whole_when_another_image_comes(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    paint(app)
    labels = app.labels.copy()
    app.answers.target = mask = tmp_path / "mask.nii.gz"
    app.answers.unsaved_choice = UnsavedChoice.DISCARD
    app.ask("file.export_labels")
    app.context.files.close()
    qtbot.waitUntil(lambda: app.context.jobs.is_idle and mask.exists(), timeout=20000)
    written = np.asarray(load_nifti(mask).dataobj).transpose(2, 1, 0)
    np.testing.assert_array_equal(written, labels)


def test_that_a_second_save_is_put_off_and_the_first_is_heard(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    paint(app)
    said: list[str] = []
    app.context.saving.message.connect(said.append)
    ended: list[str] = []
    app.context.saving.saving.connect(ended.append)
    app.answers.target = tmp_path / "one.swiftmed"
    app.context.saving.saving.connect(lambda name: app.ask("file.export_labels") if name else None)
    app.ask("file.save_as")
    qtbot.waitUntil(lambda: not app.context.document.is_modified and app.context.jobs.is_idle, timeout=20000)
    assert any("try again in a moment" in each for each in said)
    assert said[-1] == "Saved: one.swiftmed"
    assert ended == ["one.swiftmed", ""]


def test_that_the_window_stays_when_what_it_waits_for_cannot_be_written(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    app.answers.target = tmp_path / "mask.nii.gz"
    app.answers.target.mkdir()
    app.ask("file.export_labels")
    assert not app.context.window.close()
    qtbot.waitUntil(lambda: bool(app.answers.errors) and app.context.jobs.is_idle, timeout=20000)
    assert "mask.nii.gz" in str(app.answers.errors[0])
    assert app.context.window.isVisible()
    app.answers.target.rmdir()
    app.ask("file.export_labels")
    qtbot.waitUntil(lambda: app.context.jobs.is_idle, timeout=20000)
    assert app.context.window.isVisible()  # that it was to close is forgotten


def test_that_the_window_that_was_not_closed_over_measures_does_not_close_later(
    app: App, tmp_path: Path, qtbot: QtBot
) -> None:
    written = Event()
    app.context.jobs.submit(Lane.SAVE, lambda: written.wait(20.0), lambda _: None, app.answers.error)  # as measures are
    assert not app.context.window.close()
    written.set()
    qtbot.waitUntil(lambda: app.context.jobs.is_idle, timeout=20000)
    mask = app.answers.target = tmp_path / "mask.nii.gz"
    app.ask("file.export_labels")
    qtbot.waitUntil(lambda: app.context.jobs.is_idle and mask.exists(), timeout=20000)
    ticks: list[int] = []
    QTimer.singleShot(0, lambda: ticks.append(1))  # comes after what was to happen by then
    qtbot.waitUntil(lambda: bool(ticks))
    assert app.context.window.isVisible()
    assert app.context.window.close()


def hold_the_engine(app: App) -> Event:
    """Keep the engine thread busy with something else until the event is set."""
    free = Event()
    app.context.jobs.submit(Lane.OPEN, lambda: free.wait(20.0), lambda _: None, app.answers.error)
    return free


def cancel(app: App, qtbot: QtBot, text: str) -> None:
    """Press the button beside what is told in the status bar."""
    line = app.context.status.progress
    qtbot.waitUntil(lambda: line.isVisible() and line.text == text, timeout=20000)
    next(button for button in line.findChildren(QPushButton) if button.text() == "Cancel").click()


def test_that_saving_can_be_cancelled_and_leaves_the_file_that_was_there(
    app: App, tmp_path: Path, qtbot: QtBot
) -> None:
    app.answers.target = project = tmp_path / "one.swiftmed"
    app.ask("file.save_as")
    qtbot.waitUntil(lambda: project.exists() and app.context.jobs.is_idle, timeout=20000)
    before, there = project.read_bytes(), sorted(tmp_path.iterdir())
    paint(app)
    said: list[str] = []
    app.context.saving.message.connect(said.append)
    free = hold_the_engine(app)
    app.ask("file.save")
    cancel(app, qtbot, "Saving one.swiftmed…")
    free.set()
    qtbot.waitUntil(lambda: app.context.jobs.is_idle, timeout=20000)
    assert said == ["Not saved: one.swiftmed"]
    assert app.context.document.is_modified
    assert project.read_bytes() == before
    assert sorted(tmp_path.iterdir()) == there
    assert not app.answers.errors
    app.ask("file.save")
    qtbot.waitUntil(lambda: not app.context.document.is_modified, timeout=20000)


def test_that_a_window_that_waits_for_a_save_stays_where_that_is_cancelled(
    app: App, tmp_path: Path, qtbot: QtBot
) -> None:
    app.answers.target = tmp_path / "mask.nii.gz"
    free = hold_the_engine(app)
    app.ask("file.export_labels")
    assert not app.context.window.close()
    cancel(app, qtbot, "Saving mask.nii.gz…")
    free.set()
    qtbot.waitUntil(lambda: app.context.jobs.is_idle, timeout=20000)
    assert not app.answers.target.exists()
    assert app.context.window.isVisible()


def test_that_reading_that_is_cancelled_leaves_what_was_open(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    study = app.context.document.study
    two = write_block(tmp_path / "two.nii.gz", 20)
    free = Event()
    app.context.jobs.submit(Lane.PROMPT, lambda: free.wait(20.0), lambda _: None, app.answers.error)
    app.context.files.open([two])
    cancel(app, qtbot, "Reading two.nii.gz…")
    free.set()
    qtbot.waitUntil(lambda: app.context.jobs.is_idle, timeout=20000)
    assert app.context.document.study is study
    app.context.files.open([two])
    qtbot.waitUntil(lambda: app.context.document.study is not study, timeout=20000)


def test_that_what_is_saved_while_labels_are_added_holds_them_and_nothing_is_left_to_save(
    app: App, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.study._STEP_VOXELS", 64)
    values = np.zeros((36, 32, 60), dtype=np.uint16)
    values[4:30, 4:26, 5:55] = 3
    nib.save(nib.Nifti1Image(values, np.diag([-1.0, -1.0, 2.5, 1.0])), tmp_path / "labels.nii.gz")
    document = app.context.document
    app.answers.target = project = tmp_path / "one.swiftmed"
    app.context.importing.take(tmp_path / "labels.nii.gz")
    qtbot.waitUntil(lambda: document.is_half_done and document.has_parts, timeout=20000)
    app.ask("file.save_as")
    qtbot.waitUntil(lambda: document.project == project, timeout=20000)
    assert not document.is_modified
    saved, _ = open_project(project)
    assert np.array_equal(saved.labels.voxels, app.labels)
    assert [act.text for act in saved.history] == ["Import labels"]


def test_that_the_line_of_progress_shows_how_much_is_saved(app: App, qtbot: QtBot) -> None:
    saving, line = app.context.saving, app.context.status.progress
    saving.saving.emit("both.obj")
    saving.written_so_far.emit(Share(1, 4))
    qtbot.waitUntil(lambda: line.shown is not None and (line.shown.done, line.shown.total) == (1, 4), timeout=20000)
    saving.saving.emit("")
    assert line.shown is None


def work_while_reading(app: App, other: Path, qtbot: QtBot) -> None:
    """Paint while another image, asked for when nothing had been done, is read; come back when it has been read."""
    free = hold_the_engine(app)
    app.context.files.open([other])
    paint(app)
    free.set()
    qtbot.waitUntil(lambda: app.context.jobs.is_idle, timeout=20000)


def test_that_work_done_while_another_image_is_read_is_asked_about(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    study = app.context.document.study
    two = write_block(tmp_path / "two.nii.gz", 20)
    app.answers.unsaved_choice = UnsavedChoice.CANCEL
    work_while_reading(app, two, qtbot)
    assert app.answers.asked_about_unsaved == 1
    assert app.context.document.study is study
    assert app.labels.any()
    assert not app.context.status.progress.isVisible()
    app.answers.unsaved_choice = UnsavedChoice.DISCARD  # who says so at first is not asked again
    work_while_reading(app, two, qtbot)
    qtbot.waitUntil(lambda: app.context.document.study is not study, timeout=20000)
    assert app.answers.asked_about_unsaved == 2


def test_that_work_done_while_another_image_is_read_can_be_saved(app: App, tmp_path: Path, qtbot: QtBot) -> None:
    study = app.context.document.study
    app.answers.unsaved_choice = UnsavedChoice.SAVE
    app.answers.target = project = tmp_path / "one.swiftmed"
    work_while_reading(app, write_block(tmp_path / "two.nii.gz", 20), qtbot)
    qtbot.waitUntil(lambda: app.context.document.study is not study, timeout=20000)
    assert open_project(project)[0].labels.voxels.any()
    assert not app.labels.any()
