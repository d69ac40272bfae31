"""What becomes of an act that the disk did not take, without a window."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.engine.prompt import Box3D
from app.gui.controllers import recovery
from app.gui.controllers.files import FilesController, Read
from app.gui.controllers.navigate import NavigateController
from app.gui.controllers.recovery import RecoveryController
from app.gui.dialogs.asks import Asks
from app.gui.document import Document
from app.gui.jobs import Jobs
from app.gui.view_state import ViewState


class Desk:
    """An open image with a journal, and what was said of it."""

    def __init__(self, jobs: Jobs, folder: Path, qtbot: QtBot) -> None:
        over = QWidget()
        qtbot.addWidget(over)
        self.document, asks = Document(), Asks(over)
        navigate = NavigateController(ViewState(), self.document)
        self.files = FilesController(self.document, navigate, jobs, asks, folder / "journals")
        self.recovery = RecoveryController(self.document, self.files, asks)
        self.errors: list[Exception] = []
        self.recovery.failed.connect(self.errors.append)
        nib.save(nib.Nifti1Image(np.zeros((8, 7, 4), np.int16), np.eye(4)), folder / "image.nii.gz")
        with qtbot.waitSignal(self.files.shown, timeout=20000) as shown:
            self.files.open([folder / "image.nii.gz"])
        assert shown.args is not None
        read = shown.args[0]
        assert isinstance(read, Read)
        assert read.journal is not None
        self.journal = read.journal

    def paint(self) -> None:
        part = Box3D(1, 1, 1, 5, 4, 3), np.ones((2, 3, 4), dtype=bool)
        self.document.do(lambda study: study.paint("Paint", [part], 1))


@pytest.fixture
def desk(jobs: Jobs, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(recovery, "_SETTLING_MS", 5)
    made = Desk(jobs, tmp_path, qtbot)
    yield made
    made.recovery.close()


def test_that_a_disk_that_did_not_take_an_act_is_told_of_before_the_next(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    desk.paint()
    qtbot.waitUntil(lambda: bool(desk.errors), timeout=20000)
    assert "the disk is full" in str(desk.errors[0])


def test_that_an_act_that_the_disk_did_not_take_at_first_is_written_again(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.fsync
    failed: list[int] = []

    def fail_once(handle: int) -> None:
        if not failed:
            failed.append(handle)
            raise OSError(5, "Input/output error")
        whole(handle)

    before = desk.journal.path.stat().st_ino
    monkeypatch.setattr(os, "fsync", fail_once)
    desk.paint()
    qtbot.waitUntil(lambda: desk.journal.path.stat().st_ino != before, timeout=20000)  # another file is in its place
    assert desk.errors == []
