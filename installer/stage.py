"""What goes into the bundle beside code: models, resources, metadata, licences, the list of parts, icons."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import distribution, version
from pathlib import Path

from PIL import Image
from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from installer.distributions import ROOT, bundled_distributions, copy_metadata, python_licence, write_own_metadata
from installer.parts import LICENCES, SECTIONS
from installer.sbom import write_sbom

_ICON_SIZES = (16, 24, 32, 48, 64, 128, 256)
_LARGEST_ICON = 1024  # macOS asks for it


def stage_data(target: Path, releases: str) -> None:
    """Fill a folder with what will lie in the bundle's folder of libraries.

    `releases` is the address of the page where newer versions are found; empty for the one in pyproject.toml.
    """
    bundled = target / "app" / "bundled"
    unwanted = shutil.ignore_patterns("*.safetensors", "__pycache__", "*.py", "*.ts")
    for folder in ("models", "resources"):
        shutil.copytree(ROOT / folder, bundled / folder, ignore=unwanted)
    shutil.copyfile(ROOT / "CHANGELOG.md", bundled / "resources" / "CHANGELOG.md")
    distributions = bundled_distributions()
    for found in distributions:
        copy_metadata(found, target)
    write_own_metadata(target, releases)
    stage_licences(bundled / "resources" / "licences")
    write_sbom(bundled / "sbom.cdx.json", distributions, [])


def stage_licences(folder: Path) -> None:
    """Texts that no wheel brings. The first line of each is the licence's name, the file's name what it is of."""
    folder.mkdir(parents=True, exist_ok=True)
    lesser, general, qt = (read(name) for name in ("LGPL-3.0.txt", "GPL-3.0.txt", "Qt.txt"))
    write_licence(
        folder, f"Qt and PySide6 {version('PySide6_Essentials')}", "LGPL-3.0-only", f"{qt}\n{lesser}\n{general}"
    )
    write_licence(folder, f"Python {sys.version.split()[0]}", "PSF-2.0", python_licence())
    write_licence(folder, f"pyjpegls {version('pyjpegls')}", "MIT, BSD-3-Clause", read("pyjpegls.txt"))
    contained = {
        f"Python {sys.version.split()[0]}": "CPython", f"Qt {version('PySide6_Essentials')}": "PySide6_Essentials",
        f"SimpleITK {version('simpleitk')}": "simpleitk", f"VTK {version('vtk')}": "vtk",
    }  # fmt: skip
    for name, key in contained.items():
        write_licence(folder, f"{name}, what it contains", "as listed", read(SECTIONS[key]))
    openvino = distribution("openvino")
    third = [file for file in openvino.files or () if "third-party" in file.name]
    if not third:
        raise FileNotFoundError("openvino's wheel brings no list of what it contains")
    parts = "\n\n".join(
        Path(str(file.locate())).read_text(encoding="utf-8", errors="replace") for file in sorted(third)
    )
    write_licence(folder, f"OpenVINO {openvino.version}, what it contains", "as listed", parts)
    freezer = distribution("pyinstaller")
    text = next(file for file in freezer.files or () if file.name == "COPYING.txt")
    write_licence(
        folder, f"PyInstaller {freezer.version}, its bootloader", "GPL-2.0-or-later with Bootloader exception",
        Path(str(text.locate())).read_text(encoding="utf-8"),
    )  # fmt: skip


def write_licence(folder: Path, name: str, licence: str, text: str) -> None:
    """A file of `resources/licences`, as the window's list of licences reads it."""
    (folder / f"{name}.txt").write_text(f"{licence}\n\n{text}", encoding="utf-8")


def read(name: str) -> str:
    """A text of `installer/licences`."""
    return (LICENCES / name).read_text(encoding="utf-8")


def draw_icons(folder: Path) -> None:
    """`application.ico`, `application.icns` and PNG files `application-<size>.png`, from the drawing of the window."""
    folder.mkdir(parents=True, exist_ok=True)
    renderer = QSvgRenderer(QByteArray((ROOT / "resources" / "icons" / "application.svg").read_bytes()))
    for size in (*_ICON_SIZES, 512, _LARGEST_ICON):
        image = QImage(size, size, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        renderer.render(painter)
        painter.end()
        if not image.save(str(folder / f"application-{size}.png")):
            raise OSError(f"the icon of {size} pixels could not be written to {folder}")
    drawn = {size: Image.open(folder / f"application-{size}.png") for size in (*_ICON_SIZES, 512, _LARGEST_ICON)}
    drawn[256].save(
        folder / "application.ico", append_images=[drawn[n] for n in _ICON_SIZES], sizes=[(n, n) for n in _ICON_SIZES]
    )
    drawn[_LARGEST_ICON].save(folder / "application.icns", append_images=[drawn[n] for n in (32, 64, 128, 256, 512)])
