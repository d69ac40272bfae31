"""Surfaces as VTK draws them, off the screen into an image: no window of VTK's own, whatever the system's is."""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from app.gui.panels.drawable import Drawable, Facets, polydata_of

if TYPE_CHECKING:
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper

Colour = tuple[int, int, int]  # red, green, blue, 0..255

_OSMESA = ("libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so", "osmesa.dll")
_ROOM = 1.05  # of the distance at which the corners of the box around everything touch the edges
_NEAREST, _FARTHEST = 0.05, 20.0  # distance of the eye, in those at which everything fits


class Side(Enum):
    """From where the patient is looked at: (towards the eye, upwards), in LPS."""

    RIGHT = ((-1, 0, 0), (0, 0, 1))
    LEFT = ((1, 0, 0), (0, 0, 1))
    FRONT = ((0, -1, 0), (0, 0, 1))
    BACK = ((0, 1, 0), (0, 0, 1))
    FEET = ((0, 0, -1), (0, -1, 0))
    HEAD = ((0, 0, 1), (0, -1, 0))


@dataclass
class _Shown:
    """A label's surface in the scene."""

    drawable: Drawable
    actor: vtkActor
    fine: vtkPolyDataMapper
    coarse: vtkPolyDataMapper


class NoOpenGLError(Exception):
    """This computer draws no 3-D pictures."""


@cache
def load_libraries() -> None:
    """Load what drawing needs, half a second's work; a `Scene3D` then begins at once. For any thread."""
    from vtkmodules import vtkFiltersCore, vtkRenderingCore, vtkRenderingOpenGL2  # noqa: F401


def libraries_are_loaded() -> bool:
    """Whether a `Scene3D` would begin without loading anything, and without waiting for a thread that does."""
    return load_libraries.cache_info().currsize > 0  # a module is in sys.modules from the moment that loading begins


class Scene3D:
    """Surfaces, light and a camera. Belongs to the thread that makes it. Raises NoOpenGLError."""

    def __init__(self) -> None:
        load_libraries()
        from vtkmodules.vtkCommonCore import vtkLogger, vtkObject, vtkUnsignedCharArray
        from vtkmodules.vtkRenderingCore import vtkRenderer, vtkRenderWindow

        vtkObject.GlobalWarningDisplayOff()  # a window of its own on Windows
        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)  # it tries one system of windows after the other
        self._window = vtkRenderWindow()
        if not _can_draw(self._window.GetClassName()):
            raise NoOpenGLError
        self._window.SetOffScreenRendering(1)
        self._window.SetMultiSamples(0)  # four times the time without a graphics card
        self._renderer = vtkRenderer()
        self._window.AddRenderer(self._renderer)
        self._camera = self._renderer.GetActiveCamera()
        self._pixels = vtkUnsignedCharArray()
        self._shown: dict[int, _Shown] = {}
        self._fitting = 1.0
        self.look_from(Side.FRONT)

    # -------------------------------------------------------------------------------------------------------- content

    def set_drawable(self, value: int, drawable: Drawable | None) -> None:
        """Show a label so; None to show it no longer. The one that is shown already costs nothing."""
        from vtkmodules.vtkRenderingCore import vtkActor

        shown = self._shown.get(value)
        if shown is not None and shown.drawable is drawable:
            return
        if shown is not None:
            self._renderer.RemoveActor(shown.actor)
            del self._shown[value]
        if drawable is not None:
            fine, coarse = _mapper(drawable.fine), _mapper(drawable.coarse)
            actor = vtkActor()
            actor.SetMapper(fine)
            look = actor.GetProperty()
            look.SetAmbient(0.15)
            look.SetDiffuse(0.85)
            look.SetSpecular(0.15)
            look.SetSpecularPower(20)
            look.BackfaceCullingOn()  # triangles that fold over where a surface was thinned out
            self._shown[value] = _Shown(drawable, actor, fine, coarse)
            self._renderer.AddActor(actor)

    def set_look(self, value: int, colour: Colour, *, visible: bool) -> None:
        """Colour a label's surface, if there is one."""
        shown = self._shown.get(value)
        if shown is not None:
            shown.actor.GetProperty().SetColor(*(part / 255 for part in colour))
            shown.actor.SetVisibility(visible)

    def set_background(self, colour: Colour) -> None:
        """What lies behind the surfaces."""
        self._renderer.SetBackground(*(part / 255 for part in colour))

    @property
    def values(self) -> frozenset[int]:
        """Labels that have a surface, seen or not."""
        return frozenset(self._shown)

    # --------------------------------------------------------------------------------------------------------- camera

    def look_from(self, side: Side, aspect: float = 1.0) -> None:
        """Look at everything from a side, in a picture so many times as wide as high."""
        (towards, up) = side.value
        self._camera.SetFocalPoint(0, 0, 0)
        self._camera.SetPosition(*towards)
        self._camera.SetViewUp(*up)
        self.fit(aspect)

    def fit(self, aspect: float = 1.0) -> None:
        """Bring all that is visible into the picture, so many times as wide as high; the direction stays."""
        self._renderer.ResetCamera()
        bounds = np.reshape(self._renderer.ComputeVisiblePropBounds(), (3, 2))  # least, greatest of x, y, z
        if (bounds[:, 0] <= bounds[:, 1]).all():
            corners = np.stack(np.meshgrid(*bounds), axis=-1).reshape(-1, 3) - self._camera.GetFocalPoint()
            across, up, near = self.axes @ corners.T
            slope = math.tan(math.radians(self._camera.GetViewAngle()) / 2)
            distances = near + np.maximum(np.abs(up), np.abs(across) / aspect) / slope
            self._camera.Dolly(self._camera.GetDistance() / (_ROOM * float(distances.max())))
        self._fitting = self._camera.GetDistance()

    def rotate(self, right: float, up: float) -> None:
        """Turn what is seen about the middle by degrees; what is near the eye moves so."""
        self._camera.Azimuth(-right)
        self._camera.Elevation(-up)
        self._camera.OrthogonalizeViewUp()  # so that there is no pole at which it turns over

    def zoom(self, factor: float) -> None:
        """Come nearer (above 1) or go away, within bounds."""
        wanted = self._camera.GetDistance() / factor
        held = min(max(wanted, _NEAREST * self._fitting), _FARTHEST * self._fitting)
        self._camera.Dolly(self._camera.GetDistance() / held)

    def pan(self, right: float, up: float) -> None:
        """Move what is seen, by parts of the picture's height."""
        height = 2 * self._camera.GetDistance() * math.tan(math.radians(self._camera.GetViewAngle()) / 2)
        across, upwards, _ = self.axes
        shift = (across * right + upwards * up) * height
        self._camera.SetFocalPoint(*(np.array(self._camera.GetFocalPoint()) - shift))
        self._camera.SetPosition(*(np.array(self._camera.GetPosition()) - shift))

    @property
    def axes(self) -> NDArray[np.float64]:
        """Directions of the picture in LPS (3, 3): to the right, up, towards the eye; of length 1."""
        towards = -np.array(self._camera.GetDirectionOfProjection())
        up = np.array(self._camera.GetViewUp())
        right = np.cross(up, towards)
        right /= np.linalg.norm(right)
        return np.stack([right, np.cross(towards, right), towards])

    # -------------------------------------------------------------------------------------------------------- drawing

    def render(self, width: int, height: int, *, coarse: bool, soft: bool) -> QImage:
        """The picture in so many pixels: with few triangles or many, edges softened or not."""
        from vtkmodules.util.numpy_support import vtk_to_numpy

        for shown in self._shown.values():
            shown.actor.SetMapper(shown.coarse if coarse else shown.fine)
        self._renderer.SetUseFXAA(soft)
        self._window.SetSize(width, height)
        self._renderer.ResetCameraClippingRange()
        self._window.Render()
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 0, self._pixels, 0)
        bottom_up = vtk_to_numpy(self._pixels).reshape(height, width, 4)
        rows = np.ascontiguousarray(bottom_up[::-1])
        return QImage(rows.data, width, height, 4 * width, QImage.Format.Format_RGBX8888).copy()


def _can_draw(kind: str) -> bool:
    """Whether a kind of VTK's windows, the best that it could make here, can draw.

    The last resort of all, drawing by OSMesa, is made without that library too, and ends the process when it draws.
    """
    if kind != "vtkOSOpenGLRenderWindow":
        return "OpenGL" in kind or "EGL" in kind
    for name in _OSMESA:
        try:
            ctypes.CDLL(name)
        except OSError:
            continue
        return True
    return False


def _mapper(facets: Facets) -> vtkPolyDataMapper:
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkRenderingCore import vtkPolyDataMapper

    faces = polydata_of(facets.points, facets.triangles)
    faces.GetPointData().SetNormals(numpy_to_vtk(facets.normals, deep=1))
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(faces)
    mapper.ScalarVisibilityOff()
    return mapper
