"""The colours of the window, dark and light, by what they are for; and what Qt makes of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from string import Template

from PySide6.QtGui import QColor, QPalette


@dataclass(frozen=True)
class Colours:
    """Names of what is coloured, each as "#rrggbb". Texts have a contrast of at least 4.5 to 1 where they stand."""

    window: str
    base: str  # behind lists and text fields
    stripe: str  # every second row
    raised: str  # buttons, headings, tool tips
    border: str
    text: str
    muted: str  # text of second rank
    disabled: str
    accent: str  # selection, focus, what is switched on
    on_accent: str
    soft_accent: str  # behind what is switched on, with `text` upon it
    good: str  # these three are text colours, on window and base
    warning: str
    danger: str


DARK = Colours(
    window="#1f2328", base="#171a1e", stripe="#1c2025", raised="#2b3037", border="#4a525d",
    text="#e8ebef", muted="#a9b2bd", disabled="#737c87",
    accent="#58a6ff", on_accent="#06121f", soft_accent="#1d3d61",
    good="#4cc38a", warning="#f0b429", danger="#ff8078",
)  # fmt: skip

LIGHT = Colours(
    window="#f3f5f7", base="#ffffff", stripe="#f7f9fa", raised="#e6eaee", border="#aab4bf",
    text="#1a1e23", muted="#505b67", disabled="#8d97a3",
    accent="#0b5fbf", on_accent="#ffffff", soft_accent="#cfe3fa",
    good="#156c40", warning="#7a4f00", danger="#b3261e",
)  # fmt: skip

# Fusion draws from the palette; only what it leaves too faint is said here.
_STYLE = Template("""
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: 3px; }
QToolBar { border: none; border-bottom: 1px solid $border; spacing: 2px; padding: 3px; }
QToolBar::separator { background: $border; width: 1px; margin: 4px 5px; }
QToolButton { border: 1px solid transparent; border-radius: 4px; padding: 3px; }
QToolButton:hover { background: $raised; border-color: $border; }
QToolButton:pressed { background: $soft_accent; }
QToolButton:checked { background: $soft_accent; border-color: $accent; }
QToolButton:focus { border: 2px solid $accent; padding: 2px; }
QLineEdit, QAbstractItemView, QTextEdit, QPlainTextEdit { border: 1px solid $border; border-radius: 3px; }
QLineEdit { padding: 3px; }
QLineEdit:focus, QAbstractItemView:focus, QTextEdit:focus, QPlainTextEdit:focus { border-color: $accent; }
QPushButton { background: $raised; border: 1px solid $border; border-radius: 4px; padding: 5px 12px; }
QPushButton:hover { border-color: $accent; }
QPushButton:pressed, QPushButton:checked { background: $soft_accent; }
QPushButton:focus { border: 2px solid $accent; padding: 4px 11px; }
QPushButton:disabled { color: $disabled; }
QCheckBox::indicator, QAbstractItemView::indicator { width: 14px; height: 14px; border: 1px solid $muted;
    border-radius: 3px; background: $base; }
QCheckBox::indicator:checked, QAbstractItemView::indicator:checked { background: $accent; border-color: $accent;
    image: url("$tick"); }
QCheckBox::indicator:focus { border: 2px solid $accent; width: 12px; height: 12px; }
QCheckBox::indicator:disabled { border-color: $disabled; }
QAbstractItemView::item { padding: 3px 2px; }
QDialogButtonBox, QMessageBox { dialogbuttonbox-buttons-have-icons: 0; }
QMenu::separator { height: 1px; background: $border; margin: 4px 8px; }
QStatusBar { border-top: 1px solid $border; }
QStatusBar::item { border: none; }
QDockWidget::title { background: $raised; padding: 5px 8px; }
QHeaderView::section { background: $raised; color: $text; border: none; border-bottom: 1px solid $border;
    padding: 4px; }
""")


def style_sheet(colours: Colours, tick: Path) -> str:
    """What the palette cannot say, as Qt's style sheet; `tick` is the picture in a box that is checked."""
    return _STYLE.substitute(asdict(colours), tick=tick.as_posix())


def palette_of(colours: Colours) -> QPalette:
    """The palette of the application."""
    role = QPalette.ColorRole
    normal = {
        role.Window: colours.window, role.WindowText: colours.text, role.Base: colours.base,
        role.AlternateBase: colours.stripe, role.Text: colours.text, role.Button: colours.raised,
        role.ButtonText: colours.text, role.BrightText: colours.danger, role.ToolTipBase: colours.raised,
        role.ToolTipText: colours.text, role.PlaceholderText: colours.muted, role.Highlight: colours.accent,
        role.HighlightedText: colours.on_accent, role.Accent: colours.accent, role.Link: colours.accent,
        role.LinkVisited: colours.accent, role.Mid: colours.border, role.Midlight: colours.raised,
    }  # fmt: skip
    palette = QPalette()
    for each, colour in normal.items():
        palette.setColor(each, QColor(colour))
    for each in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, each, QColor(colours.disabled))
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(colours.border))
    palette.setColor(QPalette.ColorGroup.Disabled, role.HighlightedText, QColor(colours.text))
    return palette
