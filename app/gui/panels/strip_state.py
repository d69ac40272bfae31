"""What the strip of slices shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class Mark(IntEnum):
    """What a slice is marked as; where several share a pixel the highest is drawn."""

    EMPTY = 0  # it has no voxel of the active label
    FILLED = 1
    DOUBTFUL = 2  # filled, and the model's score is so low that a second look is worth it


@dataclass(frozen=True)
class StripState:
    """The slices along an axis, by index.

    `scores` are predicted IoUs, 0..1, where a model made the mask. `limits` are the slices that carrying may visit,
    None for all. `carried` are those that are being carried now, `newest` the last of them. `label` is the active
    label's name ("" without one) and `colour` its red, green, blue.
    """

    axis: int
    current: int
    marks: tuple[Mark, ...]
    scores: Mapping[int, float] = field(default_factory=dict)
    limits: range | None = None
    carried: frozenset[int] = frozenset()
    newest: int | None = None
    label: str = ""
    colour: tuple[int, int, int] = (0, 0, 0)

    @property
    def range(self) -> range:
        """The slices that carrying may visit."""
        return range(len(self.marks)) if self.limits is None else self.limits
