"""Training of the 3-D network that fills 3-D boxes: `python -m convert train --network solid`. See `running`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import Dataset

from app.engine.intensity import IntensityMapping
from convert.dataset import load_items
from convert.nets.solid import SolidConfig, SolidNet
from convert.running import Run, TrainConfig, begin, go_on
from convert.solid_samples import SolidSampler
from convert.weights import load_solid


class _Stream(Dataset[tuple[Tensor, Tensor]]):
    def __init__(self, sampler: SolidSampler, config: TrainConfig, first: int) -> None:
        self._sampler, self._config, self._first = sampler, config, first

    def __len__(self) -> int:
        return max(0, self._config.samples - self._first)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        sample = self._sampler.draw(self._first + index, self._config.size)
        return torch.from_numpy(sample.channels), torch.from_numpy(sample.target)


class SolidRun(Run[SolidNet]):
    """The 3-D network in training."""

    def __init__(self, config: TrainConfig, network: SolidConfig) -> None:
        torch.manual_seed(config.seed)
        super().__init__(config, SolidNet(network), SolidNet(network))

    def network(self) -> Mapping[str, Any]:
        """See `Run`."""
        return asdict(self.net.config)

    def step(self, batch: list[Tensor]) -> dict[str, float]:
        """One update; the loss and the mean DSC."""
        channels, target = (t.to(self.config.device) for t in batch)
        logits = self.net(channels)[:, 0]
        loss = solid_loss(logits, target)
        self.descend(loss, len(channels))
        return {"loss": float(loss.detach()), "dsc": float(hard_dice(logits.detach(), target).mean())}


def solid_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Dice plus cross-entropy weighted towards the boundary; logits, target (N, S, S, S), target fractions 0..1."""
    probability = torch.sigmoid(logits)
    overlap = (probability * target).sum(dim=(1, 2, 3))
    total = probability.sum(dim=(1, 2, 3)) + target.sum(dim=(1, 2, 3))
    dice = 1 - (2 * overlap + 1) / (total + 1)
    local_mean = functional.avg_pool3d(target[:, None], 5, stride=1, padding=2)[:, 0]
    boundary = 1 + 12 * local_mean * (1 - local_mean)
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    return dice.mean() + (entropy * boundary).mean()


def hard_dice(logits: Tensor, target: Tensor) -> Tensor:
    """(N,) DSC of the thresholded masks."""
    predicted, true = logits > 0, target > 0.5
    total = predicted.sum(dim=(1, 2, 3)) + true.sum(dim=(1, 2, 3))
    return 2 * (predicted & true).sum(dim=(1, 2, 3)) / total.clamp(min=1)


def train_solid(config: TrainConfig, network: SolidConfig | None = None, initial: Path | None = None) -> Path:
    """As `train.train`, of the 3-D network, on the volumes of the index alone."""
    network = network or SolidConfig()
    stride = 2 ** len(network.widths)
    if config.size < stride or config.size % stride:
        raise ValueError(f"the 3-D network's size must be a multiple of {stride}, not {config.size}")
    torch.set_num_threads(config.threads)
    run = SolidRun(config, network)
    last = begin(run, Path(config.out))
    if initial is not None and not last.exists():
        run.begin_with(load_solid(initial)[0].state_dict())
    items = load_items(Path(config.data), ("train3d",), ("train",))
    go_on(run, _Stream(SolidSampler(items, IntensityMapping(), config.seed), config, run.seen), last)
    return last
