"""What is no checkpoint, or means harm, is one sentence and exit code 1, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import pickle
import tracemalloc
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from convert.__main__ import main
from convert.checkpoints import CheckpointError, read_state
from convert.weights import load_swift
from tests.convert.test_build import vit

State = dict[str, Tensor]


@pytest.fixture(scope="module")
def state() -> State:
    return dict(vit().state_dict())


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[Path], str]:
    """Export a file, see that it is refused in one sentence and leaves nothing, and return the sentence."""

    def export(path: Path) -> str:
        before = {entry.name for entry in tmp_path.iterdir()}
        assert main(["export", str(path), "-o", str(tmp_path / "package"), "--precision", "f32", "--samples", "1"]) == 1
        message = capsys.readouterr().err
        assert message.count("\n") == 1
        assert path.name in message
        assert {entry.name for entry in tmp_path.iterdir()} == before
        return message

    return export


def saved(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


class Call:
    """Pickled as a call of a function: an ordinary unpickler would make it."""

    def __init__(self, function: Callable[..., Any], *arguments: object) -> None:
        self.function, self.arguments = function, arguments

    def __reduce__(self) -> Any:
        return self.function, self.arguments


def with_pickle(path: Path, content: object) -> Path:
    """An archive as torch writes it, with a pickle of one's own in it."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(content, protocol=2))
        archive.writestr("archive/version", "3\n")
    return path


@pytest.mark.parametrize(
    ("function", "arguments"),
    [(os.mkdir, ("made",)), (eval, ("1 + 1",)), (bytearray, (1 << 33,)), (torch.FloatTensor, (1 << 33,))],
)
def test_that_nothing_in_a_file_is_called(
    function: Callable[..., Any],
    arguments: tuple[object, ...],
    tmp_path: Path,
    refused: Callable[[Path], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    path = with_pickle(tmp_path / "x.pth", {"model": Call(function, *arguments)})
    tracemalloc.start()
    assert "holds more than tensors" in refused(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 26
    tracemalloc.stop()


@pytest.mark.parametrize("step", [b"h\x00h\x00\x86q\x00", b"h\x00\x85q\x00"], ids=["doubled", "deeper"])
def test_that_keys_that_could_never_be_hashed_are_refused(
    step: bytes, tmp_path: Path, refused: Callable[[Path], str]
) -> None:
    """A tuple of the tuple before, twice or once, and so on: it is small in the file, and its hash takes for ever."""
    with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02})q\x00" + step * 100_000 + b"K\x01s.")
        archive.writestr("archive/version", "3\n")
    assert "tuples within tuples" in refused(tmp_path / "x.pth")


_LETTERS = b"X" + (100_000).to_bytes(4, "little") + b"a" * 100_000
_NUMBERS = b"(" + b"".join(b"J" + n.to_bytes(4, "little") for n in range(65_536, 85_536)) + b"e"


@pytest.mark.parametrize(
    "content",
    [
        b"]"
        + _LETTERS
        + b"q\x01aX\x06\x00\x00\x00latin1q\x03ac_codecs\nencode\nq\x02a"
        + 100 * b"h\x02h\x01h\x03\x86Ra",
        b"]]q\x01" + _NUMBERS + b"acbuiltins\nset\nq\x02a" + 300 * b"h\x02h\x01\x85Ra",
        b"]]q\x01acbuiltins\nset\nq\x02ah\x01" + _NUMBERS + b"a" + 300 * b"h\x02h\x01\x85Ra",
        b"}q\x00K\x01\x85q\x01" + 15 * b"h\x01h\x01\x86q\x01K\x01s" + 200 * b"h\x01K\x01s",
    ],
    ids=["strings", "sets", "sets of a list that grows", "keys"],
)
def test_that_copies_and_keys_without_end_are_refused(
    content: bytes, tmp_path: Path, refused: Callable[[Path], str]
) -> None:
    """A call that copies what it is given is a few bytes, and so is a large key: a small file takes all memory."""
    with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + content + b".")
        archive.writestr("archive/version", "3\n")
    assert "copies or tuples" in refused(tmp_path / "x.pth")


_COLLIDING = [b"\x8a\x0c" + (n * ((1 << 61) - 1)).to_bytes(12, "little") for n in range(1, 400)]  # all hash to 0
_PAIRS = [b"J" + n.to_bytes(4, "little") + b"K\x01\x86" for n in range(400)]  # numbers that could be chosen so


@pytest.mark.parametrize(
    "content",
    [
        b"}(" + b"".join(key + b"K\x01" for key in _COLLIDING) + b"u",
        b"cbuiltins\nset\n](" + b"".join(_COLLIDING) + b"e\x85R",
        b"ccollections\nCounter\nq\x00]q\x01(" + b"".join(_COLLIDING) + b"eh\x00h\x01\x85R",
        b"ccollections\nOrderedDict\n](" + b"".join(_PAIRS) + b"e\x85R",
        b"}(" + b"".join(key + b"K\x01" for key in _PAIRS) + b"u",
    ],
    ids=["numbers", "set", "counter", "pairs", "tuples"],
)
def test_that_keys_whose_hashes_may_all_be_one_are_refused(
    content: bytes, tmp_path: Path, refused: Callable[[Path], str]
) -> None:
    """Each is compared with all before it, so that a file of six megabytes takes a quarter of an hour."""
    with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + content + b".")
        archive.writestr("archive/version", "3\n")
    assert "holds keys" in refused(tmp_path / "x.pth")


def test_that_more_values_or_members_than_any_checkpoint_has_are_refused(
    tmp_path: Path, refused: Callable[[Path], str]
) -> None:
    with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02" + b"]" * 600_000 + b"a" * 599_999 + b".")
    assert "more values" in refused(tmp_path / "x.pth")
    record = b"PK\5\6" + bytes(8) + (1 << 24).to_bytes(4, "little") + bytes(6)  # 16 MB of a list of members
    (tmp_path / "y.pth").write_bytes(bytes(1 << 25) + record)
    assert "more members" in refused(tmp_path / "y.pth")
    (tmp_path / "z.safetensors").write_bytes((1 << 24).to_bytes(8, "little") + bytes(1 << 24))
    assert "more tensors" in refused(tmp_path / "z.safetensors")


def test_that_what_torch_itself_stumbles_over_is_refused(
    state: State, tmp_path: Path, refused: Callable[[Path], str]
) -> None:
    name = "image_encoder.neck.0.weight"
    path = saved(tmp_path / "x.pth", state | {name: torch.zeros([1] * 63 + [4])})
    assert "of a kind that no network has" in refused(path)


@pytest.mark.parametrize("kind", [torch.int32, torch.bool])
def test_that_weights_that_are_whole_numbers_are_refused(
    kind: torch.dtype, state: State, tmp_path: Path, refused: Callable[[Path], str]
) -> None:
    name = "image_encoder.neck.0.weight"
    sentence = refused(saved(tmp_path / "x.pth", state | {name: torch.ones_like(state[name], dtype=kind)}))
    assert f"'{name}' holds values of the type {str(kind).removeprefix('torch.')}" in sentence


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes among its files")
def test_that_a_pipe_is_no_checkpoint_and_nobody_waits_for_it(tmp_path: Path, refused: Callable[[Path], str]) -> None:
    os.mkfifo(tmp_path / "x.pth")
    assert "is no file" in refused(tmp_path / "x.pth")


def test_that_a_name_of_two_lines_does_not_break_the_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(tmp_path / "a\nb.pth"), "-o", str(tmp_path / "package")]) == 1
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "a b.pth" in message


@pytest.mark.parametrize("content", [b".", b"\x80\x02s.", b"\x80\x02(.", b"\x80\x02}q\x00u."])
def test_that_a_pickle_that_makes_no_sense_is_refused(
    content: bytes, tmp_path: Path, refused: Callable[[Path], str]
) -> None:
    with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
        archive.writestr("archive/data.pkl", content)
        archive.writestr("archive/version", "3\n")
    refused(tmp_path / "x.pth")


def test_that_a_truncated_checkpoint_is_refused(state: State, tmp_path: Path, refused: Callable[[Path], str]) -> None:
    whole = saved(tmp_path / "whole.pth", state).read_bytes()
    (tmp_path / "cut.pth").write_bytes(whole[: len(whole) // 2])
    assert "truncated" in refused(tmp_path / "cut.pth")


def test_that_a_bomb_is_refused(tmp_path: Path, refused: Callable[[Path], str]) -> None:
    with zipfile.ZipFile(tmp_path / "x.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(1 << 24))
    assert "does not pack" in refused(tmp_path / "x.pth")


def test_that_tensors_that_share_their_values_may_not_outgrow_the_file(
    tmp_path: Path, refused: Callable[[Path], str]
) -> None:
    one = torch.zeros(1 << 16)
    path = saved(tmp_path / "x.pth", {str(n): one.view(1 << 8, 1 << 8) for n in range(64)})
    assert "together are larger than the file" in refused(path)


def test_that_names_must_be_words_and_cannot_break_the_sentence(tmp_path: Path, refused: Callable[[Path], str]) -> None:
    assert "no tensors by name" in refused(saved(tmp_path / "x.pth", {1: torch.zeros(2)}))
    assert "'a b' is no tensor" in refused(saved(tmp_path / "y.pth", {"a\nb": 1}))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda s: s.pop("mask_decoder.iou_token.weight"), "missing or too many"),
        (lambda s: s.update(extra=torch.zeros(2)), "missing or too many"),
        (lambda s: s.update({"image_encoder.pos_embed": torch.zeros(3)}), "do not fit one another"),
        (lambda s: s.update({"image_encoder.pos_embed": torch.zeros(1, 8, 8, 25)}), "missing or too many"),
        (lambda s: s.update({"mask_decoder.mask_tokens.weight": torch.tensor(0.0)}), "do not fit one another"),
        # narrow tensors that tell of a layer of 10 TB
        (
            lambda s: s.update(
                {
                    "mask_decoder.mask_tokens.weight": torch.zeros(4, 1 << 17),
                    "mask_decoder.transformer.layers.0.mlp.lin1.weight": torch.zeros(1 << 22, 1),
                }
            ),
            "missing or too many",
        ),
        (lambda s: s.update({"mask_decoder.transformer.layers.x": torch.zeros(1)}), "missing or too many"),
        (lambda s: s.update({"image_encoder.pos_embed": torch.zeros(1, 0, 0, 24)}), "without values"),
        (lambda s: s.update({"mask_decoder.mask_tokens.weight": torch.zeros(0, 32)}), "without values"),
        # declared, but not stored
        (
            lambda s: s.update({"image_encoder.pos_embed": torch.zeros(1).expand(1, 1 << 20, 1 << 20, 24)}),
            "larger than",
        ),
    ],
)
def test_that_tensors_of_other_shapes_are_refused(
    change: Callable[[State], object], sentence: str, state: State, tmp_path: Path, refused: Callable[[Path], str]
) -> None:
    changed = dict(state)
    change(changed)
    assert sentence in refused(saved(tmp_path / "x.pth", changed))


@pytest.mark.parametrize("part", ["prompt_encoder", "mask_decoder"])
def test_that_a_checkpoint_without_a_part_says_which(
    part: str, state: State, tmp_path: Path, refused: Callable[[Path], str]
) -> None:
    rest = {name: tensor for name, tensor in state.items() if not name.startswith(part + ".")}
    message = refused(saved(tmp_path / "rest.pth", rest))
    assert f"it holds no {part.replace('_', ' ')}" in message


def test_that_parts_of_two_networks_are_refused(state: State, tmp_path: Path, refused: Callable[[Path], str]) -> None:
    """Each part is whole, but the encoder answers with other channels than the decoder takes."""
    mixed = {
        name: torch.zeros((16, *tensor.shape[1:]) if tensor.shape[0] == 32 else tensor.shape)
        if name.startswith("image_encoder.neck.")
        else tensor
        for name, tensor in state.items()
    }
    mixed["image_encoder.neck.2.weight"] = torch.zeros(16, 16, 3, 3)
    assert "do not fit one another" in refused(saved(tmp_path / "x.pth", mixed))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_that_weights_that_are_no_numbers_are_refused(
    value: float, state: State, tmp_path: Path, refused: Callable[[Path], str]
) -> None:
    name = "image_encoder.neck.0.weight"
    path = saved(tmp_path / "x.pth", {"model": state | {name: torch.full_like(state[name], value)}})
    assert f"no numbers in '{name}'" in refused(path)


def test_that_a_network_whose_answers_are_no_numbers_is_refused(
    state: State, tmp_path: Path, refused: Callable[[Path], str]
) -> None:
    name = "mask_decoder.output_upscaling.3.weight"
    path = saved(tmp_path / "x.pth", state | {name: torch.full_like(state[name], 3e38)})
    assert "with values that are no numbers" in refused(path)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{",
        b'{"a": {"dtype": "F32", "shape": [1099511627776], "data_offsets": [0, 4398046511104]}}',
        b'{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "PICKLE", "shape": [1], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}, "b": {"dtype": "U8", "data_offsets": [0, 4]}}',
        b'{"__metadata__": {"network": 3}}',
    ],
)
def test_that_bad_headers_of_safetensors_are_refused(
    header: bytes, tmp_path: Path, refused: Callable[[Path], str]
) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    assert "safetensors" in refused(path)


def test_that_a_header_longer_than_the_file_is_refused(tmp_path: Path, refused: Callable[[Path], str]) -> None:
    (tmp_path / "x.safetensors").write_bytes(bytes([255] * 7 + [127]) + b"{}")
    assert "safetensors" in refused(tmp_path / "x.safetensors")


OWN = {"seen": 0, "seconds": 0.0, "steps": 0, "config": {}, "revision": ""}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({"average": 3, "network": 4}, "how large its network is"),
        ({"average": OrderedDict(a=torch.zeros(2)), "network": {}}, "those of another network"),
        ({"average": OrderedDict(), "network": {"stem": 1 << 40}}, "beyond all bounds"),
        ({"average": OrderedDict(), "network": {"depths": [1024] * 1024}}, "beyond all bounds"),
        ({"average": OrderedDict(), "network": {"other": 3}}, "no whole network"),
    ],
)
def test_that_checkpoints_of_our_own_training_are_not_trusted_either(
    content: dict[str, object], sentence: str, tmp_path: Path, refused: Callable[[Path], str]
) -> None:
    assert sentence in refused(saved(tmp_path / "x.pt", content | OWN))


def test_that_weights_that_do_not_say_whose_they_are_are_refused(tmp_path: Path) -> None:
    header = json.dumps({"__metadata__": {"network": "["}}).encode()
    (tmp_path / "x.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(CheckpointError, match="does not say of which network"):
        load_swift(tmp_path / "x.safetensors")


def test_that_a_folder_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=tmp_path.name):
        read_state(tmp_path)


def test_that_only_a_package_is_replaced(state: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(tmp_path / "x.pth", state)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "diary.txt").write_text("dear diary")
    assert main(["export", str(path), "-o", str(tmp_path / "notes"), "--samples", "1"]) == 1
    assert "is no model package" in capsys.readouterr().err
    assert (tmp_path / "notes" / "diary.txt").read_text() == "dear diary"
