"""`models`: what is installed, whether it is whole, and how another package gets in."""

from __future__ import annotations

import argparse
import json
import sys

from app.engine.errors import ModelError
from app.engine.manifest import ModelManifest, broken_packages, import_package, list_packages


def run(arguments: argparse.Namespace) -> int:
    """List (1 where nothing usable is installed), verify (1 where something is damaged), or import."""
    actions = {"list": _list, "verify": _verify, "import": _import}
    return actions[arguments.action](arguments)


def _list(arguments: argparse.Namespace) -> int:
    packages, broken = list_packages(), broken_packages()
    if arguments.json:
        document = {
            "models": [_described(manifest) for manifest in packages],
            "broken": [{"folder": str(folder), "reason": reason} for folder, reason in broken],
        }
        print(json.dumps(document, indent=1, ensure_ascii=False))
    else:
        for manifest in packages:
            print(f"{manifest.name} {manifest.version} ({manifest.precision}, {manifest.licence}): {manifest.folder}")
    for _, reason in broken:
        print(reason, file=sys.stderr)
    if not packages:
        print("no model package is installed; `models import PATH` installs one", file=sys.stderr)
        return 1
    return 0


def _described(manifest: ModelManifest) -> dict[str, object]:
    return {
        "name": manifest.name,
        "version": manifest.version,
        "family": manifest.family,
        "licence": manifest.licence,
        "precision": manifest.precision,
        "input_size": manifest.size,
        "prompts": manifest.encoding,
        "sha256": manifest.digest,
        "folder": str(manifest.folder),
    }


def _verify(_arguments: argparse.Namespace) -> int:
    failures = [reason for _, reason in broken_packages()]
    packages = list_packages()
    for manifest in packages:
        try:
            manifest.verify()
        except ModelError as error:
            failures.append(str(error))
        else:
            print(f"{manifest.name} {manifest.version}: every file has its SHA-256")
    if not packages and not failures:
        failures.append("no model package is installed")
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def _import(arguments: argparse.Namespace) -> int:
    manifest = import_package(arguments.path)
    print(f"{manifest.name} {manifest.version} is installed in {manifest.folder}")
    return 0
