"""The cases of a folder: found by content, named by their path, each with a place for its result."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app.engine.errors import ReadError
from app.engine.io.listing import Entry, Listing, Skipped
from app.engine.io.open import survey
from app.engine.prompt_file import case_key
from app.engine.volume import Kind, Volume

EXTENSIONS = {
    "nifti": ".nii.gz",
    "nrrd": ".nrrd",
    "npz": ".npz",
    "png": ".png",
    "dicom-seg": ".seg.dcm",
    "rtstruct": ".rtstruct.dcm",
    "stl": ".stl",
    "obj": ".obj",
    "ply": ".ply",
}
_IMAGE_SUFFIXES = (
    ".nii.gz", ".nii", ".hdr.gz", ".img.gz", ".hdr", ".img", ".nrrd", ".nhdr", ".mha", ".mhd", ".mgz", ".mgh", ".npz",
    ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp", ".dcm", ".ima",
)  # fmt: skip
# What masks are written as and images are not; before .dcm, which they may end in.
_MASK_SUFFIXES = (".seg.dcm", ".rtstruct.dcm", ".stl", ".obj", ".ply", *_IMAGE_SUFFIXES)
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")  # devices of Windows, whatever follows the dot


@dataclass(frozen=True, eq=False)
class Case:
    """One image of the input folder.

    `place` is its path below that folder, with forward slashes: of the file, or, for a series of files, of their folder
    ("." for the input folder itself). `member` tells it from others at the same place, "" where there are none.
    `summary` is for lists and holds no patient data.
    """

    place: str
    member: str
    kind: Kind
    files: tuple[str, ...]
    load: Callable[[], Volume]
    summary: str = ""

    @property
    def name(self) -> str:
        """What prompt files and reports call it: <place> or <place>#<member>."""
        return f"{self.place}#{self.member}" if self.member else self.place

    @property
    def is_challenge(self) -> bool:
        """Whether it is a file of the challenge, which brings its own boxes."""
        return len(self.files) == 1 and self.files[0].lower().endswith(".npz")


@dataclass(frozen=True, eq=False)
class Cases:
    """What an input folder holds.

    Cases; broken images and folders that cannot be opened (failed cases, each); and files that are something else.
    """

    found: tuple[Case, ...]
    broken: tuple[Skipped, ...]
    others: tuple[Skipped, ...]


def find_cases(folder: Path, *, without: Path | None = None) -> Cases:
    """All cases below a folder, in the order of their names, but for those below `without` (its own results).

    Raises ReadError where there is neither a case nor a broken image.
    """
    listing = survey(folder)
    if without is not None and without.resolve().is_relative_to(folder.resolve()):
        inside = without.resolve()
        listing = Listing(
            tuple(entry for entry in listing.entries if not Path(entry.files[0]).resolve().is_relative_to(inside)),
            tuple(skip for skip in listing.skipped if not Path(skip.file).resolve().is_relative_to(inside)),
        )
    cases = cases_of(listing, folder)
    if not cases.found and not cases.broken:
        raise ReadError(f"{folder} holds no image that can be read")
    return cases


def cases_of(listing: Listing, folder: Path) -> Cases:
    """The cases of a listing of that folder."""
    places = [_place(entry, folder) for entry in listing.entries]
    shared = Counter(places)
    found = []
    for entry, place in zip(listing.entries, places, strict=True):
        member = _member(entry, place) if shared[place] > 1 else ""
        found.append(Case(place, member, entry.kind, entry.files, entry.load, entry.summary))
    broken = tuple(
        skip for skip in listing.skipped if skip.file.lower().endswith(_IMAGE_SUFFIXES) or Path(skip.file).is_dir()
    )
    others = tuple(skip for skip in listing.skipped if skip not in broken)
    return Cases(tuple(sorted(found, key=lambda case: case.name)), broken, others)


def result_paths(cases: Sequence[Case], output: Path, format_name: str | None) -> list[Path]:
    """Where each case's mask goes, below the output folder as the case lies below the input folder.

    A file of the challenge keeps its name, as the challenge wants it; otherwise it is <name>_mask with the format's
    extension (None: PNG for pictures, NPZ for files of the challenge, else NIfTI). Names are safe on every system and
    differ even where case does not count.
    """
    short = [_result_path(case, format_name, _stem(case)) for case in cases]
    taken = Counter(str(path).lower() for path in short)
    paths: list[Path] = []
    used: set[str] = set()
    for case, path in zip(cases, short, strict=True):
        if taken[str(path).lower()] > 1:
            path = _result_path(case, format_name, PurePosixPath(case.place).name)  # noqa: PLW2901 - a.png beside a.nii
        candidate, number = path, 2
        while str(candidate).lower() in used:
            candidate, number = numbered(path, number), number + 1
        used.add(str(candidate).lower())
        paths.append(output / candidate)
    return paths


def stem_of(name: str) -> str:
    """A file name without the extension of an image or mask."""
    for suffix in _MASK_SUFFIXES:
        if name.lower().endswith(suffix) and len(name) > len(suffix):
            return name[: -len(suffix)]
    return name


def safe_name(name: str) -> str:
    """A file name that every system takes: no separators, no characters or device names that Windows refuses."""
    safe = _UNSAFE.sub("_", name).rstrip(". ") or "_"
    return f"_{safe}" if _RESERVED.fullmatch(safe) else safe


def numbered(path: Path, number: int) -> Path:
    """The path with _<number> before its extension."""
    stem = stem_of(path.name)
    return path.with_name(f"{stem}_{number}{path.name[len(stem) :]}")


def in_format(target: Path, format_name: str) -> Path:
    """The same mask in another format, beside it."""
    return target.with_name(stem_of(target.name) + EXTENSIONS[format_name])


def _stem(case: Case) -> str:
    name = PurePosixPath(case.place).name or Path(case.files[0]).resolve().parent.name
    return f"{stem_of(name)}_{case.member}" if case.member else stem_of(name)


def _place(entry: Entry, folder: Path) -> str:
    """Path below the input folder of an entry's only file, or of the folder that holds all of its files."""
    if not entry.files:
        raise ReadError(f"an image below {folder} names no file")
    header = case_key(Path(entry.files[0]).relative_to(folder).as_posix())
    if len(entry.files) == 1 or case_key(entry.id).partition(":")[0] == header:
        return header
    parents = [Path(name).parent for name in entry.files]
    return case_key(Path(os.path.commonpath(parents)).relative_to(folder).as_posix())


def _member(entry: Entry, place: str) -> str:
    """What tells an entry from others at the same place: its id, without the path that both begin with."""
    return entry.id.removeprefix(f"{place}:").replace("/", "_")


def _result_path(case: Case, format_name: str | None, stem: str) -> Path:
    natural = "npz" if case.is_challenge else "png" if case.kind is Kind.PICTURE else "nifti"
    chosen = format_name or natural
    parent = Path(*PurePosixPath(case.place).parent.parts)
    if case.is_challenge and chosen == "npz":
        return parent / safe_name(PurePosixPath(case.place).name)
    return parent / f"{safe_name(stem)}_mask{EXTENSIONS[chosen]}"
