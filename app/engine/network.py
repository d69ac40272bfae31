"""The networks of a package, as its manifest lists them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.engine.solid import CHANNELS
from app.engine.strict_json import FieldError, Fields

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
Shape = tuple[int, ...]

SELF_TEST_BLOCKS = 8  # the expected mask of the phantom is compared as the means of 8 x 8 blocks
SOLID_BLOCKS = 4  # that of the 3-D phantom as the means of 4 x 4 x 4

_SHA256 = r"[0-9a-f]{64}"


@dataclass(frozen=True, eq=False)
class Network:
    """An OpenVINO model of a package: its files with their SHA-256, and the shapes of its tensors by name.

    A leading -1 in a shape is the number of prompts.
    """

    files: Mapping[str, str]
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]

    @property
    def xml(self) -> str:
        """Name of the file with the graph; the weights lie beside it as .bin."""
        return next(name for name in self.files if name.endswith(".xml"))


@dataclass(frozen=True, eq=False)
class SolidNetwork:
    """A network that fills a 3-D box at once, see `solid`: cells (1, 9, S, S, S) -> logits (1, 1, S, S, S).

    `share` is how much it has to say beside the pair, which fills the box slice by slice: 0 nothing, 1 everything.
    `expected` and `tolerance` are those of its self-test: 64 block means of the probability of the 3-D phantom.
    """

    network: Network
    size: int
    ratio: float  # of its view to the box
    share: float
    expected: tuple[float, ...]
    tolerance: float


def read_network(fields: Fields) -> Network:
    """Of the manifest's fields; raises FieldError."""
    network = _network(fields)
    fields.end()
    return network


def read_solid(fields: Fields) -> SolidNetwork:
    """Of the manifest's fields; raises FieldError."""
    size, ratio = fields.integer("size", 16, 128), fields.number("ratio", 1.0, 4.0)
    share = fields.number("share", 0.0, 1.0)
    expected, tolerance = read_self_test(fields.inner("self_test"), SOLID_BLOCKS**3)
    solid = SolidNetwork(_network(fields), size, ratio, share, expected, tolerance)
    fields.end()
    cells = (size, size, size)
    if dict(solid.network.inputs) != {"cells": (1, CHANNELS, *cells)}:
        raise FieldError(f"the 3-D network's only input must be 'cells' of shape {[1, CHANNELS, *cells]}")
    if dict(solid.network.outputs) != {"logits": (1, 1, *cells)}:
        raise FieldError(f"the 3-D network's only output must be 'logits' of shape {[1, 1, *cells]}")
    return solid


def read_self_test(fields: Fields, count: int) -> tuple[tuple[float, ...], float]:
    """So many means expected of the phantom's mask, and by how much they may differ; raises FieldError."""
    expected = fields.numbers("expected", count, 0.0, 1.0)
    tolerance = fields.number("tolerance", 0.0, 0.5)
    fields.end()
    return expected, tolerance


def _network(fields: Fields) -> Network:
    files = fields.inner("files")
    hashes = {name: files.text(name, _SHA256) for name in files.names()}
    stems = [name.removesuffix(".xml") for name in hashes if name.endswith(".xml")]
    if len(stems) != 1 or set(hashes) != {f"{stems[0]}.xml", f"{stems[0]}.bin"} or not re.fullmatch(NAME, stems[0]):
        raise FieldError("the files of a network are one NAME.xml and its NAME.bin, in the package's own folder")
    return Network(MappingProxyType(hashes), _shapes(fields.inner("inputs")), _shapes(fields.inner("outputs")))


def _shapes(fields: Fields) -> Mapping[str, Shape]:
    return MappingProxyType({name: fields.integers(name, -1, 65536) for name in fields.names()})
