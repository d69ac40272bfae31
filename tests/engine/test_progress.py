from __future__ import annotations

from pathlib import Path
from threading import Thread

from app.engine.io.open import list_volumes
from app.engine.progress import listening, tell
from tests.engine.io.dicom_fixtures import ramp, write_series


def test_that_reading_a_series_tells_of_each_file_that_is_read(tmp_path: Path) -> None:
    write_series(tmp_path, ramp())
    count = len(list(tmp_path.iterdir()))
    heard: list[tuple[int, int]] = []
    with listening(lambda done, total: heard.append((done, total))):
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
