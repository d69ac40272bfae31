"""`python -m app [FILE ...]` opens the window; with a subcommand it is the command line, which needs no Qt."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from app.cli import main as command_line
from app.cli.parser import COMMANDS

_WINDOW = "--window"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the window or the command line; the exit code. A subcommand's name is never taken for a file's."""
    words = sys.argv[1:] if argv is None else list(argv)
    if words[:1] == ["selftest"] and _WINDOW in words:
        return command_line(words) or _rehearse()
    if words and (words[0] in COMMANDS or words[0].startswith("-")):
        return command_line(words)
    if words and not all(Path(word).exists() for word in words):
        return command_line(words)  # which says what is wrong
    from app.gui.application import run

    return run([Path(word) for word in words])


def _rehearse() -> int:
    from app.gui.rehearsal import RehearsalError, rehearse

    try:
        print(f"window: ok ({rehearse()})", flush=True)
    except RehearsalError as error:
        print(f"window: FAILED: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
