"""Boxes around the contours of DICOM RT structure sets: each region's extent in the image that it outlines."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from app.engine.cases import Case, stem_of
from app.engine.errors import PromptError
from app.engine.geometry import Frame, Geometry
from app.engine.io.dicom import is_dicom
from app.engine.io.dicom_fields import PARSE_ERRORS, items, quiet, text
from app.engine.io.limits import MAX_LENGTH_MM
from app.engine.prompt import Box, Box3D
from app.engine.prompt_file import LARGEST_LABEL, ObjectPrompt, case_key
from app.engine.prompt_sources import Opened
from app.engine.volume import Volume

_MODALITY = "RTSTRUCT"
_HEADS = ("SOPClassUID", "Modality", "StructureSetROISequence", "ReferencedFrameOfReferenceSequence")
_LARGEST_FILE = 2**30  # bytes
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_SLACK = 0.1  # voxels: by so much contours miss the centres that they run through
_ENDINGS = ("_mask", "_rtstruct")  # of names that say which case a file outlines


@dataclass(frozen=True)
class _Set:
    """What a structure set says before its contours are read: the series that it refers to, and names by number."""

    path: Path
    series: frozenset[str]
    names: dict[int, str]


class StructureBoxes:
    """The extent of each region of the structure set that refers to the case's series, or bears the case's name.

    Regions of one name have one label value in all cases. Files of the folder that are no structure sets are passed
    over.
    """

    def __init__(self, folder: Path) -> None:
        """Look at every file below the folder; raises PromptError where none is a structure set."""
        self._sets = [found for path in _files_below(folder) if (found := _head_of(path)) is not None]
        if not self._sets:
            raise PromptError(f"{folder} holds no DICOM structure set (RTSTRUCT)")
        names = dict.fromkeys(name for one in self._sets for name in one.names.values())
        if len(names) > LARGEST_LABEL:
            raise PromptError(f"the structure sets in {folder} name more than {LARGEST_LABEL} regions")
        self._values = {name: value for value, name in enumerate(names, start=1)}
        self._by_name: dict[str, list[_Set]] = {}
        for one in self._sets:
            place = one.path.relative_to(folder)
            self._by_name.setdefault(case_key(place.with_name(stem_of(place.name)).as_posix()), []).append(one)

    def open(self, case: Case) -> Opened | None:
        """The image and a box for each region; None where no structure set belongs to it.

        Raises PromptError where several do, or where the contours cannot be those of the image.
        """
        found = self._of_series(case) or self._of_name(case)
        if not found:
            return None
        if len(found) > 1:
            raise PromptError(f"several structure sets outline it: {found[0].path} and {found[1].path}")
        volume = case.load()
        return volume, tuple(self._prompts(found[0], volume))

    def _of_series(self, case: Case) -> list[_Set]:
        series = _series_of(Path(case.files[0]))
        return [one for one in self._sets if series in one.series] if series else []

    def _of_name(self, case: Case) -> list[_Set]:
        place = PurePosixPath(case.place)
        stem = case_key((place.parent / stem_of(place.name or Path(case.files[0]).resolve().parent.name)).as_posix())
        return [one for ending in ("", *_ENDINGS) for one in self._by_name.get(f"{stem}{ending}", ())]

    def _prompts(self, one: _Set, volume: Volume) -> Iterable[ObjectPrompt]:
        if volume.geometry.frame is not Frame.WORLD:
            raise PromptError(f"the image does not say where it lies, so the contours of {one.path} do not fit it")
        regions = _regions(one, volume.source.frame_of_reference_uid)
        if not regions:
            raise PromptError(f"the structure set {one.path} holds no closed contour")
        for number, corners in regions.items():
            name = one.names[number]
            yield _prompt_around(corners, self._values[name], name, volume.geometry)


def _files_below(folder: Path) -> Iterable[Path]:
    for root, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(root, name) for name in sorted(files) if not name.startswith("."))


def _head_of(path: Path) -> _Set | None:
    """What a file says as a structure set; None where it is none."""
    try:
        if path.stat().st_size > _LARGEST_FILE or not is_dicom(path):
            return None
        with quiet():
            dataset = pydicom.dcmread(path, specific_tags=list(_HEADS), force=True)
            if text(dataset, "Modality") != _MODALITY:
                return None
            series = frozenset(_referenced_series(dataset))
            names = {int(item.ROINumber): _name_of(item) for item in dataset.StructureSetROISequence}
    except PARSE_ERRORS:
        return None
    return _Set(path, series, names)


def _referenced_series(dataset: Dataset) -> Iterable[str]:
    for frame in items(dataset, "ReferencedFrameOfReferenceSequence"):
        for study in items(frame, "RTReferencedStudySequence"):
            for series in items(study, "RTReferencedSeriesSequence"):
                yield text(series, "SeriesInstanceUID")


def _name_of(region: Dataset) -> str:
    """A name that can be written in one line."""
    name = "".join(letter if letter.isprintable() else " " for letter in text(region, "ROIName")).strip()
    return name or f"region {int(region.ROINumber)}"


def _series_of(path: Path) -> str:
    """The series of an image file; "" where it says none or is no DICOM file."""
    if not is_dicom(path):
        return ""
    try:
        with quiet():
            return text(pydicom.dcmread(path, specific_tags=["SeriesInstanceUID"], force=True), "SeriesInstanceUID")
    except PARSE_ERRORS:
        return ""


def _regions(one: _Set, frame_of_reference: str) -> dict[int, NDArray[np.float64]]:
    """Corners of the closed contours of each region (N, 3), LPS mm, by its number."""
    found: dict[int, list[NDArray[np.float64]]] = {}
    try:
        with quiet():
            dataset = pydicom.dcmread(one.path, force=True)
            regions = items(dataset, "StructureSetROISequence")
            frames = {text(region, "ReferencedFrameOfReferenceUID") for region in regions} - {""}
            for region in items(dataset, "ROIContourSequence"):
                number = int(region.ReferencedROINumber)
                for contour in items(region, "ContourSequence"):
                    if number in one.names and text(contour, "ContourGeometricType") in _CLOSED:
                        corners = np.array(contour.ContourData, dtype=np.float64).reshape(-1, 3)
                        found.setdefault(number, []).append(corners)
    except PARSE_ERRORS:
        raise PromptError(f"the structure set {one.path} is damaged") from None
    if frame_of_reference and frames and frame_of_reference not in frames:
        raise PromptError(f"the structure set {one.path} belongs to another frame of reference than the image")
    joined = {number: np.concatenate(corners) for number, corners in found.items()}
    if not all((np.abs(corners) < MAX_LENGTH_MM).all() for corners in joined.values()):  # nor is what is no number
        raise PromptError(f"the structure set {one.path} is damaged: a corner lies nowhere")
    return {number: corners for number, corners in joined.items() if len(corners)}


def _prompt_around(world: NDArray[np.float64], value: int, name: str, geometry: Geometry) -> ObjectPrompt:
    """The voxels whose centres lie between the outermost corners; one at least along each axis."""
    indices = geometry.to_index(world)
    spans = [_span(float(low), float(high)) for low, high in zip(indices.min(axis=0), indices.max(axis=0), strict=True)]
    (x0, x1), (y0, y1), (z0, z1) = spans
    if geometry.shape_zyx[0] > 1:
        return ObjectPrompt(value, name, box3d=Box3D(x0, y0, z0, x1, y1, z1))
    if not z0 <= 0 < z1:
        raise PromptError(f"label '{name}': its contours lie beside the only slice of the image")
    return ObjectPrompt(value, name, Box(x0, y0, x1, y1), index=0)


def _span(low: float, high: float) -> tuple[int, int]:
    first, end = math.ceil(low - _SLACK), math.floor(high + _SLACK) + 1
    if end <= first:
        first = math.floor((low + high) / 2 + 0.5)
        end = first + 1
    return first, end
