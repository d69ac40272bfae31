"""Training of the swift pair: read top to bottom. `python -m convert train --out runs/swift`.

Every sample is a function of (seed, number), so a run that stops goes on exactly where its last checkpoint left it.
The learning rate is constant after a warm-up and falls over the last part of `--samples`; raise or lower `--samples`
on resuming to choose the end.
"""

from __future__ import annotations

import json
import math
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from app.engine.intensity import IntensityMapping
from convert.clicks import with_click
from convert.dataset import load_items
from convert.losses import hard_iou, mask_loss, score_loss
from convert.muon import Muon
from convert.nets.swift import SwiftConfig, SwiftNet
from convert.sampling import Sample, Sampler, synthetic_sample
from convert.weights import load_swift

_SYNTHETIC_SHARE = 0.08
_CORRECTED_EVERY = 4  # steps: then the prompts are clicks on the network's own mistakes
_SAVE_EVERY_SECONDS = 150.0
_LOG_EVERY_STEPS = 50


@dataclass(frozen=True)
class TrainConfig:
    """All settings of a run; saved with its checkpoints."""

    data: str
    out: str
    samples: int = 60_000  # views; each carries two prompts
    size: int = 128  # input side
    batch: int = 16
    rate: float = 1.5e-3
    decay: float = 0.05  # weight decay
    cooldown: float = 0.3  # last part of `samples` over which the rate falls to a fiftieth
    warmup: int = 3_000  # samples
    average: float = 0.99  # of the weights, per step: short against the cool-down
    seed: int = 1
    workers: int = 1
    threads: int = 2
    device: str = "cpu"


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


class Run:
    """A network, its averaged copy and its optimiser, saved and restored together."""

    def __init__(self, config: TrainConfig, network: SwiftConfig) -> None:
        self.config = config
        torch.manual_seed(config.seed)
        self.net = SwiftNet(network).to(config.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = SwiftNet(network).to(config.device)
        self.average.load_state_dict(self.net.state_dict())
        weights = [p for p in self.net.parameters() if p.ndim > 1]
        others = [p for p in self.net.parameters() if p.ndim <= 1]
        self.optimisers = (
            Muon(weights, config.rate, decay=config.decay),
            torch.optim.AdamW(others, lr=config.rate, betas=(0.9, 0.99), weight_decay=0.0),
        )
        self.seen, self.seconds, self.steps = 0, 0.0, 0

    def save(self, path: Path) -> None:
        """Whole state, written aside and moved into place."""
        state = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "seen": self.seen,
            "seconds": self.seconds,
            "steps": self.steps,
            "config": asdict(self.config),
            "network": asdict(self.net.config),
            "revision": git_revision(),
        }
        aside = path.with_suffix(".tmp")
        torch.save(state, aside)
        aside.replace(path)

    def restore(self, path: Path) -> None:
        """The state that `save` wrote."""
        state = torch.load(path, map_location=self.config.device, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.seen, self.seconds, self.steps = state["seen"], state["seconds"], state["steps"]

    def step(self, batch: list[Tensor]) -> dict[str, float]:
        """One update; the loss and the mean IoU where an object is present."""
        image, prompts, target, present = (t.to(self.config.device) for t in batch)
        prompts, target, present = prompts.flatten(0, 1), target.flatten(0, 1), present.flatten()
        if self.steps % _CORRECTED_EVERY == _CORRECTED_EVERY - 1:
            prompts = self._corrected(image, prompts, target, present)
        logits, scores = self.net(image.contiguous(memory_format=torch.channels_last), prompts)
        logits = logits[:, 0]
        loss = mask_loss(logits, target, present) + 0.2 * score_loss(logits.detach(), target, present, scores)
        self.net.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.net.parameters(), 2.0)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self.config.rate * rate_factor(self.seen, self.config)
            optimiser.step()
        self.seen += len(image)
        self.steps += 1
        self._follow()
        there = present > 0.5
        return {"loss": float(loss.detach()), "iou": float(hard_iou(logits[there], target[there]).mean())}

    @torch.no_grad()
    def _corrected(self, image: Tensor, prompts: Tensor, target: Tensor, present: Tensor) -> Tensor:
        """The same prompts with the averaged network's own mask as earlier mask, and a click where it is most wrong."""
        logits, _ = self.average.eval()(image, prompts)
        return torch.where(present[:, None, None, None] > 0.5, with_click(prompts, logits[:, 0] > 0, target), prompts)

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(self.config.average, self.steps / (self.steps + 10))
        for mine, theirs in zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True):
            if mine.dtype.is_floating_point:
                mine.lerp_(theirs, 1 - keep)
            else:
                mine.copy_(theirs)


def rate_factor(seen: int, config: TrainConfig) -> float:
    """Learning rate as a share of the highest: warm-up, plateau, cosine fall over the cool-down."""
    if seen < config.warmup:
        return (seen + 1) / config.warmup
    start = config.samples * (1 - config.cooldown)
    progress = min(max((seen - start) / max(config.samples - start, 1), 0.0), 1.0)
    return 0.02 + 0.98 * (0.5 + 0.5 * math.cos(math.pi * progress))


def git_revision() -> str:
    """The commit that runs, or "" outside a checkout."""
    here = Path(__file__).parent
    result = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False, cwd=here)  # noqa: S607
    return result.stdout.strip()


def train(config: TrainConfig, network: SwiftConfig | None = None, initial: Path | None = None) -> Path:
    """Train until `config.samples` views are seen; resumes from `out/last.pt` where it exists. Returns that path.

    `initial`: a checkpoint of another run whose averaged weights to begin with (another input size, say), or a weights
    file (.safetensors).
    """
    torch.set_num_threads(config.threads)
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    last = out / "last.pt"
    run = Run(config, network or SwiftConfig())
    if last.exists():
        run.restore(last)
    elif initial is not None:
        weights = load_swift(initial)[0].state_dict()
        run.net.load_state_dict(weights)
        run.average.load_state_dict(weights)
    (out / "config.json").write_text(json.dumps({**asdict(config), "revision": git_revision()}, indent=1))
    items = load_items(Path(config.data), ("train2d", "train3d"), ("train",))
    stream = _Stream(Sampler(items, IntensityMapping(), config.seed), config, run.seen)
    with _stop_signal() as stopped:
        try:
            _loop(run, stream, last, stopped)
        finally:
            run.save(last)
    return last


def _loop(run: Run, stream: _Stream, last: Path, stopped: threading.Event) -> None:
    started, saved = time.monotonic() - run.seconds, time.monotonic()
    sums: dict[str, float] = {}
    cooling = last.with_name("plateau.pt").exists()
    for number, batch in enumerate(_batches(stream, run.config), start=1):
        for name, value in run.step(batch).items():
            sums[name] = sums.get(name, 0.0) + value
        run.seconds = time.monotonic() - started
        if number % _LOG_EVERY_STEPS == 0:
            _log(last.with_name("log.jsonl"), run, {name: value / _LOG_EVERY_STEPS for name, value in sums.items()})
            sums = {}
        if not cooling and rate_factor(run.seen, run.config) < 1 and run.seen >= run.config.warmup:
            cooling = True
            run.save(last.with_name("plateau.pt"))  # a longer training goes on from here
        if time.monotonic() - saved > _SAVE_EVERY_SECONDS:
            run.save(last)
            saved = time.monotonic()
        if stopped.is_set():
            break


@contextmanager
def _stop_signal() -> Iterator[threading.Event]:
    """An event that SIGTERM and Ctrl+C set, so that a run ends with its state saved."""
    stopped = threading.Event()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: stopped.set()) for number in numbers]
    try:
        yield stopped
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _batches(stream: _Stream, config: TrainConfig) -> Iterator[list[Tensor]]:
    loader: DataLoader[Any] = DataLoader(
        stream, batch_size=config.batch, num_workers=config.workers, drop_last=True,
        prefetch_factor=4 if config.workers else None, multiprocessing_context="fork" if config.workers else None,
        worker_init_fn=_outlive_signals,
    )  # fmt: skip
    yield from loader


def _outlive_signals(_worker: int) -> None:
    """A signal to the whole group is the main process's to answer: it still needs its workers for that."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def _log(path: Path, run: Run, means: dict[str, float]) -> None:
    line = {"seen": run.seen, "seconds": round(run.seconds), **{k: round(v, 4) for k, v in means.items()}}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)
