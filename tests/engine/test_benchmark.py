from __future__ import annotations

import json

import numpy as np

from app.engine.benchmark import run_benchmark, synthetic_volume
from app.engine.segmenter import ModelSegmenter


def test_that_the_report_holds_what_bench_prints(maps_segmenter: ModelSegmenter) -> None:
    report = run_benchmark(maps_segmenter, runs=3, slices=6, side=64)
    printed = json.loads(json.dumps(report.to_json()))
    assert {"model", "device", "precision", "threads", "isa", "versions", "median_ms", "slices_per_second"} < set(
        printed
    )
    assert (printed["model"], printed["device"], printed["precision"]) == ("tiny-maps", "CPU", "f32")
    assert set(printed["median_ms"]) == {"encode", "decode", "box_to_mask_new_view", "box_to_mask_known_view"}
    assert all(value > 0 for value in printed["median_ms"].values())
    assert printed["slices_per_second"] > 0
    assert printed["peak_rss_mb"] > 20
    assert "openvino" in printed["versions"]


def test_that_the_synthetic_volume_is_the_same_every_time_and_holds_an_object() -> None:
    first, second = (synthetic_volume(4, 64) for _ in range(2))
    np.testing.assert_array_equal(first.voxels, second.voxels)
    centre, corner = first.voxels[:, 32, 32].mean(), first.voxels[:, 2, 2].mean()
    assert centre > corner + 60
