"""Progress: a bar where somebody looks, plain lines where a file does."""

from __future__ import annotations

import io

from app.cli.progress import Progress


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_that_a_file_gets_a_plain_line_for_each_step() -> None:
    stream = io.StringIO()
    progress = Progress(2, stream)

    progress.step("a: done")
    progress.step("b: FAILED: cut short", important=True)
    progress.close()

    assert stream.getvalue() == "1/2 a: done\n2/2 b: FAILED: cut short\n"


def test_that_a_terminal_gets_a_bar_with_the_time_left_and_keeps_what_is_important() -> None:
    stream = _Terminal()
    progress = Progress(4, stream, clock=iter((0.0, 10.0, 20.0)).__next__)

    progress.step("a: done")
    progress.step("b: FAILED: cut short", important=True)
    progress.close()

    drawn = stream.getvalue()
    assert "[######..................] 1/4, 0:30 left" in drawn
    assert "[############............] 2/4, 0:20 left" in drawn
    assert "b: FAILED: cut short\n" in drawn
    assert "a: done" not in drawn
    assert drawn.endswith("\r")
