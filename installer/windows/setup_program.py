"""The setup program for Windows, of a frozen application. Made by NSIS, which runs on Windows and on Linux alike."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from app import __version__
from installer import plan
from installer.report import files_below
from installer.stage import draw_icons
from installer.windows.resources import version_numbers

_SCRIPT = Path(__file__).resolve().parent / "setup.nsi"


def make_setup(application: Path, output: Path, quick: bool = False) -> Path:
    """`SwiftMedSAM-<version>-windows-x64-setup.exe`, from the folder of a frozen application.

    The environment may name `SWIFTMEDSAM_SIGN_COMMAND`, which signs the file that stands in place of its `%1`: it is
    run for the uninstaller and for the setup. Raises FileNotFoundError without makensis, and CalledProcessError where
    makensis fails.
    """
    compiler = shutil.which("makensis")
    if compiler is None:
        raise FileNotFoundError("makensis is missing: install NSIS 3 (on Debian the package nsis)")
    target = output / f"{plan.NAME}-{__version__}-windows-x64-setup.exe"
    files = files_below(application)
    with tempfile.TemporaryDirectory() as work:
        draw_icons(Path(work))
        (Path(work) / "files.nsh").write_text("\n".join(_files(application, list(files))) + "\n", encoding="utf-8-sig")
        defined = {
            "NAME": plan.NAME, "VERSION": __version__, "NUMBERS": ".".join(map(str, version_numbers())),
            "PUBLISHER": plan.PUBLISHER, "EXECUTABLE": f"{plan.EXECUTABLE}.exe", "TARGET": str(target),
            "FILES": str(Path(work) / "files.nsh"), "ICON": str(Path(work) / "application.ico"),
            "KILOBYTES": str(sum(files.values()) // 1024), "LICENCE": str(_SCRIPT.parents[2] / "LICENSE"),
            "COMPRESSION": "zlib" if quick else "lzma",
        }  # fmt: skip
        if os.environ.get("SWIFTMEDSAM_SIGN_COMMAND"):
            defined["SIGN"] = os.environ["SWIFTMEDSAM_SIGN_COMMAND"]
        options = [f"-D{name}={value}" for name, value in defined.items()]
        subprocess.run([compiler, "-V2", "-WX", "-INPUTCHARSET", "UTF8", *options, str(_SCRIPT)], check=True)
    return target


def _files(application: Path, names: Sequence[str]) -> Iterator[str]:
    """Two macros: one puts every file in its place, the other removes exactly these and the folders left empty."""
    folders = sorted({str(parent) for name in names for parent in PurePosixPath(name).parents}, key=_depth)
    yield "!macro INSTALL_FILES"
    for folder in folders:
        inside = [name for name in names if str(PurePosixPath(name).parent) == folder]
        if inside:
            yield f'SetOutPath "{_place(folder)}"'
        for name in inside:
            # the source is a path of this machine, in which no variable is looked for
            yield f'File "/oname={_escaped(PurePosixPath(name).name)}" "{application / name}"'
    yield "!macroend"
    yield "!macro REMOVE_FILES"
    for name in names:
        yield f'Delete "{_place(name)}"'
    for folder in reversed(folders):
        if folder != ".":
            yield f'RMDir "{_place(folder)}"'
    yield "!macroend"


def _depth(folder: str) -> tuple[int, str]:
    return len(PurePosixPath(folder).parts), folder


def _place(name: str) -> str:
    return "$INSTDIR" if name == "." else "$INSTDIR\\" + _escaped(name.replace("/", "\\"))


def _escaped(text: str) -> str:
    return text.replace("$", "$$").replace('"', '$\\"')
