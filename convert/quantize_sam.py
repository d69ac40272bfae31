"""INT8 for packages of the SAM family: the encoder is quantised, the decoder, which is small and delicate, is not.

How is the family's business (`families`): transformers as NNCF's model type (with SmoothQuant), EfficientViT without,
its linear attention in floating point. Weights take half of the eight bits' range, but for convolutions of each channel
alone: processors without VNNI add products in sixteen bits, which overflow otherwise, in silence. Accuracy is kept by
trying again with more of the last layers in floating point, where errors no longer average out, until the masks agree,
and in the end with the weights alone in eight bits; what was tried, what it gave and what was kept is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.engine.manifest import ModelManifest
from convert.families import FAMILIES, Quantisation
from convert.package import ov, read_manifest, write_manifest, write_package
from convert.parity_sam import compare, encoder_images, package_answers
from convert.probes import Probe
from convert.selftest import record_self_test

# isort: split
import nncf

nncf.set_log_level("ERROR")  # it lists every node that it leaves alone

LARGEST_LOSS = 0.003  # of mean DSC against floating point, in any modality: what design allows
WEIGHTS_ALONE = "weights alone"


@dataclass(frozen=True)
class _Attempt:
    """A package, what of it is quantised, and how far its answers are from floating point."""

    folder: Path
    scope: dict[str, Any]
    measured: dict[str, Any]

    @property
    def worst(self) -> float:
        """Mean mask DSC of the modality that loses most."""
        return float(min(self.measured["mask_dsc_by_modality"].values()))

    @property
    def record(self) -> dict[str, Any]:
        return {
            **self.scope,
            "mask_dsc_worst_modality": self.worst,
            "mask_dsc_lowest": self.measured["mask_dsc_lowest"],
            "encode_ms": self.measured["encode_ms"],
        }


def quantize_sam(source: Path, target: Path, probes: Sequence[Probe], *, name: str) -> dict[str, Any]:
    """Write the INT8 package of a floating-point one; returns what is recorded in its manifest and report."""
    exact = ModelManifest.load(source)
    reference, _ = package_answers(exact, probes)
    images = encoder_images(exact, probes)
    recipe = FAMILIES[exact.family].int8
    attempts: list[_Attempt] = []
    with TemporaryDirectory(prefix=".int8-", dir=target.parent) as scratch:
        for number, tail in enumerate((*recipe.float_tail, None)):
            folder = Path(scratch) / str(number)
            scope = write_quantised(source, folder, images, recipe, tail, name)
            answers, times = package_answers(ModelManifest.load(folder), probes)
            attempts.append(_Attempt(folder, scope, {**compare(exact, probes, reference, answers), **times}))
            if attempts[-1].worst >= 1 - LARGEST_LOSS:
                break
        kept = max(attempts, key=lambda attempt: attempt.worst)
        kept.folder.replace(target)
    tried = [attempt.record for attempt in attempts]
    done = {"quantisation": kept.record, "attempts": tried, "against_f32": kept.measured}
    fields = read_manifest(target)
    fields["training"] = {**fields["training"], "quantisation": kept.record}
    fields["accuracy"] = {"against_f32": kept.measured}
    write_manifest(target, fields)
    return done


def write_quantised(
    source: Path, folder: Path, images: Sequence[Any], recipe: Quantisation, tail: int | None, name: str
) -> dict[str, Any]:
    """Write the package with all but the last `tail` layers quantised, None: with the weights alone; and say how."""
    core = ov.Core()
    encoder, decoder = (core.read_model(source / f"{part}.xml") for part in ("encoder", "decoder"))
    said: dict[str, Any] = {"decoder": "floating point"}
    if tail is None:
        quantised = nncf.compress_weights(encoder, mode=nncf.CompressWeightsMode.INT8_ASYM)
        said |= {"quantised": WEIGHTS_ALONE, "weights": "asymmetric, by channel"}
    else:
        names = left_out(encoder, tail, recipe.ignored)
        quantised = _quantised(encoder, images, names, transformer=recipe.transformer)
        said |= {
            "quantised": "weights and activations",
            "weights": "symmetric, by channel, half the range but for channels alone",
            "model_type": "transformer" if recipe.transformer else "none",
            "preset": "mixed",
            "images": len(images),
            "last_layers_left_out": tail,
            "types_left_out": list(recipe.ignored),
            "nodes_left_out": len(names),
        }
    fields = read_manifest(source)
    for part in ("encoder", "decoder", "self_test"):
        fields.pop(part, None)
    fields |= {"name": name, "precision": "int8", "accuracy": {}}
    write_package(folder, fields, quantised, decoder)
    record_self_test(folder)
    return said


def _quantised(encoder: ov.Model, images: Sequence[Any], names: list[str], *, transformer: bool) -> ov.Model:
    return nncf.quantize(
        encoder,
        nncf.Dataset(list(images)),
        subset_size=len(images),
        preset=nncf.QuantizationPreset.MIXED,
        model_type=nncf.ModelType.TRANSFORMER if transformer else None,
        fast_bias_correction=True,
        ignored_scope=nncf.IgnoredScope(names=names, validate=False),
        advanced_parameters=nncf.AdvancedQuantizationParameters(overflow_fix=nncf.OverflowFix.ENABLE),
    )


def left_out(encoder: ov.Model, tail: int, types: Sequence[str]) -> list[str]:
    """Names of the nodes that stay in floating point: of some types, and from the last `tail` layers on.

    A layer is a convolution or a product with weights; products of activations that come later stay as well.
    """
    nodes = encoder.get_ordered_ops()
    names = {node.get_friendly_name() for node in nodes if node.get_type_name() in types}
    sums = [node for node in nodes if node.get_type_name() in _SUMS]
    layers = [n for n, node in enumerate(sums) if _is_constant(node.input(1))]
    if tail:
        names |= {node.get_friendly_name() for node in sums[layers[-tail:][0] :]}
    return sorted(names)


_SUMS = ("Convolution", "GroupConvolution", "MatMul", "ScaledDotProductAttention")


def _is_constant(port: ov.Input) -> bool:
    node = port.get_source_output().get_node()
    while node.get_type_name() in {"Convert", "Transpose", "Reshape"}:
        node = node.inputs()[0].get_source_output().get_node()
    return bool(node.get_type_name() == "Constant")
