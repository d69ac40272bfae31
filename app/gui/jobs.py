"""The window's one engine thread. Whatever reads, infers or writes runs there, one job at a time.

Each job belongs to a lane. The newest job of a lane replaces the one that waits, and what an older one answers never
arrives. Lanes have ranks: what the user waits for goes before what is done ahead of time. Long work is a generator
whose steps are queued one by one, so that a box that is dragged waits for one step at most.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

_LOG = logging.getLogger(__name__)

T = TypeVar("T")


class Lane(IntEnum):
    """What competes for the engine, the most urgent first."""

    PROMPT = 0  # the mask that follows the box
    OPEN = 1
    IMPORT = 2  # labels into what is open
    EDIT = 3
    SAVE = 4
    PROPAGATE = 5
    COUNT = 6  # which slices hold the active label
    MEASURE = 7
    COMPARE = 8
    SURFACE = 9
    BATCH = 10
    MODEL = 11
    INFO = 12  # what is told of the image beside its picture
    REPORT = 13
    GUIDE = 14  # its pictures
    AHEAD = 15  # neighbouring slices, when nothing else is wanted
    SETTLE = 16  # what is found out once for all, and nobody waits for: which model is fastest


_UNASKED = frozenset(  # what follows by itself
    {Lane.COUNT, Lane.MEASURE, Lane.SURFACE, Lane.INFO, Lane.GUIDE, Lane.AHEAD, Lane.SETTLE}
)


@dataclass(frozen=True, eq=False)
class _Ticket(Generic[T]):
    """A job and who is told of its end; the callbacks run on the GUI thread."""

    lane: Lane
    number: int
    work: Callable[[], T]
    done: Callable[[T], None]
    failed: Callable[[Exception], None]
    is_step: bool = False  # another job of the lane follows, unless the generator has ended


@dataclass(frozen=True, eq=False)
class _Outcome:
    ticket: _Ticket[Any]
    value: Any = None  # Any: as many types as there are jobs
    error: Exception | None = None


class _End:
    """What comes after the last value of a generator."""


_END = _End()


class _Steps(Generic[T]):
    """A generator that is being gone through. Nothing here knows itself: the last ticket's end is the end of all."""

    def __init__(
        self, lane: Lane, make: Callable[[], Iterator[T]], step: Callable[[T], None], finished: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:  # fmt: skip
        self.lane, self.step, self.finished, self.failed = lane, step, finished, failed
        self._make = make
        self._begun: Iterator[T] | None = None

    def advance(self) -> T | _End:
        """On the engine thread."""
        if self._begun is None:
            self._begun = iter(self._make())
        return next(self._begun, _END)


class Jobs(QObject):
    """Runs work on the engine thread and answers on the GUI thread; lives as long as the window."""

    busy_changed = Signal(bool)  # something that the user asked for is being computed
    _arrived = Signal()  # an _Outcome more, from the engine thread

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._lock = threading.Lock()
        self._waiting: dict[Lane, _Ticket[Any]] = {}  # under the lock
        self._outcomes: deque[_Outcome] = deque()
        self._current: dict[Lane, int] = {}  # number of the newest job of each lane that has not ended
        self._count = 0
        self._busy = False
        self._closed = False
        self._arrived.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def submit(
        self, lane: Lane, work: Callable[[], T], done: Callable[[T], None], failed: Callable[[Exception], None]
    ) -> None:
        """Run `work` on the engine thread, then `done(result)` or `failed(error)` here, unless it is overtaken."""
        self._submit(lane, work, done, failed, is_step=False)

    def run_steps(
        self,
        lane: Lane,
        steps: Callable[[], Iterator[T]],
        step: Callable[[T], None],
        finished: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Run a generator, made and advanced on the engine thread; `step(value)` here for each of its values.

        The next step is asked for when the last one has been shown. `cancel(lane)` ends it: neither `step` nor
        `finished` is called after that. The generator is dropped, not closed: whoever keeps it may go on with it.
        """
        self._ask(_Steps(lane, steps, step, finished, failed))

    def cancel(self, lane: Lane) -> None:
        """Forget the lane's job: a waiting one is not begun, one that runs is not heard."""
        with self._lock:
            self._waiting.pop(lane, None)
        self._current.pop(lane, None)
        self._tell()

    def cancel_all(self) -> None:
        """Forget every job."""
        for lane in Lane:
            self.cancel(lane)

    def is_running(self, lane: Lane) -> bool:
        """Whether a job of the lane waits or runs."""
        return lane in self._current

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits or runs."""
        return not self._current

    def close(self) -> None:
        """Forget every job and wait for the one that runs; nothing is accepted any more."""
        self._closed = True
        self.cancel_all()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _ask(self, steps: _Steps[Any]) -> None:
        """For the next one."""
        self._submit(steps.lane, steps.advance, lambda value: self._show(steps, value), steps.failed, is_step=True)

    def _show(self, steps: _Steps[T], value: T | _End) -> None:
        if isinstance(value, _End):
            steps.finished()
            return
        number = self._current.get(steps.lane)
        steps.step(value)
        if self._current.get(steps.lane) == number and number is not None:  # `step` may have cancelled or replaced it
            self._ask(steps)

    def _submit(
        self,
        lane: Lane,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[Exception], None],
        *,
        is_step: bool,
    ) -> None:
        if self._closed:
            return
        self._count += 1
        self._current[lane] = self._count
        self._queue(_Ticket(lane, self._count, work, done, failed, is_step))
        self._tell()

    def _queue(self, ticket: _Ticket[Any]) -> None:
        with self._lock:
            self._waiting[ticket.lane] = ticket
        self._executor.submit(self._run_next)

    def _run_next(self) -> None:
        """On the engine thread: the most urgent job that waits, if any does still.

        When that is told of, this thread holds nothing of it any more: else it might be the last to do so, and destroy
        objects of Qt.
        """
        with self._lock:
            if not self._waiting:
                return
            ticket = self._waiting.pop(min(self._waiting))
        try:
            outcome = _Outcome(ticket, ticket.work())
        except Exception as error:  # noqa: BLE001 - the rim of the thread: whoever asked is told
            outcome = _Outcome(ticket, error=error)
        self._outcomes.append(outcome)
        del ticket, outcome
        self._arrived.emit()

    @Slot()
    def _deliver(self) -> None:
        outcome = self._outcomes.popleft()
        ticket = outcome.ticket
        if self._current.get(ticket.lane) != ticket.number:
            return
        if not ticket.is_step or outcome.error is not None or isinstance(outcome.value, _End):
            del self._current[ticket.lane]  # first, so that whoever is told finds the lane free
        if outcome.error is None:
            ticket.done(outcome.value)
        else:
            _LOG.debug("a job of lane %s failed", ticket.lane.name, exc_info=outcome.error)
            ticket.failed(outcome.error)
        self._tell()

    def _tell(self) -> None:
        busy = any(lane not in _UNASKED for lane in self._current)
        if busy != self._busy:
            self._busy = busy
            self.busy_changed.emit(busy)
