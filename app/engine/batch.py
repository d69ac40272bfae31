"""Many cases, one after another or several at a time; one bad case stops nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from app.engine.cases import Case, numbered
from app.engine.errors import EngineError
from app.engine.job import LabelResult, Options, segment_volume
from app.engine.prompt_sources import PromptSource
from app.engine.results import check_target, finished_result, story_of, write_result
from app.engine.segmenter import Segmenter

_LOG = logging.getLogger(__name__)


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
    """A case and the file that its mask goes to."""

    case: Case
    target: Path


@dataclass(frozen=True, eq=False)
class Plan:
    """What is the same for every case of a batch."""

    segmenter: Segmenter
    source: PromptSource
    options: Options
    existing: Existing = Existing.SKIP


@dataclass(frozen=True)
class CaseResult:
    """What became of a case.

    `target` is its mask, `findings` are codes of what is odd about its image, `message` says why it failed.
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


def report_rows(result: CaseResult) -> list[dict[str, Any]]:
    """The rows of the report (see `report.COLUMNS`): one for each label, or one for a case without any."""
    common = {
        "case": result.case,
        "status": result.status.value,
        "geometry_flags": " ".join(result.findings),
        "seconds": f"{result.seconds:.3f}",
        "model": result.model,
        "message": result.message,
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
    start = time.perf_counter()
    try:
        return _do(item, plan, start)
    except EngineError as error:
        message = str(error)
    except Exception as error:  # noqa: BLE001  # one bad case stops nothing
        _LOG.debug("a case failed unexpectedly", exc_info=True)
        message = f"unexpected {type(error).__name__}: {str(error).partition(chr(10))[0]}"
    return CaseResult(item.case.name, Status.FAILED, seconds=time.perf_counter() - start, message=message)


def _do(item: Item, plan: Plan, start: float) -> CaseResult:
    name, target = item.case.name, item.target
    if plan.existing is Existing.SKIP and (finished := finished_result(target)) is not None:
        return CaseResult(name, Status.SKIPPED, target, finished.labels, finished.findings, model=finished.model)
    opened = plan.source.open(item.case)
    if opened is None:
        return CaseResult(name, Status.NO_PROMPTS, message="nothing was said of this case")
    volume, prompts = opened
    check_target(target, volume)
    done = segment_volume(plan.segmenter, volume, prompts, plan.options)
    manifest = plan.segmenter.manifest
    story = story_of(manifest, prompts, plan.options, done)
    if plan.existing is Existing.NUMBER:
        target = _free(target)
    write_result(target, done, volume, story, overwrite=plan.existing is not Existing.NUMBER)
    return CaseResult(
        name,
        Status.DONE,
        target,
        done.results,
        tuple(dict.fromkeys(finding.code for finding in volume.findings)),
        time.perf_counter() - start,
        manifest.name,
    )


def _free(target: Path) -> Path:
    number, free = 2, target
    while free.exists():
        free, number = numbered(target, number), number + 1
    return free
