"""The problem report: what the program runs on and what it did last. The user reads it before it goes anywhere.

It is in English, for whoever mends the program. No path, name of a file or label, and nothing of a patient is in it.
"""

from __future__ import annotations

import locale
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import PySide6
from PySide6.QtCore import QObject, Signal, qVersion
from PySide6.QtGui import QGuiApplication

from app import __version__
from app.engine.errors import EngineError
from app.engine.export.staging import Output, publish, unwritable
from app.engine.hardware import instruction_set, peak_memory_mb, total_memory_mb
from app.engine.manifest import broken_packages, list_packages
from app.engine.runtime import available_devices, openvino_version, processor_name
from app.engine.study import Study
from app.gui.document import Document
from app.gui.inference import Inference
from app.gui.jobs import Jobs, Lane
from app.gui.log import LogTail, scrubbed
from app.gui.settings import ALL, BATCHES, FOLDERS, RECENT, WINDOWS, Settings

_LIBRARIES = (("numpy", "SimpleITK", "pydicom", "nibabel"), ("highdicom", "Pillow", "vtk"))  # by line of the report
_LEFT_OUT = frozenset(
    {RECENT.key, FOLDERS.key, BATCHES.key, WINDOWS.key}
)  # settings that hold paths or what a file said


class DiagnosticsController(QObject):
    """Gathers the report; what takes time is found out on the engine thread."""

    ready = Signal(str)
    message = Signal(str)
    failed = Signal(object)

    def __init__(
        self, document: Document, jobs: Jobs, inference: Inference, settings: Settings, log: LogTail | None,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._document, self._jobs, self._inference = document, jobs, inference
        self._settings, self._log = settings, log

    def gather(self) -> None:
        """Tell the report by `ready` when it is there."""
        self._jobs.submit(Lane.REPORT, lambda: "\n".join(machine_lines(self._inference)), self._tell, self.failed.emit)

    def save(self, path: Path, text: str) -> None:
        """Write the report; an existing file is replaced."""
        if self._jobs.is_running(Lane.SAVE):  # the newer job would replace it
            self.message.emit(self.tr("Something is being saved: try again in a moment."))
            return
        self._jobs.submit(
            Lane.SAVE,
            lambda: publish([_output(path, text)], overwrite=True),
            lambda _paths: self.message.emit(self.tr("Saved: {0}").format(path.name)),
            self.failed.emit,
        )

    def _tell(self, machine: str) -> None:
        parts = ("\n".join(program_lines()), machine, *self._own_parts())
        self.ready.emit("\n\n".join(part for part in parts if part) + "\n")

    def _own_parts(self) -> Iterator[str]:
        yield "\n".join(screen_lines())
        yield "\n".join(("Settings that differ from the defaults", *settings_lines(self._settings)))
        study = self._document.study
        yield "Open image\n  none" if study is None else "\n".join(image_lines(study))
        lines = () if self._log is None else self._log.lines
        yield "\n".join(("Log, newest last", *(f"  {line}" for line in lines or ("nothing",))))


def program_lines() -> Iterator[str]:
    """Versions of the program and of what it is made of."""
    yield f"SwiftMedSAM {__version__}" + (" (frozen)" if getattr(sys, "frozen", False) else "")
    yield f"  Python {platform.python_version()}, PySide {PySide6.__version__}, Qt {qVersion()}"
    for names in _LIBRARIES:
        yield "  " + ", ".join(f"{name} {_version_of(name)}" for name in names)


def machine_lines(inference: Inference) -> Iterator[str]:
    """On the engine thread: the computer, its devices, the model packages, and the one in use."""
    yield "Computer"
    yield f"  {platform.system()} {platform.release()}, {platform.machine()}, libc {'-'.join(platform.libc_ver())}"
    yield f"  {processor_name()}, {os.cpu_count()} threads, {instruction_set()}"
    memory = total_memory_mb()
    told = "unknown" if memory is None else f"{memory:.0f} MB"
    yield f"  memory {told}, of which this program took {peak_memory_mb():.0f} MB at most"
    yield f"  OpenVINO {openvino_version()}"
    for device, name in available_devices().items():
        yield f"  {device}: {name}"
    yield ""
    yield "Models"
    for package in list_packages():
        yield f"  {package.name} {package.version}, {package.precision}, {package.digest[:12]}"
    yield from (f"  damaged: {scrubbed(reason)}" for _folder, reason in broken_packages())
    try:
        state = inference.open()
        yield f"  in use: {state.name} {state.version}, {state.precision} on {state.device}"
    except EngineError as error:
        yield f"  none can be opened: {scrubbed(str(error))}"


def screen_lines() -> Iterator[str]:
    """What the window stands on."""
    yield "Screen"
    yield f"  {QGuiApplication.platformName()}, language {locale.getlocale()[0]}"
    for screen in QGuiApplication.screens():
        size = screen.size()
        yield f"  {size.width()} x {size.height()} at {screen.devicePixelRatio():g}"


def settings_lines(settings: Settings) -> Iterator[str]:
    """Settings that are not the default, those apart that hold paths."""
    for setting in ALL:
        value = settings.get(setting)
        if setting.key not in _LEFT_OUT and value != setting.default:
            yield f"  {setting.key}: {scrubbed(str(setting.write(value)))}"


def image_lines(study: Study) -> Iterator[str]:
    """What kind of image is open: nothing that tells whose."""
    volume = study.volume
    yield "Open image"
    size = " x ".join(str(n) for n in reversed(volume.shape_zyx))
    yield f"  {volume.kind.name.lower()}, {volume.modality or 'modality unknown'}, {size}, {volume.voxels.dtype}"
    spacing = " x ".join(f"{mm:.4g}" for mm in reversed(volume.geometry.spacing_zyx))
    yield f"  frame {volume.geometry.frame.name.lower()}, spacing {spacing}"
    yield f"  findings: {', '.join(sorted({finding.code for finding in volume.findings})) or 'none'}"
    yield f"  labels: {len(study.labels.labels)}, acts: {len(study.history)}"


def _output(path: Path, text: str) -> Output:
    def verify(aside: Path) -> None:
        if aside.read_text(encoding="utf-8") != text:
            raise unwritable(path, "read back, its text differs")

    return Output(path, lambda aside: _write(aside, text), verify)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _version_of(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # brings e-mail and sockets along

    try:
        return version(name)
    except PackageNotFoundError:  # a frozen application may lack what packages say of themselves
        return "?"
