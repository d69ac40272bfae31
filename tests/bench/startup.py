"""How long until the window can be used: `python -m tests.bench.startup [--runs 5]`.

Each run is a process of its own, as a user's start is. Printed is, step by step, the time from the step before and the
processor's time of the whole process: median of all runs. The first run, in which nothing is compiled or measured,
stands apart.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before Qt is imported

_STEPS = ("interpreter", "imports", "application and colours", "everything built", "window shown", "model opened")
_HEAVY = ("pydicom", "SimpleITK", "vtkmodules", "openvino", "nibabel", "highdicom", "PIL")
_PATIENCE_MS = 120_000


def start() -> None:
    """One start, as `app.gui.application.run` goes; JSON of (seconds, processor seconds) after each step."""
    stamps = [_stamp()]
    from app.gui.application import make_application
    from app.gui.context import Context
    from app.gui.jobs import Lane
    from app.gui.settings import Settings
    from app.gui.theme import Theme

    stamps.append(_stamp())
    imported = [name for name in _HEAVY if name in sys.modules]
    from PySide6.QtCore import QEventLoop, QTimer

    application = make_application()
    theme = Theme(application, application)
    stamps.append(_stamp())
    context = Context(Settings())
    theme.changed.connect(context.actions.draw_icons)
    stamps.append(_stamp())
    context.window.show()
    loop = QEventLoop()
    QTimer.singleShot(0, loop.quit)  # after the first events, and with them the first picture
    loop.exec()
    context.window.grab()
    stamps.append(_stamp())
    context.open([])
    poll = QTimer()
    poll.setInterval(2)
    poll.timeout.connect(lambda: loop.quit() if not context.jobs.is_running(Lane.MODEL) else None)
    poll.start()
    QTimer.singleShot(_PATIENCE_MS, loop.quit)
    loop.exec()
    stamps.append(_stamp())
    context.close()
    print(json.dumps({"stamps": stamps, "imported": imported}))


def main() -> None:
    """Print the breakdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--start", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.start:
        start()
        return
    with tempfile.TemporaryDirectory() as home:
        runs = [_run(home) for _ in range(arguments.runs + 1)]
    print(f"imported before the window is there: {', '.join(runs[-1][1]) or 'none of the large libraries'}")
    for name, some in (("first start", runs[:1]), (f"later starts, median of {arguments.runs}", runs[1:])):
        print(name)
        elapsed, worked = 0.0, 0.0
        for number, step in enumerate(_STEPS):
            wall = statistics.median(run[0][number][0] for run in some)
            work = statistics.median(run[0][number][1] for run in some)
            print(f"  {step:<26} {wall:7.3f} s   processor {work:7.3f} s")
            elapsed, worked = elapsed + wall, worked + work
            if step == "window shown":
                print(f"  {'the window can be used':<26} {elapsed:7.3f} s   processor {worked:7.3f} s")


def _run(home: str) -> tuple[list[tuple[float, float]], list[str]]:
    """(elapsed, processor) seconds of each step, and which large libraries were imported."""
    before = time.time()
    environment = os.environ | {"SWIFTMEDSAM_HOME": home, "PYTHONPYCACHEPREFIX": str(Path(home) / "compiled")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has been compiled
    command = [sys.executable, "-m", "tests.bench.startup", "--start"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    stamps = [(before, 0.0), *told["stamps"]]
    steps = [(after[0] - first[0], after[1] - first[1]) for first, after in pairwise(stamps)]
    return steps, told["imported"]


def _stamp() -> tuple[float, float]:
    return time.time(), time.process_time()


if __name__ == "__main__":
    main()
