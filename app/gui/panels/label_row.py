"""How a label stands in the list: swatch with its number, name, key, eye and lock; and what lies where."""

from __future__ import annotations

from enum import Enum, auto

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QHelpEvent, QIcon, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from app.engine.labelmap import Label
from app.gui.palettes import Colours
from app.gui.theme import current_colours, icon

LABEL_ROLE = Qt.ItemDataRole.UserRole
KEY_ROLE = LABEL_ROLE + 1  # the key that picks it, "" where none does

_HEIGHT = 30
_PAD = 6
_ICON = 18
_SWATCH = QSize(30, 20)
_DIGITS_PX = {4: 10, 5: 8}  # height of numbers that would not fit otherwise
_FAINT = 0.45  # opacity of the lock that is open

Index = QModelIndex | QPersistentModelIndex


class Part(Enum):
    """What of a row was clicked."""

    SWATCH = auto()
    NAME = auto()
    EYE = auto()
    LOCK = auto()


def rect_of(part: Part, row: QRect) -> QRect:
    """Where a part stands within a row of the list."""
    middle = row.center().y()
    lock = QRect(row.right() - _PAD - _ICON, middle - _ICON // 2, _ICON, _ICON)
    eye = lock.translated(-_ICON - _PAD, 0)
    swatch = QRect(QPoint(row.left() + _PAD, middle - _SWATCH.height() // 2), _SWATCH)
    name = QRect(QPoint(swatch.right() + _PAD, row.top()), QPoint(eye.left() - _PAD, row.bottom()))
    return {Part.SWATCH: swatch, Part.NAME: name, Part.EYE: eye, Part.LOCK: lock}[part]


def part_at(row: QRect, place: QPoint) -> Part:
    """What of a row lies under a place; the name where nothing else does."""
    reach = _PAD // 2
    for part in (Part.LOCK, Part.EYE, Part.SWATCH):
        if rect_of(part, row).adjusted(-reach, -_PAD, reach, _PAD).contains(place):
            return part
    return Part.NAME


class LabelRow(QStyledItemDelegate):
    """Draws rows, and says what their parts do."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._icons: dict[str, QIcon] = {}

    def renew(self) -> None:
        """The palette is another one: icons are drawn again in its colours."""
        self._icons = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: ARG002 - Qt's name
        """All rows are of one height; the view makes them as wide as itself."""
        return QSize(6 * _SWATCH.width(), max(_HEIGHT, option.fontMetrics.height() + 2 * _PAD))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a row: background, swatch, name, key, eye, lock."""
        label = index.data(LABEL_ROLE)
        if not isinstance(label, Label):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours = current_colours()
        self._draw_background(painter, option, colours)
        self._draw_swatch(painter, rect_of(Part.SWATCH, option.rect), label, option.font)
        self._draw_name(painter, option, label, str(index.data(KEY_ROLE)), colours)
        self._draw_icon(painter, rect_of(Part.EYE, option.rect), "eye" if label.visible else "eye_off")
        painter.setOpacity(1.0 if label.locked else _FAINT)
        self._draw_icon(painter, rect_of(Part.LOCK, option.rect), "lock" if label.locked else "unlock")
        painter.restore()

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        """A text field for the name."""
        editor = super().createEditor(parent, option, index)
        editor.setAccessibleName(self.tr("Name of the label"))
        if isinstance(editor, QLineEdit):
            editor.setMaxLength(120)
        return editor

    def updateEditorGeometry(
        self,
        editor: QWidget,
        option: QStyleOptionViewItem,
        index: Index,  # noqa: ARG002
    ) -> None:
        """The text field stands where the name stands."""
        editor.setGeometry(rect_of(Part.NAME, option.rect).adjusted(-2, 2, 2, -1))

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        """What a click on the part under the cursor does."""
        label = index.data(LABEL_ROLE)
        if event.type() is not QEvent.Type.ToolTip or not isinstance(label, Label):
            return super().helpEvent(event, view, option, index)
        texts = {
            Part.SWATCH: self.tr("Colour of label {0}").format(label.value),
            Part.NAME: label.name,
            Part.EYE: self.tr("Hide the label") if label.visible else self.tr("Show the label"),
            Part.LOCK: self.tr("Unlock the label")
            if label.locked
            else self.tr("Lock the label: it is never painted over"),
        }
        QToolTip.showText(event.globalPos(), texts[part_at(option.rect, event.pos())], view)
        return True

    def _draw_background(self, painter: QPainter, option: QStyleOptionViewItem, colours: Colours) -> None:
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(colours.soft_accent))
            painter.fillRect(QRect(option.rect.topLeft(), QSize(3, option.rect.height())), QColor(colours.accent))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, QColor(colours.raised))
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(colours.accent), 1))
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))

    def _draw_swatch(self, painter: QPainter, place: QRect, label: Label, font: QFont) -> None:
        """The colour, filled where the label is shown and a frame where it is hidden, and the number in it."""
        colour = QColor(*label.colour)
        colours = current_colours()
        painter.setPen(QPen(colour if not label.visible else QColor(colours.border), 2 if not label.visible else 1))
        painter.setBrush(colour if label.visible else QColor(colours.base))
        painter.drawRoundedRect(place, 4, 4)
        small = QFont(font)
        small.setBold(True)
        small.setPixelSize(_DIGITS_PX.get(len(str(label.value)), 12))
        painter.setFont(small)
        dark = QColor(0, 0, 0)
        light = QColor(255, 255, 255)
        painter.setPen((dark if _luminance(colour) > 0.179 else light) if label.visible else QColor(colours.text))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, str(label.value))

    def _draw_name(
        self, painter: QPainter, option: QStyleOptionViewItem, label: Label, key: str, colours: Colours
    ) -> None:
        place = rect_of(Part.NAME, option.rect)
        painter.setFont(option.font)
        key_width = option.fontMetrics.horizontalAdvance(key) + _PAD if key else 0
        if key_width > place.width() // 2:
            key, key_width = "", 0  # the name matters more
        painter.setPen(QColor(colours.muted))
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, key)
        font = QFont(option.font)
        font.setBold(bool(option.state & QStyle.StateFlag.State_Selected))
        painter.setFont(font)
        painter.setPen(QColor(colours.text if label.visible else colours.muted))
        room = place.adjusted(2, 0, -key_width, 0)
        text = painter.fontMetrics().elidedText(label.name, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)

    def _draw_icon(self, painter: QPainter, place: QRect, name: str) -> None:
        if name not in self._icons:
            self._icons[name] = icon(name)
        self._icons[name].paint(painter, place)


def _luminance(colour: QColor) -> float:
    """Relative luminance as WCAG 2 defines it; above 0.179 black has more contrast on it than white."""
    parts = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (
        colour.redF(), colour.greenF(), colour.blueF()
    ))  # fmt: skip
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))
