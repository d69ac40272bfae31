"""NRRD, MetaImage and GIPL against pynrrd and SimpleITK, which wrote the files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.errors import ReadError
from app.engine.geometry import Frame
from app.engine.io.open import list_volumes, read_volume
from app.engine.volume import Kind
from tests.engine.io.grids import ORIENTATIONS, SHAPE_ZYX, oriented_affine, ramp, ras

sitk: Any = SimpleITK  # Any: its stubs are incomplete


def save_itk(path: Path, array: Any, affine: Any = None, *, packed: bool = False, colour: bool = False) -> Path:
    image = sitk.GetImageFromArray(array, isVector=colour)
    if affine is not None:
        spacing = np.linalg.norm(affine[:3, :3], axis=0)
        image.SetSpacing(spacing.tolist())
        image.SetOrigin(affine[:3, 3].tolist())
        image.SetDirection((affine[:3, :3] / spacing).ravel().tolist())
    sitk.WriteImage(image, str(path), packed)
    return path


def header(fields: str, data: bytes = b"") -> bytes:
    return b"NRRD0005\n" + fields.strip().encode() + b"\n\n" + data


PLAIN = "type: uint8\ndimension: 3\nsizes: 5 4 3\nencoding: raw\n"
PLACED = PLAIN + "space: LPS\nspace directions: (2,0,0) (0,3,0) (0,0,4)\nspace origin: (1,2,3)"
BYTES = bytes(range(60))


@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_that_every_orientation_of_a_nrrd_lies_where_pynrrd_put_it(
    tmp_path: Path, order: tuple[int, ...], signs: tuple[float, ...]
) -> None:
    affine = oriented_affine(order, signs)
    stored = ras(affine) if signs[0] > 0 else affine
    fields = {
        "space": "right-anterior-superior" if signs[0] > 0 else "left-posterior-superior",
        "space directions": stored[:3, :3].T,
        "space origin": stored[:3, 3],
        "kinds": ["domain"] * 3,
    }
    nrrd.write(str(tmp_path / "a.nrrd"), ramp().T, fields)
    volume = read_volume(tmp_path / "a.nrrd")
    assert np.array_equal(volume.voxels, ramp())
    assert volume.geometry.frame is Frame.WORLD
    np.testing.assert_allclose(volume.geometry.affine, affine, atol=1e-9)
    assert not volume.findings


@pytest.mark.parametrize("name", ["a.mha", "a.mhd", "a.nrrd", "a.nhdr"])
@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS[::5])
def test_that_orientations_lie_where_simpleitk_put_them(
    tmp_path: Path, name: str, order: tuple[int, ...], signs: tuple[float, ...]
) -> None:
    affine = oriented_affine(order, signs)
    path = save_itk(tmp_path / name, ramp(), affine, packed=signs[1] > 0)
    volume = read_volume(path)
    assert np.array_equal(volume.voxels, ramp())
    np.testing.assert_allclose(volume.geometry.affine, affine, atol=1e-9)
    assert not volume.findings
    listing = list_volumes(tmp_path)  # the file with the voxels is not listed for itself
    assert len(listing.entries) == 1
    assert not listing.skipped


@settings(max_examples=40)
@given(
    shape=st.tuples(*[st.integers(1, 6)] * 3),
    dtype=st.sampled_from(["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]),
    encoding=st.sampled_from(["raw", "gzip", "bzip2", "ascii"]),
    big=st.booleans(),
)
def test_that_every_dtype_and_encoding_of_nrrd_reads_as_written(
    tmp_path_factory: pytest.TempPathFactory, shape: tuple[int, ...], dtype: str, encoding: str, big: bool
) -> None:
    path = tmp_path_factory.mktemp("h") / "a.nrrd"
    array = (ramp(shape, float) % 120).astype(dtype)
    fields = {"encoding": encoding, "endian": "big" if big and encoding != "ascii" else "little"}
    nrrd.write(str(path), array.astype(array.dtype.newbyteorder(">" if big else "<")).T, fields)
    volume = read_volume(path)
    assert np.array_equal(volume.voxels, array)
    assert volume.voxels.dtype == np.dtype(dtype)


@settings(max_examples=30)
@given(
    shape=st.tuples(*[st.integers(1, 6)] * 3),
    dtype=st.sampled_from(["u1", "i1", "i2", "u2", "i4", "u4", "f4", "f8"]),
    packed=st.booleans(),
)
def test_that_every_dtype_of_metaimage_reads_as_written(
    tmp_path_factory: pytest.TempPathFactory, shape: tuple[int, ...], dtype: str, packed: bool
) -> None:
    array = (ramp(shape, float) % 120).astype(dtype)
    volume = read_volume(save_itk(tmp_path_factory.mktemp("h") / "a.mha", array, packed=packed))
    assert np.array_equal(volume.voxels, array)
    assert volume.voxels.dtype == np.dtype(dtype)


@pytest.mark.parametrize("name", ["a.nrrd", "a.mha"])
@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("cut", [1, 40])
def test_that_truncated_files_are_refused(tmp_path: Path, name: str, packed: bool, cut: int) -> None:
    array = np.random.default_rng(2).integers(0, 999, (6, 6, 6)).astype(np.int16)
    path = save_itk(tmp_path / name, array, packed=packed)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ReadError, match="cut short"):
        read_volume(path)


@pytest.mark.parametrize(("name", "data"), [("a.nhdr", "a.raw"), ("a.mhd", "a.raw")])
def test_that_missing_or_short_voxel_files_are_refused(tmp_path: Path, name: str, data: str) -> None:
    path = save_itk(tmp_path / name, ramp())
    (tmp_path / data).write_bytes((tmp_path / data).read_bytes()[:-1])
    with pytest.raises(ReadError, match="cut short: it holds 119 of 120"):
        read_volume(path)
    (tmp_path / data).unlink()
    with pytest.raises(ReadError, match=rf"{data}, is missing"):
        read_volume(path)


def test_that_a_voxel_file_alone_is_refused_with_advice(tmp_path: Path) -> None:
    save_itk(tmp_path / "a.mhd", ramp())
    with pytest.raises(ReadError, match="open the header"):
        read_volume(tmp_path / "a.raw")


@pytest.mark.parametrize("outside", ["../secret.raw", "/etc/hostname", "sub/../../secret.raw"])
@pytest.mark.parametrize("name", ["a.nhdr", "a.mhd"])
def test_that_a_header_cannot_have_files_elsewhere_read(tmp_path: Path, outside: str, name: str) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret.raw").write_bytes(BYTES)
    if name == "a.nhdr":
        (folder / name).write_bytes(header(PLAIN + f"data file: {outside}"))
    else:
        text = f"ObjectType = Image\nNDims = 3\nDimSize = 5 4 3\nElementType = MET_UCHAR\nElementDataFile = {outside}\n"
        (folder / name).write_text(text)
    with pytest.raises(ReadError, match="outside its folder"):
        read_volume(folder / name)


def test_that_what_a_nrrd_does_not_say_is_not_made_up(tmp_path: Path) -> None:
    cases = {
        PLAIN: (Frame.NONE, "no-spacing"),
        PLAIN + "spacings: 2 3 4": (Frame.SPACING, "no-orientation"),
        PLACED.replace("space: LPS", "space dimension: 3"): (Frame.SPACING, "no-orientation"),
        PLACED.replace("space: LPS", "space: scanner-xyz"): (Frame.SPACING, "no-orientation"),
        PLACED.replace("\nspace origin: (1,2,3)", ""): (Frame.SPACING, "no-orientation"),
        PLACED + '\nspace units: "cm" "cm" "cm"': (Frame.WORLD, "unit-converted"),
    }
    for number, (fields, (frame, code)) in enumerate(cases.items()):
        path = tmp_path / f"{number}.nrrd"
        path.write_bytes(header(fields, BYTES))
        volume = read_volume(path)
        assert (volume.geometry.frame, [f.code for f in volume.findings]) == (frame, [code]), fields
        factor = 10 if "cm" in fields else 1
        expected = (1, 1, 1) if frame is Frame.NONE else (4 * factor, 3 * factor, 2 * factor)
        assert volume.geometry.spacing_zyx == pytest.approx(expected), fields


def test_that_two_dimensions_become_one_slice(tmp_path: Path) -> None:
    (tmp_path / "a.nrrd").write_bytes(
        header("type: uint8\ndimension: 2\nsizes: 5 12\nspacings: 2 3\nencoding: raw", BYTES)
    )
    volume = read_volume(tmp_path / "a.nrrd")
    assert volume.shape_zyx == (1, 12, 5)
    assert volume.geometry.spacing_zyx == pytest.approx((1, 3, 2))
    assert volume.geometry.frame is Frame.SPACING
    array = ramp((12, 5), np.uint8)
    for name in ("a.mha", "b.nrrd"):
        assert np.array_equal(read_volume(save_itk(tmp_path / name, array)).voxels, array[None])


@pytest.mark.parametrize(
    ("fields", "ids"),
    [
        (
            "sizes: 5 4 1 3\nkinds: domain domain domain list\nspace directions: (1,0,0) (0,1,0) (0,0,1) none",
            "t",
        ),
        (
            "sizes: 3 5 4 1\nkinds: list domain domain domain\nspace directions: none (1,0,0) (0,1,0) (0,0,1)",
            "c",
        ),
        ("sizes: 5 4 1 3", "t"),
    ],
)
def test_that_layers_and_times_become_entries(tmp_path: Path, fields: str, ids: str) -> None:
    (tmp_path / "a.nrrd").write_bytes(header(f"type: uint8\ndimension: 4\nencoding: raw\n{fields}", BYTES))
    listing = list_volumes(tmp_path / "a.nrrd")
    assert [entry.id for entry in listing.entries] == [f"{ids}{n}" for n in range(3)]
    flat = np.frombuffer(BYTES, np.uint8)
    expected = flat.reshape(3, 1, 4, 5) if ids == "t" else flat.reshape(1, 4, 5, 3).transpose(3, 0, 1, 2)
    for index, entry in enumerate(listing.entries):
        assert np.array_equal(entry.load().voxels, expected[index])


def test_that_colour_is_read_as_colour(tmp_path: Path) -> None:
    array = np.random.default_rng(3).integers(0, 255, (2, 4, 5, 3)).astype(np.uint8)
    for name in ("a.nrrd", "a.mha"):
        assert np.array_equal(read_volume(save_itk(tmp_path / name, array, colour=True)).voxels, array)


def test_that_transparency_is_dropped_with_a_finding(tmp_path: Path) -> None:
    array = np.full((2, 4, 5, 4), 255, np.uint8)
    assert not read_volume(save_itk(tmp_path / "a.mha", array, colour=True)).findings
    array[0, 0, 0, 3] = 7
    volume = read_volume(save_itk(tmp_path / "b.mha", array, colour=True))
    assert volume.voxels.shape == (2, 4, 5, 3)
    assert [f.code for f in volume.findings] == ["alpha-dropped"]


@pytest.mark.parametrize("kind", ["covariant-vector", "3D-symmetric-matrix", "complex"])
def test_that_vectors_are_refused(tmp_path: Path, kind: str) -> None:
    fields = f"type: uint8\ndimension: 4\nsizes: 3 5 4 1\nkinds: {kind} domain domain domain\nencoding: raw"
    (tmp_path / "a.nrrd").write_bytes(header(fields, BYTES))
    with pytest.raises(ReadError, match="3 numbers .* for each voxel"):
        read_volume(tmp_path / "a.nrrd")


def test_that_a_slicer_segmentation_is_labels(tmp_path: Path) -> None:
    nrrd.write(
        str(tmp_path / "a.seg.nrrd"), ramp(dtype=np.uint8).T, {"Segment0_ID": "liver", "Segment0_LabelValue": "1"}
    )
    assert read_volume(tmp_path / "a.seg.nrrd").kind is Kind.LABELS


def test_that_compressed_data_of_another_length_are_refused_and_raw_ones_are_a_finding(tmp_path: Path) -> None:
    (tmp_path / "a.nhdr").write_bytes(header(PLACED + "\ndata file: a.raw"))
    (tmp_path / "a.raw").write_bytes(BYTES + b"more")
    assert [f.code for f in read_volume(tmp_path / "a.nhdr").findings] == ["surplus-data"]
    nrrd.write(str(tmp_path / "b.nrrd"), ramp(dtype=np.uint8).T)
    data = (tmp_path / "b.nrrd").read_bytes().replace(b"sizes: 5 4 3", b"sizes: 5 4 2")
    (tmp_path / "b.nrrd").write_bytes(data)
    with pytest.raises(ReadError, match="20 bytes more than its header declares"):
        read_volume(tmp_path / "b.nrrd")


def replace(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (replace("sizes: 5 4 3", "sizes: 5 4"), "do not fit its dimension"),
        (replace("sizes: 5 4 3", "sizes: 5 -4 3"), "declares an image of"),
        (replace("sizes: 5 4 3", "sizes: 99999 99999 99999"), "more than the limit"),
        (replace("sizes: 5 4 3", "sizes: five 4 3"), "not whole numbers"),
        (replace("uint8", "block"), "'block' is not read"),
        (replace("raw", "jpeg"), "'jpeg' is not read"),
        (replace("(0,3,0)", "(2,0,0)"), "no extent along an axis"),
        (replace("(0,3,0)", "(0,x,0)"), "not vectors of numbers"),
        (replace("(1,2,3)", "(1,2,1e300)"), "beyond all bounds"),
        (replace("(0,3,0)", ""), "do not fit its dimension"),
        (lambda text: text + "\nbyte skip: -5", "skips -5 bytes"),
        (lambda text: text + "\ndata file: LIST", "list of files"),
        (lambda text: text + "\ndata file: slice%03d.raw 1 3 1", "numbered files"),
        (lambda text: text + "\nkinds: domain domain", "kinds in its header"),
    ],
)
def test_that_broken_nrrd_headers_are_refused(tmp_path: Path, change: Callable[[str], str], reason: str) -> None:
    (tmp_path / "a.nrrd").write_bytes(header(change(PLACED), BYTES))
    with pytest.raises(ReadError, match=reason) as caught:
        read_volume(tmp_path / "a.nrrd")
    assert "\n" not in str(caught.value)


META = """ObjectType = Image
NDims = 3
DimSize = 5 4 3
ElementType = MET_UCHAR
ElementSpacing = 2 3 4
Offset = 1 2 3
TransformMatrix = 1 0 0 0 1 0 0 0 1
ElementDataFile = LOCAL
"""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (replace("DimSize = 5 4 3", "DimSize = 5 4"), "3 dimensions and 2 sizes"),
        (replace("DimSize = 5 4 3", "DimSize = 5 0 3"), "declares an image of"),
        (replace("DimSize = 5 4 3", "DimSize = 99999 99999 99999"), "more than the limit"),
        (replace("MET_UCHAR", "MET_OTHER"), "'MET_OTHER' is not read"),
        (replace("= 2 3 4", "= 2 x 4"), "not numbers"),
        (replace("= 1 2 3", "= 1 2 1e300"), "beyond all bounds"),
        (replace("LOCAL", "LIST"), "list of files"),
        (replace("ElementDataFile", "Comment"), "does not end"),
        (replace("1 0 0 0 1 0 0 0 1", "1 0 0 1 0 0 0 0 1"), "no extent along an axis"),
        (lambda text: "ElementNumberOfChannels = 6\n" + text, "6 numbers for each voxel"),
    ],
)
def test_that_broken_metaimage_headers_are_refused(tmp_path: Path, change: Callable[[str], str], reason: str) -> None:
    (tmp_path / "a.mha").write_bytes(change(META).encode() + BYTES)
    with pytest.raises(ReadError, match=reason):
        read_volume(tmp_path / "a.mha")


def test_that_what_a_metaimage_does_not_say_is_not_made_up(tmp_path: Path) -> None:
    lines = META.splitlines(keepends=True)
    (tmp_path / "a.mha").write_bytes("".join(lines[:4] + lines[7:]).encode() + BYTES)
    (tmp_path / "b.mha").write_bytes("".join(lines[:5] + lines[7:]).encode() + BYTES)
    bare, spaced = read_volume(tmp_path / "a.mha"), read_volume(tmp_path / "b.mha")
    assert (bare.geometry.frame, [f.code for f in bare.findings]) == (Frame.NONE, ["no-spacing"])
    assert (spaced.geometry.frame, [f.code for f in spaced.findings]) == (Frame.SPACING, ["no-orientation"])
    assert spaced.geometry.spacing_zyx == pytest.approx((4, 3, 2))


def test_that_metaimage_in_4d_text_and_big_endian_is_read(tmp_path: Path) -> None:
    four = META.replace("NDims = 3", "NDims = 4").replace("5 4 3", "5 4 1 3").replace("= 2 3 4", "= 2 3 4 1")
    four = four.replace("= 1 2 3", "= 1 2 3 0").replace("1 0 0 0 1 0 0 0 1", "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1")
    (tmp_path / "a.mha").write_bytes(four.encode() + BYTES)
    listing = list_volumes(tmp_path / "a.mha")
    assert [entry.id for entry in listing.entries] == ["t0", "t1", "t2"]
    volume = listing.entries[2].load()
    assert volume.voxels.ravel().tolist() == list(range(40, 60))
    np.testing.assert_allclose(volume.geometry.affine[:3, 3], (1, 2, 3))
    text = ("BinaryData = False\n" + META).encode() + b" ".join(b"%d" % n for n in BYTES)
    (tmp_path / "b.mha").write_bytes(text)
    assert read_volume(tmp_path / "b.mha").voxels.ravel().tolist() == list(BYTES)
    wide = ("BinaryDataByteOrderMSB = True\n" + META).replace("UCHAR", "SHORT").encode()
    (tmp_path / "c.mha").write_bytes(wide + np.arange(60, dtype=">i2").tobytes())
    assert read_volume(tmp_path / "c.mha").voxels.ravel().tolist() == list(range(60))


@pytest.mark.parametrize("name", ["a.gipl", "a.gipl.gz"])
def test_that_gipl_reads_as_simpleitk_wrote_it(tmp_path: Path, name: str) -> None:
    affine = np.diag([0.5, 0.75, 2.0, 1.0])
    affine[:3, 3] = (4, 5, 6)
    volume = read_volume(save_itk(tmp_path / name, ramp(), affine))
    assert np.array_equal(volume.voxels, ramp())
    assert volume.geometry.frame is Frame.SPACING
    np.testing.assert_allclose(volume.geometry.affine, affine)
    assert [f.code for f in volume.findings] == ["no-orientation"]


def test_that_a_sheared_nrrd_is_rectified(tmp_path: Path) -> None:
    sheared = (
        PLACED.replace("(0,0,4)", "(0,1,4)")
        .replace("uint8", "int16")
        .replace("sizes: 5 4 3", "sizes: 5 4 3\nendian: little")
    )
    (tmp_path / "a.nrrd").write_bytes(header(sheared, ramp().tobytes()))
    volume = read_volume(tmp_path / "a.nrrd")
    assert [f.code for f in volume.findings] == ["sheared"]
    assert volume.geometry.spacing_zyx == pytest.approx((4, 3, 2))
    assert volume.shape_zyx == (3, 5, 5)
    assert SHAPE_ZYX == (3, 4, 5)
