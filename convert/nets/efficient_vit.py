"""EfficientViT-SAM's image encoder (Zhang et al. 2024, arXiv 2402.05008): convolutions and linear attention.

MedficientSAM feeds it 512 pixels, DAFT 256. Names and shapes of the state dict are those of the public checkpoints.
Each stage is described by its blocks, so that any of L0 to XL1 is built from what its checkpoint holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_EPS = 1e-6  # of every normalisation; torch's default is another
_SMALLEST = 1e-15  # keeps linear attention from dividing by nothing

BlockKind = Literal["stem", "res", "fmb", "mb", "att"]


@dataclass(frozen=True)
class BlockSpec:
    """A block: its widths, whether only its last layer is normalised (the others then have a bias), its kernel."""

    kind: BlockKind
    inputs: int
    middle: int
    outputs: int
    stride: int
    few_norms: bool
    attention_kernel: int = 5
    head_dim: int = 32


class ConvLayer(nn.Module):
    """Convolution (`conv`), normalisation (`norm`) where there is one, activation where there is one."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, *, stride: int = 1, groups: int = 1, norm: bool, act: bool,
        bias: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        has_bias = not norm if bias is None else bias
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=has_bias)
        self.norm = nn.BatchNorm2d(outputs, eps=_EPS) if norm else nn.Identity()
        self.act = act

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        x = self.norm(self.conv(x))
        return F.gelu(x, approximate="tanh") if self.act else x


class ResBlock(nn.Module):
    """Two 3 x 3 convolutions."""

    def __init__(self, spec: BlockSpec) -> None:
        super().__init__()
        self.conv1 = ConvLayer(spec.inputs, spec.middle, 3, stride=spec.stride, norm=not spec.few_norms, act=True)
        self.conv2 = ConvLayer(spec.middle, spec.outputs, 3, norm=True, act=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        out: Tensor = self.conv2(self.conv1(x))
        return out


class FusedMBConv(nn.Module):
    """Widen with a 3 x 3 convolution, narrow."""

    def __init__(self, spec: BlockSpec) -> None:
        super().__init__()
        self.spatial_conv = ConvLayer(
            spec.inputs, spec.middle, 3, stride=spec.stride, norm=not spec.few_norms, act=True
        )
        self.point_conv = ConvLayer(spec.middle, spec.outputs, norm=True, act=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        out: Tensor = self.point_conv(self.spatial_conv(x))
        return out


class MBConv(nn.Module):
    """Widen, filter each channel, narrow."""

    def __init__(self, spec: BlockSpec) -> None:
        super().__init__()
        norm = not spec.few_norms
        self.inverted_conv = ConvLayer(spec.inputs, spec.middle, norm=norm, act=True)
        self.depth_conv = ConvLayer(
            spec.middle, spec.middle, 3, stride=spec.stride, groups=spec.middle, norm=norm, act=True
        )
        self.point_conv = ConvLayer(spec.middle, spec.outputs, norm=True, act=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        out: Tensor = self.point_conv(self.depth_conv(self.inverted_conv(x)))
        return out


class Residual(nn.Module):
    """A block (`main`), added to what goes in unless extent or width change."""

    def __init__(self, main: nn.Module, *, shortcut: bool) -> None:
        super().__init__()
        self.main = main
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H', W')."""
        out: Tensor = self.main(x)
        return x + out if self.shortcut else out


class LinearAttention(nn.Module):
    """Attention with ReLU in softmax's place, at two scales; its cost grows with the tokens, not with their square."""

    def __init__(self, channels: int, *, head_dim: int, kernel: int) -> None:
        super().__init__()
        heads = channels // head_dim
        width = heads * head_dim
        self.head_dim = head_dim
        self.qkv = ConvLayer(channels, 3 * width, norm=False, act=False, bias=False)
        self.aggreg = nn.ModuleList(
            [
                nn.Sequential(
                    nn.Conv2d(3 * width, 3 * width, kernel, padding=kernel // 2, groups=3 * width, bias=False),
                    nn.Conv2d(3 * width, 3 * width, 1, groups=3 * heads, bias=False),
                )
            ]
        )
        self.proj = ConvLayer(2 * width, channels, norm=True, act=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        fine = self.qkv(x)
        both = torch.cat([fine, *(aggregate(fine) for aggregate in self.aggreg)], dim=1)
        batch, _, height, width = both.shape
        heads = both.reshape(batch, -1, 3 * self.head_dim, height * width)
        query, key, value = torch.split(heads, self.head_dim, dim=2)  # (B, 2 heads, d, tokens)
        query, key = F.relu(query), F.relu(key)
        if height * width > self.head_dim:
            value = F.pad(value, (0, 0, 0, 1), value=1.0)  # a row of ones sums the weights
            summed = (value @ key.transpose(2, 3)) @ query
            mixed = summed[:, :, :-1] / (summed[:, :, -1:] + _SMALLEST)
        else:
            weights = key.transpose(2, 3) @ query
            mixed = value @ (weights / (weights.sum(dim=2, keepdim=True) + _SMALLEST))
        out: Tensor = self.proj(mixed.reshape(batch, -1, height, width))
        return out


class EfficientViTBlock(nn.Module):
    """Linear attention (`context_module`), then a bottleneck (`local_module`), both added to what goes in."""

    def __init__(self, spec: BlockSpec) -> None:
        super().__init__()
        attention = LinearAttention(spec.inputs, head_dim=spec.head_dim, kernel=spec.attention_kernel)
        self.context_module = Residual(attention, shortcut=True)
        self.local_module = Residual(MBConv(spec), shortcut=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        out: Tensor = self.local_module(self.context_module(x))
        return out


class OpSequential(nn.Module):
    """One after another, under the checkpoints' name for it."""

    def __init__(self, operations: Sequence[nn.Module]) -> None:
        super().__init__()
        self.op_list = nn.ModuleList(operations)

    def forward(self, x: Tensor) -> Tensor:
        """Through all of them."""
        for operation in self.op_list:
            x = operation(x)
        return x


class Backbone(nn.Module):
    """Stages, each at half the extent of the one before."""

    def __init__(self, stages: Sequence[Sequence[BlockSpec]]) -> None:
        super().__init__()
        self.stages = nn.ModuleList(OpSequential([make_block(spec) for spec in stage]) for stage in stages)

    def forward(self, image: Tensor) -> list[Tensor]:
        """(B, 3, H, W) to what each stage makes of it."""
        x, out = image, []
        for stage in self.stages:
            x = stage(x)
            out.append(x)
        return out


class UpSample(nn.Module):
    """To a square of `side` by bicubic interpolation."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C, side, side)."""
        if x.shape[2] == self.side and x.shape[3] == self.side:
            return x
        return F.interpolate(x, (self.side, self.side), mode="bicubic", align_corners=False)


class Neck(nn.Module):
    """Adds up the last three stages, the last first, and refines the sum."""

    def __init__(
        self, inputs: Sequence[int], middle: Sequence[BlockSpec], *, width: int, out_channels: int, grid: int
    ) -> None:
        super().__init__()
        self.input_ops = nn.ModuleList(
            OpSequential([ConvLayer(channels, width, norm=True, act=False), UpSample(grid)]) for channels in inputs
        )
        self.middle = OpSequential([make_block(spec) for spec in middle])
        self.output_ops = nn.ModuleList([OpSequential([ConvLayer(width, out_channels, norm=False, act=False)])])

    def forward(self, stages: Sequence[Tensor]) -> Tensor:
        """To (B, out_channels, grid, grid)."""
        last_first = [stages[-1 - n] for n in range(len(self.input_ops))]
        resized = [operation(stage) for operation, stage in zip(self.input_ops, last_first, strict=True)]
        out: Tensor = self.output_ops[0](self.middle(torch.stack(resized).sum(dim=0)))
        return out


class ChannelNorm(nn.LayerNorm):
    """Normalises every pixel over its channels; `nn.LayerNorm`'s names, (B, C, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise; the variance is the biased one."""
        centred = x - x.mean(dim=1, keepdim=True)
        out = centred / torch.sqrt(centred.square().mean(dim=1, keepdim=True) + self.eps)
        return out * self.weight.view(1, -1, 1, 1) + self.bias.view(1, -1, 1, 1)


class EfficientViTEncoder(nn.Module):
    """Image encoder: (B, 3, H, W) to an embedding (B, out_channels, grid, grid)."""

    def __init__(self, backbone: Backbone, neck: Neck, *, out_channels: int = 256) -> None:
        super().__init__()
        self.backbone = backbone
        self.neck = neck
        self.norm = ChannelNorm(out_channels, eps=_EPS)

    def forward(self, image: Tensor) -> Tensor:
        """Embed."""
        out: Tensor = self.norm(self.neck(self.backbone(image)))
        return out


def make_block(spec: BlockSpec) -> nn.Module:
    """The block that a description names."""
    if spec.kind == "stem":
        return ConvLayer(spec.inputs, spec.outputs, 3, stride=spec.stride, norm=True, act=True)
    if spec.kind == "att":
        return EfficientViTBlock(spec)
    main = {"res": ResBlock, "fmb": FusedMBConv, "mb": MBConv}[spec.kind](spec)
    return Residual(main, shortcut=spec.stride == 1 and spec.inputs == spec.outputs)
