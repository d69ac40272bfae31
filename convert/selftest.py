"""Records in a package what its masks of the engine's phantoms are, so that every start can be held against them."""

from __future__ import annotations

from pathlib import Path

from app.engine.manifest import ModelManifest
from app.engine.network import SELF_TEST_BLOCKS, SOLID_BLOCKS
from app.engine.runtime import CompiledPair
from app.engine.selftest import mask_blocks, phantom_inputs, solid_blocks, solid_phantom_cells
from convert.package import read_manifest, write_manifest

TOLERANCE = 0.1  # of the mean of a block: INT8 kernels of other processors round otherwise


def record_self_test(folder: Path) -> None:
    """Run all networks of a package on the phantoms and write the expected block means into its manifest."""
    manifest = read_manifest(folder)
    test = manifest["self_test"] = {"expected": [0.0] * SELF_TEST_BLOCKS**2, "tolerance": TOLERANCE}
    solid_test = {"expected": [0.0] * SOLID_BLOCKS**3, "tolerance": TOLERANCE}
    if "solid" in manifest:
        manifest["solid"]["self_test"] = solid_test
    write_manifest(folder, manifest)
    loaded = ModelManifest.load(folder)
    pair = CompiledPair(loaded, cache=False)
    image, prompts = phantom_inputs(loaded)
    logits, _ = pair.decode(pair.encode(image), prompts)
    test["expected"] = [round(value, 5) for value in mask_blocks(logits[0])]
    if loaded.solid is not None:
        cells = pair.fill_untested(solid_phantom_cells(loaded, loaded.solid))
        solid_test["expected"] = [round(value, 5) for value in solid_blocks(cells)]
    write_manifest(folder, manifest)
