"""The main window: where everything stands. It holds no state of its own and decides nothing."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDockWidget, QFrame, QLabel, QMainWindow, QMenu, QScrollArea, QToolBar, QWidget

from app.gui.actions import Actions

_SIZE = QSize(1280, 860)
_OF_SCREEN = 0.95  # at most so much of it: the rest is for the frame


class MainWindow(QMainWindow):
    """Menus, toolbar, docks and status bar around the slices."""

    def __init__(self, actions: Actions, planes: QWidget) -> None:
        super().__init__()
        self.setObjectName("main-window")
        self._may_close: Callable[[], bool] = lambda: True
        self.setCentralWidget(planes)
        actions.build_menu_bar(self.menuBar())
        toolbar = QToolBar(self.tr("Tools"), self)
        toolbar.setObjectName("tools")
        actions.fill_toolbar(toolbar)
        self.addToolBar(toolbar)
        self._place = QLabel()
        self._place.setAccessibleName(self.tr("Value under the cursor"))
        notice = QLabel(self.tr("Research use only"))
        notice.setToolTip(self.tr("For research use only. Not a medical device."))
        self.statusBar().addPermanentWidget(self._place)
        self.statusBar().addPermanentWidget(notice)
        self.resize(_SIZE.boundedTo(self.screen().availableSize() * _OF_SCREEN))

    def add_dock(
        self, name: str, title: str, widget: QWidget, area: Qt.DockWidgetArea, *, tall: bool = False
    ) -> QDockWidget:
        """Put a panel at a side; `name` is what its place is remembered by. A `tall` one scrolls on a low screen."""
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(_Scrolled(widget) if tall else widget)
        self.addDockWidget(area, dock)
        return dock

    def hide_empty_menus(self) -> None:
        """Show no menu in which nothing can be chosen."""
        for action in self.menuBar().actions():
            menu = action.menu()
            if isinstance(menu, QMenu):
                action.setVisible(any(each.isVisible() and not each.isSeparator() for each in menu.actions()))

    def add_status(self, widget: QWidget) -> None:
        """Put something into the status bar, left of what is always there."""
        self.statusBar().insertPermanentWidget(0, widget)

    def toggle_full_screen(self) -> None:
        """Fill the screen, or no longer."""
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def show_message(self, sentence: str) -> None:
        """Say something in the status bar for a while."""
        self.statusBar().showMessage(sentence, 6000)

    @property
    def place(self) -> str:
        """What is said of the voxel under the cursor."""
        return self._place.text()

    def show_place(self, text: str) -> None:
        """Say what is under the cursor."""
        self._place.setText(text)

    def show_name(self, name: str, *, modified: bool) -> None:
        """Say what is open and whether it has changed."""
        program = "SwiftMedSAM"
        self.setWindowTitle(f"{name}[*] \u2013 {program}" if name else program)
        self.setWindowModified(modified and bool(name))

    def set_closing(self, may_close: Callable[[], bool]) -> None:
        """Whom to ask before the window closes."""
        self._may_close = may_close

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close when nothing would be lost."""
        if self._may_close():
            event.accept()
        else:
            event.ignore()


class _Scrolled(QScrollArea):
    """As wide as a widget needs at any time, less high where there is less room."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__()
        self._inside = widget
        self.setWidget(widget)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def minimumSizeHint(self) -> QSize:
        """The widget's width and that of the bar beside it."""
        width = self._inside.minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(width, super().minimumSizeHint().height())

    def event(self, event: QEvent) -> bool:
        """What the widget needs has changed, perhaps."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().event(event)
