"""DICOM SEG, read back by highdicom and pydicom: the right voxels at the right place, and all that an archive asks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.uid import generate_uid

from app.engine.errors import ReadError, WriteError
from app.engine.export import check_dicom, write_labels
from app.engine.export.dicom_seg import dicom_seg_output
from app.engine.geometry import Geometry
from app.engine.io.open import list_volumes, read_volume
from app.engine.progress import Stop, StoppedError, listening
from app.engine.volume import Volume
from tests.engine.export.dicom_series import SHAPE_ZYX, STORED, series, some_labels, voxels_in_world
from tests.engine.io.dicom_fixtures import (
    enhanced_dataset,
    item_of,
    positions,
    ramp,
    save,
    slice_dataset,
    write_series,
)

NUMBERS = {2: 1, 5: 2, 300: 3}  # of the segments, by label


def read(path: Path) -> Any:
    return highdicom.seg.segread(path)


def seen_by_highdicom(path: Path) -> dict[tuple[float, ...], int]:
    """Where every labelled voxel lies (LPS mm, to a hundredth), by highdicom's own geometry, and its segment."""
    volume = read(path).get_volume(combine_segments=True, relabel=False)
    places = np.argwhere(volume.array)
    world = np.round(volume.map_indices_to_reference(places), 2) + 0.0
    return {tuple(place): int(volume.array[tuple(at)]) for place, at in zip(world.tolist(), places, strict=True)}


def numbered(voxels: dict[tuple[float, ...], int]) -> dict[tuple[float, ...], int]:
    return {place: NUMBERS[value] for place, value in voxels.items()}


@pytest.mark.parametrize(("orientation", "step"), STORED)
def test_that_highdicom_sees_each_label_where_it_is_in_every_orientation(
    tmp_path: Path, orientation: Sequence[float], step: float
) -> None:
    volume, labels = series(tmp_path / "in", orientation, step), some_labels()
    (path,) = write_labels(tmp_path / "a.seg.dcm", labels, volume)
    assert seen_by_highdicom(path) == numbered(voxels_in_world(volume, labels))


def test_that_each_frame_refers_to_the_slice_that_it_lies_on(tmp_path: Path) -> None:
    volume = series(tmp_path / "in")
    (path,) = write_labels(tmp_path / "a.dcm", some_labels(), volume, format_name="dicom-seg")
    sources = {dataset.SOPInstanceUID: dataset for dataset in map(pydicom.dcmread, (tmp_path / "in").iterdir())}
    dataset = pydicom.dcmread(path)
    assert len(dataset.PerFrameFunctionalGroupsSequence) == 5  # empty frames are left out
    for groups in dataset.PerFrameFunctionalGroupsSequence:
        (reference,) = groups.DerivationImageSequence[0].SourceImageSequence
        source = sources[reference.ReferencedSOPInstanceUID]
        assert reference.ReferencedSOPClassUID == source.SOPClassUID
        assert "ReferencedFrameNumber" not in reference
        assert groups.PlanePositionSequence[0].ImagePositionPatient == source.ImagePositionPatient
    listed = dataset.ReferencedSeriesSequence[0]
    assert listed.SeriesInstanceUID == "1.2.3.4"
    assert {item.ReferencedSOPInstanceUID for item in listed.ReferencedInstanceSequence} == set(sources)
    assert dataset.FrameOfReferenceUID == "1.2.3.5"
    assert dataset.StudyInstanceUID == "1.2.3"
    assert dataset.SeriesInstanceUID not in {"1.2.3.4", ""}


def test_that_segments_carry_names_colours_codes_and_the_model(tmp_path: Path) -> None:
    files = write_labels(
        tmp_path / "a.seg.dcm",
        some_labels(),
        series(tmp_path / "in"),
        label_names={2: "Größe 図\\1", 300: "x" * 90},
        colours={5: (255, 0, 0)},
        provenance={"Model": {"Name": "swift", "Version": "2.1", "SHA256": "ab" * 32}},
    )
    assert files == [tmp_path / "a.seg.dcm", tmp_path / "a.json"]
    segments = pydicom.dcmread(files[0]).SegmentSequence
    assert [segment.SegmentLabel for segment in segments] == ["Größe 図 1", "label 5", "x" * 64]
    assert [segment.SegmentNumber for segment in segments] == [1, 2, 3]
    colour = highdicom.color.CIELabColor.from_dicom_value(tuple(segments[1].RecommendedDisplayCIELabValue))
    assert colour.to_rgb() == (255, 0, 0)
    for segment in segments:
        assert segment.SegmentAlgorithmType == "SEMIAUTOMATIC"
        assert segment.SegmentedPropertyCategoryCodeSequence[0].CodeValue == "85756007"
        (algorithm,) = segment.SegmentationAlgorithmIdentificationSequence
        assert (algorithm.AlgorithmName, algorithm.AlgorithmVersion) == ("swift", "2.1")
        assert algorithm.AlgorithmFamilyCodeSequence[0].CodeMeaning == "Artificial Intelligence"
        assert "ab" * 32 in algorithm.AlgorithmParameters


def test_that_patient_and_study_are_those_of_the_series_in_any_script(tmp_path: Path) -> None:
    patient: dict[str, Any] = {
        "SpecificCharacterSet": "ISO_IR 100",
        "PatientName": "Müller^Jörg",
        "PatientID": "7",
        "PatientSex": "X",
    }
    study: dict[str, Any] = {
        "StudyDate": "20240229",
        "StudyID": "s",
        "AccessionNumber": "a",
        "StudyDescription": "Schädel",
    }
    volume = series(tmp_path / "in", **patient, **study)
    for name in ("a.seg.dcm", "a.rtstruct.dcm"):
        (path,) = write_labels(tmp_path / name, some_labels(), volume)
        dataset = pydicom.dcmread(path)
        assert str(dataset.PatientName) == "Müller^Jörg"
        for keyword, value in {**patient, **study}.items():
            if keyword != "SpecificCharacterSet":
                assert dataset.get(keyword) == value, keyword
        assert dataset.PatientBirthDate == ""  # must be there, and the series has none


def test_that_frames_of_a_multiframe_file_are_referred_to_by_their_number(tmp_path: Path) -> None:
    order = [3, 0, 4, 1, 2]  # stored out of order
    places = positions(5)[order]
    dataset = enhanced_dataset(ramp(SHAPE_ZYX)[order], places)
    volume = read_volume(save(dataset, tmp_path / "in.dcm"))
    (path,) = write_labels(tmp_path / "a.seg.dcm", some_labels(), volume)
    assert seen_by_highdicom(path) == numbered(voxels_in_world(volume, some_labels()))
    found = pydicom.dcmread(path)
    for groups in found.PerFrameFunctionalGroupsSequence:
        reference = groups.DerivationImageSequence[0].SourceImageSequence[0]
        assert reference.ReferencedSOPInstanceUID == dataset.SOPInstanceUID
        assert reference.ReferencedSOPClassUID == dataset.SOPClassUID
        position = groups.PlanePositionSequence[0].ImagePositionPatient
        np.testing.assert_allclose(position, places[reference.ReferencedFrameNumber - 1], atol=1e-6)
    assert len(found.SourceImageSequence) == 1


def test_that_one_time_of_several_refers_to_its_own_frames(tmp_path: Path) -> None:
    places = np.repeat(positions(5), 2, axis=0)
    groups = [{"FrameContentSequence": item_of(TemporalPositionIndex=n % 2 + 1)} for n in range(10)]
    save(enhanced_dataset(ramp((10, *SHAPE_ZYX[1:])), places, groups=groups), tmp_path / "in" / "a.dcm")
    entries = list_volumes(tmp_path / "in").entries
    assert len(entries) == 2
    used = []
    for number, entry in enumerate(entries):
        path = write_labels(tmp_path / f"{number}.seg.dcm", some_labels(), entry.load())[0]
        frames = pydicom.dcmread(path).PerFrameFunctionalGroupsSequence
        used.append({g.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber % 2 for g in frames})
    assert sorted(map(sorted, used)) == [[0], [1]]


def test_that_uneven_slices_keep_their_own_positions(tmp_path: Path) -> None:
    places = positions(5)
    places[2, 2] += 0.15
    write_series(tmp_path / "in", ramp(SHAPE_ZYX), places)
    volume = read_volume(tmp_path / "in")
    assert [finding.code for finding in volume.findings] == ["uneven-spacing"]
    path = write_labels(tmp_path / "a.seg.dcm", some_labels(), volume)[0]
    groups = pydicom.dcmread(path).PerFrameFunctionalGroupsSequence
    heights = {float(group.PlanePositionSequence[0].ImagePositionPatient[2]) for group in groups}
    assert heights == {float(f"{places[n, 2]:.10g}") for n in (1, 2, 3, 4)}


def test_that_a_missing_slice_may_not_bear_a_label(tmp_path: Path) -> None:
    keep = [0, 1, 2, 4]
    write_series(tmp_path / "in", ramp(SHAPE_ZYX)[keep], positions(5)[keep])
    volume = read_volume(tmp_path / "in")
    labels = some_labels()
    with pytest.raises(WriteError, match=r"slice 3 bears labels and is missing.*write \.nrrd"):
        write_labels(tmp_path / "a.seg.dcm", labels, volume)
    labels[3] = 0
    path = write_labels(tmp_path / "a.seg.dcm", labels, volume)[0]
    assert seen_by_highdicom(path) == numbered(voxels_in_world(volume, labels))


@pytest.mark.parametrize("name", ["a.seg.dcm", "a.rtstruct.dcm"])
def test_that_what_no_series_stands_behind_is_refused(tmp_path: Path, name: str) -> None:
    plain = Volume(np.zeros(SHAPE_ZYX, np.int16), Geometry(SHAPE_ZYX, np.eye(4)))
    slanted = positions(5) + np.outer(np.arange(5), (0.0, 1.0, 0.0))
    write_series(tmp_path / "tilted", ramp(SHAPE_ZYX), slanted)
    tilted = read_volume(tmp_path / "tilted")
    nowhere = series(tmp_path / "nowhere", FrameOfReferenceUID=None)
    flat = read_volume(save(slice_dataset(ramp(SHAPE_ZYX)[0], None), tmp_path / "flat.dcm"))
    for volume, reason in (
        (plain, "not from a DICOM series"),
        (tilted, "tilt of the gantry"),
        (nowhere, "no frame of reference"),
        (flat, "where in the patient"),
    ):
        labels = np.ones(volume.shape_zyx, np.uint8)
        with pytest.raises(WriteError, match=reason) as caught:
            write_labels(tmp_path / name, labels, volume)
        assert "write .nrrd" in str(caught.value)
    with pytest.raises(WriteError, match="no voxel bears a label"):
        write_labels(tmp_path / name, np.zeros(SHAPE_ZYX, np.uint8), series(tmp_path / "in"))
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("name", ["a.seg.dcm", "a.rtstruct.dcm"])
def test_that_files_that_changed_since_they_were_read_are_noticed(tmp_path: Path, name: str) -> None:
    def change(**attributes: Any) -> None:
        file = sorted((tmp_path / "in").iterdir())[2]
        dataset = pydicom.dcmread(file)
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
        dataset.save_as(file)

    volume, labels = series(tmp_path / "in"), some_labels()
    position = [float(value) for value in pydicom.dcmread(volume.source.slices[2].file).ImagePositionPatient]
    change(ImagePositionPatient=[position[0] + 0.2, *position[1:]])
    with pytest.raises(WriteError, match="slice 2 does not lie where"):
        write_labels(tmp_path / name, labels, volume)
    change(ImagePositionPatient=position, SOPInstanceUID=generate_uid())
    with pytest.raises(WriteError, match="replaced by another"):
        write_labels(tmp_path / name, labels, volume)
    sorted((tmp_path / "in").iterdir())[2].unlink()
    with pytest.raises(WriteError, match="can no longer be read"):
        write_labels(tmp_path / name, labels, volume)
    assert not (tmp_path / name).exists()


def test_that_a_spoilt_segmentation_is_not_published(tmp_path: Path) -> None:
    volume, path = series(tmp_path / "in"), tmp_path / "a.seg.dcm"
    output = dicom_seg_output(path, some_labels(), volume, {})
    output.write(path)
    output.verify(path)
    check_dicom(path)
    dataset = pydicom.dcmread(path)

    def spoilt() -> Path:
        dataset.save_as(path)
        return path

    pixels = dataset.PixelData
    dataset.PixelData = bytes([pixels[0] ^ 1]) + pixels[1:]
    with pytest.raises(WriteError, match="1 of 210 voxels differ"):
        output.verify(spoilt())
    dataset.PixelData = pixels
    dataset.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence[0].ImagePositionPatient[1] += 0.01
    with pytest.raises(WriteError, match="lies elsewhere"):
        output.verify(spoilt())
    dataset.PixelData = pixels[:4]
    with pytest.raises(WriteError, match="damaged"):
        output.verify(spoilt())
    with pytest.raises(ValueError, match="damaged"):
        check_dicom(path)


def test_that_writing_says_how_far_it_is_up_to_the_last_frame_read_back(tmp_path: Path) -> None:
    volume, told = series(tmp_path / "in"), list[float]()
    with listening(lambda done, total: told.append(done / total) if total else None):
        (path,) = write_labels(tmp_path / "a.seg.dcm", some_labels(), volume)
    assert told[:2] == [0, 0.25]
    assert told == sorted(told)
    assert told[2] == 0.5
    assert len(told) == 2 + int(read(path).NumberOfFrames)
    assert told[-1] < 1


def test_that_writing_can_be_stopped_while_it_is_read_back(tmp_path: Path) -> None:
    volume, stop = series(tmp_path / "in"), Stop()

    def hear(done: int, total: int) -> None:
        if total and done > total / 2:
            stop.ask()

    with pytest.raises(StoppedError):
        stop.run(lambda: write_labels(tmp_path / "a.seg.dcm", some_labels(), volume), hear)
    assert [entry.name for entry in tmp_path.iterdir()] == ["in"]


def test_that_our_own_reader_knows_a_segmentation_from_an_image(tmp_path: Path) -> None:
    volume = series(tmp_path / "in")
    for name in ("a.seg.dcm", "a.rtstruct.dcm"):
        (path,) = write_labels(tmp_path / name, some_labels(), volume)
        with pytest.raises(ReadError, match=r"segmentation|structure"):
            read_volume(path)


def test_that_nothing_of_the_patient_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    volume = series(tmp_path / "in", PatientName="Secret^Person", PatientID="4711")
    uids = [one.sop_instance_uid for one in volume.source.slices]
    for name in ("a.seg.dcm", "a.rtstruct.dcm"):
        write_labels(tmp_path / name, some_labels(), volume)
    assert not any(word in caplog.text for word in ("Secret", "4711", *uids))


def blobs(shape_zyx: tuple[int, ...]) -> NDArray[np.uint16]:
    """A shell, label 2, around a ring, label 1, off the middle."""
    z, y, x = np.ogrid[tuple(slice(0, n) for n in shape_zyx)]
    depth, height, width = shape_zyx
    r = ((z - depth // 2) / max(depth / 4, 0.6)) ** 2 + ((y - height / 2 - 2) / (height / 4)) ** 2
    r = r + ((x - width / 3) / (width / 5)) ** 2
    labels = np.zeros(shape_zyx, np.uint16)
    labels[(r < 1) & (r > 0.1)] = 1
    labels[(r < 1.5) & (r > 1.2)] = 2
    return labels


def test_that_masks_of_real_series_lie_where_highdicom_expects_them(tmp_path: Path, shared_data: Path) -> None:
    written = 0
    for corpus in ("dcm_qa_agfa", "dcm_qa_nih", "dcmqi", "highdicom", "pydicom-data"):
        for number, entry in enumerate(list_volumes(shared_data / "conformance" / corpus).entries):
            if len(entry.files) > 60 or entry.files[0].endswith((".nii", ".gz", ".nrrd", ".png", ".jpg")):
                continue
            volume = entry.load()
            if not volume.source.frame_of_reference_uid or volume.shape_zyx[0] < 3:
                continue
            labels = blobs(volume.shape_zyx)
            try:
                path = write_labels(tmp_path / f"{corpus}{number}.seg.dcm", labels, volume)[0]
            except WriteError as error:
                assert "write .nrrd" in str(error)  # noqa: PT017 - a refusal must say what to do
                continue
            seen = seen_by_highdicom(path)
            k, j, i = np.nonzero(labels)
            world = volume.geometry.to_world(np.stack([i, j, k], axis=1).astype(np.float64))
            found = volume.geometry.to_index(np.array(list(seen)))
            assert np.abs(found - np.rint(found)).max() < 0.12
            assert len(seen) == len(world)
            i, j, k = np.rint(found).astype(int).T
            assert np.array_equal(labels[k, j, i], list(seen.values()))
            written += 1
    assert written >= 5
