"""What a path holds, before any voxel is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.engine.volume import Kind, Volume


@dataclass(frozen=True)
class Entry:
    """One volume or picture that can be read from a path.

    `id` chooses it among its siblings (`--series`); `summary` is for lists and holds no patient data. `load` reads it,
    raising ReadError; entries are cheap, volumes are not.
    """

    id: str
    kind: Kind
    modality: str
    summary: str
    files: tuple[str, ...]
    load: Callable[[], Volume]


@dataclass(frozen=True)
class Skipped:
    """A file that was passed over, and why, in one sentence."""

    file: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """Everything found at a path; a broken file is in `skipped` and never hides the rest."""

    entries: tuple[Entry, ...]
    skipped: tuple[Skipped, ...] = ()
