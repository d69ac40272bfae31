"""Records in a package what its mask of the engine's phantom is, so that every start can be held against it."""

from __future__ import annotations

from pathlib import Path

from app.engine.manifest import SELF_TEST_BLOCKS, ModelManifest
from app.engine.runtime import CompiledPair
from app.engine.selftest import mask_blocks, phantom_inputs
from convert.package import read_manifest, write_manifest

TOLERANCE = 0.1  # of the mean of a block: INT8 kernels of other processors round otherwise


def record_self_test(folder: Path) -> None:
    """Run the package on the phantom and write the expected block means into its manifest."""
    manifest = read_manifest(folder)
    manifest["self_test"] = {"expected": [0.0] * SELF_TEST_BLOCKS**2, "tolerance": TOLERANCE}
    write_manifest(folder, manifest)
    loaded = ModelManifest.load(folder)
    pair = CompiledPair(loaded, cache=False)
    image, prompts = phantom_inputs(loaded)
    logits, _ = pair.decode(pair.encode(image), prompts)
    manifest["self_test"]["expected"] = [round(value, 5) for value in mask_blocks(logits[0])]
    write_manifest(folder, manifest)
