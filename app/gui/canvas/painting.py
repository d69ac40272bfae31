"""Paints one view: backdrop, preview, tool, crosshair, notes, in this order."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QPointF, QRect
from PySide6.QtGui import QPainter, QPen

from app.gui.canvas import pens
from app.gui.canvas.backdrop import Backdrop
from app.gui.canvas.decorations import Notes, draw_notes, plane_name, window_text
from app.gui.canvas.hand import Hand
from app.gui.canvas.marks import PreviewMarks, draw_crosshair
from app.gui.canvas.scene import Scene
from app.gui.canvas.sight import Sight
from app.gui.view_state import ToolKind


class Painting:
    """Knows what of a view has been computed already."""

    def __init__(self, sight: Sight, hand: Hand) -> None:
        self._sight, self._hand = sight, hand
        self._backdrop = Backdrop()
        self._marks: PreviewMarks | None = None

    def forget(self) -> None:
        """Labels or carried masks have changed."""
        self._backdrop.forget()

    def take_preview(self) -> list[QRect]:
        """The proposal is another, or the slice: which parts of the widget show something else now."""
        sight, before = self._sight, self._marks
        preview = sight.preview
        if preview is None or sight.scene is None:
            self._marks = None
        elif before is None or before.preview is not preview:
            self._marks = PreviewMarks(preview, sight.scene.uprights[sight.axis])
        if before is self._marks or sight.scene is None:
            return []
        return [marks.bounds(sight.frame) for marks in (before, self._marks) if marks is not None]

    @property
    def spoken_score(self) -> str:
        """What a screen reader says of the preview; "" where there is none."""
        return "" if self._marks is None else self._marks.score_text

    def paint(self, painter: QPainter, area: QRect, *, ratio: float, focused: bool) -> None:
        """Paint a part of the widget; `ratio` pixels make one device-independent pixel."""
        sight = self._sight
        if sight.scene is None:
            painter.fillRect(area, pens.BACKGROUND)
            return
        state = sight.view_state
        looks = state.looks
        image = self._backdrop.image(
            sight.scene, sight.key, sight.frame, looks, active=sight.active_label, carried=sight.carried, ratio=ratio
        )
        painter.drawImage(QPointF(0, 0), image)  # clipped to what is to be painted
        self._draw_preview(painter)
        self._hand.draw(painter)
        if looks.show_crosshair and not sight.scene.is_picture:
            draw_crosshair(painter, sight.frame, sight.frame.place_of(state.crosshair_zyx))
        if looks.show_info:
            draw_notes(painter, sight.frame, self._notes(sight.scene))
        self._draw_edge(painter, focused=focused)

    def _draw_preview(self, painter: QPainter) -> None:
        if self._marks is None:
            return
        sight, drawing = self._sight, self._hand.is_drawing
        kind = sight.view_state.tool.kind
        self._marks.draw(
            painter,
            sight.frame,
            sight.view_state.looks,
            sight.colour_of(self._marks.preview.label),
            box=not (drawing and kind is ToolKind.BOX),  # the tool draws it where the mouse is
            handles=kind is ToolKind.BOX,
        )

    def _notes(self, scene: Scene) -> Notes:
        sight = self._sight
        state = sight.view_state
        return Notes(
            letters=sight.frame.upright.letters,
            titles=() if scene.is_picture else self.titles(scene),
            window="" if scene.volume.is_colour else window_text(state.looks.window),
            positions=scene.positions(state.crosshair_zyx),
            approximate=scene.approximate,
            ready=sight.is_ready,
        )

    def titles(self, scene: Scene) -> tuple[str, ...]:
        """Plane, number of the slice, how many there are; and less of it where there is less room."""
        key = self._sight.key
        number, count = key.index + 1, scene.volume.shape_zyx[key.axis]
        return f"{plane_name(scene.planes[key.axis])}  {number} / {count}", f"{number} / {count}", f"{number}"

    def _draw_edge(self, painter: QPainter, *, focused: bool) -> None:
        """Which view the keyboard goes to."""
        state = self._sight.view_state
        active = not state.single and state.active_axis == self._sight.axis
        if not (focused or active):
            return
        width, height = self._sight.frame.size
        painter.setPen(QPen(pens.FOCUS if focused else pens.IDLE_EDGE, 2))
        for start, end in (
            ((0, 1), (width, 1)),
            ((0, height - 1), (width, height - 1)),
            ((1, 0), (1, height)),
            ((width - 1, 0), (width - 1, height)),
        ):
            painter.drawLine(QPointF(*start), QPointF(*end))


def spoken_title(scene: Scene, sight: Sight) -> str:
    """What a screen reader says of a view: "Axial slice 57 of 120"."""
    if scene.is_picture:
        return QCoreApplication.translate("Canvas", "Picture")
    key = sight.key
    return QCoreApplication.translate("Canvas", "{0} slice {1} of {2}").format(
        plane_name(scene.planes[key.axis]), key.index + 1, scene.volume.shape_zyx[key.axis]
    )
