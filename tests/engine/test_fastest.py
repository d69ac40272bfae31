from __future__ import annotations

from pathlib import Path

import pytest

from app import paths
from app.engine import fastest
from app.engine.errors import ModelError
from app.engine.manifest import ModelManifest
from app.engine.runtime import CompiledPair
from app.engine.segmenter import open_segmenter
from tests.engine.tiny_package import read_manifest, rewrite_manifest, write_tiny_package


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, maps_package: Path) -> Path:
    """Two bundled packages, alike but for their names and precision."""
    folder = tmp_path / "models"
    for name, precision in (("quick-f32", "f32"), ("small-int8", "int8")):
        write_tiny_package(folder / name, precision=precision)
    monkeypatch.setattr(paths, "models_dir", lambda: folder)
    return folder


def _times(monkeypatch: pytest.MonkeyPatch, **milliseconds: float) -> list[str]:
    """Pretend these times; returns the names as they are measured."""
    measured: list[str] = []

    def pretended(pair: CompiledPair) -> float:
        measured.append(pair.manifest.name)
        return milliseconds[pair.manifest.name.replace("-", "_")]

    monkeypatch.setattr(fastest, "milliseconds", pretended)
    monkeypatch.setattr(fastest, "_BUDGET_S", 3600.0)  # whatever else the machine is doing
    return measured


def test_that_the_fastest_package_is_measured_once_and_remembered(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = _times(monkeypatch, quick_f32=5.0, small_int8=9.0)
    assert open_segmenter().manifest.name == "quick-f32"
    assert sorted(measured) == ["quick-f32"] * 2 + ["small-int8"] * 2
    assert open_segmenter().manifest.name == "quick-f32"
    assert len(measured) == 4
    assert open_segmenter("small-int8").manifest.name == "small-int8"
    assert open_segmenter(installed / "small-int8", threads=1).pair.threads == 1


def test_that_one_busy_moment_does_not_decide(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed.is_dir()
    times = {"quick-f32": iter([50.0, 5.0]), "small-int8": iter([9.0, 9.0])}
    monkeypatch.setattr(fastest, "milliseconds", lambda pair: next(times[pair.manifest.name]))
    monkeypatch.setattr(fastest, "_BUDGET_S", 3600.0)
    assert open_segmenter().manifest.name == "quick-f32"


def test_that_a_quantised_package_wins_ties(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _times(monkeypatch, quick_f32=9.7, small_int8=10.0)
    assert open_segmenter().manifest.name == "small-int8"


def test_that_another_processor_or_another_package_is_measured_anew(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = _times(monkeypatch, quick_f32=5.0, small_int8=9.0)
    open_segmenter()
    monkeypatch.setattr(fastest, "processor_name", lambda _device: "Another processor")
    open_segmenter()
    assert len(measured) == 8
    rewrite_manifest(installed / "quick-f32", read_manifest(installed / "quick-f32") | {"version": "0.0.2"})
    open_segmenter()
    assert len(measured) == 12


def test_that_a_package_that_fails_gives_way_to_the_others(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _times(monkeypatch, quick_f32=5.0, small_int8=9.0)
    open_segmenter()
    (installed / "quick-f32" / "encoder.bin").write_bytes(b"damaged after it was chosen")
    assert open_segmenter().manifest.name == "small-int8"
    (installed / "small-int8" / "encoder.bin").write_bytes(b"damaged as well")
    with pytest.raises(ModelError, match=r"encoder\.bin is damaged"):
        open_segmenter()


def test_that_measuring_ends_with_its_time(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = _times(monkeypatch, quick_f32=5.0, small_int8=9.0)
    monkeypatch.setattr(fastest, "_BUDGET_S", -1.0)
    assert open_segmenter().manifest.name == "small-int8"  # the quantised one comes first
    assert measured == ["small-int8"]


def test_that_who_cannot_wait_gets_the_first_package_and_measures_later(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = _times(monkeypatch, quick_f32=5.0, small_int8=9.0)
    assert open_segmenter(at_once=True).manifest.name == "small-int8"
    assert measured == []
    assert len(list(fastest.measure())) == len(measured) == 4  # one measurement in each step
    assert open_segmenter(at_once=True).manifest.name == "quick-f32"
    assert list(fastest.measure()) == []
    (installed / "quick-f32" / "encoder.bin").write_bytes(b"damaged after it was chosen")
    assert open_segmenter(at_once=True).manifest.name == "small-int8"


def test_that_a_first_package_that_fails_gives_way_at_once(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = _times(monkeypatch, quick_f32=5.0, small_int8=9.0)
    (installed / "small-int8" / "encoder.bin").write_bytes(b"damaged")
    assert open_segmenter(at_once=True).manifest.name == "quick-f32"
    assert measured == []


def test_that_a_record_that_is_no_record_is_passed_over(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = _times(monkeypatch, quick_f32=5.0, small_int8=9.0)
    (paths.user_data_dir() / "fastest-model.json").write_text("[1, ")
    assert open_segmenter().manifest.name == "quick-f32"
    assert len(measured) == 4


def test_that_a_time_is_really_measured(maps_package: Path) -> None:
    assert 0.0 < fastest.milliseconds(CompiledPair(ModelManifest.load(maps_package), cache=False)) < 60_000.0


def test_that_no_package_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "models_dir", lambda: tmp_path)
    with pytest.raises(ModelError, match="no model package is installed"):
        open_segmenter()
