"""`batch` with a file from which it can be resumed, with structure sets, and with several formats."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli import main
from app.engine.batch_job import BatchJob
from app.engine.batch_job_file import Mark
from app.engine.export import write_labels
from tests.engine.export.dicom_series import series, some_labels


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Three pictures with a bright square, and boxes for them."""
    pixels = np.zeros((40, 44), dtype=np.uint8)
    pixels[10:30, 12:32] = 200
    (tmp_path / "in").mkdir()
    cases = {}
    for name in "abc":
        Image.fromarray(pixels).save(tmp_path / "in" / f"{name}.png")
        cases[f"{name}.png"] = [{"label": "square", "box": [9, 8, 34, 31]}]
    (tmp_path / "boxes.json").write_text(json.dumps({"version": 1, "cases": cases}), encoding="utf-8")
    return tmp_path


def _begun(folder: Path, model: Path) -> Path:
    """A job of the command line that has ended."""
    job = folder / "night.swiftbatch"
    arguments = ["batch", "-i", str(folder / "in"), "-o", str(folder / "out"), "--prompts", str(folder / "boxes.json")]
    assert main([*arguments, "--model", str(model), "--job", str(job)]) == 0
    return job


def test_that_a_job_is_resumed_and_does_only_what_waits(
    pictures: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _begun(pictures, model)
    job = BatchJob.open(path)
    job.mark("a.png", Mark.ACCEPTED)
    (pictures / "out" / "b_mask.png").unlink()
    job.do_again("b.png")
    kept = (pictures / "out" / "a_mask.png").stat().st_mtime_ns
    capsys.readouterr()

    assert main(["batch", "--resume", str(path), "--report", str(pictures / "report.csv")]) == 0

    assert "3 done" in capsys.readouterr().out
    assert (pictures / "out" / "b_mask.png").is_file()
    assert (pictures / "out" / "a_mask.png").stat().st_mtime_ns == kept
    assert BatchJob.open(path).waiting == ()
    with (pictures / "report.csv").open(encoding="utf-8", newline="") as file:
        assert {row["case"]: row["mark"] for row in csv.DictReader(file)} == {
            "a.png": "accepted", "b.png": "", "c.png": "",
        }  # fmt: skip


def test_that_a_job_that_another_program_holds_is_not_resumed(
    pictures: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _begun(pictures, model)
    job = BatchJob.open(path)
    job.hold()

    code = main(["batch", "--resume", str(path)])
    job.release()

    assert code == 1
    assert "another window or program is working on" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("batch --resume {job} -i {in}", "--resume goes on with what the file says"),
        ("batch -o {out}", "--input and --output are needed"),
        ("batch -i {in} -o {out} --structures-from {out}", "is no folder of structure sets"),
        ("batch -i {in} -o {out} --format nifti,step", "'step' is no format"),
    ],
)
def test_that_wrong_use_of_jobs_is_told_in_one_sentence(
    pictures: Path, capsys: pytest.CaptureFixture[str], words: str, reason: str
) -> None:
    places = {"{job}": pictures / "x.swiftbatch", "{in}": pictures / "in", "{out}": pictures / "out"}

    code = main([str(places.get(word, word)) for word in words.split()])

    assert code == 2
    assert reason in capsys.readouterr().err


def test_that_structure_sets_give_the_boxes_and_masks_come_in_several_formats(model: Path, tmp_path: Path) -> None:
    volume = series(tmp_path / "in" / "ct")
    write_labels(tmp_path / "sets" / "ct.rtstruct.dcm", some_labels(), volume, label_names={2: "cyst", 5: "liver"})
    out, report = tmp_path / "out", tmp_path / "report.csv"
    arguments = ["batch", "-i", str(tmp_path / "in"), "-o", str(out), "--structures-from", str(tmp_path / "sets")]

    assert main([*arguments, "--model", str(model), "--format", "nrrd,nifti", "--report", str(report)]) == 0

    assert sorted(path.name for path in (out / "ct").parent.glob("ct_mask*")) == [
        "ct_mask.json", "ct_mask.nii.gz", "ct_mask.nrrd",
    ]  # fmt: skip
    with report.open(encoding="utf-8", newline="") as file:
        assert [row["label"] for row in csv.DictReader(file)] == ["cyst", "liver", "label 300"]
