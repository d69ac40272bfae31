"""SAM's two-way transformer (Kirillov et al. 2023, arXiv 2304.02643, appendix A): prompt tokens and image, both ways.

Names and shapes of the state dict are those of the public SAM family checkpoints.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Attention(nn.Module):
    """Multi-head attention whose inner width is the embedding's divided by `downsample`."""

    def __init__(self, dim: int, *, heads: int, downsample: int = 1) -> None:
        super().__init__()
        inner = dim // downsample
        if inner % heads:
            raise ValueError(f"{heads} heads do not divide the inner width {inner}")
        self.heads = heads
        self.scale = math.sqrt(inner // heads)
        self.q_proj = nn.Linear(dim, inner)
        self.k_proj = nn.Linear(dim, inner)
        self.v_proj = nn.Linear(dim, inner)
        self.out_proj = nn.Linear(inner, dim)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None = None) -> Tensor:
        """(B, T, dim), (B, S, dim), (B, S, dim) to (B, T, dim); `bias` (B, 1, 1, S) is added to the scores of keys."""
        q, k, v = self._split(self.q_proj(query)), self._split(self.k_proj(key)), self._split(self.v_proj(value))
        scores = q @ k.transpose(-2, -1) / self.scale  # (B, heads, T, S)
        weights = torch.softmax(scores if bias is None else scores + bias, dim=-1)
        out: Tensor = self.out_proj((weights @ v).transpose(1, 2).flatten(2))
        return out

    def _split(self, x: Tensor) -> Tensor:
        batch, count, inner = x.shape
        return x.reshape(batch, count, self.heads, inner // self.heads).transpose(1, 2)  # (B, heads, T, d)


class MlpBlock(nn.Module):
    """Two-layer perceptron on each token."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.lin1 = nn.Linear(dim, hidden)
        self.lin2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, dim) to the same."""
        out: Tensor = self.lin2(F.relu(self.lin1(x)))
        return out


class TwoWayBlock(nn.Module):
    """Tokens attend to themselves, then to the image; a perceptron; then the image attends to the tokens."""

    def __init__(self, dim: int, *, heads: int, mlp_dim: int, downsample: int, first: bool) -> None:
        super().__init__()
        self.first = first  # the first block's tokens are their own positions, so nothing is added to or kept of them
        self.self_attn = Attention(dim, heads=heads)
        self.norm1 = nn.LayerNorm(dim)
        self.cross_attn_token_to_image = Attention(dim, heads=heads, downsample=downsample)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = MlpBlock(dim, mlp_dim)
        self.norm3 = nn.LayerNorm(dim)
        self.norm4 = nn.LayerNorm(dim)
        self.cross_attn_image_to_token = Attention(dim, heads=heads, downsample=downsample)

    def forward(
        self, tokens: Tensor, image: Tensor, token_pe: Tensor, image_pe: Tensor, token_bias: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Tokens (B, T, dim) and image (B, H * W, dim) with their positions, to both anew."""
        if self.first:
            tokens = self.self_attn(tokens, tokens, tokens, token_bias)
        else:
            placed = tokens + token_pe
            tokens = tokens + self.self_attn(placed, placed, tokens, token_bias)
        tokens = self.norm1(tokens)
        tokens = self.norm2(tokens + self.cross_attn_token_to_image(tokens + token_pe, image + image_pe, image))
        tokens = self.norm3(tokens + self.mlp(tokens))
        placed = tokens + token_pe
        image = self.norm4(image + self.cross_attn_image_to_token(image + image_pe, placed, tokens, token_bias))
        return tokens, image


class TwoWayTransformer(nn.Module):
    """`depth` two-way blocks and a last look of the tokens at the image."""

    def __init__(self, *, depth: int, dim: int, heads: int, mlp_dim: int, downsample: int = 2) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            TwoWayBlock(dim, heads=heads, mlp_dim=mlp_dim, downsample=downsample, first=n == 0) for n in range(depth)
        )
        self.final_attn_token_to_image = Attention(dim, heads=heads, downsample=downsample)
        self.norm_final_attn = nn.LayerNorm(dim)

    def forward(
        self, image: Tensor, image_pe: Tensor, prompt: Tensor, bias: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Image (B, dim, H, W), its positions (1 or B, dim, H, W) and tokens (B, T, dim) to tokens and image, refined.

        The image comes back as (B, H * W, dim). `bias` (B, 1, 1, T), very negative, keeps tokens out of sight.
        """
        keys, key_pe = image.flatten(2).transpose(1, 2), image_pe.flatten(2).transpose(1, 2)
        tokens = prompt
        for layer in self.layers:
            tokens, keys = layer(tokens, keys, prompt, key_pe, bias)
        seen = self.final_attn_token_to_image(tokens + prompt, keys + key_pe, keys)
        return self.norm_final_attn(tokens + seen), keys
