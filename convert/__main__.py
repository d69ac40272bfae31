"""Training, export and measuring: `python -m convert --help` names the commands, and `--help` of each its options."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from app.engine.errors import EngineError
from convert import lineage_commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the commands; 0 done, 1 failed with a sentence on stderr, 2 wrong use."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except (EngineError, OSError, ValueError) as error:
        sentence = "".join(letter if letter.isprintable() else " " for letter in str(error))  # names may break lines
        print(f"{options.command}: {sentence}", file=sys.stderr)
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m convert", description="Train, export, quantise and measure models."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _train_options(commands.add_parser("train", help="train the pair or its 3-D network; goes on from --out"))
    _export_options(commands.add_parser("export", help="packages from a checkpoint, of ours or of the SAM family"))
    quantize = commands.add_parser("quantize", help="the INT8 package of a floating-point one")
    quantize.add_argument("source", type=Path)
    quantize.add_argument("-o", "--out", type=Path, required=True)
    quantize.add_argument("--data", type=Path, required=True)
    quantize.add_argument("--samples", type=int, default=300)
    quantize.set_defaults(run=_quantize)
    parity = commands.add_parser("parity", help="differences between the trained and the exported network")
    parity.add_argument("checkpoint", type=Path)
    parity.add_argument("package", type=Path)
    parity.add_argument("--data", type=Path, required=True)
    parity.add_argument("--samples", type=int, default=50)
    parity.set_defaults(run=_parity)
    calibrate = commands.add_parser("calibrate", help="fit a pair's predicted IoU on the training split")
    calibrate.add_argument("package", type=Path)
    calibrate.add_argument("--data", type=Path, required=True)
    calibrate.add_argument("--share", type=float, default=0.15, help="of the images and volumes")
    calibrate.set_defaults(run=_calibrate)
    card = commands.add_parser("card", help="write a package's CARD.md from its manifest and the data's attributions")
    card.add_argument("package", type=Path)
    card.add_argument("--data", type=Path, required=True)
    card.add_argument("--remarks", type=Path, help="Markdown on known failures to include")
    card.set_defaults(run=_card)
    lineage_commands.add(commands)
    _evaluate_options(commands.add_parser("evaluate", help="DSC and NSD of a package by modality"))
    return parser


def _export_options(export: argparse.ArgumentParser) -> None:
    from convert.families import FAMILIES

    export.add_argument("checkpoint", type=Path)
    export.add_argument("-o", "--out", type=Path, required=True, help="package folder to write")
    export.add_argument("--size", type=int, help="input side in pixels, where the checkpoint leaves it open")
    family = export.add_argument_group("checkpoints of the SAM family")
    family.add_argument("--precision", choices=("f32", "int8", "both"), default="both", help="both: also OUT-int8")
    family.add_argument("--family", choices=sorted(FAMILIES), help="where the tensors fit several")
    family.add_argument("--data", type=Path, help="challenge NPZ to calibrate and compare with; left out: the samples")
    family.add_argument("--samples", type=int, default=12, help="images of it")
    swift = export.add_argument_group("checkpoints of our training")
    swift.add_argument("--version", default="0.1.0")
    swift.add_argument("--solid", type=Path, help="checkpoint of a 3-D network to put into the package too")
    swift.add_argument("--share", type=float, default=0.5, help="of the 3-D network beside the pair, 0..1")
    swift.add_argument("--weights", type=Path, help="also write the averaged weights in half precision (.safetensors)")
    export.set_defaults(run=_export)


def _train_options(train: argparse.ArgumentParser) -> None:
    train.add_argument("--data", type=Path, required=True, help="folder with index.csv, or with challenge NPZ")
    train.add_argument("--network", choices=("swift", "solid", "swiftmedsam", "litemedsam"), default="swift")
    train.add_argument("--epochs", type=int, help="of swiftmedsam and litemedsam, as their authors train them")
    train.add_argument("--out", type=Path, required=True, help="folder of the run, under runs/")
    train.add_argument("--from", dest="initial", type=Path, help="checkpoint or weights to begin with")
    train.add_argument("--samples", type=int, help="views to see in all")
    train.add_argument("--size", type=int, help="input side in pixels (solid: in cells)")
    train.add_argument("--batch", type=int)
    train.add_argument("--rate", type=float)
    train.add_argument("--cooldown", type=float)
    train.add_argument("--warmup", type=int)
    train.add_argument("--seed", type=int)
    train.add_argument("--workers", type=int)
    train.add_argument("--threads", type=int)
    train.add_argument("--device")
    train.add_argument("--half", action="store_true", default=None, help="networks of ours: forward pass in bfloat16")
    train.set_defaults(run=_train)


def _evaluate_options(evaluate: argparse.ArgumentParser) -> None:
    from convert.suites import BASELINES, SUITES

    evaluate.add_argument("--data", type=Path, help="folder with index.csv; for the suites")
    lineage_commands.add_challenge_options(evaluate)
    evaluate.add_argument("--suite", choices=SUITES, default="validation")
    evaluate.add_argument("--model", default=None, help="name or folder of a package; the default package if left out")
    evaluate.add_argument("--baseline", choices=BASELINES, help="measure a baseline instead of a model")
    evaluate.add_argument("--out", type=Path, help="folder for cases.csv, table.md, table.json")
    evaluate.add_argument("--record", action="store_true", help="write the figures into the package's manifest")
    evaluate.set_defaults(run=_evaluate)


def _train(options: argparse.Namespace) -> int:
    if options.network not in ("swift", "solid"):
        return lineage_commands.train(options)
    from convert.running import TrainConfig
    from convert.solid_samples import SIZE
    from convert.train import train
    from convert.train_solid import train_solid

    names = ("samples", "size", "batch", "rate", "cooldown", "warmup", "seed", "workers", "threads", "device", "half")
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if options.network == "solid":
        given = {"size": SIZE, "batch": 8, **given}
    config = TrainConfig(data=str(options.data), out=str(options.out), **given)
    print((train_solid if options.network == "solid" else train)(config, initial=options.initial))
    return 0


def _export(options: argparse.Namespace) -> int:
    from convert.checkpoints import is_lineage
    from convert.export import export_solid, export_swift, solid_size
    from convert.selftest import record_self_test
    from convert.weights import load_solid, load_swift, save_weights

    if is_lineage(options.checkpoint):
        if options.solid is not None or options.weights is not None:
            raise ValueError("--solid and --weights go with checkpoints of our training alone")
        return _export_lineage(options)
    if not 0 <= options.share <= 1:
        raise ValueError(f"--share must lie between 0 and 1, not {options.share}")
    if options.solid is not None:
        solid_size(options.solid)  # refused before anything is written
    size = options.size or 256
    export_swift(options.checkpoint, options.out, name=options.out.name, version=options.version, size=size)
    if options.solid is not None:
        export_solid(options.solid, options.out, share=options.share)
    record_self_test(options.out)
    if options.weights is not None:
        save_weights(*load_swift(options.checkpoint), options.weights)
    if options.weights is not None and options.solid is not None:
        save_weights(*load_solid(options.solid), options.weights.with_name(f"solid-{options.weights.name}"))
    print(options.out)
    return 0


def _export_lineage(options: argparse.Namespace) -> int:
    from convert.lineage import Wanted, export_lineage

    wanted = Wanted(options.precision, options.family, options.size, options.data, options.samples)
    for folder in export_lineage(options.checkpoint, options.out, wanted):
        print(folder)
    return 0


def _quantize(options: argparse.Namespace) -> int:
    from app.engine.manifest import ModelManifest
    from convert.package import read_manifest
    from convert.quantize import calibration_samples, quantize_solid, quantize_swift, solid_samples
    from convert.selftest import record_self_test

    known = ModelManifest.load(options.source)
    if known.precision != "f32":
        raise ValueError(f"{options.source} is quantised already: INT8 is made of a floating-point package")
    if known.family != "swift":
        raise ValueError(f"{options.source} is a {known.family}: its INT8 is made by export, of its checkpoint")
    source = read_manifest(options.source)
    samples = calibration_samples(options.data, int(source["input"]["size"]), options.samples)
    blocks = solid_samples(options.data, int(source["solid"]["size"]), options.samples) if "solid" in source else []
    quantize_swift(options.source, options.out, name=options.out.name, samples=samples)
    if blocks:
        quantize_solid(options.source, options.out, samples=blocks)
    record_self_test(options.out)
    print(options.out)
    return 0


def _parity(options: argparse.Namespace) -> int:
    from convert.package import read_manifest
    from convert.parity import torch_to_openvino
    from convert.quantize import calibration_samples

    size = int(read_manifest(options.package)["input"]["size"])
    samples = calibration_samples(options.data, size, options.samples)
    print(json.dumps(torch_to_openvino(options.checkpoint, options.package, samples), indent=1))
    return 0


def _calibrate(options: argparse.Namespace) -> int:
    from convert.calibrate import calibrate

    found = calibrate(options.package, options.data, share=options.share)
    print(f"{found.cases} targets: error of predicted IoU {found.before:.3f}, calibrated {found.after:.3f}")
    print(f"predicted IoU = {found.slope:.3f} * score {found.offset:+.3f}")
    return 0


def _card(options: argparse.Namespace) -> int:
    from convert.card import write_card

    print(write_card(options.package, options.data, options.remarks))
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    if options.gts is not None:
        return lineage_commands.evaluate_challenge(options)
    if options.data is None:
        raise ValueError("either --data (a suite) or --gts (challenge files) is needed")
    from app.engine.segmenter import open_segmenter
    from convert.evaluate import accuracy_fields, by_variant, evaluate, table, titled, write_results
    from convert.package import read_manifest, write_manifest

    segmenter = None if options.baseline else open_segmenter(options.model)
    results = list(evaluate(segmenter, options.data, options.suite, options.baseline or "model"))
    print(titled({variant: table(members) for variant, members in by_variant(results).items()}))
    if options.out is not None:
        write_results(options.out, results)
    if options.record and segmenter is not None:
        folder = segmenter.manifest.folder
        manifest = read_manifest(folder)
        command = f"python -m convert evaluate --data DATA --suite {options.suite} --model {segmenter.manifest.name}"
        for variant, members in by_variant(results).items():
            manifest.setdefault("accuracy", {})[variant] = accuracy_fields(members, command)
        write_manifest(folder, manifest)
    return 0


if __name__ == "__main__":
    sys.exit(main())
