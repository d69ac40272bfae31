"""Measures in the window: computed when the user rests, shown in the image's units, copied, saved, compared."""

from __future__ import annotations

import csv
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QLocale, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.engine.export import write_labels
from app.engine.geometry import Geometry
from app.engine.labelmap import PALETTE, Label
from app.engine.measure import Agreement, Diameter, LabelMeasures, measure
from app.engine.plane import SliceKey
from app.engine.prompt import Box3D
from app.engine.study import LabelChange, Study, StudySource
from app.engine.volume import Finding, Volume
from app.gui.controllers.compare import matched
from app.gui.controllers.measure import MeasureController
from app.gui.document import Document
from app.gui.jobs import Jobs, Lane
from app.gui.panels.measures import MeasuresPanel
from app.gui.panels.measures_state import Compared, ComparedRow, Measured, MeasuredRow
from app.gui.panels.table import FigureTable
from app.gui.view_state import ViewState


class Desk:
    """A document, its measures, and what was said."""

    def __init__(self, document: Document, jobs: Jobs, qtbot: QtBot) -> None:
        self.document, self.jobs, self.qtbot, self.view_state = document, jobs, qtbot, ViewState()
        assert document.study is not None
        self.study = document.study
        self.view_state.begin(self.study.volume.shape_zyx, self.view_state.looks, single=False, axis=0)
        self.measures = MeasureController(document, self.view_state, jobs)
        self.last: Measured | None = None
        self.compared: list[Compared | None] = []
        self.messages: list[str] = []
        self.comparing: list[str] = []
        self.errors: list[Exception] = []
        self.measures.measured.connect(self._hear)
        self.measures.compared.connect(self.compared.append)
        self.measures.message.connect(self.messages.append)
        self.measures.comparing.connect(self.comparing.append)
        self.measures.failed.connect(self.errors.append)

    def _hear(self, measured: Measured | None) -> None:
        self.last = measured

    def paint(self, region: Box3D, label: int = 1) -> None:
        shape = region.z1 - region.z0, region.y1 - region.y0, region.x1 - region.x0
        self.document.do(lambda study: study.paint("Paint", [(region, np.ones(shape, dtype=bool))], label))

    def rows(self) -> Sequence[MeasuredRow]:
        """All rows once they are measured and the areas are of the active slice."""
        key = self.view_state.active_key

        def ready() -> bool:
            last = self.last
            return last is not None and last.is_complete and last.slice_index == key.index and all(
                row.area_here is not None for row in last.rows
            )  # fmt: skip

        self.qtbot.waitUntil(ready)
        self.qtbot.waitUntil(lambda: not self.jobs.is_running(Lane.MEASURE))
        assert self.last is not None
        return self.last.rows


@pytest.fixture
def desk(document: Document, jobs: Jobs, qtbot: QtBot) -> Desk:
    return Desk(document, jobs, qtbot)


CUBE = Box3D(10, 10, 2, 20, 30, 6)


def test_that_a_label_is_measured_as_the_engine_measures_it(desk: Desk) -> None:
    desk.paint(CUBE)
    (row,) = desk.rows()
    values = desk.study.labels.voxels
    assert row.measures == measure(desk.study.volume, values, 1)
    assert row.measures.volume_ml == pytest.approx(10 * 20 * 4 * 5.0 / 1000.0)
    assert row.area_here == np.count_nonzero(values[desk.view_state.active_key.selector()] == 1) > 0  # of 1 mm²


def test_that_the_area_is_that_of_the_active_slice(desk: Desk) -> None:
    desk.paint(CUBE)
    assert desk.rows()[0].area_here == 200.0
    desk.view_state.go_to(SliceKey(0, 7))
    assert desk.rows()[0].area_here == 0.0
    desk.view_state.set_layout(axis=1)
    desk.view_state.go_to(SliceKey(1, 12))
    desk.qtbot.waitUntil(lambda: desk.last is not None and desk.last.rows[0].area_here == 10 * 4 * 5.0)


def test_that_only_labels_that_changed_are_measured_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.study.labels.add_label("other")
    desk.paint(CUBE)
    desk.paint(Box3D(30, 30, 1, 33, 33, 2), label=2)
    desk.rows()
    measured: list[int] = []

    def counted(volume: Volume, values: NDArray[np.uint16], value: int) -> LabelMeasures:
        measured.append(value)
        return measure(volume, values, value)

    monkeypatch.setattr("app.gui.controllers.measure.measure", counted)
    desk.paint(Box3D(34, 30, 1, 36, 33, 2), label=2)
    rows = desk.rows()
    assert measured == [2]
    assert rows[1].measures is not None
    assert rows[1].measures.voxels == 15
    desk.document.undo()
    assert desk.rows()[1].measures == measure(desk.study.volume, desk.study.labels.voxels, 2)
    assert measured == [2, 2]


def test_that_a_rename_is_shown_at_once_and_measures_nothing(desk: Desk) -> None:
    desk.paint(CUBE)
    before = desk.rows()[0].measures
    label = desk.study.labels.label(1)
    desk.document.do(lambda study: study.change_labels("Rename", [LabelChange(label, replace(label, name="liver"))]))
    assert desk.last is not None
    assert desk.last.rows[0].label.name == "liver"
    assert desk.last.rows[0].measures == before
    assert not desk.jobs.is_running(Lane.MEASURE)


def test_that_nothing_is_computed_while_nobody_looks_until_it_is_asked_for(desk: Desk) -> None:
    desk.measures.watch(False)
    desk.paint(CUBE)
    assert not any(timer.isActive() for timer in desk.measures.findChildren(QTimer))
    assert not desk.jobs.is_running(Lane.MEASURE)
    desk.measures.copy()
    desk.qtbot.waitUntil(lambda: bool(desk.messages))
    assert desk.messages == ["Copied: measures of one label."]
    assert desk.last is None
    desk.measures.watch(True)
    assert desk.rows()[0].measures is not None


def test_that_the_copy_is_a_table_for_spreadsheets(desk: Desk) -> None:
    desk.paint(CUBE)
    desk.measures.copy()  # before it has been measured
    desk.qtbot.waitUntil(lambda: bool(desk.messages))
    heading, row = QGuiApplication.clipboard().text().splitlines()
    cells = dict(zip(heading.split("\t"), row.split("\t"), strict=True))
    assert cells["label"] == "ball"
    assert float(cells["volume_ml"]) == pytest.approx(4.0)
    assert cells["length_unit"] == "mm"


def test_that_measures_are_saved_and_replace_an_older_file(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "measures.csv"
    path.write_text("old")
    desk.paint(CUBE)
    desk.measures.save(path)
    desk.qtbot.waitUntil(lambda: desk.messages == ["Saved: measures.csv"])
    with path.open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["voxels"] == "800"


def test_that_a_table_that_cannot_be_written_is_told(desk: Desk, tmp_path: Path) -> None:
    desk.measures.save(tmp_path / "measures.txt")
    desk.qtbot.waitUntil(lambda: bool(desk.errors))
    assert "measures.txt" in str(desk.errors[0])


def test_that_closing_forgets_all(desk: Desk) -> None:
    desk.paint(CUBE)
    desk.rows()
    desk.document.open(None)
    assert desk.last is None
    desk.measures.copy()
    desk.measures.compare(Path("reference.nii.gz"))
    assert not desk.messages


# --------------------------------------------------------------------------------------------------------- comparison


def written(path: Path, study: Study, values: NDArray[np.uint16]) -> Path:
    write_labels(path, values, study.volume)
    return path


def reference(desk: Desk, tmp_path: Path, value: int = 1) -> Path:
    values = np.zeros(desk.study.volume.shape_zyx, dtype=np.uint16)
    values[2:6, 10:30, 10:15] = value
    return written(tmp_path / "reference.nii.gz", desk.study, values)


def test_that_labels_are_compared_with_a_file(desk: Desk, tmp_path: Path) -> None:
    desk.study.labels.add_label("other")
    desk.paint(CUBE)
    desk.measures.compare(reference(desk, tmp_path))
    desk.qtbot.waitUntil(lambda: bool(desk.compared))
    (compared,) = desk.compared
    assert compared is not None
    assert (compared.name, compared.in_mm) == ("reference.nii.gz", True)
    assert [(row.label.name, row.reference) for row in compared.rows] == [("ball", 1)]
    assert compared.rows[0].agreement.dice == pytest.approx(2 * 400 / 1200)
    assert compared.rows[0].agreement.hausdorff_95 == 5.0
    assert [label.name for label in compared.ours_alone] == ["other"]
    assert desk.measures.has_reference


def test_that_a_comparison_is_outdated_by_an_edit_and_ends_when_it_is_forgotten(desk: Desk, tmp_path: Path) -> None:
    desk.paint(CUBE)
    desk.measures.compare(reference(desk, tmp_path))
    desk.qtbot.waitUntil(lambda: bool(desk.compared))
    desk.paint(Box3D(0, 0, 0, 2, 2, 1))
    assert desk.compared[-1] is not None
    assert desk.compared[-1].outdated
    desk.measures.forget()
    assert len(desk.compared) == 3
    assert not desk.measures.has_reference


def test_that_an_edit_during_the_comparison_outdates_it(desk: Desk, tmp_path: Path) -> None:
    gate = threading.Event()
    desk.paint(CUBE)
    desk.jobs.submit(Lane.OPEN, gate.wait, lambda _: None, desk.errors.append)  # the engine is busy with something else
    desk.measures.compare(reference(desk, tmp_path))
    desk.qtbot.waitUntil(lambda: desk.jobs.is_running(Lane.COMPARE))
    desk.paint(Box3D(0, 0, 0, 2, 2, 1))
    gate.set()
    desk.qtbot.waitUntil(lambda: bool(desk.compared))
    assert desk.compared[-1] is not None
    assert desk.compared[-1].outdated


@pytest.mark.parametrize("name", ["reference.nii.gz", "missing.nii.gz"])
def test_that_a_comparison_is_told_of_until_it_has_ended_or_failed(desk: Desk, tmp_path: Path, name: str) -> None:
    desk.paint(CUBE)
    reference(desk, tmp_path)
    with desk.qtbot.waitSignals([desk.measures.comparing] * 2):
        desk.measures.compare(tmp_path / name)
    assert desk.comparing == [name, ""]
    assert bool(desk.errors) is (name == "missing.nii.gz")


def test_that_a_comparison_can_be_given_up_at_any_time(desk: Desk, tmp_path: Path) -> None:
    desk.paint(CUBE)
    desk.measures.compare(reference(desk, tmp_path))
    desk.measures.stop_comparing()  # while labels are copied
    gate = threading.Event()
    desk.jobs.submit(Lane.OPEN, gate.wait, lambda _: None, desk.errors.append)
    desk.measures.compare(tmp_path / "reference.nii.gz")
    desk.qtbot.waitUntil(lambda: desk.jobs.is_running(Lane.COMPARE))
    desk.measures.stop_comparing()  # while it waits for the engine
    gate.set()
    desk.qtbot.waitUntil(lambda: desk.jobs.is_idle)
    assert desk.comparing == ["reference.nii.gz", ""] * 2
    assert not desk.compared


def test_that_another_comparison_takes_the_place_of_the_one_in_work(desk: Desk, tmp_path: Path) -> None:
    desk.paint(CUBE)
    gate = threading.Event()
    desk.jobs.submit(Lane.OPEN, gate.wait, lambda _: None, desk.errors.append)
    desk.measures.compare(reference(desk, tmp_path))
    desk.qtbot.waitUntil(lambda: desk.jobs.is_running(Lane.COMPARE))
    desk.measures.compare(tmp_path / "reference.nii.gz")
    gate.set()
    desk.qtbot.waitUntil(lambda: desk.jobs.is_idle and bool(desk.compared))
    assert len(desk.compared) == 1
    assert desk.comparing == ["reference.nii.gz", "reference.nii.gz", ""]
    assert not desk.errors


def test_that_a_lone_mask_of_another_value_is_the_counterpart_of_a_lone_label(desk: Desk, tmp_path: Path) -> None:
    desk.paint(CUBE)
    desk.measures.compare(reference(desk, tmp_path, value=255))
    desk.qtbot.waitUntil(lambda: bool(desk.compared))
    assert desk.compared[0] is not None
    assert [row.reference for row in desk.compared[0].rows] == [255]


def test_that_labels_are_matched_by_name_then_by_value() -> None:
    a, b, c = (Label(value, name, PALETTE[0]) for value, name in ((1, "Liver"), (3, "b"), (4, "c")))
    assert matched((a, b, c), [1, 3, 7], {7: "liver", 3: "other"}) == [(a, 7), (b, 3)]
    assert matched((a, b), [1, 3], {1: "b", 3: "LIVER"}) == [(a, 3), (b, 1)]
    assert matched((a, b), [3, 7], {}) == [(b, 3)]
    assert not matched((a, b), [255], {})
    assert not matched((), [1], {})


def test_that_names_beside_the_reference_are_used(desk: Desk, tmp_path: Path) -> None:
    desk.paint(CUBE)
    values = np.zeros(desk.study.volume.shape_zyx, dtype=np.uint16)
    values[2:6, 10:30, 10:20], values[0, 0, 0] = 2, 1
    write_labels(tmp_path / "mask.nii.gz", values, desk.study.volume, label_names={1: "other", 2: "Ball"})
    desk.measures.compare(tmp_path / "mask.nii.gz")
    desk.qtbot.waitUntil(lambda: bool(desk.compared))
    assert desk.compared[0] is not None
    assert [(row.reference, row.agreement.dice) for row in desk.compared[0].rows] == [(2, 1.0)]
    assert desk.compared[0].theirs_alone == (1,)


def test_that_a_reference_on_another_grid_is_refused(desk: Desk, tmp_path: Path) -> None:
    geometry = Geometry.from_components(shape_zyx=(3, 4, 5), spacing_xyz=(1.0, 1.0, 1.0))
    other = Volume(np.zeros((3, 4, 5), dtype=np.int16), geometry)
    path = written(tmp_path / "other.nii.gz", Study(other, StudySource("x", "x")), np.ones((3, 4, 5), dtype=np.uint16))
    desk.measures.compare(path)
    desk.qtbot.waitUntil(lambda: bool(desk.errors))
    assert "other.nii.gz" in str(desk.errors[0])
    assert not desk.measures.has_reference


def test_that_an_image_is_refused_as_a_reference(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "image.nii.gz"
    values = np.full(desk.study.volume.shape_zyx[::-1], 0.5, dtype=np.float32)
    nib.save(nib.Nifti1Image(values, desk.study.volume.geometry.affine_ras), path)
    desk.measures.compare(path)
    desk.qtbot.waitUntil(lambda: bool(desk.errors))
    assert "a label map holds whole numbers" in str(desk.errors[0])


# -------------------------------------------------------------------------------------------------------------- panel

LIVER = Label(1, "=liver", PALETTE[0])
AXIS = Diameter(42.345, (0.0, 0.0, 0.0), (1.0, 1.0, 0.0), SliceKey(0, 11))
MEASURES = LabelMeasures(
    1, 12345, in_mm=True, approximate=False, volume_ml=123.456, volume_mm3=123456.0, area=300.0, long_axis=AXIS,
    short_axis=AXIS, mean=47.8123, sd=12.3, minimum=-120.0, maximum=310.5, unit="HU",
)  # fmt: skip


class Shown:
    """The panel as the user sees it."""

    def __init__(self, qtbot: QtBot) -> None:
        self.panel = MeasuresPanel()
        qtbot.addWidget(self.panel)
        self.panel.show()

    def table(self, name: str = "Measures of the labels") -> FigureTable:
        return next(each for each in self.panel.findChildren(FigureTable) if each.accessibleName() == name)

    def said(self) -> str:
        return "\n".join(each.text() for each in self.panel.findChildren(QLabel) if each.isVisible())

    def show(self, measures: LabelMeasures | None, *, in_mm: bool = True, unit: str = "HU") -> list[str]:
        """The texts of the row that shows these measures."""
        self.panel.set_measures(Measured((MeasuredRow(LIVER, measures, 98.765),), 11, in_mm, unit))
        return self.table().texts()[1]


@pytest.fixture
def shown(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Shown:
    monkeypatch.setattr("app.gui.panels.measures.QLocale", lambda: QLocale(QLocale.Language.C))
    return Shown(qtbot)


def test_that_figures_stand_under_their_units(shown: Shown) -> None:
    assert shown.show(MEASURES) == ["=liver", "123.5", "98.77", "42.34", "42.34", "47.81", "12.30", "-120", "310.5"]
    assert shown.table().texts()[0][1:6] == [
        "Volume (ml)", "Area here (mm²)", "Long axis (mm)", "Short axis (mm)", "Mean (HU)",
    ]  # fmt: skip


def test_that_nothing_is_in_millimetres_where_the_spacing_is_unknown(shown: Shown) -> None:
    row = shown.show(replace(MEASURES, in_mm=False, volume_ml=None, volume_mm3=None), in_mm=False, unit="")
    assert row[1] == "12345"
    assert not any("mm" in heading or "ml" in heading for heading in shown.table().texts()[0])
    assert "lengths are in voxels" in shown.said()
    assert shown.table().texts()[0][1:4] == ["Voxels", "Area here (voxels)", "Long axis (voxels)"]


def test_that_the_voxels_of_a_picture_are_called_pixels(shown: Shown) -> None:
    measures = replace(MEASURES, in_mm=False, volume_ml=None, volume_mm3=None)
    row = MeasuredRow(LIVER, measures, 98.765)
    shown.panel.set_measures(Measured((row,), 0, in_mm=False, unit="", flat=True))
    assert shown.table().texts()[0][1:4] == ["Pixels", "Area here (pixels)", "Long axis (pixels)"]
    assert "lengths and areas are in pixels" in shown.said()


def test_that_approximate_figures_are_marked_and_explained(shown: Shown) -> None:
    row = shown.show(replace(MEASURES, approximate=True))
    assert [cell[0] == "≈" for cell in row] == [False, True, True, True, True, False, False, False, False]
    assert "≈ approximate" in shown.said()


def test_that_an_approximate_volume_is_marked_so_by_the_engine(desk: Desk, shown: Shown) -> None:
    volume = replace(desk.study.volume, findings=(Finding("missing-slices", "slices are missing"),))
    study = Study(volume, StudySource("x", "x"))
    study.labels.add_label("ball")
    desk.document.open(study)
    desk.view_state.begin(volume.shape_zyx, desk.view_state.looks, single=False, axis=0)
    desk.paint(CUBE)
    desk.rows()
    shown.panel.set_measures(desk.last)
    assert shown.table().texts()[1][1] == "≈ 4.000"


def test_that_empty_and_waiting_labels_show_no_figure(shown: Shown) -> None:
    empty = replace(MEASURES, voxels=0, volume_ml=0.0, long_axis=None, short_axis=None, mean=None, sd=None,
                    minimum=None, maximum=None)  # fmt: skip
    assert shown.show(empty)[1:] == ["0", "98.77", *["\u2013"] * 6]
    assert set(shown.show(None)[1:]) == {"…"}


def test_that_selected_cells_are_copied_with_headings_and_no_formula(shown: Shown) -> None:
    shown.show(MEASURES)
    shown.table().selectAll()
    QTest.keyClick(shown.table(), Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    heading, row = QGuiApplication.clipboard().text().splitlines()
    assert heading.startswith("Label\tVolume (ml)\t")
    assert row.startswith("'=liver\t123.5\t")


def test_that_a_single_cell_is_copied_alone(shown: Shown) -> None:
    shown.show(MEASURES)
    shown.table().setCurrentCell(0, 1)
    QTest.keyClick(shown.table(), Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text().strip() == "123.5"


def test_that_buttons_ask_and_wait_for_labels(shown: Shown) -> None:
    asked: list[str] = []
    shown.panel.copy_requested.connect(lambda: asked.append("copy"))
    shown.panel.save_requested.connect(lambda: asked.append("save"))
    shown.panel.compare_requested.connect(lambda: asked.append("compare"))
    buttons = [each for each in shown.panel.findChildren(QPushButton) if each.isVisible()]
    assert not any(each.isEnabled() for each in buttons)
    assert shown.said() == "Open an image first."
    shown.panel.set_measures(Measured((), 0, True, ""))
    assert shown.said() == "Add a label and draw: it is measured here."
    shown.show(MEASURES)
    for each in buttons:
        each.click()
    assert asked == ["copy", "save", "compare"]


def test_that_the_agreement_is_shown_by_label_and_said_to_be_outdated(shown: Shown) -> None:
    agreement = Agreement(0.91234, 0.8, 12.0, 3.456, float("inf"), 0.1, 2.0, in_mm=True)
    compared = Compared("reference.nrrd", (ComparedRow(LIVER, 1, agreement),), (Label(2, "spleen", PALETTE[1]),), (7,),
                        in_mm=True)  # fmt: skip
    shown.panel.set_agreement(compared)
    texts = shown.table("Agreement with the reference").texts()
    assert texts == [
        ["Label", "Dice", "Hausdorff 95 (mm)", "Mean distance (mm)"], ["=liver", "0.912", "3.456", "∞"],
    ]  # fmt: skip
    assert "Not in the reference: spleen\nOnly in the reference: values 7" in shown.said()
    assert "changed since" not in shown.said()
    shown.panel.set_agreement(replace(compared, outdated=True))
    assert "The labels have changed since: compare again." in shown.said()
    shown.panel.set_agreement(None)
    assert not shown.table("Agreement with the reference").isVisible()
