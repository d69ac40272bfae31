"""Image and mask pairs as the challenge's NPZ, and these as an index that training reads.

As the challenge prescribes: CT between the ends of a window, other volumes between the percentiles 0.5 and 99.5 of what
is not 0, both to eight bits; objects under 100 voxels (26 neighbours) and, slice by slice, specks under 10 pixels
(8 neighbours) taken out; only slices with a label kept. Pictures keep their values. Nothing is resampled: the spacing
goes along.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import nibabel
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from app.engine.cases import safe_name, stem_of
from app.engine.errors import EngineError, ReadError
from app.engine.geometry import Frame, Geometry
from app.engine.io.npz import read_npz
from app.engine.io.open import read_volume
from app.engine.volume import Kind, Volume, as_eight_bits
from convert.dataset import SMALLEST_2D, SMALLEST_3D

_PERCENTILES = (0.5, 99.5)
_VALIDATION = 10  # of so many cases one is for validation
_OFF_GRID = 0.1  # voxels by which a mask may lie beside its image's: what files round


@dataclass(frozen=True)
class Recipe:
    """How pairs become NPZ. `window`: level and width in HU, for CT. `instances`: labels whose parts become objects.

    `boxes` adds the tight box of each object and names files as the challenge's test files are named.
    """

    modality: str
    window: tuple[float, float] = (40.0, 400.0)
    drop: tuple[int, ...] = ()
    instances: tuple[int, ...] = ()
    boxes: bool = False
    prefix: str = ""


def find_pairs(images: Path, masks: Path) -> list[tuple[Path, Path]]:
    """Images (files, or folders of DICOM) with masks of the same stem; an image may end in _0000, a mask in _mask.

    Raises ReadError where there is no pair.
    """
    by_stem = {stem_of(path.name).removesuffix("_0000"): path for path in sorted(images.iterdir())}
    pairs = []
    for mask in sorted(masks.iterdir()):
        stem = stem_of(mask.name)
        image = by_stem.get(stem) or by_stem.get(stem.removesuffix("_mask"))
        if image is not None:
            pairs.append((image, mask))
    if not pairs:
        raise ReadError(f"no image in {images} bears the name of a mask in {masks}")
    return pairs


def write_pairs(
    pairs: Sequence[tuple[Path, Path]], folder: Path, recipe: Recipe, say: Callable[[str], None] = print
) -> list[Path]:
    """An NPZ for each pair; what is unreadable, or holds nothing after clearing up, is said and left out."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for image, mask in pairs:
        try:
            arrays = prepare(read_volume(image), read_volume(mask), recipe)
        except EngineError as error:
            say(f"{image.name}: {error}")
            continue
        if arrays is None:
            say(f"{image.name}: no object is left after small ones are taken out")
            continue
        flat = arrays["gts"].ndim == 2
        kind = f"{'2D' if flat else '3D'}Box_" if recipe.boxes else ""
        name = safe_name("_".join(part for part in (recipe.modality, recipe.prefix, stem_of(mask.name)) if part))
        target = folder / f"{kind}{name}.npz"
        aside = target.with_suffix(".part")
        with aside.open("wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # a flag of its own is among the keywords
        aside.replace(target)
        written.append(target)
    return written


def prepare(image: Volume, mask: Volume, recipe: Recipe) -> dict[str, NDArray[Any]] | None:
    """`imgs`, `gts`, of volumes `spacing`, and `boxes` where wanted; None where no object is left.

    Raises ReadError where the mask is none of this image.
    """
    labels = _labels(mask)
    if mask.geometry.frame is Frame.WORLD and image.geometry.frame is Frame.WORLD:
        labels = turned(labels, mask.geometry, image.geometry)
    if labels.shape != image.shape_zyx:
        raise ReadError(f"its mask has another shape: {labels.shape} for {image.shape_zyx}")
    flat = image.kind is Kind.PICTURE
    gts = clear_up(_instances(labels, recipe), volume=not flat)
    kept = np.flatnonzero(gts.any(axis=(1, 2)))
    if not len(kept):
        return None
    if flat:
        pixels = as_eight_bits(image.voxels[0])
        grey = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=-1)
        arrays = {"imgs": grey, "gts": gts[0]}
    else:
        arrays = {"imgs": to_eight_bits(image.voxels, recipe)[kept], "gts": gts[kept]}
        arrays["spacing"] = np.array(image.geometry.spacing_zyx[::-1])
    if recipe.boxes:
        arrays["boxes"] = tight_boxes(arrays["gts"])
    return arrays


def to_eight_bits(voxels: NDArray[Any], recipe: Recipe) -> NDArray[np.uint8]:
    """Values (Z, Y, X) to 0..255, cut off below, not rounded: CT by its window, the rest by percentiles."""
    values = voxels.astype(np.float64)
    if recipe.modality.upper() == "CT":
        level, width = recipe.window
        low, high = level - width / 2, level + width / 2
    else:
        positive = values[values > 0]
        low, high = np.percentile(positive if positive.size else values, _PERCENTILES)
    cut = np.clip(values, low, high)
    scaled = (cut - cut.min()) / max(float(cut.max() - cut.min()), 1e-8) * 255.0
    if recipe.modality.upper() != "CT":
        scaled[values == 0] = 0
    return np.asarray(scaled, dtype=np.uint8)


def clear_up(labels: NDArray[np.uint16], *, volume: bool) -> NDArray[np.uint16]:
    """Labels (Z, Y, X) without parts under 100 voxels in a volume, and without specks under 10 pixels in any slice."""
    out = labels.copy()
    for value in (int(v) for v in np.unique(labels) if v):
        if volume:
            out[_small(out == value, SMALLEST_3D)] = 0
        for plane in out:
            plane[_small(plane == value, SMALLEST_2D)] = 0
    return out


def tight_boxes(gts: NDArray[Any]) -> NDArray[np.int64]:
    """Boxes of labels 1, 2, ..., inclusive, x first: (N, 4) of (rows, columns), (N, 6) of (Z, Y, X)."""
    rows = []
    for value in (int(v) for v in np.unique(gts) if v):
        places = np.argwhere(gts == value)[:, ::-1]
        rows.append([*places.min(axis=0), *places.max(axis=0)])
    return np.array(rows, dtype=np.int64)


def _small(mask: NDArray[np.bool_], smallest: int) -> NDArray[np.bool_]:
    parts, count = ndimage.label(mask, structure=np.ones((3,) * mask.ndim))
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    small = sizes < smallest
    small[0] = False
    return np.asarray(small[parts])


def _labels(mask: Volume) -> NDArray[np.uint16]:
    values = mask.voxels
    if values.ndim != 3 or values.min() < 0 or values.max() > 65535 or (values % 1).any():
        raise ReadError("its mask holds other values than whole labels from 0 to 65535")
    return values.astype(np.uint16)


def turned(labels: NDArray[np.uint16], own: Geometry, wanted: Geometry) -> NDArray[np.uint16]:
    """Labels (Z, Y, X) of one geometry in the axes of another, whose voxels are the same ones stored in another order.

    A NIfTI mask of a DICOM series is so as a rule: its rows run the other way. Raises ReadError where it takes more
    than exchanging and reversing axes: nothing is resampled.
    """
    start = wanted.to_index(own.to_world(np.zeros(3)))
    steps = (wanted.to_index(own.to_world(np.eye(3))) - start).T  # columns: the steps of i, j, k in wanted indices
    whole = np.rint(steps)
    along = np.abs(whole).argmax(axis=1)  # which of the own axes runs along each wanted one
    signs = whole[range(3), along]
    shape = np.array(own.shape_zyx[::-1])
    first = start + whole @ np.where(signs[np.argsort(along)] < 0, shape - 1, 0)
    regular = sorted(along) == [0, 1, 2] and np.abs(whole).sum() == np.abs(signs).sum() == 3
    last = np.abs(steps - whole) @ (shape - 1)  # by how much the farthest voxel lies beside its place
    if not regular or max(last.max(), np.abs(first).max()) > _OFF_GRID:
        raise ReadError("its mask lies at another place than the image, or on another grid")
    moved = labels.transpose([2 - int(along[2 - axis]) for axis in range(3)])
    return np.ascontiguousarray(np.flip(moved, tuple(2 - n for n in range(3) if signs[n] < 0)))


def _instances(labels: NDArray[np.uint16], recipe: Recipe) -> NDArray[np.uint16]:
    """Without what is dropped; parts of the labels of `instances` get labels of their own, after the largest."""
    out = np.where(np.isin(labels, recipe.drop), np.uint16(0), labels)
    for value in recipe.instances:
        mask = out == value
        out[mask] = 0
        parts, count = ndimage.label(mask, structure=np.ones((3,) * mask.ndim))
        start = int(out.max())
        if start + count > 65535:
            raise ReadError(f"its label {value} falls into {count} parts, more than a label map holds")
        out[mask] = (parts[mask] + start).astype(np.uint16)
    return out


# --------------------------------------------------------------------------------------------------------------- index


def write_index(npz: Path, root: Path) -> int:
    """A training index of a folder of challenge NPZ with `gts`; returns how many images it holds.

    One data set for each folder of files, of the modality that their names begin with; one case in ten, by a hash of
    its name, is for validation. Raises ReadError where there are none.
    """
    rows = []
    for path in sorted(npz.rglob("*.npz")):
        case = read_npz(path)
        if case.gts is not None and case.gts.any():
            rows.append(_put(case.imgs, case.gts, case.spacing, path, npz, root))
    if not rows:
        raise ReadError(f"{npz} holds no challenge NPZ files with 'gts'")
    with (root / "index.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("folder", "dataset", "name", "group", "split"))
        writer.writerows(rows)
    return len(rows)


def _put(
    imgs: NDArray[Any], gts: NDArray[Any], spacing: Sequence[float] | None, path: Path, npz: Path, root: Path
) -> tuple[str, str, str, str, str]:
    modality = path.stem.removeprefix("2DBox_").removeprefix("3DBox_").split("_")[0]
    parts = path.parent.relative_to(npz).parts
    dataset = safe_name("-".join((*parts, modality)))
    kind = "train2d" if gts.ndim == 2 else "train3d"
    folder, name = root / kind / dataset, safe_name(path.stem)
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "meta.json").write_text(json.dumps({"modality": modality, "original": dataset}), encoding="utf-8")
    if gts.ndim == 2:
        Image.fromarray(imgs.astype(np.uint8)).save(folder / "images" / f"{name}.png")
        Image.fromarray(gts.astype(np.uint16 if gts.max() > 255 else np.uint8)).save(folder / "masks" / f"{name}.png")
    else:
        affine = np.diag([*(spacing or (1.0, 1.0, 1.0)), 1.0])
        for part, array in (("images", imgs.astype(np.uint8)), ("masks", gts.astype(np.int16))):
            nibabel.save(nibabel.Nifti1Image(array.transpose(2, 1, 0), affine), folder / part / f"{name}.nii.gz")
    split = "val" if crc32(path.stem.encode()) % _VALIDATION == 0 else "train"
    return kind, dataset, name, name, split


def slices_of(gts: NDArray[Any]) -> Iterator[int]:
    """Indices of the slices that hold a label."""
    yield from (int(n) for n in np.flatnonzero(gts.any(axis=(1, 2))))
