"""Trained networks on disk: checkpoints of a run, and weights alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from convert.nets.swift import SwiftConfig, SwiftNet


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
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    tensors = {k: v.half() if v.is_floating_point() else v for k, v in state["average"].items()}
    notes = {
        "network": json.dumps(state["network"]),
        "seen": str(state["seen"]),
        "seconds": str(round(state["seconds"])),
    }
    save_file({k: v.contiguous() for k, v in tensors.items()}, target, metadata=notes)


def _load_safetensors(path: Path) -> tuple[SwiftNet, dict[str, Any]]:
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
