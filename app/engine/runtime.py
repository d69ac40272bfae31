"""Compiled models: the only importer of OpenVINO.

What is done against its traps: reporting to an analytics server is stopped before the first import; the precision is
always stated, never left to the plugin; the cache of compiled models has a folder for each OpenVINO version, device,
precision, instruction set and model, because its own key knows only some of these; what a network returns is copied;
every thread has its own requests; and a model is used only after it gave the expected mask of the phantom.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from app import paths
from app.engine.errors import ModelError
from app.engine.hardware import instruction_set
from app.engine.manifest import ModelManifest
from app.engine.network import Network, SolidNetwork
from app.engine.selftest import disagreement, phantom_inputs, solid_disagreement, solid_phantom_cells

if TYPE_CHECKING:
    import openvino as ov

Activation = Literal["f32", "bf16", "f16"]  # arithmetic of whatever is not quantised
Tensors = dict[str, NDArray[Any]]  # float16 or float32

BATCH = 8  # prompts decoded at once where there are that many

_ACTIVATIONS: dict[str, Activation] = {"int8": "f32", "f32": "f32", "bf16": "bf16", "f16": "f16"}


def stop_reporting() -> None:
    """Keep OpenVINO from reporting its import and use to an analytics server; call before its first import.

    Its packages look for the module that sends, and go on without where there is none.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None makes the import fail


def openvino_version() -> str:
    """Version of the OpenVINO runtime, such as 2026.4.1."""
    return str(_openvino().get_version()).split("-", maxsplit=1)[0]


def processor_name(device: str = "CPU") -> str:
    """Full name of the processor behind a device."""
    return str(_core().get_property(_available(device), "FULL_DEVICE_NAME")).strip()


def available_devices() -> dict[str, str]:
    """The devices that OpenVINO can use here, with their full names: CPU, GPU (GPU.0, GPU.1 where several), NPU."""
    return {str(device): processor_name(str(device)) for device in _core().available_devices}


class CompiledPair:
    """Encoder and decoder of a package, compiled for a device when they are first needed; safe to share by threads.

    Embeddings come as float16 where half precision holds them (it nearly always does): half the memory of a cache, and
    the same values whether they went through a cache or not. Those of the SAM family's f32 packages stay float32: such
    a package is there to give what the original gives.
    """

    def __init__(
        self,
        manifest: ModelManifest,
        *,
        device: str = "CPU",
        activation: Activation = "f32",
        threads: int | None = None,
        cache: bool = True,
    ) -> None:
        self.manifest = manifest
        self.device = _available(device)
        self.activation = _supported(self.device, activation)
        self._folder = _cache_folder(manifest, self.device, self.activation) if cache else None
        self._config = _configuration(manifest, self.device, self.activation, threads, self._folder)
        self._networks: dict[tuple[str, bool, int], ov.CompiledModel] = {}
        self._threads = threads
        self._compiling = threading.Lock()
        self._testing = threading.Lock()
        self._filler: CompiledPair | None = None  # whose 3-D network gave the expected mask: this pair's, as a rule
        self._requests = threading.local()

    @property
    def precision(self) -> str:
        """Arithmetic in use: that of the package, or "int8+bf16" where the rest of a quantised one runs in bf16."""
        if self.manifest.precision != "int8":
            return self.activation
        return "int8" if self.activation == "f32" else f"int8+{self.activation}"

    @property
    def threads(self) -> int:
        """Threads that one inference uses; 1 on devices that do not count them."""
        if self.device != "CPU":
            return 1
        return int(self._network("encoder", half=True, batch=1).get_property("INFERENCE_NUM_THREADS"))

    def encode(self, image: NDArray[np.float32]) -> Tensors:
        """Of an image (3, S, S) float32 in 0..1, the encoder's outputs by name: (1, ...) float16 (or float32) copies.

        Raises ModelError where they are no numbers even in float32.
        """
        # Beyond 65504 half precision is infinite: then the embedding stays in float32.
        for half in (True, False) if self.manifest.half_embeddings else (False,):
            tensors = self._infer("encoder", {"image": image[None]}, half=half, batch=1)
            if all(_is_finite(tensor) for tensor in tensors.values()):
                return tensors
        raise ModelError(f"the model {self.manifest.name} answered with values that are no numbers")

    def decode(
        self, embedding: Mapping[str, NDArray[Any]], inputs: Mapping[str, NDArray[np.float32]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Of what `encode` returned and N prompts (every input one row each): logits (N, G, G) and scores (N, k).

        Prompts are decoded eight at a time, the rest one by one: memory does not grow with N but for the result.
        Raises ModelError where the answer is no number.
        """
        count = len(next(iter(inputs.values())))
        side = self.manifest.decoder.outputs["logits"][-1]
        logits = np.empty((count, side, side), dtype=np.float32)
        scores = np.empty((count, self.manifest.decoder.outputs["scores"][1]), dtype=np.float32)
        half = next(iter(embedding.values())).dtype == np.float16
        for rows in _chunks(count):
            prompts = {name: values[rows] for name, values in inputs.items()}
            answer = self._infer("decoder", {**embedding, **prompts}, half=half, batch=rows.stop - rows.start)
            logits[rows], scores[rows] = answer["logits"][:, 0], answer["scores"]
        if not (np.isfinite(logits).all() and np.isfinite(scores).all()):
            raise ModelError(f"the model {self.manifest.name} answered with values that are no numbers")
        return logits, scores

    def fill(self, cells: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of the cells of a 3-D box (9, S, S, S), see `solid`, logits (S, S, S); only where the manifest has `solid`.

        Before its first use the 3-D network has to give the expected mask of the 3-D phantom; where it does not, it is
        compiled anew, in f32 and without what was cached. Raises ModelError where that fails too, and where the answer
        is no number.
        """
        if self.manifest.solid is None:
            raise ModelError(f"the model {self.manifest.name} has no 3-D network")
        with self._testing:
            if self._filler is None:
                self._filler = self._tested_filler(self.manifest.solid)
        return self._filler.fill_untested(cells)

    def fill_untested(self, cells: NDArray[np.float32]) -> NDArray[np.float32]:
        """As `fill`, whatever the network makes of the phantom: for recording what it makes of it."""
        logits: NDArray[np.float32] = self._infer("solid", {"cells": cells[None]}, half=False, batch=1)["logits"][0, 0]
        if not np.isfinite(logits).all():
            raise ModelError(f"the model {self.manifest.name} answered with values that are no numbers")
        return logits

    def _tested_filler(self, solid: SolidNetwork) -> CompiledPair:
        """This pair, or one compiled in the plainest way, whichever first agrees with the manifest."""
        cells, failure = solid_phantom_cells(self.manifest, solid), ""
        for plain in (False, True):
            pair = (
                CompiledPair(self.manifest, device=self.device, threads=self._threads, cache=False) if plain else self
            )
            try:
                found = solid_disagreement(solid, pair.fill_untested(cells))
            except ModelError as error:  # no numbers, as where half precision ends; the plainest way may have them
                found = str(error)
            if found is None:
                return pair
            failure = found
            pair.discard_cache()
        raise ModelError(f"the 3-D network of {self.manifest.name} failed its self-test on this machine: {failure}")

    def self_test(self) -> str | None:
        """What is wrong with the mask of the phantom, or None where it is as the manifest expects."""
        image, prompts = phantom_inputs(self.manifest)
        try:
            logits, scores = self.decode(self.encode(image), prompts)
        except ModelError as error:
            return str(error)
        return disagreement(self.manifest, logits[0], scores[0])

    def discard_cache(self) -> None:
        """Delete what was compiled on an earlier start, as far as the system allows."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _infer(self, role: str, inputs: Mapping[str, NDArray[Any]], *, half: bool, batch: int) -> Tensors:
        request = self._request(role, half=half, batch=batch)
        shared = {name: np.ascontiguousarray(values) for name, values in inputs.items()}  # what OpenVINO can share
        request.infer(shared, share_inputs=True, share_outputs=True)
        names = self._description(role).outputs
        return {name: np.array(request.get_tensor(name).data) for name in names}  # its own memory is used again

    def _request(self, role: str, *, half: bool, batch: int) -> ov.InferRequest:
        requests: dict[str, ov.InferRequest] = self._requests.__dict__
        key = f"{role}-{half}-{batch}"
        if key not in requests:
            requests[key] = self._network(role, half=half, batch=batch).create_infer_request()
        return requests[key]

    def _network(self, role: str, *, half: bool, batch: int) -> ov.CompiledModel:
        with self._compiling:
            if (role, half, batch) not in self._networks:
                self._networks[role, half, batch] = self._compile(role, half=half, batch=batch)
            return self._networks[role, half, batch]

    def _compile(self, role: str, *, half: bool, batch: int) -> ov.CompiledModel:
        graph = self.manifest.folder / self._description(role).xml
        weights = graph.with_suffix(".bin")
        try:
            model = _core().read_model(graph, weights)
            _check_names(model, self._description(role), graph)
            if role == "decoder":
                per_prompt = (name for name, shape in self.manifest.decoder.inputs.items() if shape[0] == -1)
                model.reshape({name: [batch, *self.manifest.decoder.inputs[name][1:]] for name in per_prompt})
            if half:
                model = _half_precision_border(model, self.manifest, role)
            # The cache leaves weights out of its blobs and has to be told where they are.
            config = self._config | ({"WEIGHTS_PATH": str(weights)} if self._folder is not None else {})
            return _core().compile_model(model, self.device, config)
        except RuntimeError as error:  # all that OpenVINO raises
            reason = str(error).strip().splitlines()[-1]
            raise ModelError(f"OpenVINO could not compile {graph} for {self.device}: {reason}") from error

    def _description(self, role: str) -> Network:
        if role == "solid" and self.manifest.solid is not None:
            return self.manifest.solid.network
        return self.manifest.encoder if role == "encoder" else self.manifest.decoder


def load_pair(
    manifest: ModelManifest, *, device: str = "CPU", precision: Activation | None = None, threads: int | None = None
) -> CompiledPair:
    """A package ready for use: hashes verified, compiled, and self-tested on the phantom.

    `precision` is the arithmetic of what is not quantised; left out, the manifest says it (f32 for int8 packages, so
    that machines agree). Where the processor lacks it, f32 is used. A pair that fails its self-test is compiled anew
    without what was cached, then in f32; where that fails too, it is a ModelError.
    """
    manifest.verify()
    wanted = precision or _ACTIVATIONS[manifest.precision]
    attempts: list[Activation] = [wanted, wanted]
    if wanted != "f32":
        attempts.append("f32")
    reason = ""
    for n, activation in enumerate(attempts):
        pair = CompiledPair(manifest, device=device, activation=activation, threads=threads)
        if n > 0:
            pair.discard_cache()
            pair = CompiledPair(manifest, device=device, activation=activation, threads=threads)
        failure = pair.self_test()
        if failure is None:
            return pair
        reason = failure
    raise ModelError(f"the model {manifest.name} failed its self-test on this machine: {reason}")


def _openvino() -> ModuleType:
    stop_reporting()
    return import_module("openvino")


@cache
def _core() -> ov.Core:
    core: ov.Core = _openvino().Core()
    return core


def _available(device: str) -> str:
    """The device's name as OpenVINO has it; a ModelError that lists what there is where it is missing."""
    found = [str(name) for name in _core().available_devices]
    name = device.upper()
    if name not in found and not any(other.startswith(f"{name}.") for other in found):
        raise ModelError(f"there is no device '{device}' that OpenVINO can use here, but {', '.join(found)}")
    return name


def _supported(device: str, activation: Activation) -> Activation:
    """The arithmetic, or f32 where the processor would have to imitate it."""
    capabilities = _core().get_property(device, "OPTIMIZATION_CAPABILITIES")
    known = {"f32": "FP32", "bf16": "BF16", "f16": "FP16"}[activation] in capabilities
    return activation if known or activation == "f32" else "f32"


def _configuration(
    manifest: ModelManifest, device: str, activation: Activation, threads: int | None, folder: Path | None
) -> dict[str, str]:
    config = {"PERFORMANCE_HINT": "LATENCY"}
    if device != "NPU":  # which knows no other arithmetic than its own
        config["INFERENCE_PRECISION_HINT"] = activation
        config["EXECUTION_MODE_HINT"] = "PERFORMANCE" if manifest.precision == "int8" else "ACCURACY"
    if device == "CPU":
        config["NUM_STREAMS"] = "1"
        config["ENABLE_CPU_PINNING"] = "NO"  # a thread bound to a core that another program keeps busy waits for it
        if threads is not None:
            config["INFERENCE_NUM_THREADS"] = str(threads)
    if folder is not None:
        config |= {"CACHE_DIR": str(folder), "CACHE_MODE": "OPTIMIZE_SIZE"}
    return config


def _cache_folder(manifest: ModelManifest, device: str, activation: Activation) -> Path | None:
    """Where compiled forms of a package are kept; None where nothing can be written: then each start compiles."""
    kind = f"{device}-{activation}-{instruction_set()}".replace(" ", "-")
    folder = paths.cache_dir() / "openvino" / openvino_version() / _plain(kind) / manifest.digest[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError:
        return None
    return folder


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name)


def _check_names(model: ov.Model, description: Network, graph: Path) -> None:
    """Refuse a graph that has other tensors than its manifest says."""
    for kind, ports, expected in (
        ("input", model.inputs, description.inputs),
        ("output", model.outputs, description.outputs),
    ):
        found = {name: port.get_partial_shape() for port in ports for name in port.get_names()}
        for name, shape in expected.items():
            sizes = [d.get_length() if d.is_static else -1 for d in found[name]] if name in found else []
            if len(sizes) != len(shape) or any(
                size not in (-1, n) and n != -1 for size, n in zip(sizes, shape, strict=True)
            ):
                raise ModelError(f"{graph} has no {kind} '{name}' of shape {list(shape)}, which its manifest promises")
        if len(ports) != len(expected):
            raise ModelError(f"{graph} has {len(ports)} {kind}s, its manifest lists {len(expected)}")


def _half_precision_border(model: ov.Model, manifest: ModelManifest, role: str) -> ov.Model:
    """The graph with its embedding tensors in float16: the plugin converts them faster than NumPy does."""
    openvino = _openvino()
    border = openvino.preprocess.PrePostProcessor(model)
    for name in manifest.encoder.outputs:
        port = border.output(name) if role == "encoder" else border.input(name)
        port.tensor().set_element_type(openvino.Type.f16)
    built: ov.Model = border.build()
    return built


def _is_finite(tensor: NDArray[Any]) -> bool:
    if tensor.dtype == np.float16:  # all bits of the exponent set; NumPy's isfinite takes ten times as long
        return not bool(((tensor.view(np.uint16) & 0x7C00) == 0x7C00).any())
    return bool(np.isfinite(tensor).all())


def _chunks(count: int) -> Iterator[slice]:
    """Ranges of BATCH rows, then single ones: two shapes to compile, and no row that is decoded for nothing."""
    whole = count - count % BATCH
    yield from (slice(n, n + BATCH) for n in range(0, whole, BATCH))
    yield from (slice(n, n + 1) for n in range(whole, count))
