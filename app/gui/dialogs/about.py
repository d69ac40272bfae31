"""What the program is, which version, and what it is not for."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app import __version__
from app.gui.theme import application_icon

_ICON_SIZE = 96


class AboutDialog(QDialog):
    """Name, version, purpose and notice."""

    licences_asked = Signal()
    news_asked = Signal()
    newer_asked = Signal()

    def __init__(self, parent: QWidget | None = None, *, news: bool = False, newer: bool = False) -> None:
        """`news` and `newer` say whether what is new, and whether a newer version, can be asked for."""
        super().__init__(parent)
        self.setWindowTitle(self.tr("About SwiftMedSAM"))
        picture = QLabel()
        picture.setPixmap(application_icon().pixmap(QSize(_ICON_SIZE, _ICON_SIZE)))
        picture.setAlignment(Qt.AlignmentFlag.AlignTop)
        name = QLabel("SwiftMedSAM")
        font = name.font()
        font.setPointSizeF(1.6 * font.pointSizeF())
        font.setBold(True)
        name.setFont(font)
        notice = QLabel(self.tr("For research use only. Not a medical device."))
        font = notice.font()
        font.setBold(True)
        notice.setFont(font)
        what = QLabel(self.tr("Segments medical images on an ordinary computer, without a network."))
        version = QLabel(self.tr("Version {0}").format(__version__))
        version.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        asks = [(self.tr("Licences"), self.licences_asked, "")]
        if news:
            asks.append((self.tr("What is new"), self.news_asked, ""))
        if newer:
            tip = self.tr("Opens a page in your browser. SwiftMedSAM itself connects to nothing.")
            asks.append((self.tr("Look for a newer version"), self.newer_asked, tip))
        for text, asked, tip in asks:
            button = buttons.addButton(text, QDialogButtonBox.ButtonRole.ActionRole)
            button.setAutoDefault(False)
            button.setToolTip(tip)
            button.clicked.connect(asked)

        words = QVBoxLayout()
        for widget in (name, version, what, notice):
            widget.setWordWrap(True)
            words.addWidget(widget)
        words.addStretch()
        top = QHBoxLayout()
        top.setSpacing(20)
        top.addWidget(picture)
        top.addLayout(words, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.addLayout(top)
        layout.addWidget(buttons)
        self.setMinimumWidth(460)
        buttons.button(QDialogButtonBox.StandardButton.Close).setFocus()
