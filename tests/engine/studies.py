"""Small studies on real files, for tests of projects and journals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from app.engine.io.open import read_volume
from app.engine.labelmap import PALETTE, Label
from app.engine.prompt import Box3D
from app.engine.study import Act, LabelChange, Study, StudySource

SHAPE = (3, 4, 5)
WHOLE = Box3D(0, 0, 0, 5, 4, 3)
LIVER, SPLEEN = Label(1, "liver", PALETTE[0]), Label(2, "spleen", PALETTE[1], visible=False)


def write_image(path: Path, *, voxel: int = 0, spacing: float = 2.0) -> Path:
    """A NIfTI of `SHAPE`; `voxel` and `spacing` make another one."""
    voxels = np.arange(60, dtype=np.int16).reshape(SHAPE).T.copy()
    voxels[0, 0, 0] = voxel
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(voxels, np.diag([1.0, 1.0, spacing, 1.0])), path)
    return path


def open_image(path: Path) -> Study:
    """A study without labels."""
    volume = read_volume(path)
    return Study(volume, StudySource(str(path), volume.id))


def begin(path: Path) -> Study:
    """A study with two labels and three acts, one of them a correction of another."""
    study = open_image(write_image(path))
    study.change_labels("Add labels", [LabelChange(None, LIVER), LabelChange(None, SPLEEN)])
    paint(study, 1, Box3D(0, 0, 0, 5, 4, 1), record={"box": [0, 0, 4, 3], "score": 0.1})
    paint(study, 2, Box3D(1, 1, 0, 3, 3, 2))
    return study


def paint(study: Study, label: int, region: Box3D, **options: Any) -> Act:
    """Paint a whole region."""
    mask = np.ones((region.z1 - region.z0, region.y1 - region.y0, region.x1 - region.x0), dtype=np.bool_)
    return study.paint(f"Paint {label}", [(region, mask)], label, **options)


def state(study: Study) -> tuple[bytes, tuple[Label, ...], tuple[Act, ...]]:
    """All that a study remembers, for comparison bit for bit."""
    return study.labels.voxels.tobytes(), study.labels.labels, study.history


def without_edits(of: tuple[bytes, tuple[Label, ...], tuple[Act, ...]]) -> tuple[bytes, tuple[Label, ...], Any]:
    """What a project keeps of it."""
    return of[0], of[1], tuple(act.without_edits() for act in of[2])


def values(study: Study) -> NDArray[np.uint16]:
    """A copy of the label map's voxels."""
    return study.labels.voxels.copy()


def mutate(study: Study, n: int) -> Act:
    """The nth act of a long session, the same for the same n and study; some undo the one before."""
    if n == 0:
        return study.change_labels("Add", [LabelChange(None, LIVER), LabelChange(None, SPLEEN)])
    if n % 5 == 4:
        act = study.history[-1].inverse()
        study.apply(act)
        return act
    mask = np.random.default_rng(n).random(SHAPE) < 0.5
    return study.paint(f"Paint {n}", [(WHOLE, mask)], 1 + n % 2, record={"n": n})
