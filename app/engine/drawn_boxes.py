"""Boxes drawn in one image, applied to every case of a batch: in millimetres or as fractions of the image."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.cases import Case
from app.engine.errors import PromptError
from app.engine.geometry import Frame, Geometry
from app.engine.plane import SliceKey, axis_of, plane_of
from app.engine.prompt import Box, Box3D
from app.engine.prompt_file import ObjectPrompt, VolumePoint
from app.engine.prompt_sources import Opened
from app.engine.study import Act, Study

_KINDS = frozenset({"prompt", "carried", "box3d"})  # records of acts that came from prompts
_SLACK = 1e-6  # voxels; an edge that halves a voxel takes it in, whatever arithmetic makes of the half

Indices = NDArray[np.float64]  # (..., 3) as (i, j, k), whole numbers are voxel centres


class Placement(Enum):
    """What of a drawn box stays the same from image to image."""

    WORLD = "world"  # its place in the scanner, in mm
    RELATIVE = "relative"  # its place as fractions of the image's extent, along the same directions of the body


@dataclass(frozen=True)
class Drawn:
    """Prompts in force in a study, in the order of the acts; `unclear` counts acts whose label cannot be told."""

    prompts: tuple[ObjectPrompt, ...]
    unclear: int = 0


class DrawnBoxes:
    """Says the same of every case: the prompts of one image, moved into the grid of each."""

    def __init__(self, prompts: Sequence[ObjectPrompt], geometry: Geometry, placement: Placement) -> None:
        """`prompts` are those of an image of that geometry.

        Raises PromptError without any, where one does not fit the image, and where millimetres are asked of an image
        whose place is unknown.
        """
        if not prompts:
            raise PromptError("no box was drawn that could be applied to other images")
        if placement is Placement.WORLD:
            _check_world(geometry, "the image that the boxes were drawn in")
        self.prompts, self.geometry, self.placement = tuple(prompts), geometry, placement
        self.moved_to(geometry)

    def open(self, case: Case) -> Opened:
        """The image and the prompts in its grid; raises PromptError where its place is needed and unknown."""
        volume = case.load()
        return volume, self.moved_to(volume.geometry)

    def moved_to(self, geometry: Geometry) -> tuple[ObjectPrompt, ...]:
        """The prompts in another grid; a box may reach beyond it, and is one voxel thick at least."""
        if self.placement is Placement.WORLD:
            _check_world(geometry, "the image")
            move = _through_world(self.geometry, geometry)
        else:
            move = _by_fractions(self.geometry, geometry)
        return tuple(self._moved(prompt, geometry, move) for prompt in self.prompts)

    def _moved(self, prompt: ObjectPrompt, geometry: Geometry, move: Callable[[Indices], Indices]) -> ObjectPrompt:
        if prompt.box3d is not None:
            return _moved_box3d(prompt, prompt.box3d, geometry, move)
        axis = 0 if prompt.plane is None else axis_of(prompt.plane, self.geometry)
        index = _slice_of(prompt, axis, self.geometry)
        other = _same_axis(axis, self.geometry, geometry)
        points = np.array([(point.x, point.y, point.z) for point in prompt.points], dtype=np.float64).reshape(-1, 3)
        outline = np.zeros((0, 3)) if prompt.box is None else _corners(_flat(prompt.box, SliceKey(axis, index)))
        moved_points, moved_outline = move(points), move(outline)
        # A slice that lies askew in the other grid is taken to be the one through its middle.
        middle = (moved_outline if len(outline) else moved_points)[:, 2 - other].mean()
        index = math.floor(float(middle) + 0.5)
        moved_points[:, 2 - other] = index
        box = None
        if len(outline):
            spans = [span for n, span in enumerate(_spans(moved_outline)) if n != 2 - other]
            (x0, x1), (y0, y1) = spans
            box = Box(x0, y0, x1, y1)
        return ObjectPrompt(
            prompt.value,
            prompt.label,
            box,
            points=tuple(
                VolumePoint(float(x), float(y), float(z), point.positive)
                for (x, y, z), point in zip(moved_points, prompt.points, strict=True)
            ),
            index=index,
            plane=None if other == 0 else plane_of(other, geometry),
        )


def drawn_in(study: Study) -> Drawn:
    """What was prompted in a study and is in force, once each; what makes no sense is passed over.

    A project may hold any record. Acts of labels that are gone are left out.
    """
    names = {label.value: label.name for label in study.labels.labels}
    prompts: dict[ObjectPrompt, None] = {}
    unclear = 0
    for act in study.history:
        removed = {change.value for change in act.changes if change.before is None or change.after is None}
        if removed:
            prompts = {prompt: None for prompt in prompts if prompt.value not in removed}
        if act.record.get("kind") not in _KINDS:
            continue
        value = _label_of(act)
        if value is None:
            unclear += 1
        elif value in names and (prompt := _prompt_of(act.record, value, names[value], study.volume.geometry)):
            prompts[prompt] = None
    return Drawn(tuple(prompts), unclear)


def _label_of(act: Act) -> int | None:
    """The record's label, else the only one that changed; None where a mask took voxels of another label."""
    named = act.record.get("label")
    if isinstance(named, int) and named in act.labels:
        return named
    return act.labels[0] if len(act.labels) == 1 else None


def _prompt_of(record: Mapping[str, Any], value: int, name: str, geometry: Geometry) -> ObjectPrompt | None:
    try:
        if record["kind"] == "box3d":
            box3d = Box3D.from_inclusive(record["box3d"]).clipped(geometry.shape_zyx)
            return ObjectPrompt(value, name, box3d=box3d)
        axis = range(3)[record["axis"]]
        key = SliceKey(axis, int(record["slice"])).checked(geometry.shape_zyx)
        box = Box.from_inclusive(record["box"]).clipped(key.shape(geometry.shape_zyx)) if "box" in record else None
        points = tuple(_in_volume(key, *point) for point in record.get("points", ()))
        return ObjectPrompt(
            value, name, box, points=points, index=key.index, plane=None if axis == 0 else plane_of(axis, geometry)
        )
    except (LookupError, TypeError, ValueError, OverflowError):  # PromptError is a ValueError
        return None


def _in_volume(key: SliceKey, column: float, row: float, positive: int) -> VolumePoint:
    xyz = [float(column), float(row)]
    xyz.insert(2 - key.axis, float(key.index))
    if not all(math.isfinite(value) for value in xyz):
        raise ValueError(f"{xyz} is no place")
    return VolumePoint(xyz[0], xyz[1], xyz[2], positive=bool(positive))


def _check_world(geometry: Geometry, what: str) -> None:
    if geometry.frame is not Frame.WORLD:
        raise PromptError(f"{what} does not say where it lies in millimetres; apply the boxes relative to the image")


def _same_axis(axis: int, drawn: Geometry, other: Geometry) -> int:
    """The other grid's array axis (0 = z, 1 = y, 2 = x) that runs nearest to one of the grid that was drawn in."""
    if Frame.WORLD is drawn.frame is other.frame:
        return axis_of(plane_of(axis, drawn), other)
    return axis


def _through_world(drawn: Geometry, other: Geometry) -> Callable[[Indices], Indices]:
    return lambda indices: other.to_index(drawn.to_world(indices))


def _by_fractions(drawn: Geometry, other: Geometry) -> Callable[[Indices], Indices]:
    """Fractions of the extent from edge to edge; where both say how they lie, from the same side of the body."""
    known = Frame.WORLD is drawn.frame is other.frame

    def move(indices: Indices) -> Indices:
        moved = np.empty_like(indices)
        for axis in range(3):
            target = _same_axis(axis, drawn, other)
            fraction = (indices[:, 2 - axis] + 0.5) / drawn.shape_zyx[axis]
            if known and _runs_up(drawn, axis) != _runs_up(other, target):
                fraction = 1.0 - fraction
            moved[:, 2 - target] = fraction * other.shape_zyx[target] - 0.5
        return moved

    return move


def _runs_up(geometry: Geometry, axis: int) -> bool:
    """Whether the index of an array axis rises along its world axis."""
    return bool(geometry.direction[geometry.world_axis_of(axis), 2 - axis] > 0)


def _slice_of(prompt: ObjectPrompt, axis: int, geometry: Geometry) -> int:
    """The slice that is named, else that of the first point, else the only one; PromptError where there is none."""
    index = prompt.index
    if index is None and prompt.points:
        point = prompt.points[0]
        index = math.floor((point.x, point.y, point.z)[2 - axis] + 0.5)
    return SliceKey(axis, index or 0).checked(geometry.shape_zyx).index


def _flat(box: Box, key: SliceKey) -> list[tuple[float, float]]:
    """First and last edge along i, j and k of a box in the middle of its slice."""
    spans = [(box.x0 - 0.5, box.x1 - 0.5), (box.y0 - 0.5, box.y1 - 0.5)]
    spans.insert(2 - key.axis, (float(key.index), float(key.index)))
    return spans


def _corners(spans: Sequence[tuple[float, float]]) -> Indices:
    """(8, 3)."""
    return np.array(list(product(*spans)), dtype=np.float64)


def _spans(corners: Indices) -> list[tuple[int, int]]:
    """Along i, j and k the whole voxels, half-open, nearest to what the corners span; one voxel at least."""
    spans = []
    for low, high in zip(corners.min(axis=0), corners.max(axis=0), strict=True):
        first, end = math.floor(float(low) + 1.0 - _SLACK), math.floor(float(high) + 1.0 + _SLACK)
        if end <= first:
            first = math.floor(float(low + high) / 2 + 0.5)
            end = first + 1
        spans.append((first, end))
    return spans


def _moved_box3d(
    prompt: ObjectPrompt, box: Box3D, geometry: Geometry, move: Callable[[Indices], Indices]
) -> ObjectPrompt:
    edges = [(a - 0.5, b - 0.5) for a, b in ((box.x0, box.x1), (box.y0, box.y1), (box.z0, box.z1))]
    (x0, x1), (y0, y1), (z0, z1) = _spans(move(_corners(edges)))
    if geometry.shape_zyx[0] == 1:  # a picture has no third direction to be carried along
        if not z0 <= 0 < z1:
            raise PromptError(f"label '{prompt.label}': its 3-D box lies beside the only slice of the image")
        return ObjectPrompt(prompt.value, prompt.label, Box(x0, y0, x1, y1), index=0)
    return ObjectPrompt(prompt.value, prompt.label, box3d=Box3D(x0, y0, z0, x1, y1, z1))
