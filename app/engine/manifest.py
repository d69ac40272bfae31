"""Model packages: what a manifest says, which packages are installed, and how another one gets in.

A package is a folder with `manifest.json`, the files it lists with their SHA-256, and a card. The engine knows models
only through it: a field that is unknown, or a format newer than ours, is refused rather than guessed at.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast

from app import paths
from app.engine.errors import ModelError
from app.engine.intensity import IntensityMapping
from app.engine.network import (
    NAME,
    SELF_TEST_BLOCKS,
    Network,
    Shape,
    SolidNetwork,
    read_network,
    read_self_test,
    read_solid,
)
from app.engine.package_source import LARGEST_FILE, MANIFEST, copy_files, discard, package_source, read_file
from app.engine.prompt_maps import CHANNELS
from app.engine.resize import METHODS, Method
from app.engine.strict_json import FieldError, Fields, parse_object

FORMAT = 1

Precision = Literal["int8", "f32", "bf16", "f16"]
PRECISIONS: tuple[Precision, ...] = ("int8", "f32", "bf16", "f16")

SLOPES, OFFSETS = (0.1, 10.0), (-10.0, 10.0)  # that the line of calibrated scores may have

_LARGEST_MANIFEST = 1 << 20  # bytes
_COMPANIONS = frozenset({"CARD.md", "LICENSE", "LICENSE.txt", "NOTICE"})  # imported with a package where they are there
_TOKEN_INPUTS = frozenset({"boxes", "points", "point_labels"})


@dataclass(frozen=True, eq=False)
class ModelManifest:
    """A model package, as its manifest describes it. Made by `load`, which checks all of it but the files' hashes."""

    folder: Path
    name: str
    version: str
    family: str
    licence: str
    precision: Precision
    size: int  # the model's input is (1, 3, size, size)
    intensity: Mapping[str, IntensityMapping]  # by modality, and "default"
    view_policy: Literal["focus", "corner", "stretch"]
    view_ratio: float
    resize: Method  # how whole slices are fitted in; without meaning for "focus"
    mask_size: int  # side to which masks of the "corner" policy are enlarged before they are cut: mostly `size`
    encoding: Literal["maps", "tokens"]
    prompt_size: int  # cells of the prompt maps' side; 0 for tokens
    prompt_channels: tuple[str, ...]  # of the prompt maps; empty for tokens
    whole_corners: bool  # tokens: corners of boxes are cut to whole input pixels
    carry_margin: int | None  # tokens: input pixels around the last mask's box; None: that box in voxels
    encoder: Network
    decoder: Network
    solid: SolidNetwork | None  # fills 3-D boxes at once, where the package has one
    expected: tuple[float, ...]  # of the self-test: 64 block means of the phantom's mask probability
    tolerance: float
    mask_threshold: float  # logits above are inside
    present_threshold: float  # presence below means that there is no object
    doubtful_threshold: float  # predicted IoU below deserves a second look
    score_slope: float  # the predicted IoU is this times the network's first score,
    score_offset: float  # and this
    training: Mapping[str, Any]
    accuracy: Mapping[str, Any]
    digest: str  # SHA-256 of the manifest, and so of all that it lists

    @classmethod
    def load(cls, folder: Path) -> ModelManifest:
        """Of a package folder; raises ModelError with one sentence where there is none or it is not understood."""
        path = Path(folder) / MANIFEST
        try:
            with path.open("rb") as file:
                text = file.read(_LARGEST_MANIFEST + 1)
        except OSError as error:
            raise ModelError(f"{folder} is no model package: {MANIFEST} cannot be read ({error.strerror})") from error
        return _parse(text, Path(folder).absolute())

    @property
    def takes_points(self) -> bool:
        """Whether points may be among the prompts."""
        return self.encoding == "maps" or "points" in self.decoder.inputs

    @property
    def files(self) -> Mapping[str, str]:
        """All files of its networks with their SHA-256."""
        return {**self.encoder.files, **self.decoder.files, **(self.solid.network.files if self.solid else {})}

    @property
    def half_embeddings(self) -> bool:
        """Whether embeddings may be kept in half precision."""
        return not (self.encoding == "tokens" and self.precision == "f32")

    def calibrated(self, score: float) -> float:
        """The predicted IoU, 0..1, of which the network's own score is this."""
        return min(max(self.score_slope * score + self.score_offset, 0.0), 1.0)

    def intensity_for(self, modality: str) -> IntensityMapping:
        """How values of a modality become channels."""
        return self.intensity.get(modality, self.intensity["default"])

    def verify(self, copy_of: Path | None = None) -> ModelManifest:
        """Itself, after every listed file was found with its SHA-256; otherwise a ModelError that names the file.

        `copy_of`: the package by which the user knows it, where the folder is a copy that is not kept.
        """
        known = self.folder if copy_of is None else copy_of
        for name, expected in self.files.items():
            if _sha256(self.folder / name) != expected:
                raise ModelError(f"the model file {known / name} is damaged: its SHA-256 is not the manifest's")
        return self


def package_folders() -> tuple[Path, Path]:
    """Where packages are installed: those that came with the application, and those that the user imported."""
    return paths.models_dir(), paths.user_data_dir() / "models"


def list_packages() -> list[ModelManifest]:
    """All installed packages, those that came with the application first; broken ones are left to `broken_packages`."""
    return [found for found in map(_load_or_error, _installed()) if isinstance(found, ModelManifest)]


def broken_packages() -> list[tuple[Path, str]]:
    """Installed packages that cannot be used: folder, and the reason in one sentence."""
    found = ((folder, _load_or_error(folder)) for folder in _installed())
    return [(folder, str(error)) for folder, error in found if isinstance(error, ModelError)]


def find_package(name_or_path: str | Path) -> ModelManifest:
    """An installed package by name, or any by the path of its folder; raises ModelError that lists the names."""
    if re.fullmatch(NAME, str(name_or_path)):
        for folder in package_folders():
            if (folder / name_or_path / MANIFEST).is_file():
                return ModelManifest.load(folder / name_or_path)
    if Path(name_or_path).is_dir():
        return ModelManifest.load(Path(name_or_path))
    installed = ", ".join(folder.name for folder in _installed()) or "none"
    raise ModelError(f"there is no model package '{name_or_path}' (installed: {installed})")


def import_package(path: Path) -> ModelManifest:
    """Install a package from a folder or a zip file into the user's data folder, after its hashes were verified.

    Only the manifest, the files that it lists, card and licence are copied. Nothing is overwritten: a package of the
    same name makes it a ModelError, as does anything wrong with the package.
    """
    target_folder = package_folders()[1]
    try:
        target_folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".import-", dir=target_folder))
    except OSError as error:
        raise ModelError(f"models cannot be installed into {target_folder}: {error.strerror}") from error
    try:
        with package_source(Path(path)) as source:
            if MANIFEST not in source.names():
                raise ModelError(f"{path} holds no {MANIFEST}, so it is no model package")
            manifest = _parse(read_file(source, MANIFEST, _LARGEST_MANIFEST), Path(path))
            if any((folder / manifest.name).exists() for folder in package_folders()):
                raise ModelError(f"a model package named {manifest.name} is installed already")
            listed = {MANIFEST, *manifest.files}
            copy_files(source, frozenset(listed | (_COMPANIONS & source.names())), staging)
        ModelManifest.load(staging).verify(copy_of=Path(path))
        target = target_folder / manifest.name
        staging.chmod(0o755)
        staging.rename(target)
    except OSError as error:
        raise ModelError(f"the model package {path} could not be installed: {error}") from error
    finally:
        discard(staging)
    return ModelManifest.load(target)


def _installed() -> list[Path]:
    folders = (folder for parent in package_folders() if parent.is_dir() for folder in sorted(parent.iterdir()))
    return [folder for folder in folders if (folder / MANIFEST).is_file() and not folder.name.startswith(".")]


def _load_or_error(folder: Path) -> ModelManifest | ModelError:
    try:
        return ModelManifest.load(folder)
    except ModelError as error:
        return error


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ModelError(f"the model file {path} is larger than {LARGEST_FILE} bytes")
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        raise ModelError(f"the model file {path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()


# ------------------------------------------------------------------------------------------------- parsing the manifest


def _parse(text: bytes, folder: Path) -> ModelManifest:
    try:
        if len(text) > _LARGEST_MANIFEST:
            raise FieldError(f"it is longer than {_LARGEST_MANIFEST} bytes")
        fields = parse_object(text)
        if fields.integer("format", 1, 10**6) > FORMAT:
            raise ModelError(
                f"the model package {folder} is of a newer format and needs a newer version of this program"
            )
        manifest = _manifest(fields, folder, hashlib.sha256(text).hexdigest())
        fields.end()
        _check_tensors(manifest)
    except FieldError as error:
        raise ModelError(f"the manifest of the model package {folder} is not understood: {error}") from None
    return manifest


def _manifest(fields: Fields, folder: Path, digest: str) -> ModelManifest:
    size = _input_size(fields.inner("input"))
    policy, ratio, method, mask_size = _view(fields.inner("view"), size)
    prompting = _prompts(fields.inner("prompts"))
    expected, tolerance = read_self_test(fields.inner("self_test"), SELF_TEST_BLOCKS**2)
    mask, present, doubtful = _thresholds(fields.inner("thresholds"))
    slope, offset = _calibration(fields.inner("calibration")) if "calibration" in fields else (1.0, 0.0)
    return ModelManifest(
        folder=folder,
        name=fields.text("name", NAME),
        version=fields.text("version"),
        family=fields.text("family"),
        licence=fields.text("licence"),
        precision=cast("Precision", fields.choice("precision", PRECISIONS)),
        size=size,
        intensity=_intensity(fields.inner("intensity")),
        view_policy=cast("Literal['focus', 'corner', 'stretch']", policy),
        view_ratio=ratio,
        resize=method,
        mask_size=mask_size,
        encoding=prompting.encoding,
        prompt_size=prompting.size,
        prompt_channels=prompting.channels,
        whole_corners=prompting.whole_corners,
        carry_margin=prompting.carry_margin,
        encoder=read_network(fields.inner("encoder")),
        decoder=read_network(fields.inner("decoder")),
        solid=read_solid(fields.inner("solid")) if "solid" in fields else None,
        expected=expected,
        tolerance=tolerance,
        mask_threshold=mask,
        present_threshold=present,
        doubtful_threshold=doubtful,
        score_slope=slope,
        score_offset=offset,
        training=fields.free("training"),
        accuracy=fields.free("accuracy"),
        digest=digest,
    )


def _input_size(fields: Fields) -> int:
    fields.integer("channels", 3, 3)
    size = fields.integer("size", 32, 2048)
    fields.end()
    return size


def _intensity(fields: Fields) -> Mapping[str, IntensityMapping]:
    if "default" not in fields:
        raise FieldError("the field 'intensity.default' is missing")
    return MappingProxyType({modality: _mapping(fields.inner(modality)) for modality in fields.names()})


def _mapping(fields: Fields) -> IntensityMapping:
    kind = fields.choice("kind", ("percentile", "minmax", "standard"))
    low, high = 0.0, 100.0
    if kind == "percentile":
        low = fields.number("low", 0.0, 100.0)
        high = fields.number("high", low, 100.0)
    fields.end()
    return IntensityMapping(cast("Literal['percentile', 'minmax', 'standard']", kind), low, high)


def _view(fields: Fields, size: int) -> tuple[str, float, Method, int]:
    policy = fields.choice("policy", ("focus", "corner", "stretch"))
    ratio = fields.number("ratio", 1.0, 16.0) if policy == "focus" or "ratio" in fields else 1.0
    method = fields.choice("resize", METHODS) if policy != "focus" and "resize" in fields else "area"
    mask_size = fields.integer("mask_size", 64, 2048) if policy == "corner" and "mask_size" in fields else size
    fields.end()
    return policy, ratio, cast("Method", method), mask_size


@dataclass(frozen=True)
class _Prompting:
    """How prompts enter the decoder; fields as in `ModelManifest`."""

    encoding: Literal["maps", "tokens"]
    size: int = 0
    channels: tuple[str, ...] = ()
    whole_corners: bool = True
    carry_margin: int | None = 3  # the challenge's baseline


def _prompts(fields: Fields) -> _Prompting:
    if fields.choice("encoding", ("maps", "tokens")) == "maps":
        found = _Prompting("maps", fields.integer("size", 8, 2048), fields.texts("channels", CHANNELS))
    else:
        corners = fields.choice("corners", ("whole", "exact")) if "corners" in fields else "whole"
        tight = "carry" in fields and fields.choice("carry", ("tight", "margin")) == "tight"
        margin = fields.integer("margin", 0, 256) if "margin" in fields else 3
        found = _Prompting("tokens", whole_corners=corners == "whole", carry_margin=None if tight else margin)
    fields.end()
    return found


def _thresholds(fields: Fields) -> tuple[float, float, float]:
    mask = fields.number("mask")
    present, doubtful = (fields.number(name, 0.0, 1.0) for name in ("present", "doubtful"))
    fields.end()
    return mask, present, doubtful


def _calibration(fields: Fields) -> tuple[float, float]:
    slope, offset = fields.number("slope", *SLOPES), fields.number("offset", *OFFSETS)
    fields.end()
    return slope, offset


def _check_tensors(manifest: ModelManifest) -> None:
    """Refuse networks whose tensors do not fit each other or the prompt encoding."""
    encoder, decoder = manifest.encoder, manifest.decoder
    if dict(encoder.inputs) != {"image": (1, 3, manifest.size, manifest.size)}:
        raise FieldError(f"the encoder's only input must be 'image' of shape [1, 3, {manifest.size}, {manifest.size}]")
    passed_on = {name: shape for name, shape in decoder.inputs.items() if name in encoder.outputs}
    if not passed_on or passed_on != dict(encoder.outputs) or any(min(shape) < 1 for shape in passed_on.values()):
        raise FieldError("every output of the encoder must be an input of the decoder, of the same fixed shape")
    prompts = {name: shape for name, shape in decoder.inputs.items() if name not in passed_on}
    if manifest.encoding == "maps":
        side = manifest.prompt_size
        if prompts != {"prompts": (-1, len(manifest.prompt_channels), side, side)}:
            raise FieldError("the decoder's input 'prompts' does not fit the prompt maps")
    elif not _are_token_inputs(prompts):
        raise FieldError("a decoder of tokens has the input 'boxes' [-1, 4] and may have 'points' and 'point_labels'")
    if set(decoder.outputs) != {"logits", "scores"} or any(shape[0] != -1 for shape in decoder.outputs.values()):
        raise FieldError("the decoder's outputs must be 'logits' and 'scores', one row for each prompt")
    logits, scores = decoder.outputs["logits"], decoder.outputs["scores"]
    square = len(logits) == 4 and logits[1] == 1 and logits[2] == logits[3] >= 8
    if not square or scores != (-1, 2 if manifest.encoding == "maps" else 1):
        raise FieldError(
            "the decoder's outputs must be 'logits' [-1, 1, G, G] and 'scores' [-1, 2] ([-1, 1] for tokens)"
        )


def _are_token_inputs(prompts: Mapping[str, Shape]) -> bool:
    points = {name: shape for name, shape in prompts.items() if name != "boxes"}
    if prompts.get("boxes") != (-1, 4) or not set(points) <= _TOKEN_INPUTS:
        return False
    count = points.get("points", (-1, 1, 2))[1:2]
    return not points or (points == {"points": (-1, *count, 2), "point_labels": (-1, *count)} and min(count) > 0)
