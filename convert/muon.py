"""Muon: steepest descent for matrices under the spectral norm, with momentum; AdamW for all that is no matrix.

K. Jordan et al., Muon: an optimizer for hidden layers in neural networks (2024); updates scaled to the root mean square
of AdamW's, after J. Liu et al., Muon is scalable for LLM training (2025), so that one rate serves both.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic iteration; steep at 0, so that five steps suffice
_STEPS = 5
_ADAM_SCALE = 0.2  # root mean square of AdamW's updates at equal rate


class Muon(torch.optim.Optimizer):
    """Orthogonalised momentum for convolutions and matrices, each filter a row of its matrix."""

    def __init__(
        self, parameters: Iterable[Tensor], lr: float, momentum: float = 0.95, decay: float = 0.0, half: bool = False
    ) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "decay": decay})
        self._half = half

    @torch.no_grad()
    def step(self, _closure: object = None) -> None:  # type: ignore[override]
        """One update of every parameter that has a gradient; takes no closure."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(parameter)
                momentum = state["momentum"]
                momentum.lerp_(parameter.grad, 1 - group["momentum"])
                ahead = parameter.grad.lerp(momentum, group["momentum"])  # Nesterov
                update = orthogonalised(ahead.reshape(len(ahead), -1), self._half)
                scale = _ADAM_SCALE * max(update.shape) ** 0.5
                parameter.mul_(1 - group["lr"] * group["decay"])
                parameter.add_(update.reshape(parameter.shape), alpha=-group["lr"] * scale)


def orthogonalised(matrix: Tensor, half: bool = False) -> Tensor:
    """The matrix (m, n) with its singular values brought near 1, by Newton and Schulz's iteration."""
    a, b, c = _COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x: Tensor = matrix.T if tall else matrix
    x = (x / (x.norm() + 1e-7)).to(torch.bfloat16 if half else matrix.dtype)
    for _ in range(_STEPS):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    x = x.to(matrix.dtype)
    return x.T if tall else x
