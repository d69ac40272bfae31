"""Labels are added, named, coloured, locked, hidden and removed, each as one step of undo; one is the active one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QCoreApplication, QLocale, QObject, Signal

from app.engine.errors import EngineError
from app.engine.labelmap import LARGEST_VALUE, PALETTE, Label
from app.engine.study import Act, LabelChange
from app.gui.document import Document
from app.gui.proposal import Preview
from app.gui.translation import QT_TRANSLATE_NOOP

Colour = tuple[int, int, int]  # red, green, blue, 0..255


class LabelsController(QObject):
    """Changes the labels of the document; takes them by value, unknown ones are ignored."""

    message = Signal(str)
    failed = Signal(object)
    added = Signal(int)  # value of a label that the user has just made

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document

    @property
    def labels(self) -> tuple[Label, ...]:
        """All labels of what is open, by value."""
        study = self._document.study
        return () if study is None else study.labels.labels

    def add(self) -> None:
        """A label with the lowest free value, a free name and the next colour; it becomes the active one."""
        taken = {label.value for label in self.labels}
        value = next((v for v in range(1, LARGEST_VALUE + 1) if v not in taken), None)
        if value is None:
            self.message.emit(self.tr("There can be no more labels."))
            return
        label = Label(value, self._free_name(value), PALETTE[(value - 1) % len(PALETTE)])
        if self._change(QT_TRANSLATE_NOOP("Acts", "Add a label"), LabelChange(None, label)) is not None:
            self._document.set_active_label(value)
            self.added.emit(value)

    def rename(self, value: int, name: str) -> None:
        """Give a label another name; a blank one is ignored."""
        label = self._find(value)
        if label is not None and name.strip():
            changed = replace(label, name=name.strip())
            self._change(QT_TRANSLATE_NOOP("Acts", "Rename a label"), LabelChange(label, changed))

    def recolour(self, value: int, colour: Colour) -> None:
        """Give a label another colour."""
        label = self._find(value)
        if label is not None:
            changed = replace(label, colour=colour)
            self._change(QT_TRANSLATE_NOOP("Acts", "Recolour a label"), LabelChange(label, changed))

    def lock(self, value: int, locked: bool) -> None:
        """Keep a label from being painted over, or no longer."""
        label = self._find(value)
        if label is not None:
            text = QT_TRANSLATE_NOOP("Acts", "Lock a label") if locked else QT_TRANSLATE_NOOP("Acts", "Unlock a label")
            self._change(text, LabelChange(label, replace(label, locked=locked)))

    def show(self, value: int, visible: bool) -> None:
        """Draw a label over the image, or not."""
        label = self._find(value)
        if label is not None:
            text = QT_TRANSLATE_NOOP("Acts", "Show a label") if visible else QT_TRANSLATE_NOOP("Acts", "Hide a label")
            self._change(text, LabelChange(label, replace(label, visible=visible)))

    def remove(self, value: int) -> None:
        """Drop a label and erase its voxels; the label before it becomes active if it was."""
        label = self._find(value)
        if label is None:
            return
        if label.locked:
            self.message.emit(self.tr("“{0}” is locked: unlock it before it is removed.").format(label.name))
            return
        was_active = self._document.active_label == label
        before = [each.value for each in self.labels if each.value < value]
        try:
            self._document.do(lambda study: study.remove_label(value, QT_TRANSLATE_NOOP("Acts", "Remove a label")))
        except EngineError as error:
            self.failed.emit(error)
            return
        rest = before[-1:] or [each.value for each in self.labels[:1]]
        if was_active and rest:
            self._document.set_active_label(rest[0])

    def choose(self, value: int) -> None:
        """Paint with a label from now on."""
        if self._find(value) is not None:
            self._document.set_active_label(value)

    def pick(self, number: int) -> None:
        """Paint with the n-th label of the list, counted from 1."""
        labels = self.labels
        if 0 < number <= len(labels):
            self._document.set_active_label(labels[number - 1].value)
        else:
            self.message.emit(self.tr("There is no label {0} in the list.").format(number))

    def step(self, by: int) -> None:
        """Paint with the label that is so many further down the list, around its end."""
        values = [label.value for label in self.labels]
        active = self._document.active_label
        if values and active is not None:
            self._document.set_active_label(values[(values.index(active.value) + by) % len(values)])

    def toggle_lock(self) -> None:
        """Lock or unlock the active label."""
        label = self._document.active_label
        if label is not None:
            self.lock(label.value, not label.locked)

    def toggle_shown(self) -> None:
        """Show or hide the active label."""
        label = self._document.active_label
        if label is not None:
            self.show(label.value, not label.visible)

    def remove_active(self) -> None:
        """`remove` for the active label."""
        label = self._document.active_label
        if label is not None:
            self.remove(label.value)

    def _find(self, value: int) -> Label | None:
        return next((label for label in self.labels if label.value == value), None)

    def _free_name(self, number: int) -> str:
        names = {label.name for label in self.labels}
        name = self.tr("Label {0}").format(number)
        while name in names:
            number += 1
            name = self.tr("Label {0}").format(number)
        return name

    def _change(self, text: str, change: LabelChange) -> Act | None:
        try:
            return self._document.do(lambda study: study.change_labels(text, [change]))
        except EngineError as error:
            self.failed.emit(error)
            return None


def conflict_texts(preview: Preview | None, labels: tuple[Label, ...]) -> Mapping[str, str]:
    """How much of a preview locked labels keep: by their names, the share as text ("12 %")."""
    if preview is None or preview.mask is None:
        return {}
    asked = int(np.count_nonzero(preview.mask))
    names = {label.value: label.name for label in labels}
    kept = [(names[value], count) for value, count in preview.conflicts.items() if value in names and count]
    return {name: _share(count, asked) for name, count in sorted(kept, key=lambda each: -each[1])} if asked else {}


def _share(part: int, whole: int) -> str:
    percent = 100.0 * part / whole
    if percent < 1.0:
        return QCoreApplication.translate("LabelsController", "less than 1 %")
    return QCoreApplication.translate("LabelsController", "{0} %").format(QLocale().toString(round(percent)))
