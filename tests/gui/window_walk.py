"""A walk through the whole window: every dialog and dock, what of it has no name, and what of it is cut off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QLabel,
    QLineEdit,
    QMenu,
    QMenuBar,
    QScrollBar,
    QTabBar,
    QToolButton,
    QWidget,
)

from app.engine.io.open import list_volumes
from app.gui.context import Context
from app.gui.controllers.exporting import formats_for
from app.gui.dialogs.about import AboutDialog
from app.gui.dialogs.export import ExportDialog, ExportOptions
from app.gui.dialogs.guide import GuideWindow
from app.gui.dialogs.keys import KeySheet
from app.gui.dialogs.licences import LicencesDialog
from app.gui.dialogs.palette import CommandPalette
from app.gui.dialogs.preferences import PreferencesDialog
from app.gui.dialogs.report import ReportDialog
from app.gui.dialogs.series import SeriesDialog
from app.gui.dialogs.slices import SlicesDialog
from app.gui.notices import installed_notices

_PRIVATE = {"QComboBoxPrivateContainer", "QDockWidgetTitleButton"}  # made by Qt, which names them
_OF_QT = (QMenuBar, QMenu, QScrollBar, QTabBar)  # named by what is in them


def dialogs(context: Context, images: Path) -> Iterator[tuple[str, QWidget]]:
    """Every dialog over the window of a context in which something is open, one after the other, shown."""
    study, over, actions = context.document.study, context.window, context.actions
    assert study is not None
    options = ExportOptions(Path("mask"), formats_for(study.volume), study.labels.labels)
    made: list[QWidget] = [
        AboutDialog(over),
        ExportDialog(options, lambda _over, path, _form: path, over),
        GuideWindow("# Guide\n\nWords.\n\n## More\n\nWords.", Path(), over),
        KeySheet(actions, over),
        LicencesDialog(installed_notices(), over),
        CommandPalette(actions, over),
        PreferencesDialog(context.settings, over),
        ReportDialog("version 1\nprocessor 2", over),
        SeriesDialog(list_volumes(images), over),
        SlicesDialog(20, 4, over),
    ]
    for dialog in made:
        dialog.show()
        QApplication.sendPostedEvents()
        yield type(dialog).__name__, dialog
        dialog.close()
        dialog.deleteLater()


def docks(context: Context) -> Iterator[tuple[str, QWidget]]:
    """Every dock of the window, shown and raised, one after the other."""
    for dock in context.window.findChildren(QDockWidget):
        dock.show()
        dock.raise_()
        QApplication.sendPostedEvents()
        yield dock.objectName(), dock.widget()


def unnamed(root: QWidget) -> list[str]:
    """Controls that a screen reader could say nothing of."""
    return [_described(each) for each in _controls(root) if not _said(each)]


def clipped(root: QWidget) -> list[str]:
    """Labels and buttons whose text has less room than it needs."""
    found = []
    for each in root.findChildren(QWidget):
        if not each.isVisible() or not isinstance(each, QLabel | QAbstractButton | QComboBox):
            continue
        if not _fits(each):
            need, have = each.sizeHint(), each.size()
            found.append(f"{_described(each)} needs {need.width()}x{need.height()} has {have.width()}x{have.height()}")
    return found


def outside(root: QWidget) -> list[str]:
    """Controls that lie partly beyond the widget that holds them, where nothing scrolls."""
    found = []
    for each in _controls(root):
        holder = each.parentWidget()
        if not each.isVisible() or holder is None or isinstance(holder.parentWidget(), QAbstractScrollArea):
            continue
        if not QRect(0, 0, holder.width(), holder.height()).adjusted(-1, -1, 1, 1).contains(each.geometry()):
            found.append(_described(each))
    return found


def _fits(widget: QLabel | QAbstractButton | QComboBox) -> bool:
    if isinstance(widget, QComboBox):
        needed = max(
            (widget.fontMetrics().horizontalAdvance(widget.itemText(n)) for n in range(widget.count())), default=0
        )
        return needed <= widget.width()
    if isinstance(widget, QLabel):
        if not widget.text() or widget.sizePolicy().horizontalPolicy() == widget.sizePolicy().Policy.Ignored:
            return True
        if widget.wordWrap():
            return widget.heightForWidth(widget.width()) <= widget.height() + 1
        return widget.sizeHint().width() <= widget.width() + 1 and widget.sizeHint().height() <= widget.height() + 1
    return not widget.text() or widget.sizeHint().width() <= widget.width() + 1


def _controls(root: QWidget) -> Iterator[QWidget]:
    """What can have the focus, the parts of composed widgets of Qt left out."""
    for each in root.findChildren(QWidget):
        if each.focusPolicy() == Qt.FocusPolicy.NoFocus and not isinstance(each, QAbstractButton):
            continue
        holder = each.parentWidget()
        inner = isinstance(holder, QAbstractSpinBox | QComboBox | QLineEdit) or each.objectName().startswith("qt_")
        kinds = {each.metaObject().className()} | ({holder.metaObject().className()} if holder is not None else set())
        empty = isinstance(each, QLabel) and not each.text()
        if not (inner or empty or isinstance(each, _OF_QT) or kinds & _PRIVATE):
            yield each


def _said(widget: QWidget) -> str:
    """What is read out: the name that it was given, its text, or its label's."""
    interface = QAccessible.queryAccessibleInterface(widget)
    name = "" if interface is None else interface.text(QAccessible.Text.Name)
    if isinstance(widget, QToolButton):
        name = name or widget.text() or widget.toolTip()
    return str(name)


def _described(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QLabel | QAbstractButton | QLineEdit) else ""
    return f"{type(widget).__name__} {widget.objectName()!r} {widget.accessibleName()!r} {text!r}"
