"""`batch`: every case of a folder; a drop-in for the challenge's inference script where the cases are its NPZ files."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path

from app.cli.choices import checked_formats, options_of, segmenter_of
from app.cli.errors import UsageError
from app.cli.progress import Progress
from app.engine.batch import CaseResult, Existing, Item, Plan, Status, report_rows
from app.engine.batch import run as run_cases
from app.engine.batch_job import BatchJob
from app.engine.batch_job_file import BoxesFrom, BoxesKind, Setup
from app.engine.cases import Cases, find_cases, in_format, result_paths
from app.engine.prompt_file import case_key
from app.engine.prompt_sources import FilePrompts, PromptSource
from app.engine.report import Report
from app.engine.results import refuse_sources

_MOST_NAMED = 10
_FOLDERS = {
    BoxesKind.REFERENCES: "reference label maps",
    BoxesKind.STRUCTURES: "structure sets",
}


def run(arguments: argparse.Namespace) -> int:
    """Do all cases; 1 where one of them failed or the run was stopped."""
    if arguments.resume is not None:
        return _go_on(arguments)
    _check_folders(arguments)
    formats = checked_formats(arguments.format)
    cases = find_cases(arguments.input, without=arguments.output)
    if arguments.job is not None:
        return _begin(arguments, cases, formats)
    boxes = _boxes(arguments, cases)
    source = boxes.source(cases.found)
    failed = _failed_before(arguments, cases, source)
    targets = result_paths(cases.found, arguments.output, formats[0] if formats else None)
    more = [in_format(target, name) for target in targets for name in formats[1:]]
    refuse_sources([*targets, *more], (Path(file) for case in cases.found for file in case.files))
    items = [Item(case, target) for case, target in zip(cases.found, targets, strict=True)]
    segmenter = segmenter_of(arguments, _threads_each(arguments.jobs))
    plan = Plan(segmenter, source, options_of(arguments), Existing(arguments.existing), formats[1:])
    _name_others(cases)
    with closing(run_cases(items, plan, arguments.jobs)) as running:
        return _report(arguments, chain(failed, running), len(items) + len(failed))


def _begin(arguments: argparse.Namespace, cases: Cases, formats: tuple[str, ...]) -> int:
    """The same with a file from which it can be resumed."""
    segmenter = segmenter_of(arguments, _threads_each(arguments.jobs))
    model = arguments.model
    if model is None or not Path(model).is_dir():
        model = segmenter.manifest.name
    setup = Setup(
        arguments.input, arguments.output, _boxes(arguments, cases), str(model), options_of(arguments),
        Existing(arguments.existing), formats,
    )  # fmt: skip
    job = BatchJob.begin(arguments.job, setup, cases)
    _name_others(cases)
    failed = [entry.result for entry in job.entries if entry.result is not None]
    with closing(job.run(segmenter, cases, arguments.jobs)) as running:
        return _report(arguments, chain(failed, running), len(job.entries))


def _go_on(arguments: argparse.Namespace) -> int:
    """Do what is waiting in a job; what is finished is told again."""
    said = ("input", "output", "prompts", "boxes_from", "structures_from", "format")
    if any(getattr(arguments, name) is not None for name in said):
        raise UsageError("--resume goes on with what the file says: no input, output, boxes or format beside it")
    job = BatchJob.open(arguments.resume)
    arguments.input, arguments.output = job.setup.input, job.setup.output
    if arguments.model is None:
        arguments.model = job.setup.model
    cases = find_cases(job.setup.input, without=job.setup.output)
    job.hold()
    try:
        segmenter = segmenter_of(arguments, _threads_each(arguments.jobs))
        finished = [entry.result for entry in job.entries if entry.result is not None]
        with closing(job.run(segmenter, cases, arguments.jobs)) as running:
            return _report(arguments, chain(finished, running), len(job.entries), job)
    finally:
        job.release()


def _report(
    arguments: argparse.Namespace, results: Iterable[CaseResult], count: int, job: BatchJob | None = None
) -> int:
    """Tell each result as it comes, and all at the end; the exit code. Marks are those of the job."""
    marks = {} if job is None else {entry.case: entry.mark.value for entry in job.entries}
    outcomes: list[CaseResult] = []
    with ExitStack() as stack:
        report = stack.enter_context(Report(arguments.report)) if arguments.report else None
        progress = stack.enter_context(closing(Progress(count, sys.stderr)))
        try:
            for result in results:
                outcomes.append(result)
                if report is not None:
                    report.add(report_rows(result, marks.get(result.case, "")))
                progress.step(_line(result), important=bool(result.message) and result.status is not Status.NO_PROMPTS)
        except KeyboardInterrupt:
            progress.close()
            print("Stopped; what is done is kept, and the same command goes on from here.", file=sys.stderr)
            return _summary(outcomes, arguments) or 1
    return _summary(outcomes, arguments)


def _check_folders(arguments: argparse.Namespace) -> None:
    if arguments.input is None or arguments.output is None:
        raise UsageError("--input and --output are needed, or --resume with the file of a batch")
    if not arguments.input.is_dir():
        raise UsageError(f"{arguments.input} is no folder (for a single image use segment)")
    if arguments.output.exists() and not arguments.output.is_dir():
        raise UsageError(f"{arguments.output} is a file, not a folder")
    if arguments.output.resolve() == arguments.input.resolve():
        raise UsageError("inputs and outputs must be different folders, so that nothing is overwritten")
    for kind, folder in (
        (BoxesKind.REFERENCES, arguments.boxes_from), (BoxesKind.STRUCTURES, arguments.structures_from),
    ):  # fmt: skip
        if folder is not None and not folder.is_dir():
            raise UsageError(f"{folder} is no folder of {_FOLDERS[kind]}")
        if folder is not None and folder.resolve() == arguments.output.resolve():
            raise UsageError(
                "references and outputs must be different folders, so that no reference is taken for a result"
            )


def _boxes(arguments: argparse.Namespace, cases: Cases) -> BoxesFrom:
    """Where prompts come from; wrong use where nothing says it."""
    for kind, path in (
        (BoxesKind.FILE, arguments.prompts), (BoxesKind.REFERENCES, arguments.boxes_from),
        (BoxesKind.STRUCTURES, arguments.structures_from),
    ):  # fmt: skip
        if path is not None:
            return BoxesFrom(kind, path)
    if cases.found and not any(case.is_challenge for case in cases.found):
        raise UsageError(
            f"nothing says what to outline in {arguments.input}: give --prompts, --boxes-from or --structures-from"
        )
    return BoxesFrom(BoxesKind.CHALLENGE)


def _failed_before(arguments: argparse.Namespace, cases: Cases, source: PromptSource) -> list[CaseResult]:
    """The cases that failed before anything was begun."""
    failed = [_failed(_below(skip.file, arguments.input), skip.reason) for skip in cases.broken]
    if isinstance(source, FilePrompts):
        broken = {case_key(result.case) for result in failed}
        missing = [key for key in source.unmatched if key not in broken]
        failed += [
            _failed(key, f"{arguments.prompts} names it, but {arguments.input} holds no such case") for key in missing
        ]
    return failed


def _failed(name: str, message: str) -> CaseResult:
    return CaseResult(name, Status.FAILED, message=message)


def _below(file: str, folder: Path) -> str:
    path = Path(file)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else file


def _threads_each(jobs: int) -> int | None:
    """Cases in work share the cores."""
    return None if jobs == 1 else max(1, (os.cpu_count() or 1) // jobs)


def _name_others(cases: Cases) -> None:
    for other in cases.others[:_MOST_NAMED]:
        print(f"passed over: {other.reason}", file=sys.stderr)
    if len(cases.others) > _MOST_NAMED:
        print(f"passed over: {len(cases.others) - _MOST_NAMED} more files", file=sys.stderr)


def _line(result: CaseResult) -> str:
    if result.status is Status.FAILED:
        return f"{result.case}: FAILED: {result.message}"
    if result.status is not Status.DONE:
        return f"{result.case}: {result.status.value}"
    doubt = ", worth a second look" if result.doubtful else ""
    labels = "1 label" if len(result.labels) == 1 else f"{len(result.labels)} labels"
    missing = f"; {result.message}" if result.message else ""
    return f"{result.case}: {labels}, {result.seconds:.2f} s{doubt}{missing}"


def _summary(outcomes: Sequence[CaseResult], arguments: argparse.Namespace) -> int:
    counts = Counter(result.status for result in outcomes)
    print(", ".join(f"{counts[status]} {status.value}" for status in Status if counts[status]) or "nothing to do")
    if counts[Status.SKIPPED]:
        print("skipped: results that were there already; --existing replace makes them anew")
    doubtful = [result.case for result in outcomes if result.doubtful]
    if doubtful:
        more = f" and {len(doubtful) - _MOST_NAMED} more" if len(doubtful) > _MOST_NAMED else ""
        print(f"worth a second look: {', '.join(doubtful[:_MOST_NAMED])}{more}")
    print(f"masks: {arguments.output}")
    if arguments.report:
        print(f"report: {arguments.report}")
    print("Research use only, not a medical device.")
    return 0 if counts[Status.FAILED] == 0 and counts[Status.DONE] + counts[Status.SKIPPED] else 1
