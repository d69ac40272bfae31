from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.engine.geometry import Geometry
from app.engine.plane import SliceKey
from app.engine.prompt import Box, Prompts
from app.engine.volume import Kind, Volume
from app.gui import inference as module
from app.gui.inference import Inference, ModelChoice, Request


@pytest.mark.parametrize(("worth_seconds", "asked"), [(60.0, True), (-1.0, False)])
def test_that_only_an_encoder_that_is_not_slow_is_asked_ahead(
    worth_seconds: float, asked: bool, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WORTH_S", worth_seconds)
    shape = (4, 40, 48)
    voxels = np.random.default_rng(2).normal(100, 20, shape).astype(np.float32)
    volume = Volume(voxels, Geometry.of_pixels(shape), id="a", kind=Kind.VOLUME)
    inference = Inference(ModelChoice(str(model)))
    key, neighbour = SliceKey(0, 1), SliceKey(0, 2)
    assert not inference.encode_ahead(volume, neighbour, key)  # no view yet
    inference.answer(Request(volume, key, Prompts(Box(10, 10, 30, 30))))
    assert inference.encode_ahead(volume, neighbour, key) is asked


def test_that_work_of_another_model_needs_no_model_in_use(model: Path, tmp_path: Path) -> None:
    inference = Inference(ModelChoice(str(tmp_path / "gone")))
    assert inference.segmenter_for(str(model)).manifest.name == "tiny"
    inference.choose(ModelChoice(str(model)))
    assert inference.segmenter_for(str(model)) is inference.segmenter_for("tiny")
