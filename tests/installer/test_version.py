"""One version: what the application says of itself, and what its change log says."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import __version__
from installer.build import main as build
from installer.version import faults_of_version

_UNFINISHED = "# Changelog\n\n## 1.2.0 (unreleased)\n\n- New.\n\n## 1.1.0 (2026-01-31)\n\n- Old.\n"
_FINISHED = _UNFINISHED.replace("unreleased", "2026-03-01")


def test_that_the_application_is_what_its_change_log_speaks_of(project_root: Path) -> None:
    assert faults_of_version((project_root / "CHANGELOG.md").read_text(encoding="utf-8"), __version__) == []


@pytest.mark.parametrize(("changes", "tag"), [(_UNFINISHED, ""), (_FINISHED, ""), (_FINISHED, "v1.2.0")])
def test_that_a_version_is_built_before_it_is_finished_and_published_when_it_is(changes: str, tag: str) -> None:
    assert faults_of_version(changes, "1.2.0", tag) == []


@pytest.mark.parametrize(
    ("changes", "version", "tag", "said"),
    [
        (_UNFINISHED, "1.1.0", "", "begins with 1.2.0, the application is 1.1.0"),
        (_UNFINISHED, "1.2.0", "v1.2.0", "calls 1.2.0 unreleased"),
        (_FINISHED, "1.2.0", "v1.3.0", "the tag v1.3.0 is not v1.2.0"),
        (_FINISHED, "1.2.0", "1.2.0", "the tag 1.2.0 is not v1.2.0"),
        (_FINISHED.replace("1.2.0", "1.2.0rc1"), "1.2.0rc1", "", "1.2.0rc1 is not three numbers"),
        ("# Changelog\n\n## Unreleased\n\n- New.\n", "1.2.0", "", "begins with '## Unreleased'"),
        ("", "1.2.0", "", "begins with ''"),
    ],
)  # fmt: skip
def test_that_a_version_in_doubt_is_named(changes: str, version: str, tag: str, said: str) -> None:
    (sentence,) = faults_of_version(changes, version, tag)
    assert said in sentence


def test_that_nothing_is_built_for_a_tag_of_another_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "out"
    assert build(["--output", str(output), "--tag", "v0.0.0"]) == 1
    assert f"the tag v0.0.0 is not v{__version__}" in capsys.readouterr().err
    assert not output.exists()
