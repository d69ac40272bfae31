"""`python installer/smoke.py APPLICATION`: whether a frozen application does its work where users will put it.

Each place runs `selftest --window` of the application itself, from a copy: a folder with blanks and letters beyond
ASCII, a folder that nobody may write to, without a home, beside another Python whose modules are broken. On Linux also
on a screen (Xvfb), and under strace, which sees every connection and every file that is written.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from installer.freeze import executable_of

_LONGEST_S = 600.0
_NOBODY = 65534
_LINES = ("model: ok", "readers: ok", "writers: ok", "segmentation: ok", "window: ok")
_CHANGING = (
    "open,openat,creat,mkdir,mkdirat,rmdir,rename,renameat,renameat2,unlink,unlinkat,link,linkat,symlink,symlinkat,"
    "chmod,fchmodat,chown,lchown,fchownat,truncate,mknod,mknodat,utimensat,setxattr"
)
_CALL = re.compile(rf"\b({_CHANGING.replace(',', '|')})\((.*)")
_PATH = re.compile(r'"([^"]*)"')
_OPENS_TO_WRITE = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)")
_HARMLESS = ("/dev/", "/proc/self/", "/tmp/.X11-unix", "/run/user/")  # noqa: S108 - names, nothing is made there


@dataclass(frozen=True)
class Run:
    """One try: what was printed, how it ended, how long it took."""

    code: int
    text: str
    seconds: float

    @property
    def fault(self) -> str | None:
        """What was not as it should be, or None."""
        missing = [line for line in _LINES if line not in self.text]
        if self.code == 0 and not missing:
            return None
        return f"exit code {self.code}, without {', '.join(missing) or 'a complaint'}\n{self.text}"


def main(argv: Sequence[str] | None = None) -> int:
    """Try all places; 1 where one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0] if __doc__ else None)
    parser.add_argument(
        "application", type=Path, metavar="APPLICATION", help="folder or bundle of the frozen application"
    )
    parser.add_argument("--only", nargs="+", choices=list(PLACES), help="these places alone")
    arguments = parser.parse_args(argv)
    failed = 0
    for name in arguments.only or PLACES:
        with tempfile.TemporaryDirectory(prefix="swiftmedsam-smoke-") as work:
            Path(work).chmod(0o755)
            fault = PLACES[name](arguments.application.resolve(), Path(work))
        print(f"{name}: {fault or 'ok'}", flush=True)
        failed += fault is not None and not fault.startswith("skipped")
    return int(failed > 0)


def in_a_home(application: Path, work: Path) -> str | None:
    """As it lies there, with a home that is empty."""
    return _start(application, _environment(work)).fault


def in_a_strange_path(application: Path, work: Path) -> str | None:
    """Blanks, umlauts, Chinese."""
    return _start(_copy(application, work / "Prüf ordner 测试"), _environment(work)).fault


def in_a_read_only_folder(application: Path, work: Path) -> str | None:
    """As a user who may write nowhere but to the temporary folder, and has no home."""
    if sys.platform == "win32" or os.getuid() != 0:
        return "skipped: only root can become nobody"
    copy = _copy(application, work / "program")
    temporary = work / "temporary"
    temporary.mkdir()
    temporary.chmod(0o1777)
    environment = _environment(work) | {"TMPDIR": str(temporary), "HOME": "/nonexistent"}
    for name in ("XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        environment.pop(name, None)
    return _start(copy, environment, user=_NOBODY).fault


def beside_another_python(application: Path, work: Path) -> str | None:
    """A Python on the PATH, and variables that lead to modules which break whoever imports them."""
    poison = work / "poison"
    for name in ("numpy", "app", "PySide6", "encodings"):
        (poison / name).mkdir(parents=True)
        (poison / name / "__init__.py").write_text("raise SystemExit('the wrong module')\n", encoding="utf-8")
    environment = _environment(work)
    environment |= {
        "PYTHONPATH": str(poison), "PYTHONHOME": str(poison), "PYTHONSTARTUP": str(poison / "app" / "__init__.py"),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]]),
    }  # fmt: skip
    return _start(application, environment).fault


def on_a_screen(application: Path, work: Path) -> str | None:
    """Under Xvfb, by Qt's xcb."""
    server = shutil.which("xvfb-run")
    if server is None:
        return "skipped: there is no xvfb-run"
    environment = _environment(work) | {"QT_QPA_PLATFORM": "xcb"}
    return _start(application, environment, before=[server, "-a", "-s", "-screen 0 1400x900x24"]).fault


def without_a_network(application: Path, work: Path) -> str | None:
    """Under strace: no socket but local ones, no file written outside the user's folders."""
    tool = shutil.which("strace")
    if tool is None:
        return "skipped: there is no strace"
    log = work / "calls.txt"
    calls = f"trace=socket,connect,sendto,{_CHANGING}"
    environment = _environment(work)
    done = _start(application, environment, before=[tool, "-f", "-qq", "-s", "4096", "-o", str(log), "-e", calls])
    if done.fault is not None:
        return done.fault
    wrong = list(
        strangers(log.read_text(encoding="utf-8", errors="replace").splitlines(), [str(work), environment["TMPDIR"]])
    )
    return "\n".join(wrong[:20]) or None


def strangers(lines: Sequence[str], allowed: Sequence[str]) -> Iterator[str]:
    """Of strace's lines those that connect to anything but this computer, or write outside the allowed folders."""
    for line in lines:
        if "AF_INET" in line or "AF_NETLINK" in line:
            yield line
            continue
        call = _CALL.search(line)
        if call is None or line.rstrip().endswith(("(No such file or directory)", "(File exists)")):
            continue
        name, given = call.groups()
        if name.startswith("open") and not _OPENS_TO_WRITE.search(given):
            continue
        paths = _PATH.findall(given)
        if name.startswith("symlink"):
            paths = paths[-1:]  # what it leads to is only named
        if any(path.startswith("/") and not path.startswith((*_HARMLESS, *allowed)) for path in paths):
            yield line


def _environment(work: Path) -> dict[str, str]:
    """The environment of a user with an empty home and no screen."""
    kept = ("PATH", "LANG", "SYSTEMROOT", "COMSPEC", "USERPROFILE", "WINDIR")
    home, temporary = work / "home", work / "tmp"
    home.mkdir(exist_ok=True)
    temporary.mkdir(exist_ok=True)
    return {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache"), "LOCALAPPDATA": str(home),
        "APPDATA": str(home), "TMPDIR": str(temporary), "TEMP": str(temporary), "TMP": str(temporary),
        "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(temporary),
    }  # fmt: skip


def _copy(application: Path, folder: Path) -> Path:
    target = folder / application.name
    shutil.copytree(application, target, symlinks=True)
    return target


def _start(
    application: Path, environment: Mapping[str, str], before: Sequence[str] = (), user: int | None = None
) -> Run:
    began = time.monotonic()
    options = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    command = [*before, str(executable_of(application)), "selftest", "--window"]
    done = subprocess.run(  # type: ignore[call-overload]  # of the options only those of POSIX
        command, env=dict(environment), cwd=environment["TMPDIR"], capture_output=True, text=True, encoding="utf-8",
        errors="replace", timeout=_LONGEST_S, check=False, **options,
    )  # fmt: skip
    return Run(done.returncode, done.stdout + done.stderr, time.monotonic() - began)


Place = Callable[[Path, Path], str | None]  # application, empty folder -> what was wrong
PLACES: Mapping[str, Place] = {
    "home": in_a_home,
    "strange path": in_a_strange_path,
    "another Python": beside_another_python,
    **(
        {"read-only": in_a_read_only_folder, "screen": on_a_screen, "no network": without_a_network}
        if sys.platform.startswith("linux")
        else {}
    ),
}

if __name__ == "__main__":
    sys.exit(main())
