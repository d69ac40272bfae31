"""`python installer/build.py [--output DIR]`: from this checkout to what users install, for the system it runs on.

Needs the application's dependencies and the `installer` extra: `pip install -e '.[installer]'`. Freezes the
application into one folder, checks what is inside, and makes the packages of the system: on Linux a tarball and a .deb,
on macOS a disk image, on Windows, or for it on Linux, a setup program. Beside them lie the list of parts (CycloneDX)
and SHA256SUMS.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from app import __version__
from installer import plan, report
from installer.distributions import ROOT
from installer.freeze import contents_of, freeze, libraries_of
from installer.linux.packages import make_deb, make_tarball
from installer.macos.bundle import make_disk_image
from installer.macos.check import faults_of_bundle
from installer.system import glibc_floor
from installer.version import faults_of_version
from installer.windows.setup_program import make_setup

Maker = Callable[[Path, Path, bool], Path]  # frozen application, folder of the result, packed loosely -> the package

PACKAGES: Mapping[str, Mapping[str, Maker]] = {
    "linux": {"tar": make_tarball, "deb": make_deb},
    "win32": {"setup": make_setup},
    "darwin": {"dmg": make_disk_image},
}

SYSTEMS = {"linux": "linux-x86_64", "win32": "windows-x64", "darwin": "macos-arm64"}  # as files are named


def main(argv: Sequence[str] | None = None) -> int:
    """Build; 0, or 1 where the bundle holds what it must not or lacks what it needs, or its version is in doubt."""
    arguments = _parse(argv)
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if _complain(faults_of_version(changes, __version__, arguments.tag)):
        return 1
    output: Path = arguments.output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    application = arguments.application.resolve() if arguments.application else _freeze(arguments, output)
    files = report.files_below(application)
    print(report.size_table(report.installed_files(), files))
    if arguments.system == "linux":
        print(f"Needs glibc {glibc_floor(application)} or newer.")
    wrong = report.faults(contents_of(application)) + report.oversize(files, arguments.system)
    if arguments.system == "darwin":
        wrong += faults_of_bundle(application)
    if _complain(wrong):
        return 1
    makers = PACKAGES[arguments.system]
    wanted = [name for name in arguments.packages or makers if name != "none"]
    made = [makers[name](application, output, arguments.quick) for name in wanted]
    made.append(_copy_sbom(application, output, arguments.system))
    _write_sums(made, output / "SHA256SUMS")
    return 0


def _complain(sentences: Sequence[str]) -> bool:
    """Print what is wrong; whether anything is."""
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    return bool(sentences)


def _freeze(arguments: argparse.Namespace, output: Path) -> Path:
    if arguments.work is not None:
        return freeze(arguments.work.resolve(), output, arguments.releases)
    with tempfile.TemporaryDirectory(prefix="swiftmedsam-build-") as work:
        return freeze(Path(work), output, arguments.releases)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    kinds = sorted({kind for makers in PACKAGES.values() for kind in makers})
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument(
        "--output", type=Path, default=ROOT / "dist", metavar="DIR", help="where all is written (dist/)"
    )
    parser.add_argument("--packages", nargs="+", choices=[*kinds, "none"], metavar="KIND",
                        help=f"which of {', '.join(kinds)}, or none (default: all of the system)")  # fmt: skip
    parser.add_argument(
        "--application", type=Path, metavar="DIR", help="package this frozen application, freeze nothing"
    )
    parser.add_argument(
        "--system", choices=list(PACKAGES), default=sys.platform, help="what --application was frozen for"
    )
    parser.add_argument("--releases", default="", metavar="URL",
                        help="where newer versions are found (default: urls.Releases of pyproject.toml)")  # fmt: skip
    parser.add_argument("--tag", default="", metavar="vX.Y.Z",
                        help="the tag that is published: refused unless it is this version, and finished")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="pack loosely: larger packages, in a tenth of the time")
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep what the freezer found here, for the next time")
    arguments = parser.parse_args(argv)
    if arguments.application is None and arguments.system != sys.platform:
        parser.error("freezing works for the system at hand alone; --system goes with --application")
    return arguments


def _copy_sbom(application: Path, output: Path, system: str) -> Path:
    target = output / f"{plan.NAME}-{__version__}-{SYSTEMS[system]}.cdx.json"
    shutil.copyfile(libraries_of(application) / "app" / "bundled" / "sbom.cdx.json", target)
    return target


def _write_sums(files: Sequence[Path], path: Path) -> None:
    """As `sha256sum --check` reads it."""
    lines = []
    for file in files:
        with file.open("rb") as stream:
            lines.append(f"{hashlib.file_digest(stream, 'sha256').hexdigest()}  {file.name}\n")
        print(f"{file}  {file.stat().st_size / 1e6:.1f} MB")
    path.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
