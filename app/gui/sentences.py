"""What the engine says, in the window's language.

The engine speaks English alone and knows nothing of other languages, so that its sentences can be searched for, and the
same stand in reports and on the command line. The window recognises them: `resources/translations/sentences.json` holds
each as it stands in the code, with {0}, {1} in the place of what differs, and what stands there is recognised in turn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QObject, QTranslator

CONTEXT = "Engine"  # in which translators are asked
_REMEMBERED = 512  # sentences
_LONGEST = 8192  # characters; what is longer is a list, and stays English
_DEEPEST = 16  # sentences within one another; what lies deeper stays English


@dataclass(frozen=True)
class _Pattern:
    """A sentence with places: what stands between them, and how it is said in the other language."""

    fixed: tuple[str, ...]
    translation: str

    @classmethod
    def of(cls, sentence: str, translation: str) -> _Pattern:
        return cls(tuple(re.split(r"\{\d\}", sentence)), translation)

    @property
    def has_words(self) -> bool:
        return any(letter.isalpha() for part in self.fixed for letter in part)

    def places_in(self, text: str) -> tuple[str, ...] | None:
        """What stands in its places, each a character at least and all but the last as short as can be; None: other.

        No regular expression: those take as long as they like over a text that nearly fits.
        """
        first, *between, last = self.fixed
        if not (text.startswith(first) and text.endswith(last)):
            return None
        found, begin, end = [], len(first), len(text) - len(last)
        for part in between:
            stop = text.find(part, begin + 1, end)
            if stop < 0:
                return None
            found.append(text[begin:stop])
            begin = stop + len(part)
        return (*found, text[begin:end]) if begin < end else None


class Sentences:
    """Sentences and their translations."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self._whole = {sentence: said for sentence, said in table.items() if "{" not in sentence}
        patterns = [_Pattern.of(sentence, said) for sentence, said in table.items() if "{" in sentence]
        # The one of which most is fixed fits best: "{0}: {1}" fits much, and comes last.
        self._patterns = sorted(patterns, key=lambda pattern: -sum(map(len, pattern.fixed)))

    @classmethod
    def of(cls, path: Path, code: str) -> Sentences:
        """Those of a file, in a language ("de", "zh")."""
        table = json.loads(path.read_text(encoding="utf-8"))
        return cls({sentence: said[code] for sentence, said in table.items()})

    def translated(self, text: str) -> str | None:
        """A sentence in the other language; None where it is unknown."""
        return self._translated(text, {}, 0)

    def _translated(self, text: str, known: dict[str, str | None], depth: int) -> str | None:
        """The same for what stands so deep within others, of which some are known: many ways lead to the same part."""
        if text in self._whole:
            return self._whole[text]
        if len(text) > _LONGEST or depth > _DEEPEST:
            return None
        if text not in known:
            known[text] = self._fitted(text, known, depth)
        return known[text]

    def _fitted(self, text: str, known: dict[str, str | None], depth: int) -> str | None:
        for pattern in self._patterns:
            found = pattern.places_in(text)
            if found is None:
                continue
            parts = [self._translated(part, known, depth + 1) for part in found]
            if pattern.has_words or any(part is not None for part in parts):
                told = zip(parts, found, strict=True)
                return pattern.translation.format(*(part if part is not None else own for part, own in told))
        return None


class SentenceTranslator(QTranslator):
    """Answers what is asked in `CONTEXT`; leaves all else to other translators."""

    def __init__(self, sentences: Sentences, parent: QObject) -> None:
        super().__init__(parent)
        self._translated = lru_cache(_REMEMBERED)(sentences.translated)  # tables ask whenever they are drawn

    def translate(
        self, context: str, text: str, disambiguation: str | None = None, n: int = -1  # noqa: ARG002 - as Qt calls it
    ) -> str | None:  # fmt: skip
        """The translation; None where there is none: then the next translator is asked."""
        return self._translated(text) if context == CONTEXT else None
