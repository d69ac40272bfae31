"""Progress of long work: a bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import TextIO

_BAR = 24  # characters


class Progress:
    """Counts what is done of `total` and says so on `stream` (meant for stderr)."""

    def __init__(self, total: int, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._stream, self._clock = total, stream, clock
        self._done = 0
        self._start = clock()
        self._on_terminal = stream.isatty()

    def step(self, line: str, *, important: bool = False) -> None:
        """One more is done. `line` says what became of it; on a terminal only what is important stays readable."""
        self._done += 1
        if not self._on_terminal:
            print(f"{self._done}/{self._total} {line}", file=self._stream, flush=True)
            return
        if important:
            self._erase()
            print(line, file=self._stream)
        self._draw()

    def close(self) -> None:
        """Take the bar away."""
        if self._on_terminal:
            self._erase()
            self._stream.flush()

    def _draw(self) -> None:
        filled = _BAR * self._done // max(self._total, 1)
        spent = self._clock() - self._start
        left = spent / self._done * (self._total - self._done)
        bar = f"[{'#' * filled}{'.' * (_BAR - filled)}] {self._done}/{self._total}, {_duration(left)} left"
        self._stream.write(f"\r{bar[: self._width()]:<{self._width()}}")
        self._stream.flush()

    def _erase(self) -> None:
        self._stream.write(f"\r{'':<{self._width()}}\r")

    def _width(self) -> int:
        return max(shutil.get_terminal_size().columns - 1, 20)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
