"""What is open: a volume, where it came from, its label map, and every act that made the label map what it is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.census import Incoming, tight_box
from app.engine.errors import LabelError
from app.engine.fingerprint import Fingerprint
from app.engine.labelmap import BACKGROUND, LARGEST_VALUE, PALETTE, Edit, Label, LabelMap
from app.engine.prompt import Box3D
from app.engine.volume import Volume

Part = tuple[Box3D, NDArray[np.bool_]]

_STEP_VOXELS = 1 << 20  # that are looked at and painted between two events of the window


@dataclass(frozen=True)
class LabelChange:
    """A label that came (`before` None), went (`after` None) or changed; its value stays the same."""

    before: Label | None
    after: Label | None

    def __post_init__(self) -> None:
        value = self.value
        if self.after is not None and self.after.value != value:
            raise LabelError(f"label {value} cannot become label {self.after.value}")

    @property
    def value(self) -> int:
        """The label's value."""
        label = self.before or self.after
        if label is None:
            raise LabelError("a change of a label needs the label")
        return label.value

    def inverse(self) -> LabelChange:
        """The change back."""
        return LabelChange(self.after, self.before)


@dataclass(frozen=True)
class Act:
    """One thing that the user did, whole and reversible: what undo, redo and the journal hold.

    `text` is English, for the undo menu. Changes by which labels come or change are applied before the edits, those by
    which labels go after them; both in order. `record` is JSON: how it was made. `labels` are the values of the labels
    whose voxels it changed. `undoes` is the act that this one takes back.
    """

    text: str
    edits: tuple[Edit, ...] = ()
    changes: tuple[LabelChange, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    labels: tuple[int, ...] = ()
    undoes: Act | None = None

    def __post_init__(self) -> None:
        # A copy in JSON's own types: what was saved and read again then equals it, and a value that cannot be saved is
        # refused (TypeError, ValueError) when it comes and not when the project is saved.
        record = json.loads(json.dumps(dict(self.record), allow_nan=False))
        object.__setattr__(self, "record", record)

    @property
    def conflicts(self) -> Mapping[int, int]:
        """Voxels that were asked for and left alone, by the locked label that kept them."""
        total: Counter[int] = Counter()
        for edit in self.edits:
            total.update(edit.conflicts)
        return dict(total)

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed."""
        return not self.changes and all(edit.is_empty for edit in self.edits)

    def inverse(self) -> Act:
        """The act that takes it back; the inverse of that is the act itself."""
        if self.undoes is not None:
            return self.undoes
        edits = tuple(edit.inverse() for edit in reversed(self.edits))
        changes = tuple(change.inverse() for change in reversed(self.changes))
        return Act(self.text, edits, changes, self.record, self.labels, undoes=self)

    def without_edits(self) -> Act:
        """What is kept of it in a project: it tells how masks were made and can no longer be undone."""
        return replace(self, edits=())


@dataclass(frozen=True)
class StudySource:
    """What to open again: a path and the id of an entry of its listing."""

    path: str
    entry: str


class Study:
    """A volume and its label map. The label map changes through acts only, and each is done as a whole or not at all.

    Methods that make an act have applied it already; one that changed nothing is empty and not part of the history.
    Masks are as in `LabelMap.paint`; records must be JSON (TypeError or ValueError otherwise).
    """

    def __init__(
        self, volume: Volume, source: StudySource, labels: LabelMap | None = None, *, history: Sequence[Act] = ()
    ) -> None:
        labels = LabelMap(volume.shape_zyx) if labels is None else labels
        if labels.shape_zyx != volume.shape_zyx:
            raise LabelError(f"the label map has shape {labels.shape_zyx}, the image {volume.shape_zyx} (z, y, x)")
        self._volume, self._source, self._labels = volume, source, labels
        self._history = list(history)

    def with_labels(self, labels: LabelMap) -> Study:
        """The same study over a copy of its label map, for another thread to read."""
        copy = Study(self._volume, self._source, labels, history=self._history)
        if "fingerprint" in self.__dict__:
            copy.__dict__["fingerprint"] = self.fingerprint
        return copy

    @property
    def volume(self) -> Volume:
        """The image."""
        return self._volume

    @property
    def source(self) -> StudySource:
        """Where the image was read from."""
        return self._source

    @property
    def labels(self) -> LabelMap:
        """The label map, to be read; whoever writes it past this class loses undo, journal and history."""
        return self._labels

    @property
    def history(self) -> tuple[Act, ...]:
        """The acts in force, oldest first; undone ones are not. Those of an opened project have no edits."""
        return tuple(self._history)

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """By which the image is known again; computed once, in time that grows with the volume."""
        return Fingerprint.of(self._volume)

    def paint(
        self,
        text: str,
        parts: Sequence[Part],
        label: int,
        *,
        only_over: int | None = None,
        record: Mapping[str, Any] | None = None,
    ) -> Act:
        """Paint all parts as one act; `label` 0 erases, `only_over` limits it to voxels of one value.

        Raises LabelError as `LabelMap.paint` does; what was painted by then is taken back.
        """
        with self._draft(text, record) as draft:
            for region, mask in parts:
                draft.paint(region, mask, label, only_over=only_over)
        return self._done(draft)

    def replace_label(
        self, text: str, region: Box3D, mask: NDArray[np.bool_], label: int, record: Mapping[str, Any] | None = None
    ) -> Act:
        """Within a region make the label exactly the mask, but for what locked labels keep.

        Raises LabelError for label 0, and as `paint` does.
        """
        if label == BACKGROUND:
            raise LabelError("the background is no label that a mask could replace")
        with self._draft(text, record) as draft:
            draft.paint(region, mask, label)
            draft.paint(region, ~mask, BACKGROUND, only_over=label)
        return self._done(draft)

    def change_labels(self, text: str, changes: Sequence[LabelChange], record: Mapping[str, Any] | None = None) -> Act:
        """Add, change and remove labels; each `before` must be the label as it is.

        Raises LabelError where it is not, where a label appears twice, and for the removal of a label that is locked or
        has voxels.
        """
        values = Counter(change.value for change in changes)
        twice = [value for value, count in values.items() if count > 1]
        if twice:
            raise LabelError(f"label {twice[0]} would change twice at once")
        for change in changes:
            if change.after is None:
                self._check_removable(change.value)
        with self._draft(text, record) as draft:
            draft.change([change for change in changes if change.before != change.after])
        return self._done(draft)

    def remove_label(self, value: int, text: str) -> Act:
        """Erase the voxels of a label and drop it; raises LabelError where there is none or it is locked."""
        label = self._check_removable(value)
        with self._draft(text) as draft:
            around = self._labels.census.box(value)
            box = None if around is None else tight_box(self._labels.voxels, value, around)
            if box is not None:
                draft.paint(box, _patch(self._labels.voxels, box) == value, BACKGROUND)
            draft.change([LabelChange(label, None)])
        return self._done(draft)

    def merge_labels(
        self,
        other: NDArray[Any] | Incoming,
        names: Mapping[int, str],
        text: str,
        record: Mapping[str, Any] | None = None,
    ) -> Act:
        """Add the labels of another label map (Z, Y, X), whole numbers from 0 to 65535, as new labels.

        They are painted over everything but locked labels. A value that is taken becomes the lowest that neither map
        uses. `names` by value in `other`; "label 3" and so on where it lacks one or it is blank. Raises LabelError
        where shape or values do not fit.
        """
        found, new = self._incoming(other, names)
        with self._draft(text, record) as draft:
            draft.change([LabelChange(None, label) for label in new.values()])
            for value, label in new.items():
                box = found.boxes[value]
                draft.paint(box, _patch(found.values, box) == value, label.value)
        return self._done(draft)

    def merge_steps(self, other: Incoming, names: Mapping[int, str], text: str) -> Iterator[Act]:
        """`merge_labels` in steps of some ten milliseconds, of which `join_last` makes one act; labels come first."""
        found, new = self._incoming(other, names)
        yield self.change_labels(text, [LabelChange(None, label) for label in new.values()])
        for value, label in new.items():
            for box in _slabs(found.boxes[value]):
                yield self.paint(text, [(box, _patch(found.values, box) == value)], label.value)

    def _incoming(self, other: NDArray[Any] | Incoming, names: Mapping[int, str]) -> tuple[Incoming, dict[int, Label]]:
        """Another label map looked through, and by its values the labels that they become here."""
        shape = other.values.shape if isinstance(other, Incoming) else other.shape
        if shape != self._labels.shape_zyx:
            raise LabelError(f"the label map has shape {shape}, the image {self._labels.shape_zyx} (z, y, x)")
        found = other if isinstance(other, Incoming) else Incoming.of(other)
        free = _free_values(sorted(found.boxes), {label.value for label in self._labels.labels})
        labels = {}
        for value, new in free.items():
            name = names.get(value, "")
            colour = PALETTE[(new - 1) % len(PALETTE)]
            labels[value] = Label(new, name if name.strip() else f"label {value}", colour)
        return found, labels

    def join_last(self, count: int, text: str, record: Mapping[str, Any] | None = None) -> Act:
        """Make one act of the last `count` in force, which were steps of it; nothing in the label map changes.

        Raises LabelError where there are not so many. Labels must not come or go in any but the first of them.
        """
        if not 0 < count <= len(self._history):
            raise LabelError(f"{count} acts cannot become one: there are {len(self._history)}")
        steps = self._history[-count:]
        act = Act(
            text,
            tuple(edit for step in steps for edit in step.edits),
            tuple(change for step in steps for change in step.changes),
            record or {},
            tuple(sorted({value for step in steps for value in step.labels})),
        )
        self._history[-count:] = [act]
        return act

    def apply(self, act: Act) -> None:
        """Do an act again, or undo the last one in force by applying its inverse.

        Locks do not matter here. Raises LabelError, and changes nothing, where the act does not fit what is there.
        """
        if act.is_empty:
            return
        if act.undoes is not None and not self._is_last(act.undoes):
            raise LabelError(f"'{act.text}' cannot be undone: it is not the last thing that was done")
        with self._draft(act.text) as draft:
            draft.change([change for change in act.changes if change.after is not None])
            for edit in act.edits:
                draft.apply(edit)
            draft.change([change for change in act.changes if change.after is None])
        if act.undoes is not None:
            self._history.pop()
        else:
            self._history.append(act)

    def provenance(self) -> Mapping[str, Any]:
        """How each label was made, as JSON for exports: {"Objects": [{"Value", "Label", "Steps": [...]}]}.

        A step is {"Act": text, "Record": record}, oldest first; those of a removed label that had the same value are
        left out.
        """
        steps: dict[int, list[dict[str, Any]]] = {}
        for act in self._history:
            for change in act.changes:
                if change.before is None or change.after is None:
                    steps.pop(change.value, None)
            for value in act.labels:
                steps.setdefault(value, []).append({"Act": act.text, "Record": dict(act.record)})
        objects = [
            {"Value": label.value, "Label": label.name, "Steps": steps.get(label.value, [])}
            for label in self._labels.labels
        ]
        return {"Objects": objects}

    @contextmanager
    def _draft(self, text: str, record: Mapping[str, Any] | None = None) -> Iterator[_Draft]:
        draft = _Draft(self._labels, Act(text, record=record or {}))
        try:
            yield draft
        except BaseException:
            draft.take_back()
            raise

    def _done(self, draft: _Draft) -> Act:
        act = draft.act()
        if not act.is_empty:
            self._history.append(act)
        return act

    def _is_last(self, act: Act) -> bool:
        """Whether the act is the last in force; one that was read from a project has lost its edits."""
        return bool(self._history) and (self._history[-1] in (act, act.without_edits()))

    def _check_removable(self, value: int) -> Label:
        label = self._labels.label(value)
        if label.locked:
            raise LabelError(f"label {value} ({label.name}) is locked")
        return label


class _Draft:
    """An act while it is being done: what was changed so far, so that it can be taken back."""

    def __init__(self, labels: LabelMap, begun: Act) -> None:
        self._labels = labels
        self._begun = begun  # text and record, checked before anything is changed
        self._edits: list[Edit] = []
        self._changes: list[LabelChange] = []
        self._undo: list[Edit | LabelChange] = []

    def paint(self, region: Box3D, mask: NDArray[np.bool_], label: int, *, only_over: int | None = None) -> None:
        edit = self._labels.paint(region, mask, label, only_over=only_over)
        self._undo.append(edit.inverse())
        if not edit.is_empty or edit.conflicts:
            self._edits.append(edit)

    def apply(self, edit: Edit) -> None:
        self._undo.append(self._labels.apply(edit))

    def change(self, changes: Sequence[LabelChange]) -> None:
        self._labels.exchange_labels([(change.before, change.after) for change in changes])
        self._undo += [change.inverse() for change in changes]
        self._changes += changes

    def take_back(self) -> None:
        for step in reversed(self._undo):
            if isinstance(step, Edit):
                self._labels.apply(step)
            else:
                self._labels.exchange_labels([(step.before, step.after)])

    def act(self) -> Act:
        touched = sorted(set().union(*(edit.labels() for edit in self._edits)))
        return replace(self._begun, edits=tuple(self._edits), changes=tuple(self._changes), labels=tuple(touched))


def _patch(array: NDArray[Any], box: Box3D) -> NDArray[Any]:
    patch: NDArray[Any] = array[box.z0 : box.z1, box.y0 : box.y1, box.x0 : box.x1]
    return patch


def _slabs(box: Box3D) -> Iterator[Box3D]:
    """A box in parts along z."""
    layers = max(_STEP_VOXELS // ((box.x1 - box.x0) * (box.y1 - box.y0)), 1)
    for z in range(box.z0, box.z1, layers):
        yield replace(box, z0=z, z1=min(z + layers, box.z1))


def _free_values(wanted: Sequence[int], taken: set[int]) -> dict[int, int]:
    """A value for each that is wanted: itself, or where that is taken the lowest that nobody has or wants."""
    free = iter(sorted(set(range(1, LARGEST_VALUE + 1)) - taken - set(wanted)))
    given = {}
    for value in wanted:
        new = next(free, None) if value in taken else value
        if new is None:
            raise LabelError(f"there are more than {LARGEST_VALUE} labels")
        given[value] = new
    return given
