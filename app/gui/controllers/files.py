"""Opening images and projects. What fails leaves what was open untouched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from app.engine.errors import WriteError
from app.engine.io.listing import Entry, Listing
from app.engine.io.open import list_volumes
from app.engine.journal import Journal
from app.engine.labelmap import LabelMap
from app.engine.progress import Stop, tell
from app.engine.project import SUFFIX, open_project
from app.engine.study import Study, StudySource
from app.engine.volume import Finding, Volume
from app.engine.window import Opening, opening_of
from app.gui.controllers.navigate import NavigateController
from app.gui.controllers.reading import stoppable
from app.gui.dialogs.asks import Asks, UnsavedChoice
from app.gui.document import Document
from app.gui.jobs import Jobs, Lane

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Read:
    """A study that was read, how it is shown at first, the project it came from, and its journal (None: none here).

    What `opening` holds is found on the engine thread, for it takes longer than the GUI thread has.
    """

    study: Study
    opening: Opening
    project: Path | None
    journal: Journal | None
    recovered: bool = False


class FilesController(QObject):
    """Opens what is dropped, chosen or named on the command line."""

    failed = Signal(object)
    reading = Signal(str)  # the name of what is being read; "" when that has ended
    read_so_far = Signal(object)  # the Share of it that is read; emitted on the engine thread
    listed = Signal(object)  # the Listing of what was opened last
    opened_path = Signal(object)  # a Path for the list of recent files
    shown = Signal(object)  # the Read that is open now

    def __init__(
        self, document: Document, navigate: NavigateController, jobs: Jobs, asks: Asks, journals: Path,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._document, self._navigate, self._jobs, self._asks = document, navigate, jobs, asks
        self._journals = journals
        self._stop = Stop()  # of what is being read
        self._given_up = False  # what is open: the user said that its changes may be lost
        self._save_first: Callable[[Callable[[], None]], None] | None = None

    def set_saver(self, save: Callable[[Callable[[], None]], None]) -> None:
        """How to save before something else is opened: calls what it is given once that has succeeded."""
        self._save_first = save

    def when_free(self, go_on: Callable[[], None]) -> bool:
        """Go on once nothing would be lost: at once, after saving, or not at all, which False says."""
        self._given_up = False
        study = self._document.study
        if study is None or not self._document.is_modified:
            go_on()
            return True
        choice = self._asks.unsaved(name_of(study.source))
        if choice is UnsavedChoice.DISCARD:
            self._given_up = True
            go_on()
        elif choice is UnsavedChoice.SAVE and self._save_first is not None:
            self._save_first(go_on)
        return choice is not UnsavedChoice.CANCEL

    def open(self, paths: Sequence[Path]) -> None:
        """Open a path, or the images of several; asks which one where there are more."""
        if paths:
            self.when_free(lambda: self._open(tuple(paths)))

    def close(self) -> None:
        """Close what is open."""
        self.when_free(lambda: self._document.open(None))

    def show_recovered(self, work: Callable[[], Read]) -> None:
        """Open what `work`, done on the engine thread, brings back."""
        self._do(work, self._show)

    def open_made(self, name: str, make: Callable[[], Study]) -> None:
        """Open the study that `make`, on the engine thread, reads."""

        def go_on() -> None:
            self.reading.emit(name)
            self._do(lambda: _ready(make(), None, self._journals), self._show)

        self.when_free(go_on)

    def cancel(self) -> None:
        """Forget what is being read; the engine thread is free again after the file or slice in work."""
        self._stop.ask()
        self._jobs.cancel(Lane.OPEN)
        self.reading.emit("")

    def _open(self, paths: tuple[Path, ...]) -> None:
        first = paths[0]
        self.reading.emit(first.name)
        if first.suffix.lower() == SUFFIX:
            self._do(lambda: _read_project(first, self._journals), self._show)
        else:
            self._do(lambda: _list(paths), lambda found: self._choose(first, found))

    def _choose(self, path: Path, listing: Listing) -> None:
        self.listed.emit(listing)
        entry = listing.entries[0] if len(listing.entries) == 1 else self._asks.pick_entry(listing)
        if entry is None:
            self.reading.emit("")
            return
        beside = listing.beside_the_only_one()  # of several, the dialog has told what was passed over
        self._do(lambda: _read(path, entry, beside, self._journals), self._show)

    def _do(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Read on the engine thread, in place of what is being read."""
        self._stop.ask()
        self._stop = Stop()
        self._jobs.submit(Lane.OPEN, stoppable(self._stop, work, self.read_so_far.emit), done, self._fail)

    def _show(self, read: Read) -> None:
        """Show what was read, unless that would lose what was done meanwhile, which nobody was asked about."""
        self.reading.emit("")
        if self._given_up:
            self._replace(read)
        elif not self.when_free(lambda: self._replace(read)) and read.journal is not None:
            read.journal.close()

    def _replace(self, read: Read) -> None:
        self._given_up = False
        self._document.open(read.study, read.project, modified=read.recovered)
        self._navigate.begin(read.opening)
        self.shown.emit(read)
        self.opened_path.emit(read.project or Path(read.study.source.path))

    def _fail(self, error: Exception) -> None:
        self.reading.emit("")
        self.failed.emit(error)


def name_of(source: StudySource) -> str:
    """The name of what is open, for titles and suggestions."""
    return Path(source.path).name


def _list(paths: tuple[Path, ...]) -> Listing:
    listings = [list_volumes(path) for path in paths]
    return Listing(
        tuple(entry for listing in listings for entry in listing.entries),
        tuple(skipped for listing in listings for skipped in listing.skipped),
    )


def _read(path: Path, entry: Entry, beside: tuple[Finding, ...], journals: Path) -> Read:
    volume = entry.load().with_findings(beside)
    study = Study(volume, StudySource(str(path.absolute()), entry.id), _first_label(volume))
    return _ready(study, None, journals)


def _read_project(path: Path, journals: Path) -> Read:
    study, _view = open_project(path)
    return _ready(study, path, journals)


def _ready(study: Study, project: Path | None, journals: Path) -> Read:
    tell()
    try:
        journal = Journal.start(journals, study, project)
    except WriteError:
        journal = None
    return Read(study, opening_of(study.volume), project, journal)


def _first_label(volume: Volume) -> LabelMap:
    """A label to paint with from the first box on."""
    labels = LabelMap(volume.shape_zyx)
    labels.add_label("Label 1")
    return labels
