"""`segment`, from the file of a scanner or camera to a mask that lies where the object is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from app.cli import main
from app.engine.geometry import Geometry
from app.engine.phantom import Phantom
from app.engine.prompt import Box, Box3D
from tests.e2e.conftest import Run, inclusive, overlap, write_nifti

_ORGAN = "vertebra"


def _oblique() -> NDArray[np.float64]:
    """A RAS affine, turned about two axes, of voxels of 5 x 5 x 10 mm."""
    a, b = np.radians(25.0), np.radians(-10.0)
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    affine = np.eye(4)
    affine[:3, :3] = about_x @ about_z @ np.diag([-5.0, 5.0, 10.0])
    affine[:3, 3] = (70.0, -120.0, 33.0)
    return affine


def _box3d(phantom: Phantom) -> Box3D:
    box = Box3D.of_mask(phantom.mask(_ORGAN))
    assert box is not None
    return box


def _nifti(path: Path) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Voxels (z, y, x) and RAS affine, read with nibabel."""
    image: Any = nib.load(path)
    return np.asarray(image.dataobj).transpose(2, 1, 0), np.asarray(image.affine)


def _pixels(path: Path | str) -> NDArray[Any]:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_that_a_nifti_volume_gives_a_mask_of_the_same_geometry(
    run_app: Run, model: Path, phantom: Phantom, tmp_path: Path
) -> None:
    source = write_nifti(tmp_path / "Prüfung 1.nii.gz", phantom.volume.voxels, _oblique())

    done = run_app(
        "segment", source, "-o", tmp_path / "out", "--box3d", inclusive(_box3d(phantom)), "--model", model, "--json"
    ).json

    mask = tmp_path / "out" / "Prüfung 1_mask.nii.gz"
    found, affine = _nifti(mask)
    assert done["mask"] == str(mask)
    assert found.shape == phantom.volume.shape_zyx
    assert np.allclose(affine, _oblique(), atol=1e-4)
    assert overlap(found == 1, phantom.mask(_ORGAN)) > 0.65  # the stand-in for a model is a threshold
    (label,) = done["labels"]
    assert label["voxels"] == np.count_nonzero(found)
    assert label["volume_ml"] == pytest.approx(np.count_nonzero(found) * 0.25, rel=1e-4)
    assert 0.0 <= label["score"] <= 1.0
    assert done["model"] == "tiny"
    assert done["seconds"] > 0
    assert all(Path(file).is_file() for file in done["files"])
    assert _pixels(done["overlay"]).ndim == 3


def test_that_a_picture_gives_a_mask_and_an_overlay_of_its_size(run_app: Run, model: Path, tmp_path: Path) -> None:
    pixels = np.zeros((60, 90), dtype=np.uint8)
    pixels[20:40, 50:75] = 220
    source = tmp_path / "cell.png"
    Image.fromarray(pixels).save(source)

    said = run_app("segment", source, "-o", f"{tmp_path}/out.v2/", "--box", "48,18,76,41", "--model", model).out

    mask = tmp_path / "out.v2" / "cell_mask.png"
    found = _pixels(mask)
    assert found.shape == (60, 90)
    assert overlap(found == 1, pixels > 0) > 0.85
    assert f"mask: {mask}" in said
    assert f"overlay: {tmp_path / 'out.v2' / 'cell_mask_overlay.png'}" in said
    assert "Research use only" in said


def _write_series(folder: Path, voxels: NDArray[np.int16], geometry: Geometry) -> None:
    """CT slices (k, j, i) in files whose names and instance numbers say nothing of their order."""
    folder.mkdir()
    series, study, frame = generate_uid(), generate_uid(), generate_uid()
    direction = geometry.direction
    order = np.random.default_rng(3).permutation(len(voxels))
    for number, k in enumerate(order):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        image = FileDataset(str(folder / f"IM{number:03d}"), Dataset(), file_meta=meta, preamble=b"\0" * 128)
        image.SOPClassUID, image.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        image.SeriesInstanceUID, image.StudyInstanceUID, image.FrameOfReferenceUID = series, study, frame
        image.Modality, image.PatientName, image.InstanceNumber = "CT", "Nobody^Known", number + 1
        image.ImageOrientationPatient = [*direction[:, 0].tolist(), *direction[:, 1].tolist()]
        image.ImagePositionPatient = geometry.to_world(np.array([0.0, 0.0, float(k)])).tolist()
        image.PixelSpacing, image.SliceThickness = [5.0, 5.0], 10.0
        image.Rows, image.Columns = voxels.shape[1:]
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 1
        image.RescaleIntercept, image.RescaleSlope, image.RescaleType = -1024, 1, "HU"
        image.PixelData = (voxels[k] + 1024).astype("<i2").tobytes()
        image.save_as(folder / f"IM{number:03d}")


def test_that_a_dicom_series_gives_a_mask_that_lies_where_its_slices_say(
    run_app: Run, model: Path, phantom: Phantom, tmp_path: Path
) -> None:
    geometry = Geometry.from_ras_affine(phantom.volume.shape_zyx, _oblique())
    if np.linalg.det(geometry.direction) < 0:  # DICOM's normal is rows cross columns
        flipped = geometry.affine.copy()
        flipped[:3, 2] *= -1
        geometry = Geometry(geometry.shape_zyx, flipped)
    voxels = phantom.volume.voxels.copy()
    voxels[7:] = -1000  # so that head and foot differ
    _write_series(tmp_path / "series", voxels, geometry)
    box = inclusive(replace(_box3d(phantom), z1=7))

    run_app("segment", tmp_path / "series", "-o", tmp_path / "mask.nii.gz", "--box3d", box, "--model", model)

    found, affine_ras = _nifti(tmp_path / "mask.nii.gz")
    affine_lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine_ras
    truth = np.zeros_like(found, dtype=bool)
    for file in (tmp_path / "series").iterdir():
        header = pydicom.dcmread(file)
        index = np.linalg.solve(affine_lps, [*header.ImagePositionPatient, 1.0])[:3]
        k = round(float(index[2]))
        assert np.allclose(index, (0.0, 0.0, k), atol=1e-3)
        row, column = np.split(np.array(header.ImageOrientationPatient, dtype=float), 2)
        assert np.allclose(affine_lps[:3, 0], row * 5.0, atol=1e-3)
        assert np.allclose(affine_lps[:3, 1], column * 5.0, atol=1e-3)
        truth[k] = header.pixel_array - 1024.0 > 200.0  # the vertebra alone is that dense
    assert overlap(found == 1, truth) > 0.65
    assert overlap(found[::-1] == 1, truth) < 0.5


def test_that_a_prompt_file_outlines_labels_by_name(
    model: Path, phantom: Phantom, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_nifti(tmp_path / "in" / "ct.nii.gz", phantom.volume.voxels, _oblique())
    box = Box.of_mask(phantom.mask(_ORGAN)[6])
    assert box is not None
    entries = [
        {"label": _ORGAN, "box": list(box.to_inclusive()), "slice": 6},
        {"label": "liver", "box3d": list(Box3D.of_mask(phantom.mask("liver")).to_inclusive())},  # type: ignore[union-attr]
    ]
    other = [{"label": "other", "box": [1, 1, 2, 2]}]
    prompts = tmp_path / "prompts.json"
    prompts.write_text(json.dumps({"version": 1, "cases": {"in/ct.nii.gz": entries, "b.png": other}}), encoding="utf-8")
    out = tmp_path / "labels.nrrd"

    arguments = ["segment", str(source), "-o", str(out), "--prompts", str(prompts), "--model", str(model), "--json"]

    assert main(arguments) == 0
    done = json.loads(capsys.readouterr().out)
    assert [(label["label"], label["value"]) for label in done["labels"]] == [(_ORGAN, 1), ("liver", 2)]
    assert out.is_file()


def test_that_nothing_is_overwritten_unasked(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pixels = np.zeros((60, 90), dtype=np.uint8)
    pixels[20:40, 50:75] = 220
    Image.fromarray(pixels).save(tmp_path / "cell.png")
    (tmp_path / "mask.png").write_bytes(b"dear to somebody")
    arguments = ["segment", str(tmp_path / "cell.png"), "-o", str(tmp_path / "mask.png"), "--box", "48,18,76,41"]
    arguments += ["--model", str(model)]

    refused = main(arguments)

    assert refused == 1
    assert (tmp_path / "mask.png").read_bytes() == b"dear to somebody"
    assert "mask.png" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cell.png", "mask.png"]
    assert main([*arguments, "--overwrite"]) == 0
    assert _pixels(tmp_path / "mask.png").max() == 1


def test_that_a_challenge_file_is_segmented_by_its_own_boxes(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = np.zeros((60, 90, 3), dtype=np.uint8)
    pixels[20:40, 50:75] = 220
    np.savez_compressed(tmp_path / "2DBox_US_1.npz", imgs=pixels, boxes=np.array([[48, 18, 76, 41]]))

    assert main(["segment", str(tmp_path / "2DBox_US_1.npz"), "-o", str(tmp_path / "out"), "--model", str(model)]) == 0

    with np.load(tmp_path / "out" / "2DBox_US_1_mask.npz") as saved:
        assert saved["segs"].shape == (60, 90)
        assert saved["segs"][30, 60] == 1
    assert "1: " in capsys.readouterr().out


def test_that_several_series_ask_for_a_choice(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.png", "b.png"):
        Image.fromarray(np.eye(32, dtype=np.uint8) * 200).save(tmp_path / name)
    arguments = ["segment", str(tmp_path), "-o", f"{tmp_path}/out/", "--box", "2,2,20,20", "--model", str(model)]

    assert main(arguments) == 1
    assert "choose one of: a.png, b.png" in capsys.readouterr().err
    assert main([*arguments, "--series", "b.png"]) == 0


def test_that_a_model_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.fromarray(np.eye(32, dtype=np.uint8)).save(tmp_path / "a.png")
    arguments = ["segment", str(tmp_path / "a.png"), "-o", str(tmp_path / "m.png"), "--box", "2,2,9,9"]

    assert main([*arguments, "--model", "no-such-model"]) == 1
    assert "there is no model package 'no-such-model'" in capsys.readouterr().err


def test_that_a_mask_never_replaces_its_own_image(
    model: Path, phantom: Phantom, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_nifti(tmp_path / "ct.nii.gz", phantom.volume.voxels, _oblique())
    before = source.read_bytes()
    box = inclusive(_box3d(phantom))

    code = main(["segment", str(source), "-o", str(source), "--box3d", box, "--overwrite", "--model", str(model)])

    assert code == 1
    assert f"cannot write {source}: it is an image of the input" in capsys.readouterr().err
    assert source.read_bytes() == before
    assert list(tmp_path.iterdir()) == [source]


def test_that_a_prompt_beside_the_image_is_refused_with_the_name_of_the_file(
    model: Path, phantom: Phantom, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_nifti(tmp_path / "ct.nii.gz", phantom.volume.voxels, _oblique())

    code = main(["segment", str(source), "-o", f"{tmp_path}/out/", "--box3d", "9,9,900,9,9,999", "--model", str(model)])

    assert code == 1
    assert capsys.readouterr().err.startswith(f"{source}: label 'object 1': the 3-D box (9, 9, 900, 9, 9, 999) lies")


def test_that_a_path_that_the_system_refuses_ends_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["info", "x" * 5000])

    said = capsys.readouterr().err
    assert code == 1
    assert said.startswith("cannot ")
    assert said.count("\n") == 1
