"""A network of the SAM family as a model package of the "tokens" encoding.

The encoder takes an image (1, 3, S, S). The decoder takes its embedding (1, 256, G, G), boxes (N, 4) as x0, y0, x1, y1
and points (N, 8, 2) with labels (N, 8), in pixel indices of the image; prompt encoder, positions and the embedding of
"no mask" are folded into it. Points of the label -1 are not there: the answer is that of the box alone, as the public
scripts ask it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from convert.families import FAMILIES, Family
from convert.nets.sam import BUILDERS, IMAGE_SIZE, Sam
from convert.package import FORMAT, ov, write_package
from convert.selftest import record_self_test

POINTS = 8  # clicks beside a box that a package takes
_ABSENT = -1
_MARGIN = 3  # pixels of 256 around the mask of the slice before: LiteMedSAM's


class PromptedDecoder(nn.Module):
    """Prompt encoder and mask decoder in one, with all that does not depend on the prompt made constant.

    `scale` brings pixels of the encoder's image to those of the prompts'. Where masks are to be interpolated as
    `probability`, logits are that less a half, so that 0 is still the border.
    """

    positions: Tensor
    no_mask: Tensor

    def __init__(self, sam: Sam, *, scale: float = 1.0, probability: bool = False) -> None:
        super().__init__()
        self.prompts = sam.prompt_encoder
        self.masks = sam.mask_decoder
        self.scale = scale
        self.probability = probability
        self.register_buffer("positions", sam.prompt_encoder.grid_positions().detach())
        self.register_buffer("no_mask", sam.prompt_encoder.no_mask_embed.weight.detach()[:, :, None, None])

    def forward(self, embedding: Tensor, boxes: Tensor, points: Tensor, point_labels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, 1, 4 G, 4 G) and predicted IoU (N, 1); see above for what goes in."""
        absent = (point_labels == _ABSENT).to(boxes.dtype)
        clicks = self.prompts.point_tokens(points * self.scale, point_labels)
        tokens = torch.cat([clicks, self.prompts.box_tokens(boxes * self.scale)], dim=1)
        present_box = torch.zeros_like(boxes[:, :2])  # both corners of a box are always there
        logits, overlaps = self.masks(
            embedding, self.positions, tokens, self.no_mask, absent=torch.cat([absent, present_box], dim=1)
        )
        return logits.sigmoid() - 0.5 if self.probability else logits, overlaps


def no_points(count: int) -> tuple[Tensor, Tensor]:
    """Points (count, 8, 2) and labels (count, 8) of prompts that are boxes alone."""
    return torch.zeros(count, POINTS, 2), torch.full((count, POINTS), float(_ABSENT))


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


def convert_sam(sam: Sam, *, size: int = IMAGE_SIZE, probability: bool = False) -> tuple[ov.Model, ov.Model]:
    """Encoder for images of `size` pixels, and decoder for any number of prompts, with named inputs and outputs."""
    image = torch.zeros(1, 3, size, size)
    grid = sam.prompt_encoder.grid_size
    embedding = torch.zeros(1, sam.prompt_encoder.no_mask_embed.weight.shape[1], grid, grid)
    decoder_module = PromptedDecoder(sam, scale=sam.prompt_encoder.image_size / size, probability=probability).eval()
    boxes = torch.tensor([[16.0, 16.0, 128.0, 96.0], [0.0, 0.0, 64.0, 64.0]])
    inputs = (embedding, boxes, *no_points(len(boxes)))
    shapes = [tuple(embedding.shape), (-1, 4), (-1, POINTS, 2), (-1, POINTS)]
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the converter traces, which torch would rather not and says in many ways
        encoder = ov.convert_model(sam.image_encoder.eval(), example_input=image, input=[tuple(image.shape)])
        decoder = ov.convert_model(decoder_module, example_input=inputs, input=shapes)
    _name(encoder.inputs, ("image",))
    _name(encoder.outputs, ("embedding",))
    _name(decoder.inputs, ("embedding", "boxes", "points", "point_labels"))
    _name(decoder.outputs, ("logits", "scores"))
    return encoder, decoder


def manifest_fields(family: Family, *, name: str, size: int, training: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest's fields of a floating-point package, but for files and self-test."""
    prompts = dict(family.prompts)
    if prompts["carry"] == "margin":
        prompts["margin"] = max(1, round(_MARGIN * size / IMAGE_SIZE))
    return {
        "format": FORMAT,
        "name": name,
        "version": "1",
        "family": family.name,
        "licence": "Apache-2.0",
        "precision": "f32",
        "input": {"size": size, "channels": 3},
        "intensity": {"default": {"kind": family.intensity}},
        "view": dict(family.view),
        "prompts": prompts,
        "thresholds": {"mask": 0.0, "present": 0.5, "doubtful": 0.75},
        "training": dict(training),
        "accuracy": {},
    }


def export_sam(
    sam: Sam, folder: Path, *, name: str, family: str, training: Mapping[str, Any], size: int = IMAGE_SIZE
) -> None:
    """Write the floating-point package, with what it answers to the phantom as its self-test.

    Weights keep single precision: it is to give what the original gives.
    """
    known = FAMILIES[family]
    models = convert_sam(sam, size=size, probability=known.probability)
    write_package(folder, manifest_fields(known, name=name, size=size, training=training), *models, half=False)
    record_self_test(folder)


def _name(ports: Sequence[Any], names: Sequence[str]) -> None:
    for port, name in zip(ports, names, strict=True):
        port.get_tensor().set_names({name})
