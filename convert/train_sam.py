"""Training of SwiftMedSAM (or LiteMedSAM) as its authors did it, read top to bottom.

From a LiteMedSAM checkpoint, of which every tensor of matching name and shape is copied. Dice, cross-entropy and the
error of the predicted IoU in equal parts; AdamW; the rate falls where the loss stands still; flips; boxes moved
outwards by up to ten pixels. Data are challenge NPZ (`imgs`, `gts`) or our index. One process, or several by torch's
launcher: `torchrun --nproc_per_node 4 -m convert train --network swiftmedsam ...`. A run goes on where its last epoch
ended.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler

from convert.checkpoints import read_state
from convert.nets.sam import BUILDERS, Sam
from convert.sam_slices import SliceDataset

LATEST, BEST = "latest.pth", "best.pth"
_SMOOTH = 1e-5  # keeps Dice of nothing defined


@dataclass(frozen=True)
class SamTraining:
    """All settings; saved with every checkpoint. Defaults are the authors', but for the number of epochs."""

    data: str
    out: str
    network: str = "swiftmedsam"
    epochs: int = 26
    batch: int = 48  # of each process
    rate: float = 1e-4
    decay: float = 0.01
    shift: int = 10  # pixels by which each side of a box may move outwards
    seed: int = 1
    workers: int = 2
    device: str = "cpu"


def train_sam(config: SamTraining, initial: Path | None, say: Callable[[str], None] = print) -> Path:
    """Train until the last epoch is done; returns the checkpoint with the lowest loss."""
    with _processes(config.device) as (rank, count, device):
        speak = say if rank == 0 else _silent
        out = Path(config.out)
        out.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(config.seed)
        sam = BUILDERS[config.network]()
        begin, best = 0, float("inf")
        latest = out / LATEST
        state = torch.load(latest, map_location="cpu", weights_only=True) if latest.exists() else None
        if state is not None:
            sam.load_state_dict(state["model"])
        elif initial is not None:
            copied, fresh = copy_matching(sam, read_state(initial))
            speak(f"{len(copied)} tensors copied from {initial.name}, {len(fresh)} begin anew: {_few(fresh)}")
        network: nn.Module = sam.to(device)
        if count > 1:
            if device.type == "cuda":
                network = nn.SyncBatchNorm.convert_sync_batchnorm(network)  # type: ignore[no-untyped-call]
            network = DistributedDataParallel(network, find_unused_parameters=True)  # no clicks, no coarse masks
        optimizer = torch.optim.AdamW(network.parameters(), lr=config.rate, weight_decay=config.decay)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.9, patience=5)
        if state is not None:
            optimizer.load_state_dict(state["optimizer"])
            scheduler.load_state_dict(state["scheduler"])
            begin, best = int(state["epoch"]) + 1, float(state["best_loss"])
            speak(f"goes on after epoch {begin - 1}")
        dataset = SliceDataset(Path(config.data), seed=config.seed, shift=config.shift)
        speak(f"{len(dataset)} slices with a label")
        for epoch in range(begin, config.epochs):
            loss = _epoch(network, optimizer, _loader(dataset, config, epoch, rank, count), device)
            loss = _mean_of_all(loss, count, device)
            scheduler.step(loss)
            improved, best = loss < best, min(best, loss)
            if rank == 0:
                content = {
                    "model": _plain(sam, network),
                    "optimizer": optimizer.state_dict(),
                    "scheduler": scheduler.state_dict(),
                    "epoch": epoch,
                    "loss": loss,
                    "best_loss": best,
                    "settings": asdict(config),
                }
                _save(content, latest)
                if improved:
                    _save(content, out / BEST)
                with (out / "log.jsonl").open("a", encoding="utf-8") as log:
                    log.write(json.dumps({"epoch": epoch, "loss": loss}) + "\n")
            speak(f"epoch {epoch}: loss {loss:.4f}, rate {optimizer.param_groups[0]['lr']:.2e}")
        return out / BEST


def copy_matching(sam: Sam, state: Mapping[str, Tensor]) -> tuple[list[str], list[str]]:
    """Copy tensors of the same name and shape into a network; names of those copied, and of those left as they were."""
    own = sam.state_dict()
    copied = [name for name, tensor in own.items() if name in state and state[name].shape == tensor.shape]
    sam.load_state_dict(own | {name: state[name] for name in copied})
    return copied, [name for name in own if name not in set(copied)]


def loss_of(logits: Tensor, scores: Tensor, truth: Tensor) -> Tensor:
    """Of logits (N, 1, H, W), predicted IoU (N, 1) and true masks (N, 1, H, W) of 0 and 1."""
    probability = logits.sigmoid()
    axes = (2, 3)
    overlap = (probability * truth).sum(axes)
    total = probability.square().sum(axes) + truth.square().sum(axes)
    dice = (1 - (2 * overlap + _SMOOTH) / (total + _SMOOTH)).mean()
    return dice + F.binary_cross_entropy_with_logits(logits, truth) + F.mse_loss(scores, true_iou(logits, truth))


@torch.no_grad()
def true_iou(logits: Tensor, truth: Tensor) -> Tensor:
    """IoU (N, 1) of the masks that logits (N, 1, H, W) draw; 1 where both masks are empty."""
    drawn, true = logits > 0, truth > 0.5
    union = (drawn | true).sum((2, 3))
    return torch.where(
        union > 0, (drawn & true).sum((2, 3)) / union.clamp(min=1), torch.ones_like(union, dtype=torch.float32)
    )


def _epoch(
    network: nn.Module, optimizer: torch.optim.Optimizer, batches: DataLoader[tuple[Tensor, Tensor, Tensor]],
    device: torch.device,
) -> float:  # fmt: skip
    """Mean loss of one pass."""
    network.train()
    losses = []
    for batch in batches:
        image, box, truth = (tensor.to(device) for tensor in batch)
        logits, scores = network(image, box)
        loss = loss_of(logits, scores, truth)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own
        optimizer.step()
        losses.append(float(loss.detach()))
    return float(np.mean(losses))


def _loader(
    dataset: SliceDataset, config: SamTraining, epoch: int, rank: int, count: int
) -> DataLoader[tuple[Tensor, Tensor, Tensor]]:
    dataset.epoch = epoch
    sampler: DistributedSampler[tuple[Tensor, Tensor, Tensor]] = DistributedSampler(
        dataset, num_replicas=count, rank=rank, seed=config.seed
    )
    sampler.set_epoch(epoch)
    return DataLoader(dataset, config.batch, sampler=sampler, num_workers=config.workers)


@contextmanager
def _processes(device: str) -> Iterator[tuple[int, int, torch.device]]:
    """Rank, number of processes and device; torch's launcher says through the environment how many there are."""
    count, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    if count == 1:
        yield 0, 1, torch.device(device)
        return
    cuda = device.startswith("cuda")
    own = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if cuda else torch.device(device)
    if cuda:
        torch.cuda.set_device(own)
    distributed.init_process_group("nccl" if cuda else "gloo")
    try:
        yield rank, count, own
    finally:
        distributed.destroy_process_group()


def _mean_of_all(loss: float, count: int, device: torch.device) -> float:
    if count == 1:
        return loss
    total = torch.tensor(loss, device=device)
    distributed.all_reduce(total)
    return float(total) / count


def _plain(sam: Sam, network: nn.Module) -> dict[str, Tensor]:
    """The weights under the public names: whatever wraps the network is taken off."""
    inner = network.module if isinstance(network, DistributedDataParallel) else network
    state = inner.state_dict()
    return {name: state[name].detach().cpu() for name in sam.state_dict()}


def _save(content: dict[str, object], path: Path) -> None:
    aside = path.with_suffix(".part")
    torch.save(content, aside)
    aside.replace(path)


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "") if names else "none"


def _silent(_text: str) -> None:
    pass
