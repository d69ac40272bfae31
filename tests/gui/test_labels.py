"""The list of labels and what it does to the document."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QListView, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from app.engine.labelmap import PALETTE, Label
from app.engine.plane import SliceKey
from app.engine.prompt import Box3D
from app.gui.controllers.labels import LabelsController, conflict_texts
from app.gui.document import Document
from app.gui.panels.label_row import Part, part_at, rect_of
from app.gui.panels.labels import LabelsPanel
from app.gui.proposal import Preview


class Told:
    """What a controller said."""

    def __init__(self, labels: LabelsController) -> None:
        self.messages: list[str] = []
        self.errors: list[Exception] = []
        labels.message.connect(self.messages.append)
        labels.failed.connect(self.errors.append)


@pytest.fixture
def labels(document: Document) -> LabelsController:
    return LabelsController(document)


def names(document: Document) -> list[str]:
    assert document.study is not None
    return [label.name for label in document.study.labels.labels]


def active(document: Document) -> int:
    assert document.active_label is not None
    return document.active_label.value


def test_that_an_added_label_is_named_by_its_value_and_active(labels: LabelsController, document: Document) -> None:
    labels.add()
    labels.add()
    assert names(document) == ["ball", "Label 2", "Label 3"]
    assert active(document) == 3
    document.undo()
    assert names(document) == ["ball", "Label 2"]
    assert active(document) == 2


def test_that_a_name_that_is_taken_is_not_given_again(labels: LabelsController, document: Document) -> None:
    labels.rename(1, "Label 2")
    labels.add()
    assert names(document) == ["Label 2", "Label 3"]


def test_that_each_change_of_a_label_is_one_step_of_undo(labels: LabelsController, document: Document) -> None:
    before = labels.labels
    labels.rename(1, "  liver ")
    labels.recolour(1, (1, 2, 3))
    labels.lock(1, True)
    labels.show(1, False)
    assert labels.labels == (Label(1, "liver", (1, 2, 3), locked=True, visible=False),)
    assert document.undo_stack.count() == 4
    for _ in range(4):
        document.undo()
    assert labels.labels == before


def test_that_a_blank_name_and_an_unknown_label_change_nothing(labels: LabelsController, document: Document) -> None:
    labels.rename(1, "  ")
    labels.rename(7, "liver")
    labels.lock(7, True)
    labels.remove(7)
    assert document.undo_stack.count() == 0


def test_that_removing_a_label_erases_its_voxels_in_one_step(labels: LabelsController, document: Document) -> None:
    assert document.study is not None
    labels.add()
    region = Box3D(3, 4, 1, 8, 9, 3)
    document.do(lambda study: study.paint("Paint", [(region, np.ones((2, 5, 5), dtype=bool))], 2))
    steps = document.undo_stack.count()
    labels.remove_active()
    assert names(document) == ["ball"]
    assert active(document) == 1
    assert not document.study.labels.voxels.any()
    assert document.undo_stack.count() == steps + 1
    document.undo()
    assert names(document) == ["ball", "Label 2"]
    assert int((document.study.labels.voxels == 2).sum()) == 50


def test_that_a_locked_label_is_not_removed_and_why_is_said(labels: LabelsController, document: Document) -> None:
    told = Told(labels)
    labels.toggle_lock()
    labels.remove_active()
    assert names(document) == ["ball"]
    assert told.messages == ["“ball” is locked: unlock it before it is removed."]
    assert not told.errors


def test_that_stepping_goes_around_and_picking_counts_from_one(labels: LabelsController, document: Document) -> None:
    told = Told(labels)
    labels.add()
    labels.add()
    labels.step(1)
    assert active(document) == 1
    labels.step(-1)
    assert active(document) == 3
    labels.pick(2)
    assert active(document) == 2
    labels.pick(4)
    assert active(document) == 2
    assert told.messages == ["There is no label 4 in the list."]


def test_that_without_an_image_nothing_fails_but_adding_says_so(qapp: object) -> None:
    labels = LabelsController(Document())
    told = Told(labels)
    labels.step(1)
    labels.toggle_lock()
    labels.remove_active()
    labels.add()
    assert [str(error) for error in told.errors] == ["no image is open"]


def test_that_conflicts_are_shares_of_the_preview_by_name() -> None:
    mask = np.zeros((20, 20), dtype=bool)
    mask[:10, :20] = True
    preview = Preview(SliceKey(0, 0), 1, mask=mask, conflicts={2: 24, 3: 1, 9: 5})
    made = conflict_texts(preview, (Label(2, "liver", PALETTE[0]), Label(3, "spleen", PALETTE[1])))
    assert made == {"liver": "12 %", "spleen": "less than 1 %"}
    assert not conflict_texts(None, ())


# ------------------------------------------------------------------------------------------------------------- panel


class Shown:
    """The panel as the user sees it."""

    def __init__(self, qtbot: QtBot) -> None:
        self.panel = LabelsPanel()
        qtbot.addWidget(self.panel)
        self.panel.resize(280, 300)
        self.panel.show()
        self.view = self.panel.findChildren(QListView)[0]

    def field(self) -> QLineEdit:
        return next(each for each in self.panel.findChildren(QLineEdit) if each.accessibleName() != "Name of the label")

    def click(self, row: int, part: Part) -> None:
        place = self.view.visualRect(self.view.model().index(row, 0))
        QTest.mouseClick(self.view.viewport(), Qt.MouseButton.LeftButton, pos=rect_of(part, place).center())

    def names(self) -> list[str]:
        model = self.view.model()
        return [model.index(row, 0).data() for row in range(model.rowCount()) if not self.view.isRowHidden(row)]

    def sentences(self) -> list[str]:
        return [each.text() for each in self.panel.findChildren(QLabel) if each.isVisible()]


THREE = (
    Label(1, "Liver", PALETTE[0]),
    Label(2, "Spleen", PALETTE[1], locked=True),
    Label(5, "Left kidney", PALETTE[2], visible=False),
)


@pytest.fixture
def shown(qtbot: QtBot) -> Shown:
    made = Shown(qtbot)
    made.panel.set_labels(THREE, 1)
    return made


def test_that_showing_labels_chooses_none_and_clicking_one_does(shown: Shown) -> None:
    chosen: list[int] = []
    shown.panel.chosen.connect(chosen.append)
    shown.panel.set_labels(THREE, 2)
    assert not chosen
    shown.click(2, Part.NAME)
    assert chosen == [5]
    shown.panel.set_labels(THREE, 5)
    QTest.keyClick(shown.view, Qt.Key.Key_Up)
    assert chosen == [5, 2]


def test_that_eye_and_lock_ask_for_the_opposite_and_choose_nothing(shown: Shown) -> None:
    asked: list[tuple[str, int, bool]] = []
    shown.panel.chosen.connect(lambda value: asked.append(("chosen", value, True)))
    shown.panel.locked.connect(lambda value, on: asked.append(("locked", value, on)))
    shown.panel.shown.connect(lambda value, on: asked.append(("shown", value, on)))
    shown.click(1, Part.LOCK)
    shown.click(2, Part.EYE)
    shown.click(2, Part.LOCK)
    assert asked == [("locked", 2, False), ("shown", 5, True), ("locked", 5, True)]


def test_that_a_name_is_typed_in_place(shown: Shown, qtbot: QtBot) -> None:
    renamed: list[tuple[int, str]] = []
    shown.panel.renamed.connect(lambda value, name: renamed.append((value, name)))
    shown.panel.edit_name(5)
    editor = next(e for e in shown.panel.findChildren(QLineEdit) if e.accessibleName() == "Name of the label")
    assert editor.text() == "Left kidney"
    editor.setText("Right kidney")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: renamed == [(5, "Right kidney")])
    assert shown.names()[2] == "Left kidney"  # until the document says otherwise


def test_that_an_open_editor_survives_a_change_elsewhere(shown: Shown) -> None:
    shown.panel.edit_name(1)
    shown.panel.set_labels((*THREE[:2], Label(5, "Left kidney", PALETTE[3])), 1)
    assert any(each.accessibleName() == "Name of the label" for each in shown.panel.findChildren(QLineEdit))


def test_that_the_filter_leaves_names_with_all_words_and_enter_takes_the_first(shown: Shown) -> None:
    chosen: list[int] = []
    shown.panel.chosen.connect(chosen.append)
    QTest.keyClicks(shown.field(), "KID le")
    assert shown.names() == ["Left kidney"]
    assert not chosen
    QTest.keyClick(shown.field(), Qt.Key.Key_Return)
    assert chosen == [5]
    QTest.keyClicks(shown.field(), "zzz")
    assert shown.sentences() == ["No label is called that."]


def test_that_an_empty_list_says_what_to_do(shown: Shown) -> None:
    asked: list[bool] = []
    shown.panel.add_requested.connect(lambda: asked.append(True))
    shown.panel.set_labels((), 0)
    assert shown.sentences() == ["No labels yet. Add one to paint with."]
    add = next(each for each in shown.panel.findChildren(QPushButton) if each.accessibleName() == "Add a label")
    add.click()
    assert asked == [True]


def test_that_the_menu_offers_what_the_state_allows(shown: Shown) -> None:
    removed: list[int] = []
    coloured: list[tuple[int, object]] = []
    shown.panel.removed.connect(removed.append)
    shown.panel.recoloured.connect(lambda value, colour: coloured.append((value, colour)))
    menu = {action.text(): action for action in shown.panel.menu_of(1).actions()}
    menu["Remove"].trigger()
    colours = menu["Colour"].menu()
    assert isinstance(colours, QMenu)
    colours.actions()[3].trigger()
    assert removed == [1]
    assert coloured == [(1, PALETTE[3])]
    locked = {action.text(): action for action in shown.panel.menu_of(2).actions()}
    assert locked["Locked"].isChecked()
    assert not locked["Remove"].isEnabled()


def test_that_a_screen_reader_hears_state_and_key(shown: Shown) -> None:
    model = shown.view.model()
    spoken = [model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert spoken == [
        "Liver, label 1, Ctrl+1",
        "Spleen, label 2, locked, Ctrl+2",
        "Left kidney, label 5, hidden, Ctrl+3",
    ]


def test_that_a_name_left_for_another_field_asks_for_no_keyboard(shown: Shown, qtbot: QtBot) -> None:
    named: list[bool] = []
    shown.panel.named.connect(lambda: named.append(True))
    shown.panel.activateWindow()
    shown.panel.edit_name(1)
    qtbot.waitUntil(lambda: isinstance(QApplication.focusWidget(), QLineEdit))
    shown.field().setFocus()
    qtbot.waitUntil(lambda: len(shown.view.findChildren(QLineEdit)) == 0)
    assert not named
    assert shown.field().hasFocus()


def test_that_conflicts_are_said_and_unsaid(shown: Shown) -> None:
    shown.panel.set_conflicts({"liver": "12 %"})
    assert shown.sentences() == ["12 % of the preview belongs to “liver” (locked)"]
    shown.panel.set_conflicts({"liver": "less than 1 %"})
    assert shown.sentences() == ["Less than 1 % of the preview belongs to “liver” (locked)"]
    shown.panel.set_conflicts({})
    assert not shown.sentences()


def test_that_parts_of_a_row_are_hit_where_they_are_drawn(shown: Shown) -> None:
    row = shown.view.visualRect(shown.view.model().index(0, 0))
    for part in Part:
        assert part_at(row, rect_of(part, row).center()) is part
    assert part_at(row, QPoint(row.right(), row.center().y())) is Part.NAME
