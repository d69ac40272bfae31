from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from app import paths
from app.engine.io.open import read_volume
from app.engine.phantom import ct_phantom
from app.engine.plane import SliceKey
from app.engine.prompt_file import read_prompt_file

_LICENCES = paths.samples_dir() / "LICENCES.md"
_PROMPTS = paths.samples_dir() / "prompts.json"


def samples() -> list[Path]:
    return sorted(path for path in paths.samples_dir().iterdir() if path not in (_LICENCES, _PROMPTS))


@pytest.mark.parametrize("sample", samples(), ids=lambda path: path.name)
def test_that_a_sample_is_the_file_whose_licence_is_stated(sample: Path) -> None:
    text = _LICENCES.read_text(encoding="utf-8")
    assert f"| `{sample.name}` |" in text
    stated = dict(re.findall(r"^([0-9a-f]{64})  (\S+)$", text, re.MULTILINE))
    stated_hash = next(digest for digest, name in stated.items() if name == sample.name)
    assert hashlib.sha256(sample.read_bytes()).hexdigest() == stated_hash


@pytest.mark.parametrize("sample", samples(), ids=lambda path: path.name)
def test_that_a_sample_can_be_read_and_its_boxes_lie_in_it(sample: Path) -> None:
    volume = read_volume(sample)
    prompts = read_prompt_file(_PROMPTS)[sample.name]
    assert prompts
    for prompt in prompts:
        if prompt.box3d is not None:
            assert prompt.box3d.clipped(volume.shape_zyx) == prompt.box3d
        else:
            assert prompt.box is not None
            assert prompt.index is not None or volume.shape_zyx[0] == 1
            key = SliceKey(0, prompt.index or 0).checked(volume.shape_zyx)
            assert prompt.box.clipped(key.shape(volume.shape_zyx)) == prompt.box


def test_that_the_samples_stay_small() -> None:
    assert sum(path.stat().st_size for path in samples()) < 4_000_000


def test_that_the_phantom_is_what_the_project_renders() -> None:
    volume = read_volume(paths.samples_dir() / "ct_phantom.nii.gz")
    rendered = ct_phantom(noise_hu=20).volume
    assert volume.geometry.is_close(rendered.geometry)
    # HU are rounded, and another processor's square root may round the other way
    assert np.abs(volume.voxels.astype(np.float64) - rendered.voxels).max() <= 1
