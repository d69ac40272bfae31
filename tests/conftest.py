"""What every test gets: a home of its own, fixed seeds, and the shared data where there are any."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, settings

from app.engine.runtime import stop_reporting

stop_reporting()  # before any test imports openvino by itself

ROOT = Path(__file__).resolve().parents[1]

# Timing says nothing on a shared machine, the same examples everywhere make a failure repeatable, and Hypothesis' own
# explanation of a failure takes minutes.
_PHASES = [phase for phase in Phase if phase is not Phase.explain]
settings.register_profile("project", deadline=None, derandomize=True, print_blob=True, phases=_PHASES)
settings.load_profile("project")


@pytest.fixture(autouse=True)
def user_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that stands for the user's: nothing is read from or written to the real one."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("SWIFTMEDSAM_HOME", str(home))
    return home


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers, the same in every run."""
    return np.random.default_rng(20240607)


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The checkout that is tested."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real images that are never committed; tests that need them are skipped where they are absent."""
    shared = Path(os.environ.get("SWIFTMEDSAM_SHARED", ROOT.parent / "shared"))
    data = shared / "data"
    if not (data / "index.csv").is_file():
        pytest.skip("the shared data are not beside this checkout (SWIFTMEDSAM_SHARED names their folder)")
    return data
