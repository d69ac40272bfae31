from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QDialog, QListWidget, QToolButton, QTreeWidget, QWidget
from pytestqt.qtbot import QtBot

from app.engine.io.dicom_patient import read_patient
from app.engine.io.listing import Listing
from app.engine.io.open import list_volumes
from app.gui.controllers import thumbnails
from app.gui.controllers.thumbnails import ThumbnailsController, thumbnail
from app.gui.dialogs.asks import Asks
from app.gui.dialogs.series import PICTURE_SIDE, SeriesDialog
from app.gui.jobs import Jobs
from app.gui.settings import SHOW_PATIENT_DATA, Settings
from tests.engine.io.dicom_fixtures import ramp, slice_dataset, write_series


def bright_half(count: int = 3) -> NDArray[np.int16]:
    """Slices of 20 rows and 30 columns that are bright at the left."""
    voxels = np.zeros((count, 20, 30), dtype=np.int16)
    voxels[:, :, :15] = 1000
    return voxels


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two series of DICOM, a picture, and a file that is damaged."""
    made = tmp_path / "study"
    patient: dict[str, Any] = {"PatientID": "A17", "PatientBirthDate": "19700102", "StudyDate": "20240131"}
    write_series(made / "a", bright_half(), SeriesNumber=4, **patient)
    write_series(made / "b", bright_half(5), SeriesNumber=5, SeriesInstanceUID="1.2.3.6", **patient)
    Image.fromarray(np.full((8, 16, 3), (255, 0, 0), dtype=np.uint8)).save(made / "red.png")
    (made / "broken.nii").write_bytes(b"no image")
    return made


@pytest.fixture
def listing(folder: Path) -> Listing:
    return list_volumes(folder)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


@pytest.fixture
def dialog(listing: Listing, qtbot: QtBot) -> SeriesDialog:
    made = SeriesDialog(listing)
    qtbot.addWidget(made)
    made.show()
    return made


def tree_of(dialog: QDialog) -> QTreeWidget:
    found = dialog.findChild(QTreeWidget)
    assert found is not None
    return found


def texts(dialog: QDialog) -> list[list[str]]:
    """What can be read in the table, row by row."""
    tree = tree_of(dialog)
    rows = [tree.topLevelItem(row) for row in range(tree.topLevelItemCount())]
    columns = [column for column in range(tree.columnCount()) if not tree.isColumnHidden(column)]
    return [[row.text(column) for column in columns] for row in rows if row is not None]


def row_of(dialog: QDialog, name: str) -> int:
    return [row[0] for row in texts(dialog)].index(name)


def test_that_images_are_listed_with_modality_size_and_files(dialog: SeriesDialog) -> None:
    assert sorted(texts(dialog)) == [
        ["4", "CT", "30x20x3, 0.7x0.8x2.5 mm", "3"],
        ["5", "CT", "30x20x5, 0.7x0.8x2.5 mm", "5"],
        ["red.png", "", "16 x 8 x 1 PNG", "1"],
    ]


def test_that_enter_opens_the_marked_image(dialog: SeriesDialog) -> None:
    QTest.keyClick(tree_of(dialog), Qt.Key.Key_Down)
    QTest.keyClick(tree_of(dialog), Qt.Key.Key_Return)
    assert dialog.result() == QDialog.DialogCode.Accepted
    assert dialog.chosen() is dialog.entries[1]


def test_that_reasons_of_files_passed_over_unfold(dialog: SeriesDialog) -> None:
    reasons, fold = dialog.findChild(QListWidget), dialog.findChild(QToolButton)
    assert reasons is not None
    assert fold is not None
    assert fold.text() == "1 file was passed over"
    assert not reasons.isVisible()
    fold.click()
    assert reasons.isVisible()
    assert "broken.nii" in str(reasons.model().index(0, 0).data())


def test_that_a_series_has_a_picture_of_its_true_proportions(listing: Listing) -> None:
    series = next(entry for entry in listing.entries if entry.id == "4")
    picture = thumbnail(series)
    assert picture is not None
    # 30 columns of 0.7 mm and 20 rows of 0.8 mm
    assert (picture.width(), picture.height()) == (PICTURE_SIDE, round(PICTURE_SIDE * 16 / 21))
    left, right = picture.pixelColor(10, 20).lightness(), picture.pixelColor(50, 20).lightness()
    assert left > 200
    assert right < 50


def test_that_only_the_middle_file_of_a_series_is_read(listing: Listing, folder: Path) -> None:
    series = next(entry for entry in listing.entries if entry.id == "5")
    middle = series.files[2]
    for name in series.files:
        if name != middle:
            Path(name).unlink()
    assert thumbnail(series) is not None


def test_that_colour_stays(listing: Listing) -> None:
    picture = thumbnail(next(entry for entry in listing.entries if entry.id == "red.png"))
    assert picture is not None
    assert picture.pixelColor(30, 10).name() == "#ff0000"


def test_that_a_file_that_is_too_large_or_gone_has_no_picture(
    listing: Listing, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = next(entry for entry in listing.entries if entry.id == "red.png")
    monkeypatch.setattr(thumbnails, "_LARGEST_FILE", 10)
    assert thumbnail(entry) is None
    monkeypatch.undo()
    (folder / "red.png").unlink()
    assert thumbnail(entry) is None


def test_that_pictures_arrive_and_patients_do_not_unless_wanted(
    dialog: SeriesDialog, jobs: Jobs, settings: Settings, qtbot: QtBot
) -> None:
    controller = ThumbnailsController(jobs, settings)
    controller.attend(dialog)
    qtbot.waitUntil(lambda: jobs.is_idle)
    item = tree_of(dialog).topLevelItem(row_of(dialog, "red.png"))
    assert item is not None
    image = item.icon(0).pixmap(PICTURE_SIDE).toImage()
    assert image.pixelColor(image.width() // 2, image.height() // 2).red() == 255
    assert not any("Nobody" in text for row in range(3) for text in _all_texts(dialog, row))


def _all_texts(dialog: SeriesDialog, row: int) -> list[str]:
    """Of hidden columns too."""
    item = tree_of(dialog).topLevelItem(row)
    assert item is not None
    return [item.text(column) for column in range(tree_of(dialog).columnCount())]


def test_that_patients_are_shown_when_ticked_and_forgotten_when_not(
    dialog: SeriesDialog, jobs: Jobs, settings: Settings, qtbot: QtBot
) -> None:
    controller = ThumbnailsController(jobs, settings)
    controller.attend(dialog)
    tick = dialog.findChild(QCheckBox)
    assert tick is not None
    tick.click()
    assert settings.get(SHOW_PATIENT_DATA)
    row = row_of(dialog, "4")
    qtbot.waitUntil(lambda: "Nobody Special (A17)" in texts(dialog)[row])
    assert texts(dialog)[row][5:7] == ["1970-01-02", "2024-01-31"]
    tick.click()
    assert not settings.get(SHOW_PATIENT_DATA)
    assert len(texts(dialog)[row]) == 4
    assert not any("Nobody" in text for text in _all_texts(dialog, row))


def test_that_patient_data_are_not_in_a_log(folder: Path) -> None:
    found = read_patient(next((folder / "a").iterdir()))
    assert found is not None
    assert found.name == "Nobody Special"
    assert "Nobody" not in repr(found)
    assert "A17" not in f"{found}"


def test_that_what_is_no_dicom_names_no_patient(folder: Path) -> None:
    assert read_patient(folder / "red.png") is None


def test_that_unprintable_characters_are_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "one.dcm"
    dataset = slice_dataset(ramp((4, 4)), PatientID="7\x1b[2J")
    dataset.save_as(path, enforce_file_format=True)
    found = read_patient(path)
    assert found is not None
    assert found.id.isprintable()
    assert found.id.startswith("7")


def test_that_the_question_is_answered_with_the_entry_and_its_work_ends(
    listing: Listing, jobs: Jobs, settings: Settings, qtbot: QtBot
) -> None:
    over = QWidget()
    qtbot.addWidget(over)
    asks = Asks(over)
    asks.set_attendant(ThumbnailsController(jobs, settings))

    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, SeriesDialog)
        dialog.accept()

    QTimer.singleShot(0, answer)
    assert asks.pick_entry(listing) is listing.entries[0]
    assert jobs.is_idle
