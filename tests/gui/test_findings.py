from __future__ import annotations

import ast
from pathlib import Path

from PySide6.QtWidgets import QLabel, QListWidget
from pytestqt.qtbot import QtBot

from app.engine.measure import APPROXIMATE
from app.engine.volume import Finding
from app.gui.panels.findings import MEANINGS, FindingsBadge, FindingsPanel

_READERS = Path(__file__).resolve().parents[2] / "app" / "engine" / "io"
_TILTED = Finding("gantry-tilt", "the stack is slanted by 12 degrees")


def codes_of(call: ast.Call) -> set[str]:
    """The codes that the first argument may have; it may be a choice of two."""
    values = (part.value for part in ast.walk(call.args[0]) if isinstance(part, ast.Constant))
    return {value for value in values if isinstance(value, str)}


def test_that_all_that_readers_find_is_explained() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in _READERS.rglob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Finding"]
    assert set().union(*map(codes_of, found)) == set(MEANINGS)


def test_that_what_makes_measures_approximate_is_said_to_concern_them() -> None:
    unmoved = {code for code in APPROXIMATE if "not affected" in MEANINGS[code]}
    assert unmoved == set()


def test_that_a_finding_is_told_with_what_it_means_for_measures(qtbot: QtBot) -> None:
    panel = FindingsPanel()
    qtbot.addWidget(panel)
    panel.set_findings([_TILTED, Finding("of-a-later-version", "something new")])
    texts = panel.findChild(QListWidget)
    assert texts is not None
    assert texts.item(0).text() == f"The stack is slanted by 12 degrees.\n{MEANINGS['gantry-tilt']}"
    assert texts.item(1).text() == "Something new."


def test_that_an_image_without_findings_says_so(qtbot: QtBot) -> None:
    panel = FindingsPanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.set_findings([_TILTED])
    panel.set_findings([])
    assert [label.isVisible() for label in panel.findChildren(QLabel) if "Nothing unusual" in label.text()] == [True]


def test_that_the_badge_counts_and_hides(qtbot: QtBot) -> None:
    badge = FindingsBadge()
    qtbot.addWidget(badge)
    badge.set_findings([_TILTED, _TILTED])
    assert (badge.isVisible(), badge.text()) == (True, "2 findings")
    badge.set_findings([])
    assert not badge.isVisible()
