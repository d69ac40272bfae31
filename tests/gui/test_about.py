"""What is new, and where newer versions are found."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.gui.actions import Actions
from app.gui.controllers.diagnostics import DiagnosticsController
from app.gui.controllers.help import HelpController
from app.gui.dialogs.about import AboutDialog
from app.gui.dialogs.asks import Asks
from app.gui.document import Document
from app.gui.inference import Inference, ModelChoice
from app.gui.jobs import Jobs
from app.gui.log import LogTail
from app.gui.notices import changelog, releases_page
from app.gui.settings import Settings


def press(dialog: AboutDialog, text: str) -> None:
    next(button for button in dialog.findChildren(QPushButton) if button.text() == text).click()


def install(folder: Path, monkeypatch: pytest.MonkeyPatch, lines: str) -> None:
    """Metadata of the program with these lines, found before any other."""
    metadata = folder / "swiftmedsam-9.9.dist-info"
    metadata.mkdir()
    text = "Metadata-Version: 2.4\nName: swiftmedsam\nVersion: 9.9\n"
    (metadata / "METADATA").write_text(text + lines, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)


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
    ("lines", "page"),
    [
        ("Project-URL: Source, https://example.org/\nProject-URL: Releases, https://example.org/releases\n",
         "https://example.org/releases"),
        ("Project-URL: Releases, file:///etc/passwd\n", ""),
        ("Project-URL: Source, https://example.org/\n", ""),
    ],
)  # fmt: skip
def test_that_newer_versions_are_looked_for_where_the_metadata_say_and_in_a_browser_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: str, page: str
) -> None:
    install(tmp_path, monkeypatch, lines)
    assert releases_page() == page


class Browser(QObject):
    """What the desktop does with addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[QUrl] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.asked.append(url)


def test_that_looking_for_a_newer_version_opens_the_bare_address_when_asked_and_nothing_before(
    document: Document, jobs: Jobs, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, "Project-URL: Releases, https://example.org/releases\n")
    browser, over = Browser(), QWidget()
    qtbot.addWidget(over)
    settings = Settings(tmp_path / "settings.ini")
    diagnostics = DiagnosticsController(document, jobs, Inference(ModelChoice("")), settings, LogTail())
    QDesktopServices.setUrlHandler("https", browser, "open")  # type: ignore[arg-type]  # as the binding takes it
    try:
        HelpController(over, Actions(over), settings, diagnostics, Asks(over), over).show_about()
        assert browser.asked == []
        press(over.findChildren(AboutDialog)[0], "Look for a newer version")
    finally:
        QDesktopServices.unsetUrlHandler("https")
    assert [url.toString() for url in browser.asked] == ["https://example.org/releases"]  # no version, no query
