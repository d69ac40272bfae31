"""Slices with one object each, fitted into 256 pixels as LiteMedSAM's training does it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from app.engine.errors import EngineError
from app.engine.fitted_view import fitted_view
from app.engine.intensity import IntensityMapping, model_input
from app.engine.io.npz import ChallengeCase, read_npz
from app.engine.view import SliceGrid
from convert.dataset import Item, load_items
from convert.nets.sam import IMAGE_SIZE

_MINMAX = IntensityMapping("minmax")


@dataclass(frozen=True)
class _Place:
    """A slice: number of the image and, of volumes, of the slice."""

    image: int
    index: int


class SliceDataset(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Image (3, 256, 256) in 0..1, box (4,) in pixels and mask (1, 256, 256) of every slice that holds a label.

    Label, flips and box are drawn anew in each `epoch`, the same at every run. Of challenge NPZ with `imgs` and `gts`,
    or of the training split of our index where the folder holds an index.csv. Raises EngineError where there are none.
    """

    def __init__(self, root: Path, *, seed: int, shift: int) -> None:
        self.seed, self.shift, self.epoch = seed, shift, 0
        self._items: list[Item] = []
        self._paths: list[Path] = []
        if (root / "index.csv").exists():
            self._items = load_items(root, ("train2d", "train3d"), ("train",))
        else:
            self._paths = sorted(root.rglob("*.npz"))
        images = len(self._items) or len(self._paths)
        self._places = [place for n in range(images) for place in self._places_in(n)]
        if not self._places:
            raise EngineError(f"{root} holds neither an index.csv nor challenge NPZ files with labels")

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        place = self._places[number]
        random = np.random.default_rng((self.seed, self.epoch, number))
        pixels, labels = self._arrays(place.image)
        if labels.ndim == 3:
            pixels, labels = pixels[place.index], labels[place.index]
        view = fitted_view(SliceGrid(*labels.shape), IMAGE_SIZE)
        image = model_input(pixels, view, _MINMAX)
        fitted = np.zeros((IMAGE_SIZE, IMAGE_SIZE), dtype=np.int64)
        rows, columns = view.cells
        fitted[:rows, :columns] = _nearest(labels, view.cells)
        values = np.unique(fitted[fitted > 0])
        if not len(values):  # too small to be seen at this size: any other slice will do
            return self[(number + 1) % len(self)]
        mask = fitted == random.choice(values)
        for axis in (1, 0):
            if random.random() > 0.5:
                image, mask = np.flip(image, axis + 1), np.flip(mask, axis)
        truth = torch.from_numpy(np.ascontiguousarray(mask[None], dtype=np.float32))
        box = torch.from_numpy(_box(mask, random, self.shift))
        return torch.from_numpy(np.ascontiguousarray(image)), box, truth

    def _places_in(self, image: int) -> list[_Place]:
        _, labels = self._arrays(image)
        if labels.ndim == 2:
            return [_Place(image, 0)] if labels.any() else []
        return [_Place(image, int(n)) for n in np.flatnonzero(labels.any(axis=(1, 2)))]

    def _arrays(self, image: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Pixels and labels of an image; without labels, none."""
        if self._items:
            item = self._items[image]
            return item.pixels, item.labels
        case = _read(self._paths[image])
        return case.imgs, case.gts if case.gts is not None else np.zeros((1, 1), dtype=np.uint8)


@lru_cache(maxsize=4)
def _read(path: Path) -> ChallengeCase:
    return read_npz(path)


def _nearest(labels: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """OpenCV's nearest neighbour: the voxel in which a cell begins."""
    rows, columns = (
        np.minimum((np.arange(new) * (old / new)).astype(np.intp), old - 1)
        for old, new in zip(labels.shape, size, strict=True)
    )
    return np.asarray(labels[rows[:, None], columns])


def _box(mask: NDArray[np.bool_], random: np.random.Generator, shift: int) -> NDArray[np.float32]:
    """x0, y0, x1, y1, inclusive, each side moved outwards by 0 to `shift` pixels."""
    rows, columns = np.nonzero(mask)
    out = random.integers(0, shift + 1, 4)
    side = mask.shape[0] - 1
    corners = (
        max(0, columns.min() - out[0]),
        max(0, rows.min() - out[1]),
        min(side, columns.max() + out[2]),
        min(side, rows.max() + out[3]),
    )
    return np.array(corners, dtype=np.float32)
