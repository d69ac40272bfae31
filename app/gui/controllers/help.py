"""The small dialogs: keys, actions by name, preferences, licences, problem report, about."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QWidget

from app import paths
from app.gui.actions import Actions
from app.gui.controllers.diagnostics import DiagnosticsController
from app.gui.dialogs.about import AboutDialog
from app.gui.dialogs.asks import Asks
from app.gui.dialogs.guide import GuideWindow
from app.gui.dialogs.keys import KeySheet
from app.gui.dialogs.licences import LicencesDialog
from app.gui.dialogs.palette import CommandPalette
from app.gui.dialogs.preferences import PreferencesDialog
from app.gui.dialogs.report import ReportDialog
from app.gui.notices import changelog, installed_notices, releases_page
from app.gui.settings import Settings

_OF_SCREEN = 0.9  # no dialog is larger
_BESIDE = frozenset({"palette", "news"})  # work goes on while these are open


class HelpController(QObject):
    """Opens them over a window; each exists once."""

    def __init__(
        self, over: QWidget, actions: Actions, settings: Settings, diagnostics: DiagnosticsController, asks: Asks,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._over, self._actions, self._settings = over, actions, settings
        self._diagnostics, self._asks = diagnostics, asks
        self._open: dict[str, QDialog] = {}
        diagnostics.ready.connect(self._show_report)

    def show_keys(self) -> None:
        """All keys by group."""
        self._show("keys", KeySheet(self._actions, self._over))

    def show_palette(self) -> None:
        """A field in which any action is found by its name."""
        self._show("palette", CommandPalette(self._actions, self._over))

    def show_preferences(self) -> None:
        """The settings."""
        self._show("preferences", PreferencesDialog(self._settings, self._over))

    def show_licences(self) -> None:
        """What the program is made of."""
        self._show("licences", LicencesDialog(installed_notices(), self._over))

    def show_report(self) -> None:
        """What the program runs on and did last, as soon as that is gathered."""
        self._diagnostics.gather()

    def show_news(self) -> None:
        """What has changed from version to version."""
        dialog = GuideWindow(changelog(), paths.resources_dir(), self._over)
        dialog.setWindowTitle(self.tr("What is new"))
        self._show("news", dialog)

    @Slot()
    def look_for_newer(self) -> None:
        """Open the page of the versions in the browser: asked for each time, and this program connects to nothing."""
        QDesktopServices.openUrl(QUrl(releases_page()))

    def show_about(self) -> None:
        """Version and purpose."""
        dialog = AboutDialog(self._over, news=bool(changelog()), newer=bool(releases_page()))
        dialog.licences_asked.connect(self.show_licences)
        dialog.news_asked.connect(self.show_news)
        dialog.newer_asked.connect(self.look_for_newer)
        self._show("about", dialog)

    @Slot(str)
    def _show_report(self, text: str) -> None:
        dialog = ReportDialog(text, self._over)
        dialog.save_asked.connect(self._save_report)
        self._show("report", dialog)

    @Slot(str)
    def _save_report(self, text: str) -> None:
        documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        path = self._asks.save_text(Path(documents) / "swiftmedsam_report.txt")
        if path is not None:
            self._diagnostics.save(path, text)

    def _show(self, name: str, dialog: QDialog) -> None:
        before = self._open.pop(name, None)
        if before is not None:
            before.close()
            before.deleteLater()
        self._open[name] = dialog
        dialog.resize(dialog.size().boundedTo(self._over.screen().availableSize() * _OF_SCREEN))
        dialog.show() if name in _BESIDE else dialog.open()
