"""Reading and writing on the engine thread that say how far they are and end when nobody waits for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from app.engine.progress import Stop

T = TypeVar("T")

_TELL_EVERY_S = 0.05


@dataclass(frozen=True)
class Share:
    """So many files, slices or labels of so many."""

    done: int
    total: int


def stoppable(stop: Stop, work: Callable[[], T], tell: Callable[[Share], None]) -> Callable[[], T]:
    """The same work for the engine thread; there it tells how far it is, a few times a second, until it is to end."""
    last = 0.0

    def hear(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if total > 1 and (now - last > _TELL_EVERY_S or done == total):
            last = now
            tell(Share(done, total))

    return lambda: stop.run(work, hear)
