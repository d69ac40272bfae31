"""What a crash left comes back bit for bit, and what is torn is noticed."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest

from app.engine import journal as module
from app.engine import journal_file
from app.engine.errors import ReadError, WriteError
from app.engine.journal import Journal, Recovery, discard, recover, unclean
from app.engine.journal_file import Lock, frame, read_records
from app.engine.labelmap import PALETTE, Label
from app.engine.prompt import Box3D
from app.engine.study import Act, LabelChange, Study
from tests.engine.studies import LIVER, WHOLE, begin, mutate, open_image, paint, state, without_edits, write_image

ROW = Box3D(0, 3, 2, 5, 4, 3)


def end_process(journal: Journal) -> Path:
    """What the end of the process does: the system closes its files, and no more."""
    journal._let_go()
    journal._lock._file.close()
    return journal.path


def until_flushed(journal: Journal) -> None:
    """Wait until the disk has taken, or refused, what was written."""
    assert journal._file is not None
    journal._file[1]._thread.submit(int).result()


def only(folder: Path) -> Recovery:
    (recovery,) = unclean(folder)
    return recovery


def work(folder: Path, study: Study, project: Path | None = None) -> tuple[Journal, list[Any]]:
    """A journal with acts of every kind; and the states of the study after each."""
    journal = Journal.start(folder, study, project)
    states = [state(study)]
    kidney = Label(7, "kidney\n", PALETTE[2], locked=True)
    acts: list[Callable[[], Act]] = [
        lambda: study.change_labels("Add kidney", [LabelChange(None, kidney)]),
        lambda: paint(study, 1, ROW, record={"box": [0, 3, 4, 3], "score": 0.125}),
        lambda: study.replace_label("Correct", ROW, np.eye(5, dtype=np.bool_)[:1], 1),
        lambda: study.remove_label(2, "Remove spleen"),
        lambda: study.merge_labels(np.full((3, 4, 5), 2, np.uint8), {2: "all"}, "Import"),
    ]
    for make in acts:
        journal.append(make())
        states.append(state(study))
    last = study.history[-1]
    for act in (last.inverse(), last, last.inverse()):
        study.apply(act)
        journal.append(act)
        states.append(state(study))
    return journal, states


def test_that_a_recovered_study_is_what_it_was(tmp_path: Path) -> None:
    study = begin(tmp_path / "ct.nii")
    journal, _ = work(tmp_path / "journals", study)
    path = end_process(journal)
    recovery = only(tmp_path / "journals")
    assert recovery.path == path
    assert (recovery.acts, recovery.source, recovery.project) == (3 + 8, study.source, None)
    assert not recovery.torn
    assert abs(recovery.time - datetime.now(UTC)) < timedelta(minutes=5)
    recovered = recover(recovery)
    assert state(recovered) == state(study)
    assert recovered.provenance() == study.provenance()
    np.testing.assert_array_equal(recovered.volume.voxels, study.volume.voxels)


def test_that_undo_goes_on_after_a_recovery(tmp_path: Path) -> None:
    study = begin(tmp_path / "ct.nii")
    start = state(open_image(tmp_path / "ct.nii"))
    end_process(work(tmp_path / "journals", study)[0])
    recovered = recover(only(tmp_path / "journals"))
    for act in reversed(recovered.history):
        recovered.apply(act.inverse())
    assert state(recovered) == start


def test_that_a_journal_cut_anywhere_gives_all_acts_before_the_cut(tmp_path: Path) -> None:
    study = begin(tmp_path / "ct.nii")
    journal, states = work(tmp_path / "journals", study)
    path = end_process(journal)
    content, whole = path.read_bytes(), read_records(path).records
    ends = ends_of(content)
    replayed = set()
    for length in range(len(content)):
        path.write_bytes(content[:length])
        recovery = only(tmp_path / "journals")
        count = sum(end <= length for end in ends)
        assert bool(recovery.damage) is (count < 2)
        if recovery.damage:
            with pytest.raises(ReadError):
                recover(recovery)
            continue
        assert recovery.acts == 3 + count - 2
        assert recovery.torn is (length not in ends)
        assert read_records(path).records == whole[:count]  # all that a recovery depends on
        if count not in replayed or length % 101 == 0:
            replayed.add(count)
            assert state(recover(recovery)) == states[count - 2]
    assert replayed == set(range(2, len(whole)))


def ends_of(content: bytes) -> set[int]:
    """Where records end."""
    ends, position = set(), 32
    while position < len(content):
        position += 8 + int.from_bytes(content[position : position + 4], "little")
        ends.add(position)
    return ends


def test_that_a_flipped_byte_loses_at_most_what_comes_after_it(tmp_path: Path) -> None:
    study = begin(tmp_path / "ct.nii")
    journal, states = work(tmp_path / "journals", study)
    path = end_process(journal)
    content = path.read_bytes()
    replayed, ends = set(), ends_of(content)
    for position in range(0, len(content), 3):
        path.write_bytes(content[:position] + bytes([content[position] ^ 0x41]) + content[position + 1 :])
        recovery = only(tmp_path / "journals")
        count = sum(end <= position for end in ends)
        assert bool(recovery.damage) is (count < 2)
        if recovery.damage:
            continue
        assert recovery.torn
        assert recovery.acts == 3 + count - 2
        if count not in replayed:
            replayed.add(count)
            assert state(recover(recovery)) == states[count - 2]


@pytest.mark.parametrize("tail", [b"\0" * 4096, b"\xff" * 100, b"\x01"], ids=["zeros", "ones", "short"])
def test_that_what_the_disk_left_at_the_end_is_dropped(tmp_path: Path, tail: bytes) -> None:
    study = begin(tmp_path / "ct.nii")
    path = end_process(work(tmp_path / "journals", study)[0])
    path.write_bytes(path.read_bytes() + tail)
    recovery = only(tmp_path / "journals")
    assert recovery.torn
    assert state(recover(recovery)) == state(study)


def test_that_a_record_of_another_journal_is_no_record_of_this_one(tmp_path: Path) -> None:
    study = begin(tmp_path / "ct.nii")
    path = end_process(work(tmp_path / "journals", study)[0])
    other, _ = frame(b"U", b"{}", 0)
    path.write_bytes(path.read_bytes() + other)
    assert only(tmp_path / "journals").torn


_CHILD = """
import sys
from pathlib import Path
from app.engine.journal import Journal
from app.engine.labelmap import Label
from app.engine.project import open_project
from app.engine.study import LabelChange
from tests.engine.studies import mutate, open_image

image, journals = Path(sys.argv[1]), Path(sys.argv[2])
study = open_image(image)
journal = Journal.start(journals, study, None)
for n in range(100_000):
    journal.append(mutate(study, n))
    print(n + 1, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
@pytest.mark.parametrize("acts", [1, 7, 40])
def test_that_a_killed_process_loses_nothing_that_it_had_confirmed(
    tmp_path: Path, project_root: Path, acts: int
) -> None:
    image, folder = write_image(tmp_path / "ct.nii"), tmp_path / "journals"
    command = [sys.executable, "-c", _CHILD, str(image), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=project_root) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if int(line) == acts:
                assert unclean(folder) == ()  # it lives
                child.send_signal(signal.SIGKILL)
                break
        confirmed = max([acts, *(int(line) for line in child.stdout if line.endswith("\n"))])
    recovery = only(folder)
    recovered = recover(recovery)
    assert recovery.acts in (confirmed, confirmed + 1)  # one may have been written and not yet confirmed
    expected = open_image(image)
    for n in range(recovery.acts):
        mutate(expected, n)
    assert state(recovered) == state(expected)


def test_that_a_live_journal_is_not_offered(tmp_path: Path) -> None:
    journal, _ = work(tmp_path / "journals", begin(tmp_path / "ct.nii"))
    assert unclean(tmp_path / "journals") == ()
    with pytest.raises(WriteError, match="using it"):
        discard(Recovery(journal.path, datetime.now(UTC)))
    end_process(journal)
    assert only(tmp_path / "journals").path == journal.path


def test_that_a_clean_end_leaves_nothing(tmp_path: Path) -> None:
    study = begin(tmp_path / "ct.nii")
    journal, _ = work(tmp_path / "journals", study)
    journal.close()
    journal.close()
    assert list((tmp_path / "journals").iterdir()) == []
    with pytest.raises(WriteError, match="closed"):
        journal.append(paint(study, 1, WHOLE))
    with pytest.raises(WriteError, match="closed"):
        journal.saved(tmp_path / "a.swiftmed")


def test_that_a_discarded_journal_is_gone(tmp_path: Path) -> None:
    end_process(work(tmp_path / "journals", begin(tmp_path / "ct.nii"))[0])
    recovery = only(tmp_path / "journals")
    discard(recovery)
    assert list((tmp_path / "journals").iterdir()) == []
    discard(recovery)
    with pytest.raises(ReadError, match="No such file"):
        recover(recovery)


def test_that_what_was_saved_needs_no_recovery_and_what_came_after_does(tmp_path: Path) -> None:
    folder, project = tmp_path / "journals", tmp_path / "a.swiftmed"
    study = begin(tmp_path / "ct.nii")
    journal, _ = work(folder, study)
    journal.saved(project)
    content = journal.path.read_bytes()
    journal.append(paint(study, 1, ROW))
    path = end_process(journal)
    recovery = only(folder)
    assert (recovery.acts, recovery.project) == (1, project)
    assert state(recover(recovery)) == state(study)
    path.write_bytes(content)
    assert unclean(folder) == ()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("project", "unsaved", "acts"), [(None, None, 3), ("a.swiftmed", None, 0), ("a.swiftmed", 2, 2)], ids=str
)
def test_that_a_journal_knows_what_is_in_no_project_yet(
    tmp_path: Path, project: str | None, unsaved: int | None, acts: int
) -> None:
    study = begin(tmp_path / "ct.nii")
    saved_as = None if project is None else tmp_path / project
    end_process(Journal.start(tmp_path / "journals", study, saved_as, unsaved=unsaved))
    found = unclean(tmp_path / "journals")
    assert [(recovery.acts, recovery.project) for recovery in found] == ([(acts, saved_as)] if acts else [])


def test_that_the_newest_comes_first_and_damaged_ones_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "journals"
    paths = [end_process(work(folder, begin(tmp_path / f"{n}.nii"))[0]) for n in range(3)]
    for age, path in enumerate(paths):
        os.utime(path, (1e9 - age, 1e9 - age))
    (folder / "notes.txt").write_text("not ours")
    (folder / ("0" * 32 + ".journal")).write_bytes(b"")
    found = unclean(folder)
    assert [recovery.path for recovery in found[1:]] == paths
    assert "no journal" in found[0].damage
    assert (found[0].acts, found[0].source) == (0, None)
    assert (folder / "notes.txt").exists()


def test_that_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert unclean(tmp_path / "nowhere") == ()


def test_that_a_journal_of_a_newer_version_is_kept_and_named(tmp_path: Path) -> None:
    path = end_process(work(tmp_path / "journals", begin(tmp_path / "ct.nii"))[0])
    content = bytearray(path.read_bytes())
    content[20] = 2
    path.write_bytes(content)
    assert "journal of version 2" in only(tmp_path / "journals").damage
    assert path.exists()


def test_that_a_beginning_that_was_never_finished_is_removed_after_a_day(tmp_path: Path) -> None:
    old, new = tmp_path / ".unfinished-1.journal", tmp_path / ".unfinished-2.journal"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1e9, 1e9))
    assert unclean(tmp_path) == ()
    assert [path.name for path in tmp_path.iterdir()] == [new.name]


@pytest.mark.parametrize("change", ["gone", "other"])
def test_that_a_study_is_not_recovered_onto_another_image(tmp_path: Path, change: str) -> None:
    path = end_process(work(tmp_path / "journals", begin(tmp_path / "ct.nii"))[0])
    (tmp_path / "ct.nii").unlink()
    if change == "other":
        write_image(tmp_path / "ct.nii", voxel=5)
    with pytest.raises(ReadError, match=f"{path.name}: its image"):
        recover(only(tmp_path / "journals"))
    assert path.exists()


def test_that_neither_names_nor_bytes_of_a_journal_are_the_patients(tmp_path: Path) -> None:
    study = begin(tmp_path / "Doe^Jane.nii")
    journal, _ = work(tmp_path / "journals", study)
    assert "Doe" not in journal.path.name
    assert journal.path.stat().st_size < 10_000
    journal.close()


def test_that_a_long_journal_begins_afresh_and_stays_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMPACT_BYTES", 20_000)
    study = begin(tmp_path / "ct.nii")
    journal = Journal.start(tmp_path / "journals", study, None)
    largest = 0
    for _ in range(150):
        act = paint(study, 1, WHOLE)
        journal.append(act)
        study.apply(act.inverse())
        journal.append(act.inverse())
        largest = max(largest, journal.path.stat().st_size)
    assert 20_000 < largest < 22_000
    end_process(journal)
    recovery = only(tmp_path / "journals")
    assert recovery.acts == 3 + 300
    assert state(recover(recovery)) == state(study)


def test_that_a_fresh_beginning_keeps_the_undo_of_the_latest_acts_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = begin(tmp_path / "ct.nii")
    latest = study.history[-1]
    size = sum(len(edit.changed) + len(edit.before) + len(edit.after) for edit in latest.edits)
    monkeypatch.setattr(module, "UNDO_BYTES", size)
    journal = Journal.start(tmp_path / "journals", study, None)
    study.apply(latest.inverse())
    journal.append(latest.inverse())
    earlier = study.history[-1]
    study.apply(earlier.inverse())
    journal.append(earlier.inverse())
    end_process(journal)
    recovered = recover(only(tmp_path / "journals"))
    assert state(recovered) == without_edits(state(study))
    assert not recovered.labels.voxels.any()


def test_that_an_act_that_was_not_told_is_in_the_journal_from_the_next_one_on(tmp_path: Path) -> None:
    study = begin(tmp_path / "ct.nii")
    journal = Journal.start(tmp_path / "journals", study, None)
    paint(study, 1, ROW)
    journal.append(paint(study, 2, WHOLE))
    journal.append(paint(study, 2, WHOLE))  # empty
    end_process(journal)
    assert state(recover(only(tmp_path / "journals"))) == state(study)


def test_that_nobody_waits_for_the_disk_and_it_is_asked_for_what_was_written_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = begin(tmp_path / "ct.nii")
    journal = Journal.start(tmp_path / "journals", study, None)
    may_go_on, sizes = Event(), []

    def slow(handle: int) -> None:
        may_go_on.wait()
        sizes.append(os.fstat(handle).st_size)

    monkeypatch.setattr(os, "fsync", slow)
    for label in (1, 2, 1):
        journal.append(paint(study, label, WHOLE))  # returns, though the disk has taken nothing
    written = journal.path.stat().st_size
    assert state(recover_copy(journal.path, tmp_path / "copy")) == state(study)
    may_go_on.set()
    until_flushed(journal)
    assert sizes[-1] == written
    assert len(sizes) <= 2  # one for all that came while it waited
    journal.close()


def recover_copy(path: Path, folder: Path) -> Study:
    """What the end of the process would leave now."""
    folder.mkdir()
    (folder / path.name).write_bytes(path.read_bytes())
    return recover(only(folder))


@pytest.mark.parametrize("half", [False, True])
def test_that_a_failed_write_is_told_and_made_good_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, half: bool
) -> None:
    study = begin(tmp_path / "ct.nii")
    journal = Journal.start(tmp_path / "journals", study, None)
    journal.append(paint(study, 1, ROW))
    good = journal.path.read_bytes()

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        journal.append(paint(study, 2, WHOLE))
        until_flushed(journal)
        for label in (1, 2, 1):
            with pytest.raises(WriteError, match=r"\.journal: "):
                journal.append(paint(study, label, WHOLE))
    if half:
        journal._let_go()
        journal.path.write_bytes(good + b"\x50\0\0\0half")
    journal.append(paint(study, 2, ROW))
    end_process(journal)
    recovery = only(tmp_path / "journals")
    assert not recovery.torn
    assert state(recover(recovery)) == state(study)


def test_that_what_the_disk_did_not_take_is_written_again_without_another_act(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = begin(tmp_path / "ct.nii")
    journal = Journal.start(tmp_path / "journals", study, None)
    may_go_on = Event()

    def fail(_: int) -> None:
        may_go_on.wait()
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        journal.append(paint(study, 2, WHOLE))
        assert not journal.settle()  # it has not answered
        may_go_on.set()
        until_flushed(journal)
        with pytest.raises(WriteError, match="disk is full"):
            journal.settle()
    journal._let_go()
    journal.path.write_bytes(b"what the disk made of it")
    assert journal.settle()
    assert journal.settle()  # and nothing is left to do
    end_process(journal)
    assert state(recover(only(tmp_path / "journals"))) == state(study)


def test_that_a_disk_that_is_full_for_a_while_leaves_no_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = begin(tmp_path / "ct.nii")
    journal = Journal.start(tmp_path / "journals", study, None)
    before = state(study)

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    def take_back() -> Act:
        act = study.history[-1].inverse()
        study.apply(act)
        return act

    acts: list[Callable[[], Act]] = [
        lambda: paint(study, 1, ROW),
        take_back,
        take_back,
        lambda: paint(study, 1, WHOLE),
    ]
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        journal.append(paint(study, 2, WHOLE))
        until_flushed(journal)
        for make in acts:  # as many in force as in the file, but not the same ones
            with pytest.raises(WriteError, match="disk is full|No space"):
                journal.append(make())
        with pytest.raises(WriteError):
            journal.saved(tmp_path / "a.swiftmed")
    assert len(study.history) == len(before[2]) + 1
    journal.append(paint(study, 2, ROW))
    end_process(journal)
    assert state(recover(only(tmp_path / "journals"))) == state(study)


def test_that_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match=r"cannot write .*\.journal: "):
        Journal.start(tmp_path / "file" / "journals", begin(tmp_path / "ct.nii"), None)


def test_that_a_lock_is_held_once(tmp_path: Path) -> None:
    first = Lock.taken(tmp_path / "a.lock")
    assert first is not None
    assert Lock.taken(tmp_path / "a.lock") is None
    first.release(remove=False)
    again = Lock.taken(tmp_path / "a.lock")
    assert again is not None
    again.release(remove=True)
    assert not (tmp_path / "a.lock").exists()


def rebuilt(path: Path, change: Callable[[bytes, bytes], tuple[bytes, bytes]]) -> None:
    """The journal with other records and true checksums."""
    content = path.read_bytes()
    out, checksum, position = content[:32], zlib.crc32(content[:32]), 32
    while position < len(content):
        length = int.from_bytes(content[position : position + 4], "little")
        data = content[position + 8 : position + 8 + length]
        record, checksum = frame(*change(data[:1], data[1:]), checksum)
        out += record
        position += 8 + length
    path.write_bytes(out)


@pytest.mark.parametrize(
    ("kind", "data", "seen"),
    [
        (b"S", b"no archive", True),
        (b"P", b"{}", True),
        (b"P", b'{"unsaved": "1"}', True),
        (b"D", b"{}", False),
        (b"D", b"[" * 100_000, False),
        (b"D", b"\xff", False),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_that_records_that_say_nothing_true_are_refused_in_one_sentence(
    tmp_path: Path, kind: bytes, data: bytes, seen: bool
) -> None:
    path = end_process(work(tmp_path / "journals", begin(tmp_path / "ct.nii"))[0])
    rebuilt(path, lambda was, content: (was, data if was == kind else content))
    recovery = only(tmp_path / "journals")
    assert bool(recovery.damage) is seen  # in the list already, where acts are only counted
    with pytest.raises(ReadError, match=rf"^cannot read .*{path.name}: [^\n]+$"):
        recover(recovery)


def test_that_an_edit_in_a_journal_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = end_process(work(tmp_path / "journals", begin(tmp_path / "ct.nii"))[0])

    packed = base64.b64encode(zlib.compress(bytes(50_000_000))).decode()

    def bomb(kind: bytes, data: bytes) -> tuple[bytes, bytes]:
        told = json.loads(data) if kind == b"D" else {}
        for edit in told.get("edits", []):
            edit["after"] = packed
        return kind, json.dumps(told).encode() if told else data

    rebuilt(path, bomb)
    recovery = only(tmp_path / "journals")
    tracemalloc.start()
    try:
        with pytest.raises(ReadError, match="damaged"):
            recover(recovery)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_that_a_snapshot_is_a_project_file(tmp_path: Path) -> None:
    path = end_process(Journal.start(tmp_path / "journals", begin(tmp_path / "ct.nii"), None))
    snapshots = []
    rebuilt(path, lambda kind, data: snapshots.append(data) or (kind, data) if kind == b"S" else (kind, data))  # type: ignore[func-returns-value]
    assert zipfile.ZipFile(io.BytesIO(snapshots[0])).namelist() == ["project.json", "labels.npy"]


def test_that_labels_come_back_with_a_journal_begun_at_an_empty_study(tmp_path: Path) -> None:
    study = open_image(write_image(tmp_path / "ct.nii"))
    journal = Journal.start(tmp_path / "journals", study, None)
    journal.append(study.change_labels("Add", [LabelChange(None, LIVER)]))
    end_process(journal)
    assert state(recover(only(tmp_path / "journals"))) == state(study)


@pytest.mark.skipif(sys.platform == "win32", reason="files that are open cannot be removed there")
def test_that_a_lock_whose_file_was_removed_while_it_was_being_taken_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, lock = tmp_path / "a.lock", journal_file._lock
    calls: list[int] = []

    def late(handle: int) -> bool:
        if not calls:
            path.unlink()  # whoever held it lets go just now
        calls.append(handle)
        return lock(handle)

    monkeypatch.setattr(journal_file, "_lock", late)
    first = Lock.taken(path)

    assert first is not None
    assert Lock.taken(path) is None
    first.release(remove=True)
