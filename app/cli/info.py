"""`info`: what a path holds, geometry, findings. Says nothing of patients."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.cli.errors import UsageError
from app.engine.errors import EngineError
from app.engine.geometry import Frame
from app.engine.io.listing import Entry, Listing
from app.engine.io.open import survey
from app.engine.volume import Volume


def run(arguments: argparse.Namespace) -> int:
    """Print what could be read; 1 where nothing could."""
    listing = survey(arguments.input)
    volumes: list[dict[str, Any]] = []
    skipped = [{"file": skip.file, "reason": skip.reason} for skip in listing.skipped]
    for entry in _chosen(listing, arguments.series):
        try:
            volume = entry.load()
        except EngineError as error:
            skipped.append({"file": entry.files[0] if entry.files else str(arguments.input), "reason": str(error)})
        else:
            volumes.append(describe(volume, entry))
    if arguments.json:
        document = {"input": str(arguments.input), "volumes": volumes, "skipped": skipped}
        print(json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False))
    else:
        _print_text(volumes, skipped if volumes else [])
    if not volumes:
        print(_nothing_read(str(arguments.input), skipped), file=sys.stderr)
        return 1
    return 0


def describe(volume: Volume, entry: Entry) -> dict[str, Any]:
    """One entry of "volumes"; null where a number would be made up."""
    return {
        "id": entry.id,
        "kind": volume.kind.value,
        "modality": volume.modality,
        "shape_zyx": list(volume.shape_zyx),
        "spacing_mm_zyx": list(volume.geometry.spacing_zyx) if volume.in_mm else None,
        "affine_lps_xyz": volume.geometry.affine.tolist() if volume.geometry.frame is Frame.WORLD else None,
        "dtype": str(volume.voxels.dtype),
        "unit": volume.unit,
        **_statistics(volume.voxels),
        "findings": [{"code": finding.code, "message": finding.message} for finding in volume.findings],
        "files": list(entry.files),
    }


def _statistics(voxels: NDArray[Any]) -> dict[str, float | None]:
    """Least, largest and mean of the finite values; slice by slice, so that no copy of the volume is made."""
    least, largest, total, count = np.inf, -np.inf, 0.0, 0
    for plane in voxels:
        values = plane[np.isfinite(plane)] if plane.dtype.kind == "f" else plane
        if values.size:
            least, largest = min(least, float(values.min())), max(largest, float(values.max()))
            total, count = total + float(values.sum(dtype=np.float64)), count + values.size
    if not count:
        return {"min": None, "max": None, "mean": None}
    return {"min": least, "max": largest, "mean": total / count}


def _chosen(listing: Listing, series: str | None) -> tuple[Entry, ...]:
    if series is None:
        return listing.entries
    chosen = tuple(entry for entry in listing.entries if entry.id == series)
    if not chosen:
        raise UsageError(f"there is no series '{series}'; there are: {', '.join(e.id for e in listing.entries)}")
    return chosen


def _nothing_read(path: str, skipped: list[dict[str, str]]) -> str:
    if not skipped:
        return f"{path} holds no image"
    more = f" (and {len(skipped) - 1} more files that cannot be read)" if len(skipped) > 1 else ""
    return f"{skipped[0]['reason']}{more}"


def _print_text(volumes: list[dict[str, Any]], skipped: list[dict[str, str]]) -> None:
    for described in volumes:
        print(_text(described))
    for skip in skipped:
        print(f"skipped: {skip['reason']}")


def _text(described: Mapping[str, Any]) -> str:
    size = " x ".join(str(n) for n in described["shape_zyx"])
    spacing = described["spacing_mm_zyx"]
    where = " x ".join(f"{s:.4g}" for s in spacing) + " mm" if spacing else "no millimetres"
    lines = [f"{described['id']}: {described['modality']} {described['kind']}".replace("  ", " ")]
    lines.append(f"  {size} voxels (z, y, x), {where}, {described['dtype']}")
    if described["min"] is not None:
        numbers = f"{described['min']:g} to {described['max']:g}, mean {described['mean']:.6g}"
        lines.append(f"  values {numbers} {described['unit']}".rstrip())
    lines += [f"  {finding['code']}: {finding['message']}" for finding in described["findings"]]
    lines.append(f"  {len(described['files'])} file{'s' if len(described['files']) != 1 else ''}")
    return "\n".join(lines)
