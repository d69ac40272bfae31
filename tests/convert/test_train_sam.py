from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from app.engine.errors import EngineError
from convert import train_sam as training
from convert.checkpoints import read_state
from convert.export_sam import with_random_weights
from convert.nets.build import build_sam
from convert.nets.sam import BUILDERS, Sam
from convert.sam_slices import SliceDataset
from convert.train_sam import BEST, LATEST, SamTraining, copy_matching, loss_of, train_sam, true_iou
from tests.convert.test_build import with_encoder
from tests.convert.tiny_data import write_index

ROOT = Path(__file__).resolve().parents[2]


class Coarse(nn.Module):
    """An image encoder that is only an average: quick to train."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Conv2d(3, 32, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.mix(nn.functional.avg_pool2d(image, 4))
        return out


def small() -> Sam:
    return with_encoder(Coarse())


@pytest.fixture
def npz(tmp_path: Path) -> Path:
    folder = tmp_path / "npz"
    folder.mkdir()
    random = np.random.default_rng(2)
    gts = np.zeros((4, 50, 40), dtype=np.uint8)
    gts[1:3, 10:30, 8:25] = 1
    gts[2, 35:45, 20:35] = 2
    imgs = (60 + 120 * (gts > 0) + random.integers(0, 20, gts.shape)).astype(np.uint8)
    np.savez_compressed(folder / "CT_a.npz", imgs=imgs, gts=gts, spacing=(1.0, 1.0, 3.0))
    np.savez_compressed(folder / "US_b.npz", imgs=np.stack([imgs[1]] * 3, axis=-1), gts=gts[1])
    return folder


def test_that_every_slice_with_a_label_is_a_sample_and_the_same_at_every_run(npz: Path) -> None:
    first, second = (SliceDataset(npz, seed=4, shift=10) for _ in range(2))
    assert len(first) == 3
    for a, b in zip((first[n] for n in range(3)), (second[n] for n in range(3)), strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
    image, box, truth = first[0]
    assert image.shape == (3, 256, 256)
    assert (float(image.min()), float(image.max())) == (0.0, 1.0)
    rows, columns = (index.numpy() for index in torch.nonzero(truth[0], as_tuple=True))
    margins = box.numpy() - [columns.min(), rows.min(), columns.max(), rows.max()]
    assert (margins[:2] <= 0).all()
    assert (margins[2:] >= 0).all()
    assert np.abs(margins).max() <= 10


def test_that_an_epoch_has_samples_of_its_own(npz: Path) -> None:
    dataset = SliceDataset(npz, seed=4, shift=10)
    before = [dataset[0][1].tolist()]
    for epoch in range(1, 5):
        dataset.epoch = epoch
        before.append(dataset[0][1].tolist())
    assert len({tuple(box) for box in before}) > 1


def test_that_our_index_is_read_too(tmp_path: Path) -> None:
    dataset = SliceDataset(write_index(tmp_path), seed=1, shift=0)
    image, box, truth = dataset[0]
    rows, columns = (index.numpy() for index in torch.nonzero(truth[0], as_tuple=True))
    assert box.tolist() == [columns.min(), rows.min(), columns.max(), rows.max()]
    assert image.isfinite().all()


def test_that_a_folder_without_labels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="neither an index.csv nor challenge NPZ"):
        SliceDataset(tmp_path, seed=1, shift=0)


def test_that_the_loss_is_the_sum_of_its_three_parts() -> None:
    truth = torch.zeros(1, 1, 2, 2)
    truth[..., 0, :] = 1.0
    logits = torch.zeros_like(truth)
    # probabilities of a half: Dice 1 - 2 * 1 / (1 + 2), cross-entropy log 2, nothing drawn
    expected = 1 - 2 / 3 + math.log(2) + 0.3**2
    assert float(loss_of(logits, torch.tensor([[0.3]]), truth)) == pytest.approx(expected, abs=1e-4)
    right = (truth - 0.5) * 60
    assert float(loss_of(right, torch.tensor([[1.0]]), truth)) == pytest.approx(0.0, abs=1e-4)


def test_that_the_true_overlap_is_of_what_is_drawn() -> None:
    truth = torch.zeros(2, 1, 4, 4)
    truth[0, 0, :2] = 1.0
    logits = torch.full_like(truth, -1.0)
    logits[0, 0, 1:3] = 1.0
    assert true_iou(logits, truth).tolist() == [[pytest.approx(1 / 3)], [1.0]]


def test_that_swiftmedsam_begins_with_what_fits_of_litemedsam() -> None:
    torch.manual_seed(1)
    lite, swift = (BUILDERS[name]() for name in ("litemedsam", "swiftmedsam"))
    source = lite.state_dict()
    copied, fresh = copy_matching(swift, source)
    own = swift.state_dict()
    assert len(copied) + len(fresh) == len(own)
    assert all(torch.equal(own[name], source[name]) for name in copied)
    assert "image_encoder.layers.3.blocks.1.attn.qkv.weight" in copied
    assert "mask_decoder.transformer.layers.0.self_attn.q_proj.weight" in copied  # four heads take the weights of eight
    assert set(fresh) == {
        *(f"mask_decoder.transformer.layers.0.mlp.{name}" for name in ("lin1.weight", "lin1.bias", "lin2.weight")),
        "mask_decoder.iou_prediction_head.layers.1.weight",
        "mask_decoder.iou_prediction_head.layers.1.bias",
    }


def test_that_a_run_learns_and_goes_on_where_it_ended(
    npz: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BUILDERS, "swiftmedsam", small)
    said: list[str] = []
    settings = {"data": str(npz), "out": str(tmp_path / "run"), "batch": 2, "workers": 0, "rate": 3e-3}
    best = train_sam(SamTraining(**settings, epochs=4), None, said.append)  # type: ignore[arg-type]
    assert best == tmp_path / "run" / BEST
    losses = [json.loads(line)["loss"] for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert min(losses[1:]) < losses[0]
    train_sam(SamTraining(**settings, epochs=6), None, said.append)  # type: ignore[arg-type]
    assert "goes on after epoch 3" in said
    state = torch.load(tmp_path / "run" / LATEST, weights_only=True)
    assert state["epoch"] == 5
    assert read_state(tmp_path / "run" / LATEST).keys() == small().state_dict().keys()


@pytest.mark.slow
def test_that_several_processes_train_one_network(npz: Path, tmp_path: Path) -> None:
    script = tmp_path / "several.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from convert.nets.sam import BUILDERS\n"
        "from convert.train_sam import SamTraining, train_sam\n"
        "from tests.convert.test_train_sam import small\n"
        "BUILDERS['swiftmedsam'] = small\n"
        "train_sam(SamTraining(data=sys.argv[1], out=sys.argv[2], epochs=2, batch=1, workers=0), None)\n"
    )
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run(
        [*launcher, str(script), str(npz), str(tmp_path / "run")],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("epoch 1:") == 1  # the first process alone speaks
    assert not any(name.startswith("module.") for name in torch.load(tmp_path / "run" / LATEST)["model"])


def test_that_a_run_that_was_broken_off_ends_where_it_would_have_ended(
    npz: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BUILDERS, "swiftmedsam", small)
    runs = {"whole": (4,), "broken": (1, 3, 4)}
    for name, ends in runs.items():
        for epochs in ends:
            settings = SamTraining(str(npz), str(tmp_path / name), batch=2, workers=0, epochs=epochs)
            torch.manual_seed(epochs)  # whatever was drawn before
            train_sam(settings, None, lambda _: None)
    whole, broken = (torch.load(tmp_path / name / LATEST, weights_only=True) for name in runs)
    assert broken["loss"] == whole["loss"]
    assert all(torch.equal(tensor, broken["model"][name]) for name, tensor in whole["model"].items())


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="processes are found by Linux's means")
def test_that_the_command_trains_in_two_processes_and_goes_on_after_a_kill(npz: Path, tmp_path: Path) -> None:
    (npz / "CT_a.npz").unlink()
    (npz / "US_c.npz").write_bytes((npz / "US_b.npz").read_bytes())  # one slice for each process
    torch.save({"model": with_random_weights("litemedsam", seed=1).state_dict()}, tmp_path / "lite_medsam.pth")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    command += [
        "-m",
        "convert",
        "train",
        "--network",
        "swiftmedsam",
        "--data",
        str(npz),
        "--out",
        str(tmp_path / "run"),
    ]
    command += ["--from", str(tmp_path / "lite_medsam.pth"), "--batch", "1", "--workers", "0", "--epochs"]
    how = {"cwd": ROOT, "env": os.environ | {"OMP_NUM_THREADS": "1"}, "text": True}
    with subprocess.Popen([*command, "99"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **how) as first:  # type: ignore[call-overload]
        assert first.stdout is not None
        said = []
        for line in first.stdout:
            said.append(line)
            if line.startswith("epoch 0:"):
                break
        for process in Path(f"/proc/{first.pid}/task/{first.pid}/children").read_text().split():
            os.kill(int(process), signal.SIGKILL)
        assert first.wait(timeout=120) != 0
    assert said[0].startswith(
        "298 tensors copied from lite_medsam.pth, 5 begin anew: mask_decoder.transformer.layers.0"
    )
    state = torch.load(tmp_path / "run" / LATEST, weights_only=True)
    done = subprocess.run([*command, str(state["epoch"] + 2)], capture_output=True, check=True, timeout=600, **how)  # type: ignore[call-overload]
    assert done.stdout.splitlines()[0] == f"goes on after epoch {state['epoch']}"
    last = torch.load(tmp_path / "run" / LATEST, weights_only=True)
    assert last["epoch"] == state["epoch"] + 1
    built = build_sam(read_state(tmp_path / "run" / LATEST), prompt_size=256)
    assert built.state_dict().keys() == BUILDERS["swiftmedsam"]().state_dict().keys()


def test_that_the_first_process_alone_is_there_without_a_launcher() -> None:
    with training._processes("cpu") as (rank, count, device):
        assert (rank, count, device.type) == (0, 1, "cpu")
