from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QComboBox, QLabel, QListWidget, QPushButton, QTableWidget, QTextBrowser, QWidget
from pytestqt.qtbot import QtBot

from app import paths
from app.engine import fastest
from app.engine.errors import ModelError
from app.engine.plane import SliceKey
from app.engine.prompt import Box, Prompts
from app.engine.runtime import available_devices
from app.engine.study import Study
from app.gui.controllers.models import ModelsController
from app.gui.dialogs.asks import Asks
from app.gui.inference import Inference, ModelChoice, ModelState, Request
from app.gui.jobs import Jobs
from app.gui.settings import DEVICE, MODEL, Settings
from tests.engine.tiny_package import read_manifest, rewrite_manifest

W = TypeVar("W", bound=QWidget)

_TABLE = {"dsc": 0.91, "nsd": 0.82, "cases": 7}


class Answers(Asks):
    """Answers what the user would be asked."""

    agrees = True
    package: Path | None = None

    def confirm(self, title: str, question: str) -> bool:
        return self.agrees

    def open_package_folder(self, folder: str) -> Path | None:
        return self.package


class Bench:
    """A model panel and whoever sits before it."""

    def __init__(self, jobs: Jobs, settings: Settings, qtbot: QtBot) -> None:
        over = QWidget()
        qtbot.addWidget(over)
        self.qtbot, self.settings, self.jobs = qtbot, settings, jobs
        self.asks = Answers(over)
        self.inference = Inference(ModelChoice("one"))
        self.controller = ModelsController(jobs, self.inference, settings, self.asks)
        self.panel = self.controller.panel
        qtbot.addWidget(self.panel)
        self.panel.show()
        self.errors: list[Exception] = []
        self.used: list[ModelState] = []
        self.controller.failed.connect(self.errors.append)
        self.controller.changed.connect(self.used.append)
        self.list = self.only(QListWidget)

    def refresh(self) -> None:
        count = len(self.used)
        self.controller.refresh()
        self.qtbot.waitUntil(lambda: len(self.used) > count, timeout=20000)

    def button(self, text: str) -> QPushButton:
        return next(button for button in self.panel.findChildren(QPushButton) if button.text() == text)

    def only(self, kind: type[W]) -> W:
        found = self.panel.findChild(kind)
        assert found is not None
        return found

    def named(self, kind: type[W], name: str) -> W:
        return next(each for each in self.panel.findChildren(kind) if each.accessibleName() == name)

    def point_at(self, name: str) -> None:
        rows = [row for row in range(self.list.count()) if self.list.item(row).text().startswith(name)]
        self.list.setCurrentRow(rows[0])


@pytest.fixture
def installed(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two packages that came with the program: `one` has a card and figures, `two` is slower by nothing."""
    folder = tmp_path / "bundled"
    for name in ("one", "two"):
        shutil.copytree(model, folder / name)
        manifest = read_manifest(folder / name) | {"name": name}
        if name == "one":
            manifest["accuracy"] = {
                "testonly": {"by_modality": {"CT": _TABLE, "MR": {"dsc": "much"}}, "command": "measure"},
                "own suite": {"by_modality": {"mean": _TABLE}},
                "text": "not a table",
            }
        rewrite_manifest(folder / name, manifest)
    (folder / "one" / "CARD.md").write_text("# One\n\n<b>plain</b> ![x](/etc/hostname)\n", encoding="utf-8")
    monkeypatch.setattr(paths, "models_dir", lambda: folder)
    return folder


@pytest.fixture
def bench(installed: Path, jobs: Jobs, tmp_path: Path, qtbot: QtBot) -> Bench:
    made = Bench(jobs, Settings(tmp_path / "settings.ini"), qtbot)
    made.refresh()
    return made


def test_that_packages_and_what_is_in_use_are_listed(bench: Bench) -> None:
    titles = [bench.list.item(row).text().splitlines()[0] for row in range(bench.list.count())]
    assert titles == ["Fastest on this machine", "one (chosen)", "two"]
    assert bench.panel.in_use == "In use: one 0.0.1, full precision, on CPU"


def test_that_the_devices_are_those_that_the_runtime_finds(bench: Bench) -> None:
    combo = bench.named(QComboBox, "Device")
    assert [combo.itemData(row) for row in range(combo.count())] == list(available_devices())
    assert combo.currentData() == "CPU"
    assert available_devices()["CPU"] in combo.currentText()


def test_that_accuracy_is_shown_by_modality_and_what_is_no_table_is_not(bench: Bench) -> None:
    bench.point_at("one")
    suites, table = bench.named(QComboBox, "Tested on"), bench.only(QTableWidget)
    assert [suites.itemText(row) for row in range(suites.count())] == ["Sources never trained on", "own suite"]
    assert table.rowCount() == 1
    shown = [table.model().index(0, column).data() for column in range(4)]
    assert shown == ["CT", "0.910", "0.820", "7"]


def test_that_of_the_fastest_the_figures_of_the_model_in_use_are_shown(bench: Bench) -> None:
    bench.point_at("Fastest")
    bench.button("Use this model").click()
    bench.qtbot.waitUntil(lambda: bench.inference.choice == ModelChoice(""), timeout=20000)
    bench.qtbot.waitUntil(lambda: len(bench.used) == 2, timeout=20000)
    has_figures = bench.used[-1].name == "one"
    assert bench.only(QTableWidget).isVisible() == has_figures


def test_that_a_package_without_figures_says_so(bench: Bench) -> None:
    bench.point_at("two")
    assert not bench.only(QTableWidget).isVisible()
    assert any("says nothing" in label.text() for label in bench.panel.findChildren(QLabel) if label.isVisible())


def test_that_a_card_is_text_without_html_or_files_of_this_machine(bench: Bench) -> None:
    bench.point_at("one")
    card = bench.only(QTextBrowser)
    assert card.toPlainText().startswith("One\n<b>plain</b>")
    assert card.loadResource(2, QUrl("file:///etc/hostname")) is None


def test_that_another_package_is_used_and_remembered(bench: Bench) -> None:
    bench.point_at("two")
    bench.button("Use this model").click()
    bench.qtbot.waitUntil(lambda: bench.used[-1].name == "two", timeout=20000)
    assert bench.inference.choice == ModelChoice("two")
    assert (bench.settings.get(MODEL), bench.settings.get(DEVICE)) == ("two", "CPU")
    assert "two (chosen)" in bench.list.currentItem().text()
    assert not bench.button("Use this model").isEnabled()


def test_that_opening_the_first_model_is_not_remembered_as_a_choice(bench: Bench) -> None:
    assert bench.settings.get(MODEL) == ""


def test_that_a_package_that_is_damaged_since_leaves_the_one_before_in_use(bench: Bench, installed: Path) -> None:
    (installed / "two" / "encoder.bin").write_bytes(b"damaged")
    bench.point_at("two")
    bench.button("Use this model").click()
    bench.qtbot.waitUntil(lambda: bool(bench.errors), timeout=20000)
    assert isinstance(bench.errors[0], ModelError)
    assert "encoder.bin" in str(bench.errors[0])
    assert bench.inference.choice == ModelChoice("one")
    assert bench.panel.in_use == "In use: one 0.0.1, full precision, on CPU"
    assert bench.settings.get(MODEL) == ""


def test_that_a_device_that_is_not_there_leaves_the_one_before_in_use(bench: Bench) -> None:
    bench.panel.device_chosen.emit("ABACUS")
    bench.qtbot.waitUntil(lambda: bool(bench.errors), timeout=20000)
    assert "ABACUS" in str(bench.errors[0])
    assert bench.inference.choice.device == "CPU"


def test_that_a_broken_package_is_listed_with_its_reason_and_cannot_be_chosen(bench: Bench, installed: Path) -> None:
    (installed / "two" / "manifest.json").write_text(json.dumps({"format": 99}), encoding="utf-8")
    bench.refresh()
    bench.point_at("two")
    assert "newer version" in bench.list.currentItem().text()
    assert not bench.button("Use this model").isEnabled()


def test_that_the_speed_is_measured_on_this_machine(bench: Bench) -> None:
    bench.button("Measure").click()
    bench.qtbot.waitUntil(lambda: bench.panel.speed.endswith("ms for a new box"), timeout=20000)
    assert float(bench.panel.speed.split()[0]) > 0
    assert bench.button("Measure").isEnabled()


def test_that_the_speed_is_said_again_once_something_else_has_failed(bench: Bench, tmp_path: Path) -> None:
    assert bench.panel.speed == "not measured"
    bench.button("Measure").click()
    assert bench.panel.speed == "measuring…"
    bench.qtbot.waitUntil(lambda: bench.panel.speed.endswith("ms for a new box"), timeout=20000)
    told = bench.panel.speed
    bench.asks.package = tmp_path / "nothing"
    bench.panel.folder_import_requested.emit()
    assert bench.panel.speed == "installing…"
    bench.qtbot.waitUntil(lambda: bool(bench.errors), timeout=20000)
    assert bench.panel.speed == told
    bench.refresh()  # the same model answers
    assert bench.panel.speed == told


def _to_import(installed: Path, tmp_path: Path) -> Path:
    source = tmp_path / "three"
    shutil.copytree(installed / "two", source)
    rewrite_manifest(source, read_manifest(source) | {"name": "three"})
    return source


def test_that_an_imported_package_is_listed_and_not_used_yet(bench: Bench, installed: Path, tmp_path: Path) -> None:
    bench.asks.package = _to_import(installed, tmp_path)
    bench.panel.folder_import_requested.emit()
    bench.qtbot.waitUntil(lambda: bench.list.count() == 4, timeout=20000)
    assert bench.inference.choice == ModelChoice("one")
    assert (paths.user_data_dir() / "models" / "three").is_dir()


def test_that_nothing_is_installed_without_consent(bench: Bench, installed: Path, tmp_path: Path) -> None:
    bench.asks.package, bench.asks.agrees = _to_import(installed, tmp_path), False
    bench.panel.folder_import_requested.emit()
    bench.refresh()
    assert bench.list.count() == 3


@pytest.mark.parametrize("asked", [False, True])
def test_that_the_fastest_package_is_found_when_nobody_waits_and_not_changed_amid_work(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, study: Study, asked: bool
) -> None:
    monkeypatch.setattr(fastest, "milliseconds", lambda pair: {"one": 9.0, "two": 3.0}[pair.manifest.name])
    monkeypatch.setattr(fastest, "_BUDGET_S", 3600.0)  # whatever else the machine is doing
    bench.inference.choose(ModelChoice(""))
    bench.refresh()
    assert bench.used[-1].name == "one"
    if asked:
        bench.inference.answer(Request(study.volume, SliceKey(0, 4), Prompts(Box(14, 6, 38, 30))))
    bench.controller.settle()
    bench.qtbot.waitUntil(lambda: bench.jobs.is_idle, timeout=20000)
    assert bench.used[-1].name == ("one" if asked else "two")
    assert fastest.fastest_pair().manifest.name == "two"


def test_that_a_model_that_is_missing_is_told_of_once(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "models_dir", lambda: tmp_path / "none")
    bench.inference.choose(ModelChoice(""))
    bench.controller.refresh()
    bench.controller.settle()
    bench.qtbot.waitUntil(lambda: bench.jobs.is_idle, timeout=20000)
    assert len(bench.errors) == 1
