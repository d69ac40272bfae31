"""The menu of a slice: the label that lies under the mouse, then what can be done in the slice."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QMenu, QWidget

from app.engine.labelmap import Label
from app.gui.actions import Actions
from app.gui.canvas.requests import Menu
from app.gui.controllers.labels import LabelsController
from app.gui.document import Document
from app.gui.menu_table import SLICE_MENU
from app.gui.view_state import ViewState


class SliceMenuController(QObject):
    """Opens it over a window where it is asked for; the slice becomes the one that keys and menus mean."""

    def __init__(
        self, over: QWidget, actions: Actions, document: Document, view_state: ViewState, labels: LabelsController,
        parent: QObject | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._over, self._actions = over, actions
        self._document, self._view_state, self._labels = document, view_state, labels

    @Slot(object)
    def show(self, asked: Menu) -> None:
        """Answer a request of the canvas."""
        self._view_state.set_layout(axis=asked.key.axis)
        menu = QMenu(self._over)
        menu.setObjectName("menu.slice")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        label = self._label_at(asked.zyx)
        if label is not None and label != self._document.active_label:
            choose = menu.addAction(self.tr("Draw in “{0}”").format(label.name.replace("&", "&&")))
            choose.triggered.connect(partial(self._labels.choose, label.value))
            menu.addSeparator()
        self._actions.fill_menu(menu, SLICE_MENU)
        menu.popup(asked.place)

    def _label_at(self, zyx: tuple[int, int, int]) -> Label | None:
        study = self._document.study
        value = 0 if study is None else int(study.labels.voxels[zyx])
        return next((label for label in self._labels.labels if label.value == value), None)
