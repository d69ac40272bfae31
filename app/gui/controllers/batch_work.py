"""A batch on the engine thread: finding cases, beginning, working in small steps, marks and pictures in between."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from app.engine.batch import PICTURE_SIDE, Working
from app.engine.batch_job import BatchJob
from app.engine.batch_job_file import Entry, Mark, Setup
from app.engine.cases import Case, Cases, find_cases, in_format
from app.engine.errors import EngineError, ReadError
from app.engine.export import write_overlay
from app.engine.io.open import list_volumes
from app.engine.labelmap import LabelMap
from app.engine.plane import SliceKey
from app.engine.results import read_mask
from app.engine.study import Study, StudySource
from app.engine.volume import Volume
from app.gui.inference import Inference
from app.gui.translation import QT_TRANSLATE_NOOP

_SHORTEST_STEP_S = 0.04  # others are let in so often at most: slices of small images take less than telling of them
RECORD = "batch"  # kind of the record that says how labels of a batch came into a study


@dataclass(frozen=True, eq=False)
class Changed:
    """A case as the job has it now; `unsaved` says why the job could not be written, if it could not."""

    entry: Entry
    unsaved: str = ""


@dataclass(frozen=True, eq=False)
class Pictured:
    """The small picture of a result; an empty one where there is none."""

    case: str
    picture: QImage


@dataclass(frozen=True, eq=False)
class Reported:
    """Whether the table of the batch could be written; `problem` says why not."""

    problem: str = ""


Told = Working | Changed | Pictured | Reported


class Bench:
    """A job that this window holds, with what it needs; for the engine thread, but for `ask`."""

    def __init__(self, job: BatchJob, inference: Inference, cases: Cases | None = None) -> None:
        self.job = job
        self._inference = inference
        self._cases = cases
        self._asked: deque[Callable[[], Told]] = deque()

    def ask(self, request: Callable[[], Told]) -> None:
        """Have something done between two steps."""
        self._asked.append(request)

    def answers(self) -> Iterator[Told]:
        """What was asked for, one after the other."""
        while self._asked:
            yield self._asked.popleft()()

    def work(self) -> Generator[Told]:
        """Do the cases that wait; raises ReadError, PromptError and ModelError before the first one."""
        segmenter = self._inference.segmenter_for(self.job.setup.model)
        last = time.monotonic()
        with closing(self.job.run_in_steps(segmenter, self.cases())) as running:
            for told in running:
                if isinstance(told, Working) and told.done > 0.0 and time.monotonic() - last < _SHORTEST_STEP_S:
                    continue
                yield from self.answers()
                yield told if isinstance(told, Working) else self._changed(told.case)
                last = time.monotonic()

    def cases(self) -> Cases:
        """The cases of the input folder, looked for once; raises ReadError."""
        if self._cases is None:
            self._cases = find_cases(self.job.setup.input, without=self.job.setup.output)
        return self._cases

    def mark(self, case: str, mark: Mark) -> Told:
        """Keep a mark."""
        self.job.mark(case, mark)
        return self._changed(case)

    def again(self, case: str) -> Told:
        """Let a case that failed wait once more; one that was broken from the start stays as it is."""
        with suppress(ValueError):
            self.job.do_again(case)
        return self._changed(case)

    def report(self) -> Told:
        """Write the table."""
        try:
            self.job.write_report()
        except EngineError as error:
            return Reported(str(error))
        return Reported()

    def picture(self, name: str) -> Told:
        """The small picture of a result, made anew where it is missing and the mask can be read."""
        entry = self.job.entry(name)
        path = self.job.picture(entry)
        if path is None or entry.result is None:
            return Pictured(name, QImage())
        if not path.is_file():
            with suppress(EngineError):
                volume = self._case(name).load()
                labels = self._labels(entry, volume)
                write_overlay(path, volume, _fullest(labels), labels, overwrite=True, side=PICTURE_SIDE)
        return Pictured(name, QImage(str(path)))

    def study(self, name: str) -> Study:
        """A case with its labels, as something to work on; raises ReadError and LabelError."""
        case, entry = self._case(name), self.job.entry(name)
        place = self.job.setup.input / case.place
        same = [one for one in list_volumes(place).entries if one.files == case.files]
        chosen = next((one for one in same if one.id.replace("/", "_") == case.member), None)  # of several in a file
        if not same:
            raise ReadError(f"{place} has changed since the batch looked for cases")
        entry_id = (chosen or same[0]).id
        volume = (chosen or same[0]).load()
        study = Study(volume, StudySource(str(place.absolute()), entry_id), LabelMap(volume.shape_zyx))
        if entry.result is None or entry.result.target is None:
            return study
        labels = self._labels(entry, volume)
        names = {one.value: one.label for one in entry.result.labels}
        record = {"kind": RECORD, "case": name, "model": entry.result.model, "centre": _centre(labels)}
        study.merge_labels(labels, names, QT_TRANSLATE_NOOP("Acts", "Take the labels of a batch"), record)
        return study

    def _changed(self, case: str) -> Changed:
        return Changed(self.job.entry(case), self.job.unsaved)

    def _case(self, name: str) -> Case:
        found = next((case for case in self.cases().found if case.name == name), None)
        if found is None:
            raise ReadError(f"{self.job.setup.input} holds no image '{name}' any more")
        return found

    def _labels(self, entry: Entry, volume: Volume) -> NDArray[np.integer]:
        """Of the first format that can be read back; raises ReadError where none can."""
        target = entry.result.target if entry.result is not None else None
        if target is None:
            raise ReadError(f"there is no mask of {entry.case}")
        first: ReadError | None = None
        for path in (target, *(in_format(target, name) for name in self.job.setup.formats[1:])):
            try:
                return read_mask(path, volume)
            except ReadError as error:
                first = first or error
        raise first or ReadError(f"there is no mask of {entry.case}")


def begin(path: Path, setup: Setup, cases: Cases, inference: Inference) -> Bench:
    """A new job, held; the model that is open is the one that it is done with."""
    state = inference.open()
    job = BatchJob.begin(path, replace(setup, model=inference.choice.name or state.name), cases)
    job.hold()
    return Bench(job, inference, cases)


def take_up(path: Path, inference: Inference) -> Bench:
    """A job from its file, held; raises ReadError and WriteError."""
    job = BatchJob.open(path)
    job.hold()
    return Bench(job, inference)


def find(folder: Path, without: Path | None) -> Cases:
    """The cases of a folder; raises ReadError where it is none or holds none."""
    if not folder.is_dir():
        raise ReadError(f"{folder} is no folder")
    return find_cases(folder, without=without)


def _fullest(labels: NDArray[np.integer]) -> SliceKey:
    return SliceKey(0, int(np.argmax([np.count_nonzero(plane) for plane in labels])))


def _centre(labels: NDArray[np.integer]) -> list[int]:
    """A voxel (z, y, x) from which the labels are seen."""
    z = _fullest(labels).index
    rows, columns = np.nonzero(labels[z])
    if not len(rows):
        return [n // 2 for n in labels.shape]
    return [z, int(np.median(rows)), int(np.median(columns))]
