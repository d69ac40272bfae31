"""Clicks that correct a network's own mistakes, drawn into its prompt maps while it trains."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from app.engine.prompt_maps import CHANNELS

_POSITIVE, _NEGATIVE = CHANNELS.index("positive"), CHANNELS.index("negative")
_PREVIOUS, _PREVIOUS_PRESENT = CHANNELS.index("previous"), CHANNELS.index("previous_present")
_RADIUS = 3.0  # cells, as the engine draws a click
_NEIGHBOURHOOD = 9  # cells of the prompt grid over which an error is judged large


def with_click(prompts: Tensor, found: Tensor, target: Tensor) -> Tensor:
    """Prompt maps (N, 7, P, P) with the mask `found` as previous mask, and a click in the thick of what is wrong.

    found (N, S, S) bool, target (N, S, S) fractions; P divides S. Where nothing is wrong there is no click.
    """
    size = prompts.shape[-1]
    fractions = functional.adaptive_avg_pool2d(found.float()[:, None], size)[:, 0]
    true = functional.adaptive_avg_pool2d(target[:, None], size)[:, 0]
    wrong = (fractions - true).abs()
    crowd = functional.avg_pool2d(wrong[:, None], _NEIGHBOURHOOD, stride=1, padding=_NEIGHBOURHOOD // 2)[:, 0]
    place = (crowd * (wrong > 0.5)).flatten(1)
    worst, where = place.max(dim=1)
    rows, columns = where // size, where % size
    cells = torch.arange(size, device=prompts.device)
    distance = torch.hypot((cells[None, :, None] - rows[:, None, None]).float(), (cells - columns[:, None])[:, None, :])
    click = (1 - distance / _RADIUS).clamp(min=0) * (worst > 0)[:, None, None]
    missed = (true > fractions).flatten(1).gather(1, where[:, None])[:, :, None]
    changed = prompts.clone()
    changed[:, _POSITIVE] = torch.maximum(prompts[:, _POSITIVE], click * missed)
    changed[:, _NEGATIVE] = torch.maximum(prompts[:, _NEGATIVE], click * ~missed)
    changed[:, _PREVIOUS], changed[:, _PREVIOUS_PRESENT] = fractions, 1.0
    return changed
