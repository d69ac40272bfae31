"""Libraries inside the wheels, and inside Python itself: which they are, and under which licence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

LICENCES = Path(__file__).resolve().parent / "licences"

# Files of `licences` with a section for each library: `==== NAME VERSION | LICENCE`, the version where it is known, and
# the text of the licence.
SECTIONS: Mapping[str, str] = {
    "CPython": "Python.txt",
    "pyjpegls": "pyjpegls.txt",
    "PySide6_Essentials": "Qt-parts.txt",
    "simpleitk": "SimpleITK.txt",
    "vtk": "VTK.txt",
}

# Libraries whose licences the wheel itself brings, under these names, and of which something travels in the bundle.
TOLD_BY_WHEEL: Mapping[str, tuple[str, ...]] = {
    "numpy": ("OpenBLAS", "LAPACK", "GCC runtime library", "libquadmath"),
    "openvino": (
        "oneTBB", "hwloc", "oneDNN", "XByak", "pugixml", "JSON for Modern C++", "level-zero", "compute-runtime",
        "libxsmm", "Instrumentation and Tracing Technology",
    ),
    "pillow": ("libjpeg", "liblzma", "libtiff", "libwebp", "OpenJPEG", "Xau", "XCB", "zlib", "zstd"),
}  # fmt: skip

_AS_OF = {"simpleitk": "2.5.", "vtk": "9.7."}  # whose versions the sections tell; of other ones they are not known

_SECTION = re.compile(r"^==== (?P<name>.+?)(?: (?P<version>\d[\w.]*))? \| (?P<licence>.+)\n\n", re.MULTILINE)
_INSIDE_VTK = re.compile(r"(?:^|/)(?:lib)?vtk([a-z][a-z0-9]*)[-.]")  # VTK's own modules begin with a capital
_OWN = frozenset({"x11"})  # a module of VTK's own in spite of its name


@dataclass(frozen=True)
class Part:
    """A library inside another file: version and licence are empty where nobody says."""

    name: str
    version: str
    licence: str
    text: str


def parts_of(distribution: str) -> list[Part]:
    """What a distribution contains, by name as `bundled_distributions` has it, or "CPython"; empty for most."""
    told = [Part(name, "", "", "") for name in TOLD_BY_WHEEL.get(distribution, ())]
    if distribution not in SECTIONS:
        return told
    text = (LICENCES / SECTIONS[distribution]).read_text(encoding="utf-8")
    known = distribution not in _AS_OF or version(distribution).startswith(_AS_OF[distribution])
    heads = list(_SECTION.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)]
    return told + [
        Part(head["name"], (head["version"] or "") if known else "", head["licence"], text[head.end() : end].strip())
        for head, end in zip(heads, ends, strict=True)
    ]


def unnamed(names: Iterable[str]) -> Iterator[str]:
    """Of the files in a bundle those that are others' libraries inside VTK, of which its licence file says nothing."""
    known = [_key(part.name) for part in parts_of("vtk")]
    for name in names:
        found = _INSIDE_VTK.search(name)
        if found and found[1] not in _OWN and not any(_key(found[1]) in each for each in known):
            yield name


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
