"""A batch as a file: after anything that stops it, it goes on, and what is finished is not done again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.engine.batch import CaseResult, Existing, Status
from app.engine.batch_job import SUFFIX, BatchJob, unfinished_jobs
from app.engine.batch_job_file import BoxesFrom, BoxesKind, Entry, JobText, Mark, Setup, read_job
from app.engine.cases import find_cases
from app.engine.drawn_boxes import DrawnBoxes, Placement
from app.engine.errors import PromptError, ReadError, WriteError
from app.engine.geometry import Geometry
from app.engine.io.open import read_volume
from app.engine.job import LabelResult, Options
from app.engine.plane import Plane
from app.engine.prompt import Box, Box3D
from app.engine.prompt_file import ObjectPrompt, VolumePoint
from app.engine.segmenter import ModelSegmenter, open_segmenter
from tests.engine.tiny_package import write_tiny_package

_ROOT = Path(__file__).resolve().parents[2]
_DRAWN = DrawnBoxes(
    [ObjectPrompt(1, "square", Box(8, 8, 32, 32), index=0)], Geometry.of_pixels((1, 40, 40)), Placement.RELATIVE
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SWIFTMEDSAM_HOME", str(home))
        return write_tiny_package(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def segmenter(model: Path, home: Path) -> ModelSegmenter:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SWIFTMEDSAM_HOME", str(home))
        return open_segmenter(model)


def _setup(folder: Path, names: str = "abcdef", **fields: Any) -> Setup:
    """Pictures with a bright square, one for each letter."""
    pixels = np.zeros((40, 40), dtype=np.uint8)
    pixels[10:30, 10:30] = 200
    (folder / "in").mkdir()
    for name in names:
        Image.fromarray(pixels).save(folder / "in" / f"{name}.png")
    return Setup(folder / "in", folder / "out", BoxesFrom(BoxesKind.DRAWN, drawn=_DRAWN), "tiny", **fields)


def _begin(setup: Setup) -> BatchJob:
    return BatchJob.begin(setup.output.parent / f"night{SUFFIX}", setup, find_cases(setup.input))


def _finish(job: BatchJob, segmenter: ModelSegmenter) -> list[CaseResult]:
    return list(job.run(segmenter, find_cases(job.setup.input)))


def _statuses(job: BatchJob) -> dict[str, str]:
    return {entry.case: entry.result.status.value if entry.result else "waiting" for entry in job.entries}


def _made(job: BatchJob) -> dict[str, tuple[int, int]]:
    """The masks in place, by name, each with what changes when it is written again."""
    found = {path.name: path.stat() for path in sorted(job.setup.output.glob("*_mask*"))}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in found.items()}


@pytest.mark.skipif(os.name == "nt", reason="a process is killed by a signal")
@pytest.mark.parametrize("existing", list(Existing))
@pytest.mark.parametrize(
    "where",
    [("read", "d.png", "1"), ("write", "d_mask.png", "1"), ("write", f"night{SUFFIX}", "4")],
    ids=["at a case", "at a mask", "at the job"],
)
def test_that_a_batch_killed_at_work_goes_on_and_does_nothing_twice(
    segmenter: ModelSegmenter, model: Path, home: Path, tmp_path: Path, *, existing: Existing, where: tuple[str, ...]
) -> None:
    job = _begin(_setup(tmp_path, existing=existing))
    command = [sys.executable, "-m", "tests.engine.batch_child", str(job.path), str(model), *where]
    environment = os.environ | {"SWIFTMEDSAM_HOME": str(home)}
    with subprocess.Popen(
        command, cwd=_ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "stopped\n"
        child.send_signal(signal.SIGKILL)

    (resumed,) = unfinished_jobs([job.path])
    recorded = [entry.case for entry in resumed.entries if entry.result is not None]
    left = list(tmp_path.rglob(".unfinished-*"))
    made = _made(job)
    again = [result.case for result in _finish(resumed, segmenter)]

    assert child.returncode == -signal.SIGKILL
    assert bool(left) is (where[0] == "write")
    assert list(tmp_path.rglob(".unfinished-*")) == []
    assert recorded == ["a.png", "b.png", "c.png"]
    assert again == ["d.png", "e.png", "f.png"]
    assert list(made) == [f"{c}_mask.png" for c in ("abcd" if where[1] == job.path.name else "abc")]
    if existing is Existing.REPLACE:
        made.pop("d_mask.png", None)  # whether it is older than the job cannot be told
    after = _made(job)
    assert made == {name: after[name] for name in made}, "a finished mask was written again"
    assert list(after) == [f"{c}_mask.png" for c in "abcdef"]
    assert unfinished_jobs([job.path]) == ()
    assert set(_statuses(BatchJob.open(job.path)).values()) <= {"done", "skipped"}


def test_that_a_result_is_on_disk_before_it_is_told_and_stopping_keeps_it(
    segmenter: ModelSegmenter, tmp_path: Path
) -> None:
    job = _begin(_setup(tmp_path, "abc"))
    running = job.run(segmenter, find_cases(job.setup.input))

    first = next(running)
    at_once = BatchJob.open(job.path)
    running.close()

    assert _statuses(at_once) == {"a.png": "done", "b.png": "waiting", "c.png": "waiting"}
    assert at_once.entries[0].result == first
    assert BatchJob.open(job.path).waiting == ("b.png", "c.png")


def test_that_a_corrupt_image_fails_alone_and_waits_again_when_it_is_mended(
    segmenter: ModelSegmenter, tmp_path: Path
) -> None:
    setup = _setup(tmp_path, "abc")
    whole = (setup.input / "b.png").read_bytes()
    job = _begin(setup)
    (setup.input / "b.png").write_bytes(whole[:60])

    _finish(job, segmenter)
    before = _statuses(job)
    (setup.input / "b.png").write_bytes(whole)
    job.do_again("b.png")
    again = _finish(BatchJob.open(job.path), segmenter)

    assert before == {"a.png": "done", "b.png": "failed", "c.png": "done"}
    assert [(result.case, result.status) for result in again] == [("b.png", Status.DONE)]


def test_that_an_image_broken_from_the_start_is_a_failed_case_with_its_reason(
    segmenter: ModelSegmenter, tmp_path: Path
) -> None:
    setup = _setup(tmp_path, "a")
    (setup.input / "z.nii.gz").write_bytes(b"\x1f\x8b cut short")

    job = _begin(setup)

    assert _statuses(BatchJob.open(job.path)) == {"a.png": "waiting", "z.nii.gz": "failed"}
    assert job.entries[1].result is not None
    assert job.entries[1].result.message
    with pytest.raises(ValueError, match="was broken when the batch began"):
        job.do_again("z.nii.gz")


def test_that_an_image_that_is_gone_has_failed_and_new_ones_are_left_alone(
    segmenter: ModelSegmenter, tmp_path: Path
) -> None:
    job = _begin(_setup(tmp_path, "ab"))
    (job.setup.input / "a.png").rename(job.setup.input / "new.png")

    results = {result.case: result for result in _finish(job, segmenter)}

    assert {name: result.status for name, result in results.items()} == {"a.png": Status.FAILED, "b.png": Status.DONE}
    assert results["a.png"].message == f"{job.setup.input} holds no such image any more"


def test_that_an_output_folder_that_takes_nothing_more_fails_cases_and_stops_nothing(
    segmenter: ModelSegmenter, tmp_path: Path
) -> None:
    job = _begin(_setup(tmp_path, "abc"))
    running = job.run(segmenter, find_cases(job.setup.input))
    next(running)
    job.setup.output.rename(tmp_path / "away")
    job.setup.output.write_text("in the way of the folder")  # refuses root too, which a mode does not

    rest = list(running)
    job.setup.output.unlink()
    (tmp_path / "away").rename(job.setup.output)

    assert [result.status for result in rest] == [Status.FAILED] * 2
    assert all("b_mask.png" in result.message or "c_mask.png" in result.message for result in rest)
    assert _statuses(BatchJob.open(job.path)) == {"a.png": "done", "b.png": "failed", "c.png": "failed"}


def test_that_a_job_that_cannot_be_saved_says_so_goes_on_and_is_whole_when_it_can(
    segmenter: ModelSegmenter, tmp_path: Path
) -> None:
    setup = _setup(tmp_path, "abcd")
    job = BatchJob.begin(tmp_path / "jobs" / f"night{SUFFIX}", setup, find_cases(setup.input))
    running = job.run(segmenter, find_cases(setup.input))
    next(running)
    job.path.parent.rename(tmp_path / "away")
    job.path.parent.write_text("in the way of the folder")

    told = [(next(running).status, job.unsaved) for _ in range(2)]
    job.path.parent.unlink()
    (tmp_path / "away").rename(job.path.parent)
    next(running)

    assert [status for status, _ in told] == [Status.DONE] * 2
    assert all(str(job.path) in unsaved for _, unsaved in told)
    assert job.unsaved == ""
    assert set(_statuses(BatchJob.open(job.path)).values()) == {"done"}


def test_that_masks_that_were_there_are_kept_by_numbering(segmenter: ModelSegmenter, tmp_path: Path) -> None:
    setup = _setup(tmp_path, "ab", existing=Existing.NUMBER)
    setup.output.mkdir()
    (setup.output / "a_mask.png").write_bytes(b"the user's own")

    results = _finish(_begin(setup), segmenter)

    assert [result.target for result in results] == [setup.output / "a_mask_2.png", setup.output / "b_mask.png"]
    assert (setup.output / "a_mask.png").read_bytes() == b"the user's own"
    assert read_volume(setup.output / "a_mask_2.png").voxels.any()


def test_that_marks_are_kept_and_no_case_is_done_again_for_them(segmenter: ModelSegmenter, tmp_path: Path) -> None:
    job = _begin(_setup(tmp_path, "abc"))
    _finish(job, segmenter)

    job.mark("a.png", Mark.ACCEPTED)
    job.mark("b.png", Mark.REJECTED)
    opened = BatchJob.open(job.path)

    assert [entry.mark for entry in opened.entries] == [Mark.ACCEPTED, Mark.REJECTED, Mark.NONE]
    assert opened.waiting == ()
    with pytest.raises(KeyError):
        job.mark("nobody.png", Mark.ACCEPTED)


def test_that_a_new_job_takes_the_place_of_no_file(tmp_path: Path) -> None:
    job = _begin(_setup(tmp_path, "a"))
    before = job.path.read_bytes()

    with pytest.raises(WriteError, match="exists already"):
        BatchJob.begin(job.path, job.setup, find_cases(job.setup.input))

    assert job.path.read_bytes() == before


def _full() -> tuple[Setup, tuple[Entry, ...]]:
    """Everything that a file can say, on paths that this system takes."""
    root = Path.cwd()
    prompts = [
        ObjectPrompt(1, "liver", Box(1, 2, 5, 4), points=(VolumePoint(2.0, 1.0, 3.0, positive=False),), index=1,
                     plane=Plane.CORONAL),
        ObjectPrompt(300, "näme", box3d=Box3D(0, 0, 0, 3, 3, 3)),
    ]  # fmt: skip
    geometry = Geometry.from_components(shape_zyx=(4, 5, 6), spacing_xyz=(0.7, 0.7, 3.3), origin_lps=(1, -2, 1 / 3))
    drawn = DrawnBoxes(prompts, geometry, Placement.WORLD)
    boxes = BoxesFrom(BoxesKind.DRAWN, drawn=drawn)
    options = Options(propagate=True, largest=False, fill_holes=True)
    setup = Setup(root / "in", root / "out", boxes, "swift", options, Existing.NUMBER, ("nrrd", "stl"))
    mask = root / "out" / "sub" / "a_mask.nrrd"
    labels = (LabelResult(1, "liver", 7, 0.1, 0.9, doubtful=True), LabelResult(2, "b", 0, None, None, doubtful=False))
    done = CaseResult("sub/a.nii", Status.DONE, mask, labels, ("tilt",), 1.25, "swift")
    failed = CaseResult("b\udc80", Status.FAILED, message="cut\nshort")  # a name that is no UTF-8
    return setup, (
        Entry("sub/a.nii", mask, done, Mark.REVIEWED),
        Entry("b\udc80", None, failed),
        Entry("c", root / "out" / "c_mask.nrrd"),
    )


def test_that_a_file_says_all_that_was_said() -> None:
    setup, entries = _full()

    read, read_entries = read_job(JobText().of(setup, entries))

    assert read_entries == entries
    assert replace(read, boxes=setup.boxes) == setup
    drawn, kept = read.boxes.drawn, setup.boxes.drawn
    assert drawn is not None
    assert kept is not None
    assert (drawn.prompts, drawn.placement) == (kept.prompts, kept.placement)
    assert np.array_equal(drawn.geometry.affine, kept.geometry.affine)


@pytest.mark.parametrize(
    "boxes",
    [
        BoxesFrom(BoxesKind.FILE, Path.cwd() / "p.json"),
        BoxesFrom(BoxesKind.REFERENCES, Path.cwd() / "refs"),
        BoxesFrom(BoxesKind.STRUCTURES, Path.cwd() / "sets"),
        BoxesFrom(BoxesKind.CHALLENGE),
    ],
)
def test_that_the_other_sources_of_boxes_are_kept(boxes: BoxesFrom) -> None:
    setup, entries = _full()

    assert read_job(JobText().of(replace(setup, boxes=boxes), entries))[0].boxes == boxes


def test_that_a_score_that_is_no_number_is_kept_as_none() -> None:
    setup, (first, *_) = _full()
    assert first.result is not None
    label = replace(first.result.labels[0], score=float("nan"))
    odd = replace(first, result=replace(first.result, labels=(label,)))

    (read,) = read_job(JobText().of(setup, (odd,)))[1]

    assert read.result is not None
    assert read.result.labels[0].score is None


_CHANGES: dict[str, Any] = {
    "newer version": lambda document: document.update(version=2),
    "no batch": lambda document: document.update(format="SwiftMedSAM project"),
    "unknown": lambda document: document.update(extra=1),
    "missing": lambda document: document.pop("cases"),
    "outside the output folder": lambda document: document["cases"][0].update(mask="../../a.nrrd"),
    "stands twice": lambda document: document["cases"][2].update(case="sub/a.nii"),
    "the same mask": lambda document: document["cases"][2].update(mask="sub/a_mask.nrrd"),
    "no place for its mask": lambda document: document["cases"][2].update(mask=""),
    "no finite numbers": lambda document: document["cases"][0]["labels"][0].update(volume_ml=float("1e999")),
    "no such results": lambda document: document["cases"][0].update(labels=[3]),
    "is none of": lambda document: document["cases"][0].update(mark="perfect"),
    "do not go together": lambda document: document["boxes"].pop("drawn") and document["boxes"].update(path="x"),
    "singular": lambda document: document["boxes"]["drawn"].update(affine=[0] * 15 + [1]),
}


@pytest.mark.parametrize("reason", list(_CHANGES))
def test_that_a_file_that_makes_no_sense_is_refused_with_the_reason(reason: str, tmp_path: Path) -> None:
    document = json.loads(JobText().of(*_full()))
    _CHANGES[reason](document)
    path = tmp_path / f"odd{SUFFIX}"
    path.write_text(json.dumps(document).replace("Infinity", "1e999"), encoding="utf-8")

    with pytest.raises(ReadError, match=reason) as caught:
        BatchJob.open(path)

    assert str(path) in str(caught.value)
    assert unfinished_jobs([path]) == ()


def test_that_a_file_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    text = JobText().of(*_full())
    path = tmp_path / f"cut{SUFFIX}"
    for length in range(0, len(text) - 1, 97):
        path.write_bytes(text[:length])
        with pytest.raises(ReadError, match="cut"):
            BatchJob.open(path)


def test_that_unfinished_jobs_are_told_newest_first_and_finished_ones_not(
    segmenter: ModelSegmenter, tmp_path: Path
) -> None:
    setup = _setup(tmp_path, "a")
    jobs = [BatchJob.begin(tmp_path / f"{n}{SUFFIX}", setup, find_cases(setup.input)) for n in range(3)]
    for age, job in enumerate(jobs):
        os.utime(job.path, (1000 - age, 1000 - age))
    _finish(jobs[1], segmenter)

    assert [job.path for job in unfinished_jobs(job.path for job in jobs)] == [jobs[0].path, jobs[2].path]


def test_that_a_prompt_file_that_cannot_be_used_is_refused_before_there_is_a_job(tmp_path: Path) -> None:
    setup = replace(_setup(tmp_path, "a"), boxes=BoxesFrom(BoxesKind.FILE, tmp_path / "gone.json"))

    with pytest.raises(PromptError, match=r"gone\.json"):
        _begin(setup)

    assert list(tmp_path.glob(f"*{SUFFIX}")) == []


def test_that_a_case_marked_while_the_batch_is_at_work_keeps_mark_and_result(
    segmenter: ModelSegmenter, tmp_path: Path
) -> None:
    job = _begin(_setup(tmp_path, "ab"))
    running = job.run(segmenter, find_cases(job.setup.input))
    next(running)

    job.mark("a.png", Mark.ACCEPTED)
    job.mark("b.png", Mark.REVIEWED)
    next(running)

    entries = BatchJob.open(job.path).entries
    assert [entry.mark for entry in entries] == [Mark.ACCEPTED, Mark.REVIEWED]
    assert [entry.result.status for entry in entries if entry.result] == [Status.DONE] * 2
