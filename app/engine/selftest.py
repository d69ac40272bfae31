"""The phantom on which a compiled model must give what it gave when it was exported.

It is computed, not stored, so that export, start-up and every machine see the same picture. A model that was compiled
wrongly (another precision's cache, an instruction set with a fault) answers with NaN or with an empty or shifted mask:
all of these change the means of some block of the mask.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.engine.manifest import ModelManifest
from app.engine.model_inputs import decoder_inputs, encoder_input, slice_view
from app.engine.network import SELF_TEST_BLOCKS, SOLID_BLOCKS, SolidNetwork
from app.engine.prompt import Box, Box3D, Prompts
from app.engine.solid import SolidView, solid_input
from app.engine.view import SliceGrid, View, focus_view

_ROWS, _COLUMNS = 192, 224
_CENTRE = (104.0, 88.0)  # x, y of the object
_RADII = (38.0, 27.0)
PHANTOM_BOX = Box(64, 60, 144, 117)  # two voxels larger than the object
_SHAPE = (28, 64, 72)  # of the 3-D phantom, of voxels twice as high as wide
_SOLID_BOX = Box3D(14, 14, 6, 54, 50, 22)


def phantom() -> NDArray[np.float32]:
    """A slice (192, 224) float32, about -1000 to 700: a lobed bright object on a shaded background, beside a second."""
    y, x = np.mgrid[0:_ROWS, 0:_COLUMNS].astype(np.float64)
    shade = 120.0 * np.sin(x / 31.0) + 90.0 * np.cos(y / 23.0) - 2.0 * x
    texture = 35.0 * np.sin(1.7 * x + 0.9 * y) * np.cos(1.3 * y)
    angle = np.arctan2(y - _CENTRE[1], x - _CENTRE[0])
    distance = np.hypot((x - _CENTRE[0]) / _RADII[0], (y - _CENTRE[1]) / _RADII[1])
    inside = 1.0 / (1.0 + np.exp((distance - 1.0 + 0.08 * np.cos(4.0 * angle)) * 24.0))
    neighbour = 1.0 / (1.0 + np.exp(np.hypot(x - 170.0, y - 120.0) - 18.0))
    frame = (np.hypot((x - 112.0) / 108.0, (y - 96.0) / 92.0) < 1.0).astype(np.float64)
    image: NDArray[np.float64] = frame * (shade + texture + 520.0 * inside + 380.0 * neighbour + 500.0) - 1000.0 * (
        1 - frame
    )
    return image.astype(np.float32)


def phantom_view(manifest: ModelManifest) -> View:
    """Through which a package sees the phantom."""
    grid = SliceGrid(_ROWS, _COLUMNS)
    if manifest.view_policy != "focus":
        return slice_view(manifest, grid)
    box = PHANTOM_BOX
    return focus_view((box.x0, box.y0, box.x1, box.y1), grid, manifest.size, manifest.view_ratio)


def phantom_inputs(manifest: ModelManifest) -> tuple[NDArray[np.float32], dict[str, NDArray[np.float32]]]:
    """The encoder's image (3, S, S) and the decoder's prompt inputs for one box on the phantom."""
    view = phantom_view(manifest)
    image = encoder_input(manifest, phantom(), view)
    return image, decoder_inputs(manifest, [Prompts(PHANTOM_BOX)], view)


def mask_blocks(logits: NDArray[np.float32]) -> tuple[float, ...]:
    """The 64 means of the mask probability over 8 x 8 blocks, row by row, of logits (G, G): what a manifest expects."""
    return _block_means(logits, SELF_TEST_BLOCKS)


def solid_phantom() -> NDArray[np.float32]:
    """A volume (28, 64, 72) float32, about -200 to 700: a lobed bright object on a shaded background."""
    z, y, x = np.mgrid[0 : _SHAPE[0], 0 : _SHAPE[1], 0 : _SHAPE[2]].astype(np.float64)
    shade = 60.0 * np.sin(x / 11.0) + 50.0 * np.cos(y / 9.0) + 8.0 * z
    texture = 25.0 * np.sin(1.7 * x + 0.9 * y + 2.1 * z)
    angle = np.arctan2(y - 32.0, x - 34.0)
    distance = np.sqrt(((x - 34.0) / 18.0) ** 2 + ((y - 32.0) / 16.0) ** 2 + ((z - 14.0) / 7.0) ** 2)
    inside = 1.0 / (1.0 + np.exp((distance - 1.0 + 0.1 * np.cos(3.0 * angle)) * 16.0))
    image: NDArray[np.float64] = shade + texture + 420.0 * inside
    return image.astype(np.float32)


def solid_phantom_cells(manifest: ModelManifest, network: SolidNetwork) -> NDArray[np.float32]:
    """What a package's 3-D network sees of the box on the 3-D phantom: (9, S, S, S)."""
    view = SolidView.around(_SOLID_BOX, _SHAPE, (2.0, 1.0, 1.0), size=network.size, ratio=network.ratio)
    return solid_input(solid_phantom(), view, manifest.intensity_for(""))


def solid_blocks(logits: NDArray[np.float32]) -> tuple[float, ...]:
    """The 64 means of the probability over 4 x 4 x 4 blocks, of logits (S, S, S): what a manifest expects."""
    return _block_means(logits, SOLID_BLOCKS)


def disagreement(manifest: ModelManifest, logits: NDArray[np.float32], scores: NDArray[np.float32]) -> str | None:
    """What is wrong with the answer (logits (G, G), scores (k,)) to the phantom, or None where it is as expected."""
    if not (np.isfinite(logits).all() and np.isfinite(scores).all()):
        return "it answered with values that are no numbers"
    return _difference(mask_blocks(logits), manifest.expected, manifest.tolerance)


def solid_disagreement(network: SolidNetwork, logits: NDArray[np.float32]) -> str | None:
    """What is wrong with a 3-D network's answer (S, S, S) to the 3-D phantom, or None where it is as expected."""
    return _difference(solid_blocks(logits), network.expected, network.tolerance)


def _block_means(logits: NDArray[np.float32], count: int) -> tuple[float, ...]:
    """Means of the probability over so many blocks along each axis, the last axis running fastest."""
    blocks = [0.5 * (1.0 + np.tanh(0.5 * logits.astype(np.float64)))]  # the logistic function, without overflow
    for axis in range(logits.ndim):
        blocks = [part for block in blocks for part in np.array_split(block, count, axis=axis)]
    return tuple(float(block.mean()) for block in blocks)


def _difference(found: tuple[float, ...], expected: tuple[float, ...], tolerance: float) -> str | None:
    difference = float(np.abs(np.subtract(found, expected)).max())
    if difference > tolerance:
        return f"its mask of the phantom differs by {difference:.3f} (at most {tolerance:g} is allowed)"
    return None
