"""Choosing by content; folders; damage of every kind."""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK
from PIL import Image

from app.engine.errors import EngineError, ReadError
from app.engine.io import open as opening
from app.engine.io.limits import MAX_FOLDER_DEPTH
from app.engine.io.listing import Entry, Listing, Skipped
from app.engine.io.open import list_volumes, read_volume, survey
from app.engine.volume import Kind
from tests.engine.io.grids import ramp

nib: Any = nibabel  # Any: without types
sitk: Any = SimpleITK


def nifti(path: Path, array: Any = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image((ramp() if array is None else array).T, np.eye(4)), path)
    return path


def one_of_each(folder: Path) -> Path:
    """A file of every format that is read, none of them with a telling name."""
    folder.mkdir(parents=True, exist_ok=True)
    nifti(folder / "a.nii.gz").rename(folder / "nifti-gz")
    nifti(folder / "a.nii").rename(folder / "nifti")
    nib.save(nib.MGHImage(ramp().T, np.eye(4)), folder / "a.mgz")
    (folder / "a.mgz").rename(folder / "mgz")
    image = sitk.GetImageFromArray(ramp())
    for suffix in ("nrrd", "mha", "gipl"):
        sitk.WriteImage(image, str(folder / f"a.{suffix}"))
        (folder / f"a.{suffix}").rename(folder / suffix)
    picture = Image.fromarray(np.random.default_rng(6).integers(0, 255, (20, 30, 3)).astype(np.uint8))
    for suffix in ("png", "jpg", "tif", "bmp", "webp", "gif", "jp2"):
        picture.save(folder / f"a.{suffix}")
        (folder / f"a.{suffix}").rename(folder / suffix)
    np.savez_compressed(folder / "a.npz", imgs=np.asarray(picture))
    (folder / "a.npz").rename(folder / "npz")
    return folder


def test_that_files_are_known_by_their_content(tmp_path: Path) -> None:
    listing = list_volumes(one_of_each(tmp_path))
    assert not listing.skipped
    assert {entry.id for entry in listing.entries} == {path.name for path in tmp_path.iterdir()}
    for entry in listing.entries:
        volume = entry.load()
        assert volume.id == entry.id
        assert volume.kind is entry.kind
        assert volume.source.files == entry.files


def test_that_a_folder_is_searched_below_and_names_differ(tmp_path: Path) -> None:
    nifti(tmp_path / "one" / "a.nii")
    nifti(tmp_path / "two" / "deep" / "a.nii", ramp((2, 3, 4, 5)))
    listing = list_volumes(tmp_path)
    assert [entry.id for entry in listing.entries] == ["one/a.nii", "two/deep/a.nii:t0", "two/deep/a.nii:t1"]
    assert read_volume(tmp_path, "two/deep/a.nii:t1").voxels.min() == 60
    with pytest.raises(ReadError, match=r"3 images; choose one of: one/a\.nii"):
        read_volume(tmp_path)
    with pytest.raises(ReadError, match="no image 'three'"):
        read_volume(tmp_path, "three")


def test_that_one_broken_file_hides_nothing(tmp_path: Path) -> None:
    good = nifti(tmp_path / "good.nii")
    (tmp_path / "broken.nii").write_bytes(good.read_bytes()[:400])
    (tmp_path / "words.dat").write_text("nothing to see")
    (tmp_path / "empty.nii").touch()
    listing = list_volumes(tmp_path)
    assert [entry.id for entry in listing.entries] == ["good.nii"]
    assert sorted(Path(skip.file).name for skip in listing.skipped) == ["broken.nii", "empty.nii", "words.dat"]
    assert all(skip.file in skip.reason for skip in listing.skipped)
    assert listing.beside_the_only_one() == ()  # an image in one file lacks nothing


def test_that_what_is_passed_over_is_a_finding_of_the_only_series(tmp_path: Path) -> None:
    def entry(name: str) -> Entry:
        return Entry(name, Kind.VOLUME, "CT", "", (f"{name}1.dcm", f"{name}2.dcm"), lambda: pytest.fail("not read"))

    skipped = tuple(Skipped(f"{n}.dcm", f"cannot read {n}.dcm: it is cut short") for n in range(500))
    found = Listing((entry("a"),), skipped).beside_the_only_one()
    assert 1 < len(found) < 50
    assert (found[0].code, found[0].message) == ("passed-over", skipped[0].reason)
    assert Listing((entry("a"), entry("b")), skipped).beside_the_only_one() == ()


def test_that_hidden_files_and_sidecars_are_passed_over_quietly(tmp_path: Path) -> None:
    nifti(tmp_path / "a.nii")
    nifti(tmp_path / ".hidden.nii")
    nifti(tmp_path / "__MACOSX" / "b.nii")
    for name in ("Thumbs.db", "desktop.ini", ".DS_Store", "a.json", "a.bval", "README.md", "list.csv"):
        (tmp_path / name).write_text("x")
    listing = list_volumes(tmp_path)
    assert [entry.id for entry in listing.entries] == ["a.nii"]
    assert not listing.skipped


def test_that_links_in_a_circle_and_special_files_end(tmp_path: Path) -> None:
    nifti(tmp_path / "a.nii")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ReadError, match="neither a file nor a folder"):
            list_volumes(tmp_path / "pipe")
    listing = list_volumes(tmp_path)
    assert [entry.id for entry in listing.entries] == ["a.nii"]


def test_that_a_folder_of_too_many_files_is_cut_off_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        nifti(tmp_path / f"{number}.nii")
    monkeypatch.setattr(opening, "MAX_FOLDER_FILES", 2)
    listing = list_volumes(tmp_path)
    assert len(listing.entries) == 2
    assert "more than 2 files" in listing.skipped[0].reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello", "no image of a kind that is read"),
        (b"CDF\x01" + bytes(50), "MINC"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04" + bytes(50), "zip archive"),
        (b"\x93NUMPY" + bytes(50), "bare NumPy"),
        (b"\x1f\x8b" + bytes(50), "gzip file whose content is damaged"),
    ],
)
def test_that_what_is_not_read_is_named(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ReadError, match=reason) as caught:
        list_volumes(tmp_path / "file")
    assert str(tmp_path / "file") in str(caught.value)


def test_that_nothing_at_all_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no such file"):
        list_volumes(tmp_path / "missing")
    with pytest.raises(ReadError, match="holds no image"):
        list_volumes(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).write_text("x")
    with pytest.raises(ReadError, match="the first of 2 reasons is"):
        list_volumes(tmp_path)


def test_that_unreadable_files_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path, count: int = 0) -> tuple[bytes, bytes]:
        raise PermissionError(13, "Permission denied")

    nifti(tmp_path / "a.nii")
    monkeypatch.setattr(opening, "read_head", denied)
    with pytest.raises(ReadError, match=r"it cannot be opened \(Permission denied\)"):
        list_volumes(tmp_path / "a.nii")


def mutations(data: bytes, number: int, seed: int) -> Iterator[bytes]:
    """Cut, flipped, overwritten, shortened and lengthened copies."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    head = min(len(data), 600)
    for index in range(number):
        copy = bytearray(data)
        at = chance.randrange(len(data))
        early = chance.randrange(head)
        kind = index % 5
        if kind == 0:
            del copy[at:]
        elif kind == 1:
            copy[at] ^= 1 << chance.randrange(8)
        elif kind == 2:
            copy[early : early + 4] = bytes([chance.choice([0, 127, 255])] * len(copy[early : early + 4]))
        elif kind == 3:
            del copy[early : early + chance.choice([1, 7, 300])]
        else:
            copy[at:at] = bytes(chance.choice([1, 8, 500]))
        yield bytes(copy)


def assert_opens_or_refuses(path: Path) -> None:
    refusal = ""
    try:
        for entry in list_volumes(path).entries[:3]:
            assert np.isfinite(entry.load().voxels).all()
    except EngineError as error:
        refusal = str(error)
    assert "\n" not in refusal
    assert not refusal or str(path.parent) in refusal
    assert len(refusal) < 600


def test_that_mutated_files_open_or_are_refused_in_one_quiet_sentence(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = one_of_each(tmp_path / "sound")
    (tmp_path / "bad").mkdir()
    for seed, path in enumerate(sorted(folder.iterdir())):
        for data in mutations(path.read_bytes(), 20, seed):
            target = tmp_path / "bad" / path.name
            target.write_bytes(data)
            assert_opens_or_refuses(target)
    assert capfd.readouterr().err == ""


def test_that_mutated_real_files_open_or_are_refused(
    shared_data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    corpus = shared_data / "conformance"
    names = [
        "niivue/tests/images/nifti_space/RAS.nii.gz",
        "niivue/demos/images/mha.mha",
        "niivue/tests/images/ct_perfusion.nii.gz",
        "nibabel/nibabel/tests/data/anatomical.nii",
        "nibabel/nibabel/tests/data/example_nifti2.nii.gz",
        "nibabel/nibabel/tests/data/functional.nii",
        "nibabel/nibabel/tests/data/test.mgz",
        "pynrrd/BallBinary30x30x30_gz.nrrd",
        "pynrrd/BallBinary30x30x30_bz2.nrrd",
        "pynrrd/BallBinary30x30x30.nrrd",
        "pynrrd/test2d_ascii.nrrd",
        "pynrrd/test_simple4d_raw.nrrd",
    ]
    for seed, name in enumerate(names):
        sound = tmp_path / Path(name).name
        shutil.copy(corpus / name, sound)
        for data in mutations(sound.read_bytes(), 15, seed):
            sound.write_bytes(data)
            assert_opens_or_refuses(sound)
    assert capfd.readouterr().err == ""


def test_that_a_folder_that_cannot_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    Image.fromarray(np.zeros((4, 5), dtype=np.uint8)).save(tmp_path / "a.png")
    scandir = os.scandir

    def guarded(path: str) -> Any:  # Any: what the real one returns
        if Path(path) == closed:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)

    listing = survey(tmp_path)

    assert [entry.id for entry in listing.entries] == ["a.png"]
    assert [skip.file for skip in listing.skipped] == [str(closed)]
    assert "cannot be opened (Permission denied)" in listing.skipped[0].reason


def test_that_folders_too_deep_to_be_searched_are_named(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*("d" * (MAX_FOLDER_DEPTH + 1)))
    deep.mkdir(parents=True)

    listing = survey(tmp_path)

    assert [skip.file for skip in listing.skipped] == [str(deep.parent)]
