"""How long the window's thread is held by acts of a study: `python -m tests.bench.acts [--slices 300]`.

A label map of 300 x 512 x 512 voxels with five objects of a liver's size. Each act is done once and taken back, and
done again; printed are the milliseconds that went by and those that the processor worked.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from app.engine.census import Incoming
from app.engine.geometry import Geometry
from app.engine.labelmap import Label
from app.engine.prompt import Box3D
from app.engine.study import Act, LabelChange, Study, StudySource
from app.engine.volume import Volume
from tests.engine.label_maps import label_map_of

T = TypeVar("T")

_SIDE = 512
_RADII = (70, 95, 95)  # of 1.4 l at 0.75 x 0.75 x 1 mm
_CENTRES = ((0.5, 150, 150), (0.5, 150, 370), (0.5, 370, 150), (0.5, 370, 370), (0.5, 256, 256))


def livers(slices: int) -> Study:
    """Ellipsoids as labels 1 to 5, the last one over the others."""
    shape = (slices, _SIDE, _SIDE)
    z, y, x = np.ogrid[:slices, :_SIDE, :_SIDE]
    values = np.zeros(shape, np.uint16)
    for value, (part, cy, cx) in enumerate(_CENTRES, start=1):
        inside = ((z - part * slices) / _RADII[0]) ** 2 + ((y - cy) / _RADII[1]) ** 2 + ((x - cx) / _RADII[2]) ** 2 < 1
        values[inside] = value
    geometry = Geometry.from_components(shape_zyx=shape, spacing_xyz=(0.75, 0.75, 1.0))
    volume = Volume(np.zeros(shape, np.int16), geometry, id="livers")
    return Study(volume, StudySource("livers", "livers"), label_map_of(values))


class Bench:
    """A study whose acts are timed."""

    def __init__(self, slices: int) -> None:
        self.study = livers(slices)

    def act(self, name: str, make: Callable[[], Act]) -> Act:
        """Do, undo, redo and undo again; print each."""
        act = _timed(name, make)
        inverse = _timed("  its inverse is made", act.inverse)
        _timed("  undo", lambda: self.study.apply(inverse))
        _timed("  redo", lambda: self.study.apply(act))
        self.study.apply(inverse)
        return act

    def run(self) -> None:
        """All acts that touch many voxels."""
        study = self.study
        z, y, x = study.volume.shape_zyx
        label = study.labels.label(3)
        new = LabelChange(None, Label(9, "new", (1, 2, 3)))
        self.act("add a label", lambda: study.change_labels("add", [new]))
        self.act("remove a large label", lambda: study.remove_label(label.value, "remove"))
        middle = np.zeros((y, x), np.bool_)
        middle[200:240, 200:240] = True
        one = Box3D(0, 0, z // 2, x, y, z // 2 + 1)
        self.act("paint in one slice", lambda: study.paint("paint", [(one, middle)], 1))
        box = Box3D(55, 55, z // 2 - 70, 245, 245, z // 2 + 70)
        mask = np.zeros((140, 190, 190), np.bool_)
        mask[:, 10:-10, 10:-10] = True
        self.act("replace a label in its box", lambda: study.replace_label("smooth", box, mask, 1))
        other = Incoming.of(np.roll(study.labels.voxels, 20, axis=2))  # as the engine thread does
        self.act("merge a label map", lambda: study.merge_labels(other, {}, "import"))
        steps, worked = study.merge_steps(other, {}, "import"), []
        while (work := time.thread_time()) and next(steps, None) is not None:
            worked.append(time.thread_time() - work)
        print(f"in {len(worked)} steps, the longest            processor {max(worked) * 1000:8.1f} ms", flush=True)


def _timed(name: str, call: Callable[[], T]) -> T:
    start, work = time.perf_counter(), time.thread_time()
    value = call()
    elapsed, worked = time.perf_counter() - start, time.thread_time() - work
    print(f"{name:<30} {elapsed * 1000:8.1f} ms   processor {worked * 1000:8.1f} ms", flush=True)
    return value


def main() -> None:
    """Print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=300)
    Bench(parser.parse_args().slices).run()


if __name__ == "__main__":
    main()
