"""The window of a batch: what it is to do and its cases on one page, its results on another."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.gui.panels.batch_cases import CaseTable, OfferLine, ProgressFoot
from app.gui.panels.batch_model import CaseModel
from app.gui.panels.batch_review import BatchReviewPanel
from app.gui.panels.batch_setup import BatchSetupPanel
from app.gui.panels.batch_state import Overall, Stage
from app.gui.theme import current_colours
from app.gui.translation import as_sentence

_FORM, _TABLE = 420, 760  # width of form and table at first
_OF_SCREEN = 0.9  # at most so much of it


class BatchWindow(QWidget):
    """A window of its own, beside the main one."""

    load_requested = Signal()  # the file of an earlier batch is to be opened
    new_requested = Signal()  # the batch that is shown is to make place for another

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("batch-window")
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, on=False)  # the program ends with the main window
        self.setWindowTitle(self.tr("Segment a folder"))
        self.cases = CaseModel()
        self.setup = BatchSetupPanel()
        self.table = CaseTable(self.cases)
        self.review = BatchReviewPanel(self.cases)
        self.foot = ProgressFoot()
        self.offer = OfferLine()
        self._title = _Elided()
        self._problem = QLabel()
        self._problem.setAccessibleName(self.tr("What is wrong"))
        self._problem.setWordWrap(True)
        self._problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._load = QPushButton(self.tr("Open a batch…"))
        self._load.setAccessibleName(self.tr("Open the file of an earlier batch"))
        self._load.clicked.connect(self.load_requested)
        self._new = QPushButton(self.tr("New batch"))
        self._new.setAccessibleName(self.tr("Prepare another batch"))
        self._new.clicked.connect(self.new_requested)
        self._tabs = QTabWidget()
        self._tabs.setAccessibleName(self.tr("Pages"))
        self._arrange()
        QShortcut(QKeySequence(QKeySequence.StandardKey.Close), self, self.close)
        self.set_problem("")
        self.set_overall(Overall())
        self.resize(QSize(1240, 820).boundedTo(self.screen().availableSize() * _OF_SCREEN))

    def set_title(self, text: str) -> None:
        """Say which batch it is."""
        self._title.set_whole(text)

    def set_problem(self, sentence: str) -> None:
        """Say what is wrong and stops nothing; "" where nothing is."""
        self._problem.setText(as_sentence(sentence))
        self._problem.setStyleSheet(f"color: {current_colours().danger};")
        self._problem.setVisible(bool(sentence))

    def set_overall(self, overall: Overall) -> None:
        """Show how far it is."""
        self.foot.set_overall(overall)
        editable = overall.stage is Stage.SETUP
        self._form.setEnabled(editable)
        self._load.setEnabled(overall.stage in (Stage.SETUP, Stage.ENDED))
        self._new.setVisible(not editable)
        self._new.setEnabled(overall.stage is Stage.ENDED)

    def show_cases(self) -> None:
        """Turn to the table."""
        self._tabs.setCurrentIndex(0)

    def _arrange(self) -> None:
        self._form = QScrollArea()
        self._form.setWidget(self.setup)
        self._form.setWidgetResizable(True)
        self._form.setFrameShape(QScrollArea.Shape.NoFrame)
        self._form.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll_bar = self._form.verticalScrollBar().sizeHint().width()
        self._form.setMinimumWidth(self.setup.minimumSizeHint().width() + scroll_bar)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self._form)
        splitter.addWidget(self.table)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([_FORM, _TABLE])
        splitter.setChildrenCollapsible(False)
        self._tabs.addTab(splitter, self.tr("&Cases"))
        self._tabs.addTab(self.review, self.tr("&Review"))
        self._tabs.currentChanged.connect(lambda _page: self.review.begin())
        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        top.addWidget(self._new)
        top.addWidget(self._load)
        layout = QVBoxLayout(self)
        layout.addLayout(top)
        layout.addWidget(self.offer)
        layout.addWidget(self._problem)
        layout.addWidget(self._tabs, 1)
        layout.addWidget(self.foot)


class _Elided(QLabel):
    """A line that loses its middle where there is less room; its tool tip is the whole."""

    def __init__(self) -> None:
        super().__init__()
        self._whole = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_whole(self, text: str) -> None:
        """Say this."""
        self._whole = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideMiddle, self.width()))
