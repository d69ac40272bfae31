"""The view of a 3-D network: where its cells lie, what they hold, and that its answer comes back to the same place."""

from __future__ import annotations

from itertools import permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.engine import runtime
from app.engine.consensus import Provisional, fill_box, share_of, step_count
from app.engine.errors import ModelError
from app.engine.geometry import Geometry
from app.engine.intensity import IntensityMapping
from app.engine.manifest import ModelManifest
from app.engine.prompt import Box3D
from app.engine.propagate import SliceResult, propagate
from app.engine.runtime import CompiledPair, Tensors
from app.engine.segmenter import ModelSegmenter, open_segmenter
from app.engine.solid import SolidView, solid_input
from app.engine.volume import Volume
from tests.engine.tiny_package import read_manifest, rewrite_manifest, write_tiny_package

SHAPE = (21, 34, 45)
BOX = Box3D(11, 9, 4, 31, 25, 16)
Mask = NDArray[np.bool_]


def _view(size: int = 16, ratio: float = 1.25) -> SolidView:
    return SolidView.around(BOX, SHAPE, (3.0, 1.0, 0.5), size=size, ratio=ratio)


def test_that_cells_hold_the_values_at_their_place() -> None:
    view = _view()
    planes = np.meshgrid(*(np.arange(n) + 0.5 for n in SHAPE), indexing="ij")
    for axis, plane in enumerate(planes):  # a voxel's value is where its centre lies
        cells = np.moveaxis(view.extract(plane), axis, 0)
        expected = view.starts[axis] + view.steps[axis] * (np.arange(16) + 0.5)
        assert np.ptp(cells, axis=(1, 2)).max() < 1e-4
        np.testing.assert_allclose(cells[:, 0, 0], expected, atol=0.06)


def test_that_the_box_fills_the_middle_of_its_view() -> None:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[4:16, 9:25, 11:31] = True
    cells = _view(size=20).extract(mask) > 0.5
    assert cells[2:18, 2:18, 2:18].all()
    assert cells.sum() == 16**3


@pytest.mark.parametrize("size", [16, 48])
def test_that_what_was_extracted_is_painted_back_to_its_place(size: int) -> None:
    z, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    smooth = np.asarray(np.sin(z / 6) + np.cos(y / 7) + np.sin(x / 8), dtype=np.float32)
    painted = _view(size).paint(_view(size).extract(smooth), BOX)
    np.testing.assert_allclose(painted, smooth[4:16, 9:25, 11:31], atol=0.06 if size == 16 else 0.03)


def test_that_cells_turn_and_flip_with_the_volume() -> None:
    random = np.random.default_rng(4)
    volume = random.normal(size=SHAPE).astype(np.float32)
    mask = np.zeros(SHAPE, dtype=bool)
    mask[4:16, 9:25, 11:31] = True
    spacing = np.array((3.0, 1.0, 0.5))
    expected = _view().extract(volume)
    for order, flips in product(permutations(range(3)), product((False, True), repeat=3)):
        axes = tuple(axis for axis in range(3) if flips[axis])
        box = Box3D.of_mask(np.flip(mask.transpose(order), axes))
        assert box is not None
        turned = np.flip(volume.transpose(order), axes)
        z, y, x = spacing[list(order)]
        view = SolidView.around(box, turned.shape, (z, y, x), size=16, ratio=1.25)
        np.testing.assert_allclose(view.extract(turned), np.flip(expected.transpose(order), axes), atol=1e-5)


def test_that_a_view_beyond_the_volume_says_so_and_repeats_the_edge() -> None:
    view = SolidView.around(Box3D(0, 0, 0, 45, 34, 21), SHAPE, (1.0, 1.0, 1.0), size=20, ratio=1.25)
    inside = view.inside()
    assert inside.sum() == 16**3
    assert inside[2:18, 2:18, 2:18].all()
    ramp = np.broadcast_to(np.arange(21.0)[:, None, None], SHAPE)
    cells = view.extract(ramp)
    assert cells[0].max() == pytest.approx(cells[1].min(), abs=0.1)


def test_that_channels_tell_values_place_and_shape() -> None:
    voxels = np.random.default_rng(1).integers(-500, 900, SHAPE).astype(np.int16)
    channels = solid_input(voxels, _view(), IntensityMapping())
    assert channels.shape == (9, 16, 16, 16)
    assert 0.0 <= channels[:2].min() <= channels[:2].max() <= 1.0
    assert channels[2].all()
    for axis in range(3):
        place = np.moveaxis(channels[3 + axis], axis, 0)
        assert np.ptp(place, axis=(1, 2)).max() == 0
        np.testing.assert_allclose(place[0, 0, 0], (1.25 * 15 / 16) ** 2)
        assert place[7, 0, 0] < 0.01
    extents = channels[6:, 0, 0, 0]
    assert extents.sum() == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(np.diff(extents) * 2, np.log([16 / 36, 10 / 16]), rtol=1e-5)


def test_that_colours_count_as_their_mean_and_dark_may_be_bright() -> None:
    grey = np.random.default_rng(2).integers(0, 255, SHAPE).astype(np.uint8)
    expected = solid_input(grey, _view(), IntensityMapping())
    coloured = solid_input(np.stack([grey] * 3, axis=-1), _view(), IntensityMapping())
    np.testing.assert_allclose(coloured, expected, atol=1e-5)
    turned = solid_input(255 - grey, _view(), IntensityMapping(), inverted=True)
    np.testing.assert_allclose(turned[0], expected[0], atol=1e-4)


def test_that_a_box_of_one_voxel_can_be_seen() -> None:
    view = SolidView.around(Box3D(0, 0, 0, 1, 1, 1), (1, 1, 1), (1.0, 1.0, 1.0), size=16, ratio=1.25)
    cells = view.extract(np.full((1, 1, 1), 7, dtype=np.int16))
    assert (cells == 7).all()
    assert view.paint(cells, Box3D(0, 0, 0, 1, 1, 1)) == pytest.approx(7)


# ------------------------------------------------------------------------------------------------- within a segmenter


def _ball(spacing_xyz: tuple[float, float, float]) -> tuple[Volume, Mask, Box3D]:
    z, y, x = np.ogrid[:30, :44, :58]
    truth: Mask = ((z - 13) / 8) ** 2 + ((y - 19) / 11) ** 2 + ((x - 33) / 14) ** 2 < 1
    box = Box3D.of_mask(truth)
    assert box is not None
    geometry = Geometry.from_components(shape_zyx=(30, 44, 58), spacing_xyz=spacing_xyz)
    return Volume(np.where(truth, 300, 10).astype(np.int16), geometry), truth, box


def _filled(segmenter: ModelSegmenter, volume: Volume, box: Box3D) -> Mask:
    found = np.zeros(volume.shape_zyx, dtype=bool)
    results = list(fill_box(segmenter, volume, box))
    assert len(results) == step_count(segmenter, volume, box)
    for result in results:
        if isinstance(result, SliceResult):
            found[result.key.index] = result.mask
    return found


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[float, Path]:
    folder = tmp_path_factory.mktemp("solid")
    return {share: write_tiny_package(folder / f"share-{share}", share=share) for share in (0.0, 0.6, 1.0)}


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 1.0, 3.0)], ids=["cubes", "slabs"])
def test_that_the_network_alone_finds_what_is_bright(packages: dict[float, Path], spacing: tuple[float, ...]) -> None:
    volume, truth, box = _ball((spacing[0], spacing[1], spacing[2]))
    found = _filled(open_segmenter(packages[1.0]), volume, box)
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.97
    assert not found[: box.z0].any()
    assert not found[box.z1 :].any()


def test_that_a_share_of_nothing_leaves_the_pair_alone(packages: dict[float, Path]) -> None:
    volume, _truth, box = _ball((1.0, 1.0, 3.0))
    segmenter = open_segmenter(packages[0.0])
    expected = np.zeros(volume.shape_zyx, dtype=bool)
    for result in propagate(segmenter, volume, box):
        expected[result.key.index] = result.mask
    assert np.array_equal(_filled(segmenter, volume, box), expected)
    assert expected.any()


def test_that_share_and_slices_are_weighed(packages: dict[float, Path]) -> None:
    volume, _truth, box = _ball((1.0, 1.0, 3.0))
    segmenter = open_segmenter(packages[0.6])
    whole, slices = segmenter.fill(volume, box), _filled(open_segmenter(packages[0.0]), volume, box)
    assert whole is not None
    part = (slice(box.z0, box.z1), slice(box.y0, box.y1), slice(box.x0, box.x1))
    expected = np.zeros_like(slices)
    expected[part] = 0.6 * whole + 0.4 * slices[part] > 0.45
    assert np.array_equal(_filled(segmenter, volume, box), expected)
    assert not np.array_equal(expected, slices)
    assert not np.array_equal(expected[part], whole > 0.45)


def test_that_what_the_network_says_of_mirrored_boxes_comes_back_mirrored(
    packages: dict[float, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ramp = np.linspace(-8, 8, 32, dtype=np.float32)
    monkeypatch.setattr(CompiledPair, "fill", lambda *_: np.zeros((32, 32, 32), dtype=np.float32) + ramp)
    volume, _truth, box = _ball((1.0, 1.0, 1.0))
    found = open_segmenter(packages[1.0]).fill(volume, box)
    assert found is not None
    logits = np.log(found / (1 - found))
    assert np.ptp(logits, axis=(0, 1)).max() < 1e-4  # along x alone, where one answer in four is turned round:
    places = (np.arange(box.x1 - box.x0) + 0.5) / (box.x1 - box.x0) - 0.5
    np.testing.assert_allclose(logits[0, 0], 0.5 * 16 * places / 1.25, atol=0.15)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 1.0, 3.0)], ids=["cubes", "slabs"])
def test_that_what_the_network_says_comes_before_all_slices(
    packages: dict[float, Path], spacing: tuple[float, ...]
) -> None:
    volume, _truth, box = _ball((spacing[0], spacing[1], spacing[2]))
    segmenter = open_segmenter(packages[0.6])
    whole = segmenter.fill(volume, box)
    first = next(fill_box(segmenter, volume, box))
    assert whole is not None
    assert isinstance(first, Provisional)
    assert first.box == box
    assert np.array_equal(first.mask, whole > 0.45)


@pytest.mark.parametrize(
    ("side", "expected"), [(20, 0.6), (51, 0.6), (77, 0.525), (103, 0.45), (400, 0.45)]
)  # 25.6 cells across the box
def test_that_a_network_has_less_to_say_of_large_boxes(packages: dict[float, Path], side: int, expected: float) -> None:
    solid = ModelManifest.load(packages[0.6]).solid
    assert solid is not None
    assert share_of(solid, Box3D(3, 0, 0, side + 3, side - 5, side + 5)) == pytest.approx(expected, abs=0.002)


def test_that_a_slice_is_scored_by_what_the_network_expects_of_it(packages: dict[float, Path]) -> None:
    volume, _truth, box = _ball((1.0, 1.0, 1.0))
    segmenter = open_segmenter(packages[0.6])
    whole = segmenter.fill(volume, box)
    assert whole is not None
    seen = 0
    for result in fill_box(segmenter, volume, box):
        if isinstance(result, Provisional) or not result.mask.any():
            continue
        likely = whole[result.key.index - box.z0]
        mask = result.mask[box.y0 : box.y1, box.x0 : box.x1]
        assert result.score == pytest.approx(likely[mask].sum() / (mask.sum() + likely[~mask].sum()), abs=1e-5)
        seen += 1
    assert seen > 5


def test_that_a_network_of_another_shape_is_refused(packages: dict[float, Path], tmp_path: Path) -> None:
    folder = write_tiny_package(tmp_path / "other", share=0.5)
    manifest = read_manifest(folder)
    manifest["solid"]["size"] = 48
    rewrite_manifest(folder, manifest)
    with pytest.raises(ModelError, match="3-D network's only input must be 'cells'"):
        ModelManifest.load(folder)


def test_that_a_damaged_network_is_refused(tmp_path: Path) -> None:
    folder = write_tiny_package(tmp_path / "damaged", share=0.5)
    (folder / "solid.bin").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"solid\.bin is damaged"):
        ModelManifest.load(folder).verify()


def _expecting(folder: Path, first: float) -> Path:
    manifest = read_manifest(folder)
    manifest["solid"]["self_test"]["expected"][0] = first
    rewrite_manifest(folder, manifest)
    return folder


def test_that_a_network_that_answers_otherwise_than_expected_is_not_used(tmp_path: Path) -> None:
    folder = write_tiny_package(tmp_path / "wrong", share=0.5)
    known = read_manifest(folder)["solid"]["self_test"]["expected"][0]
    segmenter = open_segmenter(_expecting(folder, 0.0 if known > 0.5 else 1.0))  # the pair itself is as expected
    volume, _truth, box = _ball((1.0, 1.0, 1.0))
    for _ in range(2):  # and is no better the second time
        with pytest.raises(ModelError, match=r"3-D network of wrong failed its self-test .* differs by \d\.\d+ \(at"):
            segmenter.fill(volume, box)


def test_that_a_network_that_was_compiled_wrongly_is_compiled_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = open_segmenter(write_tiny_package(tmp_path / "once", share=0.5)).pair
    cells = np.full((9, 32, 32, 32), 0.25, dtype=np.float32)
    expected = pair.fill(cells)
    untested = CompiledPair.fill_untested
    asked: list[CompiledPair] = []

    def wrong_at_first(self: CompiledPair, cells: NDArray[np.float32]) -> NDArray[np.float32]:
        asked.append(self)
        return untested(self, cells) * (-1 if self is asked[0] else 1)

    monkeypatch.setattr(CompiledPair, "fill_untested", wrong_at_first)
    fresh = CompiledPair(pair.manifest)
    assert np.array_equal(fresh.fill(cells), expected)
    assert asked[0] is fresh
    assert asked[1] is asked[2]  # tested once, then used
    assert asked[1] is not fresh


def test_that_a_network_that_answers_with_no_numbers_is_compiled_anew(
    packages: dict[float, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = open_segmenter(packages[0.6]).pair
    cells = np.full((9, 32, 32, 32), 0.25, dtype=np.float32)
    expected, fresh, infer = pair.fill(cells), CompiledPair(pair.manifest), CompiledPair._infer

    def without_numbers(self: CompiledPair, *args: Any, **settings: Any) -> Tensors:
        answer = infer(self, *args, **settings)
        return {name: values * np.nan for name, values in answer.items()} if self is fresh else answer

    monkeypatch.setattr(CompiledPair, "_infer", without_numbers)
    assert np.array_equal(fresh.fill(cells), expected)


def test_that_the_test_is_run_once(packages: dict[float, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    segmenter = open_segmenter(packages[0.6])
    volume, _truth, box = _ball((1.0, 1.0, 1.0))
    first = segmenter.fill(volume, box)
    assert first is not None
    monkeypatch.setattr(runtime, "solid_disagreement", lambda *_: "tested twice")
    again = segmenter.fill(volume, box)
    assert again is not None
    assert np.array_equal(again, first)


def test_that_a_package_without_one_says_so(tmp_path: Path) -> None:
    pair = open_segmenter(write_tiny_package(tmp_path / "flat")).pair
    with pytest.raises(ModelError, match="flat has no 3-D network"):
        pair.fill(np.zeros((9, 32, 32, 32), dtype=np.float32))
