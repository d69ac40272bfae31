"""`python -m app`: the command line; the window is a later part of the project."""

from __future__ import annotations

import sys

from app.cli import main

if __name__ == "__main__":
    sys.exit(main())
