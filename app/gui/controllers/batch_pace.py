"""How long the rest of a batch takes, at the pace since it went on."""

from __future__ import annotations

from collections.abc import Callable

# Before so many cases, or so many seconds at a long one, nobody knows.
_SURE_AFTER = 3.0
_SURE_AFTER_S = 10.0


class Pace:
    """Counts cases, parts of the one in work among them; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._begun, self._before = clock(), 0.0

    def begin(self, done: float) -> None:
        """The run goes on now, and so much is done already."""
        self._begun, self._before = self._clock(), done

    def seconds_left(self, done: float, total: int) -> float | None:
        """For the rest, where so much of `total` is done; None while nobody can tell."""
        since, seconds = done - self._before, self._clock() - self._begun
        if since < _SURE_AFTER and (seconds < _SURE_AFTER_S or since <= 0.0):
            return None
        return seconds / since * max(total - done, 0.0)
