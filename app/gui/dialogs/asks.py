"""The questions that stop the user until they are answered. Each returns a plain value; tests answer in its place."""

from __future__ import annotations

import traceback
from enum import Enum
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox, QWidget

from app.engine.errors import EngineError
from app.engine.io.listing import Entry, Listing
from app.gui.dialogs.export import ExportChoice, ExportDialog, ExportFormat, ExportOptions
from app.gui.dialogs.series import SeriesDialog
from app.gui.dialogs.slices import SlicesDialog
from app.gui.translation import as_sentence


class UnsavedChoice(Enum):
    """What happens to changes that are not saved."""

    SAVE = "save"
    DISCARD = "discard"
    CANCEL = "cancel"


class RecoverChoice(Enum):
    """What happens to work that was left by a crash."""

    RECOVER = "recover"
    DISCARD = "discard"
    LATER = "later"


class Attendant(Protocol):
    """Tells a dialog what is found out while it is open."""

    def attend(self, dialog: SeriesDialog) -> None:
        """The dialog opens."""

    def leave(self) -> None:
        """It was answered."""


class Asks(QObject):
    """Asks over a window."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self._attendant: Attendant | None = None

    def set_attendant(self, attendant: Attendant) -> None:
        """Who fills the dialog that chooses among images."""
        self._attendant = attendant

    def open_files(self, folder: str) -> tuple[Path, ...]:
        """Files to open; none where the user changed their mind."""
        names, _ = QFileDialog.getOpenFileNames(self._over, self.tr("Open image or project"), folder)
        return tuple(Path(name) for name in names)

    def open_folder(self, folder: str) -> Path | None:
        """A folder with images."""
        name = QFileDialog.getExistingDirectory(self._over, self.tr("Open folder with images"), folder)
        return Path(name) if name else None

    def open_labels(self, folder: str) -> Path | None:
        """A file with a label map."""
        name, _ = QFileDialog.getOpenFileName(self._over, self.tr("Choose a label map"), folder)
        return Path(name) if name else None

    def open_package(self, folder: str) -> Path | None:
        """A model package in a zip file."""
        name, _ = QFileDialog.getOpenFileName(
            self._over, self.tr("Choose a model package"), folder, self.tr("Model packages (*.zip)")
        )
        return Path(name) if name else None

    def open_package_folder(self, folder: str) -> Path | None:
        """The folder of a model package."""
        name = QFileDialog.getExistingDirectory(self._over, self.tr("Choose the folder of a model package"), folder)
        return Path(name) if name else None

    def confirm(self, title: str, question: str) -> bool:
        """Yes or no; no is proposed."""
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(self._over, title, question, buttons.Yes | buttons.No, buttons.No)
        return answer == buttons.Yes

    def save_project(self, suggested: Path) -> Path | None:
        """Where to save the project; the dialog asked whether an existing file may be replaced."""
        return self._save(self.tr("Save project"), suggested, self.tr("SwiftMedSAM projects (*.swiftmed)"), ".swiftmed")

    def save_labels(self, options: ExportOptions) -> ExportChoice | None:
        """Which labels to write where and in which format; an existing file only where it may be replaced."""
        dialog = ExportDialog(options, self._browse_export, self._over)
        title = self.tr("Export labels")
        choice: ExportChoice | None = None
        while choice is None and dialog.exec() == QDialog.DialogCode.Accepted:
            choice = dialog.chosen()
            if choice is not None and choice.path.exists() and not self._may_replace(choice.path, title):
                choice = None
        dialog.deleteLater()
        return choice

    def save_picture(self, suggested: Path) -> Path | None:
        """Where to save a picture of the view."""
        return self._save(self.tr("Export picture"), suggested, self.tr("PNG pictures (*.png)"), ".png")

    def save_table(self, suggested: Path) -> Path | None:
        """Where to save a table."""
        return self._save(self.tr("Save the measures"), suggested, self.tr("Tables (*.csv)"), ".csv")

    def save_text(self, suggested: Path) -> Path | None:
        """Where to save a text."""
        return self._save(self.tr("Save the problem report"), suggested, self.tr("Text files (*.txt)"), ".txt")

    def pick_entry(self, listing: Listing) -> Entry | None:
        """One of several images that a path holds."""
        dialog = SeriesDialog(listing, self._over)
        if self._attendant is not None:
            self._attendant.attend(dialog)
        try:
            accepted = dialog.exec() == QDialog.DialogCode.Accepted
        finally:
            if self._attendant is not None:
                self._attendant.leave()
            dialog.deleteLater()
        return dialog.chosen() if accepted else None

    def unsaved(self, name: str) -> UnsavedChoice:
        """Whether to save what would be lost."""
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self._over,
            self.tr("Unsaved changes"),
            self.tr("The labels of “{0}” have changed since they were last saved.").format(name),
            buttons.Save | buttons.Discard | buttons.Cancel,
            buttons.Save,
        )
        choices = {buttons.Save: UnsavedChoice.SAVE, buttons.Discard: UnsavedChoice.DISCARD}
        return choices.get(answer, UnsavedChoice.CANCEL)

    def recover(self, description: str) -> RecoverChoice:
        """What to do with work that a crash left behind; `description` says what and from when."""
        return left_behind(
            self._over,
            (self.tr("Recover your work"), self.tr("The program ended last time before this was saved:"), description),
            (self.tr("Recover"), self.tr("Discard"), self.tr("Ask me later")),
        )

    def slices(self, count: int, current: int) -> range | None:
        """From which slice to which (counted from 0) of so many, around the one that is shown."""
        dialog = SlicesDialog(count, current, self._over)
        return dialog.chosen() if dialog.exec() == QDialog.DialogCode.Accepted else None

    def error(self, error: Exception) -> None:
        """One sentence, and the trace behind "Details" where the error is not one of ours."""
        box = QMessageBox(self._over)
        box.setWindowTitle(self.tr("That did not succeed"))
        box.setIcon(QMessageBox.Icon.Warning)
        ours = isinstance(error, EngineError | OSError)
        unexpected = self.tr("Something unexpected happened: {0}")
        box.setText(as_sentence(str(error)) if ours else unexpected.format(type(error).__name__))
        box.setDetailedText("".join(traceback.format_exception(error)))
        box.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        copy = box.addButton(self.tr("Copy"), QMessageBox.ButtonRole.ActionRole)
        copy.clicked.disconnect()  # it would close the box
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(f"{box.text()}\n\n{box.detailedText()}"))
        box.addButton(QMessageBox.StandardButton.Close)
        box.setDefaultButton(QMessageBox.StandardButton.Close)
        box.setEscapeButton(QMessageBox.StandardButton.Close)
        box.exec()

    def _save(self, title: str, suggested: Path, kind: str, extension: str) -> Path | None:
        name, _ = QFileDialog.getSaveFileName(self._over, title, str(suggested), kind)
        if not name:
            return None
        if name.lower().endswith(extension):
            return Path(name)
        path = Path(name + extension)  # about which the dialog has not asked
        return path if not path.exists() or self._may_replace(path, title) else None

    def _browse_export(self, over: QWidget, suggested: Path, form: ExportFormat) -> Path | None:
        kinds = " ".join(f"*{extension}" for extension in form.extensions)
        name, _ = QFileDialog.getSaveFileName(
            over, self.tr("Export labels"), str(suggested), f"{form.title} ({kinds})",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )  # fmt: skip
        return Path(name) if name else None

    def _may_replace(self, path: Path, title: str) -> bool:
        return self.confirm(title, self.tr("“{0}” exists already. Replace it?").format(path.name))


def left_behind(over: QWidget | None, said: tuple[str, str, str], offered: tuple[str, str, str]) -> RecoverChoice:
    """What to do with what an earlier run left behind.

    `said`: title, text and description; `offered`: the buttons to take it up, to give it up and to be asked again.
    """
    title, text, description = said
    box = QMessageBox(over)
    box.setWindowTitle(title)
    box.setIcon(QMessageBox.Icon.Question)
    box.setText(text)
    box.setInformativeText(description)
    take_up = box.addButton(offered[0], QMessageBox.ButtonRole.AcceptRole)
    give_up = box.addButton(offered[1], QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(offered[2], QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(take_up)
    box.exec()
    if box.clickedButton() is take_up:
        return RecoverChoice.RECOVER
    return RecoverChoice.DISCARD if box.clickedButton() is give_up else RecoverChoice.LATER
