"""Writers of label maps, read back by nibabel, pynrrd, SimpleITK, NumPy and Pillow."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.engine.errors import WriteError
from app.engine.export import EXTENSIONS, check_format, write_labels
from app.engine.geometry import Frame, Geometry
from app.engine.io.open import read_volume
from app.engine.volume import Finding, Kind, Volume
from tests.engine.io.grids import ORIENTATIONS, SHAPE_ZYX, oriented_affine, ramp, ras

SERIES_ONLY = (".seg.dcm", ".rtstruct.dcm")  # written for an image from DICOM alone
NO_IMAGES = (".npz", ".stl", ".obj", ".ply")

nib: Any = nibabel  # Any: without types
sitk: Any = SimpleITK


def volume_of(
    affine: Any = None, shape: tuple[int, int, int] = SHAPE_ZYX, frame: Frame = Frame.WORLD, **fields: Any
) -> Volume:
    geometry = Geometry(shape, np.diag([2.0, 3.0, 4.0, 1.0]) if affine is None else affine, frame)
    return Volume(np.zeros(shape, np.int16), geometry, **fields)


def labels_of(shape: tuple[int, ...] = SHAPE_ZYX, dtype: type = np.uint16) -> Any:
    return ramp(shape, dtype) % 5


def nifti_geometry(path: Path) -> Any:
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ nib.load(path).affine


def nrrd_geometry(path: Path) -> Any:
    header = nrrd.read_header(str(path))
    assert header["space"] == "left-posterior-superior"
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = header["space directions"].T, header["space origin"]
    return affine


def itk_geometry(path: Path) -> Any:
    image = sitk.ReadImage(str(path))
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return affine


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_that_every_orientation_is_kept_for_other_readers(
    tmp_path: Path, order: tuple[int, ...], signs: tuple[float, ...]
) -> None:
    affine = oriented_affine(order, signs)
    like, labels = volume_of(affine), labels_of()
    for name, geometry_of in (
        ("a.nii.gz", nifti_geometry),
        ("b.nii", itk_geometry),
        ("c.nrrd", nrrd_geometry),
        ("d.mha", itk_geometry),
    ):
        path = tmp_path / name
        assert write_labels(path, labels, like) == [path]
        np.testing.assert_allclose(geometry_of(path), affine, atol=1e-4, err_msg=name)
        assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(path))), labels), name
    assert np.array_equal(np.asarray(nib.load(tmp_path / "a.nii.gz").dataobj).T, labels)
    assert np.array_equal(nrrd.read(str(tmp_path / "c.nrrd"))[0].T, labels)


def rotation(angles: tuple[float, float, float]) -> Any:
    matrix = np.eye(3)
    for axis, angle in enumerate(angles):
        turn, (a, b) = np.eye(3), [n for n in range(3) if n != axis]
        turn[a, a] = turn[b, b] = np.cos(angle)
        turn[a, b], turn[b, a] = -np.sin(angle), np.sin(angle)
        matrix = turn @ matrix
    return matrix


@settings(max_examples=40)
@given(
    shape=st.tuples(*[st.integers(1, 6)] * 3),
    angles=st.tuples(*[st.floats(-3, 3)] * 3),
    spacing=st.tuples(*[st.floats(0.05, 20)] * 3),
    origin=st.tuples(*[st.floats(-2000, 2000)] * 3),
    mirrored=st.booleans(),
    largest=st.sampled_from([1, 255, 256, 65535]),
    name=st.sampled_from(["a.nii.gz", "a.nii", "a.nrrd", "a.seg.nrrd", "a.mha"]),
)
def test_that_what_is_written_is_read_again(  # noqa: PLR0917 - drawn values
    tmp_path_factory: pytest.TempPathFactory,
    shape: tuple[int, int, int],
    angles: tuple[float, float, float],
    spacing: tuple[float, float, float],
    origin: tuple[float, float, float],
    mirrored: bool,
    largest: int,
    name: str,
) -> None:
    affine = np.eye(4)
    affine[:3, :3] = rotation(angles) * spacing * ((-1 if mirrored else 1), 1, 1)
    affine[:3, 3] = origin
    like = volume_of(affine, shape)
    labels = np.zeros(shape, np.int64)
    labels[0, -1, 0] = largest
    path = tmp_path_factory.mktemp("h") / name
    write_labels(path, labels, like)
    again = read_volume(path)
    assert np.array_equal(again.voxels, labels)
    assert again.voxels.dtype == (np.uint8 if largest < 256 else np.uint16)
    assert again.geometry.is_close(like.geometry, tolerance_mm=0.01)
    assert again.kind is (Kind.VOLUME if name.endswith("mha") else Kind.LABELS)


def test_that_the_mask_of_a_nifti_has_its_geometry_as_nibabel_sees_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    direction, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = direction * (0.7, 0.9, 3.1), (-80, 120, -900)
    for number, codes in enumerate([(1, 1), (0, 2), (1, 0), (0, 0)]):
        image = nib.Nifti1Image(ramp().T, affine)
        image.set_qform(affine if codes[0] else None, codes[0])
        image.set_sform(affine if codes[1] else None, codes[1])
        if codes == (0, 0):
            image.header["pixdim"][1:4] = (0.7, 0.9, 3.1)
        nib.save(image, tmp_path / f"{number}.nii")
        volume = read_volume(tmp_path / f"{number}.nii")
        files = write_labels(tmp_path / f"{number}_mask.nii.gz", labels_of(), volume)
        theirs, ours = nib.load(tmp_path / f"{number}.nii"), nib.load(files[0])
        np.testing.assert_allclose(ours.affine, theirs.affine, atol=1e-4)
        assert ours.shape == theirs.shape
        assert (ours.header["sform_code"] > 0) == (codes != (0, 0))


def test_that_the_nifti_header_says_what_it_holds(tmp_path: Path) -> None:
    write_labels(tmp_path / "a.nii.gz", labels_of(), volume_of())
    header = nib.load(tmp_path / "a.nii.gz").header
    assert header.get_intent()[0] == "label"
    assert header.get_xyzt_units()[0] == "mm"
    assert (int(header["sform_code"]), int(header["qform_code"])) == (1, 1)
    assert header.get_data_dtype() == np.uint8
    np.testing.assert_allclose(header.get_qform(), header.get_sform(), atol=1e-5)


def test_that_provenance_goes_into_a_sidecar(tmp_path: Path) -> None:
    like = volume_of(findings=(Finding("gantry-tilt", "it was tilted"),))
    files = write_labels(
        tmp_path / "case.nii.gz", labels_of(), like, label_names={2: "Leber", 1: "Nïere"}, provenance={"Model": "swift"}
    )
    assert files == [tmp_path / "case.nii.gz", tmp_path / "case.json"]
    told = json.loads((tmp_path / "case.json").read_text(encoding="utf-8"))
    assert told["GeneratedBy"][0]["Name"] == "SwiftMedSAM"
    assert told["Labels"] == {"1": "Nïere", "2": "Leber"}
    assert told["Findings"] == [{"code": "gantry-tilt", "message": "it was tilted"}]
    assert told["Model"] == "swift"
    assert told["Frame"] == "world"


def test_that_slicer_and_pynrrd_find_names_and_provenance_in_a_nrrd(tmp_path: Path) -> None:
    (path,) = write_labels(
        tmp_path / "a.seg.nrrd", labels_of(), volume_of(), label_names={1: "li\nver"}, provenance={"Model": "s\nwift"}
    )
    header = nrrd.read_header(str(path))
    assert header["Segment0_Name"] == "li ver"
    assert header["Segment0_LabelValue"] == "1"
    assert header["Segment3_LabelValue"] == "4"
    provenance = header["SwiftMedSAM_Provenance"].replace("\\\\", "\\")  # NRRD's escape, which pynrrd leaves alone
    assert json.loads(provenance)["Model"] == "s\nwift"
    image = sitk.ReadImage(str(path))
    assert json.loads(image.GetMetaData("SwiftMedSAM_Provenance"))["Model"] == "s\nwift"


def test_that_a_mask_of_pixels_does_not_claim_millimetres(tmp_path: Path) -> None:
    like = Volume(np.zeros((1, 4, 5), np.uint8), Geometry.of_pixels((1, 4, 5)), kind=Kind.PICTURE)
    files = write_labels(tmp_path / "a.nii.gz", labels_of((1, 4, 5)), like, provenance={})
    told = json.loads(files[1].read_text())
    assert told["Frame"] == "none"
    assert "one unit is one pixel" in told["FrameDescription"]
    assert nib.load(files[0]).header.get_zooms() == (1, 1, 1)
    (path,) = write_labels(tmp_path / "a.nrrd", labels_of((1, 4, 5)), like)
    assert read_volume(path).geometry.frame is Frame.NONE


def test_that_npz_is_what_the_challenge_asks_for(tmp_path: Path) -> None:
    picture = Volume(np.zeros((1, 4, 5), np.uint8), Geometry.of_pixels((1, 4, 5)), kind=Kind.PICTURE)
    body = volume_of(shape=(1, 4, 5), frame=Frame.SPACING)
    for like, shape in ((picture, (4, 5)), (body, (1, 4, 5))):
        for largest, dtype in ((255, np.uint8), (256, np.uint16)):
            labels = np.zeros((1, 4, 5), np.uint16)
            labels[0, 1, 2] = largest
            (path,) = write_labels(tmp_path / "a.npz", labels, like, overwrite=True)
            with np.load(path) as archive:
                assert archive.files == ["segs", "provenance"]
                assert json.loads(archive["provenance"].tobytes())["GeneratedBy"]
                assert archive["segs"].shape == shape
                assert archive["segs"].dtype == dtype
                assert archive["segs"].max() == largest
            with zipfile.ZipFile(path) as archive_file:
                assert archive_file.infolist()[0].compress_type == zipfile.ZIP_DEFLATED
    assert write_labels(tmp_path / "b.npz", labels_of(), volume_of(), provenance={}) == [tmp_path / "b.npz"]


@pytest.mark.parametrize(("largest", "mode"), [(3, "L"), (300, "I;16")])
def test_that_png_holds_the_labels_of_one_slice(tmp_path: Path, largest: int, mode: str) -> None:
    labels = np.zeros((1, 4, 5), np.int32)
    labels[0, 1, 2] = largest
    like = volume_of(shape=(1, 4, 5))
    (path,) = write_labels(tmp_path / "a.png", labels, like, provenance={"Model": "swift" * 400})
    with Image.open(path) as image:
        assert image.mode == mode
        assert np.array_equal(np.asarray(image), labels[0])
        assert json.loads(image.info["SwiftMedSAM provenance"])["Model"].startswith("swift")
    with pytest.raises(WriteError, match="one slice and the image has 3"):
        write_labels(tmp_path / "b.png", labels_of(), volume_of())


@pytest.mark.parametrize(
    ("labels", "name", "reason"),
    [
        (labels_of((3, 4, 4)), "a.nii", r"shape \(3, 4, 4\)"),
        (labels_of().astype(np.float32), "a.nii", "not whole numbers"),
        (labels_of().astype(np.int32) - 1, "a.nii", "from -1"),
        (labels_of().astype(np.int32) + 65535, "a.nii", "to 65539"),
        (labels_of(), "a.jpg", r"masks are written as \.nii\.gz"),
        (labels_of(), "a", "masks are written as"),
    ],
)
def test_that_what_cannot_be_a_mask_is_refused(tmp_path: Path, labels: Any, name: str, reason: str) -> None:
    with pytest.raises(WriteError, match=reason) as caught:
        write_labels(tmp_path / name, labels, volume_of())
    assert str(tmp_path / name) in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_that_nifti_refuses_what_its_header_cannot_count(tmp_path: Path) -> None:
    like = volume_of(shape=(1, 1, 40000))
    with pytest.raises(WriteError, match="at most 32,767"):
        write_labels(tmp_path / "a.nii", np.zeros((1, 1, 40000), np.uint8), like)
    assert write_labels(tmp_path / "a.nrrd", np.zeros((1, 1, 40000), np.uint8), like)


def test_that_rounded_direction_cosines_do_not_stop_a_writer(tmp_path: Path) -> None:
    affine = np.diag([0.5, 0.5, 5.0, 1.0])
    affine[1, 2] = 5 * 8e-4  # within what a geometry allows; NIfTI readers make it orthogonal
    for extension in EXTENSIONS:
        if extension not in (".png", *SERIES_ONLY):
            assert write_labels(tmp_path / f"a{extension}", labels_of(), volume_of(affine))


def test_that_bool_and_big_endian_labels_are_written(tmp_path: Path) -> None:
    for dtype in (np.bool_, np.dtype(">u2"), np.int8):
        labels = (labels_of() > 2).astype(dtype)
        write_labels(tmp_path / "a.nii.gz", labels, volume_of(), overwrite=True)
        assert np.array_equal(np.asarray(nib.load(tmp_path / "a.nii.gz").dataobj).T, labels)
    turned = labels_of((5, 4, 3)).transpose(2, 1, 0)
    write_labels(tmp_path / "a.nii.gz", turned, volume_of(), overwrite=True)
    assert np.array_equal(np.asarray(nib.load(tmp_path / "a.nii.gz").dataobj).T, turned)


def test_that_names_beyond_ascii_and_new_folders_are_no_obstacle(tmp_path: Path) -> None:
    for extension in EXTENSIONS:
        if extension in SERIES_ONLY:
            continue
        like = volume_of(shape=(1, 4, 5)) if extension == ".png" else volume_of()
        path = tmp_path / "Größe 図" / f"Schädel{extension}"
        assert path in write_labels(path, labels_of(like.shape_zyx), like)
        if extension not in NO_IMAGES:
            assert np.array_equal(read_volume(path).voxels, labels_of(like.shape_zyx))


def test_that_a_rectified_image_says_so_with_its_mask(tmp_path: Path) -> None:
    like = replace(volume_of(), findings=(Finding("sheared", "rectified"),))
    files = write_labels(tmp_path / "a.nii", labels_of(), like)
    assert json.loads(files[1].read_text())["Findings"][0]["code"] == "sheared"
    np.testing.assert_allclose(ras(like.geometry.affine), nib.load(files[0]).affine)


@pytest.mark.parametrize("name", [".nii", ".nii.gz", ".NRRD"])
def test_that_a_name_that_is_an_extension_alone_is_refused_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    like = Volume(np.zeros((2, 3, 4), np.uint8), Geometry.of_pixels((2, 3, 4)))

    with pytest.raises(WriteError, match="after a name"):
        write_labels(tmp_path / name, np.zeros((2, 3, 4), np.uint8), like)

    assert list(tmp_path.iterdir()) == []


def test_that_a_format_by_name_must_agree_with_the_extension(tmp_path: Path) -> None:
    assert write_labels(tmp_path / "a.nii", labels_of(), volume_of(), format_name="nifti")
    for name, format_name, reason in (
        ("b.nii", "nrrd", "not that of nrrd"),
        ("b.nii", "tiff", "'tiff' is no format"),
        ("b.dcm", None, "segmentation or a structure set"),
        ("b.rtstruct.dcm", "dicom-seg", "not that of dicom-seg"),
    ):
        with pytest.raises(WriteError, match=reason):
            write_labels(tmp_path / name, labels_of(), volume_of(), format_name=format_name)
    assert [path.name for path in tmp_path.iterdir()] == ["a.nii"]


def test_that_colours_go_where_slicer_looks_for_them(tmp_path: Path) -> None:
    (path,) = write_labels(tmp_path / "a.nrrd", labels_of(), volume_of(), colours={2: (255, 0, 51)})
    header = nrrd.read_header(str(path))
    assert header["Segment1_Color"] == "1 0 0.2"
    assert header["Segment0_Color"] == "0.901961 0.623529 0"  # the palette's first


def test_that_what_cannot_hold_the_image_is_told_before_there_are_labels(tmp_path: Path) -> None:
    for name, reason in (("a.png", "one slice"), ("a.seg.dcm", "not from a DICOM series"), ("a.xyz", "written as")):
        with pytest.raises(WriteError, match=reason):
            check_format(tmp_path / name, volume_of())
    check_format(tmp_path / "a.stl", volume_of())
