"""Nothing half-written, nothing overwritten unasked."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.engine.errors import WriteError
from app.engine.export import staging, write_labels
from app.engine.export.staging import Output, publish
from app.engine.geometry import Geometry
from app.engine.volume import Volume

NAMES = ["a.nii.gz", "a.nii", "a.nrrd", "a.mha", "a.npz", "a.png"]
LIKE = Volume(np.zeros((1, 4, 5), np.int16), Geometry((1, 4, 5), np.eye(4)))
LABELS = np.arange(20, dtype=np.uint8).reshape(1, 4, 5)


def text(content: str, verified: str | None = None) -> dict[str, Any]:
    def verify(path: Path) -> None:
        if path.read_text() != (content if verified is None else verified):
            raise WriteError("read back, it differs")

    return {"write": lambda path: path.write_text(content), "verify": verify}


def output(target: Path, content: str = "new", **changes: Any) -> Output:
    return Output(**{"target": target, **text(content), **changes})


def failing(error: Exception) -> Any:
    def fail(path: Path, *_: Any, **__: Any) -> None:
        path.write_text("half of it")
        raise error

    return fail


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize("name", NAMES)
def test_that_nothing_is_overwritten_unasked(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("the user's")
    with pytest.raises(WriteError, match=rf"{name}: it exists already"):
        write_labels(tmp_path / name, LABELS, LIKE)
    assert contents(tmp_path) == {name: "the user's"}
    write_labels(tmp_path / name, LABELS, LIKE, overwrite=True)
    assert (tmp_path / name).read_bytes() != b"the user's"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_that_a_file_that_appears_meanwhile_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    with pytest.raises(WriteError, match="it exists already"):
        publish([output(target, verify=lambda _: target.write_text("the user's"))], overwrite=False)
    assert contents(tmp_path) == {"a.txt": "the user's"}


def test_that_a_sidecar_of_someone_else_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"EchoTime": 1}')
    for overwrite in (False, True):
        with pytest.raises(WriteError, match=r"a\.json"):
            write_labels(tmp_path / "a.nii", LABELS, LIKE, provenance={}, overwrite=overwrite)
    assert contents(tmp_path) == {"a.json": '{"EchoTime": 1}'}
    (tmp_path / "a.json").unlink()
    for model in ("one", "two"):
        write_labels(tmp_path / "a.nii", LABELS, LIKE, provenance={"Model": model}, overwrite=True)
        assert json.loads((tmp_path / "a.json").read_text())["Model"] == model


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EACCES, "permission was denied"),
        (errno.EROFS, "the disk is read-only"),
    ],
)
@pytest.mark.parametrize("overwrite", [False, True])
def test_that_a_failure_leaves_everything_as_it_was(tmp_path: Path, number: int, reason: str, overwrite: bool) -> None:
    before = {"first.txt": "old", "second.txt": "old"} if overwrite else {}
    for name, content in before.items():
        (tmp_path / name).write_text(content)
    outputs = [output(tmp_path / "first.txt"), output(tmp_path / "second.txt", write=failing(OSError(number, "x")))]
    with pytest.raises(WriteError, match=f"second.txt: {reason}"):
        publish(outputs, overwrite=overwrite)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("error", [RuntimeError("ITK ERROR\nlast line"), ValueError("no"), MemoryError()])
def test_that_what_libraries_raise_becomes_one_sentence(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(WriteError, match=r"a\.txt: (the library that writes it failed|there is not enough)") as caught:
        publish([output(tmp_path / "a.txt", write=failing(error))], overwrite=False)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("overwrite", [False, True])
def test_that_a_file_that_reads_back_otherwise_is_not_delivered(tmp_path: Path, overwrite: bool) -> None:
    before = {"a.txt": "old"} if overwrite else {}
    for name, content in before.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(WriteError, match="differs"):
        publish([Output(tmp_path / "a.txt", **text("new", "other"))], overwrite=overwrite)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("overwrite", [False, True])
def test_that_a_failed_move_of_the_second_file_takes_the_first_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overwrite: bool
) -> None:
    before = {"first.txt": "old", "second.txt": "old"} if overwrite else {}
    for name, content in before.items():
        (tmp_path / name).write_text(content)
    moves = staging._move

    def move(aside: Path, target: Path, *, overwrite: bool) -> None:
        if target.name == "second.txt":
            raise OSError(errno.ENOSPC, "full")
        moves(aside, target, overwrite=overwrite)

    monkeypatch.setattr(staging, "_move", move)
    with pytest.raises(WriteError, match="second.txt: the disk is full"):
        publish([output(tmp_path / "first.txt"), output(tmp_path / "second.txt")], overwrite=overwrite)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("overwrite", [False, True])
def test_that_disks_without_links_are_served_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overwrite: bool
) -> None:
    def no_links(*_: Any) -> None:
        raise OSError(errno.EPERM, "no links")

    monkeypatch.setattr(os, "link", no_links)
    target = tmp_path / "a.txt"
    publish([output(target, "one")], overwrite=overwrite)
    assert contents(tmp_path) == {"a.txt": "one"}
    if overwrite:
        publish([output(target, "two")], overwrite=True)
        assert contents(tmp_path) == {"a.txt": "two"}
    else:
        with pytest.raises(WriteError, match="it exists already"):
            staging._move_without_links(tmp_path / "other", target)
        assert contents(tmp_path) == {"a.txt": "one"}


def test_that_a_folder_or_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.nii").mkdir()
    (tmp_path / "file").touch()
    for overwrite in (False, True):
        with pytest.raises(WriteError, match="there is a folder of that name"):
            write_labels(tmp_path / "a.nii", LABELS, LIKE, overwrite=overwrite)
        with pytest.raises(WriteError, match="a file, not a folder"):
            write_labels(tmp_path / "file" / "a.nii", LABELS, LIKE, overwrite=overwrite)
        with pytest.raises(WriteError, match="the name is too long"):
            write_labels(tmp_path / ("x" * 300 + ".nii"), LABELS, LIKE, overwrite=overwrite)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.nii", "file"]


DYING = """
import sys, os
from pathlib import Path
import numpy as np
from app.engine.export import labels, write_labels
from app.engine.geometry import Geometry
from app.engine.volume import Volume
import app.engine.export.check as check, importlib
module = importlib.import_module("app.engine.export." + sys.argv[2])
module.check_voxels = lambda *_: os._exit(9)
like = Volume(np.zeros((1, 4, 5), np.int16), Geometry((1, 4, 5), np.eye(4)))
write_labels(Path(sys.argv[1]), np.ones((1, 4, 5), np.uint8), like, overwrite=True)
"""


@pytest.mark.parametrize(
    ("name", "module"), [("a.nii.gz", "nifti"), ("a.nrrd", "itk"), ("a.npz", "npz"), ("a.png", "png")]
)
def test_that_a_crash_in_the_middle_leaves_the_old_file(
    tmp_path: Path, project_root: Path, name: str, module: str
) -> None:
    (tmp_path / name).write_text("old")
    code = subprocess.run(
        [sys.executable, "-c", DYING, str(tmp_path / name), module], cwd=project_root, check=False, timeout=120
    ).returncode
    assert code == 9
    assert (tmp_path / name).read_text() == "old"
    left = [path.name for path in tmp_path.iterdir() if path.name != name]
    assert all(other.startswith(".unfinished-") for other in left)  # hidden: no reader takes it for an image
    assert len(left) == 1


SMALL_DISK = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from app.engine.errors import WriteError
from app.engine.export import write_labels
from app.engine.geometry import Geometry
from app.engine.volume import Volume
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
labels = np.random.default_rng(0).integers(0, 9, (8, 64, 64)).astype(np.uint8)
like = Volume(labels, Geometry(labels.shape, np.eye(4)))
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    write_labels(Path(sys.argv[1]), labels, like)
except WriteError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on the size of files")
@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii", "a.nrrd", "a.mha", "a.npz"])
def test_that_a_disk_that_fills_up_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, project_root: Path, name: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SMALL_DISK, str(tmp_path / name)],
        cwd=project_root,
        check=True,
        timeout=120,
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith(f"cannot write {tmp_path / name}: ")
    assert len(done.stdout.splitlines()) == 1
    assert not list(tmp_path.iterdir())
