"""Which model is used and on what: a list of packages, what is known of each, and the devices of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, Qt, QUrl, Signal
from PySide6.QtGui import QTextCursor, QTextDocument
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from app.gui.inference import ModelState
from app.gui.translation import QT_TRANSLATE_NOOP

_NAME = Qt.ItemDataRole.UserRole
_LONG_MODALITY = "Mammography"
_CELL_PX = 24  # around the text of a cell, and the frame
_LIST_HEIGHT = 150
_PRECISIONS = {
    "f32": QT_TRANSLATE_NOOP("ModelPanel", "full precision"),
    "f16": QT_TRANSLATE_NOOP("ModelPanel", "half precision"),
    "bf16": QT_TRANSLATE_NOOP("ModelPanel", "half precision"),
    "int8": QT_TRANSLATE_NOOP("ModelPanel", "8-bit precision"),
}


@dataclass(frozen=True)
class Accuracy:
    """Mean figures of one modality in a suite of tests: Dice and surface Dice in 0..1, and how many cases."""

    modality: str
    dsc: float
    nsd: float
    cases: int


@dataclass(frozen=True)
class PackageNotes:
    """What is told of a package; `broken` says why it cannot be used, "" where it can.

    `name` "" is the entry that leaves the choice to the program. `card` is Markdown.
    """

    name: str
    title: str
    details: str = ""
    card: str = ""
    suites: tuple[tuple[str, tuple[Accuracy, ...]], ...] = ()
    broken: str = ""


class ModelPanel(QWidget):
    """Shows packages and devices, and asks for another one; what is used is told to it."""

    chosen = Signal(str)  # name of a package, "" for the fastest
    device_chosen = Signal(str)
    measure_requested = Signal()
    file_import_requested = Signal()
    folder_import_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._packages: tuple[PackageNotes, ...] = ()
        self._state: ModelState | None = None
        self._wanted, self._busy = "", False
        self._answers = ""  # name of the package that "" stands for
        self._measured = self.tr("not measured")  # what is known of the speed, while something else is said
        self._in_use = QLabel(self.tr("No model is open yet."))
        self._in_use.setWordWrap(True)
        self._list = QListWidget()
        self._list.setAccessibleName(self.tr("Models"))
        self._list.setMaximumHeight(_LIST_HEIGHT)
        self._list.setWordWrap(True)
        self._list.currentRowChanged.connect(lambda _row: self._show_current())
        self._list.itemActivated.connect(lambda _item: self._choose())
        self._use = QPushButton(self.tr("Use this model"))
        self._use.clicked.connect(self._choose)
        self._import = QPushButton(self.tr("Import"))
        menu = QMenu(self._import)
        menu.addAction(self.tr("From a zip file…"), self.file_import_requested.emit)
        menu.addAction(self.tr("From a folder…"), self.folder_import_requested.emit)
        self._import.setMenu(menu)
        self._device = QComboBox()
        self._device.setAccessibleName(self.tr("Device"))
        self._device.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._device.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._device.activated.connect(lambda row: self.device_chosen.emit(self._device.itemData(row)))
        self._speed = QLabel()
        self._speed.setAccessibleName(self.tr("Speed"))
        self._measure = QPushButton(self.tr("Measure"))
        self._measure.clicked.connect(self.measure_requested)
        self._notes = _Notes()
        self._notes.setAccessibleName(self.tr("About the model"))
        self._arrange()
        self.set_busy("")

    def _arrange(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self._use)
        buttons.addWidget(self._import)
        buttons.addStretch()
        speed = QHBoxLayout()
        speed.addWidget(self._speed, 1)
        speed.addWidget(self._measure)
        form = QFormLayout()
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(self.tr("Device"), self._device)
        form.addRow(self.tr("Speed"), speed)
        layout = QVBoxLayout(self)
        layout.addWidget(self._in_use)
        layout.addLayout(form)
        layout.addWidget(self._list)
        layout.addLayout(buttons)
        layout.addWidget(self._notes, 1)

    def set_packages(self, packages: Sequence[PackageNotes]) -> None:
        """List these."""
        self._packages = tuple(packages)
        current = self._list.currentItem()
        name = self._wanted if current is None else str(current.data(_NAME))
        self._list.clear()
        for package in self._packages:
            item = QListWidgetItem()
            item.setData(_NAME, package.name)
            item.setToolTip(package.broken or package.details)
            self._list.addItem(item)
        self._mark()
        names = [package.name for package in self._packages]
        self._list.setCurrentRow(names.index(name) if name in names else 0)

    def set_devices(self, devices: Sequence[tuple[str, str]], chosen: str) -> None:
        """Offer these: what OpenVINO calls them, and the full name of each."""
        self._device.clear()
        for device, name in devices:
            self._device.addItem(f"{device}: {name}" if name else device, device)
        self._device.setCurrentIndex(self._device.findData(chosen))

    def set_in_use(self, wanted: str, state: ModelState) -> None:
        """Say which model answers, and which entry was chosen: a name, or "" for the fastest."""
        self._wanted, self._answers = wanted, state.name
        self._in_use.setText(
            self.tr("In use: {0} {1}, {2}, on {3}").format(
                state.name, state.version, precision_text(state.precision), state.device
            )
        )
        self._in_use.setToolTip(state.precision)
        if state != self._state:
            self._state = state
            self._tell_speed(self.tr("not measured"))
        self._device.setCurrentIndex(self._device.findData(state.device))
        self._mark()
        self._show_current()

    def set_speed(self, milliseconds: float) -> None:
        """Say how long a new box takes."""
        self._tell_speed(self.tr("{0} ms for a new box").format(f"{milliseconds:.1f}"))

    def set_busy(self, text: str) -> None:
        """Say what is being done, and take no wish until that has ended ("")."""
        self._speed.setText(text or self._measured)
        self._busy = bool(text)
        for widget in (self._device, self._measure, self._import):
            widget.setEnabled(not text)
        self._show_current()

    @property
    def in_use(self) -> str:
        """What is said of the model in use."""
        return self._in_use.text()

    @property
    def speed(self) -> str:
        """What is said of its speed."""
        return self._speed.text()

    def _tell_speed(self, text: str) -> None:
        self._measured = text
        self._speed.setText(text)

    def _mark(self) -> None:
        """Write the list; the one that was chosen in bold."""
        for row, package in enumerate(self._packages):
            item = self._list.item(row)
            second = self.tr("cannot be used: {0}").format(package.broken) if package.broken else package.details
            chosen = package.name == self._wanted and not package.broken
            title = self.tr("{0} (chosen)").format(package.title) if chosen else package.title
            item.setText(f"{title}\n{second}" if second else title)
            font = item.font()
            font.setBold(chosen)
            item.setFont(font)

    def _current(self) -> PackageNotes | None:
        row = self._list.currentRow()
        return self._packages[row] if 0 <= row < len(self._packages) else None

    def _show_current(self) -> None:
        package = self._current()
        usable = package is not None and not package.broken and package.name != self._wanted
        self._use.setEnabled(usable and not self._busy)
        if package is not None and not package.name:  # of the fastest, what is known of the one that is
            package = next((each for each in self._packages if each.name == self._answers), package)
        self._notes.show_notes(package)

    def _choose(self) -> None:
        package = self._current()
        if package is not None and self._use.isEnabled():
            self.chosen.emit(package.name)


def precision_text(precision: str) -> str:
    """How exactly a model calculates, in words: of "int8+bf16" by its first part, the smaller one."""
    return QCoreApplication.translate("ModelPanel", _PRECISIONS[precision.partition("+")[0]])


class _Notes(QTabWidget):
    """How accurate a package is, and its card."""

    def __init__(self) -> None:
        super().__init__()
        self._suites: tuple[tuple[str, tuple[Accuracy, ...]], ...] = ()
        self._suite = QComboBox()
        self._suite.setAccessibleName(self.tr("Tested on"))
        self._suite.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._suite.currentIndexChanged.connect(self._fill)
        self._table = QTableWidget(0, 4)
        self._table.setAccessibleName(self.tr("Accuracy by modality"))
        self._table.setHorizontalHeaderLabels(
            [self.tr("Modality"), self.tr("Dice"), self.tr("Surface Dice"), self.tr("Cases")]
        )
        self._table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._table.setTabKeyNavigation(False)
        self._table.verticalHeader().hide()
        self._table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._table.setMinimumWidth(self._table_width())
        self._none = QLabel(self.tr("This model says nothing of its accuracy."))
        self._none.setWordWrap(True)
        self._card = _Card()
        self._card.setAccessibleName(self.tr("Card of the model"))
        accuracy = QWidget()
        layout = QVBoxLayout(accuracy)
        for widget in (self._suite, self._none, self._table):
            layout.addWidget(widget)
        layout.addStretch()  # what is said of nothing stands on top
        layout.setStretchFactor(self._table, 1)
        self.addTab(accuracy, self.tr("Accuracy"))
        self.addTab(self._card, self.tr("Card"))

    def _table_width(self) -> int:
        """Room for all columns, so that no figure is cut off."""
        figures = sum(map(self._table.horizontalHeader().sectionSizeHint, (1, 2, 3)))
        names = self._table.fontMetrics().horizontalAdvance(_LONG_MODALITY) + _CELL_PX
        return names + figures + self._table.verticalScrollBar().sizeHint().width()

    def show_notes(self, package: PackageNotes | None) -> None:
        """Show what is known of a package."""
        suites = () if package is None else package.suites
        if suites != self._suites or not self._suite.count():
            self._suites = suites
            self._suite.clear()
            self._suite.addItems([title for title, _ in suites])
            self._fill()
        for widget in (self._suite, self._table):
            widget.setVisible(bool(suites))
        self._none.setVisible(not suites)
        self._card.show_card("" if package is None else package.card)

    def _fill(self) -> None:
        row = self._suite.currentIndex()
        figures = self._suites[row][1] if 0 <= row < len(self._suites) else ()
        self._table.setRowCount(len(figures))
        for n, figure in enumerate(figures):
            texts = (figure.modality, f"{figure.dsc:.3f}", f"{figure.nsd:.3f}", str(figure.cases))
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self._table.setItem(n, column, item)


class _Card(QTextBrowser):
    """Markdown of others: no HTML, no pictures, no link that leads anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self._shown = ""

    def loadResource(self, kind: int, name: QUrl | str) -> object:  # noqa: ARG002 - whatever is asked for
        """Nothing: a card shows no file of this machine and fetches none."""
        return None

    def show_card(self, markdown: str) -> None:
        """Show this text."""
        if markdown != self._shown:
            self._shown = markdown
            features = QTextDocument.MarkdownFeature
            self.document().setMarkdown(markdown, features.MarkdownDialectGitHub | features.MarkdownNoHTML)
            self.moveCursor(QTextCursor.MoveOperation.Start)
