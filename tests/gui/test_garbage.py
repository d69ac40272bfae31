from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.engine.prompt import Box
from app.gui.garbage import GuiCollector
from app.gui.jobs import Jobs, Lane
from tests.gui.window_hand import App


class Thing:
    """Knows itself, so that it goes when it is looked at alone."""

    def __init__(self) -> None:
        self.self = self


@pytest.fixture
def collector(qapp: QApplication) -> Iterator[GuiCollector]:
    made = GuiCollector(qapp)
    yield made
    made.stop()
    gc.disable()  # as the other fixture had it


def look_as_often_as_it_takes(collector: GuiCollector) -> None:
    """Until the oldest generation has had its turn."""
    for _ in range(200):
        gc.collect(1)
        collector.collect()


def test_that_what_is_loaded_is_set_aside_and_what_comes_later_is_looked_at(collector: GuiCollector) -> None:
    before = weakref.ref(Thing())
    collector.collect()
    assert gc.get_freeze_count() > 10_000
    assert len(gc.get_objects()) < 1_000
    later = weakref.ref(Thing())
    look_as_often_as_it_takes(collector)
    assert later() is None
    assert before() is not None


def test_that_more_is_set_aside_when_more_is_loaded(collector: GuiCollector, monkeypatch: pytest.MonkeyPatch) -> None:
    collector.collect()
    held = [Thing() for _ in range(500)]
    count = gc.get_freeze_count()
    collector.collect()
    assert gc.get_freeze_count() == count
    monkeypatch.setitem(sys.modules, "a_library", sys)
    collector.collect()
    assert gc.get_freeze_count() >= count + len(held)


def test_that_all_is_looked_at_while_the_user_is_elsewhere(collector: GuiCollector, qapp: QApplication) -> None:
    before = weakref.ref(Thing())
    collector.collect()
    qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
    assert before() is not None
    qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationInactive)
    assert before() is None
    assert gc.get_freeze_count() > 10_000


def test_that_python_collects_by_itself_afterwards(qapp: QApplication) -> None:
    collector = GuiCollector(qapp)
    assert not gc.isenabled()
    collector.collect()
    collector.stop()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
    gc.disable()


def test_that_steps_which_have_ended_hold_nothing(jobs: Jobs, qtbot: QtBot) -> None:
    held = np.zeros(1)
    watched = weakref.ref(held)
    make = partial(iter, [held])
    jobs.run_steps(Lane.BATCH, make, lambda _value: None, lambda: None, lambda _error: None)
    del held, make
    qtbot.waitUntil(lambda: jobs.is_idle)
    qtbot.waitUntil(lambda: watched() is None)


def test_that_a_closed_image_goes_without_being_looked_for(model: Path, project_root: Path, qtbot: QtBot) -> None:
    app = App(model, qtbot)
    try:
        app.open(project_root / "resources" / "samples" / "ct_phantom.nii.gz")
        app.drag(app.view(), Box(20, 20, 60, 60))
        app.wait_for_mask()
        app.ask("segment.propagate")
        qtbot.waitUntil(lambda: app.context.jobs.is_idle, timeout=60000)
        assert len(app.labels.nonzero()[0])
        study = app.context.document.study
        assert study is not None
        watched = weakref.ref(study.volume)
        del study
        app.context.document.open(None)
        qtbot.waitUntil(lambda: app.context.jobs.is_idle, timeout=60000)
        assert watched() is None
    finally:
        app.context.close()
