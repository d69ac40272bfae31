"""Labels of another file, taken into the open study with the names that lie beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.engine.census import Incoming
from app.engine.errors import EngineError
from app.engine.io.label_file import read_label_map
from app.engine.io.label_names import read_label_names
from app.engine.progress import Stop
from app.engine.study import Act
from app.engine.volume import Volume
from app.gui.controllers.reading import stoppable
from app.gui.dialogs.asks import Asks
from app.gui.document import Document
from app.gui.jobs import Jobs, Lane
from app.gui.translation import QT_TRANSLATE_NOOP

_TEXT = QT_TRANSLATE_NOOP("Acts", "Import labels")


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
        self._steps: Iterator[Act] | None = None  # of the act that adds what was read
        self._count = 0  # of the labels in it
        self._next = QTimer(self)  # one step between two events: large labels would stall the window
        self._next.timeout.connect(self._step)
        document.opened.connect(self._forget)
        document.closed.connect(self._drop)
        document.about_to_act.connect(self._finish)

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
        study = self._document.study
        if study is not None:
            self._document.begin_parts(as_whole=True)
            self._steps, self._count = study.merge_steps(found.values, found.names, _TEXT), len(found.values.boxes)
            self._next.start(0)

    @Slot()
    def _step(self) -> None:
        """Paint a part of the labels, or come to the end."""
        steps = self._steps
        if steps is None:
            return
        try:
            self._document.do_part(lambda _study: next(steps))
        except StopIteration:
            self._end()
            self.message.emit(
                self.tr("One label was added.")
                if self._count == 1
                else self.tr("{0} labels were added.").format(self._count)
            )
        except EngineError as error:
            self._end()
            self.failed.emit(error)

    @Slot()
    def _finish(self) -> None:
        """Something else is about to be done: what is left is painted first."""
        while self._steps is not None:
            self._step()

    def _end(self) -> None:
        self._drop()
        self._document.finish_parts(_TEXT, {})

    @Slot()
    def _drop(self) -> None:
        """Another image is open, or all is done."""
        self._steps = None
        self._next.stop()


def _read(path: Path, like: Volume) -> _Labels:
    """On the engine thread: read, and look through, so that merging is all that is left."""
    return _Labels(Incoming.of(read_label_map(path, like)), read_label_names(path))
