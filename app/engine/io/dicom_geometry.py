"""Where the voxels of a stack lie: an affine where its planes allow one, else the grid for resampling them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.engine.errors import GeometryError
from app.engine.geometry import Affine, Frame, Geometry
from app.engine.io.dicom_frames import Frame as Plane
from app.engine.io.dicom_frames import Placement, SpacingOrigin, Vector
from app.engine.io.dicom_group import Stack, depths_mm
from app.engine.io.limits import unreadable
from app.engine.volume import Finding

_EVEN_MM, _EVEN_SHARE = 0.01, 0.01  # spread of steps that is the rounding of the file
_ROUGHLY_EVEN = 0.1  # of a step: positions this near to an even grid are taken as even, with a finding
_MULTIPLE = 0.02  # of a step: how near to a multiple of the usual one a step counts as slices missing
_MOST_MULTIPLE = 4  # of the usual step: at more, positions are uneven rather than incomplete
_FINEST = 4  # a stack with uneven steps grows to this many times its slices at most
_MAX_COSINE = 1e-3  # slant of the stack that `Geometry` bears
_MAX_SLIP_PX = 0.1  # sideways displacement below which resampling would blur more than it corrects
_STRAIGHT_PX = 0.25  # distance from a straight line up to which a slanted stack counts as a tilted gantry
_MAX_GROWTH = 4.0  # of a slice that is shifted sideways; beyond, the positions are not believed

_SPACING_WORDS: dict[SpacingOrigin, str] = {
    "detector": "lengths are those on the detector: the patient is smaller by the magnification, which is not known",
    "isocentre": "lengths hold in the plane of the isocentre",
    "scanner": "lengths are those on the film that was scanned",
}


@dataclass(frozen=True, eq=False)
class Grid:
    """The voxel grid of a stack and how its planes come to lie on it.

    `layers`: for each output slice the planes below and above and the weight of the upper one. `offsets`: for each
    plane the (column, row) of its first pixel in the output slice, not whole numbers; None where it is (0, 0).
    """

    geometry: Geometry
    findings: tuple[Finding, ...]
    layers: tuple[tuple[int, int, float], ...]
    offsets: NDArray[np.float64] | None = None

    @property
    def is_plain(self) -> bool:
        """Whether each output slice is one plane as it was read."""
        return self.offsets is None and all(weight == 0.0 for _, _, weight in self.layers)


@dataclass(frozen=True, eq=False)
class _Steps:
    """An even series of slice positions: depth of plane n is `at[n]` times `step` (mm) from the first."""

    step: float
    count: int
    at: Vector
    findings: tuple[Finding, ...] = ()


def grid_of(stack: Stack) -> Grid:
    """The grid of a stack; a ReadError where its positions make no volume."""
    first = stack.frames[0]
    try:
        if first.placement is None:
            return _picture(first)
        if len(stack.frames) == 1:
            return _single_slice(first, first.placement)
        return _volume(stack, first.placement)
    except GeometryError as error:
        raise unreadable(first.header.path, str(error)) from None


def _picture(plane: Plane) -> Grid:
    shape = (1, plane.rows, plane.columns)
    layers = ((0, 0, 0.0),)
    if plane.spacing is None:
        finding = Finding(
            "no-spacing", "the file does not say how large a pixel is: nothing can be stated in millimetres"
        )
        return Grid(Geometry.of_pixels(shape), (finding,), layers)
    row, column = plane.spacing
    geometry = Geometry.from_components(
        shape_zyx=shape, spacing_xyz=(column, row, plane.thickness or 1.0), frame=Frame.SPACING
    )
    message = "the file does not say where in the patient the image lies: there are no volumes"
    findings = [Finding("no-position", message)]
    if plane.spacing_origin in _SPACING_WORDS:
        findings.append(Finding("spacing-origin", _SPACING_WORDS[plane.spacing_origin]))
    return Grid(geometry, tuple(findings), layers)


def _single_slice(plane: Plane, placement: Placement) -> Grid:
    row, column = plane.spacing or (1.0, 1.0)
    thickness = plane.thickness or min(row, column)
    said = "its thickness" if plane.thickness else "no thickness, so that of a pixel"
    message = f"a single slice: the file gives {said} ({thickness:g} mm) is taken; a volume would be a guess"
    if plane.thickness:
        message = (
            f"a single slice: its thickness ({thickness:g} mm) stands for the distance of slices; volumes are a guess"
        )
    geometry = Geometry((1, plane.rows, plane.columns), _affine(plane, placement, placement.normal * thickness))
    return Grid(geometry, (Finding("single-slice", message),), ((0, 0, 0.0),))


def _affine(plane: Plane, placement: Placement, step: Vector) -> Affine:
    row_spacing, column_spacing = plane.spacing or (1.0, 1.0)
    affine = np.eye(4)
    affine[:3, 0] = placement.row * column_spacing
    affine[:3, 1] = placement.column * row_spacing
    affine[:3, 2] = step
    affine[:3, 3] = placement.position
    return affine


def _volume(stack: Stack, placement: Placement) -> Grid:
    first = stack.frames[0]
    depths = depths_mm(stack.frames)
    steps = _steps(depths - depths[0])
    slips = _slips_px(stack.frames, placement)
    along = placement.normal * steps.step
    row_spacing, column_spacing = first.spacing or (1.0, 1.0)
    slips_mm = slips * (column_spacing, row_spacing)
    slant = float(np.linalg.norm(slips_mm[-1])) / float(depths[-1] - depths[0])
    bend = np.abs(slips - np.outer(steps.at / steps.at[-1], slips[-1])).max()
    if np.abs(slips).max() <= _MAX_SLIP_PX or (slant <= _MAX_COSINE and bend <= _STRAIGHT_PX):
        if slant <= _MAX_COSINE:  # as the file says, however slight
            sideways = placement.row * slips_mm[-1, 0] + placement.column * slips_mm[-1, 1]
            along = along + sideways / (steps.count - 1)
        geometry = Geometry((steps.count, first.rows, first.columns), _affine(first, placement, along))
        return Grid(geometry, steps.findings, _layers(steps))
    if bend <= _STRAIGHT_PX:
        angle = math.degrees(math.atan(slant))
        message = (
            f"the stack is slanted by {angle:.1f} degrees (tilted gantry): its slices were shifted to true positions"
        )
        finding = Finding("gantry-tilt", message)
    else:
        finding = Finding(
            "slices-displaced", "slices lie displaced sideways: they were shifted to their true positions"
        )
    return _shifted(stack, steps, slips, (*steps.findings, finding))


def _shifted(stack: Stack, steps: _Steps, slips: NDArray[np.float64], findings: tuple[Finding, ...]) -> Grid:
    first = stack.frames[0]
    placement = first.placement
    low = np.floor(slips.min(axis=0) + 1e-6)
    growth = np.ceil(slips.max(axis=0) - 1e-6) - low
    columns, rows = first.columns + growth[0], first.rows + growth[1]
    if placement is None or columns * rows > _MAX_GROWTH * first.columns * first.rows:
        raise GeometryError("its slices lie too far apart sideways to be one volume")
    affine = _affine(first, placement, placement.normal * steps.step)
    affine[:3, 3] += affine[:3, 0] * low[0] + affine[:3, 1] * low[1]
    geometry = Geometry((steps.count, int(rows), int(columns)), affine)
    return Grid(geometry, findings, _layers(steps), slips - low)


def _slips_px(frames: Sequence[Plane], placement: Placement) -> NDArray[np.float64]:
    """How far each plane is displaced within its plane against the first, in pixels (n, 2) as (column, row)."""
    row_spacing, column_spacing = frames[0].spacing or (1.0, 1.0)
    offsets = (
        np.array([plane.placement.position for plane in frames if plane.placement is not None]) - placement.position
    )
    return np.stack([offsets @ placement.row / column_spacing, offsets @ placement.column / row_spacing], axis=1)


def _steps(depths: Vector) -> _Steps:
    """An even series for ascending depths in mm, the first 0, with what had to be done to have one."""
    count = len(depths)
    steps = np.diff(depths)
    mean = float(depths[-1]) / (count - 1)
    order = np.arange(count, dtype=np.float64)
    spread = float(steps.max() - steps.min())
    if spread <= max(_EVEN_MM, _EVEN_SHARE * mean):
        return _Steps(mean, count, order)
    deviation = float(np.abs(depths - order * mean).max())
    if deviation <= _ROUGHLY_EVEN * mean:
        message = f"slices are not quite evenly spaced: they lie up to {deviation:.2g} mm from where they are shown"
        return _Steps(mean, count, order, (Finding("uneven-spacing", message),))
    for usual in (float(np.median(steps)), float(steps.min())):
        multiples = np.rint(steps / usual)
        if (
            1 <= multiples.min() <= multiples.max() <= _MOST_MULTIPLE
            and (np.abs(steps - multiples * usual) <= _MULTIPLE * usual * multiples).all()
        ):
            return _with_missing(depths, multiples)
    return _resampled(depths, steps)


def _with_missing(depths: Vector, multiples: Vector) -> _Steps:
    at = np.concatenate([[0.0], np.cumsum(multiples)])
    missing = [f"{int(n) + 1}" for n in range(int(at[-1])) if n not in at]
    if len(missing) == 1:
        message = (
            f"slice {missing[0]} of {int(at[-1]) + 1} is missing; its place was filled by interpolation between "
            "neighbours"
        )
    else:
        shown = ", ".join(missing[:8]) + (", ..." if len(missing) > 8 else "")
        message = (
            f"{len(missing)} slices of {int(at[-1]) + 1} are missing ({shown}); their places were filled by "
            "interpolation between neighbours"
        )
    finding = Finding("missing-slices", message)
    return _Steps(float(depths[-1]) / float(at[-1]), int(at[-1]) + 1, at, (finding,))


def _resampled(depths: Vector, steps: Vector) -> _Steps:
    total = float(depths[-1])
    intervals = min(math.ceil(total / float(steps.min()) - 1e-6), _FINEST * len(depths))
    step = total / intervals
    message = (
        f"slices are unevenly spaced, {steps.min():.3g} to {steps.max():.3g} mm: the volume was resampled "
        f"to {step:.3g} mm, by their true positions"
    )
    return _Steps(step, intervals + 1, depths / step, (Finding("resampled", message),))


def _layers(steps: _Steps) -> tuple[tuple[int, int, float], ...]:
    """For each output slice the plane below, the plane above, and the weight of the one above."""
    layers = []
    for depth in range(steps.count):
        above = min(int(np.searchsorted(steps.at, depth - 1e-6)), len(steps.at) - 1)
        if above == 0 or abs(steps.at[above] - depth) < 1e-6:
            layers.append((above, above, 0.0))
            continue
        below = above - 1
        weight = (depth - steps.at[below]) / (steps.at[above] - steps.at[below])
        layers.append((below, above, float(min(weight, 1.0))))
    return tuple(layers)
