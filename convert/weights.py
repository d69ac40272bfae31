"""Trained networks on disk: checkpoints of a run, and weights alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import save_file
from torch import nn

from convert.checkpoints import CheckpointError, read_content, read_notes
from convert.nets.solid import SolidConfig, SolidNet
from convert.nets.swift import SwiftConfig, SwiftNet

_LARGEST, _MOST_STAGES = 1024, 8  # channels or blocks, and stages: bounds on what a file may ask for


Net = TypeVar("Net", bound=nn.Module)


def load_swift(checkpoint: Path) -> tuple[SwiftNet, dict[str, Any]]:
    """The averaged network of a training checkpoint (or a weights file), in `eval` mode, and what was saved with it.

    Raises CheckpointError where the file holds no swift network, or not all of one.
    """
    return _loaded(checkpoint, "pair", lambda saved: SwiftNet(SwiftConfig(**saved)))


def load_solid(checkpoint: Path) -> tuple[SolidNet, dict[str, Any]]:
    """As `load_swift`, of the 3-D network."""
    return _loaded(checkpoint, "3-D network", lambda saved: SolidNet(SolidConfig(**saved)))


def trained_size(kept: Mapping[str, Any]) -> int | None:
    """Side, in pixels or cells, on which a network was trained, of what `load_swift` or `load_solid` gives beside it.

    None where that does not say.
    """
    config = kept.get("config")
    size = config.get("size") if isinstance(config, Mapping) else None
    return size if type(size) is int else None


def _loaded(checkpoint: Path, wanted: str, make: Callable[[Mapping[str, Any]], Net]) -> tuple[Net, dict[str, Any]]:
    content = read_content(checkpoint)
    if checkpoint.suffix == ".safetensors":
        return _of_weights(checkpoint, content, make)
    if not isinstance(content, Mapping) or "average" not in content or "network" not in content:
        raise CheckpointError(f"{checkpoint} is no checkpoint of a training of the {wanted}")
    net = _network(checkpoint, content["network"], content["average"], make)
    names = ("seen", "seconds", "steps", "config", "revision")
    if not all(name in content for name in names):
        raise CheckpointError(f"{checkpoint} is no whole checkpoint of a training of the {wanted}")
    return net, {name: content[name] for name in names}


def save_weights(net: SwiftNet | SolidNet, kept: Mapping[str, Any], target: Path) -> None:
    """A network's weights in half precision as safetensors: small, and any training can go on from them.

    `net` and `kept` as `load_swift` or `load_solid` gives them.
    """
    tensors = {k: v.half() if v.is_floating_point() else v for k, v in net.state_dict().items()}
    notes = {
        "network": json.dumps(asdict(net.config)),
        "seen": str(kept["seen"]),
        "seconds": str(round(kept["seconds"])),
    }
    size = trained_size(kept)
    if size is not None:
        notes["size"] = str(size)
    save_file({k: v.contiguous() for k, v in tensors.items()}, target, metadata=notes)


def _of_weights(path: Path, tensors: object, make: Callable[[Mapping[str, Any]], Net]) -> tuple[Net, dict[str, Any]]:
    notes = read_notes(path)
    if "network" not in notes:
        raise CheckpointError(f"{path} does not say of which network its weights are")
    try:
        network = json.loads(notes["network"])
        kept: dict[str, Any] = {"seen": int(notes.get("seen", 0)), "seconds": float(notes.get("seconds", 0))}
        if "size" in notes:
            kept["config"] = {"size": int(notes["size"])}
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} does not say of which network its weights are") from error
    return _network(path, network, tensors, make), kept


def _network(path: Path, saved: object, tensors: object, make: Callable[[Mapping[str, Any]], Net]) -> Net:
    """With its weights, in `eval` mode; shapes are compared before any of it takes memory."""
    try:
        config = _settings(saved)
        if not isinstance(tensors, Mapping):
            raise TypeError("its weights have no names")
        with torch.device("meta"):
            wanted = {name: tensor.shape for name, tensor in make(config).state_dict().items()}
        if {name: tensor.shape for name, tensor in tensors.items()} != wanted:
            raise ValueError("its weights are those of another network")
        net = make(config)
        net.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in tensors.items()})
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path} holds no whole network: {' '.join(str(error).split())[:120]}") from error
    if not all(bool(torch.isfinite(tensor).all()) for tensor in net.state_dict().values()):
        raise CheckpointError(f"{path} holds values that are no numbers")
    return net.eval()


def _settings(saved: object) -> dict[str, Any]:
    if not isinstance(saved, Mapping):
        raise TypeError("it does not say how large its network is")
    fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in saved.items()}
    for value in fields.values():
        numbers = value if isinstance(value, tuple) else (value,)
        if len(numbers) > _MOST_STAGES or any(type(n) is not int or not 0 <= n <= _LARGEST for n in numbers):
            raise ValueError("its network is beyond all bounds")
    return fields
