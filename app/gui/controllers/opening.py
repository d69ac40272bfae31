"""By what the user says which image to open: dialogs, recent files, samples, the page of an empty window."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Slot
from PySide6.QtWidgets import QMenu

from app import paths
from app.gui.controllers.files import FilesController
from app.gui.dialogs.asks import Asks
from app.gui.panels.welcome import Sample, WelcomePanel
from app.gui.settings import RECENT, Settings
from app.gui.translation import QT_TRANSLATE_NOOP

_FOLDER = "open"  # under this name the last folder is remembered
_SAMPLES = (
    (QT_TRANSLATE_NOOP("Samples", "Brain (MR)"), "mr_brain_mni152.nii.gz"),
    (QT_TRANSLATE_NOOP("Samples", "Phantom (CT)"), "ct_phantom.nii.gz"),
    (QT_TRANSLATE_NOOP("Samples", "Retina"), "fundus.jpg"),
    (QT_TRANSLATE_NOOP("Samples", "Glands"), "microscopy_glands.png"),
)


class OpeningController(QObject):
    """Asks which files, remembers where they lay, and offers them again."""

    def __init__(self, files: FilesController, asks: Asks, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._files, self._asks, self._settings = files, asks, settings
        self._recent_menu: QMenu | None = None
        folder = paths.samples_dir()
        named = ((QCoreApplication.translate("Samples", name), folder / file) for name, file in _SAMPLES)
        self.welcome = WelcomePanel([Sample(name, path) for name, path in named if path.is_file()])
        self.welcome.open_requested.connect(self.open_files)
        self.welcome.open_folder_requested.connect(self.open_folder)
        self.welcome.path_requested.connect(self.open_path)
        files.opened_path.connect(self._remember)
        settings.bind(RECENT, lambda _paths: self._show_recent())

    def set_recent_menu(self, menu: QMenu) -> None:
        """Where the recent files are listed."""
        self._recent_menu = menu
        self._show_recent()

    def open_files(self) -> None:
        """Ask for files and open them."""
        files = self._asks.open_files(self._settings.folder(_FOLDER))
        if files:
            self._settings.set_folder(_FOLDER, files[0].parent)
            self._files.open(files)

    def open_folder(self) -> None:
        """Ask for a folder and open what it holds."""
        folder = self._asks.open_folder(self._settings.folder(_FOLDER))
        if folder is not None:
            self._settings.set_folder(_FOLDER, folder)
            self._files.open([folder])

    def open_sample(self) -> None:
        """Open the first of the samples."""
        self.open_path(paths.samples_dir() / _SAMPLES[0][1])

    @Slot(object)
    def open_path(self, path: Path) -> None:
        """Open this file or folder."""
        self._files.open([path])

    @Slot(object)
    def _remember(self, path: Path) -> None:
        if paths.samples_dir() not in path.parents:
            self._settings.add_recent(path)

    def _show_recent(self) -> None:
        recent = self._settings.recent()
        self.welcome.set_recent(recent)
        if self._recent_menu is not None:
            self._recent_menu.clear()
            for path in recent:
                self._recent_menu.addAction(str(path), partial(self.open_path, path))
            self._recent_menu.setEnabled(bool(recent))
