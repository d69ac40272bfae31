"""Writing a label map in the format that the file's name asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.export.itk import itk_output
from app.engine.export.nifti import nifti_output
from app.engine.export.npz import npz_output
from app.engine.export.png import png_output
from app.engine.export.provenance import document, sidecar
from app.engine.export.staging import Output, publish, unwritable
from app.engine.volume import Volume

Told = Mapping[str, Any]
_Maker = Callable[[Path, NDArray[Any], Volume, Told], Output]

EXTENSIONS: dict[str, _Maker] = {
    ".nii.gz": nifti_output,
    ".nii": nifti_output,
    ".nrrd": itk_output,
    ".mha": itk_output,
    ".npz": npz_output,
    ".png": png_output,
}
_WITH_SIDECAR = (".nii.gz", ".nii", ".mha")  # the others carry provenance inside


def write_labels(
    path: Path,
    labels: NDArray[Any],
    like: Volume,
    *,
    overwrite: bool = False,
    label_names: Mapping[int, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write labels (Z, Y, X), integers 0 to 65535, on the grid of the image `like`; returns the files made.

    The extension chooses the format: .nii.gz, .nii, .nrrd (.seg.nrrd), .mha, .npz (the challenge's `segs`), .png (one
    slice only). uint8, or uint16 where a label exceeds 255. `provenance` (JSON), label names and what was found when
    the image was read go into the file where the format has a place, otherwise into a .json of the same name.

    Each file is written aside, read back by a reader that shares nothing with its writer, compared in voxels and
    geometry, and then moved into place. Raises WriteError; then nothing has changed.
    """
    extension = next((known for known in EXTENSIONS if path.name.lower().endswith(known)), None)
    if extension is None or path.name.lower() in EXTENSIONS:  # libraries take ".nii" for a name without extension
        raise unwritable(path, f"masks are written as {', '.join(EXTENSIONS)} after a name")
    labels = _checked(path, labels, like)
    told = document(like, label_names, provenance)
    outputs = [EXTENSIONS[extension](path, labels, like, told)]
    has_more = provenance is not None or bool(label_names or like.findings)
    if extension in _WITH_SIDECAR and has_more:
        outputs.append(sidecar(path.with_name(path.name[: -len(extension)] + ".json"), told))
    return publish(outputs, overwrite=overwrite)


def _checked(path: Path, labels: NDArray[Any], like: Volume) -> NDArray[Any]:
    """As uint8 or uint16, C-contiguous."""
    if labels.shape != like.shape_zyx:
        raise unwritable(path, f"the labels have shape {labels.shape}, the image {like.shape_zyx}")
    if labels.dtype.kind not in "biu":
        raise unwritable(path, f"the labels are {labels.dtype}, not whole numbers")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high > np.iinfo(np.uint16).max:
        raise unwritable(path, f"the labels run from {low} to {high}; a mask holds 0 to 65535")
    return np.ascontiguousarray(labels, dtype=np.uint8 if high <= np.iinfo(np.uint8).max else np.uint16)
