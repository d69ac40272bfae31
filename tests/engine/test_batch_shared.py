"""A batch job and others: who holds it, what it writes beside the masks, what it refuses."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from app.engine.batch import Existing, Status, Working
from app.engine.batch_job import SUFFIX, BatchJob, unfinished_jobs
from app.engine.batch_job_file import BoxesFrom, BoxesKind, Mark, Setup
from app.engine.cases import find_cases
from app.engine.drawn_boxes import DrawnBoxes, Placement
from app.engine.errors import ReadError, WriteError
from app.engine.geometry import Geometry
from app.engine.io.open import read_volume
from app.engine.prompt import Box
from app.engine.prompt_file import ObjectPrompt
from app.engine.results import read_mask
from app.engine.segmenter import ModelSegmenter

_SQUARE = (slice(10, 30), slice(10, 30))
_DRAWN = DrawnBoxes(
    [ObjectPrompt(1, "square", Box(8, 8, 32, 32), index=0)], Geometry.of_pixels((1, 40, 40)), Placement.RELATIVE
)


@pytest.fixture
def segmenter(maps_segmenter: ModelSegmenter) -> ModelSegmenter:
    return maps_segmenter


def _setup(folder: Path, names: str = "abc", **fields: Any) -> Setup:
    pixels = np.zeros((40, 40), dtype=np.uint8)
    pixels[_SQUARE] = 200
    (folder / "in").mkdir()
    for name in names:
        Image.fromarray(pixels).save(folder / "in" / f"{name}.png")
    fields.setdefault("boxes", BoxesFrom(BoxesKind.DRAWN, drawn=_DRAWN))
    return Setup(folder / "in", folder / "out", model="tiny", **fields)


def _begin(setup: Setup) -> BatchJob:
    return BatchJob.begin(setup.output / f"night{SUFFIX}", setup, find_cases(setup.input))


@pytest.fixture
def job(tmp_path: Path) -> Iterator[BatchJob]:
    made = _begin(_setup(tmp_path))
    yield made
    made.release()


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_that_a_job_that_somebody_holds_is_refused_to_others_and_not_offered(
    job: BatchJob, segmenter: ModelSegmenter
) -> None:
    cases = find_cases(job.setup.input)
    other = BatchJob.open(job.path)
    job.hold()

    with pytest.raises(WriteError, match="another window or program is working on"):
        next(other.run(segmenter, cases))
    offered = unfinished_jobs([job.path])
    job.release()

    assert offered == ()
    assert [left.path for left in unfinished_jobs([job.path])] == [job.path]
    assert len(list(other.run(segmenter, cases))) == 3
    assert list(job.path.parent.glob(".*.lock")) == []


def test_that_what_others_did_meanwhile_is_not_done_again(job: BatchJob, segmenter: ModelSegmenter) -> None:
    cases = find_cases(job.setup.input)
    opened_before = BatchJob.open(job.path)
    list(job.run(segmenter, cases))

    assert list(opened_before.run(segmenter, cases)) == []
    assert opened_before.waiting == ()


def test_that_leftovers_stay_while_another_job_is_at_work_in_the_folder(job: BatchJob) -> None:
    left = job.setup.output / ".unfinished-0123.png"
    left.write_bytes(b"half")
    second = BatchJob.begin(job.path.with_name(f"second{SUFFIX}"), job.setup, find_cases(job.setup.input))
    second.hold()
    left.write_bytes(b"half")

    job.hold()
    kept = left.exists()
    job.release()
    second.release()
    job.hold()

    assert kept
    assert not left.exists()


def test_that_a_job_whose_file_is_gone_is_refused_and_not_kept_from_others(job: BatchJob) -> None:
    job.path.unlink()

    with pytest.raises(ReadError, match="night"):
        job.hold()

    assert not job.is_at_work


def test_that_steps_tell_how_much_of_a_case_is_done_and_end_in_its_result(
    job: BatchJob, segmenter: ModelSegmenter
) -> None:
    told = list(job.run_in_steps(segmenter, find_cases(job.setup.input)))

    of_b = [one for one in told if one.case == "b.png"]
    assert [one.done for one in of_b if isinstance(one, Working)][-1] == 1.0
    assert [one.status for one in told if not isinstance(one, Working)] == [Status.DONE] * 3
    assert not isinstance(of_b[-1], Working)


def test_that_every_result_has_a_small_picture(job: BatchJob, segmenter: ModelSegmenter) -> None:
    list(job.run(segmenter, find_cases(job.setup.input)))

    for entry in job.entries:
        path = job.picture(entry)
        assert path is not None
        with Image.open(path) as picture:
            assert picture.size == (240, 240)
            assert len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)) > 3  # image, fill, outline, box


def test_that_the_table_has_the_marks_and_replaces_no_other_file(job: BatchJob, segmenter: ModelSegmenter) -> None:
    list(job.run(segmenter, find_cases(job.setup.input)))
    job.mark("b.png", Mark.REJECTED)
    job.write_report()
    job.mark("c.png", Mark.ACCEPTED)
    job.write_report()

    assert [(row["case"], row["mark"]) for row in _rows(job.report)] == [
        ("a.png", ""), ("b.png", "rejected"), ("c.png", "accepted"),
    ]  # fmt: skip
    job.report.write_text("name,age\nx,1\n", encoding="utf-8")
    with pytest.raises(WriteError, match="no report of this program"):
        job.write_report()
    assert job.report.read_text(encoding="utf-8") == "name,age\nx,1\n"


def test_that_masks_are_written_in_every_format_that_was_asked_for(tmp_path: Path, segmenter: ModelSegmenter) -> None:
    job = _begin(_setup(tmp_path, "a", formats=("nrrd", "nifti", "png")))

    list(job.run(segmenter, find_cases(job.setup.input)))

    for ending in ("nrrd", "nii.gz", "png"):
        mask = read_volume(job.setup.output / f"a_mask.{ending}").voxels
        assert mask[0][_SQUARE].all()
        assert np.count_nonzero(mask) == 400


def test_that_a_format_that_an_image_rules_out_is_told_and_the_others_are_written(
    tmp_path: Path, segmenter: ModelSegmenter
) -> None:
    job = _begin(_setup(tmp_path, "a", formats=("nrrd", "dicom-seg", "png")))

    (result,) = job.run(segmenter, find_cases(job.setup.input))

    assert result.status is Status.DONE
    assert "a_mask.seg.dcm: the image is not from a DICOM series" in result.message
    assert sorted(path.name for path in job.setup.output.glob("a_mask*")) == ["a_mask.nrrd", "a_mask.png"]


def test_that_a_case_whose_other_format_is_missing_counts_as_finished_by_the_first_alone(
    tmp_path: Path, segmenter: ModelSegmenter
) -> None:
    setup = _setup(tmp_path, "a", formats=("nrrd", "png"))
    job = _begin(setup)
    list(job.run(segmenter, find_cases(setup.input)))
    (setup.output / "a_mask.nrrd").unlink()  # as a cut between the two leaves it

    again = BatchJob.begin(setup.output / f"again{SUFFIX}", setup, find_cases(setup.input))
    (result,) = again.run(segmenter, find_cases(setup.input))

    assert result.status is Status.DONE
    assert read_volume(setup.output / "a_mask.nrrd").voxels.any()


def test_that_a_mask_is_kept_in_any_of_the_formats_where_that_was_asked_for(
    tmp_path: Path, segmenter: ModelSegmenter
) -> None:
    setup = _setup(tmp_path, "a", formats=("nrrd", "png"))
    setup.output.mkdir()
    Image.new("L", (40, 40), 7).save(setup.output / "a_mask.png")
    own = (setup.output / "a_mask.png").read_bytes()

    (result,) = _begin(setup).run(segmenter, find_cases(setup.input))

    assert result.status is Status.DONE
    assert (setup.output / "a_mask.png").read_bytes() == own
    assert read_volume(setup.output / "a_mask.nrrd").voxels.any()


def test_that_numbering_keeps_a_mask_in_any_of_the_formats(tmp_path: Path, segmenter: ModelSegmenter) -> None:
    setup = _setup(tmp_path, "a", formats=("nrrd", "png"), existing=Existing.NUMBER)
    setup.output.mkdir()
    (setup.output / "a_mask.png").write_bytes(b"the user's own")

    (result,) = _begin(setup).run(segmenter, find_cases(setup.input))

    assert result.target == setup.output / "a_mask_2.nrrd"
    assert (setup.output / "a_mask.png").read_bytes() == b"the user's own"
    assert (setup.output / "a_mask_2.png").is_file()


def test_that_names_in_a_prompt_file_without_a_case_have_failed(tmp_path: Path, segmenter: ModelSegmenter) -> None:
    prompts = tmp_path / "boxes.csv"
    prompts.write_text("case,x0,y0,x1,y1\na.png,8,8,31,31\ngone.png,1,1,5,5\n", encoding="utf-8")
    job = _begin(_setup(tmp_path, "ab", boxes=BoxesFrom(BoxesKind.FILE, prompts)))

    list(job.run(segmenter, find_cases(job.setup.input)))

    results = {entry.case: entry.result for entry in BatchJob.open(job.path).entries}
    assert {name: result.status.value for name, result in results.items() if result} == {
        "a.png": "done", "b.png": "no prompts", "gone.png": "failed",
    }  # fmt: skip
    assert results["gone.png"] is not None
    assert "holds no such case" in results["gone.png"].message


@pytest.mark.parametrize("same", ["images", "references"])
def test_that_results_never_go_where_they_are_made_from(tmp_path: Path, same: str) -> None:
    setup = _setup(tmp_path)
    if same == "images":
        setup = replace(setup, output=setup.input)
    else:
        setup = replace(setup, boxes=BoxesFrom(BoxesKind.REFERENCES, setup.output))

    with pytest.raises(WriteError, match="need different folders"):
        _begin(setup)


def test_that_a_mask_is_read_back_on_the_grid_of_its_image_alone(tmp_path: Path, segmenter: ModelSegmenter) -> None:
    job = _begin(_setup(tmp_path, "a", formats=("npz",)))
    list(job.run(segmenter, find_cases(job.setup.input)))
    volume = read_volume(job.setup.input / "a.png")
    Image.fromarray(np.zeros((8, 8), dtype=np.uint8)).save(tmp_path / "small.png")

    assert np.count_nonzero(read_mask(job.setup.output / "a_mask.npz", volume)) == 400
    for path, reason in (
        (tmp_path / "small.png", "another shape"), (tmp_path / "a.seg.dcm", "not read from .dcm files"),
        (tmp_path / "gone.npz", "holds no 'segs'"),
    ):  # fmt: skip
        with pytest.raises(ReadError, match=reason):
            read_mask(path, volume)


def test_that_a_mask_stored_along_other_axes_than_its_image_is_refused_and_not_turned_over(tmp_path: Path) -> None:
    values, up, down = np.zeros((4, 5, 6), dtype=np.uint8), np.eye(4), np.diag((1.0, 1.0, -1.0, 1.0))
    values[:, :, 0] = 1
    down[2, 3] = 5.0  # the same voxels, the last slice first
    for name, affine in (("image", up), ("same", up), ("turned", down)):
        nib.save(nib.Nifti1Image(values, affine), tmp_path / f"{name}.nii.gz")
    volume = read_volume(tmp_path / "image.nii.gz")

    assert read_mask(tmp_path / "same.nii.gz", volume).tolist() == volume.voxels.tolist()
    with pytest.raises(ReadError, match="its axes run otherwise"):
        read_mask(tmp_path / "turned.nii.gz", volume)
