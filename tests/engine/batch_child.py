"""A process that goes on with a batch until it is killed: `python -m tests.engine.batch_child JOB MODEL WHAT NAME N`.

It stops for ever, and says so, where the case NAME is read (WHAT is "read"), or just before a file of that NAME takes
its place for the Nth time (WHAT is "write").
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from app.engine.batch_job import BatchJob
from app.engine.cases import Case, Cases, find_cases
from app.engine.segmenter import open_segmenter
from app.engine.volume import Volume


def main() -> None:
    """Go on with the job."""
    path, model, what, name, count = sys.argv[1:]
    job, segmenter = BatchJob.open(Path(path)), open_segmenter(Path(model))
    cases = find_cases(job.setup.input)
    if what == "read":
        cases = Cases(tuple(_stuck(case) if case.name == name else case for case in cases.found), (), ())
    else:
        _stop_before(name, int(count))
    for _ in job.run(segmenter, cases):
        pass


def _stuck(case: Case) -> Case:
    def load() -> Volume:
        _stop()
        return case.load()

    return replace(case, load=load)


def _stop_before(name: str, count: int) -> None:
    """What Python is about to do is told to audit hooks."""
    left = [count]

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in ("os.rename", "os.link") and Path(str(arguments[1])).name == name:
            left[0] -= 1
            if not left[0]:
                _stop()

    sys.addaudithook(hook)


def _stop() -> None:
    sys.stdout.write("stopped\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
