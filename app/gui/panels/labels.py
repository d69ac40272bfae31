"""The labels: which there are, which is painted with, what they are called, which are locked or hidden."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, QEvent, QModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QAction, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QAbstractItemView,
    QColorDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.engine.labelmap import PALETTE, Label
from app.gui.panels.label_list import LabelList, LabelView
from app.gui.panels.label_row import LABEL_ROLE, LabelRow, Part
from app.gui.theme import current_colours, icon
from app.gui.translation import QT_TRANSLATE_NOOP

_COLOURS = (
    QT_TRANSLATE_NOOP("LabelsPanel", "Orange"),
    QT_TRANSLATE_NOOP("LabelsPanel", "Sky blue"),
    QT_TRANSLATE_NOOP("LabelsPanel", "Bluish green"),
    QT_TRANSLATE_NOOP("LabelsPanel", "Yellow"),
    QT_TRANSLATE_NOOP("LabelsPanel", "Blue"),
    QT_TRANSLATE_NOOP("LabelsPanel", "Vermilion"),
    QT_TRANSLATE_NOOP("LabelsPanel", "Reddish purple"),
)  # of `PALETTE`, as its authors call them


class LabelsPanel(QWidget):
    """A list to choose from; labels are named by their value. What the user asks for is told, nothing is changed."""

    add_requested = Signal()
    chosen = Signal(int)
    renamed = Signal(int, str)
    recoloured = Signal(int, object)  # value, (red, green, blue)
    locked = Signal(int, bool)
    shown = Signal(int, bool)
    removed = Signal(int)
    named = Signal()  # the name that `edit_name` asked for was typed in (Enter) or given up (Esc)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._active = 0
        self._asked = False  # the name that is being typed in was asked for by `edit_name`
        self._model = LabelList(self)
        self._model.renamed.connect(self.renamed)
        self._row = LabelRow(self)
        self._filter = QLineEdit()
        self._filter.setPlaceholderText(self.tr("Filter"))
        self._filter.setAccessibleName(self.tr("Show labels by name"))
        self._filter.setClearButtonEnabled(True)
        self._filter.textChanged.connect(self._apply_filter)
        self._filter.returnPressed.connect(self._choose_first)
        self._add = QPushButton(self.tr("Add"))
        self._add.setAccessibleName(self.tr("Add a label"))
        self._add.setToolTip(self.tr("Add a label to paint with"))
        self._add.clicked.connect(self.add_requested)
        self._view = self._build_view()
        self._hint = _sentence()
        self._conflicts = _sentence()
        self._conflicts.setAccessibleName(self.tr("Locked labels in the way"))
        self._conflicts.hide()
        top = QHBoxLayout()
        top.addWidget(self._filter, 1)
        top.addWidget(self._add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addLayout(top)
        layout.addWidget(self._hint)
        layout.addWidget(self._view, 1)
        layout.addWidget(self._conflicts)
        self.setTabOrder(self._filter, self._add)
        self.setTabOrder(self._add, self._view)
        self._dress()
        self._apply_filter()

    def set_labels(self, labels: tuple[Label, ...], active: int) -> None:
        """List these labels, by value; `active` is the value of the one that is painted with (0 for none)."""
        self._active = active
        self._model.set_labels(labels)
        row = self._model.row_of(active)
        self._view.setCurrentIndex(QModelIndex() if row is None else self._model.index(row))
        self._apply_filter()

    def set_conflicts(self, shares: Mapping[str, str]) -> None:
        """Say what of the preview locked labels keep: the share as text ("12 %") by the label's name."""
        lines = [
            self.tr("{0} of the preview belongs to “{1}” (locked)").format(share, name)
            for name, share in shares.items()
        ]
        self._conflicts.setText("\n".join(line[:1].upper() + line[1:] for line in lines))
        self._conflicts.setVisible(bool(lines))

    def edit_name(self, value: int) -> None:
        """Let the user type another name for a label."""
        row = self._model.row_of(value)
        if row is not None:
            if self._view.isRowHidden(row):
                self._filter.clear()
            index = self._model.index(row)
            self._view.scrollTo(index)
            if self._view.state() is not QAbstractItemView.State.EditingState:  # where it is not being typed already
                self._view.edit(index)
            self._asked = True

    def edit_colour(self, value: int) -> None:
        """Let the user choose another colour for a label."""
        label = self._label(value)
        if label is None:
            return
        dialog = QColorDialog(QColor(*label.colour), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(self.tr("Colour of “{0}”").format(label.name))
        dialog.colorSelected.connect(lambda colour: self.recoloured.emit(value, _rgb(colour)))
        dialog.open()

    def changeEvent(self, event: QEvent) -> None:
        """Follow another palette."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self._dress()
        super().changeEvent(event)

    def _build_view(self) -> LabelView:
        view = LabelView()
        view.setAccessibleName(self.tr("Labels"))
        view.setModel(self._model)
        view.setItemDelegate(self._row)
        view.clicked_part.connect(self._clicked)
        view.customContextMenuRequested.connect(self._show_menu)
        self._row.closeEditor.connect(self._editor_closed)  # after the view, which takes the keyboard then
        view.selectionModel().currentChanged.connect(self._current_changed)
        return view

    def _dress(self) -> None:
        self._row.renew()
        self._add.setIcon(icon("add"))
        self._conflicts.setStyleSheet(f"color: {current_colours().warning};")
        self._hint.setStyleSheet(f"color: {current_colours().muted};")
        self._view.viewport().update()

    def _label(self, value: int) -> Label | None:
        row = self._model.row_of(value)
        return None if row is None else self._model.labels[row]

    @Slot()
    def _apply_filter(self) -> None:
        words = self._filter.text().casefold().split()
        labels = self._model.labels
        matching = [all(word in label.name.casefold() for word in words) for label in labels]
        for row, matches in enumerate(matching):
            self._view.setRowHidden(row, not matches)
        if not labels:
            self._hint.setText(self.tr("No labels yet. Add one to paint with."))
        else:
            self._hint.setText(self.tr("No label is called that."))
        self._hint.setVisible(not any(matching))

    @Slot()
    def _choose_first(self) -> None:
        """Enter in the filter takes the first label that it has left."""
        for row, label in enumerate(self._model.labels):
            if not self._view.isRowHidden(row):
                self.chosen.emit(label.value)
                return

    @Slot(QModelIndex, QModelIndex)
    def _current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        label = current.data(LABEL_ROLE)
        if isinstance(label, Label) and label.value != self._active:
            self.chosen.emit(label.value)

    @Slot(QWidget, QAbstractItemDelegate.EndEditHint)
    def _editor_closed(self, _editor: QWidget, hint: QAbstractItemDelegate.EndEditHint) -> None:
        asked, self._asked = self._asked, False
        hints = QAbstractItemDelegate.EndEditHint
        if asked and hint in (hints.SubmitModelCache, hints.RevertModelCache):  # not where something else was clicked
            self.named.emit()

    @Slot(int, object)
    def _clicked(self, value: int, part: Part) -> None:
        label = self._label(value)
        if label is None:
            return
        if part is Part.EYE:
            self.shown.emit(value, not label.visible)
        elif part is Part.LOCK:
            self.locked.emit(value, not label.locked)
        else:
            self._colours_menu(label, self).popup(self.cursor().pos())

    @Slot(QPoint)
    def _show_menu(self, place: QPoint) -> None:
        """The context menu of the label under the cursor, or of the active one when a key asked for it."""
        index = self._view.indexAt(place)
        if not index.isValid():
            index = self._view.currentIndex()
        label = index.data(LABEL_ROLE)
        if isinstance(label, Label):
            self.menu_of(label.value).popup(self._view.viewport().mapToGlobal(place))

    def menu_of(self, value: int) -> QMenu:
        """What can be done with a label; the menu goes when it closes."""
        menu = QMenu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        label = self._label(value)
        if label is None:
            return menu
        _add(menu, self.tr("Rename"), "rename").triggered.connect(lambda: self.edit_name(value))
        colours = self._colours_menu(label, menu)
        menu.addMenu(colours)
        locked = _add(menu, self.tr("Locked"))
        locked.setCheckable(True)
        locked.setChecked(label.locked)
        locked.toggled.connect(lambda on: self.locked.emit(value, on))
        shown = _add(menu, self.tr("Shown"))
        shown.setCheckable(True)
        shown.setChecked(label.visible)
        shown.toggled.connect(lambda on: self.shown.emit(value, on))
        menu.addSeparator()
        remove = _add(menu, self.tr("Remove"), "remove")
        remove.setEnabled(not label.locked)
        remove.triggered.connect(lambda: self.removed.emit(value))
        return menu

    def _colours_menu(self, label: Label, over: QWidget) -> QMenu:
        menu = QMenu(self.tr("Colour"), over)
        menu.setIcon(icon("colour"))
        for name, colour in zip(_COLOURS, PALETTE, strict=True):
            action = menu.addAction(_swatch(colour), QCoreApplication.translate("LabelsPanel", name))
            action.triggered.connect(lambda _on, chosen=colour: self.recoloured.emit(label.value, chosen))
        menu.addSeparator()
        menu.addAction(self.tr("Another colour…")).triggered.connect(lambda: self.edit_colour(label.value))
        return menu


def _add(menu: QMenu, text: str, icon_name: str = "") -> QAction:
    action = menu.addAction(text)
    if icon_name:
        action.setIcon(icon(icon_name))
    return action


def _sentence() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)  # names of labels may hold anything
    return label


def _swatch(colour: tuple[int, int, int]) -> QIcon:
    pixmap = QPixmap(16, 16)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.fillRect(1, 1, 14, 14, QColor(*colour))
    painter.end()
    return QIcon(pixmap)


def _rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()
