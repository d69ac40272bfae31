from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from numpy.typing import DTypeLike

from app.engine.embeddings import Embedding, EmbeddingCache, EmbeddingKey, image_token
from app.engine.geometry import Geometry
from app.engine.plane import SliceKey
from app.engine.view import SliceGrid, View
from app.engine.volume import Volume

_VIEW = View(SliceGrid(8, 8), 0.0, 0.0, 8.0, 4)


def _embedding(value: float = 1.0, count: int = 100, dtype: DTypeLike = np.float32) -> Embedding:
    return Embedding({"embedding": np.full((1, count), value, dtype=dtype)}, _VIEW)


def _key(index: int, image: str = "image", model: str = "model") -> EmbeddingKey:
    return EmbeddingKey(image, SliceKey(0, index), _VIEW, model)


def test_that_memory_stays_bounded_and_the_least_recently_used_goes_first() -> None:
    cache = EmbeddingCache(3 * 200)
    for index in range(3):
        cache.put(_key(index), _embedding())
    assert cache.get(_key(0)) is not None  # used: now slice 1 is the oldest
    cache.put(_key(3), _embedding())
    assert [cache.get(_key(index)) is not None for index in range(4)] == [True, False, True, True]
    assert (cache.nbytes, len(cache)) == (600, 3)


def test_that_an_embedding_is_kept_in_half_precision() -> None:
    cache = EmbeddingCache(10_000)
    cache.put(_key(0), _embedding(0.1))
    stored = cache.get(_key(0))
    assert stored is not None
    assert stored.tensors["embedding"].dtype == np.float16
    assert stored.view == _VIEW
    np.testing.assert_allclose(stored.tensors["embedding"], 0.1, rtol=2**-11)


def test_that_what_half_precision_cannot_hold_stays_whole() -> None:
    cache = EmbeddingCache(10_000)
    cache.put(_key(0), _embedding(70_000.0))
    stored = cache.get(_key(0))
    assert stored is not None
    assert stored.tensors["embedding"].dtype == np.float32
    assert float(stored.tensors["embedding"][0, 0]) == 70_000.0
    assert cache.nbytes == 400


def test_that_an_embedding_larger_than_the_cache_drops_nothing() -> None:
    cache = EmbeddingCache(500)
    cache.put(_key(0), _embedding())
    cache.put(_key(1), _embedding(count=1000))
    assert cache.get(_key(0)) is not None
    assert cache.get(_key(1)) is None


def test_that_putting_again_replaces() -> None:
    cache = EmbeddingCache(500)
    cache.put(_key(0), _embedding(1.0))
    cache.put(_key(0), _embedding(2.0))
    stored = cache.get(_key(0))
    assert stored is not None
    assert float(stored.tensors["embedding"][0, 0]) == 2.0
    assert (cache.nbytes, len(cache)) == (200, 1)


@pytest.mark.parametrize("other", [_key(1), _key(0, image="other"), _key(0, model="other")])
def test_that_slice_image_and_model_are_told_apart(other: EmbeddingKey) -> None:
    cache = EmbeddingCache(10_000)
    cache.put(_key(0), _embedding())
    assert cache.get(other) is None


def test_that_an_image_can_be_forgotten() -> None:
    cache = EmbeddingCache(10_000)
    cache.put(_key(0, image="first"), _embedding())
    cache.put(_key(0, image="second"), _embedding())
    cache.forget("first")
    assert cache.get(_key(0, image="first")) is None
    assert cache.get(_key(0, image="second")) is not None
    assert cache.nbytes == 200


def test_that_a_token_stands_for_one_volume_and_does_not_keep_it_alive() -> None:
    voxels = np.zeros((1, 8, 8), dtype=np.uint8)
    volume, twin = (Volume(voxels, Geometry.of_pixels((1, 8, 8))) for _ in range(2))
    token = image_token(volume)
    assert token == image_token(volume)
    assert token != image_token(twin)
    ended = weakref.ref(volume)
    del volume
    gc.collect()
    assert ended() is None
    assert token != image_token(twin)
