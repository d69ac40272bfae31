from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.engine.fitted_view import fitted_view
from app.engine.intensity import IntensityMapping, map_intensities, model_input
from app.engine.view import SliceGrid, whole_view

SIZE = 32
EVERYWHERE = np.ones((SIZE, SIZE), dtype=np.bool_)
PERCENTILE = IntensityMapping()
MINMAX = IntensityMapping(kind="minmax")


def noise(seed: int = 0, scale: float = 1.0, offset: float = 0.0) -> NDArray[np.float32]:
    return (np.random.default_rng(seed).normal(size=(SIZE, SIZE)) * scale + offset).astype(np.float32)


@given(
    st.sampled_from([PERCENTILE, MINMAX]),
    st.floats(1e-3, 1e5),
    st.floats(-1e5, 1e5),
    st.integers(0, 1000),
)
def test_that_channels_lie_between_0_and_1_whatever_the_quantity(
    mapping: IntensityMapping, scale: float, offset: float, seed: int
) -> None:
    channels = map_intensities(noise(seed, scale, offset), EVERYWHERE, mapping)
    assert channels.shape == (3, SIZE, SIZE)
    assert channels.dtype == np.float32
    assert channels.min() >= 0
    assert channels.max() <= 1


@pytest.mark.parametrize("mapping", [PERCENTILE, MINMAX])
@pytest.mark.parametrize(("scale", "offset"), [(40.0, 1000.0), (0.001, -3.0)])
def test_that_units_do_not_matter(mapping: IntensityMapping, scale: float, offset: float) -> None:
    values = noise()
    plain = map_intensities(values, EVERYWHERE, mapping)
    rescaled = map_intensities(values * np.float32(scale) + np.float32(offset), EVERYWHERE, mapping)
    # single precision; and a value on the border of two of the 256 ranks may change its rank
    assert np.abs(rescaled - plain).mean() < 2e-4
    assert np.abs(rescaled - plain).max() < 0.02


def test_that_the_first_channel_is_stretched_between_the_percentiles() -> None:
    values = np.linspace(0, 1000, SIZE * SIZE, dtype=np.float32).reshape(SIZE, SIZE)
    channels = map_intensities(values, EVERYWHERE, IntensityMapping(low=10, high=60))
    np.testing.assert_allclose(channels[0], np.clip((values - 100) / 500, 0, 1), atol=1e-5)
    np.testing.assert_array_equal(channels[2], channels[0])


def test_that_the_second_channel_is_the_rank_among_the_voxels() -> None:
    values = np.exp(noise(scale=2.0))
    channels = map_intensities(values, EVERYWHERE, IntensityMapping(low=0, high=100))
    assert np.corrcoef(channels[0].ravel(), channels[1].ravel())[0, 1] < 0.9  # not the same thing twice
    order = np.argsort(channels[0].ravel())
    assert (np.diff(channels[1].ravel()[order]) >= 0).all()
    assert channels[1].mean() == pytest.approx(0.5, abs=0.01)  # ranks are spread evenly


@pytest.mark.parametrize("mapping", [PERCENTILE, MINMAX])
def test_that_what_lies_beyond_the_slice_is_0_and_does_not_count(mapping: IntensityMapping) -> None:
    values = noise()
    inside = np.zeros_like(EVERYWHERE)
    inside[:, : SIZE // 2] = True
    elsewhere = values.copy()
    elsewhere[~inside] = 1e6
    channels = map_intensities(elsewhere, inside, mapping)
    assert not channels[:, ~inside].any()
    np.testing.assert_array_equal(channels, map_intensities(values, inside, mapping))


@pytest.mark.parametrize("mapping", [PERCENTILE, MINMAX])
@pytest.mark.parametrize("value", [0.0, -1000.0, 65535.0])
def test_that_a_constant_slice_gives_finite_channels(mapping: IntensityMapping, value: float) -> None:
    channels = map_intensities(np.full((SIZE, SIZE), value, dtype=np.float32), EVERYWHERE, mapping)
    assert np.isfinite(channels).all()
    assert channels.max() <= 1


def test_that_a_few_voxels_that_stand_out_of_a_constant_are_seen() -> None:
    values = np.full((SIZE, SIZE), 100.0, dtype=np.float32)
    values[3, 4] = 101.0
    channels = map_intensities(values, EVERYWHERE, PERCENTILE)
    assert channels[0, 3, 4] == 1
    assert channels[0].sum() == 1


def test_that_minmax_stretches_all_channels_of_a_colour_together() -> None:
    colour = np.random.default_rng(3).uniform(50, 150, (SIZE, SIZE, 3)).astype(np.float32)
    colour[0, 0, 0], colour[1, 1, 2] = 0, 200
    channels = map_intensities(colour, EVERYWHERE, MINMAX)
    np.testing.assert_allclose(channels, colour.transpose(2, 0, 1) / 200, atol=1e-6)


def test_that_each_channel_of_a_colour_is_stretched_like_grey() -> None:
    colour = np.random.default_rng(4).uniform(0, (255, 100, 30), (SIZE, SIZE, 3)).astype(np.float32)
    channels = map_intensities(colour, EVERYWHERE, PERCENTILE)
    for n in range(3):
        np.testing.assert_array_equal(channels[n], map_intensities(colour[..., n], EVERYWHERE, PERCENTILE)[0])


def test_that_a_slice_thinner_than_a_cell_is_seen() -> None:
    view = whole_view(SliceGrid(1, 200), SIZE)
    assert not view.inside().any()
    channels = model_input(np.linspace(0, 1, 200).reshape(1, 200), view, PERCENTILE)
    assert channels[0].max() == pytest.approx(1.0)
    assert channels[0].min() == pytest.approx(0.0)


def test_that_grey_stored_as_colour_is_grey() -> None:
    grey = np.random.default_rng(5).uniform(0, 120, (SIZE, SIZE)).astype(np.float32)
    colour = np.repeat(grey[..., None], 3, axis=2)
    np.testing.assert_allclose(
        map_intensities(colour, EVERYWHERE, PERCENTILE), map_intensities(grey, EVERYWHERE, PERCENTILE), atol=1e-5
    )


@pytest.mark.parametrize("mapping", [PERCENTILE, MINMAX])
def test_that_an_inverted_slice_is_shown_as_its_negative(mapping: IntensityMapping) -> None:
    slice_ = np.random.default_rng(6).integers(0, 4095, (40, 50)).astype(np.uint16)
    view = whole_view(SliceGrid(40, 50), SIZE)
    turned = model_input(slice_, view, mapping, inverted=True)
    np.testing.assert_allclose(turned, model_input(4095.0 - slice_, view, mapping), atol=2e-5)
    assert not np.allclose(turned, model_input(slice_, view, mapping), atol=0.1)


def test_that_the_model_sees_0_beyond_the_slice() -> None:
    view = fitted_view(SliceGrid(16, 32), SIZE)
    channels = model_input(np.random.default_rng(7).random((16, 32)), view, MINMAX)
    assert not channels[:, 16:].any()
    assert channels[:, :16].any()
