"""What is in a bundle: its size by part beside what was installed, what is missing, what must not be there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from pathlib import Path

from installer import plan
from installer.distributions import required_distributions
from installer.parts import unnamed

_MEGABYTE = 1e6


def files_below(folder: Path) -> dict[str, int]:
    """Bytes by name of all files in a folder, links left out."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def size_by_component(files: Mapping[str, int]) -> Counter[str]:
    """Bytes by line of the size table."""
    sizes: Counter[str] = Counter()
    for name, size in files.items():
        sizes[plan.component_of(name)] += size
    return sizes


def installed_files() -> dict[str, int]:
    """Bytes by name of what an installation of the application by pip brings."""
    sizes: dict[str, int] = {}
    for each in required_distributions():
        for file in each.files or ():
            path = Path(str(file.locate()))
            if path.is_file() and "__pycache__" not in file.parts:
                sizes[file.as_posix()] = path.stat().st_size
    return sizes


def size_table(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    """Lines of text, in megabytes (10**6 bytes), largest first."""
    old, new = size_by_component(before), size_by_component(after)
    lines = [f"{'':20}{'installed':>12}{'bundled':>12}  MB"]
    for name in sorted(old | new, key=lambda name: -new[name]):
        lines.append(f"{name:20}{old[name] / _MEGABYTE:12.1f}{new[name] / _MEGABYTE:12.1f}")
    lines.append(f"{'all':20}{old.total() / _MEGABYTE:12.1f}{new.total() / _MEGABYTE:12.1f}  in {len(after)} files")
    return "\n".join(lines)


def oversize(files: Mapping[str, int], system: str) -> list[str]:
    """A sentence where a bundle has become larger than a bundle of this system should be; what may be new is named."""
    sizes = size_by_component(files)
    most = plan.LARGEST[system]
    if sizes.total() <= most * _MEGABYTE:
        return []
    parts = ", ".join(f"{name} {size / _MEGABYTE:.0f}" for name, size in sizes.most_common(4))
    return [f"the bundle has {sizes.total() / _MEGABYTE:.0f} MB, more than {most}: {parts}"]


def unmet_imports(warnings: str) -> list[str]:
    """Of the freezer's list of what it did not find: modules left out on purpose that something bundled cannot miss.

    Those that are imported inside a function or a `try` are missed by nobody until then, or never.
    """
    wrong = []
    for line in warnings.splitlines():
        found = re.match(r"excluded module named (\S+) - imported by (.*)", line)
        if found is None or found[1].startswith("_frozen_importlib"):
            continue
        by = [name for name in re.findall(r"([\w.]+) \(top-level\)", found[2]) if not name.startswith("PySide6")]
        if by:
            wrong.append(f"{found[1]} is left out, but {', '.join(by)} cannot be imported without it")
    return wrong


def faults(names: Iterable[str]) -> list[str]:
    """What is wrong with a bundle that holds files of these names, one sentence each; empty where all is well."""
    found = list(names)
    wrong = [
        f"{name} must not be in the bundle: {reason}"
        for pattern, reason in plan.FORBIDDEN.items()
        for name in found
        if re.search(pattern, name)
    ]
    wrong += [f"{name} is a library of others, but no licence in the bundle names it" for name in unnamed(found)]
    for pattern in plan.REQUIRED:
        if not any(fnmatch(name, pattern) for name in found):
            wrong.append(f"nothing in the bundle is called {pattern}")
    return wrong
