from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine.manifest import ModelManifest
from app.engine.prompt import Box
from app.engine.segmenter import SliceImage
from app.engine.view import SliceGrid
from convert.parity_sam import compare
from convert.probes import Probe
from tests.engine.tiny_package import SIZE, write_tiny_package

RAMP: NDArray[np.float32] = np.linspace(-1, 1, SIZE * SIZE, dtype=np.float32).reshape(1, SIZE, SIZE)


@pytest.mark.parametrize(
    ("wanted", "found", "overlap", "empty"),
    [
        (RAMP, RAMP, 1.0, 0),
        (RAMP, -RAMP, 0.0, 0),
        (RAMP, RAMP - 2, 0.0, 0),
        (RAMP - 2, RAMP - 2, 1.0, 1),
        (RAMP - 2, -RAMP - 2, 0.0, 1),  # neither gives a mask, yet they have nothing in common
        (RAMP - 2, RAMP - 2.5, 2 / 3, 1),  # a quarter of the cells lies between
    ],
)
def test_that_masks_are_compared_even_where_they_are_empty(
    wanted: NDArray[np.float32], found: NDArray[np.float32], overlap: float, empty: int, tmp_path: Path
) -> None:
    manifest = ModelManifest.load(write_tiny_package(tmp_path / "tiny", encoding="tokens"))
    image = SliceImage(np.zeros((SIZE, SIZE), dtype=np.uint8), SliceGrid(SIZE, SIZE))
    probes = [Probe("US", image, (Box(2, 2, 9, 9),))]
    answers = [
        [(np.zeros(3, dtype=np.float32), logits, np.ones((1, 1), dtype=np.float32))] for logits in (wanted, found)
    ]
    report = compare(manifest, probes, *answers)
    assert report["mask_dsc_by_modality"] == {"US": pytest.approx(overlap, abs=0.01)}
    assert report["empty_masks"] == empty
