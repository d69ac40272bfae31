"""Our pair: a residual convolutional encoder with a feature pyramid, and a decoder that is prompted by drawn maps.

Convolution, batch normalisation and ReLU throughout: they fold, quantise almost without loss, and run well on every
instruction set. Fully convolutional: any input side that 32 divides.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from app.engine.prompt_maps import CHANNELS


@dataclass(frozen=True)
class SwiftConfig:
    """Widths and depths; saved with every checkpoint."""

    stem: int = 24  # channels at stride 2
    widths: tuple[int, ...] = (48, 96, 160, 224)  # channels at strides 4, 8, 16, 32
    depths: tuple[int, ...] = (2, 3, 3, 2)  # residual blocks at the same strides
    embedding: int = 64  # channels of the embedding, stride 4
    detail: int = 16  # channels of the detail map, stride 2
    decoder_widths: tuple[int, int, int] = (64, 96, 128)  # channels at strides 4, 8, 16
    head: int = 24  # channels at stride 2 before the mask


def conv_bn(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution and batch normalisation, no activation."""
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside an identity (or a strided 1x1 where shapes differ)."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.first = conv_bn(inputs, outputs, stride=stride)
        self.second = conv_bn(outputs, outputs)
        same = inputs == outputs and stride == 1
        self.shortcut: nn.Module = nn.Identity() if same else conv_bn(inputs, outputs, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / stride, W / stride)."""
        return functional.relu(self.shortcut(x) + self.second(functional.relu(self.first(x))))


def stage(inputs: int, outputs: int, depth: int, stride: int) -> nn.Sequential:
    """`depth` residual blocks, the first with the stride."""
    blocks = [ResidualBlock(inputs, outputs, stride)]
    blocks += [ResidualBlock(outputs, outputs) for _ in range(depth - 1)]
    return nn.Sequential(*blocks)


def double(x: Tensor) -> Tensor:
    """Twice the size, nearest neighbour: the convolution that follows smooths."""
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


def interleave(x: Tensor) -> Tensor:
    """Pixel shuffle by two, (N, 4, H, W) -> (N, 1, 2H, 2W), written so that the exporter keeps its shape static."""
    height, width = x.shape[2], x.shape[3]
    return x.reshape(-1, 2, 2, height, width).permute(0, 3, 1, 4, 2).reshape(-1, 1, 2 * height, 2 * width)


class SwiftEncoder(nn.Module):
    """Image (B, 3, S, S) in 0..1 -> embedding (B, embedding, S/4, S/4) and detail (B, detail, S/2, S/2)."""

    def __init__(self, config: SwiftConfig) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            conv_bn(3, config.stem, stride=2), nn.ReLU(), conv_bn(config.stem, config.stem), nn.ReLU()
        )
        widths = (config.stem, *config.widths)
        self.stages = nn.ModuleList(
            stage(widths[n], widths[n + 1], config.depths[n], stride=2) for n in range(len(config.widths))
        )
        pyramid = config.embedding
        self.laterals = nn.ModuleList(conv_bn(width, pyramid, 1) for width in config.widths)
        self.merges = nn.ModuleList(conv_bn(pyramid, pyramid) for _ in config.widths[:-1])
        self.detail = conv_bn(config.stem, config.detail, 1)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        x = self.stem(image)
        detail = functional.relu(self.detail(x))
        features = []
        for block in self.stages:
            x = block(x)
            features.append(x)
        merged = functional.relu(self.laterals[-1](features[-1]))
        for n in reversed(range(len(self.merges))):
            merged = functional.relu(self.merges[n](double(merged) + self.laterals[n](features[n])))
        return merged, detail


class SwiftDecoder(nn.Module):
    """Embedding, detail and prompt maps (N, 7, S/2, S/2) -> logits (N, 1, S, S) and scores (N, 2).

    Scores are logits of the predicted IoU and of "an object is present" in training, probabilities in `eval` mode. An
    embedding of batch 1 serves any number of prompts.
    """

    def __init__(self, config: SwiftConfig) -> None:
        super().__init__()
        w4, w8, w16 = config.decoder_widths
        self.prompt_stem = nn.Sequential(
            conv_bn(len(CHANNELS), 16, stride=2), nn.ReLU(), conv_bn(16, config.embedding), nn.ReLU()
        )
        self.enter = ResidualBlock(config.embedding, w4)
        self.down8 = stage(w4, w8, 2, stride=2)
        self.down16 = stage(w8, w16, 2, stride=2)
        self.down32 = stage(w16, w16, 1, stride=2)
        self.up16 = conv_bn(w16, w16)
        self.up8_lateral = conv_bn(w16, w8, 1)
        self.up8 = conv_bn(w8, w8)
        self.up4_lateral = conv_bn(w8, w4, 1)
        self.up4 = ResidualBlock(w4, w4)
        self.to_head = conv_bn(w4, config.head)
        self.detail = conv_bn(config.detail, config.head)
        self.prompt_detail = conv_bn(len(CHANNELS), config.head)
        self.head = conv_bn(config.head, config.head)
        self.mask = nn.Conv2d(config.head, 4, 3, padding=1)
        self.scores = nn.Sequential(nn.Linear(w16 + w4, 64), nn.ReLU(), nn.Linear(64, 2))

    def forward(self, embedding: Tensor, detail: Tensor, prompts: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        x4 = self.enter(self.prompt_stem(prompts) + embedding)
        x8 = self.down8(x4)
        x16 = self.down16(x8)
        x32 = self.down32(x16)
        x16 = functional.relu(self.up16(double(x32) + x16))
        x8 = functional.relu(self.up8(double(self.up8_lateral(x16)) + x8))
        x4 = self.up4(double(self.up4_lateral(x8)) + x4)
        x2 = functional.relu(double(self.to_head(x4)) + self.detail(detail) + self.prompt_detail(prompts))
        logits = interleave(self.mask(functional.relu(self.head(x2))))
        pooled = torch.cat([x32.mean(dim=(2, 3)), x4.amax(dim=(2, 3))], dim=1)
        scores = self.scores(pooled)
        return logits, scores if self.training else torch.sigmoid(scores)


class SwiftNet(nn.Module):
    """Encoder and decoder together, as trained."""

    def __init__(self, config: SwiftConfig | None = None) -> None:
        super().__init__()
        self.config = config or SwiftConfig()
        self.encoder = SwiftEncoder(self.config)
        self.decoder = SwiftDecoder(self.config)

    def forward(self, image: Tensor, prompts: Tensor) -> tuple[Tensor, Tensor]:
        """Image (B, 3, S, S), prompts (N, 7, S/2, S/2) with N a multiple of B -> logits (N, 1, S, S), scores (N, 2)."""
        repeats = prompts.shape[0] // image.shape[0]
        embedding, detail = (t.repeat_interleave(repeats, dim=0) for t in self.encoder(image))
        logits, scores = self.decoder(embedding, detail, prompts)
        return logits, scores
