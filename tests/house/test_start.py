"""What starting the program costs and whom it tells: measured in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_WATCH = """
import json, sys
heard = []
sys.addaudithook(lambda event, _: heard.append(event) if event.startswith("socket.") else None)
{code}
print(json.dumps({{"sockets": heard, "modules": sorted(sys.modules)}}))
"""


def run_watched(code: str, root: Path, home: Path) -> tuple[list[str], list[str]]:
    """Sockets touched and modules loaded by some code in a new interpreter with a home of its own."""
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "SWIFTMEDSAM_HOME")}
    environment |= {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "XDG_DATA_HOME": str(home / "data")}
    done = subprocess.run(
        [sys.executable, "-c", _WATCH.format(code=code)],
        cwd=root, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    seen = json.loads(done.stdout.splitlines()[-1])
    return seen["sockets"], seen["modules"]


@pytest.mark.parametrize("module", ["app.engine.runtime", "convert.package"])
def test_that_openvino_is_loaded_without_a_word_to_anybody(module: str, project_root: Path, tmp_path: Path) -> None:
    if module.startswith("convert"):
        pytest.importorskip("nncf", reason="convert's libraries are an extra")
    code = f"import {module}; from app.engine.runtime import stop_reporting; stop_reporting(); import openvino"
    sockets, modules = run_watched(code, project_root, tmp_path)
    assert sockets == []
    assert "openvino" in modules
    assert "openvino_telemetry.main" not in modules
    assert not (tmp_path / "intel").exists()  # where the reporting keeps its client id


def test_that_help_loads_nothing_heavy(project_root: Path, tmp_path: Path) -> None:
    code = (
        "import contextlib, io, app.cli\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): app.cli.main(['--help'])"
    )
    sockets, modules = run_watched(code, project_root, tmp_path)
    heavy = {"openvino", "PySide6", "SimpleITK", "pydicom", "nibabel", "torch", "nncf", "numpy", "PIL", "scipy"}
    assert sockets == []
    assert heavy & set(modules) == set()
    assert list(tmp_path.iterdir()) == []


def test_that_a_segmentation_on_the_command_line_needs_no_torch(project_root: Path, tmp_path: Path) -> None:
    _, modules = run_watched("import app.cli.segment, app.cli.batch, app.cli.bench", project_root, tmp_path)
    assert {"torch", "nncf", "scipy", "PySide6", "convert"} & set(modules) == set()


def test_that_the_window_is_there_before_large_libraries_are(project_root: Path, tmp_path: Path) -> None:
    _, modules = run_watched("import app.gui.application", project_root, tmp_path)
    heavy = {"openvino", "SimpleITK", "pydicom", "nibabel", "highdicom", "vtkmodules", "PIL", "importlib.metadata"}
    assert heavy & set(modules) == set()
