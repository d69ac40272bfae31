"""What the user asks for in a slice; frozen values that the canvas sends and controllers answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QPoint

from app.engine.plane import SliceKey
from app.engine.prompt import Box, Point

Path2D = tuple[tuple[float, float], ...]  # (x, y) in a slice, voxel centres are whole numbers


class Phase(Enum):
    """Where a drag is."""

    BEGIN = "begin"
    MOVE = "move"
    END = "end"
    CANCEL = "cancel"  # of a box drawn afresh: it is forgotten. Other drags that are called off end with the old box


@dataclass(frozen=True)
class BoxDrag:
    """A box being drawn, moved or resized. `new` says that it is drawn afresh and is not the preview's box changed."""

    key: SliceKey
    box: Box
    phase: Phase
    new: bool


@dataclass(frozen=True)
class Click:
    """A point set in a slice."""

    key: SliceKey
    point: Point


@dataclass(frozen=True)
class Stroke:
    """A stroke of the brush or eraser, complete; `radius` in units of the slice's finer spacing."""

    key: SliceKey
    path: Path2D
    radius: float
    erase: bool
    ball: bool


@dataclass(frozen=True)
class Lasso:
    """An outline drawn by hand, closed."""

    key: SliceKey
    path: Path2D
    erase: bool


@dataclass(frozen=True)
class Hover:
    """The voxel (z, y, x) under the cursor."""

    key: SliceKey
    zyx: tuple[int, int, int]


@dataclass(frozen=True)
class Menu:
    """A context menu is wanted at a voxel (z, y, x) and a place on the screen."""

    key: SliceKey
    zyx: tuple[int, int, int]
    place: QPoint


Request = BoxDrag | Click | Stroke | Lasso | Hover | Menu
