"""What is asked before a file that is there already is written over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from app.gui.dialogs.asks import Asks

_SAVES: list[tuple[str, Callable[[Asks, Path], Path | None]]] = [
    (".swiftmed", Asks.save_project),
    (".png", Asks.save_picture),
    (".csv", Asks.save_table),
    (".txt", Asks.save_text),
]


@pytest.mark.parametrize(("extension", "save"), _SAVES)
def test_that_a_name_typed_without_its_extension_replaces_nothing_unasked(
    extension: str,
    save: Callable[[Asks, Path], Path | None],
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over = QWidget()
    qtbot.addWidget(over)
    asks, answer = Asks(over), QMessageBox.StandardButton.No
    asked: list[str] = []

    def question(_over: QWidget, _title: str, text: str, *_buttons: object) -> QMessageBox.StandardButton:
        asked.append(text)
        return answer

    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args, **_named: (str(tmp_path / "case"), ""))
    monkeypatch.setattr(QMessageBox, "question", question)
    there = tmp_path / f"case{extension}"
    assert save(asks, tmp_path) == there
    assert asked == []  # nothing is there
    there.write_text("of somebody else", encoding="utf-8")
    assert save(asks, tmp_path) is None
    assert [there.name in text for text in asked] == [True]
    answer = QMessageBox.StandardButton.Yes
    assert save(asks, tmp_path) == there
