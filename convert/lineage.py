"""`python -m convert export` for the SAM family: recognised, converted, quantised, compared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from app.engine.manifest import ModelManifest
from convert.checkpoints import CheckpointError, read_state
from convert.export_sam import export_sam
from convert.families import recognise
from convert.nets.build import build_sam
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

    Each gets a `parity.json`. Raises CheckpointError with one sentence where the file holds no network of the family.
    """
    state = read_state(checkpoint)
    try:
        found = recognise(state, family=wanted.family, size=wanted.size, hint=checkpoint.stem)
        sam = build_sam(state, prompt_size=found.prompt_size)
    except ValueError as error:
        raise CheckpointError(f"{checkpoint} cannot be converted: {error}") from error
    say(found.said)
    probes = load_probes(wanted.data, wanted.samples)
    exact = folder if wanted.precision != "int8" else folder.with_name(f".{folder.name}-f32")
    training = {"weights": checkpoint.name, "sha256": sha256(checkpoint)}
    name = _package_name(folder.name)
    export_sam(sam, exact, name=name, family=found.family.name, training=training, size=found.size)
    manifest = ModelManifest.load(exact)
    answers, times = package_answers(manifest, probes)
    expected = torch_answers(sam, manifest, probes, probability=found.family.probability)
    report = {**compare(manifest, probes, expected, answers), **times}
    say(_sentence("f32 against the checkpoint", report))
    _write_report(exact, {"found": found.said, "f32_against_torch": report}, {"against_torch": report})
    if wanted.precision == "f32":
        return [exact]
    target = folder if wanted.precision == "int8" else folder.with_name(f"{folder.name}-int8")
    return _with_int8(exact, target, probes, report, say, keep=wanted.precision == "both")


def _with_int8(
    exact: Path,
    target: Path,
    probes: Sequence[Probe],
    report: dict[str, Any],
    say: Callable[[str], None],
    *,
    keep: bool,
) -> list[Path]:
    from convert.quantize_sam import LARGEST_LOSS, quantize_sam

    done = quantize_sam(exact, target, probes)
    say(_sentence("INT8 against f32", done["against_f32"]))
    if done["quantisation"]["mask_dsc_worst_modality"] < 1 - LARGEST_LOSS:
        say(f"INT8 loses more than {LARGEST_LOSS} DSC here, whatever is left out: prefer f32 where that matters")
    found = json.loads((exact / REPORT).read_text(encoding="utf-8"))["found"]
    text = {"found": found, "f32_against_torch": report, **done}
    _write_report(target, text, read_manifest(target)["accuracy"] | {"f32_against_torch": report})
    if keep:
        return [exact, target]
    for path in exact.iterdir():
        path.unlink()
    exact.rmdir()
    return [target]


def _write_report(folder: Path, report: dict[str, Any], accuracy: dict[str, Any]) -> None:
    (folder / REPORT).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    fields = read_manifest(folder)
    fields["accuracy"] = accuracy
    write_manifest(folder, fields)


def _sentence(what: str, report: dict[str, Any]) -> str:
    return (
        f"{what}: mask DSC {report['mask_dsc_lowest']:.5f} at least, {report['mask_dsc_mean']:.5f} in the mean of "
        f"{report['boxes']} boxes; logits differ by {report['logits_largest_difference']:.2e} at most, of "
        f"{report['logits_largest_value']:.2e}; {report['encode_ms']:.0f} ms an image, "
        f"{report['decode_ms_per_box']:.0f} ms a box"
    )


def _package_name(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]", "-", name).lstrip("-._")[:64]
    return plain or "package"
