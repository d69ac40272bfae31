"""Networks of the SAM family from the tensors of a checkpoint: every hyper-parameter is read off names and shapes.

What no shape tells is said by the caller: the size of the image where the encoder takes any, and that of the prompts'.
The decoder's heads leave no trace either: they are 4 where its perceptron is 256 wide (SwiftMedSAM), else 8.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import isqrt
from typing import Literal

import torch
from torch import Tensor, nn

from convert.nets.efficient_vit import Backbone, BlockKind, BlockSpec, EfficientViTEncoder, Neck
from convert.nets.mask_decoder import MaskDecoder
from convert.nets.prompt_encoder import PromptEncoder
from convert.nets.sam import Sam
from convert.nets.tiny_vit import TinyViT
from convert.nets.transformer import TwoWayTransformer
from convert.nets.vit import ImageEncoderViT

EncoderKind = Literal["tiny", "tiny-shrinking", "vit", "efficient"]
Shapes = Mapping[str, tuple[int, ...]]

_GRID = 64  # cells of every embedding's side but a ViT's of another image size
_THIN_MLP = 256  # SwiftMedSAM's decoder


def shapes_of(state: Mapping[str, Tensor]) -> Shapes:
    """Shape by name."""
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def encoder_kind(shapes: Shapes) -> EncoderKind | None:
    """Which image encoder the tensors belong to; None where it is none of the family."""
    if "image_encoder.pos_embed" in shapes:
        return "vit"
    if "image_encoder.backbone.stages.0.op_list.0.conv.weight" in shapes:
        return "efficient"
    first = shapes.get("image_encoder.patch_embed.seq.0.c.weight")
    if first is None or len(first) != 4:
        return None
    return "tiny" if first[2] == 1 else "tiny-shrinking"


def grid_of(shapes: Shapes) -> int:
    """Cells of the embedding's side."""
    return shapes["image_encoder.pos_embed"][1] if encoder_kind(shapes) == "vit" else _GRID


def image_size_of(shapes: Shapes) -> int | None:
    """Side of the image that the encoder takes, where its tensors tell."""
    kind = encoder_kind(shapes)
    if kind == "vit":
        return grid_of(shapes) * shapes["image_encoder.patch_embed.proj.weight"][2]
    return {"tiny": 4 * _GRID, "tiny-shrinking": 16 * _GRID}.get(str(kind))


def build_sam(state: Mapping[str, Tensor], *, prompt_size: int) -> Sam:
    """The network with its weights, in `eval` mode; `prompt_size` is the side in whose pixels boxes are given.

    Shapes are tried on the meta device first, where no tensor takes memory. Raises ValueError with one sentence where a
    tensor is missing, strange, or of another shape than it must have.
    """
    shapes = shapes_of(state)
    if encoder_kind(shapes) is None:
        raise ValueError("its tensors are not those of a SAM network")
    for part in ("prompt encoder", "mask decoder"):
        if not _inner(shapes, part.replace(" ", "_") + "."):
            raise ValueError(f"it holds no {part}")
    try:
        with torch.device("meta"), torch.no_grad():
            sam = _assembled(shapes, prompt_size)
            strange = sorted({*shapes_of(sam.state_dict()).items()} ^ {*shapes.items()})
            side = image_size_of(shapes) or prompt_size
            if not strange:
                sam(torch.zeros(1, 3, side, side), torch.zeros(2, 4))
    except (ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise ValueError(f"its tensors do not fit one another ({_in_short(error)})") from None
    if strange:
        raise ValueError(f"{len(strange)} of its tensors are missing or too many, such as '{strange[0][0][:80]}'")
    sam = _assembled(shapes, prompt_size)
    wanted = sam.state_dict()
    whole = next((n for n, t in state.items() if t.is_floating_point() != wanted[n].is_floating_point()), None)
    if whole is not None:
        raise ValueError(f"its '{whole[:80]}' holds values of the type {state[whole].dtype}".replace("torch.", ""))
    sam.load_state_dict(dict(state), strict=True)
    return sam


def _assembled(shapes: Shapes, prompt_size: int) -> Sam:
    kind = encoder_kind(shapes)
    if kind is None:
        raise ValueError("it has no image encoder of the family")
    encoder = _ENCODERS[kind](_inner(shapes, "image_encoder."))
    decoder = _mask_decoder(_inner(shapes, "mask_decoder."), eps=1e-6 if kind == "efficient" else 1e-5)
    prompts = _prompt_encoder(_inner(shapes, "prompt_encoder."), grid_of(shapes), prompt_size)
    return Sam(image_encoder=encoder, prompt_encoder=prompts, mask_decoder=decoder).eval()


def _in_short(error: Exception) -> str:
    text = " ".join(str(error).split())[:120]
    return text or type(error).__name__


def _inner(shapes: Shapes, prefix: str) -> Shapes:
    return {name.removeprefix(prefix): shape for name, shape in shapes.items() if name.startswith(prefix)}


def _count(shapes: Shapes, pattern: str) -> int:
    """How many numbers, from 0 on, stand in the pattern's place `#`."""
    expression = re.compile(re.escape(pattern).replace(re.escape("#"), r"(\d+)"))
    numbers = {int(found[1]) for name in shapes if (found := expression.match(name))}
    if not numbers or numbers != set(range(len(numbers))):
        raise ValueError(f"'{pattern}' is not numbered from 0")
    return len(numbers)


# ------------------------------------------------------------------------------------------------------------- decoder


def _mask_decoder(shapes: Shapes, *, eps: float) -> MaskDecoder:
    masks, dim = shapes["mask_tokens.weight"]
    hidden, _ = shapes["transformer.layers.0.mlp.lin1.weight"]
    inner, _ = shapes["transformer.layers.0.cross_attn_token_to_image.q_proj.weight"]
    transformer = TwoWayTransformer(
        depth=_count(shapes, "transformer.layers.#."),
        dim=dim,
        heads=4 if hidden <= _THIN_MLP else 8,
        mlp_dim=hidden,
        downsample=dim // inner,
    )
    decoder = MaskDecoder(
        transformer=transformer,
        dim=dim,
        ambiguous_masks=masks - 1,
        iou_head_depth=_count(shapes, "iou_prediction_head.layers.#."),
        iou_head_hidden=shapes["iou_prediction_head.layers.0.weight"][0],
    )
    for module in decoder.modules():
        if isinstance(module, nn.LayerNorm):
            module.eps = eps  # EfficientViT-SAM's builder sets it for all that it builds
    return decoder


def _prompt_encoder(shapes: Shapes, grid: int, size: int) -> PromptEncoder:
    frequencies = shapes["pe_layer.positional_encoding_gaussian_matrix"][1]
    channels = shapes["mask_downscaling.3.weight"][0]
    return PromptEncoder(dim=2 * frequencies, grid_size=grid, image_size=size, mask_channels=channels)


# ------------------------------------------------------------------------------------------------------------ encoders


def _tiny_vit(shapes: Shapes) -> TinyViT:
    stages = _count(shapes, "layers.#.")
    depths = [_count(shapes, f"layers.{n}.blocks.#.") for n in range(stages)]
    biases = [shapes[f"layers.{n}.blocks.0.attn.attention_biases"] for n in range(1, stages)]
    dims = [
        shapes["patch_embed.seq.2.c.weight"][0],
        *(shapes[f"layers.{n}.blocks.0.attn.proj.weight"][0] for n in range(1, stages)),
    ]
    return TinyViT(
        in_channels=shapes["patch_embed.seq.0.c.weight"][1],
        embed_dims=dims,
        depths=depths,
        heads=[1, *(heads for heads, _ in biases)],
        windows=[1, *(isqrt(cells) for _, cells in biases)],
        mlp_ratio=shapes["layers.1.blocks.0.mlp.fc1.weight"][0] / dims[1],
        expand_ratio=shapes["layers.0.blocks.0.conv1.c.weight"][0] / dims[0],
        local_kernel=shapes["layers.1.blocks.0.local_conv.c.weight"][2],
        out_channels=shapes["neck.0.weight"][0],
        shrinks=shapes["patch_embed.seq.0.c.weight"][2] == 3,
        classes=shapes.get("head.weight", (0,))[0],
    )


def _vit(shapes: Shapes) -> ImageEncoderViT:
    _, grid, _, dim = shapes["pos_embed"]
    depth = _count(shapes, "blocks.#.")
    sides = [(shapes[f"blocks.{n}.attn.rel_pos_h"][0] + 1) // 2 for n in range(depth)]
    return ImageEncoderViT(
        dim=dim,
        heads=dim // shapes["blocks.0.attn.rel_pos_h"][1],
        hidden=shapes["blocks.0.mlp.lin1.weight"][0],
        windows=[0 if side == grid else side for side in sides],
        patch=shapes["patch_embed.proj.weight"][2],
        grid=grid,
        out_channels=shapes["neck.0.weight"][0],
    )


def _efficient_vit(shapes: Shapes) -> EfficientViTEncoder:
    stages = [
        [
            _block(_inner(shapes, f"backbone.stages.{s}.op_list.{n}."), stride=2 if n == 0 else 1)
            for n in range(_count(shapes, f"backbone.stages.{s}.op_list.#."))
        ]
        for s in range(_count(shapes, "backbone.stages.#."))
    ]
    middle = [
        _block(_inner(shapes, f"neck.middle.op_list.{n}."), stride=1)
        for n in range(_count(shapes, "neck.middle.op_list.#."))
    ]
    firsts = [shapes[f"neck.input_ops.{n}.op_list.0.conv.weight"] for n in range(_count(shapes, "neck.input_ops.#."))]
    outputs = shapes["neck.output_ops.0.op_list.0.conv.weight"][0]
    neck = Neck([first[1] for first in firsts], middle, width=firsts[0][0], out_channels=outputs, grid=_GRID)
    return EfficientViTEncoder(Backbone(stages), neck, out_channels=outputs)


_WIDEST: dict[BlockKind, tuple[str, str]] = {  # the layers that tell a block's widths: the first and the last
    "res": ("main.conv1", "main.conv2"),
    "fmb": ("main.spatial_conv", "main.point_conv"),
    "mb": ("main.inverted_conv", "main.point_conv"),
    "att": ("local_module.main.inverted_conv", "local_module.main.point_conv"),
}


def _block(shapes: Shapes, *, stride: int) -> BlockSpec:
    if "conv.weight" in shapes:
        outputs, inputs = shapes["conv.weight"][:2]
        return BlockSpec("stem", inputs, outputs, outputs, stride, few_norms=False)
    kind = next(kind for kind, (first, _) in _WIDEST.items() if f"{first}.conv.weight" in shapes)
    first, last = _WIDEST[kind]
    middle, inputs = shapes[f"{first}.conv.weight"][:2]
    spec = BlockSpec(
        kind,
        inputs,
        middle,
        shapes[f"{last}.conv.weight"][0],
        stride,
        few_norms=f"{first}.norm.weight" not in shapes,
    )
    if kind != "att":
        return spec
    grouped = shapes["context_module.main.aggreg.0.0.weight"], shapes["context_module.main.aggreg.0.1.weight"]
    return BlockSpec(**(vars(spec) | {"attention_kernel": grouped[0][2], "head_dim": grouped[1][1]}))


_ENCODERS: dict[EncoderKind, Callable[[Shapes], nn.Module]] = {
    "tiny": _tiny_vit,
    "tiny-shrinking": _tiny_vit,
    "vit": _vit,
    "efficient": _efficient_vit,
}
