from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from convert.export_sam import PromptedDecoder, convert_sam, manifest_fields, no_points, with_random_weights
from convert.families import FAMILIES
from convert.nets.mask_decoder import MaskDecoder
from convert.nets.prompt_encoder import PromptEncoder
from convert.nets.sam import BUILDERS, build_litemedsam, build_swiftmedsam
from convert.nets.tiny_vit import TinyViT, WindowAttention
from convert.nets.transformer import Attention, TwoWayTransformer
from convert.package import ov

BOXES = torch.tensor([[10.0, 20.0, 100.0, 120.0], [0.0, 0.0, 255.0, 255.0], [30.0, 40.0, 33.0, 50.0]])


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def small_sam() -> tuple[PromptEncoder, MaskDecoder]:
    torch.manual_seed(5)
    transformer = TwoWayTransformer(depth=2, dim=32, heads=2, mlp_dim=48)
    return PromptEncoder(dim=32, grid_size=8, image_size=32), MaskDecoder(transformer=transformer, dim=32)


@pytest.mark.parametrize(
    ("architecture", "encoder", "decoder"), [("litemedsam", 5.727, 4.058), ("swiftmedsam", 4.442, 1.494)]
)
def test_that_networks_have_the_published_number_of_parameters(
    architecture: str, encoder: float, decoder: float
) -> None:
    sam = BUILDERS[architecture]()
    assert round(count(sam.image_encoder) / 1e6, 3) == encoder
    assert round(count(sam.prompt_encoder) / 1e6, 4) == 0.0062
    assert round(count(sam.mask_decoder) / 1e6, 3) == decoder


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("image_encoder.patch_embed.seq.2.c.weight", (64, 32, 1, 1)),
        ("image_encoder.layers.0.blocks.1.conv2.bn.running_var", (256,)),
        ("image_encoder.layers.0.downsample.conv2.c.weight", (128, 1, 3, 3)),
        ("image_encoder.layers.1.blocks.0.attn.attention_biases", (4, 49)),
        ("image_encoder.layers.2.blocks.5.attn.qkv.weight", (480, 160)),
        ("image_encoder.layers.3.blocks.1.mlp.fc1.bias", (1280,)),
        ("image_encoder.layers.3.blocks.1.local_conv.c.weight", (320, 1, 3, 3)),
        ("image_encoder.neck.3.bias", (256,)),
        ("prompt_encoder.pe_layer.positional_encoding_gaussian_matrix", (2, 128)),
        ("prompt_encoder.point_embeddings.3.weight", (1, 256)),
        ("prompt_encoder.mask_downscaling.6.weight", (256, 16, 1, 1)),
        ("mask_decoder.transformer.layers.1.cross_attn_image_to_token.q_proj.weight", (128, 256)),
        ("mask_decoder.transformer.layers.0.mlp.lin1.weight", (2048, 256)),
        ("mask_decoder.transformer.norm_final_attn.weight", (256,)),
        ("mask_decoder.output_upscaling.3.weight", (64, 32, 2, 2)),
        ("mask_decoder.output_hypernetworks_mlps.3.layers.2.weight", (32, 256)),
        ("mask_decoder.iou_prediction_head.layers.2.bias", (4,)),
    ],
)
def test_that_tensors_are_named_and_shaped_as_in_the_public_checkpoint(name: str, shape: tuple[int, ...]) -> None:
    with torch.device("meta"):
        state = build_litemedsam().state_dict()
    assert tuple(state[name].shape) == shape
    assert len(state) == 435


def test_that_swiftmedsam_is_thinner_where_its_authors_cut() -> None:
    with torch.device("meta"):
        sam = build_swiftmedsam()
    stages = [len(stage.blocks) for stage in sam.image_encoder.layers]  # type: ignore[union-attr]
    assert stages == [1, 2, 2, 2]
    assert len(sam.mask_decoder.transformer.layers) == 1
    assert sam.mask_decoder.transformer.final_attn_token_to_image.heads == 4
    assert len(sam.mask_decoder.iou_prediction_head.layers) == 2


def test_that_attention_biases_belong_to_distances_within_the_window() -> None:
    attention = WindowAttention(8, heads=2, window=3)
    index = attention.attention_bias_idxs
    assert index[0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8]  # from the upper left corner to each token, row by row
    assert index[4].tolist() == [4, 3, 4, 1, 0, 1, 4, 3, 4]  # from the middle: the order of sign does not matter
    assert torch.equal(index, index.T)


def test_that_the_encoder_embeds_at_a_quarter_of_the_side() -> None:
    encoder = TinyViT(embed_dims=(8, 16, 20, 20), depths=(1, 1, 1, 1), heads=(1, 2, 2, 2), out_channels=12).eval()
    with torch.no_grad():
        assert encoder(torch.rand(2, 3, 64, 48)).shape == (2, 12, 16, 12)


def test_that_heads_must_divide_the_inner_width() -> None:
    with pytest.raises(ValueError, match="3 heads do not divide"):
        Attention(32, heads=3)


def test_that_a_box_is_placed_at_the_middle_of_its_pixels() -> None:
    encoder, _ = small_sam()
    tokens = encoder.box_tokens(torch.tensor([[7.5, 3.5, 31.5, 15.5]]))
    corners = torch.stack([encoder.point_embeddings[2].weight[0], encoder.point_embeddings[3].weight[0]])  # type: ignore[index]
    positions = encoder.pe_layer(torch.tensor([[0.25, 0.125], [1.0, 0.5]]))
    torch.testing.assert_close(tokens[0], positions + corners)


def test_that_points_without_a_box_are_followed_by_a_padding_token() -> None:
    encoder, _ = small_sam()
    points, labels = torch.tensor([[[4.0, 5.0], [6.0, 7.0]]]), torch.tensor([[1.0, -1.0]])
    alone, beside_box = encoder(None, points, labels), encoder(torch.zeros(1, 4), points, labels)
    nothing = encoder.not_a_point_embed.weight
    assert alone.shape == (1, 3, 32)
    assert torch.equal(alone[0, 1:], nothing.expand(2, -1))
    assert beside_box.shape == (1, 4, 32)
    assert torch.equal(beside_box[:, :2], alone[:, :2])


def test_that_prompts_of_one_image_do_not_influence_one_another() -> None:
    encoder, decoder = small_sam()
    embedding, boxes = torch.randn(1, 32, 8, 8), torch.tensor([[2.0, 3, 10, 12], [0, 0, 31, 31]])
    with torch.no_grad():
        together = decoder(embedding, encoder.grid_positions(), encoder(boxes), encoder.dense())
        alone = decoder(embedding, encoder.grid_positions(), encoder(boxes[1:]), encoder.dense())
    assert together[0].shape == (2, 1, 32, 32)
    torch.testing.assert_close(together[0][1:], alone[0], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(together[1][1:], alone[1], atol=1e-5, rtol=1e-4)


def test_that_an_ambiguous_prompt_has_three_masks_of_their_own() -> None:
    encoder, decoder = small_sam()
    inputs = torch.randn(1, 32, 8, 8), encoder.grid_positions(), encoder(BOXES / 8), encoder.dense()
    with torch.no_grad():
        logits, overlaps = decoder(*inputs, ambiguous=True)
        single, _ = decoder(*inputs)
    assert logits.shape == (3, 3, 32, 32)
    assert overlaps.shape == (3, 3)
    assert not torch.allclose(logits[:, :1], single)


def test_that_a_coarse_mask_becomes_a_dense_prompt() -> None:
    encoder, _ = small_sam()
    masks = torch.zeros(2, 1, 32, 32)
    masks[1] = 4.0
    dense = encoder.dense(masks)
    assert dense.shape == (2, 32, 8, 8)
    assert not torch.allclose(dense[0], dense[1])


@pytest.mark.slow
def test_that_openvino_computes_what_torch_computes() -> None:
    sam = with_random_weights("litemedsam", seed=3)
    image = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        embedding = sam.image_encoder(image)
        logits, overlaps = sam.decode(embedding, BOXES)
    f32 = {"INFERENCE_PRECISION_HINT": "f32"}
    encoder, decoder = (ov.compile_model(model, "CPU", f32) for model in convert_sam(sam))
    found = encoder({"image": image.numpy()})["embedding"]
    points, labels = (tensor.numpy() for tensor in no_points(len(BOXES)))
    answer = decoder({"embedding": embedding.numpy(), "boxes": BOXES.numpy(), "points": points, "point_labels": labels})
    # sums of a few thousand products in another order: a few parts in a million of the largest value, which is 1 to 5
    np.testing.assert_allclose(found, embedding.numpy(), atol=1e-4)
    np.testing.assert_allclose(answer["logits"], logits.numpy(), atol=1e-4)
    np.testing.assert_allclose(answer["scores"], overlaps.numpy(), atol=1e-4)


def test_that_folding_constants_into_the_decoder_changes_nothing() -> None:
    sam = with_random_weights("swiftmedsam", seed=3)
    embedding = torch.randn(1, 256, 64, 64, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        folded = PromptedDecoder(sam)(embedding, BOXES, *no_points(len(BOXES)))
        torch.testing.assert_close(folded, sam.decode(embedding, BOXES))


def test_that_points_that_are_not_there_are_out_of_sight() -> None:
    sam = with_random_weights("litemedsam", seed=3)
    embedding = torch.randn(1, 256, 64, 64, generator=torch.Generator().manual_seed(4))
    points, labels = no_points(3)
    points[:, 0], labels[:, 0] = torch.tensor([40.0, 50.0]), 1.0
    points[:, 3], labels[:, 3] = torch.tensor([90.0, 20.0]), 0.0
    prompts = sam.prompt_encoder
    with torch.no_grad():
        found, _ = PromptedDecoder(sam)(embedding, BOXES, points, labels)
        tokens = prompts(BOXES, points[:, [0, 3]], labels[:, [0, 3]])
        expected, _ = sam.mask_decoder(embedding, prompts.grid_positions(), tokens, prompts.dense())
        alone, _ = sam.decode(embedding, BOXES)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(found, alone, atol=1e-3)


def test_that_a_probability_is_a_half_where_a_logit_is_nothing() -> None:
    sam = with_random_weights("swiftmedsam", seed=3)
    embedding = torch.randn(1, 256, 64, 64, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        logits, _ = PromptedDecoder(sam)(embedding, BOXES, *no_points(3))
        shifted, _ = PromptedDecoder(sam, probability=True)(embedding, BOXES, *no_points(3))
    torch.testing.assert_close(shifted, logits.sigmoid() - 0.5)


def test_that_boxes_are_scaled_to_the_image_of_the_prompts() -> None:
    sam = with_random_weights("swiftmedsam", seed=3)
    embedding = torch.randn(1, 256, 64, 64, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        half, _ = PromptedDecoder(sam, scale=2.0)(embedding, BOXES / 2, *no_points(3))
        torch.testing.assert_close(half, sam.decode(embedding, BOXES)[0])


@pytest.mark.parametrize(("family", "size", "margin"), [("litemedsam", 256, 3), ("sam", 1024, 12), ("daft", 512, 6)])
def test_that_the_margin_of_what_is_carried_is_the_same_share_of_every_image(
    family: str, size: int, margin: int
) -> None:
    assert manifest_fields(FAMILIES[family], name="x", size=size, training={})["prompts"]["margin"] == margin


def test_that_medficientsam_carries_no_margin() -> None:
    assert "margin" not in manifest_fields(FAMILIES["medficientsam"], name="x", size=512, training={})["prompts"]
