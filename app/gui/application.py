"""The program with a window: `python -m app [--model NAME_OR_FOLDER] [FILE ...]`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from app import __version__
from app.gui.context import Context
from app.gui.garbage import GuiCollector
from app.gui.inference import ModelChoice
from app.gui.log import LogTail
from app.gui.settings import DEVICE, LANGUAGE, THEME, Settings
from app.gui.theme import Theme, application_icon
from app.gui.translation import install_translator


def run(files: Sequence[Path], model: str | None = None) -> int:
    """Open the window and the files, and stay until it is closed; the exit code.

    `model`: a package's name, or its folder, for this time; the settings stay as they are.
    """
    application = make_application()
    collector = GuiCollector(application)
    settings = Settings()
    theme = Theme(application, application)
    settings.bind(THEME, theme.choose)
    install_translator(application, settings.get(LANGUAGE))
    log = LogTail()
    log.listen()
    context = Context(settings, model=None if model is None else ModelChoice(model, settings.get(DEVICE)), log=log)
    theme.changed.connect(context.actions.draw_icons)
    context.window.show()
    context.open(files)
    code: int = application.exec()
    context.close()
    collector.stop()
    return code


def make_application() -> QApplication:
    """The one QApplication of the process, named and scaled."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    application = QApplication(sys.argv[:1])
    application.setApplicationName("SwiftMedSAM")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("swiftmedsam")
    application.setWindowIcon(application_icon())
    return application
