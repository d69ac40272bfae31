"""Corrections by hand: strokes, lasso, and what shapes a whole label. Long ones are computed on the engine thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal, Slot

from app.engine.census import tight_box
from app.engine.cleanup import clean
from app.engine.errors import EngineError
from app.engine.labelmap import BACKGROUND, Label, slice_region
from app.engine.plane import SliceKey
from app.engine.progress import Stop
from app.engine.prompt import Box3D
from app.engine.shaping import copy_slice, interpolate_slices, smooth
from app.engine.strokes import Part, brush_stroke, lasso
from app.engine.study import Act, Study
from app.gui.canvas.requests import Lasso, Stroke
from app.gui.document import Document
from app.gui.jobs import Jobs, Lane
from app.gui.translation import QT_TRANSLATE_NOOP
from app.gui.view_state import ViewState

Shaping = Callable[[NDArray[np.bool_]], NDArray[np.bool_]]

_SMOOTH_VOXELS = 2.0  # standard deviation, in the finer spacing
_MARGIN = 8  # voxels around a label: smoothing may grow it a little


@dataclass(frozen=True, eq=False)
class _Shaped:
    """What a label becomes within a region, computed from how it was."""

    region: Box3D
    before: NDArray[np.bool_]
    after: NDArray[np.bool_]


class EditController(QObject):
    """Turns strokes and menu entries into acts on the active label."""

    message = Signal(str)
    failed = Signal(object)
    shaping = Signal(str)  # the name of the label that is being shaped; "" when that has ended

    def __init__(self, document: Document, view_state: ViewState, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._view_state, self._jobs = document, view_state, jobs
        self._stop = Stop()  # of the shaping
        document.opened.connect(self.cancel)

    @Slot()
    def cancel(self) -> None:
        """Leave the label that is being shaped as it is."""
        if self._jobs.is_running(Lane.EDIT):
            self._stop.ask()
            self._jobs.cancel(Lane.EDIT)
            self.shaping.emit("")

    @Slot(object)
    def stroke(self, stroke: Stroke) -> None:
        """Paint or erase along a stroke."""
        study = self._document.study
        if study is None:
            return
        part = brush_stroke(
            stroke.key, stroke.path, stroke.radius, study.volume.shape_zyx, study.volume.geometry.spacing_zyx,
            ball=stroke.ball,
        )  # fmt: skip
        self._paint(part, stroke.key, erase=stroke.erase, kind="eraser" if stroke.erase else "brush")

    @Slot(object)
    def lassoed(self, drawn: Lasso) -> None:
        """Paint or erase what an outline encloses."""
        study = self._document.study
        if study is not None:
            part = lasso(drawn.key, drawn.path, study.volume.shape_zyx)
            self._paint(part, drawn.key, erase=drawn.erase, kind="lasso")

    def fill_holes(self) -> None:
        """Fill what the active label encloses, in the volume."""
        self._shape(QT_TRANSLATE_NOOP("Acts", "Fill holes"), lambda mask: clean(mask, holes=True))

    def keep_largest(self) -> None:
        """Keep the largest part of the active label."""
        self._shape(QT_TRANSLATE_NOOP("Acts", "Keep the largest part"), lambda mask: clean(mask, largest=True))

    def smooth(self) -> None:
        """Smooth the active label; its volume stays about the same."""
        study = self._document.study
        if study is not None:
            spacing = study.volume.geometry.spacing_zyx
            self._shape(
                QT_TRANSLATE_NOOP("Acts", "Smooth"), lambda mask: smooth(mask, spacing, _SMOOTH_VOXELS * min(spacing))
            )

    def interpolate(self) -> None:
        """Fill the slices between those that hold the active label, along the active plane's axis."""
        study = self._document.study
        if study is not None:
            axis, spacing = self._view_state.active_axis, study.volume.geometry.spacing_zyx
            self._shape(
                QT_TRANSLATE_NOOP("Acts", "Interpolate between slices"),
                lambda mask: interpolate_slices(mask, axis, spacing),
            )

    def copy_to_neighbour(self, step: int) -> None:
        """Copy the active label from the active slice to the next (step 1) or previous (-1) one, and go there."""
        study, label = self._document.study, self._paintable()
        key = self._view_state.active_key
        target = SliceKey(key.axis, key.index + step)
        if study is None or label is None or not 0 <= target.index < study.volume.shape_zyx[key.axis]:
            return
        part = copy_slice(study.labels.voxels, label.value, key, target)
        if part is None:
            self.message.emit(self.tr("“{0}” has nothing in this slice to copy.").format(label.name))
            return
        self._do(
            lambda open_study: open_study.paint(
                QT_TRANSLATE_NOOP("Acts", "Copy to the next slice"), [part], label.value, record=_by("copy", target)
            )
        )
        self._view_state.go_to(target)

    def clear_slice(self) -> None:
        """Erase the active label in the active slice."""
        study, label = self._document.study, self._paintable()
        if study is None or label is None:
            return
        key = self._view_state.active_key
        rows, columns = key.shape(study.volume.shape_zyx)
        region = slice_region(key, slice(0, rows), slice(0, columns))
        part = (region, np.ones((rows, columns), dtype=bool))
        self._do(
            lambda open_study: open_study.paint(
                QT_TRANSLATE_NOOP("Acts", "Clear the slice"),
                [part],
                BACKGROUND,
                only_over=label.value,
                record=_by("clear", key),
            )
        )

    def _paint(self, part: Part | None, key: SliceKey, *, erase: bool, kind: str) -> None:
        label = self._paintable()
        if part is None or label is None:
            return
        if erase:
            self._do(
                lambda s: s.paint(
                    QT_TRANSLATE_NOOP("Acts", "Erase"), [part], BACKGROUND, only_over=label.value, record=_by(kind, key)
                )
            )
            return
        act = self._do(
            lambda s: s.paint(QT_TRANSLATE_NOOP("Acts", "Paint"), [part], label.value, record=_by(kind, key))
        )
        if act is not None and act.conflicts:
            self.message.emit(self.tr("Locked labels were left as they are."))

    def _shape(self, text: str, shaping: Shaping) -> None:
        """Compute what the active label becomes on the engine thread; write it unless it was changed meanwhile.

        One at a time: while one is computed, another is refused.
        """
        study, label = self._document.study, self._paintable()
        if study is None or label is None:
            return
        if self._jobs.is_running(Lane.EDIT):  # another one would replace it, and it would be lost
            self.message.emit(self.tr("A label is still being changed: try again in a moment."))
            return
        region = _extent(study, label.value)
        if region is None:
            self.message.emit(self.tr("“{0}” is empty.").format(label.name))
            return
        before = _patch(study, region, label.value)

        def work() -> _Shaped:
            return _Shaped(region, before, shaping(before))

        def failed(error: Exception) -> None:
            self.shaping.emit("")
            self.failed.emit(error)

        self._stop = stop = Stop()
        self.shaping.emit(label.name)
        self._jobs.submit(Lane.EDIT, lambda: stop.run(work), lambda shaped: self._write(text, label, shaped), failed)

    def _write(self, text: str, label: Label, shaped: _Shaped) -> None:
        self.shaping.emit("")
        study = self._document.study
        if study is None or not np.array_equal(_patch(study, shaped.region, label.value), shaped.before):
            self.message.emit(self.tr("“{0}” was changed meanwhile: try again.").format(label.name))
            return
        if study.labels.is_locked(label.value):  # since it was asked for
            self._tell_locked(label)
            return
        act = self._do(lambda s: s.replace_label(text, shaped.region, shaped.after, label.value, record=_by(text)))
        if act is not None and act.is_empty:
            self.message.emit(self.tr("Nothing had to be changed."))

    def _do(self, make: Callable[[Study], Act]) -> Act | None:
        try:
            return self._document.do(make)
        except EngineError as error:
            self.failed.emit(error)
            return None

    def _paintable(self) -> Label | None:
        label = self._document.active_label
        if label is None:
            self.message.emit(self.tr("Add a label first."))
        elif label.locked:
            self._tell_locked(label)
            return None
        return label

    def _tell_locked(self, label: Label) -> None:
        self.message.emit(self.tr("The label “{0}” is locked. Unlock it or choose another one.").format(label.name))


def _by(tool: str, key: SliceKey | None = None) -> dict[str, Any]:
    """The record of an act by hand, and of the slice that was looked at meanwhile."""
    place = {} if key is None else {"axis": key.axis, "slice": key.index}
    return {"kind": "hand", "tool": tool, **place}


def _extent(study: Study, value: int) -> Box3D | None:
    """The box of a label and a margin, within the volume."""
    around = study.labels.census.box(value)  # not all voxels are looked at: the window waits for this
    tight = None if around is None else tight_box(study.labels.voxels, value, around)
    if tight is None:
        return None
    m = _MARGIN
    grown = Box3D(tight.x0 - m, tight.y0 - m, tight.z0 - m, tight.x1 + m, tight.y1 + m, tight.z1 + m)
    return grown.clipped(study.volume.shape_zyx)


def _patch(study: Study, region: Box3D, value: int) -> NDArray[np.bool_]:
    r = region
    patch: NDArray[np.bool_] = study.labels.voxels[r.z0 : r.z1, r.y0 : r.y1, r.x0 : r.x1] == value
    return patch
