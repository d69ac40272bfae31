"""What the two networks of a package are fed: the one place where its manifest decides how images and prompts look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.fitted_view import Fit, FittedView, fitted_view
from app.engine.intensity import model_input
from app.engine.manifest import ModelManifest
from app.engine.prompt import Prompts
from app.engine.prompt_maps import prompt_maps
from app.engine.prompt_tokens import prompt_tokens
from app.engine.view import SliceGrid, View


def encoder_input(
    manifest: ModelManifest, pixels: NDArray[Any], view: View, *, modality: str = "", inverted: bool = False
) -> NDArray[np.float32]:
    """The image input (3, S, S) float32 of a slice (rows, columns[, 3]), any real dtype, seen through a view."""
    return model_input(pixels, view, manifest.intensity_for(modality), inverted=inverted)


def slice_view(manifest: ModelManifest, grid: SliceGrid) -> FittedView:
    """Through which a model that always sees whole slices sees one; not for the "focus" policy."""
    fit: Fit = "stretch" if manifest.view_policy == "stretch" else "corner"
    return fitted_view(grid, manifest.size, fit, manifest.resize, manifest.mask_size)


def decoder_inputs(manifest: ModelManifest, prompts: Sequence[Prompts], view: View) -> dict[str, NDArray[np.float32]]:
    """The prompt inputs by name, one row for each prompt: maps (N, C, P, P), or token coordinates.

    Raises PromptError where the model does not understand a prompt.
    """
    if manifest.encoding == "tokens":
        count = manifest.decoder.inputs["points"][1] if manifest.takes_points else 0
        return prompt_tokens(prompts, view, count, whole=manifest.whole_corners)
    maps = [prompt_maps(p, view, manifest.prompt_size, manifest.prompt_channels) for p in prompts]
    shape = (0, len(manifest.prompt_channels), manifest.prompt_size, manifest.prompt_size)
    return {"prompts": np.stack(maps) if maps else np.empty(shape, dtype=np.float32)}
