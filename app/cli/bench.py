"""`bench`: how fast this machine is at it."""

from __future__ import annotations

import argparse
import json

from app.cli.choices import segmenter_of
from app.engine.benchmark import run_benchmark


def run(arguments: argparse.Namespace) -> int:
    """Print medians, slices per second and memory."""
    report = run_benchmark(segmenter_of(arguments), runs=arguments.runs)
    if arguments.json:
        print(json.dumps(report.to_json(), indent=1))
        return 0
    print(f"{report.model} ({report.precision}) on {report.device}, {report.threads} threads: {report.processor}")
    print(f"instructions: {report.isa}; " + ", ".join(f"{name} {v}" for name, v in report.versions.items()))
    for name, milliseconds in report.median_ms.items():
        print(f"{name.replace('_', ' ')}: {milliseconds:.2f} ms")
    print(f"through a volume: {report.slices_per_second:.1f} slices a second")
    print(f"most memory: {report.peak_rss_mb:.0f} MB")
    return 0
