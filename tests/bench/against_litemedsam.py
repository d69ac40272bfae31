"""Our packages against the network of LiteMedSAM, in one run: `python -m tests.bench.against_litemedsam`.

LiteMedSAM gets random weights, on which time does not depend, is exported as a package like ours, and runs in f32 by
the same runtime. Contenders take turns, so that whatever else the machine does hits all alike. A pass is one encoding
and the decoding of one box. Everything is measured twice, in processes of their own: as the machine is, and held back
to the instructions of a laptop (AVX2-VNNI; oneDNN's primitives obey, OpenVINO's own kernels do not).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.engine.hardware import instruction_set
from app.engine.manifest import ModelManifest, find_package, list_packages
from app.engine.runtime import CompiledPair, load_pair, openvino_version, processor_name
from app.engine.selftest import phantom_inputs

ROOT = Path(__file__).resolve().parents[2]
SETTINGS: dict[str, dict[str, str]] = {
    "as the machine is": {},
    "laptop-like": {"ONEDNN_MAX_CPU_ISA": "AVX2_VNNI"},
}
TARGET = 40.0  # times faster than LiteMedSAM in f32


@dataclass(frozen=True)
class Timing:
    """Medians in milliseconds; `both` is of whole passes. `times_faster` is the baseline's pass over this one."""

    name: str
    precision: str
    encode: float
    decode: float
    both: float
    times_faster: float = 1.0


@dataclass(frozen=True)
class Measurement:
    """All contenders in one setting, the baseline first."""

    setting: str
    isa: str
    processor: str
    threads: int
    openvino: str
    load: float  # processes that wanted a core in the minute before; whatever is not near 0 blurs short times most
    passes: int
    timings: tuple[Timing, ...]


def measure(folders: Sequence[Path], *, setting: str, turns: int, passes: int, threads: int | None) -> Measurement:
    """Time packages in this process, the first of them the baseline: each turn is a pass to warm up and `passes`."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else math.nan
    contenders = [load_pair(ModelManifest.load(folder), threads=threads) for folder in folders]
    inputs = [phantom_inputs(pair.manifest) for pair in contenders]
    times: list[list[tuple[float, float]]] = [[] for _ in contenders]
    for _ in range(turns):
        for pair, (image, prompts), measured in zip(contenders, inputs, times, strict=True):
            _pass(pair, image, prompts)
            measured += [_pass(pair, image, prompts) for _ in range(passes)]
    timings = [_timing(pair, measured) for pair, measured in zip(contenders, times, strict=True)]
    return Measurement(
        setting=setting,
        isa=instruction_set(),
        processor=processor_name(),
        threads=contenders[0].threads,
        openvino=openvino_version(),
        load=round(load, 2),
        passes=turns * passes,
        timings=against_first(timings),
    )


def against_first(timings: Sequence[Timing]) -> tuple[Timing, ...]:
    """The same with `times_faster` filled in: how often a pass fits into one of the first contender."""
    first = timings[0].both
    return tuple(Timing(t.name, t.precision, t.encode, t.decode, t.both, round(first / t.both, 1)) for t in timings)


def table(measurement: Measurement) -> str:
    """For people: one line for each contender."""
    m = measurement
    lines = [
        f"{m.setting}: {m.processor}, {m.isa}, {m.threads} threads, OpenVINO {m.openvino}",
        f"medians of {m.passes} passes in milliseconds; load before: {m.load:.1f}",
        f"{'package':<24}{'precision':<12}{'encode':>10}{'decode':>10}{'both':>10}{'faster':>10}",
    ]
    for t in m.timings:
        cells = f"{t.encode:>10.2f}{t.decode:>10.2f}{t.both:>10.2f}{t.times_faster:>9.1f}x"
        lines.append(f"{t.name:<24}{t.precision:<12}{cells}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table and a JSON object; 0 where some package reaches the target in every setting, otherwise 1."""
    options = _parser().parse_args(arguments)
    if options.measure:
        folders, limits = options.measure, {"turns": options.turns, "passes": options.passes}
        result = measure(folders, setting=options.setting, threads=options.threads, **limits)
        sys.stdout.write(json.dumps(asdict(result)) + "\n")
        return 0
    ours = [find_package(name).folder for name in options.model] or [package.folder for package in list_packages()]
    with tempfile.TemporaryDirectory(prefix="against-") as scratch:
        folders = [_export(options.baseline, Path(scratch)), *ours]
        measurements = [_measure_apart(folders, setting, options, Path(scratch)) for setting in SETTINGS]
    for measurement in measurements:
        sys.stdout.write(table(measurement) + "\n\n")
    text = json.dumps({"target": TARGET, "measurements": [asdict(m) for m in measurements]}, indent=1)
    sys.stdout.write(text + "\n")
    if options.json is not None:
        options.json.write_text(text + "\n", encoding="utf-8")
    return 0 if all(max(t.times_faster for t in m.timings) >= TARGET for m in measurements) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.against_litemedsam")
    parser.add_argument(
        "--model", action="append", default=[], help="name or folder of a package; default: all installed"
    )
    parser.add_argument("--baseline", choices=("litemedsam", "swiftmedsam"), default="litemedsam")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--passes", type=int, default=3, help="in each turn")
    parser.add_argument("--threads", type=int, help="of one inference; default: all cores")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    parser.add_argument("--measure", type=Path, nargs="+", help=argparse.SUPPRESS)  # what the processes apart are told
    parser.add_argument("--setting", default="", help=argparse.SUPPRESS)
    return parser


def _export(architecture: str, scratch: Path) -> Path:
    from convert.export_sam import export_sam, with_random_weights

    folder = scratch / architecture
    training = {"weights": "random, for timing only"}
    export_sam(
        with_random_weights(architecture, seed=0), folder, name=architecture, family=architecture, training=training
    )
    return folder


def _measure_apart(folders: Sequence[Path], setting: str, options: argparse.Namespace, scratch: Path) -> Measurement:
    command = [sys.executable, "-m", "tests.bench.against_litemedsam", "--measure", *map(str, folders)]
    command += ["--setting", setting, "--turns", str(options.turns), "--passes", str(options.passes)]
    if options.threads is not None:
        command += ["--threads", str(options.threads)]
    environment = os.environ | SETTINGS[setting] | {"SWIFTMEDSAM_HOME": str(scratch / "home")}  # caches go with it
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    fields = json.loads(done.stdout)
    return Measurement(**(fields | {"timings": tuple(Timing(**timing) for timing in fields["timings"])}))


def _pass(
    pair: CompiledPair, image: NDArray[np.float32], prompts: dict[str, NDArray[np.float32]]
) -> tuple[float, float]:
    """Milliseconds of one encoding and of one decoding."""
    start = time.perf_counter()
    embedding = pair.encode(image)
    between = time.perf_counter()
    pair.decode(embedding, prompts)
    return (between - start) * 1000.0, (time.perf_counter() - between) * 1000.0


def _timing(pair: CompiledPair, times: Sequence[tuple[float, float]]) -> Timing:
    encode, decode, both = (
        round(statistics.median(values), 3) for values in zip(*((e, d, e + d) for e, d in times), strict=True)
    )
    return Timing(pair.manifest.name, pair.precision, encode, decode, both)


if __name__ == "__main__":
    sys.exit(main())
