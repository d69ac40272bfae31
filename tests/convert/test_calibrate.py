"""The predicted IoU is set right by a line, fitted on the training split alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is in the convert extra")

from app.engine.prompt import Box, Prompts
from app.engine.segmenter import SliceImage, open_segmenter
from app.engine.view import SliceGrid
from convert.__main__ import main
from convert.calibrate import calibrate, fit_line
from convert.package import read_manifest, write_manifest
from tests.convert.tiny_data import write_index
from tests.engine.tiny_package import write_tiny_package


def test_that_the_line_goes_through_most_points_whatever_a_few_say() -> None:
    x = np.linspace(0, 1, 41)
    y = 0.8 * x + 0.15
    y[::8] = 0.0
    slope, offset = fit_line(x, y, np.full(41, 1 / 41))
    assert slope == pytest.approx(0.8, abs=0.01)
    assert offset == pytest.approx(0.15, abs=0.01)


def test_that_a_modality_with_many_cases_does_not_outvote_another() -> None:
    x = np.r_[np.linspace(0, 1, 90), np.linspace(0, 1, 10)]
    y = np.r_[np.full(90, 0.4), np.full(10, 0.8)]
    _slope, offset = fit_line(x, y, np.r_[np.full(90, 0.4 / 90), np.full(10, 0.6 / 10)])
    assert offset == pytest.approx(0.8, abs=0.05)


def test_that_calibration_lowers_the_error_and_is_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, folder = write_index(tmp_path / "data"), write_tiny_package(tmp_path / "tiny")
    assert main(["calibrate", str(folder), "--data", str(data), "--share", "1"]) == 0
    assert "11 targets: error of predicted IoU" in capsys.readouterr().out  # 8 discs, 3 slices of a ball
    found = calibrate(folder, data, share=1)
    assert found.after < found.before
    line = read_manifest(folder)["calibration"]
    assert line == {"slope": round(found.slope, 4), "offset": round(found.offset, 4)}


def test_that_the_line_changes_the_score_and_nothing_else(tmp_path: Path) -> None:
    folder, box = write_tiny_package(tmp_path / "tiny"), Box(10, 10, 50, 50)
    pixels = np.zeros((60, 80), dtype=np.uint8)
    pixels[15:40, 15:40] = 200
    image = SliceImage(pixels, SliceGrid(60, 80))

    def answer() -> tuple[float, float, int]:
        segmenter = open_segmenter(folder)
        found = segmenter.decode(segmenter.encode(image, segmenter.view_for(Prompts(box), image.grid)), [Prompts(box)])[
            0
        ]
        return found.score, found.present, int(found.mask.sum())

    score, *rest = answer()
    assert 0.3 < score < 1
    assert rest[1] > 0
    manifest = read_manifest(folder)
    for slope, offset, expected in ((0.5, 0.1, 0.5 * score + 0.1), (2.0, 0.5, 1.0), (1.0, -2.0, 0.0)):
        write_manifest(folder, manifest | {"calibration": {"slope": slope, "offset": offset}})
        assert answer() == pytest.approx((expected, *rest))


def test_that_a_split_without_targets_is_refused(tmp_path: Path) -> None:
    data, folder = write_index(tmp_path / "data"), write_tiny_package(tmp_path / "tiny")
    with pytest.raises(ValueError, match="holds no targets in that share"):
        calibrate(folder, data, share=0)


def test_that_a_calibration_that_fails_leaves_the_package_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, folder = write_index(tmp_path / "data"), write_tiny_package(tmp_path / "tiny")
    write_manifest(folder, read_manifest(folder) | {"calibration": {"slope": 0.9, "offset": 0.05}})
    before = read_manifest(folder)
    with pytest.raises(ValueError, match="holds no targets"):
        calibrate(folder, data, share=0)
    assert read_manifest(folder) == before
    monkeypatch.setattr("convert.calibrate.fit_line", lambda *_: (-0.2, 0.8))  # as of scores that mislead
    with pytest.raises(ValueError, match=r"say too little of its masks: a line of slope -0\.2"):
        calibrate(folder, data, share=1)
    assert read_manifest(folder) == before
