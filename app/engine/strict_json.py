"""JSON taken field by field: whatever is missing, of another type, out of range or unknown is refused in words."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NoReturn, TypeGuard

_LONGEST_SHOWN = 60  # characters of a name in a message


class FieldError(ValueError):
    """What is wrong with a JSON text, and at which field; the caller adds which file."""


def parse_object(text: bytes) -> Fields:
    """The fields of a JSON object (UTF-8). Infinities, NaN, repeated names and absurd nesting are refused."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_unique)
    except RecursionError:
        raise FieldError("it is nested too deeply") from None
    except FieldError:
        raise
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError
        raise FieldError(f"it is no JSON ({error})") from None
    return Fields(value, "")


class Fields:
    """The fields of one JSON object. Take each once by its type, then call `end`, which refuses those left over."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise FieldError(f"'{where}' is no JSON object" if where else "it is no JSON object")
        self._left: dict[str, object] = dict(value)
        self._where = where

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def names(self) -> tuple[str, ...]:
        """Names of the fields not taken yet, in the order of the file."""
        return tuple(self._left)

    def end(self) -> None:
        """Refuse whatever was not taken."""
        if self._left:
            raise FieldError(f"the field '{self._path(next(iter(self._left)))}' is unknown")

    def text(self, name: str, pattern: str = r"[^\x00-\x1f\x7f]{1,200}") -> str:
        """A string that fits the pattern as a whole."""
        value = self._take(name)
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            self._refuse(name, "is no such text as is expected there")
        return value

    def choice(self, name: str, options: tuple[str, ...]) -> str:
        """One of a few strings."""
        value = self._take(name)
        if value not in options:
            self._refuse(name, f"is none of {', '.join(options)}")
        return str(value)

    def integer(self, name: str, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        value = self._take(name)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self._refuse(name, f"is no whole number from {low} to {high}")
        return int(value)

    def number(self, name: str, low: float = -math.inf, high: float = math.inf) -> float:
        """A finite number from low to high, both included."""
        value = self._take(name)
        if not _is_number(value) or not low <= value <= high:
            self._refuse(name, f"is no number from {low:g} to {high:g}")
        return float(value)

    def numbers(self, name: str, count: int, low: float, high: float) -> tuple[float, ...]:
        """A list of that many finite numbers."""
        value = self._take(name)
        if not isinstance(value, list) or len(value) != count:
            self._refuse(name, f"is no list of {count} numbers")
        if not all(_is_number(v) and low <= v <= high for v in value):
            self._refuse(name, f"holds something else than numbers from {low:g} to {high:g}")
        return tuple(float(v) for v in value)

    def integers(self, name: str, low: int, high: int) -> tuple[int, ...]:
        """A list of one to eight whole numbers: a shape."""
        value = self._take(name)
        if not isinstance(value, list) or not 1 <= len(value) <= 8:
            self._refuse(name, "is no list of one to eight whole numbers")
        if not all(isinstance(v, int) and not isinstance(v, bool) and low <= v <= high for v in value):
            self._refuse(name, f"holds something else than whole numbers from {low} to {high}")
        return tuple(value)

    def texts(self, name: str, options: tuple[str, ...]) -> tuple[str, ...]:
        """A list of different strings, each one of the options, at least one."""
        value = self._take(name)
        known = isinstance(value, list) and all(v in options for v in value)
        if not isinstance(value, list) or not known or not 0 < len(value) == len(set(value)):
            self._refuse(name, f"is no list of different names among {', '.join(options)}")
        return tuple(value)

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._take(name)
        if not isinstance(value, bool):
            self._refuse(name, "is neither true nor false")
        return value

    def items(self, name: str) -> tuple[object, ...]:
        """A list; its elements are the caller's to check."""
        value = self._take(name)
        if not isinstance(value, list):
            self._refuse(name, "is no list")
        return tuple(value)

    def inner(self, name: str) -> Fields:
        """A nested object, to be taken field by field as well."""
        return Fields(self._take(name), self._path(name))

    def free(self, name: str) -> Mapping[str, Any]:
        """A nested object that is kept as it is."""
        value = self._take(name)
        if not isinstance(value, dict):
            self._refuse(name, "is no JSON object")
        return MappingProxyType(value)

    def _take(self, name: str) -> object:
        if name not in self._left:
            raise FieldError(f"the field '{self._path(name)}' is missing")
        return self._left.pop(name)

    def _path(self, name: str) -> str:
        shown = "".join(c if c.isprintable() else "?" for c in name[:_LONGEST_SHOWN])  # names may come from the file
        return f"{self._where}.{shown}" if self._where else shown

    def _refuse(self, name: str, why: str) -> NoReturn:
        raise FieldError(f"the field '{self._path(name)}' {why}")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _refuse_constant(name: str) -> NoReturn:
    raise FieldError(f"{name} is no number of JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise FieldError("a field stands twice in the same object")
    return fields
