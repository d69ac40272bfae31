"""A network of the SAM family as a model package of the "tokens" encoding: `python -m convert.export_sam --help`.

The encoder takes an image (1, 3, 256, 256). The decoder takes its embedding (1, 256, 64, 64) and boxes (N, 4), x0, y0,
x1, y1 in pixel indices of the image; prompt encoder, positions and the embedding of "no mask" are folded into it.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from convert.nets.sam import BUILDERS, GRID_SIZE, IMAGE_SIZE, Sam
from convert.package import FORMAT, ov, write_package
from convert.selftest import record_self_test


class BoxDecoder(nn.Module):
    """Prompt encoder and mask decoder in one, with all that does not depend on the prompt made constant."""

    positions: Tensor
    no_mask: Tensor

    def __init__(self, sam: Sam) -> None:
        super().__init__()
        self.prompts = sam.prompt_encoder
        self.masks = sam.mask_decoder
        self.register_buffer("positions", sam.prompt_encoder.grid_positions().detach())
        self.register_buffer("no_mask", sam.prompt_encoder.no_mask_embed.weight.detach()[:, :, None, None])

    def forward(self, embedding: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
        """Embedding (1, 256, 64, 64) and boxes (N, 4) to logits (N, 1, 256, 256) and predicted IoU (N, 1)."""
        logits, overlaps = self.masks(embedding, self.positions, self.prompts.box_tokens(boxes), self.no_mask)
        return logits, overlaps


def with_random_weights(architecture: str, seed: int) -> Sam:
    """A network whose every parameter and statistic is random: for timing and for parity, not for segmenting."""
    generator = torch.Generator().manual_seed(seed)
    sam = BUILDERS[architecture]().eval()
    with torch.no_grad():
        for module in sam.modules():
            if (
                isinstance(module, nn.BatchNorm2d)
                and module.running_mean is not None
                and module.running_var is not None
            ):
                nn.init.uniform_(module.weight, 0.5, 1.5, generator)
                nn.init.normal_(module.bias, 0.0, 0.1, generator)
                nn.init.normal_(module.running_mean, 0.0, 0.1, generator)
                nn.init.uniform_(module.running_var, 0.5, 1.5, generator)
        for name, parameter in sam.named_parameters():
            if parameter.ndim > 1:
                spread = 1.0 if name.endswith("attention_biases") else max(parameter[0].numel(), 1) ** -0.5
                nn.init.normal_(parameter, 0.0, spread, generator)
        matrix = sam.prompt_encoder.pe_layer.positional_encoding_gaussian_matrix
        matrix.copy_(torch.randn(matrix.shape, generator=generator))
    return sam


def with_weights(architecture: str, checkpoint: Path) -> Sam:
    """A network with the weights of a public checkpoint (or of a training's, under "model"); every tensor must fit.

    Raises ValueError with one sentence where it does not.
    """
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    if isinstance(state, dict) and isinstance(state.get("model"), dict):
        state = state["model"]
    sam = BUILDERS[architecture]().eval()
    wanted = {name: tuple(tensor.shape) for name, tensor in sam.state_dict().items()}
    found = {n: tuple(t.shape) for n, t in state.items() if isinstance(t, Tensor)} if isinstance(state, dict) else {}
    strange = sorted({*wanted.items()} ^ {*found.items()})
    if strange:
        raise ValueError(f"{checkpoint} is no {architecture}: {len(strange)} tensors differ, such as '{strange[0][0]}'")
    sam.load_state_dict(state)
    return sam


def convert_sam(sam: Sam) -> tuple[ov.Model, ov.Model]:
    """Encoder and decoder, the latter for any number of boxes, with named inputs and outputs."""
    image, embedding = torch.zeros(1, 3, IMAGE_SIZE, IMAGE_SIZE), torch.zeros(1, 256, GRID_SIZE, GRID_SIZE)
    boxes = torch.tensor([[16.0, 16.0, 128.0, 96.0], [0.0, 0.0, 64.0, 64.0]])
    shapes = [tuple(embedding.shape), (-1, 4)]
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the converter traces, which torch would rather not
        encoder = ov.convert_model(sam.image_encoder.eval(), example_input=image, input=[tuple(image.shape)])
        decoder = ov.convert_model(BoxDecoder(sam).eval(), example_input=(embedding, boxes), input=shapes)
    _name(encoder.inputs, ("image",))
    _name(encoder.outputs, ("embedding",))
    _name(decoder.inputs, ("embedding", "boxes"))
    _name(decoder.outputs, ("logits", "scores"))
    return encoder, decoder


def export_sam(sam: Sam, folder: Path, *, name: str, family: str, training: Mapping[str, Any]) -> None:
    """Write the floating-point package, with what it answers to the phantom as its self-test."""
    fields: dict[str, Any] = {
        "format": FORMAT,
        "name": name,
        "version": "1",
        "family": family,
        "licence": "Apache-2.0",
        "precision": "f32",
        "input": {"size": IMAGE_SIZE, "channels": 3},
        "intensity": {"default": {"kind": "minmax"}},
        "view": {"policy": "corner"},
        "prompts": {"encoding": "tokens"},
        "thresholds": {"mask": 0.0, "present": 0.5, "doubtful": 0.75},
        "training": dict(training),
        "accuracy": {},
    }
    write_package(folder, fields, *convert_sam(sam))
    record_self_test(folder)


def main(arguments: Sequence[str] | None = None) -> None:
    """Export one network from a checkpoint, or with random weights where none is given."""
    parser = argparse.ArgumentParser(prog="python -m convert.export_sam", description=__doc__.splitlines()[0])
    parser.add_argument("--architecture", choices=sorted(BUILDERS), required=True)
    parser.add_argument("--weights", type=Path, help="checkpoint (.pth); left out: random weights, for timing only")
    parser.add_argument("--seed", type=int, default=0, help="of random weights")
    parser.add_argument("--name", help="of the package; left out: that of the architecture")
    parser.add_argument("-o", "--output", type=Path, required=True, help="package folder to write")
    options = parser.parse_args(arguments)
    if options.weights is None:
        sam, training = with_random_weights(options.architecture, options.seed), {"weights": "random, for timing only"}
    else:
        try:
            sam, training = with_weights(options.architecture, options.weights), {"weights": options.weights.name}
        except ValueError as error:
            parser.error(str(error))
    name = options.name or options.architecture
    export_sam(sam, options.output, name=name, family=options.architecture, training=training)


def _name(ports: Sequence[Any], names: Sequence[str]) -> None:
    for port, name in zip(ports, names, strict=True):
        port.get_tensor().set_names({name})


if __name__ == "__main__":
    main()
