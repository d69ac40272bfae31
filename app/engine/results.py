"""Results on disk: a mask with the story of how it was made, and finding both again when a batch goes on."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from app.engine.cases import stem_of
from app.engine.errors import ReadError, WriteError
from app.engine.export import check_dicom, check_format, check_mesh, write_labels, write_overlay
from app.engine.io.label_file import on_grid, read_label_map
from app.engine.io.limits import unreadable
from app.engine.io.npy import NpyError, read_array
from app.engine.io.open import read_volume
from app.engine.job import LabelResult, Options, Segmentation
from app.engine.manifest import ModelManifest
from app.engine.prompt_file import ObjectPrompt
from app.engine.volume import Volume

_LARGEST_STORY = 64 * 2**20  # bytes
_NRRD_STORY = "SwiftMedSAM_Provenance"
_PNG_STORY = "SwiftMedSAM provenance"


_DAMAGED = (
    ReadError, NpyError, zipfile.BadZipFile, zlib.error, OSError, EOFError, LookupError, ValueError,
    NotImplementedError,
)  # fmt: skip
_NO_STORY = (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError, zipfile.BadZipFile, zlib.error)


_CHECKS: dict[str, Callable[[Path], object]] = {
    ".dcm": check_dicom,
    ".stl": check_mesh,
    ".obj": check_mesh,
    ".ply": check_mesh,
}  # masks that are no images


@dataclass(frozen=True)
class Finished:
    """What is known of a result that is on disk already; nothing of its labels where its story is missing."""

    labels: tuple[LabelResult, ...]
    findings: tuple[str, ...]
    model: str


def story_of(
    manifest: ModelManifest, prompts: Sequence[ObjectPrompt], options: Options, done: Segmentation
) -> dict[str, Any]:
    """How a mask came about, as JSON values: model, prompts, options, results. No path and nothing of the patient."""
    return {
        "Model": {"Name": manifest.name, "Version": manifest.version, "SHA256": manifest.digest},
        "Prompts": [prompt.as_json() for prompt in prompts],
        "Options": {"Propagate": options.propagate, "Largest": options.largest, "FillHoles": options.fill_holes},
        "Results": [result.as_json() for result in done.results],
    }


def write_result(
    target: Path,
    done: Segmentation,
    volume: Volume,
    story: Mapping[str, Any],
    *,
    overwrite: bool,
    format_name: str | None = None,
) -> list[Path]:
    """Write the label map with its story; returns the files, mask first. Raises WriteError; then nothing changed."""
    return write_labels(
        target,
        done.labels,
        volume,
        overwrite=overwrite,
        format_name=format_name,
        label_names={result.value: result.label for result in done.results},
        provenance=story,
    )


def overlay_path(target: Path) -> Path:
    """Where the picture of a mask lies: beside it."""
    return target.with_name(f"{stem_of(target.name)}_overlay.png")


def write_overlay_beside(target: Path, done: Segmentation, volume: Volume, *, overwrite: bool) -> Path:
    """Write a picture of the slice that shows the result best, with the boxes in it."""
    path = overlay_path(target)
    write_overlay(path, volume, done.shown, done.labels, boxes=done.boxes, overwrite=overwrite)
    return path


def refuse_existing(paths: Sequence[Path]) -> None:
    """Raise WriteError where one of the files is there already: sooner than after the work."""
    for path in paths:
        if path.exists():
            raise WriteError(f"{path} exists already and is not overwritten unasked (--overwrite)")


def refuse_sources(paths: Sequence[Path], sources: Iterable[Path]) -> None:
    """Raise WriteError where a result would take the place of an image that it is made from."""
    images = {source.resolve() for source in sources}
    for path in paths:
        if path.resolve() in images:
            raise WriteError(f"cannot write {path}: it is an image of the input, which a mask never replaces")


def check_target(target: Path, volume: Volume, format_name: str | None = None) -> None:
    """Raise WriteError where the format cannot hold a mask of the volume: sooner than after the work."""
    check_format(target, volume, format_name)


def finished_result(target: Path) -> Finished | None:
    """What is known of a result; None where there is none, or one that is damaged."""
    if not target.is_file() or not _is_whole(target):
        return None
    try:
        story = json.loads(_story_text(target))
        labels = tuple(LabelResult.from_json(result) for result in story["Results"])
        findings = tuple(dict.fromkeys(str(finding["code"]) for finding in story["Findings"]))
        return Finished(labels, findings, str(story["Model"]["Name"]))
    except _NO_STORY:  # someone else's, or changed
        return Finished((), (), "")


def read_mask(target: Path, volume: Volume) -> NDArray[Any]:
    """The labels (Z, Y, X) of a result on the grid of its image; ReadError where they are not, or cannot be read."""
    if target.suffix.lower() in _CHECKS:
        raise unreadable(target, f"labels are not read from {target.suffix} files; write NIfTI or NRRD beside them")
    if target.name.lower().endswith(".npz"):
        try:
            with zipfile.ZipFile(target) as archive, archive.open("segs.npy") as member:
                labels = read_array(member)
        except _DAMAGED as error:
            raise unreadable(target, f"it holds no 'segs' ({error})") from None
        return on_grid(target, labels, volume)
    return read_label_map(target, volume)


def _is_whole(target: Path) -> bool:
    """Whether the mask can be read to its end."""
    try:
        if target.name.lower().endswith(".npz"):
            with zipfile.ZipFile(target) as archive, archive.open("segs.npy") as member:
                read_array(member)
                return not member.read(1)  # at the end the checksum is verified
        _CHECKS.get(target.suffix.lower(), read_volume)(target)
    except _DAMAGED:
        return False
    return True


def _story_text(target: Path) -> str:
    """The story from where the format keeps it; "" where there is none. Raises OSError, ValueError, KeyError."""
    name = target.name.lower()
    if name.endswith(".png"):
        from PIL import Image

        with Image.open(target) as picture:
            return str(getattr(picture, "text", {}).get(_PNG_STORY, ""))
    if name.endswith(".nrrd"):
        return _nrrd_story(target)
    if name.endswith(".npz"):
        with zipfile.ZipFile(target) as archive, archive.open("provenance.npy") as member:
            return read_array(member).tobytes().decode("utf-8")
    with target.with_name(f"{stem_of(target.name)}.json").open("rb") as file:
        return file.read(_LARGEST_STORY).decode("utf-8")


def _nrrd_story(target: Path) -> str:
    """From the header, through SimpleITK, which undoes the format's escapes."""
    import SimpleITK

    sitk: Any = SimpleITK  # Any: its stubs are incomplete
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(target))
    try:
        reader.ReadImageInformation()
        return str(reader.GetMetaData(_NRRD_STORY))
    except RuntimeError as error:  # all that SimpleITK raises
        raise ValueError(str(error)) from None
