"""What the user prefers. Only what differs from its default is stored, in one INI file; what is damaged is the default.

A value is a line of JSON in the file. Whoever obeys a setting is bound to it: told its value now, and at each change.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from app import paths
from app.engine.errors import EngineError
from app.engine.window import Window
from app.gui.view_state import OverlayStyle

T = TypeVar("T")
E = TypeVar("E", bound=Enum)

_RECENT = 12
_ENTRIES = 64  # of a mapping: more modalities or folders than anybody has
_WINDOW_GROUP = "window"


class Language(Enum):
    """What the window speaks."""

    SYSTEM = "system"
    ENGLISH = "en"
    GERMAN = "de"
    CHINESE = "zh"


class ThemeChoice(Enum):
    """Dark or light."""

    SYSTEM = "system"
    DARK = "dark"
    LIGHT = "light"


class KeyProfile(Enum):
    """Whose keys are used."""

    RADIOLOGY = "radiology"
    SLICER = "slicer"
    ITK_SNAP = "itk-snap"


@dataclass(frozen=True)
class Setting(Generic[T]):
    """A setting: its key in the file and its default. `read` takes what JSON gave, `write` gives what JSON takes.

    `read` raises ValueError, TypeError or the engine's errors for what is no such value.
    """

    key: str
    default: T
    read: Callable[[object], T]
    write: Callable[[T], Any]


def _flag(key: str, *, default: bool) -> Setting[bool]:
    def read(raw: object) -> bool:
        if not isinstance(raw, bool):
            raise TypeError(f"{key} is true or false")
        return raw

    return Setting(key, default, read, _same)


def _number(key: str, default: float, low: float, high: float) -> Setting[float]:
    def read(raw: object) -> float:
        if isinstance(raw, bool) or not isinstance(raw, int | float) or not low <= raw <= high:
            raise ValueError(f"{key} is a number from {low} to {high}")
        return float(raw)

    return Setting(key, default, read, _same)


def _choice(key: str, default: E) -> Setting[E]:
    return Setting(key, default, type(default), lambda choice: choice.value)


def _same(value: T) -> T:
    return value


def _text(key: str, default: str = "") -> Setting[str]:
    return Setting(key, default, _string, _same)


def _string(raw: object) -> str:
    if not isinstance(raw, str) or "\0" in raw:
        raise TypeError("a text is expected")
    return raw


def _read_paths(raw: object) -> tuple[Path, ...]:
    if not isinstance(raw, list | tuple):
        raise TypeError("a list of paths is expected")
    return tuple(Path(_string(str(item) if isinstance(item, Path) else item)) for item in raw[:_RECENT])


def _read_window(raw: object) -> Window:
    if isinstance(raw, Window):
        return raw
    if not isinstance(raw, list):
        raise TypeError("level and width are expected")
    level, width = raw
    return Window(float(level), float(width))


def _mapping(key: str, read: Callable[[object], T], write: Callable[[T], Any]) -> Setting[Mapping[str, T]]:
    """Names to values, the newest last; of too many the newest count."""

    def read_all(raw: object) -> Mapping[str, T]:
        if not isinstance(raw, Mapping):
            raise TypeError(f"{key} has names and values")
        return MappingProxyType({_string(name): read(value) for name, value in list(raw.items())[-_ENTRIES:]})

    return Setting(key, MappingProxyType({}), read_all, lambda items: {k: write(v) for k, v in items.items()})


def _with(items: Mapping[str, T], name: str, value: T) -> Mapping[str, T]:
    """With one entry more, or another, as the newest."""
    return {**{key: other for key, other in items.items() if key != name}, name: value}


LANGUAGE = _choice("language", Language.SYSTEM)
THEME = _choice("theme", ThemeChoice.SYSTEM)
KEY_PROFILE = _choice("key_profile", KeyProfile.RADIOLOGY)
RECENT: Setting[tuple[Path, ...]] = Setting("recent", (), _read_paths, lambda recent: [str(path) for path in recent])
SHOW_PATIENT_DATA = _flag("show_patient_data", default=False)
ENCODE_AHEAD = _flag("encode_ahead", default=True)
OPACITY = _number("opacity", 0.35, 0.0, 1.0)
OVERLAY_STYLE = _choice("overlay_style", OverlayStyle.FILL)
SMOOTH = _flag("smooth", default=True)
BRUSH_RADIUS = _number("brush_radius", 6.0, 0.5, 500.0)
MODEL = _text("model")  # name of a package; empty: the fastest as measured
DEVICE = _text("device", "CPU")
BATCHES: Setting[tuple[Path, ...]] = Setting(
    "batches", (), _read_paths, lambda batches: [str(path) for path in batches]
)  # files of batches that were begun and not ended
WINDOWS: Setting[Mapping[str, Window]] = _mapping("windows", _read_window, lambda w: [w.level, w.width])  # by scale
FOLDERS: Setting[Mapping[str, str]] = _mapping("folders", _string, _same)  # last used, by what for

ALL: tuple[Setting[Any], ...] = (
    LANGUAGE, THEME, KEY_PROFILE, RECENT, SHOW_PATIENT_DATA, ENCODE_AHEAD, OPACITY, OVERLAY_STYLE,
    SMOOTH, BRUSH_RADIUS, MODEL, DEVICE, BATCHES, WINDOWS, FOLDERS,
)  # fmt: skip


class Settings(QObject):
    """Holds the settings; the only one that reads or writes their file."""

    changed = Signal(str)  # key of the Setting whose value is another one now

    def __init__(self, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        where = path if path is not None else paths.user_data_dir() / "settings.ini"
        self._file = QSettings(str(where), QSettings.Format.IniFormat, self)
        self._values: dict[str, Any] = {setting.key: self._stored(setting) for setting in ALL}

    def get(self, setting: Setting[T]) -> T:
        """The value in force."""
        value: T = self._values[setting.key]
        return value

    def set(self, setting: Setting[T], value: T) -> None:
        """Store a value and tell who obeys it; what is no such value raises ValueError or TypeError."""
        value = setting.read(setting.write(value))
        if value == self.get(setting):
            return
        self._values[setting.key] = value
        if value == setting.default:
            self._file.remove(setting.key)
        else:
            self._file.setValue(setting.key, json.dumps(setting.write(value), ensure_ascii=False))
        self.changed.emit(setting.key)

    def reset(self, setting: Setting[T]) -> None:
        """Go back to the default."""
        self.set(setting, setting.default)

    def bind(self, setting: Setting[T], apply: Callable[[T], object]) -> None:
        """Call `apply` with the value now and at each change, for as long as the settings live."""
        self.changed.connect(lambda key: apply(self.get(setting)) if key == setting.key else None)
        apply(self.get(setting))

    def recent(self) -> tuple[Path, ...]:
        """Files and folders that were opened last and are still there, newest first."""
        return tuple(path for path in self.get(RECENT) if os.path.exists(path))  # noqa: PTH110 - pathlib's raises where a folder is closed

    def add_recent(self, path: Path) -> None:
        """Put a file or folder first among the recent ones."""
        path = path.absolute()
        self.set(RECENT, (path, *(other for other in self.get(RECENT) if other != path))[:_RECENT])

    def folder(self, purpose: str) -> str:
        """Where a dialog for this purpose begins; empty where the system decides."""
        stored = self.get(FOLDERS).get(purpose, "")
        return stored if os.path.isdir(stored) else ""  # noqa: PTH112 - likewise

    def set_folder(self, purpose: str, folder: Path) -> None:
        """Let the next dialog for this purpose begin there."""
        self.set(FOLDERS, _with(self.get(FOLDERS), purpose, str(folder.absolute())))

    def set_window(self, scale: str, window: Window) -> None:
        """Show images whose values are of a scale (`Opening.scale`) through this window from now on."""
        self.set(WINDOWS, _with(self.get(WINDOWS), scale, window))

    def keep_layout(self, name: str, layout: bytes) -> None:
        """Store a window's geometry or state (what Qt's saveGeometry and saveState give)."""
        self._file.setValue(f"{_WINDOW_GROUP}/{name}", bytes(QByteArray(layout).toBase64().data()).decode("ascii"))

    def layout(self, name: str) -> bytes:
        """What `keep_layout` was given last; empty where there is none."""
        stored = self._file.value(f"{_WINDOW_GROUP}/{name}", "")
        if not isinstance(stored, str):
            return b""
        return bytes(QByteArray.fromBase64(stored.encode("ascii", "ignore")).data())

    def sync(self) -> None:
        """Write to the file now; otherwise it is written soon."""
        self._file.sync()

    def _stored(self, setting: Setting[T]) -> T:
        raw = self._file.value(setting.key)
        if raw is None:
            return setting.default
        try:
            return setting.read(json.loads(_string(raw)))
        except (ValueError, TypeError, OverflowError, RecursionError, EngineError):
            return setting.default
