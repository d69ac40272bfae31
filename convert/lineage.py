"""`python -m convert export` for the SAM family: recognised, converted, quantised, compared."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np

from app.engine.errors import ModelError, WriteError
from app.engine.manifest import ModelManifest
from convert.checkpoints import CheckpointError, read_state
from convert.export_sam import export_sam
from convert.families import Recognised, recognise
from convert.nets.build import build_sam
from convert.nets.sam import Sam
from convert.package import read_manifest, sha256, write_manifest
from convert.parity_sam import compare, package_answers, torch_answers
from convert.probes import Probe, load_probes

Precisions = Literal["f32", "int8", "both"]
REPORT = "parity.json"


@dataclass(frozen=True)
class Wanted:
    """What the caller says: None where the checkpoint is to tell. `data`: challenge NPZ; None: our samples."""

    precision: Precisions = "both"
    family: str | None = None
    size: int | None = None
    data: Path | None = None
    samples: int = 12


def export_lineage(checkpoint: Path, folder: Path, wanted: Wanted, say: Callable[[str], None] = print) -> list[Path]:
    """Write the package of a checkpoint into `folder`; of "both", the INT8 one beside it as `<folder>-int8`.

    Each gets a `parity.json`, and appears when all is done. Raises CheckpointError with one sentence where the file
    holds no network of the family, or one that answers with other than numbers; WriteError where something else is in
    the way.
    """
    state = read_state(checkpoint)
    try:
        found = recognise(state, family=wanted.family, size=wanted.size, hint=checkpoint.stem)
        sam = build_sam(state, prompt_size=found.prompt_size)
    except ValueError as error:
        raise CheckpointError(f"{checkpoint} cannot be converted: {error}") from error
    del state
    targets = _targets(folder, wanted.precision)
    say(found.said)
    probes = load_probes(wanted.data, wanted.samples)
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".part-", dir=folder.absolute().parent) as scratch:
        made = Path(scratch)
        training = {"weights": checkpoint.name, "sha256": sha256(checkpoint)}
        name = package_name(folder.name)
        try:
            export_sam(sam, made / "f32", name=name, family=found.family.name, training=training, size=found.size)
            report = _against_torch(sam, found, made / "f32", probes)
        except ModelError as error:
            raise CheckpointError(f"{checkpoint} holds a network that cannot be used: {error}") from error
        say(_sentence("f32 against the checkpoint", report))
        _write_report(made / "f32", {"found": found.said, "f32_against_torch": report}, {"against_torch": report})
        if "int8" in targets:
            _with_int8(made, targets["int8"].name, probes, report, say)
        for precision, target in targets.items():
            if target.exists():
                shutil.rmtree(target)
            (made / precision).replace(target)
    return list(targets.values())


def _targets(folder: Path, precision: Precisions) -> dict[str, Path]:
    """Where packages go, by precision; a package that lies there is replaced, anything else is not."""
    targets = {
        "f32": {"f32": folder},
        "int8": {"int8": folder},
        "both": {"f32": folder, "int8": folder.with_name(f"{folder.name}-int8")},
    }[precision]
    for target in targets.values():
        if target.exists() and not (target.is_dir() and (target / "manifest.json").is_file()):
            if target.is_dir() and not any(target.iterdir()):
                continue
            raise WriteError(f"{target} exists and is no model package, so it is not replaced")
    return targets


def _against_torch(sam: Sam, found: Recognised, package: Path, probes: Sequence[Probe]) -> dict[str, Any]:
    """How far the package is from the network; raises ModelError where that answers with other than numbers."""
    manifest = ModelManifest.load(package)
    expected = torch_answers(sam, manifest, probes, probability=found.family.probability)
    if not all(np.isfinite(values).all() for answer in expected for values in answer):
        raise ModelError("it answers with values that are no numbers")
    answers, times = package_answers(manifest, probes)
    return {**compare(manifest, probes, expected, answers), **times}


def _with_int8(
    made: Path, name: str, probes: Sequence[Probe], report: dict[str, Any], say: Callable[[str], None]
) -> None:
    from convert.quantize_sam import LARGEST_LOSS, WEIGHTS_ALONE, quantize_sam

    exact, target = made / "f32", made / "int8"
    done = quantize_sam(exact, target, probes, name=package_name(name))
    kept = done["quantisation"]
    say(_sentence(f"INT8 ({kept['quantised']}) against f32", done["against_f32"]))
    if kept["quantised"] == WEIGHTS_ALONE:
        say(f"with activations in eight bits it loses more than {LARGEST_LOSS} DSC: smaller than f32, but no faster")
    if kept["mask_dsc_worst_modality"] < 1 - LARGEST_LOSS:
        say(f"INT8 loses more than {LARGEST_LOSS} DSC here, whatever is left out: prefer f32 where that matters")
    found = json.loads((exact / REPORT).read_text(encoding="utf-8"))["found"]
    text = {"found": found, "f32_against_torch": report, **done}
    _write_report(target, text, read_manifest(target)["accuracy"] | {"f32_against_torch": report})


def _write_report(folder: Path, report: dict[str, Any], accuracy: dict[str, Any]) -> None:
    (folder / REPORT).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    fields = read_manifest(folder)
    fields["accuracy"] = accuracy
    write_manifest(folder, fields)


def _sentence(what: str, report: dict[str, Any]) -> str:
    count = report["empty_masks"]
    empty = f" ({count} of them give no mask: the middle of their values is compared)" if count else ""
    return (
        f"{what}: mask DSC {report['mask_dsc_lowest']:.5f} at least, {report['mask_dsc_mean']:.5f} in the mean of "
        f"{report['boxes']} boxes{empty}; logits differ by {report['logits_largest_difference']:.2e} at most, of "
        f"{report['logits_largest_value']:.2e}; {report['encode_ms']:.0f} ms an image, "
        f"{report['decode_ms_per_box']:.0f} ms a box"
    )


def package_name(name: str) -> str:
    """A name that a manifest takes, of any folder's."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "-", name).lstrip("-._")[:64]
    return plain or "package"
