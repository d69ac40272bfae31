"""TinyViT (Wu et al. 2022, arXiv 2207.10666) as MobileSAM has it, and as LiteMedSAM changed it.

MobileSAM shrinks the image by 4 before the first stage, LiteMedSAM not at all. Stage 0 is made of mobile inverted
bottlenecks at that resolution, stages 1 to 3 of window attention at 1/2, 1/4 and 1/4 of it. Names and shapes of the
state dict are those of the public checkpoints, so that they load strictly.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from convert.nets.layer_norm import LayerNorm2d

_STRIDES = (2, 2, 1)  # of the transitions into stages 1, 2 and 3


class ConvBn(nn.Sequential):
    """Convolution without bias (`c`), then batch normalisation (`bn`); keeps the extent at stride 1."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, *, stride: int = 1, groups: int = 1, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.add_module("c", nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False))
        norm = nn.BatchNorm2d(outputs)
        nn.init.constant_(norm.weight, gain)
        self.add_module("bn", norm)


class PatchEmbed(nn.Module):
    """Two convolutions, 1 x 1 at the same resolution, or 3 x 3 that shrink by 2 each."""

    def __init__(self, inputs: int, outputs: int, *, shrinks: bool = False) -> None:
        super().__init__()
        kernel, stride = (3, 2) if shrinks else (1, 1)
        self.seq = nn.Sequential(
            ConvBn(inputs, outputs // 2, kernel, stride=stride),
            nn.GELU(),
            ConvBn(outputs // 2, outputs, kernel, stride=stride),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H, W), or a quarter of H and W."""
        out: Tensor = self.seq(x)
        return out


class MBConv(nn.Module):
    """Mobile inverted bottleneck: widen, filter each channel, narrow, add."""

    def __init__(self, channels: int, *, expand_ratio: float) -> None:
        super().__init__()
        hidden = int(channels * expand_ratio)
        self.conv1 = ConvBn(channels, hidden)
        self.conv2 = ConvBn(hidden, hidden, 3, groups=hidden)
        self.conv3 = ConvBn(hidden, channels, gain=0.0)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        branch = self.conv3(F.gelu(self.conv2(F.gelu(self.conv1(x)))))
        return F.gelu(x + branch)


class PatchMerging(nn.Module):
    """Transition into the next stage: other channels, and half the extent at stride 2."""

    def __init__(self, inputs: int, outputs: int, *, stride: int) -> None:
        super().__init__()
        self.conv1 = ConvBn(inputs, outputs)
        self.conv2 = ConvBn(outputs, outputs, 3, stride=stride, groups=outputs)
        self.conv3 = ConvBn(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        out: Tensor = self.conv3(F.gelu(self.conv2(F.gelu(self.conv1(x)))))
        return out


class WindowAttention(nn.Module):
    """Self-attention among the tokens of one window, with a learned bias for every distance (|dy|, |dx|)."""

    attention_bias_idxs: Tensor

    def __init__(self, channels: int, *, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.scale = (channels // heads) ** -0.5
        self.norm = nn.LayerNorm(channels)
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        self.attention_biases = nn.Parameter(torch.zeros(heads, window * window))
        y, x = (index.flatten() for index in torch.meshgrid(*[torch.arange(window)] * 2, indexing="ij"))
        distances = (y[:, None] - y).abs() * window + (x[:, None] - x).abs()  # the order in which they are first met
        self.register_buffer("attention_bias_idxs", distances, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(windows, tokens, C) to the same."""
        windows, tokens, channels = x.shape
        qkv = (
            self.qkv(self.norm(x)).view(windows, tokens, self.heads, -1).transpose(1, 2)
        )  # (windows, heads, tokens, 3 d)
        query, key, value = qkv.chunk(3, dim=-1)
        scores = (query @ key.transpose(-2, -1)) * self.scale + self.attention_biases[:, self.attention_bias_idxs]
        mixed = scores.softmax(dim=-1) @ value  # (windows, heads, tokens, d)
        out: Tensor = self.proj(mixed.transpose(1, 2).reshape(windows, tokens, channels))
        return out


class Mlp(nn.Module):
    """Normalisation and a two-layer perceptron on each token."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.fc1 = nn.Linear(channels, hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(..., C) to the same."""
        out: Tensor = self.fc2(F.gelu(self.fc1(self.norm(x))))
        return out


class TinyViTBlock(nn.Module):
    """Window attention, a depthwise convolution that carries across windows, and a perceptron."""

    def __init__(self, channels: int, heads: int, window: int, *, mlp_ratio: float, local_kernel: int) -> None:
        super().__init__()
        self.window = window
        self.attn = WindowAttention(channels, heads=heads, window=window)
        self.mlp = Mlp(channels, int(channels * mlp_ratio))
        self.local_conv = ConvBn(channels, channels, local_kernel, groups=channels)

    def forward(self, x: Tensor, height: int, width: int) -> Tensor:
        """Tokens (B, height * width, C) to the same."""
        x = x + self._attend(x, height, width)
        image = x.transpose(1, 2).reshape(x.shape[0], x.shape[2], height, width)
        x = self.local_conv(image).flatten(2).transpose(1, 2)
        out: Tensor = x + self.mlp(x)
        return out

    def _attend(self, x: Tensor, height: int, width: int) -> Tensor:
        """Window attention; the image is padded with zeros to whole windows."""
        batch, tokens, channels = x.shape
        size = self.window
        rows, columns = -(-height // size), -(-width // size)
        image = F.pad(
            x.view(batch, height, width, channels), (0, 0, 0, columns * size - width, 0, rows * size - height)
        )
        windows = image.view(batch, rows, size, columns, size, channels).transpose(2, 3)
        mixed = self.attn(windows.reshape(batch * rows * columns, size * size, channels))
        mixed = mixed.view(batch, rows, columns, size, size, channels).transpose(2, 3)
        whole: Tensor = mixed.reshape(batch, rows * size, columns * size, channels)
        return whole[:, :height, :width].reshape(batch, tokens, channels)


class ConvStage(nn.Module):
    """Bottlenecks of one resolution (`blocks`), then the transition into the next stage (`downsample`)."""

    def __init__(self, blocks: Iterable[MBConv], downsample: PatchMerging) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C', H', W')."""
        for block in self.blocks:
            x = block(x)
        out: Tensor = self.downsample(x)
        return out


class AttentionStage(nn.Module):
    """Attention blocks of one resolution (`blocks`), then the transition (`downsample`), except in the last stage."""

    def __init__(self, blocks: Iterable[TinyViTBlock], downsample: PatchMerging | None) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C', H', W')."""
        batch, channels, height, width = x.shape
        x = x.flatten(2).transpose(1, 2)  # tokens throughout the stage
        for block in self.blocks:
            x = block(x, height, width)
        x = x.transpose(1, 2).reshape(batch, channels, height, width)
        return x if self.downsample is None else self.downsample(x)


class TinyViT(nn.Module):
    """Image encoder: (B, 3, H, W) in 0..1 to an embedding (B, out_channels, H / 4, W / 4), or / 16 where it `shrinks`.

    Sequences have an entry for each of the four stages; stage 0 has no attention and ignores its heads and window.
    MobileSAM's checkpoints hold the head of a classifier of `classes`, which nothing uses.
    """

    def __init__(  # noqa: PLR0913 - hyper-parameters of a published network
        self,
        *,
        in_channels: int = 3,
        embed_dims: Sequence[int] = (64, 128, 160, 320),
        depths: Sequence[int] = (2, 2, 6, 2),
        heads: Sequence[int] = (2, 4, 5, 10),
        windows: Sequence[int] = (7, 7, 14, 7),
        mlp_ratio: float = 4.0,
        expand_ratio: float = 4.0,
        local_kernel: int = 3,
        out_channels: int = 256,
        shrinks: bool = False,
        classes: int = 0,
    ) -> None:
        super().__init__()
        self.patch_embed = PatchEmbed(in_channels, embed_dims[0], shrinks=shrinks)
        merges = [
            PatchMerging(inputs, outputs, stride=stride)
            for (inputs, outputs), stride in zip(itertools.pairwise(embed_dims), _STRIDES, strict=True)
        ]
        bottlenecks = [MBConv(embed_dims[0], expand_ratio=expand_ratio) for _ in range(depths[0])]
        self.layers = nn.ModuleList([ConvStage(bottlenecks, merges[0])])
        for n in range(1, len(depths)):
            blocks = [
                TinyViTBlock(embed_dims[n], heads[n], windows[n], mlp_ratio=mlp_ratio, local_kernel=local_kernel)
                for _ in range(depths[n])
            ]
            self.layers.append(AttentionStage(blocks, merges[n] if n < len(merges) else None))
        self.neck = nn.Sequential(
            nn.Conv2d(embed_dims[-1], out_channels, 1, bias=False),
            LayerNorm2d(out_channels),
            nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
            LayerNorm2d(out_channels),
        )
        if classes:
            self.norm_head = nn.LayerNorm(embed_dims[-1])
            self.head = nn.Linear(embed_dims[-1], classes)
        self.apply(_initialise)

    def forward(self, image: Tensor) -> Tensor:
        """Embed; height and width must be multiples of 4."""
        x = self.patch_embed(image)
        for layer in self.layers:
            x = layer(x)
        out: Tensor = self.neck(x)
        return out


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
