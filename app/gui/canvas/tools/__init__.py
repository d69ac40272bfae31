"""What the mouse does in a slice: one small class for each tool, and a table instead of conditions."""

from __future__ import annotations

from app.gui.canvas.tools.base import Surface, Tool
from app.gui.canvas.tools.box import BoxTool
from app.gui.canvas.tools.brush import BrushTool, EraserTool
from app.gui.canvas.tools.lasso import LassoTool
from app.gui.canvas.tools.navigate import NavigateTool
from app.gui.canvas.tools.point import PointTool
from app.gui.canvas.tools.window import WindowTool
from app.gui.view_state import ToolKind

_TOOLS: dict[ToolKind, type[Tool]] = {
    ToolKind.NAVIGATE: NavigateTool,
    ToolKind.WINDOW: WindowTool,
    ToolKind.BOX: BoxTool,
    ToolKind.POINT: PointTool,
    ToolKind.BRUSH: BrushTool,
    ToolKind.ERASER: EraserTool,
    ToolKind.LASSO: LassoTool,
}


def tools_for(surface: Surface) -> dict[ToolKind, Tool]:
    """One of each, for one view."""
    return {kind: tool(surface) for kind, tool in _TOOLS.items()}
