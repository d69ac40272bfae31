"""Files appear whole or not at all: written beside the target, verified, then moved into place."""

from __future__ import annotations

import errno
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from app.engine.errors import EngineError, WriteError
from app.engine.progress import tell

# By name, because not every system has every number.
_REASONS = {
    "ENOSPC": "the disk is full",
    "EDQUOT": "the disk quota is used up",
    "EFBIG": "the file would be larger than allowed",
    "EACCES": "permission was denied",
    "EPERM": "permission was denied",
    "EROFS": "the disk is read-only",
    "ENAMETOOLONG": "the name is too long",
    "ENOTDIR": "a part of its path is a file, not a folder",
    "EEXIST": "a part of its path is a file, not a folder",
}
_UNFINISHED = ".unfinished-"  # how names of files begin that are being written
_NO_LINKS = {"EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EINVAL", "EMLINK"}


@dataclass(frozen=True)
class Output:
    """One file to be made: `write` makes it at the path it is given, `verify` raises WriteError unless it is true.

    `may_replace` is asked about a file that is there already, even where overwriting was allowed.
    """

    target: Path
    write: Callable[[Path], None]
    verify: Callable[[Path], None]
    may_replace: Callable[[Path], bool] = lambda _: True


def unwritable(path: Path, reason: str) -> WriteError:
    """The error for a file, in the one form that all writers use."""
    return WriteError(f"cannot write {path}: {reason}")


def publish(outputs: Sequence[Output], *, overwrite: bool) -> list[Path]:
    """Make all the files, or none: on any failure what was there before is untouched and nothing new is left.

    Without `overwrite` a file that exists, or that appears meanwhile, is never replaced. Whoever listens (see
    `app.engine.progress`) may end it until all are verified. Returns the targets. Raises WriteError, one sentence that
    names the file.
    """
    for output in outputs:
        with _told(output.target):
            _check_target(output, overwrite=overwrite)
    staged: list[Path] = []
    try:
        for output in outputs:
            with _told(output.target):
                output.target.parent.mkdir(parents=True, exist_ok=True)
                aside = _aside(output.target)
                staged.append(aside)
                tell()
                output.write(aside)
                tell()
                _flush(aside)
                output.verify(aside)
        tell()  # for the last time: what is being moved is done
        _move_all(outputs, staged, overwrite=overwrite)
    finally:
        for aside in staged:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
    return [output.target for output in outputs]


def sweep(folder: Path, *, older_s: float = 0.0) -> None:
    """Remove what writers left in a folder when they were cut off, unless it has changed in the last `older_s` seconds.

    0 is for a folder in which nobody else is writing.
    """
    for left in folder.glob(f"{_UNFINISHED}*"):
        with suppress(OSError):
            found = left.stat()
            changed = max(found.st_mtime, found.st_ctime)  # a second name for an old file is as young as the name
            if time.time() - changed >= older_s:
                left.unlink()


@contextmanager
def _told(target: Path) -> Iterator[None]:
    """What the system or a library complains of, as a WriteError about the target."""
    try:
        yield
    except EngineError:
        raise
    except OSError as error:
        raise unwritable(target, _REASONS.get(_name(error), error.strerror or str(error))) from None
    except MemoryError:
        raise unwritable(target, "there is not enough memory") from None
    except (RuntimeError, ValueError) as error:  # SimpleITK and nibabel have no errors of their own for a failed write
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise unwritable(target, f"the library that writes it failed ({lines[-1] if lines else error!r})") from None


def _name(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "")


def _check_target(output: Output, *, overwrite: bool) -> None:
    target = output.target
    if target.is_dir():
        raise unwritable(target, "there is a folder of that name")
    if not os.path.lexists(target):
        return
    if not overwrite:
        raise unwritable(target, "it exists already")
    if not output.may_replace(target):
        raise unwritable(target, "a file of that name was not made by this program and is not replaced")


def _aside(target: Path) -> Path:
    """A hidden name in the same folder, with the extension by which libraries choose the format."""
    suffix = "".join(target.suffixes[-2:]) if target.suffix.lower() == ".gz" else target.suffix
    return target.with_name(f"{_UNFINISHED}{secrets.token_hex(8)}{suffix}")


def _flush(path: Path) -> None:
    """Have the disk hold the content before the name does."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _move_all(outputs: Sequence[Output], staged: Sequence[Path], *, overwrite: bool) -> None:
    done: list[tuple[Path, Path | None]] = []
    try:
        for output, aside in zip(outputs, staged, strict=True):
            with _told(output.target):
                kept = _kept_copy(output.target) if overwrite else None
                try:
                    _move(aside, output.target, overwrite=overwrite)
                except (OSError, WriteError):
                    if kept is not None:
                        kept.unlink()
                    raise
                done.append((output.target, kept))  # ours from here on, and so ours to take back
    except WriteError:
        for target, kept in reversed(done):
            with suppress(OSError):
                target.unlink() if kept is None else kept.replace(target)
        raise
    for target, kept in done:
        if kept is not None:
            with suppress(OSError):
                kept.unlink()
        _flush_folder(target.parent)


def _kept_copy(target: Path) -> Path | None:
    """A second name for the file that is about to be replaced, so that it can come back; None where there is none."""
    kept = _aside(target)
    try:
        os.link(target, kept)
    except FileNotFoundError:
        return None
    except OSError as error:
        if _name(error) in _NO_LINKS:
            return None
        raise
    return kept


def _move(aside: Path, target: Path, *, overwrite: bool) -> None:
    if overwrite:
        aside.replace(target)
        return
    try:
        if os.name == "nt":
            aside.rename(target)  # refuses an existing target there
        else:
            os.link(aside, target)
            aside.unlink()
    except FileExistsError:
        raise unwritable(target, "it exists already") from None
    except OSError as error:
        if _name(error) not in _NO_LINKS:
            raise
        _move_without_links(aside, target)


def _move_without_links(aside: Path, target: Path) -> None:
    """For disks that know no links (FAT): whoever creates the name owns it, and only then replaces it."""
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        raise unwritable(target, "it exists already") from None
    try:
        aside.replace(target)
    except OSError:
        target.unlink()
        raise


def _flush_folder(folder: Path) -> None:
    """Have the disk hold the new name; not every system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
