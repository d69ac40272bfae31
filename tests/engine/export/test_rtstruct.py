"""RT structure sets, read back by pydicom and filled point by point: the mask comes back whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.engine.errors import WriteError
from app.engine.export import check_dicom, write_labels
from app.engine.export.contours import Contour, contours_of, filled
from app.engine.export.rtstruct import rtstruct_output
from app.engine.io.open import list_volumes, read_volume
from app.engine.progress import listening
from tests.engine.export.dicom_series import SHAPE_ZYX, STORED, series, some_labels, voxels_in_world
from tests.engine.io.dicom_fixtures import enhanced_dataset, positions, ramp, save

VALUES = {1: 2, 2: 5, 3: 300}  # of the labels, by ROI number


def crossings(contour: Contour, places: NDArray[np.float64]) -> NDArray[np.int64]:
    """How often a ray along +x from each place (N, 2) crosses a contour downwards, less how often upwards (N, 2).

    The second column counts crossings whatever their direction.
    """
    x, y = places.T
    counts = np.zeros((len(places), 2), np.int64)
    for (x0, y0), (x1, y1) in zip(contour, np.roll(contour, -1, axis=0), strict=True):
        crossed = (y > min(y0, y1)) & (y < max(y0, y1))
        if crossed.any():
            crossed &= x < x0 + (y - y0) * (x1 - x0) / (y1 - y0)
            counts[crossed] += (1 if y1 > y0 else -1, 1)
    return counts


def inside(contours: Sequence[Contour], places: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which places (N, 2) lie inside; fails where readers that add, combine by xor or wind would not agree."""
    counts = [crossings(contour, places) for contour in contours]
    added = np.any([count[:, 1] % 2 == 1 for count in counts], axis=0)
    total = np.sum(counts, axis=0)
    assert np.array_equal(added, total[:, 1] % 2 == 1)
    assert np.array_equal(added, total[:, 0] != 0)
    found: NDArray[np.bool_] = np.asarray(added)
    return found


def seen_by_a_reader(path: Path, sources: Sequence[Path]) -> dict[tuple[float, ...], int]:
    """Where the centres of all pixels inside contours lie (LPS mm, to a hundredth), and in which label."""
    headers = {dataset.SOPInstanceUID: dataset for dataset in map(pydicom.dcmread, sources)}
    seen = {}
    for region in pydicom.dcmread(path).ROIContourSequence:
        by_image: dict[str, list[NDArray[np.float64]]] = {}
        for item in region.ContourSequence:
            uid = item.ContourImageSequence[0].ReferencedSOPInstanceUID
            by_image.setdefault(uid, []).append(np.array(item.ContourData, dtype=np.float64).reshape(-1, 3))
        for uid, contours in by_image.items():
            header = headers[uid]
            position = np.array(header.ImagePositionPatient, dtype=np.float64)
            cosines = np.array(header.ImageOrientationPatient, dtype=np.float64).reshape(2, 3)
            for contour in contours:
                assert np.abs((contour - position) @ np.cross(*cosines)).max() < 1e-3  # in the plane of the image
            between_rows, between_columns = (float(value) for value in header.PixelSpacing)
            column, row = (axis.ravel() for axis in np.meshgrid(np.arange(header.Columns), np.arange(header.Rows)))
            world = position + np.outer(column * between_columns, cosines[0]) + np.outer(row * between_rows, cosines[1])
            hit = inside([contour @ cosines.T for contour in contours], world @ cosines.T)
            for place in (np.round(world[hit], 2) + 0.0).tolist():
                assert tuple(place) not in seen
                seen[tuple(place)] = VALUES[int(region.ReferencedROINumber)]
    return seen


@pytest.mark.parametrize(("orientation", "step"), STORED)
def test_that_contours_enclose_each_label_where_it_is_in_every_orientation(
    tmp_path: Path, orientation: Sequence[float], step: float
) -> None:
    volume, labels = series(tmp_path / "in", orientation, step), some_labels()
    (path,) = write_labels(tmp_path / "a.rtstruct.dcm", labels, volume)
    assert seen_by_a_reader(path, sorted((tmp_path / "in").iterdir())) == voxels_in_world(volume, labels)


@settings(max_examples=150)
@given(
    st.tuples(st.integers(1, 9), st.integers(1, 9)).flatmap(
        lambda shape: st.lists(st.booleans(), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]).map(
            lambda bits: np.array(bits, dtype=np.bool_).reshape(shape)
        )
    )
)
def test_that_contours_of_any_mask_enclose_it_by_every_rule(mask: NDArray[np.bool_]) -> None:
    contours = contours_of(mask)
    assert np.array_equal(filled(contours, mask.shape), mask)
    rows, columns = np.indices(mask.shape)
    places = np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float64)
    if contours:
        assert np.array_equal(inside(contours, places).reshape(mask.shape), mask)
    else:
        assert not mask.any()


def test_that_a_ring_is_one_contour_with_a_way_to_its_hole() -> None:
    mask = np.ones((3, 3), np.bool_)
    mask[1, 1] = False
    (contour,) = contours_of(mask)
    assert {tuple(corner) for corner in contour.tolist()} == {
        *((x, y) for x in (-0.5, 2.5) for y in (-0.5, 2.5)),
        *((x, y) for x in (0.5, 1.5) for y in (0.5, 1.5)),
        (-0.5, 0.5),  # where the way begins
    }


def test_that_filling_cuts_off_what_lies_outside_and_takes_slanted_edges() -> None:
    diamond = np.array([[2.0, -3.2], [7.2, 2.0], [2.0, 7.2], [-3.2, 2.0]])
    rows, columns = np.indices((4, 5))
    assert np.array_equal(filled([diamond], (4, 5)), np.abs(columns - 2) + np.abs(rows - 2) < 5.2)
    assert not filled([], (4, 5)).any()


def test_that_regions_carry_names_colours_and_references(tmp_path: Path) -> None:
    volume = series(tmp_path / "in")
    path = write_labels(
        tmp_path / "a.dcm",
        some_labels(),
        volume,
        format_name="rtstruct",
        label_names={2: "Größe 図\\1", 300: "x" * 90},
        colours={5: (255, 0, 7)},
        provenance={"Model": {"Name": "swift", "Version": "2.1"}},
    )[0]
    dataset = pydicom.dcmread(path)
    regions, contours = dataset.StructureSetROISequence, dataset.ROIContourSequence
    assert [region.ROIName for region in regions] == ["Größe 図 1", "label 5", "x" * 64]
    assert [region.ROINumber for region in regions] == [1, 2, 3]
    assert all("swift 2.1" in region.ROIGenerationDescription for region in regions)
    assert [list(item.ROIDisplayColor) for item in contours][1] == [255, 0, 7]
    assert [item.ReferencedROINumber for item in dataset.RTROIObservationsSequence] == [1, 2, 3]
    frame = dataset.ReferencedFrameOfReferenceSequence[0]
    assert frame.FrameOfReferenceUID == regions[0].ReferencedFrameOfReferenceUID == "1.2.3.5"
    listed = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    assert listed.SeriesInstanceUID == "1.2.3.4"
    images = [item.ReferencedSOPInstanceUID for item in listed.ContourImageSequence]
    assert images == [one.sop_instance_uid for one in volume.source.slices]
    for item in (item for region in contours for item in region.ContourSequence):
        assert item.ContourGeometricType == "CLOSED_PLANAR"
        assert len(item.ContourData) == 3 * item.NumberOfContourPoints


def test_that_contours_of_a_multiframe_file_name_their_frame(tmp_path: Path) -> None:
    order = [3, 0, 4, 1, 2]
    places = positions(5)[order]
    volume = read_volume(save(enhanced_dataset(ramp(SHAPE_ZYX)[order], places), tmp_path / "in.dcm"))
    (path,) = write_labels(tmp_path / "a.rtstruct.dcm", some_labels(), volume)
    for region in pydicom.dcmread(path).ROIContourSequence:
        for item in region.ContourSequence:
            number = item.ContourImageSequence[0].ReferencedFrameNumber
            assert float(item.ContourData[2]) == pytest.approx(places[number - 1, 2], abs=1e-4)


def test_that_a_contour_longer_than_an_explicit_element_is_read_again(tmp_path: Path) -> None:
    comb = np.zeros((1, 96, 97), np.uint8)
    comb[0, :, ::2] = comb[0, 0] = 1
    comb[0, 1::2, :] = 1
    volume = read_volume(save(enhanced_dataset(np.zeros(comb.shape, np.int16), positions(1)), tmp_path / "in.dcm"))
    path = write_labels(tmp_path / "a.rtstruct.dcm", comb, volume)[0]
    (item,) = pydicom.dcmread(path).ROIContourSequence[0].ContourSequence
    assert item.get_item("ContourData").length > 65536


def test_that_a_spoilt_structure_set_is_not_published(tmp_path: Path) -> None:
    volume, path = series(tmp_path / "in"), tmp_path / "a.rtstruct.dcm"
    output = rtstruct_output(path, some_labels(), volume, {})
    output.write(path)
    output.verify(path)
    check_dicom(path)
    whole = path.read_bytes()

    def spoilt(axis: int, by: float) -> None:
        path.write_bytes(whole)
        dataset = pydicom.dcmread(path)
        item = dataset.ROIContourSequence[0].ContourSequence[0]
        data = np.array(item.ContourData, dtype=np.float64).reshape(-1, 3)
        data[:, axis] += by
        item.ContourData = [f"{value:.4f}" for value in data.ravel()]
        dataset.save_as(path)

    spoilt(0, 0.7)  # a column further
    with pytest.raises(WriteError, match="voxels differ"):
        output.verify(path)
    spoilt(2, 0.5)
    with pytest.raises(WriteError, match=r"0\.5 mm away from slice"):
        output.verify(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(WriteError, match=r"damaged|differ"):
        output.verify(path)
    with pytest.raises(ValueError, match="damaged"):
        check_dicom(path)


def test_that_masks_of_real_series_come_back_whole(tmp_path: Path, shared_data: Path) -> None:
    corpus = shared_data / "conformance" / "dcm_qa_nih"
    written = 0
    for number, entry in enumerate(list_volumes(corpus).entries):
        volume: Any = entry.load()
        if not volume.source.frame_of_reference_uid or any(finding.code == "mosaic" for finding in volume.findings):
            continue
        z, y, x = np.indices(volume.shape_zyx) / np.array(volume.shape_zyx).reshape(3, 1, 1, 1) - 0.5
        labels = ((y**2 + x**2 < 0.1) & (y**2 + x**2 > 0.02)).astype(np.uint8)
        labels[(x > 0.42) & (z <= 0)] = 2
        assert write_labels(tmp_path / f"{number}.rtstruct.dcm", labels, volume)
        written += 1
    assert written >= 1


def test_that_drawing_and_reading_contours_say_how_far_they_are(tmp_path: Path) -> None:
    volume, told = series(tmp_path / "in"), list[tuple[int, int]]()
    with listening(lambda done, total: told.append((done, total))):
        write_labels(tmp_path / "a.dcm", some_labels(), volume, format_name="rtstruct")
    counted = [done for done, total in told if total]
    slices, labels = len(some_labels()), len(np.unique(some_labels())) - 1
    assert {total for _, total in told if total} == {2 * labels * slices}
    assert counted == sorted(counted)
    assert counted[: labels * slices] == list(range(labels * slices))
    assert labels * slices < len(counted)
    assert counted[-1] < 2 * labels * slices
