"""The user guide in a window of its own: contents, search, text with pictures. It needs neither browser nor network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QImageReader,
    QKeySequence,
    QPalette,
    QResizeEvent,
    QShortcut,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
)
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTextBrowser,
    QTextEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.gui.theme import current_colours

_PLACE = Qt.ItemDataRole.UserRole
_MARGIN_PX = 48.0  # between text and window
_HEADING_PX = 18.0  # above headings
_REST_MS = 120  # after the last change of size, before pictures are fitted in
_IMAGE = QTextDocument.ResourceType.ImageResource.value
_BLANK = QImage.Format.Format_Alpha8
_DEEPEST = 3  # level of headings that are listed
_MOST_HITS = 2000


@dataclass(frozen=True)
class WantedPicture:
    """A picture of the guide, as many pixels wide as it is shown."""

    path: Path
    pixels: int

    def scaled(self) -> QImage:
        """Read and scaled; may be done in any thread."""
        return QImage(str(self.path)).scaledToWidth(self.pixels, Qt.TransformationMode.SmoothTransformation)


class GuideWindow(QDialog):
    """Shows a guide in Markdown; its pictures and links are files of `folder` and its own headings."""

    pictures_wanted = Signal(
        object
    )  # tuple of WantedPicture: reading and scaling them takes longer than a window waits

    def __init__(self, text: str, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle(self.tr("User guide"))
        self._hits: list[QTextCursor] = []
        self._hit = -1
        self._pages = GuidePages(folder)
        self._pages.setAccessibleName(self.tr("Text of the guide"))
        self._pages.pictures_wanted.connect(self.pictures_wanted)
        self._pages.show_text(text)
        self._pages.anchorClicked.connect(lambda url: self.go_to(url.fragment()))
        self._contents = QTreeWidget()
        self._contents.setHeaderHidden(True)
        self._contents.setAccessibleName(self.tr("Contents"))
        self._search = QLineEdit()
        self._search.setPlaceholderText(self.tr("Search the guide"))
        self._search.setAccessibleName(self.tr("Search the guide"))
        self._search.setClearButtonEnabled(True)
        self._search.textChanged.connect(self._find)
        self._count = QLabel()
        self._arrange()
        self._fill()
        self._contents.itemClicked.connect(lambda item, _column: self._show(item))
        self._contents.itemActivated.connect(lambda item, _column: self._show(item))
        QShortcut(QKeySequence.StandardKey.Find, self, self._search.setFocus)
        QShortcut(QKeySequence.StandardKey.FindNext, self, lambda: self.step(1))
        QShortcut(QKeySequence.StandardKey.FindPrevious, self, lambda: self.step(-1))
        self.resize(1080, 820)
        self._search.setFocus()

    def set_picture(self, wanted: WantedPicture, picture: QImage) -> None:
        """A picture that was wanted."""
        self._pages.set_picture(wanted, picture)

    def go_to(self, anchor: str) -> None:
        """Show the chapter of a heading, named as links name it: "draw-a-box"."""
        for block, _level in self._pages.headings():
            if anchor_of(block.text()) == anchor:
                self._pages.scroll_to(block.position())
                return

    def step(self, by: int) -> None:
        """Show the next place that the search has found, or the one before."""
        if not self._hits:
            return
        self._hit = (self._hit + by) % len(self._hits)
        self._pages.mark(self._hits, self._hit)
        self._count.setText(self.tr("{0} of {1}").format(self._hit + 1, len(self._hits)))

    def _arrange(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self._search, 1)
        row.addWidget(self._count)
        for text, by in ((self.tr("Previous"), -1), (self.tr("Next"), 1)):
            button = QPushButton(text)
            button.setDefault(by == 1)  # Return in the field goes on
            button.setAutoDefault(by == 1)
            button.clicked.connect(lambda _checked=False, by=by: self.step(by))
            row.addWidget(button)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(self._contents)
        splitter.addWidget(self._pages)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([250, 830])
        layout = QVBoxLayout(self)
        layout.addLayout(row)
        layout.addWidget(splitter, 1)

    def _fill(self) -> None:
        parents: list[tuple[int, QTreeWidgetItem]] = []
        for block, level in self._pages.headings():
            if level > _DEEPEST:
                continue
            while parents and parents[-1][0] >= level:
                parents.pop()
            item = QTreeWidgetItem([block.text()])
            item.setData(0, _PLACE, block.position())
            if parents and parents[-1][0] > 1:  # the title of the guide is no chapter
                parents[-1][1].addChild(item)
            else:
                self._contents.addTopLevelItem(item)
            parents.append((level, item))

    def _show(self, item: QTreeWidgetItem) -> None:
        self._pages.scroll_to(item.data(0, _PLACE))

    def _find(self, text: str) -> None:
        self._hits = self._pages.places_of(text.strip()) if len(text.strip()) > 1 else []
        self._hit = -1
        self._pages.mark([], -1)
        self._count.setText(self.tr("not found") if text.strip() and not self._hits else "")
        self.step(1)


class GuidePages(QTextBrowser):
    """The text; pictures are as wide as there is room for and never wider than they are, and blank until they come."""

    pictures_wanted = Signal(object)

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self.setOpenLinks(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)  # all of it is fitted in
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._fit_pictures)
        self._pictures: dict[str, int] = {}  # pixels of width, by name

    def show_text(self, text: str) -> None:
        """Show Markdown."""
        self.setMarkdown(text)
        document = self.document()
        document.setDocumentMargin(_MARGIN_PX / 2)
        for block, level in self.headings():
            air = block.blockFormat()
            air.setTopMargin(_HEADING_PX if level > 1 else 0.0)
            air.setBottomMargin(_HEADING_PX / 3)
            QTextCursor(block).setBlockFormat(air)
        for frame in document.rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                form = frame.format()
                form.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
                form.setCellPadding(5)
                form.setCellSpacing(0)
                form.setBorder(1)
                form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
                form.setBorderCollapse(True)
                form.setBorderBrush(QColor(current_colours().border))
                form.setTopMargin(_HEADING_PX / 3)
                form.setBottomMargin(_HEADING_PX / 2)
                frame.setFormat(form)

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        """A picture of the guide's own folder; nothing else is loaded."""
        path = name.path() if isinstance(name, QUrl) else str(name)
        if kind != _IMAGE or "/" in path or "\\" in path:
            return None
        size = QImageReader(str(self._folder / path)).size()  # of its header; no pixel is read
        if not size.isValid():
            return None
        width = self._width(size)
        self._pictures[path] = 0  # nothing of it is there
        self._rest.start()
        blank = QImage(size.scaled(round(width), size.height(), Qt.AspectRatioMode.KeepAspectRatio), _BLANK)
        blank.fill(0)
        return blank

    def headings(self) -> list[tuple[QTextBlock, int]]:
        """Blocks that are headings, with their levels from 1."""
        found, block = [], self.document().begin()
        while block.isValid():
            if block.blockFormat().headingLevel():
                found.append((block, block.blockFormat().headingLevel()))
            block = block.next()
        return found

    def scroll_to(self, position: int) -> None:
        """Bring a place of the text to the top."""
        block = self.document().findBlock(position)
        top = self.document().documentLayout().blockBoundingRect(block).top()
        self.verticalScrollBar().setValue(round(top) - 2)

    def places_of(self, text: str) -> list[QTextCursor]:
        """Where a text stands, whatever its case; the first ones where there are very many."""
        found: list[QTextCursor] = []
        cursor = self.document().find(text)
        while not cursor.isNull() and len(found) < _MOST_HITS:
            found.append(cursor)
            cursor = self.document().find(text, cursor)
        return found

    def mark(self, places: list[QTextCursor], current: int) -> None:
        """Mark places, one of them more than the others, and show that one."""
        selections = []
        for number, place in enumerate(places):
            form = QTextCharFormat()
            role = QPalette.ColorRole.Highlight if number == current else QPalette.ColorRole.Mid
            form.setBackground(self.palette().color(role))
            if number == current:
                form.setForeground(self.palette().color(QPalette.ColorRole.HighlightedText))
            selection = QTextEdit.ExtraSelection()
            selection.cursor, selection.format = place, form
            selections.append(selection)
        self.setExtraSelections(selections)
        if 0 <= current < len(places):
            self.scroll_to(places[current].position())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit pictures in, when the size has settled."""
        super().resizeEvent(event)
        self._rest.start()

    def sizeHint(self) -> QSize:
        """Room for a picture."""
        return QSize(860, 720)

    def set_picture(self, wanted: WantedPicture, picture: QImage) -> None:
        """Show a picture, unless it is wanted in another width by now."""
        name = wanted.path.name
        if self._pictures.get(name) == wanted.pixels and not picture.isNull():
            self._put(name, picture)
            self.viewport().update()  # its size is known already, so the text stays where it is

    def _fit_pictures(self) -> None:
        """Give pictures the room that there is, and ask for those that have another number of pixels then."""
        wanted = []
        for name, before in self._pictures.items():
            path = self._folder / name
            size = QImageReader(str(path)).size()
            pixels = min(round(self._width(size) * self.devicePixelRatioF()), size.width())
            if pixels != before:
                self._pictures[name] = pixels
                wanted.append(WantedPicture(path, pixels))
                self._put(name, self.document().resource(_IMAGE, QUrl(name)))  # as it is until the other one comes
        if wanted:
            self.document().markContentsDirty(0, self.document().characterCount())
            self.pictures_wanted.emit(tuple(wanted))

    def _put(self, name: str, picture: QImage) -> None:
        """Have a picture stand in the text, as wide as there is room for, however many pixels it has."""
        width = self._width(QImageReader(str(self._folder / name)).size())
        picture.setDevicePixelRatio(picture.width() / width)
        self.document().addResource(_IMAGE, QUrl(name), picture)

    def _width(self, natural: QSize) -> float:
        """Of a picture on the screen."""
        return min(float(natural.width()), max(self.viewport().width() - _MARGIN_PX, 200.0))


def anchor_of(heading: str) -> str:
    """How links name a heading, in Markdown on the web too: small letters and hyphens."""
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", heading.strip().lower()))
