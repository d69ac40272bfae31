"""How far a package of the SAM family is from the network that it was made of, and INT8 from floating point.

Everything goes the way that it goes in the application: through `SliceImage`, the package's view, the compiled pair.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from app.engine.manifest import ModelManifest
from app.engine.model_inputs import decoder_inputs, encoder_input, slice_view
from app.engine.prompt import Prompts
from app.engine.runtime import CompiledPair
from convert.export_sam import PromptedDecoder
from convert.metrics import dsc
from convert.nets.sam import Sam
from convert.probes import Probe, boxes_of

_Answer = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]  # embedding, logits, scores


def torch_answers(sam: Sam, manifest: ModelManifest, probes: Sequence[Probe], *, probability: bool) -> list[_Answer]:
    """What the network itself makes of each probe, in float32."""
    decoder = PromptedDecoder(sam, scale=sam.prompt_encoder.image_size / manifest.size, probability=probability).eval()
    answers = []
    for probe in probes:
        image, inputs = _inputs(manifest, probe)
        with torch.no_grad():
            embedding = sam.image_encoder(torch.from_numpy(image)[None])
            names = ("boxes", "points", "point_labels")
            logits, scores = decoder(embedding, *(torch.from_numpy(inputs[name]) for name in names))
        answers.append((embedding.numpy(), logits.numpy()[:, 0], scores.numpy()))
    return answers


def package_answers(manifest: ModelManifest, probes: Sequence[Probe]) -> tuple[list[_Answer], dict[str, float]]:
    """What a package makes of each probe, and how long it took: medians in milliseconds of this machine, this run."""
    pair = CompiledPair(manifest, cache=False)
    answers: list[_Answer] = []
    encode, decode = [], []
    for probe in probes:
        image, inputs = _inputs(manifest, probe)
        if not answers:
            pair.decode(pair.encode(image), inputs)  # compiles
        began = perf_counter()
        embedding = pair.encode(image)
        between = perf_counter()
        logits, scores = pair.decode(embedding, inputs)
        encode.append(between - began)
        decode.append((perf_counter() - between) / len(probe.boxes))
        answers.append((embedding["embedding"].astype(np.float32), logits, scores))
    return answers, {
        "encode_ms": round(1000 * float(np.median(encode)), 2),
        "decode_ms_per_box": round(1000 * float(np.median(decode)), 2),
    }


def compare(
    manifest: ModelManifest, probes: Sequence[Probe], reference: Sequence[_Answer], found: Sequence[_Answer]
) -> dict[str, Any]:
    """Largest differences of embeddings, logits and scores, and DSC between the masks: lowest, mean, by modality.

    Empty masks agree whatever was done to a network. Where that of the reference is empty, both are cut at the middle
    of its values instead of the threshold; `empty_masks` says how often.
    """
    differences = [max(float(np.abs(a - b).max()) for a, b in pairs) for pairs in _columns(reference, found)]
    largest = [max(float(np.abs(values).max()) for values in column) for column in zip(*reference, strict=True)]
    overlaps: dict[str, list[float]] = defaultdict(list)
    empty = 0
    for probe, ours, theirs in zip(probes, found, reference, strict=True):
        view = slice_view(manifest, probe.image.grid)
        for a, b in zip(ours[1], theirs[1], strict=True):
            values, wanted = view.paint(a)[0], view.paint(b)[0]
            is_empty = not bool((wanted > manifest.mask_threshold).any())
            level = float(np.median(wanted)) if is_empty else manifest.mask_threshold
            overlap = dsc(values > level, wanted > level)
            overlaps[probe.modality].append(1.0 if np.isnan(overlap) else overlap)
            empty += is_empty
    every = [value for group in overlaps.values() for value in group]
    return {
        "images": len(probes),
        "boxes": boxes_of(probes),
        "empty_masks": empty,
        **{f"{name}_largest_difference": value for name, value in zip(_NAMES, differences, strict=True)},
        **{f"{name}_largest_value": value for name, value in zip(_NAMES, largest, strict=True)},
        "mask_dsc_lowest": round(min(every), 6),
        "mask_dsc_mean": round(float(np.mean(every)), 6),
        "mask_dsc_by_modality": {name: round(float(np.mean(group)), 6) for name, group in sorted(overlaps.items())},
    }


_NAMES = ("embedding", "logits", "scores")


def _columns(a: Sequence[_Answer], b: Sequence[_Answer]) -> list[list[tuple[NDArray[np.float32], NDArray[np.float32]]]]:
    return [[(x[n], y[n]) for x, y in zip(a, b, strict=True)] for n in range(len(_NAMES))]


def _inputs(manifest: ModelManifest, probe: Probe) -> tuple[NDArray[np.float32], dict[str, NDArray[np.float32]]]:
    image, view = probe.image, slice_view(manifest, probe.image.grid)
    pixels = encoder_input(manifest, image.pixels, view, modality=image.modality, inverted=image.inverted)
    return pixels, decoder_inputs(manifest, [Prompts(box) for box in probe.boxes], view)


def encoder_images(manifest: ModelManifest, probes: Sequence[Probe]) -> list[NDArray[np.float32]]:
    """The images (1, 3, S, S) that calibrate the encoder."""
    return [_inputs(manifest, probe)[0][None] for probe in probes]
