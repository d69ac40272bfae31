"""Grey is what the window says, for every kind of voxel; presets are the usual ones."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.engine.errors import WindowError
from app.engine.geometry import Geometry
from app.engine.volume import Display, Kind, Volume
from app.engine.window import Origin, Preset, Window, initial_window, opening_of, presets_for

WINDOWS = st.builds(Window, level=st.floats(-5000, 5000), width=st.floats(0.25, 8000))


def exact_grey(value: float, window: Window) -> Fraction:
    """What is rounded half up to the grey value, without any rounding before."""
    grey = 255 * (Fraction(value) - Fraction(window.low)) / Fraction(window.width)
    return min(max(grey, Fraction(0)), Fraction(255))


def volume_of(values: Any, **told: Any) -> Volume:
    voxels = np.asarray(values)
    z, y, x = voxels.shape[:3]
    return Volume(voxels, Geometry.of_pixels((z, y, x)), **told)


def by_name(presets: tuple[Preset, ...]) -> dict[str, Preset]:
    return {preset.name: preset for preset in presets}


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.int32, np.float64])
@pytest.mark.parametrize("window", [Window(40, 400), Window(-600, 1500), Window(127.5, 255), Window(3, 1)])
def test_that_whole_numbers_get_the_exact_grey(dtype: type[Any], window: Window) -> None:
    info = np.iinfo(dtype if np.dtype(dtype).kind in "iu" else np.int16)
    values = np.arange(max(info.min, -1500), min(info.max, 1500) + 1).astype(dtype)
    expected = [math.floor(exact_grey(float(value), window) + Fraction(1, 2)) for value in values]
    assert window.to_grey(values[None]).tolist() == [expected]
    assert window.to_grey(values[None], inverted=True).tolist() == [[255 - grey for grey in expected]]


@given(WINDOWS, st.lists(st.floats(-10000, 10000, width=32), min_size=1, max_size=40))
def test_that_single_precision_gets_the_nearest_grey(window: Window, values: list[float]) -> None:
    greys = window.to_grey(np.array([values], np.float32))[0]
    for value, grey in zip(values, greys.tolist(), strict=True):
        assert abs(grey - exact_grey(value, window)) <= Fraction(502, 1000)


@given(WINDOWS, st.sampled_from([np.float16, np.float32, np.float64, np.int16, np.uint16, np.int32, np.uint64]))
def test_that_a_higher_value_is_never_darker(window: Window, dtype: type[Any]) -> None:
    values = np.sort(np.linspace(0 if np.dtype(dtype).kind == "u" else -9000, 9000, 3001).astype(dtype))
    assert (np.diff(window.to_grey(values[None])[0].astype(int)) >= 0).all()
    assert (np.diff(window.to_grey(values[None], inverted=True)[0].astype(int)) <= 0).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_that_what_is_no_number_is_black_and_what_is_infinite_lies_beyond_the_window(dtype: type[Any]) -> None:
    pixels = np.array([[np.nan, -np.inf, 0, np.inf]], dtype)
    assert Window(0, 2).to_grey(pixels).tolist() == [[0, 0, 128, 255]]
    assert Window(0, 2).to_grey(pixels, inverted=True).tolist() == [[0, 255, 127, 0]]


@pytest.mark.parametrize("window", [Window(0, 1e-320), Window(1e12, 1e-6), Window(0, 1e305), Window(1e300, 1e290)])
@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
def test_that_windows_beyond_all_measure_still_part_low_from_high(window: Window, dtype: type[Any]) -> None:
    ends = np.finfo(dtype) if np.dtype(dtype).kind == "f" else np.iinfo(dtype)
    greys = window.to_grey(np.array([[ends.min, ends.max]], dtype))[0].astype(float)
    for value, grey in zip((ends.min, ends.max), greys, strict=True):
        assert abs(grey - exact_grey(float(value), window)) <= Fraction(502, 1000)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_that_grey_is_contiguous_for_slices_along_every_axis(dtype: type[Any], axis: int) -> None:
    voxels = np.arange(60).reshape(3, 4, 5).astype(dtype)
    layer = np.take(voxels, 1, axis=axis)
    strided = np.moveaxis(voxels, axis, 0)[1]
    for pixels in (strided, strided[::-1, ::-1][::-1, ::-1]):
        grey = Window(30, 60).to_grey(pixels)
        assert grey.dtype == np.uint8
        assert grey.flags.c_contiguous
        np.testing.assert_array_equal(grey, Window(30, 60).to_grey(layer))


@pytest.mark.parametrize("kind", ["i2", "u2", "f4", "i4"])
def test_that_byte_order_makes_no_difference(kind: str) -> None:
    pixels = np.arange(200).reshape(10, 20)
    big, little = (Window(90, 150).to_grey(pixels.astype(order + kind)) for order in "><")
    np.testing.assert_array_equal(big, little)


def test_that_a_mask_is_shown_as_zero_and_one() -> None:
    assert Window(0.5, 1).to_grey(np.array([[False, True]])).tolist() == [[0, 255]]


def test_that_pixels_stay_as_they_are() -> None:
    pixels = np.full((2, 3), np.nan, np.float32)
    pixels.setflags(write=False)
    Window(0, 1).to_grey(pixels, inverted=True)
    assert np.isnan(pixels).all()


@pytest.mark.parametrize(
    ("level", "width"), [(0, 0), (0, -1), (0, math.nan), (math.nan, 1), (math.inf, 1), (0, math.inf), (0, 1e307)]
)
def test_that_a_window_that_shows_nothing_is_refused(level: float, width: float) -> None:
    with pytest.raises(WindowError, match="shows nothing"):
        Window(level, width)


def test_that_a_window_is_its_ends() -> None:
    window = Window.between(-160, 240)
    assert window == Window(40, 400)
    assert (window.low, window.high) == (-160, 240)
    with pytest.raises(WindowError):
        Window.between(1, 1)


def test_that_the_files_own_window_comes_first() -> None:
    volume = volume_of(np.arange(24.0).reshape(2, 3, 4), display=Display(level=50, width=350))
    assert initial_window(volume) == Window(50, 350)


@pytest.mark.parametrize("width", [0.0, -5.0, math.nan, math.inf, None])
def test_that_a_window_of_the_file_that_shows_nothing_is_passed_over(width: float | None) -> None:
    volume = volume_of(np.linspace(0, 1000, 1000).reshape(10, 10, 10), display=Display(level=50, width=width))
    window = initial_window(volume)
    assert window.low == pytest.approx(5, abs=0.1)
    assert window.high == pytest.approx(995, abs=0.1)


def test_that_background_does_not_count_in_percentiles(rng: np.random.Generator) -> None:
    values = np.full((4, 100, 100), -2000, np.int16)
    values[:, 25:75, 25:75] = rng.integers(100, 301, (4, 50, 50))
    window = initial_window(volume_of(values))
    assert 100 <= window.low <= 102
    assert 299 <= window.high <= 300


def test_that_a_few_outliers_do_not_set_the_window(rng: np.random.Generator) -> None:
    values = rng.normal(100, 10, (10, 100, 100)).astype(np.float32)
    values[0, 0, :5] = 1e6
    assert initial_window(volume_of(values)).high < 140


def test_that_voxels_that_are_no_number_do_not_set_the_window() -> None:
    values = np.linspace(0, 1000, 1000).reshape(10, 10, 10)
    values[::2, ::3] = np.nan
    values[1, 1] = np.inf
    values[3, 1] = -np.inf
    window = initial_window(volume_of(values))
    assert 0 <= window.low < window.high <= 1000
    assert by_name(presets_for(volume_of(values)))["Whole range"].window == Window.between(
        values[np.isfinite(values)].min(), values[np.isfinite(values)].max()
    )


@pytest.mark.parametrize("value", [0, -1000, 1e20, 1.7e308])
def test_that_a_constant_image_is_mid_grey(value: float) -> None:
    volume = volume_of(np.full((2, 3, 4), value))
    assert (initial_window(volume).to_grey(volume.voxels[0]) == 128).all()
    assert all(preset.window is None or preset.window.width > 0 for preset in presets_for(volume))


@pytest.mark.parametrize("values", [[np.nan, np.nan], [np.inf, -np.inf], [-1.7e308, 1.7e308]])
def test_that_an_image_without_a_measurable_range_still_has_a_window(values: list[float]) -> None:
    volume = volume_of(np.reshape(values, (1, 1, 2)))
    assert initial_window(volume).width > 0
    assert len(presets_for(volume)) > 1


def test_that_voxels_between_those_that_are_sampled_still_stand_out() -> None:
    values = np.zeros((64, 256, 256), np.int16)  # 16 times the sample
    values[31, 101, 101] = 700
    assert initial_window(volume_of(values)) == Window.between(0, 700)


def test_that_labels_are_shown_from_none_to_the_highest() -> None:
    volume = volume_of(np.array([[[0, 0, 7]]], np.uint16), kind=Kind.LABELS)
    assert initial_window(volume) == Window.between(0, 7)
    assert [preset.window for preset in presets_for(volume)] == [None]


def test_that_colour_is_shown_as_it_is() -> None:
    volume = volume_of(np.zeros((1, 2, 2, 3), np.uint8))
    assert initial_window(volume) == Window.between(0, 255)
    assert [preset.window for preset in presets_for(volume)] == [None]


CT_TABLE = {
    "Soft tissue": (400, 40),
    "Lung": (1500, -600),
    "Bone": (2000, 400),
    "Brain": (80, 40),
    "Mediastinum": (350, 50),
    "Liver": (150, 90),
    "Stroke": (40, 40),
}


def test_that_ct_has_the_usual_windows(rng: np.random.Generator) -> None:
    presets = presets_for(volume_of(rng.integers(-1000, 2000, (3, 8, 8)), modality="CT", unit="HU"))
    assert presets[0].window is None
    assert {p.name: (p.window.width, p.window.level) for p in presets if p.window} | CT_TABLE == {
        p.name: (p.window.width, p.window.level) for p in presets if p.window
    }
    assert all(preset.inverted is None for preset in presets)
    assert len(presets) <= 10


def test_that_an_image_that_says_nothing_but_looks_like_ct_has_its_windows(rng: np.random.Generator) -> None:
    voxels = rng.integers(-1000, 2000, (3, 8, 8))
    assert "Lung" in by_name(presets_for(volume_of(voxels)))
    assert "Lung" not in by_name(presets_for(volume_of(voxels, modality="MR")))
    assert "Lung" not in by_name(presets_for(volume_of(voxels + 1000)))
    assert "Lung" not in by_name(presets_for(volume_of(rng.integers(-4096, 4096, (3, 8, 8)))))  # the phase of MR


def test_that_ct_that_is_not_in_hounsfield_units_has_no_windows_in_them(rng: np.random.Generator) -> None:
    presets = presets_for(volume_of(rng.integers(0, 256, (3, 8, 8)).astype(np.uint8), modality="CT"))
    assert CT_TABLE.keys().isdisjoint(by_name(presets))


def test_that_pet_in_suv_is_shown_dark_on_white() -> None:
    presets = presets_for(volume_of(np.zeros((1, 2, 2), np.float32), modality="PT", unit="SUV"))
    assert presets[1] == Preset("SUV 0 to 6", Window.between(0, 6), inverted=True)


@pytest.mark.parametrize("unit", ["", "Bq/ml"])
def test_that_everything_else_has_windows_of_percentiles(rng: np.random.Generator, unit: str) -> None:
    volume = volume_of(rng.permutation(np.arange(20000.0)).reshape(2, 100, 100), unit=unit, modality="PT")
    presets = presets_for(volume)
    assert presets[0].window is None
    assert presets[1].window == initial_window(volume)
    assert len({preset.window for preset in presets}) == len(presets) <= 10
    assert presets[-1].window == Window.between(0, 19999)


def test_that_a_window_of_a_label_map_like_image_uses_every_grey() -> None:
    half = np.zeros((1, 10, 10), np.uint8)
    half[:, :5] = 1
    grey: NDArray[np.uint8] = initial_window(volume_of(half)).to_grey(half[0])
    assert set(grey.ravel().tolist()) == {0, 255}


def body(*, soft: tuple[int, int] = (-120, 200), lung: int = -800, padding: int = -1000) -> NDArray[np.int16]:
    """Soft tissue around a lung, in air."""
    voxels = np.full((4, 60, 60), padding, np.int16)
    voxels[:, 8:52, 8:52] = np.linspace(*soft, 4 * 44 * 44).reshape(4, 44, 44)
    voxels[:, 20:30, 20:30] = lung
    return voxels


def test_that_ct_without_a_window_opens_in_that_of_soft_tissue() -> None:
    for told in ({"unit": "HU", "modality": "CT"}, {"modality": "CT"}, {}):
        opening = opening_of(volume_of(body(), **told))
        assert opening.window == initial_window(volume_of(body(), **told)) == Window(40, 400)
        assert opening.origin is (Origin.HU if "unit" in told else Origin.LIKE_HU)
        assert opening.scale == "HU"


def test_that_ct_with_a_window_opens_in_it() -> None:
    opening = opening_of(volume_of(body(), unit="HU", display=Display(level=-600, width=1500)))
    assert (opening.window, opening.origin, opening.scale) == (Window(-600, 1500), Origin.FILE, "HU")
    assert opening.presets[0].name == "As the file says"
    assert opening_of(volume_of(body())).presets[0].name == "Chosen from the values"


@pytest.mark.parametrize("told", [{"modality": "MR"}, {"unit": "1/s"}])
def test_that_what_says_that_it_is_not_ct_does_not_open_as_ct(told: dict[str, str]) -> None:
    assert opening_of(volume_of(body(), **told)).origin is Origin.VALUES


def test_that_noise_that_reaches_the_values_of_air_does_not_open_as_ct(rng: np.random.Generator) -> None:
    for voxels in (rng.integers(-2048, 2048, (9, 60, 60)), rng.normal(0, 300, (9, 60, 60)), body(lung=-350) * 2 + 700):
        assert opening_of(volume_of(voxels)).origin is Origin.VALUES
    assert opening_of(volume_of(body(padding=-2000, lung=-950))).origin is Origin.LIKE_HU  # the lung is full of air
    assert opening_of(volume_of(body(padding=-2000, lung=100))).origin is Origin.VALUES  # nothing is


def test_that_ct_of_what_is_no_soft_tissue_opens_by_its_values() -> None:
    for soft in ((-1000, -770), (600, 1400)):  # lung alone, bone alone
        opening = opening_of(volume_of(body(soft=soft), unit="HU", modality="CT"))
        assert opening.origin is Origin.VALUES
        assert opening.scale == "HU"


def test_that_scales_are_told_apart() -> None:
    voxels = np.arange(60.0).reshape(3, 4, 5)
    told = [("PT", "SUV"), ("PT", "Bq/ml"), ("MR", ""), ("", ""), ("CT", "")]
    scales = [opening_of(volume_of(voxels, modality=modality, unit=unit)).scale for modality, unit in told]
    assert scales == ["PT SUV", "PT Bq/ml", "MR", "", "CT"]
    assert opening_of(volume_of(np.zeros((1, 2, 2, 3), np.uint8), modality="OP")).scale == ""
