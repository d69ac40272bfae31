from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine.errors import ReadError
from convert.__main__ import main
from convert.fuse import Method, agreement, fuse, fuse_folders, read_segs


def block(rows: slice, value: int = 1) -> NDArray[np.uint16]:
    labels = np.zeros((3, 12, 10), dtype=np.uint16)
    labels[:, rows, 2:8] = value
    return labels


def test_that_most_votes_win_and_even_ones_are_background() -> None:
    fused = fuse([block(slice(2, 8)), block(slice(3, 9)), block(slice(4, 10))], "majority")
    np.testing.assert_array_equal(fused, block(slice(3, 9)))
    assert not fuse([block(slice(2, 8)), block(slice(2, 8), 5)], "majority").any()


def test_that_staple_trusts_those_who_agree() -> None:
    good = block(slice(3, 9))
    other = good.copy()
    other[0, 3, 2] = 0
    bad = block(slice(0, 3))
    np.testing.assert_array_equal(fuse([good, other, good, bad], "staple"), good)


@pytest.mark.parametrize("method", ["majority", "staple"])
def test_that_maps_that_agree_stay_with_all_their_labels(method: Method) -> None:
    labels = block(slice(1, 4)) + block(slice(6, 11), 300)
    np.testing.assert_array_equal(fuse([labels, labels, labels], method), labels)


def test_that_agreement_is_the_mean_over_pairs_and_labels() -> None:
    a, b = block(slice(2, 8)), block(slice(5, 11))  # half of each in common
    found = agreement("x", [a, b, a])
    assert found.pairwise_dsc == pytest.approx((0.5 + 1.0 + 0.5) / 3)
    assert found.unanimous == pytest.approx(3 / 9)
    assert (found.maps, found.labels) == (3, 1)
    assert agreement("x", [a * 0, a * 0]).pairwise_dsc == 1.0


def test_that_maps_of_other_shapes_are_refused() -> None:
    with pytest.raises(ReadError, match="different shapes"):
        fuse([block(slice(2, 8)), block(slice(2, 8))[:2]], "majority")


def test_that_folders_are_fused_into_files_of_their_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    affine = np.diag([0.5, 0.5, 2.0, 1.0])
    for n, rows in enumerate((slice(2, 8), slice(3, 9), slice(4, 10))):
        folder = tmp_path / f"reader{n}"
        folder.mkdir()
        labels = block(rows)
        np.savez_compressed(folder / "3DBox_CT_a.npz", segs=labels)
        nibabel.save(nibabel.Nifti1Image(labels.transpose(2, 1, 0).astype(np.uint8), affine), folder / "b.nii.gz")
        np.savez_compressed(folder / f"only{n}.npz", segs=labels)
    readers = [str(tmp_path / f"reader{n}") for n in range(3)]
    assert main(["fuse", *readers, "-o", str(tmp_path / "out"), "--method", "majority"]) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"3DBox_CT_a.npz", "b.nii.gz", "agreement.csv"}
    np.testing.assert_array_equal(read_segs(tmp_path / "out" / "3DBox_CT_a.npz"), block(slice(3, 9)))
    stored: Any = nibabel.load(tmp_path / "out" / "b.nii.gz")
    np.testing.assert_array_equal(np.asarray(stored.dataobj).transpose(2, 1, 0), block(slice(3, 9)))
    np.testing.assert_allclose(np.abs(stored.affine), np.abs(affine))
    with (tmp_path / "out" / "agreement.csv").open() as file:
        assert [row["case"] for row in csv.DictReader(file)] == ["3DBox_CT_a", "b"]
    assert "3 maps agree" in capsys.readouterr().out


def test_that_maps_stored_along_other_axes_are_turned_before_they_are_fused(tmp_path: Path) -> None:
    labels = block(slice(2, 8)).transpose(2, 1, 0).astype(np.uint8)
    affine = np.diag([0.5, 0.5, 2.0, 1.0])
    turned = affine @ np.array([[1, 0, 0, 0], [0, -1, 0, labels.shape[1] - 1], [0, 0, 1, 0], [0, 0, 0, 1]])
    for n, (array, place) in enumerate([(labels, affine), (labels[:, ::-1], turned)]):
        (tmp_path / f"reader{n}").mkdir()
        nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(array), place), tmp_path / f"reader{n}" / "b.nii.gz")
    (measured,) = fuse_folders([tmp_path / f"reader{n}" for n in range(2)], tmp_path / "out", "majority")
    assert measured.pairwise_dsc == 1.0
    stored: Any = nibabel.load(tmp_path / "out" / "b.nii.gz")
    np.testing.assert_array_equal(np.asarray(stored.dataobj), labels)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04nothing"])
def test_that_a_damaged_map_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(ReadError, match="x.npz"):
        read_segs(tmp_path / "x.npz")


def test_that_nothing_is_written_where_no_case_can_be_fused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for n in range(2):
        (tmp_path / f"reader{n}").mkdir()
        (tmp_path / f"reader{n}" / "a.npz").write_bytes(b"nothing")
    assert main(["fuse", *(str(tmp_path / f"reader{n}") for n in range(2)), "-o", str(tmp_path / "out")]) == 1
    assert "a.npz" in capsys.readouterr().out
    assert not list((tmp_path / "out").iterdir())


def test_that_one_folder_is_too_few(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuse", str(tmp_path), "-o", str(tmp_path / "out")]) == 1
    assert "two folders" in capsys.readouterr().err
