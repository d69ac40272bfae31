"""Which libraries of a bundle anything in it needs: what a plugin brought that was left out goes with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

Entry: TypeAlias = tuple[str, str, str]  # name in the bundle, file, kind: a line of the freezer's tables

_LOADED_BY_NAME = ("/plugins/", "openvino/libs/")  # nothing links to these


def needed(entries: Iterable[Entry], links_of: Callable[[str], Iterable[str]]) -> list[Entry]:
    """The entries without libraries that neither a module of Python nor a plugin needs, directly or through others.

    `links_of(file)` gives the names of the libraries that a file is linked to. Links in the bundle stay where their
    target does.
    """
    table = list(entries)
    by_name = {_name(entry): entry for entry in table if entry[2] == "BINARY" and not _is_root(entry)}
    kept: set[str] = set()
    waiting = [entry[1] for entry in table if entry[2] != "SYMLINK" and _is_root(entry)]
    while waiting:
        for link in links_of(waiting.pop()):
            if link in by_name and link not in kept:
                kept.add(link)
                waiting.append(by_name[link][1])
    return [entry for entry in table if _name(entry) not in by_name or _name(entry) in kept]


def _is_root(entry: Entry) -> bool:
    name = entry[0].replace("\\", "/")
    return entry[2] != "BINARY" or any(part in f"/{name}" for part in _LOADED_BY_NAME) or "python" in _name(entry)


def _name(entry: Entry) -> str:
    return entry[0].replace("\\", "/").rsplit("/", 1)[-1]
