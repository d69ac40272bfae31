"""From a box or clicks to a mask that waits for Enter or Esc. The mask follows the box while it is dragged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.engine.errors import EngineError
from app.engine.labelmap import Label, slice_region
from app.engine.plane import SliceKey
from app.engine.prompt import Box, Box3D, Point, Prompts
from app.gui.canvas.requests import BoxDrag, Click, Phase
from app.gui.document import Document
from app.gui.inference import Answer, Inference, ModelState, Request
from app.gui.jobs import Jobs, Lane
from app.gui.proposal import Preview, Proposal, prompt_record
from app.gui.translation import QT_TRANSLATE_NOOP, as_sentence
from app.gui.view_state import ViewState

_SETTLED_MS = 150  # after the last change of slice, before neighbours are encoded
_AHEAD = 3  # slices on each side
_CLICK_MARGIN = 2  # voxels around a label's mask: a click there corrects it


class SegmentController(QObject):
    """Keeps the preview: asks the model, writes what is accepted."""

    message = Signal(str)  # one sentence for the status bar
    failed = Signal(object)  # the Exception of a question that could not be answered
    answered = Signal(object)  # the ModelState that answered last

    def __init__(
        self, document: Document, view_state: ViewState, proposal: Proposal, jobs: Jobs, inference: Inference,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._document, self._view_state, self._proposal = document, view_state, proposal
        self._jobs, self._inference = jobs, inference
        self._accept_next = False  # Enter came before the answer
        self._click_next: Click | None = None  # elsewhere, before the answer
        self._asked: Request | None = None
        self._refused = False  # the box being drawn, for the mask of the last cannot be written
        self._ahead = True
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLED_MS)
        self._settle.timeout.connect(self._encode_ahead)
        document.opened.connect(self._begin)
        document.active_label_changed.connect(self._relabel)
        document.labels_changed.connect(self._forget_unlabelled)
        document.labels_changed.connect(self._recheck)
        document.voxels_changed.connect(self._recheck)
        view_state.crosshair_changed.connect(self._settle.start)

    def set_ahead(self, wanted: bool) -> None:
        """Whether neighbouring slices are encoded while nothing else is wanted."""
        self._ahead = wanted

    # ------------------------------------------------------------------------------------------------------- requests

    @Slot(object)
    def drag_box(self, drag: BoxDrag) -> None:
        """A box is drawn, moved or resized; a new one accepts the mask of the last."""
        preview = self._proposal.preview
        if drag.phase is Phase.CANCEL:
            if preview is not None and preview.dragging:
                self.reject()
            return
        if drag.phase is Phase.BEGIN:
            self._refused = preview is not None and not _continues(preview, drag) and not self.accept()
            preview = self._proposal.preview
        if self._refused:
            return
        label = self._label()
        if label is None or (preview is not None and self._accept_next and not _continues(preview, drag)):
            return
        if preview is None or not _continues(preview, drag):
            preview = Preview(drag.key, label)
        dragging = drag.phase is not Phase.END
        if drag.box == preview.box and preview.fresh:
            self._proposal.set_preview(replace(preview, dragging=dragging))
            return
        self._ask(replace(preview, box=drag.box, dragging=dragging, fresh=False))

    @Slot(object)
    def click(self, click: Click) -> None:
        """A point: it refines the preview, or corrects what the label has in the slice, or begins a mask."""
        preview = self._proposal.preview
        if preview is not None and preview.key != click.key:
            if not self.accept():
                return
            if self._accept_next:
                self._click_next = click
                return
            preview = None
        label = self._label()
        if label is None:
            return
        if preview is None:
            preview = self._correction(click.key, click.point, label) or Preview(click.key, label)
        points = (*preview.points, click.point)
        if preview.box is None and not any(point.positive for point in points):
            self.message.emit(self.tr("Draw a box or click inside the object first; then click on what is too much."))
            return
        self._ask(replace(preview, points=points, fresh=False))

    def reset_points(self) -> None:
        """Forget the clicks, keep the box."""
        preview = self._proposal.preview
        if preview is None or not preview.points:
            return
        if preview.box is None:
            self.reject()
        else:
            self._ask(replace(preview, points=(), mask=None, fresh=False))

    @Slot(object)
    def ask_again(self, model: ModelState) -> None:
        """Another model answers from now on: have it answer what is shown, too."""
        preview = self._proposal.preview
        if preview is None or not preview.fresh or preview.record.get("model", model.record()) == model.record():
            return
        mask = preview.mask if preview.correcting or not preview.points else None
        self._ask(replace(preview, mask=mask, fresh=False))

    def accept(self) -> bool:
        """Write the preview into its label as one step of undo, or as soon as its answer is there.

        Returns False where it cannot be written; it is kept then.
        """
        preview = self._proposal.preview
        if preview is None:
            return True
        if not preview.fresh:
            self._accept_next = self._asked is not None
            return True
        self._accept_next = False
        study = self._document.study
        if study is not None and study.labels.is_locked(preview.label):  # since the answer came
            self._tell_locked(study.labels.label(preview.label))
            return False
        self._proposal.set_preview(None)
        if preview.mask is None or not (preview.mask.any() or preview.correcting):
            self.message.emit(self.tr("The mask is empty: nothing was written."))
            return True
        try:
            self._write(preview, preview.mask)
        except EngineError as error:
            self._proposal.set_preview(preview)
            self.failed.emit(error)
            return False
        return True

    def reject(self) -> None:
        """Forget the preview."""
        self._expect_nothing()
        self._jobs.cancel(Lane.PROMPT)
        self._proposal.set_preview(None)

    # -------------------------------------------------------------------------------------------------------- answers

    def _ask(self, preview: Preview) -> None:
        study = self._document.study
        if study is None:
            return
        if self._proposal.preview is None:
            self._accept_next = False  # meant one that is gone
        self._asked = None
        self._proposal.set_preview(preview)
        # The mask so far is a prompt of corrections alone: while a box moves, it would hold the new mask back.
        previous = preview.mask if preview.points else None
        try:
            prompts = Prompts(preview.box, preview.points, previous).checked(preview.key.shape(study.volume.shape_zyx))
        except EngineError as error:
            self.message.emit(as_sentence(str(error)))
            return
        request = Request(study.volume, preview.key, prompts)
        self._asked = request
        self._jobs.submit(Lane.PROMPT, lambda: self._inference.answer(request), self._answer, self._fail)

    def _answer(self, answer: Answer) -> None:
        preview = self._proposal.preview
        if answer.request is not self._asked:
            return
        self._asked = None
        if preview is None:
            return
        found = answer.found
        shown = replace(
            preview, mask=found.mask, score=found.score, doubtful=found.score < answer.model.doubtful_below, fresh=True,
            record=_record(preview, answer),
        )  # fmt: skip
        self._proposal.set_preview(self._checked(shown))
        self.answered.emit(answer.model)
        self._settle.start()
        if self._accept_next and not preview.dragging:
            self._refused = not self.accept()
            click, self._click_next = self._click_next, None
            if click is not None and self._proposal.preview is None:
                self.click(click)

    def _expect_nothing(self) -> None:
        self._accept_next, self._click_next, self._asked = False, None, None

    def _fail(self, error: Exception) -> None:
        self._expect_nothing()
        self._proposal.set_preview(None)
        self.failed.emit(error)

    def _write(self, preview: Preview, mask: NDArray[np.bool_]) -> None:
        region = slice_region(preview.key, slice(0, mask.shape[0]), slice(0, mask.shape[1]))
        record = {**preview.record, "label": preview.label}  # another label may have been chosen since the answer
        if preview.correcting:
            self._document.do(
                lambda study: study.replace_label(
                    QT_TRANSLATE_NOOP("Acts", "Correct a mask"), region, mask, preview.label, record=record
                )
            )
        else:
            self._document.do(
                lambda study: study.paint(
                    QT_TRANSLATE_NOOP("Acts", "Accept a mask"), [(region, mask)], preview.label, record=record
                )
            )

    # ------------------------------------------------------------------------------------------------------- document

    @Slot()
    def _begin(self) -> None:
        self._expect_nothing()
        self._jobs.cancel(Lane.PROMPT)
        self._jobs.cancel(Lane.AHEAD)
        self._proposal.clear()
        self._proposal.set_ready(frozenset())
        study = self._document.study
        volume = study.volume if study is not None else None
        self._jobs.submit(
            Lane.AHEAD, lambda: self._inference.keep_only(volume), lambda _done: None, lambda _error: None
        )

    @Slot()
    def _relabel(self) -> None:
        preview, label = self._proposal.preview, self._document.active_label
        if preview is not None and label is not None and preview.label != label.value and not preview.correcting:
            self._proposal.set_preview(self._checked(replace(preview, label=label.value)))

    @Slot()
    def _forget_unlabelled(self) -> None:
        """Forget a preview that could not be accepted any more: its label has gone, and it can have no other."""
        preview, study = self._proposal.preview, self._document.study
        if preview is None or study is None:
            return
        values = {label.value for label in study.labels.labels}
        if preview.label not in values and (preview.correcting or not values):
            self.reject()

    @Slot()
    def _recheck(self, _region: Box3D | None = None) -> None:
        preview = self._proposal.preview
        if preview is not None and preview.mask is not None:
            self._proposal.set_preview(self._checked(preview))

    def _checked(self, preview: Preview) -> Preview:
        """With the conflicts that accepting would have now."""
        study = self._document.study
        if study is None or preview.mask is None:
            return preview
        rows, columns = preview.mask.shape
        region = slice_region(preview.key, slice(0, rows), slice(0, columns))
        conflicts = study.labels.conflicts(region, preview.mask, preview.label)
        blocked = study.labels.locked_within(region, preview.mask).reshape(rows, columns) if conflicts else None
        return replace(preview, conflicts=conflicts, blocked=blocked)

    def _label(self) -> int | None:
        label = self._document.active_label
        if label is None:
            self.message.emit(self.tr("Add a label first."))
            return None
        if label.locked:
            self._tell_locked(label)
            return None
        return label.value

    def _tell_locked(self, label: Label) -> None:
        self.message.emit(self.tr("The label “{0}” is locked. Unlock it or choose another one.").format(label.name))

    def _correction(self, key: SliceKey, point: Point, label: int) -> Preview | None:
        """What the label has in the slice as a preview, where a click lies in or beside it."""
        study = self._document.study
        if study is None:
            return None
        mask = np.asarray(study.labels.voxels[key.checked(study.volume.shape_zyx).selector()] == label)
        box = Box.of_mask(mask)
        if box is None or not _near(box, point):
            return None
        return Preview(key, label, box, (), mask, fresh=True, correcting=True)

    # ---------------------------------------------------------------------------------------------------------- ahead

    @Slot()
    def _encode_ahead(self) -> None:
        """Encode the slices around the active one through the view of the last box, while nothing else is wanted."""
        study = self._document.study
        key = self._view_state.active_key
        preview = self._proposal.preview
        like = preview.key if preview is not None and preview.key.axis == key.axis else key
        if not self._ahead or study is None or study.volume.shape_zyx[key.axis] == 1:
            return
        volume = study.volume
        wanted = [SliceKey(key.axis, key.index + step) for n in range(1, _AHEAD + 1) for step in (n, -n)]
        keys = [like, key, *(k for k in wanted if 0 <= k.index < volume.shape_zyx[key.axis])]
        self._jobs.run_steps(
            Lane.AHEAD,
            lambda: (each for each in keys if self._inference.encode_ahead(volume, each, like)),
            self._encoded,
            lambda: None,
            lambda _error: None,  # the question itself will tell
        )

    def _encoded(self, key: SliceKey) -> None:
        near = {known for known in self._proposal.ready if known.axis == key.axis and abs(known.index - key.index) < 64}
        self._proposal.set_ready(frozenset({*near, key}))


def _continues(preview: Preview, drag: BoxDrag) -> bool:
    """Whether a drag changes the preview's box, and is no new one."""
    if preview.key != drag.key:
        return False
    return not drag.new if drag.phase is Phase.BEGIN else preview.dragging or not drag.new


def _near(box: Box, point: Point) -> bool:
    return (
        box.x0 - _CLICK_MARGIN <= point.x < box.x1 + _CLICK_MARGIN
        and box.y0 - _CLICK_MARGIN <= point.y < box.y1 + _CLICK_MARGIN
    )


def _record(preview: Preview, answer: Answer) -> Mapping[str, Any]:
    """How a mask was made, as JSON."""
    record = prompt_record("prompt", preview.key, preview.box, preview.points)
    return record | {"model": answer.model.record(), "score": round(answer.found.score, 4)}
