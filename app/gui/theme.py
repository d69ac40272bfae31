"""Dark or light, as the user or the system wants it, and icons in its colours."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QStyleFactory

from app import paths
from app.gui.palettes import DARK, LIGHT, Colours, palette_of, style_sheet
from app.gui.settings import ThemeChoice

_ICON_SIZES = (16, 20, 24, 32, 48)  # device pixels: menus and toolbars at 100 to 200 per cent
_APPLICATION_SIZES = (16, 24, 32, 48, 64, 128, 256)
_PLACEHOLDER = b"currentColor"


class Theme(QObject):
    """Colours the application; follows the system while the user says so."""

    changed = Signal()  # other colours: icons have to be drawn again

    def __init__(self, application: QApplication, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._application = application
        self._choice = ThemeChoice.SYSTEM
        self._colours: Colours | None = None
        application.setStyle(QStyleFactory.create("Fusion"))
        application.styleHints().colorSchemeChanged.connect(self._follow)
        self._follow()

    @property
    def colours(self) -> Colours:
        """The colours in force."""
        return current_colours()

    def choose(self, choice: ThemeChoice) -> None:
        """Use dark or light, or what the system has."""
        self._choice = choice
        hints = self._application.styleHints()
        if choice is ThemeChoice.SYSTEM:
            hints.unsetColorScheme()
        else:  # frames and title bars of the system follow
            hints.setColorScheme(Qt.ColorScheme.Dark if choice is ThemeChoice.DARK else Qt.ColorScheme.Light)
        self._follow()

    def _follow(self) -> None:
        system_is_dark = self._application.styleHints().colorScheme() is Qt.ColorScheme.Dark
        is_dark = {ThemeChoice.DARK: True, ThemeChoice.LIGHT: False}.get(self._choice, system_is_dark)
        colours = DARK if is_dark else LIGHT
        if colours is self._colours:
            return
        self._colours = colours
        self._application.setPalette(palette_of(colours))
        self._application.setStyleSheet(style_sheet(colours))
        self.changed.emit()


def current_colours() -> Colours:
    """The colours in force, for what is drawn by hand."""
    return DARK if QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def icon(name: str) -> QIcon:
    """An icon of `resources/icons` in the colours of the palette: text, greyed where disabled.

    It keeps these colours; draw it again when the palette changes. A name without a file raises FileNotFoundError.
    """
    drawing = (paths.resources_dir() / "icons" / f"{name}.svg").read_bytes()
    palette = QGuiApplication.palette()
    made = QIcon()
    for mode, group in (
        (QIcon.Mode.Normal, QPalette.ColorGroup.Active), (QIcon.Mode.Disabled, QPalette.ColorGroup.Disabled),
    ):  # fmt: skip
        colour = palette.color(group, QPalette.ColorRole.ButtonText)
        coloured = drawing.replace(_PLACEHOLDER, colour.name(QColor.NameFormat.HexRgb).encode("ascii"))
        _add_pixmaps(made, coloured, _ICON_SIZES, mode)
    return made


def application_icon() -> QIcon:
    """The icon of the program."""
    made = QIcon()
    drawing = (paths.resources_dir() / "icons" / "application.svg").read_bytes()
    _add_pixmaps(made, drawing, _APPLICATION_SIZES, QIcon.Mode.Normal)
    return made


def _add_pixmaps(made: QIcon, drawing: bytes, sizes: tuple[int, ...], mode: QIcon.Mode) -> None:
    renderer = QSvgRenderer(QByteArray(drawing))
    for size in sizes:
        pixmap = QPixmap(QSize(size, size))
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter)
        painter.end()
        made.addPixmap(pixmap, mode)
