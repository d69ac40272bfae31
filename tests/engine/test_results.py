"""Results on disk: written with their story, and found again with it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.engine.errors import WriteError
from app.engine.geometry import Geometry
from app.engine.job import LabelResult, Segmentation
from app.engine.plane import SliceKey
from app.engine.prompt import Box
from app.engine.results import (
    finished_result,
    overlay_path,
    refuse_existing,
    refuse_sources,
    write_overlay_beside,
    write_result,
)
from app.engine.volume import Finding, Kind, Volume

_STORY = {"Model": {"Name": 'a "model" \\ with\nedges', "Version": "1", "SHA256": "0"}}
_RESULTS = (
    LabelResult(1, "Leber, links", 6, 0.25, 0.875, doubtful=False),
    LabelResult(2, "cyst", 0, None, None, doubtful=True),
)


def _volume(depth: int) -> Volume:
    geometry = Geometry.from_components(shape_zyx=(depth, 8, 9), spacing_xyz=(1.0, 2.0, 3.0))
    kind = Kind.PICTURE if depth == 1 else Kind.VOLUME
    findings = (Finding("tilt", "tilted"), Finding("tilt", "more"), Finding("gap", "missing"))
    return Volume(np.zeros((depth, 8, 9), np.uint8), geometry, kind=kind, findings=findings)


def _done(depth: int) -> Segmentation:
    labels = np.zeros((depth, 8, 9), np.uint8)
    labels[0, 2:4, 3:6] = 1
    return Segmentation(labels, _RESULTS, SliceKey(0, 0), (Box(2, 1, 7, 5),), 0.5)


def _written(path: Path) -> list[Path]:
    depth = 1 if path.suffix == ".png" else 3
    story = _STORY | {"Results": [result.as_json() for result in _RESULTS]}
    return write_result(path, _done(depth), _volume(depth), story, overwrite=False)


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii", "a.nrrd", "a.mha", "a.npz", "a.png"])
def test_that_a_result_is_found_again_with_its_story(tmp_path: Path, name: str) -> None:
    files = _written(tmp_path / "Ergebnis é" / name)

    found = finished_result(files[0])

    assert files[0].name == name
    assert found is not None
    assert found.labels == _RESULTS
    assert found.findings == ("tilt", "gap")
    assert found.model == 'a "model" \\ with\nedges'


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii", "a.nrrd", "a.mha", "a.npz", "a.png"])
def test_that_a_result_that_was_cut_short_does_not_count(tmp_path: Path, name: str) -> None:
    path = _written(tmp_path / name)[0]
    whole = path.read_bytes()

    for length in (0, 10, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:length])
        assert finished_result(path) is None
    path.unlink()
    assert finished_result(path) is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"Results": [], "Findings": []}', '{"Results": [{"value": "x"}]}'])
def test_that_a_whole_mask_counts_even_without_a_story_that_can_be_read(tmp_path: Path, text: str) -> None:
    path = _written(tmp_path / "a.nii.gz")[0]
    (tmp_path / "a.json").write_text(text, encoding="utf-8")

    found = finished_result(path)

    assert found is not None
    assert found.labels == ()


def test_that_the_overlay_lies_beside_the_mask(tmp_path: Path) -> None:
    target = tmp_path / "a.nii.gz"

    path = write_overlay_beside(target, _done(3), _volume(3), overwrite=False)

    assert path == overlay_path(target) == tmp_path / "a_overlay.png"
    assert path.stat().st_size > 0
    with pytest.raises(WriteError, match=r"a_overlay\.png exists already"):
        refuse_existing([target, path])


def test_that_the_story_of_a_mask_names_no_path(tmp_path: Path) -> None:
    (path,) = _written(tmp_path / "a.npz")

    with np.load(path) as archive:
        told = json.loads(archive["provenance"].tobytes())

    assert told["IntendedUse"] == "Research use only, not a medical device."
    assert str(tmp_path) not in str(told)


def test_that_no_result_takes_the_place_of_an_image_whatever_its_path_is_written_like(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    image = tmp_path / "a.nii.gz"
    refuse_sources([tmp_path / "b.nii.gz"], [image])

    with pytest.raises(WriteError, match="is an image of the input"):
        refuse_sources([tmp_path / "sub" / ".." / "a.nii.gz"], [image])
