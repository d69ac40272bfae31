"""Saving a study to a project file and opening it again; the layout of the file stands in `project_file`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.engine.errors import EngineError
from app.engine.export.staging import Output, publish, sweep, unwritable
from app.engine.fingerprint import Fingerprint
from app.engine.io.limits import unreadable
from app.engine.io.open import read_volume
from app.engine.project_file import Contents, Project, is_project, read_project
from app.engine.study import Study, StudySource
from app.engine.volume import Volume

SUFFIX = ".swiftmed"
_ABANDONED_S = 24 * 3600.0  # what nobody has written to for so long was cut off, even on a clock that is wrong by hours
__all__ = ["SUFFIX", "Project", "find_image", "load_project", "open_project", "save_project"]


def save_project(path: Path, study: Study, *, overwrite: bool, view: Mapping[str, Any] | None = None) -> None:
    """Write the study and `view` (JSON) to a file: aside, read back, compared, moved into place.

    The history is kept as how each mask was made, without what undo needs. What a saving that was cut off left in the
    folder a day ago goes. Raises WriteError, in one sentence; then what was there before is untouched.
    """
    if path.suffix.lower() != SUFFIX or not path.stem.strip("."):
        raise unwritable(path, f"the name of a project ends with {SUFFIX}")
    history = [act.without_edits() for act in study.history]
    contents = Contents.of(study, history, relative=_relative(study.source, path), view=view)

    def write(aside: Path) -> None:
        with aside.open("xb") as file:
            contents.write(file, path)

    def verify(aside: Path) -> None:
        with aside.open("rb") as file:
            contents.check(file, path)

    publish([Output(path, write, verify, may_replace=_is_project)], overwrite=overwrite)
    sweep(path.parent, older_s=_ABANDONED_S)


def load_project(path: Path) -> Project:
    """What a project file holds, without its image. Raises ReadError where it is damaged, newer, or none."""
    try:
        with path.open("rb") as file:
            return read_project(file, path)
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from None


def open_project(path: Path) -> tuple[Study, Mapping[str, Any]]:
    """The study of a project file with its image read again, and the view that was saved with it.

    The image is looked for where it lay as seen from the project, then where it lay on the disk. Raises ReadError where
    the file is damaged, or its image is missing or has been changed.
    """
    project = load_project(path)
    places = [path.absolute().parent / project.relative] if project.relative else []
    return study_of(project, path, places), project.view


def study_of(project: Project, path: Path, places: list[Path]) -> Study:
    """The study of what a file at `path` holds; its image is looked for at `places`, then where the project says."""
    source, volume = find_image(path, [*places, Path(project.source.path)], project.source.entry, project.fingerprint)
    return Study(volume, source, project.label_map(), history=project.history)


def find_image(path: Path, places: list[Path], entry: str, fingerprint: Fingerprint) -> tuple[StudySource, Volume]:
    """The image with that fingerprint at the first place that has it; ReadError about the file at `path` otherwise."""
    there = list(dict.fromkeys(os.path.normpath(place) for place in places if _exists(place)))
    if not there:
        raise unreadable(path, f"its image is no longer at {places[-1]}")
    reasons = []
    for place in there:
        try:
            volume = read_volume(Path(place), entry)
        except EngineError as error:
            reasons.append(f"its image cannot be read again ({error})")
            continue
        difference = fingerprint.difference(Fingerprint.of(volume))
        if not difference:
            return StudySource(place, entry), volume
        reasons.append(f"its image has been changed since it was saved: {place} {difference}")
    raise unreadable(path, reasons[0])


def _relative(source: StudySource, path: Path) -> str:
    """The image as seen from the project's folder, with forward slashes; "" where they lie on different drives."""
    try:
        return Path(os.path.relpath(Path(source.path).absolute(), path.absolute().parent)).as_posix()
    except ValueError:
        return ""


def _exists(place: Path) -> bool:
    try:
        return place.exists()
    except OSError:  # a name that is too long, a folder that is closed
        return False


def _is_project(path: Path) -> bool:
    """Whether a file may be replaced: neither another program's nor one of a newer version of this one."""
    try:
        with path.open("rb") as file:
            return is_project(file)
    except OSError:
        return False
