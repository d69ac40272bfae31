"""What each suite of `evaluate` measures, with a network that knows nothing: protocols, not accuracy."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is in the convert extra")
pytest.importorskip("nncf", reason="nncf is in the convert extra")

from app.engine.prompt import Box, Point
from app.engine.segmenter import ModelSegmenter, SliceImage, open_segmenter
from app.engine.view import SliceGrid
from convert.__main__ import main
from convert.baselines import baseline
from convert.cases import slice_cases, volume_cases
from convert.clicks import with_click
from convert.corrections import corrected, corrective_click
from convert.evaluate import NEEDS_CORRECTION, CaseResult, by_variant, evaluate, table, titled, write_results
from convert.running import TrainConfig
from convert.train import train
from tests.convert.test_training import TINY, torch
from tests.convert.tiny_data import write_index


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_index(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def package(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    config = TrainConfig(data=str(data), out=str(out), samples=16, size=32, batch=8, warmup=8, workers=0, threads=1)
    folder = out / "tiny-f32"
    assert main(["export", str(train(config, TINY)), "-o", str(folder), "--size", "64"]) == 0
    return folder


@pytest.fixture(scope="module")
def segmenter(package: Path) -> ModelSegmenter:
    return open_segmenter(package)


def test_that_a_click_lands_in_the_middle_of_the_largest_mistake() -> None:
    true = np.zeros((40, 60), dtype=bool)
    true[5:16, 5:26] = True
    found = np.zeros_like(true)
    found[5:16, 20:26] = True
    found[30:33, 50:53] = True
    assert corrective_click(true, found) in [Point(x, 10.0, positive=True) for x in (10.0, 11.0, 12.0, 13.0, 14.0)]
    spilled = true | np.pad(np.ones((15, 15), dtype=bool), ((22, 3), (40, 5)))
    assert corrective_click(true, spilled) == Point(47.0, 29.0, positive=False)
    assert corrective_click(true, true) is None


def test_that_corrections_end_with_fewer_mistakes(data: Path) -> None:
    case = next(slice_cases(data, "validation"))
    image = SliceImage.of(case.volume, case.key)
    box = case.boxes[0]
    badly_drawn = replace(box, x1=box.x0 + box.width * 2 // 3)  # a good one would leave nothing to correct
    steps = corrected(open_segmenter("swift-int8"), image, badly_drawn, case.masks[0])
    mistakes = [int((found.mask ^ case.masks[0]).sum()) for found in islice(steps, 4)]
    assert mistakes[0] > 0
    assert len(mistakes) > 1
    assert mistakes[-1] < mistakes[0]


def test_that_clicks_are_measured_on_the_poor_targets_alone(data: Path, segmenter: ModelSegmenter) -> None:
    groups = by_variant(evaluate(segmenter, data, "clicks"))
    assert list(groups) == ["clicks-0", "clicks-1", "clicks-3"]
    assert {len(members) for members in groups.values()} == {len(groups["clicks-0"])}
    assert all(result.dsc < NEEDS_CORRECTION for result in groups["clicks-0"])


def test_that_clicks_ask_for_a_model(data: Path) -> None:
    with pytest.raises(ValueError, match="only a model"):
        list(evaluate(None, data, "clicks", "ellipse"))


def test_that_a_larger_box_fits_an_ellipse_worse(data: Path) -> None:
    groups = by_variant(evaluate(None, data, "robustness", "ellipse"))
    scores = {
        name: np.mean([r.dsc for r in members if r.dataset == "discs"]) for name, members in groups.items()
    }  # fmt: skip
    assert list(scores) == [f"robustness-{manner}" for manner in ("drawn", "wide", "close", "large", "small")]
    assert scores["robustness-large"] < scores["robustness-wide"] < scores["robustness-drawn"]
    assert scores["robustness-large"] < scores["robustness-drawn"] - 0.03


def test_that_robustness_measures_the_same_slices(data: Path) -> None:
    groups = by_variant(evaluate(None, data, "robustness", "box"))
    names = {tuple(r.name for r in members) for members in groups.values()}
    assert len(names) == 1


def test_that_volumes_are_measured_from_both_kinds_of_box(data: Path, segmenter: ModelSegmenter) -> None:
    groups = by_variant(evaluate(segmenter, data, "volumes"))
    assert {name: len(members) for name, members in groups.items()} == {"volumes": 1, "volumes-slice": 1}


def test_that_the_box_of_a_volume_is_drawn_on_its_middle_slice(data: Path) -> None:
    (case,) = volume_cases(data, "validation")
    assert case.seed.key.index == 7  # the ball reaches from slice 3 to slice 11
    tight = Box.of_mask(case.mask[7])
    drawn = case.seed.prompts.box
    assert tight is not None
    assert drawn is not None
    assert drawn.x0 <= tight.x0 < tight.x1 <= drawn.x1


def test_that_grabcut_finds_what_stands_out_from_its_surroundings(data: Path) -> None:
    results = list(evaluate(None, data, "validation", "grabcut"))
    assert min(r.dsc for r in results if r.dataset == "discs") > 0.8


def test_that_grabcut_without_background_fills_the_box() -> None:
    image = SliceImage(np.random.default_rng(1).integers(0, 255, (20, 30)), SliceGrid(20, 30))
    assert baseline("grabcut", Box(0, 0, 30, 20), image).all()


def test_that_several_variants_are_told_apart_in_tables(tmp_path: Path) -> None:
    results = [CaseResult("a", "x", "CT", 0.9, 0.8, 0.9, 0.1, 1.0, name) for name in ("clicks-0", "clicks-1")]
    text = titled({name: table(members) for name, members in by_variant(results).items()})
    assert "clicks-1:\n\n| Target" in text
    write_results(tmp_path, results)
    assert set(json.loads((tmp_path / "table.json").read_text())) == {"clicks-0", "clicks-1"}


def test_that_the_command_line_records_every_variant(data: Path, package: Path) -> None:
    assert main(["evaluate", "--data", str(data), "--model", str(package), "--suite", "volumes", "--record"]) == 0
    accuracy = json.loads((package / "manifest.json").read_text())["accuracy"]
    assert set(accuracy) >= {"volumes", "volumes-slice"}
    assert accuracy["volumes-slice"]["command"].endswith("--suite volumes --model tiny-f32")
    assert "iou_error" in accuracy["volumes"]["by_modality"]["CT"]


def test_that_training_clicks_where_the_network_was_most_wrong() -> None:
    target = torch.zeros(2, 64, 64)
    target[:, 16:48, 16:48] = 1
    found = torch.zeros(2, 64, 64, dtype=torch.bool)
    found[0, 16:48, 16:32] = True
    found[1] = target[1] > 0.5
    maps = with_click(torch.zeros(2, 7, 32, 32), found, target)
    row, column = divmod(int(maps[0, 1].argmax()), 32)
    assert 8 <= row < 24
    assert 16 <= column < 24
    assert float(maps[0, 1].max()) == 1.0
    assert float(maps[0, 2].max()) == 0.0
    assert float(maps[1, 1:3].max()) == 0.0  # nothing was wrong
    assert torch.equal(maps[:, 3], torch.nn.functional.avg_pool2d(found.float()[:, None], 2)[:, 0])
    assert bool((maps[:, 4] == 1).all())
