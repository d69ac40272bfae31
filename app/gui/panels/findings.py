"""What was noticed while the image was read: a badge, and the sentences behind it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QToolButton, QVBoxLayout, QWidget

from app.engine.volume import Finding
from app.gui.translation import QT_TRANSLATE_NOOP, engine_text, full_sentence

_NOT_TOUCHED = QT_TRANSLATE_NOOP("Findings", "Sizes of labels are not affected.")
_IN_VOXELS = QT_TRANSLATE_NOOP("Findings", "Labels are measured in voxels; millimetres are not stated.")
_MOVED = QT_TRANSLATE_NOOP(
    "Findings", "Measures are in true millimetres, approximate because voxels were interpolated."
)
_SIDES = QT_TRANSLATE_NOOP("Findings", "Sizes of labels hold; which side is left cannot be told.")
_ONE_OF = QT_TRANSLATE_NOOP("Findings", "Labels belong to this one image alone.")
_FILLED = QT_TRANSLATE_NOOP("Findings", "Volumes are approximate, because slices are missing.")
_VALUES = QT_TRANSLATE_NOOP("Findings", "Sizes of labels are not affected; means of their values are.")
_CHECK = QT_TRANSLATE_NOOP("Findings", "Measures follow what was taken: check a length that you know.")
_LOOK = QT_TRANSLATE_NOOP("Findings", "Look at the picture before you measure: parts may be damaged or shifted.")
_PART = QT_TRANSLATE_NOOP("Findings", "If the file belongs to this image, a part of the image is missing.")
_ONE_SLICE = QT_TRANSLATE_NOOP("Findings", "Lengths and areas within the slice hold; volumes do not.")
MEANINGS: dict[str, str] = {  # by the finding's code: what it means for measures
    "alpha-dropped": _NOT_TOUCHED,
    "animation": _ONE_OF,
    "broken-slices": _FILLED,
    "colour-converted": _NOT_TOUCHED,
    "depth-reduced": _VALUES,
    "exif-rotated": _NOT_TOUCHED,
    "form-damaged": _CHECK,
    "forms-disagree": _CHECK,
    "gantry-tilt": _MOVED,
    "header-repaired": _CHECK,
    "missing-slices": _FILLED,
    "monochrome1": _NOT_TOUCHED,
    "mosaic": _NOT_TOUCHED,
    "no-orientation": _SIDES,
    "no-position": QT_TRANSLATE_NOOP("Findings", "Lengths and areas are given, volumes are not."),
    "no-spacing": _IN_VOXELS,
    "non-finite": _VALUES,
    "not-stacked": _ONE_SLICE,
    "page-stack": _IN_VOXELS,
    "passed-over": _PART,
    "picture-damaged": _LOOK,
    "resampled": _MOVED,
    "series-split": _ONE_OF,
    "sheared": _MOVED,
    "single-slice": _ONE_SLICE,
    "slices-displaced": _MOVED,
    "spacing-origin": QT_TRANSLATE_NOOP("Findings", "Lengths and areas may differ from those in the patient."),
    "split-4d": _ONE_OF,
    "surplus-data": _LOOK,
    "uneven-spacing": QT_TRANSLATE_NOOP("Findings", "Volumes and lengths across slices are approximate."),
    "unit-converted": _CHECK,
}


class FindingsBadge(QToolButton):
    """Says how many findings there are; hidden where there are none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoRaise(True)
        self.setAccessibleName(self.tr("Findings of the image"))
        self.set_findings(())

    def set_findings(self, findings: Sequence[Finding]) -> None:
        """Count these."""
        count = len(findings)
        self.setText(self.tr("1 finding") if count == 1 else self.tr("{0} findings").format(count))
        self.setToolTip("\n".join(engine_text(finding.message) for finding in findings))
        self.setVisible(count > 0)


class FindingsPanel(QWidget):
    """For each finding a sentence, and what it means for measures."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._nothing = QLabel(self.tr("Nothing unusual was found in this image."))
        self._nothing.setWordWrap(True)
        self._list = QListWidget()
        self._list.setWordWrap(True)
        self._list.setSpacing(2)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setAccessibleName(self.tr("Findings of the image"))
        layout = QVBoxLayout(self)
        layout.addWidget(self._nothing)
        layout.addWidget(self._list)
        self.set_findings(())

    def set_findings(self, findings: Sequence[Finding]) -> None:
        """Show these."""
        self._list.clear()
        for finding in findings:
            item = QListWidgetItem("\n".join(_said_of(finding)))
            item.setData(Qt.ItemDataRole.ToolTipRole, finding.code)
            self._list.addItem(item)
        self._list.setVisible(bool(findings))
        self._nothing.setVisible(not findings)


def _said_of(finding: Finding) -> list[str]:
    said = [full_sentence(finding.message)]
    if finding.code in MEANINGS:
        said.append(QCoreApplication.translate("Findings", MEANINGS[finding.code]))
    return said
