"""A button with a text and a longer sentence for the mouse and for screen readers."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton


def button_with_tip(text: str, tip: str) -> QPushButton:
    """A push button whose tool tip is its accessible name too."""
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button
