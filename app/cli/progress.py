"""Progress of long work: a bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from typing import TextIO

_BAR = 24  # characters
_FIRST_S, _REDRAWN_S = 1.0, 0.2  # what takes less shows no bar; how often it is drawn
_LINE_S = 10.0  # between two plain lines
_FORESEEN = 0.02  # a smaller part is mostly what comes before the work: it foretold hours of what took 40 s


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
            _write_over(self._stream, "")
            print(line, file=self._stream)
        self._draw()

    def close(self) -> None:
        """Take the bar away."""
        if self._on_terminal:
            _write_over(self._stream, "")

    def _draw(self) -> None:
        spent = self._clock() - self._start
        left = spent / self._done * (self._total - self._done)
        bar = _bar(self._done / max(self._total, 1))
        _write_over(self._stream, f"{bar} {self._done}/{self._total}, {_duration(left)} left")


class Share:
    """Says how much of one thing is done, 0..1, on `stream` (meant for stderr), once it takes a while."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._clock = stream, clock
        self._start = clock()
        self._on_terminal = stream.isatty()
        self._next = self._start + (_FIRST_S if self._on_terminal else _LINE_S)
        self._shown = False

    def show(self, part: float) -> None:
        """So much is done."""
        now = self._clock()
        if now < self._next:
            return
        left = f"{_duration((now - self._start) * (1 - part) / part)} left" if part >= _FORESEEN else "working"
        if self._on_terminal:
            _write_over(self._stream, f"{_bar(part)} {100 * part:.0f} %, {left}")
            self._shown = True
        else:
            print(f"{100 * part:.0f} % done, {left}", file=self._stream, flush=True)
        self._next = now + (_REDRAWN_S if self._on_terminal else _LINE_S)

    def close(self) -> None:
        """Take the bar away."""
        if self._shown:
            _write_over(self._stream, "")


def _bar(part: float) -> str:
    filled = int(_BAR * part)
    return f"[{'#' * filled}{'.' * (_BAR - filled)}]"


def _write_over(stream: TextIO, text: str) -> None:
    """Put a line in the place of the last one; an empty one leaves the cursor at its beginning."""
    width = max(shutil.get_terminal_size().columns - 1, 20)
    stream.write(f"\r{text[:width]:<{width}}{'' if text else chr(13)}")
    stream.flush()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
