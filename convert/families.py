"""The lineage by name: what each public network expects of images and boxes, which no tensor of a checkpoint tells.

The pairs are those of the authors' own inference scripts. LiteMedSAM, SwiftMedSAM: longer side to 256 by OpenCV's area
interpolation, min-max, zeros at the lower right, boxes cut to whole pixels. DAFT: the same before EfficientViT-SAM.
MedficientSAM: 512 by torch's bilinear interpolation. MobileSAM, SAM and EfficientViT-SAM itself: Pillow, and the
colours of photographs. MedSAM: both sides stretched to 1024 by scikit-image's cubic splines, probabilities
interpolated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from convert.nets.build import EncoderKind, Shapes, encoder_kind, image_size_of, shapes_of


@dataclass(frozen=True)
class Quantisation:
    """How NNCF makes INT8 of a family's encoder; what it was, and what it cost, stands in the parity report.

    `transformer`: its model type, with SmoothQuant on products. `float_tail`: how many of the last layers stay in
    floating point, step by step, until the masks agree. `ignored`: types of operations that do so at every step.
    """

    transformer: bool
    float_tail: tuple[int, ...]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Family:
    """How a network of the lineage is used.

    `size` is the side of the encoder's image where its tensors leave it open; `prompt_size` that of the prompts' image
    where it is another. `view`, `intensity` and `prompts` are fields of a manifest (to which the margin of what is
    carried is added: 3 of 256 pixels, whatever the size). `probability`: masks are interpolated as probabilities.
    `int8`: how it is quantised.
    """

    name: str
    encoder: EncoderKind
    view: Mapping[str, Any]
    intensity: str
    prompts: Mapping[str, Any]
    int8: Quantisation
    size: int = 0
    prompt_size: int = 0
    probability: bool = False


_AREA = {"policy": "corner", "resize": "area"}
_PILLOW = {"policy": "corner", "resize": "antialiased"}
_WHOLE = {"encoding": "tokens", "corners": "whole", "carry": "margin"}
_EXACT = {"encoding": "tokens", "corners": "exact", "carry": "margin"}
_LINEAR_ATTENTION = ("MatMul", "Divide")  # sums over thousands of tokens, and what they are divided by
_TINY = Quantisation(True, (0, 7, 12))  # the neck and one or both blocks of the last stage
_VIT = Quantisation(True, (0, 14, 26))  # the neck and two or four blocks
_EFFICIENT = Quantisation(False, (0, 1, 12), _LINEAR_ATTENTION)  # the last convolution; the whole neck

FAMILIES = {
    family.name: family
    for family in (
        Family("litemedsam", "tiny", _AREA, "minmax", _WHOLE, _TINY),
        Family("swiftmedsam", "tiny", _AREA, "minmax", _WHOLE, _TINY),
        Family("mobilesam", "tiny-shrinking", _PILLOW, "standard", _EXACT, _TINY),
        Family(
            "medsam", "vit", {"policy": "stretch", "resize": "cubic"}, "minmax", _EXACT, _VIT, probability=True
        ),
        Family("sam", "vit", _PILLOW, "standard", _EXACT, _VIT),
        Family(
            "medficientsam", "efficient", {"policy": "corner", "resize": "bilinear"}, "minmax",
            {"encoding": "tokens", "corners": "whole", "carry": "tight"}, _EFFICIENT, size=512,
        ),
        Family("daft", "efficient", _AREA, "minmax", _WHOLE, _EFFICIENT, size=256),
        Family(
            "efficientvit-sam", "efficient", {**_PILLOW, "mask_size": 1024}, "standard", _EXACT, _EFFICIENT,
            size=512, prompt_size=1024,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Recognised:
    """What a checkpoint was found to hold: `said` is for the user; `others` are as possible by its tensors."""

    family: Family
    size: int
    prompt_size: int
    said: str
    others: tuple[str, ...]


def recognise(state: Mapping[str, Tensor], *, family: str | None, size: int | None, hint: str) -> Recognised:
    """Of which family a checkpoint is by its tensors; where they fit several, by `family`, then by the file's name.

    Raises ValueError with one sentence where they fit none, or not the `family` or the `size` that was asked for.
    """
    try:
        return _recognised(shapes_of(state), family, size, hint.lower())
    except LookupError:
        raise ValueError("its tensors do not fit one another") from None


def _recognised(shapes: Shapes, family: str | None, size: int | None, hint: str) -> Recognised:
    kind = encoder_kind(shapes)
    possible = [one for one in FAMILIES.values() if one.encoder == kind]
    if not possible:
        raise ValueError(_why_not(shapes))
    if kind == "tiny":
        possible.sort(key=lambda one: one.name != ("swiftmedsam" if _is_thin(shapes) else "litemedsam"))
    chosen = _choose(possible, family, size, hint)
    fixed = image_size_of(shapes)
    if size and fixed and size != fixed:
        raise ValueError(f"it is a network for images of {fixed} pixels, not {size}")
    side = fixed or size or chosen.size
    if side % 32 or not 64 <= side <= 2048:
        raise ValueError(f"images of {side} pixels do not suit it: the side is a multiple of 32 between 64 and 2048")
    others = tuple(one.name for one in possible if one is not chosen and kind != "tiny")
    said = f"{chosen.name}: {_described(shapes)}, images of {side} pixels"
    if others:
        said += f"; by its tensors it could also be {' or '.join(others)} (--family)"
    return Recognised(chosen, side, chosen.prompt_size or side, said, others)


def _choose(possible: list[Family], family: str | None, size: int | None, hint: str) -> Family:
    named = {one.name: one for one in possible}
    if family is not None:
        if family not in named:
            raise ValueError(f"it is no {family}: by its tensors it is {' or '.join(named)}")
        return named[family]
    by_name = [one for one in possible if one.name in hint or one.name.replace("-", "_") in hint]
    if "sam_vit" in hint and "sam" in named:
        by_name = [named["medsam"] if "medsam" in hint else named["sam"]]
    by_size = [one for one in possible if size and one.size == size]
    return max(by_name, key=lambda one: len(one.name)) if by_name else (by_size or possible)[0]


def _is_thin(shapes: Shapes) -> bool:
    """Whether the decoder is SwiftMedSAM's: one layer in place of two."""
    return "mask_decoder.transformer.layers.1.norm1.weight" not in shapes


def _described(shapes: Shapes) -> str:
    kind = encoder_kind(shapes)
    decoder = shapes.get("mask_decoder.transformer.layers.0.mlp.lin1.weight", (0,))[0]
    layers = len({n.split(".")[3] for n in shapes if n.startswith("mask_decoder.transformer.layers.")})
    if kind == "vit":
        encoder = f"ViT of {len(_numbers(shapes, 'image_encoder.blocks.', 2))} blocks"
    elif kind == "efficient":
        blocks = [len(_numbers(shapes, f"image_encoder.backbone.stages.{s}.op_list.", 5)) for s in range(6)]
        encoder = f"EfficientViT of {'+'.join(str(n) for n in blocks if n)} blocks"
    else:
        blocks = [len(_numbers(shapes, f"image_encoder.layers.{s}.blocks.", 4)) for s in range(4)]
        encoder = f"TinyViT of {'+'.join(map(str, blocks))} blocks"
    return f"{encoder}, decoder of {layers} layers {decoder} wide"


def _numbers(shapes: Shapes, prefix: str, place: int) -> set[str]:
    return {name.split(".")[place] for name in shapes if name.startswith(prefix)}


def _why_not(shapes: Shapes) -> str:
    if any(name.startswith(("patch_embed.", "backbone.")) for name in shapes):
        return "it holds an image encoder alone, without prompt encoder and mask decoder"
    if any(name.startswith("mask_decoder.") for name in shapes):
        return "its image encoder is none of those of LiteMedSAM, MobileSAM, SAM or EfficientViT-SAM"
    return "it holds no network of the SAM family"
