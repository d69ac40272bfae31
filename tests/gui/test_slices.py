from __future__ import annotations

from PySide6.QtWidgets import QSpinBox
from pytestqt.qtbot import QtBot

from app.gui.dialogs.slices import SlicesDialog


def test_that_slices_around_the_current_one_are_proposed(qtbot: QtBot) -> None:
    dialog = SlicesDialog(40, 20)
    qtbot.addWidget(dialog)
    assert dialog.chosen() == range(15, 26)


def test_that_the_proposal_stays_within_the_volume(qtbot: QtBot) -> None:
    dialog = SlicesDialog(8, 0)
    qtbot.addWidget(dialog)
    assert dialog.chosen() == range(6)


def test_that_the_first_slice_never_lies_behind_the_last(qtbot: QtBot) -> None:
    dialog = SlicesDialog(40, 20)
    qtbot.addWidget(dialog)
    first, last = dialog.findChildren(QSpinBox)
    first.setValue(40)
    assert dialog.chosen() == range(25, 26)
    last.setValue(1)
    assert dialog.chosen() == range(25, 26)
