"""Model packages made in a moment, without training: what is bright and prompted is inside.

`maps`: inside is what is brighter than half the view's range and lies in the box or at a positive point, and not at a
negative one; the previous mask counts as a little brightness. `tokens`: the same with a box in input pixels. An object
is present where something bright is prompted at all.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from app.engine.manifest import ModelManifest
from app.engine.package_source import MANIFEST
from app.engine.prompt_maps import CHANNELS
from app.engine.runtime import CompiledPair, stop_reporting
from app.engine.selftest import mask_blocks, phantom_inputs, solid_blocks, solid_phantom_cells
from app.engine.solid import CHANNELS as CELL_CHANNELS

stop_reporting()

import openvino as ov  # noqa: E402  # only after its reporting is stopped
from openvino import opset13 as op  # noqa: E402

SIZE = 64  # side of image and logits; prompt maps have half of it
SOLID_SIZE = 32  # cells along each axis of a 3-D box's view


def write_tiny_package(
    folder: Path, *, encoding: str = "maps", gain: float = 1.0, share: float | None = None, **fields: Any
) -> Path:
    """A valid package; `gain` multiplies the embedding (and is divided out again), `fields` replace the manifest's.

    With a `share`, a 3-D network of that share: inside is what is brighter than half the range of the box's view.
    """
    folder.mkdir(parents=True, exist_ok=True)
    decoder = _maps_decoder(gain) if encoding == "maps" else _tokens_decoder(gain, points=int(fields.pop("points", 0)))
    manifest: dict[str, Any] = {
        "format": 1,
        "name": folder.name,
        "version": "0.0.1",
        "family": "tiny",
        "licence": "Apache-2.0",
        "precision": "f32",
        "input": {"size": SIZE, "channels": 3},
        "intensity": {
            "default": {"kind": "percentile", "low": 0.0, "high": 100.0} if encoding == "maps" else {"kind": "minmax"}
        },
        "view": {"policy": "focus", "ratio": 1.5} if encoding == "maps" else {"policy": "corner"},
        "prompts": {"encoding": "tokens"},
        "encoder": _saved(_encoder(gain), folder / "encoder.xml"),
        "decoder": _saved(decoder, folder / "decoder.xml"),
        "self_test": {"expected": [0.0] * 64, "tolerance": 0.02},
        "thresholds": {"mask": 0.0, "present": 0.5, "doubtful": 0.75},
        "training": {},
        "accuracy": {},
    }
    if encoding == "maps":
        manifest["prompts"] = {"encoding": "maps", "size": SIZE // 2, "channels": list(CHANNELS)}
    if share is not None:
        network = _saved(_solid(), folder / "solid.xml")
        manifest["solid"] = {"size": SOLID_SIZE, "ratio": 1.25, "share": share, **network}
        manifest["solid"]["self_test"] = {"expected": [0.0] * 64, "tolerance": 0.02}
    rewrite_manifest(folder, manifest)
    pair = CompiledPair(ModelManifest.load(folder), cache=False)
    image, prompts = phantom_inputs(pair.manifest)
    logits, _ = pair.decode(pair.encode(image), prompts)
    manifest["self_test"]["expected"] = list(mask_blocks(logits[0]))
    if pair.manifest.solid is not None:
        cells = pair.fill_untested(solid_phantom_cells(pair.manifest, pair.manifest.solid))
        manifest["solid"]["self_test"]["expected"] = list(solid_blocks(cells))
    rewrite_manifest(folder, manifest | fields)
    return folder


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest as plain JSON."""
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return manifest


def rewrite_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Put another manifest into a package."""
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def _saved(model: ov.Model, path: Path) -> dict[str, Any]:
    ov.save_model(model, path, compress_to_fp16=False)
    return {
        "files": {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in (path, path.with_suffix(".bin"))},
        "inputs": {port.get_any_name(): _shape(port) for port in model.inputs},
        "outputs": {port.get_any_name(): _shape(port) for port in model.outputs},
    }


def _shape(port: Any) -> list[int]:
    return [d.get_length() if d.is_static else -1 for d in port.get_partial_shape()]


def _named(model: ov.Model, outputs: tuple[str, ...]) -> ov.Model:
    for port, name in zip(model.outputs, outputs, strict=True):
        port.get_tensor().set_names({name})
    return model


def _input(name: str, shape: list[int]) -> Any:
    parameter = op.parameter(shape, np.float32, name=name)
    parameter.output(0).get_tensor().set_names({name})
    return parameter


def _constant(value: Any) -> Any:
    return op.constant(np.asarray(value, dtype=np.float32))


def _encoder(gain: float) -> ov.Model:
    """Embedding: mean brightness of 2 x 2 pixels (1, 2, 32, 32). Detail: the first channel (1, 1, 64, 64)."""
    image = _input("image", [1, 3, SIZE, SIZE])
    kernel = np.zeros((2, 3, 2, 2), dtype=np.float32)
    kernel[0, 0], kernel[1] = 0.25 * gain, gain / 12
    embedding = op.convolution(image, _constant(kernel), [2, 2], [0, 0], [0, 0], [1, 1])
    pick = np.array([gain, 0.0, 0.0], dtype=np.float32).reshape(1, 3, 1, 1)
    detail = op.convolution(image, _constant(pick), [1, 1], [0, 0], [0, 0], [1, 1])
    return _named(ov.Model([embedding, detail], [image], "encoder"), ("embedding", "detail"))


def _solid() -> ov.Model:
    """Logits: 20 * (brightness - 1/2)."""
    cells = _input("cells", [1, CELL_CHANNELS, SOLID_SIZE, SOLID_SIZE, SOLID_SIZE])
    first = op.split(cells, 1, CELL_CHANNELS).outputs()[0]
    logits = op.multiply(op.subtract(first, _constant(0.5)), _constant(20.0))
    return _named(ov.Model([logits], [cells], "solid"), ("logits",))


def _brightness(gain: float) -> tuple[Any, list[Any]]:
    """Brightness (1, 1, 64, 64) and the two inputs that it is made of."""
    embedding, detail = _input("embedding", [1, 2, SIZE // 2, SIZE // 2]), _input("detail", [1, 1, SIZE, SIZE])
    coarse = op.convolution(
        embedding, _constant(np.array([0.0, 0.0]).reshape(1, 2, 1, 1)), [1, 1], [0, 0], [0, 0], [1, 1]
    )
    enlarged = op.interpolate(coarse, [SIZE, SIZE], "nearest", "sizes", axes=[2, 3])
    return op.divide(op.add(detail, enlarged), _constant(gain)), [embedding, detail]


def _answer(bright: Any, prompted: Any, inputs: list[Any], columns: int) -> ov.Model:
    """Logits: 20 * (brightness - 1/2), less 40 where nothing is prompted. Scores: 0.9 * presence, and presence."""
    logits = op.add(
        op.multiply(op.subtract(bright, _constant(0.5)), _constant(20.0)),
        op.multiply(op.subtract(prompted, _constant(1.0)), _constant(40.0)),
    )
    brightest = op.reduce_max(op.minimum(bright, prompted), op.constant([2, 3]), False)  # (N, 1)
    presence = op.sigmoid(op.multiply(op.subtract(brightest, _constant(0.5)), _constant(50.0)))
    scores = op.multiply(presence, _constant([0.9, 1.0][:columns]))
    return _named(ov.Model([logits, scores], inputs, "decoder"), ("logits", "scores"))


def _maps_decoder(gain: float) -> ov.Model:
    bright, inputs = _brightness(gain)
    maps = _input("prompts", [-1, len(CHANNELS), SIZE // 2, SIZE // 2])
    large = op.interpolate(maps, [SIZE, SIZE], "nearest", "sizes", axes=[2, 3])
    channel = dict(zip(CHANNELS, op.split(large, 1, len(CHANNELS)).outputs(), strict=True))
    asked = op.minimum(op.add(channel["box"], channel["positive"]), _constant(1.0))
    prompted = op.maximum(op.subtract(asked, channel["negative"]), _constant(0.0))
    return _answer(
        op.add(bright, op.multiply(channel["previous"], _constant(0.1))), prompted, [*inputs, maps], columns=2
    )


def _tokens_decoder(gain: float, points: int) -> ov.Model:
    bright, inputs = _brightness(gain)
    boxes = _input("boxes", [-1, 4])
    x0, y0, x1, y1 = (
        op.reshape(column, op.constant([-1, 1, 1, 1]), False) for column in op.split(boxes, 1, 4).outputs()
    )
    along = np.arange(SIZE, dtype=np.float32)
    x, y = _constant(along.reshape(1, 1, 1, -1)), _constant(along.reshape(1, 1, -1, 1))
    in_x = op.logical_and(op.greater_equal(x, x0), op.less_equal(x, x1))
    in_y = op.logical_and(op.greater_equal(y, y0), op.less_equal(y, y1))
    prompted = op.convert(op.logical_and(in_x, in_y), np.float32)
    if points:
        places, labels = _input("points", [-1, points, 2]), _input("point_labels", [-1, points])
        prompted = op.maximum(op.subtract(prompted, _near_negative(places, labels, x, y)), _constant(0.0))
        inputs = [*inputs, places, labels]
    return _answer(bright, prompted, [*inputs, boxes], columns=1)


def _near_negative(places: Any, labels: Any, x: Any, y: Any) -> Any:
    """(N, 1, 64, 64): 1 within two pixels of a point with label 0, along both axes."""
    px, py = (op.unsqueeze(column, op.constant([3])) for column in op.split(places, 2, 2).outputs())  # (N, P, 1, 1)
    near_x = op.less_equal(op.abs(op.subtract(x, px)), _constant(2.0))
    near_y = op.less_equal(op.abs(op.subtract(y, py)), _constant(2.0))
    negative = op.unsqueeze(op.equal(labels, _constant(0.0)), op.constant([2, 3]))
    near = op.convert(op.logical_and(op.logical_and(near_x, near_y), negative), np.float32)
    return op.reduce_max(near, op.constant([1]), True)
