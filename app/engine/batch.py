"""Many cases, one after another or several at a time; one bad case stops nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from app.engine.cases import Case, in_format, numbered
from app.engine.errors import EngineError, WriteError
from app.engine.export import write_overlay
from app.engine.job import LabelResult, Options, segment_steps
from app.engine.prompt_sources import PromptSource
from app.engine.results import check_target, finished_result, story_of, write_result
from app.engine.segmenter import Segmenter

_LOG = logging.getLogger(__name__)
PICTURE_SIDE = 240  # pixels of a small picture of a result


class Existing(Enum):
    """What to do where a case's result is there already."""

    SKIP = "skip"  # keep it, if it is complete
    REPLACE = "replace"
    NUMBER = "number"  # keep it and write another beside it, <name>_2 and so on


class Status(Enum):
    """What became of a case."""

    DONE = "done"
    SKIPPED = "skipped"  # its result was there
    NO_PROMPTS = "no prompts"  # nothing was said of it
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class Item:
    """A case and the file that its mask goes to; where a `picture` (PNG) is named, a small one of the result too."""

    case: Case
    target: Path
    picture: Path | None = None


@dataclass(frozen=True, eq=False)
class Plan:
    """What is the same for every case of a batch; `more_formats` are written beside the target."""

    segmenter: Segmenter
    source: PromptSource
    options: Options
    existing: Existing = Existing.SKIP
    more_formats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Working:
    """A case at work, and how much of its objects is done, 0..1."""

    case: str
    done: float


@dataclass(frozen=True)
class CaseResult:
    """What became of a case.

    `target` is its mask, `findings` are codes of what is odd about its image, `message` says why it failed, or which
    format beside the first could not be written.
    """

    case: str
    status: Status
    target: Path | None = None
    labels: tuple[LabelResult, ...] = ()
    findings: tuple[str, ...] = ()
    seconds: float = 0.0
    model: str = ""
    message: str = ""

    @property
    def doubtful(self) -> bool:
        """Whether a label of it deserves a second look."""
        return any(label.doubtful for label in self.labels)


def run(items: Sequence[Item], plan: Plan, jobs: int = 1) -> Generator[CaseResult]:
    """Do every case and yield what became of it as soon as it is known, in whatever order they end.

    `jobs` cases are in work at a time. Whoever stops asking stops the batch: cases in work are ended, the rest is not
    begun, and what is written stays.
    """
    if jobs == 1:
        for item in items:
            yield _result_of(item, plan)
        return
    waiting = iter(items)
    with ThreadPoolExecutor(jobs) as pool:
        running: set[Future[CaseResult]] = set()
        try:
            while True:
                for item in waiting:
                    running.add(pool.submit(_result_of, item, plan))
                    if len(running) == jobs:
                        break
                if not running:
                    return
                ended, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in ended)
        finally:
            for future in running:
                future.cancel()


def run_in_steps(items: Sequence[Item], plan: Plan) -> Generator[Working | CaseResult]:
    """The same one case at a time, a slice or an object at a time, for whoever has others waiting."""
    for item in items:
        yield from _steps_of(item, plan)


def report_rows(result: CaseResult, mark: str = "") -> list[dict[str, Any]]:
    """The rows of the report (see `report.COLUMNS`): one for each label, or one for a case without any."""
    common = {
        "case": result.case,
        "status": result.status.value,
        "geometry_flags": " ".join(result.findings),
        "seconds": f"{result.seconds:.3f}",
        "model": result.model,
        "message": result.message,
        "mark": mark,
    }
    if not result.labels:
        return [common]
    return [
        common
        | {
            "label": label.label,
            "value": label.value,
            "volume_ml": "" if label.volume_ml is None else f"{label.volume_ml:.6g}",
            "voxels": label.voxels,
            "score": "" if label.score is None else f"{label.score:.4f}",
            "doubtful": "yes" if label.doubtful else "no",
        }
        for label in result.labels
    ]


def _result_of(item: Item, plan: Plan) -> CaseResult:
    steps = _steps_of(item, plan)
    return next(told for told in steps if isinstance(told, CaseResult))


def _steps_of(item: Item, plan: Plan) -> Generator[Working | CaseResult]:
    """What is told of a case, its result last; the time that others took between two steps is not the case's."""
    name, seconds = item.case.name, 0.0
    steps = _do(item, plan)
    while True:
        start, message = time.perf_counter(), ""
        try:
            done = next(steps)
        except StopIteration as end:
            result: CaseResult = end.value
            yield replace(result, seconds=seconds + time.perf_counter() - start)
            return
        except EngineError as error:
            message = str(error)
        except Exception as error:  # noqa: BLE001  # one bad case stops nothing
            _LOG.debug("a case failed unexpectedly", exc_info=True)
            message = f"unexpected {type(error).__name__}: {str(error).partition(chr(10))[0]}"
        seconds += time.perf_counter() - start
        if message:
            yield CaseResult(name, Status.FAILED, seconds=seconds, message=message)
            return
        yield Working(name, done)


def _do(item: Item, plan: Plan) -> Generator[float, None, CaseResult]:
    name, target = item.case.name, item.target
    yield 0.0
    if plan.existing is Existing.SKIP and (finished := finished_result(target)) is not None:
        return CaseResult(name, Status.SKIPPED, target, finished.labels, finished.findings, model=finished.model)
    opened = plan.source.open(item.case)
    if opened is None:
        return CaseResult(name, Status.NO_PROMPTS, message="nothing was said of this case")
    volume, prompts = opened
    check_target(target, volume)
    yield 0.0
    done = yield from segment_steps(plan.segmenter, volume, prompts, plan.options)
    manifest = plan.segmenter.manifest
    story = story_of(manifest, prompts, plan.options, done)
    if plan.existing is Existing.NUMBER:
        target = _free(target, plan)
    # Formats may share a sidecar, so that several masks that were found to be free are written as if they might replace
    # something. The mask by which a case is known to be finished comes last: where it is, the others are.
    overwrite = plan.existing is not Existing.NUMBER or bool(plan.more_formats)
    missing = []
    for path in _targets(target, plan)[1:]:
        if plan.existing is Existing.SKIP and finished_result(path) is not None:
            continue
        try:
            check_target(path, volume)
            write_result(path, done, volume, story, overwrite=overwrite)
        except WriteError as error:  # this image cannot be written so: no reason to have no mask at all
            missing.append(str(error))
        yield 1.0
    if item.picture is not None:
        with suppress(WriteError):  # a picture can be made again of the mask
            shown, boxes = done.shown, done.boxes
            write_overlay(item.picture, volume, shown, done.labels, boxes=boxes, overwrite=True, side=PICTURE_SIDE)
        yield 1.0
    # No step ends between mask and result: who stops there would find the case's own mask and take it for another's.
    write_result(target, done, volume, story, overwrite=overwrite)
    findings = tuple(dict.fromkeys(finding.code for finding in volume.findings))
    told = "; ".join(missing)
    return CaseResult(name, Status.DONE, target, done.results, findings, model=manifest.name, message=told)


def _targets(target: Path, plan: Plan) -> list[Path]:
    """The mask in each of the formats, the first the one by which the case is known."""
    return [target, *(in_format(target, name) for name in plan.more_formats)]


def _free(target: Path, plan: Plan) -> Path:
    number, free = 2, target
    while any(path.exists() for path in _targets(free, plan)):
        free, number = numbered(target, number), number + 1
    return free
