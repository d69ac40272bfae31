"""Prompts as coordinates in the model's input: how models of the "tokens" encoding (the SAM family) are prompted."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.engine.errors import PromptError
from app.engine.prompt import Box, Prompts
from app.engine.view import View

_PADDING = -1.0  # the label of a point that is none


def prompt_tokens(prompts: Sequence[Prompts], view: View, points: int = 0) -> dict[str, NDArray[np.float32]]:
    """Boxes (N, 4) as x0, y0, x1, y1 in input pixels; with `points` > 0 also points (N, P, 2) and point_labels (N, P).

    Labels are 1 positive, 0 negative, -1 padding. Masks and places have no token: they are left out. Raises PromptError
    for a prompt without a box, and for more points than the model takes.
    """
    tokens = {"boxes": np.array([_corners(p, view) for p in prompts], dtype=np.float32).reshape(-1, 4)}
    most = max((len(p.points) for p in prompts), default=0)
    if most > points:
        limit = f"at most {points} points" if points else "no points"
        raise PromptError(f"this model takes {limit} beside a box, not {most}")
    if points:
        tokens["points"] = np.zeros((len(prompts), points, 2), dtype=np.float32)
        tokens["point_labels"] = np.full((len(prompts), points), _PADDING, dtype=np.float32)
        for n, prompt in enumerate(prompts):
            for m, point in enumerate(prompt.points):
                tokens["points"][n, m] = view.to_grid(np.array([point.x, point.y]))
                tokens["point_labels"][n, m] = float(point.positive)
    return tokens


def box_around_mask(mask: NDArray[np.bool_], view: View, margin: int) -> Box | None:
    """The box with which the SAM family carries a mask (rows, columns) to the next slice, or None for an empty one.

    It is the tight box of the mask shrunk to the model's input, `margin` pixels larger on each side and clipped there,
    as voxels: `prompt_tokens` makes the same whole input pixels of it where the input is no finer than the slice.
    """
    rows, columns = np.nonzero(view.extract(mask) * view.inside() >= 0.5)
    if not len(rows):
        return None
    x0, y0 = (max(0, int(axis.min()) - margin) for axis in (columns, rows))
    x1, y1 = (min(view.size, int(axis.max()) + margin) for axis in (columns, rows))
    corners = view.from_grid(np.array([[x0, y0], [x1, y1]], dtype=np.float64))
    inclusive = [math.ceil(round(float(value), 6)) for value in corners.ravel()]
    return Box(inclusive[0], inclusive[1], inclusive[2] + 1, inclusive[3] + 1).clipped(mask.shape)


def _corners(prompts: Prompts, view: View) -> list[float]:
    if prompts.box is None:
        raise PromptError("this model needs a box: points alone do not prompt it")
    corners = np.array(prompts.box.to_inclusive(), dtype=np.float64).reshape(2, 2)
    return [float(value) for value in np.floor(view.to_grid(corners)).ravel()]  # whole pixels, as LiteMedSAM cuts them
