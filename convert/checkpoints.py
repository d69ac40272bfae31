"""Checkpoints that other people's scripts wrote: read without running what is in them, down to the tensors by name.

Files are zip archives as torch writes them since 1.6, or safetensors. What training scripts wrap around the tensors
(`model`, `state_dict`, the `module.` of several GPUs, optimizers, epochs, losses) is taken off.
"""

from __future__ import annotations

import pickletools
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor

from app.engine.errors import EngineError

State = dict[str, Tensor]

_LARGEST_FILE = 8 << 30  # bytes: SAM's largest network with its optimizer's states
_LARGEST_PICKLE = 8 << 20  # bytes of names and shapes, or of what lists an archive's members; values lie beside it
_MOST_OPERATIONS = 1 << 19  # of a pickle; some forty make a tensor
_MOST_TENSORS = 10_000  # of a network; SAM's largest has some 600
_MOST_AXES = 8  # of a tensor; torch itself stumbles over more than 64
_MOST_PARTS, _DEEPEST = 1 << 22, 64  # of what calls copy and keys are hashed of, all together; of tuples within tuples
_ODD_KEY = _MOST_PARTS // 64  # parts that one costs which is neither a word nor a small number: see `_Value.odd`
_SMALL = (1 << 61) - 1  # whole numbers below hash to themselves; of those above any number have the same hash
_TOTAL = 2  # tensors together over the file: half precision doubles, and some share their values
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


# torch lets more through than tensors, such as arrays of bytes of any length, for which it takes memory.
_KNOWN = re.compile(
    r"collections (OrderedDict|Counter)|(builtins|__builtin__) set"
    r"|torch (?!\w*Tensor$)\w+|torch\.storage \w+|torch\.serialization _get_layout"
    r"|torch\.nn\.parameter Parameter|torch\._tensor _rebuild_from_type_v2|_codecs encode"
    r"|torch\._utils _rebuild_(tensor|tensor_v2|tensor_v3|parameter|parameter_with_state|sparse_tensor|qtensor)"
)


class CheckpointError(EngineError, ValueError):
    """A checkpoint that cannot be read safely, or that holds no network we know."""


def is_lineage(path: Path) -> bool:
    """Whether a file is to be read as somebody else's; raises CheckpointError where it cannot be read safely.

    Otherwise it is of our own training, which saved an averaged network beside its settings.
    """
    if path.suffix == ".safetensors":
        return "network" not in read_notes(path)
    loaded = read_content(path)
    return not (isinstance(loaded, Mapping) and "average" in loaded and "network" in loaded)


def read_notes(path: Path) -> dict[str, str]:
    """What a safetensors file says beside its tensors; raises CheckpointError with one sentence."""
    _check_file(path)
    _check_header(path)
    try:
        with safe_open(path, framework="pt") as tensors:
            return dict(tensors.metadata() or {})
    except Exception as error:  # a hostile file may raise anything
        raise CheckpointError(f"{path} is damaged or no safetensors file: {_plain(error)}") from error


def read_state(path: Path) -> State:
    """Tensors by name, float32 (integers stay), without wrappers; raises CheckpointError with one sentence."""
    tensors = _unwrapped(read_content(path), path)
    if len(tensors) > _MOST_TENSORS:
        raise CheckpointError(f"{path} holds {len(tensors)} tensors, more than any network has")
    size = path.stat().st_size
    if sum(tensor.numel() * tensor.element_size() for tensor in tensors.values()) > _TOTAL * size:
        raise CheckpointError(f"{path} holds tensors that together are larger than the file")
    names = _without_prefixes(tensors)
    return {name: _checked(tensor, name, path) for name, tensor in zip(names, tensors.values(), strict=True)}


def read_content(path: Path) -> object:
    """All that a file holds, tensors on the processor; raises CheckpointError with one sentence.

    Nothing in it has run, and it is no larger than the file; whether it makes sense is not known yet.
    """
    size = _check_file(path)
    try:
        if path.suffix == ".safetensors":
            _check_header(path)
            return load_file(path)
        _check_archive(path, size)
        with torch.serialization.safe_globals([(_Nothing, name) for name in _HARMLESS]):
            return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except CheckpointError:
        raise
    except SafetensorError as error:
        raise CheckpointError(f"{path} is damaged or no safetensors file: {_plain(error)}") from error
    except Exception as error:  # a hostile file may raise anything
        raise CheckpointError(f"{path} {_reason(error)}") from error


def _check_file(path: Path) -> int:
    """Bytes of a file; raises CheckpointError where there is none, or far too large a one."""
    try:
        size = path.stat().st_size
        if not path.is_file():  # a pipe would keep whoever opens it waiting
            raise CheckpointError(f"{path} is no file")
        with path.open("rb"):
            pass
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from error
    if size > _LARGEST_FILE:
        raise CheckpointError(f"{path} is larger than {_LARGEST_FILE} bytes")
    return size


def _check_header(path: Path) -> None:
    """Refuse a safetensors file that names more than any network has, before it is read."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if length > _LARGEST_PICKLE:
        raise CheckpointError(f"{path} is no safetensors file, or has more tensors than any network")


def _check_archive(path: Path, size: int) -> None:
    """Refuse what would unpack to more than it is, before torch looks at it."""
    listed = _listing(path)
    if listed is None or not zipfile.is_zipfile(path):
        raise CheckpointError(f"{path} is truncated, or no checkpoint as torch writes it since version 1.6")
    if listed > _LARGEST_PICKLE:
        raise CheckpointError(f"{path} is an archive of more members than any checkpoint has")
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if any(m.compress_type != zipfile.ZIP_STORED for m in members) or sum(m.file_size for m in members) > size:
            raise CheckpointError(f"{path} is packed as torch does not pack checkpoints")
        pickles = [m for m in members if m.filename.endswith("data.pkl")]
        if len(pickles) != 1 or pickles[0].file_size > _LARGEST_PICKLE:
            raise CheckpointError(f"{path} is an archive, but no checkpoint")
        content = archive.read(pickles[0])
        for number, (operation, named, _) in enumerate(pickletools.genops(content)):
            if number > _MOST_OPERATIONS:
                raise CheckpointError(f"{path} holds more values than any checkpoint has")
            if operation.name in {"GLOBAL", "INST"} and not _is_known(str(named)):
                raise CheckpointError(f"{path} {_MORE.format(f' ({_plain(named)})')}")
        if not _ends(content):
            raise CheckpointError(f"{path} holds keys, copies or tuples within tuples without end")


def _listing(path: Path) -> int | None:
    """Bytes in which an archive lists its members, without looking at them; None where it does not end as torch's do.

    Torch's have no comment, so that the last record lies at the very end, behind one of 64 bits where there is that.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 98))
        tail = file.read(98)
    if tail[-22:-18] != b"PK\5\6" or tail[-2:] != bytes(2):
        return None
    if tail[-42:-38] == b"PK\6\7" and tail[-98:-94] == b"PK\6\6":
        return int.from_bytes(tail[-58:-50], "little")
    return int.from_bytes(tail[-10:-6], "little")


@dataclass
class _Value:
    """What a pickle puts on the stack, by size alone; `used`: something else holds it."""

    parts: int = 1  # letters of a string, what a container holds, counted as often as it is met
    depth: int = 0  # of tuples within tuples
    used: bool = False
    odd: int = 0  # of its parts: whose hashes a file may choose, all alike, so that a few thousand take for ever
    hashes: bool = False  # it is, or holds, what makes keys of what it is called with


def _ends(content: bytes) -> bool:
    """Whether what a pickle asks for is of its own size: calls copy what they are given, keys are hashed part by part.

    The same string, list or tuple may be given to any number of calls. What grows after something holds it is refused,
    too: its size would not be known.
    """
    stack: list[_Value | None] = []  # None: a mark
    memo: dict[object, _Value | None] = {}
    spent = 0
    for operation, argument, _ in pickletools.genops(content):
        name = operation.name
        if name in {"GET", "BINGET", "LONG_BINGET"}:
            stack.append(memo.get(argument) or _Value())
            continue
        if name in {"PUT", "BINPUT", "LONG_BINPUT"}:
            memo[argument] = stack[-1]
            continue
        taken = _taken(stack, operation.stack_before)
        made, cost = _done(name, argument, [value for value in taken if value is not None])
        spent += cost
        if made is None or made.parts > _MOST_PARTS or made.depth > _DEEPEST or spent > _MOST_PARTS:
            return False
        stack += [None if kind is pickletools.markobject else made for kind in operation.stack_after]
    return True


def _done(name: str, argument: object, taken: Sequence[_Value]) -> tuple[_Value | None, int]:
    """What an operation makes of values, and how many parts it goes through; None: of something used before it grew."""
    parts, odd = sum(value.parts for value in taken[1:]), sum(value.odd for value in taken[1:])
    hashes = any(value.hashes for value in taken)
    if name in {"APPEND", "APPENDS", "SETITEM", "SETITEMS"}:
        for value in taken[1:]:
            value.used = True
        if taken[0].used:
            return None, 0
        taken[0].parts, taken[0].odd, taken[0].hashes = taken[0].parts + parts, taken[0].odd + odd, hashes
        keys = taken[1::2] if name.startswith("SET") else ()
        return taken[0], sum(v.parts for v in taken[1:] if v.depth) + _ODD_KEY * sum(v.odd > 0 for v in keys)
    if name.startswith("TUPLE"):
        for value in taken:
            value.used = True
        deepest = max((value.depth for value in taken), default=0)
        odd = 1 + sum(value.odd for value in taken)
        return _Value(1 + sum(value.parts for value in taken), 1 + deepest, odd=odd, hashes=hashes), 0
    if name in {"REDUCE", "NEWOBJ"}:
        return _Value(parts, odd=1), parts + (_ODD_KEY * max(0, odd - 1) if hashes else 0)
    return (taken[0], parts) if name == "BUILD" else (_plain_value(name, argument), 0)


def _plain_value(name: str, argument: object) -> _Value:
    if isinstance(argument, str):
        return _Value(len(argument), hashes=name == "GLOBAL" and argument.endswith(("OrderedDict", "Counter", "set")))
    plain = argument is None or (isinstance(argument, int) and abs(argument) < _SMALL)
    return _Value(odd=int(not plain))


def _taken(stack: list[_Value | None], before: Sequence[object]) -> list[_Value | None]:
    """What an operation takes off the stack, and has it taken off."""
    first = len(stack) - len(before)
    if pickletools.markobject in before:
        mark = next((n for n in reversed(range(len(stack))) if stack[n] is None), -1)
        first = mark - list(before).index(pickletools.markobject)
    if first < 0:
        raise ValueError("its pickle takes more off the stack than there is")
    taken = stack[first:]
    del stack[first:]
    return taken


_MORE = "holds more than tensors{}, which may run as a program; save a state_dict instead"


def _is_known(named: str) -> bool:
    return _KNOWN.fullmatch(named) is not None or named.replace(" ", ".") in _HARMLESS


def _reason(error: Exception) -> str:
    text = str(error)
    if "Unsupported" in text or "weights_only" in text.lower():
        return _MORE.format("")
    return f"is damaged: {_plain(text.strip().partition(chr(10))[0]) or type(error).__name__}"


def _plain(text: object) -> str:
    """What a file or a library says, cut to one line of printable letters."""
    line = "".join(letter if letter.isprintable() else " " for letter in str(text)[:200])
    return " ".join(line.split())


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
            strange = next((name for name, value in loaded.items() if not isinstance(value, Tensor)), None)
            if strange is None:
                break
            raise CheckpointError(f"{path} holds no network: '{_plain(strange)[:60]}' is no tensor")
        loaded = inner[0]
    raise CheckpointError(f"{path} holds no tensors by name")


def _without_prefixes(names: Iterable[str]) -> list[str]:
    """Names without what wrappers put before all of them."""
    plain = list(names)
    while prefix := next((p for p in _PREFIXES if all(name.startswith(p) for name in plain)), ""):
        plain = [name.removeprefix(prefix) for name in plain]
    return plain


def _checked(tensor: Tensor, name: str, path: Path) -> Tensor:
    strange = tensor.is_complex() or tensor.is_quantized or tensor.is_nested or tensor.device.type != "cpu"
    if strange or tensor.layout != torch.strided or tensor.ndim > _MOST_AXES:
        raise CheckpointError(f"{path} holds a tensor of a kind that no network has: '{_plain(name)[:80]}'")
    if not tensor.numel():
        raise CheckpointError(f"{path} holds a tensor without values: '{_plain(name)[:80]}'")
    if not tensor.is_floating_point():
        return tensor.clone()
    values = tensor.to(torch.float32, copy=True)
    if not bool(torch.isfinite(values).all()):
        raise CheckpointError(f"{path} holds values that are no numbers in '{_plain(name)[:80]}'")
    return values
