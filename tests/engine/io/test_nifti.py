"""NIfTI and MGH against nibabel, which wrote the files."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.errors import ReadError
from app.engine.geometry import Frame
from app.engine.io.open import list_volumes, read_volume
from app.engine.volume import Kind
from tests.engine.io.grids import ORIENTATIONS, SHAPE_ZYX, oriented_affine, ramp, ras

nib: Any = nibabel  # Any: without types


def save(path: Path, array_zyx: Any, affine_ras: Any = None, kind: Any = None, **fields: Any) -> Path:
    """Write an array (series last in nibabel's order, so first here) with the header fields given."""
    kind = kind or nib.Nifti1Image
    image = kind(np.asarray(array_zyx).T, np.diag([2.0, 3.0, 4.0, 1.0]) if affine_ras is None else affine_ras)
    for name, value in fields.items():
        image.header[name] = value
    nib.save(image, path)
    return path


def raw_header(path: Path, **fields: Any) -> Path:
    """Change fields of the header in place, past all that nibabel would mend."""
    data = bytearray(path.read_bytes())
    header = nib.Nifti1Header(bytes(data[:348]), check=False)
    for name, value in fields.items():
        header[name] = value
    data[:348] = header.binaryblock
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_that_every_orientation_lies_where_nibabel_says(
    tmp_path: Path, order: tuple[int, ...], signs: tuple[float, ...]
) -> None:
    affine = oriented_affine(order, signs)
    path = save(tmp_path / "a.nii.gz", ramp(), ras(affine))
    volume = read_volume(path)
    theirs = nib.load(path)
    assert np.array_equal(volume.voxels, np.asarray(theirs.dataobj).T)
    assert volume.geometry.frame is Frame.WORLD
    np.testing.assert_allclose(volume.geometry.affine_ras, theirs.affine, atol=1e-4)
    assert not volume.findings


@settings(max_examples=40)
@given(
    shape=st.tuples(*[st.integers(1, 6)] * 3),
    dtype=st.sampled_from(["u1", "i1", "i2", "u2", "i4", "u4", "i8", "f4", "f8"]),
    big=st.booleans(),
    two=st.booleans(),
    packed=st.booleans(),
)
def test_that_every_dtype_byte_order_and_version_reads_as_nibabel_reads_it(
    tmp_path_factory: pytest.TempPathFactory,
    shape: tuple[int, int, int],
    dtype: str,
    big: bool,
    two: bool,
    packed: bool,
) -> None:
    path = tmp_path_factory.mktemp("h") / ("a.nii.gz" if packed else "a.nii")
    header = (nib.Nifti2Header if two else nib.Nifti1Header)(endianness=">" if big else "<")
    kind = nib.Nifti2Image if two else nib.Nifti1Image
    array = (ramp(shape, float) % 120).astype(dtype)
    nib.save(kind(array.T, np.eye(4), header=header, dtype=dtype), path)
    volume = read_volume(path)
    assert np.array_equal(volume.voxels, array)
    assert volume.voxels.dtype == np.dtype(dtype)
    assert volume.voxels.dtype.isnative


def test_that_header_and_image_in_two_files_are_one_entry(tmp_path: Path) -> None:
    save(tmp_path / "pair.img", ramp(), kind=nib.Nifti1Pair)
    for name in ("pair.hdr", "pair.img", ""):
        listing = list_volumes(tmp_path / name)
        assert len(listing.entries) == 1
        assert not listing.skipped
        assert [Path(f).name for f in listing.entries[0].files] == ["pair.hdr", "pair.img"]
        assert np.array_equal(listing.entries[0].load().voxels, ramp())


def test_that_a_header_without_its_image_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "pair.img", ramp(), kind=nib.Nifti1Pair)
    (tmp_path / "pair.img").unlink()
    with pytest.raises(ReadError, match=r"pair\.img, are missing"):
        read_volume(tmp_path / "pair.hdr")


def test_that_analyze_is_read_without_claiming_an_orientation(tmp_path: Path) -> None:
    save(tmp_path / "a.img", ramp(), kind=nib.AnalyzeImage)
    volume = read_volume(tmp_path / "a.hdr")
    assert np.array_equal(volume.voxels, ramp())
    assert volume.geometry.frame is Frame.SPACING
    assert volume.geometry.spacing_zyx == pytest.approx((4, 3, 2))
    assert [f.code for f in volume.findings] == ["no-orientation"]


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("cut", [1, 30, 100])
def test_that_a_truncated_file_is_refused(tmp_path: Path, name: str, cut: int) -> None:
    path = save(tmp_path / name, np.random.default_rng(1).integers(0, 9999, (9, 9, 9)).astype(np.int16))
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ReadError, match="cut short"):
        read_volume(path)


def test_that_a_truncated_image_inside_a_sound_gzip_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", ramp())
    packed = tmp_path / "b.nii.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()[:-7]))
    with pytest.raises(ReadError, match="cut short: it holds 113 of 120 bytes"):
        read_volume(packed)


def test_that_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii.gz", ramp())
    data = bytearray(path.read_bytes())
    data[-6] ^= 1
    path.write_bytes(data)
    with pytest.raises(ReadError, match="damaged"):
        read_volume(path)


def test_that_voxels_that_are_not_numbers_become_a_finding(tmp_path: Path) -> None:
    array = ramp(dtype=np.float32).copy()
    array[0, 0, 0], array[1, 1, 1], array[2, 2, 2] = np.nan, np.inf, -np.inf
    volume = read_volume(save(tmp_path / "a.nii", array))
    assert np.isfinite(volume.voxels).all()
    assert (volume.voxels[0, 0, 0], volume.voxels[1, 1, 1], volume.voxels[2, 2, 2]) == (1.0, 59.0, 1.0)
    (finding,) = volume.findings
    assert finding.code == "non-finite"
    assert finding.message.startswith("3 voxels")


def test_that_an_image_without_any_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="none of its voxels"):
        read_volume(save(tmp_path / "a.nii", np.full((2, 2, 2), np.nan, np.float32)))


def test_that_4d_becomes_entries_in_any_order_of_loading(tmp_path: Path) -> None:
    array = ramp((4, *SHAPE_ZYX))
    for name in ("a.nii", "a.nii.gz"):
        listing = list_volumes(save(tmp_path / name, array))
        assert [entry.id for entry in listing.entries] == ["t0", "t1", "t2", "t3"]
        for index in (0, 1, 3, 2, 2):
            volume = listing.entries[index].load()
            assert np.array_equal(volume.voxels, array[index])
            assert [f.code for f in volume.findings] == ["split-4d"]
            assert volume.id == f"t{index}"
    assert np.array_equal(read_volume(tmp_path / "a.nii.gz", "t2").voxels, array[2])
    with pytest.raises(ReadError, match="choose one of: t0, t1, t2, t3"):
        read_volume(tmp_path / "a.nii.gz")


def test_that_a_damaged_end_is_noticed_when_the_first_of_4d_is_read(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii.gz", np.random.default_rng(1).integers(0, 9999, (4, 9, 9, 9)).astype(np.int16))
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    with pytest.raises(ReadError, match="damaged"):
        list_volumes(path).entries[0].load()


@pytest.mark.parametrize(
    ("slope", "intercept", "dtype"),
    [
        (1.0, 0.0, np.int16),
        (1.0, -1024.0, np.int16),
        (2.0, 5.0, np.int16),
        (1000.0, 0.0, np.int32),
        (0.25, 1.5, np.float32),
    ],
)
def test_that_scaling_keeps_integers_where_it_is_exact(
    tmp_path: Path, slope: float, intercept: float, dtype: type
) -> None:
    path = raw_header(save(tmp_path / "a.nii", ramp()), scl_slope=slope, scl_inter=intercept)
    volume = read_volume(path)
    assert volume.voxels.dtype == dtype
    np.testing.assert_allclose(volume.voxels, nib.load(path).get_fdata().T, rtol=1e-6)


def test_that_a_slope_beyond_all_numbers_becomes_a_finding_or_a_refusal(tmp_path: Path) -> None:
    path = raw_header(save(tmp_path / "a.nii", ramp(dtype=np.float32)), scl_slope=1e38, scl_inter=0)
    volume = read_volume(path)
    assert np.isfinite(volume.voxels).all()
    assert [f.code for f in volume.findings] == ["non-finite"]


def test_that_values_beyond_single_precision_become_a_finding(tmp_path: Path) -> None:
    voxels = ramp(dtype=np.float64)
    voxels[0, 0, 0], voxels[0, 0, 1] = -1.7e308, 1e300  # a common mark for "no data", and its opposite
    volume = read_volume(save(tmp_path / "a.nii", voxels))
    assert [f.code for f in volume.findings] == ["non-finite"]
    assert volume.voxels[0, 0, 0] == volume.voxels.min() == voxels.ravel()[2:].min()
    assert volume.voxels[0, 0, 1] == volume.voxels.max() == voxels.ravel()[2:].max()


def test_that_unknown_orientation_is_said(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", ramp(), sform_code=0, qform_code=0)
    raw_header(path, sform_code=0, qform_code=0)
    volume = read_volume(path)
    assert volume.geometry.frame is Frame.SPACING
    assert [f.code for f in volume.findings] == ["no-orientation"]
    np.testing.assert_allclose(volume.geometry.affine_ras, nib.load(path).affine, atol=1e-5)


def test_that_no_voxel_size_means_no_millimetres(tmp_path: Path) -> None:
    path = raw_header(save(tmp_path / "a.nii", ramp()), sform_code=0, qform_code=0, pixdim=[1, 0, 0, 0, 0, 0, 0, 0])
    volume = read_volume(path)
    assert volume.geometry.frame is Frame.NONE
    assert [f.code for f in volume.findings] == ["no-spacing"]


def test_that_disagreeing_orientations_are_said_and_nibabels_choice_is_taken(tmp_path: Path) -> None:
    image = nib.Nifti1Image(ramp().T, np.diag([2.0, 3.0, 4.0, 1.0]))
    image.set_qform(np.diag([-2.0, 3.0, 4.0, 1.0]), code=1)
    image.set_sform(np.diag([2.0, 3.0, 4.0, 1.0]), code=2)
    nib.save(image, tmp_path / "a.nii")
    volume = read_volume(tmp_path / "a.nii")
    assert [f.code for f in volume.findings] == ["forms-disagree"]
    np.testing.assert_allclose(volume.geometry.affine_ras, np.diag([2.0, 3.0, 4.0, 1.0]), atol=1e-5)


def test_that_a_damaged_sform_gives_way_to_the_qform(tmp_path: Path) -> None:
    path = save(tmp_path / "a.nii", ramp(), np.diag([2.0, 3.0, 4.0, 1.0]))
    image = nib.load(path)
    image.set_qform(np.diag([2.0, 3.0, 4.0, 1.0]), code=1)
    nib.save(image, path)
    raw_header(path, srow_x=[np.nan] * 4)
    volume = read_volume(path)
    assert [f.code for f in volume.findings] == ["form-damaged"]
    np.testing.assert_allclose(volume.geometry.affine_ras, np.diag([2.0, 3.0, 4.0, 1.0]), atol=1e-5)


def test_that_micrometres_become_millimetres(tmp_path: Path) -> None:
    image = nib.Nifti1Image(ramp().T, np.diag([200.0, 300.0, 400.0, 1.0]))
    image.header.set_xyzt_units("micron")
    nib.save(image, tmp_path / "a.nii")
    volume = read_volume(tmp_path / "a.nii")
    assert volume.geometry.spacing_zyx == pytest.approx((0.4, 0.3, 0.2))
    assert [f.code for f in volume.findings] == ["unit-converted"]


def test_that_a_sheared_image_is_resampled_at_true_positions(tmp_path: Path) -> None:
    shear = np.diag([1.0, 1.0, 2.0, 1.0])
    shear[1, 2] = 0.8  # each slice lies 0.8 mm further back: a gantry tilt of 22 degrees
    shear[:3, 3] = (5.0, -7.0, 11.0)
    k, j, i = np.mgrid[0:8, 0:20, 0:16]
    world = np.einsum("ab,bzyx->azyx", shear[:3, :3], np.stack([i, j, k]).astype(float))
    value = (world[0] * 3 + world[1] * 5 + world[2] * 7 + 200).astype(
        np.float32
    )  # linear in space: exact under interpolation
    volume = read_volume(save(tmp_path / "a.nii", value, shear))
    assert [f.code for f in volume.findings] == ["sheared"]
    assert volume.geometry.spacing_zyx == pytest.approx((2.0, 1.0, 1.0))
    indices = np.argwhere(volume.voxels > volume.voxels.min() + 1)[:, ::-1]
    assert len(indices) > value.size * 0.8
    position = indices @ volume.geometry.affine_ras[:3, :3].T + volume.geometry.affine_ras[:3, 3] - shear[:3, 3]
    expected = position @ [3, 5, 7] + 200
    inside = np.linalg.solve(shear[:3, :3], position.T).T
    sure = ((inside > 0.01) & (inside < np.array([14.99, 18.99, 6.99]))).all(axis=1)
    found = volume.voxels[tuple(indices[sure, ::-1].T)]
    np.testing.assert_allclose(found, expected[sure], rtol=1e-4)
    assert sure.sum() > 500


def test_that_a_sheared_label_image_stays_labels(tmp_path: Path) -> None:
    shear = np.diag([1.0, 1.0, 2.0, 1.0])
    shear[1, 2] = 0.8
    array = np.where(np.arange(16) % 4 < 2, 7, 3) * np.ones((8, 20, 1))
    volume = read_volume(save(tmp_path / "a.nii", array.astype(np.uint8), shear, intent_code=1002))
    assert volume.kind is Kind.LABELS
    assert set(np.unique(volume.voxels)) == {0, 3, 7}


def test_that_colour_is_read_as_colour(tmp_path: Path) -> None:
    rgb = np.zeros((5, 4, 3), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    rgb["R"], rgb["G"], rgb["B"] = 200, np.arange(4)[:, None], 7
    nib.save(nib.Nifti1Image(rgb, np.eye(4)), tmp_path / "a.nii")
    volume = read_volume(tmp_path / "a.nii")
    assert volume.voxels.shape == (3, 4, 5, 3)
    assert volume.voxels[1, 3, 2].tolist() == [200, 3, 7]


@pytest.mark.parametrize(
    ("array", "fields", "reason"),
    [
        (np.zeros((2, 2, 2), np.complex64), {}, "complex"),
        (np.zeros((3, 1, 2, 2, 2), np.float32), {"intent_code": 1007}, "3 numbers for each voxel"),
        (np.zeros((4, 6, 1, 1, 1, 1), np.float32), {"intent_code": 3006}, "CIFTI"),
    ],
)
def test_that_what_is_no_image_is_refused(tmp_path: Path, array: Any, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ReadError, match=reason):
        read_volume(save(tmp_path / "a.nii", array, kind=nib.Nifti2Image, **fields))


@pytest.mark.parametrize(
    "dim", [[3, 30000, 30000, 30000, 1, 1, 1, 1], [3, -5, 4, 3, 1, 1, 1, 1], [3, 0, 4, 3, 1, 1, 1, 1]]
)
def test_that_impossible_sizes_are_refused_before_memory_is_taken(tmp_path: Path, dim: list[int]) -> None:
    path = raw_header(save(tmp_path / "a.nii", ramp()), dim=dim)
    with pytest.raises(ReadError, match="declares"):
        read_volume(path)
    packed = tmp_path / "b.nii.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(ReadError, match="declares"):
        read_volume(packed)


def test_that_a_large_claim_by_a_small_compressed_file_is_refused(tmp_path: Path) -> None:
    path = raw_header(save(tmp_path / "a.nii", ramp()), dim=[3, 1000, 1000, 500, 1, 1, 1, 1])
    packed = tmp_path / "b.nii.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(ReadError, match="too short for the size"):
        list_volumes(packed)


def test_that_what_nibabel_mends_is_a_finding_and_not_a_line_on_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = raw_header(save(tmp_path / "a.nii", ramp()), pixdim=[1, -2, 3, 4, 0, 0, 0, 0])
    volume = read_volume(path)
    assert [f.code for f in volume.findings] == ["header-repaired"]
    assert capfd.readouterr().err == ""


def test_that_the_display_range_of_the_file_is_kept(tmp_path: Path) -> None:
    volume = read_volume(save(tmp_path / "a.nii", ramp(), cal_min=10, cal_max=50))
    assert (volume.display.level, volume.display.width) == (30, 40)


@pytest.mark.parametrize("name", ["a.mgh", "a.mgz"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32])
def test_that_freesurfer_files_read_as_nibabel_reads_them(tmp_path: Path, name: str, dtype: type) -> None:
    affine = oriented_affine((2, 0, 1), (1.0, -1.0, 1.0))
    nib.save(nib.MGHImage(ramp(dtype=dtype).T, ras(affine)), tmp_path / name)
    volume = read_volume(tmp_path / name)
    assert np.array_equal(volume.voxels, ramp())
    assert volume.voxels.dtype == dtype
    np.testing.assert_allclose(volume.geometry.affine, affine, atol=1e-4)


def test_that_freesurfer_files_without_geometry_or_cut_short_are_not_trusted(tmp_path: Path) -> None:
    nib.save(nib.MGHImage(ramp().T, np.eye(4)), tmp_path / "a.mgh")
    data = bytearray((tmp_path / "a.mgh").read_bytes())
    data[28:30] = b"\0\0"
    (tmp_path / "b.mgh").write_bytes(data)
    volume = read_volume(tmp_path / "b.mgh")
    assert volume.geometry.frame is Frame.NONE
    assert [f.code for f in volume.findings] == ["no-orientation"]
    (tmp_path / "c.mgh").write_bytes(data[:350])
    with pytest.raises(ReadError, match="cut short"):
        read_volume(tmp_path / "c.mgh")
