"""Bounds on what a file may ask of the machine, and the checks made before memory is taken."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.engine.errors import ReadError

MAX_VOXEL_BYTES = 2**32  # of one volume as stored: 2,000 slices of 512 x 512 in double precision
MAX_PICTURE_PIXELS = 2**28
MAX_FOLDER_FILES = 100_000
MAX_FOLDER_DEPTH = 12
MAX_HEADER_BYTES = 2**20
MAX_DEFLATE_RATIO = 1040  # deflate cannot do better than 1032 to 1
DRAIN_BYTES = 2**28  # how much may follow the voxels in a compressed file before it counts as hostile


def unreadable(path: Path | str, reason: str) -> ReadError:
    """The error for a file, in the one form that all readers use; `reason` follows a colon and has no full stop."""
    return ReadError(f"cannot read {path}: {reason}")


def checked_bytes(path: Path, shape: Sequence[int], item_bytes: int) -> int:
    """Bytes of an array of that shape, or a ReadError: an extent below 1, or more than `MAX_VOXEL_BYTES`."""
    extents = " x ".join(str(n) for n in shape)
    if not shape or min(shape) < 1:
        raise unreadable(path, f"its header declares an image of {extents or 'no'} voxels")
    size = math.prod(int(n) for n in shape) * item_bytes
    if size > MAX_VOXEL_BYTES:
        raise unreadable(
            path,
            f"its header declares {extents} voxels ({size / 1e9:,.1f} GB), more than the limit of "
            f"{MAX_VOXEL_BYTES / 1e9:.1f} GB",
        )
    return size


def allocate(path: Path, size: int) -> NDArray[np.uint8]:
    """Uninitialised memory of `size` bytes; a ReadError where the machine has none."""
    try:
        return np.empty(size, np.uint8)
    except MemoryError:
        raise unreadable(
            path, f"its voxels take {size / 1e9:,.1f} GB, more memory than this machine can give"
        ) from None
