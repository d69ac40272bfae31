"""What the encoder made of a view of a slice, and a bounded store of such embeddings."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.engine.plane import SliceKey
from app.engine.view import View
from app.engine.volume import Volume


@dataclass(frozen=True, eq=False)
class Embedding:
    """The encoder's outputs by name, (1, ...) float16 or float32, and the view that they describe."""

    tensors: Mapping[str, NDArray[Any]]
    view: View

    @property
    def nbytes(self) -> int:
        """Memory of the tensors."""
        return sum(tensor.nbytes for tensor in self.tensors.values())


@dataclass(frozen=True)
class EmbeddingKey:
    """What an embedding depends on: an image (any hashable token of it), a slice, a view, a model (its digest)."""

    image: Hashable
    slice: SliceKey
    view: View
    model: str


def image_token(volume: Volume) -> Hashable:
    """A token for keys that stands for this very volume and does not keep it in memory."""
    return weakref.ref(volume)


class EmbeddingCache:
    """Embeddings by key, the least recently used dropped first, never more than `limit_bytes`; in half precision.

    An embedding that half precision cannot hold (values beyond 65504) stays in float32. For one thread at a time.
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._stored: OrderedDict[EmbeddingKey, Embedding] = OrderedDict()
        self._nbytes = 0

    @property
    def nbytes(self) -> int:
        """Memory of all that is stored."""
        return self._nbytes

    def __len__(self) -> int:
        return len(self._stored)

    def get(self, key: EmbeddingKey) -> Embedding | None:
        """What was put under the key, unless it was dropped since."""
        found = self._stored.get(key)
        if found is not None:
            self._stored.move_to_end(key)
        return found

    def put(self, key: EmbeddingKey, embedding: Embedding) -> None:
        """Store an embedding; one that is larger than the limit is not stored at all."""
        self._drop(key)
        stored = _halved(embedding)
        if stored.nbytes > self._limit:
            return
        while self._nbytes + stored.nbytes > self._limit:
            self._drop(next(iter(self._stored)))
        self._stored[key] = stored
        self._nbytes += stored.nbytes

    def forget(self, image: Hashable) -> None:
        """Drop all embeddings of an image."""
        for key in [key for key in self._stored if key.image == image]:
            self._drop(key)

    def _drop(self, key: EmbeddingKey) -> None:
        dropped = self._stored.pop(key, None)
        if dropped is not None:
            self._nbytes -= dropped.nbytes


def _halved(embedding: Embedding) -> Embedding:
    if all(tensor.dtype == np.float16 for tensor in embedding.tensors.values()):
        return embedding
    with np.errstate(over="ignore"):  # what overflows is seen below
        halves = {name: tensor.astype(np.float16) for name, tensor in embedding.tensors.items()}
    fits = all(bool(np.isfinite(half).all()) for half in halves.values())
    return Embedding(halves, embedding.view) if fits else embedding
