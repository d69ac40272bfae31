"""What a file or folder holds, chosen by content; the one entrance to all readers."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.engine.errors import ReadError
from app.engine.io.blocks import read_head
from app.engine.io.limits import MAX_FOLDER_DEPTH, MAX_FOLDER_FILES, unreadable
from app.engine.io.listing import Entry, Listing, Skipped
from app.engine.io.metaimage import is_gipl, is_metaimage, list_gipl, list_metaimage
from app.engine.io.mgh import is_mgh, list_mgh
from app.engine.io.nifti import is_nifti, list_nifti
from app.engine.io.npz import is_npz, list_npz
from app.engine.io.nrrd import is_nrrd, list_nrrd
from app.engine.io.raster import is_picture, list_raster
from app.engine.progress import tell
from app.engine.volume import Volume

_IGNORED_NAMES = {"thumbs.db", "desktop.ini", "__macosx", "$recycle.bin", "system volume information"}
_SIDECARS = (".json", ".csv", ".tsv", ".txt", ".md", ".bval", ".bvec", ".log", ".xml", ".html", ".pdf", ".yaml", ".yml")
_MAX_NAMED = 20

# Formats that are met beside ours: naming them helps more than "unknown".
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"CDF\x01", "a MINC file; convert it to NIfTI first (mnc2nii)"),
    (b"\x89HDF", "an HDF5 file (perhaps MINC 2); convert it to NIfTI first"),
    (b"MATRIX7", "an ECAT file; convert it to NIfTI first"),
    (b"# === DATA DESCRIPTION FILE", "a Philips PAR header; convert PAR/REC to NIfTI first (dcm2niix)"),
    (b"mrtrix image", "an MRtrix file; convert it to NIfTI first (mrconvert)"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"\x93NUMPY", "a bare NumPy array, which says nothing of what it holds"),
    (b"# vtk DataFile", "a VTK file; convert it to NIfTI first"),
)


def list_volumes(path: Path) -> Listing:
    """Everything that can be read at a path; voxels are not read yet.

    Raises ReadError, in one sentence, where there is nothing. In a folder, sub-folders are searched too, hidden files
    and sidecars are passed over quietly, and what cannot be read is in `skipped` without hiding the rest.
    """
    listing = survey(path)
    if not listing.entries:
        raise ReadError(_nothing(path, listing))
    return listing


def survey(path: Path) -> Listing:
    """The same for whoever names each broken file: the listing may be empty. ReadError where there is no such path."""
    if path.is_dir():
        listing = _list_folder(path)
    elif path.is_file():
        listing = _list_file(path)
    elif path.exists():
        raise unreadable(path, "it is neither a file nor a folder")
    else:
        raise unreadable(path, "there is no such file or folder")
    return replace(listing, entries=_with_unique_ids(listing.entries))


def read_volume(path: Path, series: str | None = None) -> Volume:
    """The one volume of a path, or the one that `series` (an entry's id) chooses; ReadError lists the ids otherwise."""
    listing = list_volumes(path)
    for entry in listing.entries:
        if entry.id == series or (series is None and len(listing.entries) == 1):
            return entry.load().with_findings(listing.beside_the_only_one())
    ids = ", ".join(entry.id for entry in listing.entries[:_MAX_NAMED])
    if len(listing.entries) > _MAX_NAMED:
        ids += f" and {len(listing.entries) - _MAX_NAMED} more"
    if series is None:
        raise ReadError(f"{path} holds {len(listing.entries)} images; choose one of: {ids}")
    raise ReadError(f"{path} holds no image '{series}'; choose one of: {ids}")


def _nothing(path: Path, listing: Listing) -> str:
    if not listing.skipped:
        return f"cannot read {path}: it holds no image"
    if len(listing.skipped) == 1:
        return listing.skipped[0].reason
    count, first = len(listing.skipped), listing.skipped[0].reason
    return f"cannot read {path}: it holds no image that can be read; the first of {count} reasons is: {first}"


def _list_file(path: Path) -> Listing:
    found = _Found()
    found.add(path)
    return found.listing()


def _list_folder(folder: Path) -> Listing:
    found = _Found(folder)
    for number, path in enumerate(_files_below(folder, found.skipped)):
        if number >= MAX_FOLDER_FILES:
            found.skipped.append(
                Skipped(str(folder), f"{folder} holds more than {MAX_FOLDER_FILES:,} files; the rest was not looked at")
            )
            break
        tell()
        found.add(path)
    return found.listing()


def _files_below(folder: Path, skipped: list[Skipped]) -> Iterator[Path]:
    """Files in natural reading order, folder by folder; links to folders are not followed, so there are no loops.

    Folders that are not looked into are added to `skipped`: what they hold must not be missed in silence.
    """

    def closed(error: OSError) -> None:
        skipped.append(_passed_over(Path(error.filename), f"the folder cannot be opened ({error.strerror})"))

    for root, folders, files in os.walk(folder, onerror=closed):
        here = Path(root)
        folders[:] = sorted(name for name in folders if not _is_hidden(name))
        if folders and len(here.relative_to(folder).parts) >= MAX_FOLDER_DEPTH:
            skipped.append(_passed_over(here, "its sub-folders lie too deep and were not looked at"))
            folders.clear()
        yield from (here / name for name in sorted(files) if not _is_hidden(name))


def _passed_over(folder: Path, reason: str) -> Skipped:
    return Skipped(str(folder), str(unreadable(folder, reason)))


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower() in _IGNORED_NAMES


@dataclass
class _Found:
    """What was found so far. DICOM files are collected, because a series is many files."""

    folder: Path | None = None
    entries: list[Entry] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    dicom: list[Path] = field(default_factory=list)

    def add(self, path: Path) -> None:
        """Look at one file; a failure becomes a line in `skipped`."""
        try:
            if not path.is_file():
                return
            if self.folder is not None and _header_beside(path) is not None:
                return  # it is listed with its header
            reader = _reader_of(path)
            if reader is not None:
                listing = reader(path)
                self.entries += self._named(path, listing.entries)
                self.skipped += listing.skipped
            elif _is_dicom(path):
                self.dicom.append(path)
            elif self.folder is None or not path.name.lower().endswith(_SIDECARS):
                self.skipped.append(Skipped(str(path), str(unreadable(path, _what_it_is(path)))))
        except ReadError as error:
            self.skipped.append(Skipped(str(path), str(error)))
        except OSError as error:
            reason = error.strerror or str(error)
            self.skipped.append(Skipped(str(path), str(unreadable(path, f"it cannot be opened ({reason})"))))

    def _named(self, path: Path, entries: tuple[Entry, ...]) -> list[Entry]:
        """Entries named by their path below the folder, so that files of one name in two sub-folders differ."""
        if self.folder is None:
            return list(entries)
        name = path.relative_to(self.folder).as_posix()
        return [_renamed(entry, name if len(entries) == 1 else f"{name}:{entry.id}") for entry in entries]

    def listing(self) -> Listing:
        """Everything, without the voxel files that belong to a header."""
        entries, skipped = list(self.entries), list(self.skipped)
        if self.dicom:
            from app.engine.io.dicom import list_dicom

            listing = list_dicom(self.dicom)
            entries += listing.entries
            skipped += listing.skipped
        used = {Path(name).resolve() for entry in entries for name in entry.files}
        return Listing(tuple(entries), tuple(skip for skip in skipped if Path(skip.file).resolve() not in used))


def _reader_of(path: Path) -> Callable[[Path], Listing] | None:
    """The reader for a file that is not DICOM; None where none fits."""
    stored, head = read_head(path)
    if stored[128:132] == b"DICM":
        return None
    checks: tuple[tuple[bool, Callable[[Path], Listing]], ...] = (
        (is_nifti(head, path), list_nifti),
        (is_nrrd(stored), list_nrrd),
        (is_metaimage(stored), list_metaimage),
        (is_mgh(head), list_mgh),
        (is_gipl(head), list_gipl),
        (is_picture(stored), list_raster),
        (is_npz(path, stored), list_npz),
    )
    for fits, reader in checks:
        if fits:
            return reader
    header = _header_beside(path)
    return None if header is None else lambda _: list_nifti(header)


def _header_beside(path: Path) -> Path | None:
    """The .hdr of an .img, which has no magic of its own."""
    name = path.name.lower().removesuffix(".gz")
    if not name.endswith(".img"):
        return None
    wanted = {name.removesuffix(".img") + ".hdr", name.removesuffix(".img") + ".hdr.gz"}
    for other in path.parent.iterdir():
        if other.name.lower() in wanted and other.is_file() and is_nifti(read_head(other)[1], other):
            return other
    return None


def _is_dicom(path: Path) -> bool:
    from app.engine.io.dicom import is_dicom

    return is_dicom(path)


def _what_it_is(path: Path) -> str:
    stored, head = read_head(path)
    if not stored:
        return "the file is empty"
    if stored[:2] == b"\x1f\x8b" and head[128:132] == b"DICM":
        return "it is a compressed DICOM file; unpack it first"
    if stored[:2] == b"\x1f\x8b":
        return "it is a gzip file whose content is damaged or no image"
    for magic, name in _OTHERS:
        if stored.startswith(magic):
            return f"it is {name}"
    if path.name.lower().endswith((".raw", ".zraw", ".img", ".img.gz", ".rec", ".brik")):
        return "it holds voxels without a header; open the header that belongs to it"
    return "it is no image of a kind that is read"


def _renamed(entry: Entry, name: str) -> Entry:
    return replace(entry, id=name, load=_Renamed(entry.load, name))


@dataclass(frozen=True)
class _Renamed:
    """Loads a volume under the name by which it is listed."""

    load: Callable[[], Volume]
    name: str

    def __call__(self) -> Volume:
        return replace(self.load(), id=self.name)


def _with_unique_ids(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    counts = Counter(entry.id for entry in entries)
    seen: Counter[str] = Counter()
    unique = []
    for entry in entries:
        seen[entry.id] += 1
        unique.append(entry if counts[entry.id] == 1 else _renamed(entry, f"{entry.id}~{seen[entry.id]}"))
    return tuple(unique)
