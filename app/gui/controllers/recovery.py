"""The journal of the open study, and what a crash left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QDateTime, QLocale, QObject, QTimer, Signal, Slot

from app.engine.errors import EngineError
from app.engine.journal import Journal, Recovery, discard, recover, unclean
from app.engine.study import Act
from app.engine.window import opening_of
from app.gui.controllers.files import FilesController, Read, name_of
from app.gui.dialogs.asks import Asks, RecoverChoice
from app.gui.document import Document
from app.gui.translation import as_sentence

_SETTLING_MS = 1000  # after an act the disk is asked whether it has taken it


class RecoveryController(QObject):
    """Writes every act into the journal before the next one; offers at the start what an unclean end left."""

    failed = Signal(object)
    message = Signal(str)

    def __init__(self, document: Document, files: FilesController, asks: Asks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._files, self._asks = document, files, asks
        self._journal: Journal | None = None
        self._told = False  # that the journal cannot be written: once is enough
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(_SETTLING_MS)
        self._settling.timeout.connect(self._settle)
        files.shown.connect(self._adopt)
        document.closed.connect(self.close)
        document.acted.connect(self._append)
        document.saved.connect(self._saved)

    def offer(self, folder: Path) -> bool:
        """Ask about the newest work that was left behind in a folder; whether it is being recovered."""
        for found in unclean(folder):
            if found.damage:
                self.message.emit(as_sentence(found.damage))
                continue
            choice = self._asks.recover(self._described(found))
            if choice is RecoverChoice.DISCARD:
                self._discard(found)
            elif choice is RecoverChoice.RECOVER:
                self._recover(folder, found)
                return True
        return False

    def close(self) -> None:
        """A clean end."""
        self._settling.stop()
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def _discard(self, found: Recovery) -> None:
        try:
            discard(found)
        except EngineError as error:
            self.failed.emit(error)

    def _recover(self, folder: Path, found: Recovery) -> None:
        def work() -> Read:
            study = recover(found)
            journal = Journal.start(folder, study, found.project, unsaved=found.acts)
            discard(found)  # the new journal holds all of it
            return Read(study, opening_of(study.volume), found.project, journal, recovered=True)

        self._files.show_recovered(work)

    def _described(self, found: Recovery) -> str:
        when = QLocale().toString(
            QDateTime.fromSecsSinceEpoch(round(found.time.timestamp())), QLocale.FormatType.ShortFormat
        )
        name = "" if found.source is None else name_of(found.source)
        if found.acts == 1:
            return self.tr("“{0}”, last changed {1}, one unsaved change").format(name, when)
        return self.tr("“{0}”, last changed {1}, {2} unsaved changes").format(name, when, found.acts)

    @Slot(object)
    def _adopt(self, read: Read) -> None:
        self.close()
        self._journal, self._told = read.journal, False
        if read.journal is None:
            self.message.emit(self.tr("Work cannot be kept safe against a crash here: the folder cannot be written."))

    @Slot(object)
    def _append(self, act: Act) -> None:
        if self._journal is not None:
            journal = self._journal
            self._write(lambda: journal.append(act))
            self._settling.start()

    @Slot()
    def _settle(self) -> None:
        """Hear whether the disk has taken what was written: nobody should learn of it at the next act only."""
        journal = self._journal
        if journal is None:
            return
        if self._document.has_parts or not self._write(journal.settle):  # parts are no acts yet
            self._settling.start()

    def _write(self, work: Callable[[], bool | None]) -> bool | None:
        """What writing answers; an error is told once until something can be written again, and is an answer, too."""
        try:
            answer = work()
        except EngineError as error:
            if not self._told:
                self.failed.emit(error)
            self._told = True
            return True
        self._told = False
        return answer

    @Slot(object)
    def _saved(self, path: Path) -> None:
        if self._journal is not None:
            try:
                self._journal.saved(path)
            except EngineError as error:
                self.failed.emit(error)
