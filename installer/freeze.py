"""Runs the freezer, and makes of what it wrote a bundle without symbols nobody reads."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from installer import plan
from installer.distributions import ROOT
from installer.macos.bundle import write_info_plist
from installer.report import files_below, unmet_imports
from installer.stage import draw_icons, stage_data
from installer.system import add_system_packages
from installer.windows.resources import write_manifest, write_version_resource

# Only what no tool rewrote after linking: a changed layout does not always survive.
_STRIPPED = ("vtkmodules/*.so", "libpython*.so*", "lib-dynload/*.so", "python3*/lib-dynload/*.so", "_CharLS*.so")


def freeze(work: Path, target: Path, releases: str) -> Path:
    """The application as a folder in `target` (on macOS as a bundle); the folder that users start it from.

    What is staged in `work` is made anew. Raises CalledProcessError where a tool fails, RuntimeError where something
    bundled imports what is left out.
    """
    staged = work / "staged"
    shutil.rmtree(staged, ignore_errors=True)
    stage_data(staged / "data", releases)
    draw_icons(staged)
    if sys.platform == "win32":
        write_manifest(staged / "application.manifest")
        write_version_resource(staged / f"{plan.EXECUTABLE}.version.txt", plan.EXECUTABLE)
        write_version_resource(staged / f"{plan.CONSOLE_EXECUTABLE}.version.txt", plan.CONSOLE_EXECUTABLE)
    if sys.platform == "darwin":
        write_info_plist(staged / "Info.plist")
    command = [
        sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "--distpath", str(target),
        "--workpath", str(work / "freezer"), str(ROOT / "installer" / "application.spec"),
    ]  # fmt: skip
    environment = os.environ | {"SWIFTMEDSAM_STAGED": str(staged), "PYTHONHASHSEED": "1"}
    subprocess.run(command, check=True, cwd=ROOT, env=environment)
    found = (work / "freezer" / "application" / "warn-application.txt").read_text(encoding="utf-8")
    unmet = unmet_imports(found)
    if unmet:
        raise RuntimeError("; ".join(unmet))
    folder = target / plan.NAME
    if sys.platform == "darwin":
        shutil.rmtree(folder)  # the bundle holds the same
        return target / f"{plan.NAME}.app"
    if sys.platform.startswith("linux"):
        strip_symbols(folder / "_internal")
        add_system_packages(folder / "_internal")
    return folder


def strip_symbols(libraries: Path) -> None:
    """Remove symbol tables; VTK's names alone take 120 MB. Where there is no `strip`, they stay."""
    tool = shutil.which("strip")
    if tool is None:
        print("There is no strip (binutils): the bundle keeps its symbols.", file=sys.stderr)
        return
    files = [file for pattern in _STRIPPED for file in sorted(libraries.glob(pattern)) if not file.is_symlink()]
    subprocess.run([tool, "--strip-unneeded", *map(str, files)], check=True)


def libraries_of(application: Path) -> Path:
    """The folder of libraries within a frozen application: where `app` and its data lie."""
    if application.suffix == ".app":
        return application / "Contents" / "Frameworks"
    return application / "_internal"


def contents_of(application: Path) -> dict[str, int]:
    """Bytes by name of the files in the folder of libraries; macOS keeps data apart, and links to them there."""
    inside = files_below(libraries_of(application))
    if application.suffix == ".app":
        inside |= files_below(application / "Contents" / "Resources")
    return inside


def executable_of(application: Path) -> Path:
    """What starts a frozen application; on Windows the one that has a console."""
    if application.suffix == ".app":
        return application / "Contents" / "MacOS" / plan.EXECUTABLE
    if sys.platform == "win32":
        return application / f"{plan.CONSOLE_EXECUTABLE}.exe"
    return application / plan.EXECUTABLE
