from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

_PARTS = (
    "app", "convert", "models", "resources", "pyproject.toml", "setup.py", "README.md", "CHANGELOG.md", "LICENSE",
    "NOTICE",
)  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, project_root: Path) -> Path:
    """A folder like site-packages, with what a wheel of this checkout installs."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    for part in _PARTS:
        if (project_root / part).is_dir():
            shutil.copytree(project_root / part, source / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(project_root / part, source / part)
    subprocess.run(
        [sys.executable, "-c", f"from setuptools import build_meta; build_meta.build_wheel({str(target)!r})"],
        cwd=source, check=True, capture_output=True,
    )  # fmt: skip
    wheel = next(target.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    wheel.unlink()
    return target


def files_below(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_that_the_wheel_carries_models_and_resources_but_no_weights(installed: Path, project_root: Path) -> None:
    for folder in ("models", "resources"):
        weights = {name for name in files_below(project_root / folder) if str(name).endswith(".safetensors")}
        changes = {"CHANGELOG.md"} if folder == "resources" else set()
        found = files_below(installed / "app" / "bundled" / folder)
        assert found == files_below(project_root / folder) - weights | changes


def test_that_the_wheel_carries_every_module_and_the_licence(installed: Path, project_root: Path) -> None:
    for package in ("app", "convert"):
        modules = {name for name in files_below(project_root / package) if name.endswith(".py")}
        assert modules <= files_below(installed / package)
    licences = {path.name for path in installed.glob("*.dist-info/licenses/*")}
    assert licences == {"LICENSE", "NOTICE"}


def printed(code: str, installed: Path, folder: Path) -> str:
    """What a line of Python prints where the wheel is installed and the checkout is far away."""
    return subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code], cwd=folder, env=os.environ | {"PYTHONPATH": str(installed)},
        check=True, capture_output=True, encoding="utf-8",
    ).stdout  # fmt: skip


def test_that_the_installed_program_finds_its_samples_from_anywhere(installed: Path, tmp_path: Path) -> None:
    samples = Path(printed("from app import paths; print(paths.samples_dir())", installed, tmp_path).strip())
    assert samples == installed / "app" / "bundled" / "resources" / "samples"
    assert (samples / "prompts.json").is_file()


def test_that_the_installed_program_tells_what_is_new(installed: Path, tmp_path: Path, project_root: Path) -> None:
    told = printed("from app.gui.notices import changelog; print(changelog(), end='')", installed, tmp_path)
    assert told == (project_root / "CHANGELOG.md").read_text(encoding="utf-8")
