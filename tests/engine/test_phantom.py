from __future__ import annotations

import numpy as np
import pytest

from app.engine.phantom import BODY, ORGANS, ct_phantom
from app.engine.prompt import Box3D


def test_that_every_organ_has_its_value_in_its_middle() -> None:
    phantom = ct_phantom()
    for organ in ORGANS:
        z, y, x = (np.argwhere(phantom.mask(organ.name)).mean(axis=0) + 0.5).astype(int)
        assert phantom.volume.voxels[z, y, x] == pytest.approx(organ.hu, abs=1)
    assert phantom.volume.voxels[0, 0, 0] == -1000
    assert phantom.volume.unit == "HU"


def test_that_the_masks_are_the_ellipsoids() -> None:
    phantom = ct_phantom(shape_zyx=(61, 151, 151), spacing_xyz=(1, 1, 1))
    half = np.array([60, 150, 150]) / 2
    for organ in ORGANS:
        expected = 4 / 3 * np.pi * np.prod(np.array(organ.radii[::-1]) * half)
        assert np.count_nonzero(phantom.mask(organ.name)) == pytest.approx(expected, rel=0.02)
        box = Box3D.of_mask(phantom.mask(organ.name))
        assert box is not None
        middle = np.array([box.z0 + box.z1 - 1, box.y0 + box.y1 - 1, box.x0 + box.x1 - 1]) / 2
        np.testing.assert_allclose(middle, half * (1 + np.array(organ.centre[::-1])), atol=0.6)


def test_that_organs_do_not_touch_and_lie_in_the_body() -> None:
    phantom = ct_phantom(shape_zyx=(40, 160, 180))
    z, y, x = np.ogrid[-1:1:40j, -1:1:160j, -1:1:180j]
    body = (x / BODY.radii[0]) ** 2 + (y / BODY.radii[1]) ** 2 + (z / BODY.radii[2]) ** 2 < 1
    assert not (phantom.labels[~body]).any()
    for axis in range(3):
        here, there = np.delete(phantom.labels, -1, axis), np.delete(phantom.labels, 0, axis)
        assert not ((here != there) & (here > 0) & (there > 0)).any()


def test_that_the_volume_is_centred_on_the_origin() -> None:
    geometry = ct_phantom().volume.geometry
    z, y, x = geometry.shape_zyx
    np.testing.assert_allclose(geometry.to_world(np.array([x - 1, y - 1, z - 1]) / 2), 0, atol=1e-9)
    assert geometry.spacing_zyx == pytest.approx((5.0, 2.5, 2.5))


def test_that_noise_is_as_strong_as_asked_and_repeatable() -> None:
    plain, noisy = ct_phantom().volume.voxels, ct_phantom(noise_hu=20).volume.voxels
    assert (noisy - plain).std() == pytest.approx(20, rel=0.02)
    np.testing.assert_array_equal(noisy, ct_phantom(noise_hu=20).volume.voxels)
    assert (noisy != ct_phantom(noise_hu=20, seed=1).volume.voxels).any()


def test_that_a_phantom_may_be_a_single_slice() -> None:
    phantom = ct_phantom(shape_zyx=(1, 64, 64))
    assert phantom.volume.shape_zyx == (1, 64, 64)
    assert phantom.mask("liver").any()
