"""Writing a label map in the format that the file's name asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.export.dicom_checks import check_has_source
from app.engine.export.itk import itk_output
from app.engine.export.mesh import mesh_output
from app.engine.export.nifti import nifti_output
from app.engine.export.npz import npz_output
from app.engine.export.png import check_one_slice, png_output
from app.engine.export.provenance import Colour, document, sidecar
from app.engine.export.staging import Output, publish, unwritable
from app.engine.volume import Volume

Told = Mapping[str, Any]
_Maker = Callable[[Path, NDArray[Any], Volume, Told], Output]


@dataclass(frozen=True)
class _Format:
    """How masks are written in a format.

    `extensions` by which a name asks for it, `refuse` raises WriteError where it cannot hold any mask of an image. With
    a sidecar: the format has no place for how the mask was made.
    """

    make: _Maker
    extensions: tuple[str, ...]
    has_sidecar: bool = True
    refuse: Callable[[Path, Volume], None] = lambda _path, _like: None


def _dicom_seg(path: Path, labels: NDArray[Any], like: Volume, told: Told) -> Output:
    from app.engine.export.dicom_seg import dicom_seg_output  # loads pydicom, which no other format needs

    return dicom_seg_output(path, labels, like, told)


def _rtstruct(path: Path, labels: NDArray[Any], like: Volume, told: Told) -> Output:
    from app.engine.export.rtstruct import rtstruct_output

    return rtstruct_output(path, labels, like, told)


_DICOM = ".dcm"  # says nothing of what is inside
_FORMATS: dict[str, _Format] = {
    "nifti": _Format(nifti_output, (".nii.gz", ".nii")),
    "nrrd": _Format(itk_output, (".nrrd",), has_sidecar=False),
    "metaimage": _Format(itk_output, (".mha",)),
    "npz": _Format(npz_output, (".npz",), has_sidecar=False),
    "png": _Format(png_output, (".png",), has_sidecar=False, refuse=check_one_slice),
    "dicom-seg": _Format(_dicom_seg, (".seg.dcm", _DICOM), refuse=check_has_source),
    "rtstruct": _Format(_rtstruct, (".rtstruct.dcm", _DICOM), refuse=check_has_source),
    "stl": _Format(mesh_output, (".stl",)),
    "obj": _Format(mesh_output, (".obj",)),
    "ply": _Format(mesh_output, (".ply",)),
}
EXTENSIONS: dict[str, str] = {
    extension: name for name, form in _FORMATS.items() for extension in form.extensions if extension != _DICOM
}


def write_labels(
    path: Path,
    labels: NDArray[Any],
    like: Volume,
    *,
    overwrite: bool = False,
    format_name: str | None = None,
    label_names: Mapping[int, str] | None = None,
    colours: Mapping[int, Colour] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> list[Path]:
    """Write labels (Z, Y, X), integers 0 to 65535, on the grid of the image `like`; returns the files made.

    The extension chooses the format: .nii.gz, .nii, .nrrd (.seg.nrrd), .mha, .npz (the challenge's `segs`), .png (one
    slice only), .seg.dcm, .rtstruct.dcm (images of a DICOM series only), .stl, .obj, .ply (surfaces). `format_name`
    (nifti, nrrd, metaimage, npz, png, dicom-seg, rtstruct, stl, obj, ply) must agree with it, and is needed for .dcm
    alone. Voxels are uint8, or uint16 where a label exceeds 255. `colours` are red, green, blue in 0..255; labels
    without one get the palette's. `provenance` (JSON), label names and what was found when the image was read go into
    the file where the format has a place, otherwise into a .json of the same name.

    Each file is written aside, read back by a reader that shares nothing with its writer, compared with what was meant,
    and then moved into place. Raises WriteError; then nothing has changed.
    """
    form, extension = _format_of(path, format_name)
    labels = _checked(path, labels, like)
    told = document(like, label_names, provenance, colours)
    outputs = [form.make(path, labels, like, told)]
    has_more = provenance is not None or bool(label_names or like.findings)
    if form.has_sidecar and has_more:
        outputs.append(sidecar(path.with_name(path.name[: -len(extension)] + ".json"), told))
    return publish(outputs, overwrite=overwrite)


def check_format(path: Path, like: Volume, format_name: str | None = None) -> None:
    """Raise WriteError where no mask of that image could be written under that name: sooner than after the work."""
    form, _ = _format_of(path, format_name)
    form.refuse(path, like)


def _format_of(path: Path, format_name: str | None) -> tuple[_Format, str]:
    """The format that the name asks for, and its extension; `format_name` decides where that leaves it open."""
    name = path.name.lower()
    extension = next((known for known in (*EXTENSIONS, _DICOM) if name.endswith(known)), None)
    if extension is None or name in EXTENSIONS or name == _DICOM:  # libraries take ".nii" for a bare name
        raise unwritable(path, f"masks are written as {', '.join(EXTENSIONS)} after a name")
    chosen = format_name or EXTENSIONS.get(extension)
    if chosen is None:
        raise unwritable(path, "a .dcm may be a segmentation or a structure set: name it .seg.dcm or .rtstruct.dcm")
    if chosen not in _FORMATS:
        raise unwritable(path, f"'{chosen}' is no format; there are {', '.join(_FORMATS)}")
    if extension not in _FORMATS[chosen].extensions:
        raise unwritable(path, f"its extension is not that of {chosen}, {_FORMATS[chosen].extensions[0]}")
    return _FORMATS[chosen], extension


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
