"""What the labels of a study must be, kept as plainly as can be: whole copies, one for each step of undo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.engine.labelmap import Label


@dataclass(frozen=True, eq=False)
class State:
    """All voxels (Z, Y, X) and all labels at one instant."""

    voxels: NDArray[np.uint16]
    labels: dict[int, Label]

    def same_as(self, other: State) -> bool:
        return self.labels == other.labels and np.array_equal(self.voxels, other.voxels)

    def painted(self, mask: NDArray[np.bool_], value: int, *, only_over: int | None = None) -> State:
        """A mask (Z, Y, X) given a value, voxel by voxel's own right: locked ones keep theirs."""
        locked = [label.value for label in self.labels.values() if label.locked]
        free = mask & ~np.isin(self.voxels, locked)
        if only_over is not None:
            free &= self.voxels == only_over
        return replace(self, voxels=np.where(free, np.uint16(value), self.voxels))

    def replaced(self, mask: NDArray[np.bool_], within: NDArray[np.bool_], value: int) -> State:
        """Within some voxels a label that is exactly the mask."""
        return self.painted(mask & within, value).painted(~mask & within, 0, only_over=value)

    def relabelled(self, label: Label) -> State:
        return replace(self, labels={**self.labels, label.value: label})

    def without(self, value: int) -> State:
        kept = {each: label for each, label in self.labels.items() if each != value}
        return State(np.where(self.voxels == value, np.uint16(0), self.voxels), kept)


class Replay:
    """States in order of the steps that led to them, and which of them is shown and saved."""

    def __init__(self, voxels: NDArray[np.uint16], labels: Sequence[Label]) -> None:
        self.states = [State(voxels.copy(), {label.value: label for label in labels})]
        self.at = 0
        self.saved_at: int | None = 0

    @property
    def now(self) -> State:
        return self.states[self.at]

    @property
    def is_modified(self) -> bool:
        return self.at != self.saved_at

    def step(self, state: State) -> bool:
        """Go on from what is shown; what had been undone is gone. False, and no step, where nothing changed."""
        if state.same_as(self.now):
            return False
        if self.saved_at is not None and self.saved_at > self.at:
            self.saved_at = None  # what was saved cannot be come back to
        self.states[self.at + 1 :] = [state]
        self.at += 1
        return True

    def undo(self) -> None:
        self.at = max(self.at - 1, 0)

    def redo(self) -> None:
        self.at = min(self.at + 1, len(self.states) - 1)

    def save(self) -> None:
        self.saved_at = self.at
