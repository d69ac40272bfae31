"""Reading single attributes of a DICOM data set that may be damaged: an attribute reads truly or counts as absent."""

from __future__ import annotations

import logging
import math
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import cache

from pydicom import config
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence as DicomSequence
from pydicom.tag import BaseTag, Tag

# What pydicom, zlib and SimpleITK raise on malformed input. Conversions happen late, on access, and each value
# representation fails in its own way, so the list is long; it leaves out what would hide a mistake of ours in naming
# (NameError, ImportError) and what is no error (KeyboardInterrupt).
PARSE_ERRORS: tuple[type[Exception], ...] = (
    ArithmeticError,
    AttributeError,
    BytesLengthException,
    EOFError,
    InvalidDicomError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep pydicom's remarks on odd but readable files off stderr; what matters becomes a finding."""
    logger = logging.getLogger("pydicom")
    was_disabled, mode = logger.disabled, config.settings.reading_validation_mode
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.disabled = True
        config.settings.reading_validation_mode = config.IGNORE
        try:
            yield
        finally:
            logger.disabled = was_disabled
            config.settings.reading_validation_mode = mode


@cache
def _tag(keyword: str) -> BaseTag:
    return Tag(keyword)


def _value(dataset: Dataset, keyword: str) -> object:
    """The value or None; far faster than asking by keyword, which matters for thousands of headers."""
    tag = _tag(keyword)
    return dataset[tag].value if tag in dataset else None


def _parts(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple, MultiValue)) else [value]


def _number(value: object) -> float:
    if not isinstance(value, (int, float, str, Decimal)):
        raise TypeError
    return float(value)


def text(dataset: Dataset, keyword: str) -> str:
    """The value as text, several values joined by a backslash; "" where absent or unreadable."""
    try:
        value = _value(dataset, keyword)
        return "" if value is None else "\\".join(str(part).strip(" \0") for part in _parts(value))
    except PARSE_ERRORS:
        return ""


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """All values as finite numbers; empty where absent or where one of them is no finite number."""
    try:
        value = _value(dataset, keyword)
        if value is None or value == "":
            return ()
        found = tuple(_number(part) for part in _parts(value))
    except PARSE_ERRORS:
        return ()
    return found if all(math.isfinite(n) for n in found) else ()


def number(dataset: Dataset, keyword: str) -> float | None:
    """The first value as a finite number, None where there is none."""
    found = numbers(dataset, keyword)
    return found[0] if found else None


def integer(dataset: Dataset, keyword: str) -> int | None:
    """The first value as an integer, None where there is none."""
    found = number(dataset, keyword)
    return int(found) if found is not None and found == int(found) else None


def items(dataset: Dataset, keyword: str) -> list[Dataset]:
    """The items of a sequence; empty where absent, unreadable, or no sequence."""
    try:
        value = _value(dataset, keyword)
        return list(value) if isinstance(value, DicomSequence) else []
    except PARSE_ERRORS:
        return []


def item(dataset: Dataset, keyword: str) -> Dataset | None:
    """The first item of a sequence, None where there is none."""
    found = items(dataset, keyword)
    return found[0] if found else None
