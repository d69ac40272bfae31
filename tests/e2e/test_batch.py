"""`batch`: a folder in, a folder out, one broken case alone fails, and a second run goes on."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli import main
from app.engine.phantom import Phantom
from app.engine.prompt import Box3D
from tests.e2e.conftest import Run, overlap, write_nifti


def _squares(count: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture (H, W, 3) of bright squares of 6 x 6 on a grid, and a box, 1 voxel larger, for each."""
    across = 20
    down = -(-count // across)
    pixels = np.zeros((down * 12, across * 12, 3), dtype=np.uint8)
    boxes = []
    for n in range(count):
        x, y = (n % across) * 12 + 3, (n // across) * 12 + 3
        pixels[y : y + 6, x : x + 6] = 230
        boxes.append((x - 1, y - 1, x + 6, y + 6))
    return pixels, np.array(boxes)


@pytest.fixture
def challenge(tmp_path: Path, phantom: Phantom) -> Path:
    """A folder as the challenge's script gets it, with one file that is no archive."""
    folder = tmp_path / "inputs"
    folder.mkdir()
    pixels, boxes = _squares(260)
    np.savez_compressed(folder / "2DBox_Microscopy_1.npz", imgs=pixels, boxes=boxes)
    np.savez_compressed(folder / "2DBox_US_2.npz", imgs=pixels[:24, :24], boxes=np.array([[2, 2, 9, 9], [2, 2, 21, 9]]))
    voxels = np.clip(phantom.volume.voxels / 4 + 100, 0, 255).astype(np.uint8)
    box = Box3D.of_mask(phantom.mask("vertebra"))
    assert box is not None
    whole = (box.x0, box.y0, 0, box.x1 - 1, box.y1 - 1, len(voxels) - 1)
    np.savez_compressed(
        folder / "3DBox_CT_3.npz", imgs=voxels, boxes=np.array([whole]), spacing=np.array([5.0, 5.0, 10.0])
    )
    (folder / "3DBox_MR_4.npz").write_bytes(b"PK\x03\x04 cut short")
    return folder


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _segs(path: Path) -> np.ndarray:
    with np.load(path, allow_pickle=False) as saved:
        segs: np.ndarray = saved["segs"]
    return segs


def test_that_batch_stands_in_for_the_challenges_script(
    run_app: Run, model: Path, challenge: Path, phantom: Phantom, tmp_path: Path
) -> None:
    out, report = tmp_path / "outputs", tmp_path / "report.csv"

    ended = run_app("batch", "-i", challenge, "-o", out, "--model", model, "--report", report, code=1)

    assert sorted(path.name for path in out.glob("*.npz")) == [
        "2DBox_Microscopy_1.npz",
        "2DBox_US_2.npz",
        "3DBox_CT_3.npz",
    ]
    many = _segs(out / "2DBox_Microscopy_1.npz")
    pixels, boxes = _squares(260)
    assert many.dtype == np.uint16
    assert many.shape == pixels.shape[:2]
    assert [int(many[y0 + 4, x0 + 4]) for x0, y0, _, _ in boxes] == list(range(1, 261))
    later = _segs(out / "2DBox_US_2.npz")
    assert later.dtype == np.uint8
    assert later[5, 5] == later[5, 17] == 2  # the second box covers the first
    deep = _segs(out / "3DBox_CT_3.npz")
    truth = phantom.mask("vertebra")
    assert deep.shape == truth.shape
    assert overlap(deep == 1, truth) > 0.6
    assert "3DBox_MR_4.npz: FAILED" in ended.err
    assert "3 done, 1 failed" in ended.out
    rows = _rows(report)
    assert {row["case"]: row["status"] for row in rows} == {
        "2DBox_Microscopy_1.npz": "done",
        "2DBox_US_2.npz": "done",
        "3DBox_CT_3.npz": "done",
        "3DBox_MR_4.npz": "failed",
    }
    assert len(rows) == 260 + 2 + 1 + 1
    ct = next(row for row in rows if row["case"] == "3DBox_CT_3.npz")
    assert int(ct["voxels"]) == np.count_nonzero(deep)
    assert float(ct["volume_ml"]) == pytest.approx(np.count_nonzero(deep) * 0.25, rel=1e-4)
    assert ct["model"] == "tiny"


def test_that_a_second_run_skips_what_is_complete_and_redoes_what_is_not(
    model: Path, challenge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (challenge / "2DBox_Microscopy_1.npz").unlink()  # only takes time here
    out, report = tmp_path / "outputs", tmp_path / "report.csv"
    arguments = ["batch", "-i", str(challenge), "-o", str(out), "--model", str(model), "--report", str(report)]
    assert main(arguments) == 1
    first = {row["case"]: row["voxels"] for row in _rows(report)}
    cut, kept = out / "2DBox_US_2.npz", out / "3DBox_CT_3.npz"
    whole, age = cut.read_bytes(), kept.stat().st_mtime_ns
    cut.write_bytes(whole[: len(whole) // 2])
    (challenge / "3DBox_MR_4.npz").unlink()

    assert main([*arguments, "--existing", "skip"]) == 0

    rows = _rows(report)
    assert {row["case"]: row["status"] for row in rows} == {"2DBox_US_2.npz": "done", "3DBox_CT_3.npz": "skipped"}
    assert {row["case"]: row["voxels"] for row in rows} == {c: v for c, v in first.items() if c != "3DBox_MR_4.npz"}
    assert kept.stat().st_mtime_ns == age
    assert np.array_equal(_segs(cut) > 0, _segs(cut) == 2)
    assert "1 done, 1 skipped" in capsys.readouterr().out


def test_that_existing_results_are_replaced_or_numbered_where_that_is_asked(model: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    pixels, boxes = _squares(1)
    np.savez_compressed(tmp_path / "in" / "2DBox_US_1.npz", imgs=pixels, boxes=boxes)
    arguments = ["batch", "-i", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--model", str(model)]
    assert main(arguments) == 0
    target = tmp_path / "out" / "2DBox_US_1.npz"
    age = target.stat().st_mtime_ns

    assert main([*arguments, "--existing", "number"]) == 0
    assert main([*arguments, "--existing", "number"]) == 0
    assert target.stat().st_mtime_ns == age
    assert sorted(p.name for p in target.parent.glob("*.npz")) == [
        "2DBox_US_1.npz",
        "2DBox_US_1_2.npz",
        "2DBox_US_1_3.npz",
    ]

    assert main([*arguments, "--existing", "replace"]) == 0
    assert target.stat().st_mtime_ns > age


@pytest.fixture
def mixed(tmp_path: Path, phantom: Phantom) -> Path:
    """A NIfTI volume in a sub-folder and a picture."""
    affine = np.diag([5.0, 5.0, 10.0, 1.0])
    write_nifti(tmp_path / "in" / "p1" / "ct.nii.gz", phantom.volume.voxels, affine)
    write_nifti(tmp_path / "ref" / "p1" / "ct.nii.gz", phantom.labels, affine)
    pixels, _ = _squares(1)
    Image.fromarray(pixels).save(tmp_path / "in" / "cell.png")
    return tmp_path / "in"


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_that_a_prompt_file_serves_a_folder_and_wrong_entries_fail_alone(
    model: Path, mixed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], jobs: str
) -> None:
    cases = {
        "p1/ct.nii.gz": [{"label": "outside", "box": [900, 900, 990, 990], "slice": 3}],
        "cell.png": [{"label": "cell", "box": [2, 2, 9, 9]}],
        "missing.png": [{"box": [1, 1, 2, 2]}],
    }
    prompts = tmp_path / "prompts.json"
    prompts.write_text(json.dumps({"version": 1, "cases": cases}), encoding="utf-8")
    out, report = tmp_path / "out", tmp_path / "report.csv"
    arguments = ["batch", "-i", str(mixed), "-o", str(out), "--prompts", str(prompts), "--report", str(report)]

    assert main([*arguments, "--model", str(model), "--jobs", jobs]) == 1

    rows = {row["case"]: row for row in _rows(report)}
    assert {case: row["status"] for case, row in rows.items()} == {
        "p1/ct.nii.gz": "failed", "cell.png": "done", "missing.png": "failed",
    }  # fmt: skip
    assert "label 'outside'" in rows["p1/ct.nii.gz"]["message"]
    assert "holds no such case" in rows["missing.png"]["message"]
    assert rows["cell.png"]["label"] == "cell"
    with Image.open(out / "cell_mask.png") as mask:
        assert np.asarray(mask)[5, 5] == 2  # 1 is the other label of the file
    assert not (out / "p1").exists()
    assert "missing.png: FAILED" in capsys.readouterr().err


def test_that_reference_label_maps_give_the_boxes(
    model: Path, mixed: Path, phantom: Phantom, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.csv"
    arguments = ["batch", "-i", str(mixed), "-o", str(tmp_path / "out"), "--boxes-from", str(tmp_path / "ref")]

    assert main([*arguments, "--model", str(model), "--report", str(report), "--format", "nrrd"]) == 0

    rows = _rows(report)
    assert [row["value"] for row in rows if row["case"] == "p1/ct.nii.gz"] == ["1", "2", "3", "4"]
    assert [row["status"] for row in rows if row["case"] == "cell.png"] == ["no prompts"]
    assert (tmp_path / "out" / "p1" / "ct_mask.nrrd").is_file()
    assert "1 done, 1 no prompts" in capsys.readouterr().out


def test_that_references_are_never_taken_for_results(
    challenge: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    references = tmp_path / "references"
    references.mkdir()

    code = main(["batch", "-i", str(challenge), "-o", str(references), "--boxes-from", str(references)])

    assert code == 2
    assert "references and outputs must be different folders" in capsys.readouterr().err
