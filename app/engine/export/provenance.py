"""How a mask was made, in the words in which exports carry it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import app
from app.engine.export.staging import Output, unwritable
from app.engine.geometry import Frame
from app.engine.labelmap import BACKGROUND, LARGEST_VALUE, PALETTE
from app.engine.volume import Volume

PROGRAM = "SwiftMedSAM"

Colour = tuple[int, int, int]

_FRAMES = {
    Frame.WORLD: "position, orientation and spacing are those of the image",
    Frame.SPACING: "only the spacing (mm) is that of the image; position and orientation are made up",
    Frame.NONE: "one unit is one pixel: the image says nothing of millimetres",
}


def document(
    like: Volume,
    label_names: Mapping[int, str] | None,
    provenance: Mapping[str, Any] | None,
    colours: Mapping[int, Colour] | None = None,
) -> dict[str, Any]:
    """A JSON object in the manner of BIDS: program, truth of the geometry, findings, labels, then the caller's."""
    told: dict[str, Any] = {
        "GeneratedBy": [{"Name": PROGRAM, "Version": app.__version__}],
        "IntendedUse": "Research use only, not a medical device.",
        "Frame": like.geometry.frame.value,
        "FrameDescription": _FRAMES[like.geometry.frame],
        "Findings": [{"code": finding.code, "message": finding.message} for finding in like.findings],
    }
    if label_names:
        told["Labels"] = {str(value): name for value, name in sorted(label_names.items())}
    if colours:
        told["Colours"] = {str(value): list(colour) for value, colour in sorted(colours.items())}
    return {**told, **(provenance or {})}


def name_of(told: Mapping[str, Any], value: int) -> str:
    """What the document calls a label, in printable characters; "label 3" and so on where it does not."""
    name = str(told.get("Labels", {}).get(str(value), f"label {value}"))
    return "".join(letter if letter.isprintable() else " " for letter in name)


def colour_of(told: Mapping[str, Any], value: int) -> Colour:
    """The colour that the document gives a label, red, green, blue in 0..255; the palette's where it does not."""
    given = told.get("Colours", {}).get(str(value))
    if given is None:
        return PALETTE[(value - 1) % len(PALETTE)]
    red, green, blue = (int(part) for part in given)
    return red, green, blue


def values_of(labels: NDArray[Any]) -> list[int]:
    """The labels that voxels bear, ascending; counted slice by slice, because counting widens to 64 bits."""
    present = np.zeros(LARGEST_VALUE + 1, dtype=np.bool_)
    for plane in labels:
        present[np.flatnonzero(np.bincount(plane.ravel()))] = True
    return [int(value) for value in np.flatnonzero(present) if value != BACKGROUND]


def as_line(told: Mapping[str, Any]) -> str:
    """The object in one line of ASCII, for formats whose headers are lines."""
    return json.dumps(told, ensure_ascii=True, allow_nan=False, separators=(",", ":"))


def sidecar(path: Path, told: Mapping[str, Any]) -> Output:
    """The JSON file that goes with a mask; one that is not ours is never replaced."""
    text = json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def write(aside: Path) -> None:
        aside.write_text(text, encoding="utf-8")

    def verify(aside: Path) -> None:
        if aside.read_text(encoding="utf-8") != text:
            raise unwritable(path, "read back, it differs")

    return Output(path, write, verify, may_replace=_is_ours)


def _is_ours(path: Path) -> bool:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return bool(told["GeneratedBy"][0]["Name"] == PROGRAM)
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return False
