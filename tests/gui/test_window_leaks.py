"""Images and dialogs come and go; widgets, timers, threads, files and memory do not pile up."""

from __future__ import annotations

import gc
import os
import sys
import threading
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.engine.prompt import Box
from app.gui.dialogs.asks import UnsavedChoice
from tests.gui import window_walk
from tests.gui.window_hand import App

_ROUNDS = 20
_WARM = 3  # rounds in which caches fill
_SPARE_BYTES = 512 * 1024  # of Python's own objects: what lazily made parts and caches of Qt's wrappers take


@pytest.fixture
def images(tmp_path: Path) -> tuple[Path, Path]:
    """Two volumes of two megabytes each."""
    made = []
    for name, shape in (("one", (128, 128, 60)), ("two", (120, 136, 60))):
        voxels = np.full(shape, -20, dtype=np.int16)
        voxels[30:90, 30:80, 5:-5] = 200
        made.append(tmp_path / f"{name}.nii.gz")
        nib.save(nib.Nifti1Image(voxels, np.diag([-1.0, -1.0, 1.5, 1.0])), made[-1])
    return made[0], made[1]


@pytest.fixture
def app(model: Path, qtbot: QtBot) -> Iterator[App]:
    made = App(model, qtbot)
    made.answers.unsaved_choice = UnsavedChoice.DISCARD
    yield made
    made.context.close()


def destroy_what_is_done_for() -> None:
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def census(app: App) -> Counter[str]:
    """What there is of everything that could pile up, by kind."""
    destroy_what_is_done_for()
    found = Counter(f"widget {type(each).__name__}" for each in QApplication.allWidgets())
    everything = [each for root in (app.context, app.context.window) for each in root.findChildren(QObject)]
    found["objects"] = len(everything)
    found["timers"] = sum(isinstance(each, QTimer) for each in everything)
    found["threads"] = threading.active_count()
    if sys.platform == "linux":
        found["files"] = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - no folder of files, and read at one instant
    return found


def work_on(app: App, qtbot: QtBot, image: Path) -> None:
    """Open an image, draw, accept, undo."""
    before = app.context.document.study
    app.context.files.open([image])
    qtbot.waitUntil(lambda: app.context.document.study not in (None, before), timeout=30000)
    app.drag(app.view(), Box(20, 20, 100, 90))
    app.wait_for_mask()
    app.ask("segment.accept")
    app.ask("edit.undo")
    qtbot.waitUntil(lambda: app.context.jobs.is_idle, timeout=30000)


@pytest.mark.slow
def test_that_nothing_piles_up_while_images_come_and_go(app: App, images: tuple[Path, Path], qtbot: QtBot) -> None:
    for n in range(_WARM):
        work_on(app, qtbot, images[n % 2])
    before = census(app)
    tracemalloc.start()
    try:
        work_on(app, qtbot, images[_WARM % 2])
        gc.collect()
        traced = tracemalloc.get_traced_memory()[0]
        for n in range(_WARM + 1, _WARM + 1 + _ROUNDS):
            work_on(app, qtbot, images[n % 2])
        destroy_what_is_done_for()
        grown = tracemalloc.get_traced_memory()[0] - traced
    finally:
        tracemalloc.stop()
    assert census(app) - before == Counter()
    assert grown < _SPARE_BYTES, f"{grown} bytes after {_ROUNDS} images"


@pytest.mark.slow
def test_that_nothing_piles_up_while_dialogs_come_and_go(
    app: App, images: tuple[Path, Path], project_root: Path, qtbot: QtBot
) -> None:
    app.open(images[0])
    samples = project_root / "resources" / "samples"

    def all_of_them() -> None:
        for _name, _root in chain(window_walk.docks(app.context), window_walk.dialogs(app.context, samples)):
            QApplication.processEvents()
        for show in (
            app.context.help.show_keys, app.context.help.show_palette, app.context.help.show_preferences,
            app.context.help.show_about, app.context.guide.show, app.context.help.show_licences,
        ):  # fmt: skip
            show()
            QApplication.processEvents()
            for each in QApplication.topLevelWidgets():
                if each.isWindow() and each is not app.context.window and each.isVisible():
                    each.close()

    for _ in range(_WARM):
        all_of_them()
    before = census(app)
    for _ in range(_ROUNDS // 2):
        all_of_them()
    assert census(app) - before == Counter()


@pytest.mark.slow
def test_that_a_window_takes_all_of_its_parts_with_it(model: Path, images: tuple[Path, Path], qtbot: QtBot) -> None:
    def once() -> None:
        app = App(model, qtbot, many=True)
        app.answers.unsaved_choice = UnsavedChoice.DISCARD
        work_on(app, qtbot, images[0])
        app.leave()

    once()
    destroy_what_is_done_for()
    before = Counter(type(each).__name__ for each in QApplication.allWidgets())
    threads = threading.active_count()
    for _ in range(3):
        once()
    destroy_what_is_done_for()
    assert Counter(type(each).__name__ for each in QApplication.allWidgets()) - before == Counter()
    assert threading.active_count() <= threads
