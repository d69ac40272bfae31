"""The panels beside the slices, each connected to the controller that answers it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QDockWidget

from app.engine.cases import stem_of
from app.engine.plane import SliceKey
from app.gui.actions import Actions
from app.gui.canvas.planes import PlanesView
from app.gui.controllers.batch import BatchController
from app.gui.controllers.info import InfoController
from app.gui.controllers.labels import LabelsController, conflict_texts
from app.gui.controllers.measure import MeasureController
from app.gui.controllers.models import ModelsController
from app.gui.controllers.propagate import PropagateController
from app.gui.controllers.slice_menu import SliceMenuController
from app.gui.controllers.snapshot import Snapshots
from app.gui.controllers.status import StatusController
from app.gui.controllers.strip import StripController
from app.gui.controllers.surface import SurfaceController
from app.gui.dialogs.asks import Asks
from app.gui.document import Document
from app.gui.inference import Inference
from app.gui.jobs import Jobs
from app.gui.main_window import MainWindow
from app.gui.panels.labels import LabelsPanel
from app.gui.panels.measures import MeasuresPanel
from app.gui.panels.strip import SliceStrip
from app.gui.panels.surface import SurfacePanel
from app.gui.proposal import Proposal
from app.gui.settings import Settings
from app.gui.view_state import ViewState

_LEFT = Qt.DockWidgetArea.LeftDockWidgetArea
_RIGHT = Qt.DockWidgetArea.RightDockWidgetArea
_BOTTOM = Qt.DockWidgetArea.BottomDockWidgetArea
_NUMBERS = range(1, 10)  # keys that choose a label


@dataclass(frozen=True)
class Parts:
    """What panels are connected to."""

    window: MainWindow
    actions: Actions
    asks: Asks
    settings: Settings
    document: Document
    view_state: ViewState
    proposal: Proposal
    jobs: Jobs
    inference: Inference
    snapshots: Snapshots
    planes: PlanesView
    propagate: PropagateController
    status: StatusController


class Docks(QObject):
    """Builds the panels and puts them into the window."""

    def __init__(self, parts: Parts, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._window, self._actions = parts.window, parts.actions
        self._document, self._proposal = parts.document, parts.proposal
        self._add_labels()
        self._add_strip()
        measures = self._add_measures()
        findings = self._add_findings()
        information = self._add_information()
        model = self._add_model()
        self._add_surface()
        self._add_batch()
        self._add_slice_menu()
        for dock in (information, model):  # one place for what is looked at now and then
            self._window.tabifyDockWidget(findings, dock)
        for dock in (measures, findings, information, model):
            dock.hide()
        self._actions.connect_toggle("view.panels", self._show_panels)
        self._actions.check({"view.panels": True})

    @property
    def speakers(self) -> tuple[LabelsController | StripController | MeasureController | ModelsController, ...]:
        """Controllers that say something or fail."""
        return self.labels, self.strip, self.measure, self.models

    @property
    def failing(self) -> tuple[InfoController | SurfaceController, ...]:
        """Controllers that fail without a word in the status bar."""
        return self.information, self.surface

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
            (panel.named, self._go_to_slices),
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
        self._labels_dock = self._window.add_dock("labels", self.tr("Labels"), panel, _LEFT)
        self._show_labels()

    def _add_strip(self) -> None:
        parts = self._parts
        self.strip = StripController(parts.document, parts.view_state, parts.proposal, parts.jobs, self)
        strip = SliceStrip()
        strip.set_state(self.strip.state)
        self.strip.state_changed.connect(strip.set_state)
        strip.slice_chosen.connect(self._go_to_slice)
        strip.limits_changed.connect(self.strip.set_limits)
        self.strip.limits_changed.connect(parts.propagate.set_limits)
        self._actions.connect("segment.next_empty", self.strip.next_empty)
        self._actions.connect("segment.next_doubtful", self.strip.next_doubtful)
        self._strip_dock = self._window.add_dock("strip", self.tr("Slices"), strip, _BOTTOM)
        parts.document.opened.connect(self.show_strip)

    def _add_measures(self) -> QDockWidget:
        parts = self._parts
        self.measure = MeasureController(parts.document, parts.view_state, parts.jobs, self)
        panel = MeasuresPanel()
        parts.status.watch(self.measure)
        self.measure.measured.connect(panel.set_measures)
        self.measure.compared.connect(panel.set_agreement)
        panel.copy_requested.connect(self.measure.copy)
        panel.save_requested.connect(self._save_measures)
        panel.compare_requested.connect(self._compare)
        panel.forget_requested.connect(self.measure.forget)
        act = self._actions.connect
        act("measure.copy", self.measure.copy)
        act("measure.save", self._save_measures)
        act("measure.compare", self._compare)
        act("measure.forget", self.measure.forget)
        dock = self._measures_dock = self._window.add_dock("measures", self.tr("Measures"), panel, _BOTTOM)
        self.measure.watch(False)  # until somebody looks
        dock.visibilityChanged.connect(self.measure.watch)
        act("measure.show", self._show_measures)
        return dock

    def _add_findings(self) -> QDockWidget:
        status = self._parts.status
        dock = self._window.add_dock("findings", self.tr("Findings"), status.findings, _RIGHT)
        status.badge.clicked.connect(lambda: _show(dock))
        self._actions.connect("help.findings", lambda: _show(dock))
        for widget in (status.progress, status.badge):
            self._window.add_status(widget)
        return dock

    def _add_information(self) -> QDockWidget:
        parts = self._parts
        self.information = InfoController(parts.document, parts.jobs, parts.settings, self)
        dock = self._window.add_dock("information", self.tr("Image"), self.information.panel, _RIGHT, tall=True)
        self._actions.connect("help.image", lambda: _show(dock))
        return dock

    def _add_model(self) -> QDockWidget:
        parts = self._parts
        self.models = ModelsController(parts.jobs, parts.inference, parts.settings, parts.asks, self)
        self.models.changed.connect(lambda state: self.strip.set_doubtful_below(state.doubtful_below))
        dock = self._window.add_dock("model", self.tr("Model"), self.models.panel, _RIGHT, tall=True)
        act = self._actions.connect
        act("model.choose", lambda: _show(dock))
        act("model.import", self.models.ask_for_file)
        act("model.measure", self.models.measure)
        return dock

    def _add_surface(self) -> None:
        parts = self._parts
        self.surface = SurfaceController(parts.document, parts.snapshots, parts.jobs, self)
        panel = self._surface_panel = SurfacePanel()
        for told, shown in (
            (self.surface.began, panel.begin),
            (self.surface.surfaces_changed, panel.set_surfaces),
            (self.surface.labels_changed, panel.set_labels),
            (self.surface.message_changed, panel.set_message),
            (self.surface.busy_changed, panel.set_busy),
            (panel.watched, self.surface.watch),
        ):
            told.connect(shown)
        self._surface_wanted = True
        parts.planes.set_fourth(panel)
        parts.view_state.layout_changed.connect(self._check_surface)
        self._actions.connect_toggle("view.surface", self._show_surface)
        self._check_surface()

    def _add_slice_menu(self) -> None:
        parts = self._parts
        self._slice_menu = SliceMenuController(
            parts.window, parts.actions, parts.document, parts.view_state, self.labels, self
        )
        parts.planes.context_menu.connect(self._slice_menu.show)

    def _show_surface(self, shown: bool) -> None:
        """Surfaces beside the planes, or planes alone; shown, they end the view of a single plane."""
        self._surface_wanted = shown
        self._parts.planes.set_fourth(self._surface_panel if shown else None)
        if shown:
            self._parts.view_state.set_layout(single=False)
        self._check_surface()

    @Slot()
    def _check_surface(self) -> None:
        self._actions.check({"view.surface": self._surface_wanted and not self._parts.view_state.single})

    def _add_batch(self) -> None:
        parts = self._parts
        self.batch = BatchController(parts.document, parts.jobs, parts.inference, parts.settings, self)
        self.batch.review.centre_changed.connect(self._show_batch_case)
        self._actions.connect("batch.folder", self.batch.show)

    @Slot(object)
    def _show_batch_case(self, centre: tuple[int, int, int]) -> None:
        self._parts.view_state.set_crosshair(centre)
        self._window.activateWindow()
        self._window.raise_()

    def _save_measures(self) -> None:
        study = self._document.study
        if study is not None:
            source = Path(study.source.path)
            path = self._parts.asks.save_table(source.with_name(f"{stem_of(source.name)}_measures.csv"))
            if path is not None:
                self.measure.save(path)

    def _compare(self) -> None:
        path = self._parts.asks.open_labels("")
        if path is not None:
            self._show_measures()
            self.measure.compare(path)

    def _show_measures(self) -> None:
        """Measures beside the slices, with most of the width: their rows are long."""
        were_hidden = not self._measures_dock.isVisible()
        _show(self._measures_dock)
        if were_hidden:
            self._window.resizeDocks([self._strip_dock, self._measures_dock], [1, 3], Qt.Orientation.Horizontal)

    def _show_panels(self, shown: bool) -> None:
        self._labels_dock.setVisible(shown)
        self.show_strip()

    @Slot()
    def show_strip(self) -> None:
        """The row of slices, where there are several."""
        study = self._document.study
        several = study is not None and study.volume.shape_zyx[0] > 1
        self._strip_dock.setVisible(several and self._actions["view.panels"].isChecked())

    @Slot(int)
    def _go_to_slice(self, index: int) -> None:
        state = self._parts.view_state
        state.go_to(SliceKey(state.active_axis, index))

    @Slot()
    def _go_to_slices(self) -> None:
        """The keyboard is the active plane's again."""
        self._parts.planes.active_view.setFocus()

    @Slot()
    def _show_labels(self) -> None:
        active = self._document.active_label
        self._labels_panel.setEnabled(self._document.study is not None)
        self._labels_panel.set_labels(self.labels.labels, 0 if active is None else active.value)
        if active is not None:
            self._actions.check({"label.lock": active.locked, "label.show": active.visible})

    @Slot()
    def _show_conflicts(self) -> None:
        self._labels_panel.set_conflicts(conflict_texts(self._proposal.preview, self.labels.labels))

    def _edit_active(self, edit: Callable[[int], None]) -> None:
        active = self._document.active_label
        if active is not None:
            _show(self._labels_dock)  # else the keyboard would go to a field that nobody sees
            edit(active.value)


def _show(dock: QDockWidget) -> None:
    dock.show()
    dock.raise_()
