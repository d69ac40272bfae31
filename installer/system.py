"""Libraries of the Linux distribution that travel in the bundle: whose they are, under which licence."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from installer.distributions import bundled_distributions
from installer.sbom import SystemPackage, write_sbom
from installer.stage import write_licence

_COPYRIGHTS = Path("/usr/share/doc")


def add_system_packages(libraries: Path) -> None:
    """Write their licences and the complete list of parts into the bundle's folder of libraries."""
    packages = list(_packages(libraries))
    licences = libraries / "app" / "bundled" / "resources" / "licences"
    for package in packages:
        text = (_COPYRIGHTS / package.name / "copyright").read_text(encoding="utf-8", errors="replace")
        write_licence(licences, f"{package.name} {package.version.replace('/', '_')}", "as listed", text)
    write_sbom(libraries / "app" / "bundled" / "sbom.cdx.json", bundled_distributions(), packages)


def system_libraries(libraries: Path) -> list[str]:
    """Names of the libraries at the top of the bundle that belong to no wheel and not to Python."""
    files = (file for file in libraries.glob("lib*.so*") if not file.is_symlink())
    return sorted(file.name for file in files if not re.match(r"libpython", file.name))


def glibc_floor(application: Path) -> str:
    """The oldest version of glibc that every file of a bundle can be loaded with, such as 2.28."""
    newest = (0, 0)
    for file in sorted(application.rglob("*")):
        if file.is_file() and not file.is_symlink() and file.open("rb").read(4) == b"\x7fELF":
            text = subprocess.run(["readelf", "-V", str(file)], capture_output=True, text=True, check=True).stdout
            found = re.findall(r"\bGLIBC_(\d+)\.(\d+)", text)
            newest = max([newest, *((int(major), int(minor)) for major, minor in found)])
    return f"{newest[0]}.{newest[1]}"


def _packages(libraries: Path) -> Iterator[SystemPackage]:
    if shutil.which("dpkg-query") is None:
        raise FileNotFoundError("the packages of the bundled libraries cannot be told: there is no dpkg-query")
    distribution = platform.freedesktop_os_release().get("ID", "linux")
    names = system_libraries(libraries)
    owners = _owners(names)
    for name in names:
        if name not in owners:
            raise FileNotFoundError(f"{name} is in the bundle, but no package of the system has it")
    for owner in sorted(set(owners.values())):
        number = _ask("dpkg-query", "--show", "--showformat=${Version}\n", owner).splitlines()[0]
        yield SystemPackage(owner, number, distribution)


def _owners(names: Iterable[str]) -> dict[str, str]:
    """The package of each library that any package has; all are asked for at once, since each question takes long."""
    patterns = [f"*/{name}" for name in names]
    owners: dict[str, str] = {}
    for line in _ask("dpkg-query", "--search", *patterns).splitlines() if patterns else ():
        packages, _, file = line.partition(": ")
        if not packages.startswith("diversion"):
            owners.setdefault(file.rpartition("/")[2], packages.split(",")[0].split(":")[0])
    return owners


def _ask(*command: str) -> str:
    """What a tool prints, also where it could not answer for all that it was asked."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
