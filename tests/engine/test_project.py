"""What is saved is what is opened, on the right image, and a file from anybody does no harm."""

from __future__ import annotations

import io
import json
import os
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.engine.errors import ReadError, WriteError
from app.engine.export import staging
from app.engine.labelmap import Label
from app.engine.project import load_project, open_project, save_project
from app.engine.project_file import VERSION, migrated
from app.engine.prompt import Box3D
from app.engine.strict_json import FieldError
from app.engine.study import LabelChange, Study
from tests.engine.studies import LIVER, SPLEEN, begin, open_image, paint, state, without_edits, write_image


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Path, Study]:
    study = begin(tmp_path / "images" / "ct.nii")
    path = tmp_path / "work" / "case.swiftmed"
    save_project(path, study, overwrite=False, view={"slice": [0, 1], "zoom": 1.5})
    return path, study


def rewritten(path: Path, change: Callable[[dict[str, Any]], object], labels: bytes | None = None) -> Path:
    """The project with another project.json, and other labels where they are given."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    document = json.loads(members["project.json"])
    change(document)
    members["project.json"] = json.dumps(document).encode()
    if labels is not None:
        members["labels.npy"] = labels
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def test_that_an_opened_project_is_what_was_saved(saved: tuple[Path, Study]) -> None:
    path, study = saved
    opened, view = open_project(path)
    assert state(opened) == without_edits(state(study))
    assert view == {"slice": [0, 1], "zoom": 1.5}
    assert opened.source == study.source
    assert opened.provenance() == study.provenance()
    np.testing.assert_array_equal(opened.volume.voxels, study.volume.voxels)


def test_that_the_labels_of_a_project_can_be_read_by_numpy_alone(saved: tuple[Path, Study]) -> None:
    path, study = saved
    with zipfile.ZipFile(path) as archive, archive.open("labels.npy") as member:
        values = np.load(io.BytesIO(member.read()))
        x0, y0, z0, x1, y1, z1 = json.loads(archive.read("project.json"))["region"]
    np.testing.assert_array_equal(values, study.labels.voxels[z0 : z1 + 1, y0 : y1 + 1, x0 : x1 + 1])
    assert np.count_nonzero(values) == np.count_nonzero(study.labels.voxels)


def test_that_a_study_without_labels_can_be_saved_and_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "empty.swiftmed"
    save_project(path, open_image(write_image(tmp_path / "a.nii")), overwrite=False)
    opened, view = open_project(path)
    assert (opened.labels.labels, opened.history, dict(view)) == ((), (), {})
    opened.change_labels("Add", [LabelChange(None, LIVER)])
    paint(opened, 1, Box3D(4, 3, 2, 5, 4, 3))
    save_project(path, opened, overwrite=True)
    assert state(open_project(path)[0]) == without_edits(state(opened))


def test_that_names_of_any_letters_come_back(tmp_path: Path) -> None:
    study = open_image(write_image(tmp_path / "a.nii"))
    for value, name in enumerate(("Läsion\n2", "肝", "x" * 5000, "\ud800", '"'), start=1):
        study.change_labels(name, [LabelChange(None, Label(value, name, (0, 0, 0), locked=True))], {"name": name})
    save_project(tmp_path / "a.swiftmed", study, overwrite=False)
    assert state(open_project(tmp_path / "a.swiftmed")[0]) == state(study)


def test_that_a_project_is_not_overwritten_unasked_and_another_file_never(saved: tuple[Path, Study]) -> None:
    path, study = saved
    before = path.read_bytes()
    with pytest.raises(WriteError, match="it exists already"):
        save_project(path, study, overwrite=False)
    assert path.read_bytes() == before
    save_project(path, study, overwrite=True)
    for content in (b"the user's own", rewritten(path, lambda d: d.update(version=2)).read_bytes()):
        path.write_bytes(content)
        with pytest.raises(WriteError, match="not replaced"):
            save_project(path, study, overwrite=True)
        assert path.read_bytes() == content


@pytest.mark.parametrize("name", ["case.zip", "case", ".swiftmed"])
def test_that_a_project_bears_its_extension(tmp_path: Path, name: str) -> None:
    with pytest.raises(WriteError, match=r"ends with \.swiftmed"):
        save_project(tmp_path / name, open_image(write_image(tmp_path / "a.nii")), overwrite=False)


def test_that_what_a_cut_off_save_left_goes_a_day_later(
    saved: tuple[Path, Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, study = saved
    left, mine = path.with_name(".unfinished-0123.swiftmed"), path.with_name(".hidden.swiftmed")
    for each in (left, mine):
        each.write_bytes(b"half")
    save_project(path, study, overwrite=True)
    assert left.exists()  # another window may be writing it
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 25 * 3600)
    save_project(path, study, overwrite=True)
    assert not left.exists()
    assert mine.exists()
    assert load_project(path).labels == study.labels.labels


def test_that_a_failed_save_leaves_what_was_there(saved: tuple[Path, Study], monkeypatch: pytest.MonkeyPatch) -> None:
    path, study = saved
    before = path.read_bytes()
    paint(study, 1, Box3D(0, 0, 2, 5, 4, 3))

    def spoil(aside: Path) -> None:
        content = bytearray(aside.read_bytes())
        content[len(content) // 3] ^= 0x10
        aside.write_bytes(content)

    monkeypatch.setattr(staging, "_flush", spoil)
    with pytest.raises(WriteError, match="read back"):
        save_project(path, study, overwrite=True)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_that_a_save_that_became_another_project_is_noticed(
    saved: tuple[Path, Study], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, study = saved
    before = path.read_bytes()
    paint(study, 1, Box3D(0, 0, 2, 5, 4, 3))
    monkeypatch.setattr(staging, "_flush", lambda aside: aside.write_bytes(before))
    with pytest.raises(WriteError, match="read back, it differs"):
        save_project(path, study, overwrite=True)
    assert path.read_bytes() == before


def test_that_a_project_that_moves_with_its_image_finds_it(saved: tuple[Path, Study], tmp_path: Path) -> None:
    path, study = saved
    there = tmp_path / "elsewhere"
    shutil.move(tmp_path / "images", there / "images")
    shutil.move(tmp_path / "work", there / "work")
    opened, _ = open_project(there / "work" / path.name)
    assert opened.source.path == str(there / "images" / "ct.nii")
    assert state(opened) == without_edits(state(study))


def test_that_a_project_that_moves_alone_finds_its_image(saved: tuple[Path, Study], tmp_path: Path) -> None:
    path, study = saved
    moved = tmp_path / "far" / "away" / path.name
    moved.parent.mkdir(parents=True)
    path.rename(moved)
    assert open_project(moved)[0].source == study.source


def test_that_an_image_that_fits_is_taken_before_a_nearer_one_that_does_not(
    saved: tuple[Path, Study], tmp_path: Path
) -> None:
    path, study = saved
    moved = tmp_path / "copy" / "work" / path.name
    moved.parent.mkdir(parents=True)
    path.rename(moved)
    write_image(tmp_path / "copy" / "images" / "ct.nii", voxel=9)
    assert open_project(moved)[0].source == study.source


def test_that_a_missing_image_is_named(saved: tuple[Path, Study], tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "images")
    with pytest.raises(ReadError, match=r"case\.swiftmed: its image is no longer at .*ct\.nii"):
        open_project(saved[0])


def test_that_a_damaged_image_is_named(saved: tuple[Path, Study], tmp_path: Path) -> None:
    (tmp_path / "images" / "ct.nii").write_bytes(b"")
    with pytest.raises(ReadError, match=r"case\.swiftmed: its image cannot be read again"):
        open_project(saved[0])


@pytest.mark.parametrize(
    ("change", "reason"), [({"voxel": 7}, "has other voxels"), ({"spacing": 2.5}, "another spacing")], ids=str
)
def test_that_another_image_in_its_place_is_refused(
    saved: tuple[Path, Study], tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    write_image(tmp_path / "images" / "ct.nii", **change)
    with pytest.raises(ReadError, match=reason):
        open_project(saved[0])


def test_that_a_newer_version_is_refused_kindly(saved: tuple[Path, Study]) -> None:
    path = rewritten(saved[0], lambda document: document.update(version=VERSION + 1, unheard="of"))
    with pytest.raises(ReadError, match="newer version of this program .* update the program"):
        load_project(path)


def test_that_an_older_document_is_migrated_step_by_step() -> None:
    steps = {
        7: lambda document: {"b": document["a"] + 1, "version": 7},
        8: lambda document: {"c": document["b"] * 2},
    }
    assert migrated({"a": 1, "version": 7}, 7, steps, newest=9) == {"c": 4, "version": 9}
    with pytest.raises(FieldError, match="project version 6"):
        migrated({"a": 1, "version": 6}, 6, steps, newest=9)


def test_that_there_is_no_version_before_the_first(saved: tuple[Path, Study]) -> None:
    with pytest.raises(ReadError, match="project version 0"):
        load_project(rewritten(saved[0], lambda document: document.update(version=0)))


def npy(values: np.ndarray[Any, Any], **header: str) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    content = file.getvalue()
    for old, new in header.items():
        content = content.replace(old.encode(), new.encode())
    return content


def _first_label(document: dict[str, Any], **fields: Any) -> None:
    document["labels"][0].update(fields)


_WRONG: dict[str, Callable[[dict[str, Any]], object]] = {
    "format": lambda d: d.update(format="another"),
    "version-type": lambda d: d.update(version="1"),
    "unknown-field": lambda d: d.update(more=1),
    "missing-field": lambda d: d.pop("history"),
    "source-type": lambda d: d.update(source="a.nii"),
    "source-nul": lambda d: d["source"].update(path="a\0b"),
    "shape-zero": lambda d: d["image"].update(shape_zyx=[0, 4, 5]),
    "shape-huge": lambda d: d["image"].update(shape_zyx=[2**31 - 1] * 3),
    "shape-flat": lambda d: d["image"].update(shape_zyx=[4, 5]),
    "affine-singular": lambda d: d["image"].update(affine=[0.0] * 16),
    "affine-text": lambda d: d["image"].update(affine=["1"] * 16),
    "frame": lambda d: d["image"].update(frame="mars"),
    "digest": lambda d: d["image"].update(sha256="0"),
    "label-value": lambda d: _first_label(d, value=0),
    "label-bool": lambda d: _first_label(d, value=True),
    "label-twice": lambda d: _first_label(d, value=2),
    "label-blank": lambda d: _first_label(d, name="  "),
    "label-colour": lambda d: _first_label(d, colour=[1, 2]),
    "label-locked": lambda d: _first_label(d, locked=0),
    "label-missing": lambda d: d["labels"].pop(),
    "labels-type": lambda d: d.update(labels={"1": "liver"}),
    "region-outside": lambda d: d.update(region=[0, 0, 0, 4, 3, 3]),
    "region-empty": lambda d: d.update(region=[3, 0, 0, 0, 3, 1]),
    "region-smaller": lambda d: d.update(region=[0, 0, 0, 3, 3, 1]),
    "region-flat": lambda d: d.update(region=[0, 0, 4, 3]),
    "region-gone": lambda d: d.pop("region"),
    "history-type": lambda d: d["history"].append("Paint"),
    "history-labels": lambda d: d["history"][0].update(labels=["1"]),
    "history-change": lambda d: d["history"][0].update(changes=[{}]),
    "history-change-type": lambda d: d["history"][0].update(changes=[{"during": 1}]),
    "history-edit": lambda d: d["history"][0].update(edits=[{"region": [0, 0, 0, 1, 1, 1]}]),
    "history-conflicts": lambda d: d["history"][0].update(edits=[{"conflicts": {"liver": 1}}]),
    "history-record": lambda d: d["history"][0].update(record=[1]),
    "view-type": lambda d: d.update(view=None),
}


@pytest.mark.parametrize("change", _WRONG.values(), ids=_WRONG.keys())
def test_that_what_is_wrong_in_a_project_is_refused_in_one_sentence(
    saved: tuple[Path, Study], change: Callable[[dict[str, Any]], object]
) -> None:
    with pytest.raises(ReadError, match=r"^cannot read .*case\.swiftmed: [^\n]+$"):
        load_project(rewritten(saved[0], change))


_SHAPE = (2, 4, 5)
_WRONG_LABELS = {
    "pickle": npy(np.array([object()], dtype=object)),
    "float": npy(np.zeros(_SHAPE)),
    "other-shape": npy(np.zeros((4, 2, 5), np.uint16)),
    "fortran": npy(np.asfortranarray(np.zeros(_SHAPE, np.uint16))),
    "short": npy(np.zeros(_SHAPE, np.uint16))[:-1],
    "long": npy(np.zeros(_SHAPE, np.uint16)) + b"\0",
    "not-named": npy(np.full(_SHAPE, 3, np.uint16)),
    "huge": npy(np.zeros(_SHAPE, np.uint16), **{"(2, 4, 5)": "(9999999, 4, 5)"}),
    "no-array": b"labels",
    "empty": b"",
}


@pytest.mark.parametrize("labels", _WRONG_LABELS.values(), ids=_WRONG_LABELS.keys())
def test_that_labels_that_do_not_fill_their_region_are_refused(saved: tuple[Path, Study], labels: bytes) -> None:
    with pytest.raises(ReadError, match=r"^cannot read .*case\.swiftmed: [^\n]+$"):
        load_project(rewritten(saved[0], lambda _: None, labels))


@pytest.mark.parametrize(
    "names",
    [["project.json"] * 2, ["project.json", "../../evil"], ["project.json", "/etc/passwd"], ["labels.npy"], []],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_that_an_archive_of_other_members_is_refused_and_nothing_unpacked(tmp_path: Path, names: list[str]) -> None:
    path = tmp_path / "folder" / "a.swiftmed"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
    with pytest.raises(ReadError, match="no project"):
        load_project(path)
    assert [each.name for each in tmp_path.rglob("*")] == ["folder", "a.swiftmed"]


def test_that_a_zip_bomb_is_refused_before_it_is_unpacked(saved: tuple[Path, Study]) -> None:
    path, _ = saved
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("project.json", b" " * (65 * 2**20))
    assert path.stat().st_size < 100_000
    with pytest.raises(ReadError, match="longer than"):
        load_project(path)


def test_that_a_region_as_large_as_the_volume_takes_no_memory_without_labels(saved: tuple[Path, Study]) -> None:
    def enlarge(document: dict[str, Any]) -> None:
        document["image"]["shape_zyx"] = [1000, 2000, 2000]
        document["region"] = [0, 0, 0, 1999, 1999, 999]

    labels = npy(np.zeros(_SHAPE, np.uint16), **{"(2, 4, 5)": "(1000, 2000, 2000)"})
    with pytest.raises(ReadError, match="not of the size"):
        load_project(rewritten(saved[0], enlarge, labels))


@pytest.mark.parametrize(
    "edit",
    [
        {"changed": "AAAA"},
        {"before": "eNpjYAAAAAIAAQ=="},
        {"after": "!"},
        {"region": [0, 0, 0, 4, 3, 2]},
        {"conflicts": {"0": 1}},
        {"conflicts": {"1": True}},
    ],
    ids=str,
)
def test_that_an_edit_that_is_not_whole_is_refused(saved: tuple[Path, Study], edit: dict[str, Any]) -> None:
    from app.engine.study_json import act_from_json, act_to_json

    told = act_to_json(saved[1].history[1])
    assert act_from_json(told, "act", (3, 4, 5)) == saved[1].history[1]
    told["edits"][0].update(edit)
    with pytest.raises(ValueError, match="."):
        act_from_json(told, "act", (3, 4, 5))


def test_that_no_cut_or_flipped_byte_of_a_project_passes_for_another_study(saved: tuple[Path, Study]) -> None:
    path, study = saved
    content = path.read_bytes()
    meant = without_edits(state(study))
    for position in range(len(content)):
        for spoilt in (
            content[:position],
            content[:position] + bytes([content[position] ^ (1 << position % 8)]) + content[position + 1 :],
            content[:position] + bytes([255 - content[position]]) + content[position + 1 :],
        ):
            path.write_bytes(spoilt)
            try:
                project = load_project(path)
            except ReadError as error:
                assert str(error).startswith(f"cannot read {path}: ")  # noqa: PT017 - either is right
            else:  # dates, attributes and such of the archive: nothing of ours
                found = project.label_map()
                assert (found.voxels.tobytes(), found.labels, project.history) == meant


def test_that_a_closed_or_missing_project_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"a\.swiftmed: No such file"):
        load_project(tmp_path / "a.swiftmed")
    with pytest.raises(ReadError, match=r"b\.swiftmed: "):
        load_project(Path(os.fspath(tmp_path / ("x" * 300) / "b.swiftmed")))


def test_that_a_locked_label_and_its_conflicts_come_back(tmp_path: Path) -> None:
    study = begin(tmp_path / "a.nii")
    study.change_labels("Lock", [LabelChange(SPLEEN, Label(2, "spleen", SPLEEN.colour, locked=True, visible=False))])
    act = paint(study, 1, Box3D(0, 0, 0, 5, 4, 2))
    assert act.conflicts == {2: 8}
    save_project(tmp_path / "a.swiftmed", study, overwrite=False)
    assert state(open_project(tmp_path / "a.swiftmed")[0]) == without_edits(state(study))
