"""Where the prompts of a batch come from: a prompt file, reference label maps, or the challenge's own files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from app.engine.cases import Case, stem_of
from app.engine.errors import PromptError
from app.engine.io.label_file import on_grid, read_label_map
from app.engine.io.npz import ChallengeCase, case_volume, read_npz
from app.engine.prompt import Box, Box3D
from app.engine.prompt_file import LARGEST_LABEL, CasePrompts, ObjectPrompt, case_key
from app.engine.volume import Volume

Opened = tuple[Volume, tuple[ObjectPrompt, ...]]


class PromptSource(Protocol):
    """Reads a case together with its prompts."""

    def open(self, case: Case) -> Opened | None:
        """The image and its prompts; None, before anything is read, where nothing was said of the case."""


class FilePrompts:
    """Prompts of a prompt file. `unmatched` are the names in it that no case bears."""

    def __init__(self, prompts: CasePrompts, cases: Sequence[Case]) -> None:
        names = {case_key(case.name): case.name for case in cases}
        self._by_case: dict[str, tuple[ObjectPrompt, ...]] = {}
        self.unmatched: list[str] = []
        for key, prompts_of_case in prompts.items():
            name = names.get(key) or _only_case_in(key, cases)
            if name is None:
                self.unmatched.append(key)
            else:
                self._by_case[name] = self._by_case.get(name, ()) + prompts_of_case

    def open(self, case: Case) -> Opened | None:
        """The image and its prompts; None where the file does not name the case."""
        prompts = self._by_case.get(case.name)
        return None if prompts is None else (case.load(), prompts)


class ChallengeBoxes:
    """The boxes that the challenge's files bring along: label k for box k."""

    def open(self, case: Case) -> Opened | None:
        """The image and its boxes; None for other files. Raises PromptError where the file holds no boxes."""
        if not case.is_challenge:
            return None
        challenge = read_npz(Path(case.files[0]))
        return case_volume(challenge), challenge_prompts(challenge)


class ReferenceBoxes:
    """The tight box of each label in a reference label map that bears the case's name (or <name>_mask)."""

    def __init__(self, folder: Path) -> None:
        self._paths: dict[str, Path] = {}
        for root, folders, files in os.walk(folder):
            folders.sort()
            for file in sorted(files):
                path = Path(root, file)
                place = path.relative_to(folder)
                self._paths.setdefault(case_key(place.with_name(stem_of(file)).as_posix()), path)

    def open(self, case: Case) -> Opened | None:
        """The image and a box for each label; None where there is no reference of its name."""
        place = PurePosixPath(case.place)
        stem = case_key((place.parent / stem_of(place.name or Path(case.files[0]).resolve().parent.name)).as_posix())
        path = self._paths.get(stem) or self._paths.get(f"{stem}_mask")
        if path is None:
            return None
        volume = case.load()
        labels, value_range = _reference_labels(path, volume)
        return volume, tuple(_tight_prompts(labels, value_range))


def challenge_prompts(challenge: ChallengeCase) -> tuple[ObjectPrompt, ...]:
    """Label k for box k, inclusive corners; raises PromptError where the file holds no boxes or too many."""
    if challenge.boxes is None:
        raise PromptError(f"{challenge.path} holds no 'boxes'")
    if len(challenge.boxes) > LARGEST_LABEL:
        raise PromptError(f"{challenge.path} holds more than {LARGEST_LABEL} boxes, a label map holds no more labels")
    prompts = []
    for value, corners in enumerate(challenge.boxes, start=1):
        try:
            box = None if challenge.is_3d else Box.from_inclusive(corners)
            box3d = Box3D.from_inclusive(corners) if challenge.is_3d else None
        except PromptError as error:
            raise PromptError(f"{challenge.path}, box {value}: {error}") from None
        prompts.append(ObjectPrompt(value, str(value), box, box3d))
    return tuple(prompts)


def _only_case_in(folder: str, cases: Sequence[Case]) -> str | None:
    """The case in a folder that holds no other: a series of a single file may be named by its folder too."""
    inside = [case.name for case in cases if PurePosixPath(case.place).parent.as_posix() == folder]
    return inside[0] if len(inside) == 1 else None


def _reference_labels(path: Path, volume: Volume) -> tuple[NDArray[Any], int]:
    """Labels (Z, Y, X) on the volume's grid, whole numbers, and the largest.

    Raises ReadError where they lie on another grid, PromptError for anything else.
    """
    if path.name.lower().endswith(".npz"):
        gts = read_npz(path).gts
        if gts is None:
            raise PromptError(f"the reference {path} holds no 'gts'")
        labels = on_grid(path, gts, volume)
    else:
        labels = read_label_map(path, volume)
    if labels.min() < 0 or labels.max() > LARGEST_LABEL or (labels.dtype.kind == "f" and (labels % 1).any()):
        raise PromptError(f"the reference {path} is no label map: it holds other values than 0 to {LARGEST_LABEL}")
    return labels, int(labels.max())


def _tight_prompts(labels: NDArray[Any], largest: int) -> list[ObjectPrompt]:
    """One pass over the slices, however many labels there are."""
    low = np.full((largest + 1, 3), np.iinfo(np.int64).max)
    high = np.full((largest + 1, 3), -1)
    for z, plane in enumerate(labels):
        y, x = np.nonzero(plane)
        values = plane[y, x].astype(np.int64)
        for axis, coordinates in enumerate((x, y, np.full_like(x, z))):
            np.minimum.at(low[:, axis], values, coordinates)
            np.maximum.at(high[:, axis], values, coordinates)
    prompts = []
    for value in (int(v) for v in np.flatnonzero(high[:, 0] >= 0)):
        corners = (*low[value], *high[value])
        if len(labels) == 1:
            prompts.append(ObjectPrompt(value, str(value), Box.from_inclusive((*corners[:2], *corners[3:5])), index=0))
        else:
            prompts.append(ObjectPrompt(value, str(value), box3d=Box3D.from_inclusive(corners)))
    return prompts
