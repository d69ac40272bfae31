from __future__ import annotations

import argparse
import re
import tomllib
from pathlib import Path

from app.cli.parser import build_parser


def subcommands() -> set[str]:
    actions = build_parser()._actions
    return {name for action in actions if isinstance(action, argparse._SubParsersAction) for name in action.choices}


def test_that_the_readme_lists_exactly_the_commands_there_are(project_root: Path) -> None:
    table = re.findall(r"^\| `(\w+)[^`]*` \|", (project_root / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(table) == subcommands()


def test_that_files_named_in_the_readme_exist(project_root: Path) -> None:
    text = (project_root / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w/*.])(?:resources/[\w./]*\w|[A-Z]{4,}\.md|LICENSE|NOTICE)\b", text))
    assert "resources/samples/prompts.json" in named
    assert [name for name in named if not (project_root / name).exists()] == []


def test_that_every_dependency_has_its_reason(project_root: Path) -> None:
    project = tomllib.loads((project_root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    names = {re.split(r"[<>=]", line)[0] for lines in (project["dependencies"], *extras) for line in lines}
    decisions = (project_root / "DECISIONS.md").read_text(encoding="utf-8")
    table = decisions[decisions.index("## Dependencies") :]
    assert [name for name in sorted(names) if not re.search(rf"\b{re.escape(name)}\b", table)] == []


def test_that_every_model_package_has_a_card(project_root: Path) -> None:
    packages = [path.parent for path in (project_root / "models").glob("*/manifest.json")]
    assert [folder.name for folder in packages if not (folder / "CARD.md").is_file()] == []
