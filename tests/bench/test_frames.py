from __future__ import annotations

from tests.bench.frames import Bench


def test_that_every_scene_is_timed_frame_by_frame(qapp: object) -> None:
    bench = Bench(32, 160)
    for frames in (bench.scroll(4, labels=False), bench.scroll(4, labels=True), bench.drag(4)):
        assert len(frames.elapsed) == len(frames.worked) == 4
        assert "4 frames" in str(frames)
    preview = bench.proposal.preview
    assert preview is not None
    assert preview.mask is not None
    assert preview.mask.any()
    assert bench.state.crosshair_zyx == (17, 17, 17)
    bench.planes.close()
