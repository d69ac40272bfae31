"""Enhanced multi-frame files: the order of frames means nothing, their functional groups everything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import NuclearMedicineImageStorage, UltrasoundMultiFrameImageStorage

from app.engine.errors import ReadError
from app.engine.geometry import Frame
from app.engine.io.dicom import list_dicom
from app.engine.volume import Kind, Volume
from tests.engine.io.dicom_fixtures import (
    AXIAL,
    CORONAL,
    SAGITTAL,
    enhanced_dataset,
    item_of,
    positions,
    ramp,
    save,
    slice_dataset,
)

COUNT = 6


def read_all(*paths: Path) -> dict[str, Volume]:
    listing = list_dicom(paths)
    assert not listing.skipped
    return {entry.id: entry.load() for entry in listing.entries}


def assert_frames_in_place(volume: Volume, frames: Any, places: Any) -> None:
    """First pixel of each frame lies at its position, with the frame's values."""
    for pixels, place in zip(frames, places, strict=True):
        index = volume.geometry.to_index(place)
        np.testing.assert_allclose(index[:2], 0, atol=1e-6)
        assert index[2] == pytest.approx(np.rint(index[2]), abs=1e-6)
        np.testing.assert_allclose(volume.voxels[int(np.rint(index[2]))], pixels, rtol=1e-6)


@pytest.mark.parametrize("orientation", [AXIAL, SAGITTAL, CORONAL])
@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0], [0, 2, 4, 1, 3, 5], [3, 0, 5, 1, 4, 2]])
def test_that_frames_lie_where_their_positions_say(
    tmp_path: Path, order: Sequence[int], orientation: tuple[float, ...]
) -> None:
    frames, places = ramp((COUNT, 5, 7))[order], positions(COUNT, orientation)[order]
    (volume,) = read_all(save(enhanced_dataset(frames, places, orientation), tmp_path / "a.dcm")).values()
    assert_frames_in_place(volume, frames, places)
    assert volume.geometry.spacing_zyx == pytest.approx((2.5, 0.8, 0.7))
    assert not volume.findings
    assert [one.frame for one in volume.source.slices] == list(np.argsort(order))


def test_that_a_missing_frame_is_said(tmp_path: Path) -> None:
    order = [0, 1, 3, 4, 5]
    frames, places = ramp((COUNT, 5, 7))[order], positions(COUNT)[order]
    (volume,) = read_all(save(enhanced_dataset(frames, places), tmp_path / "a.dcm")).values()
    assert [finding.code for finding in volume.findings] == ["missing-slices"]
    assert volume.shape_zyx[0] == COUNT
    assert_frames_in_place(volume, frames, places)


def test_that_each_frame_has_its_own_rescale_and_window(tmp_path: Path) -> None:
    slopes = [0.5 * (n + 1) for n in range(COUNT)]
    groups = [
        {
            "PixelValueTransformationSequence": item_of(RescaleSlope=slope, RescaleIntercept=n, RescaleType="US"),
            "FrameVOILUTSequence": item_of(WindowCenter=100 + n, WindowWidth=50),
        }
        for n, slope in enumerate(slopes)
    ]
    frames, places = ramp((COUNT, 5, 7)), positions(COUNT)
    (volume,) = read_all(save(enhanced_dataset(frames, places, groups=groups), tmp_path / "a.dcm")).values()
    expected = frames * np.array(slopes)[:, None, None] + np.arange(COUNT)[:, None, None]
    np.testing.assert_allclose(volume.voxels, expected, rtol=1e-6)
    assert (volume.display.level, volume.display.width) == (103, 50)


@pytest.mark.parametrize(
    ("group", "attribute", "values"),
    [
        ("FrameContentSequence", "TemporalPositionIndex", [1, 2]),
        ("MRDiffusionSequence", "DiffusionBValue", [0.0, 800.0]),
        ("MREchoSequence", "EffectiveEchoTime", [2.3, 4.6]),
        ("FrameContentSequence", "StackID", ["1", "2"]),
        ("MRImageFrameTypeSequence", "FrameType", [["ORIGINAL", "PRIMARY", kind] for kind in ("M", "P")]),
        ("FrameContentSequence", "DimensionIndexValues", [[1, 1], [1, 2]]),
        ("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime", [0.0, 40.0]),
        ("", "", [0, 1]),
    ],
)
def test_that_volumes_in_one_file_are_told_apart(
    tmp_path: Path, group: str, attribute: str, values: Sequence[Any]
) -> None:
    frames = np.concatenate([ramp((COUNT, 5, 7)) + 1000 * n for n in range(2)]).reshape(2, COUNT, 5, 7)
    order = [(phase, n) for n in range(COUNT) for phase in range(2)]  # interleaved, as Philips writes them
    groups = [{group: item_of(**{attribute: values[phase]})} if group else {} for phase, _ in order]
    places = positions(COUNT)
    dataset = enhanced_dataset(
        np.stack([frames[phase, n] for phase, n in order]), np.stack([places[n] for _, n in order]), groups=groups
    )
    dataset.DimensionIndexSequence = [
        item_of(DimensionIndexPointer=0x00200032),
        item_of(DimensionIndexPointer=0x00209128),
    ]
    volumes = read_all(save(dataset, tmp_path / "a.dcm"))
    assert list(volumes) == ["7/t1", "7/t2"]
    for phase, volume in enumerate(volumes.values()):
        assert_frames_in_place(volume, frames[phase], places)
        assert [finding.code for finding in volume.findings] == ["split-4d"]


def test_that_directions_in_one_file_are_split(tmp_path: Path) -> None:
    groups = [{"PlaneOrientationSequence": item_of(ImageOrientationPatient=list(AXIAL))} for _ in range(3)]
    groups += [{"PlaneOrientationSequence": item_of(ImageOrientationPatient=list(SAGITTAL))} for _ in range(3)]
    places = np.concatenate([positions(3), positions(3, SAGITTAL)])
    frames = ramp((COUNT, 5, 7))
    volumes = read_all(save(enhanced_dataset(frames, places, groups=groups), tmp_path / "a.dcm"))
    assert set(volumes) == {"7/o1", "7/o2"}
    assert_frames_in_place(volumes["7/o1"], frames[:3], places[:3])
    assert_frames_in_place(volumes["7/o2"], frames[3:], places[3:])


def test_that_several_files_of_one_series_make_one_volume(tmp_path: Path) -> None:
    frames, places = ramp((COUNT, 5, 7)), positions(COUNT)
    paths = [
        save(enhanced_dataset(frames[part], places[part], InstanceNumber=n), tmp_path / f"{n}.dcm")
        for n, part in enumerate((slice(0, 3), slice(3, COUNT)))
    ]
    (volume,) = read_all(*paths).values()
    assert_frames_in_place(volume, frames, places)


def test_that_several_files_at_one_place_are_several_volumes(tmp_path: Path) -> None:
    places = positions(COUNT)
    paths = [
        save(enhanced_dataset(ramp((COUNT, 5, 7)) + 1000 * n, places, InstanceNumber=n), tmp_path / f"{n}.dcm")
        for n in range(3)
    ]
    volumes = read_all(*paths)
    assert [int(volume.voxels.min()) for volume in volumes.values()] == [0, 1000, 2000]


def test_that_a_file_that_describes_too_few_frames_is_skipped(tmp_path: Path) -> None:
    dataset = enhanced_dataset(ramp((COUNT, 5, 7)), positions(COUNT))
    dataset.PerFrameFunctionalGroupsSequence = dataset.PerFrameFunctionalGroupsSequence[:4]
    listing = list_dicom([save(dataset, tmp_path / "a.dcm")])
    assert not listing.entries
    assert "declares 6 frames and describes 4" in listing.skipped[0].reason


def test_that_frames_without_positions_are_pictures(tmp_path: Path) -> None:
    frames = ramp((COUNT, 5, 7), np.uint8)
    dataset = slice_dataset(frames, sop_class=UltrasoundMultiFrameImageStorage, Modality="US")
    volumes = read_all(save(dataset, tmp_path / "a.dcm"))
    assert list(volumes) == [f"4/f{n + 1}" for n in range(COUNT)]
    for frame, volume in zip(frames, volumes.values(), strict=True):
        assert volume.kind is Kind.PICTURE
        assert volume.geometry.frame is Frame.SPACING
        assert np.array_equal(volume.voxels[0], frame)


@pytest.mark.parametrize("step", [4.0, -4.0])
def test_that_reconstructed_nuclear_medicine_is_stacked_as_the_standard_says(tmp_path: Path, step: float) -> None:
    frames = ramp((COUNT, 5, 7))
    dataset = slice_dataset(frames, None, sop_class=NuclearMedicineImageStorage, Modality="NM")
    dataset.DetectorInformationSequence = [
        item_of(ImagePositionPatient=[1.0, 2.0, 3.0], ImageOrientationPatient=list(AXIAL))
    ]
    dataset.SpacingBetweenSlices, dataset.SliceVector = step, list(range(1, COUNT + 1))
    (volume,) = read_all(save(dataset, tmp_path / "a.dcm")).values()
    assert_frames_in_place(volume, frames, [(1.0, 2.0, 3.0 + step * n) for n in range(COUNT)])


def test_that_a_file_that_shrinks_after_listing_is_refused(tmp_path: Path) -> None:
    path = save(enhanced_dataset(ramp((COUNT, 5, 7)), positions(COUNT)), tmp_path / "a.dcm")
    (entry,) = list_dicom([path]).entries
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ReadError, match=r"a\.dcm"):
        entry.load()


def test_that_the_fixture_is_what_pydicom_reads(tmp_path: Path) -> None:
    dataset = enhanced_dataset(ramp((COUNT, 5, 7)), positions(COUNT))
    read = pydicom.dcmread(save(dataset, tmp_path / "a.dcm"))
    assert isinstance(read, Dataset)
    assert np.array_equal(read.pixel_array, ramp((COUNT, 5, 7)))
