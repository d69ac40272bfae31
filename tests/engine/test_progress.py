from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Thread

import nibabel
import numpy as np
import pytest

from app.engine.export.staging import Output, publish
from app.engine.io.open import list_volumes
from app.engine.progress import Stop, StoppedError, listening, tell
from tests.engine.io.dicom_fixtures import ramp, write_series


def test_that_reading_a_series_tells_of_each_file_that_is_read(tmp_path: Path) -> None:
    write_series(tmp_path, ramp())
    count = len(list(tmp_path.iterdir()))
    heard: list[tuple[int, int]] = []
    with listening(lambda done, total: heard.append((done, total)) if total else None):
        entry = list_volumes(tmp_path).entries[0]
        assert heard == [(n, count) for n in range(1, count + 1)]  # headers
        heard.clear()
        entry.load()
    assert heard == [(n, count) for n in range(1, count + 1)]  # pixels


def test_that_nobody_hears_what_another_thread_reads_or_what_is_read_afterwards() -> None:
    heard: list[int] = []
    with listening(lambda done, _total: heard.append(done)):
        other = Thread(target=tell, args=(1, 2))
        other.start()
        other.join()
        with listening(lambda _done, _total: None):
            tell(2, 2)
        tell(3, 4)
    tell(4, 4)
    assert heard == [3]


class Impatient:
    """Has work end when it has told of itself so many times."""

    def __init__(self, times: int) -> None:
        self.stop, self.left = Stop(), times

    def __call__(self, _done: int, _total: int) -> None:
        self.left -= 1
        if self.left == 0:
            self.stop.ask()


def ended_after(times: int, work: Callable[[], object]) -> bool:
    """Whether work that is to end after it has told of itself so many times does so."""
    impatient = Impatient(times)
    try:
        impatient.stop.run(work, impatient)
    except StoppedError:
        return True
    return False


def test_that_work_that_is_to_end_before_it_begins_is_not_begun() -> None:
    stop, done = Stop(), []
    stop.ask()
    with pytest.raises(StoppedError):
        stop.run(lambda: done.append(True))
    assert done == []


def test_that_a_folder_is_not_searched_to_its_end_where_nobody_waits(tmp_path: Path) -> None:
    for n in range(20):
        tmp_path.joinpath(f"{n:02}.txt").write_text("no image")
    impatient = Impatient(5)
    with pytest.raises(StoppedError):
        impatient.stop.run(lambda: list_volumes(tmp_path), impatient)
    assert impatient.left == 0


def test_that_a_series_is_left_at_the_next_file(tmp_path: Path) -> None:
    write_series(tmp_path, ramp())
    count = len(list(tmp_path.iterdir()))
    entry = list_volumes(tmp_path).entries[0]
    assert ended_after(3, entry.load)
    assert not ended_after(10 * count, entry.load)


@pytest.mark.parametrize("name", ["image.nii.gz", "image.nii"])
def test_that_a_single_file_is_left_in_its_middle(tmp_path: Path, name: str) -> None:
    voxels = np.random.default_rng(1).integers(0, 255, (256, 256, 300), dtype=np.uint8)  # packed, still several pieces
    nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), tmp_path / name)
    entry = list_volumes(tmp_path / name).entries[0]
    assert ended_after(2, entry.load)
    assert not ended_after(10**6, entry.load)


def test_that_a_file_whose_writing_is_ended_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    target, other = tmp_path / "a.txt", tmp_path / "b.txt"

    def write(text: str) -> list[Path]:
        outputs = [
            Output(path, lambda aside: aside.write_text(text), lambda _: None)  # type: ignore[arg-type]
            for path in (target, other)
        ]
        return publish(outputs, overwrite=True)

    write("old")
    ended = 0
    while ended_after(ended + 1, lambda: write("new")):
        ended += 1
        assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.txt": "old", "b.txt": "old"}
    assert ended > 4
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.txt": "new", "b.txt": "new"}
