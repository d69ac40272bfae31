"""The Python packages that travel in the frozen application, with what their wheels say and bring of licences."""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from collections.abc import Collection, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app import __version__

ROOT = Path(__file__).resolve().parents[1]

# Asked for by metadata, not by code: telemetry is stopped, VTK draws no plots for us.
_NOT_BUNDLED = frozenset({"openvino-telemetry", "matplotlib"})
_LICENCE_FILE = re.compile(r"^(licen[cs]e|copying|notice|authors)|third-party", re.IGNORECASE)
_LONG = 60  # characters: a licence's name; more is its text in the wrong field


def project() -> dict[str, Any]:
    """The table `project` of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def bundled_distributions() -> list[Distribution]:
    """What the application runs on, by name. Raises PackageNotFoundError."""
    return required_distributions(_NOT_BUNDLED)


def required_distributions(without: Collection[str] = ()) -> list[Distribution]:
    """What metadata say that the application requires, directly or not, on this system, but for these and theirs."""
    waiting, found = list(project()["dependencies"]), dict[str, Distribution]()
    while waiting:
        requirement = Requirement(waiting.pop())
        name = canonicalize_name(requirement.name)
        if name in found or name in without or not _applies(requirement):
            continue
        found[name] = distribution(requirement.name)
        waiting += found[name].requires or ()
    return [found[name] for name in sorted(found)]


def licence_of(found: Distribution) -> str:
    """The name of a distribution's licence, as its metadata have it."""
    metadata = found.metadata
    name = next((metadata[field] for field in ("License-Expression", "License") if field in metadata), "")
    if name and len(name) <= _LONG and "\n" not in name:
        return str(name)
    classifiers = metadata.get_all("Classifier") or []
    return ", ".join(line.rsplit(" :: ", 1)[-1] for line in classifiers if line.startswith("License :: "))


def licence_files(found: Distribution) -> Iterator[tuple[str, Path]]:
    """Texts of licences that a wheel brings: their names below its folder of metadata, and the files."""
    for file in found.files or ():
        if file.suffix != ".py" and _LICENCE_FILE.search(file.name) and ".dist-info" in file.parts[0]:
            path = Path(str(file.locate()))
            if path.is_file():
                yield "/".join(file.parts[1:]), path


def copy_metadata(found: Distribution, target: Path) -> None:
    """A folder of metadata and licences alone, by which `importlib.metadata` finds the distribution in the bundle."""
    folder = target / f"{found.name}-{found.version}.dist-info"
    folder.mkdir(parents=True)
    names = ["METADATA"]
    (folder / "METADATA").write_text(found.read_text("METADATA") or "", encoding="utf-8")
    for name, file in licence_files(found):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / name)
        names.append(name)
    _write_record(folder, names)


def write_own_metadata(target: Path, releases: str = "") -> None:
    """The same for the application itself; `releases` takes the place of the project's own address of that name."""
    about = project()
    addresses = dict(about.get("urls", {})) | ({"Releases": releases} if releases else {})
    folder = target / f"swiftmedsam-{__version__}.dist-info"
    (folder / "licenses").mkdir(parents=True)
    lines = [
        "Metadata-Version: 2.4", "Name: swiftmedsam", f"Version: {__version__}", f"Summary: {about['description']}",
        f"License-Expression: {about['license']}", *(f"Requires-Dist: {line}" for line in about["dependencies"]),
        *(f"Project-URL: {name}, {address}" for name, address in addresses.items()),
    ]  # fmt: skip
    (folder / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name in ("LICENSE", "NOTICE"):
        shutil.copyfile(ROOT / name, folder / "licenses" / name)
    _write_record(folder, ["METADATA", "licenses/LICENSE", "licenses/NOTICE"])


def python_licence() -> str:
    """The licence of the interpreter, which travels too. Raises FileNotFoundError."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    prefix = Path(sys.base_prefix)
    places = (
        prefix / "LICENSE.txt", prefix / "LICENSE", prefix / "lib" / version / "LICENSE.txt",
        prefix / "Resources" / "English.lproj" / "Documentation" / "LICENSE",
        Path("/usr/share/doc") / version / "copyright",
    )  # fmt: skip
    for place in places:
        if place.is_file():
            return place.read_text(encoding="utf-8", errors="replace")
    raise FileNotFoundError(f"no licence of Python lies in {prefix}")


def _applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def _write_record(folder: Path, names: list[str]) -> None:
    lines = [f"{folder.name}/{name},," for name in (*names, "RECORD")]
    (folder / "RECORD").write_text("\n".join(lines) + "\n", encoding="utf-8")
