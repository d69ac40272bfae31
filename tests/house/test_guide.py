"""The user guide says what the program has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.gui.action_table import ACTIONS
from app.gui.controllers.exporting import SURFACES
from app.gui.dialogs.guide import anchor_of
from tests.bench.guide_keys import GUIDE, HEADING, chapter
from tests.bench.guide_pictures import SCENES

_FOLDER = GUIDE.parent
_LARGEST, _LARGEST_TOGETHER = 150_000, 2_500_000  # bytes
_KEYS = {spec.text: spec.keys for spec in ACTIONS}


@pytest.fixture(scope="module")
def guide() -> str:
    return GUIDE.read_text(encoding="utf-8")


def test_that_every_picture_is_there_and_every_one_is_shown(guide: str) -> None:
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", guide)
    assert sorted(shown) == sorted(path.name for path in _FOLDER.glob("*.png"))


def test_that_every_picture_has_a_caption(guide: str) -> None:
    pictures = re.findall(r"^!\[.*$", guide, re.MULTILINE)
    captioned = re.findall(r"^!\[.*\n\n\*[^*\n]+\*$", guide, re.MULTILINE)
    assert len(captioned) == len(pictures) > 15


def test_that_every_picture_is_taken_by_the_script(guide: str) -> None:
    source = Path(SCENES["welcome"].__code__.co_filename).read_text(encoding="utf-8")
    assert [path.stem for path in _FOLDER.glob("*.png") if f'"{path.stem}"' not in source] == []


def test_that_pictures_are_small() -> None:
    sizes = [path.stat().st_size for path in _FOLDER.glob("*.png")]
    assert max(sizes) <= _LARGEST
    assert sum(sizes) <= _LARGEST_TOGETHER


def test_that_links_lead_to_headings(guide: str) -> None:
    anchors = {anchor_of(heading) for heading in re.findall(r"^#+ (.+)$", guide, re.MULTILINE)}
    links = re.findall(r"(?<!!)\[[^\]\n]+\]\(([^)]+)\)", guide)
    assert links
    assert [link for link in links if link.removeprefix("#") not in anchors or not link.startswith("#")] == []


def test_that_the_keys_are_those_of_the_profiles(guide: str) -> None:
    assert guide[guide.index(HEADING) :] == chapter()


def test_that_keys_in_the_text_are_the_keys_of_their_actions(guide: str) -> None:
    stated = re.findall(r"\*\*([^*]+)\*\* \((`[^)]*)\)", guide[: guide.index(HEADING)])
    named = [(action, set(re.findall(r"`([^`]+)`", keys))) for action, keys in stated if action in _KEYS]
    assert len(named) > 40
    assert [(action, keys) for action, keys in named if not keys & set(_KEYS[action])] == []


def test_that_every_action_is_spoken_of(guide: str) -> None:
    assert [spec.id for spec in ACTIONS if spec.text.split("{")[0] not in guide] == []


def test_that_every_format_of_surfaces_is_named(guide: str) -> None:
    assert [form for form in SURFACES if form.upper() not in guide] == []


def test_that_the_readme_leads_to_the_guide(project_root: Path) -> None:
    assert "(resources/guide/guide.md)" in (project_root / "README.md").read_text(encoding="utf-8")
