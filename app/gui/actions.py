"""The QActions of the window, made from the tables: texts, keys, icons, menus, toolbar, and what is possible now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QMenuBar,
    QPlainTextEdit,
    QTextEdit,
    QToolBar,
    QToolButton,
    QWidget,
)

from app.gui.action_table import ACTIONS, ActionSpec, Need, Role
from app.gui.key_profiles import PROFILES, MouseProfile, keys_of
from app.gui.menu_table import EXCLUSIVE, MENUS, SEPARATOR, TOOLBAR, MenuSpec
from app.gui.settings import KeyProfile
from app.gui.theme import icon

_ROLES = {
    Role.PLAIN: QAction.MenuRole.NoRole,
    Role.ABOUT: QAction.MenuRole.AboutRole,
    Role.PREFERENCES: QAction.MenuRole.PreferencesRole,
    Role.QUIT: QAction.MenuRole.QuitRole,
}


def translated(text: str) -> str:
    """A text of the tables in the window's language; an empty one stays empty."""
    return QCoreApplication.translate("Actions", text) if text else ""


def title_of(spec: ActionSpec) -> str:
    """What an action is called in the window's language."""
    return translated(spec.text).replace("{number}", str(spec.number))


class Actions:
    """One QAction for each row of the table, by id: `actions["file.open"]`. They live as long as `parent`."""

    def __init__(self, parent: QObject | None = None) -> None:
        self._owner = QObject(parent)
        self._profile = KeyProfile.RADIOLOGY
        self._have: frozenset[Need] = frozenset()
        self._connected: set[str] = set()
        self._menus: dict[str, tuple[MenuSpec, QMenu]] = {}
        self._titles: dict[str, str] = {}
        self._actions = {spec.id: QAction(self._owner) for spec in ACTIONS}
        for spec in ACTIONS:
            action = self._actions[spec.id]
            action.setObjectName(spec.id)
            action.setCheckable(spec.checkable)
            action.setAutoRepeat(spec.repeats)
            action.setMenuRole(_ROLES[spec.role])
        for ids in EXCLUSIVE:
            group = QActionGroup(self._owner)
            for each in ids:
                group.addAction(self._actions[each])
        self._guard = KeyGuard(self._owner)
        self._undrawn: dict[str, str] = {}  # names of icons, by action
        self._more: QToolButton | None = None
        self._drawing = QTimer(self._owner)
        self._drawing.setInterval(0)
        self._drawing.timeout.connect(self._draw_next_icon)
        self.retranslate()
        self.draw_icons()
        self.apply_profile(self._profile)
        self._enable(self._have)

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._actions.values())

    def connect(self, action_id: str, slot: Callable[[], object]) -> None:
        """Call `slot` when the user asks for the action; not when the program checks it."""
        self._actions[action_id].triggered.connect(lambda _checked=False: slot())
        self._connected.add(action_id)

    def connect_toggle(self, action_id: str, slot: Callable[[bool], object]) -> None:
        """Call `slot(checked)` when the user checks or unchecks the action."""
        # not the slot itself: of a built-in function Qt cannot tell what it takes
        self._actions[action_id].triggered.connect(lambda checked: slot(checked))  # noqa: PLW0108 - see above
        self._connected.add(action_id)

    @property
    def unconnected(self) -> tuple[str, ...]:
        """Ids of the actions that nobody answers."""
        return tuple(each for each in self._actions if each not in self._connected)

    def check(self, checked: Mapping[str, bool]) -> None:
        """Show which checkable actions are on; asks nobody for anything."""
        for each, on in checked.items():
            self._actions[each].setChecked(on)

    def refresh(self, have: frozenset[Need]) -> None:
        """Enable what is possible with what there is."""
        if have != self._have:
            self._have = have
            self._enable(have)

    def _enable(self, have: frozenset[Need]) -> None:
        for spec in ACTIONS:
            self._actions[spec.id].setEnabled(spec.needs <= have and (not spec.one_of or bool(spec.one_of & have)))

    @property
    def profile(self) -> KeyProfile:
        """Whose keys are used."""
        return self._profile

    @property
    def mouse(self) -> MouseProfile:
        """What the mouse buttons do in the profile."""
        return PROFILES[self._profile].mouse

    def apply_profile(self, profile: KeyProfile) -> None:
        """Use the keys of a profile."""
        self._profile = profile
        for each, keys in keys_of(profile).items():
            self._actions[each].setShortcuts([QKeySequence(key) for key in keys])
        self._show_tips()

    def keys(self, action_id: str) -> tuple[str, ...]:
        """An action's keys as this system writes them."""
        shortcuts = self._actions[action_id].shortcuts()
        return tuple(key.toString(QKeySequence.SequenceFormat.NativeText) for key in shortcuts)

    def retranslate(self) -> None:
        """Say everything in the window's language, after a translator came or went."""
        for spec in ACTIONS:
            self._actions[spec.id].setText(self._titles.get(spec.id) or title_of(spec))
        for menu_spec, menu in self._menus.values():
            menu.setTitle(translated(menu_spec.title))
        self._show_tips()

    def rename(self, titles: Mapping[str, str]) -> None:
        """Call actions by other names than the table's, in the window's language; without one by the table's again."""
        self._titles |= titles
        self.retranslate()

    def draw_icons(self) -> None:
        """Draw the icons in the colours of the palette, after it changed.

        Those of the toolbar at once; those of menus alone one by one between events, so that nobody waits for them.
        """
        drawn = {spec.id: spec.icon for spec in ACTIONS if spec.icon}
        for each in TOOLBAR:
            if each in drawn:
                self._actions[each].setIcon(icon(drawn.pop(each)))
        if self._more is not None:
            self._more.setIcon(icon("right"))
        self._undrawn = drawn
        self._drawing.start()

    def _draw_next_icon(self) -> None:
        if self._undrawn:
            action_id, name = self._undrawn.popitem()
            self._actions[action_id].setIcon(icon(name))
        else:
            self._drawing.stop()

    def build_menu_bar(self, bar: QMenuBar) -> None:
        """Fill a menu bar; `menu(id)` finds the menus."""
        for spec in MENUS:
            bar.addMenu(self._build_menu(spec, bar))

    def menu(self, menu_id: str) -> QMenu:
        """A menu of the bar, such as "file.recent", which the window fills."""
        return self._menus[menu_id][1]

    def fill_menu(self, menu: QMenu, ids: Iterable[str]) -> None:
        """Put actions into a context menu."""
        for each in ids:
            self._add(menu, each)

    def fill_toolbar(self, bar: QToolBar) -> None:
        """Fill a toolbar; its buttons get their actions' names for screen readers."""
        for each in TOOLBAR:
            if each == SEPARATOR:
                bar.addSeparator()
                continue
            bar.addAction(self._actions[each])
            bar.widgetForAction(self._actions[each]).setObjectName(f"button.{each}")
        more = bar.findChild(QToolButton, "qt_toolbar_ext_button")  # Qt's own arrow cannot be seen on a dark bar
        if isinstance(more, QToolButton):
            self._more = more
            self._more.setIcon(icon("right"))

    def _build_menu(self, spec: MenuSpec, parent: QWidget) -> QMenu:
        menu = QMenu(translated(spec.title), parent)
        menu.setObjectName(f"menu.{spec.id}")
        menu.setToolTipsVisible(False)
        self._menus[spec.id] = (spec, menu)
        for item in spec.items:
            if isinstance(item, MenuSpec):
                menu.addMenu(self._build_menu(item, menu))
            else:
                self._add(menu, item)
        return menu

    def _add(self, menu: QMenu, item: str) -> None:
        if item == SEPARATOR:
            menu.addSeparator()
        else:
            menu.addAction(self._actions[item])

    def _show_tips(self) -> None:
        for spec in ACTIONS:
            action = self._actions[spec.id]
            tip = translated(spec.tip) or action.text().removesuffix("…")
            keys = self.keys(spec.id)
            action.setStatusTip(tip)
            action.setToolTip(f"{tip} ({keys[0]})" if keys else tip)


_TEXT_FIELDS = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox)
_COMMANDS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
_PRESSING = frozenset({Qt.Key.Key_Space})
_CHOOSING = frozenset({Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2, Qt.Key.Key_Delete})
_GUARDED = (*_TEXT_FIELDS, QAbstractButton, QAbstractItemView, QComboBox)


class KeyGuard(QObject):
    """Leaves keys to the widget that has the focus where it means something by them.

    A text field keeps every key without Ctrl, Alt or Meta but the function keys; a button keeps Space; lists and combo
    boxes keep Space, Return, F2 and Delete, but no letters: there is a tool on most of them.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._watch)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Accept the question whether a key is the widget's own: then no action gets it."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_own(watched, event):
            event.accept()
            return True
        return False

    def _watch(self, old: QWidget | None, new: QWidget | None) -> None:
        if old is not None:
            old.removeEventFilter(self)
        if isinstance(new, _GUARDED):  # not the slices: a filter would see each of their mouse moves
            new.installEventFilter(self)


def _is_own(widget: QObject, event: QKeyEvent) -> bool:
    key = event.key()
    if isinstance(widget, _TEXT_FIELDS) or (isinstance(widget, QComboBox) and widget.isEditable()):
        return not event.modifiers() & _COMMANDS and not Qt.Key.Key_F1 <= key <= Qt.Key.Key_F35
    if event.modifiers():
        return False
    if isinstance(widget, QAbstractButton):
        return key in _PRESSING
    return isinstance(widget, QAbstractItemView | QComboBox) and key in _CHOOSING
