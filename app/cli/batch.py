"""`batch`: every case of a folder; a drop-in for the challenge's inference script where the cases are its NPZ files."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path

from app.cli.choices import checked_format, options_of, segmenter_of
from app.cli.errors import UsageError
from app.cli.progress import Progress
from app.engine.batch import CaseResult, Existing, Item, Plan, Status, report_rows
from app.engine.batch import run as run_cases
from app.engine.cases import Cases, find_cases, result_paths
from app.engine.prompt_file import case_key, read_prompt_file
from app.engine.prompt_sources import ChallengeBoxes, FilePrompts, PromptSource, ReferenceBoxes
from app.engine.report import Report
from app.engine.results import refuse_sources

_MOST_NAMED = 10


def run(arguments: argparse.Namespace) -> int:
    """Do all cases; 1 where one of them failed or the run was stopped."""
    _check_folders(arguments)
    format_name = checked_format(arguments.format)
    cases = find_cases(arguments.input, without=arguments.output)
    source, failed = _source(arguments, cases)
    targets = result_paths(cases.found, arguments.output, format_name)
    refuse_sources(targets, (Path(file) for case in cases.found for file in case.files))
    items = [Item(case, target) for case, target in zip(cases.found, targets, strict=True)]
    segmenter = segmenter_of(arguments, _threads_each(arguments.jobs))
    plan = Plan(segmenter, source, options_of(arguments), Existing(arguments.existing))
    _name_others(cases)
    outcomes: list[CaseResult] = []
    with ExitStack() as stack:
        report = stack.enter_context(Report(arguments.report)) if arguments.report else None
        progress = stack.enter_context(closing(Progress(len(items) + len(failed), sys.stderr)))
        running = stack.enter_context(closing(run_cases(items, plan, arguments.jobs)))
        try:
            for result in chain(failed, running):
                outcomes.append(result)
                if report is not None:
                    report.add(report_rows(result))
                progress.step(_line(result), important=result.status is Status.FAILED)
        except KeyboardInterrupt:
            progress.close()
            print("Stopped; what is done is kept, and the same command goes on from here.", file=sys.stderr)
            return _summary(outcomes, arguments) or 1
    return _summary(outcomes, arguments)


def _check_folders(arguments: argparse.Namespace) -> None:
    if not arguments.input.is_dir():
        raise UsageError(f"{arguments.input} is no folder (for a single image use segment)")
    if arguments.output.exists() and not arguments.output.is_dir():
        raise UsageError(f"{arguments.output} is a file, not a folder")
    if arguments.output.resolve() == arguments.input.resolve():
        raise UsageError("inputs and outputs must be different folders, so that nothing is overwritten")
    if arguments.boxes_from is not None and not arguments.boxes_from.is_dir():
        raise UsageError(f"{arguments.boxes_from} is no folder of reference label maps")
    if arguments.boxes_from is not None and arguments.boxes_from.resolve() == arguments.output.resolve():
        raise UsageError("references and outputs must be different folders, so that no reference is taken for a result")


def _source(arguments: argparse.Namespace, cases: Cases) -> tuple[PromptSource, list[CaseResult]]:
    """Where prompts come from, and the cases that failed before anything was begun."""
    failed = [_failed(_below(skip.file, arguments.input), skip.reason) for skip in cases.broken]
    if arguments.prompts is not None:
        prompts = FilePrompts(read_prompt_file(arguments.prompts), cases.found)
        broken = {case_key(result.case) for result in failed}
        missing = [key for key in prompts.unmatched if key not in broken]
        failed += [
            _failed(key, f"{arguments.prompts} names it, but {arguments.input} holds no such case") for key in missing
        ]
        return prompts, failed
    if arguments.boxes_from is not None:
        return ReferenceBoxes(arguments.boxes_from), failed
    if cases.found and not any(case.is_challenge for case in cases.found):
        raise UsageError(f"nothing says what to outline in {arguments.input}: give --prompts or --boxes-from")
    return ChallengeBoxes(), failed


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
    return f"{result.case}: {labels}, {result.seconds:.2f} s{doubt}"


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
