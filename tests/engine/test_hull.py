from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from app.engine.hull import farthest, longest, outer_hull

STEPS = hnp.arrays(np.float64, 2, elements=st.floats(0.2, 5))


def rim_of(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.array([(x, y) for y, row in enumerate(mask) if row.any() for x in np.flatnonzero(row)[[0, -1]]])


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)).filter(np.any), STEPS)
def test_that_the_bound_of_a_diameter_is_never_below_it_and_close_above(
    mask: NDArray[np.bool_], step: NDArray[np.float64]
) -> None:
    hull = outer_hull(rim_of(mask)) * step
    first, second = longest(hull)
    length = np.linalg.norm(hull[second] - hull[first])
    assert length <= farthest(rim_of(mask), step) <= 1.005 * length


@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9)).filter(np.any))
def test_that_a_hull_turns_left_at_every_corner_and_holds_every_voxel(mask: NDArray[np.bool_]) -> None:
    hull = outer_hull(rim_of(mask))
    edges = np.roll(hull, -1, axis=0) - hull
    onward = np.roll(edges, -1, axis=0)
    assert (edges[:, 0] * onward[:, 1] - edges[:, 1] * onward[:, 0] > 0).all()
    for y, x in np.argwhere(mask):
        assert (edges[:, 0] * (y - hull[:, 1]) - edges[:, 1] * (x - hull[:, 0]) > 0).all()


def test_that_the_hull_of_a_voxel_is_the_middles_of_its_sides() -> None:
    assert {tuple(corner) for corner in outer_hull(np.array([(3, 5), (3, 5)])).tolist()} == {
        (2.5, 5),
        (3.5, 5),
        (3, 4.5),
        (3, 5.5),
    }
