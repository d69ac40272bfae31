"""The last lines of the program's log, kept in memory for problem reports. Nothing in them says what was open.

Of our own modules the message is kept, up to the first path or quoted name; of libraries only who spoke and where, for
they tell identifiers. Of errors the kind and the places are kept, and not the sentence, which names a file.
"""

from __future__ import annotations

import logging
import re
import sys
import time
import traceback
from collections import deque
from pathlib import Path
from types import TracebackType

_LINES = 200
_OWN = "app"
_TELLING = re.compile(r"[\"'\u201c\u2018].*|\S*[\\/].*|\S+\.[A-Za-z]\w{0,7}\b.*", re.DOTALL)
_LOG = logging.getLogger(__name__)


class LogTail(logging.Handler):
    """Keeps what was logged last; may be called from any thread."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._lines: deque[str] = deque(maxlen=_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, and the places of an error."""
        self._lines.append(told(record))

    @property
    def lines(self) -> tuple[str, ...]:
        """What was kept, the newest last."""
        return tuple(self._lines)

    def listen(self) -> None:
        """Hear all that is logged from now on, uncaught errors included."""
        logging.getLogger().addHandler(self)
        logging.getLogger(_OWN).setLevel(logging.DEBUG)
        before = sys.excepthook

        def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            _LOG.error("uncaught", exc_info=(kind, error, trace))
            before(kind, error, trace)

        sys.excepthook = hook


def told(record: logging.LogRecord) -> str:
    """A record in one line, or more where it has an error."""
    when = time.strftime("%H:%M:%S", time.localtime(record.created))
    own = record.name.split(".")[0] == _OWN
    said = scrubbed(record.getMessage()) if own else f"at {record.module}:{record.lineno}"
    lines = [f"{when} {record.levelname} {record.name}: {said}"]
    if record.exc_info and record.exc_info[1] is not None:
        lines += told_error(record.exc_info[1])
    return "\n".join(lines)


def told_error(error: BaseException) -> list[str]:
    """The kinds of an error and of those behind it, and where they came from, innermost last."""
    lines: list[str] = []
    for each in _chain(error):
        lines.append(f"  {type(each).__name__}")
        for frame in traceback.extract_tb(each.__traceback__):
            lines.append(f"    {'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}")
    return lines


def scrubbed(text: str) -> str:
    """A text up to what may be a path, the name of a file or a quoted name."""
    return _TELLING.sub("\u2026", text)


def _chain(error: BaseException) -> list[BaseException]:
    """An error and its causes, each once."""
    found: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in found:
        found.append(following)
        following = following.__cause__ or following.__context__
    return found
