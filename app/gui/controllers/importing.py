"""Labels of another file, taken into the open study with the names that lie beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from app.engine.census import Incoming
from app.engine.errors import EngineError
from app.engine.io.label_file import read_label_map
from app.engine.io.label_names import read_label_names
from app.engine.progress import Stop
from app.engine.volume import Volume
from app.gui.controllers.reading import stoppable
from app.gui.dialogs.asks import Asks
from app.gui.document import Document
from app.gui.jobs import Jobs, Lane
from app.gui.translation import QT_TRANSLATE_NOOP


@dataclass(frozen=True, eq=False)
class _Labels:
    """Labels on the grid of the image, and the names of some of them."""

    values: Incoming
    names: Mapping[int, str]


class ImportController(QObject):
    """Reads a label map and adds its labels as new ones; on another grid it is refused."""

    message = Signal(str)
    failed = Signal(object)
    reading = Signal(str)  # the name of what is being read; "" when that has ended
    read_so_far = Signal(object)  # the Share of it that is read; emitted on the engine thread

    def __init__(self, document: Document, jobs: Jobs, asks: Asks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._jobs, self._asks = document, jobs, asks
        self._stop = Stop()
        document.opened.connect(self._forget)

    def ask(self) -> None:
        """Ask for a file and take its labels."""
        path = self._asks.open_labels("")
        if path is not None:
            self.take(path)

    def take(self, path: Path) -> None:
        """Add the labels of a file, as one step of undo."""
        study = self._document.study
        if study is None:
            return
        like = study.volume
        self._stop.ask()
        self._stop = Stop()
        self.reading.emit(path.name)
        work = stoppable(self._stop, lambda: _read(path, like), self.read_so_far.emit)
        self._jobs.submit(Lane.IMPORT, work, self._merge, self._fail)

    def cancel(self) -> None:
        """Forget what is being read; the engine thread is free again after the file or slice in work."""
        self._stop.ask()
        self._jobs.cancel(Lane.IMPORT)
        self.reading.emit("")

    @Slot()
    def _forget(self) -> None:
        """Another image is open."""
        if self._jobs.is_running(Lane.IMPORT):
            self.cancel()

    def _fail(self, error: Exception) -> None:
        self.reading.emit("")
        self.failed.emit(error)

    def _merge(self, found: _Labels) -> None:
        self.reading.emit("")
        try:
            act = self._document.do(
                lambda study: study.merge_labels(found.values, found.names, QT_TRANSLATE_NOOP("Acts", "Import labels"))
            )
        except EngineError as error:
            self.failed.emit(error)
            return
        count = len(act.changes)
        self.message.emit(
            self.tr("One label was added.") if count == 1 else self.tr("{0} labels were added.").format(count)
        )


def _read(path: Path, like: Volume) -> _Labels:
    """On the engine thread: read, and look through, so that merging is all that is left."""
    return _Labels(Incoming.of(read_label_map(path, like)), read_label_names(path))
