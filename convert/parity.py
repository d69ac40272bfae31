"""How far the exported network is from the trained one, and INT8 from floating point."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from convert.package import ov
from convert.sampling import Sample
from convert.weights import load_swift


def torch_to_openvino(checkpoint: Path, folder: Path, samples: Sequence[Sample]) -> dict[str, float]:
    """Largest and mean difference of mask probabilities, and of scores, over samples drawn at the package's size."""
    net, _ = load_swift(checkpoint)
    core = ov.Core()
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    models = [core.read_model(folder / f"{part}.xml") for part in ("encoder", "decoder")]
    models[1].reshape({"prompts": list(samples[0].prompts.shape)})  # as the engine does: every batch has its own graph
    encoder, decoder = (core.compile_model(model, "CPU", settings) for model in models)
    probabilities, scores = [], []
    for sample in samples:
        image, prompts = sample.image[None], sample.prompts
        with torch.no_grad():
            theirs, their_scores = (t.numpy() for t in net(torch.from_numpy(image), torch.from_numpy(prompts)))
        embedding = encoder([image])
        named = {port.get_any_name(): np.array(embedding[port]) for port in encoder.outputs}
        answer = decoder({**named, "prompts": prompts})
        ours, our_scores = (np.array(answer[name]) for name in ("logits", "scores"))
        probabilities.append(np.abs(_sigmoid(ours) - _sigmoid(theirs)))
        scores.append(np.abs(our_scores - their_scores))
    return {
        "mask_probability_largest": float(np.max(probabilities)),
        "mask_probability_mean": float(np.mean(probabilities)),
        "scores_largest": float(np.max(scores)),
        "samples": float(len(samples)),
    }


def _sigmoid(x: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return 0.5 * (1 + np.tanh(0.5 * x.astype(np.float64)))
