"""What the status bar tells: what is being done, how far it is, and what was noticed about the image."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from app.gui.controllers.files import FilesController, Share
from app.gui.controllers.measure import MeasureController
from app.gui.controllers.propagate import PropagateController
from app.gui.controllers.saving import SavingController
from app.gui.document import Document
from app.gui.panels.findings import FindingsBadge, FindingsPanel
from app.gui.panels.progress import ProgressLine, Task


class StatusController(QObject):
    """Fills the progress line, the badge and the panel of findings."""

    def __init__(
        self, document: Document, files: FilesController, saving: SavingController, propagate: PropagateController,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._document, self._files, self._propagate = document, files, propagate
        self.progress = ProgressLine()
        self._reading: Task | None = None
        self._saving: Task | None = None
        self._carrying: Task | None = None
        self._comparing: Task | None = None
        self.badge = FindingsBadge()
        self.findings = FindingsPanel()
        document.opened.connect(self._show_findings)
        files.reading.connect(self._read)
        files.read_so_far.connect(self._advance_reading)
        saving.saving.connect(self._save)
        propagate.running_changed.connect(self._carry)
        propagate.advanced.connect(self._advance)

    def watch(self, measure: MeasureController) -> None:
        """Tell of its comparisons, too."""
        measure.comparing.connect(lambda name: self._compare(name, measure.stop_comparing))

    @Slot()
    def _show_findings(self) -> None:
        study = self._document.study
        findings = () if study is None else study.volume.findings
        self.badge.set_findings(findings)
        self.findings.set_findings(findings)

    @Slot(str)
    def _read(self, name: str) -> None:
        self.progress.end(self._reading)
        self._reading = None
        if name:
            self._reading = self.progress.begin(self.tr("Reading {0}\u2026").format(name), self._files.cancel)

    @Slot(object)
    def _advance_reading(self, share: Share) -> None:
        self.progress.advance(self._reading, share.done, share.total)

    @Slot(str)
    def _save(self, name: str) -> None:
        self.progress.end(self._saving)
        self._saving = self.progress.begin(self.tr("Saving {0}\u2026").format(name)) if name else None

    def _compare(self, name: str, stop: Callable[[], None]) -> None:
        self.progress.end(self._comparing)
        self._comparing = None
        if name:
            self._comparing = self.progress.begin(self.tr("Comparing with {0}\u2026").format(name), stop)

    @Slot(bool)
    def _carry(self, running: bool) -> None:
        self.progress.end(self._carrying)
        self._carrying = None
        if running:
            text = self.tr("Carrying the mask through the volume\u2026")
            self._carrying = self.progress.begin(text, self._propagate.stop)

    @Slot(int, int)
    def _advance(self, done: int, total: int) -> None:
        self.progress.advance(self._carrying, done, total)
