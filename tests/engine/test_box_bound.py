"""What lies far beyond the box is not the object."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine.manifest import ModelManifest
from app.engine.prompt import Box, Point, Prompts
from app.engine.runtime import CompiledPair
from app.engine.segmenter import ModelSegmenter, SliceImage
from app.engine.view import SliceGrid
from tests.engine.tiny_package import write_tiny_package

GRID = SliceGrid(100, 120)
BOX = Box(40, 30, 90, 50)  # 50 columns, 20 rows


class _Everywhere(CompiledPair):
    """A network that sees the object in every pixel."""

    def decode(
        self, embedding: Mapping[str, NDArray[Any]], inputs: Mapping[str, NDArray[np.float32]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        logits, scores = super().decode(embedding, inputs)
        return np.ones_like(logits), scores


def _mask(folder: Path, encoding: str, prompts: Prompts) -> NDArray[np.bool_]:
    package = write_tiny_package(folder / encoding, encoding=encoding)
    segmenter = ModelSegmenter(_Everywhere(ModelManifest.load(package), cache=False))
    image = SliceImage(np.zeros((100, 120), dtype=np.uint8), GRID)
    embedding = segmenter.encode(image, segmenter.view_for(prompts, GRID))
    return segmenter.decode(embedding, [prompts])[0].mask


def test_that_a_mask_keeps_to_its_box_and_a_margin(tmp_path: Path) -> None:
    bounds = Box.of_mask(_mask(tmp_path, "maps", Prompts(BOX)))
    assert bounds == Box(40 - 5, 30 - 3, 90 + 5, 50 + 3)


@pytest.mark.parametrize("positive", [True, False])
def test_that_a_positive_click_beyond_the_box_lifts_the_bound(tmp_path: Path, positive: bool) -> None:
    mask = _mask(tmp_path, "maps", Prompts(BOX, (Point(65.0, 70.0, positive),)))
    assert mask[70, 65] == positive


def test_that_masks_of_the_sam_family_stay_as_they_are(tmp_path: Path) -> None:
    assert _mask(tmp_path, "tokens", Prompts(BOX)).all()
