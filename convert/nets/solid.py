"""Our 3-D network: a small residual U-Net over the resampled crop of a 3-D box.

Convolution, batch normalisation and ReLU, as in the pair: they fold and quantise. The finest level is half the cells'
resolution; the last layer gives eight sub-cells of each.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional

from app.engine.solid import CHANNELS


@dataclass(frozen=True)
class SolidConfig:
    """Widths and depths; saved with every checkpoint."""

    widths: tuple[int, ...] = (24, 48, 64, 80)  # channels at strides 2, 4, 8, 16
    depths: tuple[int, ...] = (1, 2, 2, 2)  # residual blocks at the same strides


def conv_bn(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution and batch normalisation, no activation."""
    convolution = nn.Conv3d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm3d(outputs))


class ResidualBlock(nn.Module):
    """Two 3x3x3 convolutions beside an identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = conv_bn(width, width)
        self.second = conv_bn(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, D, H, W) -> the same."""
        return functional.relu(x + self.second(functional.relu(self.first(x))))


class SolidNet(nn.Module):
    """Channels (B, 9, S, S, S) -> logits (B, 1, S, S, S); S is a multiple of 16."""

    def __init__(self, config: SolidConfig | None = None) -> None:
        super().__init__()
        self.config = config or SolidConfig()
        widths, depths = self.config.widths, self.config.depths
        entries = (CHANNELS, *widths[:-1])
        self.downs = nn.ModuleList(conv_bn(a, b, stride=2) for a, b in zip(entries, widths, strict=True))
        self.blocks = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(width) for _ in range(depth)))
            for width, depth in zip(widths, depths, strict=True)
        )
        self.laterals = nn.ModuleList(conv_bn(b, a, 1) for a, b in pairwise(widths))
        self.merges = nn.ModuleList(ResidualBlock(width) for width in widths[:-1])
        self.mask = nn.Conv3d(widths[0], 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        features = []
        for down, blocks in zip(self.downs, self.blocks, strict=True):
            x = blocks(functional.relu(down(x)))
            features.append(x)
        for n in reversed(range(len(self.merges))):
            x = functional.interpolate(self.laterals[n](x), scale_factor=2.0, mode="nearest")
            x = self.merges[n](functional.relu(x + features[n]))
        return interleave(self.mask(x))


def interleave(x: Tensor) -> Tensor:
    """Sub-cells to cells: (N, 8, D, H, W) -> (N, 1, 2D, 2H, 2W)."""
    depth, height, width = x.shape[2:]
    parts = x.reshape(-1, 2, 2, 2, depth, height, width).permute(0, 4, 1, 5, 2, 6, 3)
    return parts.reshape(-1, 1, 2 * depth, 2 * height, 2 * width)
