"""What style asks of every file and what no linter of ours counts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_PRODUCT = sorted([*(_ROOT / "app").rglob("*.py"), *(_ROOT / "convert").rglob("*.py")])
_TESTS = sorted((_ROOT / "tests").rglob("*.py"))

_FILE_LINES = 400
_FUNCTION_LINES = 60
_CLASS_METHODS = 25


def name_of(path: Path) -> str:
    return path.relative_to(_ROOT).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("path", _PRODUCT, ids=name_of)
def test_that_files_functions_and_classes_fit_their_limits(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= _FILE_LINES
    for function in functions(path):
        assert function.end_lineno is not None
        assert function.end_lineno - function.lineno < _FUNCTION_LINES, function.name
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef):
            methods = [child for child in node.body if isinstance(child, ast.FunctionDef)]
            assert len(methods) <= _CLASS_METHODS, node.name


@pytest.mark.parametrize("path", _PRODUCT, ids=name_of)
def test_that_nothing_is_left_for_later(path: Path) -> None:
    unfinished = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
    found = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if unfinished.search(line)]
    assert not found


@pytest.mark.parametrize("path", _TESTS, ids=name_of)
def test_that_tests_are_named_for_the_behaviour(path: Path) -> None:
    vague = re.compile(r"_(works|correctly|as_expected|properly)(_|$)")
    tests = [function.name for function in functions(path) if function.name.startswith("test")]
    assert [name for name in tests if not name.startswith("test_that_") or vague.search(name)] == []


def test_that_the_contracts_of_who_imports_whom_are_checked_exhaustively() -> None:
    text = (_ROOT / "pyproject.toml").read_text(encoding="utf-8")
    layers = re.findall(r'containers = \["(app(?:\.engine)?)"\].*?exhaustive = true', text, re.DOTALL)
    assert layers == ["app", "app.engine"]
