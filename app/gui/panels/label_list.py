"""The labels as rows of a list; changes are asked for by signals and come back by `set_labels`."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeySequence, QMouseEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from app.engine.labelmap import Label
from app.gui.panels.label_row import KEY_ROLE, LABEL_ROLE, Part, part_at

_PICKED_BY_KEY = 9  # Ctrl+1 to Ctrl+9
_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class LabelList(QAbstractListModel):
    """One row per label, by value."""

    renamed = Signal(int, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._labels: tuple[Label, ...] = ()

    @property
    def labels(self) -> tuple[Label, ...]:
        """What is listed."""
        return self._labels

    def set_labels(self, labels: tuple[Label, ...]) -> None:
        """List other labels; rows stay where they are (and editors open) while the values are the same."""
        if labels == self._labels:
            return
        if [label.value for label in labels] == [label.value for label in self._labels]:
            self._labels = labels
            self.dataChanged.emit(self.index(0), self.index(len(labels) - 1))
            return
        self.beginResetModel()
        self._labels = labels
        self.endResetModel()

    def row_of(self, value: int) -> int | None:
        """The row of a label; None where it is not listed."""
        return next((row for row, label in enumerate(self._labels) if label.value == value), None)

    def rowCount(self, parent: _Index = _ROOT) -> int:
        """How many labels there are."""
        return 0 if parent.isValid() else len(self._labels)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Names can be edited."""
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - a type by role
        """The name, the label itself, its key, or what a screen reader says."""
        if not 0 <= index.row() < len(self._labels):
            return None
        label = self._labels[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return label.name
        if role == LABEL_ROLE:
            return label
        if role == KEY_ROLE:
            return _key_of(index.row())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(label, _key_of(index.row()))
        return None

    def setData(
        self,
        index: _Index,
        value: Any,  # noqa: ANN401 - a type by role
        role: int = Qt.ItemDataRole.EditRole,
    ) -> bool:
        """Ask for another name; blank ones and the same one are ignored."""
        if role != Qt.ItemDataRole.EditRole or not 0 <= index.row() < len(self._labels):
            return False
        label, name = self._labels[index.row()], str(value).strip()
        if not name or name == label.name:
            return False
        self.renamed.emit(label.value, name)
        return True

    def _spoken(self, label: Label, key: str) -> str:
        words = [label.name, self.tr("label {0}").format(label.value)]
        if label.locked:
            words.append(self.tr("locked"))
        if not label.visible:
            words.append(self.tr("hidden"))
        return ", ".join([*words, key] if key else words)


class LabelView(QListView):
    """Shows the rows. A click on swatch, eye or lock is told and chooses no other label."""

    clicked_part = Signal(int, object)  # value of the label, Part

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pressed: tuple[int, Part] | None = None
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember a press on a part; elsewhere choose the label."""
        self._pressed = self._part_under(event)
        if self._pressed is None:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Two clicks on an eye are two clicks, not the wish to edit the name."""
        self._pressed = self._part_under(event)
        if self._pressed is None:
            super().mouseDoubleClickEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Tell of a click that began and ended on the same part."""
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            super().mouseReleaseEvent(event)
        elif pressed == self._part_under(event):
            self.clicked_part.emit(*pressed)

    def _part_under(self, event: QMouseEvent) -> tuple[int, Part] | None:
        place = event.position().toPoint()
        index = self.indexAt(place)
        label = index.data(LABEL_ROLE)
        if event.button() is not Qt.MouseButton.LeftButton or not isinstance(label, Label):
            return None
        part = part_at(self.visualRect(index), place)
        return None if part is Part.NAME else (label.value, part)


def _key_of(row: int) -> str:
    if row >= _PICKED_BY_KEY:
        return ""
    return QKeySequence(f"Ctrl+{row + 1}").toString(QKeySequence.SequenceFormat.NativeText)
