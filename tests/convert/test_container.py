"""The challenge's contract, held by the container's script in a folder of its own that stands for the container."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from convert.__main__ import main
from tests.convert.test_challenge_data import save
from tests.engine.tiny_package import write_tiny_package

ROOT = Path(__file__).resolve().parents[2]
CONTAINER = ROOT / "installer" / "container"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the container is one of Linux")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """/workspace as the image has it, with three cases in `inputs`, and the program on the PATH."""
    inputs = tmp_path / "inputs"
    for folder in (inputs, tmp_path / "outputs", tmp_path / "bin"):
        folder.mkdir()
    write_tiny_package(tmp_path / "model", encoding="tokens")
    program = tmp_path / "bin" / "swiftmedsam"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m app "$@"\n')
    program.chmod(0o755)
    pixels = np.full((4, 40, 50), 20, dtype=np.uint8)
    pixels[1:3, 10:30, 15:40] = 220
    np.savez_compressed(inputs / "2DBox_US_a.npz", imgs=np.stack([pixels[1]] * 3, -1), boxes=[[14, 9, 40, 30]] * 2)
    np.savez_compressed(inputs / "3DBox_CT_b.npz", imgs=pixels, boxes=[[14, 9, 0, 40, 30, 3]], spacing=(1.0, 1.0, 2.0))
    many = np.array([[x, y, x + 3, y + 3] for x in range(0, 40, 2) for y in range(0, 32, 2)])
    bright = np.full((40, 50, 3), 200, dtype=np.uint8)
    bright[:, 48:] = 0
    np.savez_compressed(inputs / "2DBox_Microscopy_c.npz", imgs=bright, boxes=many)
    (inputs / "notes.txt").write_text("no case")
    return tmp_path


def predict(workspace: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "PATH": f"{workspace / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "INPUTS": str(workspace / "inputs"),
        "OUTPUTS": str(workspace / "outputs"),
        "MODEL": str(workspace / "model"),
    }
    return subprocess.run(
        ["/bin/sh", str(CONTAINER / "predict.sh")],
        cwd=workspace,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


def test_that_every_case_becomes_a_label_map_of_its_name_and_nothing_else_is_written(workspace: Path) -> None:
    done = predict(workspace)
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (workspace / "inputs").glob("*.npz")}
    assert {path.name for path in (workspace / "outputs").iterdir()} == names
    found = {}
    for name in names:
        with np.load(workspace / "outputs" / name) as stored:
            found[name] = {key: stored[key] for key in stored.files}["segs"]  # nothing in it needs to be unpickled
    assert found["2DBox_US_a.npz"].shape == (40, 50)
    assert set(np.unique(found["2DBox_US_a.npz"])) == {0, 2}  # the later box lies over the first
    assert found["3DBox_CT_b.npz"].shape == (4, 40, 50)
    assert set(np.unique(found["3DBox_CT_b.npz"])) == {0, 1}
    assert found["2DBox_Microscopy_c.npz"].max() == 320  # more than a byte holds


def test_that_files_as_convert_data_makes_them_are_cases(workspace: Path) -> None:
    mask = np.zeros((6, 40, 30), dtype=np.int16)
    mask[1:5, 8:30, 5:22] = 1
    for name in ("one", "two"):
        save(workspace / "images" / f"{name}.nii.gz", np.where(mask > 0, 90, -300).astype(np.int16))
        save(workspace / "masks" / f"{name}.nii.gz", mask)
    made = workspace / "made"
    pairs = ["--images", str(workspace / "images"), "--masks", str(workspace / "masks")]
    assert main(["data", "npz", *pairs, "-o", str(made), "--modality", "CT", "--name", "Abdomen", "--boxes"]) == 0
    for path in (workspace / "inputs").iterdir():
        path.unlink()
    for path in made.iterdir():
        path.rename(workspace / "inputs" / path.name)
    done = predict(workspace)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in sorted((workspace / "outputs").iterdir())] == [
        "3DBox_CT_Abdomen_one.npz",
        "3DBox_CT_Abdomen_two.npz",
    ]
    for path in (workspace / "outputs").iterdir():
        with np.load(path) as found, np.load(workspace / "inputs" / path.name) as case:
            assert found["segs"].shape == case["imgs"].shape
            assert set(np.unique(found["segs"])) == {0, 1}


def test_that_a_damaged_case_stops_no_other_and_a_second_run_replaces_the_first(workspace: Path) -> None:
    (workspace / "inputs" / "2DBox_Microscopy_c.npz").write_bytes(b"PK\x03\x04 cut off")
    (workspace / "outputs" / "2DBox_US_a.npz").write_bytes(b"of an earlier run")
    done = predict(workspace)
    assert done.returncode == 1
    assert "2DBox_Microscopy_c.npz" in done.stderr
    assert {path.name for path in (workspace / "outputs").iterdir()} == {"2DBox_US_a.npz", "3DBox_CT_b.npz"}
    with np.load(workspace / "outputs" / "2DBox_US_a.npz") as stored:
        assert stored["segs"].any()


def test_that_what_the_container_file_copies_and_sets_is_there() -> None:
    text = (CONTAINER / "Dockerfile").read_text()
    script = (CONTAINER / "predict.sh").read_text()
    package = re.search(r"^ARG PACKAGE=(\S+)$", text, re.MULTILINE)
    assert package is not None
    assert (ROOT / package[1] / "manifest.json").is_file()
    assert "installer/container/predict.sh /workspace/predict.sh" in text
    for place in re.findall(r"\$\{(?:INPUTS|OUTPUTS):-(\S+?)\}", script):
        assert place in re.findall(r"mkdir -p (.*) &&", text.replace("\\\n", ""))[0]
    assert "${MODEL:-/workspace/model}" in script
    assert "${PACKAGE} /workspace/model" in text
    ignored = (CONTAINER / "Dockerfile.dockerignore").read_text().split()
    assert not any((package[1] + "/").startswith(f"{line}/") or line == "installer" for line in ignored)
