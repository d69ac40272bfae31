"""INT8 by NNCF's post-training quantisation, calibrated through the engine's own preprocessing on every modality."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.engine.intensity import IntensityMapping
from convert.dataset import load_items
from convert.package import add_solid, ov, read_manifest, write_package
from convert.sampling import Sample, Sampler
from convert.solid_samples import SolidSample, SolidSampler

# isort: split
import nncf

_FIRST = 4  # convolutions of the 3-D network that stay in floating point
_SEED = 20_261  # not a training seed: the calibration draws views that training has not drawn


def calibration_samples(root: Path, size: int, count: int) -> list[Sample]:
    """Views and prompts of training images, all modalities in the proportions of training."""
    items = load_items(root, ("train2d", "train3d"), ("train",))
    sampler = Sampler(items, IntensityMapping(), _SEED)
    return [sampler.draw(n, size) for n in range(count)]


def quantize_swift(source: Path, target: Path, *, name: str, samples: list[Sample]) -> None:
    """Write the INT8 package of a floating-point one; `samples` calibrate encoder and decoder.

    The last convolution and the scores stay in floating point: they are small, and their outputs are thresholds.
    """
    core = ov.Core()
    encoder, decoder = (core.read_model(source / f"{part}.xml") for part in ("encoder", "decoder"))
    images = [sample.image[None] for sample in samples]
    embeddings = _embeddings(encoder, images)
    prompted = [
        {"embedding": e["embedding"], "detail": e["detail"], "prompts": sample.prompts}
        for e, sample in zip(embeddings, samples, strict=True)
    ]
    int8_encoder = nncf.quantize(
        encoder, nncf.Dataset(images), subset_size=len(images), preset=nncf.QuantizationPreset.MIXED,
        fast_bias_correction=True,
    )  # fmt: skip
    int8_decoder = nncf.quantize(
        decoder, nncf.Dataset(prompted), subset_size=len(prompted), preset=nncf.QuantizationPreset.MIXED,
        fast_bias_correction=True, ignored_scope=nncf.IgnoredScope(names=_last_layers(decoder)),
    )  # fmt: skip
    fields = read_manifest(source)
    for part in ("encoder", "decoder", "solid", "self_test"):
        fields.pop(part, None)
    fields |= {"name": name, "precision": "int8", "accuracy": {}}
    fields["training"]["quantisation"] = f"NNCF post-training, mixed preset, {len(samples)} calibration views"
    write_package(target, fields, int8_encoder, int8_decoder)


def solid_samples(root: Path, size: int, count: int) -> list[SolidSample]:
    """Boxes of training volumes, in the proportions of training."""
    sampler = SolidSampler(load_items(root, ("train3d",), ("train",)), IntensityMapping(), _SEED)
    return [sampler.draw(n, size) for n in range(count)]


def quantize_solid(source: Path, target: Path, *, samples: list[SolidSample]) -> None:
    """Put the 3-D network of a floating-point package into its INT8 package.

    The first four convolutions, which see what the rest is built on, and the last, whose output is a threshold, stay in
    floating point, and biases are corrected by inference layer for layer: masks then agree to 0.995 DSC instead of
    0.986 (figures in `EXPERIMENTS.md`).
    """
    network = ov.Core().read_model(source / "solid.xml")
    convolutions = [node for node in network.get_ordered_ops() if node.get_type_name() == "Convolution"]
    exact = [node.get_friendly_name() for node in (*convolutions[:_FIRST], convolutions[-1])]
    cells = [sample.channels[None] for sample in samples]
    int8 = nncf.quantize(
        network, nncf.Dataset(cells), subset_size=len(cells), preset=nncf.QuantizationPreset.MIXED,
        fast_bias_correction=False, ignored_scope=nncf.IgnoredScope(names=exact),
    )  # fmt: skip
    settings = read_manifest(source)["solid"]
    add_solid(target, int8, {name: settings[name] for name in ("size", "ratio", "share")})


def _embeddings(encoder: ov.Model, images: list[NDArray[np.float32]]) -> list[dict[str, NDArray[np.float32]]]:
    compiled = ov.Core().compile_model(encoder, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    names = [port.get_any_name() for port in compiled.outputs]
    found = []
    for image in images:
        outputs = compiled([image])
        found.append({name: np.array(outputs[port]) for name, port in zip(names, compiled.outputs, strict=True)})
    return found


def _last_layers(decoder: ov.Model) -> list[str]:
    """Names of the nodes that make logits and scores: those from the last convolution on, and the linear layers."""
    names = [node.get_friendly_name() for node in decoder.get_ordered_ops() if node.get_type_name() == "MatMul"]
    convolutions = [node for node in decoder.get_ordered_ops() if node.get_type_name() == "Convolution"]
    masks = [node for node in convolutions if node.get_output_partial_shape(0)[1].get_length() == 4]
    return names + [node.get_friendly_name() for node in masks]
