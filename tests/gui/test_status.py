"""The page of an empty window, the progress line and the findings."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QListWidget, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from app.engine.volume import Finding
from app.gui.panels.findings import FindingsBadge, FindingsPanel
from app.gui.panels.progress import ProgressLine
from app.gui.panels.welcome import Sample, WelcomePanel

_FINDINGS = (Finding("gantry-tilt", "the gantry was tilted"), Finding("missing-slices", "slice 4 is missing"))


def buttons(panel: WelcomePanel) -> dict[str, QPushButton]:
    return {button.text(): button for button in panel.findChildren(QPushButton)}


def test_that_an_empty_window_offers_files_samples_and_what_was_open(qtbot: QtBot) -> None:
    panel = WelcomePanel([Sample("Brain", Path("brain.nii.gz"))])
    qtbot.addWidget(panel)
    panel.set_recent([Path("/data/ct.nii.gz")])
    asked: list[object] = []
    panel.path_requested.connect(asked.append)
    panel.open_requested.connect(lambda: asked.append("file"))
    panel.open_folder_requested.connect(lambda: asked.append("folder"))
    for button in buttons(panel).values():
        button.click()
    assert set(asked) == {"file", "folder", Path("brain.nii.gz"), Path("/data/ct.nii.gz")}
    assert any("Not a medical device" in label.text() for label in panel.findChildren(QLabel))


def test_that_a_recent_file_is_told_whole_where_there_is_room_and_by_both_ends_where_there_is_none(
    qtbot: QtBot,
) -> None:
    panel = WelcomePanel([])
    qtbot.addWidget(panel)
    path = Path("/data") / "a folder with a long name" / "a&b.nii.gz"
    panel.set_recent([path])
    panel.resize(1000, 700)
    panel.show()
    (button,) = (each for each in panel.findChildren(QPushButton) if each.toolTip() == str(path))
    whole = f"a&&b.nii.gz  \u2013  {path.parent}"
    qtbot.waitUntil(lambda: button.text() == whole)
    panel.resize(300, 700)
    qtbot.waitUntil(lambda: button.width() < 300)
    first, cut, last = button.text().partition("\u2026")
    assert cut
    assert whole.startswith(first)
    assert whole.endswith(last)
    assert button.fontMetrics().horizontalAdvance(button.text()) < button.width()
    assert button.accessibleName() == whole.replace("&&", "&")


def test_that_only_as_many_recent_files_are_offered_as_there_is_room_for(qtbot: QtBot) -> None:
    panel = WelcomePanel([Sample("Brain", Path("brain.nii.gz"))])
    qtbot.addWidget(panel)
    panel.resize(600, 900)
    panel.set_recent([Path(f"/data/{n}.nii.gz") for n in range(6)])
    panel.show()
    recent = [each for each in panel.findChildren(QPushButton) if each.toolTip().startswith("/data")]
    counts = []
    for height in (900, panel.minimumSizeHint().height() - 60, 900):
        panel.setMinimumHeight(1)
        panel.resize(600, height)
        qtbot.waitUntil(lambda: all(each.height() >= each.sizeHint().height() for each in recent if each.isVisible()))
        counts.append(sum(each.isVisible() for each in recent))
    assert counts[0] == counts[2] == 6
    assert 0 < counts[1] < 6


def test_that_progress_is_shown_once_a_task_takes_a_moment_and_can_be_cancelled(qtbot: QtBot) -> None:
    line = ProgressLine()
    qtbot.addWidget(line)
    cancelled: list[bool] = []
    line.begin("Reading ct.nii.gz", lambda: cancelled.append(True))
    assert not line.isVisible()
    qtbot.waitUntil(line.isVisible)
    assert line.text == "Reading ct.nii.gz"
    next(button for button in line.findChildren(QPushButton) if button.text() == "Cancel").click()
    assert cancelled == [True]
    assert not line.isVisible()


def test_that_a_task_that_ends_at_once_is_never_shown(qtbot: QtBot) -> None:
    line = ProgressLine()
    qtbot.addWidget(line)
    line.end(line.begin("Saving"))
    with pytest.raises(Exception, match="timed out"):
        qtbot.waitUntil(line.isVisible, timeout=500)


def test_that_progress_counts(qtbot: QtBot) -> None:
    line = ProgressLine()
    qtbot.addWidget(line)
    task = line.begin("Carrying")
    qtbot.waitUntil(line.isVisible)
    bar = line.findChildren(QProgressBar)[0]
    assert (bar.minimum(), bar.maximum()) == (0, 0)
    line.advance(task, 3, 12)
    assert (bar.value(), bar.maximum()) == (3, 12)
    assert not bar.isTextVisible()
    task.started -= 30.0  # it takes ten seconds for each
    line.advance(task, 4, 12)
    assert bar.isTextVisible()
    assert bar.format().endswith("s left")


def test_that_of_several_tasks_the_newest_is_shown_and_each_can_be_cancelled(qtbot: QtBot) -> None:
    line = ProgressLine()
    qtbot.addWidget(line)
    cancelled: list[str] = []
    tasks = [line.begin(name, partial(cancelled.append, name)) for name in ("Reading", "Carrying", "Exporting")]
    qtbot.waitUntil(line.isVisible)
    buttons = {button.text(): button for button in line.findChildren(QPushButton)}
    more, cancel = buttons["2 more"], buttons["Cancel"]
    assert line.text == "Exporting"
    more.click()
    assert line.text == "Carrying"
    cancel.click()
    assert cancelled == ["Carrying"]
    assert (line.text, more.text()) == ("Exporting", "1 more")
    line.end(tasks[2])
    assert line.text == "Reading"
    assert more.isHidden()
    line.end(tasks[1])  # cancelled already
    cancel.click()
    assert cancelled == ["Carrying", "Reading"]
    assert not line.isVisible()


def test_that_what_keeps_its_work_is_stopped_and_the_rest_cancelled(qtbot: QtBot) -> None:
    line = ProgressLine()
    qtbot.addWidget(line)
    line.begin("Reading", lambda: None)
    kept = line.begin("Carrying", lambda: None, keeps=True)
    qtbot.waitUntil(line.isVisible)
    texts = {button.text() for button in line.findChildren(QPushButton)}
    assert "Stop" in texts
    assert "Cancel" not in texts
    line.end(kept)
    texts = {button.text() for button in line.findChildren(QPushButton)}
    assert "Cancel" in texts
    assert "Stop" not in texts


def test_that_findings_are_counted_and_listed(qtbot: QtBot) -> None:
    badge, panel = FindingsBadge(), FindingsPanel()
    qtbot.addWidget(badge)
    qtbot.addWidget(panel)
    assert badge.isHidden()
    for count, text in ((2, "2 findings"), (1, "1 finding")):
        badge.set_findings(_FINDINGS[:count])
        panel.set_findings(_FINDINGS[:count])
        assert not badge.isHidden()
        assert badge.text() == text
        assert panel.findChildren(QListWidget)[0].count() == count
