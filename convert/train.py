"""Training of the swift pair: read top to bottom. `python -m convert train --out runs/swift`. See `running`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from app.engine.intensity import IntensityMapping
from convert.clicks import with_click
from convert.dataset import load_items
from convert.losses import hard_iou, mask_loss, score_loss
from convert.nets.swift import SwiftConfig, SwiftNet
from convert.running import Run, TrainConfig, begin, go_on
from convert.sampling import Sample, Sampler, synthetic_sample
from convert.weights import load_swift

_SYNTHETIC_SHARE = 0.08
_CORRECTED_EVERY = 4  # steps: then the prompts are clicks on the network's own mistakes


class _Stream(Dataset[tuple[Tensor, Tensor, Tensor, Tensor]]):
    def __init__(self, sampler: Sampler, config: TrainConfig, first: int) -> None:
        self._sampler, self._config, self._first = sampler, config, first

    def __len__(self) -> int:
        return max(0, self._config.samples - self._first)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        sample = self._draw(self._first + index)
        image, prompts, target, present = (
            torch.from_numpy(a) for a in (sample.image, sample.prompts, sample.target, sample.present)
        )
        return image, prompts, target, present

    def _draw(self, number: int) -> Sample:
        random = np.random.default_rng((self._config.seed + 7919, number))
        if random.random() < _SYNTHETIC_SHARE:
            return synthetic_sample(random, self._config.size, IntensityMapping())
        return self._sampler.draw(number, self._config.size)


class SwiftRun(Run[SwiftNet]):
    """The pair in training."""

    def __init__(self, config: TrainConfig, network: SwiftConfig) -> None:
        torch.manual_seed(config.seed)
        net = SwiftNet(network).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        super().__init__(config, net, SwiftNet(network))

    def network(self) -> Mapping[str, Any]:
        """See `Run`."""
        return asdict(self.net.config)

    def step(self, batch: list[Tensor]) -> dict[str, float]:
        """One update; the loss and the mean IoU where an object is present."""
        image, prompts, target, present = (t.to(self.config.device) for t in batch)
        prompts, target, present = prompts.flatten(0, 1), target.flatten(0, 1), present.flatten()
        if self.steps % _CORRECTED_EVERY == _CORRECTED_EVERY - 1:
            prompts = self._corrected(image, prompts, target, present)
        with self.casting():
            logits, scores = self.net(image.contiguous(memory_format=torch.channels_last), prompts)
        logits, scores = logits[:, 0].float(), scores.float()
        loss = mask_loss(logits, target, present) + 0.2 * score_loss(logits.detach(), target, present, scores)
        self.descend(loss, len(image))
        there = present > 0.5
        return {"loss": float(loss.detach()), "iou": float(hard_iou(logits[there], target[there]).mean())}

    @torch.no_grad()
    def _corrected(self, image: Tensor, prompts: Tensor, target: Tensor, present: Tensor) -> Tensor:
        """The same prompts with the averaged network's own mask as earlier mask, and a click where it is most wrong."""
        with self.casting():
            logits, _ = self.average.eval()(image, prompts)
        return torch.where(present[:, None, None, None] > 0.5, with_click(prompts, logits[:, 0] > 0, target), prompts)


def train(config: TrainConfig, network: SwiftConfig | None = None, initial: Path | None = None) -> Path:
    """Train until `config.samples` views are seen; resumes from `out/last.pt` where it exists. Returns that path.

    `initial`: a checkpoint of another run whose averaged weights to begin with (another input size, say), or a weights
    file (.safetensors).
    """
    torch.set_num_threads(config.threads)
    run = SwiftRun(config, network or SwiftConfig())
    last = begin(run, Path(config.out))
    if initial is not None and not last.exists():
        run.begin_with(load_swift(initial)[0].state_dict())
    items = load_items(Path(config.data), ("train2d", "train3d"), ("train",))
    go_on(run, _Stream(Sampler(items, IntensityMapping(), config.seed), config, run.seen), last)
    return last
