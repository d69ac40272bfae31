"""What was noticed while the image was read: a badge, and the sentences behind it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QToolButton, QVBoxLayout, QWidget

from app.engine.volume import Finding


class FindingsBadge(QToolButton):
    """Says how many findings there are; hidden where there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoRaise(True)
        self.setAccessibleName(self.tr("Findings of the image"))
        self.set_findings(())

    def set_findings(self, findings: Sequence[Finding]) -> None:
        """Count these."""
        count = len(findings)
        self.setText(self.tr("1 finding") if count == 1 else self.tr("{0} findings").format(count))
        self.setToolTip("\n".join(finding.message for finding in findings))
        self.setVisible(count > 0)


class FindingsPanel(QWidget):
    """One sentence for each finding."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._nothing = QLabel(self.tr("Nothing unusual was found in this image."))
        self._nothing.setWordWrap(True)
        self._list = QListWidget()
        self._list.setWordWrap(True)
        self._list.setAccessibleName(self.tr("Findings of the image"))
        layout = QVBoxLayout(self)
        layout.addWidget(self._nothing)
        layout.addWidget(self._list)
        self.set_findings(())

    def set_findings(self, findings: Sequence[Finding]) -> None:
        """Show these."""
        self._list.clear()
        for finding in findings:
            item = QListWidgetItem(finding.message[:1].upper() + finding.message[1:])
            item.setData(Qt.ItemDataRole.ToolTipRole, finding.code)
            self._list.addItem(item)
        self._list.setVisible(bool(findings))
        self._nothing.setVisible(not findings)
