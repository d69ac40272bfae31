"""From a checkpoint of training to OpenVINO graphs and a floating-point package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from app.engine.prompt_maps import CHANNELS
from convert.nets.swift import SwiftConfig, SwiftNet
from convert.package import ov, swift_fields, write_package


def load_swift(checkpoint: Path) -> tuple[SwiftNet, dict[str, Any]]:
    """The averaged network of a training checkpoint (or a weights file), in `eval` mode, and what was saved with it.

    Raises ValueError where the file holds no swift network.
    """
    if checkpoint.suffix == ".safetensors":
        return _load_safetensors(checkpoint)
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    if not isinstance(state, dict) or "average" not in state or "network" not in state:
        raise ValueError(f"{checkpoint} is no checkpoint of a swift training")
    net = SwiftNet(_config(state["network"]))
    net.load_state_dict(state["average"])
    kept = {name: state[name] for name in ("seen", "seconds", "steps", "config", "revision")}
    return net.eval(), kept


def save_weights(checkpoint: Path, target: Path) -> None:
    """The averaged weights in half precision as safetensors: small, and any training can go on from them."""
    import json

    from safetensors.torch import save_file

    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    tensors = {k: v.half() if v.is_floating_point() else v for k, v in state["average"].items()}
    notes = {
        "network": json.dumps(state["network"]),
        "seen": str(state["seen"]),
        "seconds": str(round(state["seconds"])),
    }
    save_file({k: v.contiguous() for k, v in tensors.items()}, target, metadata=notes)


def _load_safetensors(path: Path) -> tuple[SwiftNet, dict[str, Any]]:
    import json

    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        notes = file.metadata() or {}
        if "network" not in notes:
            raise ValueError(f"{path} does not say of which network its weights are")
        net = SwiftNet(_config(json.loads(notes["network"])))
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    net.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in tensors.items()})
    return net.eval(), {"seen": int(notes.get("seen", 0)), "seconds": float(notes.get("seconds", 0))}


def _config(saved: dict[str, Any]) -> SwiftConfig:
    fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in saved.items()}
    return SwiftConfig(**fields)


def convert_pair(net: SwiftNet, size: int) -> tuple[ov.Model, ov.Model]:
    """Encoder for (1, 3, size, size) and decoder for any number of prompts, with named inputs and outputs."""
    net = net.eval()
    image = torch.zeros(1, 3, size, size)
    with torch.no_grad():
        embedding, detail = net.encoder(image)
    prompts = torch.zeros(2, len(CHANNELS), size // 2, size // 2)
    encoder = ov.convert_model(net.encoder, example_input=image, input=[tuple(image.shape)])
    shapes = [tuple(embedding.shape), tuple(detail.shape), (-1, *prompts.shape[1:])]
    decoder = ov.convert_model(net.decoder, example_input=(embedding, detail, prompts), input=shapes)
    _name(encoder.inputs, ("image",))
    _name(encoder.outputs, ("embedding", "detail"))
    _name(decoder.inputs, ("embedding", "detail", "prompts"))
    _name(decoder.outputs, ("logits", "scores"))
    return encoder, decoder


def _name(ports: Sequence[Any], names: tuple[str, ...]) -> None:
    for port, name in zip(ports, names, strict=True):
        port.get_tensor().set_names({name})


def export_swift(checkpoint: Path, folder: Path, *, name: str, version: str, size: int) -> None:
    """Write the floating-point package of a checkpoint."""
    net, kept = load_swift(checkpoint)
    fields = swift_fields(name=name, version=version, precision="f32", size=size)
    fields["training"] = {"views": kept["seen"], "hours": round(kept["seconds"] / 3600, 2)}
    write_package(folder, fields, *convert_pair(net, size))
