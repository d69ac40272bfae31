"""Many cases: one bad case stops nothing, and whoever stops asking stops the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.engine.batch import CaseResult, Existing, Item, Plan, Status, report_rows, run
from app.engine.cases import Case
from app.engine.errors import ReadError
from app.engine.geometry import Geometry
from app.engine.job import LabelResult, Options
from app.engine.prompt import Box
from app.engine.prompt_file import ObjectPrompt
from app.engine.prompt_sources import Opened
from app.engine.report import COLUMNS
from app.engine.segmenter import ModelSegmenter, open_segmenter
from app.engine.volume import Kind, Volume
from tests.engine.tiny_package import write_tiny_package

_PROMPTS = (ObjectPrompt(1, "square", Box(8, 8, 32, 32)),)


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory: pytest.TempPathFactory) -> ModelSegmenter:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SWIFTMEDSAM_HOME", str(tmp_path_factory.mktemp("home")))
        return open_segmenter(write_tiny_package(tmp_path_factory.mktemp("models") / "tiny"))


def _picture() -> Volume:
    voxels = np.zeros((1, 40, 40), dtype=np.uint8)
    voxels[0, 10:30, 10:30] = 200
    return Volume(voxels, Geometry.of_pixels((1, 40, 40)), kind=Kind.PICTURE)


class Source:
    """Opens cases by what their name says, and remembers which it was asked for."""

    def __init__(self, acts: dict[str, Callable[[], Opened | None]] | None = None) -> None:
        self.acts = acts or {}
        self.opened: list[str] = []

    def open(self, case: Case) -> Opened | None:
        self.opened.append(case.name)
        return self.acts.get(case.name, lambda: (_picture(), _PROMPTS))()


def _raising(error: BaseException) -> Callable[[], Opened | None]:
    def act() -> Opened | None:
        raise error

    return act


def _items(folder: Path, *names: str) -> list[Item]:
    return [
        Item(Case(name, "", Kind.PICTURE, (name,), _picture), folder / "out" / f"{name}_mask.png") for name in names
    ]


@pytest.mark.parametrize("jobs", [1, 3])
def test_that_a_case_that_fails_is_named_and_stops_nothing(
    segmenter: ModelSegmenter, tmp_path: Path, jobs: int
) -> None:
    source = Source(
        {
            "broken": _raising(ReadError("cannot read broken: it is cut short")),
            "odd": _raising(ZeroDivisionError("first\nsecond")),
            "unasked": lambda: None,
        }
    )
    items = _items(tmp_path, "a", "broken", "odd", "unasked", "b")

    results = {result.case: result for result in run(items, Plan(segmenter, source, Options()), jobs)}

    assert {name: result.status for name, result in results.items()} == {
        "a": Status.DONE,
        "b": Status.DONE,
        "broken": Status.FAILED,
        "odd": Status.FAILED,
        "unasked": Status.NO_PROMPTS,
    }
    assert results["broken"].message == "cannot read broken: it is cut short"
    assert results["odd"].message == "unexpected ZeroDivisionError: first"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a_mask.png", "b_mask.png"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_that_cases_are_not_begun_once_nobody_asks(segmenter: ModelSegmenter, tmp_path: Path, jobs: int) -> None:
    source = Source()
    running = run(_items(tmp_path, *"abcdefgh"), Plan(segmenter, source, Options()), jobs)

    first = next(running)
    running.close()

    assert first.status is Status.DONE
    assert len(source.opened) <= 2 * jobs


def test_that_an_interruption_comes_through_and_keeps_what_is_done(segmenter: ModelSegmenter, tmp_path: Path) -> None:
    source = Source({"b": _raising(KeyboardInterrupt())})
    running = run(_items(tmp_path, "a", "b", "c"), Plan(segmenter, source, Options()))

    assert next(running).case == "a"
    with pytest.raises(KeyboardInterrupt):
        next(running)

    assert (tmp_path / "out" / "a_mask.png").is_file()
    assert source.opened == ["a", "b"]


def test_that_as_many_cases_are_in_work_as_was_asked_for(segmenter: ModelSegmenter, tmp_path: Path) -> None:
    together = threading.Barrier(3, timeout=60)  # breaks unless three cases meet

    def meet() -> Opened | None:
        together.wait()
        return None

    names = "abc"
    results = list(
        run(_items(tmp_path, *names), Plan(segmenter, Source(dict.fromkeys(names, meet)), Options()), jobs=3)
    )

    assert [result.status for result in results] == [Status.NO_PROMPTS] * 3


def test_that_what_is_there_is_skipped_without_being_read_and_kept_by_numbering(
    segmenter: ModelSegmenter, tmp_path: Path
) -> None:
    items = _items(tmp_path, "a")
    (done,) = run(items, Plan(segmenter, Source(), Options()))
    source = Source()

    (skipped,) = run(items, Plan(segmenter, source, Options(), Existing.SKIP))
    (numbered,) = run(items, Plan(segmenter, source, Options(), Existing.NUMBER))

    assert (skipped.status, skipped.labels, skipped.model) == (Status.SKIPPED, done.labels, "tiny")
    assert source.opened == ["a"]
    assert numbered.target == tmp_path / "out" / "a_mask_2.png"


def test_that_the_report_has_a_row_for_each_label_and_one_for_a_case_without() -> None:
    labels = (
        LabelResult(1, "liver", 1000, 12.3456789, 0.98765, doubtful=False),
        LabelResult(2, "cyst", 0, None, None, doubtful=True),
    )
    done = CaseResult("a", Status.DONE, None, labels, ("tilt", "gap"), 1.23456, "swift")
    failed = CaseResult("b", Status.FAILED, seconds=0.5, message="cut short")

    first, second = report_rows(done)
    (third,) = report_rows(failed)

    assert set(first) == set(COLUMNS)
    assert (first["volume_ml"], first["score"], first["doubtful"]) == ("12.3457", "0.9877", "no")
    assert (second["volume_ml"], second["score"], second["doubtful"]) == ("", "", "yes")
    assert (first["geometry_flags"], first["seconds"], first["model"]) == ("tilt gap", "1.235", "swift")
    assert (third["status"], third["message"]) == ("failed", "cut short")
    assert done.doubtful
    assert not failed.doubtful
