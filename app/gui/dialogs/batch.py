"""The questions of the window of a batch."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from app.engine.batch_job import SUFFIX
from app.gui.dialogs.asks import Asks, RecoverChoice, left_behind


class BatchAsks(Asks):
    """Asks over the window of a batch."""

    def images(self, folder: str) -> Path | None:
        """The folder of the images."""
        return self._folder(self.tr("Folder of the images"), folder)

    def masks(self, folder: str) -> Path | None:
        """The folder that the masks go to."""
        return self._folder(self.tr("Folder of the masks"), folder)

    def references(self, folder: str) -> Path | None:
        """A folder of reference masks or structure sets."""
        return self._folder(self.tr("Folder that the boxes are taken from"), folder)

    def prompts(self, folder: str) -> Path | None:
        """A file with boxes."""
        name, _ = QFileDialog.getOpenFileName(
            self._over, self.tr("Choose a file with boxes"), folder, self.tr("Boxes (*.json *.csv)")
        )
        return Path(name) if name else None

    def job(self, folder: str) -> Path | None:
        """The file of an earlier batch."""
        kinds = self.tr("Batches (*{0})").format(SUFFIX)
        name, _ = QFileDialog.getOpenFileName(self._over, self.tr("Open a batch"), folder, kinds)
        return Path(name) if name else None

    def go_on(self, description: str) -> RecoverChoice:
        """What to do with a batch that was left unfinished; `description` says which."""
        return left_behind(
            self._over,
            (self.tr("Unfinished batch"), self.tr("The program ended before this batch was finished:"), description),
            (self.tr("Go on"), self.tr("Leave it"), self.tr("Ask me later")),
        )

    def _folder(self, title: str, folder: str) -> Path | None:
        name = QFileDialog.getExistingDirectory(self._over, title, folder)
        return Path(name) if name else None
