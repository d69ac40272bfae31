"""What all views of one image share: how its slices are turned, and the caches of what is drawn."""

from __future__ import annotations

from app.engine.plane import Plane, SliceKey, plane_of
from app.engine.study import Study
from app.engine.upright import Upright
from app.gui.canvas.decorations import is_approximate, position_text
from app.gui.canvas.overlay import LabelOverlay
from app.gui.canvas.picture import Pictures


class Scene:
    """One study as it is shown."""

    def __init__(self, study: Study) -> None:
        self.volume = study.volume
        self.labels = study.labels
        self.uprights = tuple(Upright.of(study.volume.geometry, axis) for axis in range(3))
        self.planes: tuple[Plane, ...] = tuple(plane_of(axis, study.volume.geometry) for axis in range(3))
        self.pictures = Pictures(study.volume)
        self.overlay = LabelOverlay(study.labels)
        self.approximate = is_approximate(study.volume)
        self._stated: tuple[tuple[int, int, int], tuple[str, str]] | None = None

    @property
    def is_picture(self) -> bool:
        """Whether there is one slice only, so that there is nothing to link."""
        return self.volume.shape_zyx[0] == 1

    def positions(self, zyx: tuple[int, int, int]) -> tuple[str, str]:
        """The centre of a voxel in millimetres, in full and in short; stated once for all views."""
        if self._stated is None or self._stated[0] != zyx:
            geometry = self.volume.geometry
            self._stated = zyx, (position_text(geometry, zyx), position_text(geometry, zyx, digits=0))
        return self._stated[1]

    def slice_shape(self, key: SliceKey) -> tuple[int, int]:
        """(rows, columns) of a slice."""
        return key.shape(self.volume.shape_zyx)
