from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from app import paths

_LINUX = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the XDG variables are Linux's")


def test_that_from_a_checkout_models_and_resources_are_the_checkouts(project_root: Path) -> None:
    assert paths.models_dir() == project_root / "models"
    assert paths.samples_dir() == project_root / "resources" / "samples"


def test_that_an_installed_package_uses_what_lies_in_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "app" / "bundled" / "models").mkdir(parents=True)
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "app" / "paths.py"))
    assert paths.models_dir() == tmp_path.resolve() / "app" / "bundled" / "models"


def test_that_one_variable_moves_everything_that_is_written(user_home: Path) -> None:
    assert paths.cache_dir() == user_home / "cache"
    assert paths.user_data_dir() == user_home / "data"
    assert paths.cache_dir().is_dir()
    assert paths.user_data_dir().is_dir()


@_LINUX
def test_that_the_xdg_folders_are_used_and_relative_ones_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SWIFTMEDSAM_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "somebody"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert paths.cache_dir() == tmp_path / "elsewhere" / "swiftmedsam"
    assert paths.user_data_dir() == tmp_path / "somebody" / ".local" / "share" / "swiftmedsam"


@pytest.mark.parametrize(
    ("platform", "data", "cache"),
    [
        ("darwin", "Library/Application Support/SwiftMedSAM", "Library/Caches/SwiftMedSAM"),
        ("win32", "AppData/Local/SwiftMedSAM", "AppData/Local/SwiftMedSAM/Cache"),
    ],
)
def test_that_each_system_has_its_own_folders(
    platform: str, data: str, cache: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SWIFTMEDSAM_HOME")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "platform", platform)
    assert paths.user_data_dir() == tmp_path / data
    assert paths.cache_dir() == tmp_path / cache


@_LINUX
def test_that_without_any_home_a_private_temporary_folder_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for variable in ("SWIFTMEDSAM_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    _temporary_under(tmp_path, monkeypatch)
    folder = paths.cache_dir()
    assert folder.is_relative_to(tmp_path)
    assert folder.parent.stat().st_mode & 0o077 == 0


def test_that_a_home_that_cannot_be_made_still_leaves_a_cache(
    tmp_path: Path, user_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (user_home / "file").touch()
    monkeypatch.setenv("SWIFTMEDSAM_HOME", str(user_home / "file"))
    _temporary_under(tmp_path, monkeypatch)
    assert paths.cache_dir().is_relative_to(tmp_path)
    assert not paths.user_data_dir().exists()


@_LINUX
def test_that_a_temporary_folder_that_others_may_write_is_not_used(
    tmp_path: Path, user_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = tmp_path / f"swiftmedsam-{os.getuid()}"
    planted.mkdir()
    planted.chmod(0o777)
    (user_home / "file").touch()
    monkeypatch.setenv("SWIFTMEDSAM_HOME", str(user_home / "file"))
    _temporary_under(tmp_path, monkeypatch)
    assert paths.cache_dir() != planted
    assert paths.cache_dir().stat().st_mode & 0o077 == 0


def _temporary_under(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths._temporary.cache_clear()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
