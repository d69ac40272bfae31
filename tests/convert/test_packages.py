"""From a checkpoint to packages that the engine loads, and how they are measured."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is in the convert extra")
pytest.importorskip("nncf", reason="nncf is in the convert extra")

from app.engine.intensity import IntensityMapping
from app.engine.manifest import ModelManifest
from app.engine.prompt import Box
from app.engine.segmenter import SliceImage
from app.engine.view import SliceGrid
from convert.__main__ import main
from convert.baselines import baseline
from convert.cases import enlarged, slice_cases, volume_cases
from convert.evaluate import CaseResult, evaluate, markdown, table, write_results
from convert.parity import torch_to_openvino
from convert.running import TrainConfig
from convert.sampling import synthetic_sample
from convert.train import train
from tests.convert.test_training import TINY
from tests.convert.tiny_data import write_index


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_index(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def checkpoint(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    config = TrainConfig(data=str(data), out=str(out), samples=64, size=32, batch=8, warmup=8, workers=0, threads=1)
    return train(config, TINY)


@pytest.fixture(scope="module")
def float_package(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "tiny-f32"
    assert main(["export", str(checkpoint), "-o", str(folder), "--size", "64"]) == 0
    return folder


def test_that_an_exported_package_is_one_that_the_engine_accepts(float_package: Path) -> None:
    manifest = ModelManifest.load(float_package)
    manifest.verify()
    assert (manifest.name, manifest.precision) == ("tiny-f32", "f32")


def test_that_the_exported_network_gives_what_the_trained_one_gives(checkpoint: Path, float_package: Path) -> None:
    samples = [synthetic_sample(np.random.default_rng(n), 64, IntensityMapping()) for n in range(3)]
    report = torch_to_openvino(checkpoint, float_package, samples)
    assert report["mask_probability_largest"] < 0.01  # weights are stored in half precision
    assert report["scores_largest"] < 0.01


def test_that_quantising_gives_a_package_of_eight_bits_that_agrees(
    data: Path, float_package: Path, tmp_path: Path
) -> None:
    from app.engine.runtime import CompiledPair
    from app.engine.selftest import phantom_inputs

    folder = tmp_path / "tiny-int8"
    arguments = ["quantize", str(float_package), "-o", str(folder), "--data", str(data), "--samples", "8"]
    assert main(arguments) == 0
    pairs = [CompiledPair(ModelManifest.load(path), cache=False) for path in (float_package, folder)]
    image, prompts = phantom_inputs(pairs[0].manifest)
    exact, rounded = (1 / (1 + np.exp(-pair.decode(pair.encode(image), prompts)[0])) for pair in pairs)
    assert "FakeQuantize" in (folder / "encoder.xml").read_text()
    assert np.abs(exact - rounded).mean() < 0.05


def test_that_what_is_quantised_or_no_package_is_not_quantised(
    data: Path, float_package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "done"
    shutil.copytree(float_package, folder)
    fields = json.loads((folder / "manifest.json").read_text())
    for manifest, sentence in (({**fields, "precision": "int8"}, "quantised already"), ({"a": 3}, "not understood")):
        (folder / "manifest.json").write_text(json.dumps(manifest))
        assert main(["quantize", str(folder), "-o", str(tmp_path / "out"), "--data", str(data), "--samples", "2"]) == 1
        message = capsys.readouterr().err
        assert sentence in message
        assert message.count("\n") == 1
        assert not (tmp_path / "out").exists()


def test_that_boxes_are_the_same_at_every_run_and_hold_their_target(data: Path) -> None:
    first, second = (list(slice_cases(data, "validation")) for _ in range(2))
    assert [case.boxes for case in first] == [case.boxes for case in second]
    assert len(first) == 2 + 3
    for case in first:
        for mask, box in zip(case.masks, case.boxes, strict=True):
            assert mask[box.y0 : box.y1, box.x0 : box.x1].sum() == mask.sum()


def test_that_a_box_moves_inwards_where_the_share_is_negative() -> None:
    box = enlarged(Box(20, 20, 60, 100), (200, 200), np.random.default_rng(0), (-0.1, -0.1))
    assert box == Box(24, 28, 56, 92)


def test_that_volume_cases_have_tight_boxes(data: Path) -> None:
    (case,) = volume_cases(data, "validation")
    box = case.box
    inside = case.mask[box.z0 : box.z1, box.y0 : box.y1, box.x0 : box.x1]
    assert inside.sum() == case.mask.sum()
    for axes in ((1, 2), (0, 2), (0, 1)):
        reached = np.atleast_1d(inside.any(axis=axes))
        assert reached[0]
        assert reached[-1]


def test_that_the_filled_box_and_its_ellipse_cover_what_geometry_says() -> None:
    box = Box(10, 20, 110, 70)
    image = SliceImage(np.zeros((90, 130), dtype=np.uint8), SliceGrid(90, 130))
    assert baseline("box", box, image).sum() == 100 * 50
    assert baseline("ellipse", box, image).sum() == pytest.approx(np.pi * 50 * 25, rel=0.01)


def test_that_the_table_is_the_mean_of_modalities_not_of_cases(tmp_path: Path) -> None:
    results = [CaseResult("a", str(n), "CT", 0.9, 0.8, 0.95, 0.1, 1.0) for n in range(3)]
    results.append(CaseResult("b", "x", "MR", 0.5, 0.4, 0.6, 0.3, 2.0))
    rows = table(results)
    assert [row.group for row in rows] == ["CT", "MR", "mean"]
    assert rows[-1].dsc == pytest.approx(0.7)
    assert "| CT | 3 | 90.00 | 80.00 | 95.00 |" in markdown(rows)
    write_results(tmp_path, results)
    assert json.loads((tmp_path / "table.json").read_text())[""][1]["dsc"] == 0.5
    assert len((tmp_path / "cases.csv").read_text().splitlines()) == 5


def test_that_an_ellipse_fits_a_rendered_disc(data: Path) -> None:
    results = list(evaluate(None, data, "validation", "ellipse"))
    discs = [result.dsc for result in results if result.dataset == "discs"]
    assert min(discs) > 0.9


def test_that_figures_are_recorded_with_their_command(
    data: Path, float_package: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["evaluate", "--data", str(data), "--model", str(float_package), "--record"]
    assert main(arguments) == 0
    assert "| CT |" in capsys.readouterr().out
    accuracy = json.loads((float_package / "manifest.json").read_text())["accuracy"]["validation"]
    assert accuracy["command"].endswith("--suite validation --model tiny-f32")
    assert set(accuracy["by_modality"]) == {"CT", "Ultrasound", "mean"}
    ModelManifest.load(float_package)


def test_that_a_missing_checkpoint_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(tmp_path / "none.pt"), "-o", str(tmp_path / "x")]) == 1
    assert "none.pt" in capsys.readouterr().err


def test_that_a_card_names_figures_and_licences(data: Path, float_package: Path, tmp_path: Path) -> None:
    assert main(["evaluate", "--data", str(data), "--model", str(float_package), "--record"]) == 0
    remarks = tmp_path / "remarks.md"
    remarks.write_text("## Known failures\n\nDiscs that are rings.\n")
    assert main(["card", str(float_package), "--data", str(data), "--remarks", str(remarks)]) == 0
    card = (float_package / "CARD.md").read_text()
    assert "Not a medical device" in card
    assert "| CT | 3 |" in card
    assert "Discs that are rings." in card
    assert "| discs | Ultrasound | 4 |" in card
