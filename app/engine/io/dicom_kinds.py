"""What a DICOM file is by its SOP class and modality: an image, or something of which a sentence must be said."""

from __future__ import annotations

_STORAGE = "1.2.840.10008.5.1.4.1.1."

# SOP classes that hold no image of a patient, by UID prefix; the longest prefix decides.
_NOT_AN_IMAGE = {
    "1.2.840.10008.1.3.10": "an index of files (DICOMDIR), not an image; give the folder of the images instead",
    _STORAGE + "4.2": "an MR spectrum, not an image",
    _STORAGE + "9.": "a waveform, not an image",
    _STORAGE + "11.": "a presentation state, not an image",
    _STORAGE + "66": "raw data of a scanner, not an image",
    _STORAGE + "66.1": "a spatial registration, not an image",
    _STORAGE + "66.2": "a set of fiducials, not an image",
    _STORAGE + "66.3": "a deformable registration, not an image",
    _STORAGE + "66.4": "a segmentation (DICOM SEG), not an image",
    _STORAGE + "66.5": "a segmentation of surfaces, not an image",
    _STORAGE + "66.6": "a tractography result, not an image",
    _STORAGE + "66.7": "a segmentation (DICOM SEG), not an image",
    _STORAGE + "67": "a mapping of values, not an image",
    _STORAGE + "68.": "a surface scan, not an image",
    _STORAGE + "77.1.5.3": "stereometric relations, not an image",
    _STORAGE + "77.1.6": "a whole-slide image in tiles, a kind that is not read",
    _STORAGE + "77.1.1.1": "a video, not an image",
    _STORAGE + "77.1.2.1": "a video, not an image",
    _STORAGE + "77.1.4.1": "a video, not an image",
    _STORAGE + "78.": "an ophthalmic measurement, not an image",
    _STORAGE + "79.": "an ophthalmic measurement, not an image",
    _STORAGE + "80.": "an ophthalmic measurement, not an image",
    _STORAGE + "88.": "a structured report, not an image",
    _STORAGE + "88.59": "a key object selection, not an image",
    _STORAGE + "91.1": "bulk annotations of a whole-slide image, not an image",
    _STORAGE + "104.": "an encapsulated document, not an image",
    _STORAGE + "104.1": "an encapsulated PDF document, not an image",
    _STORAGE + "131": "basic structured display, not an image",
    _STORAGE + "481.2": "a radiotherapy dose (RTDOSE), not an image",
    _STORAGE + "481.3": "a radiotherapy structure set (RTSTRUCT), not an image",
    _STORAGE + "481.": "a radiotherapy plan or record, not an image",
    _STORAGE + "200.": "a protocol, not an image",
}
_RT_IMAGE = _STORAGE + "481.1"

# For files whose SOP class is missing or private.
_NOT_AN_IMAGE_BY_MODALITY = {
    "SEG": "a segmentation (DICOM SEG), not an image",
    "RTSTRUCT": "a radiotherapy structure set (RTSTRUCT), not an image",
    "RTDOSE": "a radiotherapy dose (RTDOSE), not an image",
    "RTPLAN": "a radiotherapy plan, not an image",
    "RTRECORD": "a radiotherapy record, not an image",
    "SR": "a structured report, not an image",
    "KO": "a key object selection, not an image",
    "PR": "a presentation state, not an image",
    "REG": "a spatial registration, not an image",
    "ECG": "a waveform, not an image",
    "SM": "a whole-slide image in tiles, a kind that is not read",
    "DOC": "an encapsulated document, not an image",
}

_MODALITY_OF_CLASS = {
    _STORAGE + "1": "CR",
    _STORAGE + "1.1": "DX",
    _STORAGE + "1.1.1": "DX",
    _STORAGE + "1.2": "MG",
    _STORAGE + "1.2.1": "MG",
    _STORAGE + "1.3": "IO",
    _STORAGE + "1.3.1": "IO",
    _STORAGE + "2": "CT",
    _STORAGE + "2.1": "CT",
    _STORAGE + "2.2": "CT",
    _STORAGE + "3.1": "US",
    _STORAGE + "4": "MR",
    _STORAGE + "4.1": "MR",
    _STORAGE + "4.3": "MR",
    _STORAGE + "4.4": "MR",
    _STORAGE + "6.1": "US",
    _STORAGE + "6.2": "US",
    _STORAGE + "12.1": "XA",
    _STORAGE + "12.1.1": "XA",
    _STORAGE + "12.2": "RF",
    _STORAGE + "12.2.1": "RF",
    _STORAGE + "13.1.1": "XA",
    _STORAGE + "13.1.2": "DX",
    _STORAGE + "13.1.3": "MG",
    _STORAGE + "20": "NM",
    _STORAGE + "77.1.1": "ES",
    _STORAGE + "77.1.2": "GM",
    _STORAGE + "77.1.4": "XC",
    _STORAGE + "77.1.5.1": "OP",
    _STORAGE + "77.1.5.2": "OP",
    _STORAGE + "77.1.5.4": "OPT",
    _STORAGE + "128": "PT",
    _STORAGE + "128.1": "PT",
    _STORAGE + "130": "PT",
    _STORAGE + "481.1": "RTIMAGE",
}


def what_it_is_instead(sop_class_uid: str, modality: str) -> str:
    """What a file is that is no image ("a structured report, not an image"); "" for images and unknown classes."""
    if sop_class_uid == _RT_IMAGE:
        return ""
    found = [prefix for prefix in _NOT_AN_IMAGE if _belongs(sop_class_uid, prefix)]
    if found:
        return _NOT_AN_IMAGE[max(found, key=len)]
    if sop_class_uid in _MODALITY_OF_CLASS:
        return ""
    return _NOT_AN_IMAGE_BY_MODALITY.get(modality.upper(), "")


def _belongs(uid: str, prefix: str) -> bool:
    return uid.startswith(prefix) if prefix.endswith(".") else uid == prefix


def modality_of(sop_class_uid: str, modality: str) -> str:
    """The DICOM Modality code; by SOP class where the file does not say, "OT" (other) where neither does."""
    code = modality.strip().upper()
    return code if code.isalnum() and len(code) <= 16 else _MODALITY_OF_CLASS.get(sop_class_uid, "OT")
