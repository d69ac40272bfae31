"""Labels against those of a file, pair by pair, on the engine thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.io.label_file import read_label_map
from app.engine.io.label_names import read_label_names
from app.engine.io.limits import unreadable
from app.engine.labelmap import LARGEST_VALUE, Label
from app.engine.measure import agreement
from app.engine.progress import Stop
from app.engine.volume import Volume
from app.gui.panels.measures_state import ComparedRow


@dataclass(frozen=True)
class Found:
    """What of both sides has no counterpart: labels of ours, values of theirs."""

    ours_alone: tuple[Label, ...] = ()
    theirs_alone: tuple[int, ...] = ()


def compare_steps(
    path: Path, volume: Volume, values: NDArray[np.uint16], labels: Sequence[Label], stop: Stop
) -> Iterator[Found | ComparedRow]:
    """What has no counterpart, then one row per pair.

    `values` (Z, Y, X) are the labels on the volume's grid; `stop` ends the reading. Raises ReadError where the file is
    no label map on it.
    """
    reference = stop.run(lambda: read_label_map(path, volume))
    theirs = _values_of(path, reference)
    pairs = matched(labels, theirs, read_label_names(path))
    ours_alone = tuple(label for label in labels if label not in [ours for ours, _ in pairs])
    matched_values = {value for _, value in pairs}
    yield Found(ours_alone, tuple(value for value in theirs if value not in matched_values))
    for label, value in pairs:
        yield ComparedRow(label, value, agreement(values == label.value, reference == value, volume.geometry))


def matched(labels: Sequence[Label], theirs: Sequence[int], names: Mapping[int, str]) -> list[tuple[Label, int]]:
    """Labels and the values of a reference that mean the same, in the order of the labels.

    The same name (capitals aside), else the same value, else the only one of either side: a mask of one object is
    often written as 255. `names` are those of the reference, by value.
    """
    by_name = {names[value].casefold(): value for value in reversed(theirs) if value in names}
    pairs = {label.value: by_name.pop(label.name.casefold()) for label in labels if label.name.casefold() in by_name}
    left = set(theirs) - set(pairs.values())
    pairs |= {label.value: label.value for label in labels if label.value not in pairs and label.value in left}
    if not pairs and len(labels) == len(theirs) == 1:
        pairs = {labels[0].value: theirs[0]}
    return [(label, pairs[label.value]) for label in labels if label.value in pairs]


def _values_of(path: Path, reference: NDArray[Any]) -> list[int]:
    """The values in use but 0, rising; ReadError where one is no value of a label."""
    found: set[float] = set()
    for plane in reference:  # plane by plane: a whole volume is not sorted at once
        found |= set(np.unique(plane).tolist())
        if len(found) > LARGEST_VALUE:
            raise unreadable(path, "it holds too many values for a label map")
    if not all(0 <= value <= LARGEST_VALUE and value == int(value) for value in found):  # not a number fails at 0 <=
        raise unreadable(path, "a label map holds whole numbers from 0 to 65535")
    return sorted(int(value) for value in found if value)
