"""The data index: images with instance masks, by folder, data set, group and split. Read once, held in memory.

Layout (`data/README.md` beside the project): `train2d/<set>/images/*.jpg, masks/*.png`,
`train3d/<set>/images/*.nii.gz, masks/*.nii.gz`, `<set>/meta.json` with `modality`, and `index.csv` with the split of
record, which is by group and never by image.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

MODALITIES = (
    "CT", "MR", "PET", "X-Ray", "Ultrasound", "Endoscopy", "Dermoscopy", "Mammography", "Microscopy", "Fundus", "OCT",
)  # fmt: skip
SMALLEST_2D = 10  # pixels: smaller specks are no target, as in the challenge
SMALLEST_3D = 100  # voxels, as in the challenge


@dataclass(frozen=True)
class Instance:
    """One target: its value in the mask and its extent (half-open, per array axis)."""

    value: int
    extent: tuple[slice, ...]
    voxels: int


@dataclass(frozen=True, eq=False)
class Item:
    """One image with one label map.

    `pixels` (H, W) or (H, W, 3) uint8, or (Z, Y, X) int16 or float32; `labels` (H, W) or (Z, Y, X); `spacing_zyx` in mm
    (1, 1, 1 for 2-D); `name` is unique within the data set.
    """

    dataset: str
    name: str
    modality: str
    split: str
    pixels: NDArray[Any]
    labels: NDArray[Any]
    spacing_zyx: tuple[float, float, float]
    instances: tuple[Instance, ...]

    @property
    def is_volume(self) -> bool:
        """Whether the item has slices."""
        return self.labels.ndim == 3


def load_items(root: Path, folders: Iterable[str], splits: Iterable[str]) -> list[Item]:
    """All items of the named folders ("train2d", ...) and splits that hold at least one target, in index order."""
    items: list[Item] = []
    wanted, splits = set(folders), set(splits)
    with (root / "index.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["folder"] in wanted and row["split"] in splits]
    for row in rows:
        folder = root / row["folder"] / row["dataset"]
        read = _read_volume if row["folder"].endswith("3d") else _read_picture
        items += [item for item in read(folder, row["name"], row["split"]) if item.instances]
    return items


def modality_of(folder: Path) -> str:
    """The modality that a data set's `meta.json` names, without its remarks."""
    stated = json.loads((folder / "meta.json").read_text(encoding="utf-8"))["modality"]
    return next((m for m in MODALITIES if str(stated).startswith(m)), str(stated))


def _read_picture(folder: Path, name: str, split: str) -> Iterator[Item]:
    image = Image.open(_only(folder / "images", name))
    pixels = np.asarray(image if image.mode in ("L", "RGB") else image.convert("RGB"))
    labels = np.asarray(Image.open(_only(folder / "masks", name)))
    found = _instances(labels, SMALLEST_2D)
    yield Item(folder.name, name, modality_of(folder), split, pixels, labels, (1.0, 1.0, 1.0), found)


def _read_volume(folder: Path, name: str, split: str) -> Iterator[Item]:
    image: Any = nibabel.load(_only(folder / "images", name))
    values = np.asarray(image.dataobj, dtype=np.float32)
    pixels = _compact(np.nan_to_num(values.reshape(values.shape[:3])).transpose(2, 1, 0))
    x, y, z = (float(s) for s in image.header.get_zooms()[:3])
    for path in sorted((folder / "masks").glob(name + "*.nii*")):
        if not _belongs(path, name, folder):
            continue
        mask: Any = nibabel.load(path)
        labels = np.asarray(mask.dataobj).reshape(mask.shape[:3]).transpose(2, 1, 0)
        labels = np.ascontiguousarray(np.rint(labels).astype(np.int16))
        stem = path.name.split(".nii")[0]
        found = _instances(labels, SMALLEST_3D)
        yield Item(folder.name, stem, modality_of(folder), split, pixels, labels, (z, y, x), found)


def _belongs(mask: Path, name: str, folder: Path) -> bool:
    """Whether no other image's name is a longer beginning of the mask's name."""
    stems = [path.name.split(".nii")[0] for path in (folder / "images").iterdir()]
    return max((s for s in stems if mask.name.startswith(s)), key=len, default="") == name


def _only(folder: Path, name: str) -> Path:
    return next(path for path in folder.iterdir() if path.name.rsplit(".nii", 1)[0] == name or path.stem == name)


def _compact(values: NDArray[np.float32]) -> NDArray[Any]:
    """As int16 where nothing is lost: half the memory."""
    whole = bool(np.abs(values).max(initial=0) < 32767 and (values == np.rint(values)).all())
    return np.ascontiguousarray(values.astype(np.int16) if whole else values)


def _instances(labels: NDArray[Any], smallest: int) -> tuple[Instance, ...]:
    counts = np.bincount(labels.ravel().astype(np.int64))
    extents = ndimage.find_objects(labels.astype(np.int32))
    return tuple(
        Instance(value, extent, int(counts[value]))
        for value, extent in enumerate(extents, start=1)
        if extent is not None and counts[value] >= smallest
    )
