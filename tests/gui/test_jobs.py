from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from app.gui.jobs import Jobs, Lane


def fail(error: Exception) -> None:
    raise error


def test_that_work_is_done_elsewhere_and_answered_here(jobs: Jobs, qtbot: QtBot) -> None:
    heard: list[tuple[threading.Thread, threading.Thread]] = []
    jobs.submit(
        Lane.OPEN, threading.current_thread, lambda worker: heard.append((worker, threading.current_thread())), fail
    )
    qtbot.waitUntil(lambda: bool(heard))
    worker, listener = heard[0]
    assert worker is not listener
    assert listener is threading.current_thread()


def test_that_the_newest_job_of_a_lane_wins(jobs: Jobs, qtbot: QtBot) -> None:
    gate = threading.Event()
    heard: list[int] = []
    done: list[int] = []
    jobs.submit(Lane.BATCH, gate.wait, lambda _: None, fail)
    for n in range(100):
        jobs.submit(Lane.PROMPT, lambda n=n: done.append(n) or n, heard.append, fail)  # type: ignore[func-returns-value, misc]
    gate.set()
    qtbot.waitUntil(lambda: not jobs.is_running(Lane.PROMPT))
    assert heard == [99]
    assert done == [99]


def test_that_an_answer_that_comes_too_late_is_not_heard(jobs: Jobs, qtbot: QtBot) -> None:
    begun, gate = threading.Event(), threading.Event()
    heard: list[str] = []

    def slow() -> str:
        begun.set()
        gate.wait()
        return "old"

    jobs.submit(Lane.PROMPT, slow, heard.append, fail)
    qtbot.waitUntil(begun.is_set)
    jobs.submit(Lane.PROMPT, lambda: "new", heard.append, fail)
    gate.set()
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == ["new"]


def test_that_what_the_user_waits_for_goes_first(jobs: Jobs, qtbot: QtBot) -> None:
    gate = threading.Event()
    order: list[Lane] = []
    jobs.submit(Lane.OPEN, gate.wait, lambda _: None, fail)
    for lane in (Lane.AHEAD, Lane.BATCH, Lane.PROMPT, Lane.SAVE):
        jobs.submit(lane, lambda lane=lane: lane, order.append, fail)  # type: ignore[misc]
    gate.set()
    qtbot.waitUntil(lambda: len(order) == 4)
    assert order == [Lane.PROMPT, Lane.SAVE, Lane.BATCH, Lane.AHEAD]


def test_that_a_box_is_answered_between_the_steps_of_long_work(jobs: Jobs, qtbot: QtBot) -> None:
    heard: list[object] = []

    def step(n: int) -> None:
        heard.append(n)
        if n == 2:
            jobs.submit(Lane.PROMPT, lambda: "box", heard.append, fail)

    jobs.run_steps(Lane.PROPAGATE, lambda: iter(range(5)), step, lambda: heard.append("end"), fail)
    qtbot.waitUntil(lambda: heard[-1:] == ["end"])
    assert heard == [0, 1, 2, "box", 3, 4, "end"]


def test_that_cancelled_steps_are_not_asked_for(jobs: Jobs, qtbot: QtBot) -> None:
    made: list[int] = []
    heard: list[object] = []

    def steps() -> Iterator[int]:
        for n in range(1000):
            made.append(n)
            yield n

    def step(n: int) -> None:
        heard.append(n)
        if n == 3:
            jobs.cancel(Lane.PROPAGATE)

    jobs.run_steps(Lane.PROPAGATE, steps, step, lambda: heard.append("end"), fail)
    qtbot.waitUntil(lambda: 3 in heard)
    jobs.submit(Lane.AHEAD, lambda: "after", heard.append, fail)
    qtbot.waitUntil(lambda: "after" in heard)
    assert heard == [0, 1, 2, 3, "after"]
    assert len(made) <= 5


@pytest.mark.parametrize("raised", [ValueError("bad"), KeyError("x")])
def test_that_a_failure_is_told_to_whoever_asked(jobs: Jobs, qtbot: QtBot, raised: Exception) -> None:
    heard: list[Exception] = []

    def work() -> None:
        raise raised

    jobs.submit(Lane.SAVE, work, lambda _: heard.append(AssertionError("it did not fail")), heard.append)
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == [raised]


def test_that_busy_is_said_of_what_the_user_asked_for_only(jobs: Jobs, qtbot: QtBot) -> None:
    said: list[bool] = []
    jobs.busy_changed.connect(said.append)
    done: list[None] = []
    jobs.submit(Lane.AHEAD, lambda: None, done.append, fail)
    qtbot.waitUntil(lambda: len(done) == 1)
    assert said == []
    jobs.submit(Lane.OPEN, lambda: None, done.append, fail)
    qtbot.waitUntil(lambda: not jobs.is_running(Lane.OPEN))
    assert said == [True, False]


class _Speaker(QObject):
    said = Signal(bool)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="True is immortal from Python 3.12 on")
def test_that_signals_do_not_lose_references_to_true(qtbot: QtBot) -> None:
    speaker = _Speaker()
    heard: list[bool] = []
    speaker.said.connect(heard.append)
    before = sys.getrefcount(True)
    for n in range(200):
        speaker.said.emit(n >= 0)
    heard.clear()
    assert sys.getrefcount(True) > before - 100


class Witness:
    """Notes which thread destroys it."""

    def __init__(self, seen: list[threading.Thread]) -> None:
        self._seen = seen

    def __del__(self) -> None:
        self._seen.append(threading.current_thread())


def test_that_what_a_job_holds_is_never_destroyed_by_the_engine_thread(jobs: Jobs, qtbot: QtBot) -> None:
    seen: list[threading.Thread] = []
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # whoever may be the last will be, sooner or later
    try:
        for n in range(300):
            held = Witness(seen)
            if n % 2:
                jobs.submit(Lane.PROMPT, lambda held=held: held and None, lambda _: None, fail)  # type: ignore[misc]
            else:
                jobs.run_steps(Lane.PROMPT, lambda held=held: iter([held]), lambda _: None, lambda: None, fail)  # type: ignore[misc]
            del held
            qtbot.waitUntil(lambda: jobs.is_idle)
        qtbot.waitUntil(lambda: len(seen) == 300)
    finally:
        sys.setswitchinterval(interval)
    assert set(seen) == {threading.current_thread()}
