"""What the labels measure, kept up to date while nothing else is wanted; and how far they agree with a reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication

from app.engine.export.table import as_tsv, measures_table, write_csv
from app.engine.labelmap import Label
from app.engine.measure import LabelMeasures, measure
from app.engine.plane import SliceKey
from app.engine.progress import Stop
from app.engine.prompt import Box3D
from app.engine.study import Act, Study
from app.gui.controllers.compare import Found, compare_steps
from app.gui.controllers.snapshot import Snapshots
from app.gui.document import Document
from app.gui.jobs import Jobs, Lane
from app.gui.panels.measures_state import Compared, ComparedRow, Measured, MeasuredRow
from app.gui.view_state import ViewState

_REST_MS = 200  # after the last change


@dataclass(frozen=True, eq=False)
class _Areas:
    """The areas of all labels in a slice, by value; mm², or voxels where the spacing is unknown."""

    key: SliceKey
    by_value: dict[int, float]


class MeasureController(QObject):
    """Measures labels that have changed, when the user rests; the rest is remembered."""

    message = Signal(str)
    failed = Signal(object)
    measured = Signal(object)  # Measured, while it is looked at; None where nothing is open
    compared = Signal(object)  # Compared; None where there is no reference
    comparing = Signal(str)  # name of the reference that is being compared with; "" when that has ended

    def __init__(self, document: Document, view_state: ViewState, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._view_state, self._jobs = document, view_state, jobs
        self._snapshots = Snapshots(document, self)
        self._known: dict[int, LabelMeasures] = {}
        self._areas: _Areas | None = None
        self._watched = True
        self._then: list[Callable[[Measured], None]] = []  # what waits for all labels to be measured
        self._compared: Compared | None = None
        self._stop = Stop()  # of the reading of the reference
        self._awaited: Path | None = None  # the reference that is being compared with
        self._edits = 0  # of voxels, so far
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REST_MS)
        self._timer.timeout.connect(self._measure)
        document.opened.connect(self._begin)
        document.voxels_changed.connect(self._edited)
        document.acted.connect(self._acted)
        document.labels_changed.connect(self._tell)
        view_state.crosshair_changed.connect(self._rest)
        view_state.layout_changed.connect(self._rest)
        self._rest()

    @property
    def has_reference(self) -> bool:
        """Whether the labels were compared with those of a file."""
        return self._compared is not None

    def watch(self, on: bool) -> None:
        """Whether measures are looked at; where not, nothing is computed before it is asked for."""
        self._watched = on
        if on:
            self._tell()
        elif not self._then:
            self._timer.stop()
            self._jobs.cancel(Lane.MEASURE)
        self._rest()

    def copy(self) -> None:
        """Put the measures of all labels on the clipboard, as a table that spreadsheets take."""
        self._when_measured(self._copy)

    def save(self, path: Path) -> None:
        """Write the measures of all labels as CSV; an existing file is replaced."""
        self._when_measured(lambda measured: self._save(path, measured))

    def compare(self, path: Path) -> None:
        """Compare the labels, as they are now, with those of a file on the same grid."""
        if self._document.study is None:
            return
        self._stop.ask()
        self._jobs.cancel(Lane.COMPARE)  # the one before
        self._stop = stop = Stop()
        self._awaited = path
        self.comparing.emit(path.name)

        def start(study: Study, values: NDArray[np.uint16]) -> None:
            if self._awaited is not path:  # given up, or another one is wanted, while labels were copied
                return
            labels, edits, found, rows = study.labels.labels, self._edits, Found(), []

            def step(result: Found | ComparedRow) -> None:
                nonlocal found
                if isinstance(result, Found):
                    found = result
                else:
                    rows.append(result)

            def finished() -> None:
                self.stop_comparing()
                self._set_compared(
                    Compared(
                        path.name, tuple(rows), found.ours_alone, found.theirs_alone, study.volume.in_mm,
                        outdated=self._edits != edits, flat=study.volume.shape_zyx[0] == 1,
                    )
                )  # fmt: skip

            def failed(error: Exception) -> None:
                self.stop_comparing()
                self.failed.emit(error)

            self._jobs.run_steps(
                Lane.COMPARE, lambda: compare_steps(path, study.volume, values, labels, stop), step, finished, failed
            )

        self._snapshots.take(start)

    def stop_comparing(self) -> None:
        """Give up the comparison in work; the one before it stays."""
        self._awaited = None
        self._stop.ask()
        self._jobs.cancel(Lane.COMPARE)
        self.comparing.emit("")

    def forget(self) -> None:
        """End the comparison."""
        self.stop_comparing()
        self._set_compared(None)

    # ------------------------------------------------------------------------------------------------------ measuring

    @Slot()
    def _begin(self) -> None:
        """Another image is open, or none."""
        self._jobs.cancel(Lane.MEASURE)
        self._known.clear()
        self._then.clear()
        self._areas = None
        self.forget()
        self._tell()
        self._rest()

    @Slot()
    def _rest(self) -> None:
        if self._document.study is not None and (self._watched or self._then):
            self._timer.start()

    @Slot(object)
    def _edited(self, _region: Box3D) -> None:
        """The engine reads the label map itself: what it computes while that is edited must not be heard."""
        self._jobs.cancel(Lane.MEASURE)
        self._areas = None
        self._edits += 1
        self._rest()
        if self._compared is not None and not self._compared.outdated:
            self._set_compared(replace(self._compared, outdated=True))

    @Slot(object)
    def _acted(self, act: Act) -> None:
        for value in (*act.labels, *(change.value for change in act.changes if None in (change.before, change.after))):
            self._known.pop(value, None)
        self._tell()
        self._rest()

    @Slot()
    def _measure(self) -> None:
        """Measure what is not known, label by label, so that a prompt waits for one label at most."""
        study = self._document.study
        if study is None:
            return
        volume, values, key = study.volume, study.labels.voxels, self._view_state.active_key
        wanted = [label.value for label in study.labels.labels if label.value not in self._known]
        fresh = self._areas is not None and self._areas.key == key

        def steps() -> Iterator[_Areas | LabelMeasures]:
            if not fresh:
                yield _areas_of(study, key)
            for value in wanted:
                yield measure(volume, values, value)

        if wanted or not fresh:
            self._jobs.run_steps(Lane.MEASURE, steps, self._take, self._finished, self._fail)
        else:
            self._finished()

    def _take(self, result: _Areas | LabelMeasures) -> None:
        if isinstance(result, _Areas):
            self._areas = result
        else:
            self._known[result.value] = result
        self._tell()

    def _finished(self) -> None:
        measured = self._state()
        if measured is None or not measured.is_complete:  # a label has come meanwhile
            self._rest()
            return
        waiting, self._then = self._then, []
        for each in waiting:
            each(measured)

    def _fail(self, error: Exception) -> None:
        self._then.clear()
        self.failed.emit(error)

    @Slot()
    def _tell(self) -> None:
        if self._watched:
            self.measured.emit(self._state())

    def _state(self) -> Measured | None:
        study = self._document.study
        if study is None:
            return None
        areas = {} if self._areas is None else self._areas.by_value
        rows = tuple(
            MeasuredRow(
                label, self._known.get(label.value), None if self._areas is None else areas.get(label.value, 0.0)
            )
            for label in study.labels.labels
        )
        index = self._view_state.active_key.index if self._areas is None else self._areas.key.index
        flat = study.volume.shape_zyx[0] == 1
        return Measured(rows, index, study.volume.in_mm, study.volume.unit, flat=flat)

    # -------------------------------------------------------------------------------------------------- what is asked

    def _when_measured(self, then: Callable[[Measured], None]) -> None:
        if self._document.study is None:
            return
        self._then.append(then)
        if not self._jobs.is_running(Lane.MEASURE) and not self._timer.isActive():
            self._measure()

    def _copy(self, measured: Measured) -> None:
        QGuiApplication.clipboard().setText(as_tsv(_table(measured)))
        count = len(measured.rows)
        text = self.tr("Copied: measures of one label.") if count == 1 else self.tr("Copied: measures of {0} labels.")
        self.message.emit(text.format(count))

    def _save(self, path: Path, measured: Measured) -> None:
        if self._jobs.is_running(Lane.SAVE):  # the newer job would replace one that waits
            self.message.emit(self.tr("Something else is being saved: try again when that has ended."))
            return
        table = _table(measured)
        self._jobs.submit(
            Lane.SAVE,
            lambda: write_csv(path, table, overwrite=True),
            lambda saved: self.message.emit(self.tr("Saved: {0}").format(saved.name)),
            self.failed.emit,
        )

    def _set_compared(self, compared: Compared | None) -> None:
        if compared != self._compared:
            self._compared = compared
            self.compared.emit(compared)


def _areas_of(study: Study, key: SliceKey) -> _Areas:
    counts = np.bincount(study.labels.voxels[key.selector()].ravel())
    rows, columns = key.spacing(study.volume.geometry.spacing_zyx)
    return _Areas(key, {int(value): float(counts[value]) * rows * columns for value in np.flatnonzero(counts)})


def _table(measured: Measured) -> list[list[str]]:
    rows: list[tuple[Label, LabelMeasures]] = [
        (row.label, row.measures) for row in measured.rows if row.measures is not None
    ]
    return measures_table(rows)
