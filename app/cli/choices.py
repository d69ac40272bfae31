"""What several subcommands take from their arguments."""

from __future__ import annotations

import argparse
from typing import Any

from app.cli.errors import UsageError
from app.cli.parser import FORMATS
from app.engine.job import Options
from app.engine.segmenter import ModelSegmenter, open_segmenter


def options_of(arguments: argparse.Namespace) -> Options:
    """What to do beside decoding."""
    return Options(propagate=arguments.propagate, largest=arguments.largest, fill_holes=arguments.fill_holes)


def segmenter_of(arguments: argparse.Namespace, threads: int | None = None) -> ModelSegmenter:
    """The segmenter that --model, --device and --threads choose."""
    chosen: dict[str, Any] = {"threads": arguments.threads or threads}
    if arguments.device is not None:
        chosen["device"] = arguments.device
    return open_segmenter(arguments.model, **chosen)


def checked_format(name: str | None) -> str | None:
    """The format, or wrong use with what can be written."""
    if name is not None and name not in FORMATS:
        raise UsageError(f"'{name}' is no format; choose one of {', '.join(FORMATS)}")
    return name


def checked_formats(names: str | None) -> tuple[str, ...]:
    """Formats with commas between, each once; none where nothing was said, wrong use for what cannot be written."""
    parts = [] if names is None else [name.strip() for name in names.split(",")]
    return tuple(dict.fromkeys(name for part in parts if (name := checked_format(part)) is not None))
