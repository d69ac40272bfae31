"""What training minimises: overlap and pixels of the mask, the predicted IoU, and whether there is an object at all."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def mask_loss(logits: Tensor, target: Tensor, present: Tensor) -> Tensor:
    """Dice (where an object is present) plus cross-entropy weighted towards the boundary.

    logits, target (N, S, S), target fractions 0..1; present (N,) 0 or 1.
    """
    probability = torch.sigmoid(logits)
    overlap = (probability * target).sum(dim=(1, 2))
    total = probability.sum(dim=(1, 2)) + target.sum(dim=(1, 2))
    dice = 1 - (2 * overlap + 1) / (total + 1)
    local_mean = functional.avg_pool2d(target[:, None], 9, stride=1, padding=4)[:, 0]
    boundary = 1 + 4 * (4 * local_mean * (1 - local_mean))
    entropy = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    pixels = (entropy * boundary).mean(dim=(1, 2))
    return (dice * present).sum() / present.sum().clamp(min=1) + pixels.mean()


def score_loss(logits: Tensor, target: Tensor, present: Tensor, scores: Tensor) -> Tensor:
    """Cross-entropy of the predicted IoU (soft target) and of presence; scores (N, 2) are logits."""
    with torch.no_grad():
        iou = hard_iou(logits, target)
    return functional.binary_cross_entropy_with_logits(scores, torch.stack([iou, present], dim=1))


def hard_iou(logits: Tensor, target: Tensor) -> Tensor:
    """(N,) intersection over union of the thresholded masks; 0 where the union is empty."""
    predicted, true = logits > 0, target > 0.5
    union = (predicted | true).sum(dim=(1, 2))
    return (predicted & true).sum(dim=(1, 2)) / union.clamp(min=1)
