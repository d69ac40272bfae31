"""The challenge's result: an NPZ with `segs`, read back without NumPy's reader."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.export.check import check_voxels
from app.engine.export.provenance import as_line
from app.engine.export.staging import Output, unwritable
from app.engine.io.npy import NpyError, read_array
from app.engine.volume import Kind, Volume


def npz_output(path: Path, labels: NDArray[Any], like: Volume, told: Mapping[str, Any]) -> Output:
    """`segs` (H, W) of a picture, (D, H, W) of a volume, and `provenance`, JSON as bytes; compressed."""
    segs = labels[0] if like.kind is Kind.PICTURE and labels.shape[0] == 1 else labels

    def write(aside: Path) -> None:
        with aside.open("xb") as file:
            np.savez_compressed(file, segs=segs, provenance=np.frombuffer(as_line(told).encode(), dtype=np.uint8))

    def verify(aside: Path) -> None:
        try:
            with zipfile.ZipFile(aside) as archive, archive.open("segs.npy") as member:
                check_voxels(path, read_array(member), segs)
        except (zipfile.BadZipFile, KeyError, NpyError):
            raise unwritable(path, "read back, the archive is damaged") from None

    return Output(path, write, verify)
