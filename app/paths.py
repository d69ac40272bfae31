"""Where things lie: what came with the application, and what it may write for the user.

Nothing is looked up at import. `SWIFTMEDSAM_HOME` puts everything that is written into one folder.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

_HOME_VARIABLE = "SWIFTMEDSAM_HOME"


def models_dir() -> Path:
    """Folder of the model packages that came with the application; may be read-only."""
    return _bundle() / "models"


def resources_dir() -> Path:
    """Folder of icons, samples, notices and the like that came with the application; may be read-only."""
    return _bundle() / "resources"


def samples_dir() -> Path:
    """Folder of the sample images, their licences and `prompts.json`."""
    return resources_dir() / "samples"


def user_data_dir() -> Path:
    """Folder for what the user must not lose: imported models, journals, settings.

    Made where that is possible; otherwise the first one to write there gets the OSError, which names the folder.
    """
    folder = _user_folder("data", _data_home)
    with contextlib.suppress(OSError):
        _make(folder)
    return folder


def cache_dir() -> Path:
    """Folder for what can be computed again, such as compiled models; exists and may be written, whatever it takes.

    Where the user has no home, or one that is read-only, a private folder under the system's temporary one.
    """
    folder = _user_folder("cache", _cache_home)
    try:
        _make(folder)
    except OSError:
        return _temporary()
    return folder if os.access(folder, os.W_OK) else _temporary()


def _bundle() -> Path:
    """`app/bundled` in an installed package and in a frozen application, the checkout itself otherwise."""
    package = Path(__file__).resolve().parent
    bundled = package / "bundled"
    return bundled if bundled.is_dir() else package.parent


def _user_folder(name: str, default: Callable[[], Path]) -> Path:
    chosen = os.environ.get(_HOME_VARIABLE)
    if chosen:
        return Path(chosen).absolute() / name
    try:
        return default()
    except RuntimeError:  # neither HOME nor an entry in the user database: containers, services
        return _temporary() / name


def _data_home() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "SwiftMedSAM"
    if sys.platform == "win32":
        return _from_environment("LOCALAPPDATA", "AppData", "Local") / "SwiftMedSAM"
    return _from_environment("XDG_DATA_HOME", ".local", "share") / "swiftmedsam"


def _cache_home() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "SwiftMedSAM"
    if sys.platform == "win32":
        return _from_environment("LOCALAPPDATA", "AppData", "Local") / "SwiftMedSAM" / "Cache"
    return _from_environment("XDG_CACHE_HOME", ".cache") / "swiftmedsam"


def _from_environment(variable: str, *below_home: str) -> Path:
    """The folder a variable names, or the usual one; a relative name is ignored, as the XDG specification asks."""
    named = os.environ.get(variable, "")
    return Path(named) if Path(named).is_absolute() else Path.home().joinpath(*below_home)


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@cache
def _temporary() -> Path:
    """A folder that belongs to this user alone; the same in every run unless somebody else took its name."""
    folder = Path(tempfile.gettempdir()) / f"swiftmedsam-{_user_id()}"
    with contextlib.suppress(OSError):
        _make(folder)
        if _is_private(folder):
            return folder
    return Path(tempfile.mkdtemp(prefix="swiftmedsam-"))


def _is_private(folder: Path) -> bool:
    status = folder.lstat()
    if sys.platform == "win32":  # the temporary folder is the user's own there
        return stat.S_ISDIR(status.st_mode)
    mine = status.st_uid == os.getuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(status.st_mode) and mine


def _user_id() -> str:
    return "user" if sys.platform == "win32" else str(os.getuid())
