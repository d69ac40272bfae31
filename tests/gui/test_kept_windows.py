"""A display window is kept for images whose values are of the same scale; presets are called by their names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtWidgets import QApplication

from app.engine.geometry import Geometry
from app.engine.study import Study, StudySource
from app.engine.volume import Display, Volume
from app.engine.window import Window, opening_of
from app.gui.action_table import Need
from app.gui.actions import Actions
from app.gui.controllers.files import Read
from app.gui.controllers.looking import LookingController
from app.gui.controllers.navigate import NavigateController
from app.gui.controllers.preferences import PreferencesController
from app.gui.document import Document
from app.gui.settings import WINDOWS, Language, Settings
from app.gui.translation import install_translator
from app.gui.view_state import ViewState

_LUNG, _PRESETS = 2, range(10)


class Desk:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.document, self.state, self.actions = Document(), ViewState(), Actions()
        self.navigate = NavigateController(self.state, self.document)
        self.looking = LookingController(self.actions, self.navigate, self.state, self.document, lambda: None)
        self.preferences = PreferencesController(settings, self.state, self.document)

    def open(self, volume: Volume) -> Window:
        """Through which window it is seen then."""
        study = Study(volume, StudySource("image.nii.gz", ""))
        read = Read(study, opening_of(volume), None, None)
        self.document.open(study)
        self.actions.refresh(frozenset({Need.STUDY}))
        self.navigate.begin(read.opening)
        self.preferences.show_as_before(read)
        return self.state.looks.window

    def titles(self) -> list[str]:
        """What the presets that are offered are called."""
        actions = [self.actions[f"view.preset_{n}"] for n in _PRESETS]
        return [action.text() for action in actions if action.isVisible()]

    def checked(self) -> list[str]:
        actions = [self.actions[f"view.preset_{n}"] for n in _PRESETS]
        return [action.text() for action in actions if action.isChecked()]


@pytest.fixture
def desk(qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    yield Desk(Settings(tmp_path / "settings.ini"))
    install_translator(qapp, Language.ENGLISH)


def volume_of(
    values: NDArray[np.generic], modality: str = "", unit: str = "", display: Display | None = None
) -> Volume:
    return Volume(values, Geometry.of_pixels((4, 10, 10)), modality=modality, unit=unit, display=display or Display())


def ct(*, modality: str = "", unit: str = "", display: Display | None = None) -> Volume:
    """Air around a body."""
    values = np.full((4, 10, 10), -1000, np.int16)
    values[:, 2:8, 2:8] = np.arange(-100, 188, 2, dtype=np.int16).reshape(4, 6, 6)
    return volume_of(values, modality, unit, display)


def mr(highest: float, modality: str = "") -> Volume:
    return volume_of(np.linspace(0, highest, 400, dtype=np.float32).reshape(4, 10, 10), modality)


def test_that_a_window_is_kept_for_the_next_image_in_hounsfield_units(desk: Desk) -> None:
    desk.open(ct())
    desk.navigate.apply_preset(_LUNG)
    assert desk.open(ct(modality="CT", unit="HU")) == Window(-600, 1500)
    desk.navigate.apply_preset(0)
    assert desk.state.looks.window == Window(40, 400)


def test_that_the_files_own_window_goes_before_the_one_kept(desk: Desk) -> None:
    desk.open(ct())
    desk.navigate.apply_preset(_LUNG)
    assert desk.open(ct(display=Display(level=30, width=90))) == Window(30, 90)


def test_that_a_window_is_not_kept_for_values_of_no_known_scale(desk: Desk) -> None:
    desk.open(ct())
    desk.navigate.set_window(Window(-600, 1500))
    own = desk.open(mr(3000))
    assert own.high > 2900
    desk.navigate.set_window(Window(10, 20))
    assert desk.open(mr(3000)) == own


def test_that_a_window_is_not_kept_for_another_unit_of_the_same_modality(desk: Desk) -> None:
    desk.open(volume_of(np.linspace(0, 40000, 400).reshape(4, 10, 10), "PT", "Bq/ml"))
    desk.navigate.set_window(Window(10000, 20000))
    assert desk.open(volume_of(np.linspace(0, 9, 400).reshape(4, 10, 10), "PT", "SUV")).high < 10


def test_that_opening_an_image_is_no_choice_of_its_window(desk: Desk) -> None:
    first, second = mr(1000, "MR"), mr(3000, "MR")
    windows = [desk.open(volume) for volume in (first, second, first)]
    assert windows[0] == windows[2] != windows[1]
    assert desk.settings.get(WINDOWS) == {}


def test_that_presets_are_called_by_their_names_for_the_image_that_is_open(desk: Desk) -> None:
    generic = desk.titles()
    assert len(generic) == len(_PRESETS)
    desk.open(ct())
    assert desk.titles()[:3] == ["Chosen from the values", "Soft tissue", "Lung"]
    desk.open(ct(display=Display(level=30, width=90)))
    assert desk.titles()[0] == "As the file says"
    desk.open(volume_of(np.zeros((4, 10, 10, 3), np.uint8)))
    assert desk.titles() == ["Chosen from the values"]
    desk.document.open(None)
    assert desk.titles() == generic


def test_that_presets_are_named_in_the_language_of_the_window(desk: Desk, qapp: QApplication) -> None:
    install_translator(qapp, Language.GERMAN)
    desk.open(ct())
    assert desk.titles()[1:3] == ["Weichteile", "Lunge"]


def test_that_the_preset_that_is_seen_is_ticked(desk: Desk) -> None:
    desk.open(ct())
    assert desk.checked() == ["Chosen from the values", "Soft tissue"]
    for _ in range(2):  # the second time nothing changes
        desk.actions["view.preset_2"].trigger()
        assert desk.checked() == ["Lung"]
    desk.navigate.set_window(Window(1, 2))
    assert desk.checked() == []
