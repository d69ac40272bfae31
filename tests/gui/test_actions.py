from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QListWidget, QMainWindow, QMenu, QPushButton, QToolBar, QWidget
from pytestqt.qtbot import QtBot

from app.gui.action_table import ACTIONS, Need
from app.gui.actions import Actions
from app.gui.key_profiles import PROFILES, keys_of
from app.gui.menu_table import EXCLUSIVE, MENUS, SEPARATOR, TOOLBAR, MenuSpec
from app.gui.settings import KeyProfile

_IDS = [spec.id for spec in ACTIONS]
_ICONS = {spec.id: spec.icon for spec in ACTIONS}


@pytest.fixture
def window(qtbot: QtBot) -> QMainWindow:
    made = QMainWindow()
    qtbot.addWidget(made)
    made.setCentralWidget(QWidget())
    return made


@pytest.fixture
def actions(window: QMainWindow) -> Actions:
    made = Actions(window)
    made.build_menu_bar(window.menuBar())
    made.refresh(frozenset(Need))
    return made


def submenus(menu: MenuSpec) -> list[MenuSpec]:
    return [menu, *(each for item in menu.items if isinstance(item, MenuSpec) for each in submenus(item))]


def test_that_every_action_has_an_id_of_its_own_and_a_text() -> None:
    assert [each for each, count in Counter(_IDS).items() if count > 1] == []
    for spec in ACTIONS:
        assert re.fullmatch(r"[a-z]+\.[a-z_]+[0-9]?", spec.id)
        assert spec.text[:1].isupper() or spec.text[:1].isdigit(), spec.id
        assert ("{number}" in spec.text) <= (spec.number is not None), spec.id


def test_that_every_action_stands_in_one_menu_and_menus_name_nothing_else() -> None:
    stated = [each for menu in MENUS for each in menu.action_ids()]
    assert sorted(stated) == sorted(_IDS)


def test_that_the_toolbar_names_actions_that_exist_and_have_an_icon() -> None:
    for each in TOOLBAR:
        if each != SEPARATOR:
            assert _ICONS[each], each


def test_that_what_excludes_one_another_can_be_checked() -> None:
    checkable = {spec.id for spec in ACTIONS if spec.checkable}
    assert {each for group in EXCLUSIVE for each in group} <= checkable


@pytest.mark.parametrize("profile", KeyProfile)
def test_that_a_key_means_one_thing_in_each_profile(profile: KeyProfile) -> None:
    keys = [QKeySequence(key).toString() for each in keys_of(profile).values() for key in each]
    assert "" not in keys  # Qt knows every key
    assert [key for key, count in Counter(keys).items() if count > 1] == []


@pytest.mark.parametrize("profile", KeyProfile)
def test_that_a_profile_changes_keys_of_actions_that_exist_and_takes_none_away(profile: KeyProfile) -> None:
    assert set(PROFILES[profile].keys) <= set(_IDS)
    default = keys_of(KeyProfile.RADIOLOGY)
    assert [each for each, keys in keys_of(profile).items() if default[each] and not keys] == []


@pytest.mark.parametrize("profile", KeyProfile)
def test_that_keys_of_the_slices_are_no_keys_of_actions(profile: KeyProfile) -> None:
    taken = {QKeySequence(key).toString() for each in keys_of(profile).values() for key in each}
    arrows = ["Up", "Down", "Left", "Right"]
    own = [*arrows, *(f"{held}+{key}" for held in ("Shift", "Ctrl", "Ctrl+Shift") for key in arrows)]
    assert taken.isdisjoint([*own, "PgUp", "PgDown", "Home", "End", "Tab"])


def test_that_menus_have_no_lines_at_their_ends_and_no_two_together() -> None:
    for menu in (each for top in MENUS for each in submenus(top)):
        lines = [item == SEPARATOR for item in menu.items]
        assert not any(a and b for a, b in pairwise(lines)), menu.id
        assert not (lines and (lines[0] or lines[-1])), menu.id


def test_that_an_action_is_possible_when_all_it_needs_is_there(actions: Actions) -> None:
    actions.refresh(frozenset())
    assert actions["file.open"].isEnabled()
    assert not actions["tool.box"].isEnabled()
    actions.refresh(frozenset({Need.PREVIEW, Need.VOLUME}))
    assert not actions["segment.fill_box"].isEnabled()
    actions.refresh(frozenset({Need.PREVIEW, Need.VOLUME, Need.MODEL}))
    assert actions["segment.fill_box"].isEnabled()


@pytest.mark.parametrize("proposed", [Need.PREVIEW, Need.CARRIED])
def test_that_a_preview_or_carried_masks_can_be_accepted(actions: Actions, proposed: Need) -> None:
    actions.refresh(frozenset({Need.STUDY}))
    assert not actions["segment.accept"].isEnabled()
    actions.refresh(frozenset({Need.STUDY, proposed}))
    assert actions["segment.accept"].isEnabled()
    assert actions["segment.reject"].isEnabled()


def test_that_every_need_is_the_need_of_some_action() -> None:
    assert {need for spec in ACTIONS for need in spec.needs | spec.one_of} == set(Need)


def test_that_the_user_is_answered_and_the_program_is_not(actions: Actions) -> None:
    asked: list[object] = []
    actions.connect("tool.box", lambda: asked.append("box"))
    actions.connect_toggle("view.info", asked.append)
    actions.check({"tool.box": True, "view.info": True})
    assert asked == []
    actions["tool.box"].trigger()
    actions["view.info"].trigger()
    assert asked == ["box", False]


def test_that_actions_nobody_answers_are_named(actions: Actions) -> None:
    actions.connect("file.open", lambda: None)
    actions.connect_toggle("view.info", lambda _on: None)
    assert set(actions.unconnected) == set(_IDS) - {"file.open", "view.info"}


def test_that_one_tool_is_in_hand(actions: Actions) -> None:
    actions.check({"tool.box": True})
    actions.check({"tool.brush": True})
    assert not actions["tool.box"].isChecked()


def test_that_menus_are_found_by_id_and_hold_what_the_table_says(actions: Actions, window: QMainWindow) -> None:
    titles = [action.text() for action in window.menuBar().actions()]
    assert titles == [menu.title for menu in MENUS]
    assert actions.menu("file.recent").title() == "Open recent"
    assert actions["label.pick_3"] in actions.menu("label.pick").actions()


def test_that_the_toolbar_has_a_button_for_each_of_its_actions(actions: Actions, window: QMainWindow) -> None:
    bar = QToolBar(window)
    actions.fill_toolbar(bar)
    shown = [action for action in bar.actions() if not action.isSeparator()]
    assert shown == [actions[each] for each in TOOLBAR if each != SEPARATOR]
    assert not any(action.icon().isNull() for action in shown)


def test_that_a_context_menu_is_made_of_the_same_actions(actions: Actions, window: QMainWindow) -> None:
    menu = QMenu(window)
    actions.fill_menu(menu, ["edit.undo", SEPARATOR, "label.lock"])
    assert menu.actions()[0] is actions["edit.undo"]
    assert menu.actions()[1].isSeparator()


def test_that_another_profile_changes_keys_and_tips_and_comes_back(actions: Actions) -> None:
    assert actions["edit.undo"].shortcut() == QKeySequence("Ctrl+Z")
    actions.apply_profile(KeyProfile.SLICER)
    assert actions["edit.undo"].shortcuts() == [QKeySequence("Z"), QKeySequence("Ctrl+Z")]
    assert actions["edit.undo"].toolTip() == "Undo (Z)"
    actions.apply_profile(KeyProfile.RADIOLOGY)
    assert actions["edit.undo"].shortcuts() == [QKeySequence("Ctrl+Z")]


def show(window: QMainWindow, qtbot: QtBot, widget: QWidget) -> None:
    window.setCentralWidget(widget)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is window)
    widget.show()
    widget.setFocus()
    qtbot.waitUntil(widget.hasFocus)


@pytest.mark.parametrize(
    ("key", "action"),
    [(Qt.Key.Key_B, "tool.box"), (Qt.Key.Key_5, "view.preset_5"), (Qt.Key.Key_Return, "segment.accept"),
     (Qt.Key.Key_Enter, "segment.accept"), (Qt.Key.Key_Escape, "segment.reject"),
     (Qt.Key.Key_Space, "segment.next_empty"), (Qt.Key.Key_BracketRight, "tool.larger")],
)  # fmt: skip
def test_that_a_key_asks_for_its_action_but_not_from_a_text_field(
    actions: Actions, window: QMainWindow, qtbot: QtBot, key: Qt.Key, action: str
) -> None:
    asked: list[str] = []
    actions.connect(action, lambda: asked.append(action))
    view = QWidget()
    view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    show(window, qtbot, view)
    QTest.keyClick(view, key)
    assert asked == [action]
    field = QLineEdit()
    show(window, qtbot, field)
    QTest.keyClick(field, key)
    assert asked == [action]


def test_that_a_text_field_lets_keys_with_ctrl_and_function_keys_through(
    actions: Actions, window: QMainWindow, qtbot: QtBot
) -> None:
    asked: list[str] = []
    for each in ("file.save", "help.keys"):
        actions.connect(each, lambda each=each: asked.append(each))  # type: ignore[misc]  # a default binds the id
    field = QLineEdit()
    show(window, qtbot, field)
    QTest.keyClick(field, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(field, Qt.Key.Key_F1)
    assert asked == ["file.save", "help.keys"]
    assert field.text() == ""


def test_that_space_presses_the_button_that_has_the_focus(actions: Actions, window: QMainWindow, qtbot: QtBot) -> None:
    asked: list[str] = []
    actions.connect("segment.next_empty", lambda: asked.append("next"))
    actions.connect("tool.box", lambda: asked.append("box"))
    button = QPushButton("Press")
    button.clicked.connect(lambda: asked.append("pressed"))
    show(window, qtbot, button)
    QTest.keyClick(button, Qt.Key.Key_Space)
    QTest.keyClick(button, Qt.Key.Key_B)
    assert asked == ["pressed", "box"]


def test_that_a_list_keeps_the_keys_that_choose_and_leaves_letters_to_the_tools(
    actions: Actions, window: QMainWindow, qtbot: QtBot
) -> None:
    asked: list[str] = []
    for each in ("segment.accept", "shape.clear_slice", "label.rename"):
        actions.connect(each, lambda each=each: asked.append(each))  # type: ignore[misc]  # a default binds the id
    actions.connect("tool.box", lambda: asked.append("box"))
    listed = QListWidget()
    listed.addItems(["brain", "liver"])
    show(window, qtbot, listed)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Delete, Qt.Key.Key_F2, Qt.Key.Key_B):
        QTest.keyClick(listed, key)
    assert asked == ["box"]
