from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from convert.__main__ import main
from convert.challenge_table import CaseRow, markdown, read_seconds, score_folders, target_of, target_rows
from convert.metrics import nsd
from tests.engine.tiny_package import write_tiny_package


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("2DBox_X-Ray_1.npz", "X-Ray"),
        ("2DBox_XRay_1.npz", "X-Ray"),
        ("2DBox_US_1.npz", "US"),
        ("3DBox_CT_Abd.npz", "CT"),
        ("2DBox_OCT_1.npz", "OCT"),
        ("MR_heart_3.npz", "MR"),
        ("unknown.npz", "other"),
    ],
)
def test_that_a_file_name_tells_its_row(name: str, target: str) -> None:
    assert target_of(name) == target


def test_that_rows_come_in_the_order_of_the_read_me_and_the_average_is_theirs() -> None:
    cases = [
        CaseRow("a", "US", 0.5, 0.6, 2.0),
        CaseRow("b", "CT", 0.9, 0.8, 1.0),
        CaseRow("c", "CT", 0.7, 0.6, 3.0),
        CaseRow("d", "other", 1.0, 1.0, float("nan")),
    ]
    rows = target_rows(cases)
    assert [row.target for row in rows] == ["CT", "US", "other", "Average"]
    assert rows[-1].dsc == pytest.approx((0.8 + 0.5 + 1.0) / 3)
    lines = markdown(rows[:2]).splitlines()
    assert lines[0] == "| Target | DSC(%) | NSD(%) | Runtime (s) |"
    assert lines[2:] == ["| CT | 80.00 | 70.00 | 2.00 |", "| US | 50.00 | 60.00 | 2.00 |"]


def _folders(tmp_path: Path) -> tuple[Path, Path]:
    segs, gts = tmp_path / "segs", tmp_path / "gts"
    for folder in (segs, gts):
        folder.mkdir()
    truth = np.zeros((6, 20, 22), dtype=np.uint8)
    truth[1:5, 4:14, 5:15] = 1
    found = truth.copy()
    found[1:5, 4:14, 13:15] = 0
    np.savez_compressed(gts / "3DBox_CT_a.npz", gts=truth, spacing=(0.5, 1.0, 4.0))
    np.savez_compressed(segs / "3DBox_CT_a.npz", segs=found)
    np.savez_compressed(gts / "2DBox_US_b.npz", gts=truth[2])
    np.savez_compressed(segs / "2DBox_US_b.npz", segs=truth[2].astype(np.uint16))
    np.savez_compressed(gts / "2DBox_US_c.npz", gts=truth[2])
    return segs, gts


def test_that_files_are_scored_as_the_public_script_scores_them(tmp_path: Path) -> None:
    segs, gts = _folders(tmp_path)
    said: list[str] = []
    rows = {row.case: row for row in score_folders(segs, gts, say=said.append)}
    volume = rows["3DBox_CT_a.npz"]
    assert volume.dsc == pytest.approx(2 * 320 / 720)
    with np.load(gts / "3DBox_CT_a.npz") as truth, np.load(segs / "3DBox_CT_a.npz") as found:
        # the public script hands (x, y, z) to arrays of (z, y, x)
        assert volume.nsd == pytest.approx(nsd(truth["gts"] == 1, found["segs"] == 1, (0.5, 1.0, 4.0)))
        assert volume.nsd != pytest.approx(nsd(truth["gts"] == 1, found["segs"] == 1, (4.0, 1.0, 0.5)))
    assert (rows["2DBox_US_b.npz"].dsc, rows["2DBox_US_b.npz"].nsd) == (1.0, 1.0)
    assert (rows["2DBox_US_c.npz"].dsc, rows["2DBox_US_c.npz"].nsd) == (0.0, 0.0)  # it has no result
    assert [line.split(":")[0] for line in said] == ["2DBox_US_c.npz"]


def test_that_the_table_is_written_as_csv_and_markdown_with_a_plot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    segs, gts = _folders(tmp_path)
    times = tmp_path / "times.csv"
    times.write_text("case,time\n3DBox_CT_a.npz,1.5\n2DBox_US_b,0.25\n2DBox_US_c.npz,0.75\n")
    assert read_seconds(times)["2DBox_US_b.npz"] == 0.25
    out = tmp_path / "out"
    arguments = ["evaluate", "--gts", str(gts), "--segs", str(segs), "--seconds", str(times), "--out", str(out)]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "| Average | 69.44 |" in printed
    assert (out / "table.md").read_text().strip() in printed
    with (out / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["Target"] for row in rows] == ["CT", "US", "Average"]
    assert rows[1]["Runtime (s)"] == "0.50"
    assert (out / "table.png").read_bytes().startswith(b"\x89PNG")
    assert len((out / "cases.csv").read_text().splitlines()) == 4


def test_that_a_folder_is_segmented_and_timed(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "tiny", encoding="tokens")
    images = tmp_path / "images"
    images.mkdir()
    pixels = np.full((50, 60, 3), 20, dtype=np.uint8)
    pixels[10:30, 15:40] = 220
    truth = (pixels[..., 0] > 100).astype(np.uint8)
    np.savez_compressed(images / "2DBox_US_a.npz", imgs=pixels, boxes=[[14, 9, 40, 30]], gts=truth)
    out = tmp_path / "out"
    arguments = ["evaluate", "--images", str(images), "--gts", str(images), "--model", str(package)]
    assert main([*arguments, "--out", str(out)]) == 0
    with (out / "cases.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert float(row["dsc"]) > 0.9
    assert float(row["seconds"]) > 0.0
    with np.load(out / "segs" / "2DBox_US_a.npz") as stored:
        assert stored["segs"].shape == (50, 60)


def test_that_nothing_to_score_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--gts", str(tmp_path), "--segs", str(tmp_path)]) == 1
    assert "holds no NPZ files" in capsys.readouterr().err
    assert main(["evaluate", "--gts", str(tmp_path)]) == 1
    assert "--segs" in capsys.readouterr().err
