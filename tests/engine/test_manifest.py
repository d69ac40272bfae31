from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import paths
from app.engine import package_source
from app.engine.errors import ModelError
from app.engine.intensity import IntensityMapping
from app.engine.manifest import ModelManifest, broken_packages, find_package, import_package, list_packages
from tests.engine.tiny_package import read_manifest, rewrite_manifest

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the one with the packages that come with the application."""
    folder = tmp_path / "bundled"
    folder.mkdir()
    monkeypatch.setattr(paths, "models_dir", lambda: folder)
    return folder


def _zip(folder: Path, target: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.iterdir():
            archive.write(file, prefix + file.name)
    return target


def test_that_a_manifest_says_what_its_json_says(maps_package: Path) -> None:
    manifest = ModelManifest.load(maps_package)
    assert (manifest.name, manifest.precision, manifest.size, manifest.prompt_size) == ("tiny-maps", "f32", 64, 32)
    assert manifest.encoder.xml == "encoder.xml"
    assert manifest.encoder.outputs == {"embedding": (1, 2, 32, 32), "detail": (1, 1, 64, 64)}
    assert manifest.decoder.inputs["prompts"] == (-1, 7, 32, 32)
    assert (manifest.view_policy, manifest.view_ratio) == ("focus", 1.5)
    assert (manifest.mask_threshold, manifest.present_threshold, manifest.doubtful_threshold) == (0.0, 0.5, 0.75)
    assert manifest.takes_points
    assert manifest.verify() is manifest


def test_that_a_modality_may_have_an_intensity_mapping_of_its_own(package_copy: Path) -> None:
    fields = read_manifest(package_copy)
    fields["intensity"]["PET"] = {"kind": "minmax"}
    rewrite_manifest(package_copy, fields)
    manifest = ModelManifest.load(package_copy)
    assert manifest.intensity_for("PET").kind == "minmax"
    assert manifest.intensity_for("CT") == IntensityMapping("percentile", 0.0, 100.0)


def test_that_points_are_taken_only_where_the_decoder_has_them(tokens_package: Path, tmp_path: Path) -> None:
    assert ModelManifest.load(tokens_package).takes_points
    copy = Path(shutil.copytree(tokens_package, tmp_path / "copy"))
    fields = read_manifest(copy)
    del fields["decoder"]["inputs"]["points"], fields["decoder"]["inputs"]["point_labels"]
    rewrite_manifest(copy, fields)
    assert not ModelManifest.load(copy).takes_points


BROKEN: dict[str, tuple[Change, str]] = {
    "unknown field": (lambda m: m.update(speed=3), "'speed' is unknown"),
    "unknown inner field": (lambda m: m["view"].update(zoom=3), "'view.zoom' is unknown"),
    "missing field": (lambda m: m.pop("licence"), "'licence' is missing"),
    "no default intensity": (lambda m: m["intensity"].pop("default"), "'intensity.default' is missing"),
    "newer format": (lambda m: m.update(format=2, anything=1), "newer version"),
    "format as a truth": (lambda m: m.update(format=True), "'format' is no whole number"),
    "name with a separator": (lambda m: m.update(name="../tiny"), "'name'"),
    "file in another folder": (
        lambda m: m["encoder"].update(files={"../e.xml": "0" * 64, "../e.bin": "0" * 64}),
        "own folder",
    ),
    "file without weights": (lambda m: m["encoder"]["files"].pop("encoder.bin"), "NAME.bin"),
    "hash that is none": (lambda m: m["encoder"]["files"].update({"encoder.bin": "12"}), "'encoder.files.encoder.bin'"),
    "unknown precision": (lambda m: m.update(precision="int4"), "'precision' is none of int8, f32, bf16, f16"),
    "unknown channel": (lambda m: m["prompts"].update(channels=["box", "scribble"]), "'prompts.channels'"),
    "channels that the decoder lacks": (lambda m: m["prompts"].update(channels=["box"]), "'prompts' does not fit"),
    "percentiles crossed": (lambda m: m["intensity"].update(CT={"kind": "percentile", "low": 9, "high": 1}), "high"),
    "too few expected values": (lambda m: m["self_test"].update(expected=[0.5] * 63), "'self_test.expected'"),
    "threshold beyond one": (lambda m: m["thresholds"].update(present=2), "'thresholds.present'"),
    "calibration that turns scores round": (
        lambda m: m.update(calibration={"slope": -1, "offset": 1}),
        "'calibration.slope'",
    ),
    "calibration without a line": (lambda m: m.update(calibration={"slope": 1}), "'calibration.offset' is missing"),
    "output that the decoder does not take": (
        lambda m: m["encoder"]["outputs"].update(more=[1, 2]),
        "same fixed shape",
    ),
    "image of another size": (lambda m: m["input"].update(size=128), "'image'"),
    "scores of another kind": (lambda m: m["decoder"]["outputs"].update(scores=[-1, 1]), "'scores'"),
    "logits that are not square": (lambda m: m["decoder"]["outputs"].update(logits=[-1, 1, 64, 32]), "'logits'"),
    "training that is no object": (lambda m: m.update(training=[]), "'training' is no JSON object"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_that_a_manifest_which_is_not_understood_is_refused_with_its_field(package_copy: Path, name: str) -> None:
    change, reason = BROKEN[name]
    fields = read_manifest(package_copy)
    change(fields)
    rewrite_manifest(package_copy, fields)
    with pytest.raises(ModelError) as caught:
        ModelManifest.load(package_copy)
    assert reason in str(caught.value)
    assert str(package_copy) in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b'{"format": 1, "format": 1}',
        b'{"format": NaN}',
        b"[" * 100_000,
        b" " * (1 << 20) + b"{}",
    ],
    ids=["empty", "list", "open", "no text", "twice", "NaN", "deep", "long"],
)
def test_that_a_manifest_that_is_no_json_object_is_refused(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(text)
    with pytest.raises(ModelError, match="is not understood"):
        ModelManifest.load(tmp_path)


def test_that_a_changed_file_is_found_by_its_hash(package_copy: Path) -> None:
    weights = package_copy / "decoder.bin"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(bytes(content))
    manifest = ModelManifest.load(package_copy)
    with pytest.raises(ModelError, match=r"decoder\.bin is damaged"):
        manifest.verify()
    weights.unlink()
    with pytest.raises(ModelError, match=r"decoder\.bin cannot be read"):
        manifest.verify()


def test_that_a_package_is_found_by_name_and_by_path(bundled: Path, package_copy: Path) -> None:
    assert find_package(package_copy).folder == package_copy
    shutil.copytree(package_copy, bundled / "tiny-maps")
    assert find_package("tiny-maps").folder == bundled / "tiny-maps"
    with pytest.raises(ModelError, match=r"no model package 'tiny' \(installed: tiny-maps\)"):
        find_package("tiny")


def test_that_bundled_packages_come_first_and_a_broken_one_hides_none(bundled: Path, package_copy: Path) -> None:
    assert list_packages() == []
    import_package(package_copy)
    shutil.copytree(package_copy, bundled / "zz")
    (bundled / "broken").mkdir()
    (bundled / "broken" / "manifest.json").write_text("{}")
    assert [package.folder.name for package in list_packages()] == ["zz", "tiny-maps"]
    assert [(folder.name, "'format' is missing" in reason) for folder, reason in broken_packages()] == [
        ("broken", True)
    ]


@pytest.mark.parametrize("form", ["folder", "zip", "zip with a folder"])
def test_that_an_imported_package_is_whole_and_holds_nothing_else(
    bundled: Path, package_copy: Path, tmp_path: Path, form: str
) -> None:
    (package_copy / "CARD.md").write_text("# Card")
    (package_copy / "notes.txt").write_text("not listed")
    source = package_copy
    if form != "folder":
        source = _zip(package_copy, tmp_path / "model.zip", "tiny/" if form == "zip with a folder" else "")
    manifest = import_package(source).verify()
    assert manifest.folder == paths.user_data_dir() / "models" / "tiny-maps"
    assert {file.name for file in manifest.folder.iterdir()} == {
        "CARD.md", "decoder.bin", "decoder.xml", "encoder.bin", "encoder.xml", "manifest.json",
    }  # fmt: skip
    assert find_package("tiny-maps").digest == ModelManifest.load(package_copy).digest


def test_that_an_import_never_overwrites(bundled: Path, package_copy: Path) -> None:
    import_package(package_copy)
    with pytest.raises(ModelError, match="tiny-maps is installed already"):
        import_package(package_copy)
    shutil.move(paths.user_data_dir() / "models" / "tiny-maps", bundled)
    with pytest.raises(ModelError, match="tiny-maps is installed already"):
        import_package(package_copy)


def _is_clean() -> bool:
    return list((paths.user_data_dir() / "models").iterdir()) == []


@pytest.mark.parametrize("name", ["../manifest.json", "/absolute", "a/../../x", "c:\\x", "a\\..\\x"])
def test_that_a_zip_file_with_an_unsafe_name_is_refused(package_copy: Path, tmp_path: Path, name: str) -> None:
    path = _zip(package_copy, tmp_path / "model.zip")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, "x")
    with pytest.raises(ModelError, match="unsafe file name"):
        import_package(path)
    assert _is_clean()
    assert not (paths.user_data_dir() / "manifest.json").exists()


def test_that_a_damaged_or_incomplete_package_is_not_installed(package_copy: Path, tmp_path: Path) -> None:
    (package_copy / "encoder.bin").write_bytes(b"something else")
    for package in (package_copy, _zip(package_copy, tmp_path / "model.zip")):
        with pytest.raises(ModelError, match=r"encoder\.bin is damaged") as told:
            import_package(package)
        assert str(package / "encoder.bin") in str(told.value)  # not the copy, which is gone again
    (package_copy / "encoder.bin").unlink()
    with pytest.raises(ModelError, match=r"lacks its file encoder\.bin"):
        import_package(package_copy)
    assert _is_clean()


def test_that_a_file_larger_than_allowed_is_not_unpacked(
    package_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_source, "LARGEST_FILE", 100)
    with pytest.raises(ModelError, match="larger than 100 bytes"):
        import_package(_zip(package_copy, tmp_path / "model.zip"))
    assert _is_clean()


@pytest.mark.parametrize("content", [b"no archive at all", b"PK\x03\x04 cut short"])
def test_that_what_is_no_package_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.zip"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="cannot be unpacked"):
        import_package(path)
    with pytest.raises(ModelError, match="neither a folder nor a file"):
        import_package(tmp_path / "absent")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", json.dumps({}))
    with pytest.raises(ModelError, match=r"no manifest\.json"):
        import_package(path)


def test_that_a_folder_without_a_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=f"{re.escape(str(tmp_path))} holds no manifest.json"):
        import_package(tmp_path)
