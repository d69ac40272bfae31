"""Images with boxes by which packages of the SAM family are calibrated and compared: a folder's, or our own samples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from app import paths
from app.engine.errors import EngineError
from app.engine.io.npz import case_volume, read_npz
from app.engine.io.open import read_volume
from app.engine.plane import SliceKey
from app.engine.prompt import Box
from app.engine.prompt_sources import challenge_prompts
from app.engine.segmenter import SliceImage
from app.engine.volume import Volume

_MOST_BOXES = 4  # of one image
_SLICES = 4  # of one volume


@dataclass(frozen=True, eq=False)
class Probe:
    """A slice and boxes in it."""

    modality: str
    image: SliceImage
    boxes: tuple[Box, ...]


def load_probes(data: Path | None, count: int) -> list[Probe]:
    """At most `count` slices, all modalities in turn: of a folder of challenge NPZ, or of the samples that come along.

    Raises EngineError where a folder holds none.
    """
    groups: dict[str, list[Probe]] = defaultdict(list)
    for probe in _of_folder(data, count) if data is not None else _of_samples():
        groups[probe.modality].append(probe)
    chosen = [group[n] for n in range(count) for group in groups.values() if n < len(group)][:count]
    if not chosen:
        raise EngineError(f"{data} holds no challenge NPZ files with boxes")
    return chosen


def _of_folder(folder: Path, count: int) -> Iterator[Probe]:
    files = sorted(folder.rglob("*.npz"), key=lambda path: crc32(path.name.encode()))  # not by modality
    for path in files[: 8 * count]:
        challenge = read_npz(path)
        volume = case_volume(challenge)
        modality = path.name.split("_")[1] if path.name.count("_") else ""
        if challenge.boxes is None:
            yield from _with_random_boxes(volume, modality, path.name)
            continue
        for prompt in challenge_prompts(challenge)[:_MOST_BOXES]:
            if prompt.box3d is not None:
                index = min((prompt.box3d.z0 + prompt.box3d.z1 - 1) // 2, volume.shape_zyx[0] - 1)
                yield Probe(modality, SliceImage.of(volume, SliceKey(0, index)), (prompt.box3d.in_slice(0),))
            elif prompt.box is not None:
                yield Probe(modality, SliceImage.of(volume, SliceKey(0, 0)), (prompt.box,))


def _of_samples() -> Iterator[Probe]:
    for path in sorted(paths.samples_dir().iterdir()):
        if path.suffix in {".gz", ".jpg", ".png", ".dcm"}:
            volume = read_volume(path)
            yield from _with_random_boxes(volume, volume.modality or path.stem.split("_")[0], path.name)


def _with_random_boxes(volume: Volume, modality: str, name: str) -> Iterator[Probe]:
    """Slices spread over the volume, with boxes that have nothing to do with what is in them: arithmetic has not."""
    random = np.random.default_rng(crc32(name.encode()))
    depth, rows, columns = volume.shape_zyx
    for index in sorted({int(n) for n in np.linspace(depth * 0.25, depth * 0.75, _SLICES)}):
        boxes = []
        for _ in range(_MOST_BOXES):
            x, y = (int(n * random.uniform(0.1, 0.5)) for n in (columns, rows))
            width, height = (max(2, int(n * random.uniform(0.1, 0.45))) for n in (columns, rows))
            boxes.append(Box(x, y, x + width, y + height).clipped((rows, columns)))
        yield Probe(modality, SliceImage.of(volume, SliceKey(0, min(index, depth - 1))), tuple(boxes))


def boxes_of(probes: Sequence[Probe]) -> int:
    """How many boxes there are in all."""
    return sum(len(probe.boxes) for probe in probes)
