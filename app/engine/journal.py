"""The recovery log: every act is in it before the next one, and what a crash left can be had back.

A journal is a file of the user's data folder under a random name, with a lock beside it. It begins with a snapshot of
the study (a project file) and so depends on nothing but the image. The layout stands in `journal_file`.
"""

from __future__ import annotations

import io
import json
import re
import secrets
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.engine.errors import EngineError, WriteError
from app.engine.export.staging import Output, publish, unwritable
from app.engine.io.limits import unreadable
from app.engine.journal_file import (
    DONE,
    LARGEST_RECORD,
    SNAPSHOT,
    STATE,
    UNDONE,
    Flusher,
    Lock,
    Records,
    frame,
    new_header,
    read_records,
)
from app.engine.project import study_of
from app.engine.project_file import Contents, Project, read_project
from app.engine.strict_json import Fields, parse_object
from app.engine.study import Act, Study, StudySource
from app.engine.study_json import PATH, act_from_json, act_to_json

COMPACT_BYTES = 64 * 2**20  # a journal that has grown beyond that, and to twice its beginning, begins afresh
UNDO_BYTES = 16 * 2**20  # edits of the latest acts that a fresh beginning keeps, so that they can be undone
_NAME = re.compile(r"[0-9a-f]{32}\.journal")
_LEFT_OVER_S = 24 * 3600.0  # a beginning that was not finished for so long never will be
_MOST_UNSAVED = 10**9


@dataclass(frozen=True)
class Recovery:
    """A journal of a process that ended without closing it.

    `time`: of the last act, UTC. `acts`: done or undone since the last save. `project`: where that was saved. `torn`:
    the last record was being written when the end came, and is lost. `damage`: why nothing can be recovered, in one
    sentence, "" where it can; source and project are then None, acts 0.
    """

    path: Path
    time: datetime
    acts: int = 0
    source: StudySource | None = None
    project: Path | None = None
    torn: bool = False
    damage: str = ""


class Journal:
    """The journal of one open study; one process and one thread write it."""

    def __init__(self, path: Path, study: Study, lock: Lock) -> None:
        self._path, self._study, self._lock = path, study, lock
        self._project: Path | None = None
        self._unsaved = 0
        self._file: tuple[io.FileIO, Flusher] | None = None
        self._closed = False
        self._end = 0  # bytes that are whole
        self._limit = COMPACT_BYTES
        self._checksum = 0
        self._length = 0  # of the history as the file tells it
        self._behind = False  # something could not be written: the file no longer tells the history

    @classmethod
    def start(cls, folder: Path, study: Study, project: Path | None, *, unsaved: int | None = None) -> Journal:
        """Begin one in a folder, made if there is none.

        `unsaved`: acts in the study that are in no project yet; by default all where there is no project, else none.
        After a recovery it is `Recovery.acts`. Raises WriteError.
        """
        path = folder / f"{secrets.token_hex(16)}.journal"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = Lock.taken(_lock_of(path))
        except OSError as error:
            raise unwritable(path, error.strerror or str(error)) from None
        if lock is None:
            raise unwritable(path, "another program holds it")
        journal = cls(path, study, lock)
        journal._project = project
        journal._unsaved = (len(study.history) if project is None else 0) if unsaved is None else unsaved
        try:
            journal._begin_afresh()
        except BaseException:
            lock.release(remove=True)
            raise
        return journal

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def append(self, act: Act) -> None:
        """Write an act that has just been applied. Empty ones are passed over.

        When this returns it outlives the process, however that ends, and it is on its way to the disk. Raises
        WriteError; the next call then writes the study as a whole, so that nothing is missing for long. It does so,
        too, where the disk did not take what was on its way.
        """
        self._check_open()
        if act.is_empty:
            return
        self._unsaved += 1
        expected = self._length + (1 if act.undoes is None else -1)
        kind, told = (DONE, act) if act.undoes is None else (UNDONE, act.undoes)
        if self._is_behind() or self._end > self._limit or len(self._study.history) != expected:
            self._begin_afresh()
        else:
            self._append(kind, _json(act_to_json(told)))
            self._length = expected

    def saved(self, project: Path) -> None:
        """Note that the study as it is now lies in a project file. Raises WriteError."""
        self._check_open()
        self._project, self._unsaved = project, 0
        if self._is_behind():
            self._begin_afresh()
        else:
            self._append(STATE, self._state())

    def settle(self) -> bool:
        """Whether the disk has taken all that was written, as far as it has answered.

        Where it did not, the study is written as a whole, so that nobody need act again for that. Raises WriteError.
        """
        self._check_open()
        answered = self._file is None or not self._file[1].is_busy  # asked first: what fails from now on is seen later
        if self._is_behind():
            self._begin_afresh()
        return answered

    def close(self) -> None:
        """A clean end: nothing is to be recovered, so the file goes. Once is enough, twice does no harm."""
        if not self._closed:
            self._closed = True
            self._let_go()
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            self._lock.release(remove=True)

    def _check_open(self) -> None:
        if self._closed:
            raise unwritable(self._path, "it has been closed")

    def _let_go(self) -> None:
        """Close the file: one that is open cannot be replaced or removed everywhere."""
        if self._file is not None:
            file, flusher = self._file
            flusher.close()
            file.close()
            self._file = None

    def _is_behind(self) -> bool:
        """Whether something that was written, or was to be, is not in the file."""
        self._behind |= self._file is not None and self._file[1].has_failed()
        return self._behind

    def _state(self) -> bytes:
        project = None if self._project is None else str(self._project.absolute())
        return _json({"unsaved": self._unsaved, **({} if project is None else {"project": project})})

    def _append(self, kind: bytes, data: bytes) -> None:
        record, checksum = frame(kind, data, self._checksum)
        try:
            if self._file is None:
                opened = self._path.open("rb+", buffering=0)  # unbuffered: nothing of a failed write comes later
                self._file = opened, Flusher(opened)
            file, flusher = self._file
            file.seek(self._end)
            left = memoryview(record)
            while left:
                left = left[file.write(left) :]
            flusher.ask()
        except OSError as error:
            self._behind = True
            raise unwritable(self._path, error.strerror or str(error)) from None
        self._end += len(record)
        self._checksum = checksum

    def _begin_afresh(self) -> None:
        """Write a file that begins with the study as it is, and go on after that; aside first, so nothing is lost."""
        self._behind = True
        history = _within(self._study.history, UNDO_BYTES)
        archive = io.BytesIO()
        Contents.of(self._study, history).write(archive, self._path)
        content = new_header()
        checksum = zlib.crc32(content)
        for kind, data in ((STATE, self._state()), (SNAPSHOT, archive.getvalue())):
            if len(data) >= LARGEST_RECORD:
                raise unwritable(self._path, "the label map is too large for a journal")
            record, checksum = frame(kind, data, checksum)
            content += record

        def write(aside: Path) -> None:
            aside.write_bytes(content)

        def verify(aside: Path) -> None:
            if aside.read_bytes() != content:
                raise unwritable(self._path, "read back, it differs")

        self._let_go()
        publish([Output(self._path, write, verify)], overwrite=True)
        self._end, self._checksum, self._length = len(content), checksum, len(history)
        self._limit = max(COMPACT_BYTES, 2 * len(content))
        self._behind = False


def unclean(folder: Path) -> tuple[Recovery, ...]:
    """What ended processes left in a folder, newest first; damaged ones are among them, live ones are not.

    Journals that hold nothing unsaved are removed. Never raises: what cannot be looked at is not listed.
    """
    found = []
    try:
        paths = [path for path in folder.iterdir() if path.name.endswith(".journal")]
    except OSError:
        return ()
    for path in paths:
        with suppress(OSError):
            if not _NAME.fullmatch(path.name):
                _remove_left_over(path)
                continue
            lock = Lock.taken(_lock_of(path))
            if lock is not None:
                try:
                    recovery = _examined(path)
                    if recovery.acts or recovery.damage:
                        found.append(recovery)
                    else:
                        path.unlink(missing_ok=True)
                finally:
                    lock.release(remove=not path.exists())
    return tuple(sorted(found, key=lambda recovery: recovery.time, reverse=True))


def recover(recovery: Recovery) -> Study:
    """The study as the last whole record left it: label map, labels and history, bit for bit.

    Raises ReadError where the journal is damaged, or its image is missing or has been changed. The journal stays until
    it is discarded.
    """
    path = recovery.path
    records = read_records(path)
    project, entries = _parts(path, records)
    study = study_of(project, path, [])
    try:
        for kind, data in entries:
            if kind == STATE:
                _read_state(data)
            else:
                act = act_from_json(json.loads(data), "act", project.fingerprint.shape_zyx)
                study.apply(act if kind == DONE else act.inverse())
    except (ValueError, RecursionError) as error:  # a LabelError is a ValueError
        raise unreadable(path, f"an act in it does not fit ({error})") from None
    return study


def discard(recovery: Recovery) -> None:
    """Remove a journal that nobody needs any more. Raises WriteError where it is in use or cannot be removed."""
    try:
        lock = Lock.taken(_lock_of(recovery.path))
        if lock is None:
            raise WriteError(f"{recovery.path} cannot be removed: another window is using it")
        try:
            recovery.path.unlink(missing_ok=True)
        finally:
            lock.release(remove=not recovery.path.exists())
    except OSError as error:
        raise WriteError(f"{recovery.path} cannot be removed: {error.strerror or error}") from None


def _examined(path: Path) -> Recovery:
    """What a journal offers, without its image."""
    when = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    try:
        records = read_records(path)
        project, entries = _parts(path, records)
        acts, saved_as = 0, None
        for kind, data in entries:
            if kind == STATE:
                acts, saved_as = _read_state(data)
            else:
                acts += 1
    except EngineError as error:
        return Recovery(path, when, damage=str(error))
    except ValueError as error:
        return Recovery(path, when, damage=str(unreadable(path, str(error))))
    return Recovery(path, when, acts, project.source, saved_as, torn=records.torn)


def _parts(path: Path, records: Records) -> tuple[Project, Sequence[tuple[bytes, bytes]]]:
    """The snapshot, and all other records in order; ReadError where a journal does not begin as it must."""
    kinds = [kind for kind, _ in records.records]
    if kinds[:2] != [STATE, SNAPSHOT] or not set(kinds[2:]) <= {STATE, DONE, UNDONE}:
        raise unreadable(path, "its beginning is damaged")
    state, (_, snapshot), *rest = records.records
    return read_project(io.BytesIO(snapshot), path), [state, *rest]


def _read_state(data: bytes) -> tuple[int, Path | None]:
    fields: Fields = parse_object(data)
    unsaved = fields.integer("unsaved", 0, _MOST_UNSAVED)
    project = Path(fields.text("project", PATH)) if "project" in fields else None
    fields.end()
    return unsaved, project


def _within(history: Sequence[Act], most: int) -> list[Act]:
    """The history in which only the latest acts keep their edits: as many as take that many bytes."""
    kept: list[Act] = []
    for act in reversed(history):
        most -= sum(len(edit.changed) + len(edit.before) + len(edit.after) for edit in act.edits)
        kept.append(act if most >= 0 else act.without_edits())
    return kept[::-1]


def _remove_left_over(path: Path) -> None:
    if time.time() - path.stat().st_mtime > _LEFT_OVER_S:
        path.unlink()


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")


def _json(told: dict[str, Any]) -> bytes:
    return json.dumps(told, allow_nan=False).encode("ascii")
