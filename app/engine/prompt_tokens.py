"""Prompts as coordinates in the model's input: how models of the "tokens" encoding (the SAM family) are prompted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from app.engine.errors import PromptError
from app.engine.fitted_view import FittedView
from app.engine.prompt import Prompts
from app.engine.view import View

_PADDING = -1.0  # the label of a point that is none


def prompt_tokens(
    prompts: Sequence[Prompts], view: View, points: int = 0, *, whole: bool = True
) -> dict[str, NDArray[np.float32]]:
    """Boxes (N, 4) as x0, y0, x1, y1 in input pixels; with `points` > 0 also points (N, P, 2) and point_labels (N, P).

    Corners are cut to `whole` pixels, as LiteMedSAM's scripts do, or stay between, as SAM's. Labels are 1 positive,
    0 negative, -1 padding. Masks and places have no token: they are left out. Raises PromptError for a prompt without
    a box, and for more points than the model takes.
    """
    tokens = {"boxes": np.array([_corners(p, view, whole=whole) for p in prompts], dtype=np.float32).reshape(-1, 4)}
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


def box_around_mask(
    mask: NDArray[np.bool_], view: View, margin: int, painted: int = 1
) -> tuple[float, float, float, float] | None:
    """The box with which the SAM family carries a mask (rows, columns) to the next slice, or None for an empty one.

    It is the tight box, in pixels of the model's input, of the mask shrunk to that input, `margin` larger on each side
    and clipped there. The public scripts shrink the mask as an eight-bit picture in which it has the number of its
    object, so that more of a pixel counts as inside the higher the number is: `painted` is that number. They do it by
    area, however images are shown: the splines of MedSAM would leave a mask smaller than it is, Pillow's filter larger.
    """
    if isinstance(view, FittedView):
        view = replace(view, method="area")
    shrunk = view.extract(mask.astype(np.uint8) * np.uint8(min(painted, 255)))
    rows, columns = np.nonzero(shrunk * view.inside() > 0)
    if not len(rows):
        return None
    x0, y0 = (max(0, int(axis.min()) - margin) for axis in (columns, rows))
    x1, y1 = (min(view.size, int(axis.max()) + margin) for axis in (columns, rows))
    return x0, y0, x1, y1


def _corners(prompts: Prompts, view: View, *, whole: bool) -> list[float]:
    if prompts.input_box is not None:
        return list(prompts.input_box)
    if prompts.box is None:
        raise PromptError("this model needs a box: points alone do not prompt it")
    corners = view.to_grid(np.array(prompts.box.to_inclusive(), dtype=np.float64).reshape(2, 2))
    return [float(value) for value in (np.floor(corners) if whole else corners).ravel()]
