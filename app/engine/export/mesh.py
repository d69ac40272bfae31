"""Surfaces of labels as STL, OBJ or PLY in LPS millimetres, read back by parsers of their own.

3D Slicer takes SPACE=LPS in a header at its word; without it, it would take the coordinates for RAS in some formats.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import app
from app.engine.export.provenance import PROGRAM, Colour, colour_of, name_of, values_of
from app.engine.export.staging import Output, unwritable
from app.engine.geometry import Frame
from app.engine.progress import tell
from app.engine.surface import Surface, surface_of
from app.engine.volume import Volume

_STL_HEADER_BYTES = 80
_STL_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_PLY_VERTEX = np.dtype([("place", "<f4", 3), ("colour", "u1", 3), ("label", "<u2")])
_PLY_FACE = np.dtype([("count", "u1"), ("corners", "<i4", 3)])
_TOLERANCE = 1e-4  # mm: an OBJ is written with four decimals, the others exactly
_OBJ_END = "# end"
_ALL_LABELS = 0  # what an STL holds: it knows no parts
_FRAMES = {
    Frame.WORLD: "SPACE=LPS UNITS=mm",
    Frame.SPACING: "SPACE=LPS UNITS=mm PLACE=made-up",
    Frame.NONE: "UNITS=voxels",
}

Triangles = NDArray[np.float64]  # (M, 3 corners, 3 coordinates)


_STAGES = 3  # each label's surface is made, written, and read back and compared; the last two of all labels at once


@dataclass(frozen=True, eq=False)
class _Part:
    """The surface of one label."""

    value: int
    name: str
    colour: Colour
    surface: Surface

    @property
    def corners(self) -> Triangles:
        corners: Triangles = self.surface.vertices[self.surface.triangles].astype(np.float64)
        return corners


def mesh_output(path: Path, labels: NDArray[Any], like: Volume, told: Mapping[str, Any]) -> Output:
    """The smoothed surfaces of all labels in one file; the extension says in which format.

    OBJ: a group for each label, named <value>_<name>. PLY: binary, with the label and its colour at each vertex. STL:
    binary, all labels as one mesh, because it knows no parts: who wants them apart writes each alone. In LPS mm; where
    the image says nothing of mm in voxels, and the header says so. Refused where no voxel bears a label.
    """
    kind = path.suffix.lower()
    save, load = _SAVERS[kind], _LOADERS[kind]
    parts: list[_Part] = []

    def write(aside: Path) -> None:
        values = values_of(labels)
        for done, value in enumerate(values):
            tell(done, _STAGES * len(values))
            surface = surface_of(labels, value, like.geometry)
            parts.append(_Part(value, name_of(told, value), colour_of(told, value), surface))
        if not parts:
            raise unwritable(path, "no voxel bears a label, so there is no surface")
        tell(len(parts), _STAGES * len(parts))
        save(aside, f"{PROGRAM} {app.__version__} {_FRAMES[like.geometry.frame]}", parts)

    def verify(aside: Path) -> None:
        tell(2 * len(parts), _STAGES * len(parts))
        meant = {part.value: part.corners for part in parts}
        if kind == ".stl":
            meant = {_ALL_LABELS: np.concatenate(list(meant.values()))}
        try:
            found = load(aside)
        except (LookupError, ValueError):
            raise unwritable(path, "read back, it is damaged") from None
        _check(path, found, meant)

    return Output(path, write, verify)


def check_mesh(path: Path) -> None:
    """Read a mesh of ours to its end; raises LookupError or ValueError where it is damaged."""
    _LOADERS[path.suffix.lower()](path)


def _check(path: Path, found: Mapping[int, Triangles], meant: Mapping[int, Triangles]) -> None:
    if list(found) != list(meant):
        raise unwritable(path, f"read back, it holds the labels {list(found)} and not {list(meant)}")
    for value, triangles in meant.items():
        if found[value].shape != triangles.shape or np.abs(found[value] - triangles).max() > _TOLERANCE:
            raise unwritable(path, f"read back, the triangles of label {value} differ")


def _save_stl(path: Path, header: str, parts: Sequence[_Part]) -> None:
    corners = np.concatenate([part.corners for part in parts])
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    triangles = np.zeros(len(corners), _STL_TRIANGLE)
    triangles["corners"] = corners
    np.divide(normals, lengths, out=normals, where=lengths > 0)
    triangles["normal"] = normals
    with path.open("xb") as file:
        file.write(header.encode("ascii").ljust(_STL_HEADER_BYTES)[:_STL_HEADER_BYTES])
        file.write(np.uint32(len(triangles)).astype("<u4").tobytes())
        file.write(triangles.tobytes())


def _load_stl(path: Path) -> dict[int, Triangles]:
    data = path.read_bytes()
    start = _STL_HEADER_BYTES + 4
    count = int.from_bytes(data[_STL_HEADER_BYTES:start], "little")
    if len(data) != start + count * _STL_TRIANGLE.itemsize:
        raise ValueError(f"an STL of {count} triangles does not have {len(data)} bytes")
    return {_ALL_LABELS: np.frombuffer(data, _STL_TRIANGLE, count, start)["corners"].astype(np.float64)}


def _save_obj(path: Path, header: str, parts: Sequence[_Part]) -> None:
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(f"# {header}\n")
        first = 1  # indices count from 1, through all groups
        for part in parts:
            vertices, triangles = part.surface.vertices, part.surface.triangles + first
            file.write(f"g {part.value}_{'_'.join(part.name.split())}\n")
            file.write("v %.4f %.4f %.4f\n" * len(vertices) % tuple(vertices.ravel().tolist()))
            file.write("f %d %d %d\n" * len(triangles) % tuple(triangles.ravel().tolist()))
            first += len(vertices)
        file.write(f"{_OBJ_END}\n")


def _load_obj(path: Path) -> dict[int, Triangles]:
    lines: dict[str, list[str]] = {"v": [], "f": []}
    ends: list[tuple[int, int]] = []  # of each group: its label, and the triangles before it
    header, *body = path.read_text(encoding="utf-8").splitlines() or [""]
    if not header.startswith("#") or not body or body.pop() != _OBJ_END:
        raise ValueError("an OBJ of ours begins and ends with a comment")
    for line in body:
        key, _, rest = line.partition(" ")
        if key == "g":
            ends.append((int(rest.partition("_")[0]), len(lines["f"])))
        elif key in lines:
            lines[key].append(rest)
        else:
            raise ValueError(f"an OBJ of ours has no line that begins with '{key[:20]}'")
    vertices = np.array(" ".join(lines["v"]).split(), dtype=np.float64).reshape(-1, 3)
    corners = vertices[np.array(" ".join(lines["f"]).split(), dtype=np.int64).reshape(-1, 3) - 1]
    stops = [start for _, start in ends[1:]] + [len(corners)]
    return {value: corners[start:stop] for (value, start), stop in zip(ends, stops, strict=True)}


def _save_ply(path: Path, header: str, parts: Sequence[_Part]) -> None:
    vertices = [np.zeros(len(part.surface.vertices), _PLY_VERTEX) for part in parts]
    faces = [np.zeros(len(part.surface.triangles), _PLY_FACE) for part in parts]
    first = 0
    for part, own_vertices, own_faces in zip(parts, vertices, faces, strict=True):
        own_vertices["place"], own_vertices["colour"] = part.surface.vertices, part.colour
        own_vertices["label"] = part.value
        own_faces["count"], own_faces["corners"] = 3, part.surface.triangles + first
        first += len(own_vertices)
    lines = [
        "ply",
        "format binary_little_endian 1.0",
        f"comment {header}",
        f"element vertex {first}",
        *(f"property float {axis}" for axis in "xyz"),
        *(f"property uchar {colour}" for colour in ("red", "green", "blue")),
        "property ushort label",
        f"element face {sum(map(len, faces))}",
        "property list uchar int vertex_indices",
        "end_header",
    ]
    with path.open("xb") as file:
        file.write("".join(f"{line}\n" for line in lines).encode("ascii"))
        for array in (*vertices, *faces):
            file.write(array.tobytes())


def _load_ply(path: Path) -> dict[int, Triangles]:
    header, separator, body = path.read_bytes().partition(b"end_header\n")
    counts = [int(line.split()[2]) for line in header.splitlines() if line.startswith(b"element ")]
    if not separator or len(counts) != 2:
        raise ValueError("a PLY of ours has vertices and faces")
    in_vertices = counts[0] * _PLY_VERTEX.itemsize
    if len(body) != in_vertices + counts[1] * _PLY_FACE.itemsize:
        raise ValueError(f"a PLY of {counts[0]} vertices and {counts[1]} faces does not have {len(body)} bytes")
    vertices = np.frombuffer(body, _PLY_VERTEX, counts[0])
    corners = np.frombuffer(body, _PLY_FACE, counts[1], in_vertices)["corners"]
    values = vertices["label"][corners[:, 0]]
    places = vertices["place"].astype(np.float64)
    return {int(value): places[corners[values == value]] for value in np.unique(values)}


_SAVERS: dict[str, Callable[[Path, str, Sequence[_Part]], None]] = {
    ".stl": _save_stl,
    ".obj": _save_obj,
    ".ply": _save_ply,
}
_LOADERS: dict[str, Callable[[Path], dict[int, Triangles]]] = {".stl": _load_stl, ".obj": _load_obj, ".ply": _load_ply}
