"""Which model answers: what is installed, what is chosen, and how fast it is here. Models are opened aside first."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Signal, Slot

from app.engine.errors import ModelError
from app.engine.manifest import ModelManifest, broken_packages, import_package, list_packages
from app.engine.runtime import available_devices
from app.gui.dialogs.asks import Asks
from app.gui.inference import Inference, ModelChoice, ModelState
from app.gui.jobs import Jobs, Lane
from app.gui.panels.model import Accuracy, ModelPanel, PackageNotes, precision_text
from app.gui.settings import DEVICE, MODEL, Settings
from app.gui.translation import QT_TRANSLATE_NOOP, engine_text

_LOG = logging.getLogger(__name__)

_FOLDER = "models"  # under this name the last folder is remembered
_LARGEST_CARD = 1 << 18  # bytes
_MOST_SUITES = 32
_MOST_ROWS = 64  # of a suite
_LARGEST_NUMBER = 1e9  # of cases; infinity and what is no number are not less
_SUITES = {
    "validation": QT_TRANSLATE_NOOP("Accuracy", "Known sources, other patients"),
    "testonly": QT_TRANSLATE_NOOP("Accuracy", "Sources never trained on"),
    "volumes": QT_TRANSLATE_NOOP("Accuracy", "Volumes, from a box in 3-D"),
    "volumes-slice": QT_TRANSLATE_NOOP("Accuracy", "Volumes, from a box on one slice"),
    "testonly-volumes": QT_TRANSLATE_NOOP("Accuracy", "Volumes never trained on, from a box in 3-D"),
    "testonly-volumes-slice": QT_TRANSLATE_NOOP("Accuracy", "Volumes never trained on, from a box on one slice"),
}


@dataclass(frozen=True, eq=False)
class _Installed:
    """What was found on this machine, and the model that answers; or why the wanted one does not."""

    packages: tuple[PackageNotes, ...]
    devices: tuple[tuple[str, str], ...]
    state: ModelState | None
    failure: ModelError | None = None
    asked: bool = False  # the user asked for this model


class ModelsController(QObject):
    """Fills the model panel and does what it asks for; a model that cannot be opened leaves the one before in use."""

    changed = Signal(object)  # ModelState of the model that answers from now on
    failed = Signal(object)
    message = Signal(str)

    def __init__(
        self, jobs: Jobs, inference: Inference, settings: Settings, asks: Asks, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._jobs, self._inference, self._settings, self._asks = jobs, inference, settings, asks
        self.panel = ModelPanel()
        self.panel.chosen.connect(self.choose)
        self.panel.device_chosen.connect(self.choose_device)
        self.panel.measure_requested.connect(self.measure)
        self.panel.file_import_requested.connect(self.ask_for_file)
        self.panel.folder_import_requested.connect(self.ask_for_folder)

    def refresh(self) -> None:
        """Open the model that is wanted, unless it is open, and list what there is."""
        self._work(self.tr("opening…"), lambda: _look(self._inference, None))

    def settle(self) -> None:
        """Find out which package is fastest here, unless that is known, when nothing else is wanted."""
        self._jobs.run_steps(Lane.SETTLE, self._inference.settle, lambda _step: None, self._settled, self._log)

    def _settled(self) -> None:
        if self._inference.has_found_faster:
            self.refresh()

    def _log(self, error: Exception) -> None:
        _LOG.warning("which model is fastest was not measured: %s", error)  # the one in use goes on

    @Slot(str)
    def choose(self, name: str) -> None:
        """Use another package, "" for the fastest; the device stays."""
        self._switch(ModelChoice(name, self._inference.choice.device))

    @Slot(str)
    def choose_device(self, device: str) -> None:
        """Use another device; the package stays."""
        self._switch(ModelChoice(self._inference.choice.name, device))

    @Slot()
    def measure(self) -> None:
        """Tell how long the model in use takes for a new box on this machine."""

        def measured(milliseconds: float) -> None:
            self.panel.set_busy("")
            self.panel.set_speed(milliseconds)
            self.message.emit(self.tr("A new box takes {0} ms on this machine.").format(f"{milliseconds:.1f}"))

        self.panel.set_busy(self.tr("measuring…"))
        self._jobs.submit(Lane.MODEL, self._inference.milliseconds, measured, self._fail)

    @Slot()
    def ask_for_file(self) -> None:
        """Ask for a package in a zip file and install it."""
        self._import(self._asks.open_package(self._settings.folder(_FOLDER)))

    @Slot()
    def ask_for_folder(self) -> None:
        """Ask for the folder of a package and install it."""
        self._import(self._asks.open_package_folder(self._settings.folder(_FOLDER)))

    def _import(self, path: Path | None) -> None:
        if path is None:
            return
        self._settings.set_folder(_FOLDER, path.parent)
        question = self.tr("Install the model package “{0}”? Use only models from people whom you trust.")
        if self._asks.confirm(self.tr("Import a model"), question.format(path.name)):
            self._work(self.tr("installing…"), lambda: _install(self._inference, path))

    def _switch(self, choice: ModelChoice) -> None:
        if choice != self._inference.choice:
            self._work(self.tr("opening…"), lambda: _look(self._inference, choice))

    def _work(self, text: str, work: Callable[[], _Installed]) -> None:
        self.panel.set_busy(text)
        self._jobs.submit(Lane.MODEL, work, self._show, self._fail)

    def _show(self, found: _Installed) -> None:
        choice = self._inference.choice
        self.panel.set_busy("")
        fastest = PackageNotes("", self.tr("Fastest on this machine"), self.tr("measured once, then remembered"))
        self.panel.set_packages((fastest, *found.packages))
        self.panel.set_devices(found.devices, choice.device)
        if found.state is not None:
            self.panel.set_in_use(choice.name, found.state)
            if found.asked:  # what the command line wanted is not kept
                self._settings.set(MODEL, choice.name)
                self._settings.set(DEVICE, choice.device)
                self.message.emit(self.panel.in_use)
            self.changed.emit(found.state)
        if found.failure is not None:
            self.failed.emit(found.failure)

    def _fail(self, error: Exception) -> None:
        self.panel.set_busy("")
        self.failed.emit(error)


# --------------------------------------------------------------------------------------------------- the engine thread


def _look(inference: Inference, choice: ModelChoice | None) -> _Installed:
    """Open a model (None: the one that is wanted already) and list what there is; a failure is in the answer."""
    failure: ModelError | None = None
    try:
        if choice is not None:
            inference.switch(choice)
    except ModelError as error:
        failure = error
    state: ModelState | None = None
    try:
        state = inference.open()
    except ModelError as error:
        failure = failure or error
    broken = (
        PackageNotes(folder.name, folder.name, broken=engine_text(reason)) for folder, reason in broken_packages()
    )
    packages = (*map(_notes, list_packages()), *broken)
    asked = choice is not None and failure is None
    return _Installed(packages, tuple(available_devices().items()), state, failure, asked)


def _install(inference: Inference, path: Path) -> _Installed:
    """Install a package; it is used when it is chosen. Raises ModelError."""
    import_package(path)
    return _look(inference, None)


def _notes(package: ModelManifest) -> PackageNotes:
    text = QCoreApplication.translate("ModelsController", "version {0}, {1}, licence {2}")
    details = text.format(package.version, precision_text(package.precision), package.licence)
    return PackageNotes(package.name, package.name, details, _card(package.folder), tuple(_suites(package.accuracy)))


def _card(folder: Path) -> str:
    """The package's card, Markdown; empty where there is none that can be read."""
    try:
        with (folder / "CARD.md").open("rb") as file:
            return file.read(_LARGEST_CARD).decode("utf-8", "replace")
    except OSError:
        return ""


def _suites(accuracy: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Accuracy, ...]]]:
    """Of a manifest's free field: the suites that are tables by modality; what is anything else is passed over."""
    for suite, report in list(accuracy.items())[:_MOST_SUITES]:
        rows = report.get("by_modality") if isinstance(report, Mapping) else None
        found = tuple(_rows(rows)) if isinstance(rows, Mapping) else ()
        if found:
            title = QCoreApplication.translate("Accuracy", _SUITES[suite]) if suite in _SUITES else suite
            yield title, found


def _rows(rows: Mapping[str, Any]) -> Iterator[Accuracy]:
    for modality, figures in list(rows.items())[:_MOST_ROWS]:
        if isinstance(figures, Mapping):
            dsc, nsd, cases = (_number(figures.get(key)) for key in ("dsc", "nsd", "cases"))
            if dsc is not None and nsd is not None and cases is not None:
                yield Accuracy(modality, dsc, nsd, round(cases))


def _number(value: object) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LARGEST_NUMBER:
        return None
    return float(value)
