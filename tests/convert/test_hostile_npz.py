"""Challenge files that mean harm, or are none: one sentence each, whoever reads them."""

from __future__ import annotations

import io
import os
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from convert.__main__ import main
from convert.challenge_table import score_folders
from convert.metrics import challenge_scores, dsc

TRUTH: NDArray[np.uint8] = np.zeros((4, 12, 12), dtype=np.uint8)
TRUTH[1:3, 3:9, 3:9] = 1


class Hostile:
    """Unpickled by an ordinary unpickler, it makes a folder."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("made",)


def npy(shape: str, dtype: str = "<u1", data: bytes = b"") -> bytes:
    """An array's file that declares whatever one likes."""
    head = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + data


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return path


def stored(array: NDArray[Any]) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


HOSTILE: dict[str, Callable[[Path], object]] = {
    "no archive": lambda path: path.write_bytes(b"nothing"),
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-40]),
    "pickle": lambda path: np.savez(path, gts=np.array([Hostile()], dtype=object), spacing=(1, 1, 1)),
    "pickled spacing": lambda path: np.savez(path, gts=TRUTH, spacing=np.array([Hostile()], dtype=object)),
    "declares terabytes": lambda path: archive(path, {"gts": npy("(1048576, 1048576)"), "spacing": npy("(3,)")}),
    "terabytes of spacing": lambda path: archive(
        path, {"gts": stored(TRUTH), "spacing": npy("(1099511627776,)", "<f8")}
    ),
    "bomb": lambda path: archive(path, {"gts": npy("(32768, 32768)", data=bytes(1 << 20)), "spacing": npy("(3,)")}),
    "text": lambda path: np.savez(path, gts=np.array([["a"]]), spacing=(1, 1, 1)),
    "complex": lambda path: np.savez(path, gts=TRUTH * 1j, spacing=(1, 1, 1)),
    "fractions": lambda path: np.savez(path, gts=TRUTH * 0.5, spacing=(1, 1, 1)),
    "no number": lambda path: np.savez(path, gts=np.where(TRUTH, np.nan, 0), spacing=(1, 1, 1)),
    "negative": lambda path: np.savez(path, gts=TRUTH.astype(np.int16) - 2, spacing=(1, 1, 1)),
    "one dimension": lambda path: np.savez(path, gts=TRUTH.ravel(), spacing=(1, 1, 1)),
    "no voxel": lambda path: np.savez(path, gts=TRUTH[:0], spacing=(1, 1, 1)),
    "no labels": lambda path: np.savez(path, imgs=TRUTH, spacing=(1, 1, 1)),
    "no spacing": lambda path: np.savez(path, gts=TRUTH),
    "spacing of nothing": lambda path: np.savez(path, gts=TRUTH, spacing=(0, 1, 1)),
    "spacing of two": lambda path: np.savez(path, gts=TRUTH, spacing=(1, 1)),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two cases, truth and result alike, which is the working folder as well."""
    monkeypatch.chdir(tmp_path)
    for name in ("gts", "segs"):
        (tmp_path / name).mkdir()
        for case in ("3DBox_CT_a.npz", "3DBox_CT_b.npz"):
            archive(tmp_path / name / case, {name: stored(TRUTH), "spacing": stored(np.array([1, 1, 2]))})
    return tmp_path


@pytest.mark.parametrize("what", HOSTILE)
def test_that_a_truth_that_cannot_be_trusted_is_left_out_in_a_sentence(
    what: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    HOSTILE[what](folder / "gts" / "3DBox_CT_a.npz")
    assert main(["evaluate", "--gts", "gts", "--segs", "segs"]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert sum("3DBox_CT_a.npz" in line for line in printed) == 1
    assert "| Average | 100.00 | 100.00 |" in printed[-1]  # of the other
    assert not (folder / "made").exists()


@pytest.mark.parametrize("what", ["declares terabytes", "terabytes of spacing", "bomb"])
def test_that_sizes_are_checked_before_memory_is_taken(what: str, folder: Path) -> None:
    HOSTILE[what](folder / "gts" / "3DBox_CT_a.npz")
    tracemalloc.start()
    try:
        score_folders(folder / "segs", folder / "gts", say=lambda _: None)
        assert tracemalloc.get_traced_memory()[1] < 1 << 24
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("what", [name for name in HOSTILE if "spacing" not in name])
def test_that_a_result_that_cannot_be_trusted_scores_nothing_and_is_said(what: str, folder: Path) -> None:
    HOSTILE[what](folder / "segs" / "3DBox_CT_a.npz")
    said: list[str] = []
    rows = {row.case: row for row in score_folders(folder / "segs", folder / "gts", say=said.append)}
    assert (rows["3DBox_CT_a.npz"].dsc, rows["3DBox_CT_a.npz"].nsd) == (0.0, 0.0)
    assert rows["3DBox_CT_b.npz"].dsc == 1.0
    (line,) = said
    assert line.startswith("3DBox_CT_a.npz: ")
    assert "\n" not in line
    assert not (folder / "made").exists()


@pytest.mark.parametrize("command", ["fuse", "index", "train", "export"])
def test_that_other_commands_refuse_them_too(command: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for case in (folder / "gts").iterdir():
        HOSTILE["pickle"](case)
    arguments = {
        "fuse": ["fuse", "gts", "segs", "-o", "out"],
        "index": ["data", "index", "gts", "-o", "out"],
        "train": ["train", "--network", "swiftmedsam", "--data", "gts", "--out", "out", "--epochs", "1"],
        "export": ["export", "none.pth", "-o", "out", "--data", "gts"],
    }[command]
    code = main(arguments)
    captured = capsys.readouterr()
    assert code == 1
    assert captured.err.count("\n") == 1 or "3DBox_CT_a: " in captured.out
    assert not (folder / "made").exists()


def test_that_a_table_of_seconds_that_is_none_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "times.csv").write_bytes(b"case,time\n\xff\xfe,1\n")
    assert main(["evaluate", "--gts", "gts", "--segs", "segs", "--seconds", "times.csv"]) == 1
    assert "no table of seconds" in capsys.readouterr().err


def test_that_a_label_of_65535_does_not_take_as_many_looks() -> None:
    gts = np.zeros((40, 200, 200), dtype=np.uint16)
    gts[3, 4:90] = 65535
    score = challenge_scores(gts, gts, (1.0, 1.0, 1.0))
    assert len(score.labels) == 65535
    assert np.isnan(score.dsc)  # as the public script has it: labels that are in neither map
    assert score.label_dsc[-1] == 1.0


def test_that_labels_counted_together_are_those_counted_one_by_one(rng: np.random.Generator) -> None:
    gts, segs = (rng.integers(0, 6, (5, 9, 8)).astype(np.uint8) for _ in range(2))
    segs[gts == 2] = 9
    expected = tuple(dsc(gts == v, segs == v) for v in range(1, 6))
    assert challenge_scores(gts, segs, (1.0, 1.0, 1.0)).label_dsc == expected
