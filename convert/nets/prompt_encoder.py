"""SAM's prompt encoder: boxes, points and a coarse mask to tokens and a dense embedding.

Names and shapes of the state dict are those of the public SAM family checkpoints.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from convert.nets.layer_norm import LayerNorm2d

_NEGATIVE, _POSITIVE, _FIRST_CORNER, _LAST_CORNER = range(4)  # places in `point_embeddings`


class RandomFourier(nn.Module):
    """Positions as sines and cosines of random projections (Tancik et al. 2020, arXiv 2006.10739)."""

    positional_encoding_gaussian_matrix: Tensor

    def __init__(self, frequencies: int) -> None:
        super().__init__()
        self.register_buffer("positional_encoding_gaussian_matrix", torch.randn(2, frequencies))

    def forward(self, xy: Tensor) -> Tensor:
        """Positions (..., 2) as fractions of the image, 0..1, to (..., 2 * frequencies)."""
        angles = 2 * math.pi * ((2 * xy - 1) @ self.positional_encoding_gaussian_matrix)
        return torch.cat([angles.sin(), angles.cos()], dim=-1)


class PromptEncoder(nn.Module):
    """Prompts in pixel indices of the input image (`image_size` square), embedding grid `grid_size` square."""

    def __init__(self, *, dim: int = 256, grid_size: int = 64, image_size: int = 256, mask_channels: int = 16) -> None:
        super().__init__()
        self.grid_size = grid_size
        self.image_size = image_size
        self.pe_layer = RandomFourier(dim // 2)
        self.point_embeddings = nn.ModuleList(nn.Embedding(1, dim) for _ in range(4))
        self.not_a_point_embed = nn.Embedding(1, dim)
        self.mask_downscaling = nn.Sequential(
            nn.Conv2d(1, mask_channels // 4, 2, 2),
            LayerNorm2d(mask_channels // 4),
            nn.GELU(),
            nn.Conv2d(mask_channels // 4, mask_channels, 2, 2),
            LayerNorm2d(mask_channels),
            nn.GELU(),
            nn.Conv2d(mask_channels, dim, 1),
        )
        self.no_mask_embed = nn.Embedding(1, dim)

    def grid_positions(self) -> Tensor:
        """Positions of the embedding's cells, (1, dim, grid, grid)."""
        centres = (torch.arange(self.grid_size, device=self.no_mask_embed.weight.device) + 0.5) / self.grid_size
        y, x = torch.meshgrid(centres, centres, indexing="ij")
        encoded: Tensor = self.pe_layer(torch.stack([x, y], dim=-1))
        return encoded.permute(2, 0, 1)[None]

    def box_tokens(self, boxes: Tensor) -> Tensor:
        """Boxes (N, 4) as x0, y0, x1, y1 to their two corner tokens (N, 2, dim)."""
        kinds = torch.cat([self._kind(_FIRST_CORNER), self._kind(_LAST_CORNER)])  # (2, dim)
        return self._positions(boxes.reshape(-1, 2, 2)) + kinds

    def point_tokens(self, points: Tensor, labels: Tensor) -> Tensor:
        """Points (N, P, 2) as x, y with labels (N, P), 1 positive, 0 negative, -1 padding, to tokens (N, P, dim)."""
        label = labels[..., None]
        kind = torch.where(label == 1, self._kind(_POSITIVE), self._kind(_NEGATIVE))
        return torch.where(label == -1, self.not_a_point_embed.weight, self._positions(points) + kind)

    def dense(self, masks: Tensor | None = None) -> Tensor:
        """A coarse mask (N, 1, 4 * grid, 4 * grid), or that there is none, as (N or 1, dim, grid, grid)."""
        if masks is not None:
            embedded: Tensor = self.mask_downscaling(masks)
            return embedded
        return self.no_mask_embed.weight[:, :, None, None].expand(-1, -1, self.grid_size, self.grid_size)

    def forward(
        self, boxes: Tensor | None = None, points: Tensor | None = None, labels: Tensor | None = None
    ) -> Tensor:
        """Tokens (N, T, dim): those of the points, then those of the box, or a padding point where there is no box."""
        tokens = []
        if points is not None and labels is not None:
            if boxes is None:
                points = torch.cat([points, torch.zeros_like(points[:, :1])], dim=1)
                labels = torch.cat([labels, -torch.ones_like(labels[:, :1])], dim=1)
            tokens.append(self.point_tokens(points, labels))
        if boxes is not None:
            tokens.append(self.box_tokens(boxes))
        return torch.cat(tokens, dim=1)

    def _positions(self, xy: Tensor) -> Tensor:
        encoded: Tensor = self.pe_layer((xy + 0.5) / self.image_size)  # an index names a pixel, its middle is meant
        return encoded

    def _kind(self, place: int) -> Tensor:
        weight = self.point_embeddings[place].weight
        assert isinstance(weight, Tensor)  # noqa: S101 - what nn.ModuleList forgets of its members' type
        return weight
