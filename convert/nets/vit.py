"""SAM's image encoder: a plain vision transformer with windows (Li et al. 2022, arXiv 2203.16527).

Names and shapes of the state dict are those of the public SAM and MedSAM checkpoints.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convert.nets.layer_norm import LayerNorm2d

_EPS = 1e-6


class PatchEmbed(nn.Module):
    """One token for each patch."""

    def __init__(self, channels: int, dim: int, patch: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, dim, patch, patch)

    def forward(self, image: Tensor) -> Tensor:
        """(B, C, H, W) to (B, H / patch, W / patch, dim)."""
        tokens: Tensor = self.proj(image)
        return tokens.permute(0, 2, 3, 1)


class Attention(nn.Module):
    """Self-attention on a square of tokens, with learned biases for distances along rows and along columns."""

    def __init__(self, dim: int, *, heads: int, side: int) -> None:
        super().__init__()
        self.heads = heads
        self.side = side
        self.scale = (dim // heads) ** -0.5
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.rel_pos_h = nn.Parameter(torch.zeros(2 * side - 1, dim // heads))
        self.rel_pos_w = nn.Parameter(torch.zeros(2 * side - 1, dim // heads))

    def forward(self, x: Tensor) -> Tensor:
        """(B, side, side, dim) to the same."""
        batch, side, _, dim = x.shape
        qkv = self.qkv(x).reshape(batch, side * side, 3, self.heads, dim // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = qkv[0], qkv[1], qkv[2]  # (B, heads, tokens, d)
        square = query.unflatten(2, (side, side))  # (B, heads, rows, columns, d)
        by_row = square @ self._by_distance(self.rel_pos_h).transpose(1, 2)  # (B, heads, rows, columns, rows)
        other_way = square.transpose(2, 3) @ self._by_distance(self.rel_pos_w).transpose(1, 2)
        by_column = other_way.transpose(2, 3)  # (B, heads, rows, columns, columns)
        bias = by_row[..., :, None] + by_column[..., None, :]
        scores = (query * self.scale) @ key.transpose(2, 3) + bias.flatten(4).flatten(2, 3)
        mixed = scores.softmax(dim=-1) @ value
        out: Tensor = self.proj(mixed.transpose(1, 2).reshape(batch, side, side, dim))
        return out

    def _by_distance(self, learned: Tensor) -> Tensor:
        """(side, side, d): what is learned of the distance from each place to each other."""
        places = torch.arange(self.side, device=learned.device)
        return learned[places[:, None] - places[None, :] + (self.side - 1)]


class Mlp(nn.Module):
    """Two-layer perceptron on each token."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.lin1 = nn.Linear(dim, hidden)
        self.lin2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(..., dim) to the same."""
        out: Tensor = self.lin2(F.gelu(self.lin1(x)))
        return out


class Block(nn.Module):
    """Attention within windows, or over all where `window` is 0; then a perceptron."""

    def __init__(self, dim: int, *, heads: int, hidden: int, window: int, grid: int) -> None:
        super().__init__()
        self.window = window
        self.norm1 = nn.LayerNorm(dim, eps=_EPS)
        self.attn = Attention(dim, heads=heads, side=window or grid)
        self.norm2 = nn.LayerNorm(dim, eps=_EPS)
        self.mlp = Mlp(dim, hidden)

    def forward(self, x: Tensor) -> Tensor:
        """(B, H, W, dim) to the same."""
        normed = self.norm1(x)
        x = x + (self._in_windows(normed) if self.window else self.attn(normed))
        out: Tensor = x + self.mlp(self.norm2(x))
        return out

    def _in_windows(self, x: Tensor) -> Tensor:
        """Attention in squares of `window` tokens; the grid is padded with zeros to whole ones."""
        batch, height, width, dim = x.shape
        side = self.window
        rows, columns = -(-height // side), -(-width // side)
        padded = F.pad(x, (0, 0, 0, columns * side - width, 0, rows * side - height))
        windows = padded.view(batch, rows, side, columns, side, dim).transpose(2, 3)
        mixed = self.attn(windows.reshape(batch * rows * columns, side, side, dim))
        whole = mixed.view(batch, rows, columns, side, side, dim).transpose(2, 3)
        out: Tensor = whole.reshape(batch, rows * side, columns * side, dim)[:, :height, :width]
        return out


class ImageEncoderViT(nn.Module):
    """(B, 3, patch * grid, patch * grid) to an embedding (B, out_channels, grid, grid).

    `windows` has an entry for each block, 0 for attention over the whole grid.
    """

    def __init__(
        self,
        *,
        dim: int,
        heads: int,
        hidden: int,
        windows: Sequence[int],
        patch: int,
        grid: int,
        out_channels: int = 256,
    ) -> None:
        super().__init__()
        self.patch_embed = PatchEmbed(3, dim, patch)
        self.pos_embed = nn.Parameter(torch.zeros(1, grid, grid, dim))
        self.blocks = nn.ModuleList(
            Block(dim, heads=heads, hidden=hidden, window=window, grid=grid) for window in windows
        )
        self.neck = nn.Sequential(
            nn.Conv2d(dim, out_channels, 1, bias=False),
            LayerNorm2d(out_channels),
            nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
            LayerNorm2d(out_channels),
        )

    def forward(self, image: Tensor) -> Tensor:
        """Embed."""
        x = self.patch_embed(image) + self.pos_embed
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.neck(x.permute(0, 3, 1, 2))
        return out
