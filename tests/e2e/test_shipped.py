"""The model and the samples that ship, together: what a newcomer tries first."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np

from app import paths
from app.engine.phantom import ct_phantom
from tests.e2e.conftest import Run, overlap

_MODEL = "swift-int8"
_ORGANS = ("liver", "left kidney", "vertebra", "stomach")


def test_that_the_shipped_model_finds_the_organs_of_the_sample_ct(run_app: Run, tmp_path: Path) -> None:
    samples = paths.samples_dir()
    done = run_app(
        "segment", samples / "ct_phantom.nii.gz", "-o", tmp_path / "mask.nii.gz", "--json",
        "--prompts", samples / "prompts.json", "--model", _MODEL,
    ).json  # fmt: skip

    found = np.asarray(nib.load(tmp_path / "mask.nii.gz").dataobj).transpose(2, 1, 0)  # type: ignore[attr-defined]
    values = {label["label"]: label["value"] for label in done["labels"]}
    phantom = ct_phantom()
    assert tuple(sorted(values)) == tuple(sorted(_ORGANS))
    for organ in _ORGANS:  # ellipses drawn into the boxes would be right; a wrong place or scale is far below
        assert overlap(found == values[organ], phantom.mask(organ)) > 0.6, organ
