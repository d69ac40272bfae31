from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from app import paths
from app.engine import hardware
from app.engine.errors import ModelError
from app.engine.manifest import ModelManifest
from app.engine.prompt import Box, Prompts
from app.engine.runtime import BATCH, CompiledPair, load_pair, openvino_version, processor_name
from app.engine.segmenter import ModelSegmenter
from app.engine.selftest import disagreement, phantom, phantom_inputs, phantom_view
from tests.engine.tiny_package import read_manifest, rewrite_manifest, write_tiny_package

# The sender works in a forked process: what it does is seen only on the standard error that both share.
_WATCHED = """
import os, socket, sys
class Watched(socket.socket):
    def __init__(self, *arguments, **named):
        os.write(2, b"a socket was opened")
        super().__init__(*arguments, **named)
socket.socket = Watched
socket.getaddrinfo = lambda *arguments, **named: os.write(2, b"a name was looked up") and []
from app.engine.runtime import openvino_version
assert "openvino" not in sys.modules
print(openvino_version())
"""


@pytest.fixture(scope="session")
def pair(maps_package: Path) -> CompiledPair:
    return CompiledPair(ModelManifest.load(maps_package), cache=False)


def test_that_importing_openvino_opens_no_socket_and_leaves_nothing_at_home(project_root: Path, tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("CI", "XDG_CACHE_HOME", "XDG_DATA_HOME")}
    environment |= {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    command = [sys.executable, "-c", _WATCHED]
    done = subprocess.run(command, cwd=project_root, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == (openvino_version(), "")
    assert list(tmp_path.iterdir()) == []


def test_that_what_is_encoded_is_a_copy_of_its_own(pair: CompiledPair) -> None:
    image, _ = phantom_inputs(pair.manifest)
    first = pair.encode(image)
    kept = {name: tensor.copy() for name, tensor in first.items()}
    second = pair.encode(np.zeros_like(image))
    assert set(first) == {"embedding", "detail"}
    for name, tensor in first.items():
        assert tensor.dtype == np.float16
        assert tensor.flags.owndata
        np.testing.assert_array_equal(tensor, kept[name])
        assert not np.array_equal(tensor, second[name])
    assert first["detail"].shape == (1, 1, 64, 64)


def test_that_decoding_leaves_the_embedding_as_it_was(pair: CompiledPair) -> None:
    image, prompts = phantom_inputs(pair.manifest)
    embedding = pair.encode(image)
    kept = {name: tensor.copy() for name, tensor in embedding.items()}
    first, second = (pair.decode(embedding, prompts) for _ in range(2))
    for name, tensor in embedding.items():
        np.testing.assert_array_equal(tensor, kept[name])
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


@pytest.mark.parametrize("count", [0, 1, BATCH - 1, BATCH, 2 * BATCH + 3])
def test_that_many_prompts_decode_as_each_alone(pair: CompiledPair, rng: np.random.Generator, count: int) -> None:
    embedding = pair.encode(phantom_inputs(pair.manifest)[0])
    prompts = rng.random((count, 7, 32, 32), dtype=np.float32)
    logits, scores = pair.decode(embedding, {"prompts": prompts})
    assert (logits.shape, scores.shape) == ((count, 64, 64), (count, 2))
    for n in range(count):
        alone = pair.decode(embedding, {"prompts": prompts[n : n + 1]})
        np.testing.assert_allclose(logits[n], alone[0][0], atol=1e-4)  # another batch, another order of sums
        np.testing.assert_allclose(scores[n], alone[1][0], atol=1e-4)


def test_that_threads_do_not_disturb_each_other(pair: CompiledPair, rng: np.random.Generator) -> None:
    images = rng.random((4, 3, 64, 64), dtype=np.float32)
    expected = [pair.encode(image) for image in images]
    equal: dict[int, bool] = {}

    def encode_often(n: int) -> None:
        rounds = [pair.encode(images[n]) for _ in range(10)]
        equal[n] = all(np.array_equal(found[name], expected[n][name]) for found in rounds for name in found)

    threads = [threading.Thread(target=encode_often, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert equal == dict.fromkeys(range(4), True)


@pytest.fixture(scope="session")
def loud_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its embedding goes to 200,000: beyond half precision."""
    return write_tiny_package(tmp_path_factory.mktemp("loud") / "tiny-loud", gain=200_000.0)


def test_that_an_embedding_beyond_half_precision_stays_in_float32(loud_package: Path, pair: CompiledPair) -> None:
    loud = CompiledPair(ModelManifest.load(loud_package), cache=False)
    image, prompts = phantom_inputs(pair.manifest)
    embedding = loud.encode(image)
    assert embedding["detail"].dtype == np.float32
    assert float(embedding["detail"].max()) > 65504
    np.testing.assert_allclose(
        loud.decode(embedding, prompts)[0], pair.decode(pair.encode(image), prompts)[0], atol=0.05
    )


def test_that_an_answer_that_is_no_number_is_an_error(pair: CompiledPair, loud_package: Path) -> None:
    image, prompts = phantom_inputs(pair.manifest)
    with pytest.raises(ModelError, match="tiny-loud answered with values that are no numbers"):
        CompiledPair(ModelManifest.load(loud_package), cache=False).encode(np.full_like(image, 3e38))
    spoilt = {"prompts": np.full_like(prompts["prompts"], np.inf)}
    with pytest.raises(ModelError, match="tiny-maps answered with values that are no numbers"):
        pair.decode(pair.encode(image), spoilt)


def test_that_a_package_is_loaded_only_if_it_gives_the_expected_mask(package_copy: Path) -> None:
    assert load_pair(ModelManifest.load(package_copy)).precision == "f32"
    fields = read_manifest(package_copy)
    fields["self_test"]["expected"].reverse()
    rewrite_manifest(package_copy, fields)
    with pytest.raises(
        ModelError, match=r"tiny-maps failed its self-test on this machine: its mask of the phantom differs"
    ):
        load_pair(ModelManifest.load(package_copy))


def test_that_nan_and_infinity_fail_the_self_test(pair: CompiledPair) -> None:
    logits = np.zeros((64, 64), dtype=np.float32)
    scores = np.ones(2, dtype=np.float32)
    logits[3, 3] = np.nan
    assert disagreement(pair.manifest, logits, scores) == "it answered with values that are no numbers"
    assert "differs" in str(disagreement(pair.manifest, np.zeros((64, 64), np.float32), scores))


def test_that_a_damaged_file_is_never_compiled(package_copy: Path) -> None:
    (package_copy / "decoder.bin").write_bytes(bytes(len((package_copy / "decoder.bin").read_bytes())))
    with pytest.raises(ModelError, match=r"decoder\.bin is damaged"):
        load_pair(ModelManifest.load(package_copy))


def test_that_a_graph_without_the_promised_tensors_is_refused(package_copy: Path) -> None:
    fields = read_manifest(package_copy)
    for role, kind in (("encoder", "outputs"), ("decoder", "inputs")):
        fields[role][kind]["depth"] = fields[role][kind].pop("detail")
    rewrite_manifest(package_copy, fields)
    with pytest.raises(ModelError, match=r"encoder\.xml has no output 'depth' of shape \[1, 1, 64, 64\]"):
        load_pair(ModelManifest.load(package_copy))


def test_that_a_file_that_is_no_graph_is_refused_in_one_sentence(package_copy: Path) -> None:
    (package_copy / "encoder.xml").write_text("<net>")
    with pytest.raises(ModelError, match=r"OpenVINO could not compile .*encoder\.xml for CPU: ") as caught:
        CompiledPair(ModelManifest.load(package_copy), cache=False).threads  # noqa: B018  # compiles
    assert "\n" not in str(caught.value)


def test_that_a_device_that_is_not_there_is_named(maps_package: Path) -> None:
    with pytest.raises(ModelError, match="there is no device 'TPU' that OpenVINO can use here, but .*CPU"):
        load_pair(ModelManifest.load(maps_package), device="TPU")


def _blobs() -> list[Path]:
    return sorted((paths.cache_dir() / "openvino").rglob("*.blob"))


def test_that_compiled_models_are_kept_by_version_precision_instructions_and_model(
    maps_package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = ModelManifest.load(maps_package)
    monkeypatch.setattr(hardware, "_processor_flags", lambda: frozenset({"avx2", "avx_vnni"}))
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    load_pair(manifest)
    below = {blob.parent.relative_to(paths.cache_dir()).parts for blob in _blobs()}
    assert below == {("openvino", openvino_version(), "CPU-f32-avx2_vnni", manifest.digest[:16])}
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    load_pair(manifest)
    assert {blob.parts[-3] for blob in _blobs()} == {"CPU-f32-avx2_vnni", "CPU-f32-avx2_vnni-capped-to-avx2"}


def test_that_a_spoilt_cache_does_no_harm(maps_package: Path) -> None:
    manifest = ModelManifest.load(maps_package)
    load_pair(manifest)
    assert len(_blobs()) == 2
    for blob in _blobs():
        blob.write_bytes(blob.read_bytes()[:1000])
    assert load_pair(manifest).self_test() is None


def test_that_a_failing_self_test_empties_the_cache_and_tries_again(
    maps_package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = ModelManifest.load(maps_package)
    load_pair(manifest)
    before = _blobs()
    kept: list[list[Path]] = []
    answers = iter(["it answered with values that are no numbers", None])

    def self_test(_pair: CompiledPair) -> str | None:
        kept.append(_blobs())
        return next(answers)

    monkeypatch.setattr(CompiledPair, "self_test", self_test)
    assert load_pair(manifest).activation == "f32"
    assert kept == [before, []]


def test_that_another_arithmetic_that_fails_gives_way_to_f32(
    maps_package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.runtime._supported", lambda _device, activation: activation)
    tried: list[str] = []

    def self_test(pair: CompiledPair) -> str | None:
        tried.append(pair.activation)
        return None if pair.activation == "f32" else "it answered with values that are no numbers"

    monkeypatch.setattr(CompiledPair, "self_test", self_test)
    assert load_pair(ModelManifest.load(maps_package), precision="bf16").precision == "f32"
    assert tried == ["bf16", "bf16", "f32"]


def test_that_a_cache_that_cannot_be_written_is_done_without(
    maps_package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(paths, "cache_dir", lambda: tmp_path / "file")
    assert load_pair(ModelManifest.load(maps_package)).self_test() is None


def test_that_the_number_of_threads_can_be_chosen(maps_package: Path) -> None:
    pair = CompiledPair(ModelManifest.load(maps_package), threads=1, cache=False)
    assert (pair.threads, pair.device) == (1, "CPU")
    assert processor_name()


def test_that_an_int8_package_says_so_and_computes_the_rest_in_f32(package_copy: Path) -> None:
    rewrite_manifest(package_copy, read_manifest(package_copy) | {"precision": "int8"})
    pair = CompiledPair(ModelManifest.load(package_copy), cache=False)
    assert (pair.precision, pair.activation) == ("int8", "f32")


def test_that_the_phantom_is_outlined_in_its_box(maps_segmenter: ModelSegmenter) -> None:
    box = Box(64, 60, 144, 117)
    view = phantom_view(maps_segmenter.manifest)
    image, _ = phantom_inputs(maps_segmenter.manifest)
    assert phantom().shape == (view.grid.rows, view.grid.columns)
    assert image.min() >= 0.0
    assert image.max() <= 1.0
    inputs = {"prompts": phantom_inputs(maps_segmenter.manifest)[1]["prompts"]}
    logits, _ = maps_segmenter.pair.decode(maps_segmenter.pair.encode(image), inputs)
    values, rows, columns = view.paint(logits[0])
    inside = np.argwhere(values > 0) + (rows.start, columns.start)
    low, high = inside.min(axis=0), inside.max(axis=0)
    assert (low >= (box.y0 - 1, box.x0 - 1)).all()
    assert (high <= (box.y1, box.x1)).all()
    assert Prompts(box).extent() == (64, 60, 144, 117)


def test_that_memory_and_instruction_set_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 20.0 < hardware.peak_memory_mb() < 100_000.0
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA", raising=False)
    monkeypatch.setattr(hardware, "_processor_flags", lambda: frozenset({"sse4_2", "avx2", "avx512bw", "avx512_vnni"}))
    assert hardware.instruction_set() == "avx512_vnni"
    monkeypatch.setattr(hardware, "_processor_flags", frozenset)
    assert hardware.instruction_set()
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "SSE41")
    assert hardware.instruction_set().endswith(" capped to sse41")
