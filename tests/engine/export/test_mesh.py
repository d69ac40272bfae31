"""STL, OBJ and PLY, read back by VTK's readers and by eye on the bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOGeometry import vtkOBJReader, vtkSTLReader
from vtkmodules.vtkIOPLY import vtkPLYReader

from app.engine.errors import WriteError
from app.engine.export import check_mesh, write_labels
from app.engine.export.mesh import mesh_output
from app.engine.export.provenance import document
from app.engine.geometry import Frame, Geometry
from app.engine.progress import listening
from app.engine.surface import surface_of
from app.engine.volume import Volume
from tests.engine.io.grids import ORIENTATIONS, oriented_affine

SHAPE_ZYX = (8, 9, 10)
READERS = {".stl": vtkSTLReader, ".obj": vtkOBJReader, ".ply": vtkPLYReader}


def two_lumps() -> NDArray[np.uint16]:
    labels = np.zeros(SHAPE_ZYX, np.uint16)
    labels[1:4, 2:6, 1:7] = 2
    labels[4:8, 2:5, 1:5] = 300
    return labels


def volume_of(affine: NDArray[np.float64] | None = None, frame: Frame = Frame.WORLD) -> Volume:
    geometry = Geometry(SHAPE_ZYX, np.diag([0.7, 1.3, 2.9, 1.0]) if affine is None else affine, frame)
    return Volume(np.zeros(SHAPE_ZYX, np.int16), geometry)


def read(path: Path) -> Any:
    reader = READERS[path.suffix]()
    reader.SetFileName(str(path))
    reader.Update()
    return reader.GetOutput()


def corners(mesh: Any) -> NDArray[np.float64]:
    points = vtk_to_numpy(mesh.GetPoints().GetData()).astype(np.float64)
    triangles: NDArray[np.float64] = points[vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).reshape(-1, 3)]
    return triangles


def volume_inside(triangles: NDArray[np.float64]) -> float:
    a, b, c = np.moveaxis(triangles, 1, 0)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


@pytest.mark.parametrize("extension", READERS)
@pytest.mark.parametrize(("order", "signs"), ORIENTATIONS)
def test_that_other_readers_find_every_surface_where_its_voxels_are_and_facing_outwards(
    tmp_path: Path, order: tuple[int, ...], signs: tuple[float, ...], extension: str
) -> None:
    like, labels = volume_of(oriented_affine(order, signs)), two_lumps()
    (path,) = write_labels(tmp_path / f"a{extension}", labels, like)
    found = corners(read(path))
    meant = [surface_of(labels, value, like.geometry) for value in (2, 300)]
    assert len(found) == sum(len(surface.triangles) for surface in meant)
    assert volume_inside(found) == pytest.approx(sum(surface.volume for surface in meant), rel=1e-3)
    truth = np.count_nonzero(labels) * like.geometry.voxel_ml * 1000
    assert volume_inside(found) == pytest.approx(truth, rel=0.05)
    k, j, i = np.nonzero(labels)
    world = like.geometry.to_world(np.stack([i, j, k], axis=1).astype(np.float64))
    half = np.array([0.7, 1.3, 2.9])[np.argsort(order)] / 2
    assert (np.abs(found.min(axis=(0, 1)) - (world.min(axis=0) - half)) < half).all()
    assert (np.abs(found.max(axis=(0, 1)) - (world.max(axis=0) + half)) < half).all()


def test_that_obj_has_a_group_and_ply_a_value_and_a_colour_for_each_label(tmp_path: Path) -> None:
    names, colours = {2: "left  lung", 300: "Größe"}, {2: (1, 2, 3), 300: (250, 128, 0)}
    for extension in (".obj", ".ply"):
        write_labels(
            tmp_path / f"a{extension}", two_lumps(), volume_of(), label_names=names, colours=colours, overwrite=True
        )
    groups = [line for line in (tmp_path / "a.obj").read_text(encoding="utf-8").splitlines() if line.startswith("g ")]
    assert groups == ["g 2_left_lung", "g 300_Größe"]
    mesh = read(tmp_path / "a.ply")
    shown = vtk_to_numpy(mesh.GetPointData().GetScalars())
    k = vtk_to_numpy(mesh.GetPoints().GetData())[:, 2] / 2.9
    assert {tuple(colour) for colour in shown[k < 2.9].tolist()} == {(1, 2, 3)}
    assert {tuple(colour) for colour in shown[k > 4.1].tolist()} == {(250, 128, 0)}


@pytest.mark.parametrize("extension", READERS)
@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (Frame.WORLD, "SPACE=LPS UNITS=mm"),
        (Frame.SPACING, "SPACE=LPS UNITS=mm PLACE=made-up"),
        (Frame.NONE, "UNITS=voxels"),
    ],
)
def test_that_the_header_says_space_and_unit(tmp_path: Path, extension: str, frame: Frame, words: str) -> None:
    affine = np.eye(4) if frame is Frame.NONE else None
    (path,) = write_labels(tmp_path / f"a{extension}", two_lumps(), volume_of(affine, frame))
    head = path.read_bytes()[:150].decode("latin-1")
    assert words in head
    assert ("SPACE" in head) == (frame is not Frame.NONE)
    assert not head.startswith("solid")  # as a text STL would


def test_that_a_mask_without_a_label_makes_no_mesh(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="no voxel bears a label"):
        write_labels(tmp_path / "a.stl", np.zeros(SHAPE_ZYX, np.uint8), volume_of())
    assert not list(tmp_path.iterdir())


def test_that_how_a_mesh_was_made_lies_beside_it(tmp_path: Path) -> None:
    files = write_labels(tmp_path / "a.stl", two_lumps(), volume_of(), provenance={"Model": "swift"})
    assert files == [tmp_path / "a.stl", tmp_path / "a.json"]
    assert json.loads(files[1].read_text())["Model"] == "swift"


@pytest.mark.parametrize("extension", READERS)
def test_that_a_spoilt_mesh_is_noticed(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"a{extension}"
    output = mesh_output(path, two_lumps(), volume_of(), document(volume_of(), None, None))
    output.write(path)
    output.verify(path)
    check_mesh(path)
    whole = path.read_bytes()
    other = mesh_output(path, two_lumps(), volume_of(np.diag([0.7, 1.3, 3.0, 1.0])), {})
    path.unlink()
    other.write(path)
    with pytest.raises(WriteError, match="triangles"):
        output.verify(path)
    path.write_bytes(whole[:-5])
    with pytest.raises(ValueError, match=r"bytes|comment"):
        check_mesh(path)
    with pytest.raises(WriteError, match="damaged"):
        output.verify(path)


@pytest.mark.parametrize("extension", ["stl", "obj", "ply"])
def test_that_writing_says_how_far_it_is(tmp_path: Path, extension: str) -> None:
    told: list[tuple[int, int]] = []
    with listening(lambda done, total: told.append((done, total))):
        write_labels(tmp_path / f"two.{extension}", two_lumps(), volume_of())
    counted = [(done, total) for done, total in told if total]
    assert counted == [(0, 6), (1, 6), (2, 6), (4, 6)]
