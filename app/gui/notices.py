"""Licence texts of the program and of what it runs on, as they are installed; what is new in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app import paths

if TYPE_CHECKING:
    from importlib.metadata import Distribution


_PROGRAM = "swiftmedsam"
_LICENCE_FILE = re.compile(r"^(licen[cs]e|copying|notice|authors)", re.IGNORECASE)
_REQUIRED = re.compile(r"^[A-Za-z0-9._-]+")
_LONG = 60  # characters: a licence's name; more is its text in the wrong field
_NO_TEXT = "The installed package brings no licence text."


@dataclass(frozen=True)
class Notice:
    """What travels with the program: its name, the name of its licence where that is known, and the texts."""

    name: str
    licence: str
    text: str


def installed_notices() -> tuple[Notice, ...]:
    """The program first, then its resources, then the libraries it needs, by name."""
    libraries = sorted(_libraries(), key=lambda notice: notice.name.casefold())
    own = (_of_distribution(each) for each in _found(_PROGRAM))
    return (*own, *_resources(), *libraries)


def changelog() -> str:
    """What is new in each version, in Markdown; empty where the installation has not brought it."""
    resources = paths.resources_dir()
    places = (resources / "CHANGELOG.md", resources.parent / "CHANGELOG.md")  # frozen, and in a checkout
    return next((place.read_text(encoding="utf-8") for place in places if place.is_file()), "")


def releases_page() -> str:
    """Address of the page where newer versions are found, `urls.Releases` of pyproject.toml; or empty."""
    for found in _found(_PROGRAM):
        for line in found.metadata.get_all("Project-URL") or ():
            label, _, address = line.partition(",")
            if label.strip().lower() == "releases" and address.strip().startswith("https://"):
                return str(address.strip())
    return ""


def _resources() -> Iterator[Notice]:
    resources = paths.resources_dir()
    files = [resources / "NOTICE.md", resources / "samples" / "LICENCES.md", *paths.models_dir().glob("*/CARD.md")]
    for file in files:
        if file.is_file():
            yield Notice(f"{file.parent.name}/{file.name}", "", file.read_text(encoding="utf-8", errors="replace"))
    # A frozen application brings what no wheel does: the licence's name, a blank line, the text.
    for file in sorted((resources / "licences").glob("*.txt")):
        licence, _, text = file.read_text(encoding="utf-8", errors="replace").partition("\n\n")
        yield Notice(file.stem, licence, text)


def _libraries() -> Iterator[Notice]:
    """What the program requires, and what that requires, as far as it is installed; optional parts left out."""
    waiting, seen = [_PROGRAM], {_PROGRAM}
    while waiting:
        for found in _found(waiting.pop()):
            if found.name.lower() != _PROGRAM:
                yield _of_distribution(found)
            for requirement in found.requires or ():
                name = _REQUIRED.match(requirement)
                if name is None or "extra ==" in requirement or _key(name.group()) in seen:
                    continue
                seen.add(_key(name.group()))
                waiting.append(name.group())


def _found(name: str) -> Iterator[Distribution]:
    from importlib.metadata import PackageNotFoundError, distribution  # brings e-mail and sockets along

    try:
        yield distribution(name)
    except PackageNotFoundError:  # run from a checkout, or a requirement of another system
        return


def _of_distribution(found: Distribution) -> Notice:
    metadata = found.metadata
    licence = next((metadata[field] for field in ("License-Expression", "License") if field in metadata), "")
    if not licence or len(licence) > _LONG or "\n" in licence:
        classifiers = metadata.get_all("Classifier") or []
        named = [line.rsplit(" :: ", 1)[-1] for line in classifiers if line.startswith("License :: ")]
        licence = ", ".join(named)
    names = [file for file in found.files or () if _LICENCE_FILE.match(file.name) and file.suffix != ".py"]
    files = [file for file in (Path(str(name.locate())) for name in names) if file.is_file()]
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in files]
    return Notice(f"{found.name} {found.version}", licence, "\n\n".join(texts) or _NO_TEXT)


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
