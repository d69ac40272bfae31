"""NRRD and MetaImage, written by SimpleITK and read back by our own readers, which share nothing with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from app.engine.export.check import check_affine, check_voxels
from app.engine.export.provenance import PROGRAM, as_line, colour_of, name_of, values_of
from app.engine.export.staging import Output, unwritable
from app.engine.io.metaimage import list_metaimage
from app.engine.io.nrrd import FRAME_KEY, list_nrrd
from app.engine.volume import Volume

_MOST_NAMED_SEGMENTS = 1000


def itk_output(path: Path, labels: NDArray[Any], like: Volume, told: Mapping[str, Any]) -> Output:
    """The mask as .nrrd, with names that Slicer knows as a segmentation and provenance in the header, or as .mha."""
    is_nrrd = path.name.lower().endswith(".nrrd")
    geometry = like.geometry

    def write(aside: Path) -> None:
        import SimpleITK

        sitk: Any = SimpleITK  # Any: its stubs are incomplete
        image = sitk.GetImageFromArray(labels)
        image.SetSpacing(geometry.spacing_zyx[::-1])
        image.SetOrigin(geometry.affine[:3, 3].tolist())
        image.SetDirection(geometry.direction.ravel().tolist())
        for key, value in _metadata(labels, told).items() if is_nrrd else ():
            image.SetMetaData(key, value)
        sitk.ProcessObject.SetGlobalWarningDisplay(False)
        sitk.WriteImage(image, str(aside), useCompression=True)

    def verify(aside: Path) -> None:
        (entry,) = (list_nrrd if is_nrrd else list_metaimage)(aside).entries
        found = entry.load()
        check_voxels(path, found.voxels, labels)
        check_affine(path, found.geometry.affine, geometry)
        if found.voxels.dtype != labels.dtype:
            raise unwritable(path, f"read back, its voxels are {found.voxels.dtype} and not {labels.dtype}")

    return Output(path, write, verify)


def _metadata(labels: NDArray[Any], told: Mapping[str, Any]) -> dict[str, str]:
    """Key/value pairs of the header: 3D Slicer's names for segments, and how the mask was made."""
    pairs = {f"{PROGRAM}_Provenance": as_line(told), FRAME_KEY: str(told["Frame"])}
    for index, value in enumerate(values_of(labels)[:_MOST_NAMED_SEGMENTS]):
        red, green, blue = colour_of(told, value)
        pairs |= {
            f"Segment{index}_ID": f"Segment_{value}",
            f"Segment{index}_Name": name_of(told, value),
            f"Segment{index}_LabelValue": str(value),
            f"Segment{index}_Layer": "0",
            f"Segment{index}_Color": f"{red / 255:.6g} {green / 255:.6g} {blue / 255:.6g}",
        }
    return pairs
