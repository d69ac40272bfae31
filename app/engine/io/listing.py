"""What a path holds, before any voxel is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.engine.volume import Finding, Kind, Volume

_TOLD = 20  # of the files that were passed over: there may be thousands


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

    def beside_the_only_one(self) -> tuple[Finding, ...]:
        """What is to be known of the only image: a file that was passed over may be a part of it, its last slice say.

        Nothing where there are several images, for it may belong to any of them, and where the image is one file.
        """
        if len(self.entries) != 1 or len(self.entries[0].files) < 2:
            return ()
        return tuple(Finding("passed-over", skipped.reason) for skipped in self.skipped[:_TOLD])
