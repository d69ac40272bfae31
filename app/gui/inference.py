"""The model as the window uses it: opened when first needed, with the embeddings of the slices that were looked at.

Everything here runs on the engine thread, except `Request` and `Answer`, which travel.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.engine.consensus import Provisional, fill_box, step_count
from app.engine.embeddings import Embedding, EmbeddingCache
from app.engine.fastest import measure, milliseconds
from app.engine.plane import SliceKey
from app.engine.prompt import Box3D, Prompts
from app.engine.propagate import Seed, SliceResult, propagate
from app.engine.segmenter import ModelSegmenter, SliceMask, embedding_of, open_segmenter
from app.engine.view import SliceGrid, View
from app.engine.volume import Volume

_CACHE_BYTES = 192 * 2**20
_REMEMBERED_VIEWS = 64
_CACHED_S = 0.01  # what is there sooner was not encoded
_WORTH_S = 3.0  # an encoder slower than that is not asked ahead: a box would wait for it


@dataclass(frozen=True)
class ModelChoice:
    """Which package runs where: `name` "" is the fastest on this machine, `device` "CPU", "GPU" or "NPU"."""

    name: str = ""
    device: str = "CPU"


@dataclass(frozen=True)
class ModelState:
    """The model in use, for panels and records."""

    name: str
    version: str
    digest: str
    precision: str
    device: str
    family: str
    size: int
    doubtful_below: float

    def record(self) -> dict[str, Any]:
        """What a record of a mask says of its model."""
        return {
            "name": self.name, "version": self.version, "digest": self.digest, "precision": self.precision,
            "device": self.device,
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class Request:
    """A question: prompts in a slice of a volume."""

    volume: Volume
    key: SliceKey
    prompts: Prompts


@dataclass(frozen=True, eq=False)
class Answer:
    """The mask that answers a request, the model that gave it, and how long it took (milliseconds)."""

    request: Request
    found: SliceMask
    model: ModelState
    milliseconds: float


class Inference:
    """A model and its embeddings; for the engine thread alone, but for `choose`, `choice` and `forget`."""

    def __init__(self, choice: ModelChoice | None = None) -> None:
        self._choice = choice or ModelChoice()
        self._opened: tuple[ModelChoice, ModelSegmenter] | None = None
        self._found_faster = False
        self._cache = EmbeddingCache(_CACHE_BYTES)
        self._views: OrderedDict[SliceKey, View] = OrderedDict()  # the last view of each slice, newest last
        self._volume: Volume | None = None
        self._encoding_s = 0.0  # how long the last encoding took

    @property
    def choice(self) -> ModelChoice:
        """What is wanted; it is opened when it is first needed."""
        return self._choice

    def choose(self, choice: ModelChoice) -> None:
        """Use another model from the next question on."""
        self._choice = choice

    def open(self) -> ModelState:
        """Open the model that is wanted, unless it is open; raises ModelError, and goes on with what was open."""
        return state_of(self._segmenter())

    def switch(self, choice: ModelChoice) -> ModelState:
        """Open another model and use it from now on; raises ModelError, and goes on with the one before."""
        opened = open_segmenter(choice.name or None, device=choice.device)
        self._choice, self._opened = choice, (choice, opened)
        self._views.clear()
        self._encoding_s = 0.0
        return state_of(opened)

    def segmenter_for(self, name: str) -> ModelSegmenter:
        """A model by its name, the one in use where it is that, for work beside the window; raises ModelError."""
        opened = self._opened
        if opened is not None and opened[0] == self._choice and opened[1].manifest.name == name:
            return opened[1]
        return self._segmenter() if name == self._choice.name else open_segmenter(name, device=self._choice.device)

    @property
    def has_found_faster(self) -> bool:
        """Whether another model than the one that was open is to be opened, because it is faster."""
        return self._found_faster

    def settle(self) -> Iterator[None]:
        """Find out in steps which package is fastest, if that is what is wanted and not known yet.

        Once something has been asked of the model in use it stays so until the next start: masks of one session are
        those of one model.
        """
        if self._choice.name:
            return
        choice = self._choice
        best = yield from measure(device=choice.device)
        opened = self._opened
        if best is None or opened is None or opened[0] != choice or self._views:
            return
        if opened[1].manifest.name != best:
            self._opened, self._found_faster = None, True  # the next question opens what was found

    def milliseconds(self) -> float:
        """How long the model in use takes to encode and decode the phantom."""
        return milliseconds(self._segmenter().pair)

    def answer(self, request: Request) -> Answer:
        """The mask for prompts; the view of an earlier answer is used again where it serves them."""
        start = time.perf_counter()
        segmenter = self._segmenter()
        self._look_at(request.volume)
        grid = _grid(request.volume, request.key)
        view = segmenter.view_for(request.prompts, grid, self._known_view(request.key))
        embedding = self._embedding(request.volume, request.key, view)
        found = segmenter.decode(embedding, [request.prompts])[0]
        self._remember(request.key, view)
        return Answer(request, found, state_of(segmenter), (time.perf_counter() - start) * 1000.0)

    def carry(self, volume: Volume, seed: Seed, limits: range | None) -> Iterator[SliceResult]:
        """Masks of an object slice by slice, see `app.engine.propagate`."""
        self._look_at(volume)
        yield from propagate(self._segmenter(), volume, seed, limits=limits, cache=self._cache)

    def fill(self, volume: Volume, box: Box3D) -> Iterator[SliceResult | Provisional]:
        """The slices along z of the object in a 3-D box, see `app.engine.consensus`."""
        self._look_at(volume)
        yield from fill_box(self._segmenter(), volume, box, cache=self._cache)

    def fill_count(self, volume: Volume, box: Box3D) -> int:
        """How many results `fill` gives."""
        return step_count(self._segmenter(), volume, box)

    def encode_ahead(self, volume: Volume, key: SliceKey, like: SliceKey) -> bool:
        """Encode a slice through the view that was last used in another one; False where there is none.

        False too where the last encoding took so long that a box which comes in between would be kept waiting.
        """
        self._look_at(volume)
        view = self._views.get(like)
        if view is None or view.grid != _grid(volume, key) or self._encoding_s > _WORTH_S:
            return False
        self._embedding(volume, key, view)
        self._remember(key, view)
        return True

    def keep_only(self, volume: Volume | None) -> None:
        """Drop all that belongs to another image than this one: hundreds of megabytes, once that is closed."""
        if self._volume is not volume:
            self.forget()

    def forget(self) -> None:
        """Drop all that belongs to the image."""
        self._volume = None
        self._views.clear()
        self._cache = EmbeddingCache(_CACHE_BYTES)

    def _segmenter(self) -> ModelSegmenter:
        choice = self._choice
        if self._opened is None or self._opened[0] != choice:
            self._opened = (choice, open_segmenter(choice.name or None, device=choice.device, at_once=True))
            self._views.clear()
            self._found_faster = False
        return self._opened[1]

    def _embedding(self, volume: Volume, key: SliceKey, view: View) -> Embedding:
        start = time.perf_counter()
        found = embedding_of(self._segmenter(), volume, key, view, self._cache)
        seconds = time.perf_counter() - start
        if seconds > _CACHED_S:
            self._encoding_s = seconds
        return found

    def _look_at(self, volume: Volume) -> None:
        if self._volume is not volume:
            self.forget()
            self._volume = volume

    def _known_view(self, key: SliceKey) -> View | None:
        return self._views.get(key)

    def _remember(self, key: SliceKey, view: View) -> None:
        self._views[key] = view
        self._views.move_to_end(key)
        while len(self._views) > _REMEMBERED_VIEWS:
            self._views.popitem(last=False)


def state_of(segmenter: ModelSegmenter) -> ModelState:
    """What is said of a model."""
    manifest = segmenter.manifest
    return ModelState(
        manifest.name, manifest.version, manifest.digest, segmenter.pair.precision, segmenter.pair.device,
        manifest.family, manifest.size, manifest.doubtful_threshold,
    )  # fmt: skip


def _grid(volume: Volume, key: SliceKey) -> SliceGrid:
    return SliceGrid.of(key, volume.shape_zyx, volume.geometry.spacing_zyx)
