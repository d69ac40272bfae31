"""NIfTI-1, written by nibabel and read back by SimpleITK."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.export.check import check_affine, check_voxels
from app.engine.export.provenance import PROGRAM
from app.engine.export.staging import Output, unwritable
from app.engine.geometry import Frame, Geometry
from app.engine.volume import Volume

_LARGEST_EXTENT = 32767  # NIfTI-1 keeps extents in 16 bits
_SCANNER, _UNKNOWN = 1, 0


def nifti_output(path: Path, labels: NDArray[Any], like: Volume, told: Mapping[str, Any]) -> Output:  # noqa: ARG001 - told goes into the sidecar
    """The mask as NIfTI-1 with the image's affine in sform and qform, in millimetres, intent "label"."""
    geometry = like.geometry
    if max(geometry.shape_zyx) > _LARGEST_EXTENT:
        raise unwritable(path, f"NIfTI holds at most {_LARGEST_EXTENT:,} voxels along an axis; write .nrrd instead")
    made_up = _is_base_affine(geometry)

    def write(aside: Path) -> None:
        _save(aside, labels, geometry, code=_UNKNOWN if made_up else _SCANNER)

    def verify(aside: Path) -> None:
        import SimpleITK

        sitk: Any = SimpleITK  # Any: its stubs are incomplete
        sitk.ProcessObject.SetGlobalWarningDisplay(False)
        image = sitk.ReadImage(str(aside), imageIO="NiftiImageIO")
        check_voxels(path, sitk.GetArrayFromImage(image), labels)
        affine = np.eye(4)
        directions = np.reshape(image.GetDirection(), (3, 3))
        if made_up:  # readers make up different orientations; what counts is the spacing
            directions, affine[:3, 3] = geometry.direction, geometry.affine[:3, 3]
        else:
            affine[:3, 3] = image.GetOrigin()
        affine[:3, :3] = directions * np.array(image.GetSpacing())
        check_affine(path, affine, geometry)

    return Output(path, write, verify)


def _save(aside: Path, labels: NDArray[Any], geometry: Geometry, code: int) -> None:
    import nibabel

    import app

    nib: Any = nibabel  # Any: without types
    image = nib.Nifti1Image(labels.transpose(2, 1, 0), geometry.affine_ras, dtype=labels.dtype)
    image.set_sform(geometry.affine_ras, code=code)
    image.set_qform(geometry.affine_ras, code=code)
    image.header.set_intent("label", allow_unknown=False)
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = f"{PROGRAM} {app.__version__}, research use only"[:79]
    nib.save(image, aside)


def _is_base_affine(geometry: Geometry) -> bool:
    """Whether the affine is the one that nibabel makes up for a NIfTI without orientation; such a file keeps none.

    Source: nibabel's AnalyzeHeader.get_base_affine: x runs to the left, the middle of the grid is the origin.
    """
    if geometry.frame is not Frame.SPACING:
        return False
    z, y, x = geometry.spacing_zyx
    steps = np.array([-x, y, z])
    made_up = np.diag([*steps, 1.0])
    made_up[:3, 3] = -steps * (np.array(geometry.shape_zyx[::-1]) - 1) / 2
    return bool(np.allclose(geometry.affine_ras, made_up, atol=1e-4))
