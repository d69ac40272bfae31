"""A batch from its window: found, run, held up, marked, left by a crash and gone on with."""

from __future__ import annotations

import csv
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit, QListView, QPushButton, QTableView, QWidget
from pytestqt.qtbot import QtBot

from app.engine.batch import Existing
from app.engine.batch_job import BatchJob
from app.engine.batch_job_file import BoxesKind, Mark
from app.engine.drawn_boxes import Placement
from app.engine.io.open import read_volume
from app.engine.labelmap import slice_region
from app.engine.plane import SliceKey
from app.engine.prompt import Box3D
from app.engine.study import Study, StudySource
from app.engine.window import opening_of
from app.gui.controllers.batch import BatchController
from app.gui.controllers.batch_pace import Pace
from app.gui.controllers.files import Read
from app.gui.dialogs.asks import RecoverChoice
from app.gui.dialogs.batch import BatchAsks
from app.gui.document import Document
from app.gui.inference import Inference, ModelChoice
from app.gui.jobs import Jobs, Lane
from app.gui.panels.batch import BatchWindow
from app.gui.panels.batch_model import RESULT, ROW, without_folders
from app.gui.panels.batch_state import BatchForm, CaseRow, CaseState, Stage
from app.gui.settings import BATCHES, Settings
from tests.gui.batch_pages import turn_to_review

_ROOT = Path(__file__).resolve().parents[2]
_SQUARE = (slice(10, 30), slice(12, 32))  # rows, columns
_LONG = 30000  # ms


class _Answers(BatchAsks):
    """Answers what the user would be asked, and remembers what they were told."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self.errors: list[Exception] = []
        self.offered: list[str] = []
        self.choice = RecoverChoice.LATER
        self.confirmed = True
        self.path: Path | None = None

    def error(self, error: Exception) -> None:
        self.errors.append(error)

    def go_on(self, description: str) -> RecoverChoice:
        self.offered.append(description)
        return self.choice

    def confirm(self, title: str, question: str) -> bool:
        return self.confirmed

    def job(self, folder: str) -> Path | None:
        return self.path


class _Batch:
    """A window of a batch and whoever sits before it."""

    def __init__(
        self, jobs: Jobs, model: Path, qtbot: QtBot, document: Document | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.qtbot = qtbot
        self.settings = Settings()
        self.document = document or Document()
        self.jobs = jobs
        self.controller = BatchController(
            self.document, jobs, Inference(ModelChoice(str(model))), self.settings, asks=_Answers, clock=clock
        )
        self.window = self.controller.window
        qtbot.addWidget(self.window)

    @property
    def answers(self) -> _Answers:
        assert isinstance(self.controller.asks, _Answers)
        return self.controller.asks

    @property
    def rows(self) -> dict[str, CaseRow]:
        return {row.name: row for row in self.window.cases.rows}

    @property
    def states(self) -> dict[str, CaseState]:
        return {name: row.state for name, row in self.rows.items()}

    @property
    def job(self) -> BatchJob:
        (path,) = sorted(self.masks.glob("*.swiftbatch"))
        return BatchJob.open(path)

    @property
    def masks(self) -> Path:
        form = self.window.setup.form()
        assert form.masks is not None
        return form.masks

    def fill_in(self, folder: Path, **fields: object) -> None:
        """Fill the form in, and wait until the images have been found."""
        form = BatchForm(folder / "in", BoxesKind.FILE, folder / "boxes.csv", masks=folder / "out")
        self.controller.show()
        self.window.setup.set_form(_replaced(form, fields))
        self.window.setup.folders_entered.emit()
        self.wait(lambda: self.controller.form.cases is not None)

    def press(self, name: str) -> None:
        """Click the button of that accessible name."""
        button = next(one for one in self.window.findChildren(QAbstractButton) if one.accessibleName() == name)
        assert button.isEnabled(), name
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def start(self) -> None:
        self.press("Start the batch")

    def wait(self, condition: Callable[[], bool]) -> None:
        self.qtbot.waitUntil(condition, timeout=_LONG)

    def wait_for(self, stage: Stage) -> None:
        self.wait(lambda: self.controller.stage is stage)

    def rest(self) -> None:
        """Wait until nothing is in work any more."""
        self.wait(lambda: not self.jobs.is_running(Lane.BATCH))

    def end(self) -> None:
        self.jobs.close()
        self.controller.end()


def _replaced(form: BatchForm, fields: Mapping[str, object]) -> BatchForm:
    return BatchForm(**{**form.__dict__, **fields})


def _pictures(folder: Path, names: str) -> None:
    """Pictures with a bright square, one for each letter, and boxes around it."""
    pixels = np.zeros((40, 44), dtype=np.uint8)
    pixels[_SQUARE] = 200
    (folder / "in").mkdir()
    lines = ["case,label,x0,y0,x1,y1"]
    for name in names:
        Image.fromarray(pixels).save(folder / "in" / f"{name}.png")
        lines.append(f"{name}.png,square,9,8,34,31")
    (folder / "boxes.csv").write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture
def batch(jobs: Jobs, model: Path, qtbot: QtBot) -> Iterator[_Batch]:
    made = _Batch(jobs, model, qtbot)
    yield made
    made.end()


def _texts(window: QWidget) -> list[str]:
    return [label.text() for label in window.findChildren(QLabel)]


def _tips(window: QWidget) -> list[str]:
    return [label.toolTip() for label in window.findChildren(QLabel)]


def _report(batch: _Batch) -> dict[str, dict[str, str]]:
    (path,) = batch.masks.glob("*.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return {row["case"]: row for row in csv.DictReader(file)}


def test_that_cases_are_shown_before_anything_runs(batch: _Batch, tmp_path: Path) -> None:
    _pictures(tmp_path, "ab")
    (tmp_path / "in" / "broken.nii").write_bytes(b"no image")

    batch.fill_in(tmp_path)

    assert batch.states == {
        "a.png": CaseState.FOUND, "b.png": CaseState.FOUND, "broken.nii": CaseState.FAILED,
    }  # fmt: skip
    assert batch.rows["a.png"].about == "44 x 40 x 1 PNG"
    assert not (tmp_path / "out").exists()


def test_that_a_failure_is_told_by_the_name_of_the_file_and_the_reason(batch: _Batch, tmp_path: Path) -> None:
    _pictures(tmp_path, "a")
    (tmp_path / "in" / "broken.nii").write_bytes(b"no image")
    batch.fill_in(tmp_path)

    def told(role: Qt.ItemDataRole) -> str:
        cases = batch.window.cases
        place = cases.place("broken.nii")
        assert place is not None
        return str(cases.data(cases.index(place, RESULT), role))

    shown = told(Qt.ItemDataRole.DisplayRole)
    batch.start()
    batch.wait_for(Stage.ENDED)
    for text in (shown, told(Qt.ItemDataRole.DisplayRole)):
        assert str(tmp_path) not in text
        assert text[0].isupper()
        assert text != "None"
    result = batch.rows["broken.nii"].result
    assert result is not None
    assert told(Qt.ItemDataRole.ToolTipRole) == result.message


def test_that_files_are_named_without_the_folders_they_are_in() -> None:
    folders = (Path("/data"), Path("/data/in"))
    said = f"cannot read {Path('/data/in/a b.nii')}: cut short"
    assert without_folders(said, folders) == "cannot read a b.nii: cut short"
    assert without_folders(f"{Path('/data/in')} holds no image", folders) == "in holds no image"
    assert without_folders("liver: 0.93", ()) == "liver: 0.93"


def test_that_a_long_path_keeps_its_ends(qtbot: QtBot) -> None:
    window = BatchWindow()
    qtbot.addWidget(window)
    window.show()
    path = "/data/" + "folder/" * 60 + "batch.swiftbatch"
    window.set_title(path)
    window.resize(window.minimumSizeHint())
    (title,) = (label for label in window.findChildren(QLabel) if label.toolTip() == path)
    assert title.text().startswith("/data")
    assert title.text().endswith("batch.swiftbatch")
    assert len(title.text()) < len(path)


def test_that_what_is_missing_is_said_and_nothing_can_begin_without_it(batch: _Batch, tmp_path: Path) -> None:
    _pictures(tmp_path, "a")
    said = []
    changes: tuple[Mapping[str, object], ...] = (
        {"images": None}, {"boxes_path": None}, {"masks": None}, {"masks": tmp_path / "in"},
        {"boxes": BoxesKind.DRAWN}, {"images": tmp_path / "nowhere"},
    )  # fmt: skip
    for fields in changes:
        batch.controller.show()
        form = BatchForm(tmp_path / "in", BoxesKind.FILE, tmp_path / "boxes.csv", masks=tmp_path / "out")
        batch.window.setup.set_form(_replaced(form, fields))
        batch.window.setup.folders_entered.emit()
        batch.rest()
        said.append(batch.controller.form.obstacle)

    assert said == [
        "Choose the folder of the images.",
        "Choose where the boxes come from.",
        "Choose the folder of the masks.",
        "Images and masks need different folders.",
        "Draw a box in the main window and accept its mask.",
        "No image has been found yet.",
    ]
    assert not _button(batch.window, "Start the batch").isEnabled()


def test_that_a_folder_that_is_being_typed_in_is_looked_through_first(batch: _Batch, tmp_path: Path) -> None:
    _pictures(tmp_path, "a")
    batch.fill_in(tmp_path)
    assert _button(batch.window, "Start the batch").isEnabled()
    field = next(one for one in batch.window.findChildren(QLineEdit) if one.accessibleName() == "Folder of the images")

    field.setText(str(tmp_path / "other"))
    batch.controller.start()

    assert not _button(batch.window, "Start the batch").isEnabled()
    assert batch.controller.stage is Stage.SETUP


def test_that_a_folder_that_is_no_longer_wanted_is_not_told_of(batch: _Batch, tmp_path: Path) -> None:
    _pictures(tmp_path, "a")
    free = threading.Event()
    batch.jobs.submit(Lane.OPEN, lambda: free.wait(20.0), lambda _: None, batch.answers.error)
    batch.controller.show()
    batch.window.setup.set_form(BatchForm(tmp_path / "in", BoxesKind.FILE))
    batch.window.setup.folders_entered.emit()
    batch.wait(lambda: batch.jobs.is_running(Lane.BATCH))
    batch.window.setup.set_form(BatchForm(None, BoxesKind.FILE))
    batch.window.setup.folders_entered.emit()
    free.set()
    batch.rest()
    assert not batch.answers.errors
    assert batch.controller.form.cases is None


def test_that_every_case_is_done_and_told(batch: _Batch, tmp_path: Path) -> None:
    _pictures(tmp_path, "abc")
    (tmp_path / "in" / "b.png").write_bytes((tmp_path / "in" / "b.png").read_bytes()[:70])  # damaged within
    batch.fill_in(tmp_path)

    batch.start()
    batch.wait_for(Stage.ENDED)
    batch.rest()

    assert batch.states["a.png"] is CaseState.DONE
    assert batch.states["c.png"] is CaseState.DONE
    assert batch.states["b.png"] is CaseState.FAILED
    assert "b.png" in _result_of(batch, "b.png")
    mask = read_volume(tmp_path / "out" / "c_mask.png").voxels[0]
    assert mask[_SQUARE].all()
    assert np.count_nonzero(mask) == 400
    assert {name: row["status"] for name, row in _report(batch).items()} == {
        "a.png": "done", "b.png": "failed", "c.png": "done",
    }  # fmt: skip
    assert batch.settings.get(BATCHES) == ()
    assert batch.answers.errors == []


def test_that_a_batch_that_is_held_up_goes_on_where_it_was(batch: _Batch, tmp_path: Path) -> None:
    _pictures(tmp_path, "abcdef")
    batch.fill_in(tmp_path)
    batch.start()
    batch.wait(lambda: batch.states["b.png"] is CaseState.RUNNING)

    batch.press("Hold the batch up")
    batch.wait_for(Stage.PAUSED)
    batch.rest()
    held = len(batch.job.waiting)
    ages = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*_mask.png")}
    batch.press("Do the cases that wait")
    batch.wait_for(Stage.ENDED)

    assert 0 < held < 6
    assert len(ages) - (6 - held) in (0, 1)  # the case in work may have its mask already
    assert all(path.stat().st_mtime_ns == age for path, age in ages.items())
    assert set(batch.states.values()) == {CaseState.DONE}


def _volume(folder: Path, slices: int) -> None:
    """One volume of thick slices with a bright block through all of them, and a 3-D box around it."""
    voxels = np.zeros((44, 40, slices), dtype=np.int16)
    voxels[_SQUARE[1], _SQUARE[0]] = 200
    (folder / "in").mkdir()
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([1.0, 1.0, 5.0, 1.0])), folder / "in" / "v.nii.gz")
    told = {"version": 1, "cases": {"v.nii.gz": [{"label": "block", "box3d": [9, 8, 0, 34, 31, slices - 1]}]}}
    (folder / "boxes.json").write_text(json.dumps(told), encoding="utf-8")


def test_that_within_one_long_case_the_remaining_time_is_told(
    jobs: Jobs, model: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    minutes = itertools.count(step=60.0)
    batch = _Batch(jobs, model, qtbot, clock=lambda: next(minutes))
    _volume(tmp_path, 150)
    batch.fill_in(tmp_path, boxes_path=tmp_path / "boxes.json")
    told: list[str] = []
    batch.window.cases.dataChanged.connect(lambda *_: told.extend(_texts(batch.window)))
    batch.start()
    batch.wait_for(Stage.ENDED)
    assert any("about" in text and text.endswith("left") for text in told)
    batch.end()


class _Clock:
    """Stands still but when it is told to go on."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_that_the_pace_is_known_after_three_cases_or_within_a_long_one() -> None:
    clock = _Clock()
    pace = Pace(clock)
    pace.begin(0.0)
    clock.now = 3.0
    assert pace.seconds_left(2.9, 10) is None
    assert pace.seconds_left(3.0, 10) == 7.0
    clock.now = 20.0
    assert pace.seconds_left(0.0, 1) is None  # for nothing of it is done
    assert pace.seconds_left(0.25, 1) == 60.0


def test_that_neither_a_pause_nor_what_was_done_before_it_counts() -> None:
    clock = _Clock()
    pace = Pace(clock)
    pace.begin(0.0)
    clock.now = 1000.0
    pace.begin(4.5)
    clock.now = 1020.0
    assert pace.seconds_left(4.75, 5) == 20.0


def test_that_stopping_keeps_what_is_done_and_the_rest_can_be_done_later(batch: _Batch, tmp_path: Path) -> None:
    _pictures(tmp_path, "abcdef")
    batch.fill_in(tmp_path)
    batch.start()
    batch.wait(lambda: batch.states["c.png"] is CaseState.RUNNING)

    batch.press("Stop the batch; what is done is kept")
    batch.wait_for(Stage.ENDED)
    batch.rest()

    done = [name for name, state in batch.states.items() if state is CaseState.DONE]
    assert done[:2] == ["a.png", "b.png"]
    assert len(done) < 6
    assert CaseState.RUNNING not in batch.states.values()
    assert list(_report(batch)) == done
    assert batch.settings.get(BATCHES) == ()  # it was the user who ended it
    batch.press("Do the cases that wait")
    batch.wait_for(Stage.ENDED)
    assert set(batch.states.values()) == {CaseState.DONE}


def test_that_a_question_of_the_main_window_is_answered_in_between(batch: _Batch, tmp_path: Path) -> None:
    _pictures(tmp_path, "abcdefgh")
    batch.fill_in(tmp_path)
    batch.start()
    batch.wait(lambda: batch.states["a.png"] is CaseState.RUNNING)
    answered: list[int] = []

    def waiting(_answer: object) -> None:
        answered.append(sum(state is CaseState.WAITING for state in batch.states.values()))

    batch.jobs.submit(Lane.PROMPT, lambda: None, waiting, lambda error: pytest.fail(str(error)))
    batch.wait(lambda: bool(answered))

    assert answered[0] >= 5
    batch.wait_for(Stage.ENDED)


def test_that_cases_that_failed_are_tried_again(batch: _Batch, tmp_path: Path) -> None:
    _pictures(tmp_path, "ab")
    whole = (tmp_path / "in" / "b.png").read_bytes()
    batch.fill_in(tmp_path)
    (tmp_path / "in" / "b.png").write_bytes(whole[:70])
    batch.start()
    batch.wait_for(Stage.ENDED)
    batch.rest()
    before = batch.states["b.png"]
    (tmp_path / "in" / "b.png").write_bytes(whole)

    batch.press("Try the cases that failed once more")
    batch.wait(lambda: batch.states["b.png"] is CaseState.DONE)
    batch.wait_for(Stage.ENDED)

    assert before is CaseState.FAILED


def test_that_a_folder_that_cannot_be_written_is_told_before_anything_runs(batch: _Batch, tmp_path: Path) -> None:
    _pictures(tmp_path, "a")
    (tmp_path / "file").write_text("in the way of the folder")  # refuses root too, which a mode does not
    batch.fill_in(tmp_path, masks=tmp_path / "file" / "out")

    batch.start()
    batch.wait(lambda: bool(batch.answers.errors))

    assert "a part of its path is a file" in str(batch.answers.errors[0])
    assert batch.controller.stage is Stage.SETUP
    batch.wait(lambda: batch.states == {"a.png": CaseState.FOUND})


def test_that_boxes_of_the_open_image_are_applied_to_all(jobs: Jobs, model: Path, qtbot: QtBot, tmp_path: Path) -> None:
    _pictures(tmp_path, "ab")
    study = Study(read_volume(tmp_path / "in" / "a.png"), StudySource("a.png", "a.png"))
    study.labels.add_label("mole")
    key = SliceKey(0, 0)
    mask = np.zeros((40, 44), dtype=bool)
    mask[_SQUARE] = True
    record = {"kind": "prompt", "axis": 0, "slice": 0, "box": [9, 8, 34, 31], "label": 1}
    study.paint("Accept a mask", [(slice_region(key, slice(0, 40), slice(0, 44)), mask)], 1, record=record)
    document = Document()
    document.open(study)
    batch = _Batch(jobs, model, qtbot, document)
    batch.fill_in(tmp_path, boxes=BoxesKind.DRAWN, placement=Placement.RELATIVE, boxes_path=None)

    batch.start()
    batch.wait_for(Stage.ENDED)

    assert [label.label for row in batch.rows.values() if row.result for label in row.result.labels] == ["mole"] * 2
    assert read_volume(tmp_path / "out" / "b_mask.png").voxels[0][_SQUARE].all()
    batch.end()


# ------------------------------------------------------------------------------------------------------------- review


@pytest.fixture
def finished(batch: _Batch, tmp_path: Path) -> _Batch:
    """A batch of five cases, of which d has an empty mask."""
    _pictures(tmp_path, "abcde")
    Image.fromarray(np.zeros((40, 44), dtype=np.uint8)).save(tmp_path / "in" / "d.png")
    batch.fill_in(tmp_path)
    batch.start()
    batch.wait_for(Stage.ENDED)
    batch.rest()
    turn_to_review(batch.window)
    return batch


def _sheet(batch: _Batch) -> QListView:
    found = batch.window.review.findChild(QListView)
    assert isinstance(found, QListView)
    return found


def _on_sheet(batch: _Batch) -> list[str]:
    model = batch.window.review.model
    return [model.index(n, 0).data(ROW).name for n in range(model.rowCount())]


def _choose(batch: _Batch, text: str) -> None:
    combo = next(c for c in batch.window.findChildren(QComboBox) if c.accessibleName() == "Which results are shown")
    combo.setCurrentText(text)


def _button(window: QWidget, name: str) -> QAbstractButton:
    return next(one for one in window.findChildren(QAbstractButton) if one.accessibleName() == name)


def _result_of(batch: _Batch, name: str) -> str:
    result = batch.rows[name].result
    assert result is not None
    return result.message


def test_that_the_doubtful_results_come_first_each_with_a_picture(finished: _Batch) -> None:
    assert _on_sheet(finished) == ["d.png", "a.png", "b.png", "c.png", "e.png"]
    pictures = {}
    finished.window.review.model.dataChanged.connect(lambda index, *_: pictures.update({index.data(ROW).name: 1}))
    finished.wait(lambda: len(pictures) == 5)
    icon = finished.window.review.model.index(1, 0).data(Qt.ItemDataRole.DecorationRole)
    image = icon.pixmap(icon.availableSizes()[0]).toImage()
    colours = {image.pixelColor(x, y).name() for x in range(8, 200, 4) for y in range(8, 200, 4)}
    assert len(colours) > 3


def test_that_marks_by_keys_are_kept_in_job_and_table(finished: _Batch) -> None:
    sheet = _sheet(finished)
    for key in (Qt.Key.Key_R, Qt.Key.Key_A, Qt.Key.Key_V, Qt.Key.Key_A, Qt.Key.Key_Backspace):
        QTest.keyClick(sheet, key)
    finished.wait(lambda: finished.rows["c.png"].mark is Mark.ACCEPTED)
    finished.rest()

    wanted = {"d.png": "rejected", "a.png": "accepted", "b.png": "reviewed", "c.png": "accepted", "e.png": ""}
    assert {entry.case: entry.mark.value for entry in finished.job.entries} == wanted
    assert {name: row["mark"] for name, row in _report(finished).items()} == wanted
    _choose(finished, "Accepted ones")
    assert _on_sheet(finished) == ["a.png", "c.png"]
    _choose(finished, "Without a mark")
    assert _on_sheet(finished) == ["e.png"]
    _choose(finished, "Doubtful ones")
    assert _on_sheet(finished) == ["d.png"]


def test_that_several_results_are_marked_by_a_button_at_once(finished: _Batch) -> None:
    _sheet(finished).selectAll()
    finished.press("Mark as accepted (A)")
    finished.wait(lambda: all(row.mark is Mark.ACCEPTED for row in finished.rows.values()))
    finished.rest()
    assert {entry.mark for entry in finished.job.entries} == {Mark.ACCEPTED}


def test_that_enter_opens_a_case_with_its_mask(finished: _Batch, qtbot: QtBot) -> None:
    asked: list[tuple[str, Callable[[], object]]] = []
    finished.controller.review.open_requested.connect(lambda name, make: asked.append((name, make)))
    QTest.keyClick(_sheet(finished), Qt.Key.Key_Right)
    QTest.keyClick(_sheet(finished), Qt.Key.Key_Return)

    (name, make) = asked[0]
    study = make()

    assert name == "a.png"
    assert study.source.path.endswith("a.png")  # type: ignore[attr-defined]  # a Study
    assert [label.name for label in study.labels.labels] == ["square"]  # type: ignore[attr-defined]
    assert study.labels.voxels[0][_SQUARE].all()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ([4, 18, 26], [(4, 18, 26)]),
        ([8, 18, 26], []),
        ([4, -1, 26], []),
        ([4, 18], []),
        ([4, 18.5, 26], []),
        ([4, True, 26], []),
        (["4", "18", "26"], []),
        ({"z": 4, "y": 18, "x": 26}, []),
        ("abc", []),
        (None, []),
    ],
)
def test_that_a_project_shows_a_voxel_of_its_volume_or_none(
    batch: _Batch, study: Study, told: object, seen: list[tuple[int, int, int]]
) -> None:
    heard: list[tuple[int, int, int]] = []
    batch.controller.review.centre_changed.connect(heard.append)
    part = Box3D(14, 8, 4, 30, 20, 5), np.ones((1, 12, 16), dtype=bool)
    study.paint("Take the labels of a batch", [part], 1, record={"kind": "batch", "centre": told})
    batch.controller.review.shown(Read(study, opening_of(study.volume), None, None))
    assert heard == seen


def test_that_a_batch_of_earlier_is_opened_with_its_marks_and_missing_pictures_are_made(
    finished: _Batch, model: Path, qtbot: QtBot
) -> None:
    finished.controller.review.mark(("a.png",), Mark.ACCEPTED)
    finished.wait(lambda: finished.rows["a.png"].mark is Mark.ACCEPTED)
    finished.rest()
    path = finished.job.path
    finished.press("Prepare another batch")
    finished.rest()
    picture = next((finished.masks / "overlays").glob("a_*"))
    picture.unlink()

    finished.answers.path = path
    finished.press("Open the file of an earlier batch")
    finished.wait_for(Stage.ENDED)
    turn_to_review(finished.window)
    finished.wait(picture.exists)

    assert finished.rows["a.png"].mark is Mark.ACCEPTED
    assert finished.window.setup.form().existing is Existing.SKIP


def test_that_a_batch_that_cannot_be_opened_leaves_the_window_as_for_a_new_one(finished: _Batch) -> None:
    title = str(finished.job.path)
    assert title in _tips(finished.window)

    finished.controller.load(finished.masks / "gone.swiftbatch")
    finished.wait(lambda: bool(finished.answers.errors))

    assert finished.controller.stage is Stage.SETUP
    assert title not in _tips(finished.window)


def test_that_pictures_whose_answers_were_lost_are_asked_for_again(finished: _Batch) -> None:
    sheet = finished.window.review.model
    wanted: list[str] = []
    sheet.pictures_wanted.connect(wanted.extend)
    sheet.pictures_wanted.connect(lambda _names: finished.jobs.cancel(Lane.BATCH))  # as soon as they are asked for
    index = sheet.index(0, 0)
    name = index.data(ROW).name
    sheet.forget()
    index.data(Qt.ItemDataRole.DecorationRole)
    finished.wait(lambda: name in wanted)
    index.data(Qt.ItemDataRole.DecorationRole)

    sheet.ask_again()
    index.data(Qt.ItemDataRole.DecorationRole)

    finished.wait(lambda: wanted.count(name) == 2)


# -------------------------------------------------------------------------------------------------------------- crash


@pytest.mark.skipif(os.name == "nt", reason="a process is killed by a signal")
@pytest.mark.parametrize("where", ["at the start", "in the window"])
def test_that_a_batch_that_was_killed_is_offered_and_every_case_done_once(
    batch: _Batch, model: Path, tmp_path: Path, user_home: Path, where: str
) -> None:
    _pictures(tmp_path, "abcdef")
    command = [sys.executable, "-m", "tests.gui.batch_child", str(tmp_path), str(model), "c.png"]
    environment = os.environ | {"SWIFTMEDSAM_HOME": str(user_home), "QT_QPA_PLATFORM": "offscreen"}
    with subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        child.send_signal(signal.SIGKILL)
    batch.settings = Settings()  # as a program that is started anew reads them
    again = _Batch(batch.jobs, model, batch.qtbot)
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*_mask.png")}

    if where == "at the start":
        again.answers.choice = RecoverChoice.RECOVER
        again.controller.left.ask()
    else:
        again.controller.show()
        again.wait(again.window.offer.isVisible)
        again.press("Go on with the unfinished batch")
    again.wait(lambda: bool(again.states))
    again.wait_for(Stage.ENDED)
    again.rest()

    assert line == "stopped\n"
    assert child.returncode == -signal.SIGKILL
    assert len(made) >= 2
    assert all(path.stat().st_mtime_ns == age for path, age in made.items())
    assert set(again.states.values()) == {CaseState.DONE}
    assert [row["status"] for row in _report(again).values()] == ["done"] * 6
    assert again.settings.get(BATCHES) == ()
    assert again.answers.errors == []
    assert bool(again.answers.offered) is (where == "at the start")
    again.controller.end()


def test_that_a_batch_of_another_process_is_not_offered(batch: _Batch, tmp_path: Path) -> None:
    _pictures(tmp_path, "a")
    batch.fill_in(tmp_path)
    setup = batch.controller.form.setup()
    assert setup is not None
    assert batch.controller.form.cases is not None
    setup = replace(setup, model="tiny")
    elsewhere = BatchJob.begin(tmp_path / "other.swiftbatch", setup, batch.controller.form.cases)
    elsewhere.hold()
    batch.settings.set(BATCHES, (elsewhere.path,))

    batch.controller.left.ask()
    batch.rest()
    batch.controller.load(elsewhere.path)
    batch.wait(lambda: bool(batch.answers.errors))

    assert batch.answers.offered == []
    assert "another window or program" in str(batch.answers.errors[0])
    elsewhere.release()


def test_that_the_program_does_not_end_over_a_batch_unasked(batch: _Batch, tmp_path: Path) -> None:
    _pictures(tmp_path, "abcd")
    batch.fill_in(tmp_path)
    assert batch.controller.may_close()
    batch.start()
    batch.wait_for(Stage.RUNNING)

    batch.answers.confirmed = False
    refused = batch.controller.may_close()
    batch.answers.confirmed = True
    allowed = batch.controller.may_close()
    batch.wait_for(Stage.PAUSED)

    assert not refused
    assert allowed
    assert batch.settings.get(BATCHES) != ()  # offered at the next start


def test_that_ending_the_program_while_a_batch_begins_is_asked_about_once(batch: _Batch, tmp_path: Path) -> None:
    _pictures(tmp_path, "ab")
    batch.fill_in(tmp_path)
    asked: list[bool] = []
    free = threading.Event()
    batch.jobs.submit(Lane.OPEN, lambda: free.wait(20.0), lambda _: None, batch.answers.error)  # it takes a while
    batch.start()
    batch.wait_for(Stage.BEGINNING)
    batch.answers.confirmed = False
    asked.append(batch.controller.may_close())
    batch.answers.confirmed = True
    asked.append(batch.controller.may_close())
    batch.answers.confirmed = False
    asked.append(batch.controller.may_close())
    assert asked == [False, True, True]
    free.set()
    batch.wait_for(Stage.ENDED)  # where the window stays open after all, the job waits
    assert batch.job.waiting == ("a.png", "b.png")
    assert batch.settings.get(BATCHES) == (batch.job.path,)
    batch.press("Do the cases that wait")
    batch.wait_for(Stage.ENDED)
    batch.rest()
    assert not batch.job.waiting


def test_that_a_case_that_was_not_worked_on_took_no_time(batch: _Batch, tmp_path: Path) -> None:
    _pictures(tmp_path, "a")
    (tmp_path / "in" / "broken.nii").write_bytes(b"no image")
    batch.fill_in(tmp_path)
    (row,) = [n for n, row in enumerate(batch.window.cases.rows) if row.name == "broken.nii"]
    shown = [batch.window.cases.index(row, column).data() for column in range(batch.window.cases.columnCount())]
    assert "failed" in shown
    assert not [text for text in shown if text and text.startswith("0")]


def test_that_every_control_has_a_name(batch: _Batch) -> None:
    batch.controller.show()
    kinds = (QLineEdit, QComboBox, QTableView, QListView, QPushButton)
    controls = [one for kind in kinds for one in batch.window.findChildren(kind)]
    own = [one for one in controls if not isinstance(one.parentWidget(), QComboBox) and one.objectName()[:3] != "qt_"]
    unnamed = [one for one in own if not one.accessibleName() and not _is_popup(one)]
    assert len(own) > 20
    assert unnamed == []


def _is_popup(widget: QWidget) -> bool:
    """Whether it is the list of a combo box, which Qt makes and names by its box."""
    return widget.window() is not None and "ComboBox" in widget.window().metaObject().className()
