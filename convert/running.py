"""What every training of ours does alike: settings, state on disk, the learning rate, batches, stopping, the log.

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
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from convert.muon import Muon

_SAVE_EVERY_SECONDS = 150.0
_LOG_EVERY_STEPS = 50

Net = TypeVar("Net", bound=nn.Module)


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
    half: bool = False  # forward pass in bfloat16: 1.6 times as fast where the processor has AVX512-BF16 or AMX


class Run(ABC, Generic[Net]):
    """A network, its averaged copy and its optimisers, saved and restored together; children know what a step is."""

    def __init__(self, config: TrainConfig, net: Net, average: Net) -> None:
        self.config, self.net, self.average = config, net.to(config.device), average.to(config.device)
        self.average.load_state_dict(self.net.state_dict())
        weights = [p for p in self.net.parameters() if p.ndim > 1]
        others = [p for p in self.net.parameters() if p.ndim <= 1]
        self.optimisers = (
            Muon(weights, config.rate, decay=config.decay, half=config.half),
            torch.optim.AdamW(others, lr=config.rate, betas=(0.9, 0.99), weight_decay=0.0),
        )
        self.seen, self.seconds, self.steps = 0, 0.0, 0

    @abstractmethod
    def network(self) -> Mapping[str, Any]:
        """The settings of the network, which its checkpoints keep."""

    @abstractmethod
    def step(self, batch: list[Tensor]) -> dict[str, float]:
        """One update; what is logged of it."""

    def begin_with(self, weights: Mapping[str, Tensor]) -> None:
        """Take over the weights of another run."""
        self.net.load_state_dict(weights)
        self.average.load_state_dict(weights)

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
            "network": dict(self.network()),
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

    def casting(self) -> torch.autocast:
        """Where the network runs: in bfloat16 if asked for; weights, losses and updates stay in single precision."""
        return torch.autocast(self.config.device.split(":")[0], torch.bfloat16, enabled=self.config.half)

    def descend(self, loss: Tensor, count: int) -> None:
        """Follow the gradient of a loss over `count` samples, and the averaged copy the network."""
        self.net.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.net.parameters(), 2.0)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self.config.rate * rate_factor(self.seen, self.config)
            optimiser.step()
        self.seen += count
        self.steps += 1
        self._follow()

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


def go_on(run: Run[Any], stream: Dataset[Any], last: Path) -> None:
    """Train until all of the stream is seen or a signal says stop; the state is saved every few minutes and at last."""
    with _stop_signal() as stopped:
        try:
            _loop(run, stream, last, stopped)
        finally:
            run.save(last)


def begin(run: Run[Any], out: Path) -> Path:
    """Make the folder of a run with its settings; go on from `last.pt` where it exists. Returns that path."""
    out.mkdir(parents=True, exist_ok=True)
    last = out / "last.pt"
    if last.exists():
        run.restore(last)
    (out / "config.json").write_text(json.dumps({**asdict(run.config), "revision": git_revision()}, indent=1))
    return last


def _loop(run: Run[Any], stream: Dataset[Any], last: Path, stopped: threading.Event) -> None:
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


def _batches(stream: Dataset[Any], config: TrainConfig) -> Iterator[list[Tensor]]:
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


def _log(path: Path, run: Run[Any], means: dict[str, float]) -> None:
    line = {"seen": run.seen, "seconds": round(run.seconds), **{k: round(v, 4) for k, v in means.items()}}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)
