"""What the window's menus ask for is answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QLineEdit, QMenu, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from app.engine.errors import ReadError
from app.engine.phantom import ct_phantom
from app.engine.prompt import Box, Box3D
from app.gui.dialogs.asks import Asks
from app.gui.jobs import Lane
from app.gui.panels.surface import SurfacePanel
from tests.gui.window_hand import App


@pytest.fixture
def app(model: Path, qtbot: QtBot) -> Iterator[App]:
    made = App(model, qtbot)
    yield made
    made.context.close()


@pytest.fixture
def opened(app: App, tmp_path: Path) -> App:
    """The window with a volume that has a label."""
    volume = ct_phantom(shape_zyx=(12, 56, 64), spacing_xyz=(5.0, 5.0, 10.0)).volume
    path = tmp_path / "Max Mustermann.nii.gz"
    nib.save(nib.Nifti1Image(np.ascontiguousarray(volume.voxels.transpose(2, 1, 0)), volume.geometry.affine_ras), path)
    app.open(path)
    mask = np.ones((4, 20, 20), dtype=np.bool_)
    app.context.document.do(lambda study: study.paint("Paint", [(Box3D(20, 15, 3, 40, 35, 7), mask)], 1))
    return app


def dock(app: App, name: str) -> QDockWidget:
    found = app.context.window.findChild(QDockWidget, name)
    assert found is not None
    return found


def menu_of_slice(app: App, qtbot: QtBot, place: QPoint) -> QMenu:
    """The menu that a click with the right button opens."""
    QTest.mouseClick(app.view(), Qt.MouseButton.RightButton, Qt.KeyboardModifier.NoModifier, place)
    qtbot.waitUntil(lambda: any(menu.isVisible() for menu in menus(app)))
    return next(menu for menu in menus(app) if menu.isVisible())


def menus(app: App) -> list[QMenu]:
    return app.context.window.findChildren(QMenu, "menu.slice")


def test_that_every_action_is_answered(app: App) -> None:
    assert set(app.context.actions.unconnected) <= {"batch.folder"}


def test_that_surfaces_come_and_go_and_end_the_view_of_one_plane(opened: App) -> None:
    panel = opened.context.planes.findChild(SurfacePanel)
    assert panel is not None
    assert panel.isVisible()
    opened.ask("view.surface")
    assert not panel.isVisible()
    assert not opened.context.actions["view.surface"].isChecked()
    opened.ask("view.axial")
    opened.ask("view.surface")
    assert panel.isVisible()
    assert not opened.context.view_state.single
    assert opened.context.actions["view.surface"].isChecked()


def test_that_surfaces_are_not_said_to_be_shown_beside_one_plane_alone(opened: App) -> None:
    opened.ask("view.axial")
    assert not opened.context.actions["view.surface"].isChecked()
    opened.ask("view.four_up")
    assert opened.context.actions["view.surface"].isChecked()


def test_that_the_right_button_offers_the_label_under_the_mouse_and_acts_on_the_slice(
    opened: App, qtbot: QtBot
) -> None:
    opened.ask("label.add")
    opened.context.view_state.set_crosshair((5, 25, 30))
    frame = opened.view().sight.frame
    x, y = frame.to_screen((30.0, 25.0))
    menu = menu_of_slice(opened, qtbot, QPoint(round(x), round(y)))
    texts = [action.text() for action in menu.actions()]
    assert texts[0] == "Draw in “Label 1”"
    assert "Clear the label in this slice" in texts
    menu.actions()[0].trigger()
    menu.close()
    active = opened.context.document.active_label
    assert active is not None
    assert active.value == 1


def test_that_the_right_button_offers_no_label_where_there_is_none(opened: App, qtbot: QtBot) -> None:
    opened.context.view_state.set_crosshair((0, 2, 2))
    x, y = opened.view().sight.frame.to_screen((2.0, 2.0))
    menu = menu_of_slice(opened, qtbot, QPoint(round(x), round(y)))
    assert menu.actions()[0] is opened.context.actions["segment.accept"]
    menu.close()


def test_that_a_surface_is_exported_in_a_format_of_surfaces(opened: App, tmp_path: Path, qtbot: QtBot) -> None:
    opened.answers.target = tmp_path / "surface.stl"
    opened.ask("file.export_surface")
    qtbot.waitUntil(opened.answers.target.exists, timeout=20000)
    assert opened.answers.errors == []


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("help.image", "information"), ("help.findings", "findings"), ("measure.show", "measures"),
        ("model.choose", "model"),
    ],
)  # fmt: skip
def test_that_panels_are_brought_up_by_their_actions(opened: App, action: str, name: str) -> None:
    assert not dock(opened, name).isVisible()
    opened.ask(action)
    assert dock(opened, name).isVisible()


def test_that_the_row_of_slices_is_there_where_there_are_slices(opened: App, tmp_path: Path, qtbot: QtBot) -> None:
    assert dock(opened, "strip").isVisible()
    opened.ask("view.panels")
    assert not dock(opened, "strip").isVisible()
    assert not dock(opened, "labels").isVisible()
    opened.ask("view.panels")
    assert dock(opened, "strip").isVisible()
    picture = tmp_path / "skin.png"
    Image.fromarray(np.zeros((40, 50, 3), dtype=np.uint8)).save(picture)
    opened.context.document.open(None)
    opened.open(picture)
    assert not dock(opened, "strip").isVisible()
    assert dock(opened, "labels").isVisible()


def test_that_the_next_doubtful_slice_is_gone_to(opened: App, qtbot: QtBot) -> None:
    record = {"kind": "carried", "axis": 0, "scores": {"3": 0.95, "4": 0.2, "6": 0.9}, "doubtful_below": 0.7}
    opened.context.document.do(
        lambda study: study.paint("Paint", [(Box3D(0, 0, 3, 9, 9, 7), np.ones((4, 9, 9), np.bool_))], 1, record=record)
    )
    opened.ask("view.axial")
    qtbot.waitUntil(lambda: not opened.context.jobs.is_running(Lane.COUNT))
    opened.ask("segment.next_doubtful")
    assert opened.context.view_state.crosshair_zyx[0] == 4


@pytest.mark.parametrize("action", ["segment.accept", "segment.reject", "segment.stop"])
def test_that_carrying_can_be_ended_and_what_is_done_is_kept(opened: App, qtbot: QtBot, action: str) -> None:
    opened.context.view_state.set_crosshair((9, 25, 30))
    opened.drag(opened.view(), Box(20, 15, 40, 35))
    opened.wait_for_mask()
    done: list[bool] = []

    def end() -> None:
        if not done and opened.context.proposal.carried is not None and opened.context.proposal.carried.slices:
            done.append(opened.context.actions[action].isEnabled())
            opened.context.actions[action].trigger()

    opened.context.proposal.carried_changed.connect(end)
    opened.ask("segment.propagate")
    qtbot.waitUntil(lambda: bool(done) and not opened.context.propagate.is_running, timeout=20000)
    assert done == [True]
    assert opened.labels[9].any()
    assert opened.context.document.undo_stack.undoText() == "Carry a mask through the volume"


def test_that_an_error_is_copied_with_its_details(qtbot: QtBot) -> None:
    over = QWidget()
    qtbot.addWidget(over)
    still_open: list[bool] = []

    def copy_and_close() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        next(button for button in box.buttons() if button.text() == "Copy").click()
        still_open.append(box.isVisible())
        box.button(QMessageBox.StandardButton.Close).click()

    QTimer.singleShot(0, copy_and_close)
    Asks(over).error(ReadError("cannot read x.nii: it is torn"))
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("Cannot read x.nii: it is torn\n\n")
    assert "ReadError" in copied
    assert still_open == [True]


def test_that_a_label_is_named_where_it_can_be_seen(opened: App, qtlog: Any) -> None:
    labels = dock(opened, "labels")
    labels.hide()
    opened.ask("label.rename")
    field = QApplication.focusWidget()
    assert isinstance(field, QLineEdit)
    assert field.isVisible()
    opened.ask("label.rename")  # again, while it is being typed
    assert QApplication.focusWidget() is field
    assert not [each.message for each in qtlog.records if "editing failed" in each.message]
