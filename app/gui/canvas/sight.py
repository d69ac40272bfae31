"""What one view has in sight: the slice, where it lies on the screen, the proposal in it. What tools know of a view."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.engine.plane import SliceKey
from app.gui.canvas.frame import PlaneFrame
from app.gui.canvas.requests import Request
from app.gui.canvas.scene import Scene
from app.gui.document import Document
from app.gui.proposal import Carried, Preview, Proposal
from app.gui.view_state import ViewState

_NO_LABEL = (255, 255, 255)


class Sight(QObject):
    """Of the slices along an array axis; a `Surface`. Holds the scene and nothing else that lasts."""

    asked = Signal(object)  # a Request
    stale = Signal()  # what a tool draws is another

    def __init__(
        self, axis: int, document: Document, view_state: ViewState, proposal: Proposal, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._axis, self._document, self._view_state, self._proposal = axis, document, view_state, proposal
        self._scene: Scene | None = None
        self._size = (1.0, 1.0)
        self._frame: PlaneFrame | None = None

    @property
    def axis(self) -> int:
        """The array axis: 0 = z, 1 = y, 2 = x."""
        return self._axis

    @property
    def scene(self) -> Scene | None:
        """What is open."""
        return self._scene

    def set_scene(self, scene: Scene | None) -> None:
        """Another study is open, or none."""
        self._scene, self._frame = scene, None

    def set_size(self, width: int, height: int) -> None:
        """The widget has another size, in device-independent pixels."""
        self._size = (float(width), float(height))

    @property
    def key(self) -> SliceKey:
        """The slice that is shown."""
        return self._view_state.key(self._axis)

    @property
    def frame(self) -> PlaneFrame:
        """Where its voxels lie in the widget, now; ValueError where nothing is open."""
        if self._scene is None:
            raise ValueError("nothing is open")
        camera = self._view_state.camera(self._axis)
        if self._frame is None or (self._frame.size, self._frame.camera) != (self._size, camera):
            self._frame = PlaneFrame(self._scene.uprights[self._axis], camera, self._size)
        return self._frame

    @property
    def view_state(self) -> ViewState:
        """What is looked at and how."""
        return self._view_state

    @property
    def preview(self) -> Preview | None:
        """The proposal, where it lies in this slice."""
        preview = self._proposal.preview
        return preview if preview is not None and preview.key == self.key else None

    @property
    def carried(self) -> Carried | None:
        """What is being carried through the volume now; what has been carried lies in the label map."""
        carried = self._proposal.carried
        return carried if carried is not None and carried.running else None

    @property
    def is_ready(self) -> bool:
        """Whether a box in this slice is answered at once."""
        return self.key in self._proposal.ready

    @property
    def label_colour(self) -> tuple[int, int, int]:
        """Of the label that is painted with; white where there is none."""
        label = self._document.active_label
        return _NO_LABEL if label is None else label.colour

    @property
    def active_label(self) -> int:
        """The value that is painted with; 0 where there is none."""
        label = self._document.active_label
        return 0 if label is None else label.value

    def colour_of(self, value: int) -> tuple[int, int, int]:
        """The colour of a label; white where there is none of that value."""
        labels = () if self._scene is None else self._scene.labels.labels
        return next((label.colour for label in labels if label.value == value), _NO_LABEL)

    def ask(self, request: Request) -> None:
        """Send a request."""
        self.asked.emit(request)

    def refresh(self) -> None:
        """Have what the tool draws painted again."""
        self.stale.emit()
