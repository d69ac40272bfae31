"""The program as its users start it, on images rendered for the purpose."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine.phantom import Phantom, ct_phantom
from tests.engine.tiny_package import write_tiny_package

NIFTI: Any = nib.Nifti1Image  # its class is untyped


@dataclass(frozen=True)
class Ended:
    """How a run of the program ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.out)
        return document


Run = Callable[..., Ended]


@pytest.fixture
def run_app(project_root: Path, user_home: Path) -> Run:
    """Runs `python -m app ARGUMENTS` as a process of its own, in a narrow locale, and waits for its end."""

    def run(*arguments: object, code: int = 0) -> Ended:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "app", *map(str, arguments)],
            cwd=project_root,
            env={**os.environ, "SWIFTMEDSAM_HOME": str(user_home), "LC_ALL": "C"},
            capture_output=True,
            timeout=300,
            check=False,
        )
        ended = Ended(done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8"))
        assert ended.code == code, ended.err or ended.out
        assert "Traceback" not in ended.err
        return ended

    return run


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stand-in for a trained model: what is bright and prompted is inside."""
    return write_tiny_package(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def phantom() -> Phantom:
    """A small CT with exact masks."""
    return ct_phantom(shape_zyx=(12, 56, 64), spacing_xyz=(5.0, 5.0, 10.0))


def write_nifti(path: Path, voxels_zyx: NDArray[Any], affine_ras: NDArray[np.float64]) -> Path:
    """With nibabel, not with our own writers."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(NIFTI(np.ascontiguousarray(voxels_zyx.transpose(2, 1, 0)), affine_ras), path)
    return path


def inclusive(box: Any) -> str:
    """A box as the command line takes it."""
    return ",".join(str(n) for n in box.to_inclusive())


def overlap(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    """Dice coefficient."""
    return 2.0 * float((found & true).sum()) / float(found.sum() + true.sum())
