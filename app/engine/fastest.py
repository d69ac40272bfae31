"""Which of the installed packages is fastest on this machine: measured once, then remembered."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Generator, Sequence
from pathlib import Path

from app import paths
from app.engine.errors import ModelError
from app.engine.hardware import instruction_set
from app.engine.manifest import ModelManifest, list_packages, package_folders
from app.engine.runtime import Activation, CompiledPair, load_pair, openvino_version, processor_name
from app.engine.selftest import phantom_inputs

_BUDGET_S = 2.0  # no further package is tried after this; what is being compiled is finished
_RUNS = 8
_RUNS_BUDGET_S = 0.3  # for one package
_TIE = 0.85  # quantised packages are smaller, and times vary: another has to take less than this part of theirs
_LARGEST_RECORD = 1 << 16  # bytes


def default_packages() -> list[ModelManifest]:
    """The packages to choose from where none is named: those that came with the application, quantised ones first.

    Where none came with it, those that the user imported.
    """
    installed = list_packages()
    bundled = [package for package in installed if package.folder.parent == package_folders()[0]]
    return sorted(bundled or installed, key=lambda package: (package.precision != "int8", package.name))


def fastest_pair(
    *,
    device: str = "CPU",
    precision: Activation | None = None,
    threads: int | None = None,
    at_once: bool = False,
) -> CompiledPair:
    """The default package that encodes and decodes fastest here, ready for use.

    The choice is kept in the user's data folder for this processor, instruction set, OpenVINO and these packages. Where
    it is not known yet, the packages are measured first; with `at_once` the first of them is taken, and `measure` is
    for later. Where a package fails its self-test, the others are tried; raises ModelError where there is none that
    passes.
    """
    packages = default_packages()
    if not packages:
        raise ModelError(f"no model package is installed in {' or '.join(map(str, package_folders()))}")
    if len(packages) == 1:
        return load_pair(packages[0], device=device, precision=precision, threads=threads)
    situation = _situation(packages, device, precision, threads)
    name = _remembered(situation)
    wanted = packages if at_once and name is None else [package for package in packages if package.name == name]
    for package in wanted:
        with contextlib.suppress(ModelError):  # it passed once; now the others get their chance
            return load_pair(package, device=device, precision=precision, threads=threads)
    measuring = _measuring(packages, situation, device=device, precision=precision, threads=threads)
    while True:
        try:
            next(measuring)
        except StopIteration as end:
            best: CompiledPair = end.value
            return best


def measure(*, device: str = "CPU") -> Generator[None, None, str | None]:
    """Find out which package is fastest and remember it, in steps of a few tenths of a second each; its name.

    None where that is known, or there is nothing to choose from. Raises ModelError where no package passes.
    """
    packages = default_packages()
    if len(packages) < 2:
        return None
    situation = _situation(packages, device, None, None)
    if _remembered(situation) is not None:
        return None
    best = yield from _measuring(packages, situation, device=device, precision=None, threads=None)
    return best.manifest.name


def milliseconds(pair: CompiledPair) -> float:
    """The shortest of a few times that it takes to encode and decode the phantom."""
    image, prompts = phantom_inputs(pair.manifest)
    pair.decode(pair.encode(image), prompts)
    shortest, deadline = float("inf"), time.perf_counter() + _RUNS_BUDGET_S
    for _ in range(_RUNS):
        start = time.perf_counter()
        pair.decode(pair.encode(image), prompts)
        end = time.perf_counter()
        shortest = min(shortest, end - start)
        if end > deadline:
            break
    return shortest * 1000.0


def _measuring(
    packages: Sequence[ModelManifest],
    situation: str,
    *,
    device: str,
    precision: Activation | None,
    threads: int | None,
) -> Generator[None, None, CompiledPair]:
    """Measure step by step; what the caller does between steps is not counted."""
    measured: list[tuple[float, CompiledPair]] = []
    failures: list[ModelError] = []
    left = _BUDGET_S
    for package in packages:
        if measured and left < 0:
            break
        start = time.perf_counter()
        try:
            pair = load_pair(package, device=device, precision=precision, threads=threads)
        except ModelError as error:
            failures.append(error)
            continue
        measured.append((milliseconds(pair), pair))
        left -= time.perf_counter() - start
        yield
    if not measured:
        raise failures[0]
    if left >= 0:  # all once more, lest one busy moment decides
        for number, (ms, pair) in enumerate(measured):
            measured[number] = min(ms, milliseconds(pair)), pair
            yield
    best = _best(measured)
    if len(measured) + len(failures) == len(packages):  # otherwise the next start goes on, with what is compiled now
        _remember(situation, best.manifest.name, {pair.manifest.name: ms for ms, pair in measured})
    return best


def _best(measured: Sequence[tuple[float, CompiledPair]]) -> CompiledPair:
    """The fastest; a quantised one wins ties."""
    weighted = [(ms * (_TIE if pair.manifest.precision == "int8" else 1.0), pair) for ms, pair in measured]
    return min(weighted, key=lambda item: item[0])[1]


def _situation(
    packages: Sequence[ModelManifest], device: str, precision: Activation | None, threads: int | None
) -> str:
    """All that the choice depends on, as one line."""
    machine = (processor_name(device), instruction_set(), f"OpenVINO {openvino_version()}")
    asked = (device, precision or "as the package says", f"{threads or 'all'} threads")
    return "; ".join((*machine, *asked, *(f"{package.name} {package.digest}" for package in packages)))


def _record() -> Path:
    return paths.user_data_dir() / "fastest-model.json"


def _remembered(situation: str) -> str | None:
    """Name of the package that was chosen in this situation; None where nothing (readable) is known."""
    try:
        with _record().open("rb") as file:
            record = json.loads(file.read(_LARGEST_RECORD))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or record.get("situation") != situation:
        return None
    return str(record.get("package"))


def _remember(situation: str, name: str, measured_ms: dict[str, float]) -> None:
    """Keep the choice; where nothing can be written, the next start measures again."""
    record = {"situation": situation, "package": name, "measured_ms": {k: round(v, 3) for k, v in measured_ms.items()}}
    new = _record().with_suffix(".new")
    with contextlib.suppress(OSError):
        new.write_text(json.dumps(record, indent=1), encoding="utf-8")
        new.replace(_record())
