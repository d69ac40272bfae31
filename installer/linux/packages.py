"""A tarball that runs where it is unpacked, and a package for Debian and Ubuntu."""

from __future__ import annotations

import lzma
import os
import platform
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from app import __version__
from installer import plan
from installer.distributions import ROOT, project
from installer.stage import draw_icons
from installer.system import glibc_floor

_HERE = Path(__file__).resolve().parent
_INSTALLED = Path("opt") / "swiftmedsam"
_ICON_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}

# What Qt and VTK are linked to and the bundle leaves to the system (plan.SYSTEM_LIBRARIES), as Debian calls it.
_DEPENDS = (
    "libgl1", "libegl1", "libfontconfig1", "libfreetype6", "libdbus-1-3", "libglib2.0-0 | libglib2.0-0t64", "libx11-6",
    "libx11-xcb1", "libxcb1", "libxext6", "libstdc++6", "libgcc-s1", "zlib1g", "libwayland-client0",
    "libwayland-cursor0", "libexpat1",
)  # fmt: skip


def make_tarball(application: Path, output: Path, quick: bool = False) -> Path:
    """`SwiftMedSAM-<version>-linux-<machine>.tar.xz`: the folder, with an icon and a menu entry to copy."""
    target = output / f"{plan.NAME}-{__version__}-linux-{platform.machine()}.tar.xz"
    with tempfile.TemporaryDirectory() as work:
        extras = Path(work)
        draw_icons(extras)
        filters = _tarball_filters(platform.machine(), quick)
        with lzma.open(target, "wb", filters=filters) as stream, tarfile.open(fileobj=stream, mode="w") as archive:
            top = f"{plan.NAME}-{__version__}"
            archive.add(application, top, filter=_of_nobody)
            archive.add(extras / "application-256.png", f"{top}/swiftmedsam.png", filter=_of_nobody)
            for file in ("swiftmedsam.desktop", "swiftmedsam-mime.xml"):
                archive.add(_HERE / file, f"{top}/{file}", filter=_of_nobody)
    return target


def _tarball_filters(machine: str, quick: bool) -> list[dict[str, int]]:
    """How xz packs: level 1 is an eighth of the work of 6; knowing machine code makes up for half of its size."""
    packing = {"id": lzma.FILTER_LZMA2, "preset": 0 if quick else 1}
    return [{"id": lzma.FILTER_X86}, packing] if machine == "x86_64" else [packing]


def make_deb(application: Path, output: Path, quick: bool = False) -> Path:
    """`swiftmedsam_<version>_<architecture>.deb`: the folder under /opt, a command, a menu entry, types of files."""
    architecture = _ARCHITECTURES[platform.machine()]
    target = output / f"swiftmedsam_{__version__}_{architecture}.deb"
    with tempfile.TemporaryDirectory() as work:
        root = Path(work) / "root"
        _lay_out(application, root)
        size = sum(file.lstat().st_size for file in root.rglob("*") if not file.is_dir()) // 1024
        control = root / "DEBIAN" / "control"
        control.parent.mkdir()
        control.write_text(_control(architecture, size, glibc_floor(application)), encoding="utf-8")
        environment = os.environ | {"SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", _commit_time())}
        packing = ["-Zzstd", "-z1" if quick else "-z12"]  # an eighth of the time of xz, here and at the user's
        command = ["dpkg-deb", "--root-owner-group", *packing, "--build", str(root), str(target)]
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return target


def _lay_out(application: Path, root: Path) -> None:
    shutil.copytree(application, root / _INSTALLED, symlinks=True)
    for folder in (root, *root.rglob("*")):
        if not folder.is_symlink():
            folder.chmod(0o755 if folder.is_dir() or os.access(folder, os.X_OK) else 0o644)
    command = root / "usr" / "bin" / plan.EXECUTABLE
    command.parent.mkdir(parents=True)
    command.symlink_to(Path("/") / _INSTALLED / plan.EXECUTABLE)
    share = root / "usr" / "share"
    _copy(_HERE / "swiftmedsam.desktop", share / "applications" / "swiftmedsam.desktop")
    _copy(_HERE / "swiftmedsam-mime.xml", share / "mime" / "packages" / "swiftmedsam.xml")
    _copy(_HERE / "swiftmedsam.metainfo.xml", share / "metainfo" / f"{plan.IDENTIFIER}.metainfo.xml")
    with tempfile.TemporaryDirectory() as drawn:
        draw_icons(Path(drawn))
        for size in _ICON_SIZES:
            icons = share / "icons" / "hicolor" / f"{size}x{size}" / "apps"
            _copy(Path(drawn) / f"application-{size}.png", icons / "swiftmedsam.png")
    _copy(ROOT / "resources" / "icons" / "application.svg", share / "icons/hicolor/scalable/apps/swiftmedsam.svg")
    document = share / "doc" / "swiftmedsam"
    _copy(ROOT / "LICENSE", document / "copyright")
    _copy(ROOT / "CHANGELOG.md", document / "CHANGELOG.md")


def _control(architecture: str, size: int, floor: str) -> str:
    about = project()
    fields = {
        "Package": "swiftmedsam",
        "Version": __version__,
        "Architecture": architecture,
        "Maintainer": f"{plan.PUBLISHER} <noreply@users.noreply.github.com>",
        "Installed-Size": str(size),
        "Depends": ", ".join((f"libc6 (>= {floor})", *_DEPENDS)),
        "Recommends": "fonts-dejavu-core",
        "Section": "science",
        "Priority": "optional",
        "Description": f"segmentation of medical images on an ordinary laptop\n {about['description']}",
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o644)


def _of_nobody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without the user and the moment of the build, so that equal content gives an equal archive."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mtime = int(os.environ.get("SOURCE_DATE_EPOCH", _commit_time()))
    return member


def _commit_time() -> str:
    """Seconds since 1970 at which the checkout's last change was made; 0 without git."""
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "0"
    return done.stdout.strip()
