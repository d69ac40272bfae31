from __future__ import annotations

import os
import pickle
import zipfile
from collections import Counter, OrderedDict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from convert.checkpoints import CheckpointError, is_lineage, read_state

STATE = OrderedDict({"a.weight": torch.arange(6.0).reshape(2, 3), "a.count": torch.tensor(7)})


def saved(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


@pytest.mark.parametrize(
    "content",
    [
        STATE,
        {"model": STATE, "epoch": 3, "optimizer": {"state": {0: {"step": torch.tensor(1.0)}}, "param_groups": [{}]}},
        {"model": {f"module.{name}": tensor for name, tensor in STATE.items()}, "loss": np.float64(0.25)},
        {
            "state_dict": {f"model.{name}": tensor for name, tensor in STATE.items()},
            "hyper_parameters": {"optimizer": partial(torch.optim.AdamW, lr=0.1)},
            "lr_schedulers": [{"milestones": Counter({3: 1})}],
            "frozen": {"a.weight"},
        },
        {"module._orig_mod." + name: tensor for name, tensor in STATE.items()},
        {name: tensor.double() if tensor.is_floating_point() else tensor for name, tensor in STATE.items()},
    ],
    ids=["plain", "training", "several GPUs, numpy loss", "Lightning", "compiled", "double precision"],
)  # fmt: skip
def test_that_tensors_are_found_within_wrappers(content: object, tmp_path: Path) -> None:
    path = saved(tmp_path / "x.pth", content)
    found = read_state(path)
    assert is_lineage(path)
    assert list(found) == list(STATE)
    assert found["a.weight"].dtype == torch.float32
    for name, tensor in STATE.items():
        assert torch.equal(found[name], tensor)


def test_that_safetensors_are_read(tmp_path: Path) -> None:
    save_file(dict(STATE), tmp_path / "x.safetensors")
    assert is_lineage(tmp_path / "x.safetensors")
    assert torch.equal(read_state(tmp_path / "x.safetensors")["a.weight"], STATE["a.weight"])


class Hostile:
    """Unpickled by an ordinary unpickler, it makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.97])
def test_that_a_truncated_file_is_refused_in_a_sentence(tmp_path: Path, suffix: str, share: float) -> None:
    whole = tmp_path / f"whole{suffix}"
    if suffix == ".pth":
        saved(whole, STATE)
    else:
        save_file(dict(STATE), whole)
    cut = tmp_path / f"cut{suffix}"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])
    with pytest.raises(CheckpointError, match="cut") as raised:
        read_state(cut)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("protocol", [2, 4])
def test_that_a_program_in_a_checkpoint_does_not_run(tmp_path: Path, protocol: int) -> None:
    target = tmp_path / "made"
    torch.save({"model": STATE, "x": Hostile(target)}, tmp_path / "x.pth", pickle_protocol=protocol)
    with pytest.raises(CheckpointError, match="holds more than tensors") as raised:
        read_state(tmp_path / "x.pth")
    assert "\n" not in str(raised.value)
    assert not target.exists()


def test_that_a_plain_pickle_is_refused_unread(tmp_path: Path) -> None:
    target = tmp_path / "made"
    (tmp_path / "x.pth").write_bytes(pickle.dumps(Hostile(target)))
    with pytest.raises(CheckpointError, match="no checkpoint as torch writes it"):
        read_state(tmp_path / "x.pth")
    assert not target.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"a": torch.ones(2), "b": "text"}, "'b' is no tensor"),
        ([torch.ones(2)], "no tensors by name"),
        ({}, "no tensors by name"),
        ({"a": torch.tensor([1.0, float("nan")])}, "no numbers in 'a'"),
        ({"a": torch.zeros(1).expand(1 << 34)}, "larger than the file"),
        ({"a": torch.ones(3, dtype=torch.complex64)}, "of a kind that no network has"),
        ({"a": torch.eye(3).to_sparse()}, "of a kind that no network has"),
    ],
)
def test_that_other_content_is_refused_with_its_reason(content: object, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=sentence):
        read_state(saved(tmp_path / "x.pth", content))


def test_that_an_archive_that_unpacks_to_more_than_it_is_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", bytes(1 << 20))
    with pytest.raises(CheckpointError, match="does not pack"):
        read_state(tmp_path / "x.pth")
    with zipfile.ZipFile(tmp_path / "y.pth", "w") as archive:
        archive.writestr("y/other", b"nothing")
    with pytest.raises(CheckpointError, match="an archive, but no checkpoint"):
        read_state(tmp_path / "y.pth")


def test_that_a_missing_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_state(tmp_path / "none.pth")
