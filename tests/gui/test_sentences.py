"""What the engine says is said in the window's language, every sentence of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication, QListWidget, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from app import paths
from app.engine.export.staging import unwritable
from app.engine.io.open import read_volume
from app.engine.study import Study
from app.engine.volume import Finding
from app.gui.controllers.exporting import formats_for
from app.gui.dialogs.asks import Asks
from app.gui.dialogs.export import ExportDialog, ExportOptions
from app.gui.panels.findings import FindingsPanel
from app.gui.sentences import Sentences
from app.gui.settings import Language
from app.gui.translation import as_sentence, engine_text, full_sentence, install_translator
from tests.gui.engine_sentences import engine_sentences

_FILE = paths.resources_dir() / "translations" / "sentences.json"
_LANGUAGES = pytest.mark.parametrize("code", ["de", "zh"])
_BESIDES = {  # what the system says, and what is put together where nobody follows it
    "Device or resource busy", "File exists", "File name too long", "File too large", "Input/output error",
    "Is a directory", "No space left on device", "No such device", "No such file or directory", "Not a directory",
    "Operation not permitted", "Permission denied", "Connection timed out", "Read-only file system",
    "Too many open files", "line {0}, case '{1}'",
}  # fmt: skip


@pytest.fixture(scope="module")
def table() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found


@pytest.fixture(autouse=True)
def english_again(qapp: QApplication) -> Iterator[None]:
    yield
    install_translator(qapp, Language.ENGLISH)


def test_that_every_sentence_of_the_engine_is_translated(table: dict[str, dict[str, str]]) -> None:
    said = engine_sentences()
    assert len(said) > 400  # they are found at all
    assert {sentence: where for sentence, where in said.items() if sentence not in table} == {}


def test_that_nothing_is_translated_that_nobody_says(table: dict[str, dict[str, str]]) -> None:
    assert sorted(table.keys() - engine_sentences().keys() - _BESIDES) == []


@_LANGUAGES
def test_that_translations_are_there_and_keep_what_differs(table: dict[str, dict[str, str]], code: str) -> None:
    def places(text: str) -> list[str]:
        return sorted(re.findall(r"\{[^}]*\}", text))

    wrong = [sentence for sentence, said in table.items() if places(said[code]) != places(sentence)]
    assert wrong == []
    assert [sentence for sentence, said in table.items() if not said[code].strip() or said.keys() != {"de", "zh"}] == []


def test_that_sentences_are_found_wherever_they_are_written(tmp_path: Path) -> None:
    tmp_path.joinpath("one.py").write_text(
        '''
_REASONS = {"ENOSPC": "the disk is full"}

def check(path, n, kind):
    """No sentence."""
    if n:
        raise ReadError(f"there are {n:,} of {kind}")
    reason = "it is old" if kind else "it is new"
    raise unreadable(path, reason)

def write(path, error):
    raise unwritable(path, _REASONS.get(error, why(error)))

def refuse(self, why):
    raise FieldError(f"the field {why}")

def call(self):
    self.refuse("is no list")
    raise ValueError("for programmers")
''',
        encoding="utf-8",
    )
    tmp_path.joinpath("two.py").write_text('def why(error):\n    return "nobody knows"\n', encoding="utf-8")
    assert set(engine_sentences(tmp_path)) == {
        "there are {0} of {1}", "it is old", "it is new", "the disk is full", "nobody knows", "the field {0}",
        "is no list",
    }  # fmt: skip


def test_that_a_sentence_within_a_sentence_is_translated_too() -> None:
    sentences = Sentences({
        "cannot read {0}: {1}": "{0} ist nicht lesbar: {1}", "it has {0} of {1}": "{1} wären es, {0} sind es",
        "{0}: {1}": "{0}: {1}", "the disk is full": "die Platte ist voll",
    })  # fmt: skip
    assert (
        sentences.translated("cannot read a: b.nii: it has 1 of 2")
        == "a ist nicht lesbar: b.nii: 2 wären es, 1 sind es"
    )
    assert sentences.translated("/x/y.csv: the disk is full") == "/x/y.csv: die Platte ist voll"
    assert sentences.translated("/x/y.csv: something else") is None
    assert sentences.translated("cannot read {0}: {1}") == "{0} ist nicht lesbar: {1}"


def test_that_a_text_full_of_what_parts_sentences_is_left_as_it_is() -> None:
    sentences = Sentences({"{0}: {1}": "{0}: {1}", "{0}; {1}": "{0}; {1}", "{0} of {1}, {2}, {3}.": "{0}{1}{2}{3}."})
    assert sentences.translated("x: y; " * 1000) is None
    assert sentences.translated("x. of " + ", " * 3000) is None


@pytest.mark.parametrize("language", [Language.ENGLISH, Language.GERMAN])
def test_that_names_that_are_no_text_are_told(qapp: QApplication, language: Language) -> None:
    install_translator(qapp, language)
    assert "/a?b c.nii" in engine_text(str(unwritable(Path("/a\udcffb\0c.nii"), "the disk is full")))


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (Language.GERMAN, "/bilder/Ünïcødé 患者.nii kann nicht geschrieben werden: der Datenträger ist voll"),
        (Language.CHINESE, "无法写入 /bilder/Ünïcødé 患者.nii：磁盘已满"),  # noqa: RUF001 - Chinese has its own colon
        (Language.ENGLISH, "cannot write /bilder/Ünïcødé 患者.nii: the disk is full"),
    ],
)
def test_that_an_error_speaks_the_language(qapp: QApplication, language: Language, expected: str) -> None:
    install_translator(qapp, language)
    assert (
        engine_text(str(unwritable(Path("/bilder/Ünïcødé 患者.nii"), "the disk is full"))).replace("\\", "/")
        == expected
    )


def test_that_what_is_unknown_stays_and_other_texts_are_left_to_others(qapp: QApplication) -> None:
    install_translator(qapp, Language.GERMAN)
    assert engine_text("all is well: really") == "all is well: really"
    assert QCoreApplication.translate("Nowhere", "the disk is full") == "the disk is full"
    assert QCoreApplication.translate("Acts", "Fill holes") == "Löcher füllen"


def test_that_a_name_at_the_beginning_keeps_its_small_letter(qapp: QApplication) -> None:
    assert as_sentence("cannot read a.nii: it is empty") == "Cannot read a.nii: it is empty"
    assert as_sentence("a.nii holds no image") == "a.nii holds no image"
    install_translator(qapp, Language.CHINESE)
    assert full_sentence("the disk is full") == "磁盘已满。"


def test_that_an_error_of_a_real_file_is_told_in_german(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_translator(qapp, Language.GERMAN)
    over, told = QWidget(), []
    qtbot.addWidget(over)
    monkeypatch.setattr(QMessageBox, "exec", lambda box: told.append(box.text()))
    try:
        read_volume(tmp_path / "fehlt.nii")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        Asks(over).error(error)
    assert told == [
        f"{tmp_path / 'fehlt.nii'} kann nicht gelesen werden: es gibt keine solche Datei und keinen solchen Ordner"
    ]


@pytest.mark.parametrize(
    ("language", "reason"),
    [
        (Language.ENGLISH, "The image is not from a DICOM series that a mask could refer to."),
        (Language.GERMAN, "Das Bild stammt nicht aus einer DICOM-Serie, auf die eine Maske verweisen könnte."),
        (Language.CHINESE, "该图像不是来自掩膜可以引用的 DICOM 序列。"),
    ],
)
def test_that_the_export_says_in_the_language_why_a_format_is_impossible(
    qapp: QApplication, qtbot: QtBot, study: Study, language: Language, reason: str
) -> None:
    install_translator(qapp, language)
    options = ExportOptions(Path("mask"), formats_for(study.volume), study.labels.labels)
    dialog = ExportDialog(options, lambda *_: None)
    qtbot.addWidget(dialog)
    formats = dialog.findChildren(QListWidget)[0]
    lines = [formats.item(row).text().split("\n") for row in range(formats.count())]
    assert [line[1] for line in lines if line[0].startswith("DICOM SEG")] == [reason]


def test_that_findings_speak_the_language(qapp: QApplication, qtbot: QtBot) -> None:
    install_translator(qapp, Language.GERMAN)
    panel = FindingsPanel()
    qtbot.addWidget(panel)
    message = "slice 4 of 20 is missing; its place was filled by interpolation between neighbours"
    panel.set_findings([Finding("missing-slices", message)])
    text = panel.findChildren(QListWidget)[0].item(0).text()
    assert text.startswith("Schicht 4 von 20 fehlt; an ihrer Stelle wurde zwischen den Nachbarn interpoliert.")
