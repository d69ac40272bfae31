"""The masks of a volume: one label per voxel, changed by exact, reversible edits only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.engine.census import Census, counts_of
from app.engine.errors import LabelError
from app.engine.packed import pack, pack_bits, pack_same, unpack, unpack_bits
from app.engine.plane import SliceKey
from app.engine.prompt import Box3D

BACKGROUND = 0
LARGEST_VALUE = 65535  # uint16

# Okabe and Ito's colours, which the colour-blind can tell apart; black is left out, it vanishes on an image.
PALETTE: tuple[tuple[int, int, int], ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)


@dataclass(frozen=True)
class Label:
    """What a value of the label map stands for. `value` is 1 to 65535, `colour` red, green, blue in 0..255."""

    value: int
    name: str
    colour: tuple[int, int, int]
    locked: bool = False
    visible: bool = True

    def __post_init__(self) -> None:
        if not BACKGROUND < self.value <= LARGEST_VALUE:
            raise LabelError(f"a label's value must lie between 1 and {LARGEST_VALUE}, not {self.value}")
        if not self.name.strip():
            raise LabelError(f"label {self.value} has no name")
        if len(self.colour) != 3 or not all(0 <= part <= 255 for part in self.colour):
            raise LabelError(f"the colour of label {self.value} is not three numbers from 0 to 255: {self.colour}")


@dataclass(frozen=True)
class Edit:
    """A change of a label map, whole and exact: what to undo, redo and keep in a journal.

    `region` is the tight box of the changed voxels (None where nothing changed). `changed` is the compressed bit mask
    of them in it, `before` and `after` are their compressed uint16 values in array order. `conflicts` counts, by locked
    label, the voxels that were asked for and left alone. `all_before` and `all_after` are the value that every changed
    voxel had or got, where that is known to be one: then nothing need be unpacked.
    """

    region: Box3D | None
    changed: bytes = b""
    before: bytes = b""
    after: bytes = b""
    conflicts: Mapping[int, int] = field(default_factory=dict)
    all_before: int | None = field(default=None, compare=False, repr=False)
    all_after: int | None = field(default=None, compare=False, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether no voxel changed."""
        return self.region is None

    def inverse(self) -> Edit:
        """The edit that brings back what was there before."""
        return Edit(
            self.region, self.changed, self.after, self.before, all_before=self.all_after, all_after=self.all_before
        )

    def labels(self) -> frozenset[int]:
        """Values of the labels that gained or lost voxels."""
        if self.region is None:
            return frozenset()
        values: set[int] = set()
        for packed, same in ((self.before, self.all_before), (self.after, self.all_after)):
            values |= set(counts_of(unpack(packed))) if same is None else {same}
        return frozenset(values - {BACKGROUND})


def slice_region(key: SliceKey, rows: slice, columns: slice) -> Box3D:
    """The part of a volume that a part of one slice is; rows and columns with start and stop, as in that slice."""
    ranges = [(rows.start, rows.stop), (columns.start, columns.stop)]
    ranges.insert(key.axis, (key.index, key.index + 1))
    (z0, z1), (y0, y1), (x0, x1) = ranges
    return Box3D(x0, y0, z0, x1, y1, z1)


def check_values(values: NDArray[np.uint16], labels: Iterable[Label]) -> None:
    """Raise LabelError unless each of the values (Z, Y, X) but 0 is that of a label."""
    unknown = np.ones(LARGEST_VALUE + 1, dtype=np.bool_)
    unknown[[BACKGROUND, *(label.value for label in labels)]] = False
    for plane in values:
        found = np.take(unknown, plane)  # twice as fast as indexing with the plane
        if found.any():
            raise LabelError(f"there is no label {plane[found][0]}")


class LabelMap:
    """Values uint16 (Z, Y, X), 0 background, with a label for every value in use.

    Only `paint` and `apply` write voxels. `paint` never touches a locked label; `apply` undoes and redoes what was
    done, and refuses an edit that does not fit what is there.
    """

    def __init__(self, shape_zyx: tuple[int, int, int]) -> None:
        self._voxels = np.zeros(shape_zyx, dtype=np.uint16)
        self._labels: dict[int, Label] = {}
        self._census: Census | None = Census()  # None: not taken yet

    @classmethod
    def from_parts(
        cls, shape_zyx: tuple[int, int, int], labels: Iterable[Label], region: Box3D | None, values: NDArray[np.uint16]
    ) -> LabelMap:
        """Of its labels and the values (Z, Y, X) in the region that holds all voxels of labels; None where it is empty.

        Raises LabelError where the region leaves the volume or voxels bear a value without a label.
        """
        made = cls(shape_zyx)
        made._labels = {label.value: label for label in labels}
        if region is None:
            return made
        patch = made._voxels[made._inside(region)]
        if values.shape != patch.shape:
            raise LabelError(f"values of shape {values.shape} do not cover a region of {patch.shape} voxels")
        check_values(values, made.labels)
        patch[...] = values
        made._census = Census.of(patch, (region.z0, region.y0, region.x0))
        return made

    @classmethod
    def adopting(cls, values: NDArray[np.uint16], labels: Iterable[Label]) -> LabelMap:
        """Of voxels (Z, Y, X), taken over and not copied, and their labels; the caller knows that they fit."""
        made = cls((1, 1, 1))
        made._voxels, made._census = values, None
        made._labels = {label.value: label for label in labels}
        return made

    def filled_region(self) -> Box3D | None:
        """The tight box of all voxels that bear a label; None where none does."""
        ranges = [np.zeros(n, dtype=np.bool_) for n in self.shape_zyx]
        for z, plane in enumerate(self._voxels):  # plane by plane: no mask of the whole volume is made
            rows = plane.any(axis=1)
            ranges[0][z] = rows.any()
            ranges[1] |= rows
            ranges[2] |= plane.any(axis=0)
        found = [np.flatnonzero(along) for along in ranges]
        if not len(found[0]):
            return None
        (z0, z1), (y0, y1), (x0, x1) = ((int(along[0]), int(along[-1]) + 1) for along in found)
        return Box3D(x0, y0, z0, x1, y1, z1)

    @property
    def shape_zyx(self) -> tuple[int, int, int]:
        """Number of voxels along z, y, x."""
        z, y, x = self._voxels.shape
        return z, y, x

    @property
    def voxels(self) -> NDArray[np.uint16]:
        """The values (Z, Y, X) as they are now: a read-only window onto them, not a copy."""
        view = self._voxels.view()
        view.setflags(write=False)
        return view

    @property
    def census(self) -> Census:
        """Counts and places of the values as they are now; to be read."""
        if self._census is None:
            self._census = Census.of(self._voxels)
        return self._census

    @property
    def labels(self) -> tuple[Label, ...]:
        """All labels, by value."""
        return tuple(self._labels[value] for value in sorted(self._labels))

    def label(self, value: int) -> Label:
        """The label of a value; raises LabelError where there is none."""
        try:
            return self._labels[value]
        except KeyError:
            raise LabelError(f"there is no label {value}") from None

    def is_locked(self, value: int) -> bool:
        """Whether there is a label of that value, and it is locked."""
        return value in self._locked()

    def add_label(self, name: str, *, value: int | None = None, colour: tuple[int, int, int] | None = None) -> Label:
        """Make a label: the lowest free value and the next colour of the palette unless given."""
        if value is None:
            value = next((v for v in range(1, LARGEST_VALUE + 1) if v not in self._labels), LARGEST_VALUE + 1)
        if value in self._labels:
            raise LabelError(f"label {value} exists already")
        label = Label(value, name, PALETTE[(value - 1) % len(PALETTE)] if colour is None else colour)
        self._labels[value] = label
        return label

    def remove_label(self, value: int) -> Label:
        """Drop a label that no voxel bears; returns it. Raises LabelError where voxels do or it is locked."""
        label = self.label(value)
        if label.locked:
            raise LabelError(f"label {value} ({label.name}) is locked")
        if self.census.count(value):
            raise LabelError(f"label {value} ({label.name}) still has voxels: erase them first")
        return self._labels.pop(value)

    def exchange_labels(self, pairs: Sequence[tuple[Label | None, Label | None]]) -> None:
        """Put labels in the place of others, of the same value each; None where there is none. For undo and redo.

        Locks do not matter here. Raises LabelError, and changes nothing, where a label is not as its pair says, or
        voxels bear the value of one that would go.
        """
        for before, after in pairs:
            label = before or after
            if label is None or (after is not None and after.value != label.value):
                raise LabelError("a label can be exchanged for one of its own value only")
            if self._labels.get(label.value) != before:
                raise LabelError(f"the change does not fit: label {label.value} has been changed by something else")
            if after is None and self.census.count(label.value):
                raise LabelError(f"label {label.value} still has voxels: erase them first")
        for before, after in pairs:
            if after is not None:
                self._labels[after.value] = after
            elif before is not None:
                del self._labels[before.value]

    def paint(self, region: Box3D, mask: NDArray[np.bool_], label: int, *, only_over: int | None = None) -> Edit:
        """Give the voxels of a mask a label (0 erases), but for those of locked labels.

        `mask` covers `region`: (z, y, x), or (rows, columns) where the region is one voxel thick. With `only_over` just
        voxels that bear that value change: 0 keeps all other labels, the active label makes an eraser of label 0.
        Returns what changed, conflicts with locked labels included. Raises LabelError for an unknown or locked label,
        or a region that leaves the volume.
        """
        self._check_paintable(label)
        inside = self._inside(region)
        patch = self._voxels[inside]
        wanted = _as_region(mask, patch.shape) & (patch != label)
        if only_over is not None:
            wanted &= patch == only_over
        conflicts = {}
        for locked in self._locked():
            kept = wanted & (patch == locked)
            if kept.any():
                conflicts[locked] = int(np.count_nonzero(kept))
                wanted &= ~kept
        box = Box3D.of_mask(wanted)
        if box is None:
            return Edit(None, conflicts=conflicts)
        tight = _selector(box)
        changed, current = wanted[tight], patch[tight]
        before = current[changed]
        was, moved = counts_of(before), _moved(box, region)
        self.census.change(moved, was, {label: len(before)})
        current[changed] = label
        same = next(iter(was)) if len(was) == 1 else None
        packed = pack(before) if same is None else pack_same(same, len(before))
        return Edit(moved, pack_bits(changed), packed, pack_same(label, len(before)), conflicts, same, label)

    def conflicts(self, region: Box3D, mask: NDArray[np.bool_], label: int) -> Mapping[int, int]:
        """By locked label, the voxels that `paint` would leave alone if it were asked now; nothing changes.

        Without `only_over`; whether the label itself may be painted is not looked at. Raises LabelError for a region
        that leaves the volume.
        """
        patch = self._voxels[self._inside(region)]
        asked = patch[_as_region(mask, patch.shape)]
        counts = {locked: int(np.count_nonzero(asked == locked)) for locked in self._locked() if locked != label}
        return {locked: count for locked, count in counts.items() if count}

    def locked_within(self, region: Box3D, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The voxels of a mask that bear a locked label, (z, y, x) of the region; a new array.

        Raises LabelError for a region that leaves the volume.
        """
        patch = self._voxels[self._inside(region)]
        return _as_region(mask, patch.shape) & np.isin(patch, list(self._locked()))

    def apply(self, edit: Edit) -> Edit:
        """Do an edit again, or undo it by applying its inverse; returns the inverse of what was done.

        Locks do not matter here. Raises LabelError, and changes nothing, where the voxels are not as the edit found
        them, or a label that it brings back has been removed since.
        """
        if edit.region is None:
            return edit.inverse()
        current = self._voxels[self._inside(edit.region)]
        changed = unpack_bits(edit.changed, current.shape)
        before = current[changed]
        expected = unpack(edit.before) if edit.all_before is None else edit.all_before
        if not np.all(before == expected):
            raise LabelError("the edit does not fit: the voxels have been changed since by something else")
        after = unpack(edit.after) if edit.all_after is None else edit.all_after
        becomes = counts_of(after) if isinstance(after, np.ndarray) else {after: len(before)}
        for value in becomes:
            if value != BACKGROUND:
                self.label(value)
        was = counts_of(before) if edit.all_before is None else {edit.all_before: len(before)}
        self.census.change(edit.region, was, becomes)
        current[changed] = after
        return edit.inverse()

    def _check_paintable(self, value: int) -> None:
        if value == BACKGROUND:
            return
        label = self.label(value)
        if label.locked:
            raise LabelError(f"label {value} ({label.name}) is locked")

    def _locked(self) -> Iterator[int]:
        return (value for value, label in self._labels.items() if label.locked)

    def _inside(self, region: Box3D) -> tuple[slice, slice, slice]:
        z, y, x = self.shape_zyx
        if min(region.x0, region.y0, region.z0) < 0 or region.x1 > x or region.y1 > y or region.z1 > z:
            raise LabelError(
                f"the region {region.to_inclusive()} leaves the volume of {x} x {y} x {z} voxels (x, y, z)"
            )
        return _selector(region)


def _as_region(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The mask as (z, y, x), where it is that or lacks just an axis of one voxel."""
    if mask.shape == shape:
        return mask
    for axis, extent in enumerate(shape):
        if extent == 1 and mask.shape == shape[:axis] + shape[axis + 1 :]:
            return np.expand_dims(mask, axis)
    raise LabelError(f"a mask of shape {mask.shape} does not cover a region of {shape} voxels")


def _selector(box: Box3D) -> tuple[slice, slice, slice]:
    return slice(box.z0, box.z1), slice(box.y0, box.y1), slice(box.x0, box.x1)


def _moved(box: Box3D, to: Box3D) -> Box3D:
    """A box within a region, in the coordinates of the volume."""
    return Box3D(box.x0 + to.x0, box.y0 + to.y0, box.z0 + to.z0, box.x1 + to.x0, box.y1 + to.y0, box.z1 + to.z0)
