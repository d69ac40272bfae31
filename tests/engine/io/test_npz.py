"""The challenge's NPZ, honest and hostile."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.errors import ReadError
from app.engine.geometry import Frame
from app.engine.io.npy import NpyError, read_array
from app.engine.io.npz import case_volume, challenge_modality, read_npz
from app.engine.io.open import list_volumes, read_volume
from app.engine.volume import Kind

PICTURE = np.random.default_rng(5).integers(0, 255, (6, 9, 3)).astype(np.uint8)
BODY = PICTURE[..., 0][None].repeat(4, 0)


def save(path: Path, **arrays: Any) -> Path:
    np.savez_compressed(path, **arrays)
    return path


def npy(header: str, data: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for key, data in members.items():
            file.writestr(f"{key}.npy", data)
    return path


def test_that_a_2d_case_is_read(tmp_path: Path) -> None:
    gts = np.zeros((6, 9), np.uint16)
    path = save(tmp_path / "2DBox_XRay_1.npz", imgs=PICTURE, boxes=np.array([[1, 2, 3, 4], [0, 0, 8, 5]]), gts=gts)
    case = read_npz(path)
    assert not case.is_3d
    assert np.array_equal(case.imgs, PICTURE)
    assert case.boxes is not None
    assert case.boxes.tolist() == [[1, 2, 3, 4], [0, 0, 8, 5]]
    assert case.gts is not None
    volume = read_volume(path)
    assert np.array_equal(volume.voxels, PICTURE[None])
    assert (volume.kind, volume.modality, volume.geometry.frame) == (Kind.PICTURE, "X-Ray", Frame.NONE)


def test_that_a_3d_case_is_read(tmp_path: Path) -> None:
    path = save(
        tmp_path / "3DBox_CT_1.npz", imgs=BODY, boxes=np.array([[1, 2, 0, 3, 4, 3]]), spacing=np.array([0.5, 0.7, 3])
    )
    case = read_npz(path)
    assert case.is_3d
    assert case.spacing == (0.5, 0.7, 3.0)
    volume = case_volume(case)
    assert np.array_equal(volume.voxels, BODY)
    assert volume.geometry.spacing_zyx == pytest.approx((3, 0.7, 0.5))
    assert (volume.kind, volume.modality, volume.geometry.frame) == (Kind.VOLUME, "CT", Frame.SPACING)
    assert not volume.findings


def test_that_a_volume_without_spacing_has_no_millimetres(tmp_path: Path) -> None:
    assert read_volume(save(tmp_path / "a.npz", imgs=BODY)).geometry.frame is Frame.NONE


def test_that_grey_pictures_are_grey_whether_repeated_or_flat(tmp_path: Path) -> None:
    grey = PICTURE[..., 0]
    for name, imgs in (("a.npz", grey), ("b.npz", np.stack([grey] * 3, axis=-1))):
        assert np.array_equal(read_volume(save(tmp_path / name, imgs=imgs)).voxels, grey[None])


def test_that_boxes_tell_a_narrow_volume_from_a_picture(tmp_path: Path) -> None:
    narrow = PICTURE
    assert read_npz(save(tmp_path / "a.npz", imgs=narrow, boxes=np.array([[0, 0, 0, 1, 1, 1]]))).is_3d
    assert not read_npz(save(tmp_path / "b.npz", imgs=narrow, boxes=np.array([[0, 0, 1, 1]]))).is_3d
    assert read_npz(save(tmp_path / "3DBox_c.npz", imgs=narrow)).is_3d
    assert not read_npz(save(tmp_path / "2DBox_d.npz", imgs=narrow)).is_3d
    for path in tmp_path.iterdir():
        (entry,) = list_volumes(path).entries
        assert entry.kind is entry.load().kind


def test_that_no_boxes_and_a_single_flat_box_are_understood(tmp_path: Path) -> None:
    none = read_npz(save(tmp_path / "a.npz", imgs=PICTURE, boxes=np.zeros((0, 4))))
    assert none.boxes is not None
    assert none.boxes.shape == (0, 4)
    one = read_npz(save(tmp_path / "b.npz", imgs=PICTURE, boxes=np.array([1, 2, 3, 4])))
    assert one.boxes is not None
    assert one.boxes.shape == (1, 4)
    assert read_npz(save(tmp_path / "c.npz", imgs=PICTURE)).boxes is None


@pytest.mark.parametrize(
    ("arrays", "key"),
    [
        ({"imgs": PICTURE[None]}, "imgs"),
        ({"imgs": PICTURE[0, 0]}, "imgs"),
        ({"imgs": np.zeros((0, 9, 3), np.uint8)}, "imgs"),
        ({"imgs": PICTURE * 1.5}, "imgs"),
        ({"imgs": np.full((4, 4), np.nan)}, "imgs"),
        ({"imgs": PICTURE.astype(complex)}, "imgs"),
        ({"imgs": PICTURE.astype(str)}, "imgs"),
        ({"segs": PICTURE}, "imgs"),
        ({"imgs": PICTURE, "boxes": np.zeros((2, 5))}, "boxes"),
        ({"imgs": PICTURE, "boxes": np.zeros((2, 2, 4))}, "boxes"),
        ({"imgs": PICTURE, "boxes": np.array([[1, np.nan, 3, 4]])}, "boxes"),
        ({"imgs": PICTURE, "boxes": np.array([[1, 2, np.inf, 4]])}, "boxes"),
        ({"imgs": PICTURE, "boxes": np.array([[5, 2, 1, 4]])}, "boxes"),
        ({"imgs": BODY, "boxes": np.array([[1, 2, 3, 4]])}, "boxes"),
        ({"imgs": PICTURE[..., 0], "boxes": np.array([[1, 2, 0, 3, 4, 1]])}, "boxes"),
        ({"imgs": PICTURE, "boxes": np.array([{"x_min": 1}], dtype=object)}, "boxes"),
        ({"imgs": BODY, "spacing": np.array([1.0, 2.0])}, "spacing"),
        ({"imgs": BODY, "spacing": np.array([1.0, 2.0, 0.0])}, "spacing"),
        ({"imgs": BODY, "spacing": np.array([1.0, np.nan, 1.0])}, "spacing"),
        ({"imgs": BODY, "gts": np.zeros((4, 6, 8), np.uint8)}, "gts"),
        ({"imgs": PICTURE, "gts": np.full((6, 9), 0.5)}, "gts"),
    ],
)
def test_that_what_is_wrong_is_refused_by_name(tmp_path: Path, arrays: dict[str, Any], key: str) -> None:
    path = save(tmp_path / "a.npz", **arrays)
    with pytest.raises(ReadError, match=rf"a\.npz: .*'{key}'"):
        read_npz(path)


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        raise AssertionError("this must never be pickled or unpickled")


def test_that_nothing_is_unpickled(tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    payload = f"cposix\nsystem\n(S'touch {marker}'\ntR.".encode()
    header = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    for data in (npy(header, payload), payload, pickle.dumps({"imgs": 1})):
        with pytest.raises(ReadError, match="'imgs'"):
            read_npz(archive(tmp_path / "a.npz", imgs=data))
    assert not marker.exists()


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|u1', 'fortran_order': False, 'shape': (99999, 99999, 99999), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (60000, 60000), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 4), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': __import__('os').getcwd(), }",
        "{'descr': [('a', 'u1')], 'fortran_order': False, 'shape': (2, 2), }",
        "{'descr': '|u9', 'fortran_order': False, 'shape': (2, 2), }",
        "(" * 5000,
        "",
    ],
)
def test_that_hostile_headers_are_refused_before_memory_is_taken(tmp_path: Path, header: str) -> None:
    with pytest.raises(ReadError, match="imgs"):
        read_npz(archive(tmp_path / "a.npz", imgs=npy(header, b"abcd")))


def test_that_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    header = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (65000, 66100), }")
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as file, file.open("imgs.npy", "w") as member:
        member.write(header + bytes(2**20))
    with pytest.raises(ReadError, match="'imgs' declares more data|more than the limit"):
        read_npz(tmp_path / "a.npz")


def test_that_damaged_and_locked_archives_are_refused(tmp_path: Path) -> None:
    sound = save(tmp_path / "a.npz", imgs=PICTURE).read_bytes()
    for number, data in enumerate((sound[:-30], sound[: len(sound) // 2], sound[:4] + b"\xff" * 50 + sound[54:])):
        path = tmp_path / f"{number}.npz"
        path.write_bytes(data)
        with pytest.raises(ReadError, match="archive is damaged"):
            read_npz(path)
    locked = bytearray(sound)
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.npz").write_bytes(locked)
    with pytest.raises(ReadError, match="damaged or locked"):
        read_npz(tmp_path / "locked.npz")


def test_that_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, imgs=PICTURE)
    data = bytearray(path.read_bytes())
    data[data.index(b"NUMPY") + 200] ^= 1
    path.write_bytes(data)
    with pytest.raises(ReadError, match="damaged"):
        read_npz(path)


@settings(max_examples=60)
@given(
    shape=st.lists(st.integers(0, 4), max_size=4).map(tuple),
    dtype=st.sampled_from(["u1", "i2", ">i4", "f4", ">f8", "?", "u8"]),
    fortran=st.booleans(),
)
def test_that_arrays_read_as_numpy_wrote_them(shape: tuple[int, ...], dtype: str, fortran: bool) -> None:
    array = (np.arange(np.prod(shape, dtype=int)).reshape(shape) % 2).astype(dtype)
    array = np.asfortranarray(array) if fortran else array
    file = io.BytesIO()
    np.save(file, array)
    file.seek(0)
    again = read_array(file)
    assert np.array_equal(again, array)
    assert again.dtype.isnative
    file.seek(0)
    if array.nbytes:
        with pytest.raises(NpyError, match="cut short"):
            read_array(io.BytesIO(file.getvalue()[:-1]))


@pytest.mark.parametrize(
    ("name", "modality"),
    [
        ("2DBox_X-Ray_0001.npz", "X-Ray"),
        ("2DBox_CXR_0001.npz", "X-Ray"),
        ("2DBox_US_0001.npz", "Ultrasound"),
        ("2DBox_OCT_3.npz", "OCT"),
        ("2DBox_Dermoscope_3.npz", "Dermoscopy"),
        ("3DBox_MR_3.npz", "MR"),
        ("3DBox_PET_3.npz", "PET"),
        ("2DBox_Unheard_3.npz", ""),
        ("liver_CT.npz", ""),
    ],
)
def test_that_the_modality_is_taken_from_the_name(name: str, modality: str) -> None:
    assert challenge_modality(name) == modality


def test_that_pixels_beyond_single_precision_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", imgs=np.full((4, 5), 1e300), boxes=np.array([[0, 0, 2, 2]]))

    with pytest.raises(ReadError, match="'imgs' holds values that are not finite"):
        read_npz(tmp_path / "a.npz")
