"""Surfaces of labels as the window keeps them: when they are computed, and when not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from app.engine.geometry import Frame, Geometry
from app.engine.labelmap import LabelMap
from app.engine.prompt import Box3D
from app.engine.study import LabelChange, Study, StudySource
from app.engine.volume import Volume
from app.gui.controllers.snapshot import Done, Snapshots
from app.gui.controllers.surface import SurfaceController
from app.gui.document import Document
from app.gui.jobs import Jobs, Lane
from app.gui.panels.drawable import Drawable
from tests.gui.quiet import Quiet

BALL = Box3D(10, 8, 2, 20, 18, 6)
OTHER = Box3D(30, 20, 1, 40, 30, 7)


class CountedSnapshots(Snapshots):
    """Knows how many copies were asked for."""

    taken = 0

    def take(self, done: Done) -> None:
        self.taken += 1
        super().take(done)


@pytest.fixture
def surfaces(document: Document, jobs: Jobs) -> SurfaceController:
    return SurfaceController(document, Snapshots(document), jobs)


def fill(document: Document, box: Box3D, value: int) -> None:
    mask = np.ones((box.z1 - box.z0, box.y1 - box.y0, box.x1 - box.x0), dtype=np.bool_)
    document.do(lambda study: study.paint("Fill", [(box, mask)], value))


@pytest.fixture
def quiet(surfaces: SurfaceController, jobs: Jobs) -> Quiet:
    return Quiet(surfaces, jobs)


def rest(qtbot: QtBot, surfaces: SurfaceController, quiet: Quiet) -> Mapping[int, Drawable]:
    """What there is when all is computed."""
    qtbot.waitUntil(lambda: bool(quiet), timeout=20_000)
    return surfaces.surfaces


def test_that_nothing_is_computed_while_nobody_looks(
    document: Document, surfaces: SurfaceController, jobs: Jobs
) -> None:
    fill(document, BALL, 1)
    assert not jobs.is_running(Lane.SURFACE)


def test_that_a_surface_lies_where_its_label_does(
    qtbot: QtBot, document: Document, surfaces: SurfaceController, quiet: Quiet
) -> None:
    fill(document, BALL, 1)
    surfaces.watch(True)
    points = rest(qtbot, surfaces, quiet)[1].fine.points
    # Voxels of 1 x 1 x 5 mm: a surface wanders by half a voxel at most from their outer faces.
    np.testing.assert_allclose(points.min(axis=0), (9.5, 7.5, 7.5), atol=0.5 * 5)
    np.testing.assert_allclose(points.max(axis=0), (19.5, 17.5, 27.5), atol=0.5 * 5)


def test_that_an_edit_changes_the_surface_of_its_label_alone(
    qtbot: QtBot, document: Document, surfaces: SurfaceController, quiet: Quiet, study: Study
) -> None:
    document.do(lambda study: study.change_labels("Add", [LabelChange(None, replace(study.labels.labels[0], value=2))]))
    fill(document, BALL, 1)
    fill(document, OTHER, 2)
    surfaces.watch(True)
    before = dict(rest(qtbot, surfaces, quiet))
    fill(document, Box3D(38, 28, 5, 44, 34, 8), 2)
    after = rest(qtbot, surfaces, quiet)
    assert after[1] is before[1]
    assert after[2] is not before[2]


def test_that_undo_takes_a_surface_away(
    qtbot: QtBot, document: Document, surfaces: SurfaceController, quiet: Quiet
) -> None:
    fill(document, BALL, 1)
    surfaces.watch(True)
    assert set(rest(qtbot, surfaces, quiet)) == {1}
    document.undo()
    assert not rest(qtbot, surfaces, quiet)


def test_that_labels_without_a_voxel_are_not_copied_and_drawing_is_made_ready(
    qtbot: QtBot, document: Document, jobs: Jobs
) -> None:
    snapshots = CountedSnapshots(document)
    surfaces = SurfaceController(document, snapshots, jobs)
    quiet = Quiet(surfaces, jobs)
    told: list[bool] = []
    surfaces.busy_changed.connect(told.append)
    surfaces.watch(True)
    assert not rest(qtbot, surfaces, quiet)
    assert told == [True, False]
    assert snapshots.taken == 0
    fill(document, BALL, 1)
    assert set(rest(qtbot, surfaces, quiet)) == {1}
    assert snapshots.taken == 1
    assert told == [True, False, True, False]


def test_that_a_hidden_label_is_computed_when_it_is_shown(
    qtbot: QtBot, document: Document, surfaces: SurfaceController, quiet: Quiet, study: Study
) -> None:
    label = study.labels.labels[0]
    hidden = replace(label, visible=False)
    fill(document, BALL, 1)
    document.do(lambda study: study.change_labels("Hide", [LabelChange(label, hidden)]))
    surfaces.watch(True)
    assert not rest(qtbot, surfaces, quiet)
    document.do(lambda study: study.change_labels("Show", [LabelChange(hidden, label)]))
    assert set(rest(qtbot, surfaces, quiet)) == {1}


def test_that_a_picture_gets_a_sentence_instead(qtbot: QtBot, surfaces: SurfaceController, document: Document) -> None:
    geometry = Geometry.of_pixels((1, 30, 40))
    volume = Volume(np.zeros((1, 30, 40), np.uint8), geometry, id="picture")
    labels = LabelMap(volume.shape_zyx)
    labels.add_label("spot")
    surfaces.watch(True)
    with qtbot.waitSignal(surfaces.message_changed, check_params_cb=lambda text: "no depth" in text):
        document.open(Study(volume, StudySource("picture.png", "picture"), labels))
    assert not surfaces.surfaces


@pytest.mark.parametrize("frame", list(Frame))
def test_that_sides_are_named_only_where_they_are_known(
    qtbot: QtBot, surfaces: SurfaceController, document: Document, frame: Frame
) -> None:
    volume = Volume(np.zeros((4, 5, 6), np.uint8), Geometry((4, 5, 6), np.eye(4), frame), id="small")
    with qtbot.waitSignal(surfaces.began) as began:
        document.open(Study(volume, StudySource("small.nii", "small"), LabelMap(volume.shape_zyx)))
    assert began.args == [frame is Frame.WORLD]


def test_that_a_failure_is_told(
    qtbot: QtBot, document: Document, surfaces: SurfaceController, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory() -> None:
        raise MemoryError

    monkeypatch.setattr("app.gui.controllers.surface.load_libraries", no_memory)
    fill(document, BALL, 1)
    with qtbot.waitSignal(surfaces.failed):
        surfaces.watch(True)


def test_that_those_who_want_a_copy_at_once_share_one_that_nobody_writes(document: Document, qtbot: QtBot) -> None:
    snapshots = Snapshots(document)
    taken: list[NDArray[np.uint16]] = []
    for _ in range(2):
        snapshots.take(lambda _study, values: taken.append(values))
    qtbot.waitUntil(lambda: len(taken) == 2)
    assert taken[0] is taken[1]
    assert not taken[0].flags.writeable
