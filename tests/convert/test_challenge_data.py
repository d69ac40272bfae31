from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from app.engine.cases import find_cases
from app.engine.errors import ReadError
from app.engine.geometry import Frame, Geometry
from app.engine.io.npz import read_npz
from app.engine.io.open import read_volume
from convert.__main__ import main
from convert.challenge_data import Recipe, clear_up, find_pairs, tight_boxes, to_eight_bits, turned
from convert.dataset import load_items
from tests.engine.io.dicom_fixtures import SPACING, STEP_MM, write_series


def save(path: Path, array: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = nibabel.Nifti1Image(array.transpose(2, 1, 0).astype(np.int16), np.diag([0.5, 0.75, 3.0, 1.0]))
    nibabel.save(image, path)


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """Twelve slices: a block of label 1 in slices 2 to 7, two of label 3, a speck of label 2."""
    mask = np.zeros((12, 40, 30), dtype=np.int16)
    mask[2:8, 5:15, 6:16] = 1
    mask[2:8, 20:28, 3:9] = 3
    mask[2:8, 20:28, 18:24] = 3
    mask[4, 38, 2:8] = 2  # 6 voxels
    image = np.where(mask > 0, 90, -300).astype(np.int16)
    image[0] = 2000
    save(tmp_path / "images" / "case_0000.nii.gz", image)
    save(tmp_path / "masks" / "case.nii.gz", mask)
    return tmp_path


def test_that_a_window_of_ct_is_spread_over_eight_bits_and_cut() -> None:
    values = np.array([[[-1000.0, -160.0, 40.0, 239.0, 240.0, 3000.0]]])
    assert to_eight_bits(values, Recipe("CT")).ravel().tolist() == [0, 0, 127, 254, 255, 255]
    assert to_eight_bits(values, Recipe("CT", window=(0.0, 80.0))).ravel().tolist() == [0, 0, 255, 255, 255, 255]


def test_that_other_volumes_are_cut_at_percentiles_of_what_is_not_nothing() -> None:
    values = np.zeros((1, 1, 2001))
    values[0, 0, 1:] = np.arange(1, 2001)
    eight = to_eight_bits(values, Recipe("MR")).ravel()
    low, high = np.percentile(np.arange(1, 2001), (0.5, 99.5))
    assert eight[0] == 0
    assert eight[1] == 0
    assert eight[-1] == 255
    assert eight[1000] == int((1000 - low) / (high - low) * 255)


def test_that_small_parts_and_specks_are_taken_out() -> None:
    labels = np.zeros((4, 20, 20), dtype=np.uint16)
    labels[:, 1:7, 1:7] = 1  # 144 voxels
    labels[1, 7, 7] = 1  # touches by a corner: stays
    labels[0, 15, 10:19] = 1  # 9 voxels of their own
    labels[:, 10:13, 1:9] = 2  # 96 voxels
    cleared = clear_up(labels, volume=True)
    assert set(np.unique(cleared)) == {0, 1}
    assert (cleared == 1).sum() == 145
    flat = clear_up(labels[:1], volume=False)
    assert set(np.unique(flat)) == {0, 1, 2}
    assert not flat[0, 15].any()


def test_that_boxes_are_tight_and_inclusive() -> None:
    gts = np.zeros((5, 9, 9), dtype=np.uint16)
    gts[1:3, 2:5, 3:8] = 1
    assert tight_boxes(gts).tolist() == [[3, 2, 1, 7, 4, 2]]
    assert tight_boxes(gts[1]).tolist() == [[3, 2, 7, 4]]


def test_that_a_pair_becomes_a_case_that_the_batch_takes(pair: Path) -> None:
    arguments = ["data", "npz", "--images", str(pair / "images"), "--masks", str(pair / "masks"), "--modality", "CT"]
    assert main([*arguments, "-o", str(pair / "npz"), "--name", "Abd", "--boxes"]) == 0
    (path,) = (pair / "npz").iterdir()
    assert path.name == "3DBox_CT_Abd_case.npz"
    case = read_npz(path)
    assert case.imgs.shape == (6, 40, 30)  # slices with a label
    assert case.imgs.dtype == np.uint8
    assert case.imgs[0, 6, 7] == int((90 + 160) / 400 * 255)
    assert case.gts is not None
    assert set(np.unique(case.gts)) == {0, 1, 3}
    assert case.spacing == pytest.approx((0.5, 0.75, 3.0))
    assert case.boxes is not None
    assert case.boxes.tolist() == [[6, 5, 0, 15, 14, 5], [3, 20, 0, 23, 27, 5]]
    assert [found.is_challenge for found in find_cases(pair / "npz").found] == [True]


def test_that_labels_are_dropped_or_fall_into_objects(pair: Path) -> None:
    arguments = ["data", "npz", "--images", str(pair / "images"), "--masks", str(pair / "masks"), "--modality", "CT"]
    assert main([*arguments, "-o", str(pair / "npz"), "--drop", "1", "--instances", "3"]) == 0
    case = read_npz(pair / "npz" / "CT_case.npz")
    assert case.boxes is None
    assert case.gts is not None
    assert [int((case.gts == v).sum()) for v in np.unique(case.gts)[1:]] == [6 * 48, 6 * 48]


def test_that_a_mask_of_another_image_is_left_out_and_said(pair: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(pair / "masks" / "case.nii.gz", np.ones((3, 4, 5), dtype=np.int16))
    arguments = ["data", "npz", "--images", str(pair / "images"), "--masks", str(pair / "masks"), "--modality", "CT"]
    assert main([*arguments, "-o", str(pair / "npz")]) == 1
    assert "another shape" in capsys.readouterr().out
    with pytest.raises(ReadError, match="bears the name"):
        find_pairs(pair / "masks", pair / "images")


def test_that_pictures_keep_their_values(tmp_path: Path) -> None:
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    picture = np.random.default_rng(1).integers(0, 256, (30, 40)).astype(np.uint8)
    mask = np.zeros((30, 40), dtype=np.uint8)
    mask[5:12, 6:20] = 1
    Image.fromarray(picture).save(tmp_path / "images" / "a.png")
    Image.fromarray(mask).save(tmp_path / "masks" / "a_mask.png")
    arguments = ["data", "npz", "--images", str(tmp_path / "images"), "--masks", str(tmp_path / "masks")]
    assert main([*arguments, "--modality", "US", "--boxes", "-o", str(tmp_path / "npz")]) == 0
    case = read_npz(tmp_path / "npz" / "2DBox_US_a_mask.npz")
    np.testing.assert_array_equal(case.imgs[..., 1], picture)
    assert case.boxes is not None
    assert case.boxes.tolist() == [[6, 5, 19, 11]]


def test_that_training_reads_the_index_of_challenge_files(pair: Path) -> None:
    arguments = ["data", "npz", "--images", str(pair / "images"), "--masks", str(pair / "masks"), "--modality", "CT"]
    assert main([*arguments, "-o", str(pair / "npz")]) == 0
    assert main(["data", "index", str(pair / "npz"), "-o", str(pair / "index")]) == 0
    (item,) = load_items(pair / "index", ("train2d", "train3d"), ("train", "val"))
    case = read_npz(pair / "npz" / "CT_case.npz")
    np.testing.assert_array_equal(item.pixels, case.imgs)
    assert case.gts is not None
    np.testing.assert_array_equal(item.labels, case.gts)
    assert item.spacing_zyx == pytest.approx((3.0, 0.75, 0.5))
    assert item.modality == "CT"


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
@pytest.mark.parametrize("reversed_axes", [(), (1,), (0, 1, 2)])
def test_that_a_mask_stored_along_other_axes_than_its_series_is_turned(
    axes: tuple[int, int, int], reversed_axes: tuple[int, ...], tmp_path: Path
) -> None:
    truth = np.zeros((5, 24, 30), dtype=np.int16)
    truth[1:4, 3:13, 4:20] = 1
    write_series(tmp_path / "images" / "a", np.where(truth > 0, 100, -100).astype(np.int16))
    image = read_volume(tmp_path / "images" / "a")
    stored, affine = truth.transpose(2, 1, 0), image.geometry.affine_ras
    for axis in reversed_axes:
        affine = affine.copy()
        affine[:3, 3] += affine[:3, axis] * (stored.shape[axis] - 1)
        affine[:3, axis] *= -1
        stored = np.flip(stored, axis)
    affine = np.column_stack([affine[:, list(axes)], affine[:, 3]])
    (tmp_path / "masks").mkdir()
    nibabel.save(
        nibabel.Nifti1Image(np.ascontiguousarray(stored.transpose(axes)), affine), tmp_path / "masks" / "a.nii.gz"
    )
    arguments = ["data", "npz", "--images", str(tmp_path / "images"), "--masks", str(tmp_path / "masks")]
    assert main([*arguments, "--modality", "CT", "-o", str(tmp_path / "npz")]) == 0
    case = read_npz(tmp_path / "npz" / "CT_a.npz")
    np.testing.assert_array_equal(case.gts, truth[1:4])
    np.testing.assert_array_equal(case.imgs > 127, truth[1:4] > 0)
    assert case.spacing == pytest.approx((SPACING[1], SPACING[0], STEP_MM))


@pytest.mark.parametrize(("moved", "scaled"), [(0.5, 1.0), (0.0, 1.2), (0.0, 2.0)])
def test_that_a_mask_of_another_place_or_grid_is_refused(moved: float, scaled: float) -> None:
    wanted = Geometry.from_components(shape_zyx=(4, 6, 8), spacing_xyz=(1.0, 1.0, 2.0))
    affine = wanted.affine.copy()
    affine[0, 3] += moved
    affine[:3, 1] *= scaled
    with pytest.raises(ReadError, match="another place"):
        turned(np.ones((4, 6, 8), dtype=np.uint16), Geometry((4, 6, 8), affine, Frame.WORLD), wanted)
