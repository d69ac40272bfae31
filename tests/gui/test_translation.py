from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PySide6.QtCore import QCoreApplication, QLocale
from PySide6.QtWidgets import QApplication, QDialogButtonBox
from pytestqt.qtbot import QtBot

from app import paths
from app.gui.actions import Actions
from app.gui.commands import ActCommand
from app.gui.document import Document
from app.gui.settings import Language
from app.gui.translation import install_translator

_FOLDER = paths.resources_dir() / "translations"
_SOURCES = sorted(Path(__file__).resolve().parents[2].joinpath("app", "gui").rglob("*.py"))
_TOOLS = Path(sys.executable).parent
_LANGUAGES = pytest.mark.parametrize("code", ["de", "zh"])
_WRITES_ACTS = {  # methods of Study and Document
    "paint", "replace_label", "change_labels", "remove_label", "merge_labels", "join_last", "finish_parts",
}  # fmt: skip

Key = tuple[str, str]


def tool(name: str, *arguments: str | Path) -> None:
    subprocess.run([_TOOLS / name, *arguments], check=True, capture_output=True)


def messages(file: Path) -> Iterator[tuple[Key, ET.Element]]:
    for context in ET.parse(file).getroot().iter("context"):  # noqa: S314 - our own files
        for message in context.iter("message"):
            yield (context.findtext("name", ""), message.findtext("source", "")), message


def finished(file: Path) -> dict[Key, list[str]]:
    """Translations by context and source text; more than one where the language has forms for numbers."""
    found = {}
    for key, message in messages(file):
        translation = message.find("translation")
        assert translation is not None
        if translation.get("type") is None:
            found[key] = [form.text or "" for form in translation.iter("numerusform")] or [translation.text or ""]
    return found


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> set[Key]:
    """What the code says, by context: collected anew."""
    collected = tmp_path_factory.mktemp("said") / "said.ts"
    tool("pyside6-lupdate", *_SOURCES, "-locations", "none", "-ts", collected)
    return {key for key, _ in messages(collected)}


@pytest.fixture(autouse=True)
def english_again(qapp: QApplication) -> Iterator[None]:
    yield
    install_translator(qapp, Language.ENGLISH)


@_LANGUAGES
def test_that_all_that_the_code_says_is_translated(said: set[Key], code: str) -> None:
    assert len(said) > 200  # the tool found them at all
    assert sorted(said - set(finished(_FOLDER / f"swiftmedsam_{code}.ts"))) == []


@_LANGUAGES
def test_that_no_translation_is_empty(code: str) -> None:
    translated = finished(_FOLDER / f"swiftmedsam_{code}.ts")
    assert [key for key, forms in translated.items() if not all(form.strip() for form in forms)] == []


@_LANGUAGES
def test_that_translations_keep_placeholders_mnemonics_dots_and_spaces(code: str) -> None:
    different = []
    for key, forms in finished(_FOLDER / f"swiftmedsam_{code}.ts").items():
        different += [(key, form) for form in forms if marks(form) != marks(key[1])]
    assert different == []


def marks(text: str) -> tuple[Counter[str], bool, bool, bool]:
    """What a translation has to have in common with its source."""
    placeholders = Counter(re.findall(r"\{[^}]*\}|%n|%\d|&(?=\w)|\(\*\.\w+\)", text))
    return placeholders, text.endswith("…"), text.startswith(" "), text.endswith(" ")


@_LANGUAGES
def test_that_the_menus_of_the_bar_differ_in_their_mnemonics(code: str) -> None:
    translated = finished(_FOLDER / f"swiftmedsam_{code}.ts")
    letters = [re.findall(r"&(\w)", forms[0])[0].lower() for (_, source), forms in translated.items() if "&" in source]
    assert [letter for letter, count in Counter(letters).items() if count > 1] == []


@_LANGUAGES
def test_that_the_compiled_translation_is_that_of_its_source(code: str, tmp_path: Path) -> None:
    compiled = tmp_path / "compiled.qm"
    tool("pyside6-lrelease", _FOLDER / f"swiftmedsam_{code}.ts", "-qm", compiled)
    assert compiled.read_bytes() == (_FOLDER / f"swiftmedsam_{code}.qm").read_bytes()


@pytest.mark.parametrize("source", _SOURCES, ids=lambda path: path.name)
def test_that_texts_of_acts_are_marked_for_translation(source: Path) -> None:
    calls = (node for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    bare = [
        argument.value
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr in _WRITES_ACTS
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    ]
    assert bare == []


@pytest.mark.parametrize(
    ("language", "undo", "cancel"),
    [
        (Language.GERMAN, "Rückgängig", "Abbrechen"),
        (Language.CHINESE, "撤销", "取消"),
        (Language.ENGLISH, "Undo", "Cancel"),
    ],
)
def test_that_actions_and_qts_own_buttons_speak_the_language(
    qapp: QApplication, qtbot: QtBot, language: Language, undo: str, cancel: str
) -> None:
    assert install_translator(qapp, language) is language
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
    qtbot.addWidget(buttons)
    actions = Actions()
    assert actions["edit.undo"].text() == undo
    assert buttons.button(QDialogButtonBox.StandardButton.Cancel).text().replace("&", "").split("(")[0] == cancel


def test_that_numbers_stay_in_translated_texts(qapp: QApplication) -> None:
    install_translator(qapp, Language.GERMAN)
    actions = Actions()
    assert actions["label.pick_3"].text() == "Label 3"


def test_that_another_language_takes_the_place_of_the_last(qapp: QApplication) -> None:
    actions = Actions()
    for language, expected in ((Language.GERMAN, "Löcher füllen"), (Language.ENGLISH, "Fill holes")):
        install_translator(qapp, language)
        actions.retranslate()
        assert actions["shape.fill_holes"].text() == expected


@pytest.mark.parametrize(
    ("system", "language"),
    [("de_AT", Language.GERMAN), ("zh_CN", Language.CHINESE), ("en_GB", Language.ENGLISH), ("fr_FR", Language.ENGLISH)],
)
def test_that_the_systems_language_is_spoken_where_it_is_known(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch, system: str, language: Language
) -> None:
    monkeypatch.setattr(QLocale, "system", lambda: QLocale(system))
    assert install_translator(qapp, Language.SYSTEM) is language


def test_that_the_undo_menu_speaks_the_language(qapp: QApplication, document: Document) -> None:
    install_translator(qapp, Language.GERMAN)
    assert QCoreApplication.translate("Acts", "Fill holes") == "Löcher füllen"
    act = document.do(lambda study: study.remove_label(1, "Fill holes"))
    assert ActCommand(act, document).text() == "Löcher füllen"
