"""Pictures against what Pillow was given to write."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.engine.errors import ReadError
from app.engine.geometry import Frame
from app.engine.io import limits, raster
from app.engine.io.open import list_volumes, read_volume
from app.engine.volume import Kind, Volume


def colour(rows: int = 6, columns: int = 9) -> Any:
    return np.random.default_rng(4).integers(0, 255, (rows, columns, 3)).astype(np.uint8)


def save(path: Path, pixels: Any, **options: Any) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


def codes(volume: Volume) -> list[str]:
    return [finding.code for finding in volume.findings]


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.ppm", "a.webp"])
def test_that_colour_pictures_keep_their_pixels(tmp_path: Path, name: str) -> None:
    volume = read_volume(save(tmp_path / name, colour(), **({"lossless": True} if name == "a.webp" else {})))
    assert np.array_equal(volume.voxels, colour()[None])
    assert volume.kind is Kind.PICTURE
    assert volume.geometry.frame is Frame.NONE
    assert not volume.findings


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.gif", "a.pgm"])
def test_that_grey_pictures_keep_their_pixels(tmp_path: Path, name: str) -> None:
    volume = read_volume(save(tmp_path / name, colour()[..., 0]))
    assert np.array_equal(volume.voxels, colour()[None, ..., 0])
    assert volume.voxels.dtype == np.uint8


def test_that_jpeg_is_close_to_what_was_saved(tmp_path: Path) -> None:
    y, x = np.mgrid[0:32, 0:48]
    smooth = np.stack([x * 5, y * 7, x + y], axis=-1).astype(np.uint8)
    volume = read_volume(save(tmp_path / "a.jpg", smooth, quality=95, dpi=(300, 300)))
    assert np.abs(volume.voxels[0].astype(int) - smooth).mean() < 3
    assert volume.geometry.frame is Frame.NONE  # dots per inch are no millimetres


@pytest.mark.parametrize(
    ("name", "dtype"), [("a.png", np.uint16), ("a.tif", np.uint16), ("a.tif", np.float32), ("a.tif", np.int32)]
)
def test_that_deep_grey_keeps_its_depth(tmp_path: Path, name: str, dtype: type) -> None:
    pixels: Any = (np.arange(54).reshape(6, 9) * 1200).astype(dtype)
    volume = read_volume(save(tmp_path / name, pixels))
    assert np.array_equal(volume.voxels[0], pixels)
    assert volume.voxels.dtype == dtype


def test_that_a_colour_picture_of_grey_becomes_grey(tmp_path: Path) -> None:
    grey = colour()[..., 0]
    volume = read_volume(save(tmp_path / "a.bmp", np.stack([grey] * 3, axis=-1)))
    assert np.array_equal(volume.voxels[0], grey)


def test_that_black_and_white_becomes_0_and_255(tmp_path: Path) -> None:
    Image.fromarray(colour()[..., 0] > 127).save(tmp_path / "a.png")
    assert set(np.unique(read_volume(tmp_path / "a.png").voxels)) == {0, 255}


def test_that_a_palette_becomes_its_colours(tmp_path: Path) -> None:
    image = Image.fromarray((np.arange(54) % 3).reshape(6, 9).astype(np.uint8), "L").convert("P")
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    image.save(tmp_path / "a.png")
    assert read_volume(tmp_path / "a.png").voxels[0, 0, :3].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]


def test_that_cmyk_becomes_rgb(tmp_path: Path) -> None:
    Image.fromarray(colour()).convert("CMYK").save(tmp_path / "a.tif")
    assert np.array_equal(read_volume(tmp_path / "a.tif").voxels[0], colour())


@pytest.mark.parametrize("opaque", [True, False])
def test_that_transparency_is_dropped_and_said(tmp_path: Path, opaque: bool) -> None:
    pixels = np.dstack([colour(), np.full((6, 9), 255, np.uint8)])
    pixels[0, 0, 3] = 255 if opaque else 10
    volume = read_volume(save(tmp_path / "a.png", pixels))
    assert np.array_equal(volume.voxels[0], colour())
    assert codes(volume) == ([] if opaque else ["alpha-dropped"])
    grey = read_volume(save(tmp_path / "b.png", pixels[..., 2:]))
    assert np.array_equal(grey.voxels[0], colour()[..., 2])


@pytest.mark.parametrize("orientation", range(1, 9))
def test_that_exif_rotation_is_honoured_and_said(tmp_path: Path, orientation: int) -> None:
    upright = np.kron(np.array([[0, 80, 160], [40, 200, 250]]), np.ones((16, 16))).astype(np.uint8)
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    volume = read_volume(save(tmp_path / "a.jpg", np.ascontiguousarray(stored), exif=exif, quality=100))
    assert np.abs(volume.voxels[0].astype(int) - upright).max() < 10
    assert codes(volume) == ([] if orientation == 1 else ["exif-rotated"])


def test_that_equal_pages_are_a_volume_and_unequal_ones_are_pictures(tmp_path: Path) -> None:
    pages = [Image.fromarray(np.full((6, 9), 10 * n, np.uint8)) for n in range(1, 4)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    volume = read_volume(tmp_path / "a.tif")
    assert volume.kind is Kind.VOLUME
    assert volume.voxels[:, 0, 0].tolist() == [10, 20, 30]
    assert codes(volume) == ["page-stack"]
    assert volume.geometry.frame is Frame.NONE
    pages[0].save(tmp_path / "b.tif", save_all=True, append_images=[pages[1].resize((4, 4))])
    listing = list_volumes(tmp_path / "b.tif")
    assert [entry.id for entry in listing.entries] == ["p0", "p1"]
    assert listing.entries[1].load().shape_zyx == (1, 4, 4)


def test_that_only_the_first_of_an_animation_is_read_and_that_is_said(tmp_path: Path) -> None:
    pages = [Image.fromarray(np.full((6, 9), 10 * n, np.uint8)) for n in range(1, 4)]
    pages[0].save(tmp_path / "a.gif", save_all=True, append_images=pages[1:])
    volume = read_volume(tmp_path / "a.gif")
    assert volume.voxels.max() == 10
    assert codes(volume) == ["animation"]


def png(columns: int, rows: int, depth: int = 8, kind: int = 0, data: bytes = b"") -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">L", len(content)) + name + content + struct.pack(">L", zlib.crc32(name + content))

    ihdr = struct.pack(">LLBBBBB", columns, rows, depth, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", ihdr) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(60000, 60000), (2**31 - 1, 2**31 - 1)])
def test_that_too_many_pixels_are_refused_before_decoding(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "a.png").write_bytes(png(*size))
    with pytest.raises(ReadError, match="more than the limit|more pixels than the limit"):
        list_volumes(tmp_path / "a.png")


def test_that_the_limit_is_ours_and_not_pillows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster, "MAX_PICTURE_PIXELS", 50)
    assert limits.MAX_PICTURE_PIXELS > 50
    with pytest.raises(ReadError, match="9 x 6 pixels, more than the limit of 50"):
        list_volumes(save(tmp_path / "a.png", colour()))


def test_that_16_bit_colour_is_read_as_8_bits_and_that_is_said(tmp_path: Path) -> None:
    row = b"\0" + struct.pack(">6H", 0x1234, 0x5678, 0x9ABC, 0xFFFF, 0, 0x0102)
    (tmp_path / "a.png").write_bytes(png(2, 1, depth=16, kind=2, data=row))
    volume = read_volume(tmp_path / "a.png")
    assert volume.voxels[0, 0].tolist() == [[0x12, 0x56, 0x9A], [0xFF, 0, 0x01]]
    assert codes(volume) == ["depth-reduced"]


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.bmp", "a.webp", "a.jp2"])
def test_that_truncated_pictures_are_refused_quietly(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = save(tmp_path / name, colour(40, 60))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ReadError, match=r"a\.\w+"):
        read_volume(path)
    assert capfd.readouterr().err == ""


def test_that_damaged_tiff_data_write_nothing_to_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = save(tmp_path / "a.tif", colour(40, 60), compression="tiff_adobe_deflate")
    data = bytearray(path.read_bytes())
    for at in range(200, 240):
        data[at] ^= 0x55
    path.write_bytes(data)
    with pytest.raises(ReadError, match="damaged"):
        read_volume(path)
    assert capfd.readouterr().err == ""


def test_that_numbers_that_are_none_become_a_finding(tmp_path: Path) -> None:
    pixels = np.ones((4, 5), np.float32)
    pixels[0, 0], pixels[1, 1] = np.nan, 7
    volume = read_volume(save(tmp_path / "a.tif", pixels))
    assert volume.voxels[0, 0, 0] == 1
    assert codes(volume) == ["non-finite"]
    with pytest.raises(ReadError, match="none of its pixels"):
        read_volume(save(tmp_path / "b.tif", pixels * np.float32(np.nan)))
