"""Between the settings and what is looked at: each follows the other."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Slot

from app.engine.window import Origin
from app.gui.controllers.files import Read
from app.gui.document import Document
from app.gui.settings import BRUSH_RADIUS, OPACITY, OVERLAY_STYLE, SMOOTH, WINDOWS, Settings
from app.gui.view_state import Looks, ViewState


class PreferencesController(QObject):
    """Keeps opacity, style, smoothing, brush and the window of each kind of values from one image to the next."""

    def __init__(
        self, settings: Settings, view_state: ViewState, document: Document, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._settings, self._view_state = settings, view_state
        self._shown: Looks | None = None  # as the image was first shown: no choice of the user's
        self._scale = ""  # of its values; through a window that suits one scale nothing of another can be seen
        document.opened.connect(self._forget)
        settings.bind(OPACITY, lambda opacity: view_state.set_looks(replace(view_state.looks, opacity=opacity)))
        settings.bind(OVERLAY_STYLE, lambda style: view_state.set_looks(replace(view_state.looks, style=style)))
        settings.bind(SMOOTH, lambda smooth: view_state.set_looks(replace(view_state.looks, smooth=smooth)))
        settings.bind(BRUSH_RADIUS, lambda radius: view_state.set_tool(replace(view_state.tool, brush_radius=radius)))
        view_state.looks_changed.connect(self._keep_looks)
        view_state.tool_changed.connect(lambda: settings.set(BRUSH_RADIUS, view_state.tool.brush_radius))

    @Slot(object)
    def show_as_before(self, read: Read) -> None:
        """Show the image that was just opened as the last one of its scale was shown, where the user chose that."""
        self._shown, self._scale = self._view_state.looks, read.opening.scale
        kept = self._settings.get(WINDOWS).get(self._scale) if self._scale else None
        if kept and read.opening.origin is not Origin.FILE:  # what the file says is true of this image
            self._shown = replace(self._shown, window=kept)
            self._view_state.set_looks(self._shown)

    @Slot()
    def _forget(self) -> None:
        self._shown, self._scale = None, ""

    @Slot()
    def _keep_looks(self) -> None:
        looks = self._view_state.looks
        self._settings.set(OPACITY, looks.opacity)
        self._settings.set(OVERLAY_STYLE, looks.style)
        self._settings.set(SMOOTH, looks.smooth)
        if self._scale and self._shown is not None and looks.window != self._shown.window:
            self._settings.set_window(self._scale, looks.window)
