"""Muon: what it makes of a matrix, and that it descends."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is in the convert extra")

from convert.muon import Muon, orthogonalised  # noqa: E402


@pytest.mark.parametrize("shape", [(8, 8), (24, 72), (72, 24)])
def test_that_singular_values_come_near_one_and_directions_stay(shape: tuple[int, int]) -> None:
    torch.manual_seed(3)
    matrix = torch.randn(shape)
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    inner = left.T @ orthogonalised(matrix) @ right.T
    kept = inner.diagonal()[values > 0.05 * values.max()]
    assert kept.min() > 0.6
    assert kept.max() < 1.3
    assert (inner - torch.diag(inner.diagonal())).abs().max() < 1e-3


def test_that_half_precision_orthogonalises_nearly_alike() -> None:
    torch.manual_seed(4)
    matrix = torch.randn(24, 72)
    whole, half = orthogonalised(matrix), orthogonalised(matrix, half=True)
    assert half.dtype == torch.float32
    assert 0 < (whole - half).norm() / whole.norm() < 0.05


def test_that_every_direction_of_a_badly_scaled_problem_advances_alike() -> None:
    """Plain descent would need hundreds of steps for the direction whose gradient is a hundredth of the other's."""
    scales = torch.tensor([1.0, 1e-2])
    weights = torch.nn.Parameter(torch.eye(2))
    optimiser = Muon([weights], lr=0.05)
    for _ in range(80):
        optimiser.zero_grad()
        ((weights * scales[:, None].sqrt()) ** 2).sum().backward()
        optimiser.step()
    assert weights.abs().max() < 0.3


def test_that_decay_shrinks_what_gets_no_gradient_of_its_own() -> None:
    kernel = torch.nn.Parameter(torch.ones(4, 3, 3, 3))
    kernel.grad = torch.zeros_like(kernel)
    Muon([kernel], lr=0.1, decay=0.5).step()
    assert torch.allclose(kernel, torch.full_like(kernel, 0.95))
