"""The panels beside the slices, each connected to the controller that answers it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Qt, Slot

from app.gui.actions import Actions
from app.gui.controllers.labels import LabelsController, conflict_texts
from app.gui.controllers.status import StatusController
from app.gui.document import Document
from app.gui.main_window import MainWindow
from app.gui.panels.labels import LabelsPanel
from app.gui.proposal import Proposal

_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_NUMBERS = range(1, 10)  # keys that choose a label


class Docks(QObject):
    """Builds the panels and puts them into the window."""

    def __init__(
        self, window: MainWindow, actions: Actions, document: Document, proposal: Proposal, status: StatusController,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._window, self._actions = window, actions
        self._document, self._proposal = document, proposal
        self._add_labels()
        self._add_findings(status)

    def _add_labels(self) -> None:
        self.labels = LabelsController(self._document, self)
        panel = self._labels_panel = LabelsPanel()
        for asked, answer in (
            (panel.add_requested, self.labels.add),
            (panel.chosen, self.labels.choose),
            (panel.renamed, self.labels.rename),
            (panel.recoloured, self.labels.recolour),
            (panel.locked, self.labels.lock),
            (panel.shown, self.labels.show),
            (panel.removed, self.labels.remove),
            (self.labels.added, panel.edit_name),
            (self._document.opened, self._show_labels),
            (self._document.labels_changed, self._show_labels),
            (self._document.active_label_changed, self._show_labels),
            (self._proposal.preview_changed, self._show_conflicts),
        ):
            asked.connect(answer)
        act = self._actions.connect
        act("label.add", self.labels.add)
        act("label.remove", self.labels.remove_active)
        act("label.lock", self.labels.toggle_lock)
        act("label.show", self.labels.toggle_shown)
        act("label.next", partial(self.labels.step, 1))
        act("label.previous", partial(self.labels.step, -1))
        act("label.rename", lambda: self._edit_active(panel.edit_name))
        act("label.recolour", lambda: self._edit_active(panel.edit_colour))
        for number in _NUMBERS:
            act(f"label.pick_{number}", partial(self.labels.pick, number))
        self._window.add_dock("labels", self.tr("Labels"), panel, _LEFT)

    def _add_findings(self, status: StatusController) -> None:
        dock = self._window.add_dock("findings", self.tr("Findings"), status.findings, _RIGHT)
        dock.hide()
        status.badge.clicked.connect(dock.show)
        self._actions.connect("help.findings", dock.show)
        self._window.add_status(status.score)
        self._window.add_status(status.progress)
        self._window.add_status(status.badge)

    @Slot()
    def _show_labels(self) -> None:
        active = self._document.active_label
        self._labels_panel.set_labels(self.labels.labels, 0 if active is None else active.value)
        if active is not None:
            self._actions.check({"label.lock": active.locked, "label.show": active.visible})

    @Slot()
    def _show_conflicts(self) -> None:
        self._labels_panel.set_conflicts(conflict_texts(self._proposal.preview, self.labels.labels))

    def _edit_active(self, edit: Callable[[int], None]) -> None:
        active = self._document.active_label
        if active is not None:
            edit(active.value)
