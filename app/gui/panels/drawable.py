"""A surface made ready to be drawn: normals, and as many triangles as a picture shows. Needs no screen, so any thread.

VTK's modules are imported where they are used, and only those that are needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.engine.surface import Surface

if TYPE_CHECKING:
    from vtkmodules.vtkCommonDataModel import vtkPolyData

# Triangles of a surface, about: at rest, and while it is turned on a computer without a graphics card.
FINE, COARSE = 50_000, 3_000
_PER_CELL = 8.0  # triangles by the square of the divisions along the longest side, measured on organs


@dataclass(frozen=True, eq=False)
class Facets:
    """Triangles (M, 3) int32 of points (N, 3) float32 with normals (N, 3) float32 of length 1; all read-only."""

    points: NDArray[np.float32]
    normals: NDArray[np.float32]
    triangles: NDArray[np.int32]

    def __post_init__(self) -> None:
        for name in ("points", "normals", "triangles"):
            view = getattr(self, name).view()
            view.setflags(write=False)
            object.__setattr__(self, name, view)


@dataclass(frozen=True, eq=False)
class Drawable:
    """A surface twice: as it looks best, and with few triangles; the same where it has few anyway."""

    fine: Facets
    coarse: Facets


def drawable_of(surface: Surface) -> Drawable | None:
    """A surface as it is drawn; None for an empty one. About 0.1 s for a liver."""
    if not len(surface.triangles):
        return None
    whole = _with_normals(polydata_of(surface.vertices, surface.triangles))
    return Drawable(_facets(_thinned(whole, FINE)), _facets(_thinned(whole, COARSE)))


def polydata_of(points: NDArray[np.float32], triangles: NDArray[np.int32]) -> vtkPolyData:
    """VTK's form of points (N, 3) and triangles (M, 3), copied."""
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData

    vtk_points = vtkPoints()
    vtk_points.SetData(numpy_to_vtk(points, deep=1))
    cells = vtkCellArray()
    cells.SetData(3, numpy_to_vtk(triangles.ravel(), deep=1))
    made = vtkPolyData()
    made.SetPoints(vtk_points)
    made.SetPolys(cells)
    return made


def _thinned(whole: vtkPolyData, most: int) -> vtkPolyData:
    """With about as many triangles as `most`: all points in a cell of a grid become one, their mean.

    Not taken: quadrics, which keep shape better and took 10 s by edges, 2.5 s by cells, for what this does in 0.1 s.
    """
    from vtkmodules.vtkFiltersCore import vtkBinnedDecimation

    if whole.GetNumberOfPolys() <= most:
        return whole
    x0, x1, y0, y1, z0, z1 = whole.GetBounds()
    sides = np.array([x1 - x0, y1 - y0, z1 - z0])
    divisions = np.maximum(2, np.sqrt(most / _PER_CELL) * sides / sides.max()).astype(int)
    binned = vtkBinnedDecimation()
    binned.SetInputData(whole)
    binned.AutoAdjustNumberOfDivisionsOff()
    binned.SetNumberOfDivisions(*(int(n) for n in divisions))
    binned.SetPointGenerationModeToBinAverages()
    binned.ProducePointDataOn()  # normals of the whole surface: new ones would be specks where triangles fold over
    binned.Update()
    made: vtkPolyData = binned.GetOutput()
    return made if made.GetNumberOfPolys() else whole  # all of it in one cell


def _with_normals(faces: vtkPolyData) -> vtkPolyData:
    from vtkmodules.vtkFiltersCore import vtkPolyDataNormals

    normals = vtkPolyDataNormals()
    normals.SetInputData(faces)
    normals.SplittingOff()  # no sharp edges: borders of organs have none
    normals.ConsistencyOff()  # the surface's triangles all face outwards
    normals.Update()
    made: vtkPolyData = normals.GetOutput()
    return made


def _facets(faces: vtkPolyData) -> Facets:
    from vtkmodules.util.numpy_support import vtk_to_numpy

    points, normals, polys = faces.GetPoints(), faces.GetPointData().GetNormals(), faces.GetPolys()
    return Facets(
        np.array(vtk_to_numpy(points.GetData()), dtype=np.float32),
        np.array(vtk_to_numpy(normals), dtype=np.float32),
        np.array(vtk_to_numpy(polys.GetConnectivityArray()), dtype=np.int32).reshape(-1, 3),
    )
