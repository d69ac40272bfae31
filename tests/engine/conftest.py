"""Tiny model packages, made once for the whole run; tests that change one take a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.engine.manifest import ModelManifest
from app.engine.runtime import CompiledPair
from app.engine.segmenter import ModelSegmenter
from tests.engine.tiny_package import write_tiny_package


@pytest.fixture(scope="session")
def maps_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package prompted by maps; not to be changed."""
    return write_tiny_package(tmp_path_factory.mktemp("packages") / "tiny-maps")


@pytest.fixture(scope="session")
def tokens_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package prompted by boxes and up to two points; not to be changed."""
    return write_tiny_package(tmp_path_factory.mktemp("packages") / "tiny-tokens", encoding="tokens", points=2)


@pytest.fixture
def package_copy(maps_package: Path, tmp_path: Path) -> Path:
    """A package prompted by maps that may be spoilt."""
    return Path(shutil.copytree(maps_package, tmp_path / "tiny-maps"))


@pytest.fixture(scope="session")
def maps_segmenter(maps_package: Path) -> ModelSegmenter:
    """What is bright and prompted by maps is inside."""
    return ModelSegmenter(CompiledPair(ModelManifest.load(maps_package), cache=False))


@pytest.fixture(scope="session")
def tokens_segmenter(tokens_package: Path) -> ModelSegmenter:
    """What is bright and in the box is inside."""
    return ModelSegmenter(CompiledPair(ModelManifest.load(tokens_package), cache=False))
