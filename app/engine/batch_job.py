"""A batch that goes on after anything, a power cut included: its file says what is to be done and what is done.

The file (see `batch_job_file`) is written aside, read back and moved into place after every case.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from app.engine.batch import CaseResult, Existing, Item, Plan, Status, Working, report_rows, run, run_in_steps
from app.engine.batch_job_file import Entry, JobText, Mark, Setup, read_job
from app.engine.cases import Cases, in_format, numbered, result_paths
from app.engine.errors import EngineError, ReadError, WriteError
from app.engine.export.staging import Output, publish, sweep, unwritable
from app.engine.io.limits import unreadable
from app.engine.journal_file import Lock
from app.engine.prompt_file import case_key
from app.engine.prompt_sources import FilePrompts, PromptSource
from app.engine.report import as_csv, refuse_others
from app.engine.results import refuse_sources
from app.engine.segmenter import Segmenter

SUFFIX = ".swiftbatch"
_LOCK = ".lock"
_PICTURES = "overlays"  # folder of small pictures, below the output folder
_LARGEST_FILE = 256 * 2**20  # bytes; some hundred thousand cases


class BatchJob:
    """A batch and its file. What is recorded is on disk when the call returns, or `unsaved` says why it is not.

    For one thread at a time: between two results of `run` cases may be marked. Whoever works on a job holds it, and
    other processes are refused meanwhile.
    """

    def __init__(self, path: Path, setup: Setup, entries: Sequence[Entry]) -> None:
        self.path, self.setup = path, setup
        self._entries = {entry.case: entry for entry in entries}
        self._lock: Lock | None = None
        self._text = JobText()
        self.unsaved = ""

    @classmethod
    def begin(cls, path: Path, setup: Setup, cases: Cases) -> BatchJob:
        """A new job over the cases found in the input folder, written at once.

        Broken images are failed cases, and so is what a prompt file names and the folder does not hold. Raises
        WriteError where the file is there already or cannot be written, or a result would replace an image or a
        reference; PromptError where the source of the boxes cannot be used.
        """
        _check_folders(setup)
        targets = result_paths(cases.found, setup.output, setup.formats[0] if setup.formats else None)
        files = [in_format(target, name) for target in targets for name in setup.formats[1:]]
        refuse_sources([*targets, *files], (Path(file) for case in cases.found for file in case.files))
        if setup.existing is Existing.NUMBER:
            # Chosen now, so that going on after a cut finds the mask of the case that was in work and makes no other.
            targets = _free(targets, setup.formats[1:])
        entries = [Entry(case.name, target) for case, target in zip(cases.found, targets, strict=True)]
        broken = [(_below(Path(skip.file), setup.input), skip.reason) for skip in cases.broken]
        unmatched = _unmatched(setup, setup.boxes.source(cases.found), {case_key(name) for name, _ in broken})
        for name, reason in (*broken, *unmatched):
            entries.append(Entry(name, None, CaseResult(name, Status.FAILED, message=reason)))
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

    def entry(self, case: str) -> Entry:
        """The case of that name; KeyError where there is none."""
        return self._entries[case]

    @property
    def is_at_work(self) -> bool:
        """Whether somebody holds the job, this process included."""
        if not self._lock_path.exists():
            return False
        lock = Lock.taken(self._lock_path)
        if lock is None:
            return True
        lock.release(remove=True)
        return False

    @property
    def report(self) -> Path:
        """Where `write_report` writes: beside the job, under its name."""
        return self.path.with_suffix(".csv")

    def picture(self, entry: Entry) -> Path | None:
        """Where the small picture of a result lies, if there is one; None for a case without a place for its mask."""
        if entry.target is None:
            return None
        place = entry.target.relative_to(self.setup.output)
        return self.setup.output / _PICTURES / place.with_name(f"{place.name}.png")

    def hold(self) -> None:
        """Keep other processes off until `release`, take over what they did, remove what one that was cut off left.

        Raises WriteError where another process holds the job, ReadError where its file is gone.
        """
        if self._lock is not None:
            return
        try:
            lock = Lock.taken(self._lock_path)
        except OSError as error:
            raise unwritable(self._lock_path, error.strerror or str(error)) from None
        if lock is None:
            raise WriteError(f"another window or program is working on {self.path}")
        self._lock = lock
        try:
            if not self.unsaved:
                self._entries = {entry.case: entry for entry in BatchJob.open(self.path).entries}
        except ReadError:
            self.release()
            raise
        self._sweep()

    def release(self) -> None:
        """Let others work on the job."""
        lock, self._lock = self._lock, None
        if lock is not None:
            try:
                lock.release(remove=True)
            except OSError:  # the folder is gone or closed; so is the file of the lock, or it stays as an empty one
                lock.release(remove=False)

    def run(self, segmenter: Segmenter, cases: Cases, jobs: int = 1) -> Generator[CaseResult]:
        """Do what is waiting (see `batch.run`); each result is recorded before it is yielded.

        `cases` are those of the input folder now; a waiting case that is no longer among them has failed. A file that
        cannot be written stops nothing (see `unsaved`). Raises PromptError where the source of the boxes cannot be
        used, and what `hold` raises.
        """
        with self._held():
            plan, items, gone = self._prepared(segmenter, cases)
            for result in gone:
                yield self._recorded(result)
            with closing(run(items, plan, jobs)) as running:
                for result in running:
                    yield self._recorded(result)

    def run_in_steps(self, segmenter: Segmenter, cases: Cases) -> Generator[Working | CaseResult]:
        """The same one case at a time, a slice or an object at a time, for whoever has others waiting."""
        with self._held():
            plan, items, gone = self._prepared(segmenter, cases)
            for result in gone:
                yield self._recorded(result)
            with closing(run_in_steps(items, plan)) as running:
                for told in running:
                    yield self._recorded(told) if isinstance(told, CaseResult) else told

    def write_report(self) -> None:
        """Write the table with the marks, in place of an earlier one; raises WriteError."""
        rows = [row for one in self.entries if one.result for row in report_rows(one.result, one.mark.value)]
        content = as_csv(rows)

        def may_replace(path: Path) -> bool:
            refuse_others(path)
            return True

        def verify(aside: Path) -> None:
            if aside.read_bytes() != content:
                raise unwritable(self.report, "read back, it differs")

        publish([Output(self.report, lambda aside: _fill(aside, content), verify, may_replace)], overwrite=True)

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

    @property
    def _lock_path(self) -> Path:
        return self.path.with_name(f".{self.path.name}{_LOCK}")

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Held at least as long as this."""
        ours = self._lock is None
        self.hold()
        try:
            yield
        finally:
            if ours:
                self.release()

    def _prepared(self, segmenter: Segmenter, cases: Cases) -> tuple[Plan, list[Item], list[CaseResult]]:
        """How to do what is waiting: the plan, the items, and results of cases whose image is gone."""
        found = {case.name: case for case in cases.found}
        source = self.setup.boxes.source(cases.found)
        numbering = self.setup.existing is Existing.NUMBER
        existing = Existing.SKIP if numbering else self.setup.existing  # the targets were free when the job began
        plan = Plan(segmenter, source, self.setup.options, existing, self.setup.formats[1:])
        items, gone = [], []
        for entry in (self._entries[name] for name in self.waiting):
            if entry.target is not None and entry.case in found:
                items.append(Item(found[entry.case], entry.target, self.picture(entry)))
            else:
                reason = f"{self.setup.input} holds no such image any more"
                gone.append(CaseResult(entry.case, Status.FAILED, message=reason))
        return plan, items, gone

    def _recorded(self, result: CaseResult) -> CaseResult:
        """With what is there under a number as done: nobody else's mask was there when the job began."""
        if self.setup.existing is Existing.NUMBER and result.status is Status.SKIPPED:
            result = replace(result, status=Status.DONE)
        self._entries[result.case] = replace(self._entries[result.case], result=result)
        self._save()
        return result

    def _sweep(self) -> None:
        """Remove what a process that was cut off left, unless another job is at work in the same folder."""
        for other in self.path.parent.glob(f".*{SUFFIX}{_LOCK}"):
            if other != self._lock_path:
                lock = Lock.taken(other)
                if lock is None:
                    return
                lock.release(remove=True)
        targets = (self._entries[name].target for name in self.waiting)
        for folder in {self.path.parent, *(target.parent for target in targets if target is not None)}:
            sweep(folder)

    def _save(self) -> None:
        try:
            self._write(overwrite=True)
        except WriteError as error:
            self.unsaved = str(error)  # the whole job is in the next file that can be written
        else:
            self.unsaved = ""

    def _write(self, *, overwrite: bool) -> None:
        content = self._text.of(self.setup, self.entries)

        def verify(aside: Path) -> None:
            if aside.read_bytes() != content:
                raise unwritable(self.path, "read back, it differs")

        publish([Output(self.path, lambda aside: _fill(aside, content), verify)], overwrite=overwrite)


def unfinished_jobs(paths: Iterable[Path]) -> tuple[BatchJob, ...]:
    """Jobs of those files with cases that wait and nobody at work, newest file first.

    Files that cannot be read are passed over.
    """
    found = []
    for path in paths:
        try:
            job, changed = BatchJob.open(path), path.stat().st_mtime_ns
            left = bool(job.waiting) and not job.is_at_work
        except (ReadError, OSError):
            continue
        if left:
            found.append((changed, path.name, job))
    return tuple(job for *_, job in sorted(found, key=lambda one: one[:2], reverse=True))


def _fill(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def _check_folders(setup: Setup) -> None:
    """Raise WriteError where results would lie among what they are made from."""
    output = setup.output.resolve()
    if output == setup.input.resolve():
        raise WriteError(f"images and masks need different folders, and both are {setup.output}")
    if setup.boxes.path is not None and output == setup.boxes.path.resolve():
        raise WriteError(f"references and masks need different folders, and both are {setup.output}")


def _unmatched(setup: Setup, source: PromptSource, known: set[str]) -> list[tuple[str, str]]:
    """What a prompt file names and the folder does not hold, each with the reason why it fails."""
    if not isinstance(source, FilePrompts):
        return []
    reason = f"{setup.boxes.path} names it, but {setup.input} holds no such case"
    return [(name, reason) for name in source.unmatched if name not in known]


def _free(targets: Sequence[Path], more_formats: Sequence[str]) -> list[Path]:
    """Each path, or the first numbered one beside it that exists in no format and is not another case's."""
    used = {str(target).lower() for target in targets}
    free = []
    for target in targets:
        path, number = target, 2
        while _is_there(path, more_formats) or (path != target and str(path).lower() in used):
            path, number = numbered(target, number), number + 1
        used.add(str(path).lower())
        free.append(path)
    return free


def _is_there(path: Path, more_formats: Sequence[str]) -> bool:
    return path.exists() or any(in_format(path, name).exists() for name in more_formats)


def _below(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()
