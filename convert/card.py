"""The card of a package: what it is for, what it was trained on and under which licences, what it scores.

Figures come from the package's manifest, attributions from the `meta.json` of each data set; the sentences are here.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

from convert.dataset import modality_of
from convert.package import read_manifest

SUITE_TITLES = {
    "validation": "Validation split (patients and acquisitions never trained on, sources trained on)",
    "testonly": "Sources never trained on",
    "volumes": "Volumes of the validation split, from the tight 3-D box",
    "volumes-slice": "Volumes of the validation split, from a box on the middle slice, carried until it stops itself",
    "testonly-volumes": "Volumes of sources never trained on, from the tight 3-D box",
    "testonly-volumes-slice": "Volumes of sources never trained on, from a box on the middle slice",
    "clicks-0": "Targets of the validation split below 0.85 DSC: from the box alone",
    "clicks-1": "The same targets after one corrective click",
    "clicks-3": "The same targets after three corrective clicks",
    "robustness-drawn": "Validation split again, the reference of the next four",
    "robustness-wide": "Boxes 10 per cent wider and taller than the object",
    "robustness-close": "Boxes 5 per cent narrower and shorter than the object",
    "robustness-large": "Boxes 10 per cent too large on every side",
    "robustness-small": "Boxes 5 per cent too small on every side",
}
_OTHER_BOXES = {"volumes", "testonly-volumes"} | {
    f"robustness-{manner}" for manner in ("wide", "close", "large", "small")
}
_INTENDED = """## Intended use

Proposing an outline for an object in a box that a person drew, for research. **Not a medical device**: every mask is to
be looked at, and corrected, by somebody who can judge it. It does not find objects, does not name them, and knows
nothing of disease."""
_SOLID = """The 3-D network, which has its share to say of every 3-D box, is trained from scratch on the volumes alone
(`--network solid`): the box and a margin, every axis stretched to {size} cells; axes exchanged and mirrored, turned in
a plane, appearance as above; in a third of the samples the tissue is made up, in an eighth the shape too. Where it and
the slices disagree, its probability counts for {share} and the slices for {rest}."""
_PROCEDURE = """## How it was trained

From scratch, no pretrained weights, by `python -m convert train`. One view of one object at a time: modality by weight,
then data set by the root of its size, then image and object at random. The view is 1.25 to 3 times the object's box.
Boxes are moved as people draw (mostly 0 to 5 per cent outwards); clicks, earlier masks and neighbouring slices' masks
are simulated and degraded; of the later views a few have a target that nobody drew: a region between edges of the image
(of 76,000 views one in twelve, then one in fifty), a target with its neighbour, or one with something bright or dark in
its middle (one in twelve each). Tissue without its brain (`mni152_tissue`) is left out of the last 86,000 views. After
each of the last three runs the weights are averaged with those before it. Flips, quarter turns, rotation, stretching,
tone curves, inversion, bias fields, speckle, noise, blur, coarse resampling; one view in eight is synthetic (real or
made-up shapes painted with random intensities). Loss: Dice, boundary-weighted cross-entropy, predicted IoU, presence.
Muon for kernels and matrices, AdamW for the rest, constant rate and cosine fall; the weights are an exponential moving
average."""


def write_card(folder: Path, data: Path, remarks: Path | None = None) -> Path:
    """Write `CARD.md` into a package folder and return its path; `remarks`: Markdown on known failures to include."""
    manifest = read_manifest(folder)
    parts = [
        _head(manifest),
        _INTENDED,
        _PROCEDURE,
        _solid(manifest),
        _training(manifest),
        *(_figures(suite, manifest["accuracy"][suite]) for suite in SUITE_TITLES if suite in manifest["accuracy"]),
        remarks.read_text(encoding="utf-8").strip() if remarks is not None else "",
        _attributions(data),
    ]
    card = folder / "CARD.md"
    card.write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")
    return card


def _head(manifest: dict[str, Any]) -> str:
    size, precision = manifest["input"]["size"], manifest["precision"]
    return (
        f"# {manifest['name']} {manifest['version']}\n\n"
        f"Encoder and decoder of the swift family for views of {size} x {size} pixels, {precision}, "
        f"licence {manifest['licence']}. Prompts: box, clicks, an earlier mask, place in a 3-D box."
    )


def _solid(manifest: dict[str, Any]) -> str:
    if "solid" not in manifest:
        return ""
    size, share = manifest["solid"]["size"], float(manifest["solid"]["share"])
    return _SOLID.format(size=size, share=f"{share:g}", rest=f"{1 - share:g}")


def _training(manifest: dict[str, Any]) -> str:
    stated = {name: value for name, value in manifest["training"].items() if name != "solid"}
    stated |= {f"3-D network: {name}": value for name, value in manifest["training"].get("solid", {}).items()}
    rows = [f"- {name.replace('_', ' ')}: {value}" for name, value in stated.items()]
    return "\n".join(["## Training in figures", "", *rows])


def _figures(suite: str, measured: dict[str, Any]) -> str:
    lines = [
        f"## {SUITE_TITLES[suite]}",
        "",
        f"`{measured['command']}`; boxes from the ground truth"
        + (", each side moved outwards by 0 to 5 per cent, fixed seed." if suite not in _OTHER_BOXES else ".")
        + " NSD at 2 mm, or 2 pixels where there is no spacing; of slices that of their outlines.",
        "",
        *_table(measured["by_modality"]),
    ]
    return "\n".join(lines)


def _table(rows: dict[str, dict[str, Any]]) -> list[str]:
    """Rows by modality; the error of the predicted IoU where it was recorded, as early packages have none."""
    named = {"DSC": "dsc", "NSD": "nsd", "error of predicted IoU": "iou_error"}
    shown = {title: field for title, field in named.items() if all(field in row for row in rows.values())}
    lines = ["| " + " | ".join(["modality", "cases", *shown]) + " |", "|---|---:" + "|---:" * len(shown) + "|"]
    for group, row in rows.items():
        cells = (group, str(row["cases"]), *(f"{row[field]:.3f}" for field in shown.values()))
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _attributions(data: Path) -> str:
    counts: Counter[tuple[str, str]] = Counter()
    with (data / "index.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["split"] == "train":
                counts[row["folder"], row["dataset"]] += 1
    lines = [
        "## Training data, licences and attribution",
        "",
        "| data set | modality | images | original | licence as stated | citation |",
        "|---|---|---:|---|---|---|",
    ]
    for (folder, dataset), count in sorted(counts.items()):
        meta = json.loads((data / folder / dataset / "meta.json").read_text(encoding="utf-8"))
        cells = (dataset, modality_of(data / folder / dataset), str(count), *map(_cell, _stated(meta)))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _stated(meta: dict[str, Any]) -> tuple[Any, Any, Any]:
    return meta.get("original", ""), meta.get("licence", ""), meta.get("citation", "")


def _cell(value: object) -> str:
    return " ".join(str(value).replace("|", "/").split())
