"""The guide and the problem report."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QGuiApplication, QImage, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QTreeWidget, QWidget
from pytestqt.qtbot import QtBot

from app import __version__
from app.engine.errors import ReadError
from app.gui.actions import Actions
from app.gui.controllers.diagnostics import DiagnosticsController
from app.gui.controllers.guide import GuideController
from app.gui.controllers.help import HelpController
from app.gui.dialogs.asks import Asks
from app.gui.dialogs.guide import GuidePages, GuideWindow, WantedPicture, anchor_of
from app.gui.document import Document
from app.gui.inference import Inference, ModelChoice
from app.gui.jobs import Jobs, Lane
from app.gui.log import LogTail, scrubbed
from app.gui.settings import BATCHES, RECENT, SHOW_PATIENT_DATA, Settings

_TEXT = """# Guide

## Open an image

Drop a file. ![A picture](wide.png)

## Draw a box

### With the keyboard

Press K. See [how to open](#open-an-image).

""" + "\n\n".join(f"Paragraph {n} about boxes." for n in range(80))


class Answers(Asks):
    """Names the file that is asked for."""

    target: Path | None = None

    def save_text(self, suggested: Path) -> Path | None:
        return self.target


# ---------------------------------------------------------------------------------------------------------------- guide


@pytest.fixture
def guide(tmp_path: Path, qtbot: QtBot) -> GuideWindow:
    picture = QImage(1600, 400, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.red)
    picture.save(str(tmp_path / "wide.png"))
    made = GuideWindow(_TEXT, tmp_path)
    qtbot.addWidget(made)
    made.resize(900, 600)
    made.show()
    qtbot.waitExposed(made)
    return made


def pages(guide: GuideWindow) -> GuidePages:
    return guide.findChildren(GuidePages)[0]


def test_that_the_contents_list_the_headings_with_those_inside_them(guide: GuideWindow) -> None:
    contents = guide.findChildren(QTreeWidget)[0]
    below = contents.findItems("", Qt.MatchFlag.MatchContains | Qt.MatchFlag.MatchRecursive)
    inside = {item.text(0): [item.child(n) for n in range(item.childCount())] for item in below}
    assert list(inside) == ["Guide", "Open an image", "Draw a box", "With the keyboard"]
    assert [name for name, children in inside.items() if children] == ["Draw a box"]
    assert [child.text(0) for child in inside["Draw a box"] if child is not None] == ["With the keyboard"]


def test_that_a_link_goes_to_its_chapter(guide: GuideWindow, qtbot: QtBot) -> None:
    bar = pages(guide).verticalScrollBar()
    guide.go_to("draw-a-box")
    below = bar.value()
    assert below > 0
    pages(guide).anchorClicked.emit(QUrl("#open-an-image"))
    assert bar.value() < below


def test_that_a_search_shows_place_after_place_and_begins_again(guide: GuideWindow, qtbot: QtBot) -> None:
    field = guide.findChildren(QLineEdit)[0]
    QTest.keyClicks(field, "press")
    assert len(pages(guide).extraSelections()) == 1
    field.setText("boxes")
    assert len(pages(guide).extraSelections()) == 80
    first = pages(guide).verticalScrollBar().value()
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert pages(guide).verticalScrollBar().value() > first
    for _ in range(79):
        guide.step(1)
    assert pages(guide).verticalScrollBar().value() == first


def test_that_a_search_that_finds_nothing_says_so(guide: GuideWindow) -> None:
    guide.findChildren(QLineEdit)[0].setText("zebra")
    assert pages(guide).extraSelections() == []
    assert "not found" in [label.text() for label in guide.findChildren(QLabel)]


def test_that_a_wide_picture_fits_into_the_window(guide: GuideWindow, qtbot: QtBot) -> None:
    def width() -> float:
        found = pages(guide).document().resource(QTextDocument.ResourceType.ImageResource.value, QUrl("wide.png"))
        assert isinstance(found, QImage)
        return found.width() / found.devicePixelRatio()

    qtbot.waitUntil(lambda: 200 <= width() < pages(guide).viewport().width())
    narrow = width()
    guide.resize(1400, 600)
    qtbot.waitUntil(lambda: narrow < width() < pages(guide).viewport().width())


def test_that_no_picture_outside_the_guide_is_loaded(guide: GuideWindow, tmp_path: Path) -> None:
    kind = QTextDocument.ResourceType.ImageResource.value
    for name in ("../wide.png", "http://example.org/wide.png", str(tmp_path / "wide.png")):
        assert pages(guide).loadResource(kind, QUrl(name)) is None


@pytest.mark.parametrize(
    ("heading", "anchor"), [("Draw a box", "draw-a-box"), ("3-D: carry, fill?", "3-d-carry-fill"), ("K ", "k")]
)
def test_that_links_name_headings_as_markdown_does(heading: str, anchor: str) -> None:
    assert anchor_of(heading) == anchor


def picture_in(guide: GuideWindow, name: str) -> QImage:
    found = pages(guide).document().resource(QTextDocument.ResourceType.ImageResource.value, QUrl(name))
    assert isinstance(found, QImage)
    return found


def test_that_a_picture_has_its_room_before_it_is_read_and_is_asked_for_in_the_width_it_has(
    guide: GuideWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    asked: list[WantedPicture] = []
    guide.pictures_wanted.connect(asked.extend)
    blank = picture_in(guide, "wide.png")
    assert blank.pixelColor(5, 5).alpha() == 0
    qtbot.waitUntil(lambda: bool(asked))
    wanted = asked[-1]
    assert wanted.path == tmp_path / "wide.png"
    assert 200 <= wanted.pixels < pages(guide).viewport().width() * guide.devicePixelRatioF()
    height = pages(guide).document().size().height()
    guide.set_picture(replace(wanted, pixels=wanted.pixels + 1), QImage(8, 2, QImage.Format.Format_RGB32))  # too late
    assert picture_in(guide, "wide.png").pixelColor(5, 5).alpha() == 0
    guide.set_picture(wanted, wanted.scaled())
    assert picture_in(guide, "wide.png").pixelColor(5, 5) == Qt.GlobalColor.red
    assert pages(guide).document().size().height() == height


def test_that_the_guide_that_ships_opens_with_its_pictures(jobs: Jobs, qtbot: QtBot) -> None:
    over = QWidget()
    qtbot.addWidget(over)
    made = GuideController(over, jobs)
    made.show()
    made.show()  # there is one at a time
    guide = over.findChildren(GuideWindow)[-1]
    assert guide.isVisible()
    assert not guide.isModal()
    headings = {block.text() for block, _level in pages(guide).headings()}
    assert {"Draw a box", "Segment a folder", "All keys"} <= headings
    qtbot.waitUntil(lambda: picture_in(guide, "box.png").pixelColor(5, 5).alpha() == 255, timeout=20000)
    assert sum(window.isVisible() for window in over.findChildren(GuideWindow)) == 1


def test_that_pictures_wanted_later_leave_those_wanted_before_in_work(jobs: Jobs, qtbot: QtBot) -> None:
    over, gate = QWidget(), threading.Event()
    qtbot.addWidget(over)
    jobs.submit(Lane.OPEN, gate.wait, lambda _: None, lambda _: None)  # the engine is busy with something else
    made = GuideController(over, jobs)
    made.show()
    guide = over.findChildren(GuideWindow)[-1]
    with qtbot.waitSignal(guide.pictures_wanted, timeout=20000) as asked:
        pass
    first, *_, last = asked.args[0]
    guide.pictures_wanted.emit((last,))
    gate.set()
    qtbot.waitUntil(lambda: picture_in(guide, first.path.name).pixelColor(5, 5).alpha() == 255, timeout=20000)


# --------------------------------------------------------------------------------------------------------------- report


@pytest.fixture
def log() -> Iterator[LogTail]:
    tail, hook, level = LogTail(), sys.excepthook, logging.getLogger("app").level
    tail.listen()
    yield tail
    logging.getLogger().removeHandler(tail)
    logging.getLogger("app").setLevel(level)
    sys.excepthook = hook


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(tmp_path / "settings.ini")
    made.set(RECENT, (tmp_path / "Mustermann" / "ct.dcm",))
    made.set(BATCHES, (tmp_path / "Mustermann" / "night.swiftbatch",))
    made.set(SHOW_PATIENT_DATA, True)
    return made


@pytest.fixture
def diagnostics(document: Document, jobs: Jobs, settings: Settings, model: Path, log: LogTail) -> DiagnosticsController:
    return DiagnosticsController(document, jobs, Inference(ModelChoice(str(model))), settings, log)


@pytest.fixture
def report(diagnostics: DiagnosticsController, qtbot: QtBot) -> str:
    with qtbot.waitSignal(diagnostics.ready, timeout=20000) as told:
        diagnostics.gather()
    return str(told.args[0])


def test_that_the_report_tells_versions_machine_devices_model_and_image(report: str) -> None:
    assert report.startswith(f"SwiftMedSAM {__version__}")
    for said in ("OpenVINO 2", "CPU: ", "memory ", "in use: tiny", "CT, 48 x 40 x 8, int16", "labels: 1, acts: 0"):
        assert said in report, said


def test_that_the_report_tells_settings_but_no_path(report: str, tmp_path: Path) -> None:
    assert "show_patient_data: True" in report
    for secret in ("recent", "batches", "Mustermann", str(tmp_path), str(Path.home()), "ball"):
        assert secret not in report, secret


def test_that_the_log_tells_kind_and_place_of_an_error_but_not_its_sentence(log: LogTail) -> None:
    try:
        raise ReadError("cannot read /data/Mustermann/ct.dcm: it is torn")
    except ReadError:
        logging.getLogger("app.gui.jobs").debug("a job of lane %s failed", "OPEN", exc_info=True)
    line = log.lines[-1]
    assert "a job of lane OPEN failed" in line
    assert "ReadError" in line
    assert "test_help.py" in line
    assert "Mustermann" not in line


def test_that_of_libraries_the_log_tells_only_who_spoke_and_where(log: LogTail) -> None:
    logging.getLogger("pydicom").warning("invalid value 'Mustermann^Max'")
    assert "pydicom: at test_help:" in log.lines[-1]
    assert "Mustermann" not in log.lines[-1]


def test_that_an_uncaught_error_is_logged_and_told_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: told.append(error[1]))
    tail, error = LogTail(), ValueError("no")
    tail.listen()
    sys.excepthook(ValueError, error, None)
    logging.getLogger().removeHandler(tail)
    assert "ValueError" in tail.lines[-1]
    assert told == [error]


@pytest.mark.parametrize(
    "secret",
    ["/home/Max Muster/a b.dcm", "C:\\Users\\Max Muster\\x", "“Max Muster”", "'Max Muster'", "max_muster.nii.gz"],
)
def test_that_paths_and_names_are_left_out_to_the_end_of_the_line(secret: str) -> None:
    assert scrubbed(f"cannot read {secret} it is torn, Muster") == "cannot read …"


def test_that_numbers_are_left_in() -> None:
    assert scrubbed("took 1.5 s for 300 slices. Done") == "took 1.5 s for 300 slices. Done"


def test_that_the_report_is_read_copied_and_saved(
    diagnostics: DiagnosticsController, settings: Settings, tmp_path: Path, qtbot: QtBot
) -> None:
    over = QWidget()
    qtbot.addWidget(over)
    asks = Answers(over)
    asks.target = tmp_path / "report.txt"
    offered = HelpController(over, Actions(over), settings, diagnostics, asks)
    offered.show_report()
    qtbot.waitUntil(lambda: bool(over.findChildren(QDialog)), timeout=20000)
    dialog = over.findChildren(QDialog)[0]
    text = dialog.findChildren(QPlainTextEdit)[0].toPlainText()
    buttons = {button.text().replace("&", ""): button for button in dialog.findChildren(QPushButton)}
    buttons["Copy"].click()
    assert QGuiApplication.clipboard().text() == text
    buttons["Save…"].click()
    qtbot.waitUntil(asks.target.exists, timeout=20000)
    assert asks.target.read_text(encoding="utf-8") == text
