"""From prompts to a label map: where objects land, what covers what, and what is said of each."""

from __future__ import annotations

import numpy as np
import pytest

from app.engine.errors import PromptError
from app.engine.geometry import Frame, Geometry
from app.engine.job import LabelResult, Options, segment_volume
from app.engine.phantom import Phantom, ct_phantom
from app.engine.plane import Plane, SliceKey
from app.engine.prompt import Box, Box3D
from app.engine.prompt_file import ObjectPrompt, VolumePoint
from app.engine.segmenter import ModelSegmenter, open_segmenter
from app.engine.volume import Kind, Volume
from tests.engine.tiny_package import write_tiny_package


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory: pytest.TempPathFactory) -> ModelSegmenter:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SWIFTMEDSAM_HOME", str(tmp_path_factory.mktemp("home")))
        return open_segmenter(write_tiny_package(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return ct_phantom(shape_zyx=(12, 56, 64), spacing_xyz=(5.0, 5.0, 10.0))


def _picture(*squares: tuple[int, int, int, int]) -> Volume:
    """Bright squares (x0, y0, x1, y1 half-open) on black, 96 x 96."""
    voxels = np.zeros((1, 96, 96), dtype=np.uint8)
    for x0, y0, x1, y1 in squares:
        voxels[0, y0:y1, x0:x1] = 255
    return Volume(voxels, Geometry.of_pixels((1, 96, 96)), kind=Kind.PICTURE)


def _dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2.0 * float((a & b).sum()) / float(a.sum() + b.sum())


def test_that_a_box_in_one_slice_fills_that_slice_of_a_full_label_map(
    segmenter: ModelSegmenter, phantom: Phantom
) -> None:
    truth = phantom.mask("vertebra")[6]
    box = Box.of_mask(truth)

    done = segment_volume(segmenter, phantom.volume, [ObjectPrompt(3, "vertebra", box, index=6)])

    assert done.labels.shape == phantom.volume.shape_zyx
    assert done.labels.dtype == np.uint8
    assert set(np.unique(done.labels)) == {0, 3}
    assert not np.delete(done.labels, 6, axis=0).any()
    assert _dice(done.labels[6] == 3, truth) > 0.85
    assert done.shown == SliceKey(0, 6)


@pytest.mark.parametrize(("plane", "axis"), [(Plane.CORONAL, 1), (Plane.SAGITTAL, 2)])
def test_that_a_box_in_another_plane_fills_that_slice(
    segmenter: ModelSegmenter, phantom: Phantom, plane: Plane, axis: int
) -> None:
    mask = phantom.mask("vertebra")
    extent = Box3D.of_mask(mask)
    assert extent is not None
    index = (extent.range_of(axis).start + extent.range_of(axis).stop) // 2
    key = SliceKey(axis, index)

    done = segment_volume(
        segmenter, phantom.volume, [ObjectPrompt(1, "vertebra", extent.in_slice(axis), index=index, plane=plane)]
    )

    assert _dice(done.labels[key.selector()] == 1, mask[key.selector()]) > 0.8
    assert not np.delete(done.labels, index, axis=axis).any()


def test_that_a_3d_box_is_filled_from_its_first_to_its_last_slice(segmenter: ModelSegmenter, phantom: Phantom) -> None:
    truth = phantom.mask("vertebra")
    box = Box3D.of_mask(truth)
    assert box is not None

    done = segment_volume(segmenter, phantom.volume, [ObjectPrompt(1, "vertebra", box3d=box)])

    filled = np.flatnonzero(done.labels.any(axis=(1, 2)))
    assert (filled[0], filled[-1]) == (box.z0, box.z1 - 1)
    assert _dice(done.labels == 1, truth) > 0.65  # the stand-in for a model is a threshold


def test_that_propagate_carries_a_box_of_one_slice_both_ways(segmenter: ModelSegmenter, phantom: Phantom) -> None:
    truth = phantom.mask("vertebra")
    prompt = ObjectPrompt(1, "vertebra", Box.of_mask(truth[6]), index=6)

    done = segment_volume(segmenter, phantom.volume, [prompt], Options(propagate=True))

    assert done.labels[5].any()
    assert done.labels[7].any()
    assert done.results[0].voxels > segment_volume(segmenter, phantom.volume, [prompt]).results[0].voxels
    assert done.shown == SliceKey(0, 6)


@pytest.mark.parametrize(("slices", "doubtful"), [(range(9), True), (range(2, 7), False)])
def test_that_an_object_carried_to_an_end_of_the_volume_is_doubtful(
    segmenter: ModelSegmenter, slices: range, doubtful: bool
) -> None:
    voxels = np.full((9, 60, 60), 20, dtype=np.int16)
    voxels[slices.start : slices.stop, 20:40, 20:40] = 200
    volume = Volume(voxels, Geometry.from_components(shape_zyx=(9, 60, 60), spacing_xyz=(1.0, 1.0, 1.0)))
    prompt = ObjectPrompt(1, "rod", box=Box(18, 18, 42, 42), index=4)
    (found,) = segment_volume(segmenter, volume, [prompt], Options(propagate=True)).results
    assert found.voxels > 0.75 * len(slices) * 400  # the stand-in for a model keeps a little within its box
    assert found.doubtful == doubtful


def test_that_the_later_of_two_objects_lies_on_top(segmenter: ModelSegmenter) -> None:
    picture = _picture((20, 20, 60, 60))
    large, small = Box(18, 18, 62, 62), Box(50, 50, 70, 70)  # share the square's lower right corner

    over = segment_volume(segmenter, picture, [ObjectPrompt(1, "a", large), ObjectPrompt(2, "b", small)])
    under = segment_volume(segmenter, picture, [ObjectPrompt(1, "b", small), ObjectPrompt(2, "a", large)])

    assert over.labels[0, 55, 55] == 2
    assert over.labels[0, 22, 22] == 1
    assert under.labels[0, 55, 55] == 2


def test_that_an_object_that_others_cover_wholly_is_doubtful(segmenter: ModelSegmenter) -> None:
    box = Box(18, 18, 62, 62)

    done = segment_volume(segmenter, _picture((20, 20, 60, 60)), [ObjectPrompt(1, "a", box), ObjectPrompt(2, "b", box)])

    assert [(r.voxels > 0, r.doubtful) for r in done.results] == [(False, True), (True, False)]


def test_that_two_prompts_of_one_label_share_its_value(segmenter: ModelSegmenter) -> None:
    picture = _picture((10, 10, 20, 20), (60, 60, 80, 80))

    done = segment_volume(
        segmenter, picture, [ObjectPrompt(5, "cyst", Box(8, 8, 22, 22)), ObjectPrompt(5, "cyst", Box(58, 58, 82, 82))]
    )

    assert [(r.value, r.label) for r in done.results] == [(5, "cyst")]
    assert done.labels[0, 15, 15] == done.labels[0, 70, 70] == 5
    assert done.results[0].voxels == np.count_nonzero(done.labels)


def test_that_values_beyond_255_are_kept_in_16_bits(segmenter: ModelSegmenter) -> None:
    done = segment_volume(segmenter, _picture((10, 10, 30, 30)), [ObjectPrompt(300, "cell", Box(8, 8, 32, 32))])

    assert done.labels.dtype == np.uint16
    assert done.labels[0, 20, 20] == 300


def test_that_no_prompts_give_an_empty_map(segmenter: ModelSegmenter) -> None:
    done = segment_volume(segmenter, _picture((10, 10, 30, 30)), [])

    assert not done.labels.any()
    assert done.results == ()


def test_that_a_negative_point_takes_a_part_away(segmenter: ModelSegmenter) -> None:
    picture = _picture((20, 20, 60, 60))
    box = ObjectPrompt(1, "a", Box(18, 18, 62, 62))
    corrected = ObjectPrompt(1, "a", Box(18, 18, 62, 62), points=(VolumePoint(50, 50, 0, positive=False),))

    assert segment_volume(segmenter, picture, [box]).labels[0, 50, 50] == 1
    assert segment_volume(segmenter, picture, [corrected]).labels[0, 50, 50] == 0


def test_that_points_alone_say_their_slice(segmenter: ModelSegmenter, phantom: Phantom) -> None:
    truth = phantom.mask("vertebra")[6]
    y, x = (int(c.mean()) for c in np.nonzero(truth))

    done = segment_volume(segmenter, phantom.volume, [ObjectPrompt(1, "v", points=(VolumePoint(x, y, 6),))])

    assert done.labels[6, y, x] == 1
    assert not np.delete(done.labels, 6, axis=0).any()


def test_that_volumes_are_given_in_ml_only_where_the_size_of_a_voxel_is_known(
    segmenter: ModelSegmenter, phantom: Phantom
) -> None:
    box = Box3D.of_mask(phantom.mask("vertebra"))
    prompt = ObjectPrompt(1, "vertebra", box3d=box)
    volume = phantom.volume
    pixels = Volume(volume.voxels, Geometry(volume.shape_zyx, volume.geometry.affine, Frame.NONE))

    known = segment_volume(segmenter, volume, [prompt]).results[0]
    unknown = segment_volume(segmenter, pixels, [prompt]).results[0]
    flat = segment_volume(segmenter, _picture((10, 10, 30, 30)), [ObjectPrompt(1, "a", Box(8, 8, 32, 32))]).results[0]

    assert known.volume_ml == pytest.approx(known.voxels * 5.0 * 5.0 * 10.0 / 1000.0)
    assert unknown.volume_ml is None
    assert flat.volume_ml is None


def test_that_an_empty_object_is_doubtful_and_a_clear_one_is_not(segmenter: ModelSegmenter) -> None:
    picture = _picture((10, 10, 30, 30))

    done = segment_volume(
        segmenter, picture, [ObjectPrompt(1, "there", Box(8, 8, 32, 32)), ObjectPrompt(2, "not", Box(60, 60, 80, 80))]
    )

    there, absent = done.results
    assert not there.doubtful
    assert there.score is not None
    assert there.score > 0.75
    assert absent.doubtful
    assert absent.voxels == 0


@pytest.mark.parametrize(
    ("options", "left", "hole"),
    [(Options(), 1, 0), (Options(largest=True), 0, 0), (Options(fill_holes=True), 1, 1)],
)
def test_that_cleaning_up_is_done_where_it_is_asked_for(
    segmenter: ModelSegmenter, options: Options, left: int, hole: int
) -> None:
    picture = _picture((10, 10, 20, 20), (30, 10, 70, 60))
    voxels = picture.voxels.copy()
    voxels[0, 30:40, 45:55] = 0

    done = segment_volume(
        segmenter,
        Volume(voxels, picture.geometry, kind=Kind.PICTURE),
        [ObjectPrompt(1, "a", Box(5, 5, 75, 65))],
        options,
    )

    assert done.labels[0, 15, 15] == left
    assert done.labels[0, 35, 50] == hole
    assert done.labels[0, 50, 60] == 1


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        (ObjectPrompt(1, "liver", Box(0, 0, 9, 9)), "needs the number of the slice: the image has slices 0 to 11"),
        (ObjectPrompt(1, "liver", Box(0, 0, 9, 9), index=12), "slice 12 is outside"),
        (ObjectPrompt(1, "liver", Box(90, 90, 99, 99), index=3), "lies outside the slice"),
        (ObjectPrompt(1, "liver", box3d=Box3D(0, 0, 20, 9, 9, 30)), "lies outside the volume"),
        (ObjectPrompt(1, "liver", points=(VolumePoint(70, 2, 3),)), "lies outside the slice"),
        (ObjectPrompt(1, "liver", points=(VolumePoint(7, 2, 3), VolumePoint(7, 2, 4))), "not all in the same slice"),
        (
            ObjectPrompt(1, "liver", Box(0, 0, 9, 9), index=2, points=(VolumePoint(7, 2, 3),)),
            "not all in the same slice",
        ),
    ],
)
def test_that_a_prompt_that_does_not_fit_is_refused_with_its_label(
    segmenter: ModelSegmenter, phantom: Phantom, prompt: ObjectPrompt, words: str
) -> None:
    with pytest.raises(PromptError, match="label 'liver'") as caught:
        segment_volume(segmenter, phantom.volume, [prompt])

    assert words in str(caught.value)


def test_that_the_boxes_of_the_shown_slice_are_known(segmenter: ModelSegmenter, phantom: Phantom) -> None:
    deep = ObjectPrompt(1, "deep", box3d=Box3D(10, 11, 2, 30, 31, 9))
    here, there = (
        ObjectPrompt(2, "here", Box(5, 5, 20, 20), index=6),
        ObjectPrompt(3, "there", Box(5, 5, 9, 9), index=3),
    )

    done = segment_volume(segmenter, phantom.volume, [deep, here, there])

    assert done.shown == SliceKey(0, 6)
    assert done.boxes == (Box(10, 11, 30, 31), Box(5, 5, 20, 20))


@pytest.mark.parametrize("known", [True, False])
def test_that_results_go_through_json_unchanged(known: bool) -> None:
    result = LabelResult(3, "Leber", 17, 0.1 if known else None, 0.7 if known else None, doubtful=known)

    assert LabelResult.from_json(result.as_json()) == result
