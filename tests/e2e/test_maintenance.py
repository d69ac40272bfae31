"""`models`, `selftest`, `bench`, and how the program ends when it is cut off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path

import pytest

from app import paths
from app.cli import main
from app.engine.benchmark import run_benchmark


@pytest.fixture
def no_bundled_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a copy of the program that came without models."""
    monkeypatch.setattr(paths, "models_dir", lambda: tmp_path / "none")


@pytest.mark.usefixtures("no_bundled_models")
def test_that_a_package_is_imported_listed_verified_and_used_by_name(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "tiny.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for file in model.iterdir():
            packed.write(file, file.name)

    assert main(["models"]) == 1
    assert "no model package is installed" in capsys.readouterr().err
    assert main(["models", "import", str(archive)]) == 0
    assert main(["models", "import", str(archive)]) == 1
    assert "installed already" in capsys.readouterr().err
    assert main(["models", "list", "--json"]) == 0
    (listed,) = json.loads(capsys.readouterr().out)["models"]
    assert listed["name"] == "tiny"
    assert main(["models", "verify"]) == 0
    assert "tiny 0.0.1" in capsys.readouterr().out

    weights = Path(listed["folder"]) / "decoder.bin"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x7f")
    assert main(["models", "verify"]) == 1
    assert "decoder.bin is damaged" in capsys.readouterr().err
    (Path(listed["folder"]) / "manifest.json").write_text("{}", encoding="utf-8")
    assert main(["models", "verify"]) == 1
    assert "is not understood" in capsys.readouterr().err


def test_that_the_self_test_names_each_part(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["selftest", "--model", str(model), "--threads", "1"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(": ok (")[0] for line in lines] == ["model", "readers", "writers", "segmentation"]


def test_that_the_self_test_goes_on_after_a_failure(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["selftest", "--model", str(tmp_path)]) == 1

    said = capsys.readouterr()
    assert [line.partition(":")[0] for line in said.out.splitlines()] == ["readers", "writers"]
    assert [line.partition(" FAILED")[0] for line in said.err.splitlines()] == ["model:", "segmentation:"]


def test_that_bench_prints_what_was_asked_for(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.bench.run_benchmark", partial(run_benchmark, slices=4, side=96))  # for a quick answer
    assert main(["bench", "--model", str(model), "--runs", "1", "--json"]) == 0

    report = json.loads(capsys.readouterr().out)
    assert {"model", "device", "precision", "threads", "isa", "versions", "peak_rss_mb"} < set(report)
    assert set(report["median_ms"]) == {"encode", "decode", "box_to_mask_new_view", "box_to_mask_known_view"}
    assert report["slices_per_second"] > 0


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
def test_that_a_reader_who_leaves_early_gets_no_trace(project_root: Path, user_home: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "app", "models", "list"],
        cwd=project_root,
        env={**os.environ, "SWIFTMEDSAM_HOME": str(user_home)},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )
    os.close(writing)

    assert done.returncode == 1
    assert done.stderr == ""


def test_that_an_interruption_ends_kindly(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.cli.models.list_packages", interrupted)

    assert main(["models"]) == 1
    assert capsys.readouterr().err == "Stopped.\n"
