"""What tests of the window share: no screen is needed, nothing of the user's is touched, nothing is left running."""

from __future__ import annotations

import gc
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before Qt is imported; a real screen may be asked for

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.engine.geometry import Geometry
from app.engine.labelmap import LabelMap
from app.engine.study import Study, StudySource
from app.engine.volume import Volume
from app.gui.document import Document
from app.gui.jobs import Jobs
from tests.engine.tiny_package import write_tiny_package


@pytest.fixture(autouse=True)
def collected_here(qapp: object) -> Iterator[None]:
    """No object of Qt is destroyed by the engine thread: cycles are collected after the test, see app.gui.garbage."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture
def jobs(qapp: object) -> Iterator[Jobs]:
    """An engine thread that ends with the test."""
    made = Jobs()
    yield made
    made.close()


@pytest.fixture
def study() -> Study:
    """A CT of 8 x 40 x 48 voxels with a bright ball, and one label."""
    z, y, x = np.ogrid[:8, :40, :48]
    ball = ((z - 4) * 5) ** 2 + (y - 18) ** 2 + (x - 26) ** 2 <= 10**2
    voxels = np.where(ball, 300, -50).astype(np.int16)
    geometry = Geometry.from_components(shape_zyx=(8, 40, 48), spacing_xyz=(1.0, 1.0, 5.0))
    volume = Volume(voxels, geometry, id="ball", modality="CT", unit="HU")
    labels = LabelMap(volume.shape_zyx)
    labels.add_label("ball")
    return Study(volume, StudySource("ball.nii.gz", "ball"), labels)


@pytest.fixture
def document(qapp: object, study: Study) -> Document:
    """A document in which the ball is open."""
    made = Document()
    made.open(study)
    return made


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stand-in for a trained model: what is bright and prompted is inside."""
    return write_tiny_package(tmp_path_factory.mktemp("models") / "tiny")
