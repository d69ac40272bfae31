"""The list of parts (SBOM) in CycloneDX 1.5: what is in the bundle, which version, under which licence."""

from __future__ import annotations

import json
import os
import platform
import sys
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

from app import __version__
from installer.distributions import licence_of
from installer.parts import parts_of

_NAMESPACE = uuid.UUID("6f0d1c5e-5d0b-4f0e-9f65-5b1d0f3a9c21")  # ours, so that equal lists have equal numbers


@dataclass(frozen=True)
class SystemPackage:
    """A package of the Linux distribution whose libraries travel in the bundle."""

    name: str
    version: str
    distribution: str  # debian, ubuntu


def write_sbom(path: Path, distributions: Sequence[Distribution], system: Iterable[SystemPackage]) -> None:
    """Write the list; the same parts always give the same file."""
    parts = [_python(), *(_wheel(found) for found in distributions), *(_system(package) for package in system)]
    main = {
        "type": "application", "bom-ref": "swiftmedsam", "name": "SwiftMedSAM", "version": __version__,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }  # fmt: skip
    content: dict[str, Any] = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"timestamp": _moment(), "component": main,
                     "properties": [{"name": "platform", "value": f"{sys.platform}-{platform.machine()}"}]},
        "components": parts,
        "dependencies": [{"ref": "swiftmedsam", "dependsOn": sorted(part["bom-ref"] for part in parts)}],
    }  # fmt: skip
    number = uuid.uuid5(_NAMESPACE, json.dumps(content, sort_keys=True))
    content["serialNumber"] = f"urn:uuid:{number}"
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _moment() -> str:
    """When the sources were committed, where the environment says so; else now."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(int(seconds), UTC) if seconds else datetime.now(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _python() -> dict[str, Any]:
    number = sys.version.split()[0]
    address = f"pkg:generic/cpython@{number}"
    return _part("library", "CPython", number, address, "PSF-2.0") | _contents(address, "CPython")


def _wheel(found: Distribution) -> dict[str, Any]:
    name = found.name.lower().replace("_", "-")
    address = f"pkg:pypi/{name}@{found.version}"
    return _part("library", found.name, found.version, address, licence_of(found)) | _contents(address, found.name)


def _system(package: SystemPackage) -> dict[str, Any]:
    address = f"pkg:deb/{package.distribution}/{package.name}@{package.version.replace('+', '%2B')}"
    return _part("library", package.name, package.version, address, "")


def _contents(address: str, name: str) -> dict[str, Any]:
    """The libraries inside a part, which have no address of their own."""
    found = []
    for part in parts_of(name):
        entry: dict[str, Any] = {"type": "library", "bom-ref": f"{address}#{part.name}", "name": part.name}
        if part.version:
            entry["version"] = part.version
        if part.licence:
            entry["licenses"] = [{"license": {"name": part.licence}}]
        found.append(entry)
    return {"components": found} if found else {}


def _part(kind: str, name: str, number: str, address: str, licence: str) -> dict[str, Any]:
    part: dict[str, Any] = {"type": kind, "bom-ref": address, "name": name, "version": number, "purl": address}
    if licence:
        part["licenses"] = [{"license": {"name": licence}}]
    return part
