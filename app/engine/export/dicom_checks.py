"""What is checked before a DICOM mask is written and after; the library is loaded where a file is read, not before."""

from __future__ import annotations

from pathlib import Path

from app.engine.export.staging import unwritable
from app.engine.geometry import Frame
from app.engine.volume import Volume

ADVICE = "write .nrrd or .nii.gz instead, which need no series"
_RESAMPLED = {
    "gantry-tilt": "its slices were shifted to undo the tilt of the gantry",
    "slices-displaced": "its slices were shifted to their true positions",
    "resampled": "it was resampled to an even distance of slices",
    "mosaic": "its slices were tiles of one picture",
}


def check_has_source(path: Path, like: Volume) -> None:
    """Raise WriteError where the image names no DICOM series; what its headers say is not looked at."""
    source = like.source
    named = source.study_uid and source.series_uid and any(one.sop_instance_uid for one in source.slices)
    if not named:
        raise unwritable(path, f"the image is not from a DICOM series that a mask could refer to; {ADVICE}")
    if like.geometry.frame is not Frame.WORLD:
        raise unwritable(path, f"the image does not say where in the patient it lies; {ADVICE}")
    if not source.frame_of_reference_uid:
        raise unwritable(path, f"the series names no frame of reference, which a mask must share with it; {ADVICE}")
    for finding in like.findings:
        if finding.code in _RESAMPLED:
            reason = f"{_RESAMPLED[finding.code]}, so they are not those of the series"
            raise unwritable(path, f"{reason}; {ADVICE}")


def check_dicom(path: Path) -> None:
    """Read a segmentation or structure set of ours to its end; raises ValueError where it is damaged."""
    import pydicom

    from app.engine.io.dicom_fields import PARSE_ERRORS, quiet

    with quiet():
        try:
            dataset = pydicom.dcmread(path)
            if dataset.Modality == "SEG":
                whole = len(dataset.PixelData) * 8 >= dataset.NumberOfFrames * dataset.Rows * dataset.Columns
            else:
                whole = len(dataset.RTROIObservationsSequence) == len(
                    dataset.ROIContourSequence
                )  # the last stands last
        except PARSE_ERRORS:
            whole = False
    if not whole:
        raise ValueError("it is damaged")
