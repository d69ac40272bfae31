from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QLabel,
    QLineEdit,
    QListWidget,
    QPlainTextEdit,
    QPushButton,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app import __version__
from app.gui import settings as known
from app.gui.action_table import ACTIONS, Need
from app.gui.actions import Actions
from app.gui.dialogs.about import AboutDialog
from app.gui.dialogs.keys import KeySheet, key_rows
from app.gui.dialogs.licences import LicencesDialog
from app.gui.dialogs.palette import CommandPalette
from app.gui.dialogs.preferences import PreferencesDialog
from app.gui.notices import Notice, installed_notices
from app.gui.settings import KeyProfile, Settings, ThemeChoice
from app.gui.view_state import OverlayStyle


@pytest.fixture
def actions(qapp: QApplication) -> Actions:
    made = Actions()
    made.refresh(frozenset(Need))
    return made


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


@pytest.fixture
def preferences(settings: Settings, qtbot: QtBot) -> PreferencesDialog:
    dialog = PreferencesDialog(settings)
    qtbot.addWidget(dialog)
    return dialog


def control(dialog: QDialog, kind: type[QWidget], name: str) -> QWidget:
    """What a screen reader calls so."""
    found = [each for each in dialog.findChildren(kind) if name in (each.accessibleName(), said(each))]
    assert len(found) == 1, name
    return found[0]


def said(widget: QWidget) -> str:
    return widget.text() if isinstance(widget, QCheckBox | QPushButton | QLabel) else ""


def click(qtbot: QtBot, dialog: QDialog, name: str) -> None:
    QTest.mouseClick(control(dialog, QPushButton, name), Qt.MouseButton.LeftButton)


# ------------------------------------------------------------------------------------------------------------ key sheet


def test_that_the_sheet_lists_every_action_that_has_a_key(actions: Actions) -> None:
    rows = list(key_rows(actions))
    with_keys = [actions[spec.id].text() for spec in ACTIONS if spec.keys]
    assert [text for text in with_keys if text not in {row.text for row in rows}] == []
    assert any(row.text == "Box" and row.keys == "B" for row in rows)
    assert rows[-1].group == "In a slice"


def test_that_the_sheet_shows_the_keys_of_the_profile(actions: Actions) -> None:
    actions.apply_profile(KeyProfile.SLICER)
    assert any(row.text == "Undo" and row.keys.startswith("Z") for row in key_rows(actions))


def test_that_the_sheet_is_searched_by_action_by_menu_and_by_key(actions: Actions, qtbot: QtBot) -> None:
    sheet = KeySheet(actions)
    qtbot.addWidget(sheet)
    whole = sheet.rows_shown()
    field = sheet.findChildren(QLineEdit)[0]
    QTest.keyClicks(field, "lasso")
    assert sheet.rows_shown() == ["Lasso"]
    field.setText("file ctrl+s")
    assert "Save project" in sheet.rows_shown()
    assert "Lasso" not in sheet.rows_shown()
    field.setText("nothing is called that")
    assert sheet.rows_shown() == []
    field.clear()
    assert sheet.rows_shown() == whole


# -------------------------------------------------------------------------------------------------------------- palette


@pytest.fixture
def palette(actions: Actions, qtbot: QtBot) -> CommandPalette:
    dialog = CommandPalette(actions)
    qtbot.addWidget(dialog)
    return dialog


def test_that_the_palette_lists_every_action(palette: CommandPalette) -> None:
    assert len(palette.titles_shown()) == len(ACTIONS)


def test_that_typing_narrows_the_palette_and_enter_runs_the_first(
    palette: CommandPalette, actions: Actions, qtbot: QtBot
) -> None:
    asked: list[str] = []
    actions.connect("shape.fill_holes", lambda: asked.append("holes"))
    field = palette.findChildren(QLineEdit)[0]
    QTest.keyClicks(field, "hol fil")
    assert palette.titles_shown() == ["Edit \u203a Fill holes"]
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert asked == ["holes"]
    assert palette.result() == QDialog.DialogCode.Accepted


def test_that_the_arrow_keys_choose_another_row_while_typing(
    palette: CommandPalette, actions: Actions, qtbot: QtBot
) -> None:
    asked: list[str] = []
    for each in ("view.zoom_in", "view.zoom_out"):
        actions.connect(each, lambda each=each: asked.append(each))  # type: ignore[misc]  # a default binds the id
    field = palette.findChildren(QLineEdit)[0]
    QTest.keyClicks(field, "zoom")
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageDown, Qt.Key.Key_Return):
        QTest.keyClick(field, key)
    assert asked == ["view.zoom_out"]


def test_that_names_that_begin_so_come_before_names_that_contain_it(palette: CommandPalette) -> None:
    palette.findChildren(QLineEdit)[0].setText("smooth")
    shown = palette.titles_shown()
    assert shown[:2] == ["Edit \u203a Smooth", "View \u203a Smooth pixels"]


def test_that_what_is_not_possible_stands_last_and_does_not_run(actions: Actions, qtbot: QtBot) -> None:
    asked: list[str] = []
    actions.connect("segment.accept", lambda: asked.append("accept"))
    actions.refresh(frozenset({Need.STUDY}))
    palette = CommandPalette(actions)
    qtbot.addWidget(palette)
    field = palette.findChildren(QLineEdit)[0]
    field.setText("label")
    assert palette.titles_shown()[0] == "View \u203a Labels"
    field.setText("accept the mask")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert asked == []


def test_that_what_is_not_offered_is_neither_found_nor_listed(actions: Actions, qtbot: QtBot) -> None:
    actions["tool.lasso"].setVisible(False)
    palette = CommandPalette(actions)
    qtbot.addWidget(palette)
    assert not any("Lasso" in title for title in palette.titles_shown())
    assert not any(row.text == "Lasso" for row in key_rows(actions))


def test_that_the_palette_comes_up_within_its_window(actions: Actions, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.setGeometry(100, 50, 1000, 700)
    window.show()
    palette = CommandPalette(actions, window)
    palette.show()
    assert window.geometry().contains(palette.geometry())
    assert abs(palette.geometry().center().x() - window.geometry().center().x()) <= 1
    palette.close()


# ---------------------------------------------------------------------------------------------------------- preferences


@pytest.mark.parametrize(
    ("name", "row", "setting", "value"),
    [("Language", 2, known.LANGUAGE, known.Language.GERMAN), ("Colours", 1, known.THEME, ThemeChoice.DARK),
     ("Keys as in", 2, known.KEY_PROFILE, KeyProfile.ITK_SNAP),
     ("Labels are drawn", 1, known.OVERLAY_STYLE, OverlayStyle.OUTLINE)],
)  # fmt: skip
def test_that_a_choice_applies_at_once(
    preferences: PreferencesDialog, settings: Settings, name: str, row: int, setting: known.Setting[object],
    value: object,
) -> None:  # fmt: skip
    combo = control(preferences, QComboBox, name)
    assert isinstance(combo, QComboBox)
    assert combo.currentIndex() == 0
    for _ in range(row):
        QTest.keyClick(combo, Qt.Key.Key_Down)
    assert settings.get(setting) is value


@pytest.mark.parametrize(
    ("name", "setting"),
    [("Smooth pixels", known.SMOOTH), ("Show patient data from DICOM files", known.SHOW_PATIENT_DATA),
     ("Prepare neighbouring slices when idle", known.ENCODE_AHEAD)],
)  # fmt: skip
def test_that_a_box_that_is_checked_applies_at_once(
    preferences: PreferencesDialog, settings: Settings, qtbot: QtBot, name: str, setting: known.Setting[bool]
) -> None:
    box = control(preferences, QCheckBox, name)
    assert isinstance(box, QCheckBox)
    assert box.isChecked() is setting.default
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert settings.get(setting) is not setting.default


def test_that_numbers_apply_at_once(preferences: PreferencesDialog, settings: Settings) -> None:
    slider = control(preferences, QSlider, "Opacity of labels")
    spin = control(preferences, QDoubleSpinBox, "Radius of the brush")
    assert isinstance(slider, QSlider)
    assert isinstance(spin, QDoubleSpinBox)
    slider.setValue(80)
    spin.setValue(12.5)
    assert settings.get(known.OPACITY) == 0.8
    assert settings.get(known.BRUSH_RADIUS) == 12.5


def test_that_controls_follow_what_others_set_and_do_not_round_it(
    preferences: PreferencesDialog, settings: Settings
) -> None:
    settings.set(known.OPACITY, 0.123)
    settings.set(known.BRUSH_RADIUS, 7.77)
    settings.set(known.THEME, ThemeChoice.LIGHT)
    slider, combo = control(preferences, QSlider, "Opacity of labels"), control(preferences, QComboBox, "Colours")
    assert isinstance(slider, QSlider)
    assert isinstance(combo, QComboBox)
    assert (slider.value(), combo.currentText()) == (12, "Light")
    assert settings.get(known.OPACITY) == 0.123
    assert settings.get(known.BRUSH_RADIUS) == 7.77


def test_that_defaults_are_restored_for_what_is_shown(
    preferences: PreferencesDialog, settings: Settings, qtbot: QtBot
) -> None:
    settings.set(known.OPACITY, 0.9)
    settings.set(known.THEME, ThemeChoice.DARK)
    settings.set(known.MODEL, "swift-f32")
    click(qtbot, preferences, "Restore defaults")
    assert settings.get(known.OPACITY) == known.OPACITY.default
    assert settings.get(known.THEME) is ThemeChoice.SYSTEM
    assert settings.get(known.MODEL) == "swift-f32"


def test_that_recent_files_are_forgotten_on_request(
    preferences: PreferencesDialog, settings: Settings, qtbot: QtBot, tmp_path: Path
) -> None:
    settings.add_recent(tmp_path)
    settings.set_folder("open", tmp_path)
    click(qtbot, preferences, "Forget recent files and folders")
    assert settings.recent() == ()
    assert settings.folder("open") == ""


def test_that_every_control_has_a_name_for_screen_readers(preferences: PreferencesDialog) -> None:
    for kind in (QComboBox, QSlider, QDoubleSpinBox):
        assert all(each.accessibleName() for each in preferences.findChildren(kind))


# --------------------------------------------------------------------------------------------------- about and licences


def test_that_about_names_version_and_purpose_and_leads_to_the_licences(qtbot: QtBot) -> None:
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    assert any(__version__ in text for text in texts)
    assert "For research use only. Not a medical device." in texts
    with qtbot.waitSignal(dialog.licences_asked):
        click(qtbot, dialog, "Licences")


def test_that_the_text_of_the_chosen_licence_is_shown(qtbot: QtBot) -> None:
    dialog = LicencesDialog([Notice("one", "MIT", "text of one"), Notice("two", "", "text of two")])
    qtbot.addWidget(dialog)
    names, text = dialog.findChildren(QListWidget)[0], dialog.findChildren(QPlainTextEdit)[0]
    assert text.toPlainText() == "text of one"
    names.setCurrentRow(1)
    assert text.toPlainText() == "text of two"


def test_that_the_program_and_every_library_it_needs_have_a_notice() -> None:
    notices = installed_notices()
    names = [notice.name.split()[0].lower() for notice in notices]
    assert names[0] == "swiftmedsam"
    assert {"numpy", "simpleitk", "pydicom", "nibabel", "openvino", "pillow"} <= set(names)
    assert "torch" not in names  # of the optional parts that do not ship
    assert all(notice.licence for notice in notices if "/" not in notice.name)
    assert "Apache License" in notices[0].text
