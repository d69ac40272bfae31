"""How long a frozen application takes to its window: `python -m tests.bench.frozen_start APPLICATION [--runs 5]`.

Under Xvfb, seen from outside: from the start of the process until its window is mapped and painted, and until it waits
for the user. Beside the time that went by stands the processor's: on a busy machine the one counts what else was going
on, too. "Cold" is after the files of the application were dropped from the system's memory, as far as it lets go of
them; the home is new for the first start, and the same for the others.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from installer.freeze import executable_of

_DISPLAY = ":87"
_LONGEST_S = 300.0
_IDLE_S = 0.3  # without any work of the processor's: it waits for the user


@dataclass(frozen=True)
class Start:
    """Seconds by the clock and of the processor until the window was there, and until there was nothing left to do."""

    window_s: float
    window_cpu_s: float
    idle_s: float
    idle_cpu_s: float


def main() -> None:
    parser = argparse.ArgumentParser(description="Start times of a frozen application.")
    parser.add_argument("application", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    server = shutil.which("Xvfb")
    if server is None:
        sys.exit("Xvfb is missing")
    command = [server, _DISPLAY, "-screen", "0", "1400x900x24", "-noreset"]  # a reset refuses who comes meanwhile
    screen = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        time.sleep(2)
        with tempfile.TemporaryDirectory() as home:
            print_start("first start", [measure(arguments.application, Path(home))])
            print_start("warm", [measure(arguments.application, Path(home)) for _ in range(arguments.runs)])
            cold = []
            for _ in range(max(1, arguments.runs // 2)):
                forget(arguments.application)
                cold.append(measure(arguments.application, Path(home)))
            print_start("cold", cold)
    finally:
        screen.terminate()
        screen.wait()


def measure(application: Path, home: Path) -> Start:
    """One start, ended by a signal once the window waits for the user."""
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "DISPLAY": _DISPLAY, "SWIFTMEDSAM_HOME": str(home / "s"),
        "LANG": "C.UTF-8",
    }  # fmt: skip
    began = time.monotonic()
    process = subprocess.Popen([executable_of(application)], env=environment, stderr=subprocess.DEVNULL)
    try:
        while not window_is_shown(environment):
            if process.poll() is not None or time.monotonic() - began > _LONGEST_S:
                sys.exit(f"no window after {time.monotonic() - began:.0f} s")
            time.sleep(0.01)
        window_s, window_cpu_s = time.monotonic() - began, processor_s(process.pid)
        busy, since = processor_s(process.pid), time.monotonic()
        while time.monotonic() - since < _IDLE_S:
            time.sleep(0.02)
            if processor_s(process.pid) > busy:
                busy, since = processor_s(process.pid), time.monotonic()
        return Start(window_s, window_cpu_s, since - began, busy)
    finally:
        process.terminate()
        process.wait()


def window_is_shown(environment: dict[str, str]) -> bool:
    done = subprocess.run(
        ["xwininfo", "-name", "SwiftMedSAM"], env=environment, capture_output=True, text=True, check=False
    )
    return "IsViewable" in done.stdout


def processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def forget(application: Path) -> None:
    """Drop the files from the system's memory."""
    for file in application.rglob("*"):
        if file.is_file() and not file.is_symlink():
            with file.open("rb") as stream:
                os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def print_start(name: str, starts: list[Start]) -> None:
    def middle(values: list[float]) -> str:
        return f"{statistics.median(values):5.2f}"

    window, window_cpu = middle([start.window_s for start in starts]), middle([start.window_cpu_s for start in starts])
    idle, idle_cpu = middle([start.idle_s for start in starts]), middle([start.idle_cpu_s for start in starts])
    fastest = min(start.window_s for start in starts)
    print(f"{name:12} window {window} s (processor {window_cpu}), idle {idle} s (processor {idle_cpu})", end="")
    print(f"; {len(starts)} starts, the fastest window {fastest:5.2f} s")


if __name__ == "__main__":
    main()
