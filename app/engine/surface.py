"""The surface of a label as triangles: voxel faces, and smoothed without wandering off or shrinking.

The only user of VTK beside the window's 3-D view; its modules are imported one by one, where they are used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.engine.errors import GeometryError, LabelError
from app.engine.geometry import Geometry
from app.engine.labelmap import BACKGROUND, LARGEST_VALUE
from app.engine.prompt import Box3D

if TYPE_CHECKING:
    from vtkmodules.vtkCommonDataModel import vtkPolyData

Vertices = NDArray[np.float32]
Triangles = NDArray[np.int32]

# Windowed sinc: passes of the filter and the highest frequency that passes. Strongest first; the next is taken where
# one changes the volume too much, as it does in objects of a few voxels.
_FILTERS = ((20, 0.05), (16, 0.1))
_LARGEST_CHANGE = 0.05  # of the volume
_FARTHEST_VOXELS = 0.5  # that a vertex moves along an index axis: half a voxel is what a voxel face may be wrong by


@dataclass(frozen=True, eq=False)
class Surface:
    """Triangles (M, 3) int32, indices of vertices (N, 3) float32; both read-only.

    Vertices lie in LPS mm, in voxels where the geometry's frame is NONE. Seen from outside the corners of a triangle
    run counter-clockwise, so (b - a) x (c - a) points outwards. Closed: each edge is run along as often one way as the
    other. Empty (N = M = 0) where no voxel bears the label.
    """

    vertices: Vertices
    triangles: Triangles

    def __post_init__(self) -> None:
        for name in ("vertices", "triangles"):
            view = getattr(self, name).view()
            view.setflags(write=False)
            object.__setattr__(self, name, view)

    @property
    def volume(self) -> float:
        """The volume enclosed, in mm3, in voxels where the geometry's frame is NONE."""
        return _volume(self.vertices.astype(np.float64), self.triangles)


def surface_of(labels: NDArray[Any], value: int, geometry: Geometry, *, smooth: bool = True) -> Surface:
    """The surface of the voxels of labels (Z, Y, X), whole numbers, that bear a value (1 to 65535).

    Not smoothed it is the voxels' outer faces and encloses their volume exactly. Smoothed, no vertex moves by more than
    half a voxel along any index axis, and the volume changes by at most 5 per cent: less is smoothed, or nothing, where
    an object is so small. Raises GeometryError where labels and geometry differ in shape, LabelError for another value.
    """
    if labels.shape != geometry.shape_zyx:
        raise GeometryError(f"the labels have shape {labels.shape}, the geometry {geometry.shape_zyx}")
    if not BACKGROUND < value <= LARGEST_VALUE:
        raise LabelError(f"only a label has a surface, 1 to {LARGEST_VALUE}, not {value}")
    mask = labels == value
    box = Box3D.of_mask(mask)
    if box is None:
        return Surface(np.empty((0, 3), np.float32), np.empty((0, 3), np.int32))
    inside = mask[box.z0 : box.z1, box.y0 : box.y1, box.x0 : box.x1]
    spacing = np.array(geometry.spacing_zyx[::-1])
    faces = _faces(inside, spacing)
    points, triangles = _smoothed(faces, spacing) if smooth else _arrays(faces)
    index = points / spacing + (box.x0 - 1, box.y0 - 1, box.z0 - 1)  # 1: the padding
    if np.linalg.det(geometry.affine[:3, :3]) < 0:  # a mirrored grid turns triangles inside out
        triangles = triangles[:, ::-1]
    return Surface(geometry.to_world(index).astype(np.float32), np.ascontiguousarray(triangles, np.int32))


def _faces(mask: NDArray[np.bool_], spacing_xyz: NDArray[np.float64]) -> vtkPolyData:
    """The outer faces of the voxels of a mask (Z, Y, X), as vtkPolyData in mm along the index axes.

    The mask is padded by a voxel, so that the surface is closed at the volume's border; the first voxel of the padding
    is the origin.
    """
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonDataModel import vtkImageData
    from vtkmodules.vtkFiltersCore import vtkStaticCleanPolyData, vtkSurfaceNets3D

    padded = np.pad(mask.view(np.uint8), 1)
    image = vtkImageData()
    image.SetDimensions(*padded.shape[::-1])
    image.SetSpacing(*spacing_xyz)
    image.GetPointData().SetScalars(numpy_to_vtk(padded.ravel()))
    nets = vtkSurfaceNets3D()
    nets.SetInputData(image)
    nets.SetValue(0, 1)
    nets.SmoothingOff()  # its own smoothing shrinks: by 8 per cent a ball of 20 voxels across
    nets.SetOutputMeshTypeToTriangles()
    merge = vtkStaticCleanPolyData()
    merge.SetInputConnection(nets.GetOutputPort())
    merge.SetTolerance(0.0)  # where voxels touch at an edge, nets gives points twice: cracks, once they are smoothed
    merge.Update()
    faces: vtkPolyData = merge.GetOutput()
    return faces


def _smoothed(faces: vtkPolyData, spacing_xyz: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The faces with as much smoothing as leaves the volume what it was."""
    from vtkmodules.vtkFiltersCore import vtkWindowedSincPolyDataFilter

    points, triangles = _arrays(faces)
    volume = _volume(points, triangles)
    for passes, band in _FILTERS:
        sinc = vtkWindowedSincPolyDataFilter()
        sinc.SetInputData(faces)
        sinc.SetNumberOfIterations(passes)
        sinc.SetPassBand(band)
        sinc.BoundarySmoothingOff()
        sinc.FeatureEdgeSmoothingOff()
        sinc.NonManifoldSmoothingOn()  # edges where two voxels touch
        sinc.NormalizeCoordinatesOn()
        sinc.Update()
        farthest = _FARTHEST_VOXELS * spacing_xyz
        smooth = points + np.clip(_arrays(sinc.GetOutput())[0] - points, -farthest, farthest)
        if abs(_volume(smooth, triangles) - volume) <= _LARGEST_CHANGE * volume:
            return smooth, triangles
    return points, triangles


def _arrays(mesh: vtkPolyData) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points (N, 3) and triangles (M, 3) of a vtkPolyData, copied: VTK frees its own with it."""
    from vtkmodules.util.numpy_support import vtk_to_numpy

    points = np.array(vtk_to_numpy(mesh.GetPoints().GetData()), dtype=np.float64)
    corners = np.array(vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()), dtype=np.int64)
    return points, corners.reshape(-1, 3)


def _volume(points: NDArray[np.float64], triangles: NDArray[Any]) -> float:
    """The volume that a closed mesh encloses; negative where its triangles face inwards."""
    if not len(triangles):
        return 0.0
    a, b, c = (points[triangles[:, corner]] - points[0] for corner in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)
