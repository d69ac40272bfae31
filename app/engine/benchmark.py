"""What `app bench` measures: the application's own way from a box to a mask, on a synthetic volume."""

from __future__ import annotations

import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from app.engine.geometry import Geometry
from app.engine.hardware import instruction_set, peak_memory_mb
from app.engine.model_inputs import decoder_inputs, encoder_input
from app.engine.plane import SliceKey
from app.engine.prompt import Box, Box3D, Prompts
from app.engine.propagate import propagate
from app.engine.runtime import openvino_version, processor_name
from app.engine.segmenter import ModelSegmenter, SliceImage
from app.engine.volume import Volume

SIDE, SLICES = 512, 100  # voxels of the synthetic volume
_RADIUS = 60.0  # voxels of its object


@dataclass(frozen=True)
class Report:
    """Figures of one run, named as in the JSON that `app bench --json` prints."""

    model: str
    device: str
    precision: str
    threads: int
    isa: str
    processor: str
    versions: dict[str, str]
    median_ms: dict[str, float]
    slices_per_second: float
    peak_rss_mb: float

    def to_json(self) -> dict[str, object]:
        """As a JSON object."""
        return asdict(self)


def synthetic_volume(slices: int = SLICES, side: int = SIDE) -> Volume:
    """A CT-like int16 volume (slices, side, side) of 1 x 1 x 1 mm: a bright ball of changing radius in noise."""
    rng = np.random.default_rng(20240607)
    y, x = np.ogrid[0:side, 0:side]
    distance = np.hypot(x - side / 2, y - side / 2)
    voxels = np.empty((slices, side, side), dtype=np.int16)
    for z in range(slices):
        voxels[z] = np.where(distance < _radius(z, slices, side), 160, 40) + rng.normal(0.0, 20.0, (side, side))
    geometry = Geometry.from_components(shape_zyx=voxels.shape, spacing_xyz=(1.0, 1.0, 1.0))
    return Volume(voxels, geometry, id="synthetic", modality="CT", unit="HU")


def run_benchmark(segmenter: ModelSegmenter, *, runs: int = 30, slices: int = SLICES, side: int = SIDE) -> Report:
    """Measure a segmenter: medians over `runs` after warming up, and one object carried through all slices.

    `encode` and `decode` are the networks alone (one box); `box_to_mask_*` is everything from a box on a slice to its
    mask, in a view not encoded yet or in one that is.
    """
    volume = synthetic_volume(slices, side)
    return Report(
        model=segmenter.manifest.name,
        device=segmenter.pair.device,
        precision=segmenter.pair.precision,
        threads=segmenter.pair.threads,
        isa=instruction_set(),
        processor=processor_name(segmenter.pair.device),
        versions={"openvino": openvino_version(), "numpy": np.__version__, "python": platform.python_version()},
        median_ms=_medians(segmenter, volume, runs),
        slices_per_second=round(_slices_per_second(segmenter, volume), 2),
        peak_rss_mb=round(peak_memory_mb(), 1),
    )


def _medians(segmenter: ModelSegmenter, volume: Volume, runs: int) -> dict[str, float]:
    image = SliceImage.of(volume, SliceKey(0, volume.shape_zyx[0] // 2))
    prompts = Prompts(_box(volume))
    view = segmenter.view_for(prompts, image.grid)
    pixels = encoder_input(segmenter.manifest, image.pixels, view, modality=image.modality)
    inputs = decoder_inputs(segmenter.manifest, [prompts], view)
    tensors = segmenter.pair.encode(pixels)
    embedding = segmenter.encode(image, view)

    def box_to_mask_new_view() -> None:
        new_view = segmenter.view_for(prompts, image.grid)
        segmenter.decode(segmenter.encode(image, new_view), [prompts])

    measured: dict[str, Callable[[], object]] = {
        "encode": lambda: segmenter.pair.encode(pixels),
        "decode": lambda: segmenter.pair.decode(tensors, inputs),
        "box_to_mask_new_view": box_to_mask_new_view,
        "box_to_mask_known_view": lambda: segmenter.decode(embedding, [prompts]),
    }
    return {name: round(_median_ms(call, runs), 3) for name, call in measured.items()}


def _median_ms(call: Callable[[], object], runs: int) -> float:
    times = []
    for n in range(runs + 2):
        start = time.perf_counter()
        call()
        if n >= 2:  # the first ones warm up
            times.append((time.perf_counter() - start) * 1000.0)
    return statistics.median(times)


def _slices_per_second(segmenter: ModelSegmenter, volume: Volume) -> float:
    box = _box(volume)
    slices = volume.shape_zyx[0]
    start = time.perf_counter()
    done = sum(1 for _ in propagate(segmenter, volume, Box3D(box.x0, box.y0, 0, box.x1, box.y1, slices)))
    return done / (time.perf_counter() - start)


def _radius(z: int, slices: int, side: int) -> float:
    """Of the object in slice z: largest in the middle, two thirds of it at both ends."""
    return _RADIUS * side / SIDE * float(2.0 + np.sin(np.pi * (z + 0.5) / slices)) / 3.0


def _box(volume: Volume) -> Box:
    """Around the object where it is largest."""
    slices, side, _ = volume.shape_zyx
    radius = round(_radius(slices // 2, slices, side)) + 2
    return Box(side // 2 - radius, side // 2 - radius, side // 2 + radius, side // 2 + radius)
