"""What a path holds, before any voxel is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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
    """A file that was passed over, and why, in one sentence; `something_else`: it is no damaged part of an image."""

    file: str
    reason: str
    something_else: bool = False


@dataclass(frozen=True)
class Listing:
    """Everything found at a path; a broken file is in `skipped` and never hides the rest."""

    entries: tuple[Entry, ...]
    skipped: tuple[Skipped, ...] = ()

    def beside_the_only_one(self) -> tuple[Finding, ...]:
        """What is to be known of the only image: a file that was passed over may be a part of it, its last slice say.

        That is a file in the folder of the image's own and named like them; not a structure set, an index or the viewer
        of a disc. Nothing where there are several images, for it may belong to any of them, and where the image is one
        file.
        """
        if len(self.entries) != 1 or len(self.entries[0].files) < 2:
            return ()
        known = {_manner(file) for file in self.entries[0].files}
        parts = [each for each in self.skipped if not each.something_else and _manner(each.file) in known]
        return tuple(Finding("passed-over", each.reason) for each in parts[:_TOLD])


def _manner(file: str) -> tuple[Path, str]:
    """The folder, and how the name ends: an extension has a letter, or else it is a number."""
    path = Path(file)
    return path.parent, path.suffix.lower() if any(letter.isalpha() for letter in path.suffix) else ""
