"""Surfaces of the labels, computed anew when they have changed and somebody looks at them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal, Slot

from app.engine.geometry import Frame, Geometry
from app.engine.prompt import Box3D
from app.engine.study import Study
from app.engine.surface import surface_of
from app.gui.controllers.snapshot import Snapshots
from app.gui.document import Document
from app.gui.jobs import Jobs, Lane
from app.gui.panels.drawable import Drawable, drawable_of
from app.gui.panels.scene3d import load_libraries

_REST_MS = 300  # after the last change


@dataclass(frozen=True, eq=False)
class _Made:
    """A label's surface, None where it has no voxels, and what it was made of."""

    value: int
    digest: bytes
    drawable: Drawable | None


class SurfaceController(QObject):
    """Keeps a surface of every visible label while they are watched, one label after the other."""

    began = Signal(bool)  # another image; whether it is known where its right, front and head are
    surfaces_changed = Signal(object)  # Mapping[int, Drawable]
    labels_changed = Signal(object)  # tuple[Label, ...]
    message_changed = Signal(str)  # what is to say where there is no surface
    busy_changed = Signal(bool)
    failed = Signal(object)

    def __init__(self, document: Document, snapshots: Snapshots, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document, self._snapshots, self._jobs = document, snapshots, jobs
        self._made: dict[int, _Made] = {}
        self._watched = False
        self._stale = True
        self._taking = False
        self._busy = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REST_MS)
        self._timer.timeout.connect(self._take)
        document.opened.connect(self._begin)
        document.voxels_changed.connect(self._edited)
        document.labels_changed.connect(self._relabelled)
        self._begin()

    @Slot(bool)
    def watch(self, on: bool) -> None:
        """Whether surfaces are looked at; where not, none is computed."""
        self._watched = on
        if on and self._stale:
            self._hurry()
        elif not on:
            self._stop()

    @property
    def surfaces(self) -> Mapping[int, Drawable]:
        """What is ready, by label value."""
        return {value: made.drawable for value, made in self._made.items() if made.drawable is not None}

    @property
    def _has_depth(self) -> bool:
        study = self._document.study
        return study is not None and study.volume.shape_zyx[0] > 1

    @Slot()
    def _begin(self) -> None:
        self._stop()
        self._made.clear()
        self._taking = False
        study = self._document.study
        self._stale = self._has_depth
        self.began.emit(study is not None and study.volume.geometry.frame is Frame.WORLD)
        self._tell()
        if self._watched and self._stale:
            self._hurry()

    @Slot()
    def _edited(self) -> None:
        self._stale = self._has_depth
        self._rest()

    @Slot()
    def _relabelled(self) -> None:
        study = self._document.study
        labels = () if study is None else study.labels.labels
        values = {label.value for label in labels}
        self._made = {value: made for value, made in self._made.items() if value in values}
        self._stale |= self._has_depth and any(label.visible and label.value not in self._made for label in labels)
        self.labels_changed.emit(labels)
        self._tell()
        self._rest()

    def _hurry(self) -> None:
        """Begin at once, with libraries that are loaded while the labels are copied."""
        self._set_busy(on=True)  # so that drawing is made ready now, not amid the first box
        self._jobs.submit(Lane.SURFACE, load_libraries, lambda _: None, self._fail)
        self._timer.start(0)

    def _rest(self) -> None:
        if self._watched and self._stale and not (self._timer.isActive() and self._timer.interval() == 0):
            self._timer.start(_REST_MS)

    def _stop(self) -> None:
        self._timer.stop()
        if self._jobs.is_running(Lane.SURFACE):
            self._jobs.cancel(Lane.SURFACE)
            self._stale = True
        self._set_busy(on=False)

    @Slot()
    def _take(self) -> None:
        """Copy the labels between events, then let the engine thread find surfaces in the copy."""
        study = self._document.study
        if study is None or self._taking or not self._has_depth:
            return
        self._stale = False
        if not study.labels.census.values:  # an image that was just opened: 150 MB of zeros are not copied
            self._made.clear()
            self._set_busy(on=False)
            self._tell()
            return
        self._taking = True
        self._set_busy(on=True)
        self._snapshots.take(self._compute)

    def _compute(self, study: Study, values: NDArray[np.uint16]) -> None:
        self._taking = False
        if not self._watched or study is not self._document.study:
            self._stale = True
            self._set_busy(on=False)
            return
        wanted = [label.value for label in study.labels.labels if label.visible]
        active = self._document.active_label
        wanted.sort(key=lambda value: active is None or value != active.value)  # the active one first
        self._made = {value: made for value, made in self._made.items() if value in wanted}  # hidden ones grow old
        known = {value: made.digest for value, made in self._made.items()}
        geometry = study.volume.geometry
        self._jobs.run_steps(
            Lane.SURFACE, lambda: _surfaces(values, geometry, wanted, known), self._accept, self._finish, self._fail
        )

    def _accept(self, made: _Made) -> None:
        self._made[made.value] = made
        self._tell()

    def _finish(self) -> None:
        self._set_busy(on=False)
        self._tell()
        self._rest()  # what has changed meanwhile

    def _fail(self, error: Exception) -> None:
        self._set_busy(on=False)
        self.failed.emit(error)

    def _set_busy(self, *, on: bool) -> None:
        if on != self._busy:
            self._busy = on
            self.busy_changed.emit(on)

    def _tell(self) -> None:
        study = self._document.study
        message = ""
        if study is not None and not self._has_depth:
            message = self.tr("A picture has no depth, so there is no 3-D surface.")
        elif study is not None and not self._busy:
            message = self.tr("Nothing is labelled yet: the surfaces of labels appear here.")
        self.message_changed.emit(message)
        self.surfaces_changed.emit(self.surfaces)


def _surfaces(
    values: NDArray[np.uint16], geometry: Geometry, wanted: list[int], known: Mapping[int, bytes]
) -> Iterator[_Made]:
    """On the engine thread: the surfaces of labels that are not as they were, one at a time."""
    load_libraries()
    box = _filled(values)
    for value in wanted:
        mask = None if box is None else _cropped(values, box) == value
        inner = None if mask is None else Box3D.of_mask(mask)
        if box is None or mask is None or inner is None:
            if known.get(value) != b"":
                yield _Made(value, b"", None)
            continue
        inside = np.ascontiguousarray(_cropped(mask, inner))
        first_xyz = (box.x0 + inner.x0, box.y0 + inner.y0, box.z0 + inner.z0)
        digest = hashlib.sha256(repr((first_xyz, inside.shape)).encode() + np.packbits(inside).tobytes()).digest()
        if known.get(value) != digest:
            surface = surface_of(inside.view(np.uint8), 1, _moved(geometry, inside.shape, first_xyz))
            yield _Made(value, digest, drawable_of(surface))


def _filled(values: NDArray[np.uint16]) -> Box3D | None:
    """The tight box of all labels, slice by slice: no mask of the whole volume is made."""
    rows, columns = np.zeros(values.shape[1], np.bool_), np.zeros(values.shape[2], np.bool_)
    slices = []
    for z, plane in enumerate(values):
        filled = plane.any(axis=1)
        if filled.any():
            slices.append(z)
            rows |= filled
            columns |= plane.any(axis=0)
    if not slices:
        return None
    y, x = np.flatnonzero(rows), np.flatnonzero(columns)
    return Box3D(int(x[0]), int(y[0]), slices[0], int(x[-1]) + 1, int(y[-1]) + 1, slices[-1] + 1)


def _cropped(array: NDArray[np.generic], box: Box3D) -> NDArray[np.generic]:
    return array[box.z0 : box.z1, box.y0 : box.y1, box.x0 : box.x1]


def _moved(geometry: Geometry, shape_zyx: tuple[int, ...], first_xyz: tuple[int, int, int]) -> Geometry:
    """The geometry of a part that begins at a voxel."""
    affine = geometry.affine.copy()
    affine[:3, 3] = geometry.to_world(np.array(first_xyz, dtype=np.float64))
    return Geometry((shape_zyx[0], shape_zyx[1], shape_zyx[2]), affine, geometry.frame)
