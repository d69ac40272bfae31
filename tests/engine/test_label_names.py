"""Names of labels beside a label map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.engine.export import write_labels
from app.engine.geometry import Geometry
from app.engine.io.label_names import read_label_names
from app.engine.io.limits import MAX_HEADER_BYTES
from app.engine.volume import Volume


@pytest.mark.parametrize("name", ["mask.nii.gz", "mask.nii", "mask.mha"])
def test_that_names_of_an_export_are_read_again(tmp_path: Path, name: str) -> None:
    geometry = Geometry.from_components(shape_zyx=(2, 3, 4), spacing_xyz=(1.0, 1.0, 1.0))
    like = Volume(np.zeros((2, 3, 4), dtype=np.int16), geometry)
    values = np.zeros((2, 3, 4), dtype=np.uint16)
    values[0, 0, 0], values[1, 1, 1] = 3, 300
    write_labels(tmp_path / name, values, like, label_names={3: "liver", 300: "Müller's cell"})
    assert read_label_names(tmp_path / name) == {3: "liver", 300: "Müller's cell"}


def test_that_without_a_file_beside_there_are_no_names(tmp_path: Path) -> None:
    assert read_label_names(tmp_path / "mask.nii.gz") == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no JSON", {}),
        ("[1, 2]", {}),
        ('{"Labels": ["liver"]}', {}),
        ('{"RepetitionTime": 2}', {}),
        ("[" * 100_000, {}),
        (
            '{"Labels": {"0": "a", "1": " b ", "-2": "c", "x": "d", "65536": "e", "4": 5, "6": " ", "7": "\\u0007"}}',
            {1: "b"},
        ),
        ('{"Labels": {"1": "' + "a" * MAX_HEADER_BYTES + '"}}', {}),
    ],
    ids=["no JSON", "a list", "labels a list", "another's", "deep", "strange entries", "too large"],
)
def test_that_what_makes_no_sense_is_passed_over(tmp_path: Path, text: str, expected: dict[int, str]) -> None:
    (tmp_path / "mask.json").write_text(text)
    assert read_label_names(tmp_path / "mask.nii.gz") == expected


def test_that_bytes_that_are_no_text_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "mask.json").write_bytes(b"\xff\xfe{")
    assert read_label_names(tmp_path / "mask.nrrd") == {}
