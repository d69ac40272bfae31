"""Labels into a file: in which format, which of them, and where."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.engine.labelmap import Label
from app.gui.translation import engine_text, full_sentence

_SEMICOLON = "; |\uff1b"  # Chinese has its own
_SWATCH = 14  # pixels


@dataclass(frozen=True)
class ExportFormat:
    """A format: the engine's name, what people call it, its extensions (the first is proposed), what is good to know.

    `impossible` says why this image's labels cannot be written so, "" where they can.
    """

    name: str
    title: str
    extensions: tuple[str, ...]
    note: str = ""
    impossible: str = ""


@dataclass(frozen=True)
class ExportOptions:
    """What can be chosen. `suggested` has no extension; the first format that is possible is proposed."""

    suggested: Path
    formats: tuple[ExportFormat, ...]
    labels: tuple[Label, ...]


@dataclass(frozen=True)
class ExportChoice:
    """What was chosen: the file, the engine's name of the format, and the values of the labels."""

    path: Path
    format_name: str
    labels: frozenset[int]


class ExportDialog(QDialog):
    """Asks all of it at once; what is impossible is listed with its reason. `browse` asks for a file."""

    def __init__(
        self,
        options: ExportOptions,
        browse: Callable[[QWidget, Path, ExportFormat], Path | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Export labels"))
        self._options, self._browse = options, browse
        self._formats = QListWidget()
        self._formats.setAccessibleName(self.tr("Format"))
        self._formats.setWordWrap(True)
        self._formats.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._note = QLabel()
        self._note.setWordWrap(True)
        self._note.setMinimumHeight(2 * self._note.fontMetrics().lineSpacing())
        self._labels = QListWidget()
        self._labels.setAccessibleName(self.tr("Labels"))
        self._path = QLineEdit(str(options.suggested))
        self._path.setAccessibleName(self.tr("File"))
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._export = self._buttons.addButton(self.tr("Export"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._export.setDefault(True)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        self._arrange()
        self._fill()
        self._formats.currentRowChanged.connect(lambda _row: self._show_format())
        self._labels.itemChanged.connect(lambda _item: self._check())
        self._path.textChanged.connect(lambda _text: self._check())
        possible = [row for row, each in enumerate(options.formats) if not each.impossible]
        self._formats.setCurrentRow(possible[0] if possible else -1)
        self._check()
        self.resize(760, 520)

    def _arrange(self) -> None:
        lists = QHBoxLayout()
        for title, widget in ((self.tr("Format"), self._formats), (self.tr("Labels"), self._labels)):
            column = QVBoxLayout()
            heading = QLabel(title)
            heading.setBuddy(widget)
            column.addWidget(heading)
            column.addWidget(widget)
            lists.addLayout(column, 1)
        choose = QPushButton(self.tr("Browse…"))
        choose.setAutoDefault(False)
        choose.clicked.connect(self._choose_path)
        where = QHBoxLayout()
        where.addWidget(self._path, 1)
        where.addWidget(choose)
        form = QFormLayout()
        form.addRow(self.tr("File"), where)
        layout = QVBoxLayout(self)
        layout.addLayout(lists, 1)
        layout.addWidget(self._note)
        layout.addLayout(form)
        layout.addWidget(self._buttons)

    def _fill(self) -> None:
        for each in self._options.formats:
            item = QListWidgetItem(f"{each.title} ({each.extensions[0]})")
            if each.impossible:
                reason = re.split(_SEMICOLON, engine_text(each.impossible))[0]  # what to write instead is in the list
                item.setText(f"{item.text()}\n{full_sentence(reason)}")
                item.setFlags(Qt.ItemFlag.NoItemFlags)
                item.setToolTip(engine_text(each.impossible))
            self._formats.addItem(item)
        for label in self._options.labels:
            item = QListWidgetItem(f"{label.value}  {label.name}")
            swatch = QPixmap(_SWATCH, _SWATCH)
            swatch.fill(QColor(*label.colour))
            item.setIcon(_untinted(swatch))
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked)
            self._labels.addItem(item)
        self._labels.setCurrentRow(0)

    def chosen(self) -> ExportChoice | None:
        """What is chosen now; None where something is missing."""
        form, labels, path = self._format(), self._ticked(), self._path.text().strip()
        if form is None or not labels or not Path(path).name:
            return None
        return ExportChoice(Path(_with_extension(path, form)), form.name, labels)

    def _format(self) -> ExportFormat | None:
        row = self._formats.currentRow()
        found = self._options.formats[row] if row >= 0 else None
        return None if found is None or found.impossible else found

    def _ticked(self) -> frozenset[int]:
        rows = range(self._labels.count())
        ticked = (row for row in rows if self._labels.item(row).checkState() is Qt.CheckState.Checked)
        return frozenset(self._options.labels[row].value for row in ticked)

    def _show_format(self) -> None:
        form = self._format()
        if form is not None:
            self._note.setText(form.note)
            self._path.setText(self._stem() + form.extensions[0])
        self._check()

    def _stem(self) -> str:
        """The path without the extension of any format."""
        known = (extension for form in self._options.formats for extension in form.extensions)
        return _without(self._path.text().strip(), sorted(known, key=len, reverse=True))

    def _check(self) -> None:
        self._export.setEnabled(self.chosen() is not None)

    def _choose_path(self) -> None:
        form = self._format()
        path = None if form is None else self._browse(self, Path(self._path.text()), form)
        if form is not None and path is not None:
            self._path.setText(_with_extension(str(path), form))


def _untinted(swatch: QPixmap) -> QIcon:
    """The same colour where the row is marked."""
    made = QIcon(swatch)
    made.addPixmap(swatch, QIcon.Mode.Selected)
    return made


def _with_extension(path: str, form: ExportFormat) -> str:
    known = any(path.lower().endswith(extension) for extension in form.extensions)
    return path if known else path + form.extensions[0]


def _without(path: str, extensions: list[str]) -> str:
    for extension in extensions:  # the longest first
        if path.lower().endswith(extension):
            return path[: -len(extension)]
    return path
