"""The cases of a folder: their names, the places of their results, and what is no case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from app.engine.cases import Case, cases_of, find_cases, numbered, result_paths, safe_name, stem_of
from app.engine.errors import ReadError
from app.engine.io.listing import Entry, Listing, Skipped
from app.engine.volume import Kind, Volume

_NIFTI: Any = nib.Nifti1Image  # its class is untyped


def _never() -> Volume:
    raise AssertionError("nothing is read to find cases")


def _entry(folder: Path, name: str, *files: str, kind: Kind = Kind.VOLUME) -> Entry:
    return Entry(name, kind, "CT", "", tuple(str(folder / file) for file in files or (name,)), _never)


def _case(name: str, kind: Kind = Kind.VOLUME) -> Case:
    place, _, member = name.partition("#")
    return Case(place, member, kind, (f"in/{place}",), _never)


def test_that_files_are_named_by_their_path_and_series_by_their_folder(tmp_path: Path) -> None:
    listing = Listing(
        (
            _entry(tmp_path, "1.2.3", "pat/ct/b.dcm", "pat/ct/a.dcm"),
            _entry(tmp_path, "pat/scan.mhd", "pat/scan.mhd", "pat/scan.raw"),
            _entry(tmp_path, "x.png", kind=Kind.PICTURE),
        )
    )

    names = [case.name for case in cases_of(listing, tmp_path).found]

    assert names == ["pat/ct", "pat/scan.mhd", "x.png"]


def test_that_several_images_at_one_place_are_told_apart_by_their_series(tmp_path: Path) -> None:
    listing = Listing(
        (
            _entry(tmp_path, "1.2", "ct/a", "ct/b"),
            _entry(tmp_path, "1.3", "ct/c", "ct/d"),
            _entry(tmp_path, "f.nii:t0", "f.nii"),
            _entry(tmp_path, "f.nii:t1", "f.nii"),
            _entry(tmp_path, "9.9", "top1", "top2"),
        )
    )

    found = cases_of(listing, tmp_path).found

    assert [case.name for case in found] == [".", "ct#1.2", "ct#1.3", "f.nii#t0", "f.nii#t1"]
    paths = [path.as_posix() for path in result_paths(found, Path("out"), None)]
    assert paths[1:] == [
        "out/ct_1.2_mask.nii.gz", "out/ct_1.3_mask.nii.gz", "out/f_t0_mask.nii.gz", "out/f_t1_mask.nii.gz",
    ]  # fmt: skip
    assert paths[0] == f"out/{tmp_path.name}_mask.nii.gz"


def test_that_broken_images_are_cases_and_other_files_are_not(tmp_path: Path) -> None:
    skipped = (Skipped(str(tmp_path / "cut.nii.gz"), "cut short"), Skipped(str(tmp_path / "notes.doc"), "no image"))

    cases = cases_of(Listing((_entry(tmp_path, "a.nii"),), skipped), tmp_path)

    assert [skip.file for skip in cases.broken] == [str(tmp_path / "cut.nii.gz")]
    assert [skip.file for skip in cases.others] == [str(tmp_path / "notes.doc")]


def test_that_cases_are_found_by_content_and_results_below_the_folder_are_left_out(tmp_path: Path) -> None:
    image = _NIFTI(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.eye(4))
    (tmp_path / "sub").mkdir()
    (tmp_path / "masks").mkdir()
    nib.save(image, tmp_path / "sub" / "scan.nii")
    (tmp_path / "sub" / "scan.nii").rename(tmp_path / "sub" / "scan.dat")
    nib.save(image, tmp_path / "masks" / "scan_mask.nii.gz")
    Image.fromarray(np.zeros((4, 5), dtype=np.uint8)).save(tmp_path / "picture.png")

    found = find_cases(tmp_path, without=tmp_path / "masks").found

    assert [(case.name, case.kind) for case in found] == [("picture.png", Kind.PICTURE), ("sub/scan.dat", Kind.VOLUME)]


def test_that_a_folder_of_broken_images_alone_names_each(tmp_path: Path) -> None:
    for name in ("a.nii.gz", "b.npz"):
        (tmp_path / name).write_bytes(b"nothing of the kind")

    assert [Path(skip.file).name for skip in find_cases(tmp_path).broken] == ["a.nii.gz", "b.npz"]


def test_that_a_folder_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="holds no image"):
        find_cases(tmp_path)


@pytest.mark.parametrize(
    ("name", "kind", "chosen", "path"),
    [
        ("a/ct.nii.gz", Kind.VOLUME, None, "a/ct_mask.nii.gz"),
        ("a/ct.NII", Kind.VOLUME, "nrrd", "a/ct_mask.nrrd"),
        ("x.jpeg", Kind.PICTURE, None, "x_mask.png"),
        ("x.jpeg", Kind.PICTURE, "nifti", "x_mask.nii.gz"),
        ("b/2DBox_US_1.npz", Kind.PICTURE, None, "b/2DBox_US_1.npz"),
        ("3DBox_CT_1.npz", Kind.VOLUME, "npz", "3DBox_CT_1.npz"),
        ("3DBox_CT_1.npz", Kind.VOLUME, "nifti", "3DBox_CT_1_mask.nii.gz"),
        ("series", Kind.VOLUME, None, "series_mask.nii.gz"),
    ],
)
def test_that_results_lie_as_their_cases_do(name: str, kind: Kind, chosen: str | None, path: str) -> None:
    assert result_paths([_case(name, kind)], Path("out"), chosen) == [Path("out") / path]


def test_that_no_two_cases_share_a_result_even_where_letter_case_does_not_count() -> None:
    cases = [_case("a.png"), _case("A.nii"), _case("a.nii.gz"), _case("b.nii")]

    paths = result_paths(cases, Path("out"), "nrrd")

    assert [path.name for path in paths] == ["a.png_mask.nrrd", "A.nii_mask.nrrd", "a.nii.gz_mask.nrrd", "b_mask.nrrd"]
    same = result_paths([_case("s#1:2"), _case("s#1?2")], Path("out"), None)
    assert len({str(path).lower() for path in same}) == 2


@pytest.mark.parametrize(
    ("name", "safe"),
    [("a:b?c", "a_b_c"), ("con", "_con"), ("NUL.txt", "_NUL.txt"), ("name. ", "name"), ("..", "_"), ("ü x", "ü x")],
)
def test_that_names_are_made_safe_for_every_system(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize(
    ("function", "argument", "expected"),
    [
        (stem_of, "a.b.nii.gz", "a.b"),
        (stem_of, "scan.DCM", "scan"),
        (stem_of, "1.2.840", "1.2.840"),
        (stem_of, ".nii", ".nii"),
        (lambda name: numbered(Path(name), 2).as_posix(), "x/a_mask.nii.gz", "x/a_mask_2.nii.gz"),
    ],
)
def test_that_extensions_of_images_are_taken_whole(
    function: Callable[[str], str], argument: str, expected: str
) -> None:
    assert function(argument) == expected
