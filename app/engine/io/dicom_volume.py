"""A stack of planes becomes a volume: pixels read, quantities made, put onto the grid, with findings and sources."""

from __future__ import annotations

from dataclasses import replace

from app.engine.errors import GeometryError, ReadError
from app.engine.io.dicom_fields import quiet, text
from app.engine.io.dicom_frames import Frame
from app.engine.io.dicom_geometry import Grid, grid_of
from app.engine.io.dicom_group import Stack
from app.engine.io.dicom_pixels import Stored, read_planes
from app.engine.io.dicom_resample import resample
from app.engine.io.dicom_values import quantities, unit_of, value_findings
from app.engine.io.limits import checked_bytes, unreadable
from app.engine.volume import Display, Finding, Kind, Source, SourceSlice, Volume

_MAX_BROKEN = 0.1  # of the slices: so many may be unreadable and count as missing


def load(stack: Stack) -> Volume:
    """Read a stack; a ReadError where its pixels cannot be read truly.

    `source.slices` has an entry for each slice of the volume, an empty one for a slice that was interpolated; where the
    volume was resampled to another spacing, it lists the planes that were read instead.
    """
    with quiet():
        try:
            return _load(stack)
        except GeometryError as error:
            raise unreadable(stack.frames[0].header.path, str(error)) from None


def _load(stack: Stack) -> Volume:
    grid = grid_of(stack)
    first = stack.frames[0]
    pixels = first.header.pixels
    checked_bytes(first.header.path, grid.geometry.shape_zyx, pixels.samples * -(-pixels.bits_allocated // 8))
    planes = read_planes(stack.frames)
    stack, good = _without_broken(stack, planes)
    if len(good) < len(planes):
        grid = grid_of(stack)
    voxels = quantities(stack.frames, good)
    if not grid.is_plain:
        voxels = resample(voxels, grid)
    return Volume(
        voxels,
        grid.geometry,
        id=stack.id,
        kind=Kind.PICTURE if stack.is_picture else Kind.VOLUME,
        modality=first.header.modality,
        unit=unit_of(stack.frames),
        findings=(*stack.findings, *_mosaic(stack), *grid.findings, *value_findings(stack.frames)),
        source=_source(stack, grid),
        display=_display(stack),
    )


def _mosaic(stack: Stack) -> list[Finding]:
    if stack.frames[0].corner is None:
        return []
    return [
        Finding("mosaic", f"the {len(stack.frames)} slices lay as tiles in one picture (mosaic) and were cut apart")
    ]


def _without_broken(stack: Stack, planes: list[Stored | ReadError]) -> tuple[Stack, list[Stored]]:
    """The stack without planes that cannot be decoded, where they are few; else the first error is raised."""
    broken = [plane for plane in planes if isinstance(plane, ReadError)]
    if len(broken) > _MAX_BROKEN * len(planes):
        raise broken[0]
    kept = [
        (frame, plane) for frame, plane in zip(stack.frames, planes, strict=True) if not isinstance(plane, ReadError)
    ]
    if broken:
        message = f"{len(broken)} of {len(planes)} slices were left out: {broken[0]}"
        stack = replace(stack, findings=(*stack.findings, Finding("broken-slices", message)))
    return replace(stack, frames=tuple(frame for frame, _ in kept)), [plane for _, plane in kept]


def _source(stack: Stack, grid: Grid) -> Source:
    planes = [_source_slice(frame) for frame in stack.frames]
    if len(grid.layers) != len(planes) or not grid.is_plain:
        exact = {below for below, _, weight in grid.layers if weight == 0.0}
        if len(exact) == len(planes):
            planes = [planes[below] if weight == 0.0 else SourceSlice("") for below, _, weight in grid.layers]
    dataset = stack.frames[0].header.dataset
    return Source(
        files=files_of(stack),
        slices=tuple(planes),
        series_uid=text(dataset, "SeriesInstanceUID"),
        study_uid=text(dataset, "StudyInstanceUID"),
        frame_of_reference_uid=text(dataset, "FrameOfReferenceUID"),
    )


def files_of(stack: Stack) -> tuple[str, ...]:
    """The files of a stack, each once, in order along the normal."""
    return tuple(dict.fromkeys(str(frame.header.path) for frame in stack.frames))


def _source_slice(frame: Frame) -> SourceSlice:
    header = frame.header
    return SourceSlice(str(header.path), header.sop_instance_uid, header.sop_class_uid, frame.index)


def _display(stack: Stack) -> Display:
    middle = stack.frames[len(stack.frames) // 2]
    level, width = middle.window or (None, None)
    return Display(level, width, inverted=middle.header.pixels.photometric == "MONOCHROME1")
