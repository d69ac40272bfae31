"""The small dialogs: keys, actions by name, preferences, licences, about."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QWidget

from app.gui.actions import Actions
from app.gui.dialogs.about import AboutDialog
from app.gui.dialogs.keys import KeySheet
from app.gui.dialogs.licences import LicencesDialog
from app.gui.dialogs.palette import CommandPalette
from app.gui.dialogs.preferences import PreferencesDialog
from app.gui.notices import installed_notices
from app.gui.settings import Settings


class HelpController(QObject):
    """Opens them over a window; each exists once."""

    def __init__(self, over: QWidget, actions: Actions, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._over, self._actions, self._settings = over, actions, settings
        self._open: dict[str, QDialog] = {}

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

    def show_about(self) -> None:
        """Version and purpose."""
        dialog = AboutDialog(self._over)
        dialog.licences_asked.connect(self.show_licences)
        self._show("about", dialog)

    def _show(self, name: str, dialog: QDialog) -> None:
        before = self._open.pop(name, None)
        if before is not None:
            before.close()
            before.deleteLater()
        self._open[name] = dialog
        dialog.open() if name != "palette" else dialog.show()
