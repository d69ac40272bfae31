"""`info`: everything that is there is listed, and what is broken hides nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli import main
from tests.e2e.conftest import Run, write_nifti

_KEYS = {
    "id", "kind", "modality", "shape_zyx", "spacing_mm_zyx", "affine_lps_xyz", "dtype", "unit", "min", "max", "mean",
    "findings", "files",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A NIfTI volume, a picture, a NIfTI cut short, and a text."""
    voxels = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)
    affine_ras = np.array([[-2.0, 0, 0, 10], [0, -3.0, 0, 20], [0, 0, 5.0, 30], [0, 0, 0, 1]])
    write_nifti(tmp_path / "Bücher" / "ct.nii", voxels, affine_ras)
    Image.fromarray(np.full((5, 7, 3), 9, dtype=np.uint8)).save(tmp_path / "photo.png")
    whole = write_nifti(tmp_path / "cut.nii", voxels, affine_ras)
    whole.write_bytes(whole.read_bytes()[:-8])
    (tmp_path / "notes.txt").write_text("nothing", encoding="utf-8")
    return tmp_path


def test_that_info_lists_all_images_of_a_folder_as_one_json_object(folder: Path, run_app: Run) -> None:
    document = run_app("info", folder, "--json").json

    assert set(document) == {"input", "volumes", "skipped"}
    assert document["input"] == str(folder)
    by_id = {volume["id"]: volume for volume in document["volumes"]}
    assert set(by_id) == {"Bücher/ct.nii", "photo.png"}
    ct, photo = by_id["Bücher/ct.nii"], by_id["photo.png"]
    assert set(ct) == set(photo) == _KEYS
    assert ct["affine_lps_xyz"] == [[2.0, 0, 0, -10.0], [0, 3.0, 0, -20.0], [0, 0, 5.0, 30.0], [0, 0, 0, 1.0]]
    assert (ct["kind"], ct["shape_zyx"], ct["spacing_mm_zyx"]) == ("volume", [2, 3, 4], [5.0, 3.0, 2.0])
    assert (ct["dtype"], ct["min"], ct["max"], ct["mean"]) == ("int16", 0.0, 23.0, 11.5)
    assert (photo["kind"], photo["shape_zyx"]) == ("picture", [1, 5, 7])
    assert (photo["affine_lps_xyz"], photo["spacing_mm_zyx"]) == (None, None)
    assert (photo["min"], photo["max"], photo["mean"]) == (9.0, 9.0, 9.0)
    (skipped,) = document["skipped"]
    assert skipped["file"] == str(folder / "cut.nii")
    assert "cut short" in skipped["reason"]


def test_that_info_says_the_same_in_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(folder)]) == 0

    said = capsys.readouterr()
    assert "2 x 3 x 4 voxels (z, y, x), 5 x 3 x 2 mm, int16" in said.out
    assert "1 x 5 x 7 voxels (z, y, x), no millimetres, uint8" in said.out
    assert "skipped: cannot read" in said.out
    assert said.err == ""


def test_that_series_chooses_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(folder), "--json", "--series", "photo.png"]) == 0

    assert [volume["id"] for volume in json.loads(capsys.readouterr().out)["volumes"]] == ["photo.png"]


@pytest.mark.parametrize("name", ["cut.nii", "notes.txt", "nowhere"])
def test_that_what_cannot_be_read_is_code_1_and_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(["info", str(folder / name), "--json"]) == 1

    said = capsys.readouterr()
    assert name in said.err
    assert said.err.count("\n") == 1
