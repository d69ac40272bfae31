"""What users are told in the engine's name, gathered from the code: errors, reasons for files passed over, findings.

A sentence with {0}, {1} in the place of what differs from case to case, as an f-string has it. What is not written
where it is said (a variable, a table, another function's answer) is followed there, within the same folder.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_APP = Path(__file__).resolve().parents[2] / "app"
_FOLDERS = (_APP / "engine", _APP / "gui")  # the window raises errors of the engine's kinds, too
_UNSEEN = {"rehearsal.py"}  # what is told to whoever installs
_SAYS: dict[str, int | str] = {
    "unreadable": 1,
    "unwritable": 1,
    "Finding": 1,
    "Skipped": 1,
    "CaseResult": "message",
    "Preset": 0,
}  # which argument
_PYTHONS = {"ValueError", "TypeError", "KeyError", "RuntimeError", "OSError", "NotImplementedError", "EOFError"}
_NOT_SAID = {"OverflowError", "StoppedError"}
_NO_WORDS = {
    " or ",
    " and {0} more",
    "space directions",
    "space origin",
    "{0}: 'box'",
    "{0}: 'box3d'",
    "{0}: 'plane'",
}  # names of fields, bits
_DEEPEST = 6  # references that are followed


@dataclass
class _Module:
    """A file of the engine; functions and assigned values by name."""

    functions: dict[str, list[ast.FunctionDef]] = field(default_factory=lambda: defaultdict(list))
    tables: dict[str, list[ast.expr]] = field(default_factory=lambda: defaultdict(list))
    calls: list[tuple[ast.Call, ast.FunctionDef | None]] = field(default_factory=list)


@dataclass(frozen=True)
class _Place:
    module: _Module
    function: ast.FunctionDef | None
    depth: int = 0


def engine_sentences(*folders: Path) -> dict[str, str]:
    """Each sentence and where it is said first."""
    return {sentence: where for each in folders or _FOLDERS for sentence, where in _Gatherer(each).gathered().items()}


class _Gatherer:
    def __init__(self, folder: Path) -> None:
        paths = [path for path in sorted(folder.rglob("*.py")) if path.name not in _UNSEEN]
        self._trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}
        self._modules = {path: _indexed(tree) for path, tree in self._trees.items()}

    def gathered(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for path in self._trees:
            for call, function in self._modules[path].calls:
                argument = _said_by(call)
                if argument is not None:
                    for sentence in self._strings(argument, _Place(self._modules[path], function)):
                        found.setdefault(sentence, f"{path.name}:{call.lineno}")
        return {sentence: where for sentence, where in found.items() if _is_said(sentence)}

    def _strings(self, node: ast.expr, place: _Place) -> Iterator[str]:
        """What an expression may say, as far as the engine's code tells."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield template(node)
            for part in node.values:
                if isinstance(part, ast.FormattedValue) and part.format_spec is None:
                    yield from (each for each in self._followed(part.value, place) if " " in each)
        else:
            yield from self._followed(node, place)

    def _followed(self, node: ast.expr, place: _Place) -> Iterator[str]:
        if place.depth > _DEEPEST:
            return
        deeper = _Place(place.module, place.function, place.depth + 1)
        for each in self._said_elsewhere(node, deeper):
            yield from each

    def _said_elsewhere(self, node: ast.expr, place: _Place) -> Iterator[Iterator[str]]:
        if isinstance(node, ast.Name):
            values = _assigned(node.id, place) or self._given(node.id, place)
            yield from (self._strings(value, place) for value in values)
        elif isinstance(node, ast.Dict):  # its keys are looked up, not said
            yield from (self._strings(value, place) for value in node.values)
        elif isinstance(node, ast.Call):
            yield from self._called(node, place)
        else:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr) and not isinstance(node, ast.Compare):
                    yield self._strings(child, place)

    def _given(self, name: str, place: _Place) -> list[ast.expr]:
        """What the callers of a function give for one of its parameters."""
        function = place.function
        names = [] if function is None else [each.arg for each in function.args.args if each.arg != "self"]
        if function is None or name not in names:
            return []
        calls = [call for call, _ in place.module.calls if _name(call.func) == function.name]
        by_place = [call.args[names.index(name)] for call in calls if len(call.args) > names.index(name)]
        return by_place + [keyword.value for call in calls for keyword in call.keywords if keyword.arg == name]

    def _called(self, call: ast.Call, place: _Place) -> Iterator[Iterator[str]]:
        name = _name(call.func)
        if name in ("str", "replace", "join", "get"):
            told = [*call.args, *([call.func.value] if isinstance(call.func, ast.Attribute) else [])]
            yield from (self._strings(argument, place) for argument in told)
            return
        for module in (place.module, *(other for other in self._modules.values() if other is not place.module)):
            for function in module.functions.get(name, ())[:1]:
                inside = _Place(module, function, place.depth)
                for node in ast.walk(function):
                    if isinstance(node, ast.Return) and node.value is not None:
                        yield self._strings(node.value, inside)
                return


def template(node: ast.JoinedStr) -> str:
    """An f-string with numbers in the place of its values."""
    text, count = "", 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        else:
            text, count = f"{text}{{{count}}}", count + 1
    return text


def _indexed(tree: ast.Module) -> _Module:
    module = _Module()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            module.functions[node.name].append(node)
    for statement in tree.body:
        for name, value in _assignments(statement):
            module.tables[name].append(value)
    module.calls = list(_calls(tree, None))
    return module


def _calls(node: ast.AST, function: ast.FunctionDef | None) -> Iterator[tuple[ast.Call, ast.FunctionDef | None]]:
    """Every call, and the outermost function that it stands in."""
    for child in ast.iter_child_nodes(node):
        inside = function or (child if isinstance(child, ast.FunctionDef) else None)
        if isinstance(child, ast.Call):
            yield child, function
        yield from _calls(child, inside)


def _said_by(call: ast.Call) -> ast.expr | None:
    """The argument that a user may read, if there is one."""
    name = _name(call.func)
    where = _SAYS.get(name, 0 if name.endswith("Error") and name not in _PYTHONS | _NOT_SAID else None)
    if isinstance(where, str):
        return next((keyword.value for keyword in call.keywords if keyword.arg == where), None)
    return call.args[where] if where is not None and len(call.args) > where else None


def _assigned(name: str, place: _Place) -> list[ast.expr]:
    local = [] if place.function is None else list(ast.walk(place.function))
    values = [value for node in local for other, value in _assignments(node) if other == name]
    return values or place.module.tables.get(name, [])


def _assignments(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """What is assigned or appended to a name by one statement or expression."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            yield from ((each.id, node.value) for each in names if isinstance(each, ast.Name))
    elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
        if isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value
    elif isinstance(node, ast.For | ast.comprehension):
        yield from ((each.id, node.iter) for each in ast.walk(node.target) if isinstance(each, ast.Name))
    elif isinstance(node, ast.Call) and _name(node.func) == "append" and node.args:
        yield _name(node.func.value) if isinstance(node.func, ast.Attribute) else "", node.args[0]


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _is_said(text: str) -> bool:
    """Whether there is something to translate: a word, or two parts that may be sentences."""
    words = re.search(r"[a-z]{2,}", re.sub(r"\{\d\}", "", text))
    return text.count("{") > 1 or (words is not None and text not in _NO_WORDS)
