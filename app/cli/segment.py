"""`segment`: one image and what was said of its objects, to a mask and a picture of it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Any

from app.cli.choices import checked_format, options_of, segmenter_of
from app.cli.errors import UsageError
from app.cli.progress import Share
from app.engine.cases import EXTENSIONS, safe_name, stem_of
from app.engine.errors import PromptError
from app.engine.export import EXTENSIONS as MASK_EXTENSIONS
from app.engine.io.npz import read_npz
from app.engine.io.open import read_volume
from app.engine.job import Options, Segmentation, segment_steps
from app.engine.plane import Plane
from app.engine.prompt import Box, Box3D
from app.engine.prompt_file import CasePrompts, ObjectPrompt, VolumePoint, case_key, read_prompt_file
from app.engine.prompt_sources import challenge_prompts
from app.engine.results import (
    check_target,
    overlay_path,
    refuse_existing,
    refuse_sources,
    story_of,
    write_overlay_beside,
    write_result,
)
from app.engine.segmenter import Segmenter
from app.engine.volume import Kind, Volume

_MASK_EXTENSIONS = (*MASK_EXTENSIONS, ".dcm")  # the last needs --format


def run(arguments: argparse.Namespace) -> int:
    """Write mask, sidecar and overlay, and say where they lie."""
    prompts = _prompts(arguments)
    format_name = checked_format(arguments.format)
    is_folder = _is_folder(arguments.output, format_name)
    volume = read_volume(arguments.input, arguments.series)
    target = Path(arguments.output)
    if is_folder:
        target /= _mask_name(arguments.input, volume, format_name)
    check_target(target, volume, format_name)
    refuse_sources([target, overlay_path(target)], [arguments.input, *map(Path, volume.source.files)])
    if not arguments.overwrite:
        refuse_existing([target, overlay_path(target)])
    options = options_of(arguments)
    segmenter = segmenter_of(arguments)
    try:
        done = _segmented(segmenter, volume, prompts, options)
    except PromptError as error:
        raise PromptError(f"{arguments.input}: {error}") from None
    story = story_of(segmenter.manifest, prompts, options, done)
    files = write_result(
        target, done, volume, story, overwrite=arguments.overwrite, format_name=None if is_folder else format_name
    )
    files.append(write_overlay_beside(target, done, volume, overwrite=arguments.overwrite))
    if arguments.json:
        print(json.dumps(_as_json(arguments, files, done, segmenter.manifest.name), indent=1, ensure_ascii=False))
    else:
        _say(files, done, volume, segmenter.manifest.name)
    return 0


def _segmented(segmenter: Segmenter, volume: Volume, prompts: Sequence[ObjectPrompt], options: Options) -> Segmentation:
    steps = segment_steps(segmenter, volume, prompts, options)
    with closing(Share(sys.stderr)) as share:
        while True:
            try:
                share.show(next(steps))
            except StopIteration as end:
                done: Segmentation = end.value
                return done


def _prompts(arguments: argparse.Namespace) -> tuple[ObjectPrompt, ...]:
    """What the arguments say; wrong use where they contradict one another."""
    typed = bool(arguments.box or arguments.box3d or arguments.point)
    if arguments.prompts is not None:
        if typed or arguments.slice is not None or arguments.plane is not None:
            raise UsageError("--prompts excludes --box, --box3d, --point, --slice and --plane")
        return _of_input(read_prompt_file(arguments.prompts), arguments)
    if not typed:
        return _own_boxes(arguments.input)
    try:
        return tuple(_typed_prompts(arguments))
    except PromptError as error:
        raise UsageError(str(error)) from None


def _typed_prompts(arguments: argparse.Namespace) -> list[ObjectPrompt]:
    if arguments.box and arguments.box3d:
        raise UsageError("--box and --box3d exclude each other")
    if arguments.point and len(arguments.box) + len(arguments.box3d) > 1:
        raise UsageError("--point goes with one object, not with several boxes; use --prompts for more")
    if arguments.slice is not None and arguments.slice < 0:
        raise UsageError("--slice counts from 0")
    plane = Plane.from_name(arguments.plane) if arguments.plane else None
    where = {"index": arguments.slice, "plane": plane}
    points = tuple(_point(values) for values in arguments.point)
    if arguments.box3d:
        boxes3d = [Box3D.from_inclusive(corners) for corners in arguments.box3d]
        return [
            ObjectPrompt(n, f"object {n}", box3d=box, points=points, **where) for n, box in enumerate(boxes3d, start=1)
        ]
    boxes: list[Box | None] = [Box.from_inclusive(corners) for corners in arguments.box]
    return [
        ObjectPrompt(n, f"object {n}", box, points=points, **where) for n, box in enumerate(boxes or [None], start=1)
    ]


def _point(values: Sequence[float]) -> VolumePoint:
    x, y, z, positive = values
    if positive not in (0, 1):
        raise UsageError("the fourth number of --point must be 1 (inside the object) or 0 (outside)")
    return VolumePoint(x, y, z, positive == 1)


def _own_boxes(path: Path) -> tuple[ObjectPrompt, ...]:
    """The boxes that a file of the challenge brings along."""
    if path.is_file() and path.name.lower().endswith(".npz"):
        challenge = read_npz(path)
        if challenge.boxes is not None and len(challenge.boxes):
            return challenge_prompts(challenge)
    raise UsageError("nothing says what to outline: give --box, --box3d, --point or --prompts")


def _of_input(cases: CasePrompts, arguments: argparse.Namespace) -> tuple[ObjectPrompt, ...]:
    """The case whose name is the end of the input's path, or the file's only case where it has the input's name."""
    path = case_key(arguments.input.resolve().as_posix())
    names = {path} | ({f"{path}#{arguments.series}"} if arguments.series else set())
    fitting = [key for key in cases if any(f"/{name}".endswith(f"/{key}") for name in names)]
    if len(cases) == 1:
        fitting = [key for key in cases if PurePosixPath(key.split("#")[0]).name == PurePosixPath(path).name]
    if len(fitting) != 1:
        raise PromptError(
            f"{arguments.prompts} names {len(cases)} cases, of which {len(fitting)} fit {arguments.input}"
        )
    return cases[fitting[0]]


def _is_folder(output: str, format_name: str | None) -> bool:
    """Whether the mask goes into the output as a folder; wrong use where its name contradicts --format."""
    path = Path(output)
    if path.is_dir() or output.endswith(("/", os.sep)):
        return True
    extension = next((e for e in _MASK_EXTENSIONS if path.name.lower().endswith(e)), None)
    if extension is None or path.name.lower() == extension:
        if path.suffix or extension:
            endings = ", ".join(_MASK_EXTENSIONS)
            raise UsageError(f"a mask is written as one of {endings}; for a folder end '{output}' with a /")
        return True
    if format_name is None and extension == ".dcm":
        raise UsageError(f"{path.name} may be a segmentation or a structure set: add --format dicom-seg or rtstruct")
    if format_name is not None and not EXTENSIONS[format_name].endswith(extension):
        raise UsageError(f"--format {format_name} and the name {path.name} contradict each other")
    return False


def _mask_name(path: Path, volume: Volume, format_name: str | None) -> str:
    is_npz = path.name.lower().endswith(".npz")
    natural = "npz" if is_npz else "png" if volume.kind is Kind.PICTURE else "nifti"
    return f"{safe_name(stem_of(path.resolve().name))}_mask{EXTENSIONS[format_name or natural]}"


def _as_json(arguments: argparse.Namespace, files: Sequence[Path], done: Segmentation, model: str) -> dict[str, Any]:
    return {
        "input": str(arguments.input),
        "files": [str(path) for path in files],
        "mask": str(files[0]),
        "overlay": str(files[-1]),
        "labels": [result.as_json() for result in done.results],
        "model": model,
        "seconds": round(done.seconds, 4),
    }


def _say(files: Sequence[Path], done: Segmentation, volume: Volume, model: str) -> None:
    for result in done.results:
        size = f"{result.voxels:,} voxels" + ("" if result.volume_ml is None else f", {result.volume_ml:.4g} ml")
        doubt = ", worth a second look" if result.doubtful else ""
        print(f"{result.label}: {size}, estimated overlap {result.score:.2f}{doubt}")
    for finding in volume.findings:
        print(f"note: {finding.message}")
    print(f"mask: {files[0]}")
    print(f"overlay: {files[-1]}")
    print(f"model {model}, {done.seconds:.2f} s to segment. Research use only, not a medical device.")
