"""Packages that were converted from other people's checkpoints, in the command line, the batch and the window."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.__main__ import main
from app.engine.prompt import Box
from tests.gui.window_hand import App

pytest.importorskip("torch", reason="torch is in the convert extra")

from convert.export_sam import export_sam
from tests.convert.test_build import efficient, tiny, vit

_MADE = {"swiftmedsam": (tiny, 256), "medsam": (vit, 128), "daft": (efficient, 128)}


@pytest.fixture(scope="module", params=sorted(_MADE))
def package(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    family = str(request.param)
    make, size = _MADE[family]
    folder = tmp_path_factory.mktemp("converted") / family
    export_sam(make(), folder, name=f"small-{family}", family=family, training={}, size=size)
    return folder


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    voxels = np.random.default_rng(5).normal(50, 10, (6, 40, 48)).astype(np.float32)
    voxels[1:5, 10:30, 12:36] += 120
    nib.save(nib.Nifti1Image(voxels.transpose(2, 1, 0), np.diag([1.0, 1.0, 3.0, 1.0])), tmp_path / "ct.nii.gz")
    return tmp_path / "ct.nii.gz"


def test_that_the_command_line_and_the_batch_take_its_folder(package: Path, volume: Path, tmp_path: Path) -> None:
    box = ["--box3d", "11,9,1,36,30,4"]
    assert main(["segment", str(volume), "-o", str(tmp_path / "mask.nii.gz"), *box, "--model", str(package)]) == 0
    images = tmp_path / "images"
    images.mkdir()
    np.savez_compressed(images / "2DBox_US_a.npz", imgs=np.zeros((30, 40, 3), np.uint8), boxes=[[3, 4, 20, 21]])
    assert main(["batch", "-i", str(images), "-o", str(tmp_path / "out"), "--model", str(package)]) == 0
    assert (tmp_path / "mask.nii.gz").exists()
    assert (tmp_path / "out" / "2DBox_US_a.npz").exists()


def test_that_the_box_moves_before_the_model_has_answered(package: Path, volume: Path, qtbot: QtBot) -> None:
    """However long the encoder takes: the box is where the mouse is, and the answer is that of the last box."""
    app = App(package, qtbot)
    app.open(volume)
    proposal = app.context.proposal
    shown: list[tuple[Box | None, bool]] = []

    def note() -> None:
        if proposal.preview is not None:
            shown.append((proposal.preview.box, proposal.preview.fresh))

    proposal.preview_changed.connect(note)
    app.drag(app.view(), Box(12, 10, 36, 30))
    while_dragged = list(shown)
    assert len({box for box, _ in while_dragged}) > 3
    assert not any(fresh for _, fresh in while_dragged)  # no answer was waited for
    app.wait_for_mask()
    assert proposal.preview is not None
    assert proposal.preview.box == while_dragged[-1][0]
    assert proposal.preview.record["model"]["name"] == f"small-{package.name}"
    app.context.close()


def test_that_a_wrong_name_for_the_window_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model", "no-such-package"]) == 1
    assert "no model package 'no-such-package'" in capsys.readouterr().err
