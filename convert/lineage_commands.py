"""What `python -m convert` does for the lineage: its options, and what they call. Heavy imports wait until then."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add(commands: Any) -> None:  # noqa: ANN401 - argparse's own type is private
    """Add `data` and `fuse` to the commands."""
    _add_data(commands.add_parser("data", help="pairs to challenge NPZ, and these to a training index"))
    fuse = commands.add_parser("fuse", help="several label maps of each case into one, with their agreement")
    fuse.add_argument("folders", type=Path, nargs="+", help="two or more folders with files of the same names")
    fuse.add_argument("-o", "--out", type=Path, required=True)
    fuse.add_argument("--method", choices=("majority", "staple"), default="majority")
    fuse.set_defaults(run=_fuse)


def _add_data(data: argparse.ArgumentParser) -> None:
    kinds = data.add_subparsers(dest="kind", required=True)
    pairs = kinds.add_parser("npz", help="NIfTI, DICOM or pictures with masks of the same names to challenge NPZ")
    pairs.add_argument("--images", type=Path, required=True, help="folder of files, or of folders of DICOM")
    pairs.add_argument("--masks", type=Path, required=True)
    pairs.add_argument("-o", "--out", type=Path, required=True)
    pairs.add_argument("--modality", required=True, help="CT, MR, PET, US, ...: the first part of the files' names")
    pairs.add_argument("--name", default="", help="the second part, such as the body part")
    pairs.add_argument(
        "--window", type=float, nargs=2, metavar=("LEVEL", "WIDTH"), default=(40.0, 400.0), help="CT, HU"
    )
    pairs.add_argument("--drop", type=int, nargs="*", default=(), help="labels to leave out")
    pairs.add_argument("--instances", type=int, nargs="*", default=(), help="labels whose parts are objects each")
    pairs.add_argument("--boxes", action="store_true", help="add boxes and name files as the challenge's test files")
    pairs.set_defaults(run=_npz)
    index = kinds.add_parser("index", help="challenge NPZ with gts to the index that training reads")
    index.add_argument("npz", type=Path)
    index.add_argument("-o", "--out", type=Path, required=True)
    index.set_defaults(run=_index)


def add_challenge_options(evaluate: argparse.ArgumentParser) -> None:
    """What makes `evaluate` compute as the challenge does."""
    group = evaluate.add_argument_group("challenge files, in place of a suite")
    group.add_argument("--gts", type=Path, help="folder of NPZ with the truth")
    group.add_argument("--segs", type=Path, help="folder of results of the same names; with --images, where they go")
    group.add_argument("--images", type=Path, help="folder of NPZ with boxes, to segment with --model and time")
    group.add_argument("--seconds", type=Path, help="CSV of wall-clock seconds by case, where something else segmented")


def evaluate_challenge(options: argparse.Namespace) -> int:
    """Segment where wanted, score, print the table, and write it with --out."""
    from convert.challenge_table import (
        markdown,
        read_seconds,
        score_folders,
        segment_folder,
        target_rows,
        truths,
        write_table,
    )

    segs, seconds = options.segs, read_seconds(options.seconds) if options.seconds else {}
    if options.images is not None:
        from app.engine.segmenter import open_segmenter

        if segs is None:
            if options.out is None:
                raise ValueError("with --images either --segs or --out must say where results go")
            segs = options.out / "segs"
        seconds |= segment_folder(open_segmenter(options.model), options.images, segs)
    if segs is None:
        raise ValueError("either --segs (results) or --images (to segment now) is needed")
    cases = score_folders(segs, options.gts, seconds)
    print(markdown(target_rows(cases)))
    if options.out is not None:
        write_table(options.out, cases)
    return 0 if len(cases) == len(truths(options.gts)) else 1


def train(options: argparse.Namespace) -> int:
    """Train a network of the lineage as its authors do."""
    from convert.train_sam import SamTraining, train_sam

    names = ("epochs", "batch", "rate", "seed", "workers", "device")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    config = SamTraining(data=str(options.data), out=str(options.out), network=options.network, **given)
    print(train_sam(config, options.initial))
    return 0


def _npz(options: argparse.Namespace) -> int:
    from convert.challenge_data import Recipe, find_pairs, write_pairs

    recipe = Recipe(
        options.modality,
        (options.window[0], options.window[1]),
        tuple(options.drop),
        tuple(options.instances),
        options.boxes,
        options.name,
    )
    pairs = find_pairs(options.images, options.masks)
    written = write_pairs(pairs, options.out, recipe)
    print(f"{len(written)} of {len(pairs)} pairs written to {options.out}")
    return 0 if len(written) == len(pairs) else 1


def _index(options: argparse.Namespace) -> int:
    from convert.challenge_data import write_index

    options.out.mkdir(parents=True, exist_ok=True)
    print(f"{write_index(options.npz, options.out)} images in {options.out / 'index.csv'}")
    return 0


def _fuse(options: argparse.Namespace) -> int:
    from convert.fuse import common_cases, fuse_folders

    if len(options.folders) < 2:
        raise ValueError("there must be two folders at least")
    measured = fuse_folders(options.folders, options.out, options.method)
    return 0 if len(measured) == len(common_cases(options.folders)) else 1
