"""The table of a batch's cases, what waits from an earlier time, and how far it all is."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.gui.panels.batch_model import ABOUT, RESULT, CaseDelegate, CaseModel
from app.gui.panels.batch_state import Overall, Stage
from app.gui.panels.button import button_with_tip
from app.gui.theme import icon

_STEPS = 1000  # of the bar
_WIDTHS = (140, 110, 100, 260, 70, 70)


class OfferLine(QWidget):
    """Says that a batch was left unfinished, and offers to go on."""

    accepted = Signal()
    refused = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = QLabel()
        self._text.setWordWrap(True)
        go_on, forget = QPushButton(self.tr("Go on")), QPushButton(self.tr("Leave it"))
        go_on.setAccessibleName(self.tr("Go on with the unfinished batch"))
        forget.setAccessibleName(self.tr("Leave the unfinished batch"))
        go_on.clicked.connect(self.accepted)
        forget.clicked.connect(self.refused)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._text, 1)
        layout.addWidget(go_on)
        layout.addWidget(forget)
        self.hide()

    def set_offer(self, text: str) -> None:
        """Say this; "" where there is nothing to offer."""
        self._text.setText(text)
        self.setVisible(bool(text))


class CaseTable(QTableView):
    """The cases; Return asks for the one that is marked."""

    open_requested = Signal(str)

    def __init__(self, cases: CaseModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cases = cases
        self.setModel(cases)
        self.setAccessibleName(self.tr("Cases"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setAlternatingRowColors(True)
        self.setShowGrid(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # names of series differ at their ends
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)  # Tab leaves the table
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 10)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width in enumerate(_WIDTHS):
            self.setColumnWidth(column, width)
        self.horizontalHeader().setSectionResizeMode(RESULT, QHeaderView.ResizeMode.Stretch)
        self.setItemDelegate(CaseDelegate(self))
        cases.modelReset.connect(self._show_columns)
        self.activated.connect(lambda index: self.open_requested.emit(cases.row_at(index.row()).name))

    def _show_columns(self) -> None:
        """Of images nothing is known where a batch was opened from its file."""
        self.setColumnHidden(ABOUT, not any(row.about for row in self._cases.rows))


class ProgressFoot(QWidget):
    """How far the batch is, and the buttons that hold it up."""

    pause_requested = Signal()
    go_on_requested = Signal()
    stop_requested = Signal()
    again_requested = Signal()  # cases that failed are to be tried once more

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stage = Stage.SETUP
        self._text = QLabel()
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress of the batch"))
        self._pause = button_with_tip(self.tr("Pause"), self.tr("Hold the batch up"))
        self._go_on = button_with_tip(self.tr("Go on"), self.tr("Do the cases that wait"))
        self._stop = button_with_tip(self.tr("Stop"), self.tr("Stop the batch; what is done is kept"))
        self._again = button_with_tip(self.tr("Try again"), self.tr("Try the cases that failed once more"))
        self._pause.clicked.connect(self.pause_requested)
        self._go_on.clicked.connect(self.go_on_requested)
        self._stop.clicked.connect(self.stop_requested)
        self._again.clicked.connect(self.again_requested)
        row = QHBoxLayout()
        row.addWidget(self._text, 1)
        for button in (self._again, self._go_on, self._pause, self._stop):
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self._bar)
        self._dress()
        self.set_overall(Overall())

    def set_overall(self, overall: Overall) -> None:
        """Show this."""
        stage = overall.stage
        pausing, going_on = self._pause.hasFocus(), self._go_on.hasFocus()
        self._bar.setVisible(stage is not Stage.SETUP)
        if stage is Stage.BEGINNING:
            self._bar.setRange(0, 0)
        else:
            self._bar.setRange(0, _STEPS)
            done = (overall.finished + overall.part) / max(overall.total, 1)
            self._bar.setValue(round(done * _STEPS))
        waiting = overall.finished < overall.total
        self._text.setText(self._sentence(overall))
        self._pause.setVisible(stage in (Stage.RUNNING, Stage.PAUSING))
        self._pause.setEnabled(stage is Stage.RUNNING)
        self._go_on.setVisible(stage is Stage.PAUSED or (stage is Stage.ENDED and waiting))
        self._stop.setVisible(stage in (Stage.RUNNING, Stage.PAUSING, Stage.PAUSED))
        self._again.setVisible(stage is Stage.ENDED and bool(overall.failed))
        if pausing and stage is Stage.PAUSED:  # the button that took its place
            self._go_on.setFocus()
        elif going_on and stage is Stage.RUNNING:
            self._pause.setFocus()

    def changeEvent(self, event: QEvent) -> None:
        """Follow another palette."""
        if event.type() is QEvent.Type.PaletteChange:
            self._dress()
        super().changeEvent(event)

    def _sentence(self, overall: Overall) -> str:
        if overall.stage is Stage.SETUP:
            return ""
        if overall.stage is Stage.BEGINNING:
            return self.tr("Getting ready…")
        parts = [self.tr("{0} of {1} cases finished").format(overall.finished, overall.total)]
        if overall.doubtful:
            parts.append(self.tr("{0} doubtful").format(overall.doubtful))
        if overall.failed:
            parts.append(self.tr("{0} failed").format(overall.failed))
        if overall.stage is Stage.PAUSED:
            parts.append(self.tr("paused"))
        elif overall.stage is Stage.PAUSING:
            parts.append(self.tr("pausing…"))
        elif overall.stage is Stage.ENDED and overall.finished < overall.total:
            parts.append(self.tr("stopped"))
        elif overall.seconds_left is not None:
            parts.append(self.tr("about {0} left").format(self._duration(overall.seconds_left)))
        return ", ".join(parts)

    def _duration(self, seconds: float) -> str:
        if seconds < 100:
            return self.tr("{0} s").format(max(round(seconds), 1))
        minutes = round(seconds / 60)
        if minutes < 100:
            return self.tr("{0} min").format(minutes)
        return self.tr("{0} h {1} min").format(minutes // 60, minutes % 60)

    def _dress(self) -> None:
        for button, name in (
            (self._pause, "pause"), (self._go_on, "play"), (self._stop, "stop"), (self._again, "redo"),
        ):  # fmt: skip
            button.setIcon(icon(name))
