"""Undo and redo: one command for each thing that the user did."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QUndoCommand

from app.engine.study import Act


class Applies(Protocol):
    """What an act is applied to."""

    def apply_act(self, act: Act) -> None:
        """Change the study by an act and say so."""


class ActCommand(QUndoCommand):
    """An act that has been done already when it is pushed."""

    def __init__(self, act: Act, target: Applies) -> None:
        super().__init__(QCoreApplication.translate("Acts", act.text))
        self._act, self._target, self._done = act, target, True

    def redo(self) -> None:
        """Do it again; the first call comes from being pushed."""
        if not self._done:
            self._target.apply_act(self._act)
        self._done = True

    def undo(self) -> None:
        """Take it back."""
        self._target.apply_act(self._act.inverse())
        self._done = False
