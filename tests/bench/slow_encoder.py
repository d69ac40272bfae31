"""A box dragged in the window before a slow encoder: `python -m tests.bench.slow_encoder [--package FOLDER]`.

Without a package LiteMedSAM with random weights is exported first, on which time does not depend. The mouse moves the
box's corner every 33 ms. Printed: gaps of the event loop (stalls over 50 ms are times in which the window did not
answer) until the slice is encoded, while the box is dragged in a slice whose embedding is there, and after; how many
of the boxes got an answer of the model, and how long the last one waited for its own.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QObject, QTimer

from app.engine.plane import SliceKey
from app.engine.prompt import Box
from app.gui.application import make_application
from app.gui.canvas.requests import BoxDrag, Phase
from app.gui.context import Context
from app.gui.dialogs.asks import Asks
from app.gui.garbage import GuiCollector
from app.gui.inference import ModelChoice
from app.gui.settings import Settings
from tests.bench.stalls import Heart, wait_for, write_volume

_MOVE_MS = 33
_SLICES = 8


class _NoQuestions(Asks):
    def error(self, error: Exception) -> None:
        raise SystemExit(str(error))


class Mouse(QObject):
    """Draws a box, one corner at a time, and notes what the model answers to it."""

    def __init__(self, context: Context, key: SliceKey, boxes: Sequence[Box]) -> None:
        super().__init__()
        self.done = False
        self.answered: list[Box | None] = []
        self._segment, self._proposal, self._key = context.segment, context.proposal, key
        self._boxes = list(boxes)
        self._next = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_MOVE_MS)
        self._timer.timeout.connect(self._move)
        self._proposal.preview_changed.connect(self._note)
        self._timer.start()

    def _move(self) -> None:
        last = len(self._boxes) - 1
        phase = Phase.BEGIN if self._next == 0 else Phase.END if self._next == last else Phase.MOVE
        self._segment.drag_box(BoxDrag(self._key, self._boxes[self._next], phase, new=True))
        self._next += 1
        if phase is Phase.END:
            self._timer.stop()
            self.done = True

    def _note(self) -> None:
        preview = self._proposal.preview
        if preview is not None and preview.fresh and preview.box not in self.answered:
            self.answered.append(preview.box)

    @property
    def has_its_mask(self) -> bool:
        """Whether the mask that is shown is that of the last box."""
        preview = self._proposal.preview
        return self.done and preview is not None and preview.fresh and preview.box == self._boxes[-1]


def run(context: Context, path: Path, moves: int) -> None:
    """Open, then drag a box in a slice that is not encoded yet, and once more where it is."""
    heart = Heart()
    context.open([path])
    heart.report("open", wait_for(lambda: context.document.study is not None))
    study = context.document.study
    if study is None:
        return
    z, y, x = study.volume.shape_zyx
    for part, index in (("first drag", z // 2), ("second drag", z // 2)):
        context.view_state.go_to(SliceKey(0, index))
        boxes = [Box(x // 2 - 80, y // 2 - 80, x // 2 + n, y // 2 + n) for n in range(10, 10 + 2 * moves, 2)]
        began = time.perf_counter()
        mouse = Mouse(context, SliceKey(0, index), boxes)
        heart.report(part, wait_for(lambda: mouse.done))  # noqa: B023 - waited for within this turn
        moved = time.perf_counter() - began
        heart.report("its mask", wait_for(lambda: mouse.has_its_mask))  # noqa: B023
        print(
            f"             {len(boxes)} boxes in {moved:.2f} s, {len(mouse.answered)} of them answered; "
            f"the last after {time.perf_counter() - began - moved:.2f} s more"
        )
    heart.report("idle", wait_for(lambda: context.jobs.is_idle))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the gaps of each part."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.slow_encoder")
    parser.add_argument("--package", type=Path, help="a model package; default: LiteMedSAM with random weights")
    parser.add_argument("--moves", type=int, default=60, help="of the mouse, 33 ms apart (default 60)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="slow-encoder-") as name:
        folder = Path(name)
        os.environ["SWIFTMEDSAM_HOME"] = str(folder / "home")
        package = options.package or _exported(folder / "litemedsam")
        path = write_volume(folder, _SLICES)
        collector = GuiCollector(make_application())
        context = Context(Settings(), model=ModelChoice(str(package)), asks=_NoQuestions)
        context.window.show()
        wait_for(context.window.isVisible)
        run(context, path, options.moves)
        context.close()
        collector.stop()
    return 0


def _exported(folder: Path) -> Path:
    from convert.export_sam import export_sam, with_random_weights

    sam = with_random_weights("litemedsam", seed=0)
    export_sam(sam, folder, name="litemedsam", family="litemedsam", training={"weights": "random"})
    return folder


if __name__ == "__main__":
    sys.exit(main())
