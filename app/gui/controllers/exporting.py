"""Which formats hold the labels of an image, and which voxels of a label map are written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from app.engine.errors import WriteError
from app.engine.export import check_format
from app.engine.labelmap import LARGEST_VALUE
from app.engine.progress import tell
from app.engine.volume import Volume
from app.gui.dialogs.export import ExportFormat
from app.gui.translation import QT_TRANSLATE_NOOP


@dataclass(frozen=True)
class _Known:
    """As in `ExportFormat`, in English."""

    name: str
    title: str
    extensions: tuple[str, ...]
    note: str


SURFACES = frozenset({"stl", "obj", "ply"})  # formats of surfaces, by the engine's names

_GRID = QT_TRANSLATE_NOOP("Export", "The label map on the grid of the image.")
_REFERS = QT_TRANSLATE_NOOP("Export", "Refers to the DICOM series that is open, whose files must still be there.")
_FORMATS = (
    _Known("nifti", "NIfTI", (".nii.gz", ".nii"), _GRID),
    _Known("nrrd", QT_TRANSLATE_NOOP("Export", "NRRD segmentation"), (".seg.nrrd", ".nrrd"), _GRID),
    _Known("metaimage", "MetaImage", (".mha",), _GRID),
    _Known(
        "npz", "NumPy", (".npz",),
        QT_TRANSLATE_NOOP("Export", "An array “segs” as the challenge wants it, without place or size of voxels."),
    ),
    _Known("png", "PNG", (".png",), QT_TRANSLATE_NOOP("Export", "Grey values are the numbers of the labels.")),
    _Known("dicom-seg", "DICOM SEG", (".seg.dcm",), _REFERS),
    _Known("rtstruct", "DICOM RTSTRUCT", (".rtstruct.dcm",), _REFERS),
    _Known("stl", "STL", (".stl",), QT_TRANSLATE_NOOP("Export", "One smoothed surface around all chosen labels.")),
    _Known("obj", "OBJ", (".obj",), QT_TRANSLATE_NOOP("Export", "Smoothed surfaces, a group for each label.")),
    _Known("ply", "PLY", (".ply",), QT_TRANSLATE_NOOP("Export", "Smoothed surfaces in the colours of the labels.")),
)  # fmt: skip


def formats_for(volume: Volume) -> tuple[ExportFormat, ...]:
    """All formats, with the reason where one cannot hold the labels of this image; the usual one first."""
    tell = QCoreApplication.translate
    found = [
        ExportFormat(
            form.name, tell("Export", form.title), form.extensions, tell("Export", form.note), _refusal(form, volume)
        )
        for form in _FORMATS
    ]
    if volume.shape_zyx[0] == 1 and not volume.in_mm:  # of a photograph, a picture is expected
        found.sort(key=lambda form: form.name != "png")
    return tuple(found)


def only(values: NDArray[np.uint16], chosen: frozenset[int]) -> NDArray[np.uint16]:
    """A label map uint16 (Z, Y, X) with the chosen values alone; slice by slice, because indices are wide."""
    table = np.zeros(LARGEST_VALUE + 1, dtype=np.uint16)
    table[list(chosen)] = list(chosen)
    kept = np.empty_like(values)
    for z, plane in enumerate(values):
        tell()
        kept[z] = table[plane]
    return kept


def _refusal(form: _Known, volume: Volume) -> str:
    path = Path("labels" + form.extensions[0])
    try:
        check_format(path, volume, form.name)
    except WriteError as error:
        return str(error).removeprefix(f"cannot write {path}: ")
    return ""
