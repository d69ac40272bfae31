"""What is new, and where newer versions are found."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app import paths
from app.gui.dialogs.about import AboutDialog
from app.gui.notices import changelog, releases_page


def press(dialog: AboutDialog, text: str) -> None:
    next(button for button in dialog.findChildren(QPushButton) if button.text() == text).click()


def test_that_about_offers_what_is_new_and_newer_versions_only_where_there_are_any(qtbot: QtBot) -> None:
    bare, full = AboutDialog(), AboutDialog(news=True, newer=True)
    for dialog in (bare, full):
        qtbot.addWidget(dialog)
    asked = {"What is new", "Look for a newer version"}
    assert not asked & {button.text() for button in bare.findChildren(QPushButton)}
    assert asked <= {button.text() for button in full.findChildren(QPushButton)}
    with qtbot.waitSignal(full.news_asked):
        press(full, "What is new")
    with qtbot.waitSignal(full.newer_asked):
        press(full, "Look for a newer version")


def test_that_what_is_new_is_the_change_log_and_no_address_is_known_to_a_checkout(project_root: Path) -> None:
    assert changelog() == (project_root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert releases_page() == ""


@pytest.mark.parametrize(
    ("line", "page"), [("https://example.org/releases\n", "https://example.org/releases"), ("file:///etc/passwd", "")]
)
def test_that_newer_versions_are_looked_for_where_the_build_says_and_in_a_browser_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, page: str
) -> None:
    (tmp_path / "releases.txt").write_text(line, encoding="utf-8")
    monkeypatch.setattr(paths, "resources_dir", lambda: tmp_path)
    assert releases_page() == page
