from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from app import paths
from app.engine.window import Window
from app.gui import settings as known
from app.gui.settings import ALL, Language, Setting, Settings, ThemeChoice
from app.gui.view_state import OverlayStyle

_OTHERS: dict[str, Any] = {  # for each setting a value that is not the default
    "language": Language.GERMAN,
    "theme": ThemeChoice.DARK,
    "key_profile": known.KeyProfile.ITK_SNAP,
    "recent": (Path("/a/Größe, 肝.nii.gz"), Path("/b")),
    "show_patient_data": True,
    "encode_ahead": False,
    "opacity": 0.5,
    "overlay_style": OverlayStyle.OUTLINE,
    "smooth": False,
    "brush_radius": 12.5,
    "model": "swift-int8",
    "device": "GPU",
    "batches": (Path("/a/night.swiftbatch"),),
    "windows": {"CT": Window(40.0, 400.0), "MR": Window(300.5, 700.25)},
    "folders": {"open": "/a/b; c=d"},
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "settings.ini"


def named(setting: Setting[Any]) -> str:
    return setting.key


def test_that_settings_lie_in_the_users_folder(qtbot: QtBot) -> None:
    settings = Settings()
    settings.set(known.OPACITY, 0.5)
    settings.sync()
    assert "opacity=0.5" in (paths.user_data_dir() / "settings.ini").read_text(encoding="utf-8")


def test_that_every_setting_is_obeyed_somewhere(project_root: Path) -> None:
    gui = project_root / "app" / "gui"
    asked = {gui / "settings.py", gui / "dialogs" / "preferences.py"}  # there it is only kept and asked for
    said = "\n".join(path.read_text(encoding="utf-8") for path in gui.rglob("*.py") if path not in asked)
    own = (gui / "settings.py").read_text(encoding="utf-8")
    names = {name for name, value in vars(known).items() if isinstance(value, Setting)}
    dead = {name for name in names if not re.search(rf"\b{name}\b", said) and own.count(f"get({name})") == 0}
    assert dead == set()


@pytest.mark.parametrize("setting", ALL, ids=named)
def test_that_a_value_is_there_after_the_next_start(setting: Setting[Any], file: Path) -> None:
    settings = Settings(file)
    settings.set(setting, _OTHERS[setting.key])
    settings.sync()
    assert settings.get(setting) == _OTHERS[setting.key]
    assert Settings(file).get(setting) == _OTHERS[setting.key] != setting.default


@pytest.mark.parametrize("setting", ALL, ids=named)
def test_that_the_default_is_not_stored(setting: Setting[Any], file: Path) -> None:
    settings = Settings(file)
    settings.set(setting, _OTHERS[setting.key])
    settings.reset(setting)
    settings.sync()
    assert setting.key not in (file.read_text(encoding="utf-8") if file.exists() else "")
    assert settings.get(setting) == setting.default


@pytest.mark.parametrize("setting", ALL, ids=named)
@pytest.mark.parametrize(
    "damaged",
    ["", "{", "null", "nan", "-1e999", "[[]]", '"\\u0000"', "[" * 5000, '{"CT": [1, 0]}', '{"CT": [1, NaN]}', "1, 2, 3",
     '{"CT": [1e400, "x"]}', f"1{'0' * 400}", f'{{"CT": [1{"0" * 400}, 1]}}', "@Invalid()", "@ByteArray(\\x00)", "[7]"],
)  # fmt: skip
def test_that_a_damaged_value_is_the_default(setting: Setting[Any], damaged: str, file: Path) -> None:
    file.write_text(f"[General]\n{setting.key}={damaged}\n", encoding="utf-8")
    assert Settings(file).get(setting) == setting.default


@given(st.binary(max_size=300))
def test_that_a_file_of_any_bytes_gives_values_of_the_right_kind(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.mktemp("any") / "settings.ini"
    file.write_bytes(b"[General]\nopacity=" + content)
    settings = Settings(file)
    assert 0.0 <= settings.get(known.OPACITY) <= 1.0
    assert isinstance(settings.get(known.THEME), ThemeChoice)


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [(known.OPACITY, 1.5), (known.OPACITY, float("nan")), (known.BRUSH_RADIUS, 0.0), (known.SMOOTH, "yes"),
     (known.MODEL, 7)],
)  # fmt: skip
def test_that_a_wrong_value_is_refused_and_changes_nothing(setting: Setting[Any], wrong: Any, file: Path) -> None:
    settings = Settings(file)
    with pytest.raises((ValueError, TypeError)):
        settings.set(setting, wrong)
    assert settings.get(setting) == setting.default


def test_that_a_change_is_told_once_and_no_change_never(file: Path) -> None:
    settings, heard = Settings(file), list[str]()
    settings.changed.connect(heard.append)
    settings.set(known.OPACITY, 0.5)
    settings.set(known.OPACITY, 0.5)
    settings.set(known.THEME, known.THEME.default)
    assert heard == ["opacity"]


def test_that_who_is_bound_hears_the_value_now_and_at_each_change(file: Path) -> None:
    settings, heard = Settings(file), list[float]()
    settings.bind(known.OPACITY, heard.append)
    settings.set(known.OPACITY, 0.5)
    settings.set(known.SMOOTH, False)
    settings.reset(known.OPACITY)
    assert heard == [0.35, 0.5, 0.35]


def test_that_recent_files_are_the_newest_twelve_that_exist(file: Path, tmp_path: Path) -> None:
    settings = Settings(file)
    names = [tmp_path / f"{n}.nii.gz" for n in range(15)]
    for name in names:
        name.touch()
        settings.add_recent(name)
    settings.add_recent(names[5])
    assert settings.recent() == (names[5], *reversed(names[6:]), names[4], names[3])[:12]
    names[14].unlink()
    assert names[14] not in settings.recent()


def test_that_a_folder_is_remembered_by_purpose_while_it_exists(file: Path, tmp_path: Path) -> None:
    settings = Settings(file)
    (tmp_path / "out").mkdir()
    settings.set_folder("save", tmp_path / "out")
    assert settings.folder("open") == ""
    assert settings.folder("save") == str(tmp_path / "out")
    (tmp_path / "out").rmdir()
    assert settings.folder("save") == ""


def test_that_windows_are_kept_by_modality_and_bounded_in_number(file: Path) -> None:
    settings = Settings(file)
    for n in range(100):
        settings.set_window(f"M{n}", Window(n, 10.0))
    settings.set_window("M50", Window(1.0, 2.0))
    stored = settings.get(known.WINDOWS)
    assert len(stored) == 64
    assert list(stored)[-1] == "M50"
    assert stored["M50"] == Window(1.0, 2.0)


def test_that_layouts_are_kept_byte_for_byte_apart_from_the_settings(file: Path) -> None:
    settings = Settings(file)
    layout = bytes(range(256))
    assert settings.layout("geometry") == b""
    settings.keep_layout("geometry", layout)
    settings.sync()
    assert Settings(file).layout("geometry") == layout
    assert "[window]" in file.read_text(encoding="utf-8")


def test_that_what_is_stored_is_one_line_of_json_for_each_setting(file: Path) -> None:
    settings = Settings(file)
    for setting in ALL:
        settings.set(setting, _OTHERS[setting.key])
    settings.sync()
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "[General]"
    assert {line.split("=")[0] for line in lines[1:] if line} == set(_OTHERS)
    assert json.loads(next(line for line in lines if line.startswith("opacity=")).removeprefix("opacity=")) == 0.5
