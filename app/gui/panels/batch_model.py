"""The cases of a batch as a table, and those with a mask as a sheet of pictures, the doubtful ones first."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from PySide6.QtCore import (
    QAbstractTableModel,
    QCoreApplication,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.engine.batch_job_file import Mark
from app.gui.panels.batch_state import CaseRow, CaseState
from app.gui.theme import current_colours
from app.gui.translation import QT_TRANSLATE_NOOP, engine_text

ROW = Qt.ItemDataRole.UserRole  # the CaseRow of an index
PICTURE_SIDE = 200  # pixels on the sheet
MARGIN = 8  # pixels around it
_KEPT = 400  # pictures; some 60 MB
_FELT_S = 0.05  # what took less was not done at all, or is not worth a number
ABOUT, _STATE, RESULT = 1, 2, 3  # columns
_BEHIND = QColor(0, 0, 0, 60)

Index = QModelIndex | QPersistentModelIndex

_STATES = {
    CaseState.FOUND: QT_TRANSLATE_NOOP("Batch", "found"),
    CaseState.WAITING: QT_TRANSLATE_NOOP("Batch", "waiting"),
    CaseState.RUNNING: QT_TRANSLATE_NOOP("Batch", "running"),
    CaseState.DONE: QT_TRANSLATE_NOOP("Batch", "done"),
    CaseState.DOUBTFUL: QT_TRANSLATE_NOOP("Batch", "doubtful"),
    CaseState.SKIPPED: QT_TRANSLATE_NOOP("Batch", "was there already"),
    CaseState.NO_PROMPTS: QT_TRANSLATE_NOOP("Batch", "no box"),
    CaseState.FAILED: QT_TRANSLATE_NOOP("Batch", "failed"),
}
_MARKS = {
    Mark.NONE: "",
    Mark.REVIEWED: QT_TRANSLATE_NOOP("Batch", "reviewed"),
    Mark.ACCEPTED: QT_TRANSLATE_NOOP("Batch", "accepted"),
    Mark.REJECTED: QT_TRANSLATE_NOOP("Batch", "rejected"),
}
_SIGNS = {Mark.NONE: "", Mark.REVIEWED: "\u25c9 ", Mark.ACCEPTED: "\u2713 ", Mark.REJECTED: "\u2717 "}


def _tr(text: str) -> str:
    return QCoreApplication.translate("Batch", text) if text else ""


class CaseModel(QAbstractTableModel):
    """One row for each case."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[CaseRow] = []
        self._places: dict[str, int] = {}
        self._folders: tuple[Path, ...] = ()

    @property
    def rows(self) -> tuple[CaseRow, ...]:
        """All of them."""
        return tuple(self._rows)

    def row(self, name: str) -> CaseRow | None:
        """The case of that name."""
        place = self._places.get(name)
        return None if place is None else self._rows[place]

    def row_at(self, place: int) -> CaseRow:
        """The case in a row."""
        return self._rows[place]

    def place(self, name: str) -> int | None:
        """In which row the case of that name is."""
        return self._places.get(name)

    def fill(self, rows: Sequence[CaseRow], folders: Sequence[Path] = ()) -> None:
        """Other cases; what their results say of files within the folders is shown without these."""
        self.beginResetModel()
        self._rows, self._folders = list(rows), tuple(folders)
        self._places = {row.name: n for n, row in enumerate(rows)}
        self.endResetModel()

    def put(self, row: CaseRow) -> None:
        """What became of a case that is there."""
        place = self._places[row.name]
        if row != self._rows[place]:
            self._rows[place] = row
            self.dataChanged.emit(self.index(place, 0), self.index(place, self.columnCount() - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Rows below nothing."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Columns below nothing."""
        return 0 if parent.isValid() else 6

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What the columns are called."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            titles = (
                self.tr("Case"), self.tr("Image"), self.tr("State"), self.tr("Result"), self.tr("Seconds"),
                self.tr("Mark"),
            )  # fmt: skip
            return titles[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Texts, their colours, and the row itself."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts(row)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return (result_text(row) if index.column() == RESULT else self._texts(row)[index.column()]) or None
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == _STATE:
            return _colour_of(row)
        return row if role == ROW else None

    def _texts(self, row: CaseRow) -> tuple[str, ...]:
        took = 0.0 if row.result is None else row.result.seconds
        seconds = "" if took < _FELT_S else QLocale().toString(took, "f", 1)
        result = without_folders(result_text(row), self._folders)
        if row.state is CaseState.FAILED:  # a sentence, no names of labels
            result = result[:1].upper() + result[1:]
        return row.name, row.about, state_text(row), result, seconds, _tr(_MARKS[row.mark])


class CaseDelegate(QStyledItemDelegate):
    """Draws items; what is selected has the text colour of the selection, whatever its state."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """How an item is drawn."""
        super().initStyleOption(option, index)
        if option.state & QStyle.StateFlag.State_Selected:
            palette = option.palette
            palette.setColor(QPalette.ColorRole.Text, palette.color(QPalette.ColorRole.HighlightedText))
        if index.column() == RESULT:
            option.textElideMode = Qt.TextElideMode.ElideRight  # a sentence, no name


class Filter(Enum):
    """Which results are on the sheet."""

    ALL = "all"
    DOUBTFUL = "doubtful"
    UNMARKED = "unmarked"
    REVIEWED = "reviewed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


_OF_MARK = {
    Filter.UNMARKED: Mark.NONE, Filter.REVIEWED: Mark.REVIEWED, Filter.ACCEPTED: Mark.ACCEPTED,
    Filter.REJECTED: Mark.REJECTED,
}  # fmt: skip


class SheetModel(QSortFilterProxyModel):
    """The cases with a mask, the doubtful ones first, the lowest score before; pictures are asked for when needed."""

    pictures_wanted = Signal(object)  # names of cases, a tuple

    def __init__(self, cases: CaseModel) -> None:
        super().__init__()
        self._cases = cases
        self._filter = Filter.ALL
        self._pictures: OrderedDict[str, QPixmap] = OrderedDict()
        self._wanted: dict[str, None] = {}
        self._asked: set[str] = set()
        self._empty = _square(QImage())
        self._ask = QTimer(self)
        self._ask.setSingleShot(True)
        self._ask.timeout.connect(self._tell)
        self.setSourceModel(cases)
        cases.modelReset.connect(self.forget)
        self.setDynamicSortFilter(True)
        self.sort(0)

    def set_filter(self, chosen: Filter) -> None:
        """Show these alone."""
        self._filter = chosen
        self.invalidate()

    def set_picture(self, name: str, picture: QImage) -> None:
        """Show a picture; an empty one where there is none."""
        self._asked.discard(name)
        self._pictures[name] = _square(picture)
        while len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)
        self._changed(name)

    def forget(self) -> None:
        """The pictures are no longer true."""
        self._pictures.clear()
        self._asked.clear()

    def ask_again(self) -> None:
        """What was asked for and has not come may have been lost: it is asked for anew where it is in sight."""
        lost, self._asked = self._asked, set()
        for name in lost:
            self._changed(name)

    def filterAcceptsRow(self, source_row: int, _source_parent: Index) -> bool:
        """Whether a case is on the sheet."""
        row = self._cases.row_at(source_row)
        if not row.has_mask:
            return False
        if self._filter is Filter.DOUBTFUL:
            return row.state is CaseState.DOUBTFUL
        return self._filter is Filter.ALL or row.mark is _OF_MARK[self._filter]

    def lessThan(self, left: Index, right: Index) -> bool:
        """Whether a case stands before another."""
        return self._rank(left) < self._rank(right)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """A picture with two lines beneath."""
        row = super().data(index, ROW)
        if not isinstance(row, CaseRow):
            return None
        if role == Qt.ItemDataRole.DecorationRole:
            return self._icon(row.name)
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{row.name}\n{_SIGNS[row.mark]}{_sheet_text(row)}"
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return ", ".join(
                part for part in (row.name, _tr(_MARKS[row.mark]), state_text(row), result_text(row)) if part
            )
        if role == Qt.ItemDataRole.ForegroundRole:
            return _mark_colour(row)
        return super().data(index, role)

    def _rank(self, index: Index) -> tuple[bool, float, int]:
        row = self._row(index)
        doubtful = row.state is CaseState.DOUBTFUL
        return not doubtful, row.score if doubtful else 0.0, index.row()

    def _row(self, index: Index) -> CaseRow:
        return self._cases.row_at(index.row())

    def _icon(self, name: str) -> QIcon:
        picture = self._pictures.get(name)
        if picture is not None:
            self._pictures.move_to_end(name)
        elif name not in self._asked:
            self._asked.add(name)
            self._wanted[name] = None
            self._ask.start(0)
        made = QIcon(picture or self._empty)
        made.addPixmap(picture or self._empty, QIcon.Mode.Selected)  # not tinted
        return made

    def _tell(self) -> None:
        wanted, self._wanted = tuple(self._wanted), {}
        if wanted:
            self.pictures_wanted.emit(wanted)

    def _changed(self, name: str) -> None:
        place = self._cases.place(name)
        index = QModelIndex() if place is None else self.mapFromSource(self._cases.index(place, 0))
        if index.isValid():
            self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])


def state_text(row: CaseRow) -> str:
    """Where a case stands, in words."""
    text = _tr(_STATES[row.state])
    if row.state is CaseState.RUNNING and row.done > 0:
        return f"{text}, {row.done:.0%}"
    return text


def result_text(row: CaseRow) -> str:
    """What became of a case: why it failed, or its labels."""
    if row.result is None:
        return ""
    figures = QLocale()
    names = [
        one.label if one.score is None else f"{one.label}: {figures.toString(one.score, 'f', 2)}"
        for one in row.result.labels
    ]
    return "; ".join(part for part in (", ".join(names), engine_text(row.result.message)) if part)


def without_folders(text: str, folders: Sequence[Path]) -> str:
    """A text in which files are named without the folders that they are in, and these by their own names."""
    for folder in sorted(folders, key=lambda folder: -len(folder.parts)):  # the inner ones first
        text = text.replace(f"{folder}{os.sep}", "").replace(str(folder), folder.name)
    return text


def _sheet_text(row: CaseRow) -> str:
    mark = _tr(_MARKS[row.mark])
    state = state_text(row)
    score = "" if row.score >= 1.0 else QLocale().toString(row.score, "f", 2)
    return ", ".join(part for part in (mark, state, score) if part)


def _colour_of(row: CaseRow) -> QColor | None:
    colours = current_colours()
    of_state = {
        CaseState.DONE: colours.good, CaseState.DOUBTFUL: colours.warning, CaseState.FAILED: colours.danger,
        CaseState.NO_PROMPTS: colours.warning, CaseState.RUNNING: colours.accent,
    }  # fmt: skip
    return QColor(of_state[row.state]) if row.state in of_state else None


def _mark_colour(row: CaseRow) -> QColor | None:
    colours = current_colours()
    of_mark = {Mark.ACCEPTED: colours.good, Mark.REJECTED: colours.danger}
    if row.mark in of_mark:
        return QColor(of_mark[row.mark])
    return QColor(colours.warning) if row.state is CaseState.DOUBTFUL and row.mark is Mark.NONE else None


def _square(picture: QImage) -> QPixmap:
    """In the middle of a square with a margin, so that the sheet is even."""
    side = PICTURE_SIDE + 2 * MARGIN
    square = QPixmap(side, side)
    square.fill(Qt.GlobalColor.transparent)
    painter = QPainter(square)
    painter.fillRect(MARGIN, MARGIN, PICTURE_SIDE, PICTURE_SIDE, _BEHIND)
    if not picture.isNull():
        keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        fitted = picture.scaled(PICTURE_SIDE, PICTURE_SIDE, keep, smooth)
        painter.drawImage((side - fitted.width()) // 2, (side - fitted.height()) // 2, fitted)
    painter.end()
    return square
