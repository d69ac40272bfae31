"""A training index of a few rendered images: pictures of discs and a volume of a ball."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import nibabel
import numpy as np
from PIL import Image

PICTURES = 6


def write_index(root: Path) -> Path:
    """`index.csv` with four training pictures, two validation ones, and a volume in each split."""
    random = np.random.default_rng(5)
    rows = []
    for n in range(PICTURES):
        _picture(root / "train2d" / "discs", f"disc{n}", random)
        rows.append(("train2d", "discs", f"disc{n}", "train" if n < 4 else "val"))
    for n, split in enumerate(("train", "val")):
        _volume(root / "train3d" / "balls", f"ball{n}", random)
        rows.append(("train3d", "balls", f"ball{n}", split))
    _meta(root / "train2d" / "discs", "Ultrasound")
    _meta(root / "train3d" / "balls", "CT (made up)")
    with (root / "index.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("folder", "dataset", "name", "group", "split"))
        writer.writerows((folder, dataset, name, name, split) for folder, dataset, name, split in rows)
    return root


def _meta(folder: Path, modality: str) -> None:
    (folder / "meta.json").write_text(json.dumps({"modality": modality}), encoding="utf-8")


def _picture(folder: Path, name: str, random: np.random.Generator) -> None:
    y, x = np.mgrid[:60, :80]
    labels = np.zeros((60, 80), dtype=np.uint8)
    labels[np.hypot(x - random.uniform(20, 28), y - 30) < 11] = 1
    labels[np.hypot(x - 60, y - 28) < random.uniform(6, 9)] = 2
    image = 60 + 100 * (labels > 0) + random.normal(0, 12, labels.shape)
    for kind in ("images", "masks"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(image, 0, 255).astype(np.uint8)).save(folder / "images" / f"{name}.jpg")
    Image.fromarray(labels).save(folder / "masks" / f"{name}.png")


def _volume(folder: Path, name: str, random: np.random.Generator) -> None:
    z, y, x = np.mgrid[:14, :30, :32]
    mask = ((z - 7) / 5) ** 2 + ((y - 15) / 8) ** 2 + ((x - 16) / 9) ** 2 < 1
    values = np.where(mask, 60, -80) + random.normal(0, 10, mask.shape)
    affine = np.diag([1.0, 1.0, 2.5, 1.0])
    for kind, array in (("images", values.astype(np.int16)), ("masks", mask.astype(np.uint8))):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        nibabel.save(nibabel.Nifti1Image(array.transpose(2, 1, 0), affine), folder / kind / f"{name}.nii.gz")
