"""The key sheet: every key and mouse gesture by menu, to be searched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import (
    QDialog,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.gui.actions import Actions, translated
from app.gui.key_profiles import GESTURES, name_of
from app.gui.menu_table import MENUS


@dataclass(frozen=True)
class KeyRow:
    """A line of the sheet, in the window's language."""

    group: str
    text: str
    keys: str


def key_rows(actions: Actions) -> Iterator[KeyRow]:
    """All that is offered and has a key now, in the order of the menus; then what the slices do themselves."""
    for menu in MENUS:
        for each in menu.action_ids():
            keys = actions.keys(each)
            if keys and actions[each].isVisible():
                yield KeyRow(translated(menu.title).replace("&", ""), actions[each].text(), "   ".join(keys))
    for gesture in GESTURES:
        yield KeyRow(
            QCoreApplication.translate("Keys", "In a slice"),
            QCoreApplication.translate("Keys", gesture.text),
            QCoreApplication.translate("Keys", gesture.keys),
        )


class KeySheet(QDialog):
    """Shows the keys of the profile in use."""

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys and mouse"))
        self._search = QLineEdit()
        self._search.setPlaceholderText(self.tr("Search for an action or a key"))
        self._search.setAccessibleName(self.tr("Search for an action or a key"))
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._filter)
        self._sheet = QTreeWidget()
        self._sheet.setAccessibleName(self.tr("Keys by menu"))
        self._sheet.setHeaderLabels([self.tr("Action"), self.tr("Keys")])
        self._sheet.setRootIsDecorated(False)
        self._sheet.setAlternatingRowColors(True)
        self._sheet.setSelectionMode(QTreeWidget.SelectionMode.NoSelection)
        self._sheet.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._sheet.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self._sheet.header().setStretchLastSection(False)
        self._groups: dict[str, tuple[QTreeWidgetItem, list[QTreeWidgetItem]]] = {}
        self._nothing = QLabel(self.tr("No action and no key is called that."))
        self._nothing.hide()
        profile = QLabel(self.tr("Keys as in {0}; Preferences offers others.").format(name_of(actions.profile)))
        layout = QVBoxLayout(self)
        for widget in (self._search, self._nothing, self._sheet, profile):
            layout.addWidget(widget)
        self._fill(key_rows(actions))
        self.resize(620, 680)

    def rows_shown(self) -> list[str]:
        """Names of the actions that the search has left."""
        return [item.text(0) for _, items in self._groups.values() for item in items if not item.isHidden()]

    def _fill(self, rows: Iterable[KeyRow]) -> None:
        for row in rows:
            if row.group not in self._groups:
                heading = QTreeWidgetItem(self._sheet, [row.group])
                font = heading.font(0)
                font.setBold(True)
                heading.setFont(0, font)
                heading.setFirstColumnSpanned(True)
                self._groups[row.group] = (heading, [])
            heading, items = self._groups[row.group]
            items.append(QTreeWidgetItem(heading, [row.text, row.keys]))
        self._sheet.expandAll()

    def _filter(self, text: str) -> None:
        words = text.casefold().split()
        for heading, items in self._groups.values():
            for item in items:
                said = f"{heading.text(0)} {item.text(0)} {item.text(1)}".casefold()
                item.setHidden(not all(word in said for word in words))
            heading.setHidden(all(item.isHidden() for item in items))
        self._nothing.setVisible(not self.rows_shown())
