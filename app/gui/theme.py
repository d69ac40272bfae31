"""Dark or light, as the user or the system wants it, and icons in its colours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QByteArray, QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QIcon, QImage, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QStyleFactory

from app import paths
from app.gui.palettes import DARK, LIGHT, Colours, palette_of, style_sheet
from app.gui.settings import ThemeChoice

_ICON_SIZES = (16, 24, 32, 48)  # device pixels: menus and toolbars at 100 to 200 per cent
_APPLICATION_SIZES = (16, 24, 32, 48, 64, 128, 256)
_MODES = (
    (QIcon.Mode.Normal, QPalette.ColorGroup.Active),
    (QIcon.Mode.Disabled, QPalette.ColorGroup.Disabled),
)


class Theme(QObject):
    """Colours the application; follows the system while the user says so."""

    changed = Signal()  # other colours: icons have to be drawn again

    def __init__(self, application: QApplication, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._application = application
        self._choice = ThemeChoice.SYSTEM
        self._system_is_dark = False
        self._colours: Colours | None = None
        application.setStyle(QStyleFactory.create("Fusion"))
        application.styleHints().colorSchemeChanged.connect(self._follow)
        self.choose(self._choice)

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
            self._system_is_dark = hints.colorScheme() is Qt.ColorScheme.Dark
        else:  # frames and title bars of the system follow
            hints.setColorScheme(Qt.ColorScheme.Dark if choice is ThemeChoice.DARK else Qt.ColorScheme.Light)
        self._colour()

    def _follow(self, scheme: Qt.ColorScheme) -> None:
        if self._choice is ThemeChoice.SYSTEM:  # otherwise it is what was asked for in `choose`
            self._system_is_dark = scheme is Qt.ColorScheme.Dark
            self._colour()

    def _colour(self) -> None:
        is_dark = {ThemeChoice.DARK: True, ThemeChoice.LIGHT: False}.get(self._choice, self._system_is_dark)
        colours = DARK if is_dark else LIGHT
        if colours is self._colours:
            return
        self._colours = colours
        self._application.setPalette(palette_of(colours))
        self._application.setStyleSheet(
            style_sheet(colours, _icons() / ("tick_dark.svg" if is_dark else "tick_light.svg"))
        )
        self.changed.emit()


def current_colours() -> Colours:
    """The colours in force, for what is drawn by hand."""
    return DARK if QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def icon(name: str) -> QIcon:
    """An icon of `resources/icons` in the colours of the palette: text, greyed where disabled.

    It keeps these colours; draw it again when the palette changes. A name without a file raises FileNotFoundError.
    """
    palette = QGuiApplication.palette()
    made = QIcon()
    for drawn in _drawn(name, _ICON_SIZES):
        for mode, group in _MODES:
            coloured = drawn.copy()
            painter = QPainter(coloured)
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
            painter.fillRect(coloured.rect(), palette.color(group, QPalette.ColorRole.ButtonText))
            painter.end()
            made.addPixmap(QPixmap.fromImage(coloured), mode)
    return made


def application_icon() -> QIcon:
    """The icon of the program."""
    made = QIcon()
    for drawn in _drawn("application", _APPLICATION_SIZES):
        made.addPixmap(QPixmap.fromImage(drawn))
    return made


def _icons() -> Path:
    return paths.resources_dir() / "icons"


def _drawn(name: str, sizes: tuple[int, ...]) -> Iterator[QImage]:
    """A drawing of `resources/icons` in some sizes; what is drawn in `currentColor` is black."""
    renderer = QSvgRenderer(QByteArray((_icons() / f"{name}.svg").read_bytes()))
    for size in sizes:
        image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        yield image
