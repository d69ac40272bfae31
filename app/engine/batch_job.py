"""A batch that goes on after anything, a power cut included: its file says what is to be done and what is done.

The file (see `batch_job_file`) is written aside, read back and moved into place after every case.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from app.engine.batch import CaseResult, Existing, Item, Plan, Status, run
from app.engine.batch_job_file import Entry, Mark, Setup, job_text, read_job
from app.engine.cases import Cases, numbered, result_paths
from app.engine.errors import EngineError, ReadError, WriteError
from app.engine.export.staging import Output, publish, unwritable
from app.engine.io.limits import unreadable
from app.engine.results import refuse_sources
from app.engine.segmenter import Segmenter

SUFFIX = ".swiftbatch"
_LARGEST_FILE = 256 * 2**20  # bytes; some hundred thousand cases


class BatchJob:
    """A batch and its file. What is recorded is on disk when the call returns, or `unsaved` says why it is not.

    For one thread at a time: between two results of `run` cases may be marked.
    """

    def __init__(self, path: Path, setup: Setup, entries: Sequence[Entry]) -> None:
        self.path, self.setup = path, setup
        self._entries = {entry.case: entry for entry in entries}
        self.unsaved = ""

    @classmethod
    def begin(cls, path: Path, setup: Setup, cases: Cases) -> BatchJob:
        """A new job over the cases found in the input folder, written at once; broken images are failed cases.

        Raises WriteError where the file is there already or cannot be written, or a mask would replace an image.
        """
        targets = result_paths(cases.found, setup.output, setup.mask_format)
        refuse_sources(targets, (Path(file) for case in cases.found for file in case.files))
        if setup.existing is Existing.NUMBER:
            # Chosen now, so that going on after a cut finds the mask of the case that was in work and makes no other.
            targets = _free(targets)
        entries = [Entry(case.name, target) for case, target in zip(cases.found, targets, strict=True)]
        for skip in cases.broken:
            name = _below(Path(skip.file), setup.input)
            entries.append(Entry(name, None, CaseResult(name, Status.FAILED, message=skip.reason)))
        job = cls(path, setup, entries)
        job._write(overwrite=False)
        return job

    @classmethod
    def open(cls, path: Path) -> BatchJob:
        """The job of a file; raises ReadError, one sentence, where it is none, damaged or newer."""
        try:
            if path.stat().st_size > _LARGEST_FILE:
                raise unreadable(path, f"it is larger than {_LARGEST_FILE // 2**20} MiB: no batch is")
            return cls(path, *read_job(path.read_bytes()))
        except ReadError:
            raise
        except OSError as error:
            raise unreadable(path, error.strerror or str(error)) from None
        except (ValueError, EngineError) as error:  # FieldError and what the types refuse
            raise unreadable(path, str(error)) from None

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All cases, in the order of the job."""
        return tuple(self._entries.values())

    @property
    def waiting(self) -> tuple[str, ...]:
        """Names of the cases that are not finished."""
        return tuple(entry.case for entry in self.entries if entry.result is None)

    def run(self, segmenter: Segmenter, cases: Cases, jobs: int = 1) -> Generator[CaseResult]:
        """Do what is waiting (see `batch.run`); each result is recorded before it is yielded.

        `cases` are those of the input folder now; a waiting case that is no longer among them has failed. A file that
        cannot be written stops nothing (see `unsaved`). Raises PromptError where a prompt file cannot be used.
        """
        found = {case.name: case for case in cases.found}
        source = self.setup.boxes.source(cases.found)
        numbering = self.setup.existing is Existing.NUMBER
        existing = Existing.SKIP if numbering else self.setup.existing  # the targets were free when the job began
        plan = Plan(segmenter, source, self.setup.options, existing)
        waiting = [self._entries[name] for name in self.waiting]
        items = []
        for entry in waiting:
            if entry.target is not None and entry.case in found:
                items.append(Item(found[entry.case], entry.target))
            else:
                gone = f"{self.setup.input} holds no such image any more"
                yield self._recorded(CaseResult(entry.case, Status.FAILED, message=gone))
        with closing(run(items, plan, jobs)) as running:
            for result in running:
                ours = numbering and result.status is Status.SKIPPED
                yield self._recorded(replace(result, status=Status.DONE) if ours else result)

    def mark(self, case: str, mark: Mark) -> None:
        """Keep the user's mark; KeyError where there is no such case."""
        self._entries[case] = replace(self._entries[case], mark=mark)
        self._save()

    def do_again(self, case: str) -> None:
        """Let a finished case wait again, unmarked, once the reason why it failed is gone.

        KeyError where there is no such case, ValueError for an image that was broken when the job began.
        """
        entry = self._entries[case]
        if entry.target is None:
            raise ValueError(f"{case} was broken when the batch began; a new batch finds it")
        self._entries[case] = replace(entry, result=None, mark=Mark.NONE)
        self._save()

    def _recorded(self, result: CaseResult) -> CaseResult:
        self._entries[result.case] = replace(self._entries[result.case], result=result)
        self._save()
        return result

    def _save(self) -> None:
        try:
            self._write(overwrite=True)
        except WriteError as error:
            self.unsaved = str(error)  # the whole job is in the next file that can be written
        else:
            self.unsaved = ""

    def _write(self, *, overwrite: bool) -> None:
        content = job_text(self.setup, self.entries)

        def verify(aside: Path) -> None:
            if aside.read_bytes() != content:
                raise unwritable(self.path, "read back, it differs")

        def write(aside: Path) -> None:
            aside.write_bytes(content)

        publish([Output(self.path, write, verify)], overwrite=overwrite)


def unfinished_jobs(folder: Path) -> tuple[BatchJob, ...]:
    """Jobs in a folder with cases that wait, newest file first; files that cannot be read are passed over."""
    found = []
    for path in folder.glob(f"[!.]*{SUFFIX}"):  # hidden ones are those that a cut left unfinished
        try:
            job, changed = BatchJob.open(path), path.stat().st_mtime_ns
        except (ReadError, OSError):
            continue
        if job.waiting:
            found.append((changed, path.name, job))
    return tuple(job for *_, job in sorted(found, key=lambda one: one[:2], reverse=True))


def _free(targets: Sequence[Path]) -> list[Path]:
    """Each path, or the first numbered one beside it that neither exists nor is another case's."""
    used = {str(target).lower() for target in targets}
    free = []
    for target in targets:
        path, number = target, 2
        while path.exists() or (path != target and str(path).lower() in used):
            path, number = numbered(target, number), number + 1
        used.add(str(path).lower())
        free.append(path)
    return free


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
