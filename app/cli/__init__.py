"""The command line: arguments to a use case of the engine, its outcome to an exit code.

Exit codes: 0 all done, 1 something failed (said on stderr), 2 wrong use.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

from app.cli.errors import UsageError
from app.cli.parser import build_parser
from app.engine.errors import EngineError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit code; only here are errors turned into sentences."""
    _speak_utf8()
    arguments = build_parser().parse_args(_with_negative_numbers(sys.argv[1:] if argv is None else argv))
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output left, as `head` does
        _silence_stdout()
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 1
    except UsageError as error:
        print(f"Wrong use: {error}", file=sys.stderr)
        return 2
    except EngineError as error:
        if arguments.debug:
            raise
        print(str(error), file=sys.stderr)
        return 1
    except Exception as error:  # the rim of the program: users get a sentence, --debug the trace
        if arguments.debug:
            raise
        print(_sentence(error), file=sys.stderr)
        return 1
    return code


def _with_negative_numbers(argv: Sequence[str]) -> list[str]:
    """`--box -5,0,9,9` as `--box=-5,0,9,9`: argparse takes what begins with a minus for an option."""
    joined: list[str] = []
    for word in argv:
        if (
            joined
            and joined[-1] in {"--box", "--box3d", "--point", "--slice"}
            and word[:1] == "-"
            and word[1:2].isdigit()
        ):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:  # too long a name, or below a closed folder
        return f"cannot use {os.fsdecode(error.filename)}: {error.strerror}"
    first = str(error).partition("\n")[0]
    return f"Unexpected {type(error).__name__}: {first} (run again with --debug to see where)"


def _speak_utf8() -> None:
    """Write UTF-8 whatever the terminal's locale is; undecodable file names come out escaped, not as a crash."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # absent where a test has put a plain buffer
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def _silence_stdout() -> None:
    """Keep the interpreter from flushing into the closed pipe at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
