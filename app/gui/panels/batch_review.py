"""The sheet on which the results of a batch are looked at and marked, the doubtful ones first."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListView,
    QStyle,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.engine.batch_job_file import Mark
from app.gui.panels.batch_model import MARGIN, PICTURE_SIDE, ROW, CaseDelegate, CaseModel, Filter, Index, SheetModel
from app.gui.panels.batch_state import CaseRow
from app.gui.panels.button import button_with_tip
from app.gui.theme import icon
from app.gui.translation import QT_TRANSLATE_NOOP

_GAP = 8  # pixels between items
_FRAME = 3  # pixels, around the picture of what is selected
_FILTERS = (
    (Filter.ALL, QT_TRANSLATE_NOOP("Batch", "All results")),
    (Filter.DOUBTFUL, QT_TRANSLATE_NOOP("Batch", "Doubtful ones")),
    (Filter.UNMARKED, QT_TRANSLATE_NOOP("Batch", "Without a mark")),
    (Filter.ACCEPTED, QT_TRANSLATE_NOOP("Batch", "Accepted ones")),
    (Filter.REJECTED, QT_TRANSLATE_NOOP("Batch", "Rejected ones")),
    (Filter.REVIEWED, QT_TRANSLATE_NOOP("Batch", "Reviewed ones")),
)
_KEYS: dict[int, Mark] = {
    Qt.Key.Key_A: Mark.ACCEPTED,
    Qt.Key.Key_R: Mark.REJECTED,
    Qt.Key.Key_V: Mark.REVIEWED,
    Qt.Key.Key_Backspace: Mark.NONE,
    Qt.Key.Key_Delete: Mark.NONE,
}


class _SheetDelegate(CaseDelegate):
    """Frames the picture of what is selected."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """An item of the sheet."""
        super().paint(painter, option, index)
        if option.state & QStyle.StateFlag.State_Selected:
            rect: QRect = option.rect
            left = rect.center().x() - PICTURE_SIDE // 2
            painter.save()
            painter.setPen(QPen(option.palette.highlight(), _FRAME))
            painter.drawRect(QRect(left, rect.top() + MARGIN, PICTURE_SIDE, PICTURE_SIDE).adjusted(-1, -1, 1, 1))
            painter.restore()


class _Sheet(QListView):
    """Pictures side by side; A, R, V and Backspace mark what is selected, Return opens it."""

    marked = Signal(object)  # a Mark

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Letters mark instead of searching."""
        mark = _KEYS.get(event.key())
        if mark is None or event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            super().keyPressEvent(event)
        else:
            self.marked.emit(mark)


class BatchReviewPanel(QWidget):
    """Pictures of results, a choice of which, and buttons that mark the selected ones."""

    marked = Signal(object, object)  # names of cases, a tuple, and the Mark that they get
    open_requested = Signal(str)

    def __init__(self, cases: CaseModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cases = cases
        self.model = SheetModel(cases)
        self._sheet = _Sheet()
        self._prepare_sheet()
        self._filter = QComboBox()
        self._filter.setAccessibleName(self.tr("Which results are shown"))
        for each, text in _FILTERS:
            self._filter.addItem(QCoreApplication.translate("Batch", text), each.value)
        self._count = QLabel()
        self._hint = QLabel(self.tr("Results appear here as they are made."))
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._buttons = {
            Mark.ACCEPTED: button_with_tip(self.tr("Accept"), self.tr("Mark as accepted (A)")),
            Mark.REJECTED: button_with_tip(self.tr("Reject"), self.tr("Mark as rejected (R)")),
            Mark.REVIEWED: button_with_tip(self.tr("Reviewed"), self.tr("Mark as reviewed (V)")),
            Mark.NONE: button_with_tip(self.tr("No mark"), self.tr("Take the mark away (Backspace)")),
        }
        self._open = button_with_tip(self.tr("Open"), self.tr("Open the case with its mask (Enter)"))
        self._arrange()
        self._connect()
        self._dress()
        self._refresh()

    def mark_selected(self, mark: Mark) -> None:
        """Give all that is selected a mark, and go on to the next."""
        names = tuple(row.name for row in self._selected())
        if not names:
            return
        rows = [index.row() for index in self._sheet.selectedIndexes()]
        behind = self.model.index(max(rows) + 1, 0)
        following = behind.data(ROW) if behind.isValid() else None
        self.marked.emit(names, mark)
        if isinstance(following, CaseRow):
            self._go_to(following.name)

    def begin(self) -> None:
        """Begin with the first result, unless one is chosen."""
        if not self._sheet.selectedIndexes():
            self._sheet.setCurrentIndex(self.model.index(0, 0))

    def changeEvent(self, event: QEvent) -> None:
        """Follow another palette."""
        if event.type() is QEvent.Type.PaletteChange:
            self._dress()
        super().changeEvent(event)

    def _prepare_sheet(self) -> None:
        sheet = self._sheet
        sheet.setModel(self.model)
        sheet.setAccessibleName(self.tr("Results"))
        sheet.setViewMode(QListView.ViewMode.IconMode)
        sheet.setMovement(QListView.Movement.Static)
        sheet.setResizeMode(QListView.ResizeMode.Adjust)
        sheet.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        side = PICTURE_SIDE + 2 * MARGIN
        sheet.setIconSize(QSize(side, side))
        sheet.setGridSize(QSize(side + _GAP, side + 2 * sheet.fontMetrics().lineSpacing() + 2 * _GAP))
        sheet.setUniformItemSizes(True)
        sheet.setItemDelegate(_SheetDelegate(sheet))
        sheet.setTextElideMode(Qt.TextElideMode.ElideMiddle)

    def _arrange(self) -> None:
        top = QHBoxLayout()
        title = QLabel(self.tr("Show"))
        title.setBuddy(self._filter)
        top.addWidget(title)
        top.addWidget(self._filter)
        top.addWidget(self._count, 1)
        for button in (*self._buttons.values(), self._open):
            top.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addLayout(top)
        layout.addWidget(self._sheet, 1)
        layout.addWidget(self._hint, 1)

    def _connect(self) -> None:
        self._filter.currentIndexChanged.connect(self._choose_filter)
        for mark, button in self._buttons.items():
            button.clicked.connect(lambda _checked=False, mark=mark: self.mark_selected(mark))
        self._open.clicked.connect(lambda: self._ask_to_open(self._sheet.currentIndex()))
        self._sheet.marked.connect(self.mark_selected)
        self._sheet.activated.connect(self._ask_to_open)
        self._sheet.selectionModel().selectionChanged.connect(self._refresh)
        for signal in (
            self.model.rowsInserted, self.model.rowsRemoved, self.model.modelReset, self.model.layoutChanged,
        ):  # fmt: skip
            signal.connect(self._refresh)
        self.model.dataChanged.connect(self._data_changed)

    def _data_changed(self, _first: QModelIndex, _last: QModelIndex, roles: list[int]) -> None:
        if Qt.ItemDataRole.DecorationRole not in roles:  # another picture changes no count
            self._refresh()

    def _ask_to_open(self, index: QModelIndex) -> None:
        row = index.data(ROW)
        if isinstance(row, CaseRow):
            self.open_requested.emit(row.name)

    def _choose_filter(self) -> None:
        self.model.set_filter(Filter(self._filter.currentData()))
        self._refresh()

    def _selected(self) -> list[CaseRow]:
        rows = [index.data(ROW) for index in self._sheet.selectedIndexes()]
        return [row for row in rows if isinstance(row, CaseRow)]

    def _go_to(self, name: str) -> None:
        """Select the case of that name alone, if it is on the sheet."""
        place = self._cases.place(name)
        index = QModelIndex() if place is None else self.model.mapFromSource(self._cases.index(place, 0))
        if index.isValid():
            self._sheet.setCurrentIndex(index)

    def _refresh(self) -> None:
        masks = [row for row in self._cases.rows if row.has_mask]
        marked = sum(row.mark is not Mark.NONE for row in masks)
        self._count.setText(self.tr("{0} of {1} marked").format(marked, len(masks)) if masks else "")
        self._hint.setVisible(not masks)
        self._sheet.setVisible(bool(masks))
        for button in (*self._buttons.values(), self._open):
            button.setEnabled(bool(self._sheet.selectedIndexes()))

    def _dress(self) -> None:
        for mark, name in (
            (Mark.ACCEPTED, "accept"), (Mark.REJECTED, "reject"), (Mark.REVIEWED, "eye"), (Mark.NONE, "remove"),
        ):  # fmt: skip
            self._buttons[mark].setIcon(icon(name))
        self._open.setIcon(icon("open"))
