from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QLabel
from pytestqt.qtbot import QtBot

from app.engine.geometry import Frame, Geometry
from app.engine.io.open import read_volume
from app.engine.labelmap import LabelMap
from app.engine.study import Study, StudySource
from app.engine.volume import Kind, Volume
from app.gui.controllers import info
from app.gui.controllers.info import InfoController, value_range
from app.gui.document import Document
from app.gui.jobs import Jobs
from app.gui.settings import SHOW_PATIENT_DATA, Settings
from tests.engine.io.dicom_fixtures import ramp, write_series


def study_of(volume: Volume, path: str = "image.nii.gz", entry: str = "") -> Study:
    return Study(volume, StudySource(path, entry), LabelMap(volume.shape_zyx))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


class Desk:
    """A panel beside an open image."""

    def __init__(self, jobs: Jobs, settings: Settings, qtbot: QtBot) -> None:
        self.jobs, self.qtbot = jobs, qtbot
        self.document = Document()
        self.controller = InfoController(self.document, jobs, settings)
        self.panel = self.controller.panel
        qtbot.addWidget(self.panel)
        self.panel.show()

    def open(self, study: Study) -> dict[str, str]:
        """What is told once the values were looked through."""
        self.document.open(study)
        return self.told()

    def told(self) -> dict[str, str]:
        self.qtbot.waitUntil(lambda: self.jobs.is_idle, timeout=20000)
        return {line.title: line.text for line in self.panel.lines}

    def tick(self) -> None:
        box = self.panel.findChild(QCheckBox)
        assert box is not None
        box.click()


@pytest.fixture
def desk(jobs: Jobs, settings: Settings, qtbot: QtBot) -> Desk:
    return Desk(jobs, settings, qtbot)


def test_that_an_image_is_described(desk: Desk, study: Study) -> None:
    assert desk.open(study) == {
        "File": "ball.nii.gz", "Part of the file": "ball", "Kind": "Volume", "Modality": "CT",
        "Size": "48 x 40 pixels, 8 slices", "Spacing": "1 x 1 x 5 mm", "Orientation": "axial slices, from feet to head",
        "Values": "-50 to 300 HU", "Stored as": "whole numbers, 16 bits",
    }  # fmt: skip


def test_that_what_is_unknown_is_said_to_be_unknown(desk: Desk) -> None:
    geometry = Geometry.from_components(shape_zyx=(1, 3, 4), spacing_xyz=(1.0, 1.0, 1.0))
    lines = desk.open(study_of(Volume(ramp((1, 3, 4)), replace(geometry, frame=Frame.NONE))))
    assert lines["Modality"] == "unknown"
    assert lines["Spacing"].startswith("unknown")
    assert lines["Orientation"].startswith("unknown")


def test_that_a_picture_has_pixels_and_no_orientation(desk: Desk) -> None:
    picture = Volume(ramp((1, 3, 4)), Geometry.of_pixels((1, 3, 4)), kind=Kind.PICTURE)
    lines = desk.open(study_of(picture))
    assert (lines["Size"], lines["Spacing"]) == ("4 x 3 pixels", "unknown: sizes are told in pixels")
    assert "Orientation" not in lines


@pytest.mark.parametrize(
    ("rises", "said"),
    [
        ((0, 0, 1), "axial slices, from feet to head"),
        ((0, 0, -1), "axial slices, from head to feet"),
        ((0, 1, 0), "coronal slices, from front to back"),
        ((-1, 0, 0), "sagittal slices, from left to right"),
        ((0, -0.5, 0.866), "axial slices, from feet to head, oblique"),
    ],
)
def test_that_slices_are_told_by_their_plane_and_their_order(
    desk: Desk, rises: tuple[float, float, float], said: str
) -> None:
    towards = np.asarray(rises) / np.linalg.norm(rises)
    across = np.roll(np.eye(3)[int(np.argmax(np.abs(towards)))], 1)  # of an axis that the normal has nothing of ...
    across -= towards * (across @ towards)  # ... or little
    across /= np.linalg.norm(across)
    affine = np.eye(4)
    affine[:3, :3] = np.stack((across, np.cross(towards, across), towards), axis=1)
    voxels = ramp((4, 5, 6))
    assert desk.open(study_of(Volume(voxels, Geometry(voxels.shape, affine))))["Orientation"] == said


def test_that_the_series_of_a_folder_is_told_by_its_number(desk: Desk, tmp_path: Path) -> None:
    write_series(tmp_path / "series", ramp())
    volume = read_volume(tmp_path / "series")
    for entry, said in (("4", "4"), ("4/t2", "4, part t2")):
        assert desk.open(study_of(volume, str(tmp_path / "series"), entry))["Series"] == said


def test_that_values_without_a_finite_one_have_no_range(desk: Desk) -> None:
    geometry = Geometry.from_components(shape_zyx=(2, 3, 4), spacing_xyz=(1.0, 1.0, 1.0))
    assert desk.open(study_of(Volume(np.full((2, 3, 4), np.nan, dtype=np.float32), geometry)))["Values"] == "unknown"


def test_that_the_range_is_that_of_all_finite_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(info, "_STEP_BYTES", 1)
    voxels = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    voxels[0, 0, 0], voxels[1, 2, 3] = np.inf, np.nan
    volume = Volume(voxels, Geometry.from_components(shape_zyx=(2, 3, 4), spacing_xyz=(1.0, 1.0, 1.0)))
    assert list(value_range(volume)) == [(1.0, 11.0), (1.0, 22.0)]


def test_that_the_patient_is_named_only_while_that_is_wanted(desk: Desk, tmp_path: Path, settings: Settings) -> None:
    write_series(tmp_path / "series", ramp(), PatientID="A17")
    lines = desk.open(study_of(read_volume(tmp_path / "series"), str(tmp_path / "series"), "4"))
    assert "Patient" not in lines
    desk.tick()
    assert settings.get(SHOW_PATIENT_DATA)
    lines = desk.told()
    assert (lines["Patient"], lines["Number"]) == ("Nobody Special", "A17")
    desk.tick()
    assert not any("Nobody" in label.text() for label in desk.panel.findChildren(QLabel))


def test_that_a_file_without_a_patient_says_so(desk: Desk, study: Study, settings: Settings) -> None:
    settings.set(SHOW_PATIENT_DATA, True)
    assert desk.open(study)["Patient"] == "the file says nothing"


def test_that_texts_can_be_marked_by_keyboard_and_are_no_markup(desk: Desk, study: Study) -> None:
    desk.open(study_of(study.volume, "<b>bold</b>.nii"))
    name = next(label for label in desk.panel.findChildren(QLabel) if label.accessibleName() == "File")
    assert name.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByKeyboard
    assert name.textFormat() is Qt.TextFormat.PlainText
