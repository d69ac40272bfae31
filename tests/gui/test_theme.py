from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app import paths
from app.gui.action_table import ACTIONS
from app.gui.actions import Actions
from app.gui.menu_table import SEPARATOR, TOOLBAR
from app.gui.palettes import DARK, LIGHT, Colours, palette_of
from app.gui.settings import ThemeChoice
from app.gui.theme import Theme, application_icon, current_colours, icon

_DRAWINGS = sorted((paths.resources_dir() / "icons").glob("*.svg"))
_THEMES = pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    before = qapp.palette(), qapp.styleSheet()
    yield Theme(qapp)
    qapp.setPalette(before[0])
    qapp.setStyleSheet(before[1])


def contrast(one: str, other: str) -> float:
    """Of two colours as WCAG 2 defines it, 1 to 21."""
    lights = sorted((luminance(one), luminance(other)), reverse=True)
    return (lights[0] + 0.05) / (lights[1] + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_that_contrast_is_as_the_guidelines_define_it() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)  # their well-known border case


@_THEMES
@pytest.mark.parametrize("text", ["text", "muted", "good", "warning", "danger", "accent"])
@pytest.mark.parametrize("ground", ["window", "base", "stripe"])
def test_that_texts_can_be_read(colours: Colours, text: str, ground: str) -> None:
    assert contrast(asdict(colours)[text], asdict(colours)[ground]) >= 4.5


@_THEMES
def test_that_texts_can_be_read_on_buttons_and_selections(colours: Colours) -> None:
    assert contrast(colours.text, colours.raised) >= 4.5
    assert contrast(colours.text, colours.soft_accent) >= 4.5
    assert contrast(colours.on_accent, colours.accent) >= 4.5


@_THEMES
def test_that_the_ring_of_the_focus_and_what_is_switched_on_stand_out(colours: Colours) -> None:
    for ground in (colours.window, colours.base, colours.raised, colours.soft_accent):
        assert contrast(colours.accent, ground) >= 3


@_THEMES
def test_that_colours_are_six_digits_and_all_go_into_the_palette_as_they_are(colours: Colours) -> None:
    assert all(QColor(colour).name() == colour for colour in asdict(colours).values())
    palette = palette_of(colours)
    assert palette.color(QPalette.ColorRole.WindowText).name() == colours.text
    assert palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText).name() == colours.disabled


@pytest.mark.parametrize(("choice", "colours"), [(ThemeChoice.DARK, DARK), (ThemeChoice.LIGHT, LIGHT)])
def test_that_a_choice_colours_what_is_on_the_screen(
    theme: Theme, qtbot: QtBot, choice: ThemeChoice, colours: Colours
) -> None:
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.resize(40, 40)
    theme.choose(choice)
    assert widget.grab().toImage().pixelColor(20, 20).name() == colours.window
    assert theme.colours is colours
    assert current_colours() is colours


def test_that_a_change_is_told_once(theme: Theme) -> None:
    theme.choose(ThemeChoice.LIGHT)
    heard: list[int] = []
    theme.changed.connect(lambda: heard.append(1))
    theme.choose(ThemeChoice.DARK)
    theme.choose(ThemeChoice.DARK)
    assert heard == [1]


def test_that_the_system_is_followed_while_the_user_says_so(theme: Theme, qapp: QApplication) -> None:
    theme.choose(ThemeChoice.SYSTEM)
    system = qapp.styleHints().colorSchemeChanged
    for scheme, colours in ((Qt.ColorScheme.Dark, DARK), (Qt.ColorScheme.Light, LIGHT)):
        system.emit(scheme)
        assert theme.colours is colours
    theme.choose(ThemeChoice.DARK)
    system.emit(Qt.ColorScheme.Light)
    assert theme.colours is DARK


@pytest.mark.parametrize("choice", [ThemeChoice.DARK, ThemeChoice.LIGHT])
def test_that_the_focus_is_seen(theme: Theme, qtbot: QtBot, choice: ThemeChoice) -> None:
    theme.choose(choice)
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    button, field = QPushButton("Press"), QLineEdit()
    layout.addWidget(button)
    layout.addWidget(field)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    for focused in (button, field):
        focused.setFocus()
        qtbot.waitUntil(focused.hasFocus)
        image = focused.grab().toImage()
        row = image.height() // 2
        edge = {image.pixelColor(x, row).name() for x in range(2)}
        assert theme.colours.accent in edge


@pytest.mark.parametrize("drawing", _DRAWINGS, ids=lambda path: path.stem)
def test_that_drawings_are_plain_and_24_units_wide(drawing: Path) -> None:
    root = ET.fromstring(drawing.read_text(encoding="utf-8"))  # noqa: S314 - our own files
    if drawing.stem != "application":
        assert root.get("viewBox") == "0 0 24 24"
    allowed = {"svg", "path", "rect", "circle", "ellipse"}
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= allowed


@pytest.mark.parametrize("name", sorted({spec.icon for spec in ACTIONS if spec.icon}))
def test_that_actions_have_icons_in_the_colour_of_text(theme: Theme, name: str) -> None:
    theme.choose(ThemeChoice.DARK)
    assert strongest_colour(icon(name), QIcon.Mode.Normal) == DARK.text
    assert strongest_colour(icon(name), QIcon.Mode.Disabled) == DARK.disabled
    theme.choose(ThemeChoice.LIGHT)
    assert strongest_colour(icon(name), QIcon.Mode.Normal) == LIGHT.text


def strongest_colour(drawn: QIcon, mode: QIcon.Mode) -> str:
    image = drawn.pixmap(QSize(48, 48), 1.0, mode).toImage()
    pixels = (image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height()))
    return max(pixels, key=lambda pixel: pixel.alpha()).name()


def test_that_an_icon_without_a_drawing_is_an_error(qapp: QApplication) -> None:
    with pytest.raises(FileNotFoundError):
        icon("no-such-drawing")


def test_that_icons_of_actions_follow_the_theme(theme: Theme) -> None:
    theme.choose(ThemeChoice.DARK)
    actions = Actions()
    theme.changed.connect(actions.draw_icons)
    theme.choose(ThemeChoice.LIGHT)
    assert strongest_colour(actions["file.open"].icon(), QIcon.Mode.Normal) == LIGHT.text


def test_that_icons_of_menus_alone_are_drawn_when_there_is_time(theme: Theme, qtbot: QtBot) -> None:
    actions = Actions()
    menus_alone = [spec.id for spec in ACTIONS if spec.icon and spec.id not in TOOLBAR]
    assert menus_alone
    assert all(actions[each].icon().isNull() for each in menus_alone)
    assert not any(actions[each].icon().isNull() for each in TOOLBAR if each != SEPARATOR)
    qtbot.waitUntil(lambda: not any(actions[each].icon().isNull() for each in menus_alone))


def test_that_the_program_has_an_icon_for_every_use(qapp: QApplication) -> None:
    sizes = {size.width() for size in application_icon().availableSizes()}
    assert {16, 32, 48, 256} <= sizes
    assert application_icon().pixmap(QSize(256, 256)).toImage().pixelColor(128, 20).alpha() == 255
