"""Inference leaves it to the system on which core a thread runs."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from app.engine.manifest import ModelManifest
from app.engine.runtime import CompiledPair
from app.engine.selftest import phantom_inputs
from tests.engine.tiny_package import write_tiny_package


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the cores of a thread")
def test_that_inference_binds_no_thread_to_a_core(tmp_path: Path) -> None:
    pair = CompiledPair(ModelManifest.load(write_tiny_package(tmp_path / "tiny")), cache=False)
    image, prompts = phantom_inputs(pair.manifest)
    before = os.sched_getaffinity(0)
    thread, seen, done = threading.get_native_id(), set(), threading.Event()

    def watch() -> None:
        while not done.is_set():
            seen.add(frozenset(os.sched_getaffinity(thread)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(30):
        pair.decode(pair.encode(image), prompts)
    done.set()
    watcher.join()
    assert seen == {frozenset(before)}
