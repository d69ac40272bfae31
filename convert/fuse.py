"""Several label maps of a case fused into one, with how far they agree: pseudo-labels of several models or people."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import SimpleITK as sitk  # noqa: N813 - its documentation calls it so
from numpy.typing import NDArray

from app.engine.cases import stem_of
from app.engine.errors import EngineError, ReadError
from app.engine.geometry import Frame
from app.engine.io.npz import read_arrays
from app.engine.io.open import read_volume
from convert.challenge_data import turned
from convert.metrics import dsc

Method = Literal["majority", "staple"]
Labels = NDArray[np.uint16]


@dataclass(frozen=True)
class Agreement:
    """How far the maps of a case agree: mean DSC over pairs and labels, share of labelled voxels where all do."""

    case: str
    maps: int
    labels: int
    pairwise_dsc: float
    unanimous: float


def fuse(maps: Sequence[Labels], method: Method) -> Labels:
    """One label map of several of the same shape. Majority: even votes are background. STAPLE: label by label.

    Raises ReadError where shapes differ.
    """
    if len({labels.shape for labels in maps}) != 1:
        raise ReadError(f"label maps of different shapes cannot be fused: {[labels.shape for labels in maps]}")
    images = [sitk.GetImageFromArray(labels) for labels in maps]
    if method == "majority":
        return np.asarray(sitk.GetArrayFromImage(sitk.LabelVoting(images, 0)), dtype=np.uint16)
    out: Labels = np.zeros(maps[0].shape, dtype=np.uint16)
    best = np.full(out.shape, 0.5)
    for value in _values(maps):
        masks = [sitk.GetImageFromArray((labels == value).astype(np.uint8)) for labels in maps]
        likely = sitk.GetArrayFromImage(sitk.STAPLE(masks, 1.0))
        better = likely > best
        out[better], best[better] = value, likely[better]
    return out


def agreement(case: str, maps: Sequence[Labels]) -> Agreement:
    """Of the maps of one case; a label that is in neither map of a pair counts for nothing there."""
    values = _values(maps)
    pairs = [dsc(a == v, b == v) for a, b in itertools.combinations(maps, 2) for v in values]
    known = [value for value in pairs if not np.isnan(value)]
    stack = np.stack(maps)
    labelled = stack.any(axis=0)
    same = (stack == stack[0]).all(axis=0)
    share = float(same[labelled].mean()) if labelled.any() else 1.0
    return Agreement(case, len(maps), len(values), float(np.mean(known)) if known else 1.0, share)


def fuse_folders(
    folders: Sequence[Path], out: Path, method: Method, say: Callable[[str], None] = print
) -> list[Agreement]:
    """Fuse what bears the same name in all folders, each into the kind of file of the first.

    `agreement.csv` goes beside them, unless there is nothing to tell: no case could be fused. Raises ReadError where
    no name is in all of the folders.
    """
    cases = common_cases(folders)
    out.mkdir(parents=True, exist_ok=True)
    measured = []
    for name, paths in cases.items():
        try:
            maps = _read_alike(paths)
            _write(fuse(maps, method), out / paths[0].name, paths[0])
        except EngineError as error:
            say(f"{name}: {error}")
            continue
        measured.append(agreement(name, maps))
        say(f"{name}: {len(maps)} maps agree to {measured[-1].pairwise_dsc:.4f} DSC, {measured[-1].unanimous:.1%}")
    if not measured:
        return measured
    with (out / "agreement.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(Agreement.__dataclass_fields__)
        writer.writerows([*vars(one).values()] for one in measured)
    return measured


def common_cases(folders: Sequence[Path]) -> dict[str, list[Path]]:
    """Files of the same name in all folders, by that name; raises ReadError where there are none."""
    by_name = [{stem_of(path.name): path for path in folder.iterdir() if path.is_file()} for folder in folders]
    names = sorted(set.intersection(*(set(found) for found in by_name)))
    if not names:
        raise ReadError("no label map is in all of the folders")
    return {name: [found[name] for found in by_name] for name in names}


def _values(maps: Sequence[Labels]) -> list[int]:
    return sorted({int(value) for labels in maps for value in np.unique(labels) if value})


def _read_alike(paths: Sequence[Path]) -> list[Labels]:
    """The maps of a case in the axes of the first of them."""
    if paths[0].suffix == ".npz":
        return [read_segs(path) for path in paths]
    volumes = [read_volume(path) for path in paths]
    labels = [whole_labels(volume.voxels, path) for volume, path in zip(volumes, paths, strict=True)]
    wanted = volumes[0].geometry
    if any(volume.geometry.frame is not Frame.WORLD for volume in volumes):
        return labels
    return [turned(one, volume.geometry, wanted) for one, volume in zip(labels, volumes, strict=True)]


def read_segs(path: Path) -> Labels:
    """`segs` (or `gts`) of a challenge file; raises ReadError where there is none, or other than labels."""
    arrays = read_arrays(path, ("segs", "gts"))
    if not arrays:
        raise ReadError(f"{path} holds neither 'segs' nor 'gts'")
    return whole_labels(arrays["segs"] if "segs" in arrays else arrays["gts"], path)


def whole_labels(values: NDArray[Any], path: Path) -> Labels:
    """Values of a file as labels from 0 to 65535 of a picture or a volume; raises ReadError where they are none."""
    if values.ndim not in (2, 3) or not values.size:
        raise ReadError(f"{path} holds labels of the shape {values.shape}: neither a picture's nor a volume's")
    if values.min() < 0 or values.max() > 65535 or (values.dtype.kind == "f" and (values % 1).any()):
        raise ReadError(f"{path} holds other values than whole labels from 0 to 65535")
    return values.astype(np.uint16)


def _write(labels: Labels, target: Path, like: Path) -> None:
    aside = target.with_name(f".part-{target.name}")
    if like.suffix == ".npz":
        with aside.open("wb") as file:
            np.savez_compressed(file, segs=labels)
    else:
        image = sitk.GetImageFromArray(labels)
        image.CopyInformation(sitk.ReadImage(str(like)))
        sitk.WriteImage(image, str(aside))
    aside.replace(target)
