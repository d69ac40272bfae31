"""How far long work is: readers and writers say it, and whoever waits may listen, or wait no longer.

A listener hears what is told by the thread, and in the context, in which it was set; who tells need not know of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

Listener = Callable[[int, int], None]  # how many of how many are done; of 0: nobody knows of how many
T = TypeVar("T")

_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


class StoppedError(Exception):
    """Nobody waits for the work any more. No `EngineError`: nothing went wrong, and the user need not be told why."""


class Stop:
    """Ends work of another thread at the next place where it tells how far it is."""

    def __init__(self) -> None:
        self._asked = threading.Event()

    @property
    def is_asked(self) -> bool:
        """Whether the work is to end."""
        return self._asked.is_set()

    def ask(self) -> None:
        """Have the work end; once it is past its last such place, it is done nevertheless."""
        self._asked.set()

    def run(self, work: Callable[[], T], listener: Listener | None = None) -> T:
        """Do the work on this thread, and have a listener told; raises StoppedError where it was to end."""

        def hear(done: int, total: int) -> None:
            if self.is_asked:
                raise StoppedError
            if listener is not None:
                listener(done, total)

        with listening(hear):
            tell()
            return work()


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have a listener told what is done within."""
    before = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(before)


def tell(done: int = 0, total: int = 0) -> None:
    """Say that so many of so many parts are done, if anybody listens; what a listener raises ends the work."""
    listener = _LISTENER.get()
    if listener is not None:
        listener(done, total)
