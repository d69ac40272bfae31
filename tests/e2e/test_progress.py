"""Progress: a bar where somebody looks, plain lines where a file does."""

from __future__ import annotations

import io

from app.cli.progress import Progress, Share


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


def test_that_a_terminal_sees_how_much_is_done_of_what_takes_a_while() -> None:
    stream = _Terminal()
    share = Share(stream, clock=iter((0.0, 0.5, 3.0, 3.1, 6.0)).__next__)

    for part in (0.1, 0.25, 0.26, 0.5):
        share.show(part)
    drawn = stream.getvalue()
    share.close()

    assert "[######..................] 25 %, 0:09 left" in drawn
    assert "[############............] 50 %, 0:06 left" in drawn
    assert "10 %" not in drawn
    assert "26 %" not in drawn
    assert stream.getvalue().endswith("\r")


def test_that_no_time_is_foretold_from_a_part_that_is_hardly_any() -> None:
    stream = io.StringIO()
    share = Share(stream, clock=iter((0.0, 11.0, 22.0)).__next__)
    for part in (0.001, 0.25):
        share.show(part)
    assert stream.getvalue().splitlines() == ["0 % done, working", "25 % done, 1:06 left"]


def test_that_what_is_quickly_done_shows_no_bar() -> None:
    stream = _Terminal()
    share = Share(stream, clock=iter((0.0, 0.2, 0.4)).__next__)
    share.show(0.5)
    share.show(1.0)
    share.close()
    assert stream.getvalue() == ""


def test_that_a_file_gets_a_line_every_ten_seconds() -> None:
    stream = io.StringIO()
    share = Share(stream, clock=iter((0.0, 4.0, 12.0, 15.0, 24.0)).__next__)
    for part in (0.2, 0.4, 0.6, 0.8):
        share.show(part)
    share.close()
    assert stream.getvalue() == "40 % done, 0:18 left\n80 % done, 0:06 left\n"
