"""Which slices hold the active label, which are in doubt, and the way to the next of either kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.engine.labelmap import Label
from app.engine.plane import SliceKey
from app.engine.prompt import Box3D
from app.engine.study import Act, Study
from app.gui.document import Document
from app.gui.jobs import Jobs, Lane
from app.gui.panels.strip_state import Mark, StripState
from app.gui.proposal import Proposal
from app.gui.view_state import ViewState

_AT_ONCE = 2**20  # voxels that are counted between two events, in about a millisecond
_REST_MS = 200  # larger counts wait until the label has not changed for so long
_LOOKED_AT = frozenset({"brush", "eraser", "lasso", "copy", "clear"})  # tools after which a slice is in doubt no more
_CARRIED = frozenset({"carried", "box3d"})


@dataclass(frozen=True, eq=False)
class _Count:
    """What is counted: the voxels of a label in each slice along an axis of the study's label map."""

    study: Study
    label: int
    axis: int


@dataclass(frozen=True)
class _Scored:
    """The predicted IoU of a slice's mask, 0..1, and below what it is in doubt (None where the record lacks it)."""

    score: float
    doubtful_below: float | None


class StripController(QObject):
    """Keeps a `StripState` up to date and tells when it is another one."""

    message = Signal(str)
    failed = Signal(object)
    state_changed = Signal(object)  # StripState; None where nothing is open
    limits_changed = Signal(object)  # range | None: the slices that a mask may be carried through

    def __init__(
        self, document: Document, view_state: ViewState, proposal: Proposal, jobs: Jobs, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._document, self._view_state, self._proposal, self._jobs = document, view_state, proposal, jobs
        self._counted: _Count | None = None  # what the counts are of
        self._counts: NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self._complete = False  # whether the counts have been made since they are of another thing
        self._stale: set[int] = set()  # slices that changed while the engine counted
        self._scores: Mapping[int, _Scored] = {}
        self._doubtful_below: float | None = None
        self._limits: range | None = None
        self._state: StripState | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REST_MS)
        self._timer.timeout.connect(self._count_all)
        document.opened.connect(self._begin)
        document.active_label_changed.connect(self._begin)
        document.labels_changed.connect(self._show)
        document.voxels_changed.connect(self._edited)
        document.acted.connect(self._acted)
        view_state.layout_changed.connect(self._turned)
        view_state.crosshair_changed.connect(self._moved)
        proposal.carried_changed.connect(self._show)
        self._begin()

    @property
    def state(self) -> StripState | None:
        """What the strip shows."""
        return self._state

    def set_limits(self, limits: range | None) -> None:
        """Carry through these slices only; None for all."""
        if limits != self._limits:
            self._limits = limits
            self.limits_changed.emit(limits)
            self._show()

    def set_doubtful_below(self, score: float) -> None:
        """The score below which a mask of the model in use deserves a second look, for records that lack it."""
        if score != self._doubtful_below:
            self._doubtful_below = score
            self._show()

    def next_empty(self) -> None:
        """Go to the next slice, onwards and around, in which the active label has no voxels."""
        state, label = self._state, self._document.active_label
        if state is None or label is None:
            return
        index = next((n for n in _around(state) if not self._holds(n)), None)
        if index is None:
            self.message.emit(self.tr("“{0}” is in every other slice.").format(label.name))
        else:
            self._view_state.go_to(SliceKey(state.axis, index))

    def next_doubtful(self) -> None:
        """Go to the next slice, onwards and around, whose mask deserves a second look."""
        state, label = self._state, self._document.active_label
        if state is None or label is None:
            return
        index = next((n for n in _around(state) if state.marks[n] is Mark.DOUBTFUL), None)
        if index is None:
            self.message.emit(self.tr("No other slice of “{0}” is in doubt.").format(label.name))
        else:
            self._view_state.go_to(SliceKey(state.axis, index))

    # ------------------------------------------------------------------------------------------------------- counting

    @Slot()
    def _begin(self) -> None:
        """Another image, label or axis: all is counted afresh."""
        study, label = self._document.study, self._document.active_label
        axis = self._view_state.active_axis
        before, self._complete = self._counted, False
        self._stale.clear()
        self._timer.stop()
        self._jobs.cancel(Lane.COUNT)
        if study is None or label is None:
            self._counted = None
        else:
            self._counted = _Count(study, label.value, axis)
            self._counts = np.zeros(study.volume.shape_zyx[axis], dtype=np.int64)
        if before is not None and (before.study is not study or before.axis != axis):
            self.set_limits(None)
        self._gather_scores()
        self._count_all()
        self._show()

    @Slot()
    def _turned(self) -> None:
        counted = self._counted
        if counted is not None and counted.axis != self._view_state.active_axis:
            self._begin()
        else:
            self._moved()

    @Slot()
    def _count_all(self) -> None:
        """Count on the engine thread.

        It reads the label map while that may be edited here. What it finds in slices that are edited meanwhile is not
        used: they are counted again when it answers.
        """
        counted = self._counted
        if counted is None:
            return
        self._stale.clear()
        values = counted.study.labels.voxels
        self._jobs.submit(
            Lane.COUNT,
            lambda: count_slices(values, counted.label, counted.axis),
            lambda counts: self._take(counted, counts),
            self.failed.emit,
        )

    def _take(self, counted: _Count, counts: NDArray[np.int64]) -> None:
        if counted is not self._counted:
            return
        self._counts, self._complete = counts, True
        stale, self._stale = self._stale, set()
        self._recount(stale)
        self._show()

    @Slot(object)
    def _edited(self, region: Box3D) -> None:
        counted = self._counted
        if counted is None:
            return
        slices = set(_slices_of(region, counted.axis))
        if self._jobs.is_running(Lane.COUNT):
            self._stale |= slices
        else:
            self._recount(slices)
        self._show()

    def _recount(self, slices: set[int]) -> None:
        """Count some slices again: at once where they are small, else when the user rests."""
        counted = self._counted
        if counted is None or not slices:
            return
        voxels = counted.study.labels.voxels
        if len(slices) * (voxels.size // voxels.shape[counted.axis]) > _AT_ONCE:
            self._timer.start()
            return
        for index in slices:
            layer = voxels[SliceKey(counted.axis, index).selector()]
            self._counts[index] = np.count_nonzero(layer == counted.label)

    def _holds(self, index: int) -> bool:
        """Whether a slice has the active label, counted or not."""
        counted = self._counted
        if counted is None:
            return False
        if self._complete and not self._timer.isActive() and not self._stale:
            return bool(self._counts[index])
        layer = counted.study.labels.voxels[SliceKey(counted.axis, index).selector()]
        return bool((layer == counted.label).any())

    # --------------------------------------------------------------------------------------------------------- scores

    @Slot(object)
    def _acted(self, _act: Act) -> None:
        self._gather_scores()
        self._show()

    def _gather_scores(self) -> None:
        counted = self._counted
        self._scores = {} if counted is None else scores_of(counted.study.history, counted.label, counted.axis)

    def _all_scores(self, label: Label | None, axis: int) -> Mapping[int, _Scored]:
        """Those of the history, and of what is being carried."""
        carried = self._proposal.carried
        if label is None or carried is None or not carried.running:
            return self._scores
        if (carried.axis, carried.label) != (axis, label.value):
            return self._scores
        return {**self._scores, **{n: _Scored(found.score, None) for n, found in carried.slices.items()}}

    # ---------------------------------------------------------------------------------------------------------- state

    @Slot()
    def _show(self) -> None:
        """Make the state anew; called for whatever may have changed it."""
        study, label = self._document.study, self._document.active_label
        if study is None:
            self._tell(None)
            return
        axis = self._view_state.active_axis
        count = study.volume.shape_zyx[axis]
        scores = self._all_scores(label, axis)
        fits = self._counted is not None and self._counted.axis == axis and len(self._counts) == count
        filled = self._counts > 0 if fits else np.zeros(count, dtype=bool)
        state = StripState(
            axis,
            min(self._view_state.crosshair_zyx[axis], count - 1),
            tuple(self._mark(bool(there), scores.get(n)) for n, there in enumerate(filled)),
            {n: scored.score for n, scored in scores.items() if n < count and filled[n]},
            self._limits,
            label="" if label is None else label.name,
            colour=(0, 0, 0) if label is None else label.colour,
        )
        carried = self._proposal.carried
        if carried is not None and carried.running and carried.axis == axis and carried.slices:
            state = replace(state, carried=frozenset(carried.slices), newest=list(carried.slices)[-1])
        self._tell(state)

    @Slot()
    def _moved(self) -> None:
        """Another slice is looked at; all else stays."""
        state = self._state
        if state is not None and self._view_state.active_axis == state.axis:
            current = min(self._view_state.crosshair_zyx[state.axis], len(state.marks) - 1)
            self._tell(replace(state, current=current))
        else:
            self._show()

    def _mark(self, filled: bool, scored: _Scored | None) -> Mark:
        if not filled:
            return Mark.EMPTY
        if scored is None:
            return Mark.FILLED
        below = self._doubtful_below if scored.doubtful_below is None else scored.doubtful_below
        return Mark.DOUBTFUL if below is not None and scored.score < below else Mark.FILLED

    def _tell(self, state: StripState | None) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)


def count_slices(values: NDArray[np.uint16], label: int, axis: int) -> NDArray[np.int64]:
    """Voxels of a label in each slice of a label map (Z, Y, X) along an axis; no mask of the whole is made."""
    counts = np.zeros(values.shape[axis], dtype=np.int64)
    for z, plane in enumerate(values):
        mask = plane == label
        if axis == 0:
            counts[z] = np.count_nonzero(mask)
        elif mask.any():
            counts += np.count_nonzero(mask, axis=2 - axis)  # axis 1: over columns, axis 2: over rows
    return counts


def scores_of(history: tuple[Act, ...], label: int, axis: int) -> dict[int, _Scored]:
    """By slice along an axis, the score of the model's newest mask for a label that no hand has corrected since."""
    scores: dict[int, _Scored] = {}
    for act in history:
        if any(change.value == label and None in (change.before, change.after) for change in act.changes):
            scores.clear()  # another label had the value before
        if label not in act.labels:
            continue
        if act.record.get("tool") in _LOOKED_AT:
            for index in _looked_at(act, axis):
                scores.pop(index, None)
        elif act.record.get("axis") == axis:
            scores |= _recorded(act.record)
    return scores


def _looked_at(act: Act, axis: int) -> set[int]:
    """Slices that a hand has corrected: those of the edits, or of the record where a project has lost the edits."""
    slices = {n for edit in act.edits if edit.region is not None for n in _slices_of(edit.region, axis)}
    index = act.record.get("slice")
    return slices | ({index} if act.record.get("axis") == axis and isinstance(index, int) else set())


def _recorded(record: Mapping[str, Any]) -> dict[int, _Scored]:
    """Scores that a record holds, by slice; what makes no sense is passed over, for a project may hold anything."""
    below = record.get("doubtful_below")
    found: Any = {}
    if record.get("kind") in _CARRIED:
        found = record.get("scores")
    elif record.get("kind") == "prompt":
        found = {str(record.get("slice")): record.get("score")}
    items = found.items() if isinstance(found, Mapping) else ()
    return {
        int(n): _Scored(float(score), float(below) if isinstance(below, int | float) else None)
        for n, score in items
        if n.isascii() and n.isdecimal() and isinstance(score, int | float)
    }


def _slices_of(region: Box3D, axis: int) -> range:
    return (range(region.z0, region.z1), range(region.y0, region.y1), range(region.x0, region.x1))[axis]


def _around(state: StripState) -> list[int]:
    """All slices but the current one, from the next onwards and around."""
    count = len(state.marks)
    return [(state.current + step) % count for step in range(1, count)]
