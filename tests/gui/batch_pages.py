"""The pages of a batch's window."""

from __future__ import annotations

from PySide6.QtWidgets import QListView, QTabWidget

from app.gui.panels.batch import BatchWindow


def turn_to_review(window: BatchWindow) -> None:
    """Look at the results, the keyboard on their sheet."""
    window.findChildren(QTabWidget)[0].setCurrentWidget(window.review)
    window.review.findChildren(QListView)[0].setFocus()
