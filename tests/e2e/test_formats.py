"""`segment` and `batch` on a DICOM series, into every format that is no image: what an archive or a workshop takes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest

from app.cli import main
from app.engine.phantom import Phantom
from app.engine.prompt import Box3D
from tests.e2e.conftest import inclusive
from tests.engine.io.dicom_fixtures import positions, write_series


@pytest.fixture
def study(tmp_path: Path, phantom: Phantom) -> Path:
    """A folder with one series, and prompts for it beside it."""
    voxels = np.asarray(phantom.volume.voxels, np.int16)
    places = positions(len(voxels), step=10.0)
    write_series(tmp_path / "study" / "ct", voxels, places, PixelSpacing=[5.0, 5.0], SliceThickness=10.0)
    box = {"label": "Wirbel", "box3d": [int(part) for part in inclusive(organ(phantom)).split(",")]}
    (tmp_path / "prompts.json").write_text(json.dumps({"version": 1, "cases": {"ct": [box]}}), encoding="utf-8")
    return tmp_path / "study"


def organ(phantom: Phantom) -> Box3D:
    box = Box3D.of_mask(phantom.mask("vertebra"))
    assert box is not None
    return box


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("dicom-seg", ".seg.dcm"),
        ("rtstruct", ".rtstruct.dcm"),
        ("stl", ".stl"),
        ("obj", ".obj"),
        ("ply", ".ply"),
    ],
)
def test_that_a_batch_writes_every_format_and_goes_on_where_it_ended(
    study: Path, model: Path, tmp_path: Path, name: str, ending: str
) -> None:
    call = ("batch", "-i", study, "-o", tmp_path / "out", "--prompts", tmp_path / "prompts.json", "--format", name)
    rows = []
    for turn in ("first", "second"):
        report = tmp_path / f"{turn}.csv"
        assert run(*call, "--model", model, "--report", report) == 0
        with report.open(encoding="utf-8", newline="") as file:
            rows.append(next(csv.DictReader(file)))
    (mask,) = (tmp_path / "out").rglob(f"*{ending}")
    assert mask.name == f"ct_mask{ending}"
    assert mask.with_name("ct_mask.json").is_file()
    assert [row["status"] for row in rows] == ["done", "skipped"]
    assert rows[0]["label"] == rows[1]["label"] == "Wirbel"
    assert rows[0]["voxels"] == rows[1]["voxels"] != "0"

    mask.write_bytes(mask.read_bytes()[:-200])  # as after a power cut: done again
    assert run(*call, "--model", model, "--report", tmp_path / "third.csv") == 0
    assert "done" in (tmp_path / "third.csv").read_text(encoding="utf-8")


def test_that_segment_writes_a_segmentation_whose_voxels_are_those_it_told_of(
    study: Path, model: Path, phantom: Phantom, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = inclusive(organ(phantom))
    target = tmp_path / "a.dcm"
    call = ("segment", study / "ct", "--box3d", box, "-o", target, "--format", "dicom-seg", "--model", model, "--json")
    assert run(*call) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["mask"] == str(target)
    volume = highdicom.seg.segread(target).get_volume(combine_segments=True)
    assert np.count_nonzero(volume.array) == told["labels"][0]["voxels"] > 0
    (algorithm,) = pydicom.dcmread(target).SegmentSequence[0].SegmentationAlgorithmIdentificationSequence
    assert algorithm.AlgorithmName == told["model"]


def test_that_a_format_that_needs_a_series_is_refused_before_the_work(
    project_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = project_root / "resources" / "samples" / "mr_brain_mni152.nii.gz"
    call = ("segment", sample, "--box3d", "1,1,1,9,9,9", "-o", tmp_path / "a.seg.dcm", "--model", tmp_path / "nothing")
    assert run(*call) == 1
    assert "not from a DICOM series" in capsys.readouterr().err  # and not that there is no such model
    assert not list(tmp_path.iterdir())
