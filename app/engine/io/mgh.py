"""FreeSurfer's MGH and MGZ, headers as nibabel understands them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from app.engine.geometry import Frame
from app.engine.io.blocks import Block, read_head
from app.engine.io.limits import checked_bytes, unreadable
from app.engine.io.listing import Listing
from app.engine.io.stored import StoredImage
from app.engine.volume import Finding

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_DATA_OFFSET = 284
_DTYPES = {0: ">u1", 1: ">i4", 3: ">f4", 4: ">i2", 10: ">u2"}  # MRI_UCHAR, MRI_INT, MRI_FLOAT, MRI_SHORT, MRI_USHRT


def is_mgh(head: bytes) -> bool:
    """Whether unpacked first bytes are an MGH header: version 1, four positive extents, a known type."""
    if len(head) < 30 or head[:4] != b"\0\0\0\x01":
        return False
    fields = np.frombuffer(head[4:24], ">i4")
    return bool((fields[:4] > 0).all() and int(fields[4]) in _DTYPES)


def list_mgh(path: Path) -> Listing:
    """The images of an MGH or MGZ file; ReadError where it cannot be read truly."""
    from nibabel.freesurfer.mghformat import MGHHeader

    stored, head = read_head(path)
    if len(head) < _DATA_OFFSET:
        raise unreadable(path, f"it is cut short: its header ends after {len(head)} bytes")
    header_class: Any = MGHHeader  # Any: nibabel's headers have no types
    header = header_class(head[:_DATA_OFFSET], check=False)
    x, y, z, series = (int(n) for n in np.frombuffer(head[4:20], ">i4"))
    dtype = np.dtype(_DTYPES[int.from_bytes(head[20:24], "big")])
    with np.errstate(all="ignore"):  # a damaged one is refused by StoredImage
        affine = _RAS_TO_LPS @ np.asarray(header.get_affine(), dtype=np.float64)
    placed = head[28:30] != b"\0\0"  # goodRASFlag
    packed = stored != head
    findings: tuple[Finding, ...] = ()
    if not placed:
        findings = (Finding("no-orientation", "the header gives no voxel size, position or orientation"),)
    image = StoredImage(
        path=path,
        block=Block(
            path,
            size=checked_bytes(path, (x, y, z), dtype.itemsize) * series,
            start=0 if packed else _DATA_OFFSET,
            skip=_DATA_OFFSET if packed else 0,
            encoding="deflate" if packed else "raw",
        ),
        dtype=dtype,
        shape_zyx=(z, y, x),
        affine=affine if placed else np.eye(4),
        frame=Frame.WORLD if placed else Frame.NONE,
        series=series,
        findings=findings,
    )
    return image.list()
