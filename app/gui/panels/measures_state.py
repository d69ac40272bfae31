"""What the tables of measures show."""

from __future__ import annotations

from dataclasses import dataclass

from app.engine.labelmap import Label
from app.engine.measure import Agreement, LabelMeasures


@dataclass(frozen=True)
class MeasuredRow:
    """A label, what it measures (None while that is being computed), and its area in the active slice."""

    label: Label
    measures: LabelMeasures | None
    area_here: float | None  # mm² where `Measured.in_mm`, else voxels


@dataclass(frozen=True)
class Measured:
    """All labels of the study; `slice_index` is the active slice, values are in `unit` ("" where unknown).

    `flat`: the image has one slice, so that people call its voxels pixels.
    """

    rows: tuple[MeasuredRow, ...]
    slice_index: int
    in_mm: bool
    unit: str
    flat: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether every label has been measured."""
        return all(row.measures is not None for row in self.rows)


@dataclass(frozen=True)
class ComparedRow:
    """A label and how far it agrees with a label of the reference."""

    label: Label
    reference: int
    agreement: Agreement


@dataclass(frozen=True)
class Compared:
    """The labels of the study against those of a file; `outdated` when the study has changed since.

    `ours_alone` are labels that the reference lacks, `theirs_alone` values of the reference that the study lacks.
    """

    name: str
    rows: tuple[ComparedRow, ...]
    ours_alone: tuple[Label, ...]
    theirs_alone: tuple[int, ...]
    in_mm: bool
    outdated: bool = False
    flat: bool = False
