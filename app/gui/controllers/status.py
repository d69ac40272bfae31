"""What the status bar tells: what is being done, how far it is, and what was noticed about the image."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from functools import partial

from PySide6.QtCore import QObject, Slot

from app.gui.controllers.edit import EditController
from app.gui.controllers.files import FilesController
from app.gui.controllers.importing import ImportController
from app.gui.controllers.measure import MeasureController
from app.gui.controllers.propagate import PropagateController
from app.gui.controllers.reading import Share
from app.gui.controllers.saving import SavingController
from app.gui.document import Document
from app.gui.panels.findings import FindingsBadge, FindingsPanel
from app.gui.panels.progress import ProgressLine, Task


class _Kind(Enum):
    """What may take a while; of each there is one at a time."""

    READING = auto()
    IMPORTING = auto()
    SHAPING = auto()
    SAVING = auto()
    CARRYING = auto()
    COMPARING = auto()


class StatusController(QObject):
    """Fills the progress line, the badge and the panel of findings."""

    def __init__(
        self, document: Document, files: FilesController, saving: SavingController, propagate: PropagateController,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._document, self._files, self._saving, self._propagate = document, files, saving, propagate
        self.progress = ProgressLine()
        self._tasks: dict[_Kind, Task] = {}
        self.badge = FindingsBadge()
        self.findings = FindingsPanel()
        document.opened.connect(self._show_findings)
        files.reading.connect(self._read)
        files.read_so_far.connect(self._advance_reading)
        saving.saving.connect(self._save)
        saving.written_so_far.connect(self._advance_saving)
        propagate.running_changed.connect(self._carry)
        propagate.advanced.connect(self._advance_carrying)

    def watch(self, measure: MeasureController) -> None:
        """Tell of its comparisons, too."""
        measure.comparing.connect(
            lambda name: self._follow(
                _Kind.COMPARING, name, self.tr("Comparing with {0}\u2026"), measure.stop_comparing
            )
        )

    def watch_changes(self, importing: ImportController, edit: EditController) -> None:
        """Tell of labels that are being read or shaped, too."""
        importing.reading.connect(
            lambda name: self._follow(_Kind.IMPORTING, name, self.tr("Reading {0}\u2026"), importing.cancel)
        )
        importing.read_so_far.connect(self._advance_importing)
        edit.shaping.connect(
            lambda name: self._follow(_Kind.SHAPING, name, self.tr("Changing \u201c{0}\u201d\u2026"), edit.cancel)
        )

    @Slot()
    def _show_findings(self) -> None:
        study = self._document.study
        findings = () if study is None else study.volume.findings
        self.badge.set_findings(findings)
        self.findings.set_findings(findings)

    @Slot(str)
    def _read(self, name: str) -> None:
        self._follow(_Kind.READING, name, self.tr("Reading {0}\u2026"), self._files.cancel)

    @Slot(object)
    def _advance_reading(self, share: Share) -> None:
        self._advance(_Kind.READING, share.done, share.total)

    @Slot(object)
    def _advance_importing(self, share: Share) -> None:
        self._advance(_Kind.IMPORTING, share.done, share.total)

    @Slot(str)
    def _save(self, name: str) -> None:
        # What is written is told of until its end is known: it may be done before it can be ended.
        self._follow(_Kind.SAVING, name, self.tr("Saving {0}\u2026"), partial(self._end_saving, name))

    @Slot(object)
    def _advance_saving(self, share: Share) -> None:
        self._advance(_Kind.SAVING, share.done, share.total)

    def _end_saving(self, name: str) -> None:
        self._saving.cancel()
        self._follow(_Kind.SAVING, name, self.tr("Ending the saving of {0}\u2026"), None)

    @Slot(bool)
    def _carry(self, running: bool) -> None:
        filling = self.tr("Filling the box\u2026")
        text = filling if self._propagate.is_filling else self.tr("Carrying the mask through the volume\u2026")
        self._follow(_Kind.CARRYING, text if running else "", "{0}", self._propagate.stop, keeps=True)

    @Slot(int, int)
    def _advance_carrying(self, done: int, total: int) -> None:
        self._advance(_Kind.CARRYING, done, total)

    def _follow(
        self, kind: _Kind, name: str, text: str, cancel: Callable[[], None] | None, *, keeps: bool = False
    ) -> None:
        """Tell of work that has begun, `name` in the place of {0}; of none any more where the name is empty."""
        self.progress.end(self._tasks.pop(kind, None))
        if name:
            self._tasks[kind] = self.progress.begin(text.format(name), cancel, keeps=keeps)

    def _advance(self, kind: _Kind, done: int, total: int) -> None:
        self.progress.advance(self._tasks.get(kind), done, total)
