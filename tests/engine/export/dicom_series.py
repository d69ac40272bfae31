"""DICOM series in every orientation, read as volumes, with labels on them, for the tests of SEG and RTSTRUCT."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.io.open import read_volume
from app.engine.volume import Volume
from tests.engine.io.dicom_fixtures import AXIAL, ORIENTATIONS, positions, ramp, write_series

# Rows and columns along every pair of signed axes, slices along the normal or against it: 48 ways to store a volume.
STORED = [(orientation, step) for orientation in ORIENTATIONS for step in (2.5, -2.5)]
SHAPE_ZYX = (5, 6, 7)


def series(folder: Path, orientation: Sequence[float] = AXIAL, step: float = 2.5, **attributes: Any) -> Volume:
    """A series as the reader gives it."""
    write_series(folder, ramp(SHAPE_ZYX), positions(SHAPE_ZYX[0], orientation, step), orientation, **attributes)
    return read_volume(folder)


def some_labels() -> NDArray[np.uint16]:
    """Labels 2, 5 and 300 without symmetry, with a hole, a corner contact, and a slice without any."""
    labels = np.zeros(SHAPE_ZYX, np.uint16)
    labels[1, 1:5, 1:6] = 5
    labels[1, 2:4, 2:4] = 0
    labels[1, 3, 3] = 2
    labels[2, 0, 0] = labels[2, 1, 1] = 2
    labels[3, 0:6, 6] = 5
    labels[4, 5, 0:3] = 300
    return labels


def voxels_in_world(volume: Volume, labels: NDArray[Any]) -> dict[tuple[float, ...], int]:
    """Where every labelled voxel lies (LPS mm, to a hundredth), and its label."""
    k, j, i = np.nonzero(labels)
    world = volume.geometry.to_world(np.stack([i, j, k], axis=1).astype(np.float64))
    return {
        tuple(np.round(place, 2) + 0.0): int(labels[at])
        for place, at in zip(world, zip(k, j, i, strict=True), strict=True)
    }
