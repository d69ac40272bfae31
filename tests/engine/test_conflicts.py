from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.engine.errors import LabelError
from app.engine.labelmap import LabelMap
from app.engine.prompt import Box3D
from tests.engine.label_maps import change_label, label_map_of

REGION = Box3D(1, 0, 1, 5, 3, 3)
SHAPE = (2, 3, 4)  # of the region


def drawn(seed: int, locked: set[int]) -> tuple[LabelMap, NDArray[np.bool_]]:
    """A label map of labels 1 to 3, some locked, and a mask of the region."""
    random = np.random.default_rng(seed)
    labels = label_map_of(random.integers(0, 4, (4, 5, 6)), {})
    for value in locked:
        change_label(labels, replace(labels.label(value), locked=True))
    return labels, random.random(SHAPE) < 0.5


@given(seed=st.integers(0, 10_000), locked=st.sets(st.integers(1, 3)), label=st.integers(0, 3))
def test_that_conflicts_are_what_painting_reports_and_leaves_alone(seed: int, locked: set[int], label: int) -> None:
    labels, mask = drawn(seed, locked - {label})
    before = labels.voxels.copy()
    conflicts, kept = labels.conflicts(REGION, mask, label), labels.locked_within(REGION, mask)
    np.testing.assert_array_equal(labels.voxels, before)
    edit = labels.paint(REGION, mask, label)
    assert conflicts == edit.conflicts
    after = labels.voxels[1:3, 0:3, 1:5]
    np.testing.assert_array_equal(mask & (after != label), kept)


def test_that_a_locked_label_conflicts_with_others_and_not_with_itself() -> None:
    labels, _ = drawn(1, {1, 2})
    everything = np.ones(SHAPE, dtype=np.bool_)
    patch = labels.voxels[1:3, 0:3, 1:5]
    assert labels.conflicts(REGION, everything, 1) == {2: np.count_nonzero(patch == 2)}
    np.testing.assert_array_equal(labels.locked_within(REGION, everything), (patch == 1) | (patch == 2))


def test_that_a_mask_of_a_slice_is_taken_where_it_lies() -> None:
    labels, _ = drawn(1, {1})
    flat = Box3D(0, 2, 0, 6, 3, 4)
    coronal = labels.voxels[:, 2] == 1
    assert labels.conflicts(flat, np.ones((4, 6), dtype=np.bool_), 3) == {1: np.count_nonzero(coronal)}
    np.testing.assert_array_equal(labels.locked_within(flat, np.ones((4, 6), dtype=np.bool_))[:, 0], coronal)


def test_that_a_region_that_leaves_the_volume_is_refused() -> None:
    labels, mask = drawn(1, {1})
    outside = Box3D(3, 0, 1, 7, 3, 3)
    with pytest.raises(LabelError, match="leaves the volume"):
        labels.conflicts(outside, mask, 2)
    with pytest.raises(LabelError, match="leaves the volume"):
        labels.locked_within(outside, mask)
