"""Whether a bundle is what macOS will accept; files are read, nothing is run, so any system can tell."""

from __future__ import annotations

import os
import plistlib
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from installer.macos.bundle import info_plist

_ARM64 = 0x0100000C
_THIN, _FAT, _FAT_64 = b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf"
_MOST_SLICES = 8  # a class file of Java begins as a universal file does; its next four bytes are a larger number


def faults_of_bundle(application: Path) -> list[str]:
    """What is wrong with `NAME.app`, one sentence each; empty where all is well."""
    contents = application / "Contents"
    return [*_plist_faults(contents), *_link_faults(application), *_code_faults(contents)]


def processors(path: Path) -> frozenset[int]:
    """The types of processor that a Mach-O file is for, as Apple numbers them; empty for any other file."""
    with path.open("rb") as stream:
        head = stream.read(8)
        if len(head) < 8:
            return frozenset()
        if head[:4] == _THIN:
            return frozenset({struct.unpack_from("<I", head, 4)[0]})
        if head[:4] not in (_FAT, _FAT_64):
            return frozenset()
        count = struct.unpack_from(">I", head, 4)[0]
        if count > _MOST_SLICES:
            return frozenset()
        size = 20 if head[:4] == _FAT else 32
        table = stream.read(count * size)
    return frozenset(struct.unpack_from(">I", table, at)[0] for at in range(0, len(table) - size + 1, size))


def _plist_faults(contents: Path) -> Iterator[str]:
    try:
        read: dict[str, Any] = plistlib.loads((contents / "Info.plist").read_bytes())
    except (OSError, ValueError, ExpatError, plistlib.InvalidFileException) as error:
        yield f"Info.plist cannot be read: {error}"
        return
    for key, value in info_plist().items():
        if read.get(key) != value:
            yield f"Info.plist says {read.get(key)!r} of {key}, not {value!r}"
    program = contents / "MacOS" / str(read.get("CFBundleExecutable"))
    if not program.is_file() or not os.access(program, os.X_OK):
        yield f"Info.plist names {program.name}, which is no program in Contents/MacOS"
    if not (contents / "Resources" / str(read.get("CFBundleIconFile"))).is_file():
        yield "the icon that Info.plist names is not in Contents/Resources"


def _link_faults(application: Path) -> Iterator[str]:
    """Links that lead nowhere or out of the bundle make its signature invalid on another machine."""
    for path in sorted(application.rglob("*")):
        if path.is_symlink():
            target = path.resolve()
            if path.readlink().is_absolute() or not target.is_relative_to(application.resolve()) or not target.exists():
                yield f"the link {path.relative_to(application)} leads to {path.readlink()}"


def _code_faults(contents: Path) -> Iterator[str]:
    for path in sorted(contents.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        found = processors(path)
        if found and _ARM64 not in found:
            yield f"{path.relative_to(contents)} is not for Apple silicon"
        elif not found and path.parent.name == "MacOS":
            yield f"{path.relative_to(contents)} is no program; what is not code belongs into Resources"
