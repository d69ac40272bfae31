"""Label maps for tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.labelmap import Label, LabelMap


def label_map_of(values: NDArray[Any], names: Mapping[int, str] | None = None) -> LabelMap:
    """Of whole numbers (Z, Y, X) from 0; a label for each that is there, "label 3" where it has no name."""
    labels = LabelMap((1, 1, 1))
    for value in (int(each) for each in np.unique(values) if each):
        labels.add_label((names or {}).get(value, f"label {value}"), value=value)
    return LabelMap.adopting(values.astype(np.uint16), labels.labels)


def change_label(labels: LabelMap, label: Label) -> None:
    """Give the label of that value another name, colour, lock or visibility."""
    labels.exchange_labels([(labels.label(label.value), label)])
