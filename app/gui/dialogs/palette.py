"""The command palette: type a few letters of any action, and Enter runs it."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QAction, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QHeaderView, QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from app.gui.action_table import ACTIONS
from app.gui.actions import Actions, translated
from app.gui.menu_table import MENUS

_STEPS = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -10, Qt.Key.Key_PageDown: 10}
_ID = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Entry:
    """An action as it is looked for: by its menu and name, in the window's language and in English."""

    id: str
    shown: str
    title: str
    said: str


def entries(actions: Actions) -> tuple[Entry, ...]:
    """All actions that are offered, in the order of the menus."""
    english = {spec.id: spec.text for spec in ACTIONS}
    made = []
    for menu in MENUS:
        group = translated(menu.title).replace("&", "")
        for each in menu.action_ids():
            if not actions[each].isVisible():
                continue
            title = actions[each].text()
            made.append(
                Entry(each, f"{group} \u203a {title}", title.casefold(), f"{group} {title} {english[each]}".casefold())
            )
    return tuple(made)


def matching(choices: tuple[Entry, ...], text: str) -> list[Entry]:
    """Entries that say all the words of a text; those whose name begins with it first, then those that contain it."""
    text = text.casefold().strip()
    found = [entry for entry in choices if all(word in entry.said for word in text.split())]
    return sorted(found, key=lambda entry: (not entry.title.startswith(text), text not in entry.title))


class CommandPalette(QDialog):
    """A field over a list. What is not possible now stands last, in grey, and does not run."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setWindowTitle(self.tr("Find an action"))
        self._actions = actions
        self._entries = entries(actions)
        self._items: list[QTreeWidgetItem] = []  # of the list, from top to bottom
        self._search = QLineEdit()
        self._search.setPlaceholderText(self.tr("Type what you want to do"))
        self._search.setAccessibleName(self.tr("Type what you want to do"))
        self._search.textChanged.connect(self._fill)
        self._search.returnPressed.connect(self._run)
        self._search.installEventFilter(self)
        self._list = QTreeWidget()
        self._list.setAccessibleName(self.tr("Actions"))
        self._list.setColumnCount(2)
        self._list.setHeaderHidden(True)
        self._list.setRootIsDecorated(False)
        self._list.setUniformRowHeights(True)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the field keeps the keyboard
        self._list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._list.header().setStretchLastSection(False)
        self._list.itemClicked.connect(self._run)
        layout = QVBoxLayout(self)
        layout.addWidget(self._search)
        layout.addWidget(self._list)
        self.resize(560, 420)
        self._fill("")
        self._search.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        """Come up in the upper middle of the window."""
        over = self.parentWidget()
        if over is not None:
            self.move(over.mapToGlobal(QPoint((over.width() - self.width()) // 2, over.height() // 8)))
        super().showEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrow keys move through the list while the field has the focus."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in _STEPS:
            row = self._list.currentIndex().row() + _STEPS[Qt.Key(event.key())]
            self._choose(min(max(row, 0), len(self._items) - 1))
            return True
        return super().eventFilter(watched, event)

    def titles_shown(self) -> list[str]:
        """What the list says, from top to bottom."""
        return [item.text(0) for item in self._items]

    def _fill(self, text: str) -> None:
        self._list.clear()
        self._items.clear()
        possible = {entry.id for entry in self._entries if self._actions[entry.id].isEnabled()}
        for entry in sorted(matching(self._entries, text), key=lambda entry: entry.id not in possible):
            keys = self._actions.keys(entry.id)
            item = QTreeWidgetItem(self._list, [entry.shown, keys[0] if keys else ""])
            item.setData(0, _ID, entry.id)
            item.setDisabled(entry.id not in possible)
            self._items.append(item)
        self._choose(0)

    def _choose(self, row: int) -> None:
        if 0 <= row < len(self._items):
            self._list.setCurrentItem(self._items[row])

    def _run(self) -> None:
        item = self._list.currentItem()
        action: QAction | None = self._actions[item.data(0, _ID)] if item is not None else None
        if action is not None and action.isEnabled():
            self.accept()
            action.trigger()
