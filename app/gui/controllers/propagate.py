"""An object carried from its slice through the volume: live, stoppable at any slice, one step of undo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PySide6.QtCore import QElapsedTimer, QObject, Signal, Slot

from app.engine.consensus import Provisional
from app.engine.errors import EngineError
from app.engine.labelmap import slice_region
from app.engine.prompt import Box, Box3D, Prompts
from app.engine.propagate import Seed, SliceResult
from app.gui.document import Document
from app.gui.inference import Inference, ModelState
from app.gui.jobs import Jobs, Lane
from app.gui.proposal import Carried, Preview, Proposal, prompt_record
from app.gui.translation import QT_TRANSLATE_NOOP
from app.gui.view_state import ViewState

_SHOWN_MS = 100  # between two pictures of what is expected: steps come faster than planes are drawn


@dataclass(frozen=True)
class _Begun:
    """The model that is at work, how many steps it takes at most, and the box that is filled, if it is that."""

    model: ModelState
    steps: int
    box: Box3D | None = None


class PropagateController(QObject):
    """Carries the preview, or what the active label has in the active slice, both ways; paints as it goes.

    A 3-D box is filled as in a batch: along z, though from three sides where that is better, and then it is painted
    once all of them are known; what is expected until then is shown.
    """

    message = Signal(str)
    failed = Signal(object)
    running_changed = Signal(bool)
    advanced = Signal(int, int)  # so many steps of so many at most

    def __init__(
        self, document: Document, view_state: ViewState, proposal: Proposal, jobs: Jobs, inference: Inference,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._document, self._view_state, self._proposal = document, view_state, proposal
        self._jobs, self._inference = jobs, inference
        self._limits: range | None = None
        self._record: dict[str, Any] = {}
        self._taken: Preview | None = None  # what it began with: given back where nothing has come of it
        self._done, self._steps = 0, 0
        self._since = QElapsedTimer()  # since what is expected was shown last
        document.opened.connect(self.forget)
        document.about_to_act.connect(self._make_way)

    @property
    def is_running(self) -> bool:
        """Whether masks are being carried now."""
        return self._jobs.is_running(Lane.PROPAGATE)

    @property
    def is_filling(self) -> bool:
        """Whether what is done, or was done last, is to fill a 3-D box."""
        return self._record.get("kind") == "box3d"

    def set_limits(self, limits: range | None) -> None:
        """The slices that may be visited; None for all."""
        self._limits = limits

    def start(self) -> None:
        """Carry the preview, or the active label's mask in the active slice, until it ends by itself."""
        seed = None if self.is_running else self._seed()
        if seed is not None:
            self._run(seed, self._limits)

    def fill_box(self, box: Box, axis: int, slices: range) -> None:
        """Fill a 3-D box: the outline of a box in a plane, from one slice along its axis to another."""
        if not self.is_running:
            self._run(box_through(box, axis, slices), None)

    def stop(self) -> None:
        """Ask for no further slice and keep what there is; where there is nothing, the preview is there again."""
        if self.is_running:
            self._jobs.cancel(Lane.PROPAGATE)
            self._end()

    @Slot()
    def forget(self) -> None:
        """Another image is open."""
        self._jobs.cancel(Lane.PROPAGATE)
        self._limits, self._taken = None, None
        self._proposal.set_carried(None)
        self.running_changed.emit(False)

    @Slot()
    def _make_way(self) -> None:
        """Something else is about to be done."""
        self._taken = None
        self.stop()

    def _run(self, seed: Seed | Box3D, limits: range | None) -> None:
        study, label = self._document.study, self._ready_label()
        if study is None or label is None:
            return
        self._document.begin_parts()
        self._record = {**_record_of(seed, limits), "label": label}
        self._taken, self._done, self._steps = self._proposal.preview, 0, 0
        self._proposal.set_preview(None)
        self._proposal.set_carried(Carried(_axis_of(seed), label, {}))
        volume = study.volume

        def steps() -> Iterator[_Begun | SliceResult | Provisional]:
            model = self._inference.open()
            if isinstance(seed, Box3D):
                yield _Begun(model, self._inference.fill_count(volume, seed), seed.clipped(volume.shape_zyx))
                yield from self._inference.fill(volume, seed)
            else:
                every = range(volume.shape_zyx[seed.key.axis])
                yield _Begun(model, len(every if limits is None else limits))
                yield from self._inference.carry(volume, seed, limits)

        self._jobs.run_steps(Lane.PROPAGATE, steps, self._carried, self._end, self._fail)
        self.running_changed.emit(True)

    def _carried(self, result: _Begun | SliceResult | Provisional) -> None:
        carried = self._proposal.carried
        if carried is None:
            return
        if isinstance(result, _Begun):
            self._begin(carried, result)
            return
        self._done += 1
        self.advanced.emit(self._done, self._steps)
        if isinstance(result, SliceResult):
            self._paint(carried, result)
        elif carried.expected is not None:
            self._expect(carried, carried.expected, result)

    def _begin(self, carried: Carried, begun: _Begun) -> None:
        self._record["model"] = begun.model.record()
        self._record["doubtful_below"] = begun.model.doubtful_below
        self._steps = begun.steps
        if begun.box is not None:
            nothing = np.zeros([len(begun.box.range_of(axis)) for axis in range(3)], dtype=np.bool_)
            self._proposal.set_carried(replace(carried, expected=Provisional(begun.box, nothing)))
        self._since.invalidate()

    def _expect(self, carried: Carried, known: Provisional, news: Provisional) -> None:
        """Show what is expected now, unless something was shown a moment ago."""
        ranges = [(news.box.range_of(axis), known.box.range_of(axis).start) for axis in range(3)]
        known.mask[tuple(slice(part.start - start, part.stop - start) for part, start in ranges)] = news.mask
        if not self._since.isValid() or self._since.hasExpired(_SHOWN_MS):
            self._since.start()
            self._proposal.set_carried(replace(carried, expected=known))

    def _paint(self, carried: Carried, result: SliceResult) -> None:
        rows, columns = result.mask.shape
        part = (slice_region(result.key, slice(0, rows), slice(0, columns)), result.mask)
        try:
            self._document.do_part(
                lambda study: study.paint(QT_TRANSLATE_NOOP("Acts", "Carry a mask"), [part], carried.label)
            )
        except EngineError as error:
            self._jobs.cancel(Lane.PROPAGATE)
            self._fail(error)
            return
        slices = {**carried.slices, result.key.index: result}
        self._proposal.set_carried(replace(carried, slices=slices), result.key)

    def _end(self) -> None:
        carried = self._proposal.carried
        if carried is None:
            return
        scores = {str(index): round(result.score, 4) for index, result in sorted(carried.slices.items())}
        text = QT_TRANSLATE_NOOP("Acts", "Carry a mask through the volume")
        self._document.finish_parts(text, {**self._record, "scores": scores})
        self._proposal.set_carried(Carried(carried.axis, carried.label, carried.slices, running=False))
        self.running_changed.emit(False)
        taken, self._taken = self._taken, None
        if not carried.slices and taken is not None and taken.fresh and self._proposal.preview is None:
            self._proposal.set_preview(taken)
        if carried.slices:
            first, last = min(carried.slices) + 1, max(carried.slices) + 1
            if first == last:
                self.message.emit(self.tr("One slice: {0}.").format(first))
            else:
                self.message.emit(self.tr("{0} slices, {1} to {2}.").format(len(carried.slices), first, last))

    def _fail(self, error: Exception) -> None:
        self._end()
        self.failed.emit(error)

    def _ready_label(self) -> int | None:
        label = self._document.active_label
        if label is None or label.locked:
            self.message.emit(self.tr("Choose a label that is not locked first."))
            return None
        return label.value

    def _seed(self) -> Seed | None:
        """The preview, else what the active label has in the active slice."""
        study, label = self._document.study, self._ready_label()
        if study is None or label is None:
            return None
        preview = self._proposal.preview
        if preview is not None and preview.box is not None:
            mask = preview.mask if preview.fresh else None
            return Seed(preview.key, Prompts(preview.box, preview.points), mask)
        key = self._view_state.active_key
        mask = np.asarray(study.labels.voxels[key.checked(study.volume.shape_zyx).selector()] == label)
        box = Box.of_mask(mask)
        if box is None:
            self.message.emit(self.tr("Draw a box in this slice first: that is what is carried through the volume."))
            return None
        return Seed(key, Prompts(box), mask)


def box_through(box: Box, axis: int, slices: range) -> Box3D:
    """A box in the slices along an axis as a 3-D box."""
    ranges = [(box.y0, box.y1), (box.x0, box.x1)]
    ranges.insert(axis, (slices.start, slices.stop))
    (z0, z1), (y0, y1), (x0, x1) = ranges
    return Box3D(x0, y0, z0, x1, y1, z1)


def _axis_of(seed: Seed | Box3D) -> int:
    """Along which array axis the masks come."""
    return 0 if isinstance(seed, Box3D) else seed.key.axis


def _record_of(seed: Seed | Box3D, limits: range | None) -> dict[str, Any]:
    if isinstance(seed, Box3D):
        return {"kind": "box3d", "axis": _axis_of(seed), "box3d": list(seed.to_inclusive())}
    record = prompt_record("carried", seed.key, seed.prompts.box, seed.prompts.points)
    if limits is not None:
        record["limits"] = [limits.start, limits.stop - 1]
    return record
