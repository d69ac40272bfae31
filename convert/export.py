"""From a checkpoint of training to OpenVINO graphs and a floating-point package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from app.engine import solid
from app.engine.prompt_maps import CHANNELS
from convert.checkpoints import CheckpointError
from convert.nets.solid import SolidNet
from convert.nets.swift import SwiftNet
from convert.package import add_solid, ov, read_manifest, swift_fields, write_manifest, write_package
from convert.solid_samples import RATIO, SIZE
from convert.weights import load_solid, load_swift, trained_size

_SOLID_SIZES = 16, 128  # cells that a manifest allows


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


def convert_solid(net: SolidNet, size: int) -> ov.Model:
    """The 3-D network for cells (1, 9, size, size, size), with named input and output."""
    cells = torch.zeros(1, solid.CHANNELS, size, size, size)
    model = ov.convert_model(net.eval(), example_input=cells, input=[tuple(cells.shape)])
    _name(model.inputs, ("cells",))
    _name(model.outputs, ("logits",))
    return model


def solid_size(checkpoint: Path) -> int:
    """Cells along each axis that the 3-D network of a checkpoint sees: those of its training, 48 where it is not told.

    Raises CheckpointError where the file holds no such network, or one that no package may hold.
    """
    net, kept = load_solid(checkpoint)
    size, stride = trained_size(kept) or SIZE, 2 ** len(net.config.widths)
    if size % stride or not _SOLID_SIZES[0] <= size <= _SOLID_SIZES[1]:
        fit = f"a multiple of {stride} from {_SOLID_SIZES[0]} to {_SOLID_SIZES[1]}"
        raise CheckpointError(f"{checkpoint} is of a training on {size} cells, not on {fit}")
    return size


def export_solid(checkpoint: Path, folder: Path, *, share: float) -> None:
    """Put the 3-D network of a checkpoint into a floating-point package; `share`: see `network.SolidNetwork`."""
    size = solid_size(checkpoint)
    net, kept = load_solid(checkpoint)
    add_solid(folder, convert_solid(net, size), {"size": size, "ratio": RATIO, "share": share})
    manifest = read_manifest(folder)
    manifest["training"]["solid"] = {"boxes": kept["seen"], "hours": round(kept["seconds"] / 3600, 2)}
    write_manifest(folder, manifest)
