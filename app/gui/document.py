"""The study that is open, what may be undone in it, and where it is saved: the only place that changes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QUndoStack

from app.engine.errors import LabelError
from app.engine.labelmap import BACKGROUND, Label
from app.engine.prompt import Box3D
from app.engine.study import Act, Study
from app.gui.commands import ActCommand


class Document(QObject):
    """Holds a `Study` or none. Signals say what changed; whoever shows it asks again."""

    opened = Signal()  # another study is open, or none
    about_to_act = Signal()  # something is going to be changed, undone or redone: parts of an act end here
    voxels_changed = Signal(object)  # Box3D of the labels' voxels that may have changed
    labels_changed = Signal()  # a name, colour, lock or visibility, or which labels there are
    active_label_changed = Signal()
    acted = Signal(object)  # the Act that was applied, undone ones as their inverse: for the journal
    modified_changed = Signal(bool)
    saved = Signal(object)  # Path of the project that holds all of it now
    closed = Signal()  # what was open is no longer
    project_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._study: Study | None = None
        self._active = BACKGROUND
        self._project: Path | None = None
        self._parts = 0  # acts since the last `finish_parts`
        self._as_whole = False  # those parts mean nothing alone
        self._forced = False  # modified, though nothing can be undone: a recovered study
        self.undo_stack = QUndoStack(self)
        self.undo_stack.cleanChanged.connect(self._tell_modified)

    @property
    def study(self) -> Study | None:
        """What is open."""
        return self._study

    @property
    def project(self) -> Path | None:
        """The project file that the study was opened from or saved to."""
        return self._project

    @property
    def is_modified(self) -> bool:
        """Whether something would be lost by closing."""
        return self._study is not None and (self._forced or self.has_parts or not self.undo_stack.isClean())

    @property
    def has_parts(self) -> bool:
        """Whether an act is being done in parts and has not been finished."""
        return self._parts > 0

    @property
    def is_half_done(self) -> bool:
        """Whether what is there now must not be written or compared, since the rest of an act is still to come."""
        return self._as_whole

    def open(self, study: Study | None, project: Path | None = None, *, modified: bool = False) -> None:
        """Replace what is open; what was open before is forgotten, so ask first."""
        if self._study is not None:
            self.closed.emit()
        self._parts, self._as_whole = 0, False
        self.undo_stack.clear()
        self._study, self._project, self._forced = study, project, modified and study is not None
        labels = study.labels.labels if study is not None else ()
        self._active = labels[0].value if labels else BACKGROUND
        self.opened.emit()
        self.labels_changed.emit()
        self.active_label_changed.emit()
        self.project_changed.emit()
        self.modified_changed.emit(self.is_modified)

    def saved_as(self, project: Path) -> None:
        """Say that the study as it is now lies in a project file."""
        self._project, self._forced = project, False
        self.undo_stack.setClean()
        self.saved.emit(project)
        self.project_changed.emit()
        self.modified_changed.emit(self.is_modified)

    def saved_earlier(self, project: Path) -> None:
        """Say that a project file holds the study as it was a moment ago, which no step of undo comes back to."""
        self._project, self._forced = project, True
        self.project_changed.emit()
        self.modified_changed.emit(self.is_modified)

    def do(self, make: Callable[[Study], Act]) -> Act:
        """Let `make` change the study, and remember the act for undo; raises what it raises.

        An act that changed nothing is no step of the undo stack.
        """
        self.about_to_act.emit()
        act = self._make(make)
        if not act.is_empty:
            self.undo_stack.push(ActCommand(act, self))
            self._announce(act)
        return act

    def begin_parts(self, *, as_whole: bool = False) -> None:
        """Say that an act is going to be done in parts: another one in parts ends here.

        `as_whole`: some of the parts alone are nothing that anybody wants, so `is_half_done` until they are finished.
        """
        self.about_to_act.emit()
        self._as_whole = as_whole

    def hurry(self) -> None:
        """Have what is half done finished at once."""
        if self._as_whole:
            self.about_to_act.emit()

    def do_part(self, make: Callable[[Study], Act]) -> Act:
        """A part of an act that takes a while: shown at once, undone and journalled as a whole by `finish_parts`."""
        act = self._make(make)
        if not act.is_empty:
            self._parts += 1
            self._show(act)
            if self._parts == 1:
                self._tell_modified()
        return act

    def finish_parts(self, text: str, record: Mapping[str, Any]) -> None:
        """Make one act of the parts, if there were any."""
        self._as_whole = False
        if self._study is not None and self._parts:
            act = self._study.join_last(self._parts, text, record)
            self._parts = 0
            self.undo_stack.push(ActCommand(act, self))
            self.acted.emit(act)

    def undo(self) -> None:
        """Take back the last act."""
        self.about_to_act.emit()
        self.undo_stack.undo()

    def redo(self) -> None:
        """Do again what was taken back last."""
        self.about_to_act.emit()
        self.undo_stack.redo()

    def apply_act(self, act: Act) -> None:
        """Undo or redo; called by the undo stack."""
        if self._study is not None:
            self._study.apply(act)
            self._announce(act)

    @property
    def active_label(self) -> Label | None:
        """The label that is painted with; None where there is none yet."""
        if self._study is None:
            return None
        return next((label for label in self._study.labels.labels if label.value == self._active), None)

    def set_active_label(self, value: int) -> None:
        """Paint with another label from now on."""
        if value != self._active:
            self._active = value
            self.active_label_changed.emit()

    @Slot()
    def _tell_modified(self) -> None:
        self.modified_changed.emit(self.is_modified)

    def _make(self, make: Callable[[Study], Act]) -> Act:
        if self._study is None:
            raise LabelError("no image is open")
        return make(self._study)

    def _announce(self, act: Act) -> None:
        self._show(act)
        self.acted.emit(act)

    def _show(self, act: Act) -> None:
        region = _region_of(act)
        if region is not None:
            self.voxels_changed.emit(region)
        if act.changes:
            self.labels_changed.emit()
            if self.active_label is None:
                labels = self._study.labels.labels if self._study is not None else ()
                self.set_active_label(labels[-1].value if labels else BACKGROUND)


def _region_of(act: Act) -> Box3D | None:
    """The box of all voxels that an act changed."""
    regions = [edit.region for edit in act.edits if edit.region is not None]
    if not regions:
        return None
    return Box3D(
        min(r.x0 for r in regions), min(r.y0 for r in regions), min(r.z0 for r in regions),
        max(r.x1 for r in regions), max(r.y1 for r in regions), max(r.z1 for r in regions),
    )  # fmt: skip
