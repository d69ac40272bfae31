"""Event-loop stalls over 50 ms while a large CT is opened, an object carried through it, and the project saved.

`python -m tests.bench.stalls [--slices 300]`: a heartbeat of the event loop every 2 ms; what lies further apart than
that is time in which the window did not answer. Prints all gaps over 50 ms and the longest of each part; and, as on a
busy machine the clock counts what other programs did, too, the longest that the processor worked within one gap: for
the window's thread itself, and for the other threads, which have kept it waiting if that is long (they let it go on
every few milliseconds, unless a library holds Python's lock).
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import nibabel as nib
import numpy as np
from PySide6.QtCore import QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QWidget

from app.engine.benchmark import synthetic_volume
from app.engine.plane import SliceKey
from app.engine.prompt import Box
from app.gui.application import make_application
from app.gui.canvas.requests import BoxDrag, Phase
from app.gui.context import Context
from app.gui.dialogs.asks import Asks
from app.gui.garbage import GuiCollector
from app.gui.settings import Settings

_STALL_S = 0.05
_BEAT_MS = 2
_PATIENCE_MS = 300_000


class _Asks(Asks):
    """Knows where to save."""

    target: Path | None = None

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)

    def error(self, error: Exception) -> None:
        raise SystemExit(str(error))

    def save_project(self, suggested: Path) -> Path | None:
        return self.target


class Heart(QObject):
    """Beats in the event loop and notes how far apart the beats were."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps: list[float] = []
        self.own: list[float] = []  # seconds of the processor's in each gap, of this thread
        self.others: list[float] = []
        self._last, self._own, self._all = _clocks()
        self._timer = QTimer(self)
        self._timer.setInterval(_BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now, own, everything = _clocks()
        self.gaps.append(now - self._last)
        self.own.append(own - self._own)
        self.others.append((everything - self._all) - (own - self._own))
        self._last, self._own, self._all = now, own, everything

    def report(self, part: str, seconds: float) -> None:
        """Print what happened since the last report."""
        stalls = sorted((gap for gap in self.gaps if gap > _STALL_S), reverse=True)
        gap, own, others = (max(times, default=0.0) * 1000 for times in (self.gaps, self.own, self.others))
        print(
            f"{part:<12} {seconds:7.2f} s   longest gap {gap:6.1f} ms, processor's work in one: own {own:6.1f} ms, "
            f"others' {others:6.1f} ms   gaps over {_STALL_S * 1000:.0f} ms by the clock: {len(stalls)}, by own work: "
            f"{sum(time > _STALL_S for time in self.own)}  {[round(s * 1000) for s in stalls[:8]]}",
            flush=True,
        )
        self.gaps, self.own, self.others = [], [], []
        self._last, self._own, self._all = _clocks()


def _clocks() -> tuple[float, float, float]:
    """Seconds by the clock, of this thread's processor time, and of that of all threads."""
    return time.perf_counter(), time.thread_time(), time.process_time()


def wait_for(condition: Callable[[], bool]) -> float:
    """Let the window live until a condition holds; the seconds that took."""
    start = time.perf_counter()
    loop = QEventLoop()
    poll = QTimer()
    poll.setInterval(1)
    poll.timeout.connect(lambda: loop.quit() if condition() else None)
    poll.start()
    QTimer.singleShot(_PATIENCE_MS, loop.quit)
    loop.exec()
    if not condition():
        raise SystemExit("it did not come about in time")
    return time.perf_counter() - start


def write_volume(folder: Path, slices: int) -> Path:
    """A CT of 512 x 512 with one long object, as NIfTI."""
    volume = synthetic_volume(slices=slices)
    path = folder / "ct.nii"
    voxels = np.ascontiguousarray(volume.voxels.transpose(2, 1, 0))
    nib.save(nib.Nifti1Image(voxels, volume.geometry.affine_ras), path)
    return path


def main() -> None:
    """Open, draw, carry, save; print the gaps of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=300)
    slices = parser.parse_args().slices
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["SWIFTMEDSAM_HOME"] = str(folder / "home")
        path = write_volume(folder, slices)
        collector = GuiCollector(make_application())
        context = Context(Settings(), asks=_Asks)
        context.window.show()
        wait_for(context.window.isVisible)
        run(context, path, folder / "case.swiftmed")
        context.close()
        collector.stop()


def run(context: Context, path: Path, project: Path) -> None:
    """The parts, one after the other."""
    document, proposal = context.document, context.proposal
    heart = Heart()
    context.open([path])
    heart.report("open", wait_for(lambda: document.study is not None))
    heart.report("model", wait_for(lambda: context.jobs.is_idle))
    study = document.study
    if study is None:
        return
    z, y, x = study.volume.shape_zyx
    key = SliceKey(0, z // 2)
    context.view_state.go_to(key)
    r = 75
    for step, phase in ((r - 8, Phase.BEGIN), *((r - n, Phase.MOVE) for n in range(8, 0, -1)), (r, Phase.END)):
        box = Box(x // 2 - r, y // 2 - r, x // 2 + step, y // 2 + step)
        context.segment.drag_box(BoxDrag(key, box, phase, new=True))
    heart.report("box", wait_for(lambda: proposal.preview is not None and proposal.preview.fresh))
    context.propagate.start()
    heart.report("propagate", wait_for(lambda: proposal.carried is not None and not proposal.carried.running))
    carried = proposal.carried
    print(f"             {0 if carried is None else len(carried.slices)} slices carried")
    asks = context.asks
    if isinstance(asks, _Asks):
        asks.target = project
    context.saving.save_as()
    heart.report("save", wait_for(lambda: not document.is_modified))


if __name__ == "__main__":
    main()
