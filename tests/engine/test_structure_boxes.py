"""Boxes around the contours of structure sets: those of the masks that the contours were made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from app.engine.cases import Case, find_cases
from app.engine.errors import PromptError
from app.engine.export import write_labels
from app.engine.prompt import Box3D
from app.engine.structure_boxes import StructureBoxes
from app.engine.volume import Volume
from tests.engine.export.dicom_series import STORED, series, some_labels

_NIFTI: Any = nib.Nifti1Image  # its class is untyped
_NAMES = {2: "cyst", 5: "liver", 300: "duct"}


def _outlined(folder: Path, name: str = "set", **attributes: Any) -> Volume:
    """A series below `folder`/in, and a structure set of its labels below `folder`/sets."""
    volume = series(folder / "in" / "ct", **attributes)
    write_labels(folder / "sets" / f"{name}.rtstruct.dcm", some_labels(), volume, label_names=_NAMES)
    return volume


def _case(folder: Path) -> Case:
    (case,) = find_cases(folder / "in").found
    return case


def _change(path: Path, change: Callable[[Dataset], object]) -> None:
    dataset = pydicom.dcmread(path)
    change(dataset)
    dataset.save_as(path)


@pytest.mark.parametrize(("orientation", "step"), STORED[::7])
def test_that_boxes_are_those_of_the_labels_that_were_outlined(
    orientation: tuple[float, ...], step: float, tmp_path: Path
) -> None:
    _outlined(tmp_path, orientation=orientation, step=step)

    opened = StructureBoxes(tmp_path / "sets").open(_case(tmp_path))

    assert opened is not None
    labels = some_labels()
    found = {prompt.label: prompt.box3d for prompt in opened[1]}
    assert found == {name: Box3D.of_mask(labels == value) for value, name in _NAMES.items()}
    assert [prompt.value for prompt in opened[1]] == [1, 2, 3]


def test_that_contours_through_the_centres_of_voxels_take_these_in(tmp_path: Path) -> None:
    volume = _outlined(tmp_path)
    corners = np.array([(1, 2, 3), (4, 2, 3), (4, 4, 3), (1, 4, 3)], dtype=np.float64)
    points = np.round(volume.geometry.to_world(corners) + 0.01, 2).ravel().tolist()  # a hundredth of a mm beside them

    def outline(dataset: Dataset) -> None:
        contour = dataset.ROIContourSequence[0].ContourSequence[0]
        contour.ContourData = points
        dataset.ROIContourSequence[0].ContourSequence = [contour]

    _change(tmp_path / "sets" / "set.rtstruct.dcm", outline)
    opened = StructureBoxes(tmp_path / "sets").open(_case(tmp_path))

    assert opened is not None
    assert opened[1][0].box3d == Box3D.from_inclusive((1, 2, 3, 4, 4, 3))


def test_that_an_image_without_a_series_is_found_by_its_name(tmp_path: Path) -> None:
    volume = _outlined(tmp_path, name="a")
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.geometry.affine
    (tmp_path / "other").mkdir()
    for name in ("a", "b"):
        nib.save(_NIFTI(volume.voxels.transpose(2, 1, 0).astype(np.int16), affine), tmp_path / "other" / f"{name}.nii")
    source = StructureBoxes(tmp_path / "sets")

    opened = {case.name: source.open(case) for case in find_cases(tmp_path / "other").found}

    assert opened["b.nii"] is None
    assert opened["a.nii"] is not None
    assert opened["a.nii"][1][1].box3d == Box3D.of_mask(some_labels() == 5)


def test_that_a_name_has_one_value_in_all_cases(tmp_path: Path) -> None:
    _outlined(tmp_path)
    second = series(tmp_path / "in" / "mr", SeriesInstanceUID="1.2.3.9", SeriesNumber=9)
    write_labels(tmp_path / "sets" / "z.rtstruct.dcm", some_labels(), second, label_names={2: "spleen", 5: "liver"})
    source = StructureBoxes(tmp_path / "sets")

    found = [source.open(case) for case in find_cases(tmp_path / "in").found]

    values = [{prompt.label: prompt.value for prompt in opened[1]} for opened in found if opened is not None]
    assert values == [{"cyst": 1, "liver": 2, "duct": 3}, {"spleen": 4, "liver": 2, "label 300": 5}]


def test_that_several_sets_of_one_series_are_refused_with_their_names(tmp_path: Path) -> None:
    volume = _outlined(tmp_path)
    write_labels(tmp_path / "sets" / "z.rtstruct.dcm", some_labels(), volume)

    with pytest.raises(PromptError, match=r"set\.rtstruct\.dcm and .*z\.rtstruct\.dcm"):
        StructureBoxes(tmp_path / "sets").open(_case(tmp_path))


def _without_contours(dataset: Dataset) -> None:
    dataset.ROIContourSequence = []


def _in_another_frame(dataset: Dataset) -> None:
    for region in dataset.StructureSetROISequence:
        region.ReferencedFrameOfReferenceUID = "1.2.3.77"


def _cut(dataset: Dataset) -> None:
    dataset.ROIContourSequence[0].ContourSequence[0].ContourData = [1.0, 2.0, 3.0, 4.0]


def _far_away(dataset: Dataset) -> None:
    dataset.ROIContourSequence[0].ContourSequence[0].ContourData = [1e300, 2.0, 3.0]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_without_contours, "holds no closed contour"),
        (_in_another_frame, "another frame of reference"),
        (_cut, "is damaged"),
        (_far_away, "a corner lies nowhere"),
    ],
)
def test_that_contours_that_cannot_be_those_of_the_image_are_refused_with_the_reason(
    change: Callable[[Dataset], None], reason: str, tmp_path: Path
) -> None:
    _outlined(tmp_path)
    path = tmp_path / "sets" / "set.rtstruct.dcm"
    _change(path, change)

    with pytest.raises(PromptError, match=reason) as caught:
        StructureBoxes(tmp_path / "sets").open(_case(tmp_path))

    assert str(path) in str(caught.value)


def test_that_a_folder_without_a_structure_set_is_refused(tmp_path: Path) -> None:
    series(tmp_path / "in" / "ct")
    (tmp_path / "in" / "note.txt").write_text("nothing")

    with pytest.raises(PromptError, match="holds no DICOM structure set"):
        StructureBoxes(tmp_path / "in")
