"""Whether a bundle is what macOS will accept; files are read, nothing is run, so any system can tell."""

from __future__ import annotations

import os
import plistlib
from collections.abc import Iterator
from pathlib import Path
from xml.parsers.expat import ExpatError

from installer.macos.bundle import OLDEST_MACOS, info_plist
from installer.macos.code import ARM64, oldest_system, processors


def faults_of_bundle(application: Path) -> list[str]:
    """What is wrong with `NAME.app`, one sentence each; empty where all is well."""
    contents = application / "Contents"
    return [*_plist_faults(contents), *_link_faults(application), *_code_faults(contents)]


def _plist_faults(contents: Path) -> Iterator[str]:
    try:
        read = plistlib.loads((contents / "Info.plist").read_bytes())
    except (OSError, ValueError, ExpatError) as error:
        yield f"Info.plist cannot be read: {error}"
        return
    except (AttributeError, LookupError):  # what plistlib itself stumbles over: dates, encodings, offsets
        yield "Info.plist cannot be read: a value in it is malformed"
        return
    if not isinstance(read, dict):
        yield "Info.plist holds no dictionary"
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
    promised = tuple(int(part) for part in OLDEST_MACOS.split("."))
    for path in sorted(contents.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        name = path.relative_to(contents)
        found = processors(path)
        if found and ARM64 not in found:
            yield f"{name} is not for Apple silicon"
        elif found:
            needed = oldest_system(path)
            if needed > promised:
                yield f"{name} is built for macOS {needed[0]}.{needed[1]}, Info.plist promises {OLDEST_MACOS}"
        elif path.parent.name == "MacOS":
            yield f"{name} is no program; what is not code belongs into Resources"
