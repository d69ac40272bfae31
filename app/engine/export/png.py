"""A mask of one slice as a grey PNG whose values are the labels, written by Pillow and read back by SimpleITK."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from app.engine.export.check import check_voxels
from app.engine.export.provenance import PROGRAM, as_line
from app.engine.export.staging import Output, unwritable
from app.engine.volume import Volume


def png_output(path: Path, labels: NDArray[Any], like: Volume, told: Mapping[str, Any]) -> Output:
    """The mask as PNG, 8 bits, or 16 where a label exceeds 255; provenance in its text. One slice only."""
    check_one_slice(path, like)
    return picture_output(path, labels[0], {f"{PROGRAM} provenance": as_line(told)})


def check_one_slice(path: Path, like: Volume) -> None:
    """Raise WriteError where the image has more slices than a PNG."""
    if like.shape_zyx[0] != 1:
        raise unwritable(path, f"a PNG holds one slice and the image has {like.shape_zyx[0]}; write .nii.gz instead")


def picture_output(path: Path, pixels: NDArray[Any], texts: Mapping[str, str]) -> Output:
    """Pixels (rows, columns) uint8 or uint16, or (rows, columns, 3) uint8, as PNG with texts inside."""

    def write(aside: Path) -> None:
        from PIL import Image
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        for key, text in {"Software": PROGRAM, **texts}.items():
            info.add_text(key, text, zip=len(text) > 1000)
        with aside.open("xb") as file:
            Image.fromarray(pixels).save(file, format="PNG", pnginfo=info)

    def verify(aside: Path) -> None:
        import SimpleITK

        sitk: Any = SimpleITK  # Any: its stubs are incomplete
        sitk.ProcessObject.SetGlobalWarningDisplay(False)
        image = sitk.ReadImage(str(aside), imageIO="PNGImageIO")
        check_voxels(path, sitk.GetArrayFromImage(image), pixels)

    return Output(path, write, verify)
