"""Preferences: every control is bound to a setting and applies at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from app.gui import settings as known
from app.gui.key_profiles import name_of
from app.gui.settings import KeyProfile, Language, Setting, Settings, ThemeChoice
from app.gui.view_state import OverlayStyle

T = TypeVar("T")

_WIDTH = 480
_OF_SCREEN = 0.9  # at most so much of its height


class PreferencesDialog(QDialog):
    """Shows the settings that have no other place in the window, and changes them."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Preferences"))
        self._settings = settings
        self._shows: dict[str, Callable[[], object]] = {}
        self._resets: list[Callable[[], object]] = []
        self._labels: list[QLabel] = []
        groups = QWidget()
        column = QVBoxLayout(groups)
        column.setContentsMargins(0, 0, 0, 0)
        for group in (self._general(), self._images(), self._segmentation(), self._privacy()):
            column.addWidget(group)
        column.addStretch()
        widest = max(label.sizeHint().width() for label in self._labels)
        for label in self._labels:  # one column through all groups
            label.setMinimumWidth(widest)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        restore = buttons.addButton(self.tr("Restore defaults"), QDialogButtonBox.ButtonRole.ResetRole)
        restore.clicked.connect(self._restore)
        scroll = QScrollArea()  # a screen that is scaled up may be less high than all groups
        scroll.setWidget(groups)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumWidth(groups.minimumSizeHint().width())
        layout = QVBoxLayout(self)
        layout.addWidget(scroll)
        layout.addWidget(buttons)
        for show in self._shows.values():
            show()
        settings.changed.connect(self._show_changed)
        whole = self.sizeHint().height() + groups.sizeHint().height() - scroll.sizeHint().height()
        wanted = self.sizeHint().expandedTo(QSize(_WIDTH, whole))
        self.resize(wanted.boundedTo(self.screen().availableSize() * _OF_SCREEN))

    # --------------------------------------------------------------------------------------------------------- groups

    def _general(self) -> QGroupBox:
        group, form = _group(self.tr("General"))
        languages = (
            (Language.SYSTEM, self.tr("As the system")), (Language.ENGLISH, "English"), (Language.GERMAN, "Deutsch"),
            (Language.CHINESE, "简体中文"),
        )  # fmt: skip
        self._add(form, self.tr("Language"), self._combo(known.LANGUAGE, languages))
        later = QLabel(self.tr("Another language is spoken from the next start on."))
        self._add_row(form, later)
        themes = (
            (ThemeChoice.SYSTEM, self.tr("As the system")), (ThemeChoice.DARK, self.tr("Dark")),
            (ThemeChoice.LIGHT, self.tr("Light")),
        )  # fmt: skip
        self._add(form, self.tr("Colours"), self._combo(known.THEME, themes))
        profiles = [(profile, name_of(profile)) for profile in KeyProfile]
        self._add(form, self.tr("Keys as in"), self._combo(known.KEY_PROFILE, profiles))
        return group

    def _images(self) -> QGroupBox:
        group, form = _group(self.tr("Images and labels"))
        self._add(form, self.tr("Opacity of labels"), self._slider(known.OPACITY))
        styles = ((OverlayStyle.FILL, self.tr("Filled")), (OverlayStyle.OUTLINE, self.tr("Outlines only")))
        self._add(form, self.tr("Labels are drawn"), self._combo(known.OVERLAY_STYLE, styles))
        self._add_row(form, self._check(known.SMOOTH, self.tr("Smooth pixels")))
        return group

    def _segmentation(self) -> QGroupBox:
        group, form = _group(self.tr("Segmentation"))
        self._add(form, self.tr("Radius of the brush"), self._number(known.BRUSH_RADIUS, self.tr(" voxels"), 0.5, 500))
        self._add_row(form, self._check(known.ENCODE_AHEAD, self.tr("Prepare neighbouring slices when idle")))
        return group

    def _privacy(self) -> QGroupBox:
        group, form = _group(self.tr("Privacy"))
        self._add_row(form, self._check(known.SHOW_PATIENT_DATA, self.tr("Show patient data from DICOM files")))
        forget = QPushButton(self.tr("Forget recent files and folders"))
        forget.clicked.connect(self._forget)
        self._add_row(form, forget)
        return group

    # ------------------------------------------------------------------------------------------------------- controls

    def _combo(self, setting: Setting[T], choices: Sequence[tuple[T, str]]) -> QComboBox:
        combo = QComboBox()
        values = [value for value, _ in choices]
        combo.addItems([text for _, text in choices])
        combo.activated.connect(lambda row: self._settings.set(setting, values[row]))
        self._bind(setting, lambda value: combo.setCurrentIndex(values.index(value)))
        return combo

    def _check(self, setting: Setting[bool], text: str) -> QCheckBox:
        check = QCheckBox(text)
        check.clicked.connect(lambda checked: self._settings.set(setting, checked))
        self._bind(setting, check.setChecked)
        return check

    def _slider(self, setting: Setting[float]) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, 100)
        self._bind(setting, lambda share: slider.setValue(round(100 * share)))
        slider.valueChanged.connect(lambda percent: self._refine(setting, percent / 100, 2))
        return slider

    def _number(self, setting: Setting[float], unit: str, low: float, high: float) -> QDoubleSpinBox:
        spin = QDoubleSpinBox()
        spin.setDecimals(1)
        spin.setRange(low, high)
        spin.setSuffix(unit)
        self._bind(setting, spin.setValue)
        spin.valueChanged.connect(lambda value: self._refine(setting, value, spin.decimals()))
        return spin

    def _bind(self, setting: Setting[T], show: Callable[[T], object]) -> None:
        self._shows[setting.key] = lambda: show(self._settings.get(setting))
        self._resets.append(lambda: self._settings.reset(setting))

    def _refine(self, setting: Setting[float], value: float, digits: int) -> None:
        """Store a number, unless it is the stored one as far as the control can show it."""
        stored: float = self._settings.get(setting)
        if round(value, digits) != round(stored, digits):
            self._settings.set(setting, value)

    def _add(self, form: QFormLayout, text: str, control: QWidget) -> None:
        control.setAccessibleName(text)
        label = QLabel(text)
        label.setBuddy(control)
        self._labels.append(label)
        form.addRow(label, control)

    def _add_row(self, form: QFormLayout, control: QWidget) -> None:
        row = QHBoxLayout()  # as wide as its text, not as the group
        row.addWidget(control)
        row.addStretch()
        form.addRow(row)

    # ---------------------------------------------------------------------------------------------------------- slots

    def _show_changed(self, key: str) -> None:
        if key in self._shows:
            self._shows[key]()

    def _restore(self) -> None:
        for reset in self._resets:
            reset()

    def _forget(self) -> None:
        self._settings.reset(known.RECENT)
        self._settings.reset(known.FOLDERS)


def _group(title: str) -> tuple[QGroupBox, QFormLayout]:
    group = QGroupBox(title)
    form = QFormLayout(group)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
    return group, form
