"""Packages made of a stand-in for the frozen application: small files of the same kinds, so that it takes seconds."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app import __version__
from installer.build import main as build
from installer.freeze import contents_of
from installer.linux.packages import make_deb, make_tarball
from installer.report import files_below
from installer.smoke import strangers
from installer.windows.setup_program import make_setup

_WINE = Path("/usr/lib/wine/wine64")
_WINE_SERVER = Path("/usr/lib/wine/wineserver64")

needs_nsis = pytest.mark.skipif(shutil.which("makensis") is None, reason="makensis (Debian's nsis) is missing")
needs_wine = pytest.mark.skipif(not _WINE.exists(), reason="wine64 is missing")
needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="dpkg-deb is missing")


@pytest.fixture
def application(tmp_path: Path) -> Path:
    """A folder like a frozen application."""
    folder = tmp_path / "SwiftMedSAM"
    contents = {
        "swiftmedsam": b"#!/bin/sh\necho started\n", "_internal/libone.so.1": b"\x7fELF-not-really",
        "_internal/app/bundled/models/m/encoder.bin": os.urandom(5000), "_internal/empty.txt": b"",
        "_internal/Datei mit $Zeichen ä 测试.txt": b"strange", "_internal/app/bundled/sbom.cdx.json": b"{}",
    }  # fmt: skip
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "swiftmedsam").chmod(0o755)
    return folder


def digests(folder: Path) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files_below(folder)}


# --------------------------------------------------------------------------------------------------------------- Linux


def test_that_the_tarball_holds_the_folder_and_the_menu_entry(application: Path, tmp_path: Path) -> None:
    (application / "_internal" / "libone.so").symlink_to("libone.so.1")
    path = make_tarball(application, tmp_path, quick=True)
    assert path.name == f"SwiftMedSAM-{__version__}-linux-{os.uname().machine}.tar.xz"
    with tarfile.open(path) as archive:
        members = {member.name.partition("/")[2]: member for member in archive}
    (tmp_path / "unpacked").mkdir()
    subprocess.run(["tar", "--extract", "--file", path, "--directory", tmp_path / "unpacked"], check=True)
    assert {member.uname for member in members.values()} == {"root"}
    assert members["_internal/libone.so"].issym()
    top = tmp_path / "unpacked" / f"SwiftMedSAM-{__version__}"
    assert digests(application).items() <= digests(top).items()
    assert {"swiftmedsam.png", "swiftmedsam.desktop", "swiftmedsam-mime.xml"} <= digests(top).keys()
    assert subprocess.run([top / "swiftmedsam"], capture_output=True, check=True).stdout == b"started\n"


@needs_dpkg
def test_that_the_debian_package_names_what_it_needs_and_links_the_command(
    application: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("installer.linux.packages.glibc_floor", lambda _folder: "2.31")
    path = make_deb(application, tmp_path, quick=True)
    fields = subprocess.run(["dpkg-deb", "--field", path], capture_output=True, text=True, check=True).stdout
    assert f"Version: {__version__}\n" in fields
    assert "Depends: libc6 (>= 2.31), libgl1," in fields
    subprocess.run(["dpkg-deb", "--extract", path, tmp_path / "root"], check=True)
    root = tmp_path / "root"
    assert digests(application) == digests(root / "opt" / "swiftmedsam")
    assert (root / "usr/bin/swiftmedsam").readlink() == Path("/opt/swiftmedsam/swiftmedsam")
    assert (root / "opt/swiftmedsam/swiftmedsam").stat().st_mode & 0o777 == 0o755
    assert (root / "opt/swiftmedsam/_internal/empty.txt").stat().st_mode & 0o777 == 0o644
    for name in ("applications/swiftmedsam.desktop", "mime/packages/swiftmedsam.xml"):
        assert (root / "usr/share" / name).is_file()
    assert (root / "usr/share/icons/hicolor/48x48/apps/swiftmedsam.png").is_file()


def test_that_what_macos_keeps_apart_is_counted_in_a_bundle(tmp_path: Path) -> None:
    contents = tmp_path / "SwiftMedSAM.app" / "Contents"
    for name in ("Frameworks/libone.dylib", "Resources/app/bundled/sbom.cdx.json", "MacOS/swiftmedsam"):
        (contents / name).parent.mkdir(parents=True, exist_ok=True)
        (contents / name).write_bytes(b"12")
    (contents / "Frameworks" / "app").symlink_to("../Resources/app")
    assert contents_of(tmp_path / "SwiftMedSAM.app") == {"libone.dylib": 2, "app/bundled/sbom.cdx.json": 2}


def test_that_a_bundle_with_faults_is_not_packaged(
    application: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (application / "_internal" / "torch").mkdir()
    (application / "_internal" / "torch" / "libtorch.so").write_bytes(b"")
    output = tmp_path / "out"
    assert build(["--application", str(application), "--system", "win32", "--output", str(output)]) == 1
    assert "torch/libtorch.so must not be in the bundle" in capsys.readouterr().err
    assert list(output.iterdir()) == []


# ------------------------------------------------------------------------------------------------------------- Windows


class Wine:
    """A Windows of its own, without a screen, with a home that is thrown away."""

    def __init__(self, folder: Path) -> None:
        self.drive = folder / "prefix" / "drive_c"
        self._environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder / "home"), "WINEPREFIX": str(folder / "prefix"),
            "WINEDEBUG": "-all", "WINEDLLOVERRIDES": "mscoree,mshtml,winemenubuilder.exe=", "LANG": "C.UTF-8",
        }  # fmt: skip
        (folder / "home").mkdir()
        assert self.run("wineboot", "-i") == 0

    def run(self, *command: str) -> int:
        """Start a program, wait until all that it started has ended; its exit code."""
        code = self.start(*command)
        subprocess.run([_WINE_SERVER, "-w"], env=self._environment, check=True, timeout=600)
        return code

    def start(self, *command: str) -> int:
        """Start a program and wait for it alone; its exit code."""
        return subprocess.run(
            [_WINE, *command], env=self._environment, cwd=self.drive.parent.parent, check=False, timeout=600,
            stdin=subprocess.DEVNULL, capture_output=True,
        ).returncode  # fmt: skip

    @contextmanager
    def running(self, program: str) -> Iterator[None]:
        """While a program runs, which is ended with all others afterwards."""
        process = subprocess.Popen([_WINE, program], env=self._environment, stdin=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 120
            while not list(self.drive.glob("users/*/started")):
                assert time.monotonic() < deadline, "the program has not started"
                time.sleep(0.2)
            yield
        finally:
            subprocess.run([_WINE_SERVER, "-k"], env=self._environment, check=True, timeout=600)
            process.wait(timeout=600)

    def windows(self, path: Path) -> str:
        """A path as Windows names it."""
        return "C:\\" + str(path.relative_to(self.drive)).replace("/", "\\")

    def registry(self, hive: str = "user") -> str:
        """What the registry holds, as wine keeps it."""
        return (self.drive.parent / f"{hive}.reg").read_text(encoding="utf-8", errors="replace")

    @property
    def local(self) -> Path:
        """The user's folder of local data."""
        return next(path for path in self.drive.glob("users/*/AppData/Local") if path.parts[-3] != "Public")


@pytest.fixture
def wine(tmp_path: Path) -> Wine:
    return Wine(tmp_path)


@needs_nsis
def test_that_the_same_files_give_the_same_setup(application: Path, tmp_path: Path) -> None:
    (application / "swiftmedsam").rename(application / "swiftmedsam.exe")
    first = make_setup(application, tmp_path, quick=True).read_bytes()
    assert first[:2] == b"MZ"
    machine = int.from_bytes(first[0x3C:0x40], "little") + 4
    assert first[machine : machine + 2] == b"\x64\x86"  # x64: a 32-bit setup does nothing where there is no 32-bit wine
    assert make_setup(application, tmp_path, quick=True).read_bytes() == first


@needs_nsis
@needs_wine
@pytest.mark.slow
def test_that_windows_installs_upgrades_and_uninstalls_and_keeps_what_is_the_users(
    application: Path, tmp_path: Path, wine: Wine
) -> None:
    (application / "swiftmedsam").rename(application / "swiftmedsam.exe")
    old = str(shutil.move(make_setup(application, tmp_path, quick=True), tmp_path / "old.exe"))
    stale = digests(application)
    (application / "_internal" / "empty.txt").unlink()
    (application / "_internal" / "new.txt").write_text("new", encoding="utf-8")
    new = str(make_setup(application, tmp_path, quick=True))
    installed = wine.local / "Programs" / "SwiftMedSAM"
    data = wine.local / "SwiftMedSAM"

    assert wine.run(old, "/S") == 0
    found = digests(installed)
    del found["uninstall.exe"]
    assert found == stale
    registry = wine.registry()
    assert f'"DisplayVersion"="{__version__}"' in registry
    assert '[Software\\\\Classes\\\\.swiftmed]' in registry  # fmt: skip
    assert '[Software\\\\Classes\\\\Directory\\\\shell\\\\SwiftMedSAM\\\\command]' in registry  # fmt: skip
    assert "\\\\.gz" not in registry
    assert list(wine.drive.rglob("SwiftMedSAM.lnk"))

    data.mkdir()
    (data / "settings.ini").write_text("mine", encoding="utf-8")
    (installed / "notes.txt").write_text("mine", encoding="utf-8")
    assert wine.run(new, "/S") == 0
    found = digests(installed)
    assert found.pop("uninstall.exe")
    assert found.pop("notes.txt")
    assert found == digests(application)  # what the old one had and the new one has not is gone

    assert wine.run(str(installed / "uninstall.exe"), "/S") == 0
    assert files_below(installed).keys() == {"notes.txt"}
    assert (data / "settings.ini").read_text(encoding="utf-8") == "mine"
    assert "swiftmedsam.exe" not in wine.registry().lower()
    assert not list(wine.drive.rglob("SwiftMedSAM.lnk"))

    assert wine.run(new, "/S", "/AllUsers", "/NoTypes", "/D=C:\\MedApps\\Swift") == 0
    everybody = wine.drive / "MedApps" / "Swift"
    assert (everybody / "swiftmedsam.exe").is_file()
    assert '"InstallLocation"="C:\\\\MedApps\\\\Swift"' in wine.registry("system")
    assert "Classes\\\\.swiftmed]" not in wine.registry("system") + wine.registry()
    assert wine.run(str(everybody / "uninstall.exe"), "/S", "/Purge") == 0
    assert not everybody.exists()
    assert not data.exists()
    assert "SwiftMedSAM" not in wine.registry("system")


def make_sleeper(path: Path) -> None:
    """A program for Windows that says that it has started, and then does nothing for ten minutes."""
    script = path.with_suffix(".nsi")
    script.write_text(
        f'Target amd64-unicode\nSilentInstall silent\nRequestExecutionLevel user\nOutFile "{path}"\n'
        'Section\nFileOpen $0 "$PROFILE\\started" w\nFileClose $0\nSleep 600000\nSectionEnd\n',
        encoding="utf-8",
    )
    subprocess.run(["makensis", "-V1", str(script)], check=True)


@needs_nsis
@needs_wine
@pytest.mark.slow
def test_that_types_are_offered_with_quoted_commands_and_the_desktop_gets_an_icon_only_when_asked(
    application: Path, tmp_path: Path, wine: Wine
) -> None:
    (application / "swiftmedsam").rename(application / "swiftmedsam.exe")
    setup = str(make_setup(application, tmp_path, quick=True))
    assert wine.run(setup, "/S") == 0
    assert not list(wine.drive.glob("users/*/Desktop/SwiftMedSAM.lnk"))
    assert wine.run(setup, "/S", "/Desktop") == 0
    assert list(wine.drive.glob("users/*/Desktop/SwiftMedSAM.lnk"))
    assert wine.run(setup, "/S") == 0  # an upgrade that says nothing of it
    assert list(wine.drive.glob("users/*/Desktop/SwiftMedSAM.lnk"))

    registry = wine.registry()
    program = r"Programs\\SwiftMedSAM\\swiftmedsam.exe"
    for key in (r"SwiftMedSAM.Project\\shell", r"SwiftMedSAM.Image\\shell", r"Directory\\shell\\SwiftMedSAM"):
        section = next(part for part in registry.split("\n[") if key in part and "command]" in part)
        assert f'{program}\\" \\"%1\\""' in section, key
    for extension in (".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".dcm"):
        section = next(part for part in registry.split("\n[") if f"Classes\\\\{extension}\\\\OpenWithProgids]" in part)
        assert '"SwiftMedSAM.Image"=""' in section
        assert f"Classes\\\\{extension}]" not in registry, "the type itself is taken from whoever has it"

    installed = wine.local / "Programs" / "SwiftMedSAM"
    assert wine.run(str(installed / "uninstall.exe"), "/S") == 0
    assert not installed.exists()
    assert not list(wine.drive.glob("users/*/Desktop/SwiftMedSAM.lnk"))
    assert "swiftmedsam" not in wine.registry().lower().replace("swiftmedsam-", "")


@needs_nsis
@needs_wine
@pytest.mark.slow
def test_that_nothing_is_replaced_or_removed_while_the_program_runs(
    application: Path, tmp_path: Path, wine: Wine
) -> None:
    (application / "swiftmedsam").unlink()
    make_sleeper(application / "swiftmedsam.exe")
    (application / "swiftmedsam.nsi").unlink()
    setup = str(make_setup(application, tmp_path, quick=True))
    assert wine.run(setup, "/S") == 0
    installed = wine.local / "Programs" / "SwiftMedSAM"
    before = digests(installed)
    with wine.running(str(installed / "swiftmedsam.exe")):
        assert wine.start(setup, "/S") == 2
        assert wine.start(str(installed / "uninstall.exe"), "/S", f"_?={wine.windows(installed)}") == 2
        assert digests(installed) == before
    assert wine.run(setup, "/S") == 0


# ---------------------------------------------------------------------------------------------------------- smoke test


def test_that_connections_and_writing_outside_are_found_in_a_trace() -> None:
    harmless = [
        '1 openat(AT_FDCWD, "/usr/lib/libc.so.6", O_RDONLY|O_CLOEXEC) = 3',
        '1 openat(AT_FDCWD, "/home/someone/.cache/x", O_WRONLY|O_CREAT, 0666) = 3',
        '1 openat(AT_FDCWD, "/dev/null", O_RDWR) = 4',
        '1 socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0) = 5',
        '1 unlink("/etc/there-is-no-such-file") = -1 ENOENT (No such file or directory)',
        '1 mkdir("relative", 0777) = 0',
        '1 linkat(AT_FDCWD, "/proc/self/fd/9", AT_FDCWD, "/home/someone/x", AT_SYMLINK_FOLLOW) = 0',
        '1 symlink("/usr/lib/libc.so.6", "/home/someone/link") = 0',
        '1 unlinkat(9, "relative to a folder", 0) = 0',
    ]  # fmt: skip
    wrong = [
        '1 socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, IPPROTO_IP) = 5',
        '1 connect(5, {sa_family=AF_INET6, sin6_port=htons(53)}, 28) = 0',
        '1 openat(AT_FDCWD, "/opt/swiftmedsam/x.pyc", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 3',
        '1 mkdir("/var/intel", 0777) = 0',
        '1 rename("/var/a", "/var/b") = 0',
        '1 rename("/home/someone/a", "/etc/b") = 0',
        '1 linkat(AT_FDCWD, "/home/someone/a", AT_FDCWD, "/var/b", 0) = 0',
        '1 symlink("/home/someone/a", "/etc/b") = 0',
        '1 chmod("/opt/swiftmedsam/x", 0644) = 0',
        '1 fchmodat(AT_FDCWD, "/opt/swiftmedsam/x", 0644) = 0',
        '1 openat(AT_FDCWD, "/opt/x", O_RDWR) = -1 EACCES (Permission denied)',
    ]  # fmt: skip
    assert list(strangers([*harmless, *wrong], ["/home/someone"])) == wrong
