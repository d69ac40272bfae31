"""Prompt files: what is understood, and what is refused with the case and field named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.errors import PromptError
from app.engine.plane import Plane
from app.engine.prompt import Box, Box3D
from app.engine.prompt_file import ObjectPrompt, VolumePoint, case_key, read_prompt_file


def _json(folder: Path, cases: Any, **more: Any) -> Path:  # deliberately ill-typed in some tests
    path = folder / "prompts.json"
    path.write_text(json.dumps({"version": 1, "cases": cases, **more}), encoding="utf-8")
    return path


def _csv(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "prompts.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_that_a_json_file_gives_boxes_half_open_with_slice_plane_and_points(tmp_path: Path) -> None:
    path = _json(
        tmp_path,
        {
            "a/ct.nii.gz": [
                {"label": "liver", "box": [1, 2, 3, 4], "slice": 5, "plane": "coronal"},
                {"label": "spleen", "box3d": [0, 0, 0, 9, 9, 9]},
                {"label": "liver", "points": [[1, 2, 3, 1], [4, 5, 3, 0]]},
            ]
        },
    )

    liver, spleen, clicks = read_prompt_file(path)["a/ct.nii.gz"]

    assert liver == ObjectPrompt(1, "liver", Box(1, 2, 4, 5), index=5, plane=Plane.CORONAL)
    assert spleen == ObjectPrompt(2, "spleen", box3d=Box3D(0, 0, 0, 10, 10, 10))
    assert clicks == ObjectPrompt(1, "liver", points=(VolumePoint(1, 2, 3), VolumePoint(4, 5, 3, positive=False)))


def test_that_a_name_means_the_same_value_in_every_case_and_never_a_value_that_is_named(tmp_path: Path) -> None:
    box = [0, 0, 1, 1]
    cases = {
        "a": [{"label": "liver", "box": box}, {"label": 1, "box": box}],
        "b": [{"label": "spleen", "box": box}, {"label": "liver", "box": box}, {"label": "3", "box": box}],
    }

    found = read_prompt_file(_json(tmp_path, cases))

    assert [(p.label, p.value) for p in found["a"]] == [("liver", 2), ("1", 1)]
    assert [(p.label, p.value) for p in found["b"]] == [("spleen", 4), ("liver", 2), ("3", 3)]


def test_that_objects_without_label_are_numbered_by_their_place_in_the_case(tmp_path: Path) -> None:
    box = {"box": [0, 0, 1, 1]}

    found = read_prompt_file(_json(tmp_path, {"a": [box, box], "b": [box]}))

    assert [p.value for p in found["a"]] == [1, 2]
    assert [p.value for p in found["b"]] == [1]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"label": "liver"}, "a box, a 3-D box or at least one positive point"),
        ({"boxx": [1, 2, 3, 4]}, "unknown field 'boxx'"),
        ({"box": [1, 2, 3]}, "'box' needs a list of 4 finite numbers"),
        ({"box": [1, 2, True, 4]}, "'box' needs a list of 4"),
        ({"box": [1, 2, 1e300, 4]}, "'box' needs a list of 4"),
        ({"box": [1, 2, float("nan"), 4]}, "'box' needs a list of 4"),
        ({"box": "1,2,3,4"}, "'box' needs a list of 4"),
        ({"box": [5, 2, 3, 4]}, "is empty"),
        ({"box3d": [1, 2, 3, 4]}, "'box3d' needs a list of 6"),
        ({"box": [1, 2, 3, 4], "box3d": [1, 2, 3, 4, 5, 6]}, "exclude each other"),
        ({"box3d": [1, 2, 3, 4, 5, 6], "slice": 2}, "belong to a 2-D box"),
        ({"box3d": [1, 2, 3, 4, 5, 6], "points": [[1, 2, 3, 1]]}, "points go with a box in one slice"),
        ({"box": [1, 2, 3, 4], "slice": -1}, "'slice' must be a whole number"),
        ({"box": [1, 2, 3, 4], "slice": 1.5}, "'slice' must be a whole number"),
        ({"box": [1, 2, 3, 4], "slice": "top"}, "'slice' must be a whole number"),
        ({"box": [1, 2, 3, 4], "plane": "oblique"}, "'oblique' is no plane"),
        ({"points": [[1, 2, 3]]}, "'points' needs a list of 4"),
        ({"points": [[1, 2, 3, 2]]}, "must be 1 (inside) or 0 (outside)"),
        ({"points": [[1, 2, 3, 0]]}, "at least one positive point"),
        ({"points": []}, "'points' needs a list"),
        ({"box": [1, 2, 3, 4], "label": 0}, "'label' must lie between 1 and 65535"),
        ({"box": [1, 2, 3, 4], "label": "99999999999999999999"}, "'label' must lie between 1 and 65535"),
        ({"box": [1, 2, 3, 4], "label": ["liver"]}, "'label' must be a name"),
        ({"box": [1, 2, 3, 4], "label": "half \ud800"}, "characters that cannot be written"),
        ({"box": [1, 2, 3, 4], "label": "two\nlines"}, "characters that cannot be written"),
        ([1, 2, 3, 4], "an object with a box"),
    ],
)
def test_that_a_wrong_entry_is_refused_with_case_and_field_named(tmp_path: Path, entry: object, words: str) -> None:
    good = {"box": [0, 0, 1, 1]}
    path = _json(tmp_path, {"ct_07.nii.gz": [good, entry]})

    with pytest.raises(PromptError) as caught:
        read_prompt_file(path)

    sentence = str(caught.value)
    assert words in sentence
    assert "case 'ct_07.nii.gz', prompt 2" in sentence
    assert str(path) in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"version": 2, "cases": {}}', "'version' must be 1, not 2"),
        ('{"version": true, "cases": {}}', "'version' must be 1"),
        ('{"cases": {}}', "'version' must be 1, not None"),
        ('{"version": 1}', "'cases' must be an object"),
        ('{"version": 1, "cases": [], "x": 1}', "unknown field 'x'"),
        ('{"version": 1, "cases": {"a": []}}', "case 'a' needs a list"),
        ('{"version": 1, "cases": {"a": 1, "a": 2}}', "'a' is given twice"),
        ('{"version": 1, "cases": ', "not valid JSON"),
        ('{"a":' * 100000, "nested too deeply"),
        ("", "neither a JSON object nor a CSV table"),
        ("what is this", "neither a JSON object nor a CSV table"),
    ],
)
def test_that_a_wrong_document_is_refused_with_a_sentence(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "prompts.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(PromptError, match="prompts.json") as caught:
        read_prompt_file(path)

    assert words in str(caught.value)


def test_that_binary_and_missing_files_are_refused_with_a_sentence(tmp_path: Path) -> None:
    binary = tmp_path / "prompts.json"
    binary.write_bytes(b"\x93NUMPY\x00\xff")

    with pytest.raises(PromptError, match="not UTF-8 text"):
        read_prompt_file(binary)
    with pytest.raises(PromptError, match="cannot be read"):
        read_prompt_file(tmp_path / "nowhere.json")


def test_that_a_csv_table_gives_one_box_per_row(tmp_path: Path) -> None:
    text = (
        "case,label,x0,y0,z0,x1,y1,z1,slice,plane\r\n"
        "ct.nii.gz,liver,1,2,3,4,5,6,,\r\n"
        "\r\n"
        "ct.nii.gz,,1,2,,4,5,,7,sagittal\r\n"
        "scan.png,liver,0,0,,1,1,,,\r\n"
    )

    found = read_prompt_file(_csv(tmp_path, text))

    first, second = found["ct.nii.gz"]
    assert first == ObjectPrompt(1, "liver", box3d=Box3D(1, 2, 3, 5, 6, 7))
    assert second == ObjectPrompt(2, "object 2", Box(1, 2, 5, 6), index=7, plane=Plane.SAGITTAL)
    assert found["scan.png"] == (ObjectPrompt(1, "liver", Box(0, 0, 2, 2)),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_that_spreadsheet_dialects_of_csv_are_understood(tmp_path: Path, delimiter: str, encoding: str) -> None:
    text = "Case, X0 ,y0,x1,y1\nÄrm/ü.png,1,2,3,4\n".replace(",", delimiter)

    assert read_prompt_file(_csv(tmp_path, text, encoding))["Ärm/ü.png"][0].box == Box(1, 2, 4, 5)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("ct.nii,1,2,,4", "'x1' must be a number, not ''"),
        ("ct.nii,1,two,3,4", "'y0' must be a number, not 'two'"),
        ("ct.nii,1,2,inf,4", "'x1' must be a number"),
        ("ct.nii,9,2,3,4", "is empty"),
        (",1,2,3,4", "'case' is empty"),
        ("ct.nii,1,2,3,4,5,6,7", "more cells than there are columns"),
    ],
)
def test_that_a_wrong_row_is_refused_with_line_and_column_named(tmp_path: Path, row: str, words: str) -> None:
    with pytest.raises(PromptError, match="line 3") as caught:
        read_prompt_file(_csv(tmp_path, f"case,x0,y0,x1,y1\nct.nii,0,0,1,1\n{row}\n"))

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("case,x0,y0,x1", "column 'y1' is missing"),
        ("case,x0,y0,x1,y1,colour", "unknown column 'colour'"),
        ("case,x0,x0,y0,x1,y1", "given twice"),
    ],
)
def test_that_a_wrong_header_is_refused_with_the_column_named(tmp_path: Path, header: str, words: str) -> None:
    with pytest.raises(PromptError, match=words):
        read_prompt_file(_csv(tmp_path, f"{header}\n"))


def test_that_case_names_are_compared_in_one_form_on_every_system() -> None:
    assert case_key(".\\sub\\A\u0308.nii") == case_key("sub/Ä.nii") == "sub/Ä.nii"
    assert case_key("./series/") == "series"
    assert case_key(".") == "."


corner = st.integers(0, 500)


@given(data=st.data())
def test_that_an_entry_written_by_as_json_is_read_back_the_same(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    x0, y0, z0, width, height, depth = (data.draw(corner) for _ in range(6))
    flat = ObjectPrompt(
        1,
        "lesion",
        Box.from_inclusive((x0, y0, x0 + width, y0 + height)),
        points=(VolumePoint(x0, y0, z0), VolumePoint(0, 0, z0, positive=False)),
        index=z0,
        plane=data.draw(st.sampled_from([None, *Plane])),
    )
    deep = ObjectPrompt(1, "lesion", box3d=Box3D.from_inclusive((x0, y0, z0, x0 + width, y0 + height, z0 + depth)))

    path = _json(tmp_path_factory.mktemp("prompts"), {"a": [flat.as_json(), deep.as_json()]})

    assert read_prompt_file(path)["a"] == (flat, deep)
