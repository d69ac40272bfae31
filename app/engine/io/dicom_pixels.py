"""Stored values of planes, read from their files: native ones as they lie, compressed ones through the codecs."""

from __future__ import annotations

import io
import os
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import generate_frames, get_frame

from app.engine.errors import ReadError
from app.engine.io.dicom_codec import DecodeError, decode_frame
from app.engine.io.dicom_fields import PARSE_ERRORS
from app.engine.io.dicom_frames import Frame
from app.engine.io.dicom_header import Header, PixelFormat, deflated_pixels
from app.engine.io.limits import unreadable
from app.engine.progress import tell

Stored = NDArray[Any]  # Any: the file chooses the dtype
_Decoded = dict[int, Stored | ReadError]

_MAX_WORKERS = 4
_FEW = 4  # so many frames are fetched one by one; more in one pass over the file


def read_planes(frames: Sequence[Frame]) -> list[Stored | ReadError]:
    """Stored values of each plane, (rows, columns) or RGB (rows, columns, 3), or why it cannot be read.

    RGB of more than 8 bits stays as it is. Call within `dicom_fields.quiet`.
    """
    by_file: dict[Path, list[int]] = defaultdict(list)
    for n, frame in enumerate(frames):
        by_file[frame.header.path].append(n)
    out: list[Stored | ReadError] = [ReadError("")] * len(frames)
    workers = min(_MAX_WORKERS, os.cpu_count() or 1)
    pool = ThreadPoolExecutor(workers)
    try:
        for members, decoded in zip(by_file.values(), _decode_files(pool, frames, by_file), strict=True):
            for n in members:
                found = decoded[frames[n].index]
                out[n] = found if isinstance(found, ReadError) else _crop(found, frames[n])
    finally:
        pool.shutdown(cancel_futures=True)  # nothing waits but where somebody has ended the reading
    return out


def _decode_files(pool: Executor, frames: Sequence[Frame], by_file: dict[Path, list[int]]) -> list[_Decoded]:
    """What each file holds; the decoding of compressed frames runs in the pool, the reading of native ones too."""
    jobs: list[Future[_Decoded]] = []
    done: dict[int, _Decoded] = {}
    for n, members in enumerate(by_file.values()):
        header, wanted = frames[members[0]].header, sorted({frames[m].index for m in members})
        if len(wanted) > _FEW and header.pixels.encapsulated:
            done[n] = _read_many(pool, header, wanted)
        else:
            jobs.append(pool.submit(_read_file, header, wanted))
    rest = iter(jobs)
    found = []
    for n in range(len(by_file)):
        found.append(done[n] if n in done else next(rest).result())
        tell(n + 1, len(by_file))
    return found


def _crop(values: Stored, frame: Frame) -> Stored:
    if frame.corner is None:
        return values
    row, column = frame.corner
    return values[row : row + frame.rows, column : column + frame.columns]


def _damaged(header: Header, error: Exception) -> ReadError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "its pixel data are damaged"
    return unreadable(header.path, reason)


def _read_many(pool: Executor, header: Header, wanted: Sequence[int]) -> _Decoded:
    """Frames of a long compressed file: fetched in one pass, decoded in the pool."""
    chosen, jobs = set(wanted), {}
    try:
        with header.path.open("rb") as file:
            file.seek(header.pixels.start)
            streams = generate_frames(
                file, number_of_frames=header.pixels.frames, extended_offsets=_extended_offsets(header)
            )
            for index, data in enumerate(streams):
                tell()
                if index in chosen:
                    jobs[index] = pool.submit(_decoded, header, data)
    except PARSE_ERRORS as error:
        broken = _damaged(header, error)
    else:
        broken = unreadable(header.path, f"its pixel data hold fewer than {header.pixels.frames} frames")
    decoded: _Decoded = {}
    for index in wanted:
        tell()
        decoded[index] = jobs[index].result() if index in jobs else broken
    return decoded


def _read_file(header: Header, wanted: Sequence[int]) -> _Decoded:
    pixels = header.pixels
    try:
        if pixels.start < 0:
            data = io.BytesIO(deflated_pixels(header.path))
            plain = replace(pixels, start=0)
            return {index: _native(header, _bytes_of(data, plain, index)) for index in wanted}
        with header.path.open("rb") as file:
            if pixels.encapsulated:
                return {index: _decoded(header, _stream(file, header, index)) for index in wanted}
            return {index: _native(header, _bytes_of(file, pixels, index)) for index in wanted}
    except PARSE_ERRORS as error:
        return dict.fromkeys(wanted, _damaged(header, error))


def _stream(file: BinaryIO, header: Header, index: int) -> bytes:
    file.seek(header.pixels.start)
    count = header.pixels.frames
    return get_frame(file, index, number_of_frames=count, extended_offsets=_extended_offsets(header))


def _extended_offsets(header: Header) -> tuple[bytes, bytes] | None:
    dataset = header.dataset
    if "ExtendedOffsetTable" not in dataset or "ExtendedOffsetTableLengths" not in dataset:
        return None
    return dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths


def _bytes_of(file: BinaryIO, pixels: PixelFormat, index: int) -> bytes:
    """The bytes of one native frame, which need not begin at a whole byte or word."""
    first_bit, last_bit = index * pixels.frame_bits, (index + 1) * pixels.frame_bits
    first_byte = first_bit // 16 * 2
    file.seek(pixels.start + first_byte)
    data = file.read(-(-last_bit // 8) - first_byte + (1 if pixels.word_swapped else 0))
    if first_byte + len(data) < last_bit // 8:
        raise EOFError
    if pixels.word_swapped:
        data = np.frombuffer(data, "<u2", len(data) // 2).byteswap().tobytes()
    start = first_bit - first_byte * 8
    if pixels.bits_allocated == 1:
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        return np.packbits(bits[start : start + pixels.frame_bits], bitorder="little").tobytes()
    return data[start // 8 : start // 8 + pixels.frame_bits // 8]


def _native(header: Header, data: bytes) -> Stored | ReadError:
    pixels = header.pixels
    if pixels.samples == 3 or pixels.bits_allocated == 1:
        width = pixels.bits_allocated // 8
        if pixels.big_endian and width > 1:
            data = np.frombuffer(data, f">u{width}").astype(f"<u{width}").tobytes()
        return _decoded(header, data)
    kind = "f" if pixels.real else "i" if pixels.signed else "u"
    order = ">" if pixels.big_endian else "<"
    values = np.frombuffer(data, f"{order}{kind}{pixels.bits_allocated // 8}")
    native = values.astype(values.dtype.newbyteorder("="), copy=False).reshape(pixels.rows, pixels.columns)
    return native if pixels.real else _without_unused_bits(native, pixels)


def _without_unused_bits(values: Stored, pixels: PixelFormat) -> Stored:
    """The standard leaves bits beyond Bits Stored undefined: overlays lie there."""
    unused = pixels.bits_allocated - pixels.bits_stored
    if unused == 0:
        return values
    above = pixels.bits_allocated - 1 - pixels.high_bit
    shifted: Stored = np.right_shift(np.left_shift(values, above), unused)  # arithmetic where signed: keeps the sign
    return shifted


def _decoded(header: Header, data: bytes) -> Stored | ReadError:
    try:
        return decode_frame(header.pixels, data)
    except DecodeError as error:
        return unreadable(header.path, f"its pixels {error}")
