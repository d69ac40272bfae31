"""Where the prompts of a batch come from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from app.engine.cases import Case, find_cases
from app.engine.errors import EngineError, PromptError
from app.engine.prompt import Box, Box3D
from app.engine.prompt_file import ObjectPrompt
from app.engine.prompt_sources import ChallengeBoxes, FilePrompts, ReferenceBoxes

_NIFTI: Any = nib.Nifti1Image  # its class is untyped
_BOX = ObjectPrompt(1, "liver", Box(0, 0, 2, 2), index=0)


def _nifti(path: Path, voxels: np.ndarray, origin: float = 0.0) -> None:
    """Voxels are given as (z, y, x)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    affine[0, 3] = origin
    nib.save(_NIFTI(voxels.transpose(2, 1, 0), affine), path)


def _labels() -> np.ndarray:
    labels = np.zeros((4, 6, 8), dtype=np.uint8)
    labels[0:2, 1:3, 2:5] = 1
    labels[3, 5, 7] = 7
    return labels


def _only(folder: Path) -> Case:
    (case,) = find_cases(folder).found
    return case


def test_that_a_prompt_file_names_cases_by_path_or_by_the_folder_of_a_single_file(tmp_path: Path) -> None:
    for name in ("a.nii", "series/0001", "two/1.nii", "two/2.nii"):
        _nifti(tmp_path / f"{name}.nii.gz", _labels())
        (tmp_path / f"{name}.nii.gz").rename(tmp_path / name)
    with_compressed_content = find_cases(tmp_path).found
    source = FilePrompts(
        {"a.nii": (_BOX,), "series": (_BOX,), "two": (_BOX,), "nowhere": (_BOX,)}, with_compressed_content
    )

    opened = {case.name: source.open(case) for case in with_compressed_content}

    assert [name for name, found in opened.items() if found is not None] == ["a.nii", "series/0001"]
    assert source.unmatched == ["two", "nowhere"]


def test_that_a_case_that_nothing_was_said_of_is_not_even_read() -> None:
    def load() -> None:
        raise AssertionError("it must not be read")

    case = Case("a.png", "", None, ("a.png",), load)  # type: ignore[arg-type]  # neither is looked at

    assert FilePrompts({}, [case]).open(case) is None
    assert ChallengeBoxes().open(case) is None


def test_that_reference_labels_give_a_tight_box_each(tmp_path: Path) -> None:
    _nifti(tmp_path / "in" / "sub" / "ct.nii.gz", _labels().astype(np.int16) * 100)
    _nifti(tmp_path / "ref" / "sub" / "ct.nii", _labels())

    opened = ReferenceBoxes(tmp_path / "ref").open(_only(tmp_path / "in"))

    assert opened is not None
    assert opened[1] == (
        ObjectPrompt(1, "1", box3d=Box3D(2, 1, 0, 5, 3, 2)),
        ObjectPrompt(7, "7", box3d=Box3D(7, 5, 3, 8, 6, 4)),
    )


def test_that_references_of_pictures_give_boxes_in_the_picture(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "ref").mkdir()
    Image.fromarray(np.zeros((6, 8, 3), dtype=np.uint8)).save(tmp_path / "in" / "cell.jpg")
    Image.fromarray(_labels()[0]).save(tmp_path / "ref" / "cell_mask.png")

    opened = ReferenceBoxes(tmp_path / "ref").open(_only(tmp_path / "in"))

    assert opened is not None
    assert opened[1] == (ObjectPrompt(1, "1", Box(2, 1, 5, 3), index=0),)


def test_that_the_ground_truth_of_challenge_files_is_a_reference(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "3DBox_CT_1.npz", imgs=_labels(), gts=_labels(), spacing=np.ones(3))

    opened = ReferenceBoxes(tmp_path).open(_only(tmp_path))

    assert opened is not None
    assert [prompt.value for prompt in opened[1]] == [1, 7]


def _moved(folder: Path) -> None:
    _nifti(folder / "ct.nii.gz", _labels(), origin=40.0)


def _smaller(folder: Path) -> None:
    _nifti(folder / "ct.nii.gz", _labels()[:3])


def _image(folder: Path) -> None:
    _nifti(folder / "ct.nii.gz", _labels().astype(np.int16) - 1000)


def _fractions(folder: Path) -> None:
    _nifti(folder / "ct.nii.gz", _labels() * np.float32(0.5))


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (_moved, "another place"),
        (_smaller, "another shape"),
        (_image, "no label map"),
        (_fractions, "no label map"),
    ],
)
def test_that_a_reference_that_does_not_fit_is_refused(
    tmp_path: Path, write: Callable[[Path], None], words: str
) -> None:
    _nifti(tmp_path / "in" / "ct.nii.gz", _labels())
    write(tmp_path / "ref")

    with pytest.raises(EngineError, match=words):
        ReferenceBoxes(tmp_path / "ref").open(_only(tmp_path / "in"))


def test_that_a_case_without_reference_is_left_out(tmp_path: Path) -> None:
    _nifti(tmp_path / "in" / "ct.nii.gz", _labels())
    (tmp_path / "ref").mkdir()

    assert ReferenceBoxes(tmp_path / "ref").open(_only(tmp_path / "in")) is None


def test_that_challenge_boxes_are_inclusive_and_numbered(tmp_path: Path) -> None:
    path = tmp_path / "2DBox_US_1.npz"
    np.savez_compressed(path, imgs=np.zeros((20, 30, 3), np.uint8), boxes=np.array([[1, 2, 5, 6], [0, 0, 29, 19]]))

    opened = ChallengeBoxes().open(_only(tmp_path))

    assert opened is not None
    volume, prompts = opened
    assert volume.shape_zyx == (1, 20, 30)
    assert prompts == (ObjectPrompt(1, "1", Box(1, 2, 6, 7)), ObjectPrompt(2, "2", Box(0, 0, 30, 20)))


def test_that_challenge_boxes_in_3d_hold_first_and_last_slice(tmp_path: Path) -> None:
    boxes = np.array([[1, 2, 0, 5, 6, 4]])
    np.savez_compressed(tmp_path / "3DBox_MR_1.npz", imgs=np.zeros((5, 20, 30), np.uint8), boxes=boxes)

    opened = ChallengeBoxes().open(_only(tmp_path))

    assert opened is not None
    assert opened[1] == (ObjectPrompt(1, "1", box3d=Box3D(1, 2, 0, 6, 7, 5)),)


def test_that_a_challenge_file_without_boxes_is_refused(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "2DBox_US_1.npz", imgs=np.zeros((20, 30, 3), np.uint8))

    with pytest.raises(PromptError, match="holds no 'boxes'"):
        ChallengeBoxes().open(_only(tmp_path))
