"""Checkpoints that other people's scripts wrote: read without running what is in them, down to the tensors by name.

Files are zip archives as torch writes them since 1.6, or safetensors. What training scripts wrap around the tensors
(`model`, `state_dict`, the `module.` of several GPUs, optimizers, epochs, losses) is taken off.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from app.engine.errors import EngineError

State = dict[str, Tensor]

_LARGEST_FILE = 8 << 30  # bytes: SAM's largest network with its optimizer's states
_LARGEST_PICKLE = 64 << 20  # bytes of names and shapes; the tensors' values lie beside it
_WRAPPERS = ("model", "state_dict", "model_state_dict", "net", "network", "weights")
_PREFIXES = ("module.", "_orig_mod.", "model.", "net.", "sam.")
_HARMLESS = (  # what the lineage's training scripts saved beside their tensors; it is read as nothing
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.dtype",
    "functools.partial",
    "argparse.Namespace",
    "pathlib.PosixPath",
    "torch.optim.adamw.AdamW",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.ExponentialLR",
)


class CheckpointError(EngineError):
    """A checkpoint that cannot be read safely, or that holds no network we know."""


def is_lineage(path: Path) -> bool:
    """Whether a file is to be read as somebody else's; raises CheckpointError where it cannot be read safely.

    Otherwise it is of our own training, which saved an averaged network beside its settings.
    """
    if path.suffix == ".safetensors":
        try:
            with safe_open(path, framework="pt") as tensors:
                return "network" not in (tensors.metadata() or {})
        except (SafetensorError, OSError) as error:
            raise CheckpointError(f"{path} is damaged or no safetensors file: {error}") from error
    loaded = _load(path)
    return not (isinstance(loaded, Mapping) and "average" in loaded and "network" in loaded)


def read_state(path: Path) -> State:
    """Tensors by name, float32 (integers stay), without wrappers; raises CheckpointError with one sentence."""
    loaded = _load(path)
    tensors = _unwrapped(loaded, path)
    names = _without_prefixes(tensors)
    size = path.stat().st_size
    return {name: _checked(tensor, name, path, size) for name, tensor in zip(names, tensors.values(), strict=True)}


def _load(path: Path) -> object:
    try:
        size = path.stat().st_size
        if size > _LARGEST_FILE:
            raise CheckpointError(f"{path} is larger than {_LARGEST_FILE} bytes")
        if path.suffix == ".safetensors":
            return load_file(path)
        _check_archive(path, size)
        with torch.serialization.safe_globals([(_Nothing, name) for name in _HARMLESS]):
            return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except CheckpointError:
        raise
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from error
    except SafetensorError as error:
        raise CheckpointError(f"{path} is damaged or no safetensors file: {error}") from error
    except Exception as error:  # a hostile file may raise anything
        raise CheckpointError(f"{path} {_reason(error)}") from error


def _check_archive(path: Path, size: int) -> None:
    """Refuse what would unpack to more than it is, before torch looks at it."""
    if not zipfile.is_zipfile(path):
        raise CheckpointError(f"{path} is truncated, or no checkpoint as torch writes it since version 1.6")
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if any(m.compress_type != zipfile.ZIP_STORED for m in members) or sum(m.file_size for m in members) > size:
            raise CheckpointError(f"{path} is packed as torch does not pack checkpoints")
        pickles = [m for m in members if m.filename.endswith("data.pkl")]
        if len(pickles) != 1 or pickles[0].file_size > _LARGEST_PICKLE:
            raise CheckpointError(f"{path} is an archive, but no checkpoint")


def _reason(error: Exception) -> str:
    text = str(error)
    if "Unsupported" in text or "weights_only" in text.lower():
        named = text.partition("GLOBAL ")[2].split()[:1]
        what = f" ({named[0]})" if named else ""
        return f"holds more than tensors{what}, which may run as a program; save a state_dict instead"
    return f"is damaged: {text.strip().splitlines()[0] if text.strip() else type(error).__name__}"


class _Nothing:
    """What a harmless global becomes: it takes anything and does nothing."""

    def __init__(self, *_arguments: object, **_named: object) -> None:
        pass

    def __setstate__(self, _state: object) -> None:
        pass


def _unwrapped(loaded: object, path: Path) -> Mapping[str, Tensor]:
    for _ in range(len(_WRAPPERS)):
        if not isinstance(loaded, Mapping) or not loaded:
            break
        if all(isinstance(name, str) and isinstance(value, Tensor) for name, value in loaded.items()):
            return loaded
        inner = [loaded[name] for name in _WRAPPERS if isinstance(loaded.get(name), Mapping)]
        if not inner:
            strange = next(str(name) for name, value in loaded.items() if not isinstance(value, Tensor))
            raise CheckpointError(f"{path} holds no network: '{strange[:60]}' is no tensor")
        loaded = inner[0]
    raise CheckpointError(f"{path} holds no tensors by name")


def _without_prefixes(names: Iterable[str]) -> list[str]:
    """Names without what wrappers put before all of them."""
    plain = list(names)
    while prefix := next((p for p in _PREFIXES if all(name.startswith(p) for name in plain)), ""):
        plain = [name.removeprefix(prefix) for name in plain]
    return plain


def _checked(tensor: Tensor, name: str, path: Path, size: int) -> Tensor:
    if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_complex() or tensor.is_quantized:
        raise CheckpointError(f"{path} holds a tensor of a kind that no network has: '{name[:80]}'")
    if tensor.numel() * tensor.element_size() > size:
        raise CheckpointError(f"{path} holds a tensor that is larger than the file: '{name[:80]}'")
    if not tensor.is_floating_point():
        return tensor.clone()
    values = tensor.to(torch.float32, copy=True)
    if not bool(torch.isfinite(values).all()):
        raise CheckpointError(f"{path} holds values that are no numbers in '{name[:80]}'")
    return values
