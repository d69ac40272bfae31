"""Names of labels, from the JSON file that lies beside a label map."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from app.engine.io.limits import MAX_HEADER_BYTES

_LARGEST_VALUE = 65535


def read_label_names(path: Path) -> dict[int, str]:
    """Names by value, as our exports write them: "mask.json" beside "mask.nii.gz" with {"Labels": {"3": "liver"}}.

    They are a help and no part of the label map: empty where there is no such file, it is no JSON, larger than
    `MAX_HEADER_BYTES`, or says nothing of labels. Names that are blank or cannot be printed are left out.
    """
    beside = _beside(path)
    try:
        if beside == path or beside.stat().st_size > MAX_HEADER_BYTES:
            return {}
        told = json.loads(beside.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    labels = told.get("Labels") if isinstance(told, dict) else None
    named = labels.items() if isinstance(labels, dict) else ()
    return {int(value): name.strip() for value, name in named if _is_value(value) and _is_name(name)}


def _beside(path: Path) -> Path:
    plain = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return plain.with_suffix(".json")


def _is_value(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 6 and 0 < int(text) <= _LARGEST_VALUE


def _is_name(name: Any) -> bool:  # noqa: ANN401 - whatever JSON holds
    return isinstance(name, str) and bool(name.strip()) and name.isprintable()
