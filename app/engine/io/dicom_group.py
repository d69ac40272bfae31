"""From image planes to stacks that are one volume each: nothing is stacked that does not belong together.

Recipe: by series; by matrix, spacing, kind; by orientation; by what tells apart images at one position (time, echo,
b-value, ...); by acquisition, where that makes uneven positions even; at gaps too wide to be a few missing slices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.engine.io.dicom_fields import integer, text
from app.engine.io.dicom_frames import Frame, Vector
from app.engine.io.listing import Skipped
from app.engine.volume import Finding

_SAME_ORIENTATION = 1e-3  # difference of direction cosines: half a pixel over a slice of 512
_SAME_SPACING = 1e-3  # relative
_SAME_POSITION_MM = 0.01
_EVEN = 0.05  # spread of steps, relative to their mean, up to which positions count as even
_WIDEST_GAP = 3.5  # in median steps: up to two missing slices in a row are bridged, at more the stack ends
_SEPARATORS = ("stack", "acquisition", "image type", "echo time", "file")


@dataclass(frozen=True, eq=False)
class Stack:
    """Planes that make one volume, in order along their normal; a single plane without a position is a picture."""

    id: str
    frames: tuple[Frame, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def is_picture(self) -> bool:
        """Whether the file does not say where in the patient it lies."""
        return self.frames[0].placement is None


def stacks_of(frames: Iterable[Frame]) -> tuple[list[Stack], list[Skipped]]:
    """All volumes and pictures in the given planes, and the files that were passed over as copies of others."""
    series: dict[Hashable, list[Frame]] = defaultdict(list)
    for frame in frames:
        series[_series_key(frame)].append(frame)
    ordered = sorted(series.items(), key=lambda pair: (_series_number(pair[1][0]), str(pair[0])))
    names = series_names([_number_of(members[0]) for _, members in ordered])
    stacks: list[Stack] = []
    skipped: list[Skipped] = []
    for name, (_, members) in zip(names, ordered, strict=True):
        unique, copies = _without_copies(members)
        skipped += copies
        stacks += _split_series(Stack(name, tuple(unique)))
    return stacks, skipped


def depths_mm(frames: Sequence[Frame]) -> Vector:
    """Positions along the normal of the first plane, in mm."""
    placements = [frame.placement for frame in frames if frame.placement is not None]
    return np.array([placement.position for placement in placements]) @ placements[0].normal


def _series_key(frame: Frame) -> Hashable:
    header = frame.header
    if header.series_uid:
        return header.series_uid
    # Without the identifier, what people number by has to do.
    keywords = ("StudyInstanceUID", "SeriesNumber", "FrameOfReferenceUID")
    return ("", header.modality, *(text(header.dataset, keyword) for keyword in keywords))


def _number_of(frame: Frame) -> int | None:
    return integer(frame.header.dataset, "SeriesNumber")


def _series_number(frame: Frame) -> int:
    found = _number_of(frame)
    return 2**31 if found is None else found


def series_names(numbers: Sequence[int | None]) -> list[str]:
    """A short name for each series: its number; with a letter where numbers repeat; "s1", "s2" where there is none."""
    names, unnumbered = [], 0
    seen: dict[int, int] = defaultdict(int)
    for number in numbers:
        if number is None or number < 0:
            unnumbered += 1
            names.append(f"s{unnumbered}")
            continue
        seen[number] += 1
        names.append(str(number) if numbers.count(number) == 1 else f"{number}{_letters(seen[number])}")
    return names


def _letters(count: int) -> str:
    """1 -> a, 26 -> z, 27 -> aa."""
    name = ""
    while count:
        count, rest = divmod(count - 1, 26)
        name = chr(ord("a") + rest) + name
    return name


def _without_copies(frames: list[Frame]) -> tuple[list[Frame], list[Skipped]]:
    """Frames but for those of files that repeat another one: same instance, same place, same everything it tells."""
    seen: dict[Hashable, Frame] = {}
    kept, copies = [], {}
    for frame in frames:
        header, placement = frame.header, frame.placement
        place = tuple(placement.position) if placement else None
        size = header.path.stat().st_size if header.path.exists() else 0
        pixels = replace(header.pixels, start=0)
        key = (header.sop_instance_uid, frame.index, frame.instance, place, size, pixels, tuple(frame.keys.values()))
        first = seen.setdefault(key, frame) if header.sop_instance_uid else frame
        if first is frame or first.header is header:
            kept.append(frame)
        else:
            copies[header.path] = first.header.path
    return kept, [
        Skipped(str(copy), f"passed over {copy}: it is a second copy of {original.name}", something_else=True)
        for copy, original in copies.items()
    ]


_DIRECTIONS = "its images lie in several directions"


def _split_series(series: Stack) -> list[Stack]:
    parts = _split(series, "m", _by_matrix, "its images differ in size, spacing or kind")
    parts = [piece for part in parts for piece in _split(part, "o", _by_orientation, _DIRECTIONS)]
    placed = [part for part in parts if not part.is_picture]
    pictures = [part for part in parts if part.is_picture]
    done: list[Stack] = []
    for part in placed:
        for piece in _split_repeats(part):
            done += _split(_sorted(piece), "b", _at_gaps, "there are wide gaps between its slices")
    for part in pictures:
        done += _singly(part)
    return [replace(stack, frames=_sorted(stack).frames) for stack in done]


def _split(stack: Stack, letter: str, divide: Callable[[Sequence[Frame]], list[list[Frame]]], why: str) -> list[Stack]:
    groups = divide(stack.frames)
    if len(groups) == 1:
        return [stack]
    groups.sort(key=lambda group: (-len(group), min(frame.instance for frame in group)))
    return [
        Stack(
            f"{stack.id}/{letter}{number}",
            tuple(group),
            (
                *stack.findings,
                Finding("series-split", f"the series is {len(groups)} images, as {why}; this is {number}"),
            ),
        )
        for number, group in enumerate(groups, start=1)
    ]


def _by(key: Callable[[Frame], Hashable]) -> Callable[[Sequence[Frame]], list[list[Frame]]]:
    def divide(frames: Sequence[Frame]) -> list[list[Frame]]:
        groups: dict[Hashable, list[Frame]] = defaultdict(list)
        for frame in frames:
            groups[key(frame)].append(frame)
        return list(groups.values())

    return divide


def _by_matrix(frames: Sequence[Frame]) -> list[list[Frame]]:
    return [part for group in _by(_matrix_key)(frames) for part in _by_likeness(group, _same_spacing)]


def _matrix_key(frame: Frame) -> Hashable:
    header = frame.header
    return (
        header.modality,
        header.sop_class_uid,
        frame.rows,
        frame.columns,
        header.pixels.samples,
        header.pixels.photometric,
        header.pixels.real,
        frame.is_localizer,
        frame.placement is None,
    )


def _same_spacing(one: Frame, other: Frame) -> bool:
    if one.spacing is None or other.spacing is None:
        return one.spacing is other.spacing
    return all(abs(a - b) <= _SAME_SPACING * b for a, b in zip(one.spacing, other.spacing, strict=True))


def _by_orientation(frames: Sequence[Frame]) -> list[list[Frame]]:
    return _by_likeness(frames, _same_orientation)


def _by_likeness(frames: Sequence[Frame], alike: Callable[[Frame, Frame], bool]) -> list[list[Frame]]:
    """Groups of frames that are like the first of their group."""
    groups: list[list[Frame]] = []
    for frame in frames:
        for group in groups:
            if alike(frame, group[0]):
                group.append(frame)
                break
        else:
            groups.append([frame])
    return groups


def _same_orientation(one: Frame, other: Frame) -> bool:
    if one.placement is None or other.placement is None:
        return one.placement is other.placement
    row = np.abs(one.placement.row - other.placement.row).max()
    column = np.abs(one.placement.column - other.placement.column).max()
    return bool(max(row, column) <= _SAME_ORIENTATION)


def _sorted(stack: Stack) -> Stack:
    if stack.is_picture:
        return stack
    order = np.argsort(depths_mm(stack.frames), kind="stable")
    return replace(stack, frames=tuple(stack.frames[n] for n in order))


def _tolerance(frames: Sequence[Frame]) -> float:
    spacing = min(frames[0].spacing or (1.0, 1.0))
    return min(_SAME_POSITION_MM, 0.1 * spacing)


def _positions(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Frames by position along the normal, in order."""
    depths = depths_mm(frames)
    tolerance = _tolerance(frames)
    groups: list[list[Frame]] = []
    last = -np.inf
    for n in np.argsort(depths, kind="stable"):
        if depths[n] - last > tolerance:
            groups.append([])
        groups[-1].append(frames[n])
        last = depths[n]
    return groups


def _repeats(frames: Sequence[Frame]) -> int:
    return max(len(group) for group in _positions(frames))


def _split_repeats(stack: Stack) -> list[Stack]:
    """One stack for each time point, echo, b-value, ...: within each, no position repeats."""
    used: list[str] = []
    groups = _untangled(stack.frames, used)
    if len(groups) == 1:
        separated = _separated(stack.frames, used)
        groups = separated or groups
    if len(groups) == 1:
        return [stack]
    groups.sort(key=lambda group: [_comparable(group[0].keys.get(name)) for name in used])
    return [
        Stack(f"{stack.id}/t{number}", tuple(group), (*stack.findings, _told_apart(used, number, len(groups))))
        for number, group in enumerate(groups, start=1)
    ]


def _comparable(value: object) -> tuple[int, float, str]:
    if isinstance(value, (int, float)):
        return 0, float(value), ""
    if isinstance(value, str) and value.replace(".", "", 1).isdigit():
        return 0, float(value), ""
    return 1, 0.0, str(value)


def _told_apart(used: list[str], number: int, count: int) -> Finding:
    what = ", ".join(dict.fromkeys(used))
    how = "in order of acquisition" if _BY_ORDER in used else f"they differ in {what}"
    return Finding("split-4d", f"the series is {count} images of the same place ({how}); this is {number}")


_BY_ORDER = "order"


def _untangled(frames: Sequence[Frame], used: list[str]) -> list[list[Frame]]:
    repeats = _repeats(frames)
    if repeats == 1:
        return [list(frames)]
    for name, key in _keys(frames):
        groups = _by(key)(frames)
        # A property that differs from slice to slice (a clock) has more values than there are repeats: no separator.
        if 2 <= len(groups) <= repeats and all(_repeats(group) < repeats for group in groups):
            used.append(name)
            return [part for group in groups for part in _untangled(group, used)]
    used.append(_BY_ORDER)
    parts: list[list[Frame]] = [[] for _ in range(repeats)]
    for group in _positions(frames):
        for part, frame in zip(parts, sorted(group, key=_acquisition_order), strict=False):
            part.append(frame)
    return parts


def _keys(frames: Sequence[Frame]) -> list[tuple[str, Callable[[Frame], Hashable]]]:
    names = list(dict.fromkeys(name for frame in frames for name in frame.keys))
    found: list[tuple[str, Callable[[Frame], Hashable]]] = [(name, _getter(name)) for name in names]
    return [*found, ("place in the plane", _place_in_plane), ("file", _file)]


def _getter(name: str) -> Callable[[Frame], Hashable]:
    return lambda frame: frame.keys.get(name)


def _place_in_plane(frame: Frame) -> Hashable:
    placement = frame.placement
    if placement is None:
        return None
    return round(float(placement.position @ placement.row), 1), round(float(placement.position @ placement.column), 1)


def _file(frame: Frame) -> Hashable:
    """The file, where it holds several planes; to single-frame files, a file is no property."""
    several = frame.corner is not None or frame.header.pixels.frames > 1
    return str(frame.header.path) if several else ""


def _acquisition_order(frame: Frame) -> tuple[str, float, int, str, str]:
    trigger = frame.keys.get("trigger time")
    return (
        _word(frame.keys.get("acquisition time")),
        float(trigger) if isinstance(trigger, (int, float)) else 0.0,
        frame.instance,
        _word(frame.keys.get("content time")),
        str(frame.header.path),
    )


def _word(value: Hashable) -> str:
    return value if isinstance(value, str) else ""


def _separated(frames: Sequence[Frame], used: list[str]) -> list[list[Frame]]:
    """Groups by acquisition or the like, where each has even positions and all together have not; else none."""
    if _is_even(frames):
        return []
    for name, key in _keys(frames):
        if name not in _SEPARATORS:
            continue
        groups = _by(key)(frames)
        if 2 <= len(groups) <= 4 and all(len(group) >= 3 and _is_even(group) for group in groups):
            used.append(name)
            return groups
    return []


def _is_even(frames: Sequence[Frame]) -> bool:
    steps = np.diff(np.sort(depths_mm(frames)))
    return len(steps) < 2 or bool(steps.max() - steps.min() <= max(_SAME_POSITION_MM, _EVEN * steps.mean()))


def _at_gaps(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Frames, in order along the normal, cut where a step is far wider than most."""
    steps = np.diff(depths_mm(frames))
    if len(steps) < 2:
        return [list(frames)]
    usual = np.sort(steps)[(len(steps) - 1) // 2]
    groups = [[frames[0]]]
    for step, frame in zip(steps, frames[1:], strict=True):
        if step > _WIDEST_GAP * usual:
            groups.append([])
        groups[-1].append(frame)
    return groups


def _singly(stack: Stack) -> list[Stack]:
    """Images whose place in the patient is not known: each by itself, in the order of their numbers."""
    if len(stack.frames) == 1:
        return [stack]
    frames = sorted(stack.frames, key=lambda frame: (frame.instance, str(frame.header.path), frame.index))
    why = f"the series holds {len(frames)} images that do not say where they lie; they are not stacked"
    return [
        Stack(f"{stack.id}/f{number}", (frame,), (*stack.findings, Finding("not-stacked", f"{why}; this is {number}")))
        for number, frame in enumerate(frames, start=1)
    ]
