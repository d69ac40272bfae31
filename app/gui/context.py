"""Everything that the window consists of, built once and connected here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QObject, QTimer, Slot
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app import paths
from app.engine.volume import Volume
from app.gui.action_table import Need
from app.gui.actions import Actions
from app.gui.canvas.planes import PlanesView
from app.gui.canvas.requests import Hover
from app.gui.controllers.diagnostics import DiagnosticsController
from app.gui.controllers.edit import EditController
from app.gui.controllers.files import FilesController, name_of
from app.gui.controllers.guide import GuideController
from app.gui.controllers.help import HelpController
from app.gui.controllers.importing import ImportController
from app.gui.controllers.looking import LookingController
from app.gui.controllers.navigate import NavigateController
from app.gui.controllers.opening import OpeningController
from app.gui.controllers.preferences import PreferencesController
from app.gui.controllers.propagate import PropagateController
from app.gui.controllers.recovery import RecoveryController
from app.gui.controllers.saving import SavingController
from app.gui.controllers.segment import SegmentController
from app.gui.controllers.snapshot import Snapshots
from app.gui.controllers.status import StatusController
from app.gui.controllers.thumbnails import ThumbnailsController
from app.gui.dialogs.asks import Asks
from app.gui.docks import Docks, Parts
from app.gui.document import Document
from app.gui.inference import Inference, ModelChoice
from app.gui.jobs import Jobs, Lane
from app.gui.log import LogTail
from app.gui.main_window import MainWindow
from app.gui.proposal import Proposal
from app.gui.settings import DEVICE, ENCODE_AHEAD, KEY_PROFILE, MODEL, KeyProfile, Settings
from app.gui.view_state import ViewState


class Context(QObject):
    """Owns the window and all that it shows; `close` ends the engine thread."""

    def __init__(
        self, settings: Settings, *, model: ModelChoice | None = None, asks: Callable[[QWidget], Asks] = Asks,
        log: LogTail | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.settings = settings
        self.jobs = Jobs(self)
        self.document = Document(self)
        self.view_state = ViewState(self)
        self.proposal = Proposal(self)
        self.inference = Inference(model or ModelChoice(settings.get(MODEL), settings.get(DEVICE)))
        self.actions = Actions(self)
        self.planes = PlanesView(self.document, self.view_state, self.proposal)
        self.window = MainWindow(self.actions, self.planes)
        self.asks = asks(self.window)
        self._snapshots = Snapshots(self.document, self)
        self._journals = paths.user_data_dir() / "journals"
        self.navigate = NavigateController(self.view_state, self.document, self)
        self.files = FilesController(self.document, self.navigate, self.jobs, self.asks, self._journals, self)
        self.recovery = RecoveryController(self.document, self.files, self.asks, self)
        self.saving = SavingController(self.document, self.jobs, self._snapshots, self.asks, self)
        common = (self.document, self.view_state, self.proposal, self.jobs, self.inference)
        self.segment = SegmentController(*common, parent=self)
        self.propagate = PropagateController(*common, parent=self)
        self.edit = EditController(self.document, self.view_state, self.jobs, self)
        self.preferences = PreferencesController(settings, self.view_state, self.document, self)
        self.diagnostics = DiagnosticsController(self.document, self.jobs, self.inference, settings, log, self)
        self.help = HelpController(self.window, self.actions, settings, self.diagnostics, self.asks, self)
        self.guide = GuideController(self.window, self.jobs, self)
        self.opening = OpeningController(self.files, self.asks, settings, self)
        self.importing = ImportController(self.document, self.jobs, self.asks, self)
        self.looking = LookingController(
            self.actions, self.navigate, self.view_state, self.document, lambda: self.planes.active_frame, self
        )
        self.status = StatusController(self.document, self.files, self.saving, self.propagate, self)
        self.status.watch_changes(self.importing, self.edit)
        self._furnish()
        self._connect_canvas()
        self._connect_files()
        self._connect_acts()
        self._connect_help()
        self._connect_state()
        self._restore()
        for each in self.actions.unconnected:  # what nobody answers is not offered
            self.actions[each].setVisible(False)
        self.window.hide_empty_menus()
        self._refresh()

    def open(self, files: Sequence[Path]) -> None:
        """Open what was named when the program was started, unless work that a crash left is recovered first."""
        if not self.recovery.offer(self._journals):
            self.files.open(files)
        self.docks.batch.left.ask()
        self.docks.models.refresh()  # after the image, so that the first box need not wait for the model
        self.docks.models.settle()

    def close(self) -> None:
        """End the engine thread; nothing is answered after that."""
        self.settings.keep_layout("geometry", bytes(self.window.saveGeometry().data()))
        self.settings.keep_layout("state", bytes(self.window.saveState().data()))
        self.settings.sync()
        for each in (self.files, self.importing, self.edit):
            each.cancel()  # nobody waits for it
        self.jobs.close()
        self.docks.batch.end()
        self.recovery.close()

    def _furnish(self) -> None:
        """Put the panels where they belong."""
        self.planes.set_empty_widget(self.opening.welcome)
        self.docks = Docks(
            Parts(
                self.window, self.actions, self.asks, self.settings, self.document, self.view_state, self.proposal,
                self.jobs, self.inference, self._snapshots, self.planes, self.propagate, self.status,
            ),
            self,
        )  # fmt: skip
        self.asks.set_attendant(ThumbnailsController(self.jobs, self.settings, self))

    def _connect_canvas(self) -> None:
        self.planes.box_changed.connect(self.segment.drag_box)
        self.planes.point_clicked.connect(self.segment.click)
        self.planes.stroked.connect(self.edit.stroke)
        self.planes.lassoed.connect(self.edit.lassoed)
        self.planes.files_dropped.connect(self.files.open)
        self.planes.hovered.connect(self._hover)

    def _connect_files(self) -> None:
        act = self.actions.connect
        act("file.open", self.opening.open_files)
        act("file.open_folder", self.opening.open_folder)
        act("file.open_sample", self.opening.open_sample)
        act("file.import_labels", self.importing.ask)
        act("file.save", self.saving.save)
        act("file.save_as", self.saving.save_as)
        act("file.export_labels", self.saving.export_labels)
        act("file.export_surface", self.saving.export_surface)
        act("file.export_picture", self._export_picture)
        act("file.close", self.files.close)
        act("file.quit", self.window.close)
        act("view.full_screen", self.window.toggle_full_screen)
        self.files.set_saver(self.saving.save)
        self.files.shown.connect(self.preferences.show_as_before)
        self.files.shown.connect(self.docks.information.tell_opening)
        self.files.shown.connect(lambda _read: self.planes.active_view.setFocus())
        self.files.shown.connect(self.docks.batch.review.shown)
        self.docks.batch.review.open_requested.connect(self.files.open_made)
        self.docks.models.changed.connect(self.segment.ask_again)
        self.opening.set_recent_menu(self.actions.menu("file.recent"))
        self.window.set_closing(self._may_close)
        speakers = (
            self.saving, self.importing, self.recovery, self.segment, self.propagate, self.edit,
            self.diagnostics, *self.docks.speakers,
        )  # fmt: skip
        for source in (self.files, *speakers, *self.docks.failing):
            source.failed.connect(self.asks.error)
        for speaker in speakers:
            speaker.message.connect(self.window.show_message)

    def _connect_acts(self) -> None:
        act = self.actions.connect
        act("edit.undo", self.document.undo)
        act("edit.redo", self.document.redo)
        act("segment.accept", self._accept)
        act("segment.reject", self._reject)
        act("segment.reset", self.segment.reset_points)
        act("segment.propagate", self.propagate.start)
        act("segment.fill_box", self._fill_box)
        act("segment.stop", self.propagate.stop)
        act("segment.keyboard_box", self.planes.begin_keyboard_box)
        act("shape.fill_holes", self.edit.fill_holes)
        act("shape.keep_largest", self.edit.keep_largest)
        act("shape.smooth", self.edit.smooth)
        act("shape.interpolate", self.edit.interpolate)
        act("shape.copy_next", lambda: self.edit.copy_to_neighbour(1))
        act("shape.copy_previous", lambda: self.edit.copy_to_neighbour(-1))
        act("shape.clear_slice", self.edit.clear_slice)

    def _connect_help(self) -> None:
        act = self.actions.connect
        act("help.guide", self.guide.show)
        act("help.keys", self.help.show_keys)
        act("help.palette", self.help.show_palette)
        act("help.licences", self.help.show_licences)
        act("help.diagnostics", self.help.show_report)
        act("help.about", self.help.show_about)
        act("edit.preferences", self.help.show_preferences)

    def _connect_state(self) -> None:
        for signal in (
            self.document.opened, self.document.labels_changed, self.document.active_label_changed,
            self.document.modified_changed, self.document.project_changed, self.proposal.preview_changed,
            self.propagate.running_changed, self.document.undo_stack.indexChanged, self.docks.measure.compared,
        ):  # fmt: skip
            signal.connect(self._refresh)

    @Slot()
    def _refresh(self) -> None:
        """What is possible now, and what the title says."""
        study, stack = self.document.study, self.document.undo_stack
        have = {Need.MODEL} | ({Need.STUDY} if study is not None else set())
        facts = {
            Need.VOLUME: study is not None and min(study.volume.shape_zyx) > 1,
            Need.LABEL: self.document.active_label is not None,
            Need.PREVIEW: self.proposal.preview is not None,
            Need.CARRIED: self.propagate.is_running,
            Need.REFERENCE: self.docks.measure.has_reference,
            Need.RUNNING: self.jobs.is_running(Lane.PROPAGATE),
            Need.MODIFIED: self.document.is_modified,
            Need.UNDO: stack.canUndo(),
            Need.REDO: stack.canRedo(),
        }
        self.actions.refresh(frozenset(have | {need for need, there in facts.items() if there}))
        name = "" if study is None else name_of(study.source)
        self.window.show_name(name, modified=self.document.is_modified)

    @Slot(object)
    def _hover(self, hover: Hover | None) -> None:
        study = self.document.study
        self.window.show_place("" if hover is None or study is None else describe_voxel(study.volume, hover.zyx))

    def _restore(self) -> None:
        """Window and keys as they were left."""
        self.window.restoreGeometry(self.settings.layout("geometry"))
        self.window.restoreState(self.settings.layout("state"))
        self.docks.show_strip()
        self.settings.bind(KEY_PROFILE, self._use_profile)
        self.settings.bind(ENCODE_AHEAD, self.segment.set_ahead)

    def _use_profile(self, profile: KeyProfile) -> None:
        self.actions.apply_profile(profile)
        self.planes.set_mouse_profile(self.actions.mouse)

    def _may_close(self) -> bool:
        """Whether to close now; where the user saves first, the window closes after that.

        A batch is held up last, when nothing else keeps the window open: else it would stay held up.
        """
        if self.document.is_modified:
            self.files.when_free(self._leave)
            return False
        if self.saving.is_saving:
            self.saving.when_saved(lambda: QTimer.singleShot(0, self.window.close))
            return False
        return self.docks.batch.may_close()

    def _leave(self) -> None:
        """Close what is open, then the window, unless the user goes on for a batch that is at work."""
        if self.docks.batch.may_close():
            self.document.open(None)
            QTimer.singleShot(0, self.window.close)

    def _fill_box(self) -> None:
        """Ask for the slices and fill the preview's box through them."""
        preview, study = self.proposal.preview, self.document.study
        if preview is None or preview.box is None or study is None:
            return
        slices = self.asks.slices(study.volume.shape_zyx[preview.key.axis], preview.key.index)
        if slices is not None:
            self.propagate.fill_box(preview.box, preview.key.axis, slices)

    def _accept(self) -> None:
        """The preview, else what has been carried so far, and no more of that."""
        if self.proposal.preview is not None:
            self.segment.accept()
        else:
            self.propagate.stop()

    def _reject(self) -> None:
        if self.propagate.is_running:
            self.propagate.stop()
        else:
            self.segment.reject()

    def _export_picture(self) -> None:
        self.saving.export_picture(pixels_of(self.planes.grab().toImage()))


def pixels_of(image: QImage) -> NDArray[np.uint8]:
    """A picture of the screen as (height, width, 3)."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(rgb.constBits(), dtype=np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return lines[:, : rgb.width() * 3].reshape(rgb.height(), rgb.width(), 3).copy()


def describe_voxel(volume: Volume, zyx: tuple[int, int, int]) -> str:
    """The value of a voxel with its unit, and its index as the command line takes it (x, y, z); a picture has no z."""
    z, y, x = zyx
    value = volume.voxels[z, y, x]
    if volume.is_colour:
        text = "R {} G {} B {}".format(*(int(part) for part in value))
    else:
        text = f"{float(value):.6g} {volume.unit}".rstrip()
    index = f"{x}, {y}" if volume.shape_zyx[0] == 1 else f"{x}, {y}, {z}"
    return QCoreApplication.translate("Context", "{0} at ({1})").format(text, index)
