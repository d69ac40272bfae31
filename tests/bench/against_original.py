"""The authors' inference script and ours over one folder of challenge NPZ, in one run: masks and seconds by case.

`python -m tests.bench.against_original SCRIPT NPZ [--checkpoint X.pth] [--python /path/to/python]`: SCRIPT is
`CVPR24_LiteMedSAM_infer.py` of a checkout of LiteMedSAM, or SwiftMedSAM's, which has the same options. It is started
unchanged, but for its picture of each case, which is not drawn, by an interpreter that has what it imports. Without a
checkpoint both get the same random weights, on which time does not depend. Ours is the exported f32 package, with
`--int8` the quantised one too. Each case is timed from reading to the written file; models are loaded before. What the
script forgets (slice 0 of a box) or overflows (objects beyond 255) counts as a difference.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.engine.manifest import ModelManifest
from app.engine.runtime import load_pair
from app.engine.segmenter import ModelSegmenter
from convert.challenge_table import segment_folder
from convert.fuse import read_segs
from convert.metrics import dsc

LOWEST = 0.999  # mask DSC of every object in f32
_WITHOUT_PICTURES = (
    "import runpy, sys; import matplotlib.pyplot as plot; sys.argv = sys.argv[1:]; sys.path.insert(0, '.'); "
    "plot.tight_layout = plot.savefig = lambda *_, **__: None; runpy.run_path(sys.argv[0], run_name='__main__')"
)


@dataclass(frozen=True)
class Compared:
    """One case: lowest and mean mask DSC over its objects, voxels that differ, seconds of the script and of ours."""

    case: str
    objects: int
    lowest: float
    mean: float
    differing: int
    theirs: float
    ours: float


def compared(
    case: str, theirs: Path, ours: Path, seconds: tuple[float, float], *, skip_first: bool = False
) -> Compared:
    """Two label maps of the same case; an object that neither has agrees. `skip_first`: without slice 0 of a volume."""
    a, b = read_segs(theirs), read_segs(ours)
    if a.shape != b.shape:
        raise SystemExit(f"{case}: shapes {a.shape} and {b.shape}")
    if skip_first and a.ndim == 3:
        a, b = a[1:], b[1:]
    values = range(1, max(int(a.max()), int(b.max())) + 1)
    overlaps = [dsc(a == value, b == value) for value in values]
    known = [value for value in overlaps if not np.isnan(value)] or [1.0]
    return Compared(case, len(values), min(known), float(np.mean(known)), int((a != b).sum()), *seconds)


def table(rows: Sequence[Compared], name: str) -> str:
    """For people: a line for each case, then sums and the lowest of all."""
    columns = f"{'objects':>8}{'lowest DSC':>12}{'mean DSC':>10}{'voxels':>9}{'script s':>10}{'ours s':>9}{'faster':>8}"
    lines = [f"{name:<32}{columns}", *(_line(row) for row in rows)]
    whole = Compared(
        "all",
        sum(row.objects for row in rows),
        min(row.lowest for row in rows),
        float(np.mean([row.mean for row in rows])),
        sum(row.differing for row in rows),
        sum(row.theirs for row in rows),
        sum(row.ours for row in rows),
    )
    return "\n".join([*lines, _line(whole)])


def _line(row: Compared) -> str:
    return (
        f"{row.case:<32}{row.objects:>8}{row.lowest:>12.6f}{row.mean:>10.6f}{row.differing:>9}"
        f"{row.theirs:>10.2f}{row.ours:>9.2f}{row.theirs / row.ours:>7.1f}x"
    )


def run_script(options: argparse.Namespace, checkpoint: Path, out: Path) -> dict[str, float]:
    """Start the authors' script; seconds by case as it measures them itself."""
    command = [options.python, "-c", _WITHOUT_PICTURES, options.script.name]
    command += ["-i", f"{options.npz.absolute()}/", "-o", str(out), "-png_save_dir", str(out / "pictures")]
    command += ["-lite_medsam_checkpoint_path", str(checkpoint.absolute())]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {"MPLBACKEND": "agg"}
    subprocess.run(
        command, cwd=options.script.absolute().parent, env=environment, check=True, stdout=subprocess.DEVNULL
    )
    with (out / "efficiency.csv").open(newline="", encoding="utf-8") as file:
        return {row["case"]: float(row["time"]) for row in csv.DictReader(file)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; 0 where every object of every case agrees in f32, otherwise 1."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="against-original-") as scratch:
        folder = Path(scratch)
        os.environ["SWIFTMEDSAM_HOME"] = str(folder / "home")
        checkpoint = options.checkpoint or _random_checkpoint(folder / f"{options.network}.pth", options.network)
        packages = _exported(checkpoint, folder, int8=options.int8)
        theirs = run_script(options, checkpoint, folder / "theirs")
        agrees = True
        for package in packages:
            segmenter = ModelSegmenter(load_pair(ModelManifest.load(package), threads=options.threads))
            segmenter.pair.self_test()  # compiles
            ours = segment_folder(segmenter, options.npz, folder / package.name, say=lambda _: None)
            rows = [
                compared(
                    case,
                    folder / "theirs" / case,
                    folder / package.name / case,
                    (theirs[case], ours[case]),
                    skip_first=options.skip_first,
                )
                for case in sorted(theirs)
            ]
            print(table(rows, f"{segmenter.manifest.family}, {segmenter.manifest.precision}"), flush=True)
            if segmenter.manifest.precision == "f32":
                agrees = all(row.lowest >= LOWEST for row in rows)
    return 0 if agrees else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.against_original")
    parser.add_argument("script", type=Path, help="CVPR24_LiteMedSAM_infer.py in its checkout")
    parser.add_argument("npz", type=Path, help="folder of challenge NPZ with boxes")
    parser.add_argument("--checkpoint", type=Path, help="weights for both; default: random ones")
    parser.add_argument("--network", choices=("litemedsam", "swiftmedsam"), default="litemedsam")
    parser.add_argument("--python", default=sys.executable, help="interpreter that has what the script imports")
    parser.add_argument("--threads", type=int, help="of ours; default: all cores, as torch takes them")
    parser.add_argument("--skip-first", action="store_true", help="not slice 0, which SwiftMedSAM's script forgets")
    parser.add_argument("--int8", action="store_true", help="also the quantised package, calibrated on the samples")
    return parser


def _random_checkpoint(path: Path, network: str) -> Path:
    import torch

    from convert.export_sam import with_random_weights

    torch.save(with_random_weights(network, seed=0).state_dict(), path)
    return path


def _exported(checkpoint: Path, folder: Path, *, int8: bool) -> list[Path]:
    from convert.lineage import Wanted, export_lineage

    return export_lineage(checkpoint, folder / "ours", Wanted("both" if int8 else "f32", samples=6 if int8 else 1))


if __name__ == "__main__":
    sys.exit(main())
