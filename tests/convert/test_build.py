"""Networks from the tensors of a checkpoint. Small ones of each family, so that nothing takes long."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from convert.families import FAMILIES, recognise
from convert.nets.build import build_sam, encoder_kind, image_size_of, shapes_of
from convert.nets.efficient_vit import Backbone, BlockSpec, EfficientViTEncoder, LinearAttention, Neck
from convert.nets.mask_decoder import MaskDecoder
from convert.nets.prompt_encoder import PromptEncoder
from convert.nets.sam import BUILDERS, Sam
from convert.nets.tiny_vit import TinyViT
from convert.nets.transformer import TwoWayTransformer
from convert.nets.vit import ImageEncoderViT

DIM = 32


def with_encoder(encoder: nn.Module, *, grid: int = 64, mlp_dim: int = 300) -> Sam:
    torch.manual_seed(2)
    transformer = TwoWayTransformer(depth=2, dim=DIM, heads=8, mlp_dim=mlp_dim)
    decoder = MaskDecoder(transformer=transformer, dim=DIM, iou_head_hidden=24)
    sam = Sam(
        image_encoder=encoder,
        prompt_encoder=PromptEncoder(dim=DIM, grid_size=grid, image_size=256, mask_channels=8),
        mask_decoder=decoder,
    )
    return sam.eval()


def tiny(*, shrinks: bool = False, classes: int = 0) -> Sam:
    encoder = TinyViT(
        embed_dims=(8, 16, 24, 32), depths=(1, 2, 3, 1), heads=(1, 2, 3, 4), windows=(1, 7, 14, 7), out_channels=DIM,
        shrinks=shrinks, classes=classes,
    )  # fmt: skip
    return with_encoder(encoder)


def vit() -> Sam:
    encoder = ImageEncoderViT(dim=24, heads=3, hidden=40, windows=(3, 0, 3), patch=16, grid=8, out_channels=DIM)
    return with_encoder(encoder, grid=8)


def efficient() -> Sam:
    def spec(kind: str, inputs: int, middle: int, outputs: int, stride: int = 1, *, few: bool = False) -> BlockSpec:
        return BlockSpec(kind, inputs, middle, outputs, stride, few, head_dim=8)  # type: ignore[arg-type]

    stages = [
        [spec("stem", 3, 8, 8, 2), spec("res", 8, 8, 8)],
        [spec("fmb", 8, 32, 16, 2), spec("fmb", 16, 32, 16)],
        [spec("mb", 16, 64, 16, 2, few=True), spec("mb", 16, 32, 16, few=True)],
        [spec("mb", 16, 64, 24, 2, few=True), spec("att", 24, 48, 24, few=True)],
    ]
    neck = Neck([24, 16, 16], [spec("fmb", 20, 20, 20)], width=20, out_channels=DIM, grid=64)
    return with_encoder(EfficientViTEncoder(Backbone(stages), neck, out_channels=DIM))


@pytest.mark.parametrize(
    ("make", "kind", "size", "side"),
    [
        (tiny, "tiny", 256, 256),
        (lambda: tiny(shrinks=True, classes=10), "tiny-shrinking", 1024, 256),
        (vit, "vit", 128, 128),
        (efficient, "efficient", None, 128),
    ],
)
def test_that_a_network_is_built_from_its_own_tensors(
    make: Callable[[], Sam], kind: str, size: int | None, side: int
) -> None:
    original = make()
    state = {name: tensor.clone() for name, tensor in original.state_dict().items()}
    shapes = shapes_of(state)
    assert (encoder_kind(shapes), image_size_of(shapes)) == (kind, size)
    built = build_sam(state, prompt_size=256)
    assert shapes_of(built.state_dict()) == shapes
    image = torch.rand(1, 3, side, side)
    embedding = torch.randn(1, DIM, built.prompt_encoder.grid_size, built.prompt_encoder.grid_size)
    boxes = torch.tensor([[3.0, 4.0, 80.0, 90.0]])
    with torch.no_grad():
        torch.testing.assert_close(built.image_encoder(image), original.image_encoder(image))
        torch.testing.assert_close(built.decode(embedding, boxes), original.decode(embedding, boxes))


def test_that_a_decoder_of_swiftmedsams_width_has_its_heads() -> None:
    state = with_encoder(TinyViT(out_channels=DIM, depths=(1, 1, 1, 1)), mlp_dim=256).state_dict()
    heads = build_sam(state, prompt_size=256).mask_decoder.transformer.final_attn_token_to_image.heads
    assert heads == 4


@pytest.mark.parametrize(
    "change",
    [
        lambda state: state.pop("image_encoder.neck.1.bias"),
        lambda state: state.update({"extra.weight": torch.zeros(3)}),
        lambda state: state.update({"mask_decoder.iou_token.weight": torch.zeros(2, DIM)}),
        lambda state: state.pop("prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"),
        lambda state: state.update({"image_encoder.layers.1.blocks.0.attn.attention_biases": torch.zeros(0, 49)}),
    ],
)
def test_that_what_does_not_fit_is_refused_in_words(change: Callable[[dict[str, Tensor]], object]) -> None:
    state = dict(tiny().state_dict())
    change(state)
    with pytest.raises(ValueError, match="tensors"):
        build_sam(state, prompt_size=256)


def test_that_linear_attention_is_the_same_in_either_order() -> None:
    attention = LinearAttention(16, head_dim=8, kernel=5).eval()
    torch.manual_seed(3)
    wide = torch.randn(1, 16, 4, 4)
    with torch.no_grad():
        grouped = attention(wide)
        attention.head_dim = 8
        narrow = attention(wide[:, :, :2, :2])
    assert grouped.shape == wide.shape
    assert narrow.shape == (1, 16, 2, 2)
    assert torch.isfinite(narrow).all()


def test_that_window_attention_of_a_vit_ignores_where_windows_begin() -> None:
    encoder = ImageEncoderViT(dim=24, heads=3, hidden=40, windows=(4,), patch=16, grid=8, out_channels=DIM).eval()
    with torch.no_grad():
        block = encoder.blocks[0]
        tokens = torch.randn(1, 8, 8, 24)
        swapped = torch.cat([tokens[:, 4:], tokens[:, :4]], dim=1)
        torch.testing.assert_close(
            block(swapped), torch.cat([block(tokens)[:, 4:], block(tokens)[:, :4]], dim=1), atol=1e-5, rtol=1e-4
        )


# --------------------------------------------------------------------------------------------------------- recognition


def named(state: dict[str, Tensor], hint: str = "weights", family: str | None = None, size: int | None = None) -> str:
    return recognise(state, family=family, size=size, hint=hint).family.name


@pytest.mark.parametrize("architecture", sorted(BUILDERS))
def test_that_networks_of_known_names_are_recognised(architecture: str) -> None:
    with torch.device("meta"):
        state = BUILDERS[architecture]().state_dict()
    found = recognise(state, family=None, size=None, hint="x")
    assert (found.family.name, found.size, found.prompt_size, found.others) == (architecture, 256, 256, ())


def test_that_what_tensors_leave_open_is_said_by_the_caller_or_the_file() -> None:
    state = dict(efficient().state_dict())
    assert named(state) == "medficientsam"
    assert named(state, size=256) == "daft"
    assert named(state, hint="efficientvit_sam_l0") == "efficientvit-sam"
    assert named(state, family="daft", size=512) == "daft"
    assert recognise(state, family="efficientvit-sam", size=None, hint="").prompt_size == 1024
    state = dict(vit().state_dict())
    assert named(state) == "medsam"
    assert named(state, hint="sam_vit_b_01ec64") == "sam"
    assert named(state, hint="medsam_vit_b") == "medsam"


def test_that_others_are_named_where_tensors_leave_it_open() -> None:
    found = recognise(dict(vit().state_dict()), family=None, size=None, hint="")
    assert found.others == ("sam",)
    assert "it could also be sam (--family)" in found.said


@pytest.mark.parametrize(
    ("family", "size", "sentence"),
    [("medsam", None, "it is no medsam"), (None, 512, "for images of 256 pixels, not 512")],
)
def test_that_a_wrong_word_of_the_caller_is_refused(family: str | None, size: int | None, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        recognise(dict(tiny().state_dict()), family=family, size=size, hint="")


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("patch_embed.seq.0.c.weight",), "an image encoder alone"),
        (("mask_decoder.iou_token.weight",), "its image encoder is none"),
        (("fc.weight",), "no network of the SAM family"),
    ],
)
def test_that_other_networks_are_refused_with_a_reason(names: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        recognise({name: torch.zeros(2, 2) for name in names}, family=None, size=None, hint="")


def test_that_every_family_is_of_a_known_encoder() -> None:
    assert {family.encoder for family in FAMILIES.values()} == {"tiny", "tiny-shrinking", "vit", "efficient"}
