"""Whether the version that everything carries is the one that the change log speaks of.

`app.__version__` is what About, files, packages and metadata say; `CHANGELOG.md` is what About shows as "What is new".
Its newest heading is `## X.Y.Z (unreleased)` while that version is worked on, and `## X.Y.Z (YYYY-MM-DD)` from the day
on which it is published.
"""

from __future__ import annotations

import re

_NUMBERS = re.compile(r"\d+\.\d+\.\d+")  # what Windows, macOS and Debian all order alike
_HEADING = re.compile(r"^## (?P<version>\S+) \((?P<state>unreleased|\d{4}-\d\d-\d\d)\)$")


def faults_of_version(changes: str, version: str, tag: str = "") -> list[str]:
    """What is wrong with a version and a change log, one sentence each; empty where all is well.

    `tag` is the one that is about to be published, or empty: then the newest version may be unfinished.
    """
    wrong = []
    if not _NUMBERS.fullmatch(version):
        wrong.append(f"the version {version} is not three numbers, so systems do not agree on what is newer")
    heading = next((line.rstrip() for line in changes.splitlines() if line.startswith("## ")), "")
    found = _HEADING.match(heading)
    if found is None:
        return [*wrong, f"CHANGELOG.md begins with {heading!r}, not with ## X.Y.Z (unreleased) or (YYYY-MM-DD)"]
    if found["version"] != version:
        wrong.append(f"CHANGELOG.md begins with {found['version']}, the application is {version}")
    if tag and tag != f"v{version}":
        wrong.append(f"the tag {tag} is not v{version}")
    if tag and found["state"] == "unreleased":
        wrong.append(f"CHANGELOG.md calls {found['version']} unreleased; a tag needs its date")
    return wrong
