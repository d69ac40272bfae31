"""A table of figures to read, select and copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QKeyEvent, QKeySequence, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from app.engine.export.table import as_tsv

_SWATCH_PX = 12
_ROWS_IN_SIGHT = 5  # where there is no reason for more or fewer


@dataclass(frozen=True)
class Cell:
    """What a cell says; `colour` puts a swatch before it, `tip` explains it."""

    text: str
    tip: str = ""
    colour: tuple[int, int, int] | None = None


class FigureTable(QTableWidget):
    """The first column names the row, the others are figures. Ctrl+C copies what is selected, for spreadsheets."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)  # Tab leaves the table, arrows go about in it
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 10)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.horizontalHeader().setResizeContentsPrecision(0)  # by the rows in sight: hundreds would take long
        self.horizontalHeader().setHighlightSections(False)
        self._headings: tuple[Cell, ...] = ()
        self._rows: list[tuple[Cell, ...]] = []
        self._fitted = False  # whether the columns have been given a width for these headings

    def fill(self, headings: Sequence[Cell], rows: Sequence[Sequence[Cell]]) -> None:
        """Show these rows; what stays the same is not touched, the selection stays."""
        if tuple(headings) != self._headings:
            self._fitted &= [each.text for each in headings] == [each.text for each in self._headings]
            self._headings = tuple(headings)
            self.setColumnCount(len(headings))
            for column, heading in enumerate(headings):
                item = QTableWidgetItem(heading.text)
                item.setToolTip(heading.tip)
                item.setTextAlignment(_alignment(column))
                self.setHorizontalHeaderItem(column, item)
        before, self._rows = self._rows, [tuple(row) for row in rows]
        self.setRowCount(len(rows))
        changed = [n for n, row in enumerate(self._rows) if n >= len(before) or row != before[n]]
        for row in changed:
            for column, cell in enumerate(self._rows[row]):
                self._put(row, column, cell)
        if changed:
            self._widen()

    def texts(self) -> list[list[str]]:
        """All that it says, headings first."""
        return [[heading.text for heading in self._headings]] + [
            [self._text(row, column) for column in range(self.columnCount())] for row in range(self.rowCount())
        ]

    def sizeHint(self) -> QSize:
        """Some rows below the headings."""
        rows = _ROWS_IN_SIGHT * self.verticalHeader().defaultSectionSize()
        return QSize(super().sizeHint().width(), rows + self.horizontalHeader().sizeHint().height() + 4)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More rows may have come in sight, with more to say."""
        super().resizeEvent(event)
        if self._fitted:
            self._widen()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy what is selected."""
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(as_tsv(self._selected()))
        else:
            super().keyPressEvent(event)

    def _widen(self) -> None:
        """Make columns as wide as what they say; none becomes narrower, so that figures do not jump about."""
        for column in range(self.columnCount()):
            wanted = max(self.sizeHintForColumn(column), self.horizontalHeader().sectionSizeHint(column))
            if wanted > self.columnWidth(column) or not self._fitted:
                self.setColumnWidth(column, wanted)
        self._fitted = True

    def _selected(self) -> list[list[str]]:
        """The selected cells, with the headings of their columns where there are several."""
        indexes = self.selectedIndexes()
        rows, columns = sorted({each.row() for each in indexes}), sorted({each.column() for each in indexes})
        chosen = {(each.row(), each.column()) for each in indexes}
        cells = [[self._text(row, column) if (row, column) in chosen else "" for column in columns] for row in rows]
        return cells if len(chosen) <= 1 else [[self._headings[column].text for column in columns], *cells]

    def _text(self, row: int, column: int) -> str:
        item = self.item(row, column)
        return "" if item is None else item.text()

    def _put(self, row: int, column: int, cell: Cell) -> None:
        item = self.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            item.setTextAlignment(_alignment(column))
            self.setItem(row, column, item)
        if item.text() != cell.text:
            item.setText(cell.text)
        if item.toolTip() != cell.tip:
            item.setToolTip(cell.tip)
        if cell.colour is not None and item.data(Qt.ItemDataRole.UserRole) != list(cell.colour):
            item.setData(Qt.ItemDataRole.UserRole, list(cell.colour))
            item.setIcon(_swatch(cell.colour))


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
    return side | Qt.AlignmentFlag.AlignVCenter


def _swatch(colour: tuple[int, int, int]) -> QIcon:
    pixmap = QPixmap(_SWATCH_PX, _SWATCH_PX)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(*colour))
    painter.drawRoundedRect(0, 0, _SWATCH_PX, _SWATCH_PX, 3, 3)
    painter.end()
    return QIcon(pixmap)
