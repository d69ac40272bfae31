"""Model packages: the folder that the application loads, with its manifest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.engine.prompt_maps import CHANNELS
from app.engine.runtime import stop_reporting

stop_reporting()

import openvino as ov  # noqa: E402  (only after its reporting is stopped)

__all__ = ["FORMAT", "add_solid", "ov", "read_manifest", "sha256", "swift_fields", "write_manifest", "write_package"]

FORMAT = 1


def swift_fields(*, name: str, version: str, precision: str, size: int) -> dict[str, Any]:
    """The manifest's fields of a swift pair, but for files, self-test, training and accuracy."""
    return {
        "format": FORMAT,
        "name": name,
        "version": version,
        "family": "swift",
        "licence": "Apache-2.0",
        "precision": precision,
        "input": {"size": size, "channels": 3},
        "intensity": {"default": {"kind": "percentile", "low": 0.5, "high": 99.5}},
        "view": {"policy": "focus", "ratio": 1.5},
        "prompts": {"encoding": "maps", "size": size // 2, "channels": list(CHANNELS)},
        "thresholds": {"mask": 0.0, "present": 0.5, "doubtful": 0.75},
        "training": {},
        "accuracy": {},
    }


def write_package(
    folder: Path, fields: Mapping[str, Any], encoder: ov.Model, decoder: ov.Model, *, half: bool = True
) -> None:
    """Save both networks (weights in `half` precision) and `manifest.json` with their shapes and SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest = dict(fields)
    for part, model in (("encoder", encoder), ("decoder", decoder)):
        manifest[part] = _saved(folder, part, model, half=half)
    write_manifest(folder, manifest)


def add_solid(folder: Path, solid: ov.Model, settings: Mapping[str, Any]) -> None:
    """Put a 3-D network into a package that is there, weights in half precision; settings: size, ratio, share."""
    manifest = read_manifest(folder)
    manifest["solid"] = {**settings, **_saved(folder, "solid", solid, half=True)}
    write_manifest(folder, manifest)


def _saved(folder: Path, part: str, model: ov.Model, *, half: bool) -> dict[str, Any]:
    """What the manifest says of a network after it was saved."""
    ov.save_model(model, folder / f"{part}.xml", compress_to_fp16=half)
    return {
        "files": {f"{part}{suffix}": sha256(folder / f"{part}{suffix}") for suffix in (".xml", ".bin")},
        "inputs": {port.get_any_name(): _shape(port) for port in model.inputs},
        "outputs": {port.get_any_name(): _shape(port) for port in model.outputs},
    }


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """`manifest.json`, readable and stable in order."""
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest as plain JSON."""
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def sha256(path: Path) -> str:
    """Hexadecimal digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _shape(port: ov.Output) -> list[int]:
    return [d.get_length() if d.is_static else -1 for d in port.partial_shape]
