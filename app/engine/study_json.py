"""Labels, acts and fingerprints as JSON and back: what project files and journals are made of.

Boxes have inclusive corners there, as in all files; bytes are base64. What is read may come from anybody: every field
is checked, and packed data are unpacked to the size that they must have and no further. Raises FieldError, or another
ValueError of the type that refuses the value.
"""

from __future__ import annotations

import base64
import binascii
import math
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from app.engine.fingerprint import Fingerprint
from app.engine.geometry import Frame
from app.engine.io.limits import MAX_LENGTH_MM, MAX_VOXEL_BYTES
from app.engine.labelmap import LARGEST_VALUE, Edit, Label
from app.engine.prompt import Box3D
from app.engine.strict_json import FieldError, Fields
from app.engine.study import Act, LabelChange

ANY_TEXT = r"[\s\S]*"  # names and texts are the user's: any letter that they may contain was allowed when it was typed
PATH = r"[^\x00]{1,32768}"
_LARGEST_INDEX = 2**31 - 1


def label_to_json(label: Label) -> dict[str, Any]:
    """All fields of a label."""
    return {
        "value": label.value,
        "name": label.name,
        "colour": list(label.colour),
        "locked": label.locked,
        "visible": label.visible,
    }


def label_from_json(value: object, where: str) -> Label:
    """The exact inverse."""
    fields = Fields(value, where)
    colour = fields.integers("colour", 0, 255)
    if len(colour) != 3:
        raise FieldError(f"the field '{where}.colour' is not three numbers")
    label = Label(
        value=fields.integer("value", 1, LARGEST_VALUE),
        name=fields.text("name", ANY_TEXT),
        colour=(colour[0], colour[1], colour[2]),
        locked=fields.flag("locked"),
        visible=fields.flag("visible"),
    )
    fields.end()
    return label


def labels_from_json(values: tuple[object, ...]) -> tuple[Label, ...]:
    """Labels of different values."""
    labels = tuple(label_from_json(value, f"labels[{n}]") for n, value in enumerate(values))
    if len({label.value for label in labels}) < len(labels):
        raise FieldError("a label's value stands twice in its table")
    return labels


def box_to_json(box: Box3D) -> list[int]:
    """Inclusive corners x_min, y_min, z_min, x_max, y_max, z_max."""
    return list(box.to_inclusive())


def box_from_json(fields: Fields, name: str, shape_zyx: tuple[int, int, int]) -> Box3D:
    """The exact inverse; refused where it leaves a volume of that shape."""
    corners = fields.integers(name, 0, _LARGEST_INDEX)
    if len(corners) != 6:
        raise FieldError(f"the field '{name}' is not the six corners of a box")
    box = Box3D.from_inclusive(corners)
    if box.clipped(shape_zyx) != box:
        raise FieldError(f"the field '{name}' leaves the volume")
    return box


def fingerprint_to_json(fingerprint: Fingerprint) -> dict[str, Any]:
    """All that an image is known by."""
    return {
        "shape_zyx": list(fingerprint.shape_zyx),
        "affine": list(fingerprint.affine),
        "frame": fingerprint.frame,
        "sha256": fingerprint.sha256,
    }


def fingerprint_from_json(fields: Fields) -> Fingerprint:
    """The exact inverse; its geometry can be true."""
    shape = fields.integers("shape_zyx", 1, _LARGEST_INDEX)
    if len(shape) != 3 or math.prod(shape) > MAX_VOXEL_BYTES:
        raise FieldError("the field 'image.shape_zyx' is no shape of a volume that can be read")
    fingerprint = Fingerprint(
        shape_zyx=(shape[0], shape[1], shape[2]),
        affine=fields.numbers("affine", 16, -MAX_LENGTH_MM, MAX_LENGTH_MM),
        frame=fields.choice("frame", tuple(frame.value for frame in Frame)),
        sha256=fields.text("sha256", "[0-9a-f]{64}"),
    )
    fields.end()
    _ = fingerprint.geometry
    return fingerprint


def act_to_json(act: Act) -> dict[str, Any]:
    """An act that takes nothing back; one without edits keeps its labels."""
    return {
        "text": act.text,
        "labels": list(act.labels),
        "changes": [_change_to_json(change) for change in act.changes],
        "edits": [_edit_to_json(edit) for edit in act.edits],
        "record": dict(act.record),
    }


def act_from_json(value: object, where: str, shape_zyx: tuple[int, int, int]) -> Act:
    """The exact inverse, of an act in a volume of that shape; every edit is whole."""
    fields = Fields(value, where)
    labels = tuple(_label_value(item, f"{where}.labels") for item in fields.items("labels"))
    changes = tuple(_change_from_json(item, f"{where}.changes") for item in fields.items("changes"))
    edits = tuple(_edit_from_json(item, f"{where}.edits", shape_zyx) for item in fields.items("edits"))
    act = Act(fields.text("text", ANY_TEXT), edits, changes, fields.free("record"), labels)
    fields.end()
    return act


def _label_value(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LARGEST_VALUE:
        raise FieldError(f"the field '{where}' holds something else than values of labels")
    return value


def _change_to_json(change: LabelChange) -> dict[str, Any]:
    sides = {"before": change.before, "after": change.after}
    return {name: label_to_json(label) for name, label in sides.items() if label is not None}


def _change_from_json(value: object, where: str) -> LabelChange:
    if not isinstance(value, dict) or not set(value) <= {"before", "after"}:
        raise FieldError(f"the field '{where}' holds something else than changes of labels")
    before, after = (label_from_json(value[n], where) if n in value else None for n in ("before", "after"))
    return LabelChange(before, after)


def _edit_to_json(edit: Edit) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if edit.region is not None:
        packed = {"changed": edit.changed, "before": edit.before, "after": edit.after}
        told = {name: base64.b64encode(data).decode("ascii") for name, data in packed.items()}
        told["region"] = box_to_json(edit.region)
    if edit.conflicts:
        told["conflicts"] = {str(label): count for label, count in sorted(edit.conflicts.items())}
    return told


def _edit_from_json(value: object, where: str, shape_zyx: tuple[int, int, int]) -> Edit:
    fields = Fields(value, where)
    conflicts = _conflicts(fields.free("conflicts"), where) if "conflicts" in fields else {}
    if "region" not in fields:
        fields.end()
        return Edit(None, conflicts=conflicts)
    region = box_from_json(fields, "region", shape_zyx)
    changed, before, after = (_bytes(fields, name) for name in ("changed", "before", "after"))
    fields.end()
    voxels = (region.x1 - region.x0) * (region.y1 - region.y0) * (region.z1 - region.z0)
    bits = np.frombuffer(_unpacked(changed, (voxels + 7) // 8, where), dtype=np.uint8)
    count = int(np.count_nonzero(np.unpackbits(bits, count=voxels)))
    for packed in (before, after):
        _unpacked(packed, 2 * count, where)
    return Edit(region, changed, before, after, conflicts)


def _conflicts(told: Mapping[str, Any], where: str) -> dict[int, int]:
    conflicts = {}
    for label, count in told.items():
        if not (label.isascii() and label.isdecimal() and len(label) <= 5) or type(count) is not int or count < 1:
            raise FieldError(f"the field '{where}.conflicts' holds something else than voxels by label")
        conflicts[_label_value(int(label), f"{where}.conflicts")] = count
    return conflicts


def _bytes(fields: Fields, name: str) -> bytes:
    try:
        return base64.b64decode(fields.text(name, ANY_TEXT), validate=True)
    except binascii.Error:
        raise FieldError(f"the field '{name}' is no base64") from None


def _unpacked(data: bytes, size: int, where: str) -> bytes:
    """Exactly `size` bytes; what unpacks to more is not unpacked."""
    decoder = zlib.decompressobj()
    try:
        unpacked = decoder.decompress(data, size + 1)
    except zlib.error:
        unpacked = b""
    if len(unpacked) != size or not decoder.eof or decoder.unused_data:
        raise FieldError(f"the field '{where}' holds an edit that is damaged")
    return unpacked
