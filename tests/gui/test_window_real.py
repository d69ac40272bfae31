"""Real images from opening to saving, by mouse and keys; other readers find in the source what was saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import nrrd
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813  # the library's own abbreviation
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.engine.io.listing import Entry, Listing
from app.engine.project import open_project
from app.engine.prompt import Box
from app.gui.dialogs.asks import UnsavedChoice
from app.gui.dialogs.export import ExportChoice, ExportOptions
from app.gui.jobs import Lane
from tests.gui.window_hand import Answers, App, load_nifti

Points = NDArray[np.float64]  # (n, 3) LPS mm
_DICOM = "conformance/dcmqi/paramaps/pm-example-dcm"


class Chooser(Answers):
    """Writes in the format that is wanted, and opens the first of several images."""

    format_name = "nifti"

    def pick_entry(self, listing: Listing) -> Entry | None:
        return listing.entries[0]

    def save_labels(self, options: ExportOptions) -> ExportChoice | None:
        assert self.target is not None
        possible = {each.name: each.impossible for each in options.formats}
        assert possible[self.format_name] == ""
        return ExportChoice(self.target, self.format_name, frozenset(label.value for label in options.labels))


@pytest.fixture
def app(model: Path, qtbot: QtBot) -> Iterator[App]:
    made = App(model, qtbot, asks=Chooser)
    yield made
    made.answers.unsaved_choice = UnsavedChoice.DISCARD
    made.context.close()


def draw_in_the_middle(app: App, qtbot: QtBot) -> Box:
    """A box over the middle third of the active slice, drawn in haste and then made a little larger by a handle."""
    view = app.context.planes.active_view
    study, key = app.context.document.study, app.context.view_state.active_key
    assert study is not None
    rows, columns = key.shape(study.volume.shape_zyx)
    app.drag(view, Box(columns // 3, rows // 3, columns * 2 // 3, rows * 2 // 3))
    app.wait_for_mask()
    preview = app.context.proposal.preview
    assert preview is not None
    box = preview.box
    assert box is not None
    app.pull(view, (box.x1 - 0.5, box.y1 - 0.5), (box.x1 + 2.5, box.y1 + 2.5))
    app.wait_for_mask()
    preview = app.context.proposal.preview
    assert preview is not None
    assert preview.box is not None
    assert preview.box != box
    return preview.box


def correct(app: App, qtbot: QtBot, box: Box) -> None:
    """Take a corner away by the eraser and give a stroke back by the brush."""
    view = app.context.planes.active_view
    app.ask("tool.eraser")
    app.pull(view, (box.x0, box.y0), (box.x0 + 4, box.y0))
    app.ask("tool.brush")
    for _ in range(12):
        app.ask("tool.smaller")
    app.pull(view, (box.x0 + 3, box.y1 - 2), (box.x1 - 3, box.y1 - 2))
    app.ask("tool.box")
    assert app.context.document.undo_stack.count() >= 2


def export(app: App, qtbot: QtBot, path: Path, format_name: str) -> Path:
    assert isinstance(app.answers, Chooser)
    app.answers.target, app.answers.format_name = path, format_name
    app.ask("file.export_labels")
    qtbot.waitUntil(lambda: path.exists() and not app.context.jobs.is_running(Lane.SAVE), timeout=60000)
    assert app.answers.errors == []
    return path


# --------------------------------------------------------------------------------------------- other readers' points


def points_of_nifti(path: Path) -> Points:
    image = load_nifti(path)
    ijk = np.argwhere(np.asarray(image.dataobj) == 1)
    return np.asarray(nib.affines.apply_affine(image.affine, ijk) * (-1.0, -1.0, 1.0))


def points_of_nrrd(path: Path) -> Points:
    values, header = nrrd.read(str(path))
    assert header["space"] in ("left-posterior-superior", "LPS")
    return np.asarray(np.argwhere(values == 1) @ header["space directions"] + header["space origin"])


def points_of_metaimage(path: Path) -> Points:
    image = sitk.ReadImage(str(path))
    zyx = np.argwhere(sitk.GetArrayFromImage(image) == 1)
    return np.array([image.TransformIndexToPhysicalPoint([int(n) for n in index[::-1]]) for index in zyx])


def plane_points(mask: NDArray[np.bool_], position: Any, orientation: Any, spacing: Any) -> Points:
    """Centres of the pixels of a mask (rows, columns), by the formula of the DICOM standard."""
    rows, columns = np.nonzero(mask)
    along_row, down_column = np.array(orientation[:3], float), np.array(orientation[3:], float)
    return np.asarray(
        np.array(position, float)
        + columns[:, None] * float(spacing[1]) * along_row
        + rows[:, None] * float(spacing[0]) * down_column
    )


def points_of_seg(path: Path) -> Points:
    data = pydicom.dcmread(path)
    frames = data.pixel_array.reshape(-1, data.Rows, data.Columns)
    shared = data.SharedFunctionalGroupsSequence[0]
    found = []
    for frame, own in zip(frames, data.PerFrameFunctionalGroupsSequence, strict=True):
        orientation = (own if "PlaneOrientationSequence" in own else shared).PlaneOrientationSequence[0]
        measures = (own if "PixelMeasuresSequence" in own else shared).PixelMeasuresSequence[0]
        position = own.PlanePositionSequence[0].ImagePositionPatient
        found.append(plane_points(frame > 0, position, orientation.ImageOrientationPatient, measures.PixelSpacing))
    return np.concatenate(found)


class Source:
    """The slices of a DICOM folder, as their own headers place them."""

    def __init__(self, folder: Path) -> None:
        self.files = [pydicom.dcmread(path) for path in sorted(folder.rglob("*.dcm"))]
        first = self.files[0]
        self.orientation, self.spacing = first.ImageOrientationPatient, first.PixelSpacing
        self.across = np.array(self.orientation[:3], float)
        self.down = np.array(self.orientation[3:], float)
        self.normal = np.cross(self.across, self.down)

    def values_at(self, points: Points) -> NDArray[np.float64]:
        """Stored values, rescaled, at points that must be centres of voxels."""
        depths = np.array([np.array(each.ImagePositionPatient, float) @ self.normal for each in self.files])
        found = np.full(len(points), np.nan)
        nearest = np.abs(points @ self.normal - depths[:, None]).argmin(axis=0)
        for n, each in enumerate(self.files):
            mine = nearest == n
            offset = points[mine] - np.array(each.ImagePositionPatient, float)
            assert np.allclose(offset @ self.normal, 0.0, atol=0.02)
            columns, rows = offset @ self.across / float(self.spacing[1]), offset @ self.down / float(self.spacing[0])
            assert np.allclose(columns, columns.round(), atol=0.02)
            assert np.allclose(rows, rows.round(), atol=0.02)
            pixels = each.pixel_array * float(each.get("RescaleSlope", 1)) + float(each.get("RescaleIntercept", 0))
            found[mine] = pixels[rows.round().astype(int), columns.round().astype(int)]
        return found


_READERS: dict[str, tuple[str, Callable[[Path], Points]]] = {
    "nifti": ("mask.nii.gz", points_of_nifti),
    "nrrd": ("mask.seg.nrrd", points_of_nrrd),
    "metaimage": ("mask.mha", points_of_metaimage),
    "dicom-seg": ("mask.seg.dcm", points_of_seg),
}


@pytest.mark.slow
def test_that_masks_of_a_dicom_folder_lie_where_its_headers_say(
    app: App, shared_data: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    folder = shared_data / _DICOM
    app.open(folder)
    box = draw_in_the_middle(app, qtbot)
    QTest.keyClick(app.context.planes.active_view, Qt.Key.Key_Return)
    correct(app, qtbot, box)
    app.ask("segment.propagate")
    qtbot.waitUntil(lambda: not app.context.jobs.is_running(Lane.PROPAGATE), timeout=60000)
    study = app.context.document.study
    assert study is not None
    inside = app.labels == 1
    assert inside.any(axis=(1, 2)).sum() > 1
    source, expected = Source(folder), np.sort(study.volume.voxels[inside].astype(float))
    centre = np.zeros(3)
    for name, (file, read) in _READERS.items():
        points = read(export(app, qtbot, tmp_path / file, name))
        np.testing.assert_allclose(np.sort(source.values_at(points)), expected, err_msg=name)
        centre = points.mean(axis=0)
    contours = pydicom.dcmread(export(app, qtbot, tmp_path / "mask.rtstruct.dcm", "rtstruct")).ROIContourSequence[0]
    outline = np.concatenate([np.array(each.ContourData, float).reshape(-1, 3) for each in contours.ContourSequence])
    reach = np.ptp(outline, axis=0).max()
    np.testing.assert_allclose(outline.mean(axis=0), centre, atol=0.25 * reach)
    assert np.isfinite(source.files[0].pixel_array).all()
    app.answers.target = tmp_path / "case.swiftmed"
    app.ask("file.save_as")
    qtbot.waitUntil(lambda: not app.context.document.is_modified, timeout=60000)
    np.testing.assert_array_equal(open_project(tmp_path / "case.swiftmed")[0].labels.voxels == 1, inside)


@pytest.mark.slow
@pytest.mark.parametrize(
    "pattern",
    [
        "totalsegmentator_example_mr/images/*.nii.gz",
        "sts_sarcoma_pet/images/*.nii.gz",
        "sct_spinal_cord/images/*.nii.gz",
    ],
)
def test_that_masks_of_a_nifti_volume_lie_where_its_header_says(
    app: App, shared_data: Path, tmp_path: Path, qtbot: QtBot, pattern: str
) -> None:
    path = min((shared_data / "train3d").glob(pattern))
    app.open(path)
    box = draw_in_the_middle(app, qtbot)
    QTest.keyClick(app.context.planes.active_view, Qt.Key.Key_Return)
    correct(app, qtbot, box)
    study = app.context.document.study
    assert study is not None
    expected = np.sort(study.volume.voxels[app.labels == 1].astype(float))
    image = load_nifti(path)
    values = np.asarray(image.dataobj, dtype=float)
    to_index = np.linalg.inv(image.affine)
    for name in ("nifti", "nrrd", "metaimage"):
        file, read = _READERS[name]
        points = read(export(app, qtbot, tmp_path / file, name)) * (-1.0, -1.0, 1.0)
        ijk = nib.affines.apply_affine(to_index, points)
        np.testing.assert_allclose(ijk, ijk.round(), atol=0.02)
        found = values[tuple(ijk.round().astype(int).T)]
        np.testing.assert_allclose(np.sort(found), expected, rtol=1e-5, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", ["derm*/images/*.jpg", "endo*/images/*.jpg", "fundus*/images/*.jpg"])
def test_that_the_mask_of_a_colour_picture_lies_on_its_pixels(
    app: App, shared_data: Path, tmp_path: Path, qtbot: QtBot, pattern: str
) -> None:
    path = min((shared_data / "train2d").glob(pattern))
    app.open(path)
    box = draw_in_the_middle(app, qtbot)
    QTest.keyClick(app.context.planes.active_view, Qt.Key.Key_Return)
    correct(app, qtbot, box)
    with Image.open(export(app, qtbot, tmp_path / "mask.png", "png")) as saved, Image.open(path) as picture:
        assert saved.size == picture.size
        mask = np.asarray(saved)
    np.testing.assert_array_equal(mask > 0, app.labels[0] == 1)
    rows, columns = np.nonzero(mask)
    assert columns.min() >= box.x0 - 12
    assert columns.max() < box.x1 + 12
    assert rows.min() >= box.y0 - 12
    assert rows.max() < box.y1 + 12
