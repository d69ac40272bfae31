"""SAM's mask decoder: image embedding and prompt tokens to mask logits and predicted overlaps.

Names and shapes of the state dict are those of the public SAM family checkpoints.
"""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convert.nets.layer_norm import LayerNorm2d
from convert.nets.transformer import TwoWayTransformer

_OUT_OF_SIGHT = -1e9  # added to a score, leaves nothing of it after the softmax


class Mlp(nn.Module):
    """Perceptron of `depth` layers."""

    def __init__(self, inputs: int, hidden: int, outputs: int, *, depth: int) -> None:
        super().__init__()
        widths = [inputs, *[hidden] * (depth - 1), outputs]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(widths))

    def forward(self, x: Tensor) -> Tensor:
        """(..., inputs) to (..., outputs)."""
        *hidden, last = self.layers
        for layer in hidden:
            x = F.relu(layer(x))
        out: Tensor = last(x)
        return out


class MaskDecoder(nn.Module):
    """One mask for a prompt, or three for an ambiguous one."""

    def __init__(
        self,
        *,
        transformer: TwoWayTransformer,
        dim: int = 256,
        ambiguous_masks: int = 3,
        iou_head_depth: int = 3,
        iou_head_hidden: int = 256,
    ) -> None:
        super().__init__()
        masks = ambiguous_masks + 1
        self.transformer = transformer
        self.iou_token = nn.Embedding(1, dim)
        self.mask_tokens = nn.Embedding(masks, dim)
        self.output_upscaling = nn.Sequential(
            nn.ConvTranspose2d(dim, dim // 4, 2, 2),
            LayerNorm2d(dim // 4),
            nn.GELU(),
            nn.ConvTranspose2d(dim // 4, dim // 8, 2, 2),
            nn.GELU(),
        )
        self.output_hypernetworks_mlps = nn.ModuleList(Mlp(dim, dim, dim // 8, depth=3) for _ in range(masks))
        self.iou_prediction_head = Mlp(dim, iou_head_hidden, masks, depth=iou_head_depth)

    def forward(
        self, embedding: Tensor, positions: Tensor, prompt: Tensor, dense: Tensor, *, ambiguous: bool = False,
        absent: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Masks of one image for N prompts.

        Embedding (1 or N, dim, h, w), positions (1, dim, h, w), prompt tokens (N, T, dim), dense prompt (1 or N, dim,
        h, w), to logits (N, M, 4 h, 4 w) and predicted IoU (N, M), with M = 1, or 3 where `ambiguous`. Prompt tokens
        that are `absent` (N, T) are as if they were not there: batches hold prompts of different length.
        """
        count = prompt.shape[0]
        own = torch.cat([self.iou_token.weight, self.mask_tokens.weight])[None].expand(count, -1, -1)
        image = (embedding + dense).expand(count, -1, -1, -1)
        bias = None
        if absent is not None:
            bias = F.pad(absent.to(prompt.dtype) * _OUT_OF_SIGHT, (own.shape[1], 0))[:, None, None]  # (N, 1, 1, T')
        tokens, cells = self.transformer(image, positions, torch.cat([own, prompt], dim=1), bias)
        grid = cells.transpose(1, 2).unflatten(2, (embedding.shape[2], embedding.shape[3]))
        upscaled = self.output_upscaling(grid)  # (N, dim / 8, 4 h, 4 w)
        chosen = range(1, len(self.output_hypernetworks_mlps)) if ambiguous else range(1)
        kernels = torch.stack([self.output_hypernetworks_mlps[m](tokens[:, 1 + m]) for m in chosen], dim=1)
        logits = (kernels @ upscaled.flatten(2)).unflatten(2, (upscaled.shape[2], upscaled.shape[3]))
        overlaps: Tensor = self.iou_prediction_head(tokens[:, 0])
        return logits, overlaps[:, chosen.start : chosen.stop]
