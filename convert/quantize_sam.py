"""INT8 for packages of the SAM family: the encoder is quantised, the decoder, which is small and delicate, is not.

How is the family's business (`families`): transformers as NNCF's model type (with SmoothQuant), EfficientViT without,
its linear attention in floating point. Accuracy is controlled by trying again with less in eight bits until the masks
agree; what was tried, what it gave and what was kept is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.engine.manifest import ModelManifest
from convert.families import FAMILIES
from convert.package import ov, read_manifest, write_package
from convert.parity_sam import compare, encoder_images, package_answers
from convert.probes import Probe
from convert.selftest import record_self_test

# isort: split
import nncf

nncf.set_log_level("ERROR")  # it lists every node that it leaves alone

LARGEST_LOSS = 0.003  # of mean DSC against floating point, in any modality: what design allows


def quantize_sam(source: Path, target: Path, probes: Sequence[Probe], *, name: str) -> dict[str, Any]:
    """Write the INT8 package of a floating-point one; returns what is recorded in its manifest and report."""
    exact = ModelManifest.load(source)
    reference, _ = package_answers(exact, probes)
    images = encoder_images(exact, probes)
    attempts: list[dict[str, Any]] = []
    kept, best = -1, -1.0
    for step in range(len(_STEPS)):
        scope = _written(source, target, images, step, name)
        found, times = package_answers(ModelManifest.load(target), probes)
        measured = compare(exact, probes, reference, found)
        worst = min(measured["mask_dsc_by_modality"].values())
        attempts.append({**scope, "mask_dsc_worst_modality": worst})
        if worst > best:
            kept, best, report = step, worst, {**measured, **times}
        if worst >= 1 - LARGEST_LOSS:
            break
    if kept != len(attempts) - 1:
        _written(source, target, images, kept, name)
    done = {"quantisation": attempts[kept], "attempts": attempts, "against_f32": report}
    _record(target, done)
    return done


_STEPS = ((), ("attention", "ends"))  # what stays in floating point, step by step


def _written(source: Path, target: Path, images: Sequence[Any], step: int, name: str) -> dict[str, Any]:
    """Quantise with what the step leaves out, write the package, and say how."""
    fields = read_manifest(source)
    family = FAMILIES[fields["family"]]
    core = ov.Core()
    encoder, decoder = (core.read_model(source / f"{part}.xml") for part in ("encoder", "decoder"))
    names = _left_out(encoder, _STEPS[step], family.ignored)
    model_type = nncf.ModelType.TRANSFORMER if family.transformer else None
    quantised = nncf.quantize(
        encoder,
        nncf.Dataset(list(images)),
        subset_size=len(images),
        preset=nncf.QuantizationPreset.MIXED,
        model_type=model_type,
        fast_bias_correction=True,
        ignored_scope=nncf.IgnoredScope(names=names, validate=False),
    )
    for part in ("encoder", "decoder", "self_test"):
        fields.pop(part, None)
    fields |= {"name": name, "precision": "int8", "accuracy": {}}
    write_package(target, fields, quantised, decoder)
    record_self_test(target)
    return {
        "model_type": "transformer" if family.transformer else "none",
        "preset": "mixed",
        "images": len(images),
        "decoder": "floating point",
        "ignored": [*family.ignored, *_STEPS[step]],
        "ignored_nodes": len(names),
    }


def _left_out(encoder: ov.Model, groups: Sequence[str], types: Sequence[str]) -> list[str]:
    """Names of the nodes that stay in floating point."""
    nodes = encoder.get_ordered_ops()
    names = {node.get_friendly_name() for node in nodes if node.get_type_name() in types}
    if "attention" in groups:  # products of two activations: scores, and what they weigh
        names |= {node.get_friendly_name() for node in nodes if _is_product(node)}
    if "ends" in groups:
        convolutions = [node for node in nodes if re.search("Convolution", node.get_type_name())]
        names |= {node.get_friendly_name() for node in (*convolutions[:2], *convolutions[-2:])}
    return sorted(names)


def _is_product(node: ov.Node) -> bool:
    if node.get_type_name() not in {"MatMul", "ScaledDotProductAttention"}:
        return False
    return not any(_is_constant(port.get_source_output().get_node()) for port in node.inputs())


def _is_constant(node: ov.Node) -> bool:
    while node.get_type_name() in {"Convert", "Transpose", "Reshape"}:
        node = node.inputs()[0].get_source_output().get_node()
    return bool(node.get_type_name() == "Constant")


def _record(folder: Path, done: dict[str, Any]) -> None:
    from convert.package import write_manifest

    fields = read_manifest(folder)
    fields["training"] = {**fields["training"], "quantisation": done["quantisation"]}
    fields["accuracy"] = {"against_f32": done["against_f32"]}
    write_manifest(folder, fields)
