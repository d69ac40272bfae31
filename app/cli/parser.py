"""What may be typed. Imports nothing heavy: `--help` answers at once."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from app import __version__

FORMATS = ("nifti", "nrrd", "npz", "png", "dicom-seg", "rtstruct", "stl", "obj", "ply")
COMMANDS = ("segment", "batch", "info", "models", "selftest", "bench")
PLANES = ("axial", "coronal", "sagittal")

_COORDINATES = (
    "Coordinates are voxel indices of the stored file, x fastest, first and last voxel included. In slices along z the "
    "box is x0,y0,x1,y1; in slices along y it is x0,z0,x1,z1; in slices along x it is y0,z0,y1,z1."
)
_NOTICE = "Research use only, not a medical device."


def build_parser() -> argparse.ArgumentParser:
    """The parser; `arguments.run(arguments)` runs the chosen subcommand and returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m app" if Path(sys.argv[0]).name == "__main__.py" else "swiftmedsam",
        usage="%(prog)s [-h] [--version] COMMAND ...\n       %(prog)s [--model NAME] [FILE ...]",
        description="Outlines objects in medical images from a box, on an ordinary laptop, without a network. "
        "Without a subcommand the window opens, with the files that are named; --model before them takes an installed "
        "package or the path of one, as it does after a subcommand.",
        epilog=f"Exit codes: 0 all done, 1 something failed, 2 wrong use. {_NOTICE}",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"swiftmedsam {__version__}")
    commands = parser.add_subparsers(title="subcommands", metavar="COMMAND", required=True, prog=parser.prog)
    for add in (_add_segment, _add_batch, _add_info, _add_models, _add_selftest, _add_bench):
        add(commands)
    return parser


_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # the type has no public name


def _add(commands: _Commands, name: str, summary: str, epilog: str = "") -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=summary, description=summary, epilog=epilog, allow_abbrev=False)
    parser.add_argument("--debug", action="store_true", help="let errors through with their trace")
    parser.set_defaults(run=_subcommand(name))
    return parser


def _subcommand(name: str) -> Callable[[argparse.Namespace], int]:
    """Runs `app.cli.<name>`, imported only then."""

    def run(arguments: argparse.Namespace) -> int:
        code: int = import_module(f"app.cli.{name}").run(arguments)
        return code

    return run


def _add_segment(commands: _Commands) -> None:
    parser = _add(commands, "segment", "Turn a box or clicks on one image into a mask.", f"{_COORDINATES} {_NOTICE}")
    parser.add_argument("input", type=Path, metavar="INPUT", help="image, volume, challenge NPZ, or DICOM folder")
    parser.add_argument("-o", "--output", required=True, metavar="OUT", help="file to write, or a folder")
    prompts = parser.add_argument_group("what to outline")
    prompts.add_argument("--box", type=_numbers(4), action="append", default=[], metavar="X0,Y0,X1,Y1",
                         help="a box in one slice; give it again for more objects")  # fmt: skip
    prompts.add_argument("--slice", type=int, metavar="K", help="the slice of --box; not needed for a picture")
    prompts.add_argument("--plane", choices=PLANES, help="how slices are counted (default: as stored, along z)")
    prompts.add_argument("--box3d", type=_numbers(6), action="append", default=[], metavar="X0,Y0,Z0,X1,Y1,Z1",
                         help="a box in the volume; give it again for more objects")  # fmt: skip
    prompts.add_argument("--point", type=_numbers(4), action="append", default=[], metavar="X,Y,Z,1|0",
                         help="a click inside (1) or outside (0); in a picture Z is 0; may be given again")  # fmt: skip
    prompts.add_argument("--prompts", type=Path, metavar="FILE", help="boxes and points from a JSON or CSV file")
    _add_reading(parser)
    _add_model(parser)
    _add_result(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there already")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def _add_batch(commands: _Commands) -> None:
    parser = _add(
        commands,
        "batch",
        "Segment every case of a folder; a case that fails stops nothing.",
        "Without --prompts, --boxes-from and --structures-from, boxes are those of the challenge's NPZ files. "
        f"{_COORDINATES} {_NOTICE}",
    )
    parser.add_argument("-i", "--input", type=Path, metavar="INPUTS", help="folder of the cases")
    parser.add_argument("-o", "--output", type=Path, metavar="OUTPUTS", help="folder of the masks")
    boxes = parser.add_mutually_exclusive_group()
    boxes.add_argument("--prompts", type=Path, metavar="FILE", help="boxes and points by case, JSON or CSV")
    boxes.add_argument("--boxes-from", type=Path, metavar="DIR",
                       help="take the tight boxes of reference label maps of the same names")  # fmt: skip
    boxes.add_argument("--structures-from", type=Path, metavar="DIR",
                       help="take the extents of the regions in DICOM structure sets (RTSTRUCT)")  # fmt: skip
    _add_model(parser)
    _add_result(parser, several=True)
    parser.add_argument("--existing", choices=("skip", "replace", "number"), default="skip",
                        help="where a result is there already (default: skip, so that a run can go on)")  # fmt: skip
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a CSV table, one row per label")
    job = parser.add_mutually_exclusive_group()
    job.add_argument("--job", type=Path, metavar="FILE", help="keep what is to be done and what is done in this file")
    job.add_argument("--resume", type=Path, metavar="FILE",
                     help="go on with a batch of the window or of --job, which says all the rest")  # fmt: skip
    parser.add_argument("--jobs", type=_positive, default=1, metavar="N", help="cases at a time (default 1)")


def _add_info(commands: _Commands) -> None:
    parser = _add(commands, "info", "Say what a file or folder holds, where it lies, and what is odd about it.")
    parser.add_argument("input", type=Path, metavar="INPUT", help="image, volume, challenge NPZ, or folder")
    parser.add_argument("--series", metavar="ID", help="this series alone")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_models(commands: _Commands) -> None:
    parser = _add(commands, "models", "List, verify or import model packages.")
    parser.set_defaults(action="list", json=False, path=None)
    actions = parser.add_subparsers(metavar="list | verify | import")
    listing = actions.add_parser("list", help="the packages that are installed (the default)")
    listing.set_defaults(action="list")
    listing.add_argument("--json", action="store_true", help="print one JSON object")
    actions.add_parser("verify", help="check every file against its hash").set_defaults(action="verify")
    importing = actions.add_parser("import", help="install a package from a folder or a zip file")
    importing.set_defaults(action="import")
    importing.add_argument("path", type=Path, metavar="PATH", help="folder or zip file with manifest.json")


def _add_selftest(commands: _Commands) -> None:
    parser = _add(commands, "selftest", "Check that model, readers and writers do their work on this machine.")
    parser.add_argument("--window", action="store_true",
                        help="then open the window, outline an object there and close it")  # fmt: skip
    _add_model(parser)


def _add_bench(commands: _Commands) -> None:
    parser = _add(commands, "bench", "Measure encoding, decoding, box to mask, slices per second and memory.")
    _add_model(parser)
    parser.add_argument("--runs", type=_positive, default=50, metavar="N", help="repetitions of each step (default 50)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--series", metavar="ID", help="which series, where INPUT holds several (see `info`)")


def _add_model(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("model")
    group.add_argument("--model", metavar="NAME", help="an installed package or the path of one (default: the fastest)")
    group.add_argument("--device", metavar="NAME", help="where OpenVINO computes, such as CPU or GPU (default: CPU)")
    group.add_argument("--threads", type=_positive, metavar="N", help="processor threads (default: all cores)")


def _add_result(parser: argparse.ArgumentParser, *, several: bool = False) -> None:
    group = parser.add_argument_group("result")
    more = "; several with commas between" if several else ""
    group.add_argument(
        "--format", metavar="|".join(FORMATS), help=f"format of the masks (default: what suits the input{more})"
    )
    group.add_argument(
        "--propagate", action="store_true", help="carry a box in one slice through the volume, both ways"
    )
    group.add_argument("--largest", action="store_true", help="keep the largest part of each object alone")
    group.add_argument("--fill-holes", action="store_true", help="fill holes inside each object")


def _numbers(count: int) -> Callable[[str], tuple[float, ...]]:
    def parse(text: str) -> tuple[float, ...]:
        try:
            values = tuple(float(part) for part in text.split(","))
        except ValueError:
            values = ()
        if len(values) != count or not all(math.isfinite(value) for value in values):
            raise argparse.ArgumentTypeError(f"'{text}' is not {count} numbers with commas between")
        return values

    return parse


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:9]) >= 1 and len(text) < 9):
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1")
    return int(text)
