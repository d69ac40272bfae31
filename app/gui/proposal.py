"""What the model proposes and the user has not accepted yet: one mask in a slice, or many through the volume."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.engine.consensus import Provisional
from app.engine.plane import SliceKey
from app.engine.prompt import Box, Point
from app.engine.propagate import SliceResult


@dataclass(frozen=True, eq=False)
class Preview:
    """Prompts in a slice and the mask that answers them, for a label.

    `mask` (rows, columns) is None until the first answer is there; while a box is dragged it answers an earlier one
    (`fresh` is False). `doubtful`: the score is below the package's threshold. `correcting` says that the mask replaces
    what the label has in the slice. `conflicts` counts by locked label the voxels that accepting would leave alone;
    `blocked` marks them.
    """

    key: SliceKey
    label: int
    box: Box | None = None
    points: tuple[Point, ...] = ()
    mask: NDArray[np.bool_] | None = None
    score: float | None = None
    doubtful: bool = False
    fresh: bool = False
    dragging: bool = False
    correcting: bool = False
    record: Mapping[str, Any] = field(default_factory=dict)  # how the mask was made
    conflicts: Mapping[int, int] = field(default_factory=dict)
    blocked: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Carried:
    """Masks carried through the volume along an axis so far, by slice index; `running` while more may come.

    `expected` is shown where there is no mask yet, and never written. Its mask is not copied for each change of it.
    """

    axis: int
    label: int
    slices: Mapping[int, SliceResult]
    running: bool = True
    expected: Provisional | None = None


class Proposal(QObject):
    """Holds a preview, and what is being carried, or neither."""

    preview_changed = Signal()
    ready_changed = Signal()
    carried_changed = Signal(object)  # SliceKey of the newest slice, or None where all may differ

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._preview: Preview | None = None
        self._carried: Carried | None = None
        self._ready: frozenset[SliceKey] = frozenset()

    @property
    def preview(self) -> Preview | None:
        """The mask in one slice that waits for Enter or Esc."""
        return self._preview

    def set_preview(self, preview: Preview | None) -> None:
        """Show another preview, or none."""
        if preview is not self._preview:
            self._preview = preview
            self.preview_changed.emit()

    @property
    def carried(self) -> Carried | None:
        """What is being carried through the volume."""
        return self._carried

    def set_carried(self, carried: Carried | None, newest: SliceKey | None = None) -> None:
        """Show what has been carried so far."""
        if carried is not self._carried:
            self._carried = carried
            self.carried_changed.emit(newest)

    @property
    def ready(self) -> frozenset[SliceKey]:
        """Slices that have been encoded ahead: a box there is answered at once."""
        return self._ready

    def set_ready(self, keys: frozenset[SliceKey]) -> None:
        """Say which slices are encoded."""
        if keys != self._ready:
            self._ready = keys
            self.ready_changed.emit()

    def clear(self) -> None:
        """Forget preview and carried masks."""
        self.set_preview(None)
        self.set_carried(None)


def prompt_record(kind: str, key: SliceKey, box: Box | None, points: Iterable[Point]) -> dict[str, Any]:
    """What a mask was made from, as JSON, with inclusive corners as in files; `kind` says what was done with it."""
    record: dict[str, Any] = {"kind": kind, "axis": key.axis, "slice": key.index}
    if box is not None:
        record["box"] = list(box.to_inclusive())
    if told := [[point.x, point.y, int(point.positive)] for point in points]:
        record["points"] = told
    return record
