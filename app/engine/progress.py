"""How far a long reading is: readers say it, and whoever waits may listen.

A listener hears what is told by the thread, and in the context, in which it was set; readers need not know of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[int, int], None]  # how many of how many are done

_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have a listener told what is done within."""
    before = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(before)


def tell(done: int, total: int) -> None:
    """Say that so many of so many parts are done, if anybody listens."""
    listener = _LISTENER.get()
    if listener is not None:
        listener(done, total)
