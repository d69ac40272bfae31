"""The SAM family: an image encoder, a prompt encoder and a mask decoder. LiteMedSAM and SwiftMedSAM by their names.

LiteMedSAM: Ma et al., Nat. Commun. 2024 (arXiv 2304.12306), branch LiteMedSAM of the authors' repository. SwiftMedSAM:
Kong et al., LNCS 15458 (2025), doi 10.1007/978-3-031-81854-7_12. Their published checkpoints load strictly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from torch import Tensor, nn

from convert.nets.mask_decoder import MaskDecoder
from convert.nets.prompt_encoder import PromptEncoder
from convert.nets.tiny_vit import TinyViT
from convert.nets.transformer import TwoWayTransformer

IMAGE_SIZE = 256
GRID_SIZE = 64
_DIM = 256


class Sam(nn.Module):
    """Image encoder, prompt encoder and mask decoder, under the names of the public checkpoints."""

    def __init__(self, *, image_encoder: nn.Module, prompt_encoder: PromptEncoder, mask_decoder: MaskDecoder) -> None:
        super().__init__()
        self.image_encoder = image_encoder
        self.mask_decoder = mask_decoder
        self.prompt_encoder = prompt_encoder

    def decode(self, embedding: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
        """Embedding (1, 256, G, G) and boxes (N, 4) to logits (N, 1, 4 G, 4 G) and predicted IoU (N, 1).

        Boxes are x0, y0, x1, y1 in pixel indices of the prompt encoder's image, which has its own size.
        """
        prompts = self.prompt_encoder
        logits, overlaps = self.mask_decoder(embedding, prompts.grid_positions(), prompts(boxes), prompts.dense())
        return logits, overlaps

    def forward(self, image: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
        """Image (1, 3, S, S) and boxes (N, 4) to logits (N, 1, 4 G, 4 G) and predicted IoU (N, 1)."""
        return self.decode(self.image_encoder(image), boxes)


def build_litemedsam() -> Sam:
    """LiteMedSAM: 9.791 million parameters."""
    return _build(depths=(2, 2, 6, 2), depth=2, heads=8, mlp_dim=2048, iou_head_depth=3)


def build_swiftmedsam() -> Sam:
    """SwiftMedSAM as its authors submitted it: fewer blocks and a thinner decoder; 5.942 million parameters."""
    return _build(depths=(1, 2, 2, 2), depth=1, heads=4, mlp_dim=256, iou_head_depth=2)


BUILDERS: dict[str, Callable[[], Sam]] = {"litemedsam": build_litemedsam, "swiftmedsam": build_swiftmedsam}


def _build(*, depths: Sequence[int], depth: int, heads: int, mlp_dim: int, iou_head_depth: int) -> Sam:
    transformer = TwoWayTransformer(depth=depth, dim=_DIM, heads=heads, mlp_dim=mlp_dim)
    return Sam(
        image_encoder=TinyViT(depths=depths, out_channels=_DIM),
        prompt_encoder=PromptEncoder(dim=_DIM, grid_size=GRID_SIZE, image_size=IMAGE_SIZE),
        mask_decoder=MaskDecoder(transformer=transformer, dim=_DIM, iou_head_depth=iou_head_depth),
    )
