"""Where a model package is imported from: a folder or a zip file, read by plain names and with bounded sizes."""

from __future__ import annotations

import contextlib
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from app.engine.errors import ModelError

MANIFEST = "manifest.json"
LARGEST_FILE = 2 * 1024**3  # bytes; the weights of the largest encoder of the family take 0.4 GiB
_MOST_MEMBERS = 1000
_CHUNK = 1 << 20
# What zipfile raises for archives that are cut short, corrupt, encrypted, or packed in an unknown way.
_BROKEN_ARCHIVE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class PackageSource(Protocol):
    """Files of a package by plain name, no folders."""

    def names(self) -> frozenset[str]:
        """Names of the files beside the manifest."""

    def open(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        """The bytes of one of them."""


@contextlib.contextmanager
def package_source(path: Path) -> Iterator[PackageSource]:
    """Of a folder or a zip file. Raises ModelError where it is neither, or a zip file that is unsafe to unpack."""
    if path.is_dir():
        yield _Folder(path)
        return
    if not path.is_file():
        raise ModelError(f"there is no model package at {path}: neither a folder nor a file")
    try:
        with zipfile.ZipFile(path) as archive:
            yield _Zip(archive, path)
    except _BROKEN_ARCHIVE as error:
        raise ModelError(f"{path} cannot be unpacked as a zip file: {error}") from error


def copy_files(source: PackageSource, names: frozenset[str], folder: Path) -> None:
    """Copy files by name into an existing folder; raises ModelError where one is missing or larger than 2 GiB."""
    for name in sorted(names):
        if name not in source.names():
            raise ModelError(f"the model package lacks its file {name}")
        with source.open(name) as incoming, (folder / name).open("xb") as outgoing:
            copied = 0
            while chunk := incoming.read(_CHUNK):  # counted while it is read: sizes stated in an archive may be lies
                copied += len(chunk)
                if copied > LARGEST_FILE:
                    raise ModelError(f"the file {name} of the model package is larger than {LARGEST_FILE} bytes")
                outgoing.write(chunk)


def read_file(source: PackageSource, name: str, limit: int) -> bytes:
    """One small file; raises ModelError where it is missing or longer than the limit."""
    if name not in source.names():
        raise ModelError(f"the model package has no {name}")
    with source.open(name) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ModelError(f"the {name} of the model package is longer than {limit} bytes")
    return content


class _Folder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> frozenset[str]:
        return frozenset(path.name for path in self._folder.iterdir() if path.is_file())

    def open(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        return (self._folder / name).open("rb")


class _Zip:
    """A zip file whose package lies at its root or in its only folder."""

    def __init__(self, archive: zipfile.ZipFile, path: Path) -> None:
        self._archive = archive
        members = archive.infolist()
        if len(members) > _MOST_MEMBERS:
            raise ModelError(f"{path} holds {len(members)} files: that is no model package")
        for member in members:
            if not _is_safe(member.filename):
                raise ModelError(f"{path} holds the unsafe file name {member.filename[:80]!r}")
        parents = {str(PurePosixPath(m.filename).parent) for m in members if PurePosixPath(m.filename).name == MANIFEST}
        if len(parents) != 1 or len(PurePosixPath(next(iter(parents))).parts) > 1:
            raise ModelError(f"{path} holds no {MANIFEST} at its root or in its only folder")
        self._prefix = PurePosixPath(parents.pop())
        here = [m for m in members if not m.is_dir() and PurePosixPath(m.filename).parent == self._prefix]
        self._members = {PurePosixPath(m.filename).name: m for m in here}

    def names(self) -> frozenset[str]:
        return frozenset(self._members)

    def open(self, name: str) -> contextlib.AbstractContextManager[IO[bytes]]:
        return self._archive.open(self._members[name])


def _is_safe(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and ".." not in parts and not name.startswith("/") and not any(c in name for c in "\\:\0")


def discard(folder: Path) -> None:
    """Remove a folder that was only half written."""
    shutil.rmtree(folder, ignore_errors=True)
