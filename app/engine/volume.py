"""An image with its geometry, and what was noticed while reading it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.errors import GeometryError
from app.engine.geometry import Frame, Geometry
from app.engine.plane import SliceKey


class Kind(Enum):
    """What the voxels are."""

    VOLUME = "volume"
    PICTURE = "picture"
    LABELS = "labels"


@dataclass(frozen=True)
class Finding:
    """Something about a file that the user must know: `code` for programs ("gantry-tilt"), `message` for people."""

    code: str
    message: str


@dataclass(frozen=True)
class SourceSlice:
    """Where one slice came from; identifiers are for references in exports and never logged."""

    file: str
    sop_instance_uid: str = ""
    sop_class_uid: str = ""
    frame: int = 0


@dataclass(frozen=True)
class Source:
    """Where a volume came from: files in reading order, and the identifiers that exports refer to."""

    files: tuple[str, ...] = ()
    slices: tuple[SourceSlice, ...] = ()
    series_uid: str = ""
    study_uid: str = ""
    frame_of_reference_uid: str = ""


@dataclass(frozen=True)
class Display:
    """How the file asks to be shown; never changes a value."""

    level: float | None = None
    width: float | None = None
    inverted: bool = False  # MONOCHROME1: high values dark; the model is shown it inverted too


def as_eight_bits(colour: NDArray[Any]) -> NDArray[np.uint8]:
    """Colour (..., 3) of any unsigned depth for the screen and the model: the highest bit in use becomes the eighth."""
    if colour.dtype == np.uint8:
        return colour
    bits = int(colour.max(initial=0)).bit_length()
    return (colour >> max(bits - 8, 0)).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxels (Z, Y, X), any real dtype, or (Z, Y, X, 3) colour, uint8 to uint32; read-only. A picture has Z = 1.

    Values are quantities in `unit` ("HU", "SUV", "Bq/ml", "" where unknown), never display values.
    """

    voxels: NDArray[Any]
    geometry: Geometry
    id: str = ""
    kind: Kind = Kind.VOLUME
    modality: str = ""
    unit: str = ""
    findings: tuple[Finding, ...] = ()
    source: Source = field(default_factory=Source)
    display: Display = field(default_factory=Display)

    def __post_init__(self) -> None:
        colour = self.voxels.ndim == 4 and self.voxels.shape[3] == 3
        if not (self.voxels.ndim == 3 or colour) or self.voxels.shape[:3] != self.geometry.shape_zyx:
            raise GeometryError(f"voxels of shape {self.voxels.shape} do not fit geometry {self.geometry.shape_zyx}")
        voxels = self.voxels.view()
        voxels.setflags(write=False)
        object.__setattr__(self, "voxels", voxels)

    @property
    def shape_zyx(self) -> tuple[int, int, int]:
        """Number of voxels along z, y, x."""
        return self.geometry.shape_zyx

    @property
    def is_colour(self) -> bool:
        """Whether a voxel is a red-green-blue triple."""
        return self.voxels.ndim == 4

    @property
    def in_mm(self) -> bool:
        """Whether lengths may be stated in millimetres."""
        return self.geometry.frame is not Frame.NONE

    def with_findings(self, more: tuple[Finding, ...]) -> Volume:
        """The same volume, of which more was noticed."""
        return replace(self, findings=(*self.findings, *more))

    def slice(self, key: SliceKey) -> NDArray[Any]:
        """The slice as (rows, columns[, 3]), a read-only view; raises PromptError outside the volume."""
        array: NDArray[Any] = self.voxels[key.checked(self.shape_zyx).selector()]
        return array
