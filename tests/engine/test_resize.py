"""The expected values were written down from OpenCV 5.0, torch 2.13 and scikit-image 0.26 themselves."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from app.engine.resize import METHODS, Method, bilinear, resize

PICTURE = (np.arange(35).reshape(5, 7) ** 2 * 37 % 256).astype(np.uint8)

AREA_SMALLER = [[25, 125, 108, 119], [113, 98, 156, 139], [149, 106, 85, 85]]
AREA_LARGER = [
    [0, 21, 53, 148, 97, 78, 80, 146, 112, 52],
    [13, 36, 69, 168, 120, 102, 107, 176, 144, 86],
    [34, 59, 87, 145, 136, 135, 142, 171, 155, 129],
    [84, 112, 114, 0, 141, 201, 212, 69, 115, 208],
    [168, 199, 203, 94, 91, 96, 110, 147, 137, 116],
    [145, 178, 185, 78, 115, 107, 51, 134, 112, 64],
    [80, 115, 124, 20, 169, 164, 0, 87, 66, 20],
]
TORCH_SMALLER = [[22, 150, 95, 109], [102, 25, 210, 147], [139, 67, 47, 75]]
TORCH_LARGER = [
    [0, 20, 65, 142, 102, 78, 84, 138, 110, 52],
    [12, 34, 81, 161, 123, 101, 110, 166, 140, 85],
    [39, 64, 95, 127, 136, 143, 150, 158, 150, 137],
    [84, 111, 100, 7, 128, 202, 204, 87, 118, 208],
    [159, 188, 180, 90, 96, 108, 123, 136, 134, 126],
    [142, 174, 169, 81, 114, 104, 54, 122, 108, 62],
    [80, 114, 111, 26, 156, 149, 5, 76, 65, 20],
]
SCIKIT_SMALLER = [[8, 158, 76, 95], [105, 18, 221, 155], [130, 63, 30, 63]]
SCIKIT_LARGER = [
    [0, 7, 69, 150, 112, 58, 85, 159, 109, 58],
    [8, 14, 85, 180, 129, 62, 99, 195, 137, 76],
    [32, 47, 91, 129, 148, 154, 158, 165, 155, 147],
    [88, 121, 102, 0, 113, 244, 202, 57, 119, 198],
    [184, 216, 211, 95, 65, 98, 133, 146, 140, 136],
    [145, 179, 177, 83, 123, 98, 31, 135, 108, 51],
    [90, 129, 114, 23, 173, 164, 0, 80, 75, 27],
]


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("area", AREA_SMALLER),
        ("area", AREA_LARGER),
        ("bilinear", TORCH_SMALLER),
        ("bilinear", TORCH_LARGER),
        ("cubic", SCIKIT_SMALLER),
        ("cubic", SCIKIT_LARGER),
    ],
)
def test_that_eight_bit_values_are_those_of_the_library(method: Method, expected: list[list[int]]) -> None:
    resized = resize(PICTURE, (len(expected), len(expected[0])), method)
    assert resized.dtype == np.float32
    np.testing.assert_array_equal(resized, expected)


def test_that_borders_that_meet_do_so_as_in_opencv() -> None:
    """17 of 34 new cells end where 3 of 6 old ones do: 17 * (6 / 34) is 3, but 17 * (1 / (34 / 6)) a bit less."""
    row = (np.arange(6) ** 2 * 37 % 256).astype(np.uint8)[None]
    expected = [0, 0, 0, 0, 0, 12, 37, 37, 37, 37, 37, 111, 148, 148, 148, 148, 148, 148, 77, 77, 77, 77, 78, 80]
    assert resize(row, (1, 34), "area")[0].tolist() == [*expected, 80, 80, 80, 80, 131, 157, 157, 157, 157, 157]


def test_that_every_value_is_torchs_at_any_ratio() -> None:
    """Its weights are whole multiples of 1 / 16384: one value in a thousand ends on another side of a half by them."""
    torch = pytest.importorskip("torch", reason="torch is in the convert extra")
    random = np.random.default_rng(5)
    shapes = [tuple(int(n) for n in random.integers(1, 400, 4)) for _ in range(40)]
    for rows, columns, *size in [*shapes, (160, 174, 471, 512), (640, 696, 471, 512), (50, 60, 25, 30)]:
        image = random.integers(0, 256, (rows, columns)).astype(np.uint8)
        expected = torch.nn.functional.interpolate(torch.from_numpy(image)[None, None], size, mode="bilinear")[0, 0]
        np.testing.assert_array_equal(resize(image, (size[0], size[1]), "bilinear"), expected.numpy())


def test_that_every_value_is_opencvs_whichever_way_the_axes_go() -> None:
    cv2 = pytest.importorskip("cv2", reason="OpenCV is in the convert extra")
    random = np.random.default_rng(4)
    for _ in range(60):
        shape, size = (tuple(int(n) for n in random.integers(5, 400, 2)) for _ in range(2))
        picture = random.integers(0, 256, shape, dtype=np.uint8)
        expected = cv2.resize(picture, size[::-1], interpolation=cv2.INTER_AREA)
        np.testing.assert_array_equal(resize(picture, (size[0], size[1]), "area"), expected, f"{shape} to {size}")


def test_that_antialiased_values_are_pillows() -> None:
    expected = np.asarray(Image.fromarray(PICTURE).resize((4, 3), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(resize(PICTURE, (3, 4), "antialiased"), expected)


def test_that_halves_are_rounded_up_only_where_cells_are_two_by_two() -> None:
    two = np.array([[0, 1, 2, 5], [1, 1, 0, 0]], dtype=np.uint8)  # means 0.75 and 1.75
    assert resize(two, (1, 2), "area").tolist() == [[1, 2]]
    assert resize(np.array([[0, 0], [1, 1]], dtype=np.uint8), (1, 1), "area").tolist() == [[1]]
    assert resize(np.array([[0, 1], [0, 1], [0, 1], [0, 1]], dtype=np.uint8), (1, 1), "area").tolist() == [[0]]


@pytest.mark.parametrize("method", METHODS)
def test_that_other_values_are_not_rounded_and_a_plane_stays_one(method: Method) -> None:
    plane = np.full((40, 30), -731.25)
    np.testing.assert_allclose(resize(plane, (17, 23), method), -731.25, rtol=1e-6)
    ramp = np.linspace(-1000.0, 1000.0, 60)[None].repeat(50, axis=0)
    assert np.ptp(resize(ramp, (20, 20), method)[0] % 1) > 0.01


@pytest.mark.parametrize("method", METHODS)
def test_that_the_same_size_changes_nothing(method: Method) -> None:
    np.testing.assert_array_equal(resize(PICTURE, PICTURE.shape, method), PICTURE)


def test_that_a_mask_is_resized_as_an_eight_bit_picture() -> None:
    mask = np.zeros((8, 8), dtype=bool)
    mask[:, :3] = True
    assert resize(mask, (2, 2), "area").tolist() == [[1, 0], [1, 0]]


def test_that_interpolation_keeps_a_ramp_between_the_outermost_centres() -> None:
    ramp = np.arange(16, dtype=np.float32)[None].repeat(4, axis=0)
    wide = bilinear(ramp, (4, 64))[0]
    np.testing.assert_allclose(np.diff(wide[2:-2]), 0.25, atol=1e-5)
    assert wide[0] == 0.0
    assert wide[-1] == 15.0
