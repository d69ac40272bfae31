"""`python -m app` without a subcommand."""

from __future__ import annotations

import argparse
import sys


def run(_arguments: argparse.Namespace) -> int:
    """Say that there is no window in this version."""
    print("This version has no window yet; `python -m app --help` lists what the command line can do.", file=sys.stderr)
    return 2
