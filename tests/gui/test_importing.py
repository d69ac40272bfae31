"""Labels of a file become labels of the open study."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.engine.export import write_labels
from app.engine.prompt import Box3D
from app.engine.study import Act, Study
from app.gui.controllers.importing import ImportController
from app.gui.controllers.snapshot import Snapshots
from app.gui.dialogs.asks import Asks
from app.gui.document import Document
from app.gui.jobs import Jobs, Lane


class Desk:
    """A document into which labels are taken, and what was said."""

    def __init__(self, document: Document, jobs: Jobs, qtbot: QtBot) -> None:
        self.document, self.qtbot, self.over = document, qtbot, QWidget()
        qtbot.addWidget(self.over)
        self.importing = ImportController(document, jobs, Asks(self.over))
        self.messages: list[str] = []
        self.importing.message.connect(self.messages.append)

    def take(self, path: Path) -> list[str]:
        """The names of all labels once those of a file are there."""
        self.importing.take(path)
        self.qtbot.waitUntil(lambda: bool(self.messages))
        assert self.document.study is not None
        return [label.name for label in self.document.study.labels.labels]


@pytest.fixture
def desk(document: Document, jobs: Jobs, qtbot: QtBot) -> Desk:
    return Desk(document, jobs, qtbot)


def labels_file(desk: Desk, folder: Path, names: dict[int, str]) -> Path:
    assert desk.document.study is not None
    values = np.zeros(desk.document.study.volume.shape_zyx, dtype=np.uint16)
    for value in names:
        values[value] = value
    path = folder / "labels.nii.gz"
    write_labels(path, values, desk.document.study.volume, label_names=names)
    return path


def test_that_labels_keep_the_names_that_lie_beside_them(desk: Desk, tmp_path: Path) -> None:
    assert desk.take(labels_file(desk, tmp_path, {2: "liver", 5: "spleen"})) == ["ball", "liver", "spleen"]
    assert desk.messages == ["2 labels were added."]


def test_that_labels_without_names_are_numbered(desk: Desk, tmp_path: Path) -> None:
    path = labels_file(desk, tmp_path, {3: "liver"})
    (tmp_path / "labels.json").unlink()
    assert desk.take(path) == ["ball", "label 3"]
    assert desk.messages == ["One label was added."]


def test_that_reading_labels_is_told_and_can_be_given_up(desk: Desk, jobs: Jobs, tmp_path: Path) -> None:
    told: list[str] = []
    desk.importing.reading.connect(told.append)
    path = labels_file(desk, tmp_path, {2: "liver"})
    assert desk.take(path) == ["ball", "liver"]
    gate = threading.Event()
    jobs.submit(Lane.OPEN, gate.wait, lambda _: None, lambda _: None)  # the engine is busy with something else
    desk.importing.take(path)
    desk.importing.cancel()
    gate.set()
    desk.qtbot.waitUntil(lambda: jobs.is_idle)
    assert told == [path.name, "", path.name, ""]
    assert desk.messages == ["One label was added."]


def test_that_labels_are_not_taken_into_another_image(desk: Desk, jobs: Jobs, study: Study, tmp_path: Path) -> None:
    path = labels_file(desk, tmp_path, {2: "liver"})
    gate = threading.Event()
    jobs.submit(Lane.OPEN, gate.wait, lambda _: None, lambda _: None)
    desk.importing.take(path)
    desk.document.open(study)
    gate.set()
    desk.qtbot.waitUntil(lambda: jobs.is_idle)
    assert [label.name for label in study.labels.labels] == ["ball"]


def large_labels(desk: Desk, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """A file whose labels are taken in many steps."""
    monkeypatch.setattr("app.engine.study._STEP_VOXELS", 8)
    return labels_file(desk, folder, {2: "liver", 3: "spleen"})


def begin_to_take(desk: Desk, path: Path) -> None:
    """Come back after the first step."""
    with desk.qtbot.waitSignal(desk.document.modified_changed):
        desk.importing.take(path)
    assert desk.document.has_parts


def test_that_labels_come_in_steps_and_are_one_step_of_undo(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, path = desk.document.study, large_labels(desk, monkeypatch, tmp_path)
    assert study is not None
    before, shown, acted = study.labels.voxels.copy(), list[Box3D](), list[Act]()
    desk.document.voxels_changed.connect(shown.append)
    desk.document.acted.connect(acted.append)
    assert desk.take(path) == ["ball", "liver", "spleen"]
    after = study.labels.voxels.copy()
    assert len(shown) == 2
    assert acted == [study.history[-1]]
    assert desk.document.undo_stack.count() == 1
    desk.document.undo()
    assert np.array_equal(study.labels.voxels, before)
    assert [label.name for label in study.labels.labels] == ["ball"]
    desk.document.redo()
    assert np.array_equal(study.labels.voxels, after)


def test_that_what_is_done_amid_an_import_comes_after_all_of_it(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, document = large_labels(desk, monkeypatch, tmp_path), desk.document
    begin_to_take(desk, path)
    assert document.study is not None
    assert desk.messages == []
    document.do(lambda study: study.remove_label(2, "Remove a label"))
    assert desk.messages == ["2 labels were added."]
    assert [act.text for act in document.study.history] == ["Import labels", "Remove a label"]
    assert not document.has_parts


def test_that_an_import_ends_with_its_image(
    desk: Desk, study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, document = large_labels(desk, monkeypatch, tmp_path), desk.document
    begin_to_take(desk, path)
    document.open(None)
    document.open(study)
    desk.importing._step()
    assert not document.has_parts
    assert desk.messages == []


def test_that_what_is_saved_or_compared_amid_an_import_holds_all_of_it(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, document, taken = large_labels(desk, monkeypatch, tmp_path), desk.document, list[NDArray[np.uint16]]()
    snapshots = Snapshots(document)
    begin_to_take(desk, path)
    snapshots.take(lambda _study, values: taken.append(values))
    desk.qtbot.waitUntil(lambda: bool(taken))
    assert desk.messages == ["2 labels were added."]
    assert set(np.unique(taken[0])) == {0, 2, 3}


def test_that_a_snapshot_amid_an_import_is_whole_though_the_image_goes(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, taken = desk.document, list[NDArray[np.uint16]]()
    snapshots = Snapshots(document)
    importing = ImportController(document, desk.importing._jobs, Asks(desk.over))  # after it, as in the window
    desk.importing.deleteLater()
    desk.importing = importing
    begin_to_take(desk, large_labels(desk, monkeypatch, tmp_path))
    snapshots.take(lambda _study, values: taken.append(values))
    document.open(None)
    assert set(np.unique(taken[0])) == {0, 2, 3}
