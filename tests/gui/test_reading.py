"""How far reading is, from the readers on the engine thread to the line of the status bar."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QProgressBar, QWidget
from pytestqt.qtbot import QtBot

from app.gui.controllers.files import FilesController
from app.gui.controllers.navigate import NavigateController
from app.gui.controllers.reading import Share
from app.gui.dialogs.asks import Asks
from app.gui.document import Document
from app.gui.jobs import Jobs
from app.gui.panels.progress import ProgressLine
from app.gui.view_state import ViewState
from tests.engine.io.dicom_fixtures import ramp, write_series


def test_that_a_series_whose_last_file_is_cut_short_does_not_pass_for_whole(
    jobs: Jobs, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "series"
    folder.mkdir()
    files = write_series(folder, ramp())
    files[-1].write_bytes(files[-1].read_bytes()[:-100])  # the gap is at the end, where no slice is missing between two
    over = QWidget()
    qtbot.addWidget(over)
    document = Document()
    files_controller = FilesController(
        document, NavigateController(ViewState(), document), jobs, Asks(over), tmp_path / "journals"
    )
    files_controller.shown.connect(lambda read: read.journal.close())
    files_controller.open([folder])
    qtbot.waitUntil(lambda: document.study is not None, timeout=20000)
    assert document.study is not None
    volume = document.study.volume
    assert volume.shape_zyx[0] == len(files) - 1
    (finding,) = volume.findings
    assert finding.code == "passed-over"
    assert files[-1].name in finding.message
    document.open(None)


def test_that_reading_a_series_says_how_many_files_are_read(jobs: Jobs, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "series"
    folder.mkdir()
    count = len(write_series(folder, ramp()))
    over, line = QWidget(), ProgressLine()
    qtbot.addWidget(over)
    qtbot.addWidget(line)
    document = Document()
    files = FilesController(
        document, NavigateController(ViewState(), document), jobs, Asks(over), tmp_path / "journals"
    )
    files.shown.connect(lambda read: read.journal.close())
    heard: list[Share] = []
    files.read_so_far.connect(heard.append)
    files.open([folder])
    qtbot.waitUntil(lambda: document.study is not None, timeout=20000)
    assert heard.count(Share(count, count)) == 2  # headers, then pixels
    task = line.begin("Reading")
    line.advance(task, heard[-1].done, heard[-1].total)
    qtbot.waitUntil(line.isVisible)
    bar = line.findChildren(QProgressBar)[0]
    assert (bar.value(), bar.maximum()) == (count, count)
    qtbot.waitUntil(lambda: jobs.is_idle)
    document.open(None)
