"""`python -m app [--model NAME] [FILE ...]` opens the window; a subcommand is the command line, which needs no Qt."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from app.cli import main as command_line
from app.cli.parser import COMMANDS
from app.engine.errors import ModelError
from app.engine.manifest import find_package

_WINDOW = "--window"
_MODEL = "--model"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the window or the command line; the exit code. A subcommand's name is never taken for a file's."""
    words = sys.argv[1:] if argv is None else list(argv)
    if words[:1] == ["selftest"] and _WINDOW in words:
        return command_line(words) or _rehearse()
    model, files = (words[1], words[2:]) if words[:1] == [_MODEL] and len(words) > 1 else (None, words)
    if files and (files[0] in COMMANDS or files[0].startswith("-")):
        return command_line(words)
    if files and not all(Path(word).exists() for word in files):
        return command_line(files)  # which says what is wrong
    return _open_window([Path(word) for word in files], model)


def _open_window(files: Sequence[Path], model: str | None) -> int:
    """With a package by its name or folder, if one is named; a wrong name is one sentence, before anything is shown."""
    if model is not None:
        try:
            find_package(model)
        except ModelError as error:
            print(f"swiftmedsam: {error}", file=sys.stderr)
            return 1
    from app.gui.application import run

    return run(files, model)


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
