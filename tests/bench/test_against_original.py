from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.bench.against_original import Compared, compared, table


def test_that_masks_are_compared_object_by_object(tmp_path: Path) -> None:
    a = np.zeros((3, 8, 8), dtype=np.uint8)
    a[:, 2:6, 2:6] = 1
    a[1, 7] = 3
    b = a.copy()
    b[0, 2, 2:6] = 0  # 4 of 48 voxels
    for name, labels in (("a", a), ("b", b)):
        np.savez_compressed(tmp_path / f"{name}.npz", segs=labels)
    found = compared("x.npz", tmp_path / "a.npz", tmp_path / "b.npz", (4.0, 2.0))
    assert found.lowest == pytest.approx(2 * 44 / 92)
    assert found.mean == pytest.approx((2 * 44 / 92 + 1) / 2)  # of objects 1 and 3; 2 is in neither map
    assert (found.objects, found.differing) == (3, 4)
    rest = compared("x.npz", tmp_path / "a.npz", tmp_path / "b.npz", (4.0, 2.0), skip_first=True)
    assert (rest.lowest, rest.differing) == (1.0, 0)


def test_that_the_table_ends_with_the_whole() -> None:
    rows = [Compared("a.npz", 1, 1.0, 1.0, 0, 3.0, 1.0), Compared("b.npz", 2, 0.9, 0.95, 7, 5.0, 1.0)]
    lines = table(rows, "litemedsam, f32").splitlines()
    assert len(lines) == 4
    assert lines[-1].split() == ["all", "3", "0.900000", "0.975000", "7", "8.00", "2.00", "4.0x"]
