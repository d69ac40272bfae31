"""Labels lie where their image lies, for whoever reads them by one rule."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from app.engine.errors import ReadError
from app.engine.io.label_file import on_grid, read_label_map
from app.engine.io.open import read_volume
from app.engine.volume import Volume

_SPACING = (0.5, 0.5, 3.0)  # x, y, z


def write(path: Path, *, shape: Sequence[int] = (6, 5, 4), beside_mm: float = 0.0, code: int = 1) -> Path:
    """A NIfTI of two values, so many millimetres beside the place of the others along x."""
    affine = np.diag([*_SPACING, 1.0])
    affine[0, 3] = beside_mm
    values = np.zeros(shape, dtype=np.uint8)
    values[1:3, 1:3, 1] = 7
    image = nibabel.Nifti1Image(values, affine)
    image.set_sform(affine, code=code)
    image.set_qform(affine, code=code)
    nibabel.save(image, path)
    return path


@pytest.fixture
def image(tmp_path: Path) -> Volume:
    return read_volume(write(tmp_path / "image.nii.gz"))


@pytest.mark.parametrize("beside_mm", [0.0, 0.04, -0.04])
def test_that_what_files_round_does_no_harm(tmp_path: Path, image: Volume, beside_mm: float) -> None:
    values = read_label_map(write(tmp_path / "labels.nii.gz", beside_mm=beside_mm), image)
    assert values.shape == image.shape_zyx
    assert np.count_nonzero(values == 7) == 4


@pytest.mark.parametrize("beside_mm", [0.06, -0.06, 40.0])
def test_that_labels_beside_their_image_are_refused(tmp_path: Path, image: Volume, beside_mm: float) -> None:
    with pytest.raises(ReadError, match="at another place than its image"):
        read_label_map(write(tmp_path / "labels.nii.gz", beside_mm=beside_mm), image)


def test_that_labels_that_do_not_say_where_they_lie_are_taken(tmp_path: Path, image: Volume) -> None:
    values = read_label_map(write(tmp_path / "labels.nii.gz", beside_mm=40.0, code=0), image)
    assert np.count_nonzero(values) == 4


def test_that_another_shape_and_colours_are_refused(tmp_path: Path, image: Volume) -> None:
    with pytest.raises(ReadError, match=r"another shape than its image: \(4, 5, 7\) instead of \(4, 5, 6\)"):
        read_label_map(write(tmp_path / "labels.nii.gz", shape=(7, 5, 4)), image)
    Image.fromarray(np.full((5, 6, 3), (200, 0, 0), dtype=np.uint8)).save(tmp_path / "colours.png")
    with pytest.raises(ReadError, match="colour picture"):
        read_label_map(tmp_path / "colours.png", image)


def test_that_an_array_of_a_picture_may_lack_the_axis_of_slices(tmp_path: Path, image: Volume) -> None:
    Image.fromarray(np.zeros((5, 6), dtype=np.uint8)).save(tmp_path / "picture.png")
    picture = read_volume(tmp_path / "picture.png")
    assert on_grid(tmp_path / "a.npz", np.ones((5, 6)), picture).shape == (1, 5, 6)
    with pytest.raises(ReadError, match="another shape"):  # as many voxels, otherwise laid out
        on_grid(tmp_path / "a.npz", np.ones((6, 5, 4)), image)
    with pytest.raises(ReadError, match="another shape"):  # rows and columns exchanged
        on_grid(tmp_path / "a.npz", np.ones((6, 5)), picture)
