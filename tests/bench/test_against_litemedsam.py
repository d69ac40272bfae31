from __future__ import annotations

from tests.bench.against_litemedsam import Measurement, Timing, against_first, table


def test_that_packages_are_compared_with_the_first_by_their_whole_pass() -> None:
    baseline, ours = against_first([Timing("lite", "f32", 300.0, 100.0, 400.0), Timing("ours", "int8", 3.0, 5.0, 8.0)])
    assert baseline.times_faster == 1.0
    assert ours.times_faster == 50.0


def test_that_the_table_has_a_line_for_each_package() -> None:
    timings = against_first([Timing("lite", "f32", 300.0, 100.0, 400.0), Timing("ours", "int8", 3.0, 5.0, 8.0)])
    text = table(Measurement("laptop-like", "avx2", "some processor", 2, "2026.4", 0.0, 21, timings))
    assert text.splitlines()[-1].split() == ["ours", "int8", "3.00", "5.00", "8.00", "50.0x"]
    assert text.splitlines()[-2].split() == ["lite", "f32", "300.00", "100.00", "400.00", "1.0x"]
