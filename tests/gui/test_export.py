from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nrrd
import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QListWidget, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.engine.errors import WriteError
from app.engine.geometry import Frame, Geometry
from app.engine.io.open import read_volume
from app.engine.labelmap import Label, LabelMap
from app.engine.study import Study, StudySource
from app.engine.volume import Volume
from app.gui.controllers.exporting import formats_for, only
from app.gui.controllers.reading import Share
from app.gui.controllers.saving import SavingController
from app.gui.controllers.snapshot import Snapshots
from app.gui.dialogs.asks import Asks
from app.gui.dialogs.export import ExportChoice, ExportDialog, ExportFormat, ExportOptions
from app.gui.document import Document
from app.gui.jobs import Jobs
from tests.engine.io.dicom_fixtures import write_series

_DICOM = {"dicom-seg", "rtstruct"}


class Answers(Asks):
    """Chooses what a test wants, of what is offered."""

    choice: ExportChoice | None = None
    offered: ExportOptions | None = None

    def save_labels(self, options: ExportOptions) -> ExportChoice | None:
        self.offered = options
        return self.choice


def impossible(volume: Volume) -> set[str]:
    return {form.name for form in formats_for(volume) if form.impossible}


@pytest.fixture
def options(study: Study, tmp_path: Path) -> ExportOptions:
    labels = (Label(1, "liver", (200, 10, 20)), Label(7, "lesion", (10, 200, 20)))
    return ExportOptions(tmp_path / "ball_mask", formats_for(study.volume), labels)


@pytest.fixture
def dialog(options: ExportOptions, qtbot: QtBot) -> ExportDialog:
    made = ExportDialog(options, lambda _over, _path, _form: None)
    qtbot.addWidget(made)
    made.show()
    return made


def named(dialog: QDialog, name: str) -> QListWidget:
    return next(each for each in dialog.findChildren(QListWidget) if each.accessibleName() == name)


def path_of(dialog: QDialog) -> QLineEdit:
    found = dialog.findChild(QLineEdit)
    assert found is not None
    return found


def export_button(dialog: QDialog) -> QPushButton:
    return next(each for each in dialog.findChildren(QPushButton) if each.text() == "Export")


def choose(dialog: QDialog, title: str) -> None:
    formats = named(dialog, "Format")
    formats.setCurrentItem(formats.findItems(title, Qt.MatchFlag.MatchStartsWith)[0])


def test_that_a_volume_without_a_series_has_no_png_and_no_dicom(study: Study) -> None:
    assert impossible(study.volume) == {"png", *_DICOM}
    reasons = {form.name: form.impossible for form in formats_for(study.volume)}
    assert reasons["png"].startswith("a PNG holds one slice and the image has 8")
    assert reasons["rtstruct"].startswith("the image is not from a DICOM series")


def test_that_a_photograph_is_written_as_png_unless_something_else_is_wanted(qapp: QApplication) -> None:
    geometry = Geometry.from_components(shape_zyx=(1, 6, 9), spacing_xyz=(1.0, 1.0, 1.0))
    photo = Volume(np.zeros((1, 6, 9), dtype=np.uint8), replace(geometry, frame=Frame.NONE))
    assert formats_for(photo)[0].name == "png"
    assert impossible(photo) == _DICOM


def test_that_a_dicom_series_can_be_referred_to(tmp_path: Path, qapp: QApplication) -> None:
    write_series(tmp_path, np.zeros((4, 6, 7), dtype=np.int16))
    assert impossible(read_volume(tmp_path)) == {"png"}


def test_that_only_chosen_labels_are_kept() -> None:
    values = np.array([[[0, 1, 7], [65535, 7, 1]]], dtype=np.uint16)
    assert only(values, frozenset({7, 65535})).tolist() == [[[0, 0, 7], [65535, 7, 0]]]
    assert values[0, 0, 1] == 1  # what was given stays


def test_that_the_usual_format_and_all_labels_are_proposed(dialog: ExportDialog, tmp_path: Path) -> None:
    assert dialog.chosen() == ExportChoice(tmp_path / "ball_mask.nii.gz", "nifti", frozenset({1, 7}))


def test_that_the_extension_follows_the_format(dialog: ExportDialog, tmp_path: Path) -> None:
    for title, end in (("NRRD", ".seg.nrrd"), ("STL", ".stl"), ("NIfTI", ".nii.gz")):
        choose(dialog, title)
        assert path_of(dialog).text() == str(tmp_path / f"ball_mask{end}")


def test_that_a_name_without_the_extension_gets_it(dialog: ExportDialog, tmp_path: Path) -> None:
    path_of(dialog).setText(str(tmp_path / "other"))
    choice = dialog.chosen()
    assert choice is not None
    assert choice.path == tmp_path / "other.nii.gz"
    path_of(dialog).setText(str(tmp_path / "plain.NII"))
    choice = dialog.chosen()
    assert choice is not None
    assert choice.path == tmp_path / "plain.NII"


def test_that_an_impossible_format_cannot_be_chosen_and_says_why(dialog: ExportDialog) -> None:
    item = named(dialog, "Format").findItems("DICOM SEG", Qt.MatchFlag.MatchStartsWith)[0]
    assert item.flags() == Qt.ItemFlag.NoItemFlags
    assert item.toolTip().startswith("the image is not from a DICOM series")


def test_that_without_a_label_or_a_name_nothing_is_exported(dialog: ExportDialog) -> None:
    labels = named(dialog, "Labels")
    labels.item(0).setCheckState(Qt.CheckState.Unchecked)
    choice = dialog.chosen()
    assert choice is not None
    assert choice.labels == {7}
    labels.item(1).setCheckState(Qt.CheckState.Unchecked)
    assert not export_button(dialog).isEnabled()
    labels.item(1).setCheckState(Qt.CheckState.Checked)
    assert export_button(dialog).isEnabled()
    path_of(dialog).clear()
    assert not export_button(dialog).isEnabled()


def test_that_the_file_can_be_looked_for(options: ExportOptions, tmp_path: Path, qtbot: QtBot) -> None:
    asked: list[tuple[Path, ExportFormat]] = []

    def browse(_over: QWidget, path: Path, form: ExportFormat) -> Path:
        asked.append((path, form))
        return tmp_path / "found"

    dialog = ExportDialog(options, browse)
    qtbot.addWidget(dialog)
    next(each for each in dialog.findChildren(QPushButton) if each.text() == "Browse…").click()
    assert asked == [(tmp_path / "ball_mask.nii.gz", options.formats[0])]
    assert path_of(dialog).text() == str(tmp_path / "found.nii.gz")


def test_that_an_existing_file_is_replaced_only_where_the_user_says_so(
    options: ExportOptions, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ball_mask.nii.gz").write_bytes(b"old")
    over = QWidget()
    qtbot.addWidget(over)
    questions: list[str] = []

    def refuse(_over: QWidget, _title: str, question: str, *_buttons: object) -> QMessageBox.StandardButton:
        questions.append(question)
        QTimer.singleShot(0, lambda: press(rename=True))
        return QMessageBox.StandardButton.No

    def press(*, rename: bool) -> None:
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, ExportDialog)
        if rename:
            path_of(dialog).setText(str(tmp_path / "new.nii.gz"))
        dialog.accept()

    monkeypatch.setattr(QMessageBox, "question", refuse)
    QTimer.singleShot(0, lambda: press(rename=False))
    choice = Asks(over).save_labels(options)
    assert len(questions) == 1
    assert choice is not None
    assert choice.path == tmp_path / "new.nii.gz"


class Desk:
    """A study of two labels in two slabs, and who saves it."""

    def __init__(self, study: Study, jobs: Jobs, qtbot: QtBot, folder: Path) -> None:
        labels = LabelMap(study.volume.shape_zyx)
        labels.add_label("upper")
        labels.add_label("lower", colour=(1, 2, 3))
        values = labels.voxels.copy()
        values[2:4, 10:20, 10:20], values[5:7, 10:20, 10:20] = 1, 2
        labels = LabelMap.adopting(values, labels.labels)
        self.document = Document()
        self.document.open(Study(study.volume, StudySource(str(folder / "ball.nii.gz"), "ball"), labels))
        over = QWidget()
        qtbot.addWidget(over)
        self.asks = Answers(over)
        self.saving = SavingController(self.document, jobs, Snapshots(self.document), self.asks)
        self.messages: list[str] = []
        self.errors: list[Exception] = []
        self.saving.message.connect(self.messages.append)
        self.saving.failed.connect(self.errors.append)
        self.qtbot = qtbot

    def export(self, choice: ExportChoice) -> None:
        self.asks.choice = choice
        self.saving.export_labels()
        self.qtbot.waitUntil(lambda: bool(self.messages or self.errors), timeout=20000)


@pytest.fixture
def desk(study: Study, jobs: Jobs, tmp_path: Path, qtbot: QtBot) -> Desk:
    return Desk(study, jobs, qtbot, tmp_path)


def test_that_chosen_labels_are_written_with_name_and_colour(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "lower.seg.nrrd"
    desk.export(ExportChoice(path, "nrrd", frozenset({2})))
    assert desk.errors == []
    voxels, header = nrrd.read(str(path))
    assert sorted(np.unique(voxels)) == [0, 2]
    assert header["Segment0_Name"] == "lower"
    assert header["Segment0_Color"].split() == [f"{part / 255:.6g}" for part in (1, 2, 3)]
    assert "Segment1_Name" not in header


def test_that_surfaces_are_written(desk: Desk, tmp_path: Path) -> None:
    desk.export(ExportChoice(tmp_path / "both.obj", "obj", frozenset({1, 2})))
    assert desk.errors == []
    groups = [line for line in (tmp_path / "both.obj").read_text().splitlines() if line.startswith("g ")]
    assert len(groups) == 2


def test_that_what_cannot_be_written_is_told_and_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.export(ExportChoice(tmp_path / "all.seg.dcm", "dicom-seg", frozenset({1, 2})))
    assert isinstance(desk.errors[0], WriteError)
    assert list(tmp_path.glob("all*")) == []


def test_that_the_file_is_proposed_beside_the_image(desk: Desk, tmp_path: Path) -> None:
    desk.saving.export_labels()
    assert desk.asks.offered is not None
    assert desk.asks.offered.suggested == tmp_path / "ball_mask"
    assert [label.name for label in desk.asks.offered.labels] == ["upper", "lower"]


def test_that_writing_tells_how_far_it_is(desk: Desk, tmp_path: Path) -> None:
    told: list[Share] = []
    desk.saving.written_so_far.connect(told.append)
    desk.export(ExportChoice(tmp_path / "both.obj", "obj", frozenset({1, 2})))
    desk.qtbot.waitUntil(lambda: bool(told), timeout=20000)
    assert {share.total for share in told} == {6}
